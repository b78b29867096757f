"""Approval check: whether each recorded decision is signed as it must be, by whose key.

What the operator's log says of passkeys is followed (who enrolled which key, who vouched for it);
what the auditor pinned is asked besides, since whoever owns the log can enrol a key of their own.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import from_text, is_instant
from ticketgate.domain.log.folded import confirmed_at
from ticketgate.domain.people.passkey import (
    FOR_WHOM,
    VOUCHING,
    Assertion,
    PasskeyError,
    VerifyP256,
    check_assertion,
    credential_id,
    decode,
    key_digest,
)
from ticketgate.domain.requests.access_request import digest_of_shown

HEAD_AGE_MAX: Final = 8192  # records behind the head that was signed
LIFE: Final = timedelta(minutes=10)  # of a payload, at the most
PASSKEY: Final = "passkey"
_SHOWN: Final = ("material", "rules", "shown")  # what a decision has as its request has it
_SAME: Final = ("approver", "decision", "request", "round", "seconds", "shown", "stage", FOR_WHOM)

Record = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class ApproverTrust:
    """What an auditor brings: digests of keys by actor, and from which record on all must sign.

    `verify` is None where nobody brings anything: then signatures are not looked into.
    """

    verify: VerifyP256 | None = None
    pins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    required_from: int | None = None

    @property
    def asks(self) -> bool:
        """Whether keys must be pinned."""
        return bool(self.pins) or self.required_from is not None


class Thing(Protocol):
    """Where the log left a thing: `replay.Folded`."""

    state: str
    index: int
    said: dict[str, Json]


class ApprovalCheck:
    """Fed every record in order; says of a decision, or a passkey's move, what is wrong with it."""

    def __init__(self, trust: ApproverTrust) -> None:
        self._trust = trust
        self._heads: deque[Json] = deque(maxlen=HEAD_AGE_MAX + 1)  # `_prev`, up to the newest
        self._began: int | None = None
        self._asked: dict[str, dict[str, Json]] = {}  # _SHOWN, by request; in no snapshot
        self._confirmed: set[str] = set()  # whose passkeys may be used, or once might

    def saw(self, index: int, record: Record | None) -> None:
        """Any record, also one that cannot be read."""
        self._began = index if self._began is None else self._began
        self._heads.append(None if record is None else record.get("_prev"))
        if record is not None and record.get("on") == "request":
            self._asked.pop(ident := str(record.get("id")), None)
            if record.get("to") == "awaiting":
                self._asked[ident] = {name: record[name] for name in _SHOWN if name in record}

    def of_decision(
        self, index: int, record: Record, folded: Mapping[tuple[str, str], Thing]
    ) -> str:
        """What is wrong with a `decision.recorded`, or who signed it; empty where nothing is.

        `folded` is where the log left its request, and the passkeys.
        """
        if wrong := bad_shown(record):
            return wrong
        shown = self._asked.get(str(record.get("request")), {})
        if any(record.get(name) != value for name, value in shown.items()):
            return "a decision on something else than is asked"
        signed = PASSKEY in record
        if signed != (record.get("method") == PASSKEY):
            return "approval: a sign-in by passkey without its assertion, or the other way round"
        required = self._trust.required_from
        if not signed:
            unsigned = required is not None and index >= required
            return "approval: not signed by a passkey" if unsigned else ""
        try:
            assertion = check_assertion(record[PASSKEY], self._trust.verify)
            self._check_payload(record, assertion.payload)
            asked = folded["request", str(record["request"])]
            self._check_head(index, asked.index + 1, assertion.payload)
            known = folded.get((PASSKEY, str(assertion.payload["credential_id"])))
            self._check_key(assertion, known, assertion.payload["approver"])
            self._check_pinned(assertion)
        except EvidenceError as fault:
            return f"approval: {fault.reason}"
        return ""

    def know(self, state: str, said: Mapping[str, Json]) -> None:
        """A passkey of which a snapshot tells."""
        if state == "usable" or said.get("confirmed_at") is not None:
            self._confirmed.add(str(said.get("person")))

    def of_passkey(
        self, index: int, record: Record, folded: Mapping[tuple[str, str], Thing]
    ) -> list[str]:
        """What is wrong with a record that moves a passkey; notes since when it could be used.

        `folded` is where the log left all things, and what was said of them before.
        """
        said = folded[PASSKEY, str(record["id"])].said
        told = [_moved(record, said), self._of_vouching(index, record, folded)]
        since = confirmed_at(record)
        if since is not None:
            said.setdefault("confirmed_at", since)
            self._confirmed.add(str(said.get("person")))
        return told

    def _of_vouching(
        self, index: int, record: Record, folded: Mapping[tuple[str, str], Thing]
    ) -> str:
        """What is wrong with who signed a `passkey.vouched`; empty where nobody's passkey had to.

        Who has had a passkey that could be used signs. Keys that the auditor pinned are asked of a
        voucher for whom there are some.
        """
        if record["type"] != "passkey.vouched":
            return ""
        if (PASSKEY in record) != (record["method"] == PASSKEY):
            return "vouching: by passkey without its assertion, or the other way round"
        if PASSKEY not in record:
            voucher = record["voucher"]
            had = isinstance(voucher, str) and voucher in self._confirmed
            return "vouching: not signed by a passkey, though its person has had one" if had else ""
        try:
            assertion = check_assertion(record[PASSKEY], self._trust.verify, VOUCHING)
            payload = assertion.payload
            said = (payload["passkey"], payload["key"], payload["person"], payload["voucher"])
            if said != tuple(record[name] for name in ("id", "key", "person", "voucher")):
                raise PasskeyError("the assertion is over something else")
            _check_time(record, payload)
            self._check_head(index, 1, payload)
            known = folded.get((PASSKEY, str(payload["credential_id"])))
            self._check_key(assertion, known, payload["voucher"])
            pinned = self._trust.pins.get(str(payload["voucher"]))
            if pinned is not None and assertion.key not in pinned:
                raise PasskeyError("key not pinned")
        except EvidenceError as fault:
            return f"vouching: {fault.reason}"
        return ""

    def _check_payload(self, record: Record, payload: Record) -> None:
        """It is about this decision, and was made for now."""
        if any(payload.get(name) != record.get(name) for name in _SAME):
            raise PasskeyError("the assertion is over something else")
        sealed = record.get("sd")
        if not isinstance(sealed, list) or payload["justification_digest"] not in sealed:
            raise PasskeyError("the assertion is over another justification")
        _check_time(record, payload)

    def _check_head(self, index: int, least: int, payload: Record) -> None:
        """It was signed over a head of this log, of at least so many records, not long ago."""
        size = payload["log_size"]
        oldest = max(least, index - HEAD_AGE_MAX)
        if not isinstance(size, int) or not oldest <= size <= index:
            raise PasskeyError("signed over a head that is too old, or newer than the entry")
        behind = index - size + 1  # the head is what the record behind it says of it
        kept = behind <= len(self._heads) and self._heads[-behind]
        if size >= (self._began or 0) and kept != payload["log_head"]:
            raise PasskeyError("signed over a head that is not in this log")

    def _check_key(self, signed: Assertion, known: Thing | None, person: Json) -> None:
        """The key is this person's, by the log."""
        payload, said = signed.payload, {} if known is None else known.said
        usable = known is not None and known.state == "usable"
        if not usable or said.get("person") != person:
            raise PasskeyError("by a passkey that is not this person's, or may not be used")
        if said.get("key") != signed.key:
            raise PasskeyError("by another key than was enrolled")
        if any(payload[name] != said.get(name) for name in ("rp_id", "origin")):
            raise PasskeyError("signed on another site than the key was enrolled for")

    def _check_pinned(self, signed: Assertion) -> None:
        """The key is the approver's by the auditor's own list."""
        pinned = self._trust.pins.get(str(signed.payload["approver"]), frozenset())
        if self._trust.asks and (self._trust.verify is None or signed.key not in pinned):
            raise PasskeyError("key not pinned")


