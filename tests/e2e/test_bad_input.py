"""Bad input over real sockets to the composed gateway; tests/web has each case of the front."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from statistics import median

import pytest
from tests.e2e.stage import Stage
from tests.web.wire import Reply, ask, connect, read_reply, request

from ticketgate.domain.schemes.standard_webhooks import secret_key, sign

BODY = b'{"table": "incident", "record": {"sys_id": "bad", "short_description": "never stored"}}'
DRIPPING = 200


def wall() -> int:
    """The seconds that senders put into webhook-timestamp."""
    return int(time.clock_gettime(time.CLOCK_REALTIME))


class Sender:
    """Signs as the source does, and sends whatever bytes it likes."""

    def __init__(self, stage: Stage) -> None:
        self.port = stage.world.port
        self.secret = stage.world.snow.secret
        self.sent = 0

    def headers(self, body: bytes, *, ident: str = "", age_seconds: int = 0) -> dict[str, str]:
        """Good headers for `body`."""
        self.sent += 1
        ident = ident or f"{0xBAD0000 + self.sent:032x}-0"
        moment = wall() - age_seconds
        return {
            "webhook-id": ident,
            "webhook-timestamp": str(moment),
            "webhook-signature": sign(ident, moment, body, secret_key(self.secret)),
        }

    def good(self, body: bytes = BODY, **more: str) -> bytes:
        """A request that would be taken, but for `more`."""
        return request(headers=self.headers(body) | more, body=body)

    def post(self, data: bytes) -> Reply:
        """Send it."""
        return ask(self.port, data)


@pytest.fixture(scope="module")
def sender(stage: Stage) -> Sender:
    """Once what a start records by itself is there: the tests count entries."""
    stage.wait("the directory", lambda: "directory.loaded" in kinds(stage))
    return Sender(stage)


def kinds(stage: Stage) -> set[str]:
    """The types of all records."""
    return {str(dict(entry).get("type")) for entry in stage.entries()}


def wrong_signature(sender: Sender) -> bytes:
    headers = sender.headers(BODY)
    return request(headers=headers, body=BODY.replace(b"never", b"shall"))


def old_timestamp(sender: Sender) -> bytes:
    return request(headers=sender.headers(BODY, age_seconds=301), body=BODY)


def unknown_source(sender: Sender) -> bytes:
    return request("/hooks/nobody", headers=sender.headers(BODY), body=BODY)


def ten_megabytes(sender: Sender) -> bytes:
    return sender.good(b'{"a": "' + b"x" * 10_000_000 + b'"}')


def chunked(sender: Sender) -> bytes:
    head = request(headers=sender.headers(BODY) | {"transfer-encoding": "chunked"}, body=None)
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


def compressed(sender: Sender) -> bytes:
    return sender.good(gzip.compress(BODY), **{"content-encoding": "gzip"})


@pytest.mark.parametrize(
    ("bad", "status", "code"),
    [
        (wrong_signature, 401, "signature_mismatch"),
        (old_timestamp, 401, "timestamp_outside_tolerance"),
        (unknown_source, 401, "signature_mismatch"),
        (ten_megabytes, 413, "too_large"),
        (chunked, 411, "no_length"),
        (compressed, 415, "content_encoding"),
    ],
)
def test_what_is_not_authentic_or_not_plain_is_refused_and_not_stored(
    stage: Stage, sender: Sender, bad: Callable[[Sender], bytes], status: int, code: str
) -> None:
    stage.wait("rest", stage.at_rest)
    before = len(stage.rows("SELECT seq FROM delivery")), len(stage.entries())
    answer = sender.post(bad(sender))
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["code"] == code
    assert (len(stage.rows("SELECT seq FROM delivery")), len(stage.entries())) == before
    assert sender.post(sender.good(b'{"good": 1}')).status == 202  # the door still works


UNUSABLE = {
    "not JSON": (b"number=INC0010001", "not_json"),
    "a key twice": (b'{"sys_id": "a", "sys_id": "b"}', "duplicate_key"),
    "100,000 deep": (b"[" * 100_000 + b"]" * 100_000, "depth"),
    "a lone surrogate": (b'{"number": "\\ud800"}', "surrogate"),
    "UTF-16": ('{"number": "INC0010001"}'.encode("utf-16"), "not_utf8"),
    "UTF-16 without a mark": ('{"number": "INC0010001"}'.encode("utf-16-le"), "nul"),
    "no mapping": (b'{"table": "cmdb_ci", "record": {"sys_id": "a"}}', "no_mapping"),
    "no ticket id": (b'{"table": "incident", "record": {"number": "INC1"}}', "no_ticket_id"),
    "no record": (b"[]", "not_a_record"),
}


@pytest.mark.parametrize(("body", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_authentic_but_unusable_is_quarantined_and_kept(
    stage: Stage, sender: Sender, body: bytes, reason: str
) -> None:
    """202, so that no sender disables its hook; the bytes wait for a person."""
    answer = sender.post(sender.good(body))
    assert answer.status == 202
    ident = json.loads(answer.body)["delivery_id"]
    stage.wait("its parking", lambda: stage.delivery(ident)["state"] == "quarantined")
    row = stage.delivery(ident)
    assert row["reason"] == reason
    (kept,) = stage.rows("SELECT body FROM delivery_body WHERE seq = ?", row["seq"])
    assert kept["body"] == body
    assert stage.moves("delivery", ident)[-1] == ("quarantined", reason)


def test_an_id_that_was_used_for_another_body_is_quarantined(stage: Stage, sender: Sender) -> None:
    """The signature holds for both, so the sender is at fault or taken over."""
    ident = f"{0xBADBAD:032x}-0"
    bodies = [b'{"first": 1}', b'{"second": 2}']
    answers = [
        sender.post(request(headers=sender.headers(body, ident=ident), body=body))
        for body in bodies
    ]
    assert [answer.status for answer in answers] == [202, 202]
    told = [json.loads(answer.body) for answer in answers]
    assert told[1]["status"] == "quarantined"
    assert stage.delivery(told[1]["delivery_id"])["reason"] == "id_conflict"


# --- slow senders ----------------------------------------------------------------------------


@pytest.fixture
def dripping(sender: Sender) -> Iterator[list[socket.socket]]:
    """Two hundred bodies under way at hooks and pages, a byte at a time."""
    hook = request(headers=sender.headers(BODY) | {"content-length": "500"}, body=b"")
    form = {"content-type": "application/x-www-form-urlencoded", "content-length": "500"}
    page = request("/sign-in", headers=form, body=b"")
    with ExitStack() as opened:
        socks = [opened.enter_context(connect(sender.port)) for _ in range(DRIPPING)]
        for number, sock in enumerate(socks):
            sock.sendall(page if number % 2 else hook)
        yield socks


def test_two_hundred_dripping_bodies_delay_nobody_and_end_as_408(
    stage: Stage, sender: Sender, dripping: list[socket.socket]
) -> None:
    """The pool of threads for pages is never reached by a body that is not whole."""
    rows = len(stage.rows("SELECT seq FROM delivery"))
    waits = []
    for _ in range(8):
        for sock in dripping:
            sock.sendall(b"x")
        for good in (sender.good(b'{"good": 1}'), request("/sign-in", body=None, method="GET")):
            began = time.monotonic()
            assert ask(sender.port, good).status in {200, 202}
            waits.append(time.monotonic() - began)
        threading.Event().wait(0.1)
    assert median(waits) < 1
    answers = [read_reply(sock) for sock in dripping]
    assert {answer.status for answer in answers} == {408}
    assert {json.loads(answer.body)["code"] for answer in answers} == {"too_slow"}
    assert len(stage.rows("SELECT seq FROM delivery")) == rows + 8
