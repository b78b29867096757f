"""One error root; each error has a stable `code`, a reason for a person, and a next step."""

from dataclasses import dataclass


class TicketgateError(Exception):
    """Root of everything this product raises on purpose.

    `code` is stable and machine-readable; `reason` is for a person; `next_step` says what to do.
    The doors map `code` once to an RFC 9457 problem reply; evidence carries it unchanged.
    """

    code = "error"

    def __init__(self, reason: str, *, code: str | None = None, next_step: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step
        if code is not None:
            self.code = code

    @property
    def refusal(self) -> "Refusal":
        """The same as a value, for whoever asked."""
        return Refusal(self.code, self.reason, self.next_step)


class AuthenticationError(TicketgateError):
    """The delivery is not proved to come from the source it names. Nothing of it is stored."""

    code = "authentication"


class MalformedDeliveryError(TicketgateError):
    """Authenticated, but not usable: quarantined, never dropped."""

    code = "malformed"


class StrictJsonError(MalformedDeliveryError):
    """The bytes are not strict JSON (see `strict_json`)."""

    code = "not_strict_json"


class EvidenceError(TicketgateError):
    """A record cannot be written or read in the canonical profile."""

    code = "evidence"


class StoreUnavailableError(TicketgateError):
    """The store cannot take the change now; nothing of it was kept. The door answers 503."""

    code = "store_unavailable"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a configuration file. `path` is the dotted place inside it."""

    file: str
    line: int
    path: str
    message: str

    @property
    def text(self) -> str:
        """`file:line: path: message`, the form editors jump to."""
        return f"{self.file}:{self.line}: {self.path}: {self.message}"


class ConfigurationError(TicketgateError):
    """The configuration is refused; `faults` lists every fault of every file at once."""

    code = "configuration"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(
            "\n".join(fault.text for fault in faults),
            next_step="mend the lines named, then run `ticketgate check`",
        )
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as a value: an operation returns it, so that its record commits."""

    code: str
    reason: str
    next_step: str = ""


class StoreConflictError(TicketgateError):
    """A row is not at the version that the change expects: somebody was faster."""

    code = "store_conflict"
