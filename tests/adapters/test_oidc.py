"""Tokens of our own making: what no published key signed in an accepted way is nothing."""

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from typing_extensions import override

from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.adapters.net.oidc import OpenIdProvider
from ticketgate.connector_api import HttpAnswer, Unavailable
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.settings import ProviderSettings
from ticketgate.ports import Asking

NOW: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ISSUER: Final = "https://login.example.com/tenant"
SETTINGS: Final = ProviderSettings(
    ISSUER, "gate", "s3cret & more", "corp-login", ("profile",), ("mfa", "hwk")
)
CLAIMS: Final = {"sub": "00u1ab"}
RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa"}, private=True)
EC: Final = ECKey.generate_key("P-256", {"kid": "ec"}, private=True)
OTHER: Final = RSAKey.generate_key(
    2048, {"kid": "rsa"}, private=True
)  # the same name, not published
SHORT: Final = {"kty": "RSA", "kid": "rsa", "e": "AQAB", "n": "0" + "A" * 170}  # 1,024 bits


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public(key: RSAKey | ECKey, **more: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def signed(
    key: RSAKey | ECKey = RSA, alg: str = "RS256", payload: bytes | None = None, **header: object
) -> str:
    """A token of these claims, signed with a key."""
    body = json.dumps(CLAIMS).encode() if payload is None else payload
    head = {"alg": alg, "kid": key.kid, **header}
    kept = {name: value for name, value in head.items() if value is not None}
    return jws.serialize_compact(kept, body, key, algorithms=[alg])


@dataclass
class Published(GuardedHttp):
    """What is published, and what was asked; nothing goes out."""

    described: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(RSA), public(EC)])
    token: Any = ""
    status: int = 200
    asked: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)
    down: bool = False

    @override
    def send(self, method: str, url: str, body: bytes, headers: Any = None) -> HttpAnswer:
        if self.down:
            raise Unavailable("login.example.com cannot be reached")
        self.asked.append((method, url, body, dict(headers)))
        path = url.removeprefix(ISSUER)
        found: dict[str, Any] = {
            "/.well-known/openid-configuration": {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/auth?tenant=a",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
                "end_session_endpoint": f"{ISSUER}/end",
                **self.described,
            },
            "/keys": {"keys": self.keys},
            "/token": {"access_token": "a", "token_type": "Bearer", "id_token": self.token},
        }
        known = {k: v for k, v in found[path].items() if v is not None}
        return HttpAnswer(self.status, {}, json.dumps(known).encode())

    def count(self, path: str) -> int:
        """How often it was asked."""
        return sum(url == f"{ISSUER}{path}" for _, url, _, _ in self.asked)


def provider(http: Published) -> OpenIdProvider:
    return OpenIdProvider(SETTINGS, "https://gate.example.com", http)


def code_of(call: Callable[[], object]) -> str:
    """The code of what it raises."""
    try:
        call()
    except TicketgateError as fault:
        return fault.code
    return ""


def test_tokens_of_both_kinds_of_published_keys_are_read() -> None:
    one = provider(Published())
    assert one.signed(signed(), NOW).claims == CLAIMS
    assert one.signed(signed(EC, "ES256"), NOW).claims == CLAIMS


def test_a_token_without_a_kid_is_tried_with_the_only_key_of_its_kind() -> None:
    assert provider(Published()).signed(signed(kid=None), NOW).claims == CLAIMS
    two = Published(keys=[public(RSA), public(OTHER, kid="second")])
    assert code_of(lambda: provider(two).signed(signed(kid=None), NOW)) == "token_refused"


def by_hand(header: dict[str, Any], mac: Callable[[bytes], bytes] = lambda _: b"") -> str:
    """A token that no library would make."""
    head = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(CLAIMS).encode())}"
    return f"{head}.{b64(mac(head.encode()))}"


def hs256(key: bytes) -> Callable[[bytes], bytes]:
    return lambda data: hmac.new(key, data, hashlib.sha256).digest()


PEM: Final = RSA.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
JWK: Final = json.dumps(public(RSA)).encode()


