"""Ports: what operations ask of the outside. The docstrings are promises.

A `Transaction` lives inside one write; whatever an operation does through it commits or vanishes
as one: state, evidence and outbox. Nothing outward happens inside it.
"""

from ticketgate.ports.announcements import Announcements, Receivers
from ticketgate.ports.approvals import ApproverRows
from ticketgate.ports.bundle import Bundle
from ticketgate.ports.console import Console, Counts, RequestFilter, WaitingRequest
from ticketgate.ports.emergencies import Emergencies
from ticketgate.ports.erasing import Erasing
from ticketgate.ports.evidence import (
    Anchor,
    Asked,
    Committed,
    EvidenceReading,
    Signer,
    Vouched,
)
from ticketgate.ports.exceptions import Exceptions
from ticketgate.ports.keeping import Keeping
from ticketgate.ports.letters import OutcomeLetters
from ticketgate.ports.outside import (
    Clock,
    Directory,
    Ids,
    Letter,
    Letters,
    Platforms,
    Post,
    Source,
    Targets,
)
from ticketgate.ports.passkeys import Passkeys
from ticketgate.ports.provider import Asking, IdentityProvider, ProviderSignIns, Signed
from ticketgate.ports.restores import LogKeys, Restores
from ticketgate.ports.signals import Signals
from ticketgate.ports.store import Operation, Reading, Store, Transaction
from ticketgate.ports.surface import Surface
from ticketgate.ports.tables import (
    Anchors,
    Channels,
    Commands,
    Deliveries,
    Grants,
    Links,
    People,
    Requests,
    Tickets,
)
from ticketgate.ports.velocity import Pace
from ticketgate.ports.workload import Workload

__all__ = [
    "Anchor",
    "Anchors",
    "Announcements",
    "ApproverRows",
    "Asked",
    "Asking",
    "Bundle",
    "Channels",
    "Clock",
    "Commands",
    "Committed",
    "Console",
    "Counts",
    "Deliveries",
    "Directory",
    "Emergencies",
    "Erasing",
    "EvidenceReading",
    "Exceptions",
    "Grants",
    "IdentityProvider",
    "Ids",
    "Keeping",
    "Letter",
    "Letters",
    "Links",
    "LogKeys",
    "Operation",
    "OutcomeLetters",
    "Pace",
    "Passkeys",
    "People",
    "Platforms",
    "Post",
    "ProviderSignIns",
    "Reading",
    "Receivers",
    "RequestFilter",
    "Requests",
    "Restores",
    "Signals",
    "Signed",
    "Signer",
    "Source",
    "Store",
    "Surface",
    "Targets",
    "Tickets",
    "Transaction",
    "Vouched",
    "WaitingRequest",
    "Workload",
]
