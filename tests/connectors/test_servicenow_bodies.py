import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketgate.connector_api import (
    ApproverRow,
    MalformedDeliveryError,
    Missing,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
    Ticket,
)
from ticketgate_connectors.itsm.servicenow import SERVICENOW
from ticketgate_connectors.itsm.servicenow.connector import DEFAULTS

BOB = "6816f79cc0a8016401c5a33be04be441"
RITM = "aeed229047801200e0ef563dbb9a71c2"
ROW = "19d1c8e2db0c2200ffd7f9acaf96195d"
STATES = {"3": StateClass.CLOSED}
TABLES = ("sc_req_item", "incident", "sysapproval_approver")
MAPPING = SourceMapping("snow-prod", {name: TableMapping(name) for name in TABLES})

Body = dict[str, Any]


def incident(**changed: Any) -> Body:  # noqa: ANN401 -- a field has any JSON shape
    return {"sys_id": RITM, "sys_class_name": "incident", "number": "INC0010112"} | changed


def ref(sys_id: str, name: str = "") -> Body:
    return {"display_value": name, "value": sys_id}


def ticket(body: object, mapping: SourceMapping) -> Ticket:
    read = SERVICENOW.normalise(json.loads(json.dumps(body)), mapping)
    assert isinstance(read, Ticket)
    return read


def refused(body: object) -> str:
    with pytest.raises(MalformedDeliveryError) as caught:
        SERVICENOW.normalise(json.loads(json.dumps(body)), MAPPING)
    assert caught.value.next_step
    return caught.value.code


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("no_table", {"sys_id": RITM, "state": "1"}),
        ("not_a_record", None),
        ("not_a_record", []),
        ("not_a_record", "incident"),
        ("not_a_record", [incident()]),
        ("not_a_record", {"result": [incident()]}),
        ("not_a_record", {"table": "incident", "record": None}),
        ("no_table", {}),
        ("no_mapping", incident(sys_class_name="change_request")),
        ("no_table", incident(sys_class_name="Incident")),
        ("no_table", incident(sys_class_name="x" * 500)),
        ("no_table", incident(sys_class_name={"link": "https://a.example"})),
        ("no_table", {"table": ["incident"], "record": {"sys_id": RITM}}),
        ("no_ticket_id", incident(sys_id="")),
        ("no_ticket_id", incident(sys_id=None)),
        ("no_ticket_id", incident(sys_id="one two")),
        ("no_ticket_id", incident(sys_id="a" * 65)),
        ("no_ticket_id", {"table": "incident", "record": {"number": "INC1"}}),
        ("no_ticket_id", {"sys_id": ROW, "approver": ref(BOB), "sysapproval": ""}),
    ],
)
def test_what_is_no_record_of_a_mapped_table_is_refused(code: str, body: object) -> None:
    assert refused(body) == code


def test_a_refusal_names_the_table_but_never_quotes_what_is_no_table_name() -> None:
    for name, quoted in (("change_request", True), ("my password is hunter2", False)):
        with pytest.raises(MalformedDeliveryError) as caught:
            SERVICENOW.normalise(incident(sys_class_name=name), MAPPING)
        assert (name in caught.value.reason) is quoted


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_approver_row_is_a_claim_about_its_parent(wrapped: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """The table has no sys_class_name; a bare Table API row is known by its two columns."""
    row: Body = {
        "sys_id": ROW,
        "sys_mod_count": "1",
        "sys_updated_by": "bob.ng",
        "state": "approved",
        "approver": ref(BOB, "Bob Ng"),
        "sysapproval": ref(RITM, "RITM0010001"),
    }
    body: Body = {"table": "sysapproval_approver", "record": row} if wrapped else row
    assert SERVICENOW.normalise(body, MAPPING) == ApproverRow(
        source="snow-prod",
        id=ROW,
        version=1,
        parent=RITM,
        approver=Reference(BOB, "Bob Ng"),
        state="approved",
        updated_by="bob.ng",
    )


def test_an_approver_row_whose_approver_cannot_be_read_names_nobody() -> None:
    row: Body = {"sys_id": ROW, "sysapproval": ref(RITM), "approver": ["?"]}
    read = SERVICENOW.normalise(row, MAPPING)
    assert isinstance(read, ApproverRow)
    assert read.approver == Reference(None, None)


@pytest.mark.parametrize(
    ("webhook_id", "hint"),
    [
        (f"{RITM}-0", RITM),
        (f"{RITM}-12", RITM),
        (RITM, None),
        (f"{RITM}-", None),
        (f"{RITM}-01", None),
        (f"{RITM}-1-2", None),
        (f"{RITM.upper()}-1", None),
        (f"x{RITM}-1", None),
        (f"{RITM}-1\n", None),
        ("msg_p5jXN8AQM9LWM0D4loKWxJek", None),
        ("evt-12", None),
        ("", None),
    ],
)
def test_only_an_id_of_the_shipped_script_hints_at_a_ticket(
    webhook_id: str, hint: str | None
) -> None:
    assert SERVICENOW.ticket_hint(webhook_id) == hint


COLUMNS = sorted({*DEFAULTS["sc_req_item"].values(), *DEFAULTS["incident"].values(), "variables"})
RECORD_NAMES = ["sys_id", "sys_class_name", "sys_mod_count", "state", "variables", "cat_item"]
OTHER_NAMES = ["record", "result", "table", "value", "display_value", "approver", "sysapproval"]
NAMES = st.sampled_from(RECORD_NAMES + OTHER_NAMES)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*TABLES, RITM, "1", ""]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=25,
)


