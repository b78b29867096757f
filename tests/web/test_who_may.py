"""Every route and method, and everybody: what each is answered; a wrong one changes nothing.

The routes are those of the application's own map. `who_may.txt` says for each what everybody is
answered; a route without a line there fails.
"""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Final

import flask
import pytest
from tests.web.posts import AFTERWARDS, POSTS
from tests.web.whole import OWN, PEOPLE, Whole, whole

from ticketgate.domain.people.duties import Window
from ticketgate.domain.requests import roles

HELD: Final = Path(__file__).with_name("who_may.txt")
KNOWN: Final = {"GET", "HEAD", "OPTIONS", "POST"}
OTHERS: Final = ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "LOCK")
OK: Final = 200
DONE: Final = 399  # what is above was refused
CALLBACK: Final = "/sign-in/oidc/callback"  # a HEAD would use up what it carries
LOG: Final = ("evidence_entry", "evidence_naming", "evidence_head", "evidence_disclosure",
              "evidence_tile", "request_record")  # fmt: skip
FOR_MANY: Final = {("/console/passkeys", "begin")}  # each for themselves: one world is enough

pytestmark = pytest.mark.untraced
Line = tuple[str, str, str]  # method, route, deed


def table() -> dict[Line, dict[str, int]]:
    """What `who_may.txt` says: line -> person -> status."""
    head, *lines = [one for one in HELD.read_text().splitlines() if one and one[0] != "#"]
    names, found = head.split(), {}
    assert names == list(PEOPLE)
    for line in lines:
        method, route, deed, *cells = line.split()
        key = (method, route, deed.strip("-"))
        assert key not in found, f"twice: {key}"
        found[key] = dict(zip(names, map(int, cells), strict=True))
    return found


TABLE: Final = table()
GETS: Final = [(route, told) for (method, route, _), told in TABLE.items() if method == "GET"]
DEEDS: Final = [(line[1:], told) for line, told in TABLE.items() if line[0] == "POST"]


def without_a_line(app: flask.Flask) -> set[tuple[str, str]]:
    """(method, route) that the application answers, and the table does not say to whom."""
    there = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"}
    }
    return there ^ {(method, route) for method, route, _ in TABLE}


@pytest.fixture(scope="module")
def still() -> Iterator[Whole]:
    """One in which nobody does anything that they may."""
    with whole() as made:
        yield made


def test_every_route_has_a_line_and_every_line_a_route(still: Whole) -> None:
    assert without_a_line(still.app) == set()
    assert {line[1:] for line in TABLE if line[0] == "POST"} == set(POSTS)


def test_a_route_that_comes_new_is_seen() -> None:
    with whole() as made:
        made.app.add_url_rule("/console/new", view_func=lambda: "", methods=["GET", "DELETE"])
        new = {("GET", "/console/new"), ("DELETE", "/console/new")}
        assert without_a_line(made.app) == new


@pytest.mark.parametrize(("route", "told"), GETS, ids=[route for route, _ in GETS])
def test_looking_answers_everybody_as_the_table_says_and_changes_nothing(
    still: Whole, route: str, told: dict[str, int]
) -> None:
    before, path = still.state(*OWN, *LOG), still.path(route)
    assert {who: still.look(who, path).status_code for who in PEOPLE} == told
    size, whole_state = still.gate.evidence_size(), still.state()
    for who in PEOPLE:
        head = still.look(who, path, "HEAD")
        assert head.data == b""
        assert head.status_code == told[who] or (route, head.status_code) == (CALLBACK, 405)
        assert still.look(who, path, "OPTIONS").status_code < 500
    assert (still.gate.evidence_size(), still.state()) == (size, whole_state)
    assert still.state(*OWN, *LOG) == before


def test_no_route_answers_another_method(still: Whole) -> None:
    before = still.state()
    for route in {rule.rule for rule in still.app.url_map.iter_rules()}:
        path = still.path(route)
        answered = {rule.rule: rule.methods or set() for rule in still.app.url_map.iter_rules()}
        assert answered[route] <= KNOWN
        for method in OTHERS:
            for who in ("nobody", "bob", "olga", "tina"):
                answer = still.look(who, path, method)
                assert answer.status_code in {400, 401, 405}, (who, method, path)
    assert still.state() == before


