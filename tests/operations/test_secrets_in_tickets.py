"""A secret in a ticket: masked everywhere but in the raw body, which goes; and a person looks."""

import base64
import json
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.domain.planted import PLANTED
from tests.operations.fakes import MORNING, FakeDirectory
from tests.operations.kit import ORIGIN, OWN_USER, Gate
from tests.operations.lane import Lane
from tests.operations.tickets import (
    access_ticket,
    account,
    body_of,
    closed,
    edited,
    printer_incident,
)
from tests.shipped import own_policy

from ticketgate.adapters.sqlite import schema
from ticketgate.connector_api import Reference, Ticket
from ticketgate.domain.classifying.masked_ticket import masked
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import parse_disclosure
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.identity_event import Classification, Tier, Verdict
from ticketgate.operations.classifying.classified import classified
from ticketgate.operations.intake import exposed as exposing
from ticketgate.operations.intake.receive import receive
from ticketgate.operations.trying.explain import explain

TOKEN = PLANTED["github"][1]
RANK = (Verdict.NOT_IDENTITY, Verdict.UNCERTAIN, Verdict.IDENTITY)
FIELDS = (
    "number", "category", "short_description", "description", "reason", "opened_by name",
    "catalog_item name", "variable", "variable name", "updated_by", "state", "opened_by id",
)  # fmt: skip
STRICT = ("updated_by", "state", "opened_by id", "variable name")  # ids: only shapes of credentials
LOOSE = (
    "aws secret", "password", "password of digits", "password in german", "password in quotes",
    "environment", "bearer", "hex", "on the next line", "on the next line of windows", "pw",
    "pw in a name", "passwd", "passwort", "passwort lautet", "hard spaces", "slash and plus",
    "aws secret by its name",
)  # fmt: skip


def planted(ticket: Ticket, field: str, text: str) -> Ticket:
    """The ticket with this text in that field."""
    if field == "updated_by":
        return replace(ticket, updated_by=text)
    if field == "state":
        return replace(ticket, state=text)
    if field == "variable name":
        return replace(ticket, variables={**(ticket.variables or {}), text: "x"})
    if field == "variable":
        return replace(ticket, variables={**(ticket.variables or {}), "notes": text})
    name, _, half = field.partition(" ")
    value: Any = text
    if half:
        value = Reference(text, None) if half == "id" else Reference(account("alice").id, text)
    return replace(ticket, fields={**ticket.fields, name: value})


def stored(gate: Gate) -> bytes:
    """Every byte of the database, what disclosures hold in clear as well."""
    gate.store.scrub()
    files = [gate.path.with_name(gate.path.name + one) for one in ("", "-wal", "-shm")]
    found = [one.read_bytes() for one in files if one.exists()]
    with closing(schema.connect(gate.path, read_only=True)) as db:
        for (encoded,) in db.execute(
            "SELECT encoded FROM evidence_disclosure WHERE encoded NOT NULL"
        ):
            found.append(repr(parse_disclosure(encoded)).encode())
            found.append(base64.urlsafe_b64decode(encoded + "=="))
    return b"\n".join(found)


@pytest.mark.untraced
@pytest.mark.parametrize("field", FIELDS)
def test_no_table_disclosure_page_or_mail_has_the_secret(gate: Gate, field: str) -> None:
    names = [one for one in PLANTED if field not in STRICT or one not in LOOSE]
    lane = Lane(gate)
    needles = {name: max(PLANTED[name][1].split("\n"), key=len).encode() for name in names}
    for number, name in enumerate(names):
        around, secret = PLANTED[name]
        text = around.format(secret)
        gate.receive(planted(access_ticket(f"t{number}"), field, text))
        gate.receive(planted(printer_incident(f"p{number}"), field, text))
    before = stored(gate)
    assert all(needle in before for needle in needles.values())  # the raw bodies wait
    while gate.work():
        pass
    gate.run_mail()
    shown = [lane.desk.view(one.id, "carol") for one in lane.listed("carol")]
    links = [gate.look("bob", token) for token in gate.tokens("bob")]
    mails = [mail.text + mail.subject for mail in gate.post.mails]
    out = (
        stored(gate) + repr((shown, lane.listed("carol"), links, mails, gate.logged)).encode()
    ).replace(b"\\\\", b"")
    assert {name for name, needle in needles.items() if needle in out} == set()
    assert len(lane.listed("carol")) >= len(names)


