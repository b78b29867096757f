"""The machines' door, `/hooks/{source}`: authenticate, read strictly, store, answer 202.

No framework: this path competes with an app that only answers 202 (`make bench`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from math import ceil
from types import MappingProxyType
from typing import Final

from ticketgate.domain import strict_json
from ticketgate.domain.errors import AuthenticationError, StoreUnavailableError, StrictJsonError
from ticketgate.domain.requests.velocity import Rate, Recent
from ticketgate.domain.schemes.common import Scheme
from ticketgate.domain.schemes.glpi import Glpi, answer_challenge
from ticketgate.domain.schemes.table import STANDARD_WEBHOOKS
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery
from ticketgate.domain.tickets.receipt import Receipt
from ticketgate.web.problems import Answer, refusal

UNKNOWN_SOURCE: Final = "unknown"  # what a source that is not configured is counted as
TOO_MANY: Final = "too_many_deliveries"
_NO_LIMITS: Final[Mapping[str, Rate]] = MappingProxyType({})
_OK: Final = 200
_ACCEPTED: Final = 202
_CONTENT_TYPE: Final = (b"content-type", b"application/json")

ReceiveDelivery = Callable[[VerifiedDelivery, str | None], Awaitable[Receipt]]


@dataclass(frozen=True, slots=True)
class SourceKeys:
    """The keys of one source, several while rotating, and the scheme that they are of."""

    secrets: tuple[bytes, ...] = field(repr=False)
    scheme: Scheme = STANDARD_WEBHOOKS


class Intake:
    """Nothing of a delivery is stored, or even parsed, before its MAC holds.

    `receive(delivery, quarantine)` answers once the delivery is durable and in the chain;
    `quarantine` is the code of why it cannot be used, else None. It raises StoreUnavailableError
    when nothing was kept. `count_refused(source, code)` counts what was refused.
    `limits` are how many deliveries of a source are taken, counted on `clock`, which never runs
    back, and only once they are authentic: nobody else can use up what a source may send.
    """

    def __init__(
        self,
        sources: Mapping[str, SourceKeys],
        receive: ReceiveDelivery,
        wall_clock: Callable[[], datetime],
        count_refused: Callable[[str, str], None],
        *,
        limits: Mapping[str, Rate] = _NO_LIMITS,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._sources = {name: _Door.of(keys) for name, keys in sources.items()}
        self._receive = receive
        self._wall_clock = wall_clock
        self._count_refused = count_refused
        self._recent = {name: Recent(limit) for name, limit in limits.items()}
        self._clock = clock or wall_clock
        # Whoever posts to a source that does not exist must cost and learn the same as elsewhere.
        self._salt, self._decoys = _decoys(sources)

    def refuse(self, source: str, code: str) -> Answer:
        """The problem reply for `code`, counted."""
        self._count_refused(source if source in self._sources else UNKNOWN_SOURCE, code)
        return refusal(code)

    async def post(self, source: str, fields: Mapping[bytes, bytes], body: bytes) -> Answer:
        """Take one delivery whose HTTP form is already checked.

        202 with a receipt, also when the body is unusable (quarantined: no sender shall disable
        its hook); 400 or 401 when it is not authentic; 429 when it is, and the source is over its
        limit; 503 when it cannot be stored.
        """
        now = self._wall_clock()
        known, decoy = self._sources.get(source), self._decoy(source)
        door = known or decoy
        headers = {
            text: fields[name].decode("latin-1") for name, text in door.headers if name in fields
        }
        try:
            verified = door.keys.scheme.authenticate(
                Delivery(source, headers, body, now), door.keys.secrets, now
            )
        except AuthenticationError as fault:
            return self.refuse(source, fault.code)
        if known is None:
            return self.refuse(source, "signature_mismatch")
        seconds = self._wait(source)
        if seconds:
            self._count_refused(source, TOO_MANY)
            return refusal(TOO_MANY, again=seconds)
        try:
            receipt = await self._receive(verified, _unusable(body))
        except StoreUnavailableError as fault:
            return self.refuse(source, fault.code)
        return _accepted(receipt)

    def _wait(self, source: str) -> int:
        """Let one delivery of a known source pass: 0; else the whole seconds until one may."""
        recent = self._recent.get(source)
        return 0 if recent is None else ceil(recent.wait(self._clock()).total_seconds())

    def challenge(self, source: str, token: bytes) -> Answer:
        """GLPI's question whether we hold the secret: 200 for its one token, else 401.

        A source that is not GLPI's, or not there, costs and tells the same.
        """
        known, decoy = self._sources.get(source), self._decoy(source)
        glpi = known is not None and isinstance(known.keys.scheme, Glpi)
        reply = answer_challenge(token, (known if known and glpi else decoy).keys.secrets)
        if reply is None or not glpi:
            return self.refuse(source, "signature_mismatch")
        return Answer(
            _OK,
            (
                (b"content-type", b"text/plain"),
                (b"content-length", b"%d" % len(reply)),
                (b"cache-control", b"no-store"),
            ),
            reply,
        )

    def _decoy(self, source: str) -> "_Door":
        """What stands in for `source` if it is not there: always the same for one name."""
        if len(self._decoys) == 1:
            return self._decoys[0]
        drawn = sha256(self._salt + source.encode(errors="surrogatepass")).digest()
        return self._decoys[int.from_bytes(drawn[:8], "big") % len(self._decoys)]


@dataclass(frozen=True, slots=True)
class _Door:
    """What `post` needs of a source: `headers` are (as sent, as text), all that is decoded."""

    keys: SourceKeys
    headers: tuple[tuple[bytes, str], ...]

    @classmethod
    def of(cls, keys: SourceKeys) -> "_Door":
        return cls(keys, tuple((name.encode(), name) for name in keys.scheme.headers))


def _decoys(sources: Mapping[str, SourceKeys]) -> tuple[bytes, tuple[_Door, ...]]:
    """A salt, and a likeness of every source with keys that nobody knows.

    Schemes answer differently to the same headers, so that one likeness for all would tell which
    names are real. A name that is not configured is answered like one of the sources, drawn by a
    salted digest of the name: it looks like a source of that scheme that lets nobody in.
    """
    every_key = b"".join(key for name in sorted(sources) for key in sources[name].secrets)
    salt = sha256(b"no such source" + every_key).digest()
    likenesses = [sources[name] for name in sorted(sources)] or [SourceKeys((b"",))]
    return salt, tuple(
        _Door.of(
            SourceKeys(
                tuple(sha256(b"%b%d" % (salt, at)).digest() for at in range(len(one.secrets))),
                one.scheme,
            )
        )
        for one in likenesses
    )


def _unusable(body: bytes) -> str | None:
    """The code of why `body` cannot be used; None when it is strict JSON."""
    try:
        strict_json.read(body)
    except StrictJsonError as fault:
        return fault.code
    return None


def _accepted(receipt: Receipt) -> Answer:
    evidence = receipt.evidence
    text = (
        f'{{"delivery_id":{_quoted(receipt.delivery_id)},"status":"{receipt.status}","evidence":'
        f'{{"origin":{_quoted(evidence.origin)},"index":{evidence.index},"leaf":"{evidence.leaf}"}}}}'
    )
    body = text.encode()
    return Answer(_ACCEPTED, (_CONTENT_TYPE, (b"content-length", b"%d" % len(body))), body)
