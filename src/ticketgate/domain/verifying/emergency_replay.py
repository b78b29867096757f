"""Emergency replay: the emergencies of a log, and their reviews, folded again (rule 9).

An invocation stands in place of an approval: one grant follows it, of what it names and no longer.
What is kept of each is in `Folded.said`, so that a snapshot has it (docs/evidence-format.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from ticketgate.domain.emergencies.emergency import ASKS, CONSENT_LIFE, OUTCOMES
from ticketgate.domain.evidence import Json
from ticketgate.domain.grants.grant import CLAIMED, HOLDING
from ticketgate.domain.instants import from_text, is_instant, to_text, whole_seconds
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.people.step_up import bad_step_up
from ticketgate.domain.verifying.evidence_verdict import FaultList

Record: TypeAlias = Mapping[str, Json]
Said: TypeAlias = dict[str, Json]

SAID: Final = frozenset(
    {"person", "entitlement", "drill", "within", "invoked", "until", "ended", "by", "target"}
)
# `ended` of one whose grant was cancelled: nothing has to cool down; or of a claim whose access
# nothing has begun to take away
NEVER_GIVEN: Final = "never"
OF_OTHERS: Final = "role:operator"  # the word by which a claim is of somebody else
_ENDS: Final = frozenset({"revoked", "released_shared", "cancelled", "abandoned"})
_SECONDS_MAX: Final = 10**9


@dataclass(slots=True)
class Emergencies:
    """What the emergencies of a log owe. `of` is what was said of each, by its id."""

    faults: FaultList
    of: dict[str, Said] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    _latest: dict[tuple[str, str], str] = field(default_factory=dict)
    _owed: dict[str, set[str]] = field(default_factory=dict)  # by person; drills lock nobody
    _asks: dict[str, int] = field(default_factory=dict)  # seconds asked for; in no snapshot

    def know(self, ident: str, state: str, said: Said) -> None:
        """Take one in as a snapshot, or its own record, has it."""
        self.of[ident], self.states[ident] = said, state
        if state in ASKS:
            return
        if said.get("drill") is not False:
            return
        person, entitlement = str(said.get("person")), str(said.get("entitlement"))
        owed = self._owed.setdefault(person, set())
        (owed.discard if state == "done" else owed.add)(ident)
        last = self.of.get(self._latest.get((person, entitlement), ""), {})
        if str(said.get("invoked")) >= str(last.get("invoked", "")):
            self._latest[person, entitlement] = ident

    def is_locked(self, person: Json, moment: Json) -> bool:
        """Whether a review of this person's is overdue then, whether or not a record says so."""
        owed = self._owed.get(person, ()) if isinstance(person, str) else ()
        return any(
            self.states[one] == "overdue" or str(moment) >= str(self.of[one].get("until"))
            for one in owed
        )

    def unlocked(self, index: int, record: Record, *names: str) -> None:
        """Whoever the record names decides, or is given something: no review of theirs is overdue.

        Whose the other accounts of a human are no record tells, so the gateway alone sees those.
        """
        if any(self.is_locked(record.get(name), record.get("_ts")) for name in names):
            self.faults.add(index, "decided by, or given to, somebody whose review is overdue")

    def acted(self, index: int, record: Record) -> None:
        """Whoever says what a ticket is, or vouches for a passkey, owes no review either."""
        triaged = record["type"] == "ticket.classified" and record.get("cause") == "triage"
        if triaged or record["type"] == "passkey.vouched":
            self.unlocked(index, record, "person" if triaged else "voucher")

    def owes(self, entitlement: Json, moment: Json) -> bool:
        """Whether somebody's emergency for it has a review that is overdue then."""
        return any(
            self.of[one].get("entitlement") == entitlement
            and (self.states[one] == "overdue" or str(moment) >= str(self.of[one].get("until")))
            for owed in self._owed.values()
            for one in owed
        )

    def take(self, index: int, record: Record, said: Said) -> dict[str, Json] | None:
        """A move of a review; of an invocation that gives access, what may be granted.

        `said` is what is kept of it, and is changed here.
        """
        ident, after = str(record["id"]), str(record["to"])
        given = None
        if after == "asked":
            self._asked(index, record, said)
        elif after == "due":
            self._consented(index, record, said)
            given = self._invoked(index, record, said)
        elif after == "claimed":
            self._claimed(index, record, said)
        elif any(
            record[name] is None or record[name] != said.get(name)
            for name in ("person", "entitlement")
        ):
            self.faults.add(index, "a review of another person or entitlement than the emergency's")
        elif after == "consented":
            self._consent(index, record, said)
        elif after == "done":
            self._reviewed(index, record, said)
        elif str(record.get("_ts")) < str(said.get("until")):
            self.faults.add(index, "a review is called overdue before its time")
        self.know(ident, after, said)
        return given

    def _invoked(self, index: int, record: Record, said: Said) -> dict[str, Json] | None:
        person, entitlement, moment = record["person"], record["entitlement"], record.get("_ts")
        seconds, longest = _number(record["seconds"], 1), _number(record["hard_max"], 1)
        within, cooldown = _number(record["within"], 1), _number(record["cooldown"], 1)
        drill = record["drill"]
        texts = all(isinstance(one, str) for one in (person, entitlement, record["target"]))
        known = texts and is_instant(moment)
        counted = seconds and longest and within and cooldown
        clause = record["clause"] if isinstance(record["clause"], str) else ""
        if not known or not counted or not isinstance(drill, bool) or not clause:
            self.faults.add(index, "an emergency without its person, times, or pre-authorisation")
            return None
        if wrong := bad_step_up(record):
            self.faults.add(index, wrong)
        if seconds > longest:
            self.faults.add(index, "an emergency for longer than the policy lets it be")
        if self.is_locked(person, moment):
            self.faults.add(index, "an emergency of somebody whose review is overdue")
        if not drill:
            self._spaced(index, (str(person), str(entitlement)), str(moment), cooldown)
        until = _later(str(moment), within)
        said |= {"person": person, "entitlement": entitlement, "drill": drill, "within": within}
        said |= {"invoked": moment, "until": until, "ended": ""}
        if drill:
            return None
        return {
            "subject": person,
            "entitlement": entitlement,
            "target": record["target"],
            "seconds": seconds,
        }

    def _claimed(self, index: int, record: Record, said: Said) -> None:
        """One that was entered afterwards: of the past, by somebody named; it approves nothing."""
        told = {name: record[name] for name in ("person", "entitlement", "target", "by")}
        within, back = _number(record["within"], 1), _number(record["backfill_within"], 1)
        named = all(isinstance(one, str) and one for one in (*told.values(), record["clause"]))
        moment, begun, over = record.get("_ts"), record["access_from"], record["access_until"]
        known = named and all(map(is_instant, (moment, begun, over)))
        if not known or not within or not back or not _number(record["seconds"], 1):
            self.faults.add(
                index, "a claim without who, what, from when and until when, or by whom"
            )
            return
        if not str(begun) < str(over) <= str(moment) <= _later(str(begun), back):
            self.faults.add(index, "a claim of the future, or of too long ago")
        if record["enforced"] is not False or record["authority_basis"] != "claimed":
            self.faults.add(index, "a claim that says it is more than that")
        if record["by"] != record["person"] and record["clause"] != OF_OTHERS:
            self.faults.add(index, "a claim of what somebody else held, not by an operator")
        if wrong := bad_step_up(record):
            self.faults.add(index, wrong)
        self.unlocked(index, record, "by")
        until = _later(str(moment), within)
        said |= told | {"drill": False, "within": within, "invoked": moment, "until": until}
        said["ended"] = NEVER_GIVEN

    def _asked(self, index: int, record: Record, said: Said) -> None:
        within, seconds = _number(record["within"], 1), _number(record["seconds"], 1)
        person, entitlement, moment = record["person"], record["entitlement"], record.get("_ts")
        known = isinstance(person, str) and isinstance(entitlement, str) and is_instant(moment)
        if not known or not within or not seconds:
            self.faults.add(index, "an ask for consent without its person, or its times")
            return
        said |= {"person": person, "entitlement": entitlement, "drill": False}
        said |= {"within": within, "invoked": moment}
        self._asks[str(record["id"])] = seconds

    def _consented(self, index: int, record: Record, asked: Said) -> None:
        """What begins while a review is overdue is what was consented to, in time, and no drill."""
        if record["from"]:
            told = ("person", "entitlement", "drill")
            same = all(record[name] == asked.get(name) for name in told)
            seconds = _number(record["seconds"], 1)
            longer = seconds > self._asks.get(str(record["id"]), seconds)
            if not same or longer or not _in_time(record, asked):
                self.faults.add(index, "an emergency that the consent was not for, or not any more")
        elif record["drill"] is False and self.owes(record["entitlement"], record.get("_ts")):
            self.faults.add(index, "an emergency without the consent that it needs")

    def _consent(self, index: int, record: Record, asked: Said) -> None:
        """The consent of somebody else, who is not locked, in time."""
        if wrong := bad_step_up(record):
            self.faults.add(index, wrong)
        by = record["by"]
        if not isinstance(by, str) or by in {"", record["person"]}:
            self.faults.add(index, "a consent of nobody else")
        if self.is_locked(by, record.get("_ts")):
            self.faults.add(index, "a consent of somebody whose review is overdue")
        if not _in_time(record, asked):
            self.faults.add(index, "a consent that came too late")

    def _spaced(self, index: int, place: tuple[str, str], moment: str, cooldown: int) -> None:
        """One at a time, and the next after the cooldown: an emergency is never extended."""
        ended = str(self.of.get(self._latest.get(place, ""), {}).get("ended", NEVER_GIVEN))
        if not ended:
            self.faults.add(index, "an emergency while another of the same access is not over")
        elif is_instant(ended) and moment < _later(ended, cooldown):
            self.faults.add(index, "an emergency before the cooldown of the last one is over")

    def _reviewed(self, index: int, record: Record, said: Said) -> None:
        if wrong := bad_step_up(record):
            self.faults.add(index, wrong)
        if not isinstance(record["reviewer"], str) or not record["reviewer"]:
            self.faults.add(index, "a review without its reviewer")
        self.unlocked(index, record, "reviewer")
        if record["reviewer"] == record["person"]:
            self.faults.add(index, "an emergency reviewed by whose it is")
        if record["reviewer"] == said.get("by"):
            self.faults.add(index, "a claim reviewed by whoever entered it")
        if record["outcome"] not in OUTCOMES:
            self.faults.add(index, "a review without an outcome")
        live = said.get("drill") is False and not said.get("ended")
        if live and record["outcome"] != "unjustified":
            self.faults.add(index, "reviewed before the access was over")

    def granted(self, index: int, record: Record) -> None:
        """A move of a grant: whether it comes of an emergency, and what it does to the review."""
        said = self.of.get(str(record["request"]))
        self._origin(index, record, said)
        if said is None:
            return
        within, moment = said.get("within"), record.get("_ts")
        if not isinstance(within, int) or not is_instant(moment):
            return
        before, after = record["from"], record["to"]
        if before == after:
            self.faults.add(index, "an emergency is extended")
        over = after == "cancelled" or before in HOLDING
        ends: dict[str, Json] = {
            "planned": record.get("activate_by"),
            "provisioning": record.get("not_after"),
            "active": None,
        }
        base = ends.get(str(after), moment if over else None)
        if is_instant(base):
            said["until"] = _later(str(base), within)
        if after in _ENDS:
            said["ended"] = NEVER_GIVEN if after == "cancelled" else moment

    def _origin(self, index: int, record: Record, said: Said | None) -> None:
        if record["to"] != "planned" and not isinstance(record["request"], str):
            self.faults.add(index, "a grant that tells no request")
        if record["to"] == "planned" and (record.get("origin") == "emergency") != bool(said):
            self.faults.add(index, "a grant that tells another origin than it has")
        if record["to"] == "provisioning":
            self.unlocked(index, record, "subject")
        if record["from"] == NEW and record["to"] == "revoking":
            self._only_ended(index, record, {} if said is None else said)

    def _only_ended(self, index: int, record: Record, said: Said) -> None:
        """Access that no grant of ours gave is taken away for a claim, once, of what it names."""
        same = record["subject"] == said.get("person") and all(
            record[name] == said.get(name) for name in ("entitlement", "target")
        )
        if "by" not in said or said.get("ended") != NEVER_GIVEN or not same:
            self.faults.add(
                index, "access is taken away that neither a grant gave nor a claim tells"
            )
        end = record["not_after"]
        if record.get("origin") != CLAIMED or not is_instant(end) or end != record.get("_ts"):
            self.faults.add(index, "access by a claim with another end than its being entered")
        if "by" in said:
            said["ended"] = ""


def _number(value: Json, least: int) -> int:
    """The integer, if it is one from `least` to a billion; else 0."""
    return value if type(value) is int and least <= value <= _SECONDS_MAX else 0


def _in_time(record: Record, asked: Said) -> bool:
    at, moment = asked.get("invoked"), record.get("_ts")
    known = is_instant(at) and is_instant(moment)
    return known and str(moment) < _later(str(at), whole_seconds(CONSENT_LIFE))


def _later(moment: str, seconds: int) -> str:
    try:
        return to_text(from_text(moment) + timedelta(seconds=seconds))
    except OverflowError:
        return to_text(datetime.max.replace(tzinfo=UTC))
