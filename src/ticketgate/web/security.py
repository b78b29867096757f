"""What holds for every page: signed cookie, CSRF token, headers, size limits."""

from typing import Final
from urllib.parse import urlsplit

import flask
from flask_wtf.csrf import CSRFProtect

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


def secure(app: flask.Flask, *, public_url: str, session_key: bytes) -> None:
    """Make `app` safe to stand before people.

    The cookie is signed with `session_key`, HttpOnly, SameSite=Lax (a link in a mail must bring
    it along), and over https `Secure` under a `__Host-` name (RFC 6265bis §4.1.3.2). Every POST
    needs the CSRF token of the same browser session, as long as that session lives.
    """
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
