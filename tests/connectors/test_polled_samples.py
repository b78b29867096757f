"""Bodies that vendors publish, made into what their interfaces answer: hook and poll are the same.

The folder is named by `TICKETGATE_SAMPLES`, and never committed.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ticketgate.connector_api import SourceMapping, TableMapping
from ticketgate_connectors.itsm.pagerduty import PAGERDUTY
from ticketgate_connectors.itsm.pagerduty.client import event_of
from ticketgate_connectors.itsm.pagerduty.log import Change
from ticketgate_connectors.itsm.zammad import ZAMMAD
from ticketgate_connectors.itsm.zammad.client import NAMED, PEOPLE, hook_of


def sample(name: str) -> dict[str, Any]:
    folder = os.environ.get("TICKETGATE_SAMPLES")
    if not folder:
        pytest.skip("TICKETGATE_SAMPLES does not name a folder of real payloads")
    found: dict[str, Any] = json.loads((Path(folder) / "payloads" / name).read_bytes())
    return found


def test_a_ticket_of_zammad() -> None:
    hook = sample("zammad_ticket_default.json")
    ticket = hook["ticket"]
    asked = ticket | {name: ticket[name]["login"] for name in PEOPLE}
    asked |= {name: ticket[name]["name"] for name in NAMED}
    table = TableMapping(name="ticket", map={"description": None})
    known = SourceMapping("zammad", {"ticket": table})
    assert ZAMMAD.normalise(json.loads(hook_of(asked)), known) == ZAMMAD.normalise(hook, known)


def test_an_incident_of_pagerduty() -> None:
    hook = sample("pagerduty_v3_2.json")
    event = hook["event"]
    asked = dict(event["data"])
    asked["incident_number"] = asked.pop("number")
    asked["assignments"] = [{"assignee": one} for one in asked.pop("assignees")]
    second = datetime.strptime(event["occurred_at"][:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    event["occurred_at"] = f"{event['occurred_at'][:19]}.999Z"
    table = TableMapping(name="incident", map={"opened_by": "assignees.0"})
    known = SourceMapping("pagerduty", {"incident": table})
    polled = json.loads(event_of(Change(second, asked["id"], event["agent"]["id"]), asked))
    assert PAGERDUTY.normalise(polled, known) == PAGERDUTY.normalise(hook, known)
