"""Sign-in by mail code: a code is asked for by address or by link, and works in that browser."""

import re
from collections.abc import Callable
from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.web.replies import refused

_SESSION: Final = "sid"
_BROWSER: Final = "browser"
_CODE_DIGITS: Final = 8
_BETWEEN_DIGITS: Final = str.maketrans("", "", " \t\r\n-\u00a0")
_HOME: Final = "/sign-in"
_NEXT: Final = re.compile(
    r"/approve/[A-Za-z0-9_-]{1,200}|/restore|/console"
    r"|/console/(?:triage|quarantine|exceptions|requests|grants|revocations|emergency|evidence)"
    r"(?:/[a-z0-9_]{1,60})?"
    r"|/console/(?:passkeys|deliveries|search)"
)
_NOT_A_CODE: Final = Refusal(
    "code_wrong", f"A code has {_CODE_DIGITS} digits.", "Type the digits as they stand in the mail."
)
_NO_CODES: Final = Refusal(
    "mail_code_off",
    "This gateway sends no codes by mail.",
    "Sign in at the identity provider: the page has the button.",
)
_OTHER_BROWSER: Final = Refusal(
    "code_expired",
    "This browser has not asked for a code.",
    "Ask for a code here, and use it in the same browser.",
)


def signed_in(desk: Desk) -> Session | None:
    """The session of whoever sends this request; the desk is asked once per request."""
    if "person" not in flask.g:
        flask.g.person = None  # if the desk fails now, the page that says so will not ask again
        ident = flask.session.get(_SESSION)
        if isinstance(ident, str):
            flask.g.person = desk.session(ident)
    person: Session | None = flask.g.person
    return person


def local(address: str) -> str:
    """`address` when it is a page that sign-in may lead to, else the sign-in page."""
    return address if _NEXT.fullmatch(address) else _HOME


def enter(desk: Desk, session: Session) -> None:
    """Give the browser a session in a fresh cookie; the one of before ends (CWE-384)."""
    before = flask.session.get(_SESSION)
    if isinstance(before, str):
        desk.sign_out(before)
    flask.session.clear()
    flask.session[_SESSION] = session.id


class SignIn(MethodView):
    """`/sign-in`: ask for a code by address or by link. The answer is always the same."""

    init_every_request = False

    def __init__(self, desk: Desk, new_secret: Callable[[], str], *, mail_code: bool) -> None:
        self._desk = desk
        self._new_secret = new_secret
        self._mail_code = mail_code

    def get(self) -> ResponseReturnValue:
        """The form, or who is signed in."""
        onward = local(flask.request.args.get("next", ""))
        return flask.render_template("sign_in.html", typed="", next=onward, refusal=None)

    def post(self) -> ResponseReturnValue:
        """Have a code sent to the holder of `link`, else of `address`; lead on to typing it."""
        if not self._mail_code:
            return refused(_NO_CODES)
        form = flask.request.form
        link, address = form.get("link", ""), form.get("address", "").strip()
        browser = flask.session.setdefault(_BROWSER, self._new_secret())
        refusal = self._desk.ask_code(
            browser, address=None if link else address, token=link or None
        )
        if refusal is not None:
            return refused(refusal, "sign_in.html", typed=address, next=_HOME)
        onward = local(f"/approve/{link}") if link else local(form.get("next", ""))
        return flask.redirect(flask.url_for("enter_code", next=onward), 303)


class EnterCode(MethodView):
    """`/sign-in/code`: the code that came by mail."""

    init_every_request = False

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self) -> ResponseReturnValue:
        """The form."""
        onward = local(flask.request.args.get("next", ""))
        return flask.render_template("code.html", next=onward, refusal=None)

    def post(self) -> ResponseReturnValue:
        """Sign in."""
        onward = local(flask.request.form.get("next", ""))
        entered = self._enter(flask.request.form.get("code", "").translate(_BETWEEN_DIGITS))
        if isinstance(entered, Refusal):
            return refused(entered, "code.html", next=onward)
        enter(self._desk, entered)
        return flask.redirect(onward, 303)

    def _enter(self, code: str) -> Session | Refusal:
        browser = flask.session.get(_BROWSER)
        if not isinstance(browser, str):
            return _OTHER_BROWSER
        if not (len(code) == _CODE_DIGITS and code.isascii() and code.isdigit()):
            return _NOT_A_CODE  # a slip of the keyboard costs no try
        return self._desk.enter_code(browser, code)


class SignOut(MethodView):
    """`/sign-out`: end the session, here and at the desk."""

    init_every_request = False

    def __init__(self, desk: Desk, elsewhere: Callable[[], str | None] | None) -> None:
        self._desk = desk
        self._elsewhere = elsewhere

    def post(self) -> ResponseReturnValue:
        """Forget everything that the cookie holds; tell whoever came by the provider of theirs."""
        ident = flask.session.get(_SESSION)
        person = signed_in(self._desk)
        if isinstance(ident, str):
            self._desk.sign_out(ident)
        flask.session.clear()
        by_provider = person is not None and person.method == "oidc"
        address = self._elsewhere() if by_provider and self._elsewhere is not None else None
        if address is None:
            return flask.redirect(_HOME, 303)
        flask.g.person = None
        return flask.render_template("signed_out.html", address=address)


def add_sign_in(
    app: flask.Flask,
    desk: Desk,
    new_secret: Callable[[], str],
    *,
    mail_code: bool = True,
    elsewhere: Callable[[], str | None] | None = None,
) -> None:
    """Add the pages of this module to `app`.

    `elsewhere` tells where a session at the identity provider can be ended as well.
    """
    view = SignIn.as_view("sign_in", desk, new_secret, mail_code=mail_code)
    app.add_url_rule(_HOME, view_func=view)
    app.add_url_rule("/sign-in/code", view_func=EnterCode.as_view("enter_code", desk))
    app.add_url_rule("/sign-out", view_func=SignOut.as_view("sign_out", desk, elsewhere))
