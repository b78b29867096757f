"""Emergency outcomes: what people are told when a review is overdue, and once it is done.

As of `outcomes.py`: no person is named, and what was typed is quoted to nobody.
"""

from datetime import datetime
from typing import Final

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.instants import minute_text
from ticketgate.domain.telling.outcomes import Outcome, Saying

LOCK: Final = "you can neither decide nor vouch, use a role, begin an emergency, nor get access"


def of_lock(emergency: Emergency, due: datetime) -> Saying:
    """What the person is told whose emergency was not reviewed by `due`; a drill locks nobody."""
    text = f"{_late(emergency, due)} Until it is, you are locked: {LOCK}, by any account."
    return Saying(
        Outcome.LOCKED, text, "Ask one of those who can review it to do so; you cannot yourself."
    )


def of_late_review(emergency: Emergency, due: datetime) -> Saying:
    """The same for those who can review it, and of a drill for its person too."""
    text = _late(emergency, due)
    if not emergency.drill:
        text += " Until it is, the person whose emergency it was is locked."
    return Saying(Outcome.REVIEW_OVERDUE, text, "Read what was done, and say what it was.")


def of_review(emergency: Emergency, *, ends: bool) -> Saying:
    """What the person, and who entered it, are told of its review; `ends`: it ends the access."""
    text = f"The {_what(emergency)} was reviewed. What the review found: {emergency.outcome}."
    if ends:
        text += " The access is being taken away now."
    return Saying(
        Outcome.REVIEWED,
        text,
        "The page shows what is on record of it. If you think it wrong, speak to a reviewer.",
    )


def _late(emergency: Emergency, due: datetime) -> str:
    return f"The {_what(emergency)} had to be reviewed by {minute_text(due)}, and was not."


def _what(emergency: Emergency) -> str:
    word = "drill of an emergency with" if emergency.drill else "emergency with"
    return f"{word} access to {emergency.entitlement} at {emergency.target}"
