"""Read body: what a stored delivery says, by the connector of its source, without its secrets."""

from ticketgate.connector_api import MalformedDeliveryError
from ticketgate.domain import strict_json
from ticketgate.domain.classifying.masked_ticket import masked
from ticketgate.domain.errors import Refusal
from ticketgate.domain.text.pasted_secrets import secret_in, secret_within
from ticketgate.domain.tickets.ticket import ApproverRow, NoTicket, Ticket
from ticketgate.ports import Source

Said = Ticket | ApproverRow | NoTicket | Refusal


def read_body(source: Source | None, body: bytes | None) -> tuple[Said, bool]:
    """What the body says, and whether it holds a secret, perhaps where no field of it is read.

    A `Refusal` is why it cannot be used. Raises whatever a connector raises by a fault of its own.
    """
    if source is None or body is None:
        fault = Refusal("no_source", "The source is not configured any more.")
        return fault, body is not None and secret_in(body)
    try:
        payload = strict_json.read(body)
        said = source.read(payload)
    except MalformedDeliveryError as fault:
        return Refusal(fault.code, fault.reason), secret_in(body)
    what = masked(said)
    return what, what != said or secret_within(payload)
