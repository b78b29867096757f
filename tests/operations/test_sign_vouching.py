"""Who vouches for a passkey, and has one, signs whose it is with their own."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.emergencies import faults_of
from tests.operations.kit import Gate, folder
from tests.operations.passkeys import BOB, Keys
from tests.verifier.authenticator import Passkey

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.passkey import VOUCHING
from ticketgate.domain.people.passkey_row import Passkey as Row
from ticketgate.domain.people.passkey_row import PasskeyState
from ticketgate.operations.deciding.sign_decision import Signed

ALICE = Passkey("alice")


class Vouching:
    """Bob has a passkey, and vouches for Alice's."""

    def __init__(self, keys: Keys) -> None:
        self.keys, self.gate = keys, keys.gate
        keys.usable("bob", BOB)
        self.row = keys.enrol("alice", ALICE)

    def prepare(self, row: Row | None = None) -> dict[str, Any]:
        about = row or self.row
        found = self.keys.desk.prepare_vouching(self.keys.session("bob"), about.id, about.key)
        assert not isinstance(found, Refusal), found
        assert found[1].id == BOB.id
        return dict(found[0].payload)

    def give(self, told: dict[str, Any]) -> Signed | Refusal:
        names = ("authenticator_data", "client_data", "signature")
        given = {name: b64decode(told[name]) for name in names}
        return self.keys.desk.signed(self.keys.session("bob"), given, VOUCHING)

    def signed(self, row: Row | None = None, counter: int = 0) -> Signed:
        found = self.give(BOB.sign(self.prepare(row), counter=counter))
        assert isinstance(found, Signed), found
        return found

    def vouch(self, signed: Signed | None) -> str:
        """The code of the refusal; empty when it counted."""
        session = self.keys.session("bob")
        found = self.keys.desk.vouch(session, self.row.id, self.row.key, signed)
        return found.code if isinstance(found, Refusal) else ""


@pytest.fixture
def vouching() -> Iterator[Vouching]:
    with folder() as path:
        gate = Gate(path)
        try:
            yield Vouching(Keys(gate))
        finally:
            gate.stop()


def test_the_voucher_s_own_passkey_signs_whose_it_is(vouching: Vouching) -> None:
    assert vouching.vouch(vouching.signed(counter=3)) == ""
    told = vouching.gate.records("passkey.vouched")[-1]
    assert told["method"] == "passkey"
    payload = told["passkey"]["payload"]
    assert [payload[one] for one in ("passkey", "key", "person", "voucher")] == [
        told[one] for one in ("id", "key", "person", "voucher")
    ]
    with vouching.gate.db() as looking:
        own = looking.passkeys.get(BOB.id)
    assert own is not None
    assert (own.counter, own.state) == (3, PasskeyState.USABLE)
    assert vouching.gate.verified().failing == ()
    assert faults_of(vouching.gate.records()) == (set(), set())


def test_a_counter_that_does_not_go_on_is_an_exception_and_blocks_nothing(
    vouching: Vouching,
) -> None:
    assert vouching.vouch(vouching.signed(counter=3)) == ""
    assert vouching.gate.records("exception.opened") == []
    vouching.row = vouching.keys.enrol("alice", Passkey("alice", "spare"))
    assert vouching.vouch(vouching.signed(counter=3)) == ""
    (told,) = vouching.gate.records("exception.opened")
    assert (told["code"], told["about"]) == ("passkey_counter", vouching.row.id)
    assert vouching.gate.verified().failing == ()


def test_without_it_they_vouch_for_nothing(vouching: Vouching) -> None:
    assert vouching.vouch(None) == "passkey_needed"
    assert isinstance(vouching.keys.vouch("carol", vouching.row), Row)  # who has none


