"""What holds for every page: signed cookie, CSRF token, headers, size limits."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import flask
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from ticketgate.domain.errors import Refusal
from ticketgate.web.replies import API, refused

OWN_SITE: Final = frozenset({"same-origin", "none"})  # Fetch Metadata: ours, or typed by a person
BODY_BYTES_MAX: Final = 64 * 1024
FORM_PARTS_MAX: Final = 20
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the path of a page is a link's token
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_CROSS_SITE: Final = Refusal(
    "cross_site",
    "The form was sent from another site; nothing was recorded.",
    "Open the page of this gateway yourself, at the address that it was mailed with, and send it.",
)


def secure(app: flask.Flask, *, public_url: str, session_key: bytes) -> None:
    """Make `app` safe to stand before people.

    The cookie is signed with `session_key`, HttpOnly, SameSite=Lax (a link in a mail must bring
    it along), and over https `Secure` under a `__Host-` name (RFC 6265bis §4.1.3.2). Every POST
    needs the CSRF token of the same browser session, as long as that session lives, and beside
    that is refused where the browser says that another site sends it (`cross_site`).
    """
    app.before_request(_not_from_elsewhere(origin_of(public_url)))
    https = urlsplit(public_url).scheme == "https"
    app.config.update(
        SECRET_KEY=session_key,
        SESSION_COOKIE_NAME="__Host-ticketgate" if https else "ticketgate",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        MAX_FORM_MEMORY_SIZE=BODY_BYTES_MAX,
        MAX_FORM_PARTS=FORM_PARTS_MAX,
        WTF_CSRF_HEADERS=["X-CSRF-Token"],  # for JSON, which has no field for it
        WTF_CSRF_TIME_LIMIT=None,  # a justification may take longer to write than an hour
        WTF_CSRF_SSL_STRICT=False,  # it demands the Referer that no-referrer keeps back
    )
    CSRFProtect(app)
    app.after_request(_with_headers)


def _not_from_elsewhere(ours: str) -> Callable[[], ResponseReturnValue | None]:
    """Refuses what changes something and comes from another site; `guard_api` has its own check.

    `Origin: null` is what browsers write for our own forms, since our pages say `no-referrer`
    (Fetch, "append a request `Origin` header"); others can write it too, so that Fetch Metadata,
    where the browser tells it, and the CSRF token decide. Programs send neither.
    """

    def check() -> ResponseReturnValue | None:
        asked = flask.request
        if asked.method in _READS or asked.path.startswith(API):
            return None
        same = asked.headers.get("Sec-Fetch-Site", "none") in OWN_SITE
        known = asked.headers.get("Origin", ours) in {ours, "null"}
        return None if same and known else refused(_CROSS_SITE)

    return check


def origin_of(url: str) -> str:
    """The origin of a URL as browsers write it (RFC 6454 §6.2)."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def cached_as(words: str) -> None:
    """Let the reply to this request be cached so, in place of not at all."""
    flask.g.cached_as = words


def with_script() -> None:
    """Let the reply to this request run the scripts that lie in `static/`, and no others."""
    flask.g.with_script = True


def _with_headers(reply: flask.Response) -> flask.Response:
    reply.headers.update(HEADERS)
    if flask.g.get("with_script", False):
        policy = HEADERS["Content-Security-Policy"]
        reply.headers["Content-Security-Policy"] = f"{policy}; script-src 'self'"
    reply.headers["Cache-Control"] = flask.g.get("cached_as", HEADERS["Cache-Control"])
    return reply
