"""A C2SP witness (`c2sp.org/tlog-witness`): it cosigns only what goes on from what it saw before.

So whoever trusts it knows that nobody was shown another history of the log.
"""

import base64
import re
from datetime import datetime
from typing import Final

from ticketgate.adapters.anchors.anchor_http import asked as ask
from ticketgate.adapters.keys import ed25519
from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.connector_api import HttpAnswer
from ticketgate.domain.log.anchor import AnchorError, AnchorKind
from ticketgate.domain.log.checkpoint import FUTURE_SECONDS_MAX, cosigned_at
from ticketgate.domain.log.note import (
    LINES_MAX,
    NoteError,
    SignatureLine,
    parse_note,
    parse_signature_line,
)
from ticketgate.domain.settings import WitnessSettings
from ticketgate.ports import Asked, Vouched

PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,15})\n\Z")
_CONFLICT: Final = 409


class Witness:
    """`ports.Anchor` over HTTP."""

    kind = AnchorKind.WITNESS

    def __init__(self, settings: WitnessSettings, http: GuardedHttp) -> None:
        self.name = settings.name
        self._key = settings.key
        self._url = settings.url + PATH
        self._http = http

    def vouch(self, asked: Asked) -> Vouched:
        """Ask for a cosignature, from the size that it saw last; once more from the one it tells.

        Raises:
            AnchorError: see `docs/errors.md`, "Anchors".
        """
        note = parse_note(asked.note)
        made = [line for line in note.lines if self._made_at(note.text, line) is not None]
        if made:  # it cosigned, and we ended before it was noted
            return Vouched((made[0],))
        old = asked.known if asked.known <= asked.checkpoint.size else 0
        answer = self._ask(asked, old)
        if answer.status == _CONFLICT:
            told = self._told_size(answer, asked)
            if told == old:
                raise _contradicts(
                    f"it has another tree of {told} records", code="witness_conflict"
                )
            answer = self._ask(asked, told)
        if answer.status == _CONFLICT:
            told = self._told_size(answer, asked)
            raise _newer(told)
        return Vouched((self._believed(_accepted(answer), note.text, asked.now),))

    def _ask(self, asked: Asked, old: int) -> HttpAnswer:
        proof = asked.prove(old)
        lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
        body = f"old {old}\n{lines}\n".encode() + asked.note
        return ask(self._http, "POST", self._url, body, {"Content-Type": "text/plain"})

    def _told_size(self, answer: HttpAnswer, asked: Asked) -> int:
        """The size that the witness cosigned last, which is one that this log can go on from."""
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        found = _SIZE.match(answer.body)
        if kind != SIZE_TYPE or found is None:
            raise _contradicts("it has another tree and tells no size", code="witness_conflict")
        told = int(found[1])
        if told > asked.signed:
            raise _contradicts(
                f"it cosigned {told} records of this log, of which {asked.signed} were signed",
                code="witness_ahead",
            )
        if told > asked.checkpoint.size:
            raise _newer(told)
        return told

    def _believed(self, body: bytes, text: str, now: datetime) -> SignatureLine:
        """The one line of the configured key that verifies. Lines of unknown keys are ignored."""
        mine = [line for line in _lines(body) if line.is_of(self._key)]
        if not mine:
            raise AnchorError("it gave no cosignature of its key", code="witness_no_cosignature")
        latest = now.timestamp() + FUTURE_SECONDS_MAX
        times = [self._made_at(text, line) for line in mine]
        if any(at is None or at > latest for at in times):
            raise AnchorError(
                "it gave a cosignature that its key did not make, or one from the future",
                code="witness_bad_cosignature",
                next_step="look whether `vkey` is the witness's own, and at both clocks",
            )
        return mine[-1]

    def _made_at(self, text: str, line: SignatureLine) -> int | None:
        if not line.is_of(self._key):
            return None
        return cosigned_at(text, line, self._key, ed25519.verify)


def _accepted(answer: HttpAnswer) -> bytes:
    """The body of an answer that cosigns.

    Raises:
        AnchorError: the answer is another one; the code says which.
    """
    match answer.status:
        case 200:
            return answer.body
        case 403:
            raise AnchorError(
                "it does not know the key that signs this log",
                code="witness_key_unknown",
                next_step="give it the vkey of this log",
            )
        case 404:
            raise AnchorError(
                "it does not know this log",
                code="witness_log_unknown",
                next_step="give it the origin and the vkey of this log",
            )
        case 422:
            raise _contradicts("this log does not go on from it", code="witness_inconsistent")
        case other:
            raise AnchorError(f"it answered {other}", code="anchor_answer")


def _lines(body: bytes) -> list[SignatureLine]:
    if not body.endswith(b"\n") or body.count(b"\n") > LINES_MAX:
        raise AnchorError("its answer is not lines, each ended", code="anchor_answer")
    try:
        return [parse_signature_line(line) for line in body[:-1].decode().split("\n")]
    except (UnicodeDecodeError, NoteError) as fault:
        raise AnchorError("its answer holds no signature lines", code="anchor_answer") from fault


def _newer(told: int) -> AnchorError:
    return AnchorError(
        f"somebody else had it cosign {told} records meanwhile", code="witness_newer"
    )


def _contradicts(reason: str, *, code: str) -> AnchorError:
    return AnchorError(
        f"the witness contradicts this log: {reason}",
        code=code,
        next_step="keep everything; somebody rolled the log back, or showed two histories of it",
    )