@pytest.mark.parametrize(
    ("ticket", "verdict"),
    [(printer_incident(), "uncertain"), (access_ticket(), "identity")],
)
def test_it_is_uncertain_at_least_of_its_kind_and_high(
    gate: Gate, ticket: Ticket, verdict: str
) -> None:
    assert gate.deliver(planted(ticket, "description", f"see {TOKEN}")) == verdict
    (record,) = gate.records("ticket.classified")
    assert "secret.exposed" in record["kinds"]
    assert "secret-exposed@built in" in record["rules"]
    assert record["tier"] == "high"


def bodies(gate: Gate) -> int:
    with closing(schema.connect(gate.path, read_only=True)) as db:
        return int(db.execute("SELECT count(*) FROM delivery_body").fetchone()[0])


def test_the_raw_body_goes_as_soon_as_it_is_processed(gate: Gate) -> None:
    gate.deliver(printer_incident("p1"))
    assert bodies(gate) == 1
    gate.deliver(printer_incident("p2", description=f"see {TOKEN}"))
    assert bodies(gate) == 1
    gate.deliver(b'{"parent": "p2", "state": "' + TOKEN.encode() + b'"}')
    assert bodies(gate) == 1


def test_also_where_only_what_no_field_holds_has_it(gate: Gate) -> None:
    start = b'{"parent": "p2", "state": "approved", "comments": "'
    gate.deliver(start + TOKEN.encode() + b'"}')
    gate.deliver(start + b'password: Hunter2!x"}')
    assert bodies(gate) == 0
    gate.deliver(start + b'password: forgotten"}')
    assert bodies(gate) == 1, "the control"


def test_a_quarantined_one_keeps_it_until_it_is_released(gate: Gate) -> None:
    lane = Lane(gate)
    gate.deliver(printer_incident("p1", description="one"))
    gate.deliver(printer_incident("p1", description=f"two {TOKEN}"))
    assert lane.parked().reason == "version_conflict"
    assert bodies(gate) == 2
    assert lane.judge("dismiss", "carol") == ""


def test_revisions_are_compared_as_masked(gate: Gate) -> None:
    first = access_ticket(reason=f"see {TOKEN}")
    gate.deliver(first)
    size = len(gate.records("request.awaiting", "request.opened"))
    other = PLANTED["github"][1][:-1] + "Z"
    assert gate.deliver(edited(first, "alice", reason=f"see {other}")) == "identity"
    assert len(gate.records("request.awaiting", "request.opened")) == size
    ours = replace(edited(edited(first)), updated_by=OWN_USER)
    assert gate.deliver(ours) == "identity"
    assert "unknown_editor" not in gate.requests()[0].reasons


def test_each_ticket_that_shows_one_is_an_exception_until_it_is_resolved(gate: Gate) -> None:
    first = printer_incident("p1", description=f"see {TOKEN}")
    gate.deliver(first)
    gate.deliver(edited(first, priority="3"))
    gate.deliver(printer_incident("p2", description=f"see {TOKEN}"))
    gate.deliver(printer_incident("p3"))
    with gate.db() as looking:
        cases = looking.exceptions.listed(None, 100)
    assert [one.code for one in cases] == ["secret_exposed"] * 2
    assert len({one.subject for one in cases}) == 2
    assert TOKEN not in str(gate.records())
    gate.deliver(edited(edited(first), description=f"and {PLANTED['aws key'][1]}"))
    with gate.db() as looking:
        assert len(looking.exceptions.listed(None, 100)) == 2


def exposed(gate: Gate) -> list[str]:
    """What the open exceptions of exposed secrets are about, oldest first."""
    with gate.db() as looking:
        return [
            one.subject for one in looking.exceptions.waiting(9) if one.code == "secret_exposed"
        ]


