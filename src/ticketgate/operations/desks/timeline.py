"""The timeline of a request: what the evidence log says of it and its grants, in plain words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.domain.evidence import Json, parse_entry
from ticketgate.domain.instants import from_text
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_of
from ticketgate.ports import Reading

STEPS_MAX: Final = 200
_WORDS: Final[Mapping[str, str]] = {
    "request.opened": "The ticket asks for it, and its approvers are asked",
    "request.blocked": "Blocked: nobody is asked until something else is mended",
    "request.awaiting": "Its approvers are asked",
    "request.approved": "Approved",
    "request.denied": "Denied",
    "request.withdrawn": "Withdrawn",
    "request.timed_out": "The time to decide is over",
    "links.issued": "More people are asked",
    "decision.taken_back": "An approval is taken back",
    "grant.planned": "The access is planned",
    "grant.provisioning": "The target is called to give the access",
    "grant.activated": "The access is there, by a read at the target",
    "grant.extended": "The access lasts longer",
    "grant.cancelled": "The access is not given",
    "grant.released_shared": "This grant is over; the access stays, as another grant gives it too",
    "revocation.begun": "The access begins to end",
    "revocation.held": "The end waits for somebody to say go on",
    "revocation.attempted": "The target is called to remove the access",
    "revocation.overdue": "Removing it takes too long; it is tried on",
    "revocation.abandoned": "Two people gave up on removing it; it may still be there",
    "revocation.seen": "What a call said after they had given up",
    "revocation.confirmed": "The access is gone, by a read at the target",
}
_COMMENT: Final = "comment"  # what a notification is, beside the kinds of mail
_DECIDED: Final = {"approve": "An approver approves", "deny": "An approver denies"}
# Only for who attends to requests of others.
INSIDE: Final[Mapping[str, str]] = {
    "decision.refused": "A decision was refused",
    "notification.failed": "A mail or a comment could not be sent",
    "command.retried": "A call of the target is tried again",
    "view.recorded": "Looked at",
}
_WHO: Final = ("approver", "person", "by")
_DETAILS: Final = ("cause", "code", "outcome", "method")


@dataclass(frozen=True, slots=True)
class Step:
    """One record: its place in the log, when, what in words, and by whom (empty: the gateway).

    `details` are the codes of the record that say more, by the names of its fields.
    """

    index: int
    at: datetime
    type: str
    words: str
    by: str
    on_behalf_of: str
    details: tuple[tuple[str, str], ...]


def timeline_of(
    looking: Reading,
    request: str,
    about: Collection[str],
    snapshot: DirectorySnapshot,
    *,
    inside: bool,
) -> tuple[Step, ...]:
    """The newest `STEPS_MAX` records, in order; `about`: its id, those of its links and grants.

    With `inside` also what only people with a role see: refusals, failures and looks.
    """
    words = {**_WORDS, **INSIDE} if inside else _WORDS
    found = [
        (index, parse_entry(entry))
        for index, entry in looking.console.records(request, about, STEPS_MAX)
    ]
    told = [(index, one, _words(one, words)) for index, one in found]
    actors = {str(one.get(name, "")) for _, one, _ in told for name in (*_WHO, "on_behalf_of")}
    subjects = looking.console.subjects(actors - {""})

    def named(actor: Json) -> str:
        subject = subjects.get(str(actor or ""))
        return str(actor or "") if subject is None else name_of(subject, snapshot)

    return tuple(
        Step(
            index,
            from_text(str(one["_ts"])),
            str(one["type"]),
            said,
            named(next((one[name] for name in _WHO if name in one), "")),
            named(one.get("on_behalf_of", "")),
            tuple((name, str(one[name])) for name in _DETAILS if one.get(name)),
        )
        for index, one, said in told
        if said
    )


def _words(record: Mapping[str, Json], words: Mapping[str, str]) -> str:
    """What the record says; empty where it is not for this reader."""
    if record["type"] == "decision.recorded":
        return _DECIDED.get(str(record["decision"]), "")
    if record["type"] == "notification.sent":
        commented = record["what"] == _COMMENT
        return "The ticket was told of it" if commented else "A mail was sent"
    return words.get(str(record["type"]), "")
