"""What policy commands need, and the record of which policy holds."""

from functools import partial
from pathlib import Path
from typing import Any

from ticketgate.adapters import policy_schema as schemas
from ticketgate.adapters.kept_policies import keep_policy, kept_policy
from ticketgate.adapters.policy_file import load_policy
from ticketgate.domain.policy import Policy
from ticketgate.domain.policy_diff import compare, difference
from ticketgate.domain.settings import Settings
from ticketgate.operations.start import note_loaded
from ticketgate.ports import Store


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of `policy.yaml`."""
    return schemas.policy_schema()


def read_policy(path: Path) -> Policy:
    """The policy in one file, on its own (names in other files are not looked up).

    Raises:
        ConfigurationError: with every fault of the file.
    """
    return load_policy(path)


def note_policy(store: Store, settings: Settings, policy: Policy) -> None:
    """Record which policy holds from now on, and how it differs from the one before it.

    Its text is kept first, so that the next one can be held against it. `difference` is `first`,
    `unknown` where the text of the one before was not kept, or that of `domain/policy_diff.py`.
    """
    folder = Path(settings.data_dir)
    with store.reading() as looking:
        last = looking.people.loaded("policy")
    if last == policy.digest:
        return
    keep_policy(folder, Path(settings.policy_file), policy.digest)
    kind = "first"
    if last is not None:
        before = kept_policy(folder, last)
        kind = "unknown" if before is None else difference(compare(before, policy))
    store.write(partial(note_loaded, kind="policy", digest=policy.digest, difference=kind))
