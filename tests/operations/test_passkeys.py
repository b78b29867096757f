"""Passkeys at the desk: enrolled, vouched for by two others, and what they sign."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.kit import WHY, Gate, folder
from tests.operations.passkeys import BOB, Keys
from tests.operations.tickets import access_ticket
from tests.verifier.authenticator import PAGE, RP_ID, Passkey
from tests.verifier.bundle_writer import b64

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.passkey import challenge_of
from ticketgate.domain.people.passkey_row import Passkey as Row
from ticketgate.domain.people.passkey_row import PasskeyState
from ticketgate.operations.deciding.sign_decision import Signed, Wanted
from ticketgate.operations.own_keys.passkeys import Made


@pytest.fixture
def keys() -> Iterator[Keys]:
    with folder() as path:
        gate = Gate(path)
        try:
            yield Keys(gate)
        finally:
            gate.stop()


def code(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.code


# --- enrolment ------------------------------------------------------------------------------------


def test_a_passkey_is_usable_once_two_others_have_vouched(keys: Keys) -> None:
    row = keys.enrol("bob", BOB)
    assert (row.state, row.key) == (PasskeyState.PENDING, BOB.digest)
    first = keys.vouch("carol", row)
    assert isinstance(first, Row)
    assert first.state is PasskeyState.PENDING
    second = keys.vouch("dan", row)
    assert isinstance(second, Row)
    assert second.state is PasskeyState.USABLE
    (told,) = keys.gate.records("passkey.enrolled")
    assert (told["key"], told["rp_id"], told["origin"]) == (BOB.digest, RP_ID, PAGE)
    assert told["cose"] == b64(BOB.cose)
    assert "bob" not in str(told)
    assert len(keys.gate.records("passkey.vouched")) == 2
    assert keys.gate.verified().failing == ()


def test_nobody_vouches_for_themselves_or_twice_or_without_the_role(keys: Keys) -> None:
    row = keys.enrol("bob", BOB)
    assert code(keys.vouch("bob", row)) == "own_passkey"
    assert code(keys.vouch("alice", row)) == "not_voucher"
    assert code(keys.vouch("mallory", row)) == "not_voucher"
    keys.vouch("carol", row)
    assert code(keys.vouch("carol", row)) == "vouched_already"
    keys.vouch("dan", row)
    assert code(keys.vouch("erin", row)) == "passkey_changed"
    assert len(keys.gate.records("passkey.vouched")) == 2


def test_a_person_s_other_account_vouches_for_nothing_of_theirs(keys: Keys) -> None:
    keys.gate.directory.change("dan", aliases=frozenset({"carol"}))
    own = keys.enrol("carol", Passkey("carol"))
    assert code(keys.vouch("dan", own)) == "own_passkey"
    row = keys.enrol("bob", BOB)
    keys.vouch("carol", row)
    assert code(keys.vouch("dan", row)) == "vouched_already"


def test_a_vouching_is_for_the_key_that_was_shown(keys: Keys) -> None:
    row = keys.enrol("bob", BOB)
    found = keys.desk.vouch(keys.session("carol"), row.id, "0" * 64)
    assert code(found) == "passkey_changed"
    assert code(keys.desk.vouch(keys.session("carol"), "0" * 64, row.key)) == "not_found"


def test_what_was_not_begun_here_or_is_over_enrols_nothing(keys: Keys) -> None:
    challenge = challenge_of(keys.begin("bob").payload)
    made = Made(*BOB.register(challenge))
    assert code(keys.desk.finish(keys.session("bob", "other"), made)) == "passkey_over"
    assert code(keys.desk.finish(keys.session("carol", "sid-bob"), made)) == "passkey_over"
    keys.gate.clock.at += timedelta(minutes=5)
    assert code(keys.desk.finish(keys.session("bob"), made)) == "passkey_over"


def test_what_was_made_over_something_else_enrols_nothing(keys: Keys) -> None:
    assert code(keys.finish("bob", BOB, over=bytes(32))) == "passkey_invalid"
    assert keys.gate.records("passkey.enrolled") == []
    challenge = challenge_of(keys.begin("bob").payload)
    client, attestation = BOB.register(challenge)
    packed = attestation.replace(b"\x64none", b"\x64pack")
    assert code(keys.desk.finish(keys.session("bob"), Made(client, packed))) == "passkey_invalid"


def test_who_has_left_begins_and_finishes_nothing(keys: Keys) -> None:
    ceremony = keys.begin("bob")
    keys.gate.directory.change("bob", active=False)
    assert code(keys.desk.begin(keys.session("bob"))) == "approver_inactive"
    made = Made(*BOB.register(challenge_of(ceremony.payload)))
    assert code(keys.desk.finish(keys.session("bob"), made)) == "approver_inactive"
    assert not keys.gate.records("passkey.enrolled")


def test_a_passkey_is_enrolled_once_and_nobody_has_more_than_ten(keys: Keys) -> None:
    keys.enrol("bob", BOB)
    assert code(keys.finish("bob", BOB)) == "passkey_known"
    for number in range(9):
        keys.enrol("bob", Passkey("bob", str(number)))
    assert code(keys.desk.begin(keys.session("bob"))) == "passkeys_full"
    assert isinstance(keys.desk.revoke(keys.session("bob"), BOB.id), Row)
    keys.begin("bob")


def test_its_person_or_an_operator_revokes_it_for_good(keys: Keys) -> None:
    row = keys.usable("bob", BOB)
    assert code(keys.desk.revoke(keys.session("carol"), row.id)) == "not_found"
    assert code(keys.desk.revoke(keys.session("carol"), "0" * 64)) == "not_found"
    assert isinstance(keys.desk.revoke(keys.session("erin"), row.id), Row)
    assert code(keys.desk.revoke(keys.session("bob"), row.id)) == "passkey_changed"
    assert keys.gate.verified().failing == ()


def test_who_may_vouch_sees_what_waits_and_others_their_own_alone(keys: Keys) -> None:
    keys.enrol("bob", BOB)
    assert [one.id for one in keys.view("bob").mine] == [BOB.id]
    (waiting,) = keys.view("carol").waiting
    assert (waiting.passkey.key, "(bob)" in waiting.person) == (BOB.digest, True)
    seen = keys.view("alice")
    assert (seen.mine, seen.waiting, seen.vouches, seen.offered) == ((), (), False, True)


def test_an_address_that_browsers_refuse_offers_none(keys: Keys) -> None:
    bare = Keys(keys.gate, None)
    assert not bare.view("bob").offered
    assert code(bare.desk.begin(bare.session("bob"))) == "no_passkeys"
    wanted = Wanted("approve", WHY, 60, "x")
    assert code(bare.desk.prepare("token", bare.session("bob"), wanted)) == "no_passkeys"


def test_without_a_directory_nothing_is_seen(keys: Keys) -> None:
    keys.gate.directory.unreadable = True
    assert code(keys.desk.view("bob")) == "directory_unreadable"


# --- decisions ------------------------------------------------------------------------------------


class Deciding:
    """Bob's link, and what he signs over it."""

    def __init__(self, keys: Keys) -> None:
        self.keys, self.gate = keys, keys.gate
        self.token = self.gate.tokens("bob")[-1]
        view = self.gate.desk.open_link(self.token, "bob")
        assert not isinstance(view, Refusal), view
        self.wanted = Wanted("approve", WHY, view.seconds, view.shown)

    def prepare(self, key: Passkey = BOB, counter: int = 0, **changes: Any) -> Signed | Refusal:  # noqa: ANN401
        session = self.keys.session("bob")
        prepared = self.keys.desk.prepare(self.token, session, replace(self.wanted, **changes))
        if isinstance(prepared, Refusal):
            return prepared
        told = key.sign(dict(prepared[0].payload), counter=counter)
        return self.give(told)

    def give(self, told: dict[str, Any], session: str = "") -> Signed | Refusal:
        names = ("authenticator_data", "client_data", "signature")
        given = {name: b64decode(told[name]) for name in names}
        return self.keys.desk.signed(self.keys.session("bob", session), given)

    def decide(self, signed: Signed | Refusal, **changes: Any) -> str:  # noqa: ANN401
        assert isinstance(signed, Signed), signed
        wanted = replace(self.wanted, **changes)
        found = self.gate.desk.decide(
            self.token, self.keys.session("bob"), decision=wanted.decision,
            justification=wanted.justification, seconds=wanted.seconds, shown=wanted.shown,
            signed=signed,
        )  # fmt: skip
        return found.code if isinstance(found, Refusal) else found.decision


