"""Vouching signed by the voucher's own passkey: both verifiers say the same of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.agreement.both import STAND_ALONE
from tests.agreement.test_passkeys import ANN, asked, said, why
from tests.verifier.authenticator import PAGE, RP_ID, Passkey
from tests.verifier.bundle_writer import Log, policy

from ticketgate.domain.verifying import approval_check
from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.snapshot import from_snapshot, to_snapshot

BEA = Passkey("act_bea")
FALSE_HEAD = "0" * 64


def vouched(**changes: Any) -> Log:  # noqa: ANN401 -- JSON
    """Ann, who has a passkey, vouches for Bea's with it."""
    log = asked()
    log.move("passkey", BEA.id, "", "pending", "passkey.enrolled", **BEA.enrolled())
    payload = {
        "credential_id": ANN.id, "expires_at": "2026-11-22T02:45:00.000000Z", "key": BEA.digest,
        "log_head": log.leaves[-1].hex(), "log_size": len(log), "nonce": "n", "origin": PAGE,
        "passkey": BEA.id, "person": BEA.person, "purpose": "ticketgate-vouching/v1",
        "rp_id": RP_ID, "voucher": ANN.person,
    }  # fmt: skip
    log.move(
        "passkey", BEA.id, "pending", "pending", "passkey.vouched", person=BEA.person,
        key=BEA.digest, voucher=ANN.person, method="passkey", passkey=ANN.sign(payload | changes),
    )  # fmt: skip
    return log


def test_what_the_voucher_s_key_signed_holds_pinned_or_not(tmp_path: Path) -> None:
    for name, trust in (("none", ()), ("own", (f"approver act_ann {ANN.digest}",))):
        (tmp_path / name).mkdir()
        assert said(vouched(), tmp_path / name, *trust).exit == 0


def test_where_others_keys_are_pinned_the_voucher_s_need_not_be(tmp_path: Path) -> None:
    assert said(vouched(), tmp_path, f"approver act_cid {BEA.digest}").exit == 0


def test_a_key_that_is_none_of_those_pinned_for_the_voucher_is_told(tmp_path: Path) -> None:
    found = why(vouched(), tmp_path, f"approver act_ann {BEA.digest}")
    assert found == {"vouching: key not pinned"}


def test_a_head_of_another_log_is_told(tmp_path: Path) -> None:
    found = why(vouched(log_head=FALSE_HEAD), tmp_path)
    assert found == {"vouching: signed over a head that is not in this log"}


def test_a_signature_of_the_past_is_told(tmp_path: Path) -> None:
    found = why(vouched(expires_at="2026-11-22T02:00:00.000000Z"), tmp_path)
    assert found == {"vouching: the assertion has expired, or lives too long"}


# --- who has ever had one signs -------------------------------------------------------------------

UNSIGNED = "vouching: not signed by a passkey, though its person has had one"
NO_KEYS = STAND_ALONE.Keys(STAND_ALONE.Trust(policy().encode()), "")


def by_sign_in(log: Log, voucher: str = ANN.person) -> Log:
    """The last record: this voucher vouches for Bea's, by a sign-in."""
    log.move("passkey", BEA.id, "", "pending", "passkey.enrolled", **BEA.enrolled())
    log.move(
        "passkey", BEA.id, "pending", "pending", "passkey.vouched", person=BEA.person,
        key=BEA.digest, voucher=voucher, method="mail_code",
    )  # fmt: skip
    return log


def revoked(log: Log, before: str) -> Log:
    """Ann's own is revoked."""
    told = {"person": ANN.person, "by": ANN.person}
    log.move("passkey", ANN.id, before, "revoked", "passkey.revoked", **told)
    return log


def waiting() -> Log:
    """Ann's own waits for a second person to vouch."""
    log = Log().opened()
    log.move("passkey", ANN.id, "", "pending", "passkey.enrolled", **ANN.enrolled())
    log.move(
        "passkey", ANN.id, "pending", "pending", "passkey.vouched", person=ANN.person,
        key=ANN.digest, voucher="act_cid", method="mail_code",
    )  # fmt: skip
    return log


