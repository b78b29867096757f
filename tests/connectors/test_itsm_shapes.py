"""What is particular to one platform, beside the contract that all keep."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.connectors.itsm_cloud import (
    FRESHSERVICE_PLATFORM,
    JIRA_PLATFORM,
    PAGERDUTY_PLATFORM,
    SERVICENOW_PLATFORM,
    ZENDESK_PLATFORM,
)
from tests.connectors.itsm_contract import Platform, Says
from tests.connectors.itsm_hosted import (
    GENERIC_PLATFORM,
    GLPI_PLATFORM,
    REQUEST_TRACKER_PLATFORM,
    ZAMMAD_PLATFORM,
    glpi,
    glpi_member,
)

from ticketgate.connector_api import (
    ApproverRow,
    Missing,
    NoTicket,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
)

EMPTY = Reference("", "")


def changed(platform: Platform, *path: str, **values: Any) -> Any:  # noqa: ANN401 -- JSON
    """The platform's body with other values in the object at the path."""
    body = platform.body(Says())
    inner: Any = body
    for key in path:
        inner = inner[key]
    inner.update(values)
    return body


def listing(*tables: str) -> SourceMapping:
    return SourceMapping("desk", {name: TableMapping(name) for name in tables})


# --- Zendesk --------------------------------------------------------------------------------------


