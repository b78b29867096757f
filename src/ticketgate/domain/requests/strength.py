"""Strength: how surely it is known who decided something, as the record of it says.

From the strongest to none: the decider's own key signed it, they signed in afresh for just this,
they had a session of the provider, or a code by mail; a rule decided and no person; somebody helped
themself in an emergency, or entered afterwards what was held by hand. What is written here is what
the log claims; `evidence verify` says whether the log is to be believed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.requests.automatic import CAUSE

Record = Mapping[str, Json]


class Strength(StrEnum):
    """How something was decided; `unknown` is a sign-in that this version does not know."""

    PASSKEY = "passkey"
    STEP_UP = "step-up"
    SESSION = "session"
    CODE = "code"
    AUTOMATIC = "automatic"
    EMERGENCY = "emergency"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"


_OF_METHOD: Final[Mapping[Json, Strength]] = {
    "passkey": Strength.PASSKEY,
    "oidc_step_up": Strength.STEP_UP,
    "oidc": Strength.SESSION,
    "mail_code": Strength.CODE,
}
# (type, field with who decided, field with what)
_SAID: Final = {
    "decision.recorded": ("approver", "decision"),
    "emergency.consented": ("by", "cause"),
    "review.done": ("reviewer", "outcome"),
}


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision. `who` is the actor, or the rule; `sign_in` is the strength of their sign-in.

    `sign_in` differs from `strength` for emergencies and claims alone; of a rule it is None.
    """

    index: int
    at: str
    type: str
    about: str
    what: str
    who: str
    strength: Strength
    sign_in: Strength | None


def decided(index: int, record: Record) -> Decided | None:
    """What a record tells of a decision; None where it tells of none."""
    match record["type"]:
        case "request.approved" if record.get("cause") == CAUSE:
            said = record.get("automatic")
            rule = said.get("rule") if isinstance(said, Mapping) else None
            return _told(index, record, "approve", rule, Strength.AUTOMATIC, None)
        case "emergency.invoked":
            what = "drill" if record.get("drill") is True else "invoke"
            return _told(
                index, record, what, record.get("person"), Strength.EMERGENCY, _sign_in(record)
            )
        case "emergency.claimed":
            by = record.get("by")
            return _told(index, record, "claim", by, Strength.CLAIMED, _sign_in(record))
        case str(name) if name in _SAID:
            by, what = _SAID[name]
            known = _sign_in(record)
            return _told(index, record, record.get(what), record.get(by), known, known)
        case _:
            return None


def counts(found: Iterable[Decided]) -> dict[str, int]:
    """How many decisions there are of each strength, the strongest first."""
    known = {one.value: 0 for one in Strength}
    for one in found:
        known[one.strength.value] += 1
    return known


def _sign_in(record: Record) -> Strength:
    method = record.get("method")
    known = _OF_METHOD.get(method) if isinstance(method, str) else None
    return known or Strength.UNKNOWN


def _told(
    index: int,
    record: Record,
    what: Json,
    who: Json,
    strength: Strength,
    sign_in: Strength | None,
) -> Decided:
    about = record.get("id", record.get("request"))
    at, about, what, who = (str(one or "") for one in (record.get("_ts"), about, what, who))
    return Decided(index, at, str(record["type"]), about, what, who, strength, sign_in)
