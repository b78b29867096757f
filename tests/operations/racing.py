"""Races about one request: several people, the ticket and time at once; and what must come of it.

Who races are threads over one store, or processes that have opened the same file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.operations.kit import WHY, Gate
from tests.operations.own import Own
from tests.operations.tickets import edited, moved, report_ticket
from typing_extensions import override

from ticketgate.adapters.sqlite.evidence_tables import SqliteLog
from ticketgate.connector_api import StateClass
from ticketgate.domain.errors import Refusal
from ticketgate.domain.instants import to_text
from ticketgate.operations.deciding.own_request import RequestForm

RACERS_MAX: Final = 5
ENDS: Final = frozenset({"approved", "denied", "withdrawn", "timed_out"})
AGAIN: Final = frozenset({"store_unavailable", "directory_stale"})
TRIES: Final = 400  # of who is told to try again: another process has written just now
WAIT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of Carol's for Alice: Bob or Erin decides; what each of them was shown before."""

    number: int
    ident: str
    tokens: Mapping[str, str]
    shown: str  # to who decides
    page: str  # to who withdraws
    decide_by: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one deed: the code and the reason of its refusal, empty when it was done."""

    deed: str
    code: str = ""
    reason: str = ""


def ticket(number: int) -> Any:  # noqa: ANN401 -- a ticket of the platform
    """Carol asks for Alice."""
    return report_ticket(f"r{number}", by="carol", beneficiary="alice")


def ask(gate: Gate, number: int) -> Asked:
    """One request that waits, with its mails out."""
    gate.post.mails.clear()
    gate.receive(ticket(number))
    while gate.work():
        pass
    gate.run_mail()
    with gate.db() as looking:
        (request,) = [
            one
            for one in looking.requests.listed("awaiting", 1000)
            if one.ticket_id == f"r{number}"
        ]
    tokens = {person: gate.tokens(person)[-1] for person in ("bob", "erin")}
    page = Own(gate).view("alice", request.id).shown
    return Asked(number, request.id, tokens, request.shown, page, request.decide_by)


def end(gate: Gate, asked: Asked) -> None:
    """The ticket is cancelled, so that nothing of it is left for the next race."""
    gate.receive(moved(edited(edited(ticket(asked.number))), StateClass.CANCELLED))
    while gate.work():
        pass


# --- who races ----------------------------------------------------------------------------------


def decide(gate: Gate, asked: Asked, person: str, decision: str) -> object:
    """Decide as one of the two who were asked."""
    return gate.desk.decide(
        asked.tokens[person],
        gate.session(person),
        decision=decision,
        justification=WHY,
        seconds=None,
        shown=asked.shown,
    )


def take_back(gate: Gate, asked: Asked, person: str) -> object:
    """Take an approval back, if there is one by now."""
    return gate.desk.take_back(asked.tokens[person], gate.session(person), reason=WHY)


def withdraw(gate: Gate, asked: Asked, person: str) -> object:
    """Who asks or who would get it lets go of it."""
    form = RequestForm("withdraw", "", "", asked.page)
    return Own(gate).desk.say(asked.ident, gate.session(person), form)


def edit(gate: Gate, asked: Asked) -> None:
    """The ticket asks for another reason."""
    gate.receive(edited(ticket(asked.number), reason="for the quarterly numbers"))
    while gate.work():
        pass


def expire(gate: Gate, asked: Asked) -> None:
    """The time to decide is over."""
    gate.clock.at = max(gate.clock.at, asked.decide_by)
    gate.keeper.step()


DEEDS: Final[Mapping[str, Callable[[Gate, Asked], object]]] = {
    "approve bob": partial(decide, person="bob", decision="approve"),
    "approve erin": partial(decide, person="erin", decision="approve"),
    "deny bob": partial(decide, person="bob", decision="deny"),
    "deny erin": partial(decide, person="erin", decision="deny"),
    "back bob": partial(take_back, person="bob"),
    "back erin": partial(take_back, person="erin"),
    "withdraw alice": partial(withdraw, person="alice"),
    "withdraw carol": partial(withdraw, person="carol"),
    "edit": edit,
    "expire": expire,
}
OF_PEOPLE: Final = tuple(deed for deed in DEEDS if " " in deed)


def drawn(number: int, deeds: Sequence[str] = tuple(DEEDS)) -> list[str]:
    """Who races this time: two who decide at least, the same for the same number."""
    pick = Random(number)  # noqa: S311 -- a number that says which race, no secret
    deciding = pick.sample([one for one in deeds if one.startswith(("approve", "deny"))], 2)
    others = [one for one in deeds if one not in deciding]
    return [*deciding, *pick.sample(others, pick.randint(1, RACERS_MAX - 2))]


def race(gate: Gate, asked: Asked, deed: str) -> Told:
    """Do it, and again while all that is said is to try again; what the racer was told at last."""
    told = Told(deed, "store_unavailable")
    for _ in range(TRIES):
        try:
            outcome = DEEDS[deed](gate, asked)
        except Exception as fault:  # noqa: BLE001 -- told, and found to be wrong
            return Told(deed, "crashed", repr(fault))
        if not isinstance(outcome, Refusal):
            return Told(deed)
        told = Told(deed, outcome.code, outcome.reason)
        if told.code not in AGAIN:
            break
    return told


# --- processes ----------------------------------------------------------------------------------


class Racer(Gate):
    """A gateway that has opened the file beside others: no lock keeps it away."""

    def __init__(self, folder: Path, number: int) -> None:
        self._first = number * 10**12
        super().__init__(folder)

    @override
    def start(self) -> None:
        self.ids.count = self._first  # ids of its own
        super().start()


def race_in_process(
    number: int,
    folder: Path,
    jobs: Sequence[tuple[Asked, str]],
    line: Barrier,
    answers: Connection,
    planted: str,
) -> None:
    """What one process does: its deed in each race; the others of the race do theirs meanwhile."""
    if planted:
        SqliteLog.check_end = lambda _self: None  # type: ignore[method-assign, assignment]
    racer = Racer(folder, number)
    answers.send("ready")
    found: list[Told] = []
    for asked, deed in jobs:
        line.wait(WAIT_SECONDS)
        found.append(race(racer, asked, deed))
    answers.send(found)
    racer.stop()


# --- what must come of it -----------------------------------------------------------------------


def records_of(gate: Gate) -> dict[str, list[dict[str, Any]]]:
    """All records of each request, by its id."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in gate.records():
        ident = record["id"] if record.get("on") == "request" else record.get("request")
        if isinstance(ident, str):
            found.setdefault(ident, []).append(record)
    return found


