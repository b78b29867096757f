"""What policy commands need: the schema."""

from typing import Any

from ticketgate.adapters import policy_schema as schemas


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of `policy.yaml`."""
    return schemas.policy_schema()
