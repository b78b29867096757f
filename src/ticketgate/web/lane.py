"""A lane of the console: a list of what waits for a person, and a page with a form for each.

GET changes nothing; before sign-in nothing is shown; a refused form comes back as it was typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.domain.tickets.triage import CHARS_MAX, CHARS_MIN
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.web.problems import status_of
from ticketgate.web.replies import refused
from ticketgate.web.sign_in import signed_in

ROWS_MAX: Final = 50  # of a list on one page
_CHARS_MAX: Final = 200  # of an id in an address
_AGAIN: Final = frozenset({422, 503})
NOT_SIGNED_IN: Final = Refusal(
    "not_signed_in",
    "You are not signed in any more; nothing was recorded.",
    "Sign in, open the page again, and say it once more.",
)


class Shown(Protocol):
    """A view, or a form: `shown` is the digest that a word about it is bound to."""

    @property
    def shown(self) -> str:
        """Hex."""


class Listed(Shown, Protocol):
    """A view: a list goes on behind its `id`."""

    @property
    def id(self) -> str:
        """Ours."""


class Posted(Shown, Protocol):
    """A form: what the page showed, and what was typed."""

    @property
    def justification(self) -> str:
        """As it was typed."""


V = TypeVar("V", bound=Listed)
F = TypeVar("F", bound=Posted)


@dataclass(frozen=True)
class Lane(Generic[V, F]):
    """What differs from lane to lane. `name` and `one` are endpoints, and of templates as well.

    `listed` is None where another module has the list; else it is given who looks, the id of the
    row behind which it goes on (empty: none), and how many are wanted. `form` reads the request's
    form, given the justification; `context` is what the page needs beside the view, of the form
    that comes back or of None; `more` is for list and page.
    """

    name: str
    one: str
    listed: Callable[[str, str, int], tuple[V, ...] | Refusal] | None
    view: Callable[[str, str], V | Refusal]
    say: Callable[[str, Session, F], object]
    form: Callable[[str], F]
    context: Callable[[V, F | None], dict[str, object]]
    more: Mapping[str, object] = field(default_factory=dict)

    def add_to(self, app: flask.Flask, desk: Desk) -> None:
        """Add `/console/{name}` and `/console/{name}/{id}` to `app`."""
        path = f"/console/{self.name}"
        if self.listed is not None:
            view = LaneList.as_view(self.name, desk, self, self.listed)
            app.add_url_rule(path, view_func=view)
        app.add_url_rule(f"{path}/<ident>", view_func=LanePage.as_view(self.one, desk, self))

    def page(self, view: V, form: F | None) -> dict[str, object]:
        """All that the template needs beside the refusal."""
        return {
            "view": view,
            "typed": "" if form is None else form.justification,
            "chars_min": CHARS_MIN,
            "chars_max": CHARS_MAX,
            **self.more,
            **self.context(view, form),
        }


class LaneList(MethodView, Generic[V, F]):
    """What waits, for the people whose role opens the lane."""

    init_every_request = False

    def __init__(
        self,
        desk: Desk,
        lane: Lane[V, F],
        listed: Callable[[str, str, int], tuple[V, ...] | Refusal],
    ) -> None:
        self._desk = desk
        self._lane = lane
        self._listed = listed

    def get(self) -> ResponseReturnValue:
        """Some rows of the list, and where the next ones are."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(self._lane.name))
        begin = flask.request.args.get("behind", "").strip()[:_CHARS_MAX]
        found = self._listed(person.subject, begin, ROWS_MAX + 1)
        if isinstance(found, Refusal):
            return refused(found)
        rows = found[:ROWS_MAX]
        behind = rows[-1].id if len(found) > len(rows) else ""
        listed = {"found": rows, "behind": behind, "begun": bool(begin)}
        return flask.render_template(f"{self._lane.name}.html", **listed, **self._lane.more)


class LanePage(MethodView, Generic[V, F]):
    """One of them, and the form."""

    init_every_request = False

    def __init__(self, desk: Desk, lane: Lane[V, F]) -> None:
        self._desk = desk
        self._lane = lane

    def get(self, ident: str) -> ResponseReturnValue:
        """What is known of it, and the form."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(self._lane.one, ident=ident))
        view = self._lane.view(ident, person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        context = self._lane.page(view, None)
        return flask.render_template(f"{self._lane.one}.html", refusal=None, **context)

    def post(self, ident: str) -> ResponseReturnValue:
        """Say it; 303 to the list."""
        person = signed_in(self._desk)
        typed = flask.request.form.get("justification", "").replace("\r\n", "\n")
        if person is None:
            return refused(NOT_SIGNED_IN, typed=typed)
        form = self._lane.form(typed)
        said = self._lane.say(ident, person, form)
        if not isinstance(said, Refusal):
            return flask.redirect(flask.url_for(self._lane.name), 303)
        if status_of(said.code) not in _AGAIN:
            return refused(said, typed=typed, back=flask.url_for(self._lane.name))
        return self._again(ident, person, said, form)

    def _again(self, ident: str, person: Session, refusal: Refusal, form: F) -> ResponseReturnValue:
        """The page once more with what was typed, if it shows the same still."""
        view = self._lane.view(ident, person.subject)
        if isinstance(view, Refusal) or view.shown != form.shown:
            return refused(refusal, typed=form.justification, back=flask.url_for(self._lane.name))
        return refused(refusal, f"{self._lane.one}.html", **self._lane.page(view, form))


def to_sign_in(onward: str) -> ResponseReturnValue:
    """Sign in first; then on to the page that was asked for."""
    return flask.redirect(flask.url_for("sign_in", next=onward), 303)
