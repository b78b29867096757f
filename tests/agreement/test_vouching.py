"""Vouching signed by the voucher's own passkey: both verifiers say the same of it."""

from pathlib import Path
from typing import Any

from tests.agreement.test_passkeys import ANN, asked, said, why
from tests.verifier.authenticator import PAGE, RP_ID, Passkey
from tests.verifier.bundle_writer import Log

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
