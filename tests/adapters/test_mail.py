"""Mail against a real SMTP server: `aiosmtpd` on loopback."""

import ssl
from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.http_peer import certificate_in
from tests.adapters.test_letters_words import HOSTILE, KINDS
from typing_extensions import override

from ticketgate.adapters.telling.mail import Mailer, MailRefusedError, MailUnavailableError
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.settings import MailSettings

if TYPE_CHECKING:
    from email.message import EmailMessage

SECRET = "a-password-that-no-message-may-hold"
SENT_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Box:
    """Takes mail, or answers as told: `at_rcpt`, `at_data` are whole SMTP answers."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str | None, list[str]]] = []
        self.at_rcpt = self.at_data = ""

    async def handle_RCPT(  # noqa: N802 -- the hook's name in aiosmtpd
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if not self.at_rcpt:
            envelope.rcpt_tos.append(address)
        return self.at_rcpt or "250 OK"

    async def handle_DATA(  # noqa: N802 -- the hook's name in aiosmtpd
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        if self.at_data:
            return self.at_data
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return "250 OK"


class OnFreePort(Controller):
    """Listens on the port that the system picks."""

    @override
    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd leaves it untyped


@contextmanager
def served(box: Box, **options: Any) -> Iterator[int]:  # noqa: ANN401 -- aiosmtpd's own options
    controller = OnFreePort(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def port(box: Box) -> Iterator[int]:
    with served(box) as port:
        yield port


def mailer(
    port: int,
    *,
    tls: bool = False,
    user: str | None = None,
    password: str | None = None,
    ca_file: str | None = None,
) -> Mailer:
    settings = MailSettings("localhost", port, "gate@example.com", user, password, tls)
    return Mailer(settings, lambda: SENT_AT, ca_file)


def send(mailer: Mailer, to: str = "bob@example.com", subject: str = "Please decide") -> None:
    mailer.send(to, (subject, "plain words\n", "<p>marked words</p>\n"), "cmd_1.0")


def test_a_mail_has_both_forms_and_says_that_no_person_sent_it(box: Box, port: int) -> None:
    send(mailer(port), subject="Zürich: RITM0010001")
    [mail] = box.mails
    assert mail["To"] == "bob@example.com"
    assert mail["From"] == "gate@example.com"
    assert mail["Subject"] == "Zürich: RITM0010001"
    assert mail["Message-ID"] == "<cmd_1.0@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "ticketgate <ticketgate.example.com>"
    assert (mail["In-Reply-To"], mail["References"]) == (None, None)
    assert mail["Date"].datetime == SENT_AT
    assert mail.get_content_type() == "multipart/alternative"
    plain, marked = mail.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content() == "plain words\r\n"
    assert marked.get_content_type() == "text/html"
    assert marked.get_content() == "<p>marked words</p>\r\n"
    assert box.envelopes == [("gate@example.com", ["bob@example.com"])]


def test_mails_of_one_thread_refer_to_the_same_id(box: Box, port: int) -> None:
    for ident in ("cmd_1.0", "cmd_2.0"):
        mailer(port).send("bob@example.com", ("s", "t", "<p>h</p>"), ident, "req_1")
    roots = {(mail["In-Reply-To"], mail["References"]) for mail in box.mails}
    assert roots == {("<req_1@example.com>", "<req_1@example.com>")}
    assert len({mail["Message-ID"] for mail in box.mails}) == 2


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_letter_arrives_with_our_headers_alone(box: Box, port: int, kind: str) -> None:
    """Whatever stands in names, and in what came with a ticket."""
    letters = [KINDS[kind](text) for text in HOSTILE]
    for number, letter in enumerate(letters):
        mailer(port).send("bob@example.com", letter, f"cmd_{number}.0", "req_1")
    names = {"From", "To", "Subject", "Message-ID", "Auto-Submitted", "List-Id", "In-Reply-To"}
    names |= {"References", "Date", "MIME-Version", "Content-Type"}
    for mail, (subject, text, html) in zip(box.mails, letters, strict=True):
        assert {*mail.keys()} - {"X-Peer", "X-MailFrom", "X-RcptTo"} == names
        assert str(mail["Subject"]).split() == subject.split()
        parts = [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()]
        assert parts == [text, html]
    assert {tuple(to) for _, to in box.envelopes} == {("bob@example.com",)}


def test_without_a_clock_the_date_is_left_to_the_submission_server(box: Box, port: int) -> None:
    send(Mailer(MailSettings("127.0.0.1", port, "gate@example.com", tls=False)))
    assert box.mails[0]["Date"] is None


@pytest.mark.parametrize(
    ("where", "answer", "error", "code"),
    [
        ("at_rcpt", "550 no such user bob@example.com", MailRefusedError, "recipient_refused"),
        ("at_data", "550 no such user bob@example.com", MailRefusedError, "mail_refused"),
        ("at_rcpt", "451 later bob@example.com", MailUnavailableError, "mail_unavailable"),
        ("at_data", "451 later bob@example.com", MailUnavailableError, "mail_unavailable"),
    ],
)
def test_an_answer_of_550_is_final_and_one_of_451_is_not(
    box: Box, port: int, where: str, answer: str, error: type[TicketgateError], code: str
) -> None:
    setattr(box, where, answer)
    with pytest.raises(error) as told:
        send(mailer(port))
    assert told.value.code == code
    assert "bob" not in str(told.value)
    assert box.mails == []
    setattr(box, where, "")
    send(mailer(port))
    assert len(box.mails) == 1


def test_no_server_is_tried_again() -> None:
    with pytest.raises(MailUnavailableError):
        send(mailer(9))


@pytest.mark.parametrize(
    "hostile",
    [
        "bob@example.com\nBcc: mallory@example.com",
        "bob@example.com\r\nBcc: mallory@example.com",
        "bob@example.com, mallory@example.com",
        "",
        "bob",
        "<bob@example.com",
        "\x00@example.com",
    ],
)
def test_an_address_that_is_not_one_address_is_refused(box: Box, port: int, hostile: str) -> None:
    with pytest.raises(MailRefusedError):
        send(mailer(port), to=hostile)
    assert box.mails == []


@pytest.mark.parametrize("line", ["a\nBcc: mallory@example.com", "a\r\n\r\nbody"])
def test_a_subject_that_would_be_another_header_is_refused(box: Box, port: int, line: str) -> None:
    with pytest.raises(MailRefusedError):
        send(mailer(port), subject=line)
    assert box.mails == []


@given(to=st.text(max_size=40), subject=st.text(max_size=40))
def test_only_our_errors_leave(to: str, subject: str) -> None:
    """Nobody listens, so whatever can be written at all is unavailable."""
    with pytest.raises((MailRefusedError, MailUnavailableError)):
        send(mailer(9), to=to, subject=subject)


def test_a_server_that_breaks_off_is_tried_again(box: Box, port: int) -> None:
    box.at_data = "421 closing"
    with pytest.raises(MailUnavailableError):
        send(mailer(port))


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(box: Box) -> None:
    with (
        served(box, enable_SMTPUTF8=False) as port,
        pytest.raises(MailRefusedError, match="SMTPUTF8"),
    ):
        send(mailer(port), to="bob@exämple.com")
    with served(box, enable_SMTPUTF8=True) as port:
        send(mailer(port), to="bob@exämple.com")
    assert box.envelopes[0][1] == ["bob@exämple.com"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls_port(box: Box, certificate: tuple[Path, Path]) -> Iterator[int]:
    """A server that takes mail only after STARTTLS and login."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def authenticator(*asked: object) -> AuthResult:
        login = asked[-1]
        assert isinstance(login, LoginPassword)
        return AuthResult(success=login == LoginPassword(b"gate", SECRET.encode()), handled=False)

    with served(
        box,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticator,
    ) as port:
        yield port


def test_the_login_goes_out_only_after_starttls(
    box: Box, tls_port: int, certificate: tuple[Path, Path]
) -> None:
    known = str(certificate[0])
    send(mailer(tls_port, tls=True, user="gate", password=SECRET, ca_file=known))
    assert len(box.mails) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(box: Box, tls_port: int) -> None:
    with pytest.raises(MailUnavailableError):
        send(mailer(tls_port, tls=True, user="gate", password=SECRET))
    assert box.mails == []


def test_a_login_that_fails_may_heal_and_shows_no_password(
    box: Box, tls_port: int, certificate: tuple[Path, Path]
) -> None:
    """The operator mends the login; the mail itself is not at fault."""
    known = str(certificate[0])
    with pytest.raises(MailUnavailableError) as told:
        send(mailer(tls_port, tls=True, user="mallory", password=SECRET, ca_file=known))
    assert SECRET not in f"{told.value!r} {told.value}"
    assert box.mails == []


def test_a_server_without_starttls_gets_nothing(box: Box, port: int) -> None:
    with pytest.raises(MailUnavailableError):
        send(mailer(port, tls=True))
    assert box.mails == []