def flipped(token: str) -> str:
    head, body, mark = token.split(".")
    return f"{head}.{body}.{'A' if mark[0] != 'A' else 'B'}{mark[1:]}"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c",
        "..",
        b64(b"[]") + ".e30.AA",
        b64(b'"x"') + ".e30.AA",
        "*.e30.AA",
        "é.é.é",
        signed() + "." + signed(),
        "a" * 16_385 + "..",
        by_hand({"alg": "none"}),
        by_hand({"alg": "none", "kid": "rsa"}),
        by_hand({"alg": "None"}),
        by_hand({}),
        by_hand({"alg": ["RS256"], "kid": "rsa"}),
        by_hand({"alg": "HS256", "kid": "rsa"}, hs256(PEM)),
        by_hand({"alg": "HS256", "kid": "rsa"}, hs256(JWK)),
        by_hand({"alg": "HS256"}, hs256(SETTINGS.client_secret.encode())),
        by_hand({"alg": "RS256", "kid": "rsa"}),
        signed(OTHER),
        signed(OTHER, jwk=public(OTHER)),
        signed(OTHER, jku="https://evil.example.com/keys"),
        signed(RSA, "PS256"),
        signed(RSA, "RS512"),
        signed(RSA, kid="unknown"),
        signed(EC, "ES256", kid="rsa"),
        flipped(signed()),
        flipped(signed(EC, "ES256")),
        signed(payload=b"[]"),
        signed(payload=b"not json"),
        signed(payload=b'{"sub": "bob", "sub": "mallory"}'),
        signed(payload=b'{"exp": NaN}'),
    ],
)  # fmt: skip
def test_what_no_published_key_signed_in_an_accepted_way_is_refused(token: str) -> None:
    assert code_of(lambda: provider(Published()).signed(token, NOW)) == "token_refused"


def test_critical_headers_are_refused() -> None:
    token = by_hand({"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": False})
    assert code_of(lambda: provider(Published()).signed(token, NOW)) == "token_refused"


@pytest.mark.parametrize(
    "key",
    [
        public(RSA, use="enc"),
        public(RSA, alg="RS512"),
        {"kty": "oct", "kid": "rsa", "k": "c2VjcmV0"},
        {"kty": "EC", "crv": "P-384", "kid": "rsa", "x": "AA", "y": "AA"},
        "rsa",
    ],
)
def test_a_key_for_something_else_signs_nothing(key: Any) -> None:  # noqa: ANN401 -- JSON
    http = Published(keys=[key])
    assert code_of(lambda: provider(http).signed(signed(), NOW)) == "token_refused"


def test_a_key_that_is_too_short_or_broken_signs_nothing() -> None:
    for key in (
        SHORT,
        {**SHORT, "n": "\u00e9"},
        {**SHORT, "n": 7},
        {**SHORT, "n": "A" * 171 + SHORT["n"]},
        {**SHORT, "e": "?"},
    ):
        http = Published(keys=[key])
        warnings.simplefilter("ignore")  # the library warns of the short one, and takes it
        assert code_of(partial(provider(http).signed, signed(), NOW)) == ("provider_unavailable")
    broken = Published(keys=[{"kty": "EC", "crv": "P-256", "kid": "ec", "x": "AA", "y": "AA"}])
    token = signed(EC, "ES256")
    assert code_of(lambda: provider(broken).signed(token, NOW)) == "provider_unavailable"


def test_a_key_published_twice_is_not_guessed_between() -> None:
    http = Published(keys=[public(RSA), public(OTHER)])
    assert code_of(lambda: provider(http).signed(signed(), NOW)) == "token_refused"


def test_an_unknown_key_has_the_keys_fetched_anew_once_a_minute() -> None:
    http = Published(keys=[public(EC)])
    one = provider(http)
    assert code_of(lambda: one.signed(signed(), NOW)) == "token_refused"
    http.keys = [public(EC), public(RSA)]
    for seconds in (1, 30, 59):
        later = NOW + timedelta(seconds=seconds)
        assert code_of(partial(one.signed, signed(), later)) == "token_refused"
    assert http.count("/keys") == 1
    assert one.signed(signed(), NOW + timedelta(minutes=1)).claims == CLAIMS
    assert http.count("/keys") == 2


def test_a_key_that_is_not_published_any_more_is_dropped_within_the_hour() -> None:
    http = Published()
    one = provider(http)
    one.signed(signed(), NOW)
    http.keys = [public(EC)]
    assert one.signed(signed(), NOW + timedelta(minutes=59)).claims == CLAIMS
    later = NOW + timedelta(hours=1)
    assert code_of(lambda: one.signed(signed(), later)) == "token_refused"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "https://evil.example.com"),
        ("issuer", f"{ISSUER}/"),
        ("issuer", None),
        ("jwks_uri", None),
        ("jwks_uri", "http://login.example.com/keys"),
        ("jwks_uri", "http://127.0.0.1/keys"),
        ("jwks_uri", 7),
        ("token_endpoint", "ftp://login.example.com/token"),
        ("token_endpoint", "https:///token"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", f"{ISSUER}/auth#x"),
        ("end_session_endpoint", "http://login.example.com/end"),
    ],
)
def test_what_is_published_must_be_of_this_issuer_and_https(name: str, value: object) -> None:
    http = Published(described={name: value})
    assert code_of(lambda: provider(http).signed(signed(), NOW)) == "provider_unavailable"


