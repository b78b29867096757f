"""Triage: a named person says whether an uncertain ticket is an identity event.

`docs/rules.md`, "Triage". What follows is one transaction, as of a revision that was classified so.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.classifying.masked_ticket import KIND
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, EvidenceRef, Json, digest_of
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.access_request import TRIAGER, Party, Shaper
from ticketgate.domain.requests.hands import unknown_hands, with_assignee
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.roles import may_triage
from ticketgate.domain.tickets.identity_event import KINDS, Classification, Tier, Verdict
from ticketgate.domain.tickets.ticket import TERMINAL_STATES
from ticketgate.domain.tickets.triage import Triaged, after_triage, basis_of
from ticketgate.operations.cases.exceptions import is_full, open_exception, resolve_exception
from ticketgate.operations.classifying.classified import record_classified, rules_on
from ticketgate.operations.classifying.second_word import SECOND, second_of, void_word
from ticketgate.operations.grants.shadow import would_ask
from ticketgate.operations.intake.parked import unsettled
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.sayer import Sayer, bad_justification, may_say, own_shapers
from ticketgate.operations.requests.ask_again import wanted_by
from ticketgate.operations.workers.work_delivery import apply_verdict
from ticketgate.ports import Transaction

CAUSE: Final = "triage"
_FULL: Final = Refusal(
    "second_words_full",
    "It cannot be told whether this ticket is your own, so another person must say the same;"
    " so many first words wait already that yours is not kept.",
    "Have people say what the tickets are whose first word waits (`second_word` on the page of"
    " exceptions), and say it again then.",
)
_TIERS: Final = {tier.word: tier for tier in Tier}
_GONE: Final = Refusal(
    "ticket_changed",
    "The ticket is not what was shown any more, or somebody has said what it is.",
    "Open the list again.",
)


@dataclass(frozen=True, slots=True)
class TriageForm:
    """What was posted. `verdict` is `identity` or `not_identity`: then only the reason counts.

    `shown` is the digest of what the page showed.
    """

    verdict: str
    kinds: tuple[str, ...]
    tier: str
    justification: str
    shown: str


def shown_of(row: TicketRow, rules: Classification) -> str:
    """The digest of what a page shows of a ticket: this revision, and what the rules say of it."""
    basis = basis_of(row.ticket, rules, rules.verdict)
    return digest_of([row.id, row.revision, basis, rules.tier.word])


def own_ticket(row: TicketRow, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Nobody judges what they opened, get, shaped or are assigned to, by any account of theirs."""
    shapers = with_assignee(row.ticket, row.shapers)
    return own_shapers(shapers, row.ticket.source, subject, snapshot)


def triage(
    tx: Transaction, now: datetime, *, ident: str, form: TriageForm, who: Sayer
) -> EvidenceRef | Refusal:
    """Say what an uncertain ticket is; then what a revision classified so does.

    Refusals: those of `may_say` and `may_triage`, `not_found`, `own_ticket`,
    `ticket_backlog`, `ticket_changed`, `rules_changed`, `verdict`, `kinds`, `tier`,
    `justification`, `secret_typed`, `second_word`, `second_words_full`. A refused word
    uses nothing up.
    """
    refusal = may_say(tx, now, who)
    row = tx.tickets.get(ident)
    if refusal is not None or row is None:
        return refusal or Refusal("not_found", "There is no such ticket.")
    rules = rules_on(row, who.ground(row.ticket.source))
    refusal = (
        own_ticket(row, who.subject, who.snapshot)
        or _unready(tx, row, rules, form)
        or _bad_form(form, rules)
        or _agreed(tx, now, row, form, who)
    )
    if refusal is not None:
        return refusal
    return _say(tx, now, row, rules, form, who)


def _unready(
    tx: Transaction, row: TicketRow, rules: Classification, form: TriageForm
) -> Refusal | None:
    over = row.ticket.state_class in TERMINAL_STATES
    if over or row.verdict != Verdict.UNCERTAIN.value:
        return _GONE
    backlog = unsettled(tx, row.ticket.key)
    if backlog is not None:
        return backlog
    return _GONE if form.shown != shown_of(row, rules) else None


def hands_untold(row: TicketRow, who: Sayer) -> tuple[str, ...]:
    """In words, each hand in the ticket of which this person cannot be told to be another."""
    ground = who.ground(row.ticket.source)
    return unknown_hands(row, ground.policy, ground.snapshot, ground.own_users)


