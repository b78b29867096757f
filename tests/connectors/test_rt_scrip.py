"""The shipped scrip, run in Perl on stand-ins for Request Tracker (`rt_harness.pl`)."""

import base64
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ticketgate.connector_api import (
    FIELD_TEXT_MAX,
    Missing,
    Reference,
    SourceMapping,
    TableMapping,
    Ticket,
)
from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.standard_webhooks import secret_key
from ticketgate.domain.schemes.table import STANDARD_WEBHOOKS
from ticketgate.domain.strict_json import read
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery
from ticketgate_connectors.itsm.request_tracker import REQUEST_TRACKER

HERE = Path(__file__).parent
SCRIP = HERE.parents[1] / "connectors" / "request_tracker" / "scrip.pl"
PERL = shutil.which("perl")
pytestmark = pytest.mark.skipif(PERL is None, reason="perl is not installed")
SECRET = "whsec_" + base64.b64encode(b"scrip-test-key--" * 2).decode()
MAPPING = SourceMapping("rt", {"ticket": TableMapping("ticket")})


def run(**ticket: Any) -> dict[str, Any]:  # noqa: ANN401 -- input of the harness
    """What the scrip posted and logged for a ticket."""
    assert PERL is not None
    given = {
        "config": ticket.pop("config", {"TicketgateURL": "https://gate.example.com/hooks/rt"})
        | {"TicketgateSecret": ticket.pop("secret", SECRET)},
        "status": ticket.pop("status_code", 202),
        "transaction": {"id": 90017, "type": "Set", "creator": "104"},
        "ticket": {
            "id": 4711,
            "subject": "Zugriff für Böb 🔑",
            "status": "open",
            "priority": 50,
            "creator": "101",
            "owner": "103",
            "requestors": ["102"],
            "description": "quarter-end repair",
            "custom": {"Role": ["prod-db-admin"], "Hours": ["4"], "Empty": []},
            **ticket,
        },
    }
    done = subprocess.run(
        [PERL, str(HERE / "rt_harness.pl"), str(SCRIP)],
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
    headers = {name.lower(): str(value) for name, value in request["headers"].items()}
    now = datetime.now(UTC)
    posted = Delivery("rt", headers, request["body"].encode(), now)
    return STANDARD_WEBHOOKS.authenticate(posted, [secret_key(SECRET)], now)


def posted_ticket(**ticket: Any) -> Ticket:  # noqa: ANN401 -- input of the harness
    [request] = run(**ticket)["requests"]
    made = REQUEST_TRACKER.normalise(read(received(request).body), MAPPING)
    assert isinstance(made, Ticket)
    return made


def test_what_the_scrip_posts_is_verified_and_read_by_the_gateway() -> None:
    made = run()
    [request] = made["requests"]
    assert (request["url"], made["log"]) == ("https://gate.example.com/hooks/rt", [])
    assert request["body"].isascii()
    verified = received(request)
    assert REQUEST_TRACKER.ticket_hint(verified.webhook_id) == "4711"
    ticket = REQUEST_TRACKER.normalise(read(verified.body), MAPPING)
    assert isinstance(ticket, Ticket)
    assert (ticket.id, ticket.version, ticket.state, ticket.updated_by) == (
        "4711",
        90017,
        "open",
        "104",
    )
    assert ticket.text("short_description") == "Zugriff für Böb 🔑"
    assert ticket.text("description") == "quarter-end repair"
    assert ticket.value("category") == "Access"
    assert ticket.value("opened_by") == Reference("101", "login-101")
    assert ticket.value("requested_for") == Reference("102", "login-102")
    assert ticket.variables == {"Role": "prod-db-admin", "Hours": "4", "Empty": ""}


def test_nobody_and_two_requestors() -> None:
    assert posted_ticket(owner=6).value("assignee") == Reference("", "")
    assert posted_ticket(requestors=["1", "2"]).value("requested_for") is Missing.ABSENT
    assert posted_ticket(requestors=[]).value("requested_for") == Reference("", "")


def test_a_long_text_and_characters_that_are_refused_park_no_ticket() -> None:
    long = "x" * (FIELD_TEXT_MAX + 1)
    assert posted_ticket(description=long).value("description") is Missing.ABSENT
    assert posted_ticket(subject="a\x00b").value("short_description") == "a\ufffdb"
    nasty = 'a","status":"resolved","x":{"y":"'
    assert posted_ticket(subject=nasty).value("short_description") == nasty


def test_a_changed_body_no_longer_verifies() -> None:
    [request] = run()["requests"]
    request["body"] = request["body"].replace("prod-db-admin", "prod-db-owner")
    with pytest.raises(AuthenticationError):
        received(request)


def test_a_failure_is_logged_by_id_without_body_or_secret() -> None:
    """And the scrip never fails the transaction."""
    [line] = run(status_code=401)["log"]
    assert line == "ticketgate: delivery rt-4711-90017 failed: it was answered 401\n"
    made = run(secret="hunter2")
    assert made["requests"] == []
    assert "TicketgateSecret is not whsec_" in made["log"][0]
    assert "hunter2" not in made["log"][0]
    assert "TicketgateURL is not set" in run(config={})["log"][0]
