"""Bodies of several shapes: each is read by its own keys, and tags are the same in all of them."""

from typing import Any

import pytest
from tests.connectors.itsm_cloud import FRESHSERVICE_PLATFORM, JIRA_PLATFORM, ZENDESK_PLATFORM
from tests.connectors.itsm_contract import Platform
from tests.connectors.test_itsm_shapes import changed, zendesk_event

from ticketgate.connector_api import Missing


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        (["vip", "password_reset", "vip"], "password_reset vip"),
        ("vip password_reset", "password_reset vip"),
        ("", ""),
        (None, ""),
        ([], ""),
        ([["vip"]], Missing.ABSENT),
        ({}, Missing.ABSENT),
        ("x" * 20_001, Missing.ABSENT),
    ],
)
def test_the_tags_of_zendesk_are_free_text_in_one_order(
    tags: Any,  # noqa: ANN401 -- any JSON
    text: str | Missing,
) -> None:
    """A trigger and the API tell them in two forms: a hook and a poll are one revision."""
    told = ZENDESK_PLATFORM.read(changed(ZENDESK_PLATFORM, tags=tags))
    assert told.value("text") == text
    assert ZENDESK_PLATFORM.read({"ticket": {"id": 7, "tags": tags}}).value("text") == text
    assert ZENDESK_PLATFORM.read(zendesk_event("tags_changed", tags=tags)).value("text") == text
    assert ZENDESK_PLATFORM.says().value("text") is Missing.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("platform", "body"),
    [
        (ZENDESK_PLATFORM, {**zendesk_event("created"), "status": "open"}),
        (ZENDESK_PLATFORM, {"type": "zen:event-type:user.created", "requester_id": "7"}),
        (ZENDESK_PLATFORM, {"ticket": {"id": 7}, "requester_id": "7"}),
        (FRESHSERVICE_PLATFORM, {"ticket": {"id": 7}, "change": {"id": 7}}),
        (FRESHSERVICE_PLATFORM, {"ticket": {"id": 7}, "requester_email": "bob@example.com"}),
        (JIRA_PLATFORM, {"issue": {"id": "1", "fields": {}}, "fields": {}}),
    ],
)
def test_a_body_of_two_shapes_is_refused(
    platform: Platform,
    body: Any,  # noqa: ANN401 -- any JSON
) -> None:
    assert platform.refused(body) == "unknown_keys"
