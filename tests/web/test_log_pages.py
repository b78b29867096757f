"""The pages of the log: what is rendered, where a query leads, and that the script is allowed."""

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.keys import ORIGIN
from tests.operations.kit import WHY
from tests.web.whole import Whole, whole

from ticketgate.web.sign_in import local


@pytest.fixture(scope="module")
def made() -> Iterator[Whole]:
    """One that everybody looks at, and that is signed."""
    with whole() as one:
        one.sign()
        yield one


def test_the_list_tells_where_the_log_stands_and_leads_to_its_records(made: Whole) -> None:
    text = made.look("aude", "/console/evidence").text
    assert f"<code>{ORIGIN}</code>" in text
    assert "nobody outside this host vouches" in text
    assert '<a href="/console/evidence/40">#40</a>' in text
    assert 'href="/console/evidence" aria-current="page"' in text
    assert "script" not in made.look("aude", "/console/evidence").headers["content-security-policy"]


def test_an_index_leads_to_its_record_and_a_type_to_those_of_it(made: Whole) -> None:
    for query in ("3", f"{ORIGIN}%233"):
        answer = made.look("aude", f"/console/evidence?q={query}")
        assert (answer.status_code, answer.location) == (303, "/console/evidence/3")
    text = made.look("aude", "/console/evidence?type=request.opened&q=RITM-t1").text
    types = re.findall(r'<code class="whole">([a-z_.]+)</code></td>', text)
    assert types == ["request.opened"]
    assert "Nothing was found." in made.look("olga", "/console/evidence?q=%3Cb%3E").text
    assert "<b>" not in made.look("olga", "/console/evidence?q=%3Cb%3E").text
    unknown = made.look("aude", "/console/evidence?type=nothing&before=x").text
    assert "The newest records" in unknown


def test_a_page_goes_on_where_the_one_before_it_ended(made: Whole) -> None:
    text = made.look("aude", "/console/evidence?before=60").text
    assert "Older records" in text
    assert '<a href="/console/evidence/59">#59</a>' in text
    assert 'href="/console/evidence?before=10"' in text


def test_a_record_is_shown_byte_for_byte_with_its_proof_and_may_run_our_script(made: Whole) -> None:
    answer = made.look("aude", "/console/evidence/1")
    assert answer.headers["content-security-policy"].endswith("; script-src 'self'")
    with made.gate.db() as reading:
        entry = reading.evidence.entry(1)
    assert entry is not None
    found = re.search(r'<pre id="entry"[^>]*>\n(.*?)</pre>', answer.text, re.DOTALL)
    assert found is not None
    assert html.unescape(found[1]).encode() == entry
    assert "python3 verify.py --proof record-1.proof --trust TRUST" in answer.text
    assert f"{ORIGIN}\n" in answer.text
    assert 'class="printed"' in answer.text


def test_what_is_not_signed_yet_says_so_and_what_there_is_not_is_not_found(made: Whole) -> None:
    newest = made.gate.evidence_size() - 1
    text = made.look("aude", f"/console/evidence/{newest}").text
    assert "No signed checkpoint proves it yet" in text
    for nothing in ("99999", "x", "01", "-1", "٣"):
        assert made.look("aude", f"/console/evidence/{nothing}").status_code == 404


def test_an_operator_is_shown_that_something_is_not_for_them(made: Whole) -> None:
    index = next(int(one["_seq"]) for one in made.gate.records("emergency.invoked"))
    asked, shown = (made.look(who, f"/console/evidence/{index}").text for who in ("olga", "aude"))
    assert "not for you" in asked
    assert "not for you" not in shown
    assert WHY not in asked


def test_who_asked_is_led_to_the_request_from_its_record(made: Whole) -> None:
    request = made.path("/console/requests/<ident>")
    index = next(
        int(one["_seq"])
        for one in made.gate.records("request.opened")
        if request.endswith(str(one["id"]))
    )
    assert f'href="{request}"' in made.look("alice", f"/console/evidence/{index}").text
    bobs = made.look("bob", f"/console/evidence/{index}").text
    assert f'href="{request}"' not in bobs
    assert "RITM-t1" in bobs
    assert "All records" not in bobs


