"""An OpenID provider over HTTP: where it is, its keys, and the signatures of its tokens.

Needs the extra `oidc`; this module is imported only where a provider is configured. Authlib forms
the requests (RFC 6749, RFC 7636), joserfc checks the signatures (RFC 7515), and every call goes
out by the guarded way.
"""

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from typing_extensions import override

from ticketgate.adapters.net.addresses import is_loopback
from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.connector_api import ConnectorError, HttpAnswer
from ticketgate.domain import strict_json
from ticketgate.domain.errors import StrictJsonError, TicketgateError
from ticketgate.domain.settings import ProviderSettings
from ticketgate.domain.strict_json import JsonValue
from ticketgate.ports import Asking, IdentityProvider, Signed

DEADLINE_SECONDS: Final = 5.0
KEPT: Final = timedelta(hours=1)  # what the provider publishes about itself
KEYS_AGAIN: Final = timedelta(minutes=1)  # at most so often for a key that is not known
TOKEN_CHARS_MAX: Final = 16_384
RSA_BITS_MIN: Final = 2048
CALLBACK: Final = "/sign-in/oidc/callback"
AFTERWARDS: Final = "/sign-in"
_OK: Final = 200
_KEYS: Final[Mapping[str, str]] = {"RS256": "RSA", "ES256": "EC"}  # all that is accepted
_FORM: Final = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
}


class ProviderError(TicketgateError):
    """The provider cannot be asked now, or is not what the settings say."""

    code = "provider_unavailable"


class TokenError(TicketgateError):
    """What came is no token of this provider."""

    code = "token_refused"


@dataclass(frozen=True, slots=True)
class _Published:
    """What the provider says about itself (OpenID Connect Discovery 1.0 §3)."""

    at: datetime
    authorize: str
    token: str
    keys: str
    end_session: str | None
    sends_issuer: bool
    by_post: bool


@dataclass(frozen=True, slots=True)
class _KeySet:
    at: datetime
    keys: tuple[Mapping[str, JsonValue], ...]


