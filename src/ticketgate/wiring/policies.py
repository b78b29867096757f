"""What commands need that read a policy."""

from pathlib import Path
from typing import Any

from ticketgate.adapters.config import policy_schema as schemas
from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.domain.policy.policy import Policy


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of `policy.yaml`."""
    return schemas.policy_schema()


def read_policy(path: Path) -> Policy:
    """The policy in one file, on its own (names in other files are not looked up).

    Raises:
        ConfigurationError: with every fault of the file.
    """
    return load_policy(path)
