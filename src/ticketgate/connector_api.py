"""What a connector may know of ticketgate. Connectors import this module and field libraries only.

A connector makes one attempt and tells the truth; retries, deadlines, evidence and redaction
live in the core (`docs/connectors.md`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ticketgate.domain.emergencies.target_deeds import Deed, TellsActivity
from ticketgate.domain.errors import MalformedDeliveryError, StrictJsonError, TicketgateError
from ticketgate.domain.strict_json import JsonValue
from ticketgate.domain.strict_json import read as read_json
from ticketgate.domain.tickets.mapping import RECORD_FIELDS, SourceMapping, TableMapping
from ticketgate.domain.tickets.ticket import (
    FIELD_TEXT_MAX,
    PLAIN_FIELDS,
    REFERENCE_FIELDS,
    TEXT_FIELDS,
    ApproverRow,
    Missing,
    NoTicket,
    Reference,
    StateClass,
    Ticket,
    Value,
    is_null,
    told,
    unread,
)

__all__ = [
    "FIELD_TEXT_MAX",
    "PLAIN_FIELDS",
    "RECORD_FIELDS",
    "REFERENCE_FIELDS",
    "TEXT_FIELDS",
    "Access",
    "ApproverRow",
    "Conflict",
    "ConnectorError",
    "Deed",
    "Denied",
    "Effect",
    "HttpAnswer",
    "HttpClient",
    "ItsmClient",
    "ItsmConnector",
    "ItsmPlatform",
    "ItsmSettings",
    "JsonValue",
    "MalformedDeliveryError",
    "Misconfigured",
    "Missing",
    "NoTicket",
    "NotFound",
    "OutcomeUnknown",
    "Page",
    "Polled",
    "Reference",
    "Refused",
    "Residual",
    "SourceMapping",
    "StateClass",
    "StrictJsonError",
    "TableMapping",
    "TargetConnector",
    "TargetKind",
    "TargetSettings",
    "TellsActivity",
    "Throttled",
    "Ticket",
    "TooLarge",
    "Unavailable",
    "Value",
    "is_null",
    "read_json",
    "told",
    "unread",
]


# --- ITSM side -------------------------------------------------------------------------------


class ItsmConnector(Protocol):
    """Reads one platform's bodies. Pure: no I/O, no clock.

    `schemes` are the ways in which its sources may prove their deliveries, the recommended one
    first: names of the table in docs/policy.md, "Schemes".
    """

    kind: str
    schemes: tuple[str, ...]

    def normalise(
        self, payload: JsonValue, mapping: SourceMapping
    ) -> Ticket | ApproverRow | NoTicket:
        """The ticket revision that the payload is.

        `NoTicket` only for what surely is none by the platform's own word: a test of the
        connection, an event of something else. In doubt it is refused, never waved through.

        Raises:
            MalformedDeliveryError: with a code: `no_mapping` (no such table in the mapping),
                `no_table` (none can be told), `no_ticket_id`, `not_a_record`, `unknown_keys` (a
                body of one shape with keys of another).
        """

    def ticket_hint(self, webhook_id: str, /) -> str | None:
        """The ticket id that a delivery's id tells for sure; None when it may be any ticket."""


# --- target side -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Access:
    """Who holds what, by the target's own immutable ids.

    `principal` is the target's id of the person; `entitlement` the target's own words for the
    access (such as `{"group": "SG-PROD-DB-ADMIN"}`).
    """

    principal: str
    entitlement: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Residual:
    """What survives a revocation, and until when (None: not known)."""

    what: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a call did. `verified` says that it was read back in the same call."""

    change: str  # applied | already | absent
    verified: bool
    native_ref: str | None = None
    native_not_after: datetime | None = None
    residuals: tuple[Residual, ...] = ()


class ConnectorError(TicketgateError):
    """Root of what a connector raises. Messages hold no secret."""

    code = "connector"
    retryable = False
    retry_after = 0.0  # seconds that the target asks to wait


class Unavailable(ConnectorError):  # noqa: N818 -- the contract's own words
    """The target did not take the call: refused connection, 5xx before anything was sent."""

    code = "target_unavailable"
    retryable = True


class Throttled(ConnectorError):  # noqa: N818
    """The target asks to wait `retry_after` seconds."""

    code = "target_throttled"
    retryable = True

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Conflict(ConnectorError):  # noqa: N818
    """Somebody else changed the same object, or the read-back shows another state."""

    code = "target_conflict"
    retryable = True


class OutcomeUnknown(ConnectorError):  # noqa: N818
    """The call was sent and no answer came: it may be done, or land late."""

    code = "outcome_unknown"
    retryable = True


class Misconfigured(ConnectorError):  # noqa: N818
    """The operator's settings are wrong: address, token, schema."""

    code = "target_misconfigured"


class Denied(ConnectorError):  # noqa: N818
    """The target refuses us the right."""

    code = "target_denied"


