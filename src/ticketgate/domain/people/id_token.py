"""What an identity provider says about a person: the rules for its tokens, once they are signed.

OpenID Connect Core 1.0 §3.1.3.7 and Back-Channel Logout 1.0 §2.6. The signature is checked
elsewhere (`adapters/net/oidc.py`), before anything here is asked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import digest_of
from ticketgate.domain.strict_json import JsonValue

ASK_LIFE: Final = timedelta(minutes=10)  # from the button to the way back
SKEW: Final = timedelta(seconds=60)  # that two clocks may be apart
FRESH_SKEW: Final = timedelta(seconds=10)  # the same, where a sign-in must be younger than the ask
TEXT_CHARS_MAX: Final = 255  # OpenID Connect Core §2: of a `sub`
SECONDS_MAX: Final = 32_503_680_000  # the year 3000
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
SIGN_IN: Final = "ticketgate sign-in"
STEP_UP: Final = "ticketgate step-up"

Claims = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Client:
    """Whom tokens must come from, and whom they must be for."""

    issuer: str
    client_id: str


@dataclass(frozen=True, slots=True)
class IdToken:
    """A token whose every claim of OpenID Connect holds. `sub` is the account there.

    `raw` is as it came. What else stands in `claims` is the provider's signed word, unchecked.
    """

    raw: str
    sub: str
    sid: str
    acr: str
    auth_time: datetime | None
    issued: datetime
    claims: Claims = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Logout:
    """Whose sessions end: those of `sid`, or without one all of `sub`. `jti` counts once."""

    sub: str
    sid: str
    jti: str


def nonce_of(salt: str, shown: str) -> str:
    """The nonce of an ask, hex: for a step-up the digest of what was shown stands in it.

    SHA-256 of the canonical bytes of {purpose, salt, shown}; `shown` is empty at a plain sign-in.
    So a token that is kept tells later, to whoever knows the salt, what it was asked for.
    """
    purpose = STEP_UP if shown else SIGN_IN
    return digest_of({"purpose": purpose, "salt": salt, "shown": shown})


def read_id_token(
    raw: str, claims: Claims, client: Client, *, nonce: str, now: datetime
) -> IdToken | Refusal:
    """The token, when it is from this issuer, for this client alone, of now and for this ask.

    Refusal: `token_refused`; the reason names the claim and never quotes it.
    """
    sub, sid, acr = (_text(claims, name) for name in ("sub", "sid", "acr"))
    auth_time = _instant(claims, "auth_time")
    bad = _first_that_fails(
        *_common(claims, client, now),
        ("sub", bool(sub)),
        ("nonce", claims.get("nonce") == nonce),
        ("auth_time", auth_time is not None or "auth_time" not in claims),
        ("azp", claims.get("azp", client.client_id) == client.client_id),
    )
    issued = _instant(claims, "iat")
    if bad or issued is None:
        return _refused(bad or "iat")
    return IdToken(raw, sub, sid, acr, auth_time, issued, claims)


def not_stepped_up(
    token: IdToken,
    *,
    asked_at: datetime,
    accepted: Collection[str],
    max_age: timedelta,
    now: datetime,
) -> Refusal | None:
    """Why this is no fresh sign-in of the strength asked for; None when it is one.

    The person signed in after the ask, at most `max_age` ago, by one of the `accepted` classes
    (`acr`). What the provider was asked for proves nothing, so what it says is looked at.
    """
    if token.auth_time is None or token.auth_time < asked_at - FRESH_SKEW:
        return _not_stepped("The identity provider did not ask you to sign in again.")
    if token.auth_time > now + SKEW or now >= token.auth_time + max_age:
        return _not_stepped("The sign-in is not of now.")
    if token.acr not in accepted:
        return _not_stepped("The identity provider did not use the second factor that is needed.")
    return None


def read_logout(claims: Claims, client: Client, *, now: datetime) -> Logout | Refusal:
    """Whose sessions a logout token ends. Refusal: `logout_token`.

    It is made for this one use: it has the event, an id, and no nonce, so that no other token
    passes for it.
    """
    sub, sid, jti = (_text(claims, name) for name in ("sub", "sid", "jti"))
    events = claims.get("events")
    about = events.get(LOGOUT_EVENT) if isinstance(events, Mapping) else None
    bad = _first_that_fails(
        *_common(claims, client, now),
        ("events", isinstance(about, Mapping)),
        ("nonce", "nonce" not in claims),
        ("jti", bool(jti)),
        ("sub", bool(sub or sid)),
    )
    if bad:
        return Refusal("logout_token", f"The claim {bad} of the logout token does not hold.")
    return Logout(sub, sid, jti)


def _common(claims: Claims, client: Client, now: datetime) -> tuple[tuple[str, bool], ...]:
    """Of each claim that every token has alike, whether it holds.

    An audience beside this client is refused: nobody else is trusted with such a token.
    """
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    oldest = now - ASK_LIFE - SKEW
    return (
        ("iss", claims.get("iss") == client.issuer),
        ("aud", claims.get("aud") in (client.client_id, [client.client_id])),
        ("iat", issued is not None and oldest <= issued <= now + SKEW),
        ("exp", expires is not None and now < expires + SKEW),
    )


def _first_that_fails(*claims: tuple[str, bool]) -> str:
    return next((name for name, holds in claims if not holds), "")


def _text(claims: Claims, name: str) -> str:
    """A claim that is a text of a sane length; empty for whatever else."""
    value = claims.get(name)
    fits = isinstance(value, str) and len(value) <= TEXT_CHARS_MAX and value.isprintable()
    return value if isinstance(value, str) and fits else ""


def _instant(claims: Claims, name: str) -> datetime | None:
    """A NumericDate (RFC 7519 §2); None for whatever else."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < SECONDS_MAX:
        return None
    return datetime.fromtimestamp(value, UTC)


def _refused(claim: str) -> Refusal:
    return Refusal(
        "token_refused",
        f"What the identity provider sent cannot be accepted: the claim {claim} does not hold.",
        "Sign in again. If it happens again, tell whoever runs this gateway.",
    )


def _not_stepped(reason: str) -> Refusal:
    return Refusal(
        "step_up_refused",
        reason,
        "Open the link again and sign in as the page asks.",
    )
