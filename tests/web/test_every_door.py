"""The door over sources of all schemes: whom it lets in, and what a stranger can learn from it."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from tests.domain.schemes.senders import SECONDS, SENDERS, mac
from tests.web.doors import BODY, NAMES, keys_of, open_door, post
from tests.web.wire import Door, ask, nothing, nowhere, request, running

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.table import PROOF_HEADERS
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery
from ticketgate.web.front import Front
from ticketgate.web.gateway_app import ClosedIntake
from ticketgate.web.intake import Intake, SourceKeys
from ticketgate.web.problems import Answer
from ticketgate.web.wsgi_bridge import WsgiBridge

every = pytest.mark.parametrize("name", SENDERS)
GLPI = NAMES["glpi"]
ASKED = mac(SENDERS["glpi"].key, b"validate_cra_challenge").hex()
ENCODED = f"%{ord(ASKED[0]):x}{ASKED[1:]}"


def code(answer: Answer) -> str:
    told: str = json.loads(answer.body)["code"]
    return told


@every
def test_each_source_is_proved_by_its_own_scheme(name: str) -> None:
    door = Door()
    intake = open_door(door)
    headers = SENDERS[name].headers(BODY, source=NAMES[name])
    assert post(intake, NAMES[name], headers).status == 202
    [(verified, _)] = door.inbox.kept
    assert (verified.source, verified.body) == (NAMES[name], BODY)
    assert verified.id_covered is SENDERS[name].id_covered


@every
def test_a_source_takes_no_other_source_s_proof(name: str) -> None:
    door = Door()
    intake = open_door(door)
    for other in SENDERS:
        if other != name:
            headers = SENDERS[name].headers(BODY, source=NAMES[other])
            assert post(intake, NAMES[other], headers).status in {400, 401}
    assert door.inbox.kept == []


def test_what_is_signed_but_unusable_is_quarantined_in_every_scheme() -> None:
    door = Door()
    intake = open_door(door)
    for name, sender in SENDERS.items():
        answer = post(intake, NAMES[name], sender.headers(b"{", source=NAMES[name]), b"{")
        assert (answer.status, json.loads(answer.body)["status"]) == (202, "quarantined")
    assert [why for _, why in door.inbox.kept] == ["not_json"] * len(SENDERS)


# --- strangers -----------------------------------------------------------------------------------


def looks_like(intake: Intake, source: str) -> list[str]:
    """What a stranger sees of a source: the answers to forged deliveries of every scheme."""
    seen = []
    for sender in SENDERS.values():
        forged = sender.headers(BODY, key=sender.other_key, source=source)
        answer = post(intake, source, forged)
        seen.append(f"{answer.status} {code(answer)}")
    return seen


def test_every_unknown_name_looks_like_a_source_and_always_like_the_same_one() -> None:
    """So that no answer tells which names are real, nor which schemes are in use where."""
    intake = open_door(Door())
    real = {tuple(looks_like(intake, source)) for source in NAMES.values()}
    strange = [tuple(looks_like(intake, f"nobody-{number}")) for number in range(60)]
    assert set(strange) == real
    again = open_door(Door())
    assert [tuple(looks_like(again, f"nobody-{number}")) for number in range(60)] == strange


def test_where_all_sources_have_one_scheme_an_unknown_one_has_it_too() -> None:
    intake = open_door(Door(), "zendesk")
    assert looks_like(intake, "nobody") == looks_like(intake, NAMES["zendesk"])
    assert looks_like(open_door(Door(), "glpi"), "nobody") != looks_like(intake, "nobody")


class Counting:
    """A scheme that keeps how many keys it was asked about, each time."""

    name = "counting"
    headers = ("x-any",)

    def __init__(self) -> None:
        self.asked: list[int] = []

    def key(self, text: str) -> bytes:
        return text.encode()

    def authenticate(
        self, _delivery: Delivery, keys: Sequence[bytes], _now: datetime, /
    ) -> VerifiedDelivery:
        self.asked.append(len(keys))
        raise AuthenticationError("no", code="signature_mismatch")


def test_an_unknown_source_costs_as_many_macs_as_a_known_one() -> None:
    door = Door()
    counting = Counting()
    keys = {"a": SourceKeys((b"k" * 24, b"l" * 24, b"m" * 24), counting)}
    intake = Intake(keys, door.inbox.receive, lambda: door.now, lambda _source, _code: None)
    for source in ("a", "nobody"):
        assert code(post(intake, source, {})) == "signature_mismatch"
    assert counting.asked == [3, 3]


def test_a_door_without_sources_lets_nobody_in() -> None:
    door = Door()
    intake = Intake({}, door.inbox.receive, lambda: door.now, lambda _source, _code: None)
    for name, sender in SENDERS.items():
        assert post(intake, NAMES[name], sender.headers(BODY)).status in {400, 401}


# --- GLPI's challenge ----------------------------------------------------------------------------


def test_the_one_token_of_glpi_is_answered_with_what_it_expects() -> None:
    door = Door()
    answer = open_door(door).challenge(GLPI, ASKED.encode())
    assert answer.status == 200
    assert answer.body == mac(SENDERS["glpi"].key, ASKED.encode()).hex().encode()
    assert dict(answer.headers)[b"cache-control"] == b"no-store"
    assert door.refused == []


@every
def test_a_source_of_another_scheme_answers_no_challenge_even_with_its_own_secret(
    name: str,
) -> None:
    door = Door()
    token = mac(SENDERS[name].key, b"validate_cra_challenge").hex().encode()
    answer = open_door(door).challenge(NAMES[name], token)
    assert answer.status == (200 if name == "glpi" else 401)
    assert door.inbox.kept == []


def test_an_unknown_source_answers_a_challenge_like_a_known_one() -> None:
    door = Door()
    intake = open_door(door)
    known, unknown = (intake.challenge(one, b"0" * 64) for one in (GLPI, "nobody"))
    assert known == unknown
    assert (known.status, code(known)) == (401, "signature_mismatch")
    assert door.refused == [(GLPI, "signature_mismatch"), ("unknown", "signature_mismatch")]
    for decoy in intake._decoys:  # nor does it answer to the keys of no source
        for key in decoy.keys.secrets:
            token = mac(key, b"validate_cra_challenge").hex().encode()
            assert intake.challenge("nobody", token).status == 401


def test_mallory_cannot_have_a_delivery_signed_by_the_challenge() -> None:
    """Every answer that she gets is tried as the signature of the delivery that she wants."""
    door = Door()
    intake = open_door(door)
    wanted = b'{"ticket": {"id": 666, "state": "approved"}}'
    signed = wanted + str(SECONDS).encode()
    tokens = [signed, signed.hex().encode(), wanted, ASKED.encode(), ASKED.upper().encode(),
              mac(b"m" * 24, signed).hex().encode(), b"validate_cra_challenge"]  # fmt: skip
    answers = [intake.challenge(GLPI, token).body.decode() for token in tokens]
    for text in [*answers, ASKED]:
        headers = {"x-glpi-signature": text, "x-glpi-timestamp": str(SECONDS)}
        assert post(intake, GLPI, headers, wanted).status in {400, 401}
    assert door.inbox.kept == []
    oracle = mac(SENDERS["glpi"].key, signed).hex()  # what an oracle would have said, is taken
    headers = {"x-glpi-signature": oracle, "x-glpi-timestamp": str(SECONDS)}
    assert post(intake, GLPI, headers, wanted).status == 202


def test_a_closed_door_answers_no_challenge() -> None:
    door = Door()
    shut = ClosedIntake({}, door.inbox.receive, lambda: door.now, lambda _source, _code: None)
    assert code(shut.challenge(GLPI, ASKED.encode())) == "not_ready"


# --- over real sockets ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[int, Door]]:
    door = Door()
    bridge = WsgiBridge(nowhere, "https://gate.example.com")
    with running(Front(open_door(door), bridge, nothing, nothing)) as server:
        yield server.port, door


@every
def test_each_scheme_is_taken_over_a_socket(served: tuple[int, Door], name: str) -> None:
    port, door = served
    before = len(door.inbox.kept)
    headers = SENDERS[name].headers(BODY, source=NAMES[name])
    assert ask(port, request(f"/hooks/{NAMES[name]}", headers, BODY)).status == 202
    assert len(door.inbox.kept) == before + 1


@pytest.mark.parametrize("header", sorted(PROOF_HEADERS))
def test_a_header_that_proves_something_counts_only_once(
    served: tuple[int, Door], header: str
) -> None:
    twice = request(f"/hooks/{GLPI}").replace(
        b"\r\n", f"\r\n{header}: a\r\n{header}: a\r\n".encode(), 1
    )
    answer = ask(served[0], twice)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "doubled_header")


def test_glpi_s_question_is_answered_over_a_socket(served: tuple[int, Door]) -> None:
    port, _ = served
    right = ask(port, request(f"/hooks/{GLPI}?crc_token={ASKED}", body=None, method="GET"), "GET")
    assert (right.status, right.headers["content-type"]) == (200, "text/plain")
    assert right.body == mac(SENDERS["glpi"].key, ASKED.encode()).hex().encode()


@pytest.mark.parametrize(
    ("method", "target", "status", "why"),
    [
        ("GET", f"/hooks/{GLPI}?crc_token=", 401, "signature_mismatch"),
        ("GET", f"/hooks/{GLPI}?crc_token={'0' * 64}", 401, "signature_mismatch"),
        ("GET", f"/hooks/{GLPI}?crc_token={ASKED.upper()}", 401, "signature_mismatch"),
        ("GET", f"/hooks/{GLPI}?crc_token={ASKED}&a=1", 401, "signature_mismatch"),
        (
            "GET",
            f"/hooks/{GLPI}?crc_token={ENCODED}",
            401,
            "signature_mismatch",
        ),
        ("GET", f"/hooks/{NAMES['jira']}?crc_token={ASKED}", 401, "signature_mismatch"),
        ("GET", f"/hooks/nobody?crc_token={ASKED}", 401, "signature_mismatch"),
        ("GET", f"/hooks/{GLPI}?a=1&crc_token={ASKED}", 405, "method_not_allowed"),
        ("GET", f"/hooks/{GLPI}", 405, "method_not_allowed"),
        ("PUT", f"/hooks/{GLPI}?crc_token={ASKED}", 411, "no_length"),
        ("DELETE", f"/hooks/{GLPI}?crc_token={ASKED}", 405, "method_not_allowed"),
        ("GET", f"/hooks/{GLPI}/x?crc_token={ASKED}", 400, "path"),
        ("GET", f"/hooks/%67lpi-1?crc_token={ASKED}", 400, "path"),
    ],
)
def test_no_other_question_is_answered(
    served: tuple[int, Door], method: str, target: str, status: int, why: str
) -> None:
    answer = ask(served[0], request(target, body=None, method=method), method)
    assert (answer.status, json.loads(answer.body)["code"]) == (status, why)


def test_a_head_request_is_no_question(served: tuple[int, Door]) -> None:
    target = f"/hooks/{GLPI}?crc_token={ASKED}"
    assert ask(served[0], request(target, body=None, method="HEAD"), "HEAD").status == 405


def test_a_question_says_nothing_after_a_delivery_is_stale() -> None:
    """A day later the challenge still holds, the delivery does not: they are apart."""
    door = Door()
    intake = open_door(door)
    door.now += timedelta(days=2)
    assert intake.challenge(GLPI, ASKED.encode()).status == 200
    headers = SENDERS["glpi"].headers(BODY)
    assert code(post(intake, GLPI, headers)) == "timestamp_outside_tolerance"


def test_keys_do_not_show_in_a_representation() -> None:
    shown = repr([keys_of(name) for name in SENDERS]) + repr(open_door(Door())._sources)
    assert not [one for one in SENDERS.values() if one.key.decode() in shown]
