"""Who has ever had a passkey vouches with one; nobody is two of those who vouch for a key."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.emergencies import faults_of
from tests.operations.kit import Gate, folder
from tests.operations.passkeys import BOB, Keys
from tests.operations.rebuilt import compared
from tests.operations.test_sign_vouching import Vouching
from tests.verifier.authenticator import PAGE, RP_ID, Passkey

from ticketgate.adapters.sqlite import schema
from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.passkey_row import Passkey as Row
from ticketgate.domain.people.passkey_row import PasskeyState, Site, VouchBy
from ticketgate.operations.own_keys import passkeys

ALICE, SPARE = Passkey("alice"), Passkey("bob", "spare")
NEVER = "voucher_without_passkey"


@pytest.fixture
def keys() -> Iterator[Keys]:
    with folder() as path:
        gate = Gate(path)
        try:
            yield Keys(gate)
        finally:
            gate.stop()


def code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else ""


def revoke(keys: Keys, person: str, key: Passkey) -> None:
    assert isinstance(keys.desk.revoke(keys.session(person), key.id), Row)


# --- a sign-in does for who never had one, and for nobody else ------------------------------------


def test_who_revoked_their_last_one_vouches_again_once_another_is_confirmed(keys: Keys) -> None:
    """Else the mailbox of who vouches was enough: by it one revokes, and then vouched by a code."""
    vouching = Vouching(keys)
    revoke(keys, "bob", BOB)
    found = keys.vouch("bob", vouching.row)
    assert isinstance(found, Refusal)
    assert (found.code, "/console/passkeys" in found.next_step) == (NEVER, True)
    row = keys.enrol("bob", SPARE)
    assert code(keys.vouch("bob", vouching.row)) == NEVER  # it waits for two others still
    assert code(keys.vouch("carol", row)) == ""
    assert code(keys.vouch("bob", vouching.row)) == NEVER
    assert code(keys.vouch("dan", row)) == ""
    assert code(keys.vouch("bob", vouching.row)) == "passkey_needed"
    payload = keys.desk.prepare_vouching(keys.session("bob"), ALICE.id, ALICE.digest)
    assert not isinstance(payload, Refusal)
    signed = vouching.give(SPARE.sign(dict(payload[0].payload)))
    assert vouching.vouch(signed if not isinstance(signed, Refusal) else None) == ""
    assert keys.gate.verified().failing == ()
    assert faults_of(keys.gate.records()) == (set(), set())


def test_one_that_nobody_confirmed_makes_nobody_somebody_who_had_one(keys: Keys) -> None:
    """The control: waiting, or revoked while it waited, it never could sign."""
    row, mine = keys.enrol("alice", ALICE), keys.enrol("bob", BOB)
    keys.vouch("carol", mine)
    revoke(keys, "bob", BOB)
    keys.enrol("bob", SPARE)
    found = keys.vouch("bob", row)
    assert isinstance(found, Row)
    assert found.confirmed_at is None
    assert faults_of(keys.gate.records()) == (set(), set())


def test_another_account_of_the_same_human_is_no_way_around_it(keys: Keys) -> None:
    keys.usable("bob", BOB)
    row = keys.enrol("alice", ALICE)
    assert isinstance(keys.vouch("erin", row), Row)  # the control: she is somebody else
    other = keys.enrol("alice", Passkey("alice", "spare"))
    keys.gate.directory.change("erin", aliases=frozenset({"bob"}))
    assert code(keys.vouch("erin", other)) == NEVER


@pytest.mark.parametrize("site", [Site("else.example.com", "https://else.example.com"), None])
def test_a_new_address_of_the_gateway_is_none_either(keys: Keys, site: Site | None) -> None:
    keys.usable("bob", BOB)
    row = keys.enrol("alice", ALICE)
    moved = Keys(keys.gate, site)
    assert code(moved.vouch("bob", row)) == NEVER
    assert code(keys.vouch("bob", row)) == "passkey_needed"  # the control: the address as it was
    assert (row.rp_id, row.origin) == (RP_ID, PAGE)


def test_where_it_is_set_nobody_vouches_without_a_passkey(keys: Keys) -> None:
    vouching = Vouching(keys)
    keys.desk = replace(keys.desk, vouch_by=VouchBy.PASSKEY)
    found = keys.vouch("carol", vouching.row)
    assert isinstance(found, Refusal)
    assert (found.code, "passkeys.vouching" in found.reason) == (NEVER, True)
    assert vouching.vouch(vouching.signed()) == ""


def test_it_is_kept_since_when_one_could_be_used_and_rebuilt_from_the_log(keys: Keys) -> None:
    keys.usable("bob", BOB)
    moment = keys.gate.clock.now()
    keys.gate.clock.at += timedelta(minutes=1)
    revoke(keys, "bob", BOB)
    waits = keys.enrol("alice", ALICE)
    with keys.gate.db() as db:
        row, other = db.passkeys.get(BOB.id), db.passkeys.get(waits.id)
        assert list(db.passkeys.confirmed()) == [row and row.person]
    assert row is not None
    assert other is not None
    assert (row.state, row.confirmed_at) == (PasskeyState.REVOKED, moment)
    assert other.confirmed_at is None
    assert compared(keys.gate) == []


def test_of_one_from_before_that_was_kept_its_end_is_kept(keys: Keys) -> None:
    """As a database is whose records of then were pruned before it was brought up to date."""
    row = keys.usable("bob", BOB)
    keys.gate.write(lambda tx, _: tx.passkeys.save(replace(row, confirmed_at=None)))
    assert code(keys.vouch("bob", keys.enrol("alice", ALICE))) == "passkey_needed"
    keys.gate.clock.at += timedelta(minutes=1)
    ended = keys.desk.revoke(keys.session("bob"), BOB.id)
    assert isinstance(ended, Row)
    assert ended.confirmed_at == keys.gate.clock.now()
    assert code(keys.vouch("bob", keys.enrol("alice", Passkey("alice", "spare")))) == NEVER


def test_a_database_of_before_is_told_it_by_its_own_log(keys: Keys) -> None:
    keys.usable("bob", BOB)
    revoke(keys, "bob", BOB)
    keys.enrol("alice", ALICE)
    (script,) = (one for one in schema.MIGRATIONS if "confirmed_at" in one)
    keys.gate.stop()
    with closing(schema.connect(keys.gate.path)) as db:
        db.execute("ALTER TABLE passkey DROP COLUMN confirmed_at")
        db.executescript(script)
        found = dict(db.execute("SELECT id, confirmed_at FROM passkey").fetchall())
    keys.gate.start()
    assert found[ALICE.id] is None
    assert found[BOB.id] == keys.gate.records("passkey.vouched")[-1]["_ts"]
    assert compared(keys.gate) == []


def test_a_gateway_that_lets_a_sign_in_do_is_seen_by_both_verifiers(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: who has a passkey, or had one, is not asked for it."""
    keys.usable("bob", BOB)
    monkeypatch.setattr(passkeys, "must_sign", lambda *_: None)
    bad = []
    for number, key in enumerate((ALICE, Passkey("alice", "spare"))):
        if number:
            revoke(keys, "bob", BOB)
        row = keys.enrol("alice", key)
        assert isinstance(keys.vouch("bob", row), Row)
        bad.append(len(keys.gate.records()) - 1)
    at = [n for n in bad if keys.gate.records()[n]["type"] == "passkey.vouched"]
    told = faults_of(keys.gate.records())
    assert told[0] == told[1]
    assert len(told[0]) == 2
    assert set(at) <= told[0]


