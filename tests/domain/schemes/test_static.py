"""Static credentials, and what may be a secret of any scheme."""

import pytest
from tests.domain.schemes.senders import (
    BODY,
    SENDERS,
    b64,
)

from ticketgate.domain.schemes.static import RESERVED, ApiKey

# --- static credentials --------------------------------------------------------------------------


def test_the_word_before_a_credential_may_be_in_lower_case() -> None:
    for name in ("basic", "bearer"):
        sender = SENDERS[name]
        text = sender.headers()["authorization"]
        assert sender.take({"authorization": text[0].lower() + text[1:]}).body == BODY
        for odd in (text.upper(), text.replace(" ", "  "), text.replace(" ", ""), text[1:]):
            assert sender.refusal({"authorization": odd}) == "signature_header"


def test_part_of_a_credential_is_refused() -> None:
    for name in ("basic", "bearer", "api_key"):
        sender = SENDERS[name]
        header, text = next(iter(sender.headers().items()))
        assert sender.refusal({header: text[:-4]}) == "signature_mismatch"
        assert sender.refusal({header: text.rstrip("=") + "AAAA"}) == "signature_mismatch"


@pytest.mark.parametrize(
    "name", [*sorted(RESERVED), "", "X-Key", "a b", "é", "x_key", "-x", "x" * 65]
)
def test_a_header_that_has_a_meaning_of_its_own_holds_no_key(name: str) -> None:
    with pytest.raises(ValueError, match="no header for a key"):
        ApiKey(name)


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SENDERS)
@pytest.mark.parametrize("text", ["", "k" * 23, "é" * 11, "whsec_a2tr", "user:" + "k" * 23])
def test_a_secret_that_is_short_is_refused(name: str, text: str) -> None:
    if name in {"jira", "jira_app", "zendesk", "glpi", "zammad", "pagerduty", "bearer", "api_key"}:
        text = text[:23]
    with pytest.raises(ValueError, match=r"at least 24 bytes|base64|user:password|letters|visible"):
        SENDERS[name].scheme.key(text)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("basic", "k" * 30, "user:password"),
        ("basic", ":" + "k" * 30, "user:password"),
        ("bearer", "with a space " + "k" * 24, "letters, digits"),
        ("bearer", "=" + "k" * 24, "letters, digits"),
        ("api_key", "with a space " + "k" * 24, "visible ASCII"),
        ("api_key", "é" * 24, "visible ASCII"),
        ("standard_webhooks", "k" * 30, "base64"),
    ],
)
def test_a_secret_that_could_never_match_is_refused(name: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SENDERS[name].scheme.key(text)


def test_a_secret_of_24_bytes_is_enough() -> None:
    assert {name: SENDERS[name].scheme.key("é" * 12) for name in ("jira", "zendesk")} == {
        "jira": ("é" * 12).encode(),
        "zendesk": ("é" * 12).encode(),
    }
    assert SENDERS["bearer"].scheme.key("k" * 24) == b"k" * 24
    assert SENDERS["basic"].scheme.key("u:" + "k" * 24) == b64(b"u:" + b"k" * 24).encode()
