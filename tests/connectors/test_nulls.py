"""A null is told from an empty text, whatever the platform and however it wraps its values."""

from typing import Any, Final

import pytest
from tests.connectors.itsm_cloud import (
    FRESHSERVICE_PLATFORM,
    JIRA_PLATFORM,
    SERVICENOW_PLATFORM,
    ZENDESK_PLATFORM,
)
from tests.connectors.itsm_contract import Platform, Says
from tests.connectors.itsm_hosted import GENERIC_PLATFORM, GLPI_PLATFORM, ZAMMAD_PLATFORM

ZENDESK_FIELDS: Final = [{"id": 27642, "value": None}, {"id": 27643, "value": ""}]
ZENDESK_RECORD: Final[dict[str, Any]] = {
    "ticket": {
        "id": 7,
        "status": "new",
        "updated_at": "2026-11-22T02:40:00Z",
        "custom_fields": ZENDESK_FIELDS,
    }
}
AT: Final[dict[str, tuple[Platform, tuple[str, ...], str]]] = {
    "freshservice": (FRESHSERVICE_PLATFORM, ("custom_fields",), "hours"),
    "generic": (GENERIC_PLATFORM, ("case", "answers"), "hours"),
    "glpi": (GLPI_PLATFORM, ("answers",), "hours"),
    "jira": (JIRA_PLATFORM, ("issue", "fields"), "customfield_19999"),
    "servicenow": (SERVICENOW_PLATFORM, ("record", "variables"), "hours"),
    "zammad": (ZAMMAD_PLATFORM, ("ticket",), "hours"),
}


def with_variable(kind: str, value: Any) -> tuple[Platform, Any, str]:  # noqa: ANN401 -- any JSON
    platform, path, name = AT[kind]
    body: Any = platform.body(Says())
    cells = body
    for step in path:
        cells = cells.setdefault(step, {})
    cells[name] = value
    return platform, body, f"variables.{name}"


@pytest.mark.parametrize("kind", AT)
def test_a_variable_that_is_null_is_told_from_an_empty_one(kind: str) -> None:
    platform, body, name = with_variable(kind, None)
    found = platform.read(body)
    assert found.variable(name.removeprefix("variables.")) == ""
    assert name in found.nulls
    platform, body, name = with_variable(kind, "")
    empty = platform.read(body)
    assert empty.variable(name.removeprefix("variables.")) == ""
    assert name not in empty.nulls


def test_a_field_of_zendesks_api_that_is_null_is_told_from_an_empty_one() -> None:
    found = ZENDESK_PLATFORM.read(ZENDESK_RECORD)
    assert found.nulls == {"variables.27642"}


@pytest.mark.parametrize("value", [{"value": None, "display_value": ""}, {"value": None}])
def test_servicenow_wraps_a_null(value: Any) -> None:  # noqa: ANN401 -- any JSON
    platform, body, name = with_variable("servicenow", value)
    assert name in platform.read(body).nulls


@pytest.mark.parametrize("kind", ["jira", "servicenow"])
def test_a_mapped_duration_that_is_null_is_told_from_an_empty_one(kind: str) -> None:
    platform, body, name = with_variable(kind, None)
    path = {"jira": "fields.customfield_19999", "servicenow": "variables.hours"}[kind]
    mapping = platform.mapping
    (table,) = mapping.tables
    mapped = mapping.tables[table].map
    object.__setattr__(mapping.tables[table], "map", {**mapped, "duration": path})
    found = platform.read(body, mapping)
    assert found.value("duration") == ""
    assert found.nulls == {"duration", name}
    _, body, _ = with_variable(kind, "")
    assert platform.read(body, mapping).nulls == frozenset()
