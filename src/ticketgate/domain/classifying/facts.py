"""Facts: the fields that a policy may ask about, and their values for one ticket.

The list is closed, so that a typo is a fault; it is open only below `ticket.variables.`.
"""

from typing import Final

from ticketgate.domain.people.directory import Person
from ticketgate.domain.policy.policy import Entitlement
from ticketgate.domain.text.expansion import GROWTH_MAX, growth
from ticketgate.domain.tickets.identity_event import Tier
from ticketgate.domain.tickets.looks import Look
from ticketgate.domain.tickets.ticket import Missing, Reference, Ticket, Value

VARIABLES: Final = "ticket.variables."
_REFERENCES: Final = ("opened_by", "requested_for", "assignee", "assignment_group", "catalog_item")
_PLAIN: Final = ("number", "category", "priority", "duration")
_TEXTS: Final = ("short_description", "description", "reason", "text")  # all that `text` joins
_PERSON: Final = ("id", "kind", "groups", "team", "manager", "active")

FREE_TEXT: Final = frozenset({"ticket.short_description", "ticket.description", "ticket.text"})
TYPED_FIELDS: Final = FREE_TEXT | {  # what people type or paste, and so may dress up
    "ticket.catalog_item",
    "ticket.catalog_item.name",
    "ticket.category",
}
TICKET_FIELDS: Final = (
    frozenset(
        f"ticket.{name}"
        for name in ("source", "table", "id", "version", "state", "state_class", "updated_by")
    )
    | frozenset(f"ticket.{name}" for name in _PLAIN + _REFERENCES)
    | frozenset(f"ticket.{name}.{half}" for name in _REFERENCES for half in ("id", "name"))
    | FREE_TEXT
)
PEOPLE_FIELDS: Final = frozenset(
    f"{who}.{name}" for who in ("requester", "beneficiary") for name in _PERSON
)
ENTITLEMENT_FIELDS: Final = frozenset({"entitlement.id", "entitlement.tier", "target.id"})
WHEN_FIELDS: Final = frozenset({"tier", "kind"})
LATER_FIELDS: Final = ("ticket.window", "ticket.asset", "asset.", "nhi.")  # prefixes


class TicketFacts:
    """What is known of a ticket, of the people in it, and of what it asks for.

    A person the directory does not know, and a tier not yet known, are absent, never empty.
    Values are found and lower-cased once per field. Not for use by several threads at once.
    """

    __slots__ = ("_entitlement", "_kinds", "_known", "_people", "_ticket", "_tier")

    def __init__(
        self,
        ticket: Ticket,
        requester: Person | None = None,
        beneficiary: Person | None = None,
        entitlement: Entitlement | None = None,
        tier: Tier | None = None,
        kinds: tuple[str, ...] = (),
    ) -> None:
        self._ticket = ticket
        self._people = {"requester": requester, "beneficiary": beneficiary}
        self._entitlement = entitlement
        self._tier = tier
        self._kinds = kinds
        self._known: dict[str, Look] = {}

    def seen(self, field: str) -> tuple[str, ...] | Missing:
        """The values of `field` (more than one for groups), else why there is none."""
        look = self.look(field)
        return look.values if look.missing is None else look.missing

    def is_null(self, field: str) -> bool:
        """Whether the platform sent null for a plain field or a variable of the ticket."""
        return field.removeprefix("ticket.") in self._ticket.nulls

    def look(self, field: str) -> Look:
        """The same, ready for matching; kept, since many rules ask for the same field."""
        found = self._known.get(field)
        if found is None:
            found = self._known[field] = Look(self._find(field))
        return found

    def _find(self, field: str) -> tuple[str, ...] | Missing:
        head, _, rest = field.partition(".")
        if head == "ticket":
            return _readable(_of_ticket(self._ticket, rest))
        if head in self._people:
            return _of_person(self._people[head], rest)
        if field == "kind":
            return self._kinds
        if field == "tier":
            return Missing.ABSENT if self._tier is None else (self._tier.word,)
        return _of_entitlement(self._entitlement, field)


def _readable(values: tuple[str, ...] | Missing) -> tuple[str, ...] | Missing:
    """The values; absent where folding would make far more of them than is written.

    `ticket.text` has all texts of a ticket, so this limit holds for all of them together as well.
    """
    if isinstance(values, Missing) or sum(map(growth, values)) <= GROWTH_MAX:
        return values
    return Missing.ABSENT


def _of_ticket(ticket: Ticket, name: str) -> tuple[str, ...] | Missing:
    if name == "text":
        return _all_text(ticket)
    if name.startswith("variables."):
        return _one(ticket.variable(name.removeprefix("variables.")))
    if name == "version":
        return Missing.ABSENT if ticket.version is None else (str(ticket.version),)
    if name == "state_class":
        return (ticket.state_class.value,)
    if name in {"source", "table", "id", "state", "updated_by"}:
        return (getattr(ticket, name),)
    name, _, half = name.partition(".")
    value = ticket.value(name)
    return _half(value, half) if name in _REFERENCES else _one(value)


def _one(value: Value | Missing) -> tuple[str, ...] | Missing:
    if isinstance(value, Reference):
        return _half(value, "name")
    return value if isinstance(value, Missing) else (value,)


def _half(value: Value | Missing, half: str) -> tuple[str, ...] | Missing:
    """The id or the name of a reference; plain means name. The half that it lacks is absent."""
    if isinstance(value, Missing):
        return value
    if isinstance(value, str):
        value = Reference(None, value)
    found = value.id if half == "id" else value.name
    return Missing.ABSENT if found is None else (found,)


def _all_text(ticket: Ticket) -> tuple[str, ...] | Missing:
    """All that people typed, catalog variables as well. Absent when a text field is."""
    values = [value for name in _TEXTS if name in ticket.fields for value in [ticket.value(name)]]
    if Missing.ABSENT in values:
        return Missing.ABSENT
    values += (ticket.variables or {}).values()
    texts = tuple(value for value in values if isinstance(value, str))
    return texts if values else Missing.NOT_APPLICABLE


def _of_person(person: Person | None, name: str) -> tuple[str, ...] | Missing:
    if person is None:
        return Missing.ABSENT
    values: dict[str, tuple[str, ...]] = {
        "id": (person.id,),
        "kind": (person.kind,),
        "groups": tuple(sorted(person.groups)),
        "team": () if person.team is None else (person.team,),
        "manager": () if person.manager is None else (person.manager,),
        "active": ("true" if person.active else "false",),
    }
    return values.get(name, Missing.NOT_APPLICABLE)


def _of_entitlement(entitlement: Entitlement | None, field: str) -> tuple[str, ...] | Missing:
    if field not in ENTITLEMENT_FIELDS:
        return Missing.NOT_APPLICABLE
    if entitlement is None:
        return Missing.ABSENT
    values = {
        "entitlement.id": entitlement.id,
        "entitlement.tier": entitlement.tier.word,
        "target.id": entitlement.target,
    }
    return (values[field],)
