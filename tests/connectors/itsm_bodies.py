"""What the bodies of all platforms are written with."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.connectors.itsm_contract import Says

Body = dict[str, Any]
START: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)


def at(says: Says, zone: str = "Z") -> str:
    moment = START + timedelta(seconds=says.second)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{zone}"


# --- Jira -----------------------------------------------------------------------------------------
