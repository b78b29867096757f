"""Replies: a refusal as a page for people or a problem for machines; ticket text made harmless."""

from datetime import UTC, datetime, timedelta
from typing import Final

import flask
from markupsafe import Markup

from ticketgate.domain.errors import Refusal
from ticketgate.domain.instants import duration_text, minute_text
from ticketgate.domain.text.visible import visible
from ticketgate.web.problems import PROBLEM_TYPE, problem_body, retry_after, status_of

API: Final = "/api/"  # below it everything is answered to machines, whatever they accept
_MINUTE: Final = 60  # seconds
_NOT_FOUND: Final = Refusal(
    "not_found",
    "There is nothing here that you can see.",
    "A link works only for the person it was mailed to, and only for a while. If you hold more "
    "than one account, sign out and sign in as that person; else ask for a new link.",
)
_UNREADABLE: Final = Refusal(
    "directory_unreadable",
    "The directory cannot be read now, so it is not known who may do what; nothing was changed.",
    "Try again in a minute. Whoever runs this gateway finds in its log what cannot be read.",
)
_NOTHING_HERE: Final = Refusal(_NOT_FOUND.code, _NOT_FOUND.reason, "Ask for the list again.")


def wants_page() -> bool:
    """Whether the client is a browser: it prefers `text/html` (RFC 9110 §12.5.1)."""
    if flask.request.path.startswith(API):
        return False
    asked = flask.request.accept_mimetypes
    return asked["text/html"] > asked[PROBLEM_TYPE]


def refused(refusal: Refusal, page: str = "problem.html", **context: object) -> flask.Response:
    """The reply to a refusal, with the status that `problems` maps its code to.

    Browsers get `page`, rendered with `refusal` and `context`; others RFC 9457 problem details
    with the same `code`. Whatever is not found answers in the same words, so that nobody learns
    which links exist.
    """
    if refusal.code == _NOT_FOUND.code:
        below = flask.request.path.startswith(API)
        refusal = _NOTHING_HERE if below else _NOT_FOUND
        page, context = "problem.html", {}
    if refusal.code == _UNREADABLE.code:  # where it lies, and which line, is for who runs it
        refusal = _UNREADABLE
    status = status_of(refusal.code)
    if wants_page():
        reply = flask.make_response(flask.render_template(page, refusal=refusal, **context))
    else:
        body = problem_body(refusal.code, refusal.reason, next_step=refusal.next_step)
        reply = flask.Response(body, mimetype=PROBLEM_TYPE)
    reply.status_code = status
    for name, value in retry_after(status):
        reply.headers[name.decode()] = value.decode()
    return reply


def told(text: str, *, lines: bool = False) -> Markup:
    """What somebody else wrote: escaped, its direction isolated, hidden characters visible."""
    return Markup("<bdi>{}</bdi>").format(visible(text, lines=lines))


def stamp(moment: datetime) -> str:
    """An instant for machines."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def clocked(moment: datetime) -> Markup:
    """An instant by the clock of where the gateway runs, with UTC beside it where that differs."""
    here = moment.astimezone()
    if here.utcoffset() == timedelta():
        return instant(moment)
    return Markup('<time datetime="{}">{}</time> <span class="quiet whole">({})</span>').format(
        stamp(moment),
        f"{here:%Y-%m-%d %H:%M} {here.tzname()}",
        f"{moment.astimezone(UTC):%H:%M} UTC",
    )


def roughly(seconds: int) -> str:
    """A time in words, without the seconds of what lasts a minute and more."""
    return duration_text(seconds - seconds % _MINUTE if seconds >= _MINUTE else seconds)


def instant(moment: datetime) -> Markup:
    """An instant in UTC, for eyes and machines."""
    return Markup('<time datetime="{}">{}</time>').format(stamp(moment), minute_text(moment))


def exact(moment: datetime) -> Markup:
    """An instant of the log, which an auditor holds against other logs: with its second."""
    words = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}">{}</time>').format(stamp(moment), words)
