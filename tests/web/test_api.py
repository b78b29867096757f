"""`/api/v1`: who is let in, what a POST needs, and that it decides as the pages do."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from tests.operations.kit import Gate, folder
from tests.operations.lane import WHY, Lane, doubtful
from tests.operations.tickets import edited
from tests.web.api_client import (
    DISMISS,
    ORIGIN,
    QUARANTINE,
    TRIAGE,
    YES,
    Caller,
    code,
    path_of,
    told,
    words,
)
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms
from tests.web.test_triage_page import HOSTILE, app_of

from ticketgate.domain.evidence import EvidenceRef
from ticketgate.web.create_app import create_app

TEXT = "access to the mailbox"


@pytest.fixture
def lane() -> Iterator[Lane]:
    """A gate with one ticket that nobody can tell."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.deliver(doubtful(short_description=TEXT))
            yield Lane(gate)
        finally:
            gate.stop()


@pytest.fixture
def bob(lane: Lane) -> Caller:
    """Bob has the role `triage`; one ticket waits."""
    return Caller(lane)


@pytest.fixture
def page(bob: Caller) -> str:
    return path_of(bob)


@pytest.fixture
def parked(lane: Lane, bob: Caller) -> str:
    """The address of a delivery that cannot be read."""
    lane.gate.deliver(b"[1]", "unreadable")
    return path_of(bob, QUARANTINE)


@pytest.fixture
def nothing_said(lane: Lane) -> Callable[[], bool]:
    """Tells whether nobody has said anything since the test began."""
    before = words(lane)
    return lambda: words(lane) == before


# --- what is shown, and what is said ---------------------------------------------------------


def test_the_list_tells_what_the_page_does_in_stable_fields(lane: Lane, bob: Caller) -> None:
    found = bob.read(TRIAGE)
    assert found["limit"] == 100
    (ticket,) = found["tickets"]
    (view,) = lane.listed()
    assert ticket["id"] == view.id
    assert ticket["number"] == "INC-p1"
    assert ticket["short_description"] == TEXT
    assert (ticket["source"], ticket["table"], ticket["revision"]) == ("snow-prod", "incident", 1)
    assert ticket["since"] == "2026-11-22T08:00:00.000000Z"
    assert "shown" not in ticket, "a word needs what the whole ticket shows"
    (rule,) = ticket["rules"]
    assert (rule["rule"], rule["outcome"], rule["tier"]) == (
        "looks-like-access",
        "matched",
        "medium",
    )


def test_hostile_text_is_ascii_on_the_wire_and_whole_in_the_value(lane: Lane, bob: Caller) -> None:
    lane.gate.deliver(edited(doubtful(), short_description=HOSTILE))
    answer = bob.get(path_of(bob))
    assert answer.data.isascii()
    assert b"\\u202e" in answer.data
    assert told(answer)["fields"]["short_description"] == HOSTILE
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_one_ticket_is_told_with_its_clauses_people_and_digest(
    lane: Lane, bob: Caller, page: str
) -> None:
    ticket = bob.read(page)
    assert ticket["shown"] == lane.view().shown
    assert ticket["people"][0]["roles"]
    assert "alice" in ticket["people"][0]["who"]
    assert ticket["barred"] is None
    assert ticket["waits"] is None
    assert (ticket["unknown"], ticket["said_once"]) == ([], False)
    (rule,) = ticket["rules"]
    assert any("access to" in one["clause"] for one in rule["clauses"])


def test_a_word_is_recorded_as_one_on_the_page_is(lane: Lane, bob: Caller, page: str) -> None:
    answer = bob.say(page, YES)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["said"] == "identity"
    assert f"{TRIAGE}/{answer.json['id']}" == page
    assert lane.verdicts()[-1] == ("uncertain", "identity", "triage")
    record = lane.gate.records("ticket.classified")[-1]
    assert record["method"] == "mail_code"
    assert record["kinds"] == ["delegation"]
    evidence = answer.json["evidence"]
    ref = EvidenceRef(**evidence)
    assert ref.origin == "gate.example.com/evidence"
    assert lane.gate.records()[ref.index] == record
    assert bob.read(TRIAGE)["tickets"] == []
    assert code(bob.get(page)) == (404, "not_found")