@given(JSON)
def test_only_our_error_leaves_for_any_json(payload: Any) -> None:  # noqa: ANN401 -- any JSON
    code = ""
    try:
        SERVICENOW.normalise(payload, MAPPING)
    except MalformedDeliveryError as error:
        code = error.code
    assert code in {"", "no_mapping", "no_table", "no_ticket_id", "not_a_record"}


@settings(max_examples=50)
@given(st.sampled_from(TABLES), st.dictionaries(st.sampled_from(COLUMNS), JSON))
def test_any_fields_under_a_known_table_and_id_make_a_whole_ticket(
    table: str, fields: Mapping[str, Any]
) -> None:
    record = {**fields, "sys_id": RITM, "sys_class_name": table, "sysapproval": RITM}
    read = SERVICENOW.normalise(record, MAPPING)
    assert isinstance(read, Ticket | ApproverRow)
    assert read.id == RITM
    if isinstance(read, Ticket):
        for value in read.fields.values():
            assert isinstance(value, str | Reference | Missing)
            assert value != Reference(None, None)


@pytest.fixture
def samples() -> Path:
    """The folder of real payloads, which are not ours to commit; skipped without it."""
    folder = os.environ.get("TICKETGATE_SAMPLES")
    if not folder:
        pytest.skip("TICKETGATE_SAMPLES does not name a folder of real payloads")
    return Path(folder) / "payloads"


def test_the_real_samples_are_read(samples: Path) -> None:
    """Records of instances in the wild: a change in full shape, a problem in default shape."""
    mapping = SourceMapping(
        "snow",
        {
            "change_request": TableMapping("change_request", states=STATES),
            "problem": TableMapping("problem", states={"4": StateClass.CLOSED}),
        },
    )
    change = ticket(json.loads((samples / "snow_change_01.json").read_bytes()), mapping)
    assert (change.number, change.state, change.state_class) == (
        "CHG0000024",
        "3",
        StateClass.CLOSED,
    )
    assert change.value("priority") == "4"
    assert isinstance(change.value("requested_for"), Reference)
    [problem] = json.loads((samples / "snow_table_01.json").read_bytes())["result"]
    read = ticket(problem, mapping)
    assert (read.number, read.version, read.state_class) == ("PRB0000050", 1, StateClass.CLOSED)
    assert read.value("opened_by") == Reference("glide.maint", None)
    assert read.value("assignee") == Reference("", "")


def test_the_real_samples_that_are_no_single_ticket_are_refused(samples: Path) -> None:
    listed = json.loads((samples / "snow_catalog_05.json").read_bytes())
    assert refused(listed) == "not_a_record"
    assert {refused(item) for item in listed["result"]} == {"no_mapping"}


# --- how an approver row came to be -----------------------------------------------------------


def approver_row(**columns: Any) -> ApproverRow:  # noqa: ANN401 -- a field has any JSON shape
    row: Body = {"sys_id": ROW, "approver": ref(BOB), "sysapproval": ref(RITM), **columns}
    read = SERVICENOW.normalise(json.loads(json.dumps(row)), MAPPING)
    assert isinstance(read, ApproverRow)
    return read


def test_columns_that_an_approver_row_lacks_say_nothing() -> None:
    read = approver_row()
    assert (read.created_by, read.by_rule, read.by_mail, read.past_due) == (None,) * 4


@pytest.mark.parametrize(
    ("columns", "by_rule"),
    [
        ({"wf_activity": "", "process_step": ""}, False),
        ({"wf_activity": "", "process_step": "", "group": ""}, False),
        ({"wf_activity": ref(RITM, "Approval"), "process_step": ""}, True),
        ({"wf_activity": "", "process_step": ref(RITM)}, True),
        ({"wf_activity": "", "process_step": "", "group": ref(RITM)}, True),
        ({"wf_activity": ""}, None),
        ({"process_step": "", "group": ""}, None),
        ({"wf_activity": {"display_value": "x"}, "process_step": ""}, None),
    ],
)
def test_what_made_an_approver_row_is_told_by_its_columns(columns: Body, by_rule: object) -> None:
    assert approver_row(sys_created_by="bob.ng", **columns).by_rule is by_rule
    assert approver_row(sys_created_by="bob.ng").created_by == "bob.ng"


@pytest.mark.parametrize(
    ("comments", "by_mail"),
    [
        ("", False),
        ("fine by me, a reply from: me", False),
        ("reply from: bob@example.com", True),
        ("2026-11-22 - Bob (Comments)\nreply from: bob@example.com\n\nyes", True),
        ({"display_value": "", "value": "reply from: x"}, True),
        (["?"], None),
    ],
)
def test_an_answer_by_mail_is_told_by_how_its_comment_begins(
    comments: object, by_mail: object
) -> None:
    assert approver_row(comments=comments).by_mail is by_mail


@pytest.mark.parametrize(
    ("due", "written", "past"),
    [
        ("2026-11-22 10:00:00", "2026-11-22 09:59:59", False),
        ("2026-11-22 10:00:00", "2026-11-22 10:00:00", True),
        ({"display_value": "x", "value": "2026-11-22 10:00:00"}, "2026-11-23 00:00:00", True),
        ("", "2026-11-22 10:00:00", None),
        ("22.11.2026", "2026-11-22 10:00:00", None),
        ("2026-11-22 10:00:00", None, None),
    ],
)
def test_whether_its_time_was_up_is_told_by_two_times(
    due: object, written: object, past: object
) -> None:
    assert approver_row(due_date=due, sys_updated_on=written).past_due is past
