"""Decision refusals: what the holder of a link is told when the request has moved on."""

from typing import Final

from ticketgate.domain.errors import Refusal

_NEW_MAIL: Final = "A new mail shows what is asked now."
LATE: Final = Refusal(
    "decision_late", "The time to decide is over.", "Ask for the access again in a new ticket."
)
CHANGED: Final = Refusal(
    "ticket_changed",
    "The ticket was changed after this page was shown; the old link is void.",
    _NEW_MAIL,
)
NOT_ASKED: Final = Refusal(
    "request_blocked", "This is not asked for, or not offered, any more.", "Nothing is left to do."
)
RULES: Final = Refusal(
    "rules_changed",
    "The rules that apply are not the ones that were shown; the old link is void.",
    _NEW_MAIL,
)
VOID: Final = {
    "rules_changed": RULES,
    "stage_done": Refusal("already_decided", "Others have decided at this stage."),
    "restored": Refusal(
        "restored", "The gateway was restored from a backup; the old link is void.", _NEW_MAIL
    ),
}
