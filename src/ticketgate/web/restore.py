"""The page of a restore: two operators declare it, and end its hold. GET changes nothing."""

from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.domain.log.restore import REASON_CHARS_MIN
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.operations.desks.restore_desk import RestoreDesk
from ticketgate.operations.restoring.declare_restore import Said
from ticketgate.web.problems import status_of
from ticketgate.web.replies import refused
from ticketgate.web.sign_in import signed_in

_PAGE: Final = "restore"
_TRY_AGAIN: Final = frozenset({409, 422, 503})
_NOT_SIGNED_IN: Final = Refusal(
    "not_signed_in",
    "You are not signed in any more; nothing was recorded.",
    "Sign in, open the page again, and say it once more.",
)
_WHICH: Final = Refusal("malformed_request", "The form does not say what it is for.")
_PENDING: Final = Refusal(
    "restore_pending",
    "The gateway's database was restored from a backup; nothing can be decided until two"
    " operators have declared it.",
    "Keep the link; a new mail will ask you again.",
)


class RestorePage(MethodView):
    """`/restore`, for operators of the directory; before sign-in nothing of it is shown."""

    init_every_request = False

    def __init__(self, desk: Desk, restores: RestoreDesk) -> None:
        self._desk = desk
        self._restores = restores

    def get(self) -> ResponseReturnValue:
        """What is lost or held, and the form."""
        person = signed_in(self._desk)
        if person is None:
            return flask.redirect(flask.url_for("sign_in", next=flask.url_for(_PAGE)), 303)
        view = self._restores.view(person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        return flask.render_template("restore.html", refusal=None, **_context(view))

    def post(self) -> ResponseReturnValue:
        """Say it; 303 to the page, which then shows what has come of it."""
        person = signed_in(self._desk)
        typed = flask.request.form.get("reason", "").replace("\r\n", "\n")
        if person is None:
            return refused(_NOT_SIGNED_IN, typed=typed)
        refusal = self._carry_out(person, typed)
        if refusal is None:
            return flask.redirect(flask.url_for(_PAGE), 303)
        view = self._restores.view(person.subject)
        if isinstance(view, Refusal) or status_of(refusal.code) not in _TRY_AGAIN:
            return refused(refusal, typed=typed)
        context = _context(view) | {"typed": typed}
        return refused(refusal, "restore.html", **context)

    def _carry_out(self, person: Session, typed: str) -> Refusal | None:
        form = flask.request.form
        said = Said(
            person.subject, form.get("shown", ""), typed, tuple(sorted(form.getlist("source")))
        )
        match form.get("do", ""):
            case "declare":
                heard = self._restores.declare(said)
            case "end":
                heard = self._restores.end(said)
            case "compare":
                return self._restores.compare_again(person.subject)
            case _:
                return _WHICH
        return heard if isinstance(heard, Refusal) else None


class PendingPage(MethodView):
    """`/approve/{link}` of a gateway whose restore is not declared: nobody decides."""

    init_every_request = False

    def get(self, link: str) -> ResponseReturnValue:
        """503, whoever asks."""
        del link
        return refused(_PENDING)

    def post(self, link: str) -> ResponseReturnValue:
        """503; nothing is recorded."""
        typed = flask.request.form.get("justification", "").replace("\r\n", "\n")
        return refused(_PENDING, link=link, typed=typed)


def _context(view: object) -> dict[str, object]:
    return {"view": view, "typed": "", "chars_min": REASON_CHARS_MIN}


def add_restore(app: flask.Flask, desk: Desk, restores: RestoreDesk) -> None:
    """Add the page of this module to `app`."""
    app.add_url_rule("/restore", view_func=RestorePage.as_view(_PAGE, desk, restores))


def add_pending(app: flask.Flask) -> None:
    """Put "not yet" in place of the pages of links."""
    app.add_url_rule("/approve/<link>", view_func=PendingPage.as_view("approve"))