def test_the_page_and_the_api_leave_the_same_record(lane: Lane, bob: Caller) -> None:
    lane.gate.deliver(doubtful("p2", short_description=TEXT))
    by_page, by_api = (f"{TRIAGE}/{one.id}" for one in lane.listed())
    form = by_page.replace("/api/v1/", "/console/")
    fields = Forms(bob.client.get(form, headers=BROWSER).text).form(form)
    said = {"verdict": "identity", "kind": "delegation", "tier": "medium", "justification": WHY}
    assert bob.client.post(form, data=fields | said, headers=BROWSER).status_code == 303
    assert bob.say(by_api, YES).status_code == 200
    one, other = lane.gate.records("ticket.classified")[-2:]
    differing = {name for name in one | other if one.get(name) != other.get(name)}
    of_each = {"id", "delivery", "sd", "_prev", "_seq"}
    assert differing <= of_each, differing
    assert {"cause", "person", "method", "kinds", "tier", "policy"} <= one.keys()


def test_no_needs_no_kinds(lane: Lane, bob: Caller, page: str) -> None:
    assert bob.say(page, {"verdict": "not_identity"}).status_code == 200
    assert lane.verdicts()[-1] == ("uncertain", "not_identity", "triage")


def test_a_first_no_of_what_may_be_ones_own_is_a_problem(lane: Lane, bob: Caller) -> None:
    lane.gate.deliver(edited(doubtful(short_description=TEXT), "bob2", description="access to it"))
    page = path_of(bob)
    assert bob.read(page)["unknown"] == ["editor: account bob2"]
    assert code(bob.say(page, {"verdict": "not_identity"})) == (409, "second_word")
    assert bob.read(page)["said_once"]
    assert lane.verdicts()[-1][1] == "uncertain"


def test_a_parked_delivery_is_shown_and_dismissed(lane: Lane, bob: Caller, parked: str) -> None:
    (row,) = bob.read(QUARANTINE)["deliveries"]
    assert (row["reason"], row["source"], row["ticket"]) == ("not_a_record", "snow-prod", "")
    whole = bob.read(parked)
    assert (whole["told"], whole["body_kept"], whole["barred"]) == (None, True, None)
    answer = bob.say(parked, DISMISS)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["said"] == "dismiss"
    assert len(lane.gate.records("delivery.dismissed")) == 1
    assert code(bob.get(parked)) == (404, "not_found")


def test_a_parked_delivery_is_released(lane: Lane, bob: Caller, parked: str) -> None:
    assert bob.say(parked, {"what": "release"}).status_code == 200
    assert len(lane.gate.records("delivery.released")) == 1
    assert bob.read(QUARANTINE)["deliveries"] == []


def test_what_a_parked_body_tells_is_shown_with_what_differs(lane: Lane, bob: Caller) -> None:
    ticket = doubtful("p7")
    lane.gate.deliver(ticket)
    fields = {**ticket.fields, "description": "see below"}
    lane.gate.deliver(replace(ticket, fields=fields))
    tells = bob.read(path_of(bob, QUARANTINE))["told"]
    assert (tells["number"], tells["opener"], tells["held_revision"]) == ("INC-p7", "Alice", 1)
    assert [one["field"] for one in tells["differences"]] == ["description"]


# --- who ---------------------------------------------------------------------------------------


def test_a_session_that_was_signed_out_is_none(lane: Lane, bob: Caller, page: str) -> None:
    cookie = bob.client.get_cookie("ticketgate")
    assert cookie is not None
    form = Forms(bob.client.get("/console/triage", headers=BROWSER).text).form("/sign-out")
    assert bob.client.post("/sign-out", data=form).status_code == 303
    kept = {"Cookie": f"ticketgate={cookie.value}"}
    assert code(Caller(lane, "").ask("GET", page, kept)) == (401, "not_signed_in")