def test_what_is_printed_has_the_log_at_its_head(made: Whole) -> None:
    for route in ("/console/requests/<ident>", "/console/emergency/<ident>"):
        text = made.look("aude", made.path(route)).text
        assert re.search(rf'class="printed">Log <code>{ORIGIN}</code> · \d+ records, root', text)
        assert '<link rel="stylesheet" href="/static/print.css" media="print">' in text


def test_a_search_leads_to_what_the_person_may_see(made: Whole) -> None:
    request = made.path("/console/requests/<ident>")
    for who, linked in (("alice", True), ("olga", True), ("bob", False), ("mallory", False)):
        text = made.look(who, "/console/search?q=ritm-T1").text
        shown = who in {"alice", "bob"}
        assert (f'href="{request}"' in text) == (linked and who != "olga"), who
        assert ("<caption>Requests</caption>" in text) == shown, who
    assert f'href="{request}"' in made.look("olga", "/console/search?q=RITM-t1").text
    nothing = made.look("mallory", "/console/search?q=%3Cb%3E").text
    assert "Nothing that you may see fits <bdi>&lt;b&gt;</bdi>." in nothing
    assert "find records" not in nothing
    people = made.look("aude", "/console/search?q=alice").text
    assert '<a href="/console/evidence?q=alice-admin">' in people
    assert 'href="/console/evidence/3"' in made.look("aude", "/console/search?q=3").text
    assert 'href="/console/search" aria-current="page"' in people
    assert "Nothing that" not in made.look("mallory", "/console/search").text


def test_the_records_of_a_timeline_open_for_who_sees_it(made: Whole) -> None:
    for who in ("alice", "kate", "olga", "aude"):
        text = made.look(who, made.path("/console/requests/<ident>")).text
        links = re.findall(r'href="(/console/evidence/\d+)"', text)
        assert links, who
        assert {made.look(who, one).status_code for one in links} == {200}, who


def test_the_time_of_a_record_has_its_second(made: Whole) -> None:
    of_record = re.compile(r"<time [^>]*>20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC</time>")
    for path in ("/console/evidence", "/console/evidence/1"):
        assert of_record.search(made.look("aude", path).text), path
    for route in ("/console/requests/<ident>", "/console/emergency/<ident>"):
        assert of_record.search(made.look("aude", made.path(route)).text), route


def test_whoever_has_emergency_access_reads_its_records_and_an_auditor_is_led_there(
    made: Whole,
) -> None:
    granted = [one for one in made.gate.records("grant.planned") if one["cause"] == "emergency"]
    (path,) = [f"/console/evidence/{one['_seq']}" for one in granted]
    assert made.look("bob", path).status_code == 200
    assert made.look("kate", path).status_code == 404
    page = made.path("/console/emergency/<ident>")
    assert f'href="{path}"' in made.look("aude", page).text
    assert f'href="{path}"' not in made.look("dan", page).text


def test_an_auditor_is_told_that_they_read_only(made: Whole) -> None:
    for route in ("/console/exceptions/<ident>", "/console/quarantine/<ident>"):
        text = made.look("aude", made.path(route)).text
        assert "You read this as an auditor" in text
        assert "<form" not in text.partition("<main")[2]


def test_sign_in_leads_back_to_every_page_that_led_to_it(made: Whole) -> None:
    stranger, seen = made.app.test_client(), set()
    for rule in made.app.url_map.iter_rules():
        if rule.rule.startswith("/console") and "GET" in (rule.methods or ()):
            path = made.path(rule.rule)
            answer = stranger.get(path)
            if answer.status_code == 303:
                (asked,) = parse_qs(urlsplit(answer.location).query)["next"]
                assert local(asked) == asked == path
                seen.add(rule.rule)
    assert {"/console", "/console/evidence/<index>", "/console/search"} <= seen
