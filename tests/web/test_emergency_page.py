"""The pages of emergencies, over a real store: begin one, give it back, review one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import flask
import pytest
from tests.operations.emergencies import FOUND, RULES, WHY, desk_of, policy_with
from tests.operations.fakes import MORNING
from tests.operations.kit import Gate, folder
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms, Surfer

from ticketgate.connector_api import Deed
from ticketgate.domain.policy.policy import Allowed, Word
from ticketgate.operations.desks import emergency_desk
from ticketgate.operations.desks.console_desk import ConsoleDesk
from ticketgate.operations.desks.request_desk import RequestDesk
from ticketgate.operations.emergencies import emergency_window
from ticketgate.operations.workers.target_activity import CANNOT_TELL, Activity
from ticketgate.web.create_app import create_app

LIST = "/console/emergency"
REPORTS = Allowed("sales-reports", (Word("group", "platform-engineering"),), "policy.yaml:90")


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with(replace(RULES, allow=(*RULES.allow, REPORTS))))
        try:
            yield made
        finally:
            made.stop()


def app_of(gate: Gate) -> flask.Flask:
    return create_app(
        gate.desk,
        public_url="http://127.0.0.1:8080",
        session_key=SESSION_KEY,
        new_secret=gate.ids.token,
        emergencies=desk_of(gate),
    )


def surfer(gate: Gate, person: str, page: str = LIST, app: flask.Flask | None = None) -> Surfer:
    """Somebody who came by the page and signed in with a mailed code."""
    made = Surfer(app or app_of(gate))
    first = made.get(page)
    assert first.status_code == 303
    address = gate.directory.people[person].mail
    asked = made.submit(first.headers["Location"], "/sign-in", {"address": address})
    gate.run_mail()
    words = gate.post.to(address)[-1].text.split()
    code = next(word for word in words if word.isdigit() and len(word) == 8)
    entered = made.submit(asked.headers["Location"], "/sign-in/code", {"code": code})
    assert entered.headers["Location"] == page
    return made


def form_on(surfing: Surfer, path: str, **known: str) -> dict[str, str]:
    """The form of a page that has these values."""
    found = [form for where, form in Forms(surfing.get(path).text).forms if where == path]
    return next(form for form in found if known.items() <= form.items())


def begin(surfing: Surfer, **typed: str) -> str:
    """Begin an emergency for reports; the path of its page."""
    form = form_on(surfing, LIST, entitlement="sales-reports")
    posted = form | {"reason": WHY, "minutes": "30", "do": "invoke"} | typed
    answer = surfing.client.post(LIST, data=posted, headers=BROWSER)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_before_sign_in_nothing_is_shown_and_nothing_is_done(gate: Gate) -> None:
    stranger = Surfer(app_of(gate))
    for path in (LIST, f"{LIST}/emg_x"):
        assert stranger.get(path).headers["Location"].startswith("/sign-in")
        token = Forms(stranger.get("/sign-in").text).form("/sign-in")["csrf_token"]
        posted = {"csrf_token": token, "entitlement": "sales-reports", "reason": WHY}
        assert stranger.client.post(path, data=posted, headers=BROWSER).status_code == 401
    assert gate.grants() == []


def test_whoever_it_has_nothing_for_finds_no_page(gate: Gate) -> None:
    mallory, bob = surfer(gate, "mallory"), surfer(gate, "bob")
    assert mallory.get(LIST).status_code == 404
    path = begin(bob)
    alice = surfer(gate, "alice")
    assert alice.get(path).status_code == 404
    erin = surfer(gate, "erin", path)
    assert erin.get(path).status_code == 200  # she owns the reports, and may review
    assert erin.get(path).text.count("(once the access is over)") == 2
    assert "pre-authorises you for nothing" in erin.get(LIST).text
    assert "pre-authorises you for nothing" not in bob.get(LIST).text
    assert mallory.get(LIST).status_code == 404


def test_looking_begins_nothing(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    text = bob.get(LIST).text
    assert "Begin the emergency" in text
    assert "needs a sign-in by oidc_step_up" in text  # the other entitlement's tier is high
    for ask in (bob.client.head, bob.client.options):
        assert ask(LIST, headers=BROWSER).status_code == 200
    assert (gate.grants(), gate.records("emergency.invoked")) == ([], [])


def test_times_on_the_page_read_as_on_every_other_page(gate: Gate) -> None:
    path = begin(surfer(gate, "bob"))
    gate.settle()
    text = surfer(gate, "erin", path).get(path).text
    assert " · until <time datetime=" in text
    assert re.search(r"\d\.\d{6}Z", text) is None
    record = gate.records("grant.activated")[0]["not_after"]
    assert re.search(r"\d\.\d{6}Z", record), "that is how the log has it"


def test_an_emergency_is_begun_given_back_and_reviewed_on_pages(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob, reason=f"{WHY} <script>alert(1)</script>")
    gate.settle()
    assert gate.members("SG-SALES-REPORTS") == {"bob"}
    page = bob.get(path).text
    assert "&lt;script&gt;alert(1)" in page
    assert "grant.provisioning" in page
    given = form_on(bob, path) | {"do": "return"}
    assert bob.client.post(path, data=given, headers=BROWSER).status_code == 303
    gate.settle()
    assert gate.members("SG-SALES-REPORTS") == set()
    erin = surfer(gate, "erin", path)
    form = form_on(erin, path) | {"do": "review", "outcome": "justified"}
    short = erin.client.post(path, data=form | {"justification": "ok"}, headers=BROWSER)
    assert (short.status_code, 'aria-invalid="true"' in short.text) == (422, True)
    done = erin.client.post(path, data=form | {"justification": FOUND}, headers=BROWSER)
    assert done.status_code == 303
    assert "justified, by" in erin.get(path).text
    again = erin.client.post(path, data=form | {"justification": FOUND}, headers=BROWSER)
    assert again.status_code == 409


def test_nobody_reviews_their_own_on_the_page(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob)
    form = form_on(bob, path)
    posted = form | {"do": "review", "outcome": "justified", "justification": FOUND}
    answer = bob.client.post(path, data=posted, headers=BROWSER)
    assert (answer.status_code, "own_emergency" in answer.text) == (403, True)


def test_a_drill_gives_nothing(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob, do="drill")
    assert "DRILL" in bob.get(path).text
    assert "DRILL" in bob.get(LIST).text
    assert gate.grants() == []


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"minutes": "121"}, 422),
        ({"minutes": "1e3"}, 422),
        ({"minutes": "-1"}, 422),
        ({"minutes": "٣"}, 422),
        ({"minutes": "9999999999"}, 422),
        ({"reason": "short"}, 422),
        ({"shown": "x"}, 409),
        ({"entitlement": "prod-db-admin"}, 403),
        ({"entitlement": "root"}, 403),
        ({"csrf_token": "x"}, 400),
    ],
)
def test_a_form_that_does_not_do_keeps_what_was_typed(
    gate: Gate, typed: dict[str, str], status: int
) -> None:
    bob = surfer(gate, "bob")
    form = form_on(bob, LIST, entitlement="sales-reports")
    posted = form | {"reason": WHY, "minutes": "30", "do": "invoke"} | typed
    answer = bob.client.post(LIST, data=posted, headers=BROWSER)
    assert answer.status_code == status
    assert gate.grants() == []
    if status == 422:
        assert posted["reason"] in answer.text


def test_a_form_that_says_nothing_is_refused(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob)
    form = form_on(bob, path)
    answer = bob.client.post(path, data=form | {"do": "approve"}, headers=BROWSER)
    assert answer.status_code == 400


def test_without_a_directory_the_page_says_so(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob)
    gate.directory.unreadable = True
    assert bob.get(LIST).status_code == 503
    assert bob.get(path).status_code == 503


def test_a_second_person_consents_on_the_page(gate: Gate) -> None:
    surfing = surfer(gate, "alice")
    begin(surfing)
    gate.settle()
    gate.tick(1800)
    gate.tick(26 * 3600)  # nobody reviews it
    bob = surfer(gate, "bob")
    form = form_on(bob, LIST, entitlement="sales-reports")
    posted = form | {"reason": f"{WHY} <b>", "minutes": "30", "do": "invoke"}
    asked = bob.client.post(LIST, data=posted, headers=BROWSER)
    assert (asked.status_code, "consent_needed" in asked.text) == (409, True)
    assert "Nobody has consented yet" in bob.get(LIST).text
    erin = surfer(gate, "erin")
    text = erin.get(LIST).text
    assert "A second person must consent" in text
    assert "&lt;b&gt;" in text
    (path, found) = next(
        (where, form) for where, form in Forms(text).forms if where.startswith(f"{LIST}/")
    )
    given = found | {"do": "consent", "justification": FOUND}
    short = erin.client.post(path, data=given | {"justification": "ok"}, headers=BROWSER)
    assert short.status_code == 422
    done = erin.client.post(path, data=given, headers=BROWSER)
    assert (done.status_code, done.headers["Location"]) == (303, LIST)
    assert "Consent was given" in erin.get(LIST).text
    assert bob.client.post(LIST, data=posted, headers=BROWSER).status_code == 303
    gate.settle()
    assert gate.members("SG-SALES-REPORTS") == {"bob"}


BACK = f"{LIST}/backfill"


def test_what_was_done_by_hand_is_entered_on_its_page_and_reviewed(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    assert BACK in bob.get(LIST).text
    gate.target.groups["SG-SALES-REPORTS"].add("id-bob")
    ends = [gate.clock.at - timedelta(minutes=one) for one in (90, 10)]
    since, until = (f"{one:%Y-%m-%dT%H:%M}" for one in ends)
    typed = {"person": "bob", "entitlement": "sales-reports", "since": since, "until": until}
    posted = form_on(bob, BACK) | typed | {"reason": WHY, "how": f"{FOUND} <b>", "seen_by": "Carol"}
    late = bob.client.post(BACK, data=posted | {"since": "2026-13-01"}, headers=BROWSER)
    assert (late.status_code, 'aria-invalid="true"' in late.text) == (422, True)
    assert f"{WHY}" in late.text
    done = bob.client.post(BACK, data=posted, headers=BROWSER)
    assert done.status_code == 303
    gate.settle()
    assert gate.members("SG-SALES-REPORTS") == set()
    text = bob.get(done.headers["Location"]).text
    assert "Entered late: claimed, not enforced." in text
    assert "&lt;b&gt;" in text
    assert bob.client.post(BACK, data=posted, headers=BROWSER).status_code == 409
    erin = surfer(gate, "erin", done.headers["Location"])
    path = done.headers["Location"]
    form = form_on(erin, path) | {"do": "review", "outcome": "justified", "justification": FOUND}
    assert erin.client.post(path, data=form, headers=BROWSER).status_code == 303
    assert "Entered late" in erin.get(LIST).text


def test_before_sign_in_nothing_is_entered(gate: Gate) -> None:
    stranger, mallory = Surfer(app_of(gate)), surfer(gate, "mallory")
    assert stranger.get(BACK).headers["Location"].startswith("/sign-in")
    token = Forms(stranger.get("/sign-in").text).form("/sign-in")["csrf_token"]
    assert (
        stranger.client.post(BACK, data={"csrf_token": token}, headers=BROWSER).status_code == 401
    )
    assert mallory.get(BACK).status_code == 404


@pytest.mark.parametrize(
    ("activity", "words"),
    [
        (Activity(code=CANNOT_TELL), "The target cannot tell"),
        (Activity(code="target_unavailable"), "could not be asked now"),
        (Activity(), "has nothing on record"),
        (Activity((Deed(MORNING, "made <i>"),), cut=True), "made &lt;i&gt;"),
    ],
    ids=["cannot tell", "failed", "nothing", "something"],
)
def test_the_page_says_what_the_target_tells_or_that_it_does_not(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, activity: Activity, words: str
) -> None:
    monkeypatch.setattr(emergency_desk, "activity_of", lambda *_: activity)
    bob = surfer(gate, "bob")
    text = bob.get(begin(bob)).text
    assert words in text
    assert ("There is more than is shown here" in text) is activity.cut


def test_the_window_goes_on_on_a_next_page(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob)
    whole = re.findall(r"<li><code>#(\d+)</code>", bob.get(path).text)
    assert 'rel="next"' not in bob.get(path).text
    monkeypatch.setattr(emergency_window, "SHOWN_MAX", 1)
    seen, address = list[str](), path
    for _ in whole:
        text = bob.get(address).text
        seen += re.findall(r"<li><code>#(\d+)</code>", text)
        assert ("From the invocation on" in text) is (address != path)
        link = re.search(r'<a href="([^"]+[?]behind=\d+)" rel="next">', text)
        assert ("There is more than is shown here" in text) is (link is not None)
        if link is None:
            break
        address = link[1]
    assert seen[: len(whole)] == whole  # each look is on record as well
    assert len(whole) > 1
    for odd in ("", "x", "-1", "9" * 40, "\u0663"):  # no index: from the beginning
        assert f"#{whole[0]}<" in bob.get(f"{path}?behind={odd}").text


def test_the_page_leads_an_operator_to_the_end_of_the_access_and_nobody_else(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob)
    gate.settle()
    end = f"/console/grants/{gate.grants()[0].id}"
    roles = {one: (Word("person", "erin"),) for one in ("operator", "auditor")}
    none: dict[str, frozenset[str]] = {}
    here = (gate.store, gate.clock, gate.directory, gate.desk.snapshot)
    parts = (*here, roles, gate.in_force, none)
    app = create_app(
        gate.desk,
        public_url="http://127.0.0.1:8080",
        session_key=SESSION_KEY,
        new_secret=gate.ids.token,
        emergencies=replace(desk_of(gate), roles=roles),
        requests=(RequestDesk(*parts), ConsoleDesk(*parts)),
    )
    erin = surfer(gate, "erin", path, app)
    assert f'class="button" href="{end}"' in erin.get(path).text
    assert erin.get(end).status_code == 200
    assert end not in surfer(gate, "bob", path, app).get(path).text
    gate.tick(3600)
    assert gate.grant_states() == ["revoked"]
    assert end not in erin.get(path).text


def test_what_cannot_begin_now_is_said_before_anybody_types(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob)
    gate.settle()
    text = bob.get(LIST).text
    assert "An emergency of yours for this is not over" in text
    assert ("Begin the emergency" in text, "Drill: all of it but the access" in text) == (
        False,
        True,
    )
    assert "Begin the emergency" in surfer(gate, "alice").get(LIST).text
    bob.client.post(path, data=form_on(bob, path) | {"do": "return"}, headers=BROWSER)
    gate.settle()
    assert "The next emergency for this can begin in" in bob.get(LIST).text


def test_access_that_should_be_gone_is_never_told_as_over(gate: Gate) -> None:
    bob = surfer(gate, "bob")
    path = begin(bob)
    gate.settle()
    assert "at the latest" in bob.get(path).text  # the control: while it is there
    gate.target.down = True
    for seconds in (7200, 61):
        gate.tick(seconds)
    assert gate.grant_states() == ["revoke_overdue"]
    text = surfer(gate, "bob", path).get(path).text
    assert "should be gone, and may still be there" in text
    assert "revoke_overdue" not in text.replace('"', "")
    assert "at the latest" not in text
