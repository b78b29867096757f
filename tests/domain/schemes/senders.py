"""What each platform sends, made by hand from hashlib: nothing here goes through the product."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.common import Scheme
from ticketgate.domain.schemes.table import SCHEMES
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

SOURCE: Final = "desk-1"
NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECONDS: Final = int(NOW.timestamp())
SECRET: Final = "a secret of more than 24 bytes"
OTHER: Final = "Mallory's is of that length too"
IDENT: Final = "3b6e0c2a-7f0e-4d9b-9c57-1f5d0f1b2a10"
BODY: Final = b'{"ticket": {"id": 7, "state": "open"}}'
CLIENT_KEY: Final = "jira:15489595"

Headers = dict[str, str]


def mac(key: bytes, message: bytes, method: str = "sha256") -> bytes:
    """HMAC as RFC 2104 §2 writes it."""
    block = hashlib.new(method).block_size
    whole = (hashlib.new(method, key).digest() if len(key) > block else key).ljust(block, b"\0")
    inner = hashlib.new(method, bytes(one ^ 0x36 for one in whole) + message).digest()
    return hashlib.new(method, bytes(one ^ 0x5C for one in whole) + inner).digest()


def b64(data: bytes) -> str:
    """Plain base64."""
    return base64.b64encode(data).decode()


def b64url(data: bytes) -> str:
    """base64url without padding, as in a JWT."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(
    key: bytes,
    claims: Mapping[str, Any] | bytes | None = None,
    head: Mapping[str, Any] | bytes | None = None,
    *,
    method: str = "sha256",
) -> str:
    """A JWT as Atlassian Connect makes it; bytes go in as they are."""
    usual = {"alg": "HS256", "typ": "JWT"}
    first = head if isinstance(head, bytes) else json.dumps(head or usual).encode()
    said = claims if isinstance(claims, bytes) else json.dumps(claims or connect_claims()).encode()
    signed = f"{b64url(first)}.{b64url(said)}"
    return f"{signed}.{b64url(mac(key, signed.encode(), method))}"


def connect_claims(source: str = SOURCE, **changed: object) -> dict[str, Any]:
    """The claims of a host's token; None takes one away."""
    qsh = hashlib.sha256(f"POST&/hooks/{source}&".encode()).hexdigest()
    usual = {"iss": CLIENT_KEY, "iat": SECONDS, "exp": SECONDS + 180, "qsh": qsh, "sub": "alice"}
    return {name: value for name, value in (usual | changed).items() if value is not None}


# --- one function per scheme: (key, body, id, source, seconds) -> headers ------------------------


def _standard(key: bytes, body: bytes, ident: str, _source: str, seconds: int) -> Headers:
    signed = f"{ident}.{seconds}.".encode() + body
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(seconds),
        "webhook-signature": "v1," + b64(mac(key, signed)),
    }


def _jira(key: bytes, body: bytes, ident: str, _source: str, _seconds: int) -> Headers:
    return {
        "x-hub-signature": "sha256=" + mac(key, body).hex(),
        "x-atlassian-webhook-identifier": ident,
    }


def _jira_app(key: bytes, _body: bytes, ident: str, source: str, seconds: int) -> Headers:
    claims = connect_claims(source, iat=seconds, exp=seconds + 180)
    return {
        "authorization": "JWT " + token(key, claims),
        "x-atlassian-webhook-identifier": ident,
    }


def _zendesk(key: bytes, body: bytes, ident: str, _source: str, seconds: int) -> Headers:
    stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "x-zendesk-webhook-signature": b64(mac(key, stamp.encode() + body)),
        "x-zendesk-webhook-signature-timestamp": stamp,
        "x-zendesk-webhook-invocation-id": ident,
    }


def _glpi(key: bytes, body: bytes, _ident: str, _source: str, seconds: int) -> Headers:
    return {
        "x-glpi-signature": mac(key, body + str(seconds).encode()).hex(),
        "x-glpi-timestamp": str(seconds),
    }


def _zammad(key: bytes, body: bytes, ident: str, _source: str, _seconds: int) -> Headers:
    return {"x-hub-signature": "sha1=" + mac(key, body, "sha1").hex(), "x-zammad-delivery": ident}


def _pagerduty(key: bytes, body: bytes, ident: str, _source: str, _seconds: int) -> Headers:
    return {"x-pagerduty-signature": "v1=" + mac(key, body).hex(), "x-webhook-id": ident}


def _basic(key: bytes, _body: bytes, _ident: str, _source: str, _seconds: int) -> Headers:
    return {"authorization": "Basic " + key.decode()}


def _bearer(key: bytes, _body: bytes, _ident: str, _source: str, _seconds: int) -> Headers:
    return {"authorization": "Bearer " + key.decode()}


def _api_key(key: bytes, _body: bytes, _ident: str, _source: str, _seconds: int) -> Headers:
    return {"x-desk-key": key.decode()}