def zendesk_event(kind: str, **detail: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    return {
        "type": f"zen:event-type:ticket.{kind}",
        "id": "2b24ef10-19d4-4740-93cf-8f98ec4776c0",
        "time": "2026-11-22T02:50:00Z",
        "subject": "zen:ticket:35436",
        "detail": {
            "id": "35436",
            "actor_id": "104",
            "status": "OPEN",
            "requester_id": "102",
            "assignee_id": "0",
            "form_id": "6876543",
            "updated_at": "2026-11-22T02:40:00Z",
            **detail,
        },
        "event": {"current": "OPEN"},
    }


def test_an_event_of_zendesk_is_read_and_its_custom_fields_are_unknown() -> None:
    found = ZENDESK_PLATFORM.read(zendesk_event("status_changed"))
    assert found.state_class is StateClass.OPEN
    assert found.updated_by == "104"
    assert found.value("catalog_item") == Reference("6876543", None)
    assert found.value("assignee") == EMPTY
    assert found.variable("role") is Missing.ABSENT


def test_the_events_of_zendesk_order_from_creation_to_deletion() -> None:
    found = [ZENDESK_PLATFORM.read(zendesk_event(kind)) for kind in ("created", "tags_changed")]
    gone = ZENDESK_PLATFORM.read(zendesk_event("soft_deleted"))
    versions = [one.version or 0 for one in (*found, gone)]
    assert versions == sorted(set(versions))
    assert gone.state_class is StateClass.CANCELLED


def test_a_ticket_of_zendesks_api_has_its_fields_by_id() -> None:
    fields = [
        {"id": 27642, "value": "prod"},
        {"id": 27648, "value": ["a", "b"]},
        {"id": 27649},
        {"id": 27650, "value": "one"},
        {"id": 27650, "value": "two"},
        "junk",
    ]
    record = {
        "id": 7,
        "status": "new",
        "updated_at": "2026-11-22T02:40:00Z",
        "custom_fields": fields,
    }
    record |= {"requester_id": 102, "requester_name": "Bob", "ticket_form_id": 12}
    found = ZENDESK_PLATFORM.read({"ticket": record})
    assert found.variables == {
        "27642": "prod",
        "27648": "a, b",
        "27649": Missing.ABSENT,
        "27650": Missing.ABSENT,
    }
    assert found.value("requested_for") == Reference("102", "Bob")
    assert found.value("text") is Missing.ABSENT, "of a field that is told twice none is read"
    for value, text in (("x" * 20_001, Missing.ABSENT), ({"a": 1}, Missing.NOT_APPLICABLE)):
        record["custom_fields"] = [{"id": 27642, "value": value}]
        assert ZENDESK_PLATFORM.read({"ticket": record}).value("text") is text


# --- GLPI -----------------------------------------------------------------------------------------


def test_a_change_of_glpi_needs_a_source_of_its_own() -> None:
    item = {name: cell for name, cell in glpi(Says())["item"].items() if name != "type"}
    change = {"item": item, "event": "update"}
    assert GLPI_PLATFORM.read(change, listing("Change")).table == "Change"
    assert GLPI_PLATFORM.refused(change) == "no_table"
    assert GLPI_PLATFORM.refused(glpi(Says()), listing("Change")) == "no_table"
    assert GLPI_PLATFORM.refused(change, listing("Change", "Problem")) == "no_table"
    told = {**change, "itemtype": "Problem"}
    assert GLPI_PLATFORM.read(told, listing("Change", "Problem")).table == "Problem"


def test_a_validation_of_glpi_is_a_claim_about_its_ticket() -> None:
    item: dict[str, Any] = {
        "id": 5,
        "tickets_id": 4711,
        "requested_approver_type": "User",
        "requested_approver_id": 102,
        "approver": {"id": 105, "name": "bob"},
        "status": 3,
    }
    mapping = listing("Ticket", "TicketValidation")
    found = GLPI_PLATFORM.connector.normalise({"item": item, "event": "update"}, mapping)
    asked_of = Reference("102", None)
    assert found == ApproverRow("desk", "5", None, "4711", asked_of, "approved", "105")
    asked = {**item, "approver": None, "status": 9}
    found = GLPI_PLATFORM.connector.normalise({"item": asked, "event": "new"}, mapping)
    assert found == ApproverRow("desk", "5", None, "4711", asked_of, "9", "")
    group = {**asked, "requested_approver_type": "Group"}
    found = GLPI_PLATFORM.connector.normalise({"item": group, "event": "new"}, mapping)
    assert isinstance(found, ApproverRow)
    assert found.approver == Reference(None, None)


def test_who_wrote_a_ticket_of_glpi_is_not_guessed_from_its_requester() -> None:
    """Mallory may open a ticket in which Alice asks; the operator may map it, knowing that."""
    assert GLPI_PLATFORM.says().value("opened_by") is Missing.ABSENT
    table = TableMapping("Ticket", map={"opened_by": "requester", "window": "assigned"})
    mapping = SourceMapping("desk", {"Ticket": table})
    mapped = GLPI_PLATFORM.read(glpi(Says()), mapping)
    assert mapped.value("opened_by") == Reference("102", "Somebody")
    told = changed(GLPI_PLATFORM, "item", user_recipient={"id": 66, "name": "mallory"})
    assert GLPI_PLATFORM.read(told).value("opened_by") == Reference("66", "mallory")


@pytest.mark.parametrize(
    ("team", "requested_for"),
    [
        ([glpi_member("requester", "User", "102")], "102"),
        ([{"role": "requester", "type": "User", "id": 102, "name": "alice"}], "102"),
        ([], ""),
        ([glpi_member("requester", "Group", "9")], ""),
        ([glpi_member("requester", "User", "1"), glpi_member("requester", "User", "2")], None),
        ([{"role": "requester", "name": "alice"}], None),
        (["?"], None),
        ("?", None),
    ],
)
def test_two_requesters_are_nobody_in_particular(
    team: Any,  # noqa: ANN401 -- any JSON
    requested_for: str | None,
) -> None:
    found = GLPI_PLATFORM.read(changed(GLPI_PLATFORM, "item", team=team)).value("requested_for")
    assert found is Missing.ABSENT if requested_for is None else isinstance(found, Reference)
    assert not isinstance(found, Reference) or found.id == requested_for


def test_answers_of_a_form_come_with_a_payload_of_ones_own() -> None:
    body = {**glpi(Says()), "answers": {"role": "prod-db-admin"}}
    assert GLPI_PLATFORM.read(body).variable("role") == "prod-db-admin"
    assert GLPI_PLATFORM.read(body).value("text") is Missing.NOT_APPLICABLE
    long = {**body, "answers": {"why": "x" * 20_001}}
    assert GLPI_PLATFORM.read(long).value("text") is Missing.ABSENT, "as of all that read so"


# --- Zammad ---------------------------------------------------------------------------------------


def test_nobody_owns_what_the_first_account_of_zammad_owns() -> None:
    body = changed(ZAMMAD_PLATFORM, "ticket", owner={"id": 1, "login": "-"})
    assert ZAMMAD_PLATFORM.read(body).value("assignee") == EMPTY
    assert ZAMMAD_PLATFORM.says().value("assignment_group") == Reference("1", "Service Desk")


def test_a_later_article_is_not_the_description() -> None:
    body = changed(ZAMMAD_PLATFORM, "article", id=105, body="thank you")
    assert ZAMMAD_PLATFORM.read(body).value("description") is Missing.ABSENT


def test_a_custom_payload_with_ids_alone_is_read_too() -> None:
    record = {"id": 81, "state": {"id": 2, "name": "open"}, "customer_id": 102, "group_id": 1}
    found = ZAMMAD_PLATFORM.read({"ticket": record})
    assert found.state_class is StateClass.LIVE
    assert found.value("requested_for") == Reference("102", None)
    assert found.value("assignment_group") == Reference("1", None)


def test_the_clocks_of_zammad_are_no_variables() -> None:
    assert set(ZAMMAD_PLATFORM.says().variables or {}) == {"access_role"}


# --- PagerDuty ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignees", "read"),
    [
        ([], EMPTY),
        ([{"id": "P1"}], Reference("P1", None)),
        ([{"id": "P1"}, {"id": "P2"}], Missing.ABSENT),
    ],
)
def test_two_assignees_are_nobody_in_particular(
    assignees: list[Any], read: Reference | Missing
) -> None:
    body = changed(PAGERDUTY_PLATFORM, "event", "data", assignees=assignees)
    assert PAGERDUTY_PLATFORM.read(body).value("assignee") == read


