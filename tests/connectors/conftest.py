"""The suites that several connectors share say what they saw when they fail."""

import pytest

pytest.register_assert_rewrite(
    "tests.connectors.client_contract",
    "tests.connectors.client_desk",
    "tests.connectors.itsm_contract",
    "tests.connectors.walk_contract",
)
