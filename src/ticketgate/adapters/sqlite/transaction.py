"""What an operation sees: the tables, and the log, of one connection."""

import sqlite3
from datetime import datetime  # noqa: TC003 -- as every module here does

from ticketgate.adapters.sqlite.anchor_tables import SqliteAnchors
from ticketgate.adapters.sqlite.announcement_tables import SqliteAnnouncements
from ticketgate.adapters.sqlite.approver_tables import SqliteApproverRows
from ticketgate.adapters.sqlite.channel_tables import SqliteChannels
from ticketgate.adapters.sqlite.console_tables import SqliteConsole
from ticketgate.adapters.sqlite.emergency_tables import SqliteEmergencies
from ticketgate.adapters.sqlite.erasing import SqliteErasing
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence, SqliteLog
from ticketgate.adapters.sqlite.exception_tables import SqliteExceptions
from ticketgate.adapters.sqlite.grant_tables import SqliteCommands, SqliteGrants
from ticketgate.adapters.sqlite.intake_tables import SqliteDeliveries, SqliteTickets
from ticketgate.adapters.sqlite.keeping import SqliteKeeping
from ticketgate.adapters.sqlite.letter_tables import SqliteOutcomeLetters
from ticketgate.adapters.sqlite.pace_tables import SqlitePace
from ticketgate.adapters.sqlite.passkey_tables import SqlitePasskeys
from ticketgate.adapters.sqlite.people_tables import SqlitePeople
from ticketgate.adapters.sqlite.provider_tables import SqliteProviderSignIns
from ticketgate.adapters.sqlite.request_tables import SqliteLinks, SqliteRequests
from ticketgate.adapters.sqlite.restore_tables import SqliteLogKeys, SqliteRestores
from ticketgate.adapters.sqlite.signal_tables import SqliteSignals
from ticketgate.adapters.sqlite.surface_tables import SqliteSurface
from ticketgate.adapters.sqlite.workload_tables import SqliteWorkload
from ticketgate.domain.evidence import Draft, EvidenceRef
from ticketgate.ports import (
    Anchors,
    Announcements,
    ApproverRows,
    Channels,
    Commands,
    Console,
    Deliveries,
    Emergencies,
    Erasing,
    EvidenceReading,
    Exceptions,
    Grants,
    Ids,
    Keeping,
    Links,
    LogKeys,
    OutcomeLetters,
    Pace,
    Passkeys,
    People,
    ProviderSignIns,
    Requests,
    Restores,
    Signals,
    Surface,
    Tickets,
    Workload,
)


class SqliteReading:
    """`ports.Reading` over one connection."""

    disputed = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.touched: set[str] = set()  # what has new work: deliveries, commands
        self.deliveries: Deliveries = SqliteDeliveries(connection, self.touched)
        self.tickets: Tickets = SqliteTickets(connection)
        self.requests: Requests = SqliteRequests(connection)
        self.links: Links = SqliteLinks(connection)
        self.grants: Grants = SqliteGrants(connection)
        self.commands: Commands = SqliteCommands(connection, self.touched)
        self.people: People = SqlitePeople(connection)
        self.anchors: Anchors = SqliteAnchors(connection)
        self.channels: Channels = SqliteChannels(connection)
        self.announcements: Announcements = SqliteAnnouncements(connection)
        self.evidence: EvidenceReading = SqliteEvidence(connection)
        self.log_keys: LogKeys = SqliteLogKeys(connection)
        self.restores: Restores = SqliteRestores(connection)
        self.keeping: Keeping = SqliteKeeping(connection)
        self.approver_rows: ApproverRows = SqliteApproverRows(connection)
        self.surface: Surface = SqliteSurface(connection)
        self.exceptions: Exceptions = SqliteExceptions(connection)
        self.emergencies: Emergencies = SqliteEmergencies(connection)
        self.letters: OutcomeLetters = SqliteOutcomeLetters(connection)
        self.signals: Signals = SqliteSignals(connection)
        self.workload: Workload = SqliteWorkload(connection)
        self.pace: Pace = SqlitePace(connection)
        self.sign_ins: ProviderSignIns = SqliteProviderSignIns(connection)
        self.passkeys: Passkeys = SqlitePasskeys(connection)
        self.console: Console = SqliteConsole(connection)
        self.erasing: Erasing = SqliteErasing(connection)


class SqliteTransaction(SqliteReading):
    """`ports.Transaction`. `now` and `disputed` are set by the writer for each operation."""

    def __init__(self, connection: sqlite3.Connection, log: SqliteLog, ids: Ids) -> None:
        super().__init__(connection)
        self._log = log
        self._ids = ids
        self.now: datetime | None = None

    def append(self, draft: Draft) -> EvidenceRef:
        """Append a record at this operation's time."""
        if self.now is None:
            raise RuntimeError("append outside an operation")
        return self._log.append(draft, self.now)

    def new_id(self, prefix: str) -> str:
        """A fresh random id."""
        return self._ids.ident(prefix)

    def new_salt(self) -> str:
        """16 random bytes as hex."""
        return self._ids.salt().hex()

    def evidence_size(self) -> int:
        """How many records the log has."""
        return self._log.head.size
