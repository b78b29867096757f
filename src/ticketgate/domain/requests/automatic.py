"""Automatic: a rule that approves without a person, so many times in a day, and its reasons.

It never approves beside a kind of identity event that its `when` does not list, nor a kind that
would let somebody take another's account, word or rights. `docs/policy.md` says all of it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.folded import Record, count
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.policy.policy import ApproveRule, Automatic, Policy
from ticketgate.domain.requests.access_request import AccessRequest

CAUSE: Final = "automatic"  # of the record of such an approval
DAILY_CAP: Final = "daily_cap"
STALE: Final = "directory_stale"
LOCKED: Final = "person_locked"
CLOCK: Final = "clock_disputed"
WAITS: Final = frozenset({DAILY_CAP, STALE, LOCKED, CLOCK})  # mended by time or people: it goes on
NEVER_KINDS: Final = frozenset(
    {"emergency.access", "approval.act", "delegation", "privilege.elevate", "unknown.identity"}
    | {"credential.reset", "mfa.reset"}
)
_DATE_CHARS: Final = 10  # 2026-11-22


def automatic_rule(request: AccessRequest, policy: Policy) -> ApproveRule | None:
    """The rule of the request where it is one that approves by itself."""
    rule = next((one for one in policy.approve if one.id == request.approve_rule), None)
    return None if rule is None or rule.automatic is None else rule


def before_today(now: datetime) -> datetime:
    """The last moment of the UTC day before."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(microseconds=1)


def told(rule: ApproveRule, automatic: Automatic, now: datetime, number: int) -> dict[str, Json]:
    """What the record of an approval says of the rule; `number` is its place among the day's."""
    said: dict[str, Json] = {
        "rule": f"{rule.id}@{rule.where}",
        "digest": rule.digest,
        "because": automatic.because,
        "day": now.date().isoformat(),
        "count": number,
        "max_per_day": automatic.max_per_day,
    }
    return {"stages": [], "automatic": said}


def given_by(record: Record, seconds: int) -> dict[str, Json]:
    """What an approval gives, as a grant is held against it."""
    return {
        "subject": record["beneficiary"],
        "entitlement": record["entitlement"],
        "target": record["target"],
        "seconds": seconds,
    }


class AutomaticApprovals:
    """Replay: each approval that names no person says by which rule, and counts within its day.

    `last` is what a snapshot carries of it: time never goes back, so the newest day is enough.
    """

    def __init__(self) -> None:
        self.last: dict[str, tuple[str, int]] = {}  # by rule: the newest UTC day, and its count

    def take(self, record: Record) -> Iterator[str]:
        """What is wrong with one such approval, in words."""
        said = record.get("automatic")
        if record["cause"] != CAUSE or not isinstance(said, Mapping):
            yield "approved without a person, and by no automatic rule"
            return
        if record["from"] not in {NEW, "blocked"} or record.get("extends"):
            yield "approved by a rule although people were asked, or for more time"
        if record["stages"] != [] or record["links"] != [] or not count(record["seconds"]):
            yield "approved by a rule with stages, with links, or without seconds"
        if not all(isinstance(record[name], str) for name in ("requester", "beneficiary")):
            yield "approved without a requester or a beneficiary"
        kinds = record["kinds"]
        if not isinstance(kinds, list) or not kinds or any(one in NEVER_KINDS for one in kinds):
            yield "approved by a rule, of a kind that no rule may approve"
        yield from self._counted(record, said)

    def _counted(self, record: Record, said: Mapping[str, Json]) -> Iterator[str]:
        rule, day = str(record["approve_rule"]), str(record.get("_ts"))[:_DATE_CHARS]
        texts = [said.get(name) for name in ("rule", "digest", "because")]
        named = all(isinstance(one, str) and one for one in texts)
        if not named or not str(texts[0]).startswith(f"{rule}@") or said.get("day") != day:
            yield "approved by a rule that its record does not name, or on another day"
        number, most = count(said.get("count")), count(said.get("max_per_day"))
        before = self.last.get(rule, ("", 0))
        if number is not None:
            self.last[rule] = max(before, (day, number))
        if number is None or most is None or (before[0] == day and number <= before[1]):
            yield "approved by a rule, and not counted"
        elif number > most:
            yield "approved by a rule more often than it may in a day"
