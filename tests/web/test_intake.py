"""The machines' door in process: what it takes, what it refuses, what it never lets through."""

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.wire import BODY, OLD_SECRET, SOURCE, Door, signed

from ticketgate.web.intake import SourceKeys
from ticketgate.web.problems import Answer


def post(door: Door, headers: dict[str, str], body: bytes = BODY, source: str = SOURCE) -> Answer:
    fields = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    return asyncio.run(door.intake().post(source, fields, body))


def code(answer: Answer) -> str:
    told: str = json.loads(answer.body)["code"]
    return told


def test_a_signed_delivery_is_202_with_its_receipt() -> None:
    door = Door()
    answer = post(door, signed())
    assert answer.status == 202
    assert dict(answer.headers) == {
        b"content-type": b"application/json",
        b"content-length": str(len(answer.body)).encode(),
    }
    assert json.loads(answer.body) == {
        "delivery_id": "d-0",
        "status": "accepted",
        "evidence": {"origin": "gate.example.com/evidence", "index": 0, "leaf": "0" * 64},
    }
    [(verified, quarantine)] = door.inbox.kept
    assert (verified.source, verified.webhook_id, verified.body) == (SOURCE, "msg_1", BODY)
    assert verified.received_at == door.now
    assert quarantine is None
    assert door.refused == []


def test_the_secret_before_still_counts_while_rotating() -> None:
    assert post(Door(), signed(secret=OLD_SECRET)).status == 202


def test_a_delivery_that_comes_again_is_a_duplicate() -> None:
    door = Door()
    post(door, signed())
    assert json.loads(post(door, signed()).body)["status"] == "duplicate"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"not json", "not_json"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b"[" * 100_000 + b"]" * 100_000, "depth"),
        (b'"\\ud800"', "surrogate"),
        ('{"a": 1}'.encode("utf-16-le"), "nul"),
        (b"", "not_json"),
    ],
)
def test_an_authentic_body_that_is_unusable_is_quarantined(body: bytes, why: str) -> None:
    door = Door()
    answer = post(door, signed(body), body)
    assert (answer.status, json.loads(answer.body)["status"]) == (202, "quarantined")
    assert [quarantine for _, quarantine in door.inbox.kept] == [why]


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"webhook-signature": "v1," + "A" * 43 + "="}, 401, "signature_mismatch"),
        ({"webhook-id": "msg_2"}, 401, "signature_mismatch"),
        ({"webhook-signature": ""}, 401, "signature_missing"),
        ({"webhook-timestamp": "1614265330"}, 401, "timestamp_outside_tolerance"),
        ({"webhook-timestamp": "١٦١٤".encode().decode("latin-1")}, 400, "timestamp_header"),
        ({"webhook-signature": "v1;nonsense"}, 400, "signature_header"),
        ({"webhook-signature": " ".join(["v1," + "A" * 43 + "="] * 9)}, 400, "signature_header"),
    ],
)
def test_what_is_not_authentic_is_refused_counted_and_not_stored(
    change: dict[str, str], status: int, why: str
) -> None:
    door = Door()
    answer = post(door, signed() | change)
    assert (answer.status, code(answer)) == (status, why)
    assert door.refused == [(SOURCE, why)]
    assert door.inbox.kept == []


@pytest.mark.parametrize(
    "headers",
    [signed(), signed(age_seconds=301), signed() | {"webhook-id": ""}],
    ids=["signed for another source", "old", "no id"],
)
def test_an_unknown_source_learns_what_a_forger_at_a_known_one_learns(
    headers: dict[str, str],
) -> None:
    door = Door()
    forged = headers | {"webhook-signature": "v1," + "A" * 43 + "="}
    assert post(door, headers, source="nobody") == post(door, forged)
    assert [source for source, _ in door.refused] == ["unknown", SOURCE]
    assert door.inbox.kept == []


def test_even_the_keys_of_no_source_open_nothing() -> None:
    door = Door()
    intake = door.intake()
    intake._decoys = (replace(intake._decoys[0], keys=SourceKeys((b"known to Mallory",))),)
    headers = signed(secret=b"known to Mallory")
    fields = {name.encode(): value.encode() for name, value in headers.items()}
    answer = asyncio.run(intake.post("nobody", fields, BODY))
    assert (answer.status, code(answer)) == (401, "signature_mismatch")
    assert door.inbox.kept == []


def test_a_store_that_is_down_is_503_and_to_be_tried_again() -> None:
    door = Door()
    door.inbox.down = True
    answer = post(door, signed())
    assert (answer.status, code(answer)) == (503, "store_unavailable")
    assert dict(answer.headers)[b"retry-after"] == b"5"
    assert door.refused == [(SOURCE, "store_unavailable")]


def test_secrets_do_not_show_in_a_representation() -> None:
    assert "24 bytes" not in repr(SourceKeys((b"a secret of at least 24 bytes",)))


@given(
    st.text(st.characters(max_codepoint=255)),
    st.text(st.characters(max_codepoint=255)),
    st.text(st.characters(max_codepoint=255)),
    st.binary(max_size=200),
    st.sampled_from([SOURCE, "nobody", "", "../" + SOURCE]),
)
def test_no_garbage_is_stored_or_is_our_fault(
    ident: str, stamp: str, signature: str, body: bytes, source: str
) -> None:
    door = Door()
    headers = {"webhook-id": ident, "webhook-timestamp": stamp, "webhook-signature": signature}
    assert post(door, headers, body, source).status in {400, 401}
    assert door.inbox.kept == []
    assert len(door.refused) == 1


@given(st.binary(max_size=200).filter(lambda body: body.isascii()))
def test_whatever_is_signed_is_kept(body: bytes) -> None:
    door = Door()
    assert post(door, signed(body), body).status == 202
    assert len(door.inbox.kept) == 1