def test_once_it_is_revoked_it_does_not_sign_nor_does_a_sign_in(vouching: Vouching) -> None:
    signed = vouching.signed()
    vouching.keys.desk.revoke(vouching.keys.session("bob"), BOB.id)
    assert vouching.vouch(signed) == "passkey_unknown"
    found = vouching.keys.desk.prepare_vouching(
        vouching.keys.session("bob"), vouching.row.id, vouching.row.key
    )
    assert isinstance(found, Refusal)
    assert found.code == "passkey_unknown"
    assert vouching.vouch(None) == "voucher_without_passkey"


def test_it_is_good_for_this_passkey_once_and_in_time(vouching: Vouching) -> None:
    other = vouching.keys.enrol("alice", Passkey("alice", "spare"))
    assert vouching.vouch(vouching.signed(other)) == "passkey_changed"
    signed = vouching.signed()
    vouching.gate.clock.at += timedelta(minutes=5)
    assert vouching.vouch(signed) == "passkey_over"
    signed = vouching.signed()
    assert vouching.vouch(replace(signed, session_hash="other")) == "passkey_over"
    wrong = replace(signed, assertion=replace(signed.assertion, key="0" * 64))
    assert vouching.vouch(wrong) == "passkey_unknown"
    assert vouching.vouch(signed) == ""


def test_nothing_is_prepared_for_who_may_not_vouch(vouching: Vouching) -> None:
    desk, own = vouching.keys.desk, vouching.keys.enrol("bob", Passkey("bob", "spare"))
    for person, row, code in (("bob", own, "own_passkey"), ("alice", vouching.row, "not_voucher")):
        found = desk.prepare_vouching(vouching.keys.session(person), row.id, row.key)
        assert isinstance(found, Refusal)
        assert found.code == code
    bare = replace(desk, site=None).prepare_vouching(vouching.keys.session("bob"), own.id, own.key)
    assert isinstance(bare, Refusal)
    assert bare.code == "no_passkeys"


def test_a_decision_s_assertion_is_none_of_a_vouching(vouching: Vouching) -> None:
    found = vouching.give(BOB.sign(vouching.prepare() | {"purpose": "ticketgate-approval/v1"}))
    assert isinstance(found, Refusal)
    assert found.code == "passkey_invalid"


Record = dict[str, Any]


def over(**changes: object) -> Callable[[Record], object]:
    """Signed anew by the same key, over something else."""

    def change(record: Record) -> None:
        record["passkey"] = BOB.sign(record["passkey"]["payload"] | changes)

    return change


MALLORY = Passkey("mallory")
LIES: dict[str, Callable[[Record], object]] = {
    "no assertion": lambda one: one.pop("passkey"),
    "another method": lambda one: one.update(method="mail_code"),
    "no object": lambda one: one.update(passkey="x"),
    "another passkey": over(passkey="0" * 64),
    "another key": over(key="0" * 64),
    "another person": over(person="act_other"),
    "another voucher": over(voucher="act_other"),
    "another purpose": over(purpose="ticketgate-approval/v1"),
    "a head that is to come": over(log_size=10**6),
    "no head": over(log_size=0),
    "a size that is none": over(log_size="1"),
    "too late": over(expires_at="2020-01-01T00:00:00.000000Z"),
    "no time": over(expires_at="soon"),
    "another site": over(rp_id="else.example.com"),
    "another credential": over(credential_id="0" * 64),
    "one field more": over(on_behalf_of="act_x"),
    "another's key": lambda one: one.update(passkey=MALLORY.sign(one["passkey"]["payload"])),
}


@pytest.mark.parametrize("lie", LIES)
def test_both_verifiers_see_what_the_voucher_s_key_did_not_sign(
    vouching: Vouching, lie: str
) -> None:
    assert vouching.vouch(vouching.signed()) == ""
    records = deepcopy(vouching.gate.records())
    at = max(n for n, one in enumerate(records) if one["type"] == "passkey.vouched")
    LIES[lie](records[at])
    assert [at in found for found in faults_of(records)] == [True, True]
