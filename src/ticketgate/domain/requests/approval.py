"""Approval: what a named person decided at one stage of one round, and the link they hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LinkState(StrEnum):
    """The LINK machine's states."""

    ISSUED = "issued"
    USED = "used"
    EXPIRED = "expired"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Link:
    """A link is bound to approver, request, round, stage, digest and expiry.

    Its tokens are minted by the mail worker, one per try, and stored only as hashes.
    """

    id: str
    request: str
    round: int
    stage: int
    approver: str
    clause: str  # the word of the rule that names the approver
    shown: str
    state: LinkState
    expires_at: datetime
    why: str = ""  # why it is void
    on_behalf_of: str = ""  # the subject whose delegate the approver is; empty: nobody's


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's decision at one stage of one round; as a delegate it is two people's seat."""

    request: str
    round: int
    stage: int
    approver: str
    decision: str  # approve | deny
    seconds: int
    decided_at: datetime
    index: int  # of the evidence record
    on_behalf_of: str = ""  # as of the link


@dataclass(frozen=True, slots=True)
class LinkNote:
    """What the mail of a link tells; names are of the directory."""

    ticket: str
    entitlement: str
    target: str
    requester: str
    beneficiary: str
    seconds: int
    decide_by: datetime
    shown: str
    clause: str
    stage_name: str
    evidence: str  # one line: where in the log it stands, and the newest signed root
    on_behalf_of: str = ""  # the name of whom the reader stands in for; empty: nobody
    until: datetime | None = None  # when that ends
    not_before: datetime | None = None  # when the access begins at the earliest; None: at once
    window_end: datetime | None = None  # when it is removed at the latest
    ends: datetime | None = None  # of more time for access: when it ends then at the latest


def voices(given: Iterable[Approval], round_: int) -> frozenset[str]:
    """Everybody whose one voice in this round is used: deciders, and those they decided for."""
    here = [one for one in given if one.round == round_]
    return frozenset(who for one in here for who in (one.approver, one.on_behalf_of) if who)