def test_what_is_published_can_be_read() -> None:
    for body in (b"[]", b"<html>", b'{"issuer": 1, "issuer": 2}'):
        http = Published()
        http.send = lambda *_, body=body: HttpAnswer(200, {}, body)  # type: ignore[method-assign]
        assert code_of(partial(provider(http).sign_out, NOW)) == "provider_unavailable"


def test_a_provider_that_fails_is_told_as_such() -> None:
    assert code_of(lambda: provider(Published(down=True)).sign_out(NOW)) == "provider_unavailable"
    assert code_of(lambda: provider(Published(status=500)).sign_out(NOW)) == "provider_unavailable"
    no_keys = Published()
    no_keys.keys = None  # type: ignore[assignment] # as a provider may
    assert code_of(lambda: provider(no_keys).signed(signed(), NOW)) == "provider_unavailable"


def test_the_browser_takes_along_a_challenge_and_never_the_verifier() -> None:
    asking = Asking("state-1", "nonce-1", "v" * 64, fresh=False)
    parts = urlsplit(provider(Published()).address(asking, NOW))
    found = {name: values[0] for name, values in parse_qs(parts.query).items()}
    challenge = b64(hashlib.sha256(b"v" * 64).digest())
    assert found == {
        "tenant": "a",
        "response_type": "code",
        "client_id": "gate",
        "redirect_uri": "https://gate.example.com/sign-in/oidc/callback",
        "scope": "openid profile",
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


def test_a_step_up_asks_for_a_fresh_sign_in_of_a_class() -> None:
    asking = Asking("state-1", "nonce-1", "v" * 64, fresh=True)
    found = parse_qs(urlsplit(provider(Published()).address(asking, NOW)).query)
    assert (found["prompt"], found["max_age"], found["acr_values"]) == (
        ["login"],
        ["0"],
        ["mfa hwk"],
    )


@pytest.mark.parametrize("by_post", [False, True])
def test_a_code_is_redeemed_with_the_verifier_and_the_secret(by_post: bool) -> None:  # noqa: FBT001
    methods = ["client_secret_post"] if by_post else ["client_secret_post", "client_secret_basic"]
    described = {"token_endpoint_auth_methods_supported": methods}
    http = Published(token=signed(), described=described)
    assert provider(http).redeem("c0de", "v" * 64, None, NOW).claims == CLAIMS
    (_, _, body, headers), *_ = [one for one in http.asked if one[1].endswith("/token")]
    sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert sent["code"] == "c0de"
    assert sent["code_verifier"] == "v" * 64
    assert sent["redirect_uri"] == "https://gate.example.com/sign-in/oidc/callback"
    assert (sent.get("client_secret") == SETTINGS.client_secret) is by_post
    assert ("Authorization" in headers) is not by_post


def test_the_issuer_that_comes_with_a_code_is_this_one() -> None:
    one = provider(Published(token=signed()))
    assert one.redeem("c", "v", ISSUER, NOW).claims == CLAIMS
    assert code_of(lambda: one.redeem("c", "v", "https://evil.example.com", NOW)) == "token_refused"
    told = Published(
        token=signed(), described={"authorization_response_iss_parameter_supported": True}
    )
    assert code_of(lambda: provider(told).redeem("c", "v", None, NOW)) == "token_refused"


def test_an_answer_without_a_token_is_the_providers_fault() -> None:
    for token in (None, 7, [signed()]):
        one = provider(Published(token=token))
        assert code_of(partial(one.redeem, "c", "v", None, NOW)) == "provider_unavailable"


def test_a_code_that_is_refused_is_told_as_such() -> None:
    http = Published(token=signed())
    one = provider(http)
    one.sign_out(NOW)
    http.status = 400
    assert code_of(lambda: one.redeem("c", "v", None, NOW)) == "token_refused"


def test_signing_out_there_names_the_client_and_the_way_back() -> None:
    url = provider(Published()).sign_out(NOW)
    assert url == (
        f"{ISSUER}/end?client_id=gate"
        "&post_logout_redirect_uri=https%3A%2F%2Fgate.example.com%2Fsign-in"
    )
    assert provider(Published(described={"end_session_endpoint": None})).sign_out(NOW) is None
