"""Control: what the command line asks of the running gateway. It may look and take away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import INTEGER_MAX
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.erasure import Erasure
from ticketgate.operations.evidence.erase import Eraser, What
from ticketgate.operations.evidence.prune import Prunable, Pruner, Wish
from ticketgate.operations.grants.revoke import Choice, revoke
from ticketgate.operations.intake.surface import import_rows
from ticketgate.ports import Store

DAYS_MAX: Final = 36_525  # a hundred years
_CHOICES = ("grant", "person", "ticket", "target")


def choice_of(asked: Mapping[str, Any]) -> Choice:
    """The choice in a request: exactly one of grant, person, ticket, target.

    Raises:
        TicketgateError: code `usage`.
    """
    given = {name: asked[name] for name in _CHOICES if asked.get(name) is not None}
    if len(given) != 1 or not all(isinstance(value, str) for value in given.values()):
        raise TicketgateError("name exactly one of grant, person, ticket, target", code="usage")
    return Choice(**given)


def carry_out(store: Store, actor: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do what `actor` (`os:uid@host`) asks.

    Raises:
        TicketgateError: code `usage`; or what the store raises.
    """
    reason = asked.get("reason")
    if asked.get("do") != "revoke" or not isinstance(reason, str) or not reason.strip():
        raise TicketgateError("ask to revoke, with a reason", code="usage")
    done = store.write(
        partial(revoke, choice=choice_of(asked), by=actor, reason=reason.strip()), urgent=True
    )
    return {"revoked": done}


def what_of(asked: Mapping[str, Any]) -> What:
    """What is to be erased in a request: exactly one of person, record.

    Raises:
        TicketgateError: code `usage`.
    """
    match asked.get("person"), asked.get("record"):
        case str(person), None:
            return What(person=person)
        case None, record if record is not None:
            return What(record=_number("record", record, INTEGER_MAX))
        case _:
            raise TicketgateError("name exactly one of person, record", code="usage")


def wish_of(asked: Mapping[str, Any], by: str, reason: str) -> Wish:
    """What is to be pruned in a request: exactly one of before, older_than (days).

    Raises:
        TicketgateError: code `usage`.
    """
    match asked.get("before"), asked.get("older_than"):
        case before, None if before is not None:
            return Wish(by, reason, before=_number("before", before, INTEGER_MAX))
        case None, days if days is not None:
            age = timedelta(days=_number("older_than", days, DAYS_MAX))
            return Wish(by, reason, older_than=age)
        case _:
            raise TicketgateError("name exactly one of before, older_than", code="usage")


def _number(name: str, value: object, most: int) -> int:
    """An integer from 0 to `most`; a boolean is none."""
    if type(value) is not int or not 0 <= value <= most:
        raise TicketgateError(f"`{name}` is an integer from 0 to {most}", code="usage")
    return value


@dataclass(frozen=True, slots=True)
class Control:
    """Everything that the command line may ask of a running gateway."""

    store: Store
    eraser: Eraser
    pruner: Pruner

    def carry_out(self, actor: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what `actor` (`os:uid@host`) asks.

        Raises:
            TicketgateError: code `usage`; or what the store raises.
        """
        match asked.get("do"), asked.get("reason"):
            case "erase", str(reason) if reason.strip():
                return told_erasure(self.eraser.erase(what_of(asked), actor, reason.strip()))
            case "surface", None:
                return import_rows(self.store, asked)
            case "pruning", None:
                return {"pending": self.pruner.told()}
            case "prune", str(reason) if reason.strip():
                return told_prunable(self.pruner.ask(wish_of(asked, actor, reason.strip())))
            case _:
                return carry_out(self.store, actor, asked)


def told_erasure(done: Erasure) -> dict[str, Any]:
    """An erasure as JSON."""
    return {
        "erased": dict(done.erased),
        "bodies": done.bodies,
        "records": list(done.records),
        "retained": [
            {
                "code": one.code,
                "kind": one.kind,
                "about": " ".join(one.about).strip(),
                "count": one.count,
                "until": None if one.until is None else to_text(one.until),
            }
            for one in done.retained
        ],
    }


def told_prunable(found: Prunable) -> dict[str, Any]:
    """What may be pruned, as JSON."""
    return {"first": found.first, "boundary": found.boundary, "held": found.held}
