"""The shipped scripts, run in Node on stand-ins for the platform (`servicenow_harness.js`)."""

import base64
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ticketgate.connector_api import (
    FIELD_TEXT_MAX,
    ApproverRow,
    Missing,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
    Ticket,
)
from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.standard_webhooks import authenticate, secret_key
from ticketgate.domain.strict_json import read
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery
from ticketgate_connectors.itsm.servicenow import SERVICENOW

HERE = Path(__file__).parent
SCRIPTS = HERE.parents[1] / "connectors" / "servicenow"
NODE = shutil.which("node")
NEEDS_NODE = pytest.mark.skipif(NODE is None, reason="node is not installed")

SECRET = "whsec_" + base64.b64encode(b"script-test-key-" * 2).decode()
ALICE = "5137153cc611227c000bbd1bd8cd2005"
BOB = "6816f79cc0a8016401c5a33be04be441"
RITM = "aeed229047801200e0ef563dbb9a71c2"
ROW = "19d1c8e2db0c2200ffd7f9acaf96195d"
MAPPING = SourceMapping(
    "snow-prod",
    {
        "sc_req_item": TableMapping("sc_req_item", states={"1": StateClass.OPEN}),
        "incident": TableMapping("incident", states={"1": StateClass.OPEN}),
        "sysapproval_approver": TableMapping("sysapproval_approver"),
    },
)
COLUMNS: dict[str, list[str | None]] = {
    "sys_id": [RITM, RITM],
    "sys_class_name": ["sc_req_item", "Requested Item"],
    "sys_mod_count": ["7", "7"],
    "sys_updated_by": ["alice.ali", "alice.ali"],
    "number": ["RITM0010001", "RITM0010001"],
    "state": ["1", "Open"],
    "short_description": ["Zugriff für Böb 🔑 \u2028", "Zugriff für Böb 🔑 \u2028"],
    "description": [None, ""],
    "opened_by": [ALICE, "Alice Ali"],
    "requested_for": [BOB, "Bob Ng"],
    "cat_item": ["e212a942c0a80165008313c59764eea1", "Elevated access"],
    "comments": ["private", "private"],
}
VARIABLES: dict[str, Any] = {
    "role": ["prod-db-admin", "Production DBA"],
    "hours": ["4", "4"],
    "empty": [None, ""],
    "vault_pin": ["hunter2", "hunter2", 25],
    "accounts": "rows",
}