# --- from where, and how -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ORIGIN},
        {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_our_own_site_and_programs_are_not(
    bob: Caller, page: str, headers: dict[str, str], nothing_said: Callable[[], bool]
) -> None:
    body = json.dumps({**YES, "justification": WHY, "shown": bob.read(page)["shown"]}).encode()
    assert bob.ask("POST", page, bob.headers() | headers, body).status_code == 200
    assert not nothing_said(), "so nothing_said tells"


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://gate.example.com", "https://gate.example.com"),
        ("https://Gate.example.com:443/", "https://gate.example.com"),
        ("https://gate.example.com:8443", "https://gate.example.com:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_our_origin_is_written_as_browsers_write_it(
    lane: Lane, public_url: str, origin: str
) -> None:
    app = create_app(
        lane.gate.desk,
        public_url=public_url,
        session_key=SESSION_KEY,
        new_secret=str,
        lanes=(lane.desk, lane.quarantine, lane.exceptions),
    )
    client = app.test_client()
    assert code(client.get(TRIAGE, headers={"Origin": origin})) == (401, "not_signed_in")
    other = client.get(TRIAGE, headers={"Origin": f"{origin}1"})
    assert code(other) == (403, "cross_site")


def test_the_token_of_somebody_else_s_session_is_refused(
    lane: Lane, bob: Caller, page: str, nothing_said: Callable[[], bool]
) -> None:
    theirs = Caller(lane, "alice").token()
    assert code(bob.say(page, YES, X_CSRF_Token=theirs)) == (400, "csrf")
    assert nothing_said()
    assert bob.say(page, YES).status_code == 200


def test_the_media_type_may_be_written_in_capitals(bob: Caller, page: str) -> None:
    assert bob.say(page, YES, Content_Type="Application/JSON").status_code == 200


# --- what the desk refuses ---------------------------------------------------------------------


def test_a_word_about_an_earlier_revision_is_refused(
    lane: Lane, bob: Caller, page: str, nothing_said: Callable[[], bool]
) -> None:
    shown = bob.read(page)["shown"]
    lane.gate.deliver(edited(doubtful(short_description=TEXT), description="payroll"))
    before = words(lane)
    assert code(bob.say(page, YES | {"shown": shown})) == (409, "ticket_changed")
    assert words(lane) == before
    assert bob.say(page, YES).status_code == 200, "the same word about what is shown now"


def test_a_busy_ticket_says_when_to_come_back(
    lane: Lane, bob: Caller, page: str, nothing_said: Callable[[], bool]
) -> None:
    lane.gate.receive(doubtful("p9"))
    answer = bob.say(page, YES)
    assert code(answer) == (503, "ticket_backlog")
    assert answer.headers["Retry-After"]
    assert bob.read(page)["waits"]["code"] == "ticket_backlog"
    assert nothing_said()


def test_a_directory_that_cannot_be_read_lets_nobody_say(
    lane: Lane, bob: Caller, page: str, nothing_said: Callable[[], bool]
) -> None:
    body = json.dumps({**YES, "justification": WHY, "shown": bob.read(page)["shown"]}).encode()
    headers = bob.headers()
    lane.gate.directory.unreadable = True
    assert bob.ask("POST", page, headers, body).status_code == 503
    assert bob.get(page).status_code == 503
    lane.gate.directory.unreadable = False
    assert nothing_said()
    assert bob.ask("POST", page, headers, body).status_code == 200


# --- looking, and what there is not ------------------------------------------------------------


def test_get_head_and_options_change_nothing(lane: Lane, bob: Caller, page: str) -> None:
    paths = (TRIAGE, QUARANTINE, page)
    for path in paths:
        bob.get(path)
    size = lane.gate.evidence_size()
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            assert bob.ask(method, path).status_code == 200
    assert lane.gate.evidence_size() == size
    stranger = Caller(lane, "")
    assert stranger.ask("OPTIONS", page, {"Origin": "https://evil.example"}).status_code == 200
    preflight = stranger.answers[-1][2]
    assert not [name for name, _ in preflight.headers if name.startswith("Access-Control")]


def test_a_look_is_recorded_once_as_on_the_page(lane: Lane, bob: Caller, page: str) -> None:
    before = len(lane.gate.records("view.recorded"))
    assert before == 1, "the list, which told the address"
    for _ in range(3):
        bob.get(page)
    bob.client.get(page.replace("/api/v1/", "/console/"), headers=BROWSER)
    assert len(lane.gate.records("view.recorded")) == before + 1


def test_nothing_of_it_is_cached(lane: Lane, bob: Caller, page: str) -> None:
    bob.say(page, YES | {"tier": "none"})
    bob.get("/api/v1/openapi.json")
    bob.get("/api/v1/nothing")
    bob.say(page, YES)
    Caller(lane, "").get(page)
    for _, path, answer in bob.answers:
        assert answer.headers["Cache-Control"] == "no-store", path


def test_a_fault_of_ours_tells_no_detail(
    lane: Lane, bob: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a detail that is ours alone")

    monkeypatch.setattr(type(lane.gate.directory), "read", fails)
    answer = bob.get(TRIAGE, Accept="text/html")
    assert code(answer) == (500, "internal")
    assert "a detail" not in answer.text


def test_without_the_desks_there_is_no_api(lane: Lane) -> None:
    app = create_app(lane.gate.desk, public_url="http://x", session_key=SESSION_KEY, new_secret=str)
    for path in (TRIAGE, QUARANTINE, "/api/v1/openapi.json"):
        assert code(app.test_client().get(path)) == (404, "not_found")
    assert app_of(lane).test_client().get("/api/v1/openapi.json").status_code == 200
