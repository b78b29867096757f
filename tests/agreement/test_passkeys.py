"""Decisions signed by passkeys: both verifiers refuse what the approver's own key did not sign."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.agreement.both import STAND_ALONE, Asked, Told, agreed, by_gateway, by_stand_alone
from tests.verifier.authenticator import PAGE, RP_ID, Passkey, payload_of
from tests.verifier.bundle_writer import (
    DECISION,
    REQUEST,
    Log,
    b64,
    b64url,
    canonical,
    policy,
    sha,
)

from ticketgate.adapters.keys import p256
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.people.passkey import check_assertion

WORDS: Final = "it is needed"
ANN: Final = Passkey("act_ann")
SIGNED: Final = DECISION | {"method": "passkey"}
REQUIRED: Final = (f"approver act_ann {ANN.digest}", "passkeys 0")


def enrol(log: Log, key: Passkey, vouchers: tuple[str, ...] = ("act_cid", "act_dan")) -> None:
    """The key is enrolled, and these vouch for it."""
    log.move("passkey", key.id, "", "pending", "passkey.enrolled", **key.enrolled())
    for number, voucher in enumerate(vouchers):
        log.move(
            "passkey", key.id, "pending", "usable" if number else "pending", "passkey.vouched",
            person=key.person, key=key.digest, voucher=voucher, method="mail_code",
        )  # fmt: skip


def asked(key: Passkey | None = ANN) -> Log:
    """A log in which a key is enrolled, and then a request awaits decisions."""
    log = Log().opened()
    if key is not None:
        enrol(log, key)
    log.move("request", "r1", "", "awaiting", "request.opened", **REQUEST)
    return log


def digest_of(index: int) -> str:
    """The digest of the justification that `Log.add` will hide in this record."""
    salt = b64url(sha(b"%d %d" % (index, 0))[:16])
    return b64url(sha(b64url(canonical([salt, "justification", WORDS])).encode()))


def payload(log: Log, key: Passkey = ANN, /, **more: object) -> dict[str, Any]:
    """What is signed of the decision that comes next, over the newest head."""
    head = (len(log), log.leaves[-1].hex())
    return payload_of(SIGNED, key, head, digest_of(len(log)), **more)


def decide(log: Log, assertion: dict[str, Any] | None, **fields: object) -> Log:
    """The decision, its approval, and the grant that follows."""
    told = {} if assertion is None else {"passkey": assertion}
    log.add("decision.recorded", {"justification": WORDS}, **SIGNED | told | fields)
    steps = REQUEST | {"stages": [1]}
    log.move("request", "r1", "awaiting", "approved", "request.approved", **steps)
    return log


def said(log: Log, folder: Path, *trust: str) -> Told:
    """What both say, with these lines in the trust file."""
    bundle = log.write(folder / "bundle")
    (folder / "trust").write_text(policy(*trust))
    return agreed(bundle, Asked(trust=folder / "trust"))


def why(log: Log, folder: Path, *trust: str) -> set[str]:
    """The faults that both tell in the same words; both found some in SEMANTICS alone."""
    told = said(log, folder, *trust)
    assert set(told.bad) == {"semantics"}
    found = []
    for verify in (by_gateway, by_stand_alone):
        told_by = verify(folder / "bundle", Asked(trust=folder / "trust"))
        verdict = next(one for one in told_by["verdicts"] if one["name"] == "semantics")
        faults = verdict["faults"]
        found.append({getattr(one, "text", None) or one["text"] for one in faults})
    return found[0] & found[1]


def test_a_decision_signed_by_a_pinned_key_holds(tmp_path: Path) -> None:
    log = asked()
    told = said(decide(log, ANN.sign(payload(log))), tmp_path, *REQUIRED)
    assert told.exit == 0
    assert told.states["semantics"] == "holds"


def test_a_key_that_is_synced_holds_as_well(tmp_path: Path) -> None:
    log = asked()
    assert said(decide(log, ANN.sign(payload(log), flags=0x1D)), tmp_path, *REQUIRED).exit == 0


def test_a_head_of_some_records_ago_holds(tmp_path: Path) -> None:
    log = asked()
    head = {"log_size": len(log), "log_head": log.leaves[-1].hex()}
    log.beats(20)
    assert said(decide(log, ANN.sign(payload(log, **head))), tmp_path, *REQUIRED).exit == 0


def test_without_pins_and_requirement_an_unsigned_decision_passes(tmp_path: Path) -> None:
    """The control: what the attacks below are reported for is what the trust file asks."""
    log = decide(asked(None), None, method="mail_code")
    assert said(log, tmp_path).exit == 0
    (tmp_path / "second").mkdir()
    assert "approval: not signed by a passkey" in why(log, tmp_path / "second", *REQUIRED)


def test_decisions_before_passkeys_were_required_may_be_unsigned(tmp_path: Path) -> None:
    log = decide(asked(None), None, method="mail_code")
    assert said(log, tmp_path, f"passkeys {len(log)}").exit == 0


ROGUE: Final = Passkey("act_ann", "rogue")


@pytest.mark.parametrize("lines", [REQUIRED, REQUIRED[:1], ("passkeys 0",)])
def test_an_insider_with_database_and_signing_key_and_a_rogue_key_is_reported(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    """Everything is made anew and signed by the log's key.

    The rogue key is enrolled for Ann, two people vouch for it, and it signs the approval.
    """
    log = asked(ROGUE)
    decide(log, ROGUE.sign(payload(log, ROGUE)))
    assert said(log, tmp_path).exit == 0  # the control: nobody pinned anything
    (tmp_path / "second").mkdir()
    assert "approval: key not pinned" in why(log, tmp_path / "second", *lines)


def test_a_rogue_actor_with_a_key_of_its_own_is_reported(tmp_path: Path) -> None:
    eve = Passkey("act_eve")
    log = Log().opened()
    enrol(log, eve)
    links = {"links": [["lnk_1", "act_eve"]]}
    log.move("request", "r1", "", "awaiting", "request.opened", **REQUEST | links)
    signed = eve.sign(payload(log, eve, approver="act_eve"))
    decide(log, signed, approver="act_eve")
    assert "approval: key not pinned" in why(log, tmp_path, *REQUIRED)


def forged(log: Log, **changes: object) -> dict[str, Any]:
    return ANN.sign(payload(log, **changes))


FORGERIES: Final[dict[str, Callable[[Log], dict[str, Any]]]] = {
    "over another request": lambda log: forged(log, request="r2"),
    "over something else shown": lambda log: forged(log, shown="t" * 8),
    "over another decision": lambda log: forged(log, decision="deny"),
    "over a longer time": lambda log: forged(log, seconds=3601),
    "over another round": lambda log: forged(log, round=2),
    "over another stage": lambda log: forged(log, stage=2),
    "over another person": lambda log: forged(log, approver="act_cid"),
    "over another justification": lambda log: forged(log, justification_digest="A" * 43),
    "over a head of another log": lambda log: forged(log, log_head="0" * 64),
    "over the head before the request": lambda log: forged(
        log, log_size=len(log) - 1, log_head=log.leaves[-2].hex()
    ),
    "over a head that is newer": lambda log: forged(log, log_size=len(log) + 1),
    "expired": lambda log: forged(log, expires_at=log.stamp(len(log))),
    "for too long": lambda log: forged(log, expires_at="2026-11-22T03:45:00.000000Z"),
    "until no instant": lambda log: forged(log, expires_at="later"),
    "for something else": lambda log: forged(log, purpose="login"),
    "by a passkey that is not there": lambda log: forged(log, credential_id="0" * 64),
    "on another origin": lambda log: forged(log, origin="https://evil.example.com"),
    "for another relying party": lambda log: forged(log, rp_id="example.com"),
    "with a number as text": lambda log: forged(log, seconds="3600"),
    "with a text as number": lambda log: forged(log, nonce=1),
    "with more in the payload": lambda log: forged(log, more="x"),
    "by the key of somebody else": lambda log: ROGUE.sign(payload(log)),
    "without user verification": lambda log: ANN.sign(payload(log), flags=0x01),
    "without presence": lambda log: ANN.sign(payload(log), flags=0x04),
    "with extensions": lambda log: ANN.sign(payload(log), flags=0x85),
    "with attested data": lambda log: ANN.sign(payload(log), flags=0x45),
    "with a reserved bit": lambda log: ANN.sign(payload(log), flags=0x07),
    "backed up though it may not be": lambda log: ANN.sign(payload(log), flags=0x15),
    "in a page of another origin": lambda log: ANN.sign(
        payload(log), client={"crossOrigin": True}
    ),
    "below a page of another origin": lambda log: ANN.sign(
        payload(log), client={"topOrigin": PAGE}
    ),
    "as a registration": lambda log: ANN.sign(payload(log), client={"type": "webauthn.create"}),
    "over another challenge": lambda log: ANN.sign(payload(log), client={"challenge": "AAAA"}),
    "with a challenge that is no text": lambda log: ANN.sign(payload(log), client={"challenge": 1}),
    "from another origin": lambda log: ANN.sign(payload(log), client={"origin": PAGE + "."}),
    "with a byte more of data": lambda log: ANN.sign_bytes(
        payload(log), client(log), more=b"\x00"
    ),
    "with a BOM": lambda log: ANN.sign_bytes(payload(log), b"\xef\xbb\xbf" + client(log)),
    "with a key twice": lambda log: ANN.sign_bytes(
        payload(log), b'{"type":"webauthn.create",' + client(log)[1:]
    ),
    "with NaN": lambda log: ANN.sign_bytes(payload(log), b'{"x":NaN,' + client(log)[1:]),
    "with something behind it": lambda log: ANN.sign_bytes(payload(log), client(log) + b"x"),
    "in UTF-16": lambda log: ANN.sign_bytes(payload(log), client(log).decode().encode("utf-16")),
    "as a list": lambda log: ANN.sign_bytes(payload(log), b"[" + client(log) + b"]"),
    "too long": lambda log: ANN.sign_bytes(payload(log), client(log)[:-1] + b" " * 4096 + b"}"),
    "too deep": lambda log: ANN.sign_bytes(payload(log), b"[" * 4000),
    "without its key": lambda log: {
        name: part for name, part in ANN.sign(payload(log)).items() if name != "key"
    },
    "with a part that is no text": lambda log: ANN.sign(payload(log)) | {"signature": 1},
    "with a part that is no base64": lambda log: ANN.sign(payload(log)) | {"signature": "é"},
    "with a part in two forms": lambda log: ANN.sign(payload(log)) | {"signature": "QUI"},
    "with a part that is empty": lambda log: ANN.sign(payload(log)) | {"signature": ""},
    "with a list for a payload": lambda log: ANN.sign(payload(log)) | {"payload": []},
    "with a key of another kind": lambda log: (
        ANN.sign(payload(log)) | {"key": b64(b"\xa4" + ANN.cose[1:])}
    ),
}  # fmt: skip


def client(log: Log) -> bytes:
    """Client data as a browser would write it."""
    return base64.b64decode(ANN.sign(payload(log))["client_data"])


@pytest.mark.parametrize("what", FORGERIES)
def test_an_assertion_that_is_not_over_exactly_this_is_reported(tmp_path: Path, what: str) -> None:
    log = asked()
    assertion = FORGERIES[what](log)
    told = said(decide(log, assertion), tmp_path)
    assert told.bad == {"semantics": len(log) - 2}
    assert told.exit == 1


def test_an_assertion_that_is_no_object_is_reported(tmp_path: Path) -> None:
    log = asked()
    log.add("decision.recorded", {"justification": WORDS}, **SIGNED, passkey=["x"])
    assert said(log, tmp_path).bad == {"semantics": len(log) - 1}


@pytest.mark.parametrize(
    ("method", "signed"), [("mail_code", True), ("passkey", False)], ids=["unnamed", "unsigned"]
)
def test_a_method_and_an_assertion_come_together(
    tmp_path: Path, method: str, *, signed: bool
) -> None:
    log = asked()
    decide(log, ANN.sign(payload(log)) if signed else None, method=method)
    assert said(log, tmp_path).bad == {"semantics": len(log) - 2}


def bits(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The assertion with each bit of each of its parts flipped in turn."""
    for name in ("key", "authenticator_data", "client_data", "signature"):
        data = base64.b64decode(told[name])
        for place in range(len(data) * 8):
            changed = bytearray(data)
            changed[place // 8] ^= 1 << place % 8
            yield told | {name: b64(bytes(changed))}
    text = canonical(told["payload"])
    for place in range(len(text) * 8):
        flipped = bytearray(text)
        flipped[place // 8] ^= 1 << place % 8
        try:
            yield told | {"payload": json.loads(bytes(flipped).decode())}
        except ValueError:
            continue


def test_every_single_bit_flip_of_an_assertion_is_refused_by_both() -> None:
    sound = ANN.sign(payload(asked()))
    assert check_assertion(sound, p256.verify).key == ANN.digest
    assert STAND_ALONE.check_assertion(sound)[1] == ANN.digest
    count = 0
    for one in bits(sound):
        count += 1
        with pytest.raises(EvidenceError):
            check_assertion(one, p256.verify)
        with pytest.raises(STAND_ALONE.Refused):
            STAND_ALONE.check_assertion(one)
    assert count > 5000


def test_without_a_verifier_only_the_form_is_looked_at() -> None:
    """What a gateway's own replay does; an auditor's always verifies."""
    told = ANN.sign(payload(asked())) | {"signature": b64(bytes.fromhex("3006020101020101"))}
    assert check_assertion(told, None).key == ANN.digest
    with pytest.raises(EvidenceError):
        check_assertion(told, p256.verify)


def enrolment(**changes: object) -> Log:
    log = Log().opened()
    told = ANN.enrolled() | changes
    log.move("passkey", told.pop("id", ANN.id), "", "pending", "passkey.enrolled", **told)
    return log


@pytest.mark.parametrize(
    "changes",
    [
        {"person": None}, {"rp_id": 1}, {"origin": None}, {"cose": b64(b"other")}, {"cose": "QUI"},
        {"credential": b64(b"other")}, {"credential": None}, {"key": "0" * 64}, {"id": "0" * 64},
        {"cose": None}, {"cose": b64(ROGUE.cose)},
    ],
)  # fmt: skip
def test_an_enrolment_that_is_not_of_one_key_is_reported(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert said(enrolment(**changes), tmp_path).bad == {"semantics": 1}


@pytest.mark.parametrize(
    ("vouchers", "bad"),
    [
        (("act_cid", "act_cid"), 3),
        (("act_ann", "act_cid"), 2),
        (("act_cid", "act_ann"), 3),
    ],
)
def test_two_different_others_must_vouch(
    tmp_path: Path, vouchers: tuple[str, str], bad: int
) -> None:
    log = Log().opened()
    enrol(log, ANN, vouchers)
    assert said(log, tmp_path).bad == {"semantics": bad}


@pytest.mark.parametrize(
    "steps",
    [
        [("usable", {})],
        [("pending", {}), ("pending", {"voucher": "act_dan"})],
        [("pending", {"key": "0" * 64})],
        [("pending", {"person": "act_eve"})],
        [("pending", {"voucher": 7})],
    ],
)
def test_a_vouching_for_something_else_is_reported(
    tmp_path: Path, steps: list[tuple[str, dict[str, Any]]]
) -> None:
    log = enrolment()
    told = {"person": "act_ann", "key": ANN.digest, "voucher": "act_cid", "method": "mail_code"}
    for after, changes in steps:
        log.move("passkey", ANN.id, "pending", after, "passkey.vouched", **told | changes)
    assert said(log, tmp_path).bad == {"semantics": len(log) - 1}


def test_a_key_that_one_person_vouched_for_or_that_was_revoked_signs_nothing(
    tmp_path: Path,
) -> None:
    once = Log().opened()
    enrol(once, ANN, ("act_cid",))
    revoked = Log().opened()
    enrol(revoked, ANN)
    told = {"person": "act_ann", "by": "act_ann"}
    revoked.move("passkey", ANN.id, "usable", "revoked", "passkey.revoked", **told)
    for number, log in enumerate((once, revoked)):
        log.move("request", "r1", "", "awaiting", "request.opened", **REQUEST)
        decide(log, ANN.sign(payload(log)))
        (tmp_path / str(number)).mkdir()
        assert said(log, tmp_path / str(number)).bad == {"semantics": len(log) - 2}


def test_a_head_of_too_long_ago_is_reported_and_one_just_young_enough_is_not(
    tmp_path: Path,
) -> None:
    for age, sound in ((8192, True), (8193, False)):
        log = asked()
        head = {"log_size": len(log), "log_head": log.leaves[-1].hex()}
        log.beats(age)
        soon = log.stamp(len(log) + 60)
        decide(log, ANN.sign(payload(log, **head, expires_at=soon)))
        (tmp_path / str(age)).mkdir()
        assert (said(log, tmp_path / str(age), *REQUIRED).exit == 0) is sound


@pytest.mark.parametrize(
    "line",
    [
        "approver act_ann", "approver Act " + "0" * 64, "approver act_ann " + "0" * 63,
        "approver act_ann " + "A" * 64, "passkeys", "passkeys x", "passkeys 0\npasskeys 0",
        "passkeys 9007199254740992", "passkeys -1",
    ],
)  # fmt: skip
def test_a_trust_file_that_pins_nothing_that_can_be_is_refused(tmp_path: Path, line: str) -> None:
    assert said(asked(), tmp_path, line).exit == 2


def test_the_site_is_what_the_key_was_enrolled_for() -> None:
    assert PAGE.removeprefix("https://") == RP_ID
