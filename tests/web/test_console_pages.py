"""The first page of the console and its lists: what they show, how they read, what they cost."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from tests.operations.kit import Gate, folder
from tests.operations.own import Own
from tests.operations.tickets import access_ticket
from tests.web.page_desk import BROWSER, Forms, Surfer
from tests.web.test_requests_page import HOSTILE, app_of, surfer
from tests.web.whole import Whole, whole
from typing_extensions import override

from ticketgate.operations.desks import console_desk
from ticketgate.web.console import DELIVERY_STATES, REQUEST_STATES
from ticketgate.web.navigation import PAGES
from ticketgate.web.replies import clocked, roughly

LISTS = ("/console", "/console/requests", "/console/grants", "/console/deliveries")


@pytest.fixture
def own() -> Iterator[Own]:
    """Alice's request waits for Bob, and says hostile things."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.deliver(access_ticket(reason=HOSTILE))
            gate.run_mail()
            yield Own(gate)
        finally:
            gate.stop()


@pytest.fixture(scope="module")
def everything() -> Iterator[Whole]:
    with whole() as made:
        yield made


class Outline(HTMLParser):
    """What a screen reader finds its way by."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.faults: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[str] = []
        self.feed(page)
        self.faults += [one for one in self.fields if one not in self.labelled]

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "th" and "scope" not in given:
            self.faults.append("th without scope")
        if tag == "label":
            self.labelled.add(given.get("for", ""))
        if tag in {"input", "select", "textarea"} and given.get("type") != "hidden":
            self.fields.append(given.get("id", ""))
        if any(name.startswith("on") or name == "style" for name in given):
            self.faults.append(f"{tag} with a script or style of its own")
        if "://" in given.get("src", "") + given.get("href", ""):
            self.faults.append(f"{tag} from elsewhere")
        self.tags.append(tag)


def test_before_sign_in_no_list_is_shown(own: Own) -> None:
    stranger = Surfer(app_of(own))
    for path in LISTS:
        found = stranger.get(path)
        assert (found.status_code, "RITM" in found.text) == (303, False)
        assert found.headers["Location"].startswith("/sign-in?next=/console")


def test_the_first_page_says_what_waits_and_never_holds_a_link(own: Own) -> None:
    text = surfer(own, "bob", "/console").get("/console").text
    assert "<strong>1 request</strong> waits for your decision" in text
    assert "RITM-t1" in text
    assert own.gate.directory.people["bob"].mail in text
    assert "/approve/" not in text
    assert own.gate.tokens("bob")[-1] not in text
    alice = surfer(own, "alice", "/console").get("/console").text
    assert "Nothing waits for your decision" in alice
    assert f"/console/requests/{own.last()}" in alice


def test_a_link_is_mailed_again_by_a_button_and_stands_in_no_page(everything: Whole) -> None:
    link = everything.path("/console/links/<ident>")
    form = everything.form("bob", "/console", link)
    request = everything.path("/console/requests/<ident>")
    for more, onward in (({}, "/console"), ({"back": "request"}, request)):
        answer = everything.send("bob", link, form | more)
        assert (answer.status_code, answer.headers["Location"]) == (303, onward)
    text = everything.look("bob", "/console").text
    assert "is on its way" in text
    assert f'action="{link}"' not in text
    everything.gate.run_mail()
    text = everything.look("bob", "/console").text
    assert 'aria-label="Mail me the link again, of RITM-t1: prod-db-admin"' in text
    assert everything.gate.tokens("bob")[-1] not in text


def test_who_had_it_mailed_too_often_is_told_what_to_do(everything: Whole) -> None:
    link = everything.path("/console/links/<ident>")
    while (answer := everything.send("bob", link, {})).status_code == 303:
        everything.gate.run_mail()
    assert (answer.status_code, "too_many_links" in answer.text) == (429, True)
    assert "Use the newest mail that you have, or wait an hour." in answer.text


def test_an_operator_ends_access_by_a_page_that_needs_no_script(own: Own) -> None:
    own.gate.approve("bob", "carol")
    own.gate.settle()
    path = f"/console/grants/{own.gate.grants()[0].id}"
    dan = surfer(own, "dan", "/console/grants")
    assert f'class="button" href="{path}"' in dan.get("/console/grants").text
    for who in ("alice", "erin"):
        assert path not in surfer(own, who, "/console/grants").get("/console/grants").text
    text = dan.get(path).text
    for said in ("Alice Moreau (alice)", "prod-db-admin", "Ends by itself"):
        assert said in text
    outline = Outline(text)
    assert (outline.faults, outline.tags.count("h1")) == ([], 1)
    assert "<script" not in text
    again = dan.submit(path, path, {"justification": "because <b>"})
    assert (again.status_code, "because &lt;b&gt;</textarea>" in again.text) == (422, True)
    done = dan.submit(path, path, {"justification": "the night is over for them"})
    assert (done.status_code, done.headers["Location"]) == (303, "/console/grants")
    form = Forms(text).form(path)  # of a page that was left open
    for late in (dan.get(path), dan.client.post(path, data=form, headers=BROWSER)):
        assert late.status_code == 409
        assert "Dan Kowalski (dan) ended it at" in late.text
    assert path not in dan.get("/console/grants").text


def test_the_page_asks_whether_all_that_gives_the_access_ends(own: Own) -> None:
    for ident in ("t8", "t9"):
        own.gate.deliver(access_ticket(ident))
        own.gate.approve("bob", "carol")
    own.gate.settle()
    first, second = (f"/console/grants/{one.id}" for one in own.gate.grants()[-2:])
    dan = surfer(own, "dan", "/console/grants")
    text = dan.get(first).text
    assert f'<a href="{second}">' in text
    assert Outline(text).faults == []
    again = dan.submit(first, first, {"justification": "short", "which": "one"})
    assert 'value="one" aria-describedby="which-hint" checked' in again.text  # as it was chosen
    said = {"justification": "the laptop of this person was stolen", "which": "all"}
    done = dan.submit(first, first, said)
    assert done.status_code == 303
    own.gate.settle()
    assert own.gate.members() == set()


def test_what_is_being_removed_has_no_time_left(own: Own) -> None:
    own.gate.approve("bob", "carol")
    own.gate.settle()
    dan = surfer(own, "dan", "/console/grants")
    assert 'data-until="' in dan.get("/console/grants").text
    own.gate.target.down = True
    for seconds in (4 * 3600, 61):
        own.gate.tick(seconds)
    assert own.gate.grant_states() == ["revoke_overdue"]
    text = surfer(own, "dan", "/console/grants").get("/console/grants").text
    assert "being removed</span>" in text
    assert 'data-until="' not in text


def test_what_every_page_test_looks_at_has_access_that_can_be_ended(everything: Whole) -> None:
    path = everything.path("/console/grants/<ident>")
    assert f'class="button" href="{path}"' in everything.look("olga", "/console/grants").text
    assert "Give it back" in everything.look("bob", "/console/grants").text


def test_the_page_of_a_request_leads_an_operator_to_the_end_of_its_access(own: Own) -> None:
    own.gate.approve("bob", "carol")
    own.gate.settle()
    path, end = f"/console/requests/{own.last()}", f"/console/grants/{own.gate.grants()[0].id}"
    assert f'href="{end}"' in surfer(own, "dan", path).get(path).text
    assert end not in surfer(own, "alice", path).get(path).text


def test_hostile_text_of_a_ticket_stays_text_in_each_list(own: Own) -> None:
    own.gate.deliver(access_ticket("t2", beneficiary="<script>"))
    dan = surfer(own, "dan", "/console/requests")
    text = dan.get("/console/requests").text
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    odd = dan.get("/console/requests?person=%22%3E%3Cscript%3E&state=%00&source=x&behind=%27").text
    assert "<script>" not in odd
    assert "Nothing matches" in odd


def test_a_list_is_filtered_and_goes_on_by_plain_links(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.gate.deliver(access_ticket("t2", hours="forever"))
    dan = surfer(own, "dan", "/console/requests")
    blocked = dan.get("/console/requests?state=blocked").text
    assert "RITM-t2" in blocked
    assert "RITM-t1" not in blocked
    assert '<option value="blocked" selected>' in blocked
    monkeypatch.setattr(console_desk, "ROWS_MAX", 1)
    first = dan.get("/console/requests?person=alice").text
    (onward,) = [
        one["href"] for tag, one in Forms(first).tags if tag == "a" and one.get("rel") == "next"
    ]
    assert "person=alice" in onward
    second = dan.get(onward).text
    assert ("RITM-t2" in first, "RITM-t1" in first) == (True, False)
    assert ("RITM-t2" in second, "RITM-t1" in second) == (False, True)
    assert 'rel="next"' not in second


def test_access_counts_down_with_a_script_of_our_own_and_without_one(own: Own) -> None:
    own.gate.approve("bob", "carol")
    own.gate.settle()
    found = surfer(own, "alice", "/console/grants").get("/console/grants")
    assert "script-src 'self'" in found.headers["Content-Security-Policy"]
    assert "1 h</span>" in found.text
    assert 'data-until="2026-11-22T' in found.text
    assert "aria-live" not in found.text
    assert f"/console/requests/{own.last()}" in found.text
    erin = surfer(own, "erin", "/console/grants").get("/console/grants").text
    assert "Alice Moreau" in erin
    assert "Give it back" not in erin
    assert "nothing: not yours" in erin
    assert "<code>ticketgate revoke</code>" in erin


def test_deliveries_show_codes_and_no_body(own: Own) -> None:
    own.gate.deliver(b'["body-canary"]', "msg-canary")
    dan = surfer(own, "dan", "/console/deliveries")
    text = dan.get("/console/deliveries").text
    assert "quarantined" in text
    assert "canary" not in text
    assert "RITM" not in dan.get("/console/deliveries?state=accepted").text


def test_the_words_of_the_filters_are_those_of_the_machines() -> None:
    assert set(REQUEST_STATES) == {"blocked", "awaiting", "approved", "denied", "withdrawn",
                                   "timed_out"}  # fmt: skip
    assert set(DELIVERY_STATES) == {"accepted", "processed", "quarantined", "released", "dismissed"}


def test_an_end_is_told_by_the_clock_of_the_gateway_with_utc_beside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    try:
        text = clocked(moment)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert '<time datetime="2026-11-22T08:30:00Z">2026-11-22 09:30 CET</time>' in text
    assert "(08:30 UTC)" in text
    assert [roughly(one) for one in (0, 59, 60, 3725)] == ["0 s", "59 s", "1 min", "1 h 2 min"]


def _statements(whole_: Whole, path: str) -> list[str]:
    """What one look at a page asks of the store."""
    asked: list[str] = []
    for connection in whole_.gate.store._idle:
        connection.set_trace_callback(asked.append)
    assert whole_.look("olga", path).status_code == 200
    for connection in whole_.gate.store._idle:
        connection.set_trace_callback(None)
    return [one for one in asked if one.lstrip().upper().startswith("SELECT")]


@pytest.mark.parametrize("path", LISTS)
def test_more_rows_cost_no_more_queries(path: str) -> None:
    with whole() as made:
        made.look("olga", path)
        few = len(_statements(made, path))
        for number in range(12):
            made.gate.deliver(access_ticket(f"more{number}", by="alice", beneficiary="olga"))
        many = len(_statements(made, path))
        assert 0 < few == many


def test_every_page_can_be_read_by_its_outline(everything: Whole) -> None:
    """One h1, one main, a caption for each table, a scope for each head, a label for each field."""
    paths = [one.endpoint for one in PAGES]
    with everything.app.test_request_context():
        known = {str(rule.endpoint): rule.rule for rule in everything.app.url_map.iter_rules()}
    for endpoint in paths:
        who = {"triage": "tina", "quarantine": "tina", "emergency": "bob"}.get(endpoint, "olga")
        text = everything.look(who, known[endpoint]).text
        outline = Outline(text)
        assert outline.faults == [], (endpoint, outline.faults)
        assert outline.tags.count("h1") == 1, endpoint
        assert outline.tags.count("main") == 1, endpoint
        assert outline.tags.count("caption") == outline.tags.count("table"), endpoint
        assert 'class="skip" href="#main"' in text
        if endpoint != "restore":
            assert text.count('aria-current="page"') == 1, endpoint


def test_an_outline_that_is_broken_is_seen() -> None:
    """The control of the test above."""
    bad = '<th>x</th><input id="a"><p style="x">y</p><a href="https://elsewhere.example/">z</a>'
    assert len(Outline(bad).faults) == 4
