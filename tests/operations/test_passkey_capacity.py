"""What a passkey signs of whom: the place that a delegate takes, and which key of several."""

from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.emergencies import faults_of
from tests.operations.fakes import MORNING
from tests.operations.kit import WHY, Gate, folder
from tests.operations.passkeys import Keys
from tests.operations.tickets import access_ticket
from tests.verifier.authenticator import Passkey

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.passkey_row import Ceremony
from ticketgate.domain.people.passkey_row import Passkey as Row
from ticketgate.operations.deciding.decide_request import Decided
from ticketgate.operations.deciding.sign_decision import Wanted

ERIN, SPARE = Passkey("erin"), Passkey("erin", "spare")


@pytest.fixture
def keys() -> Iterator[Keys]:
    """Erin stands in for Bob, and has two passkeys."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.directory.delegate("bob", "erin", MORNING - timedelta(hours=1), 4)
            keys = Keys(gate)
            keys.usable("erin", ERIN)
            gate.clock.at += timedelta(seconds=1)
            keys.usable("erin", SPARE)
            gate.deliver(access_ticket())
            gate.run_mail()
            yield keys
        finally:
            gate.stop()


def begun(keys: Keys, token: str, passkey: str = "") -> tuple[Ceremony, tuple[Row, ...], Wanted]:
    gate = keys.gate
    view = gate.desk.open_link(token, "erin")
    assert not isinstance(view, Refusal), view
    wanted = Wanted("approve", WHY, view.seconds, view.shown)
    found = keys.desk.prepare(token, keys.session("erin"), wanted, passkey)
    assert not isinstance(found, Refusal), found
    return *found, wanted


def decide(keys: Keys, token: str, told: dict[str, Any], wanted: Wanted) -> Decided | Refusal:
    names = ("authenticator_data", "client_data", "signature")
    session = keys.session("erin")
    signed = keys.desk.signed(session, {name: b64decode(told[name]) for name in names})
    assert not isinstance(signed, Refusal), signed
    return keys.gate.desk.decide(
        token, session, decision=wanted.decision, justification=wanted.justification,
        seconds=wanted.seconds, shown=wanted.shown, signed=signed,
    )  # fmt: skip


def test_a_delegate_signs_in_whose_place_they_decide(keys: Keys) -> None:
    token = keys.gate.tokens("erin")[-1]
    ceremony, _, wanted = begun(keys, token)
    with keys.gate.db() as looking:
        assert ceremony.payload["on_behalf_of"] == looking.people.actor("bob")
    assert not isinstance(decide(keys, token, SPARE.sign(dict(ceremony.payload)), wanted), Refusal)
    (told,) = keys.gate.records("decision.recorded")
    assert told["passkey"]["payload"]["on_behalf_of"] == told["on_behalf_of"]
    assert keys.gate.verified().failing == ()
    assert faults_of(keys.gate.records()) == (set(), set())


@pytest.mark.parametrize("other", [None, "act_other", 7], ids=["none", "another", "no text"])
def test_both_verifiers_see_a_place_that_was_not_signed(keys: Keys, other: object) -> None:
    """Control: the record says whose place it was, and the signature says nobody's or another's."""
    token = keys.gate.tokens("erin")[-1]
    ceremony, _, wanted = begun(keys, token)
    decide(keys, token, SPARE.sign(dict(ceremony.payload)), wanted)
    records = keys.gate.records()
    at = next(n for n, one in enumerate(records) if one["type"] == "decision.recorded")
    payload = dict(records[at]["passkey"]["payload"])
    del payload["on_behalf_of"]
    payload |= {} if other is None else {"on_behalf_of": other}
    records[at] |= {"passkey": SPARE.sign(payload)}
    assert [at in found for found in faults_of(records)] == [True, True]


def test_what_was_signed_over_one_link_is_not_good_over_another(keys: Keys) -> None:
    """Erin is asked in Bob's place, and then in Dan's: two links, two signatures."""
    gate = keys.gate
    token = gate.tokens("erin")[-1]
    gate.directory.change("alice", manager="dan")
    gate.directory.delegate("dan", "erin", MORNING - timedelta(hours=1), 4)
    gate.tick()
    gate.run_mail()
    other = gate.tokens("erin")[-1]
    assert other != token
    right, _, wanted = begun(keys, other)
    wrong = keys.desk.prepare(token, keys.session("erin"), wanted)
    assert not isinstance(wrong, Refusal)
    assert wrong[0].payload["shown"] == right.payload["shown"]
    found = decide(keys, other, SPARE.sign(dict(wrong[0].payload)), wanted)
    assert isinstance(found, Refusal)
    assert found.code == "passkey_changed"
    right, _, wanted = begun(keys, other)
    assert not isinstance(decide(keys, other, SPARE.sign(dict(right.payload)), wanted), Refusal)


def test_the_newest_signs_unless_another_one_of_theirs_is_chosen(keys: Keys) -> None:
    token = keys.gate.tokens("erin")[-1]
    ceremony, found, _ = begun(keys, token)
    assert ceremony.payload["credential_id"] == SPARE.id
    assert [one.id for one in found] == [SPARE.id, ERIN.id]
    ceremony, found, wanted = begun(keys, token, ERIN.id)
    assert [one.id for one in found] == [ERIN.id, SPARE.id]
    assert not isinstance(decide(keys, token, ERIN.sign(dict(ceremony.payload)), wanted), Refusal)
    told = keys.gate.records("decision.recorded")[-1]["passkey"]["payload"]
    assert told["credential_id"] == ERIN.id


def test_nobody_else_s_and_no_revoked_one_is_chosen(keys: Keys) -> None:
    other = keys.usable("bob", Passkey("bob"))
    keys.desk.revoke(keys.session("erin"), ERIN.id)
    token = keys.gate.tokens("erin")[-1]
    view = keys.gate.desk.open_link(token, "erin")
    assert not isinstance(view, Refusal)
    wanted = Wanted("approve", WHY, view.seconds, view.shown)
    for passkey in (other.id, ERIN.id, "0" * 64):
        found = keys.desk.prepare(token, keys.session("erin"), wanted, passkey)
        assert isinstance(found, Refusal)
        assert found.code == "passkey_unknown"
