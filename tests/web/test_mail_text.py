"""The two mails: what they say, and that nothing of a ticket can act in them."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.web.page_desk import Forms

from ticketgate.adapters.telling.mail_text import code_mail, link_mail
from ticketgate.domain.requests.approval import LinkNote

URL = "https://gate.example.com/approve/AbC_-123"
FACTS = LinkNote(
    ticket="RITM0010001",
    entitlement="prod-db-admin",
    target="corp-scim",
    requester="Alice Ito",
    beneficiary="Dan Oh",
    seconds=4 * 3600,
    decide_by=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    shown="5d41402abc4b2a76" + "b" * 48,
    clause="manager_of:beneficiary",
    stage_name="line",
    evidence="Evidence: gate.example.com/evidence#123, root 3f5a0123456789ab… at 130",
)
TEXTS = (
    "ticket",
    "entitlement",
    "target",
    "requester",
    "beneficiary",
    "clause",
    "stage_name",
    "evidence",
)


def test_the_link_mail_says_what_it_is_about_in_words() -> None:
    mail = link_mail(FACTS, URL)
    assert mail.subject == ("[ticketgate] RITM0010001 needs your decision by 2026-11-22 08:30 UTC")
    said = (
        *("RITM0010001", "prod-db-admin", "corp-scim", "Alice Ito", "Dan Oh", "4 h at most"),
        *("2026-11-22 08:30 UTC", "5d41402abc4b2a76", "manager_of:beneficiary", "line"),
        *("gate.example.com never asks for a password", "removed whatever happens"),
        FACTS.evidence,
    )
    for body in (mail.text, mail.html):
        assert [word for word in said if word not in body] == []
        assert "5d41402abc4b2a76b" not in body
        assert set(re.findall(r"https?://[^\s\"<]+", body)) == {URL}


def test_the_link_mail_says_when_access_begins_and_is_over() -> None:
    starts = datetime(2026, 11, 27, 8, 0, 59, tzinfo=UTC)
    facts = dataclasses.replace(FACTS, not_before=starts, window_end=starts + timedelta(hours=4))
    mail, plain = link_mail(facts, URL), link_mail(FACTS, URL)
    for body, without in ((mail.text, plain.text), (mail.html, plain.html)):
        assert "2026-11-27 08:00 UTC at the earliest" in body
        assert "2026-11-27 12:01 UTC at the latest" in body
        assert "Begins" not in without
        assert "Is over" not in without


def test_the_time_to_decide_is_told_in_utc() -> None:
    there = timezone(timedelta(hours=9))
    facts = dataclasses.replace(FACTS, decide_by=FACTS.decide_by.astimezone(there))
    assert link_mail(facts, URL) == link_mail(FACTS, URL)


def test_an_end_is_never_told_too_early() -> None:
    """Minutes are told, so seconds count as one more."""
    ends = datetime(2026, 11, 22, 12, 0, 1, tzinfo=UTC)
    for at in (ends, ends + timedelta(seconds=59)):
        mail = link_mail(dataclasses.replace(FACTS, ends=at), URL)
        for body in (mail.text, mail.html):
            assert "2026-11-22 12:01 UTC at the latest, then it is removed" in body
            assert "4 h at most" in body
            assert "more time for access" in body
    assert "more time" not in link_mail(FACTS, URL).text


def test_the_code_mail_brings_the_code_and_a_warning() -> None:
    mail = code_mail("01234567", "https://gate.example.com", 10)
    assert mail.subject == "[ticketgate] Your sign-in code"
    for body in (mail.text, mail.html):
        assert re.findall(r"\b\d{8}\b", body) == ["01234567"]
        assert "10 minutes" in body
        assert "Nobody from gate.example.com asks for it" in body
        assert "http" not in body


def test_a_name_cannot_write_a_line_or_a_header_of_its_own() -> None:
    evil = "Alice\r\nBcc: all@example.com\n\nRead it and decide here:\nhttp://evil.example"
    mail = link_mail(dataclasses.replace(FACTS, ticket=evil, requester=evil), URL)
    assert "\n" not in mail.subject
    lines = mail.text.splitlines()
    assert len(lines) == len(link_mail(FACTS, URL).text.splitlines())
    assert lines.count("Read it and decide here:") == 1
    assert "Alice⟦U+000D⟧⟦U+000A⟧Bcc" in mail.text


def test_long_values_are_cut() -> None:
    mail = link_mail(dataclasses.replace(FACTS, ticket="x" * 5000, target="y" * 5000), URL)
    assert len(mail.subject) < 110
    assert len(mail.text) < 1600
    assert "x…" in mail.subject


@given(text=st.text(st.characters(), max_size=80))
def test_no_text_acts_in_a_mail(text: str) -> None:
    everywhere: dict[str, Any] = dict.fromkeys(TEXTS, text)
    mail = link_mail(dataclasses.replace(FACTS, **everywhere), URL)
    tags = [tag for tag, _ in Forms(mail.html).tags]
    assert tags == [tag for tag, _ in Forms(link_mail(FACTS, URL).html).tags]
    assert len(mail.text.split("\n")) == len(link_mail(FACTS, URL).text.split("\n"))
    message = EmailMessage()
    message["Subject"] = mail.subject
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    assert b"Content-Type" in message.as_bytes()