def _agreed(
    tx: Transaction, now: datetime, row: TicketRow, form: TriageForm, who: Sayer
) -> Refusal | None:
    """A "no" of one person does not do where the ticket may be their own, which nobody can tell.

    The first one is kept as an exception; who said it cannot resolve that, and another person who
    says the same of the same revision does. One that does not count any more, of somebody else, is
    void, and this one is the first. A "yes" gives nothing: it is blocked while its opener or a
    writer is unknown.
    """
    hands = hands_untold(row, who)
    if form.verdict != Verdict.NOT_IDENTITY.value or not hands:
        return None
    why = form.justification.strip()
    first = tx.exceptions.opened(SECOND, second_of(row))
    said = frozenset[str]() if first is None else tx.exceptions.named(first)
    if first is not None and _another(tx, now, said, row, who):
        resolve_exception(
            tx, now, ident=first.id, person=who.subject, reason=why, method=who.method
        )
        return None
    if not any(who.snapshot.same_human(one, who.subject) for one in said):
        void_word(tx, now, row)
        if is_full(tx, SECOND):
            return _FULL
    hidden = (Disclosure("word", why, subject=who.subject, kind="triage"),)
    open_exception(tx, now, SECOND, second_of(row), about=row.id, hidden=hidden)
    return Refusal(
        SECOND,
        f"It cannot be told whether this ticket is your own ({'; '.join(hands)}). That you call it"
        " no identity event is kept, and counts once another person says so of this revision.",
        "Ask somebody else with the role `triage` to say it; or list the account in the directory,"
        " or name it under `automations:` or `own_users`.",
    )


def _another(
    tx: Transaction, now: datetime, said: frozenset[str], row: TicketRow, who: Sayer
) -> bool:
    """Whether the first word is of another human, who might say it now."""
    return any(
        not who.snapshot.same_human(one, who.subject)
        and may_triage(who.roles, one, who.snapshot) is None
        and own_ticket(row, one, who.snapshot) is None
        and lock_on(tx, now, (one,), who.snapshot) is None
        for one in said
    )


def _bad_form(form: TriageForm, rules: Classification) -> Refusal | None:
    if form.verdict not in {Verdict.IDENTITY.value, Verdict.NOT_IDENTITY.value}:
        return Refusal("verdict", "Say whether it is an identity event.", "Choose one of the two.")
    if form.verdict == Verdict.NOT_IDENTITY.value:
        if rules.verdict is Verdict.IDENTITY:
            return Refusal(
                "rules_changed",
                "The rules in force say that this ticket is an identity event.",
                "Save the ticket again on the platform; it is classified by these rules then.",
            )
        return bad_justification(form.justification)
    if not form.kinds or not set(form.kinds) <= KINDS:
        return Refusal("kinds", "Name the kinds of identity event.", "Choose one or more.")
    tier = _TIERS.get(form.tier)
    if tier is None or tier < rules.tier:
        return Refusal(
            "tier",
            f"The tier is one of {', '.join(_TIERS)}, and here not below {rules.tier.word}.",
            "Rules may be raised here, never lowered.",
        )
    return bad_justification(form.justification)


def _kinds(form: TriageForm, rules: Classification) -> tuple[str, ...]:
    """The kinds that a person named; that a secret stands in the ticket is no question."""
    exposed = (KIND,) if KIND in rules.kinds else ()
    return tuple(dict.fromkeys((*form.kinds, *exposed)))


def _say(
    tx: Transaction,
    now: datetime,
    row: TicketRow,
    rules: Classification,
    form: TriageForm,
    who: Sayer,
) -> EvidenceRef:
    yes = form.verdict == Verdict.IDENTITY.value
    said = Triaged(
        verdict=Verdict(form.verdict),
        kinds=_kinds(form, rules) if yes else (),
        tier=_TIERS[form.tier] if yes else rules.tier,
        basis=basis_of(row.ticket, rules, Verdict(form.verdict)),
        revision=row.revision,
    )
    verdict, _ = after_triage(row.ticket, rules, said)
    shapers = (*row.shapers, Shaper(TRIAGER, Party(who.subject, ""))) if yes else row.shapers
    after = replace(
        row,
        verdict=form.verdict,
        triage=said,
        updated_at=now,
        shapers=tuple(dict.fromkeys(shapers)),
    )
    tx.tickets.save(after)
    void_word(tx, now, row)
    delivery = tx.deliveries.at(row.delivery_seq)
    why = form.justification.strip()
    more: dict[str, Json] = {"person": actor_of(tx, who.subject), "method": who.method}
    ground = who.ground(row.ticket.source)
    if who.policy.shadow and yes:
        wanted = wanted_by(row.ticket, verdict, ground)
        more |= would_ask(wanted, after, who.policy, who.snapshot, now)
    ref = record_classified(
        tx,
        after,
        verdict,
        before=row.verdict,
        cause=CAUSE,
        policy=who.policy,
        delivery="" if delivery is None else delivery.id,
        more=more,
        hidden=(Disclosure("justification", why, subject=who.subject, kind="triage"),),
    )
    apply_verdict(tx, now, after, verdict, ground)
    return ref
