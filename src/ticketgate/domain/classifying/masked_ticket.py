"""A ticket without its secrets, and what it is whatever the policy says: `secret.exposed`."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Final

from ticketgate.domain.matching.matcher import Matcher, fields_of
from ticketgate.domain.policy.policy import ClassifyRule
from ticketgate.domain.text.pasted_secrets import mask, mask_named
from ticketgate.domain.text.secret_shapes import MARK
from ticketgate.domain.tickets.identity_event import (
    Classification,
    ClauseOutcome,
    Outcome,
    RuleOutcome,
    Tier,
    Verdict,
)
from ticketgate.domain.tickets.ticket import (
    ApproverRow,
    Missing,
    NoTicket,
    Reference,
    Ticket,
    Value,
)

KIND: Final = "secret.exposed"
RULE: Final = "secret-exposed"
WHERE: Final = "built in"
_DIGEST: Final = sha256(b"ticketgate built-in rule: secret-exposed").hexdigest()


def masked(
    what: Ticket | ApproverRow | NoTicket,
) -> Ticket | ApproverRow | NoTicket:
    """What a platform says, without its secrets. Ids that tell a ticket from others stay."""
    if isinstance(what, NoTicket):
        return what
    if isinstance(what, ApproverRow):
        return replace(
            what,
            approver=_reference(what.approver),
            state=mask(what.state, free=False),
            updated_by=mask(what.updated_by, free=False),
            created_by=None if what.created_by is None else mask(what.created_by, free=False),
        )
    return masked_ticket(what)


def masked_ticket(ticket: Ticket) -> Ticket:
    """A ticket without its secrets."""
    variables = ticket.variables
    return replace(
        ticket,
        state=mask(ticket.state, free=False),
        updated_by=mask(ticket.updated_by, free=False),
        fields={name: _value(value) for name, value in ticket.fields.items()},
        variables=None if variables is None else dict(_variables(variables.items())),
    )


def raised(
    classification: Classification,
    ticket: Ticket,
    rules: Iterable[ClassifyRule],
    shown: tuple[ClauseOutcome, ...] | None = None,
) -> Classification:
    """The verdict with the built-in rule counted in: a ticket that shows a secret.

    Whatever the policy says, it is UNCERTAIN at least, of kind `secret.exposed` and tier high. Of
    `rules`, those that were asked, each that reads a masked field might have matched in what is
    masked now, so its tier counts as well: masking lowers no risk. `shown` is what `shown_in` says
    of the ticket, where it was asked before.
    """
    clauses = shown_in(ticket) if shown is None else shown
    if not clauses:
        return classification
    rule = RuleOutcome(
        RULE, WHERE, _DIGEST, KIND, Tier.HIGH, Verdict.UNCERTAIN, Outcome.TRUE, clauses
    )
    verdict = classification.verdict
    return replace(
        classification,
        verdict=Verdict.IDENTITY if verdict is Verdict.IDENTITY else Verdict.UNCERTAIN,
        kinds=tuple(dict.fromkeys((*classification.kinds, KIND))),
        tier=max(classification.tier, Tier.HIGH, *_tiers(clauses, rules)),
        rules=(*classification.rules, rule),
    )


def shown_in(ticket: Ticket) -> tuple[ClauseOutcome, ...]:
    """Where a ticket shows a masked secret, field by field."""
    return tuple(_shown(ticket)) if MARK in _all_of(ticket) else ()


def _all_of(ticket: Ticket) -> str:
    """Every text of a ticket in one, for one look at all of them: hardly any has the mark."""
    variables = ticket.variables or {}
    texts = [ticket.state, ticket.updated_by, *ticket.fields, *variables]
    for value in (*ticket.fields.values(), *variables.values()):
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, Reference):
            texts += (value.id or "", value.name or "")
    return "\0".join(texts)


def _shown(ticket: Ticket) -> Iterator[ClauseOutcome]:
    texts = {"state": ticket.state, "updated_by": ticket.updated_by}
    places: list[tuple[str, Value | Missing]] = [*texts.items(), *ticket.fields.items()]
    places += [(f"variables.{name}", one) for name, one in (ticket.variables or {}).items()]
    for name, value in places:
        held = (value.id, value.name) if isinstance(value, Reference) else (value, name)
        for one in held:
            if isinstance(one, str) and MARK in one:
                start = one.index(MARK)
                seen = one[start : one.find("⟧", start) + 1]
                yield ClauseOutcome(f"ticket.{name}", 0, Outcome.TRUE, seen)


def _value(value: Value | Missing) -> Value | Missing:
    if isinstance(value, Reference):
        return _reference(value)
    return value if isinstance(value, Missing) else mask(value)


def _reference(value: Reference) -> Reference:
    ident = None if value.id is None else mask(value.id, free=False)
    return Reference(ident, None if value.name is None else mask(value.name))


def _variables(
    variables: Iterable[tuple[str, str | Missing]],
) -> Iterator[tuple[str, str | Missing]]:
    """A variable that is named as a secret, and looks like one, is one."""
    for name, value in variables:
        held = value if isinstance(value, Missing) else mask_named(name, value)
        yield mask(name, free=False), held


def _tiers(clauses: Iterable[ClauseOutcome], rules: Iterable[ClassifyRule]) -> Iterator[Tier]:
    """The tiers of the rules that read a field in which something is masked."""
    hidden = {clause.clause for clause in clauses} | {"ticket.text"}
    for rule in rules:
        if any(field in hidden for field in _fields(rule.match)):
            yield rule.tier


def _fields(matcher: Matcher) -> Iterator[str]:
    """The fields that a matcher asks for; of a reference without its half."""
    for field in fields_of(matcher):
        yield field.removesuffix(".id").removesuffix(".name")