def test_nobody_is_said_to_have_opened_an_incident() -> None:
    assert PAGERDUTY_PLATFORM.says().value("opened_by") is Missing.NOT_APPLICABLE
    machine = changed(PAGERDUTY_PLATFORM, "event", agent=None, event_type="incident.triggered")
    found = PAGERDUTY_PLATFORM.read(machine)
    assert (found.updated_by, found.version) == ("", 0)


# --- Freshservice, Request Tracker, ServiceNow, generic -------------------------------------------


def test_a_change_of_freshservices_api_is_a_table_of_its_own() -> None:
    body = {
        "change": {"id": 7, "status": 1, "requester_id": 102, "updated_at": "2026-11-22T02:40:00Z"}
    }
    found = FRESHSERVICE_PLATFORM.read(body, listing("change"))
    assert (found.table, found.version) == ("change", 1_795_315_200_000)
    assert found.value("requested_for") == Reference("102", None)
    assert found.value("catalog_item") is Missing.NOT_APPLICABLE


def test_names_in_a_workflows_body_are_names() -> None:
    found = FRESHSERVICE_PLATFORM.says()
    assert found.value("catalog_item") == Reference(None, "Elevated access")
    assert found.value("assignment_group") == Reference(None, "Service Desk")
    assert found.value("opened_by") == Reference("101", None)


def test_a_deleted_ticket_is_over_on_every_platform_that_says_so() -> None:
    gone = changed(REQUEST_TRACKER_PLATFORM, "ticket", status="deleted")
    assert REQUEST_TRACKER_PLATFORM.read(gone).state_class is StateClass.CANCELLED
    gone = {"ticket": {"id": 4711, "deleted": True}}
    assert FRESHSERVICE_PLATFORM.read(gone).state_class is StateClass.CANCELLED


def test_an_operator_may_say_what_deleted_means() -> None:
    table = TableMapping("ticket", states={"deleted": StateClass.CLOSED})
    gone = changed(REQUEST_TRACKER_PLATFORM, "ticket", status="deleted")
    found = REQUEST_TRACKER_PLATFORM.read(gone, SourceMapping("desk", {"ticket": table}))
    assert found.state_class is StateClass.CLOSED


def test_a_change_request_is_for_whom_it_was_requested_by() -> None:
    record = {"sys_id": "a" * 32, "sys_class_name": "change_request", "requested_by": "b" * 32}
    record |= {"justification": "quarter-end repair"}
    found = SERVICENOW_PLATFORM.read(record, listing("change_request"))
    assert found.value("requested_for") == Reference("b" * 32, None)
    assert found.value("reason") == "quarter-end repair"
    assert found.variables is None


