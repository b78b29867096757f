"""The desks of the console's pages, over a gateway."""

from collections.abc import Callable, Mapping

from ticketgate.adapters.keys.passkey_site import site_of
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.roles import Roles
from ticketgate.operations.desks.abandon_desk import AbandonDesk
from ticketgate.operations.desks.console_desk import ConsoleDesk
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.operations.desks.evidence_desk import EvidenceDesk
from ticketgate.operations.desks.exception_desk import ExceptionDesk
from ticketgate.operations.desks.passkey_desk import PasskeyDesk
from ticketgate.operations.desks.quarantine_desk import QuarantineDesk
from ticketgate.operations.desks.request_desk import RequestDesk
from ticketgate.operations.desks.triage_desk import TriageDesk
from ticketgate.operations.requests.in_force import InForce
from ticketgate.ports import Clock, Directory, Store
from ticketgate.wiring.gateway import Gateway
from ticketgate.wiring.telling import log
from ticketgate.wiring.verifying import strict_p256

_Parts = tuple[
    Store,
    Clock,
    Directory,
    Callable[..., DirectorySnapshot],
    Roles,
    InForce,
    Mapping[str, frozenset[str]],
]


def lane_desks(gateway: Gateway) -> tuple[TriageDesk, QuarantineDesk, ExceptionDesk]:
    """The triage lane, the quarantine and the exceptions of a gateway."""
    parts = _parts(gateway)
    return (
        TriageDesk(*parts),
        QuarantineDesk(*parts, gateway.sources),
        ExceptionDesk(*parts, gateway.sources),
    )


def request_desks(gateway: Gateway) -> tuple[RequestDesk, ConsoleDesk]:
    """What people see of their requests, and the lists of the console, over a gateway."""
    parts = _parts(gateway)
    return RequestDesk(*parts), ConsoleDesk(*parts)


def abandon_desk(gateway: Gateway) -> AbandonDesk:
    """Where operators give up on a revocation, over a gateway."""
    return AbandonDesk(*_parts(gateway))


def emergency_desk(gateway: Gateway) -> EmergencyDesk:
    """What people see of emergencies, over a gateway."""
    return EmergencyDesk(*_parts(gateway)[:-1], log, gateway.targets)


def evidence_desk(gateway: Gateway) -> EvidenceDesk:
    """The log as people read it, over a gateway; of one that does not sign nothing is proved."""
    keys, settings = gateway.keys, gateway.settings
    return EvidenceDesk(
        *_parts(gateway),
        settings.origin,
        (lambda: None) if keys is None else keys.signer.newest,
        tuple((one.kind, one.name) for one in settings.anchoring.anchors),
    )


def passkey_desk(gateway: Gateway) -> PasskeyDesk:
    """Passkeys, on the site that `public_url` names."""
    settings = gateway.settings
    return PasskeyDesk(
        *_parts(gateway), site_of(settings.public_url), strict_p256, settings.vouch_by
    )


def _parts(gateway: Gateway) -> _Parts:
    own = {name: source.own_users for name, source in gateway.sources.items()}
    rights = (gateway.settings.roles, gateway.in_force, own)
    return (gateway.store, gateway.clock, gateway.directory, gateway.desk.snapshot, *rights)
