"""Sign-in by mail code: a code is asked for by address or by link, and works in that browser."""

import re
from collections.abc import Callable
from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.operations.desk import Desk, Session
from ticketgate.web.replies import refused

_SESSION: Final = "sid"
_BROWSER: Final = "browser"
_CODE_DIGITS: Final = 8
_BETWEEN_DIGITS: Final = str.maketrans("", "", " \t\r\n-\u00a0")
_HOME: Final = "/sign-in"
_NEXT: Final = re.compile(
    r"/approve/[A-Za-z0-9_-]{1,200}|/restore|/console/(?:triage|quarantine|exceptions|requests)(?:/[a-z0-9_]{1,60})?"
)
_NOT_A_CODE: Final = Refusal(
    "code_wrong", f"A code has {_CODE_DIGITS} digits.", "Type the digits as they stand in the mail."
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


class SignIn(MethodView):
    """`/sign-in`: ask for a code by address or by link. The answer is always the same."""

    init_every_request = False

    def __init__(self, desk: Desk, new_secret: Callable[[], str]) -> None:
        self._desk = desk
        self._new_secret = new_secret

    def get(self) -> ResponseReturnValue:
        """The form, or who is signed in."""
        onward = local(flask.request.args.get("next", ""))
        return flask.render_template("sign_in.html", typed="", next=onward, refusal=None)

    def post(self) -> ResponseReturnValue:
        """Have a code sent to the holder of `link`, else of `address`; lead on to typing it."""
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
        """Sign in; the session that was there before ends (session fixation, CWE-384)."""
        onward = local(flask.request.form.get("next", ""))
        entered = self._enter(flask.request.form.get("code", "").translate(_BETWEEN_DIGITS))
        if isinstance(entered, Refusal):
            return refused(entered, "code.html", next=onward)
        before = flask.session.get(_SESSION)
        if isinstance(before, str):
            self._desk.sign_out(before)
        flask.session.clear()
        flask.session[_SESSION] = entered.id
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

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def post(self) -> ResponseReturnValue:
        """Forget everything that the cookie holds."""
        ident = flask.session.get(_SESSION)
        if isinstance(ident, str):
            self._desk.sign_out(ident)
        flask.session.clear()
        return flask.redirect(_HOME, 303)


def add_sign_in(app: flask.Flask, desk: Desk, new_secret: Callable[[], str]) -> None:
    """Add the pages of this module to `app`."""
    app.add_url_rule(_HOME, view_func=SignIn.as_view("sign_in", desk, new_secret))
    app.add_url_rule("/sign-in/code", view_func=EnterCode.as_view("enter_code", desk))
    app.add_url_rule("/sign-out", view_func=SignOut.as_view("sign_out", desk))
