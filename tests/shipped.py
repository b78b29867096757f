"""The shipped policy without its packs: its own few rules, which tests know by name and line.

Packs have tests of their own, and so has the shipped policy as it is (`config/policy_test.yaml`).
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.domain.policy.policy import Policy

ROOT: Final = Path(__file__).parent.parent
_PACKS_FROM: Final = "\n# Vocabulary that comes with the gateway"


def without_packs(text: str) -> str:
    """The text of the shipped policy up to its packs, which stand at its end."""
    own, found, rest = text.partition(_PACKS_FROM)
    assert found
    assert "packs:" in rest
    return own


@cache
def own_policy() -> Policy:
    """That policy, read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.yaml"
        path.write_text(without_packs((ROOT / "config/policy.yaml").read_text()))
        return load_policy(path)
