"""What a gateway records of its policy: which one holds, and in which mode."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ticketgate.adapters.config.kept_policies import keep_policy, kept_policy
from ticketgate.domain.changes.policy_diff import compare, difference
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.settings import Settings
from ticketgate.operations.evidence.gateway_records import note_loaded, open_log
from ticketgate.operations.grants.shadow import enter_shadow
from ticketgate.operations.requests.in_force import LOOSER
from ticketgate.operations.requests.loosened import end_loosened
from ticketgate.ports import Operation, Store
from ticketgate.wiring.telling import log


def start_record(settings: Settings, policy: Policy, version: str) -> Operation[None]:
    """What a gateway writes before anything else."""
    return partial(open_log, origin=settings.origin, version=version, shadow=policy.shadow)


def mode_check(policy: Policy) -> dict[str, tuple[bool, str]]:
    """What `/readyz` says of the mode; either is well."""
    told = "shadow: decides and records, asks nobody, gives nothing" if policy.shadow else "enforce"
    return {"mode": (True, told)}


def keep_text(settings: Settings, digest: str) -> None:
    """Keep the text of the policy; where it cannot be kept, the next one counts as `unknown`."""
    try:
        keep_policy(Path(settings.data_dir), Path(settings.policy_file), digest)
    except OSError:  # taking away does not wait for it
        log("policy.not_kept", "store_unavailable")


def note_policy(
    store: Store, settings: Settings, policy: Policy, snapshot: Callable[[], DirectorySnapshot]
) -> None:
    """Record which policy holds from now on, and how it differs from the one before it.

    Its text is kept first, so that the next one can be held against it. `difference` is `first`,
    `unknown` where the text of the one before was not kept, or that of
    `domain/changes/policy_diff.py`.
    In shadow mode whatever is asked, and not yet given, is ended first; else the open requests
    for which this policy is looser than the one before it.
    """
    if policy.shadow:
        store.write(enter_shadow)
    folder = Path(settings.data_dir)
    with store.reading() as looking:
        last = looking.people.loaded("policy")
    keep_text(settings, policy.digest)
    if last == policy.digest:
        return
    kind = "first"
    if last is not None:
        before = kept_policy(folder, last)
        kind = "unknown" if before is None else difference(compare(before, policy))
        with store.reading() as looking:
            live = looking.requests.live()
        if live and kind in LOOSER:
            known = known_now(snapshot)
            store.write(partial(end_loosened, old=before, new=policy, snapshot=known))
    store.write(partial(note_loaded, kind="policy", digest=policy.digest, difference=kind))


def known_now(snapshot: Callable[[], DirectorySnapshot]) -> DirectorySnapshot | None:
    """The directory; None while it cannot be read, for which no policy waits."""
    try:
        return snapshot()
    except TicketgateError:
        return None
