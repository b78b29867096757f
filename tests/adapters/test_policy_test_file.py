"""`*_test.yaml`: what is read, and each fault with its line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.operations.fakes import MORNING, ROOT, FakeDirectory
from tests.operations.tickets import ACCOUNTS, SOURCE, PlainConnector, access_ticket

from ticketgate.adapters.config.policy_test_file import load_cases
from ticketgate.connector_api import Missing, Reference, SourceMapping, StateClass
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.policy.policy_case import Case
from ticketgate.domain.tickets.mapping import TableMapping
from ticketgate.ports import Source

STATES = {"1": StateClass.OPEN, "3": StateClass.CLOSED}
TABLES = {"sc_req_item": TableMapping("sc_req_item", "requested_for", STATES)}
SOURCES = {SOURCE: Source(PlainConnector(), SourceMapping(SOURCE, TABLES), frozenset())}
NOBODY: frozenset[str] = frozenset()
GOOD = """\
version: 1
now: 2026-11-26T09:00:00Z
cases:
  - name: one
    ticket:
      source: snow-prod
      table: sc_req_item
      state: "1"
      fields: { opened_by: person:alice, requested_for: { id: x }, catalog_item: Mac, number: R1 }
      variables: { role: dba, hours: null }
    expect: { verdict: identity, kinds: privilege.elevate, blocked: [], seconds: 2h }
    steps:
      - approve: { by: bob, for: 1h, method: oidc, justification: it is needed }
        expect: { refused: none, stage: 2 }
      - at: +2h
        ticket: { state: "3", updated_by: person:bob, fields: { number: null } }
      - at: +2h
        leaves: bob
  - name: two
    now: 2027-01-01T00:00Z
    ticket: { source: snow-prod, table: incident }
    expect: { asked: { line: [dan, carol] } }
