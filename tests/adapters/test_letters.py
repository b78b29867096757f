"""Letters carry the one link, built from the configured address."""

from datetime import UTC, datetime

import pytest

from ticketgate.adapters.telling.letters import MailLetters
from ticketgate.domain.requests.approval import LinkNote

NOTE = LinkNote(
    ticket="RITM0010001",
    entitlement="prod-db-admin",
    target="corp-scim",
    requester="Alice Moreau",
    beneficiary="Erin Walsh",
    seconds=7200,
    decide_by=datetime(2026, 11, 22, 20, 0, tzinfo=UTC),
    shown="5d41402abc4b2a76" + "0" * 48,
    clause="manager_of:beneficiary",
    stage_name="line",
    evidence="Evidence: gate.example.com/evidence#123, root 3f5a0123456789ab… at 130",
)


@pytest.mark.parametrize("address", ["https://gate.example.com", "https://gate.example.com/"])
def test_a_link_is_built_from_the_public_address(address: str) -> None:
    subject, text, html = MailLetters(address).link(NOTE, "the-token")
    assert "RITM0010001" in subject
    for body in (text, html):
        assert "https://gate.example.com/approve/the-token" in body
        assert body.count("the-token") in {1, 2}  # an address, and in HTML perhaps its text
        for told in ("prod-db-admin", "corp-scim", "Alice Moreau", "Erin Walsh", "2 h"):
            assert told in body
        assert "5d41402abc4b2a76" in body
    assert "the-token" not in subject


def test_a_code_says_how_long_it_lives_and_is_not_in_the_subject() -> None:
    subject, text, html = MailLetters("https://gate.example.com").code("01234567")
    assert "01234567" not in subject
    for body in (text, html):
        assert "01234567" in body
        assert "10 minutes" in body
        assert "gate.example.com" in body
