import json
from typing import Any

import pytest

from ticketgate.connector_api import (
    FIELD_TEXT_MAX,
    ItsmConnector,
    JsonValue,
    Missing,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
    Ticket,
)
from ticketgate_connectors.itsm.servicenow import SERVICENOW

ALICE = "5137153cc611227c000bbd1bd8cd2005"
BOB = "6816f79cc0a8016401c5a33be04be441"
ITEM = "e212a942c0a80165008313c59764eea1"
RITM = "aeed229047801200e0ef563dbb9a71c2"
ROW = "19d1c8e2db0c2200ffd7f9acaf96195d"

STATES = {
    "1": StateClass.OPEN,
    "2": StateClass.LIVE,
    "3": StateClass.CLOSED,
    "4": StateClass.CANCELLED,
}
MAPPING = SourceMapping(
    "snow-prod",
    {
        "sc_req_item": TableMapping(
            "sc_req_item",
            bound_to="requested_for",
            states=STATES,
            must_have=frozenset({"catalog_item", "requested_for"}),
            map={"reason": "variables.business_reason"},
        ),
        "incident": TableMapping("incident", states=STATES),
        "problem": TableMapping("problem"),
        "sysapproval_approver": TableMapping("sysapproval_approver"),
    },
)
TABLES = ("sc_req_item", "incident", "problem", "sysapproval_approver")

Body = dict[str, Any]


def ref(sys_id: str, name: str = "", table: str = "sys_user") -> Body:
    link = f"https://acme.service-now.example/api/now/table/{table}/{sys_id}"
    return (
        {"display_value": name, "value": sys_id, "link": link}
        if name
        else {
            "link": link,
            "value": sys_id,
        }
    )


def requested_item(**changed: Any) -> Body:  # noqa: ANN401 -- a field has any JSON shape
    """A Table API record of sc_req_item with `sysparm_display_value=all`, cut to what matters."""
    plain = {
        "sys_id": RITM,
        "sys_class_name": "sc_req_item",
        "sys_mod_count": "4",
        "sys_updated_by": "alice.ali",
        "number": "RITM0010001",
        "state": "1",
        "priority": "3",
        "short_description": "Elevated database access",
        "description": "",
    }
    record: Body = {name: {"display_value": text, "value": text} for name, text in plain.items()}
    record["sys_class_name"]["display_value"] = "Requested Item"
    record["state"]["display_value"] = "Open"
    record["priority"]["display_value"] = "3 - Moderate"
    record |= {
        "opened_by": ref(ALICE, "Alice Ali"),
        "requested_for": ref(BOB, "Bob Ng"),
        "cat_item": ref(ITEM, "Elevated access", "sc_cat_item"),
        "assigned_to": {"display_value": "", "value": ""},
        "assignment_group": {"display_value": "", "value": ""},
        "cmdb_ci": {"display_value": "", "value": ""},
        "variables": {
            "role": {"display_value": "Production DBA", "value": "prod-db-admin"},
            "hours": {"display_value": "4", "value": 4.0},
            "business_reason": "quarter-end repair",
            "approver": ref(BOB),
        },
    }
    return record | changed


def incident(**changed: Any) -> Body:  # noqa: ANN401 -- a field has any JSON shape
    """A Table API record of incident in the default shape: scalars and links."""
    record: Body = {
        "sys_id": "552c48888c033300964f4932b03eb092",
        "sys_class_name": "incident",
        "sys_mod_count": "0",
        "sys_updated_by": "admin",
        "number": "INC0010112",
        "state": "2",
        "category": "hardware",
        "priority": "5",
        "short_description": "Printer on floor 2 jams",
        "description": "",
        "opened_by": ref(ALICE),
        "caller_id": ref(BOB),
        "assigned_to": "",
        "assignment_group": "",
        "cmdb_ci": "",
        "made_sla": "true",
    }
    return record | changed


def ticket(body: object, mapping: SourceMapping = MAPPING) -> Ticket:
    # Through JSON text: what the connector gets is what the wire can carry.
    read = SERVICENOW.normalise(json.loads(json.dumps(body)), mapping)
    assert isinstance(read, Ticket)
    return read


def test_it_is_an_itsm_connector() -> None:
    connector: ItsmConnector = SERVICENOW
    assert connector.kind == "servicenow"


