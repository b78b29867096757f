"""The mails that people get, as text and HTML. Pure: nothing is sent from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import jinja2

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.instants import duration_text, minute_text, whole_seconds
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import LinkNote
from ticketgate.domain.telling.outcomes import TOLD, OutcomeLetter, OutcomeNote
from ticketgate.domain.text.visible import visible

VALUE_CHARS_MAX: Final = 200  # of a value in a body; the page shows it whole
SAID_CHARS_MAX: Final = 4000  # every reason with its way out
SUBJECT_CHARS_MAX: Final = 40  # of the ticket's number in a subject line
LISTED_MAX: Final = 20  # requests in a digest
ITEM_CHARS_MAX: Final = 80  # of a value there
BECAUSE_CHARS_MAX: Final = 1000  # of why something was denied; the page shows it whole
EVIDENCE_CHARS_MAX: Final = 320  # an origin of 200, and numbers
SHOWN_CHARS: Final = 16  # of the digest: enough to compare by eye

_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("ticketgate.adapters.telling", "mail_templates"),
    autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
    undefined=jinja2.StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail without its addresses. `subject` is one printable line."""

    subject: str
    text: str
    html: str


def link_mail(facts: LinkNote, url: str) -> MailText:
    """The mail that brings one approver the one link `url`.

    It holds no free text of the ticket, so a requester cannot write to approvers through it;
    values that came with the ticket are cut, and hidden characters and line breaks in them show.
    """
    decide_by = minute_text(facts.decide_by)
    ticket = _line(facts.ticket, SUBJECT_CHARS_MAX)
    values = {
        "url": url,
        "site": _site(url),
        "ticket": ticket,
        "entitlement": _line(facts.entitlement),
        "target": _line(facts.target),
        "requester": _line(facts.requester),
        "beneficiary": _line(facts.beneficiary),
        "lasting": duration_text(facts.seconds),
        "decide_by": decide_by,
        "digest": facts.shown[:SHOWN_CHARS],
        "clause": _line(facts.clause),
        "stage_name": _line(facts.stage_name),
        "on_behalf_of": _line(facts.on_behalf_of),
        "until": _end(facts.until),
        "ends": _end(facts.ends),
        "begins": _begins(facts.not_before),
        "window_end": _end(facts.window_end),
        "evidence": _line(facts.evidence, EVIDENCE_CHARS_MAX),
    }
    return _mail("link", f"[ticketgate] {ticket} needs your decision by {decide_by}", values)


def emergency_mail(emergency: Emergency, who: str, evidence: str, url: str, opens: str) -> MailText:
    """The mail that tells of an emergency, or of a drill of one; why it was invoked is on the page.

    The link in it is the page's address: whoever follows it signs in as anybody does. `opens` is
    as of `ports.Letters.emergency`.
    """
    word = "DRILL of an emergency" if emergency.drill else "EMERGENCY"
    if emergency.is_claim:
        word = "EMERGENCY entered late"
    entitlement = _line(emergency.entitlement, SUBJECT_CHARS_MAX)
    values = {
        "drill": "yes" if emergency.drill else "",
        "claimed": _span(emergency),
        "who": _line(who),
        "entitlement": _line(emergency.entitlement),
        "target": _line(emergency.target),
        "lasting": duration_text(emergency.seconds),
        "invoked_at": minute_text(emergency.invoked_at),
        "within": duration_text(whole_seconds(emergency.within)),
        "url": url,
        "site": _site(url),
        "opens": opens,
        "evidence": _line(evidence, EVIDENCE_CHARS_MAX),
    }
    return _mail("emergency", f"[ticketgate] {word}: access to {entitlement}", values)


def _span(emergency: Emergency) -> str:
    """From when to when access is claimed that was entered afterwards; empty for any other."""
    ends = (emergency.access_from, emergency.access_until)
    return " to ".join(minute_text(one) for one in ends if one)


def outcome_mail(letter: OutcomeLetter, note: OutcomeNote, url: str) -> MailText:
    """The mail that tells what came of a request, access, a passkey, or an ask for consent.

    What it says was true when it was committed (`At`), which is told since mail may be late. The
    link in it is a page's address: it decides nothing, and whoever follows it signs in.
    """
    ticket = _line(note.ticket, SUBJECT_CHARS_MAX)
    word = TOLD[letter.outcome].subject
    values = {
        "title": f"{ticket} {word}" if ticket else f"{word[:1].upper()}{word[1:]}",
        "said": _line(letter.text, SAID_CHARS_MAX),
        "next": _line(letter.next, SAID_CHARS_MAX),
        "ticket": ticket,
        "beneficiary": _line(note.beneficiary),
        "because": _line(" ".join(note.because.split()), BECAUSE_CHARS_MAX),
        "reviewers": _line(note.reviewers, SAID_CHARS_MAX),
        "at": minute_text(letter.queued_at),
        "url": url,
        "site": _site(url),
        "evidence": _line(note.evidence, EVIDENCE_CHARS_MAX),
    }
    return _mail("outcome", f"[ticketgate] {values['title']}", values)


def code_mail(code: str, public_url: str, minutes: int) -> MailText:
    """The mail that brings the sign-in code `code`, which lives for `minutes`."""
    values = {"code": code, "site": _site(public_url), "minutes": str(minutes)}
    return _mail("code", "[ticketgate] Your sign-in code", values)


def digest_mail(waiting: Sequence[AccessRequest], public_url: str) -> MailText:
    """The mail that stands for all further reminders of a day; it carries no link.

    Requests that wait for one person, soonest deadline first; the first 20 are listed.
    """
    count = len(waiting)
    values = {
        "count": count,
        "site": _site(public_url),
        "items": [_item(one) for one in waiting[:LISTED_MAX]],
        "more": max(0, count - LISTED_MAX),
    }
    wait = "1 request waits" if count == 1 else f"{count} requests wait"
    return _mail("digest", f"[ticketgate] {wait} for you", values)


def _item(request: AccessRequest) -> dict[str, str]:
    return {
        "ticket": _line(request.ticket_number, ITEM_CHARS_MAX),
        "entitlement": _line(request.entitlement, ITEM_CHARS_MAX),
        "target": _line(request.target, ITEM_CHARS_MAX),
        "decide_by": minute_text(request.decide_by),
    }


def _mail(name: str, subject: str, values: Mapping[str, object]) -> MailText:
    text, html = (
        _ENVIRONMENT.get_template(f"{name}.{kind}").render(values) for kind in ("txt", "html")
    )
    return MailText(subject, text, html)


def _line(value: str, chars_max: int = VALUE_CHARS_MAX) -> str:
    shown = visible(value)
    return shown if len(shown) <= chars_max else shown[: chars_max - 1] + "…"


def _end(at: datetime | None) -> str:
    """The minute in UTC; one that is cut by seconds is the next, so that nothing ends later."""
    if at is None:
        return ""
    whole = at.replace(second=0, microsecond=0)
    return minute_text(whole if whole == at else whole + timedelta(minutes=1))


def _begins(at: datetime | None) -> str:
    """The minute in UTC; access begins within it, never before."""
    return "" if at is None else minute_text(at)


def _site(url: str) -> str:
    return urlsplit(url).netloc