"""

APPROVE = "approve: { by: bob, for: 1h, method: oidc, justification: it is needed }"
EDIT = 'ticket: { state: "3", updated_by: person:bob, fields: { number: null } }'
BARE = "{ source: snow-prod, table: incident }"


def load(tmp_path: Path, text: str = GOOD) -> tuple[Case, ...]:
    path = tmp_path / "policy_test.yaml"
    path.write_text(text)
    return load_cases(path, FakeDirectory().read(MORNING), SOURCES)


def test_cases_are_read_whole(tmp_path: Path) -> None:
    one, two = load(tmp_path)
    assert (one.name, one.line, two.line) == ("one", 4, 19)
    assert one.now == datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    assert two.now == datetime(2027, 1, 1, tzinfo=UTC)
    assert one.ticket.fields["opened_by"] == Reference(ACCOUNTS["alice"], "Alice Moreau")
    assert one.ticket.fields["requested_for"] == Reference("x", None)
    assert one.ticket.fields["catalog_item"] == Reference(None, "Mac")
    assert one.ticket.variables == {"role": "dba", "hours": Missing.ABSENT}
    assert (one.ticket.bound_to, one.ticket.state_class) == ("requested_for", StateClass.OPEN)
    assert one.ticket.updated_by == ACCOUNTS["alice"]
    assert (two.ticket.bound_to, two.ticket.updated_by) == ("none", "")
    assert {want.key: want.value for want in one.expect} == {
        "verdict": "identity", "kinds": ["privilege.elevate"], "blocked": [], "seconds": 7200,
    }  # fmt: skip
    assert two.expect[0].value == {"line": ["carol", "dan"]}


def test_steps_are_read_in_order(tmp_path: Path) -> None:
    approve, ticket, leaves = load(tmp_path)[0].moves
    assert (approve.do, approve.by, approve.seconds) == ("approve", "bob", 3600)
    assert (approve.method, approve.justification) == ("oidc", "it is needed")
    assert approve.at == datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    assert ticket.at == leaves.at == approve.at + timedelta(hours=2)
    assert ticket.ticket
    assert (ticket.ticket.version, ticket.ticket.state_class) == (2, StateClass.CLOSED)
    assert ticket.ticket.fields["number"] is Missing.ABSENT
    assert ticket.ticket.fields["catalog_item"] == Reference(None, "Mac")
    assert ticket.ticket.updated_by == ACCOUNTS["bob"]
    assert (leaves.do, leaves.by) == ("leaves", "bob")


def test_a_file_is_what_the_source_would_post(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps(access_ticket().plain()))
    text = GOOD.replace(BARE, "{ source: snow-prod, file: t.json }")
    assert load(tmp_path, text)[1].ticket == access_ticket()


def test_a_body_is_the_same_as_yaml(tmp_path: Path) -> None:
    body = json.dumps(access_ticket().plain())
    text = GOOD.replace(BARE, f"{{ source: snow-prod, body: {body} }}")
    assert load(tmp_path, text)[1].ticket == access_ticket()


def test_a_directory_of_its_own_holds(tmp_path: Path) -> None:
    people = (
        "{ zoe: { name: Zoe, mail: zoe@example.com, active: true, accounts: { snow-prod: [z1] } } }"
    )
    text = GOOD.partition("cases:")[0] + (
        f"directory: {{ people: {people}, groups: {{}} }}\n"
        "cases:\n"
        "  - name: one\n"
        "    ticket: { source: snow-prod, table: t, fields: { opened_by: person:zoe } }\n"
        "    expect: { verdict: identity }\n"
    )
    (one,) = load(tmp_path, text)
    assert set(one.snapshot.people) == {"zoe"}
    assert one.ticket.updated_by == "z1"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("now: 2026-11-26T09:00:00Z", "now: yesterday", "2: now: 'yesterday' is no time"),
        ("now: 2026-11-26T09:00:00Z", "now: 2026-13-26T09:00:00Z", "2: now: '2026-13"),
        ("now: 2027-01-01T00:00Z", "now: 2027", "20: cases[1].now: '2027' is no time"),
        ("version: 1\n", "versions: 1\n", "1: (file): the key 'version' is missing"),
        ("name: two", "name: one", "19: cases[1].name: the name is there twice (first on line 4)"),
        ("source: snow-prod\n", "source: snow\n", "there is no source 'snow'; did you mean"),
        ("table: sc_req_item\n", "tabel: sc_req_item\n", "the key 'table' is missing"),
        ("number: R1", "nummer: R1", "unknown field 'nummer'; did you mean 'number'?"),
        ("number: R1", "number: [R1]", "must be text"),
        ("person:alice", "person:alise", "nobody has the id 'alise'; did you mean 'alice'?"),
        ("updated_by: person:bob", "updated_by: somebody-else", ""),
        ("by: bob", "by: bobo", "nobody has the id 'bobo'; did you mean 'bob'?"),
        ("leaves: bob", "leaves: bobo", "nobody has the id 'bobo'; did you mean 'bob'?"),
        ("for: 1h", "for: soon", "'soon' is not a duration"),
        ("method: oidc", "method: sms", "unknown word 'sms'"),
        ("approve: {", "aprove: {", "13: cases[0].steps[0]: does nothing; one of: at, approve"),
        ("leaves: bob", "leaves: bob\n        deny: { by: dan }", "a step: deny or leaves"),
        ("at: +2h\n        ticket", "at: 2h\n        ticket", "'2h' is no time after"),
        ("at: +2h\n        leaves", "at: +1h\n        leaves", "is before the step above it"),
        ("verdict: identity", "verdikt: identity", "'verdikt' is unknown; did you"),
        ("stage: 2", "tier: low", "'tier' is expected of a case, not of a step"),
        ("stage: 2", "stage: two", "must be a whole number"),
        ("stage: 2", "automatic: perhaps", "must be true or false"),
        ("seconds: 2h", "seconds: 7200", "is not a duration"),
        ("blocked: []", "blocked: ~", "is empty; nothing is []"),
        ("blocked: []", "blocked: { a: b }", "must be text"),
        ("asked: { line: [dan, carol] }", "asked: [dan]", "must be a mapping"),
        ("asked: { line: [dan, carol] }", "asked: { line: ~ }", "is empty; nothing is []"),
        ("expect: { asked: { line: [dan, carol] } }", "steps: []", "expects nothing"),
        (BARE, "{ source: snow-prod, file: no.json }", "cannot be read"),
        (BARE, "{ source: snow-prod, body: [] }", "not_a_record"),
        (
            BARE,
            "{ source: snow-prod, body: { parent: x, state: y } }",
            "is no ticket but a row of approvals",
        ),
        (
            BARE,
            "{ source: snow-prod, file: a, body: {} }",
            "either a file or a body",
        ),
        ('state: "1"', 'state: "1"\n      state_class: gone', "unknown word 'gone'"),
        ("approve: { by: bob,", "approve: { bye: bob,", "the key 'by' is missing"),
        (APPROVE, "approve: bob", "must be a mapping"),
        (EDIT, "ticket: closed", "must be a mapping"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert GOOD.count(old) == 1, old
    if not fault:
        load(tmp_path, GOOD.replace(old, new))
        return
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert any(fault in one.text for one in caught.value.faults), caught.value.faults


@pytest.mark.parametrize("text", ["", "[]", "a: [", "cases: []\n"])
def test_what_is_no_test_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError):
        load(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        load_cases(tmp_path / "no.yaml", FakeDirectory().read(MORNING), SOURCES)


def test_the_example_in_the_documents_is_read(tmp_path: Path) -> None:
    text = (ROOT / "docs/policy.md").read_text()
    example = text.partition("## Testing a policy")[2].partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "sample-ticket.json").write_text(json.dumps(access_ticket().plain()))
    (one,) = load(tmp_path, example)
    assert len(one.moves) == 3


@pytest.mark.parametrize(
    ("local", "read", "unread"),
    [
        ("2026-11-27 09:00", "2026-11-27T08:00:00.000000Z", {}),
        ("2026-10-25 02:30", "2026-10-25 02:30", {"window_start": "window_ambiguous"}),
    ],
)
def test_local_times_of_a_case_are_read_as_its_source_says(
    tmp_path: Path, local: str, read: str, unread: dict[str, str]
) -> None:
    table = TableMapping("incident", zone=ZoneInfo("Europe/Berlin"))
    sources = {SOURCE: Source(PlainConnector(), SourceMapping(SOURCE, {"incident": table}), NOBODY)}
    ticket = f'{{ source: {SOURCE}, table: incident, fields: {{ window_start: "{local}" }} }}'
    step = f'ticket: {{ fields: {{ window_start: "{local}" }} }}'
    text = GOOD.partition("cases:")[0] + (
        "cases:\n"
        f"  - {{ name: one, ticket: {ticket}, expect: {{ verdict: identity }},"
        f" steps: [{{ {step} }}] }}\n"
    )
    path = tmp_path / "policy_test.yaml"
    path.write_text(text)
    (one,) = load_cases(path, FakeDirectory().read(MORNING), sources)
    edit = one.moves[0].ticket
    assert edit is not None
    for ticket_read in (one.ticket, edit):
        assert ticket_read.text("window_start") == read
        assert ticket_read.unread_times == unread
