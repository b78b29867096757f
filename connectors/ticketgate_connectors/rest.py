"""JSON over HTTP, as ticket platforms speak it: what an answer means. One attempt per call."""

import base64
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from ticketgate.connector_api import (
    Conflict,
    ConnectorError,
    Denied,
    HttpAnswer,
    HttpClient,
    ItsmSettings,
    JsonValue,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unavailable,
)

Found = TypeVar("Found")
RETRY_AFTER_SECONDS: Final = 30.0  # where a 429 does not say, or says a date
RETRY_AFTER_SECONDS_MAX: Final = 3600.0
_ANSWERS: Final[Mapping[int, type[ConnectorError]]] = {
    HTTPStatus.UNAUTHORIZED: Denied,
    HTTPStatus.FORBIDDEN: Denied,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.PRECONDITION_FAILED: Conflict,
}


class Rest:
    """A platform's JSON interface below one base URL."""

    def __init__(self, url: str, headers: Mapping[str, str], http: HttpClient) -> None:
        self._base = url.rstrip("/")
        self._headers = {"Accept": "application/json", **headers}
        self._http = http

    def get(
        self, path: str, params: Mapping[str, str] | None = None
    ) -> tuple[JsonValue, HttpAnswer]:
        """What lies there, and the whole answer. A read whose answer is lost changed nothing.

        Raises:
            ConnectorError: `Unavailable` also for an answer that is not whole JSON.
        """
        try:
            answer = self._http.request(
                "GET", self._base + path, headers=self._headers, params=params
            )
        except OutcomeUnknown as fault:
            raise Unavailable(fault.reason) from None
        _check(answer, change=False)
        try:
            # Not the strict reader: what one record holds must not hide the others of its page.
            found: JsonValue = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise Unavailable("the answer is not whole JSON") from None
        return found, answer

    def change(self, method: str, path: str, body: JsonValue) -> None:
        """Change something; what the platform says of it is read back by the caller.

        Raises:
            ConnectorError: `OutcomeUnknown` where it may be done all the same.
        """
        answer = self._http.request(method, self._base + path, headers=self._headers, json=body)
        _check(answer, change=True)


def basic(user: str, password: str) -> str:
    """The value of `Authorization` (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def authorization(settings: ItsmSettings, scheme: str) -> Mapping[str, str]:
    """The header that says who asks; `scheme` is how the platform calls a token."""
    if settings.token:
        return {"Authorization": f"{scheme} {settings.token}"}
    return {"Authorization": basic(settings.user, settings.password)}


def account(settings: ItsmSettings, suffix: str = "") -> Mapping[str, str]:
    """As `authorization`, where the API token of an account is its password, else a Bearer token.

    `suffix` stands behind the account's name.
    """
    if not settings.user:
        return authorization(settings, "Bearer")
    secret = settings.password or settings.token
    return {"Authorization": basic(f"{settings.user}{suffix}", secret)}


def read_back(find: Callable[[], Found], what: str) -> Found:
    """What is found after a change.

    Raises:
        OutcomeUnknown: it may be there and cannot be read, whatever the cause. That one is met
            again, and named, where the next try looks before it changes anything.
    """
    try:
        return find()
    except ConnectorError as fault:
        raise OutcomeUnknown(f"the {what} cannot be read back: {fault.code}") from fault


def record(raw: JsonValue) -> Mapping[str, JsonValue]:
    """An object of an answer. Raises Misconfigured: it is none."""
    if not isinstance(raw, Mapping):
        raise Misconfigured("the answer is not in the platform's form")
    return raw


def records(raw: JsonValue) -> list[Mapping[str, JsonValue]]:
    """A list of objects. Raises Misconfigured: it is none."""
    if not isinstance(raw, list):
        raise Misconfigured("the answer is not in the platform's form")
    return [record(one) for one in raw]


def _check(answer: HttpAnswer, *, change: bool) -> None:
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled("the platform asks to wait", _retry_after(answer))
    raise _meaning(status, change=change)(f"the platform answered {status}")


def _meaning(status: int, *, change: bool) -> type[ConnectorError]:
    if status in _ANSWERS:
        return _ANSWERS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # A server that failed in the midst of a change may have made it.
        return OutcomeUnknown if change else Unavailable
    if status < HTTPStatus.BAD_REQUEST:  # a redirect: another address than was checked
        return Misconfigured
    return Refused if change else Misconfigured


def _retry_after(answer: HttpAnswer) -> float:
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdigit() and len(text) <= len(str(int(RETRY_AFTER_SECONDS_MAX))):
        return min(float(text), RETRY_AFTER_SECONDS_MAX)
    return RETRY_AFTER_SECONDS_MAX if text.isdigit() else RETRY_AFTER_SECONDS