def test_an_asset_is_refused_even_where_its_table_is_listed() -> None:
    record = {"sys_id": "a" * 32, "sys_class_name": "cmdb_ci_server"}
    assert SERVICENOW_PLATFORM.refused(record, listing("cmdb_ci_server")) == "no_mapping"


@pytest.mark.parametrize(
    ("said", "version"),
    [(7, 7), ("8", 8), ("2026-11-22T02:40:00Z", 1_795_315_200_000), ("2026-11-22", None)],
)
def test_a_generic_version_is_a_number_or_a_time(said: Any, version: int | None) -> None:  # noqa: ANN401 -- any JSON
    body = changed(GENERIC_PLATFORM, "meta", revision=said)
    assert GENERIC_PLATFORM.read(body).version == version


def test_a_generic_record_without_a_map_lies_under_our_own_names() -> None:
    record = {"id": "7", "version": 3, "state": "new", "updated_by": "104", "variables": {"a": "b"}}
    record |= {"requested_for": {"id": "102", "name": "Bob"}, "short_description": "Access"}
    found = GENERIC_PLATFORM.read(record, listing("case"))
    assert (found.id, found.version, found.state, found.updated_by) == ("7", 3, "new", "104")
    assert found.variables == {"a": "b"}
    assert found.value("requested_for") == Reference("102", "Bob")


def test_a_generic_source_may_say_that_there_is_no_version() -> None:
    table = TableMapping("case", map={"version": None})
    record = {"id": "7", "version": 3}
    assert GENERIC_PLATFORM.read(record, SourceMapping("desk", {"case": table})).version is None


def test_a_generic_record_tells_its_table_where_several_are_listed() -> None:
    record = {"id": "7", "table": "order"}
    assert GENERIC_PLATFORM.read(record, listing("case", "order")).table == "order"
    assert GENERIC_PLATFORM.refused({"id": "7"}, listing("case", "order")) == "no_table"
    assert GENERIC_PLATFORM.refused(record, listing("case")) == "no_table"


# --- real samples ---------------------------------------------------------------------------------


@pytest.fixture
def samples() -> Path:
    """The folder of real payloads, which are not ours to commit; skipped without it."""
    folder = os.environ.get("TICKETGATE_SAMPLES")
    if not folder:
        pytest.skip("TICKETGATE_SAMPLES does not name a folder of real payloads")
    return Path(folder) / "payloads"


def test_the_real_samples_of_the_vendors_are_read(samples: Path) -> None:
    def body(name: str) -> Any:  # noqa: ANN401 -- JSON
        return json.loads((samples / name).read_bytes())

    issue = JIRA_PLATFORM.read(body("jira_issue_updated_docs.json"))
    assert (issue.number, issue.version, issue.value("priority")) == (
        "JRA-20002",
        1_606_480_436_302,
        "Minor",
    )
    assert issue.value("requested_for") is Missing.ABSENT
    incident = PAGERDUTY_PLATFORM.read(body("pagerduty_v3_2.json"))
    assert (incident.id, incident.state_class) == ("PGR0VU2", StateClass.OPEN)
    assert incident.value("assignee") == Reference("PTUXL6G", "User 123")
    assert incident.value("priority") == "P1"
    assert incident.updated_by == "PLH1HKV"
    mapping = PAGERDUTY_PLATFORM.mapping
    ping = PAGERDUTY_PLATFORM.connector.normalise(body("pagerduty_v3_pagey_ping.json"), mapping)
    assert ping == NoTicket("test")
    ticket = ZAMMAD_PLATFORM.read(body("zammad_ticket_default.json"))
    assert (ticket.number, ticket.state_class) == ("10081", StateClass.LIVE)
    assert ticket.value("requested_for") == Reference("8", "emily@example.com")
    assert ticket.value("assignee") == Reference("5", "emma@chrispresso.com")
    assert ticket.text("description").startswith("This is a simple Webhook Test.")
    assert (ticket.updated_by, ticket.variables) == ("3", {})
    change = SERVICENOW_PLATFORM.read(body("snow_change_01.json"), listing("change_request"))
    assert change.number == "CHG0000024"