def test_a_requested_item_becomes_a_ticket() -> None:
    read = ticket(requested_item())
    assert read.key == ("snow-prod", "sc_req_item", RITM)
    assert (read.number, read.version, read.updated_by) == ("RITM0010001", 4, "alice.ali")
    assert (read.state, read.state_class) == ("1", StateClass.OPEN)
    assert read.bound_to == "requested_for"
    assert read.fields == {
        "number": "RITM0010001",
        "priority": "3",
        "short_description": "Elevated database access",
        "description": "",
        "reason": "quarter-end repair",
        "opened_by": Reference(ALICE, "Alice Ali"),
        "requested_for": Reference(BOB, "Bob Ng"),
        "catalog_item": Reference(ITEM, "Elevated access"),
        "assignee": Reference("", ""),
        "assignment_group": Reference("", ""),
        "asset": Reference("", ""),
    }
    assert read.variables == {
        "role": "prod-db-admin",
        "hours": "4",
        "business_reason": "quarter-end repair",
        "approver": BOB,
    }


def test_an_incident_has_no_catalog_item_and_no_variables_at_all() -> None:
    """Not applicable, which acquits; absent would not."""
    read = ticket(incident())
    assert read.value("catalog_item") is Missing.NOT_APPLICABLE
    assert read.variable("role") is Missing.NOT_APPLICABLE
    assert (read.state_class, read.bound_to) == (StateClass.LIVE, "none")
    assert read.value("category") == "hardware"


def test_what_a_record_producer_asks_on_an_incident_is_read() -> None:
    sent = {"what": {"value": "reset my password", "display_value": "reset my password"}}
    found = ticket(incident(variables=sent))
    assert found.variables == {"what": "reset my password"}
    assert ticket(incident(variables=None)).variable("what") is Missing.ABSENT


@pytest.mark.parametrize(
    ("category", "text"),
    [
        ({"value": "cat7", "display_value": "Password reset"}, "Password reset"),
        ({"value": "network", "display_value": "Network"}, Missing.NOT_APPLICABLE),
        ({"value": "network", "display_value": ""}, Missing.NOT_APPLICABLE),
        ({"value": "network", "display_value": ["?"]}, Missing.ABSENT),
        ({"value": None, "display_value": "Password reset"}, "Password reset"),
        ({"value": "network"}, Missing.NOT_APPLICABLE),
        ("network", Missing.NOT_APPLICABLE),
    ],
)
def test_the_category_as_a_person_saw_it_is_free_text(
    category: JsonValue, text: str | Missing
) -> None:
    assert ticket(incident(category=category)).value("text") == text


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        ({"text": None}, Missing.NOT_APPLICABLE),
        ({"text": "number"}, "INC0010042"),
        ({"category": None}, Missing.NOT_APPLICABLE),
        ({"text": "variables.what.display_value"}, "Password reset"),
    ],
)
def test_the_operators_map_says_which_shown_words_are_read(
    paths: dict[str, str | None], text: str | Missing
) -> None:
    category = {"value": "cat7", "display_value": "Shown"}
    what = {"value": "opt_3", "display_value": "Password reset"}
    body = incident(category=category, number="INC0010042", variables={"what": what})
    mapping = SourceMapping("snow-prod", {"incident": TableMapping("incident", map=paths)})
    assert ticket(body, mapping).value("text") == text


def test_an_incident_is_for_its_caller_whoever_opened_it() -> None:
    read = ticket(incident())
    assert read.value("opened_by") == Reference(ALICE, None)
    assert read.value("requested_for") == Reference(BOB, None)


def test_a_requested_item_has_no_category_of_its_own() -> None:
    assert ticket(requested_item()).value("category") is Missing.NOT_APPLICABLE


@pytest.mark.parametrize(
    "body",
    [
        {"result": requested_item()},
        {"record": requested_item()},
        {"table": "task", "record": requested_item()},
    ],
    ids=["Table API", "record", "shipped script"],
)
def test_a_wrapped_record_reads_like_a_bare_one(body: object) -> None:
    assert ticket(body) == ticket(requested_item())


def test_the_script_tells_the_table_where_the_record_does_not() -> None:
    record = incident()
    del record["sys_class_name"]
    assert ticket({"table": "incident", "record": record}).table == "incident"


@pytest.mark.parametrize(
    "item", [None, "", {"display_value": "", "value": ""}, {}, ["x"], {"a": 1}]
)
def test_a_catalog_item_that_must_be_there_and_is_not_is_absent(item: object) -> None:
    assert ticket(requested_item(cat_item=item)).value("catalog_item") is Missing.ABSENT


