"""Mail going out over SMTP: one attempt, one recipient, one answer."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from typing_extensions import override

from ticketgate.adapters.thread_ban import check_outward_call
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.settings import MailSettings
from ticketgate.ports import Letter, Post

TIMEOUT_SECONDS: Final = 10.0
PERMANENT_MIN: Final = 500  # RFC 5321 §4.2.1: 5yz is final, 4yz may be tried again


class MailRefusedError(TicketgateError):
    """This mail can never go out: a 5yz answer to it, or a header that cannot be written."""

    code = "mail_refused"


class RecipientRefusedError(MailRefusedError):
    """A 5yz answer to the recipient's address: no mail reaches it."""

    code = "recipient_refused"


class MailUnavailableError(TicketgateError):
    """The mail did not go out now: a 4yz answer, no whole conversation, no login. Try again."""

    code = "mail_unavailable"


class Mailer(Post):
    """`ports.Post` over SMTP, with STARTTLS where the settings say so.

    A new connection per mail; safe from any thread. `wall` gives the `Date` header; without it
    the submission server adds one (RFC 6409 §8.2). `ca_file` is a PEM bundle in place of the
    system's roots.

    Every mail has a `Message-ID` and a `List-Id` (RFC 2919) of the sender's domain, and those of
    one thread refer to the same id, which no mail has itself (RFC 5322 §3.6.4): so a client shows
    them together, also to who has not seen the first.

    A connection that breaks after the text was sent may still have delivered it: the mail is then
    reported unavailable and sent again with the same `message_id`.
    """

    def __init__(
        self,
        settings: MailSettings,
        wall: Callable[[], datetime] | None = None,
        ca_file: str | None = None,
    ) -> None:
        self._settings = settings
        self._wall = wall
        self._ca_file = ca_file

    @override
    def send(self, to: str, letter: Letter, message_id: str, thread: str = "") -> None:
        check_outward_call("mail")
        message = self._message(to, letter, message_id, thread)
        try:
            server = smtplib.SMTP(self._settings.host, self._settings.port, timeout=TIMEOUT_SECONDS)
        except (smtplib.SMTPException, OSError) as fault:
            raise _unavailable(fault) from None
        with closing(server):
            self._greet(server)
            _hand_over(server, message)

    def _message(self, to: str, letter: Letter, message_id: str, thread: str) -> EmailMessage:
        message, domain = EmailMessage(policy=SMTP), self._settings.sender.rpartition("@")[2]
        subject, text, html = letter
        try:
            message["From"] = Address(addr_spec=self._settings.sender)
            message["To"] = Address(addr_spec=to)
            message["Subject"] = subject
            message["Message-ID"] = f"<{message_id}@{domain}>"
            message["List-Id"] = f"ticketgate <ticketgate.{domain}>"
            if thread:
                message["In-Reply-To"] = message["References"] = f"<{thread}@{domain}>"
            message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: answer no robot
            if self._wall is not None:
                message["Date"] = self._wall()
            message.set_content(text)
            message.add_alternative(html, subtype="html")
            message.as_bytes()  # what cannot be written is refused before anything is sent
        except (MessageError, ValueError, LookupError) as fault:
            raise MailRefusedError(f"the mail cannot be written: {type(fault).__name__}") from None
        return message

    def _greet(self, server: smtplib.SMTP) -> None:
        """STARTTLS and login. No fault here is the mail's own, so all of them may heal."""
        try:
            if self._settings.tls:
                server.starttls(context=ssl.create_default_context(cafile=self._ca_file))
            if self._settings.user is not None:
                server.login(self._settings.user, self._settings.password or "")
        except (smtplib.SMTPException, OSError) as fault:
            raise _unavailable(fault) from None


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as fault:
        code, _ = next(iter(fault.recipients.values()))
        if code >= PERMANENT_MIN:
            raise RecipientRefusedError(f"the mail server answered {code}") from None
        raise _answered(code) from None
    except smtplib.SMTPResponseException as fault:
        raise _answered(fault.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise MailRefusedError("the mail server cannot take this address (SMTPUTF8)") from None
    except (smtplib.SMTPException, OSError) as fault:
        raise _unavailable(fault) from None
    with suppress(smtplib.SMTPException, OSError):  # it is delivered; a rude farewell is not ours
        server.quit()


def _answered(code: int) -> MailRefusedError | MailUnavailableError:
    """The answer's class, without its text: servers quote addresses and message lines in it."""
    if code >= PERMANENT_MIN:
        return MailRefusedError(f"the mail server answered {code}")
    return MailUnavailableError(f"the mail server answered {code}")


def _unavailable(fault: Exception) -> MailUnavailableError:
    return MailUnavailableError(
        f"no conversation with the mail server: {type(fault).__name__}",
        next_step="if it lasts, look at `mail:` in ticketgate.yaml",
    )
