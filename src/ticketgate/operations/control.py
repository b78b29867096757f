"""Control: what the command line asks of the running gateway. It may look and take away."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ticketgate.domain.errors import TicketgateError
from ticketgate.operations.revoke import Choice, revoke
from ticketgate.ports import Store

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
