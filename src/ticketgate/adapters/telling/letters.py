"""How mails are worded: `ports.Letters` over the templates of `mail_text`."""

from collections.abc import Sequence
from typing import Final

from ticketgate.adapters.telling.mail_text import (
    MailText,
    code_mail,
    digest_mail,
    emergency_mail,
    link_mail,
    outcome_mail,
)
from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.people.sign_in import CODE_LIFE
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import LinkNote
from ticketgate.domain.telling.outcomes import OutcomeLetter, OutcomeNote
from ticketgate.ports import Letter

_CODE_MINUTES: Final = int(CODE_LIFE.total_seconds() // 60)


class MailLetters:
    """Links are built from the configured public address, never from a Host header."""

    def __init__(self, public_url: str) -> None:
        """`public_url` is the address that people reach the gateway by, without a final slash."""
        self._public_url = public_url.rstrip("/")

    def link(self, note: LinkNote, token: str) -> Letter:
        """(subject, text, HTML) of the mail that carries a link."""
        return _parts(link_mail(note, f"{self._public_url}/approve/{token}"))

    def emergency(self, emergency: Emergency, who: str, evidence: str, opens: str) -> Letter:
        """(subject, text, HTML) of the mail that tells of an emergency."""
        page = "grants" if opens == "end" else f"emergency/{emergency.id}"
        url = f"{self._public_url}/console/{page}"
        return _parts(emergency_mail(emergency, who, evidence, url, opens))

    def outcome(self, letter: OutcomeLetter, note: OutcomeNote) -> Letter:
        """(subject, text, HTML) of the mail that tells what came of something."""
        return _parts(outcome_mail(letter, note, f"{self._public_url}{note.page}"))

    def code(self, code: str) -> Letter:
        """(subject, text, HTML) of the mail that carries a sign-in code."""
        return _parts(code_mail(code, self._public_url, _CODE_MINUTES))

    def digest(self, waiting: Sequence[AccessRequest]) -> Letter:
        """(subject, text, HTML) of the mail that stands for all further reminders of a day."""
        return _parts(digest_mail(waiting, self._public_url))


def _parts(mail: MailText) -> Letter:
    return mail.subject, mail.text, mail.html