def run(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 -- input of the harness
    """What the business rule posted and logged for a record."""
    assert NODE is not None
    given = {
        "properties": {
            "ticketgate.url": "https://gate.example.com/hooks/snow-prod",
            "ticketgate.secret": SECRET,
        },
        "table": "sc_req_item",
        "columns": COLUMNS,
        "variables": VARIABLES,
        "status": 202,
        **changed,
    }
    done = subprocess.run(
        [NODE, str(HERE / "servicenow_harness.js")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def received(request: dict[str, Any]) -> VerifiedDelivery:
    """The request, authenticated as the gateway does it, now."""
    headers = {name.lower(): value for name, value in request["headers"].items()}
    now = datetime.now(UTC)
    posted = Delivery("snow-prod", headers, request["body"].encode(), now)
    return authenticate(posted, [secret_key(SECRET)], now)


def posted_ticket(**changed: Any) -> Ticket:  # noqa: ANN401 -- input of the harness
    [request] = run(**changed)["requests"]
    made = SERVICENOW.normalise(read(received(request).body), MAPPING)
    assert isinstance(made, Ticket)
    return made


@NEEDS_NODE
@pytest.mark.parametrize("scoped", [False, True])
def test_what_the_script_posts_is_verified_and_read_by_the_gateway(scoped: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    made = run(scoped=scoped)
    [request] = made["requests"]
    assert (request["method"], request["url"]) == (
        "POST",
        "https://gate.example.com/hooks/snow-prod",
    )
    assert request["headers"]["Content-Type"] == "application/json"
    assert made["log"] == []
    verified = received(request)
    assert verified.webhook_id == f"{RITM}-7"
    assert SERVICENOW.ticket_hint(verified.webhook_id) == RITM
    ticket = SERVICENOW.normalise(read(verified.body), MAPPING)
    assert isinstance(ticket, Ticket)
    assert (ticket.key, ticket.version) == (("snow-prod", "sc_req_item", RITM), 7)
    assert (ticket.state_class, ticket.updated_by) == (StateClass.OPEN, "alice.ali")
    assert ticket.value("short_description") == COLUMNS["short_description"][0]
    assert ticket.value("description") == ""
    assert ticket.value("requested_for") == Reference(BOB, "Bob Ng")
    assert ticket.value("catalog_item") == Reference(COLUMNS["cat_item"][0], "Elevated access")
    assert ticket.variables == {"role": "prod-db-admin", "hours": "4", "empty": ""}


@NEEDS_NODE
def test_the_body_is_ascii_and_the_same_each_time_it_is_sent() -> None:
    first, second = (run()["requests"][0] for _ in range(2))
    assert first["body"].isascii()
    assert first["body"] == second["body"]
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]


@NEEDS_NODE
def test_columns_off_the_list_and_masked_variables_never_leave_the_platform() -> None:
    [request] = run()["requests"]
    assert "private" not in request["body"]
    assert "hunter2" not in request["body"]


@NEEDS_NODE
def test_variables_that_cannot_be_read_are_sent_as_such_and_logged() -> None:
    assert posted_ticket(variables=None).variable("role") is Missing.ABSENT
    assert ["variables" in line for line in run(variables=None)["log"]] == [True]


@NEEDS_NODE
def test_a_text_over_the_gateways_cap_is_left_out_whole() -> None:
    long = "x" * (FIELD_TEXT_MAX + 1)
    ticket = posted_ticket(columns={**COLUMNS, "description": [long, long]})
    assert ticket.value("description") is Missing.ABSENT


@NEEDS_NODE
def test_characters_that_the_gateway_refuses_do_not_park_the_record() -> None:
    """A closing with half an emoji in it must still close."""
    columns = {**COLUMNS, "description": ["bye \ud83d\x00 \U0001f600 \udc00", "bye \ud83d"]}
    said = posted_ticket(columns=columns).value("description")
    assert said == "bye \ufffd\ufffd \U0001f600 \ufffd"


@NEEDS_NODE
def test_an_incident_is_posted_without_variables() -> None:
    columns = {name: cell for name, cell in COLUMNS.items() if name != "cat_item"}
    columns |= {"sys_class_name": ["incident", "Incident"], "caller_id": [BOB, "Bob Ng"]}
    ticket = posted_ticket(table="incident", columns=columns)
    assert ticket.variables is None
    assert ticket.value("requested_for") == Reference(BOB, "Bob Ng")


@NEEDS_NODE
def test_an_approver_row_is_posted_under_its_table() -> None:
    columns = {
        "sys_id": [ROW, ROW],
        "sys_mod_count": [None, ""],
        "state": ["approved", "Approved"],
        "approver": [BOB, "Bob Ng"],
        "sysapproval": [RITM, "RITM0010001"],
    }
    [request] = run(table="sysapproval_approver", columns=columns)["requests"]
    verified = received(request)
    assert verified.webhook_id == f"{ROW}-0"
    row = SERVICENOW.normalise(read(verified.body), MAPPING)
    assert isinstance(row, ApproverRow)
    assert (row.parent, row.approver, row.state) == (RITM, Reference(BOB, "Bob Ng"), "approved")


@NEEDS_NODE
def test_how_an_approver_row_came_to_be_is_posted_with_it_and_with_no_ticket() -> None:
    told: dict[str, list[str | None]] = {
        "sys_created_by": ["carol", "carol"],
        "wf_activity": [None, ""],
        "process_step": [None, ""],
        "group": [None, ""],
        "due_date": ["2026-11-22 10:00:00", "22.11.2026 11:00:00"],
        "sys_updated_on": ["2026-11-22 10:00:01", "22.11.2026 11:00:01"],
    }
    row = {"sys_id": [ROW, ROW], "approver": [BOB, "Bob Ng"], "sysapproval": [RITM, "RITM1"]}
    [request] = run(table="sysapproval_approver", columns={**row, **told})["requests"]
    read_row = SERVICENOW.normalise(read(received(request).body), MAPPING)
    assert isinstance(read_row, ApproverRow)
    assert (read_row.by_rule, read_row.created_by, read_row.past_due) == (False, "carol", True)
    [request] = run(columns={**COLUMNS, **told})["requests"]
    assert "wf_activity" not in request["body"]


@NEEDS_NODE
def test_a_changed_body_no_longer_verifies() -> None:
    [request] = run()["requests"]
    request["body"] = request["body"].replace("prod-db-admin", "prod-db-owner")
    with pytest.raises(AuthenticationError) as caught:
        received(request)
    assert caught.value.code == "signature_mismatch"


@NEEDS_NODE
def test_a_failure_is_logged_by_id_without_body_or_secret() -> None:
    refused = run(status=401)
    assert refused["log"] == [f"ticketgate: delivery {RITM}-7 was answered 401"]
    encrypted = run(properties={"ticketgate.secret": "AAAAencrypted"})
    assert encrypted["requests"] == []
    [line] = encrypted["log"]
    assert "ticketgate.secret is not readable" in line
    assert "AAAA" not in line


@NEEDS_NODE
def test_a_mid_server_is_used_when_one_is_named() -> None:
    properties = {"ticketgate.secret": SECRET, "ticketgate.mid_server": "mid-1"}
    assert run(properties=properties)["requests"][0]["mid"] == "mid-1"
    assert "mid" not in run()["requests"][0]


@pytest.mark.parametrize("name", ["TicketgateHook.js", "business_rule.js"])
def test_the_scripts_are_ascii_and_es5(name: str) -> None:
    """The platform's engine is older than `let`, arrows and templates."""
    text = (SCRIPTS / name).read_bytes().decode("ascii")
    code = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"', "", text, flags=re.DOTALL)
    assert not re.findall(r"\b(?:let|const|class|import|async|await)\b|=>|`|\.\.\.", code)


def test_every_column_that_the_connector_reads_is_sent() -> None:
    from ticketgate_connectors.itsm.servicenow.connector import DEFAULTS

    text = (SCRIPTS / "TicketgateHook.js").read_text()
    sent = set(re.findall(r'"(\w+)"', text.partition("COLUMNS = [")[2].partition("]")[0]))
    assert {column for table in DEFAULTS.values() for column in table.values()} <= sent
