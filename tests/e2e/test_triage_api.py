"""Triage by API: a person's program with the session of a real sign-in, over HTTP."""

from typing import Any

import requests
from tests.e2e.stage import Actor, Stage

WHY = "Alice asks for admin rights on her laptop."


def triage(stage: Stage, person: Actor, ident: str = "") -> requests.Response:
    """The list, or one ticket."""
    url = f"{stage.world.url}/api/v1/triage" + (f"/{ident}" if ident else "")
    return person.browser.get(url, timeout=10)


def say(stage: Stage, person: Actor, ident: str, token: str, **body: object) -> requests.Response:
    """A word about a ticket."""
    url = f"{stage.world.url}/api/v1/triage/{ident}"
    headers = {"X-CSRF-Token": token}
    return person.browser.post(url, json=body, headers=headers, timeout=10)


def test_a_person_says_by_api_what_a_ticket_is(stage: Stage) -> None:
    """Carol is in the group with the role; Bob approves, and has it not."""
    record = stage.world.snow.incident("Please give me admin rights on my laptop")
    assert stage.tell(record) == "uncertain"
    carol, bob = stage.actor("carol"), stage.actor("bob")
    number = record.columns["number"]
    tickets: list[dict[str, Any]] = triage(stage, carol).json()["tickets"]
    (ident,) = (one["id"] for one in tickets if one["number"] == number)
    whole = triage(stage, carol, ident)
    token, shown = whole.headers["X-CSRF-Token"], whole.json()["shown"]
    word = {
        "verdict": "identity",
        "kinds": ["privilege.elevate"],
        "tier": "high",
        "justification": WHY,
        "shown": shown,
    }
    assert triage(stage, bob).json()["code"] == "not_triage"
    with requests.Session() as nobody:
        nobody.trust_env = False
        url = f"{stage.world.url}/api/v1/triage/{ident}"
        assert nobody.post(url, json=word, timeout=10).json()["code"] == "not_signed_in"
    assert say(stage, carol, ident, "", **word).json()["code"] == "csrf"
    assert stage.verdict(record) == "uncertain"
    said = say(stage, carol, ident, token, **word)
    assert said.status_code == 200, said.text
    assert stage.verdict(record) == "identity"
    entry = stage.entries()[said.json()["evidence"]["index"]]
    assert (entry["type"], entry["cause"], entry["id"]) == ("ticket.classified", "triage", ident)
    again = say(stage, carol, ident, token, **word)
    assert (again.status_code, again.json()["code"]) == (409, "ticket_changed")
    stage.close_ticket(record)
