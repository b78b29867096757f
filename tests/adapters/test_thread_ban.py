"""Nothing outward on the writer's thread; both ways out are held to it."""

import threading
from collections.abc import Callable

import pytest

from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.adapters.telling.mail import Mailer
from ticketgate.adapters.thread_ban import (
    OutwardCallError,
    check_outward_call,
    forbid_outward_calls,
)
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.settings import MailSettings


def on_the_writers_thread(call: Callable[[], object]) -> list[Exception]:
    """What `call` raises on a thread that is marked as the writer's."""
    raised: list[Exception] = []

    def run() -> None:
        forbid_outward_calls()
        try:
            call()
        except TicketgateError as fault:
            raised.append(fault)

    writer = threading.Thread(target=run)
    writer.start()
    writer.join()
    return raised


def planted_http() -> None:
    GuardedHttp(1).request("GET", "http://127.0.0.1:9/")


def planted_mail() -> None:
    settings = MailSettings("127.0.0.1", 9, "gate@example.com", tls=False)
    Mailer(settings).send("bob@example.com", ("subject", "text", "<p>html</p>"), "1")


@pytest.mark.parametrize("planted", [planted_http, planted_mail])
def test_an_outward_call_on_the_writers_thread_is_refused(planted: Callable[[], None]) -> None:
    [fault] = on_the_writers_thread(planted)
    assert isinstance(fault, OutwardCallError)
    assert fault.code == "outward_call_in_transaction"


@pytest.mark.parametrize("planted", [planted_http, planted_mail])
def test_the_same_call_elsewhere_is_tried(planted: Callable[[], None]) -> None:
    """The control: nobody listens there, and that is the only fault."""
    with pytest.raises(TicketgateError) as told:
        planted()
    assert told.value.code in {"target_unavailable", "mail_unavailable"}


def test_the_mark_is_of_one_thread_only() -> None:
    assert on_the_writers_thread(lambda: check_outward_call("anything"))
    check_outward_call("anything")