class OpenIdProvider(IdentityProvider):
    """`ports.IdentityProvider`. Safe from any thread; the lock is never held during a call."""

    def __init__(self, settings: ProviderSettings, public_url: str, http: GuardedHttp) -> None:
        self._settings = settings
        self._public_url = public_url
        self._back = public_url + CALLBACK
        self._http = http
        self._lock = threading.Lock()
        self._published: _Published | None = None
        self._key_set: _KeySet | None = None

    @override
    def address(self, asking: Asking, now: datetime) -> str:
        more: dict[str, str] = {}
        if asking.fresh:
            classes = " ".join(self._settings.step_up)
            more = {"prompt": "login", "max_age": "0", "acr_values": classes}
        found: str = prepare_grant_uri(
            self._described(now).authorize,
            client_id=self._settings.client_id,
            response_type="code",
            redirect_uri=self._back,
            scope=["openid", *self._settings.scopes],
            state=asking.state,
            nonce=asking.nonce,
            code_challenge=create_s256_code_challenge(asking.verifier),
            code_challenge_method="S256",
            **more,
        )
        return found

    @override
    def redeem(self, code: str, verifier: str, issuer: str | None, now: datetime) -> Signed:
        published = self._described(now)
        if issuer != self._settings.issuer and (issuer is not None or published.sends_issuer):
            raise TokenError(
                "The answer does not come from the identity provider that was asked.",
                next_step="Sign in again.",
            )
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=self._back, code_verifier=verifier
        )
        auth = ClientAuth(
            self._settings.client_id,
            self._settings.client_secret,
            "client_secret_post" if published.by_post else "client_secret_basic",
        )
        url, headers, body = auth.prepare("POST", published.token, dict(_FORM), body)
        answer = self._asked("POST", url, body.encode(), headers)
        if answer.status != _OK:
            raise TokenError(
                "The identity provider did not accept the way back to it.",
                next_step="Sign in again.",
            )
        token = _object(answer).get("id_token")
        if not isinstance(token, str):
            raise ProviderError("The identity provider sent no id_token.")
        return self.signed(token, now)

    @override
    def signed(self, token: str, now: datetime) -> Signed:
        header = _header(token)
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in _KEYS or "crit" in header:
            raise _no_token("it is not signed as it must be")
        key = self._key(algorithm, header.get("kid"), now)
        try:
            found = jws.deserialize_compact(token, key, algorithms=[algorithm])
            claims = strict_json.read(found.payload or b"")
        except (JoseError, StrictJsonError, ValueError):
            raise _no_token("its signature or its form is wrong") from None
        if not isinstance(claims, Mapping):
            raise _no_token("it holds no claims")
        return Signed(token, claims)

    @override
    def sign_out(self, now: datetime) -> str | None:
        end = self._described(now).end_session
        if end is None:
            return None
        asked = {
            "client_id": self._settings.client_id,
            "post_logout_redirect_uri": self._public_url + AFTERWARDS,
        }
        return f"{end}{'&' if '?' in end else '?'}{urlencode(asked)}"

    # --- what the provider publishes ----------------------------------------------------------

    def _described(self, now: datetime) -> _Published:
        with self._lock:
            kept = self._published
        if kept is not None and now < kept.at + KEPT:
            return kept
        issuer = self._settings.issuer
        found = self._fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ProviderError("The identity provider says that it is another issuer.")
        end, methods = found.get("end_session_endpoint"), found.get(_METHODS)
        published = _Published(
            at=now,
            authorize=self._endpoint(found, "authorization_endpoint"),
            token=self._endpoint(found, "token_endpoint"),
            keys=self._endpoint(found, "jwks_uri"),
            end_session=None if end is None else self._endpoint(found, "end_session_endpoint"),
            sends_issuer=found.get("authorization_response_iss_parameter_supported") is True,
            by_post=isinstance(methods, list) and "client_secret_basic" not in methods,
        )
        with self._lock:
            self._published = published
        return published

    def _endpoint(self, found: Mapping[str, JsonValue], name: str) -> str:
        """An address of https; of http only where the issuer itself is this machine."""
        url = found.get(name)
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is None or not isinstance(url, str) or not parts.hostname or parts.fragment:
            raise ProviderError(f"The identity provider publishes no {name}.")
        near = is_loopback(parts.hostname) and is_loopback(
            urlsplit(self._settings.issuer).hostname or ""
        )
        if parts.scheme != "https" and not (parts.scheme == "http" and near):
            raise ProviderError(f"The {name} of the identity provider is not https.")
        return url

    def _key(self, algorithm: str, kid: JsonValue, now: datetime) -> RSAKey | ECKey:
        """The one published key that fits; an unknown one has them fetched anew, once a minute."""
        with self._lock:
            kept = self._key_set
        if kept is None or now >= kept.at + KEPT:
            kept = self._fetched_keys(now)
        fit = [key for key in kept.keys if _fits(key, algorithm, kid)]
        if not fit and now >= kept.at + KEYS_AGAIN:
            kept = self._fetched_keys(now)
            fit = [key for key in kept.keys if _fits(key, algorithm, kid)]
        if len(fit) != 1:
            raise _no_token("its key is not one of the provider's")
        return _imported(algorithm, fit[0])

    def _fetched_keys(self, now: datetime) -> _KeySet:
        listed = self._fetched(self._described(now).keys).get("keys")
        if not isinstance(listed, list):
            raise ProviderError("The identity provider publishes no keys.")
        found = _KeySet(now, tuple(key for key in listed if isinstance(key, Mapping)))
        with self._lock:
            self._key_set = found
        return found

    def _fetched(self, url: str) -> Mapping[str, JsonValue]:
        answer = self._asked("GET", url, b"", {"Accept": "application/json"})
        if answer.status != _OK:
            raise ProviderError(f"The identity provider answered {answer.status}.")
        return _object(answer)

    def _asked(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        try:
            return self._http.send(method, url, body, headers)
        except ConnectorError as fault:
            raise ProviderError(
                "The identity provider cannot be reached.",
                next_step=f"Try again in a minute, or sign in another way. ({fault.reason})",
            ) from fault


_METHODS: Final = "token_endpoint_auth_methods_supported"


def _object(answer: HttpAnswer) -> Mapping[str, JsonValue]:
    try:
        value = strict_json.read(answer.body)
    except StrictJsonError:
        value = None
    if not isinstance(value, Mapping):
        raise ProviderError("The identity provider sent something that cannot be read.")
    return value


def _header(token: str) -> Mapping[str, JsonValue]:
    """The header of a compact JWS. Nothing in it is believed but which published key to try."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > TOKEN_CHARS_MAX or not token.isascii():  # noqa: PLR2004 -- RFC 7515 §3.1
        raise _no_token("it is no signed token")
    try:
        data = base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), b"-_", validate=True)
        header = strict_json.read(data)
    except (ValueError, StrictJsonError):
        raise _no_token("it is no signed token") from None
    if not isinstance(header, Mapping):
        raise _no_token("it is no signed token")
    return header


def _fits(key: Mapping[str, JsonValue], algorithm: str, kid: JsonValue) -> bool:
    """Whether a published key may have made this signature; without a `kid` any of its kind may."""
    return (
        key.get("kty") == _KEYS[algorithm]
        and (kid is None or key.get("kid") == kid)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (algorithm != "ES256" or key.get("crv") == "P-256")
    )


def _imported(algorithm: str, key: Mapping[str, JsonValue]) -> RSAKey | ECKey:
    names = ("kty", "n", "e") if algorithm == "RS256" else ("kty", "crv", "x", "y")
    public: dict[str, str | list[str]] = {
        name: value for name in names if isinstance(value := key.get(name), str)
    }
    try:
        if algorithm == "ES256":
            return ECKey.import_key(public)
        found = RSAKey.import_key(public)
        bits = found.public_key.key_size
    except (JoseError, ValueError, KeyError):
        raise ProviderError("A key of the identity provider cannot be read.") from None
    if bits < RSA_BITS_MIN:
        raise ProviderError("A key of the identity provider is too short.")
    return found


def _no_token(why: str) -> TokenError:
    return TokenError(
        f"What the identity provider sent cannot be accepted: {why}.",
        next_step="Sign in again. If it happens again, tell whoever runs this gateway.",
    )
