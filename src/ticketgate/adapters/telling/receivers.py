"""Receivers over HTTP: a signed webhook (Standard Webhooks, spec 1.0), or Slack's own form."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from typing_extensions import override

from ticketgate.adapters.net.http import GuardedHttp, networks
from ticketgate.connector_api import ConnectorError, HttpAnswer, Throttled, Unavailable
from ticketgate.domain.schemes.standard_webhooks import sign
from ticketgate.domain.settings import ReceiverSettings
from ticketgate.domain.telling.announcement import Announcement, slack_body, webhook_body
from ticketgate.ports import Receivers

SECONDS_MAX: Final = 10.0
RETRY_AFTER_MAX: Final = 3600.0
_AGAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_SHOWN: Final = 80  # characters of an answer


class ReceiverRefusedError(ConnectorError):
    """The receiver will not take it, whenever it is asked; or there is no such receiver."""

    code = "receiver_refused"


class HttpReceivers(Receivers):
    """`ports.Receivers`. Holds no connection; safe from any thread.

    No redirect is followed: it is an answer that refuses. Addresses are checked as GuardedHttp
    says. Neither an address nor a secret stands in what is raised.
    """

    def __init__(self, receivers: Sequence[ReceiverSettings], wall: Callable[[], datetime]) -> None:
        """`wall` is the wall clock: signatures are judged by that of the receiver."""
        self._receivers = {one.name: one for one in receivers}
        self._wall = wall

    @property
    @override
    def events(self) -> Mapping[str, frozenset[str]]:
        return {name: one.events for name, one in self._receivers.items()}

    @override
    def send(self, receiver: str, what: Announcement) -> str:
        known = self._receivers.get(receiver)
        if known is None:
            raise ReceiverRefusedError(f"the settings name no receiver {receiver!r}")
        body = slack_body(what) if known.kind == "slack" else webhook_body(what)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if known.secret is not None:
            headers |= self._signed(what.id, body, known.secret)
        http = GuardedHttp(SECONDS_MAX, networks(known.allow_networks))
        return _judged(receiver, http.send("POST", known.url, body, headers))

    def _signed(self, ident: str, body: bytes, secret: bytes) -> dict[str, str]:
        at = int(self._wall().timestamp())
        return {
            "webhook-id": ident,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(ident, at, body, secret),
        }


def _judged(receiver: str, answer: HttpAnswer) -> str:
    said = f"{receiver} answered {answer.status}"
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        shown = answer.body[:_SHOWN].decode(errors="replace")
        return f"{said}: {shown}" if shown else said
    again = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in _AGAIN
    wait = _seconds(answer.headers.get("retry-after", ""))
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or (again and wait):
        raise Throttled(said, wait)
    if again:
        raise Unavailable(said)
    raise ReceiverRefusedError(
        said, next_step="mend its `url` or `secret`, then try `ticketgate notify test`"
    )


def _seconds(text: str) -> float:
    """What `Retry-After` says in seconds, an hour at the most; 0 where it says none, or a date."""
    return min(float(text), RETRY_AFTER_MAX) if text.isascii() and text.isdigit() else 0.0
