"""Emergency view: what the pages of emergencies show of each to one person."""

from dataclasses import dataclass
from datetime import datetime

from ticketgate.domain.errors import Refusal
from ticketgate.operations.emergencies.emergency_window import Window
from ticketgate.operations.workers.target_activity import Activity


@dataclass(frozen=True, slots=True)
class Offer:
    """What this person may invoke; `refusal` is what stands in the way now."""

    entitlement: str
    target: str = ""
    clause: str = ""
    seconds: int = 0  # the longest
    within: int = 0  # seconds from the end of the access to the review
    shown: str = ""
    refusal: Refusal | None = None
    waits: Refusal | None = None  # why only a drill can begin now


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """One emergency. `state` is of its review, `access` of its grant (empty for a drill)."""

    id: str
    drill: bool
    who: str
    entitlement: str
    target: str
    clause: str
    invoked_at: datetime
    not_after: datetime | None
    access: str
    ended_at: datetime | None
    state: str  # due | claimed | overdue | done
    review_by: datetime
    outcome: str
    reviewer: str
    mine: bool
    live: bool  # the access has not begun to end
    can_review: bool
    barred: Refusal | None  # why this person cannot review it
    shown: str
    window: Window | None = None
    activity: Activity | None = None  # at the target; None of a drill, and in lists
    audited: bool = False  # who looks reads the whole log
    entered_by: str = ""  # of one that was entered afterwards: claimed, and not enforced
    access_from: datetime | None = None
    access_until: datetime | None = None
    entered: bool = False  # by this person
    ends: str = ""  # the grant, where who looks is an operator and it has not begun to end

    @property
    def concerns(self) -> bool:
        """Whether it is this person's, to review, or was entered by them."""
        return self.mine or self.entered or self.can_review


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody would begin, and a second person has to consent to until `until`."""

    id: str
    who: str
    entitlement: str
    target: str
    seconds: int
    reason: str
    until: datetime
    given: bool
    mine: bool
    barred: Refusal | None  # why this person cannot consent
    shown: str


@dataclass(frozen=True, slots=True)
class EmergencyPage:
    """What the page shows to this person.

    Offers, what they ask consent to or may consent to, and emergencies of theirs or to review.
    """

    offers: tuple[Offer, ...]
    asks: tuple[Ask, ...]
    found: tuple[EmergencyView, ...]
    claims: bool  # whether they may enter afterwards what was done by hand
    behind: str = ""  # the id behind which there may be more emergencies; empty: there are none
