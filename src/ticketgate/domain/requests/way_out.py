"""The way out of a blocked request: for each reason what mends it, and what happens then.

A changed directory or ticket is looked at at once. A changed policy that lets more through never
takes effect for what is open already (rule 6): the ticket asks anew with its next revision.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.domain.text.durations import DURATION_REASONS, NULL
from ticketgate.domain.tickets.access_window import WINDOW_REASONS

_DIRECTORY: Final = "Mend the directory; the request goes on by itself then."
_POLICY: Final = "Change the policy if it should; the ticket asks anew with its next revision then."
_TICKET: Final = "Mend the ticket; the request goes on with that revision."

NEXT_STEPS: Final[Mapping[str, str]] = {
    "no_entitlement": f"{_TICKET} Or somebody with the role `triage` or `operator` denies it.",
    "entitlement_unreadable": "Save the ticket with that field filled in, or mend the mapping.",
    "unknown_requester": f"List the account under the person's `accounts`. {_DIRECTORY}",
    "unknown_beneficiary": f"List the account under the person's `accounts`. {_DIRECTORY}",
    "inactive_beneficiary": f"{_DIRECTORY} Or have the ticket name somebody who is active.",
    "unknown_editor": f"List the account under the person's `accounts`. {_DIRECTORY}",
    "not_requestable": f"If the person's groups are wrong: {_DIRECTORY} {_POLICY}",
    **dict.fromkeys(DURATION_REASONS, f"{_TICKET} Say how long as `30m`, `4h` or `2d`."),
    NULL: f"{_TICKET} Say how long as `30m`, `4h` or `2d`. Or, where the platform sends null for an"
    " empty field, set `null_is_empty` in the source's mapping.",
    **dict.fromkeys(
        WINDOW_REASONS,
        f"{_TICKET} Name a day and a time for each end of its window, as its reason says; or empty"
        " both, when the access may begin at once.",
    ),
    "no_limit": _POLICY,
    "no_approve_rule": _POLICY,
    "approvers_none": f"Put somebody where the rule looks. {_DIRECTORY} {_POLICY}",
    "approvers_unfit": f"Name somebody who is active. {_DIRECTORY} {_POLICY}",
    "approvers_parties": f"Add somebody with no hand in the ticket. {_DIRECTORY} {_POLICY}",
    "unfillable": f"{_DIRECTORY} {_POLICY}",
    "approvers_away": "It goes on by itself when they are back, or when somebody stands in.",
    "daily_cap": "It goes on by itself on the next UTC day, oldest first.",
    "clock_disputed": "It goes on by itself when the clock of the gateway has been mended.",
    "directory_stale": "It goes on by itself when the directory has been read again.",
    "person_locked": "It goes on by itself once a reviewer has done the review.",
    "velocity": "It goes on by itself, oldest first.",
    "ticket_state": "List the state in the source's mapping, or move the ticket to a listed one.",
    "uncertain": "Somebody with the role `triage` says what the ticket is.",
}