class NotFound(ConnectorError):  # noqa: N818
    """The principal or the entitlement does not exist there."""

    code = "target_not_found"


class Refused(ConnectorError):  # noqa: N818
    """The connector will not do it: ambiguous, or it would harm others."""

    code = "target_refused"


class TooLarge(Refused):
    """The answer is larger than is read; the call itself may have had its effect."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer, read whole and capped."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes


class HttpClient(Protocol):
    """The guarded way out: no redirects, no proxy variables, time-outs, capped answers."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        params: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """One attempt.

        Raises:
            Unavailable: nothing was sent (connection refused, name not found).
            OutcomeUnknown: sent, but no whole answer within the deadline.
            Refused: the address is not allowed, or the answer is over the cap.
        """


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What the configuration says of a target; `token` is the secret itself."""

    name: str
    url: str
    token: str
    options: Mapping[str, str] = field(default_factory=dict)


class TargetConnector(Protocol):
    """One open connector to one target. One attempt per call, thread-confined."""

    def check(self) -> None:
        """Prove reachability and rights. Raises ConnectorError."""

    def find_principal(self, claims: tuple[str, ...]) -> str:
        """The target's immutable id of the person who holds one of these account ids.

        Raises:
            NotFound: nobody does. Refused: several do.
        """

    def observe(self, access: Access, native_ref: str | None = None) -> bool:
        """Whether the access is held now. Reads only.

        `native_ref` is what the grant was told: with it the very object that was given is looked
        at, whatever bears its name now. When that object is gone, the access is not held.
        """

    def grant(self, access: Access, key: str, not_after: datetime) -> Effect:
        """Give the access and read it back. Idempotent under `key`."""

    def revoke(self, access: Access, key: str, native_ref: str | None) -> Effect:
        """Take the access away and read it back; absent is success. Idempotent under `key`.

        Raises:
            Conflict: the read-back still shows the access.
            NotFound: principal or entitlement cannot be found, and no read proves it gone.
        """

    def list_held(self, entitlement: Mapping[str, str]) -> tuple[str, ...]:
        """The principals who hold the entitlement."""

    def close(self) -> None:
        """Let go of connections."""


class TargetKind(Protocol):
    """What an entry point names for a target connector."""

    kind: str
    capabilities: frozenset[str]  # subset of: observe, native_expiry, end_sessions

    def config_schema(self) -> Mapping[str, str]:
        """Option name -> what it is. Unknown options are refused by `ticketgate check`."""

    def access_keys(self) -> frozenset[str]:
        """The keys that an entitlement's `access:` must have, such as {"group"}."""

    def open(self, settings: TargetSettings, http: HttpClient) -> TargetConnector:
        """A connector for this target. Makes no call."""


# --- asking ITSM platforms -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItsmSettings:
    """Where a platform is asked, and as whom.

    `password` or `token` is the secret itself, the other one is empty. `overlap` is how far back
    each poll looks again: what was written then may have become visible only later.
    """

    name: str
    url: str
    user: str
    mapping: SourceMapping
    overlap: timedelta
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Polled:
    """A record that was asked for, as the bytes that a hook might have posted of it."""

    table: str
    ticket_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Records in the order in which they were changed, and the cursor behind them.

    `more`: there are further ones now.
    """

    records: tuple[Polled, ...]
    cursor: str
    more: bool


class ItsmClient(Protocol):
    """One platform, asked by us. One attempt per call, thread-confined; raises ConnectorError."""

    tables: tuple[str, ...]  # those that are polled, each with a cursor of its own

    def begin(self, since: datetime) -> str:
        """The cursor from which everything is found that was changed since then. Makes no call."""

    def poll(self, table: str, cursor: str, limit: int) -> Page:
        """The next at most `limit` records of a table behind the cursor.

        Records of one and the same second are not lost where a page ends among them.

        Raises:
            TooLarge: they do not fit into an answer; ask for fewer.
            Misconfigured: also for a platform that does not keep order or heed the query.
        """

    def fetch(self, table: str, ticket_id: str) -> Polled | None:
        """One record as it is now, as `poll` would give it; None where it is not told."""

    def comment(self, table: str, ticket_id: str, text: str, key: str) -> str:
        """Write a comment that the ticket's customer does not see, once under `key`; its reference.

        A comment that holds the key counts as written. The comment is read back in the same call.

        Raises:
            OutcomeUnknown: sent, and it could not be read back.
            NotFound: there is no such ticket.
            Refused: taken and not shown, so that it would be written again and again.
        """

    def close(self) -> None:
        """Let go of connections."""


class ItsmPlatform(ItsmConnector, Protocol):
    """An ITSM connector that can also be asked. Those without these two only take hooks."""

    capabilities: frozenset[str]  # subset of: poll, comment

    def open(self, settings: ItsmSettings, http: HttpClient) -> ItsmClient:
        """A client of this platform. Makes no call."""
