"""Jira webhooks of an app: a JWT of HMAC-SHA256 in `Authorization`, after `JWT` or `Bearer`.

Atlassian Connect's rules ("Understanding JWT for Connect apps"): `iss` is the client key of the
installation, `iat` and `exp` are seconds, and `qsh` is SHA-256 of `METHOD&path&query`, the path
counted from the app's base URL. Here the app's base URL is `public_url`, so that `qsh` must be that
of `POST&/hooks/<source>&`; a token without `qsh`, or with `context-qsh` (which a user's browser
holds), would be good for any address and is refused.

**A JWT covers no body**, nor the id in `X-Atlassian-Webhook-Identifier`. Whoever gets hold of a
token can post any body with it until it expires. So besides a signature that holds it is demanded
that the token is for this very address, lives for at most fifteen minutes, and is not expired. The
rest is up to TLS in front of the gateway. Where the platform can sign the body, `jira` is the
scheme to take.

The MAC is HMAC-SHA256 whatever the token's header says, and is checked before anything is parsed;
then the header must say HS256. Both parts must be strict JSON: no key twice, none that is not known
in the header, numbers that are integers.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from ticketgate.domain.errors import AuthenticationError, StrictJsonError
from ticketgate.domain.schemes.common import claimed_id, header, mismatch, text_key, verified
from ticketgate.domain.strict_json import JsonValue, read
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

LIFE_SECONDS_MAX: Final = 900  # Atlassian's own live for 180
LEEWAY_SECONDS: Final = 60
_AUTHORIZATION: Final = "authorization"
_ID: Final = "x-atlassian-webhook-identifier"
_TOKEN: Final = re.compile(
    r"(?:JWT|Bearer) (([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{1,4096}))\.([A-Za-z0-9_-]{43})"
)


@dataclass(frozen=True, slots=True)
class JiraApp:
    """Tokens of one installation, when `client_key` says which."""

    client_key: str | None = None
    name: ClassVar[str] = "jira_app"
    headers: ClassVar[tuple[str, ...]] = (_AUTHORIZATION, _ID)

    def key(self, text: str) -> bytes:
        """The shared secret's own bytes."""
        return text_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. The id is never covered."""
        token = _TOKEN.fullmatch(header(delivery, _AUTHORIZATION))
        if token is None:
            raise AuthenticationError("Authorization holds no JWT", code="signature_header")
        ident = claimed_id(delivery, _ID)
        _check_mac(token[1].encode("ascii"), token[4], keys)
        if not _is_plain_hs256(_part(token[2])):
            raise mismatch()
        self._check(_part(token[3]), delivery.source, now)
        return verified(delivery, ident, covered=False)

    def _check(self, claims: Mapping[str, JsonValue], source: str, now: datetime) -> None:
        """Refuse a token for another installation, address or time."""
        if self.client_key is not None and claims.get("iss") != self.client_key:
            raise mismatch()
        if claims.get("qsh") != query_hash(source):
            raise mismatch()
        begin, end = _seconds(claims, "iat"), _seconds(claims, "exp")
        first = max(begin, _seconds(claims, "nbf")) if "nbf" in claims else begin
        at = now.timestamp()
        if not (first - LEEWAY_SECONDS <= at <= end + LEEWAY_SECONDS):
            raise AuthenticationError(
                "the token is expired, or of the future",
                code="timestamp_outside_tolerance",
                next_step="compare both clocks",
            )
        if not 0 < end - begin <= LIFE_SECONDS_MAX:
            raise AuthenticationError(
                f"the token lives for over {LIFE_SECONDS_MAX} seconds, or for none",
                code="timestamp_outside_tolerance",
            )


def query_hash(source: str) -> str:
    """The `qsh` of a delivery to `source`: names of sources need no encoding, and no query is."""
    return hashlib.sha256(f"POST&/hooks/{source}&".encode()).hexdigest()


def _check_mac(signed: bytes, signature: str, keys: Sequence[bytes]) -> None:
    found = False
    for key in keys:
        mac = base64.urlsafe_b64encode(hmac.digest(key, signed, "sha256"))
        found |= hmac.compare_digest(mac.decode("ascii").rstrip("="), signature)
    if not found:
        raise mismatch()


def _part(text: str) -> Mapping[str, JsonValue]:
    """The object in one part of a token whose MAC holds."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        value = read(data)
    except (ValueError, StrictJsonError):
        value = None
    if not isinstance(value, Mapping):
        raise AuthenticationError("the token is no strict JSON", code="signature_header")
    return value


def _is_plain_hs256(head: Mapping[str, JsonValue]) -> bool:
    """Whether the header says HS256 and nothing that we would have to understand."""
    return head.get("alg") == "HS256" and head.get("typ", "JWT") == "JWT" and head.keys() <= _HEAD


_HEAD: Final = frozenset({"alg", "typ"})


def _seconds(claims: Mapping[str, JsonValue], name: str) -> int:
    found = claims.get(name)
    if not isinstance(found, int) or isinstance(found, bool):
        raise AuthenticationError(f"{name} is no integer", code="timestamp_header")
    return found
