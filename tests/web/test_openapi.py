"""`/api/v1/openapi.json` says what is so: the routes, the bodies, and real answers."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import flask
import pytest
from tests.adapters.schema_check import fits
from tests.operations.kit import Gate, folder
from tests.operations.lane import WHY, Lane, doubtful
from tests.operations.tickets import edited
from tests.web.api_client import DISMISS, QUARANTINE, TRIAGE, YES, Caller, path_of
from tests.web.test_triage_page import app_of
from werkzeug.test import TestResponse

from ticketgate.domain.requests.roles import may_triage
from ticketgate.operations.attending.quarantine import judge
from ticketgate.operations.attending.triage import triage
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.web.openapi import described
from ticketgate.web.problems import STATUS

HERE: Final = "/api/v1/openapi.json"
DOCUMENT: Final = described("ticketgate")
SCHEMAS: Final = {"$defs": DOCUMENT["components"]["schemas"]}
PROBLEM: Final = "application/problem+json"

ILL: Final[list[dict[str, object]]] = [
    {"force": 1},
    {"shown": ""},
    {"justification": ""},
    {"justification": "x" * 70_000},
    {"verdict": ""},
    {"kinds": []},
    {"tier": ""},
    {"what": ""},
]

Told = tuple[str, str, TestResponse]  # (method, path, answer)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of the description."""
    for path, item in DOCUMENT["paths"].items():
        for method in item.keys() - {"parameters"}:
            yield path, method, item[method]


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    """A gate with two tickets that nobody can tell, and behind them two parked deliveries."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.deliver(b"[1]", "unreadable")
            gate.deliver(doubtful())
            gate.deliver(doubtful("p2"))
            yield Lane(gate)
        finally:
            gate.stop()


@pytest.fixture(scope="module")
def app(lane: Lane) -> flask.Flask:
    return app_of(lane)


@pytest.fixture(scope="module")
def answers(lane: Lane) -> list[Told]:
    """What is answered in the life of a ticket and of a delivery, well and ill."""
    bob, alice, erin, nobody = (Caller(lane, who) for who in ("bob", "alice", "erin", ""))
    ticket, delivery = path_of(bob), path_of(bob, QUARANTINE)
    for caller in (erin, nobody):
        for path in (TRIAGE, QUARANTINE, ticket, delivery):
            caller.get(path)
    nobody.get(HERE)
    for path in (TRIAGE, QUARANTINE):
        bob.get(f"{path}?a=1")
    alice.say(ticket, YES)
    for path, word in ((ticket, YES), (delivery, DISMISS)):
        nobody.ask("POST", path, {}, b"")
        bob.get(path, Origin="null")
        bob.get(f"{path}?a=1")
        bob.say(path, word, X_CSRF_Token="")
        bob.say(path, word, Content_Type="text/plain")
        bob.say(path, word, Sec_Fetch_Site="cross-site")
        for body in (b"{", b"\xff", b'{"a":1,"a":2}', b"[]", b"{}", b"[NaN]", b"[" * 99):
            bob.send(path, body)
        for more in ILL:
            bob.say(path, word | more)
        bob.get(f"{path}0")
        bob.send(f"{path}0", json.dumps({**word, "justification": "", "shown": ""}).encode())
    _outages(lane, bob, ticket, delivery)
    bob.say(ticket, YES)
    bob.say(delivery, DISMISS)
    bob.get(ticket)
    _parked_one_that_tells(lane, bob)
    return bob.answers + alice.answers + erin.answers + nobody.answers


def _outages(lane: Lane, bob: Caller, ticket: str, delivery: str) -> None:
    """A ticket that is busy, and a directory that cannot be read."""
    lane.gate.receive(edited(doubtful(), description="again"))
    bob.get(ticket)
    bob.say(ticket, YES)
    lane.gate.work()
    headers = bob.headers()
    words = {"justification": WHY, "shown": ""}
    lane.gate.directory.unreadable = True
    for path in (TRIAGE, QUARANTINE, ticket, delivery):
        bob.get(path)
    bob.ask("POST", ticket, headers, json.dumps(YES | words).encode())
    bob.ask("POST", delivery, headers, json.dumps(DISMISS | words).encode())
    lane.gate.directory.unreadable = False


def _parked_one_that_tells(lane: Lane, bob: Caller) -> None:
    """A parked delivery whose body can be read, held against what is known."""
    ticket = doubtful("p7")
    lane.gate.deliver(ticket)
    lane.gate.deliver(edited(edited(ticket), description="see below"))
    lane.gate.deliver(edited(edited(ticket), description="see above"))
    whole = bob.read(path_of(bob, QUARANTINE))
    assert whole["told"]["differences"]


def described_at(app: flask.Flask, told: Told) -> dict[str, Any]:
    """What the description says of such an answer; KeyError where it says nothing."""
    method, path, answer = told
    endpoint = app.url_map.bind("").match(path.partition("?")[0], method=method)[0]
    rule = str(next(app.url_map.iter_rules(endpoint)))
    operation = DOCUMENT["paths"][rule.replace("<ident>", "{id}")][method.lower()]
    found: dict[str, Any] = operation["responses"][str(answer.status_code)]
    return found


def told_rightly(app: flask.Flask, told: Told) -> bool:
    """Whether status, type, headers and every field of an answer are as described."""
    answer = told[2]
    says = described_at(app, told)
    (kind,) = says["content"]
    headed = all(answer.headers.get(name) for name in says.get("headers", ()))
    schema = says["content"][kind]["schema"]
    return kind == answer.mimetype and headed and fits(answer.json, schema, SCHEMAS)


# --- the document --------------------------------------------------------------------------------


def test_the_description_is_served_to_everybody_with_the_cookie_s_name(app: flask.Flask) -> None:
    answer = app.test_client().get(HERE)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"
    scheme = described("__Host-ticketgate")["components"]["securitySchemes"]["session"]
    assert (scheme["in"], scheme["name"]) == ("cookie", "__Host-ticketgate")


def test_the_paths_are_the_routes(app: flask.Flask) -> None:
    routes = {
        (str(rule).replace("<ident>", "{id}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if str(rule).startswith("/api/")
    }
    assert routes == {(path, method) for path, method, _ in operations()}
    assert len(routes) == 7


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)))
    assert named == set(SCHEMAS["$defs"])


def test_every_operation_has_a_name_of_its_own_and_declares_its_parameters() -> None:
    names = [one["operationId"] for _, _, one in operations()]
    assert len(set(names)) == len(names) == 7
    for path, method, one in operations():
        item = DOCUMENT["paths"][path]
        inside = {said["name"] for said in item.get("parameters", ()) if said["in"] == "path"}
        assert inside == set(re.findall(r"{(\w+)}", path))
        assert all(answer["description"] for answer in one["responses"].values())
        headers = [said["name"] for said in one.get("parameters", ())]
        assert headers == (["X-CSRF-Token"] if method == "post" else [])
        assert ("requestBody" in one) is (method == "post")
    assert DOCUMENT["security"] == [{"session": []}]
    free = [path for path, _, one in operations() if "security" in one]
    assert free == [HERE]


def codes(operation: dict[str, Any]) -> dict[str, int]:
    """Code -> status, of the refusals that an operation names."""
    found: dict[str, int] = {}
    for status, answer in operation["responses"].items():
        schema = answer["content"].get(PROBLEM, {}).get("schema", {})
        named = [one["properties"]["code"]["enum"] for one in schema.get("allOf", ())[1:]]
        assert status in {"200", "default"} or len(named) == 1
        found |= {code: int(status) for codes in named for code in codes}
    return found


def test_every_code_has_the_status_that_it_is_answered_with() -> None:
    for _, _, operation in operations():
        for code, status in codes(operation).items():
            assert STATUS[code] == status, code
    assert len(codes(DOCUMENT["paths"]["/api/v1/triage/{id}"]["post"])) > 20


def test_every_refusal_that_the_desks_name_is_described() -> None:
    texts = [may_triage.__doc__, LaneDesk.carry_out.__doc__]
    for function, path in ((triage, "/api/v1/triage/{id}"), (judge, "/api/v1/quarantine/{id}")):
        said = "".join(
            (text or "").partition("Refusals:")[2] for text in [*texts, function.__doc__]
        )
        named = set(re.findall(r"`(\w+)`", said)) - {"may_say", "may_triage"}
        assert len(named) > 10
        assert named <= codes(DOCUMENT["paths"][path]["post"]).keys()


# --- held against what is so ---------------------------------------------------------------------


def test_real_answers_are_as_described(app: flask.Flask, answers: list[Told]) -> None:
    for told in answers:
        method, path, answer = told
        assert told_rightly(app, told), f"{method} {path}: {answer.status_code} {answer.text[:300]}"


def test_they_are_of_every_operation_and_every_status(
    app: flask.Flask, answers: list[Told]
) -> None:
    seen = {id(described_at(app, told)) for told in answers}
    unseen = [
        (method, path, status)
        for path, method, operation in operations()
        for status, says in operation["responses"].items()
        if id(says) not in seen and status != "default"
    ]
    assert unseen == []
    told = {one["code"] for *_, answer in answers if (one := answer.json) and "code" in one}
    assert {"own_ticket", "cross_site", "csrf", "unknown_key", "ticket_backlog"} <= told


def test_an_answer_with_another_field_or_code_is_seen(
    app: flask.Flask, answers: list[Told]
) -> None:
    """The control: each answer, with a field more, one less, or a code that is not named there."""
    seen = 0
    for told in answers:
        says = described_at(app, told)
        ((_, content),) = says["content"].items()
        whole: dict[str, Any] = told[2].json or {}
        if told[2].status_code == 200 and told[1] != HERE:
            wrong = [{**whole, "more": 1}, *(_without(whole, name) for name in whole)]
        elif told[2].status_code != 200:
            wrong = [{**whole, "code": "some_other"}, _without(whole, "code")]
        else:
            wrong = []
        assert not [one for one in wrong if fits(one, content["schema"], SCHEMAS)]
        seen += len(wrong)
    assert seen > 100


def _without(whole: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in whole.items() if key != name}


@pytest.mark.parametrize("resource", [TRIAGE, QUARANTINE])
def test_the_bodies_are_read_as_described(lane: Lane, resource: str) -> None:
    """Each key that is required or not, each type: the reader and the schema say the same."""
    lane.gate.deliver(b"[2]", "unreadable-2")
    lane.gate.deliver(doubtful("p3"))
    bob = Caller(lane)
    path = path_of(bob, resource)
    post = DOCUMENT["paths"][f"{resource}/{{id}}"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    good = {**(YES if resource == TRIAGE else DISMISS), "justification": "short", "shown": "x"}
    wrongs: list[object] = [1, None, True, {}, [1]]
    tried = [good, {**good, "more": ""}]
    tried += [_without(good, name) for name in good]
    tried += [{**good, name: wrong} for name in good for wrong in wrongs]
    taken = []
    for body in tried:
        answer = bob.send(path, json.dumps(body).encode())
        taken.append(answer.status_code != 400)
        assert taken[-1] is fits(body, schema, SCHEMAS), (body, answer.text)
    assert set(taken) == {True, False}
