"""Bugs to plant: for each invariant and rule, what the code would be without it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, Final

from tests.contracts.fake_target import Fault
from tests.operations.emergencies import HOUR
from tests.operations.fakes import FakeClock
from tests.operations.mixes import Deed

from ticketgate.domain.grants.command import CommandState
from ticketgate.domain.grants.grant import REVOKING, GrantState
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.requests import approvers, entitled, opening
from ticketgate.domain.requests.access_request import RequestState
from ticketgate.domain.requests.approval import LinkState
from ticketgate.domain.requests.approvers import Standing
from ticketgate.domain.requests.decision import Decision, Verdict
from ticketgate.domain.tickets.access_window import NO_WINDOW, AccessWindow
from ticketgate.domain.tickets.ticket import ApproverRow
from ticketgate.operations.deciding import decide_request
from ticketgate.operations.desks import emergency_desk
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.emergencies import consent_emergency, invoke_emergency, review_emergency
from ticketgate.operations.grants import enforce, extend_grant, revoke
from ticketgate.operations.requests.open_request import end_request
from ticketgate.operations.workers import housekeeping, run_targets, work_delivery
from ticketgate.ports import Transaction

Bug = tuple[tuple[Any, str, Any], ...]  # (module or class, name, what stands there instead)


def _nothing(*_: object, **__: object) -> None:
    return None


def _first_voice_decides(rule: Any, given: Any, round_: int) -> Decision:  # noqa: ANN401
    one = next(x for x in given if x.round == round_)
    verdict = Verdict.APPROVED if one.decision == "approve" else Verdict.DENIED
    return Decision(verdict, len(rule.stages), (), ())


def _all_that_was_asked(_given: object, _round: int, seconds: int) -> int:
    return seconds


def _for_ever(grant: Any, hard_max: int) -> Any:  # noqa: ANN401
    return grant.not_after + timedelta(seconds=10 * hard_max)


def _never_again(tx: Transaction, now: Any, command: Any, grant: Any, called: Any) -> None:  # noqa: ANN401
    tx.commands.save(replace(command, state=CommandState.DONE, last_outcome=called.code))


def _done_is_done(tx: Transaction, now: Any, *, ident: str, called: Any) -> None:  # noqa: ANN401
    """Revoked, however the call ended."""
    command = tx.commands.get(ident)
    grant = tx.grants.get(command.about) if command else None
    if command and grant and grant.state in REVOKING:
        enforce._confirm(tx, now, command, grant, {"kept": "", "residuals": []})


def _claims_decide(tx: Transaction, now: Any, row: ApproverRow, **_: object) -> None:  # noqa: ANN401
    for request in tx.requests.live():
        if request.ticket_id == row.parent:
            end_request(tx, now, request, RequestState.DENIED, "blocked")


def _shell_gives(
    tx: Transaction,
    now: Any,  # noqa: ANN401 -- as it is called
    grant: Any,  # noqa: ANN401 -- as it is called
    cause: str,
    by: str | None = None,
) -> None:
    """The switch switches on."""
    later = now + timedelta(hours=1)
    tx.grants.save(
        replace(grant, version=grant.version + 1, state=GrantState.ACTIVE, not_after=later)
    )


def _looked_at_is_spent(self: Desk, token: str, subject: str) -> None:
    def spend(tx: Transaction, now: Any) -> None:  # noqa: ANN401 -- as the store calls it
        link = tx.links.by_token(sha256(token.encode()).hexdigest())
        if link is not None:
            tx.links.save(replace(link, state=LinkState.VOID, why="looked"))

    self._store.write(spend)


def _at_once(_ticket: object) -> AccessWindow:
    return NO_WINDOW


def _any(*_: object, **__: object) -> str:
    return "group:sec-iam"


def _no(*_: object, **__: object) -> bool:
    return False


def _same_id(_self: object, one: str, other: str) -> bool:
    return one == other


def _as_asked(
    _case: object, _stage: object, _who: str, _earlier: object, principal: str
) -> Standing:
    """Whoever was asked once may decide, whatever the directory says by now."""
    return Standing("group:sec-iam", principal)


LATE: Final[list[Deed]] = [("tick", 2 * HOUR), ("tick", 26 * HOUR)]
ASK: Final[Deed] = ("ask", "t1")
GIVE: Final[Deed] = ("give", "t1", None)


@dataclass(frozen=True)
class Plant:
    """A bug, what is broken by it, the machine that finds it, and a history that shows it."""

    bug: str
    breaks: str
    machine: str
    parts: Bug
    shown_by: list[Deed]


PLANTED: Final = (
    Plant(
        "a single voice is enough",
        "I1",
        "approvals",
        ((decide_request, "decide", _first_voice_decides),),
        [GIVE],
    ),
    Plant(
        "whoever was asked may decide",
        "I1",
        "approvals",
        ((entitled, "standing", _as_asked),),
        [ASK, ("staff", "alice", "carol"), ("decide", "bob", 0, "approve")],
    ),
    Plant(
        "no justification",
        "I1",
        "approvals",
        ((decide_request, "bad_typed", _nothing),),
        [ASK, ("mute", "bob")],
    ),
    Plant(
        "never is never looked at",
        "I1",
        "approvals",
        ((approvers, "_kept_apart", _nothing),),
        [("staff", "bob", "joins"), ("ask", "b1"), ("all", ["carol", "alice-admin"])],
    ),
    Plant(
        "whoever asks may decide",
        "I2",
        "approvals",
        ((approvers, "_involved", _nothing),),
        [("staff", "alice", "alice-admin"), ("ask", "r1"), ("all", ["alice-admin"])],
    ),
    Plant(
        "aliases are other people",
        "I2",
        "approvals",
        ((DirectorySnapshot, "same_human", _same_id),),
        [("staff", "alice", "alice-admin"), ("ask", "r1"), ("all", ["alice-admin"])],
    ),
    Plant(
        "nobody can cut",
        "I3",
        "lives",
        ((decide_request, "seconds_of", _all_that_was_asked),),
        [("give", "t1", 60)],
    ),
    Plant(
        "windows are not waited for",
        "I3",
        "lives",
        ((opening, "window_of", _at_once),),
        [("schedule", "w1", 3, 2)],
    ),
    Plant(
        "extended beyond the longest",
        "I4",
        "lives",
        ((extend_grant, "latest", _for_ever),),
        [GIVE, ("longer", 4 * HOUR), ("longer", 4 * HOUR)],
    ),
    Plant(
        "nothing expires",
        "I5",
        "lives",
        ((housekeeping, "expire_grant", _nothing),),
        [("give", "t1", 60), ("tick", HOUR)],
    ),
    Plant(
        "a failed removal is let be",
        "I5",
        "lives",
        ((enforce, "_revoke_failed", _never_again),),
        [("give", "t1", 60), ("disturb", "revoke", Fault.DOWN), ("tick", 299)],
    ),
    Plant(
        "a removal is not read back",
        "I6",
        "lives",
        ((run_targets, "revoked", _done_is_done),),
        [("give", "t1", 60), ("disturb", "revoke", Fault.DROPPED), ("tick", 299)],
    ),
    Plant(
        "late calls are not waited for",
        "I6",
        "lives",
        ((enforce, "_may_land_until", _nothing),),
        [("disturb", "grant", Fault.TIMEOUT_LATE), GIVE, ("tick", 1)],
    ),
    Plant(
        "a delegate is another voice",
        "I7",
        "approvals",
        ((approvers, "_used", _no),),
        [
            ("policy", "two"),
            ASK,
            ("delegate", "carol", "erin", 3),
            ("all", ["bob", "carol", "erin"]),
        ],
    ),
    Plant(
        "a link is never used up",
        "I7",
        "approvals",
        ((decide_request, "LinkState", SimpleNamespace(USED=LinkState.ISSUED)),),
        [ASK, ("decide", "bob", 0, "approve")],
    ),
    Plant(
        "no deadline",
        "I8",
        "approvals",
        ((decide_request, "no_longer", _nothing),),
        [ASK, ("steal", "mallory", "bob"), ("let_pass", 9 * HOUR), ("decide", "bob", 0, "approve")],
    ),
    Plant(
        "older revisions count",
        "I9",
        "tickets",
        ((work_delivery, "odd_revision", _nothing),),
        [ASK, ("edit", "t1", "short", "alice", True), ("again", 1, True)],
    ),
    Plant(
        "nobody looks at the clock",
        "I12",
        "approvals",
        ((FakeClock, "disputed", _no),),
        [ASK, ("skew", 10), ("all", ["bob", "carol"])],
    ),
    Plant(
        "leavers decide",
        "rule 5",
        "approvals",
        ((approvers, "unfit", _nothing),),
        [ASK, ("staff", "bob", "leaves"), ("decide", "bob", 0, "approve")],
    ),
    Plant(
        "whoever is away decides",
        "rule 5",
        "approvals",
        ((Person, "away_until", _nothing),),
        [ASK, ("away", "bob", 3), ("decide", "bob", 0, "approve")],
    ),
    Plant(
        "nothing is waited for",
        "rule 6",
        "approvals",
        ((decide_request, "unsettled", _nothing),),
        [ASK, ("edit", "t1", "comment", "alice", False), ("decide", "bob", 0, "approve")],
    ),
    Plant(
        "a ticket that is passed on",
        "rule 6",
        "tickets",
        ((work_delivery, "_end_what_is_not_asked", _nothing),),
        [GIVE, ("edit", "t1", "passed", "alice", True)],
    ),
    Plant(
        "claims decide",
        "rule 7",
        "tickets",
        ((work_delivery, "take_claim", _claims_decide),),
        [ASK, ("claim", "t1", "bob", "alice")],
    ),
    Plant(
        "no cooldown",
        "rule 9",
        "emergencies",
        ((invoke_emergency, "_too_soon", _nothing),),
        [("invoke", "alice", False), ("tick", HOUR), ("invoke", "alice-admin", False)],
    ),
    Plant(
        "who is locked decides",
        "rule 9",
        "emergencies",
        ((decide_request, "lock_on", _nothing),),
        [("invoke", "bob", False), *LATE, ASK, ("decide", "bob", 0, "approve")],
    ),
    Plant(
        "who is locked begins another",
        "rule 9",
        "emergencies",
        ((invoke_emergency, "lock_on", _nothing),),
        [("invoke", "bob", False), *LATE, ("invoke", "bob", False), ("consent", "carol")],
    ),
    Plant(
        "no consent",
        "rule 9",
        "emergencies",
        ((invoke_emergency, "needs_consent", _no),),
        [("invoke", "bob", False), *LATE, ("invoke", "alice", False)],
    ),
    Plant(
        "own review",
        "rule 9",
        "emergencies",
        ((review_emergency, "may_review", _any), (emergency_desk, "may_review", _any)),
        [("invoke", "alice", False), ("tick", 2 * HOUR), ("review", "alice-admin", "unjustified")],
    ),
    Plant(
        "own consent",
        "rule 9",
        "emergencies",
        ((consent_emergency, "may_consent", _any), (emergency_desk, "may_consent", _any)),
        [
            ("invoke", "bob", False),
            *LATE,
            ("invoke", "alice", False),
            ("consent", "alice-admin"),
        ],
    ),
    Plant(
        "late reviews are not told",
        "rule 9",
        "emergencies",
        ((housekeeping, "declare_unreviewed", _nothing),),
        [("invoke", "alice", False), *LATE],
    ),
    Plant(
        "the command line gives",
        "rule 12",
        "lives",
        ((revoke, "end_grant", _shell_gives),),
        [("down", True), GIVE, ("os", "alice")],
    ),
    Plant(
        "looking spends a link",
        "rule 14",
        "approvals",
        ((Desk, "open_link", _looked_at_is_spent),),
        [ASK, ("look", "bob", "bob")],
    ),
)
