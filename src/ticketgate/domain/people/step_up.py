"""A step-up as evidence: the provider's own signed word, which names what was shown.

It is of a weaker class than an approver's own key (`provider_token`): whoever runs the provider, or
holds its key, can make such a token. What it does show: for whom, when and how somebody signed in,
and that it was asked for this and nothing else.
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final

from ticketgate.domain.evidence import Disclosure, Json, digest_of
from ticketgate.domain.instants import from_text, is_instant, to_text
from ticketgate.domain.people.id_token import SKEW, STEP_UP
from ticketgate.domain.people.sign_in import StepUp

METHOD: Final = "oidc_step_up"
CLASS: Final = "provider_token"
TOKEN: Final = "id_token"  # noqa: S105 -- the name of the disclosure
AGE_MAX: Final = timedelta(hours=1)
_FIELDS: Final = frozenset({"acr", "auth_time", "class", "salt", "token"})
_DIGEST: Final = re.compile(r"[0-9a-f]{64}\Z")
_SALT: Final = re.compile(r"[0-9a-f]{32}\Z")

Record = Mapping[str, Json]


def with_step_up(
    fields: dict[str, Json], said: Disclosure, step_up: StepUp | None
) -> tuple[dict[str, Json], tuple[Disclosure, ...]]:
    """Fields and disclosures of what somebody did, with those of its step-up, if it was by one."""
    if step_up is None or fields.get("method") != METHOD:
        return fields, (said,)
    told: dict[str, Json] = {
        "acr": step_up.acr,
        "auth_time": to_text(step_up.auth_time),
        "class": CLASS,
        "salt": step_up.salt,
        "token": sha256(step_up.token.encode()).hexdigest(),
    }
    hidden = Disclosure(TOKEN, step_up.token, subject=step_up.subject, kind=said.kind)
    return {**fields, "step_up": told}, (said, hidden)


def bad_step_up(record: Record) -> str:
    """What is wrong with the step-up of what somebody signed in did; empty where nothing is."""
    told = record.get("step_up")
    if (told is not None) != (record.get("method") == METHOD):
        return "a step-up without its sign-in, or the other way round"
    if told is None:
        return ""
    if not isinstance(told, Mapping) or told.keys() != _FIELDS:
        return "a step-up that is not told whole"
    texts = {name: value for name, value in told.items() if isinstance(value, str)}
    fits = _DIGEST.match(texts.get("token", "")) and _SALT.match(texts.get("salt", ""))
    if not fits or texts.get("class") != CLASS or not texts.get("acr"):
        return "a step-up that is not told whole"
    hidden = record.get("sd")
    if not isinstance(hidden, list | tuple) or len(hidden) < 2:  # noqa: PLR2004 -- reason and token
        return "a step-up without the digest of its token"
    return "" if _in_time(record.get("_ts"), texts.get("auth_time")) else "a step-up not of then"


def bad_token(record: Record, value: Json) -> str:
    """What is wrong with the token that was kept of this record's step-up; empty where nothing is.

    Its signature is not looked into: that takes the provider's key of then.
    """
    told = record.get("step_up")
    if not isinstance(told, Mapping) or not isinstance(value, str):
        return "a token of no step-up"
    if sha256(value.encode()).hexdigest() != told.get("token"):
        return "a token that is not the one of its step-up"
    salt, shown = told.get("salt"), record.get("shown")
    wanted = digest_of({"purpose": STEP_UP, "salt": str(salt), "shown": str(shown)})
    return "" if _nonce(value) == wanted else "a token that was asked for something else"


def _in_time(now: object, auth_time: object) -> bool:
    if not is_instant(now) or not is_instant(auth_time):
        return False
    age = from_text(str(now)) - from_text(str(auth_time))
    return -SKEW <= age <= AGE_MAX


def _nonce(token: str) -> object:
    """The nonce in the claims of a compact JWS; None where there is none."""
    parts = token.split(".")
    try:
        body = parts[1].encode()
        claims = json.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
    except (IndexError, ValueError, RecursionError):
        return None
    return claims.get("nonce") if isinstance(claims, dict) else None