@dataclass(frozen=True)
class Sender:
    """One platform's side. `covers` are the headers that the proof covers, the proof included."""

    scheme: Scheme
    sign: Callable[[bytes, bytes, str, str, int], Headers]
    covers: tuple[str, ...]
    needs: tuple[str, ...]  # without one of these a delivery is refused
    body_covered: bool = True
    id_covered: bool = False
    id_header: str | None = None
    key: bytes = field(default=SECRET.encode(), repr=False)
    other_key: bytes = field(default=OTHER.encode(), repr=False)

    def headers(
        self,
        body: bytes = BODY,
        *,
        key: bytes | None = None,
        ident: str = IDENT,
        source: str = SOURCE,
        seconds: int = SECONDS,
    ) -> Headers:
        """The headers that the platform sends with `body`."""
        return self.sign(self.key if key is None else key, body, ident, source, seconds)

    def take(
        self,
        headers: Mapping[str, str] | None = None,
        body: bytes = BODY,
        *,
        keys: tuple[bytes, ...] | None = None,
        now: datetime = NOW,
    ) -> VerifiedDelivery:
        """What our side makes of it."""
        sent = self.headers(body) if headers is None else headers
        mine = (self.key,) if keys is None else keys
        return self.scheme.authenticate(Delivery(SOURCE, sent, body, now), mine, now)

    def refusal(
        self,
        headers: Mapping[str, str] | None = None,
        body: bytes = BODY,
        *,
        keys: tuple[bytes, ...] | None = None,
        now: datetime = NOW,
    ) -> str:
        """The code of the refusal; a failure when it is taken."""
        try:
            self.take(headers, body, keys=keys, now=now)
        except AuthenticationError as fault:
            return fault.code
        raise AssertionError("it was taken")


def _scheme(name: str, **said: str) -> Scheme:
    return SCHEMES[name].make(said)


_ATLASSIAN: Final = "x-atlassian-webhook-identifier"
_ZENDESK: Final = "x-zendesk-webhook-signature"
_BASIC_KEYS: Final = tuple(b64(f"desk:{one}".encode()).encode() for one in (SECRET, OTHER))
_PLAIN_KEYS: Final = (b"a-token-of-more-than-24-bytes", b"Mallorys-is-of-that-length-to")
SENDERS: Final[dict[str, Sender]] = {
    "standard_webhooks": Sender(
        _scheme("standard_webhooks"),
        _standard,
        ("webhook-id", "webhook-timestamp", "webhook-signature"),
        ("webhook-id", "webhook-timestamp", "webhook-signature"),
        id_covered=True,
        id_header="webhook-id",
    ),
    "jira": Sender(
        _scheme("jira"), _jira, ("x-hub-signature",), ("x-hub-signature",), id_header=_ATLASSIAN
    ),
    "jira_app": Sender(
        _scheme("jira_app", client_key=CLIENT_KEY),
        _jira_app,
        ("authorization",),
        ("authorization",),
        body_covered=False,
        id_header=_ATLASSIAN,
    ),
    "zendesk": Sender(
        _scheme("zendesk"),
        _zendesk,
        (_ZENDESK, f"{_ZENDESK}-timestamp"),
        (_ZENDESK, f"{_ZENDESK}-timestamp"),
        id_header="x-zendesk-webhook-invocation-id",
    ),
    "glpi": Sender(
        _scheme("glpi"),
        _glpi,
        ("x-glpi-signature", "x-glpi-timestamp"),
        ("x-glpi-signature", "x-glpi-timestamp"),
        id_covered=True,
    ),
    "zammad": Sender(
        _scheme("zammad"),
        _zammad,
        ("x-hub-signature",),
        ("x-hub-signature",),
        id_header="x-zammad-delivery",
    ),
    "pagerduty": Sender(
        _scheme("pagerduty"),
        _pagerduty,
        ("x-pagerduty-signature",),
        ("x-pagerduty-signature",),
        id_header="x-webhook-id",
    ),
    "basic": Sender(
        _scheme("basic"),
        _basic,
        ("authorization",),
        ("authorization",),
        body_covered=False,
        key=_BASIC_KEYS[0],
        other_key=_BASIC_KEYS[1],
    ),
    "bearer": Sender(
        _scheme("bearer"),
        _bearer,
        ("authorization",),
        ("authorization",),
        body_covered=False,
        key=_PLAIN_KEYS[0],
        other_key=_PLAIN_KEYS[1],
    ),
    "api_key": Sender(
        _scheme("api_key", header="X-Desk-Key"),
        _api_key,
        ("x-desk-key",),
        ("x-desk-key",),
        body_covered=False,
        key=_PLAIN_KEYS[0],
        other_key=_PLAIN_KEYS[1],
    ),
}
STATIC: Final = ("basic", "bearer", "api_key")
MACS: Final = tuple(name for name in SENDERS if name not in STATIC)