PASTED = f"see {TOKEN}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (json.dumps([PASTED]).encode(), "not_a_record"),
        (f'{{"x": "{TOKEN}", "x": 1}}'.encode(), "duplicate_key"),
        (b'{"note": "password: ' + b'hunter-2!x"}', "no_mapping"),
        (json.dumps({"boom": PASTED}).encode(), "poison"),
    ],
)
def test_a_parked_one_is_an_exception_once_and_never_in_the_records(
    gate: Gate, body: bytes, reason: str
) -> None:
    gate.deliver(b"[1]")
    gate.deliver(b'{"boom": 1}')
    assert exposed(gate) == [], "the control"
    receipt = gate.receive(body)
    gate.work()
    assert exposed(gate) == [f"delivery {receipt.delivery_id} of snow-prod"]
    lane = Lane(gate)
    parked = lane.quarantine.view(receipt.delivery_id, "bob")
    assert not isinstance(parked, Refusal)
    assert parked.reason == reason
    assert lane.judge("release", view=parked) == ""
    gate.work()
    assert len(exposed(gate)) == 1
    assert lane.excepted().about == ("quarantine", receipt.delivery_id)
    assert "hunter" not in str(gate.records())
    assert TOKEN not in str(gate.records())
    assert gate.verified().failing == ()


def test_so_is_one_that_is_parked_as_it_comes(gate: Gate) -> None:
    gate.receive(b"[1]", quarantine="not_json")
    assert exposed(gate) == [], "the control"
    first = gate.receive(b"{" + PASTED.encode(), quarantine="not_json")
    gate.deliver(printer_incident("p1"), "same")
    other = gate.receive(printer_incident("p1", description=PASTED), "same")
    ids = [first.delivery_id, other.delivery_id]
    assert exposed(gate) == [f"delivery {one} of snow-prod" for one in ids]