def wrong_in_log(gate: Gate, races: Iterable[tuple[Asked, Sequence[Told]]]) -> list[str]:
    """Where a request left a state twice, or those who were told "done" are not those it names."""
    of = records_of(gate)
    return [
        f"race {asked.number}: {fault}"
        for asked, told in races
        for fault in (*_edges(of[asked.ident]), *_uncounted(told, of[asked.ident]))
    ]


def _edges(records: Sequence[dict[str, Any]]) -> Iterable[str]:
    before = ""
    for one in (record for record in records if record.get("on") == "request"):
        if one["from"] != before or before in ENDS:
            yield f"{one['type']} from {one['from']!r}, where it stood at {before!r}"
        before = one["to"]
    decisions = [one for one in records if one["type"] == "decision.recorded"]
    if len({(one["round"], one["stage"]) for one in decisions}) != len(decisions):
        yield f"{len(decisions)} decisions"


def _uncounted(told: Sequence[Told], records: Sequence[dict[str, Any]]) -> Iterable[str]:
    done = [one.deed for one in told if not one.code]
    kinds = [one["type"] for one in records]
    let_go = {one["on"] for one in records if one.get("cause") in {"requester", "withdrawn"}}
    for words, count in (
        (("approve", "deny"), kinds.count("decision.recorded")),
        (("withdraw",), len(let_go)),
        (("back",), kinds.count("decision.taken_back")),
    ):
        if sum(deed.startswith(words) for deed in done) != count:
            yield f"{done} were done, and the log has {count} of {words}"


def untold(gate: Gate, races: Iterable[tuple[Asked, Sequence[Told]]]) -> list[str]:
    """Who came too late, and was not told who decided, and when."""
    of = records_of(gate)
    found: list[str] = []
    with gate.db() as looking:
        for asked, told in races:
            records = of[asked.ident]
            last = [one for one in records if one.get("on") == "request"][-1]
            decisions = [one for one in records if one["type"] == "decision.recorded"]
            who = decisions[-1] if last["cause"] == "decided" and decisions else last
            by = looking.people.subject(who.get("approver") or who.get("by") or "")
            deeds = [one.deed for one in told]
            found += [bad for one in told for bad in _untold(one, asked, deeds, (by, who["_ts"]))]
    return found


def _untold(
    one: Told, asked: Asked, deeds: Sequence[str], who: tuple[str | None, str]
) -> Iterable[str]:
    named = f"({who[0]}) " in one.reason and f" at {who[1]}." in one.reason
    match one.code:
        case "":
            return
        case "already_decided" | "link_used":
            fine = named
        case "decision_late":
            fine = "expire" in deeds and to_text(asked.decide_by) in one.reason
        case "shown_changed":
            fine = named or "edit" in deeds or "expire" in deeds
        case "not_offered":  # nothing of theirs to take back: not yet, or not any more
            fine = one.deed.startswith("back")
        case "ticket_changed":
            fine = "edit" in deeds
        case _:
            fine = False
    if not fine:
        yield f"race {asked.number}: {one.deed} was told {one.code}: {one.reason} (it was {who})"
