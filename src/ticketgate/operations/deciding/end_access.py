"""End access: an operator takes it away on the page of a grant, as the kill switch does by command.

Taking away needs no approval (`docs/rules.md` rule 12). Nothing but the end of the access itself
makes the page too old to do it from.
"""

from dataclasses import dataclass
from datetime import datetime

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import digest_of
from ticketgate.domain.grants.grant import UNENDED, Grant
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.roles import may_operate
from ticketgate.operations.deciding.decision_refusals import not_found, with_word
from ticketgate.operations.deciding.who_decided import of_grant_end
from ticketgate.operations.grants.end_grant import sharers
from ticketgate.operations.grants.revoke import Choice, revoke
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.sayer import Sayer, bad_justification, may_say
from ticketgate.ports import Reading, Transaction


@dataclass(frozen=True, slots=True)
class EndForm:
    """What was posted: why, and what the page showed.

    With `everything` whatever else gives the same access to the same account ends as well.
    """

    justification: str
    shown: str
    everything: bool = False


def shown_of(grant: Grant) -> str:
    """The digest of which access a page is about, and of nothing that may change meanwhile."""
    return digest_of([grant.id, grant.subject, grant.entitlement, grant.target])


def not_ended(
    reading: Reading, grant: Grant | None, snapshot: DirectorySnapshot
) -> Grant | Refusal:
    """The grant, if it can still be ended. Refusals: `not_found`, `ended_already`."""
    if grant is None:
        return not_found()
    if grant.state in UNENDED:
        return grant
    refusal = Refusal(
        "ended_already",
        "This access is being removed already, or is over.",
        "Nothing is left to do; the list of active access shows what is still being removed.",
    )
    return with_word(refusal, of_grant_end(reading, grant, snapshot))


def end_access(
    tx: Transaction, now: datetime, *, ident: str, form: EndForm, who: Sayer
) -> Grant | Refusal:
    """End one grant, or all that give its access, for the reason typed.

    Refusals: `directory_stale`, `not_operator`, `approver_unknown`, `approver_inactive`,
    `not_human`, `person_locked`, those of `not_ended`, `shown_changed`, `justification`,
    `secret_typed`.
    """
    refusal = may_say(tx, now, who, may_operate)
    found = refusal or not_ended(tx, tx.grants.get(ident), who.snapshot)
    if isinstance(found, Refusal):
        return found
    if form.shown != shown_of(found):
        return Refusal(
            "shown_changed", "This is not the access that the page showed.", "Open its page again."
        )
    bad = bad_justification(form.justification)
    if bad is not None:
        return bad
    reason, by = form.justification.strip(), actor_of(tx, who.subject)
    for one in (found, *(sharers(tx, found) if form.everything else ())):
        revoke(tx, now, choice=Choice(grant=one.id), by=by, reason=reason, subject=who.subject)
    return found
