"""Receivers over real HTTP: what arrives, that it verifies, and what each answer means."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from tests.adapters.http_peer import Peer, peer

from ticketgate.adapters.telling.receivers import HttpReceivers, ReceiverRefusedError
from ticketgate.connector_api import OutcomeUnknown, Refused, Throttled, Unavailable
from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.standard_webhooks import StandardWebhooks, secret_key
from ticketgate.domain.settings import ReceiverSettings
from ticketgate.domain.telling.announcement import Announcement, webhook_body
from ticketgate.domain.tickets.delivery import Delivery

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = b"a key of this test, of 32 bytes."
URL_SECRET = "/services/T0/B0/the-secret-of-the-address"
WHAT = Announcement(
    "denied", "evt_1", "2026-03-02T09:30:00.000000Z", "gate.example.com/evidence", 7,
    "req_1", "tkt_1", "RITM1", "The request for access to <x> & y was denied — by Bob.",
)  # fmt: skip
EVENTS = frozenset({"denied"})


def answer(status: int, body: bytes = b"", more: str = "") -> bytes:
    """An answer as it goes over the wire."""
    return f"HTTP/1.1 {status} X\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def listening(said: bytes, kind: str = "webhook") -> Iterator[tuple[HttpReceivers, Peer]]:
    """A receiver `ops` that answers so, and the way to it."""
    with peer(said) as one:
        secret = SECRET if kind == "webhook" else None
        url = one.url.rstrip("/") + URL_SECRET
        yield HttpReceivers([ReceiverSettings("ops", kind, url, EVENTS, secret)], lambda: NOW), one


def arrived(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    return {name.lower(): value for name, _, value in lines}, body


def delivery(raw: bytes) -> Delivery:
    """The request as our own intake would take it."""
    headers, body = arrived(raw)
    kept = {name: headers[name] for name in StandardWebhooks.headers}
    return Delivery("ops", kept, body, NOW)


def test_a_webhook_arrives_and_our_own_intake_verifies_it() -> None:
    with listening(answer(204)) as (receivers, one):
        assert receivers.events == {"ops": EVENTS}
        assert receivers.send("ops", WHAT) == "ops answered 204"
        (raw,) = one.asked
    headers, body = arrived(raw)
    assert raw.startswith(f"POST {URL_SECRET} HTTP/1.1".encode())
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert body == webhook_body(WHAT)
    assert json.loads(body)["what"] == WHAT.what
    found = StandardWebhooks().authenticate(delivery(raw), [SECRET], NOW)
    assert (found.webhook_id, found.id_covered) == ("evt_1", True)


def test_a_body_that_was_changed_or_is_old_is_refused_by_that_verifier() -> None:
    with listening(answer(200)) as (receivers, one):
        receivers.send("ops", WHAT)
        (raw,) = one.asked
    changed = delivery(raw.replace(b'"denied"', b'"active"'))
    for what, keys, now in (
        (changed, [SECRET], NOW),
        (delivery(raw), [SECRET[::-1]], NOW),
        (delivery(raw), [SECRET], NOW + timedelta(minutes=6)),
    ):
        with pytest.raises(AuthenticationError):
            StandardWebhooks().authenticate(what, keys, now)


def test_the_signature_is_the_one_that_openssl_makes() -> None:
    """The sample key, id and time of the Standard Webhooks documents; over a body of ours.

    The MAC was made by `openssl dgst -sha256 -mac HMAC` over `id.time.body`.
    """
    key = secret_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    what = Announcement("test", "msg_p5jXN8AQM9LWM0D4loKWxJek", "t", "o", 0, "", "", "", "w")
    with peer(answer(200)) as one:
        known = ReceiverSettings("ops", "webhook", one.url, EVENTS, key)
        HttpReceivers([known], lambda: at).send("ops", what)
        headers, body = arrived(one.asked[0])
    assert body == (
        b'{"type":"test","id":"msg_p5jXN8AQM9LWM0D4loKWxJek","time":"t","origin":"o","index":0,'
        b'"request":"","ticket":{"id":"","number":""},"what":"w"}'
    )
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,bUUnN5Dc7OGg0+4Ortm+YXstDI5tjh0+2v5ARIBrsRE="


def test_slack_gets_its_own_form_unsigned_and_escaped() -> None:
    with listening(answer(200, b"ok"), "slack") as (receivers, one):
        assert receivers.send("ops", WHAT) == "ops answered 200: ok"
        headers, body = arrived(one.asked[0])
    assert "webhook-signature" not in headers
    text = json.loads(body)["text"]
    assert text == "RITM1: The request for access to &lt;x&gt; &amp; y was denied — by Bob."


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410])
def test_a_refusal_is_final_and_a_redirect_is_one(status: int) -> None:
    more = "Location: http://127.0.0.1:1/elsewhere\r\n"
    with listening(answer(status, b"no", more)) as (receivers, one):
        with pytest.raises(ReceiverRefusedError) as told:
            receivers.send("ops", WHAT)
        assert len(one.asked) == 1
    assert told.value.code == "receiver_refused"
    assert not told.value.retryable
    assert told.value.reason == f"ops answered {status}"
    assert "notify test" in told.value.next_step


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int) -> None:
    with listening(answer(status)) as (receivers, _), pytest.raises(Unavailable) as told:
        receivers.send("ops", WHAT)
    assert told.value.retryable


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("30", 30.0), ("99999", 3600.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-5", 0.0)],
    ids=["seconds", "too_long", "date", "negative"],
)
def test_a_receiver_that_asks_to_wait_is_waited_for(said: str, seconds: float) -> None:
    slow = answer(429, more=f"Retry-After: {said}\r\n")
    with listening(slow) as (receivers, _), pytest.raises(Throttled) as told:
        receivers.send("ops", WHAT)
    assert told.value.retry_after == seconds


@pytest.mark.parametrize("status", [408, 425, 503])
def test_so_is_one_that_is_away_and_says_for_how_long(status: int) -> None:
    away = answer(status, more="Retry-After: 30\r\n")
    with listening(away) as (receivers, _), pytest.raises(Throttled) as told:
        receivers.send("ops", WHAT)
    assert told.value.retry_after == 30.0


def test_without_an_answer_it_may_have_arrived_and_goes_again_under_the_same_id() -> None:
    with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok") as (receivers, one):
        with pytest.raises(OutcomeUnknown):
            receivers.send("ops", WHAT)
        with pytest.raises(OutcomeUnknown):
            receivers.send("ops", WHAT)
        ids = {arrived(raw)[0]["webhook-id"] for raw in one.asked}
    assert ids == {"evt_1"}


@pytest.mark.parametrize("host", ["10.0.0.7", "169.254.169.254", "[fd00::7]"])
def test_a_private_address_is_never_called_unless_it_is_allowed(host: str) -> None:
    known = ReceiverSettings("ops", "slack", f"https://{host}{URL_SECRET}", EVENTS)
    with pytest.raises(Refused) as told:
        HttpReceivers([known], lambda: NOW).send("ops", WHAT)
    assert URL_SECRET not in str(told.value)


def test_a_receiver_that_is_not_configured_is_refused() -> None:
    with pytest.raises(ReceiverRefusedError, match="no receiver 'ops'"):
        HttpReceivers([], lambda: NOW).send("ops", WHAT)


def test_neither_address_nor_key_is_shown() -> None:
    shown = repr(ReceiverSettings("ops", "webhook", "https://x" + URL_SECRET, EVENTS, SECRET))
    assert URL_SECRET not in shown
    assert "key" not in shown