@pytest.mark.parametrize(("deed", "told"), DEEDS, ids=[" ".join(one) for one, _ in DEEDS])
def test_a_deed_is_done_for_whom_the_table_says_and_for_nobody_else(
    deed: tuple[str, str], told: dict[str, int]
) -> None:
    mine = [who for who in PEOPLE if told[who] <= DONE]
    with whole() as made:
        send = POSTS[deed](made)
        before = made.state(*OWN, *LOG)
        for who in PEOPLE:
            if who not in mine:
                assert (who, send(who).status_code) == (who, told[who])
        assert made.state(*OWN, *LOG) == before, "somebody changed what they may not"
        if mine:
            assert send(mine[0]).status_code == told[mine[0]]
    for who in [] if deed in FOR_MANY or len(mine) == len(PEOPLE) else mine[1:]:
        with whole() as made:
            assert (who, POSTS[deed](made)(who).status_code) == (who, told[who])


def test_a_hole_is_seen(still: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every role is everybody's, the pages of roles answer what the table does not say."""
    monkeypatch.setattr(roles, "_may", lambda *_: None)
    seen = {
        route
        for route, told in GETS
        if still.look("mallory", still.path(route)).status_code != told["mallory"]
    }
    lanes = {f"/{at}/{name}" for at in ("console", "api/v1") for name in ("triage", "quarantine")}
    lanes |= {"/console/exceptions", "/console/emergency", "/restore"}
    lanes |= {"/console/emergency/backfill", "/console/grants", "/console/revocations"}
    lanes |= {"/console/deliveries", "/console/evidence", "/console/evidence/<index>"}
    assert {one.removesuffix("/<ident>") for one in seen} == {*lanes, "/console/requests"}


def _unknown(path: str, still: Whole) -> str:
    """The same address with something that does not exist."""
    last = path.rpartition("/")[2]
    assert last == still.link or "_" in last
    return path.removesuffix(last) + last[:-3] + "fff"


@pytest.mark.parametrize("route", [one for one, _ in GETS if "<ident>" in one or "<link>" in one])
def test_whom_it_is_not_for_cannot_tell_whether_there_is_such_a_one(
    still: Whole, route: str
) -> None:
    path = still.path(route)
    nothing = _unknown(path, still)
    for line, told in TABLE.items():
        if line[1] != route:
            continue
        for who in PEOPLE:
            if TABLE["GET", route, ""][who] != OK and told[who] in {401, 403, 404}:
                answers = [_asked(still, line[0], who, one) for one in (path, nothing)]
                assert answers[0] == answers[1], (line, who)


def _asked(still: Whole, method: str, who: str, path: str) -> tuple[int, str]:
    """Status, and the text without what is another one each time."""
    if method == "GET":
        answer = still.look(who, path)
    elif path.startswith("/api/"):
        answer = still.say(who, path, {"what": "dismiss"})
    else:
        answer = still.send(who, path, {"do": "review", "decision": "approve"})
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    return answer.status_code, text.replace(path, "").replace(path.rpartition("/")[2], "")


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"kind": "nhi"},
        {"aliases": frozenset({"alice"})},
        {"aliases": frozenset({"kate"})},
        {"away": True},
        {"gone": True},
    ],
    ids=str,
)
def test_whoever_holds_a_link_and_is_not_who_they_were_decides_nothing(
    change: dict[str, object],
) -> None:
    """Bob has his link and a session; then the directory says otherwise."""
    with whole() as made:
        send = POSTS["/approve/<link>", "approve"](made)
        directory, now = made.gate.directory, made.gate.clock.at
        if "gone" in change:
            del directory.people["bob"]
        elif "away" in change:
            directory.change("bob", away=(Window(now, now + timedelta(hours=8)),))
        else:
            directory.change("bob", **change)
        made.gate.desk.snapshot()
        before = made.state(*OWN, *LOG)
        answer = send("bob")
        assert answer.status_code in {401, 403, 404}, answer.text
        assert made.state(*OWN, *LOG) == before


# Of those one is sent by the provider, and signed; two take a delivery away first.
_FORMS: Final = [one for one in POSTS if "/logout" not in one[0] and "/triage/" not in one[0]]


@pytest.mark.parametrize("deed", _FORMS, ids=" ".join)
def test_without_the_token_of_the_own_browser_nobody_does_anything(
    still: Whole, monkeypatch: pytest.MonkeyPatch, deed: tuple[str, str]
) -> None:
    """Another's token is none, and neither is none."""
    with whole() if deed in AFTERWARDS else nullcontext(still) as made:
        send = POSTS[deed](made)
        before, bobs = made.state(*OWN, *LOG), made.csrf("bob")
        for token in ("", bobs):
            monkeypatch.setattr(made, "csrf", lambda _, token=token: token)
            for who in ("alice", "kate", "dan", "olga", "tina", "victor"):
                assert send(who).status_code == 400, who
        assert made.state(*OWN, *LOG) == before