def test_a_declared_field_that_the_body_lacks_is_absent() -> None:
    record = incident()
    del record["category"], record["assigned_to"]
    read = ticket(record)
    assert read.value("category") is Missing.ABSENT
    assert read.value("assignee") is Missing.ABSENT


@pytest.mark.parametrize("empty", [None, "", {"display_value": "", "value": None}])
def test_empty_is_a_value_where_nothing_says_that_it_must_be_there(empty: object) -> None:
    read = ticket(incident(category=empty, assigned_to=empty))
    assert read.value("category") == ""
    assert read.value("assignee") == Reference("", "")


def test_a_text_over_the_cap_is_absent_not_cut() -> None:
    fits = "x" * FIELD_TEXT_MAX
    assert ticket(incident(description=fits)).value("description") == fits
    assert ticket(incident(description=fits + "x")).value("description") is Missing.ABSENT
    variables = {"fits": fits, "long": fits + "x"}
    read = ticket(requested_item(variables=variables))
    assert read.variable("fits") == fits
    assert read.variable("long") is Missing.ABSENT
    assert read.value("text") is Missing.ABSENT, "what was cut is part of the text"
    control = ticket(requested_item(variables={"fits": fits, "rows": [{"a": fits}]}))
    assert control.value("text") is Missing.NOT_APPLICABLE


@pytest.mark.parametrize("variables", ["variable_pool", "", None, [], ["role"], 7])
def test_variables_that_cannot_be_read_are_each_absent(variables: object) -> None:
    read = ticket(requested_item(variables=variables))
    assert read.variables == {}
    assert read.variable("role") is Missing.ABSENT
    assert read.value("reason") is Missing.ABSENT


def test_one_unreadable_variable_spoils_no_other() -> None:
    read = ticket(requested_item(variables={"role": {"display_value": "DBA"}, "hours": "4"}))
    assert read.variable("role") is Missing.ABSENT
    assert read.variable("hours") == "4"


@pytest.mark.parametrize(
    ("count", "version"),
    [
        ("0", 0),
        ("17", 17),
        (3.0, 3),
        (3, 3),
        ({"display_value": "1,204", "value": "1204"}, 1204),
        ("", None),
        (None, None),
        ("-1", None),
        ("+1", None),
        ("01", None),
        ("1.5", None),
        (0.5, None),
        (True, None),
        ("٣", None),
        ("9" * 16, None),
        ([1], None),
    ],
)
def test_the_version_is_the_count_of_edits_or_nothing(count: object, version: int | None) -> None:
    assert ticket(incident(sys_mod_count=count)).version == version


@pytest.mark.parametrize("state", ["9", "Closed", "", None, ["3"], {"display_value": "Closed"}])
def test_a_state_that_the_mapping_does_not_list_is_unlisted(state: object) -> None:
    assert ticket(incident(state=state)).state_class is StateClass.UNLISTED


def test_a_state_sent_as_a_json_number_is_the_same_state() -> None:
    assert ticket(incident(state={"display_value": "Closed", "value": 3.0})).state_class is (
        StateClass.CLOSED
    )


def test_the_operators_map_goes_over_the_default_and_takes_away() -> None:
    mapping = SourceMapping(
        "snow-dev",
        {
            "incident": TableMapping(
                "incident",
                map={
                    "requested_for": "u_beneficiary",
                    "catalog_item": "u_request.item",
                    "duration": "u_request.window.hours",
                    "reason": "caller_id.email",
                    "category": None,
                },
            )
        },
    )
    record = incident(
        u_beneficiary="Bob Ng",
        u_request={"item": ITEM, "window": {"hours": 2}},
        **{"caller_id.email": "bob@example.com"},
    )
    read = ticket(record, mapping)
    assert read.source == "snow-dev"
    assert read.value("requested_for") == Reference(None, "Bob Ng")
    assert read.value("catalog_item") == Reference(ITEM, None)
    assert read.value("duration") == "2"
    assert read.value("reason") == "bob@example.com"
    assert read.value("category") is Missing.NOT_APPLICABLE
    assert ticket(incident(), mapping).value("catalog_item") is Missing.ABSENT


def test_a_table_without_a_default_of_its_own_is_read_as_a_task() -> None:
    read = ticket(incident(sys_class_name="problem", number="PRB0000050"))
    assert read.table == "problem"
    assert read.number == "PRB0000050"
    assert read.value("category") is Missing.NOT_APPLICABLE
    assert read.value("requested_for") is Missing.NOT_APPLICABLE
