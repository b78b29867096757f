"""The mail that stands for all further reminders of a day. It carries no link."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from ticketgate.adapters.mail_text import ENVIRONMENT, MailText
from ticketgate.domain.access_request import AccessRequest
from ticketgate.domain.instants import minute_text
from ticketgate.domain.visible import visible

LISTED_MAX: Final = 20
CHARS_MAX: Final = 80  # of a value that came with a ticket


def digest_mail(waiting: Sequence[AccessRequest], public_url: str) -> MailText:
    """Requests that wait for one person, soonest deadline first; the first 20 are listed."""
    count = len(waiting)
    values = {
        "count": count,
        "site": urlsplit(public_url).netloc,
        "items": [_item(one) for one in waiting[:LISTED_MAX]],
        "more": max(0, count - LISTED_MAX),
    }
    text, html = (
        ENVIRONMENT.get_template(f"digest.{kind}").render(values) for kind in ("txt", "html")
    )
    wait = "1 request waits" if count == 1 else f"{count} requests wait"
    return MailText(f"[ticketgate] {wait} for you", text, html)


def _item(request: AccessRequest) -> dict[str, str]:
    return {
        "ticket": visible(request.ticket_number)[:CHARS_MAX],
        "entitlement": visible(request.entitlement)[:CHARS_MAX],
        "target": visible(request.target)[:CHARS_MAX],
        "decide_by": minute_text(request.decide_by),
    }
