"""Exception: what somebody named must look at. Opened by the gateway, closed by a signed-in person.

An exception gives nothing and takes nothing away. It is counted, it ages, and where the policy
names one it has an owner (docs/rules.md, rule 7; docs/surface.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

# What each code means. The same subject has one open exception per code.
EXCEPTIONS: Final[Mapping[str, str]] = {
    "automation_outside": "An automation asked for more than its boundary in the policy allows.",
    "automation_unowned": "An account that neither directory nor policy knows asked for access.",
    "secret_exposed": "A key, a token or a password was pasted into a ticket.",
    "asked_past_end": "A ticket that is over asks for access; nothing comes of it here.",
    "ended_untriaged": "A ticket that may ask for access ended, and nobody said what it is.",
    "edited_untriaged": "A ticket that may ask for access was edited, and reads harmless now.",
    "second_word": "One person says a ticket that may be their own is nothing; another must agree.",
    "grant_ticket_unreadable": "The ticket of live access may not ask for it any more; look at it.",
    "access_may_stand": "Two people gave up on removing access; it may still be at the target.",
    "mail_bounced": "The mail server refuses the address of a person, who hears of nothing.",
    "directory_down": "The directory cannot be read, so nobody can decide.",
    "velocity_exceeded": "A source opened more requests than its limit; further ones wait.",
    "closings_held": "Tickets of a source end more access than its limit; further ones wait.",
    "approver_inactive": "The platform asks somebody to approve who is not active.",
    "approver_unknown": "The platform asks somebody to approve whom the directory does not have.",
    "approver_manual": "An approver was added by hand, by no rule of the platform.",
    "approver_set_by_requester": "Who asks, or would receive, approves or named who approves.",
    "approved_by_another": "Somebody else than the approver wrote the approval.",
    "approved_by_mail": "The platform took an approval that came by mail.",
    "approved_by_integration": "A machine wrote the approval in the approver's place.",
    "passkey_counter": "The counter of a passkey did not go on; the key may have been copied.",
    "receiver_failed": "A receiver of notifications refused one, or was away for a day.",
    "approved_by_timeout": "The platform approved by itself when time was up.",
    "approved_at_once": "Somebody approves within seconds of seeing a request.",
    "approved_unseen": "Somebody approves without having seen the request.",
    "approved_in_turn": "Two people approve each other's requests.",
    "approved_out_of_hours": "Somebody approves again and again out of working hours.",
    "approver_overloaded": "One person approves more than anybody can look at.",
    "approver_shopping": "What one approver denied, or was asked in vain, another approved soon.",
}

OPEN_MAX: Final = 1000  # of one code; what is beyond is one exception
MORE: Final = "(more)"  # its subject


class ExceptionState(StrEnum):
    """Where an exception stands."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class ExceptionCase:
    """One exception. `code` is one of `EXCEPTIONS`.

    `subject` says in words of the place what it is about (`automation snow-flow`); empty once it
    was erased. `about` is a random id of ours (a ticket, request, grant or delivery), as in
    evidence. `owner` is a word of the policy (`group:sec-iam`, `person:<actor>`), empty where
    nobody owns it; once it is assigned, that person. It is open until it is resolved. `resolved_by`
    is an actor. `index` is that of the record that opened it.
    """

    id: str
    code: str
    subject: str
    about: str
    owner: str
    state: ExceptionState
    opened_at: datetime
    index: int
    resolved_at: datetime | None = None
    resolved_by: str = ""
