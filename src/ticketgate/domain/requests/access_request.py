"""Access request: one entitlement for one person, asked by one ticket, until it is decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ticketgate.domain.evidence import Json, digest_of
from ticketgate.domain.instants import to_text
from ticketgate.domain.tickets.access_window import START_WITHIN_SECONDS, AccessWindow
from ticketgate.domain.tickets.identity_event import Tier


class RequestState(StrEnum):
    """The REQUEST machine's states."""

    BLOCKED = "blocked"
    AWAITING = "awaiting"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    TIMED_OUT = "timed_out"


TRIAGER: Final = "triager"  # the role of who said what a ticket is
_WORD: Final = "triage@revision "  # how a person's word is named among the rules that matched
BY_ITS_PEOPLE: Final = "requester"  # why a request is withdrawn: who asks or gets it did so
TAKEN_BACK: Final = "taken_back"  # why it is denied: an approver thought better of it
_SHOWN: Final = ("material", "round", "stage", "cut", "rules")
LIVE_REQUEST: Final = frozenset({RequestState.BLOCKED, RequestState.AWAITING})


@dataclass(frozen=True, slots=True)
class Party:
    """A person of a ticket: the subject the directory knew, and the account that was claimed."""

    subject: str
    account: str


@dataclass(frozen=True, slots=True)
class Shaper:
    """Somebody with a hand in what a ticket asks: requester, beneficiary, editor or triager.

    The subject of the party is empty while the directory knows nobody by the account (ADR 0009).
    A triager said that the ticket is an identity event, and has no account of it.
    """

    role: str
    party: Party


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What is asked, by whom, for whom, and where it stands.

    `material` is the digest of what matters (rule 6); `rules` the digest of every policy element
    that matched; `round` grows by one each time either changes. `stage` counts from 1.
    `reasons` are the codes that block it. `seconds` is the longest life an approver can give.
    `shapers` is everybody who opened, would have received or edited the ticket since it was first
    seen: none of them ever decides. Nor do its triagers where the rule says so.
    """

    id: str
    version: int
    state: RequestState
    source: str
    table: str
    ticket_id: str
    ticket_number: str
    revision: int
    entitlement: str
    target: str
    access: Mapping[str, str]
    requester: Party
    beneficiary: Party
    shapers: tuple[Shaper, ...]
    seconds: int
    seconds_asked: int | None
    catalog_item: str
    reason: str
    tier: Tier
    kinds: tuple[str, ...]
    rule_ids: tuple[str, ...]
    approve_rule: str
    salt: str
    material: str
    rules: str
    round: int
    stage: int
    opened_at: datetime
    decide_by: datetime
    reasons: tuple[str, ...] = ()
    cut: int | None = None  # the shortest life an approver of an earlier stage has set
    closed_at: datetime | None = None
    escalated: int = 0  # the stage of this round that was silent for too long, if any
    extends: str = ""  # the grant whose life this asks to extend; empty where it asks for access
    cause: str = ""  # why it ended, in the word of its record; empty while it is live
    not_before: datetime | None = None  # when access begins at the earliest; None: at once
    window_end: datetime | None = None  # when it is over at the latest, whatever its seconds
    start_within: int = START_WITHIN_SECONDS  # how far ahead it might begin when it was asked

    @property
    def ticket(self) -> tuple[str, str, str]:
        """The key of the ticket that asks."""
        return (self.source, self.table, self.ticket_id)

    @property
    def parties(self) -> tuple[Party, ...]:
        """Everybody who may never decide, each once."""
        shaped = (one.party for one in self.shapers if one.role != TRIAGER)
        return tuple(dict.fromkeys((self.requester, self.beneficiary, *shaped)))

    @property
    def triagers(self) -> frozenset[str]:
        """Who said of any revision that it is an identity event; an empty one is not told.

        A word that counts, of somebody of whom nothing tells, is of before they were kept.
        """
        told = frozenset(one.party.subject for one in self.shapers if one.role == TRIAGER)
        said = any(one.startswith(_WORD) for one in self.rule_ids)
        return told or frozenset([""] if said else ())

    @property
    def seconds_now(self) -> int:
        """The longest life that can still be given, in seconds."""
        return self.seconds if self.cut is None else min(self.seconds, self.cut)

    @property
    def window(self) -> AccessWindow:
        """When the access may begin, and is over at the latest."""
        return AccessWindow(self.not_before, self.window_end)

    @property
    def shown(self) -> str:
        """Digest of exactly what is shown now; link, page and approval bind to it (rule 6)."""
        return digest_of_shown({name: getattr(self, name) for name in _SHOWN})


def digest_of_shown(parts: Mapping[str, Json]) -> str:
    """SHA-256 of the canonical {material, round, stage, cut, rules}; null for what is not there."""
    return digest_of({name: parts.get(name) for name in _SHOWN})


def material_of(request: AccessRequest) -> str:
    """SHA-256 of the canonical {v, salt, requester, beneficiary, …}: what an approval is about."""
    plain: dict[str, Json] = {
        "v": 1,
        "salt": request.salt,
        "requester": request.requester.subject,
        "beneficiary": request.beneficiary.subject,
        "target": request.target,
        "entitlement": request.entitlement,
        "seconds": request.seconds,
        "catalog_item": request.catalog_item,
        "reason": request.reason,
    }
    if request.extends:
        plain["extends"] = request.extends
    plain |= window_fields(request.window)
    return digest_of(plain)


def window_fields(window: AccessWindow) -> dict[str, Json]:
    """What records and digests say of a window: the ends that it has."""
    ends = {"not_before": window.not_before, "window_end": window.ends}
    return {name: to_text(moment) for name, moment in ends.items() if moment is not None}