def test_what_the_door_has_looked_at_is_not_looked_at_again(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking takes its time, and the store has one writer."""
    looked: list[bytes] = []

    def look(body: bytes) -> bool:
        looked.append(body)
        return False

    monkeypatch.setattr(exposing, "secret_in", look)
    verified = VerifiedDelivery("snow-prod", "msg", b"{", "0" * 64, MORNING)
    door = partial(receive, quarantine="not_json", hint=None, origin=ORIGIN)
    for number, secret in enumerate((True, False, None)):
        one = replace(verified, webhook_id=f"msg-{number}")
        gate.store.write(partial(door, verified=one, secret=secret))
    assert (len(exposed(gate)), looked) == (1, [b"{"])


def test_nobody_says_anything_of_one_that_is_of_their_own_ticket(gate: Gate) -> None:
    lane = Lane(gate)
    gate.deliver(printer_incident("p1"))
    gate.receive(b"{" + PASTED.encode(), quarantine="not_json", hint="p1")
    assert lane.attend("resolve", "alice") == "own_ticket"
    assert lane.attend("resolve", "bob") == ""
    gate.receive(b"{1" + PASTED.encode(), quarantine="not_json")
    assert lane.attend("resolve", "alice") == "", "of which ticket it is nobody can tell"


@pytest.mark.parametrize("kind", ["ping", "approver_row", "stale", "version_conflict"])
def test_one_of_no_effect_with_it_where_no_field_is_read_is_an_exception(
    gate: Gate, kind: str
) -> None:
    gate.deliver(printer_incident("p1", version=5))
    said: dict[str, Any] = {
        "ping": {"ping": 1},
        "approver_row": {"parent": "p1", "state": "approved"},
        "stale": json.loads(body_of(printer_incident("p1", version=4))),
        "version_conflict": json.loads(body_of(printer_incident("p1", version=5, priority="3"))),
    }[kind]
    effect = gate.deliver(json.dumps(said).encode())
    assert effect == {"ping": "no_ticket_event"}.get(kind, kind)
    assert exposed(gate) == [], "the control"
    assert gate.deliver(json.dumps({**said, "comment": PASTED}).encode()) == effect
    assert [one[:13] for one in exposed(gate)] == ["delivery dlv_"]


def test_one_whose_source_is_away_is_an_exception_too(gate: Gate) -> None:
    whole = gate.deliveries
    gate.deliveries = replace(whole, sources={})
    gate.receive(printer_incident("p1"))
    gate.work()
    assert exposed(gate) == [], "the control"
    gate.receive(printer_incident("p1", description=PASTED))
    gate.work()
    assert len(exposed(gate)) == 1


@pytest.mark.parametrize("how", ["version_conflict", "stale", "terminal", "needs_poll"])
def test_of_a_ticket_that_can_be_read_it_is_the_tickets_own(gate: Gate, how: str) -> None:
    first = printer_incident("p1", version=None if how == "needs_poll" else 5)
    shown = planted(first, "description", PASTED)
    if how == "terminal":
        gate.deliver(closed(first))
        shown = planted(edited(closed(first)), "description", PASTED)
    elif how == "needs_poll":
        gate.deliver(replace(first, version=5))
    else:
        gate.deliver(first)
    if how == "stale":
        shown = replace(shown, version=4)
    assert gate.deliver(shown) == how
    assert exposed(gate) == ["incident p1 of snow-prod"]
    assert gate.deliver(replace(shown, updated_by="system")) == how
    assert len(exposed(gate)) == 1


def test_where_our_own_code_cannot_look_a_person_does(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(_body: bytes) -> bool:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(exposing, "secret_in", fault)
    assert gate.receive(b"[1]", quarantine="not_json").status == "quarantined"
    assert gate.deliver(b'{"boom": 1}') == "poison"
    assert len(exposed(gate)) == 2


def test_triage_cannot_take_its_kind_away(gate: Gate) -> None:
    gate.deliver(printer_incident("p1", description=f"see {TOKEN}"))
    assert Lane(gate).say("carol", kinds=("delegation",), tier="high") == ""
    assert gate.requests()[0].kinds == ("delegation", "secret.exposed")


def test_explain_names_the_built_in_rule_and_not_the_secret(gate: Gate) -> None:
    ticket = masked(printer_incident(description=f"see {TOKEN}"))
    assert isinstance(ticket, Ticket)
    found = explain(ticket, gate.policy, gate.desk.snapshot(), gate.clock.now())
    rule = found.classification.rules[-1]
    assert (rule.rule, rule.where) == ("secret-exposed", "built in")
    assert rule.clauses[0].clause == "ticket.description"
    assert rule.clauses[0].seen == "⟦secret: github token, 40 characters⟧"
    assert TOKEN not in repr(found)


SNAPSHOT = FakeDirectory().read(MORNING)
POLICY = own_policy()
WORDS = st.sampled_from(
    ["access to", "password reset", "break glass", "the printer", "api key", "vpn", "and", "token"]
)


def verdict_of(ticket: Ticket) -> Classification:
    clean = masked(ticket)
    assert isinstance(clean, Ticket)
    return classified(clean, POLICY, SNAPSHOT)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ticket=st.sampled_from([printer_incident(), access_ticket()]),
    words=st.lists(WORDS, max_size=6),
    name=st.sampled_from(sorted(PLANTED)),
    first=st.booleans(),
    field=st.sampled_from(["short_description", "description", "reason"]),
)
def test_adding_a_secret_never_lowers_the_verdict(
    ticket: Ticket, words: list[str], name: str, field: str, *, first: bool
) -> None:
    around, secret = PLANTED[name]
    text = " ".join(words)
    before = verdict_of(planted(ticket, field, text))
    parts = (around.format(secret), text) if first else (text, around.format(secret))
    after = verdict_of(planted(ticket, field, "\n".join(parts)))
    assert RANK.index(after.verdict) >= RANK.index(before.verdict)
    assert RANK.index(after.verdict) >= RANK.index(Verdict.UNCERTAIN)
    assert after.tier >= max(before.tier, Tier.HIGH)
    assert "secret.exposed" in after.kinds
    if not first:
        assert set(before.kinds) <= set(after.kinds)


def test_words_within_what_is_masked_lower_no_tier() -> None:
    urgent = replace(access_ticket(), fields={**access_ticket().fields, "priority": "1"})
    before = verdict_of(planted(urgent, "short_description", "break-glass"))
    hidden = verdict_of(planted(urgent, "short_description", "password: break-glass!1x"))
    assert before.tier is hidden.tier is Tier.CRITICAL
    assert verdict_of(planted(urgent, "description", f"see {TOKEN}")).tier is Tier.HIGH
