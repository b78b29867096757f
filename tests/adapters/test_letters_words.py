"""Both forms of every mail say the same words, and nothing in them acts, as a client reads them."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from ticketgate.adapters.telling.letters import MailLetters
from ticketgate.domain.emergencies.emergency import Emergency, ReviewState
from ticketgate.domain.requests.approval import LinkNote
from ticketgate.domain.telling.outcomes import TOLD, Outcome, OutcomeLetter, OutcomeNote
from ticketgate.domain.text.visible import acts
from ticketgate.ports import Letter

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SITE = "https://gate.example.com"
LETTERS = MailLetters(SITE)
INLINE = {"a", "bdi", "strong"}
ALLOWED = {"html", "head", "meta", "title", "body", "p", "table", "tr", "td", "br"} | INLINE
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=https://evil.example/p.png>",
    "x\r\nBcc: mallory@example.com\r\n\r\nhello",
    "\u202eecila\u202c",
    "&lt;b&gt; {{ 7*7 }} {% raw %}",
    "a\u2028b\x00c\ud800",
    '"\'> <a href="https://evil.example">here</a>',
]


class Seen(HTMLParser):
    """What a client shows of a page: its words, its tags, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags, self.links, self.others = "", set[str](), set[str](), set[str]()
        self._hidden = False
        self.feed(page)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._hidden = self._hidden or tag == "head"
        self.text += "" if tag in INLINE else "\n"
        self.links |= {value or "" for name, value in attrs if name == "href"}
        self.others |= {name for name, _ in attrs} - {"href"}

    @override
    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag != "head"
        self.text += "" if tag in INLINE else "\n"

    @override
    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


def link(text: str) -> Letter:
    note = LinkNote(
        ticket=text,
        entitlement=text,
        target=text,
        requester=text,
        beneficiary=text,
        seconds=7200,
        decide_by=NOON,
        shown="ab" * 32,
        clause=text,
        stage_name=text,
        evidence=text,
        on_behalf_of=text,
        until=NOON,
        ends=None if len(text) % 2 else NOON,
    )
    return LETTERS.link(note, "token")


def emergency(text: str) -> Letter:
    made = Emergency(
        id="emg_1",
        version=1,
        state=ReviewState.DUE,
        drill=len(text) % 2 == 0,
        subject="alice",
        entitlement=text,
        target=text,
        grant="",
        seconds=3600,
        within=timedelta(days=1),
        clause="group:x",
        invoked_at=NOON,
        index=1,
    )
    return LETTERS.emergency(made, text, text, ("", "page", "end", "review")[len(text) % 4])


def code(_text: str) -> Letter:
    return LETTERS.code("01234567")


def outcome(text: str, which: Outcome = Outcome.BLOCKED) -> Letter:
    letter = OutcomeLetter("ltr_1", which, "req_1", "req_1", "alice", text, text, 1, NOON)
    return LETTERS.outcome(letter, OutcomeNote(text, text, text, TOLD[which].page, text, text))


KINDS = {"link": link, "emergency": emergency, "code": code, "outcome": outcome}


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(text=st.text(max_size=60) | st.sampled_from(HOSTILE))
def test_both_forms_say_the_same_words_and_no_text_acts(kind: str, text: str) -> None:
    subject, plain, page = KINDS[kind](text)
    seen, harmless = Seen(page), Seen(KINDS[kind]("plainly"[: 4 + len(text) % 4])[2])
    assert words(seen.text) == words(plain)
    assert seen.tags <= ALLOWED
    assert seen.links == harmless.links
    assert seen.others == harmless.others
    assert not any(map(acts, subject))


@pytest.mark.parametrize("which", list(Outcome), ids=[one.value for one in Outcome])
def test_every_outcome_has_a_letter_with_a_subject_and_its_page(which: Outcome) -> None:
    if not TOLD[which].subject:
        assert TOLD[which].who == ()
        return
    subject, plain, page = outcome("said", which)
    assert subject.removeprefix("[ticketgate] said ").strip()
    assert Seen(page).links == {f"{SITE}{TOLD[which].page}"}
    assert f"{SITE}{TOLD[which].page}" in plain


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_a_client_parses_has_the_headers_that_we_wrote(kind: str, text: str) -> None:
    subject, plain, page = KINDS[kind](text)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message.set_content(plain)
    message.add_alternative(page, subtype="html")
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert set(read.keys()) == {"Subject", "MIME-Version", "Content-Type"}
    assert str(read["Subject"]).split() == subject.split()  # where it folds is no matter
    parts = [part.get_content().replace("\r\n", "\n") for part in read.iter_parts()]
    assert parts == [plain, page]


def test_a_page_that_says_more_than_its_text_is_seen() -> None:
    """The control of the properties above."""
    planted = Seen('<p>said</p><p>more</p><img src="https://evil.example">')
    assert words(planted.text) != words("said")
    assert not planted.tags <= ALLOWED
    assert planted.others == {"src"}
