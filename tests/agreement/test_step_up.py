"""Decisions by a second factor: both verifiers hold the token to what its record says was shown."""

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest
from tests.agreement.both import Asked, Told, agreed, by_gateway, by_stand_alone
from tests.verifier.bundle_writer import DECISION, REQUEST, Log, sha

from ticketgate.domain.people.id_token import nonce_of

SALT: Final = "a" * 32
SHOWN: Final[str] = DECISION["shown"]


def token(**claims: object) -> str:
    """A token as the provider makes it; nobody here looks into its signature."""
    body = json.dumps({"sub": "00u1ab", "nonce": nonce_of(SALT, SHOWN), **claims}).encode()
    return f"e30.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}.AA"


def decided(kept: object = None, **changes: Any) -> Log:  # noqa: ANN401 -- JSON
    """A request that somebody approved by a second factor, with changes to what is told of it."""
    kept = token() if kept is None else kept
    log = Log().opened()
    log.move("request", "r1", "", "awaiting", "request.opened", **REQUEST)
    told: dict[str, Any] = {
        "acr": "mfa",
        "auth_time": log.stamp(len(log) - 1),
        "class": "provider_token",
        "salt": SALT,
        "token": sha(str(kept).encode()).hex(),
    }
    method = changes.pop("method", "oidc_step_up")
    hidden = changes.pop("hidden", {"justification": "it is needed", "id_token": kept})
    step_up = changes.pop("step_up", {k: v for k, v in {**told, **changes}.items() if v != "gone"})
    fields = DECISION | {"method": method}
    more = {} if step_up is None else {"step_up": step_up}
    log.add("decision.recorded", hidden, **fields, **more)
    steps = REQUEST | {"stages": [1]}
    log.move("request", "r1", "awaiting", "approved", "request.approved", **steps)
    return log


def said(log: Log, folder: Path) -> Told:
    return agreed(log.write(folder / "bundle"), Asked())


def faults(folder: Path, name: str) -> set[str]:
    """The faults that both tell, in the same words."""
    found = []
    for verify in (by_gateway, by_stand_alone):
        verdicts = verify(folder / "bundle", Asked())["verdicts"]
        told = next(one for one in verdicts if one["name"] == name)["faults"]
        found.append({getattr(one, "text", None) or one["text"] for one in told})
    return found[0] & found[1]


def test_a_second_factor_that_is_told_whole_holds(tmp_path: Path) -> None:
    told = said(decided(), tmp_path)
    assert (told.states["semantics"], told.states["disclosures"]) == ("holds", "holds")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"step_up": None}, "a step-up without its sign-in, or the other way round"),
        ({"method": "oidc"}, "a step-up without its sign-in, or the other way round"),
        ({"step_up": "mfa"}, "a step-up that is not told whole"),
        ({"acr": "gone"}, "a step-up that is not told whole"),
        ({"acr": ""}, "a step-up that is not told whole"),
        ({"acr": 7}, "a step-up that is not told whole"),
        ({"more": "x"}, "a step-up that is not told whole"),
        ({"class": "passkey"}, "a step-up that is not told whole"),
        ({"salt": "A" * 32}, "a step-up that is not told whole"),
        ({"salt": "a" * 31 + "\n"}, "a step-up that is not told whole"),
        ({"token": "0" * 63}, "a step-up that is not told whole"),
        ({"hidden": {"justification": "x"}}, "a step-up without the digest of its token"),
        ({"auth_time": "2020-01-01T00:00:00.000000Z"}, "a step-up not of then"),
        ({"auth_time": "2099-01-01T00:00:00.000000Z"}, "a step-up not of then"),
        ({"auth_time": "soon"}, "a step-up not of then"),
    ],
)
def test_a_step_up_that_is_not_as_it_must_be_is_told(
    tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    assert "semantics" in said(decided(**changes), tmp_path).bad
    assert fault in faults(tmp_path, "semantics")


@pytest.mark.parametrize(
    ("kept", "changes", "fault"),
    [
        (token(nonce="other"), {}, "a token that was asked for something else"),
        (token(nonce=nonce_of(SALT, "6" * 64)), {}, "a token that was asked for something else"),
        (token(nonce=nonce_of("b" * 32, SHOWN)), {}, "a token that was asked for something else"),
        ("no token", {}, "a token that was asked for something else"),
        ("a.W10.c", {}, "a token that was asked for something else"),
        ("a.é.c", {}, "a token that was asked for something else"),
        (token(), {"token": "0" * 64}, "a token that is not the one of its step-up"),
        (["x"], {}, "a token of no step-up"),
        (token(), {"step_up": None, "method": "oidc"}, "a token of no step-up"),
    ],
)
def test_a_token_that_is_not_of_its_decision_is_a_mismatch(
    tmp_path: Path, kept: object, changes: dict[str, Any], fault: str
) -> None:
    assert "disclosures" in said(decided(kept, **changes), tmp_path).bad
    assert fault in faults(tmp_path, "disclosures")