def test_who_has_one_or_had_one_vouches_with_none_but_a_passkey(tmp_path: Path) -> None:
    for name, log in (("has", asked()), ("had", revoked(asked(), "usable"))):
        for folder in (name, f"{name}-again"):
            (tmp_path / folder).mkdir()
        by_sign_in(log)
        assert why(log, tmp_path / name) == {UNSIGNED}
        assert said(log, tmp_path / f"{name}-again").bad == {"semantics": len(log) - 1}


def test_one_that_is_revoked_as_somebody_else_s_is_told(tmp_path: Path) -> None:
    """Else a snapshot behind it would tell that Ann never had one."""
    log = asked()
    told = {"person": "act_eve", "by": ANN.person}
    log.move("passkey", ANN.id, "usable", "revoked", "passkey.revoked", **told)
    assert why(log, tmp_path) == {"a passkey revoked as somebody else's than it is"}


def test_who_never_had_one_that_was_confirmed_vouches_by_a_sign_in(tmp_path: Path) -> None:
    """The control: the first two have none, and one that waits, or waited, cannot sign."""
    logs = {"other": asked(), "waits": waiting(), "waited": revoked(waiting(), "pending")}
    for name, log in logs.items():
        (tmp_path / name).mkdir()
        by_sign_in(log, "act_cid" if name == "other" else ANN.person)
        assert said(log, tmp_path / name).exit == 0


@pytest.mark.parametrize("which", ["the gateway's", "the other"])
def test_a_verifier_that_forgets_who_had_one_disagrees_with_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """The planted bug."""
    if which == "the other":
        monkeypatch.setattr(STAND_ALONE.Replay, "_vouched", lambda *_: None)
    else:
        monkeypatch.setattr(approval_check, "confirmed_at", lambda _: None)
    with pytest.raises(AssertionError):
        said(by_sign_in(asked()), tmp_path)


@pytest.mark.parametrize("old", [False, True], ids=["of now", "of before that was kept"])
@pytest.mark.parametrize(
    ("before", "had"),
    [(asked, True), (waiting, False), (lambda: revoked(asked(), "usable"), True),
     (lambda: revoked(waiting(), "pending"), False)],
    ids=["has", "waits", "had", "waited"],
)  # fmt: skip
def test_a_snapshot_tells_both_who_had_one(
    tmp_path: Path, before: Callable[[], Log], *, had: bool, old: bool
) -> None:
    """One of before that was kept tells it of those that may still be used, and of no others."""
    log, whole = before(), Replay()
    for index, entry in enumerate(log.entries):
        whole.take(index, json.loads(entry))
    own = whole.folded["passkey", ANN.id]
    if old:
        own.said.pop("confirmed_at", None)
        had = own.state == "usable"
    path = tmp_path / "snapshot"
    path.write_bytes(to_snapshot(whole, SEGMENT_ENTRIES))
    ours, theirs = from_snapshot(path.read_bytes())[1], STAND_ALONE.Replay(NO_KEYS)
    STAND_ALONE.load_snapshot(str(path), SEGMENT_ENTRIES, theirs, keys_only=False)
    for index, entry in list(enumerate(by_sign_in(log).entries))[-2:]:
        record = json.loads(entry)
        ours.take(index, record)
        theirs.take(index, record, STAND_ALONE.missing_fields(record))
    told = ([one.text for one in ours.faults.kept], [text for _, text in theirs.verdict.faults])
    assert told == (([UNSIGNED], [UNSIGNED]) if had else ([], []))


def test_one_that_ends_behind_an_older_snapshot_was_had(tmp_path: Path) -> None:
    log, whole = asked(), Replay()
    for index, entry in enumerate(log.entries):
        whole.take(index, json.loads(entry))
    del whole.folded["passkey", ANN.id].said["confirmed_at"]
    (tmp_path / "snapshot").write_bytes(to_snapshot(whole, SEGMENT_ENTRIES))
    _, ours = from_snapshot((tmp_path / "snapshot").read_bytes())
    last = json.loads(revoked(log, "usable").entries[-1])
    ours.take(len(log) - 1, last)
    assert ours.folded["passkey", ANN.id].said["confirmed_at"] == last["_ts"]