# --- two different humans, neither of them its person ---------------------------------------------


def test_nobody_is_the_second_by_an_account_that_is_linked_through_others(keys: Keys) -> None:
    """Erin and Carol have no alias of each other: both are linked to the account `c.ito`."""
    row = keys.enrol("bob", BOB)
    keys.vouch("carol", row)
    keys.gate.directory.change("carol", aliases=frozenset({"c.ito"}))
    keys.gate.directory.change("erin", accounts={"corp": ("C.Ito",)})
    assert code(keys.vouch("erin", row)) == "vouched_already"
    assert code(keys.vouch("dan", row)) == ""


def test_the_person_s_other_account_is_not_the_second_either(keys: Keys) -> None:
    row = keys.enrol("bob", BOB)
    keys.vouch("carol", row)
    keys.gate.directory.change("bob", aliases=frozenset({"dan"}))
    assert code(keys.vouch("dan", row)) == "own_passkey"


def test_who_stands_in_for_the_person_does_not_vouch_until_that_is_over(keys: Keys) -> None:
    gate = keys.gate
    row = keys.enrol("bob", BOB)
    gate.directory.delegate("alice", "carol", gate.clock.at - timedelta(hours=1), 4)
    gate.directory.delegate("bob", "erin", gate.clock.at - timedelta(hours=1), 4)
    gate.directory.change("dan", aliases=frozenset({"erin"}))
    for delegate in ("erin", "dan"):
        found = keys.vouch(delegate, row)
        assert isinstance(found, Refusal)
        assert (found.code, "stand in" in found.reason) == ("own_passkey", True)
    assert code(keys.vouch("carol", row)) == ""  # the control: of somebody else
    gate.clock.at += timedelta(hours=4)
    assert code(keys.vouch("erin", row)) == ""