@pytest.fixture
def deciding(keys: Keys) -> Deciding:
    keys.usable("bob", BOB)
    keys.gate.deliver(access_ticket())
    keys.gate.run_mail()
    return Deciding(keys)


def test_a_decision_that_the_approver_s_key_signed_is_recorded_with_it(deciding: Deciding) -> None:
    assert deciding.decide(deciding.prepare()) == "approve"
    (told,) = deciding.gate.records("decision.recorded")
    assert told["method"] == "passkey"
    payload = told["passkey"]["payload"]
    assert payload["shown"] == told["shown"]
    assert payload["justification_digest"] in told["sd"]
    assert WHY not in str(told)
    assert deciding.gate.verified().failing == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"justification": WHY + " or not"}, {"seconds": 60}, {"decision": "deny"},
    ],
)  # fmt: skip
def test_what_was_changed_after_signing_is_refused_and_uses_nothing_up(
    deciding: Deciding, changes: dict[str, Any]
) -> None:
    signed = deciding.prepare()
    assert deciding.decide(signed, **changes) == "passkey_changed"
    assert deciding.gate.records("decision.refused")[-1]["code"] == "passkey_changed"
    assert deciding.decide(signed) == "approve"


def test_an_assertion_works_once_in_its_own_session_and_time(deciding: Deciding) -> None:
    signed = deciding.prepare()
    assert isinstance(signed, Signed)
    assert deciding.decide(replace(signed, session_hash="other")) == "passkey_over"
    deciding.gate.clock.at += timedelta(minutes=5)
    assert deciding.decide(signed) == "passkey_over"
    told = {name: b64(b"x") for name in ("authenticator_data", "client_data", "signature")}
    assert code(deciding.give(told, "another")) == "passkey_over"
    assert code(deciding.give(told)) == "passkey_invalid"


