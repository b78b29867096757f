"""The digest of a day: a short list without a link, whatever stands in tickets; by real SMTP."""

from dataclasses import replace

from tests.adapters.test_mail import Box, box, port
from tests.domain.cast import request

from ticketgate.adapters.telling.letters import MailLetters
from ticketgate.adapters.telling.mail import Mailer
from ticketgate.adapters.telling.mail_text import digest_mail
from ticketgate.domain.settings import MailSettings

__all__ = ["box", "port"]
URL = "https://gate.example.com"


def test_the_first_twenty_are_listed_and_the_rest_is_counted() -> None:
    many = [replace(request(), ticket_number=f"RITM{number:04}") for number in range(25)]
    mail = digest_mail(many, URL)
    assert mail.subject == "[ticketgate] 25 requests wait for you"
    for text in (mail.text, mail.html):
        assert "RITM0019" in text
        assert "RITM0020" not in text
        assert "and 5 more" in text
        assert URL not in text


def test_one_request_is_told_in_the_singular() -> None:
    mail = digest_mail([request()], URL)
    assert mail.subject == "[ticketgate] 1 request waits for you"
    assert mail.text.startswith("1 request waits for your decision at gate.example.com:")
    assert "more" not in mail.text.partition("The link")[0]


def test_what_a_ticket_says_is_cut_and_shown_as_text() -> None:
    hostile = replace(request(), ticket_number="<b>x</b>\nBcc: mallory" + "y" * 200)
    mail = digest_mail([hostile], URL)
    assert "<b>" not in mail.html
    assert "\nBcc" not in mail.text
    assert "y" * 81 not in mail.text


def test_it_arrives_at_a_real_server(box: Box, port: int) -> None:
    letter = MailLetters(URL).digest([request()])
    Mailer(MailSettings("127.0.0.1", port, "gate@example.com", tls=False)).send(
        "bob@example.com", letter, "cmd_1.0"
    )
    (mail,) = box.mails
    assert mail["Subject"] == "[ticketgate] 1 request waits for you"
    assert box.envelopes == [("gate@example.com", ["bob@example.com"])]
