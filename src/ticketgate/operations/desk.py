"""The desk: what people at the page can do. One decision function; no side door."""

from dataclasses import dataclass
from datetime import datetime

from ticketgate.domain.errors import Refusal
from ticketgate.operations.decide_request import Decided


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person. `method` is how surely (mail_code); `id` is the secret of the cookie."""

    id: str
    subject: str
    name: str
    method: str
    signed_in_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LinkView:
    """Exactly what the holder of a link decides about; `shown` is the digest of it."""

    ticket: str  # RITM0010001
    source: str
    requester: str  # names
    beneficiary: str
    entitlement: str
    target: str
    access: tuple[tuple[str, str], ...]
    seconds: int  # the longest life that can be given
    seconds_asked: int | None
    catalog_item: str
    reason: str
    tier: str
    kinds: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]  # (rule id, policy.yaml:6) that say it is an identity event
    approve_rule: tuple[str, str]
    clause: str  # the word that names this approver
    stage: int
    stages: int
    stage_name: str
    round: int
    need: int
    decisions: tuple[tuple[str, str, datetime], ...]  # (name, decision, when) so far this round
    justification_chars_min: int
    assurance: str
    because: str
    decide_by: datetime
    shown: str
    state: str  # awaiting, or how it ended
    mine: str  # "", or what this approver decided


class Desk:
    """What the pages call. Every method may be called from several threads at once."""

    def open_link(self, token: str, subject: str) -> LinkView | Refusal:
        """What the link shows to this signed-in person.

        Refusals: `not_found` (unknown, expired, another person's: alike), `not_entitled`,
        `directory_unreadable`.
        """
        raise NotImplementedError

    def decide(
        self,
        token: str,
        session: Session,
        *,
        decision: str,
        justification: str,
        seconds: int | None,
        shown: str,
    ) -> Decided | Refusal:
        """Decide as the holder of the link. Refused POSTs use nothing up.

        Refusals: `not_found`; `not_entitled`, `self_approval`, `alias_of_requester`,
        `approver_inactive`, `assurance` (403); `link_used`, `already_decided`, `decision_late`,
        `ticket_changed`, `rules_changed`, `shown_changed` (409); `justification`, `seconds`,
        `decision` (422); `directory_unreadable`, `ticket_backlog`, `store_unavailable`,
        `clock_disputed` (503).
        """
        raise NotImplementedError

    def ask_code(self, browser: str, *, address: str | None, token: str | None) -> Refusal | None:
        """Queue a sign-in code to the holder of `address` or of the link `token`.

        The answer is the same whether or not there is such a person. `browser` is the secret of
        the browser session that asks. Refusal: `too_many_codes`.
        """
        raise NotImplementedError

    def enter_code(self, browser: str, code: str) -> Session | Refusal:
        """Sign in with the code. Refusals: `code_wrong`, `code_expired`, `code_tries`."""
        raise NotImplementedError

    def session(self, session_id: str) -> Session | None:
        """The live session with this id, of a person who is still active."""
        raise NotImplementedError

    def sign_out(self, session_id: str) -> None:
        """End the session."""
        raise NotImplementedError