def test_a_passkey_that_is_revoked_meanwhile_signs_nothing(deciding: Deciding) -> None:
    signed = deciding.prepare()
    deciding.keys.desk.revoke(deciding.keys.session("bob"), BOB.id)
    assert deciding.decide(signed) == "passkey_unknown"
    assert code(deciding.prepare()) == "passkey_unknown"


def test_somebody_else_s_key_signs_nothing(deciding: Deciding) -> None:
    assert code(deciding.prepare(Passkey("mallory"))) == "passkey_invalid"


def test_an_older_ceremony_is_over_once_another_has_begun(deciding: Deciding) -> None:
    signed = deciding.prepare()
    deciding.prepare()
    assert deciding.decide(signed) == "passkey_changed"


def test_another_person_s_link_prepares_nothing(deciding: Deciding) -> None:
    session = deciding.keys.session("mallory")
    assert code(deciding.keys.desk.prepare(deciding.token, session, deciding.wanted)) == "not_found"
    own = deciding.keys.session("bob")
    assert code(deciding.keys.desk.prepare("no", own, deciding.wanted)) == "not_found"
    assert code(deciding.prepare(shown="0" * 64)) == "shown_changed"


def test_a_counter_that_does_not_go_on_is_an_exception_and_blocks_nothing(
    deciding: Deciding,
) -> None:
    gate = deciding.gate
    assert deciding.decide(deciding.prepare(counter=7)) == "approve"
    assert gate.records("exception.opened") == []
    gate.deliver(access_ticket("t2"))
    gate.run_mail()
    again = Deciding(deciding.keys)
    assert again.decide(again.prepare(counter=7)) == "approve"
    (told,) = gate.records("exception.opened")
    assert told["code"] == "passkey_counter"
    with gate.db() as looking:  # whose key may have been copied does not judge it
        (case,) = looking.exceptions.waiting(9)
        assert looking.exceptions.named(case) == {"bob"}
    assert gate.verified().failing == ()


def test_a_head_of_another_log_or_of_too_long_ago_is_refused(
    deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = deciding.prepare()
    monkeypatch.setattr("ticketgate.operations.deciding.sign_decision.HEAD_AGE_MAX", 2)
    deciding.gate.deliver(access_ticket("t2"))
    assert deciding.decide(signed) == "passkey_changed"
    monkeypatch.undo()
    with deciding.gate.store.reading() as looking:
        assert looking.evidence.head() is not None
    assert deciding.decide(signed) == "approve"


def test_who_is_asked_after_something_was_signed_has_it_signed_again(deciding: Deciding) -> None:
    """Both verifiers want it signed behind the newest record of what is asked."""
    signed = deciding.prepare()
    gate = deciding.gate
    gate.directory.delegate("bob", "erin", gate.clock.at - timedelta(hours=1), 4)
    gate.tick()
    assert gate.records("request.awaiting")[-1]["cause"] == "approvers"
    assert deciding.decide(signed) == "passkey_changed"
    assert deciding.decide(deciding.prepare()) == "approve"
    assert gate.verified().failing == ()


def test_the_store_that_is_not_there_is_told(deciding: Deciding) -> None:
    deciding.gate.stop()
    assert code(deciding.prepare()) == "store_unavailable"
    deciding.gate.start()


def test_what_no_key_signed_is_recorded_without_one(deciding: Deciding) -> None:
    deciding.gate.approve("bob")
    (told,) = deciding.gate.records("decision.recorded")
    assert (told["method"], "passkey" in told) == ("mail_code", False)


def test_an_assertion_by_another_key_than_is_enrolled_is_refused(deciding: Deciding) -> None:
    signed = deciding.prepare()
    assert isinstance(signed, Signed)
    other = replace(signed, assertion=replace(signed.assertion, key="0" * 64))
    assert deciding.decide(other) == "passkey_unknown"
    assert deciding.decide(signed) == "approve"