def bad_shown(record: Record) -> str:
    """What is wrong with the `shown` of a decision or a request that has one (rule 6)."""
    same = "shown" not in record or record["shown"] == digest_of_shown(record)
    return "" if same else "`shown` is not the digest of what it is about"


def _check_time(record: Record, payload: Record) -> None:
    """It was made for now."""
    moment, until = record.get("_ts"), payload["expires_at"]
    if not is_instant(moment) or not is_instant(until):
        raise PasskeyError("the assertion is over no instant")
    left = from_text(str(until)) - from_text(str(moment))
    if not timedelta() < left <= LIFE:
        raise PasskeyError("the assertion has expired, or lives too long")


def _moved(record: Record, said: Record) -> str:
    """What is wrong with a record that moves a passkey, of which the log `said` this before."""
    match record["type"]:
        case "passkey.enrolled":
            return _enrolled(record)
        case "passkey.vouched":
            return _vouched(record, said)
        case _:  # revoked: a snapshot would tell of somebody else that they had had one
            other = record["person"] != said.get("person")
            return "a passkey revoked as somebody else's than it is" if other else ""


def _enrolled(record: Record) -> str:
    if not all(isinstance(record[name], str) for name in ("person", "rp_id", "origin")):
        return "a passkey of nobody, or for no site"
    try:
        key, credential = key_digest(decode(record["cose"])), decode(record["credential"])
    except EvidenceError as fault:
        return f"a passkey enrolled with {fault.reason}"
    if key != record["key"] or credential_id(credential) != record["id"]:
        return "a passkey whose digests are of something else"
    return ""


def _vouched(record: Record, said: Record) -> str:
    """Two different people vouch, neither of them for themselves."""
    voucher, first = record["voucher"], said.get("voucher")
    if any(record[name] != said.get(name) for name in ("person", "key")):
        return "vouched for another key, or another person, than was enrolled"
    if not isinstance(voucher, str) or voucher == record["person"]:
        return "vouched for by nobody else than its person"
    if (record["to"] == "usable") != (first is not None) or voucher == first:
        return "usable without two different people who vouch"
    return ""
