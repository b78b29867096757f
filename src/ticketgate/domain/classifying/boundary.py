"""Boundary: what an ITSM automation may ask, and which accounts somebody answers for.

A revision outside a boundary, or by an account that nobody knows, is UNCERTAIN at most: a person
looks at it, and what it asks stays blocked. Nothing here ever makes a ticket more certain.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ticketgate.domain.classifying.classify import asked_entitlements
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.matching.matcher import decide
from ticketgate.domain.people.directory import DirectorySnapshot, canonical
from ticketgate.domain.policy.policy import Automation, Policy
from ticketgate.domain.tickets.identity_event import Breach, Classification, Outcome, Verdict
from ticketgate.domain.tickets.ticket import Ticket

OUTSIDE: Final = "automation_outside"
UNOWNED: Final = "automation_unowned"


def bounded(
    ticket: Ticket,
    classification: Classification,
    policy: Policy,
    snapshot: DirectorySnapshot,
    own_users: frozenset[str] = frozenset(),
) -> Classification:
    """The classification with every boundary that the revision breaks; then UNCERTAIN at most.

    An automation whose `match` could not be read counts as one that matched where its boundary is
    asked, and as none where somebody must answer for the writer. `own_users` are ours.
    """
    breaches = tuple(_breaches(ticket, classification, policy, snapshot, own_users))
    verdict = classification.verdict
    if breaches == classification.breaches == ():
        return classification
    if breaches and verdict is Verdict.IDENTITY:
        verdict = Verdict.UNCERTAIN
    return replace(classification, verdict=verdict, breaches=breaches)


def automations_of(ticket: Ticket, policy: Policy) -> tuple[tuple[Automation, Outcome], ...]:
    """The automations that wrote this revision, or may have: those whose match is not false."""
    facts = TicketFacts(ticket)
    outcomes = [(one, decide(one.match, facts)) for one in policy.automations]
    return tuple((one, outcome) for one, outcome in outcomes if outcome is not Outcome.FALSE)


def is_owned(ticket: Ticket, policy: Policy) -> bool:
    """Whether an automation of the policy wrote this revision, for sure."""
    return any(outcome is Outcome.TRUE for _, outcome in automations_of(ticket, policy))


def is_known(
    ticket: Ticket, account: str, snapshot: DirectorySnapshot, own_users: frozenset[str]
) -> bool:
    """Whether the directory, or the source's own configuration, knows an account of the source.

    `own_users` are in the spelling of `canonical`, wherever they are passed.
    """
    return canonical(account) in own_users or bool(snapshot.holders(ticket.source, account))


def _breaches(
    ticket: Ticket,
    classification: Classification,
    policy: Policy,
    snapshot: DirectorySnapshot,
    own_users: frozenset[str],
) -> Iterator[Breach]:
    if classification.verdict is Verdict.NOT_IDENTITY:
        return
    matched = automations_of(ticket, policy)
    asked = asked_entitlements(policy, TicketFacts(ticket)).entitlements if matched else ()
    targets = sorted({one.target for one in asked})
    for automation, _ in matched:
        beyond = [f"kind {one}" for one in classification.sure_kinds if one not in automation.may]
        beyond += [f"target {one}" for one in targets if one not in automation.targets]
        if beyond:
            yield Breach(
                OUTSIDE,
                f"automation {automation.id}",
                automation.owner.text,
                automation.where,
                f"outside its boundary: {', '.join(beyond)}",
            )
    owned = any(outcome is Outcome.TRUE for _, outcome in matched)
    known = is_known(ticket, ticket.updated_by, snapshot, own_users)
    if classification.verdict is Verdict.IDENTITY and not owned and not known:
        account = ticket.updated_by or "(none)"
        yield Breach(
            UNOWNED,
            f"account {account} of {ticket.source}",
            "",
            "",
            "written by an account that neither the directory nor an automation knows",
        )
