"""Sign-in at an identity provider: off to it, back from it, and what it says by itself."""

from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.operations.deciding.earlier_round import EarlierLink
from ticketgate.operations.desks.claim_desk import ClaimDesk
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.operations.desks.provider_desk import STATE, Ask, Back, ProviderDesk
from ticketgate.web.replies import refused
from ticketgate.web.sign_in import enter, local, signed_in

_ASKS: Final = "asks"  # of this browser, the newest last: three tabs may be under way
_ASKS_MAX: Final = 3
_METHOD: Final = Refusal("method_not_allowed", "This page does not answer that method.")
_NOT_SIGNED_IN: Final = Refusal(
    "not_signed_in",
    "You are not signed in any more; nothing was recorded.",
    "Open the link again and sign in.",
)
_NO_STEP_UP: Final = Refusal(
    "assurance",
    "No second factor is set up for this gateway.",
    "Whoever runs it must list the classes (acr) that are one.",
)
_OTHER_NOW: Final = Refusal(
    "shown_changed",
    "What is asked has changed since you opened the page; nothing was recorded.",
    "Open the link again and read it afresh.",
)


class ToProvider(MethodView):
    """`/sign-in/oidc`: off to the provider, by a page that goes on by itself.

    A redirect would be stopped: a form may lead only to our own pages (form-action).
    """

    init_every_request = False

    def __init__(
        self, desk: Desk, provider: ProviderDesk, emergencies: EmergencyDesk | None
    ) -> None:
        self._desk = desk
        self._provider = provider
        self._emergencies = emergencies

    def post(self) -> ResponseReturnValue:
        """Ask for a sign-in; with `shown`, for a fresh one for what a page shows.

        That is the page of `link`, or where there is none those of emergencies.
        """
        form = flask.request.form
        link, shown = form.get("link", ""), form.get("shown", "")
        onward = local(f"/approve/{link}") if link else local(form.get("next", ""))
        refusal = self._not_shown(link, shown) if shown else None
        if refusal is not None:
            return refused(refusal)
        asked = self._provider.ask(onward, shown=shown)
        if isinstance(asked, Refusal):
            return refused(asked)
        ask, address = asked
        kept = [[one.state, one.at, one.onward, one.shown] for one in (*_asks(), ask)]
        flask.session[_ASKS] = kept[-_ASKS_MAX:]
        return flask.render_template("to_provider.html", address=address)

    def _not_shown(self, link: str, shown: str) -> Refusal | None:
        person = signed_in(self._desk)
        if person is None:
            return _NOT_SIGNED_IN
        if not self._provider.steps_up:
            return _NO_STEP_UP
        if not link and self._emergencies is not None:
            claims = ClaimDesk(self._emergencies)
            shows = self._emergencies.shows(person, shown) or claims.shows(person, shown)
            return None if shows else _OTHER_NOW
        view = self._desk.open_link(link, person.subject)
        if isinstance(view, Refusal):
            return view
        if isinstance(view, EarlierLink):
            return _OTHER_NOW
        return None if view.shown == shown else _OTHER_NOW


class FromProvider(MethodView):
    """`/sign-in/oidc/callback`: the browser comes back, with a code or with what went wrong."""

    init_every_request = False

    def __init__(self, desk: Desk, provider: ProviderDesk) -> None:
        self._desk = desk
        self._provider = provider

    def get(self) -> ResponseReturnValue:
        """Sign in, or keep the step-up; a state counts once, in the browser that asked."""
        if flask.request.method != "GET":
            return refused(_METHOD)
        ask = self._take(_single("state") or "")
        back = Back(_single("code") or "", _single("error") or "", _single("iss"))
        if ask is None:
            return refused(STATE)
        if not ask.shown:
            return self._sign_in(ask, back)
        person = signed_in(self._desk)
        if person is None:
            return refused(_NOT_SIGNED_IN)
        stepped = self._provider.step_up(ask, back, person)
        if isinstance(stepped, Refusal):
            return refused(stepped, **_again(ask))
        return flask.redirect(ask.onward, 303)

    def _sign_in(self, ask: Ask, back: Back) -> ResponseReturnValue:
        entered = self._provider.sign_in(ask, back)
        if isinstance(entered, Refusal):
            return refused(entered, **_again(ask))
        enter(self._desk, entered)
        return flask.redirect(ask.onward, 303)

    def _take(self, state: str) -> Ask | None:
        """What this browser asked for under the state; it is forgotten here at once."""
        asks = _asks()
        found = next((one for one in asks if one.state == state), None)
        if found is not None:
            left = [one for one in asks if one is not found]
            flask.session[_ASKS] = [[one.state, one.at, one.onward, one.shown] for one in left]
        return found


class ProviderLogout(MethodView):
    """`/sign-in/oidc/logout`: the provider says that a session is over (back channel)."""

    init_every_request = False

    def __init__(self, provider: ProviderDesk) -> None:
        self._provider = provider

    def post(self) -> ResponseReturnValue:
        """200 when done; 400 for a token that does not count (Back-Channel Logout 1.0 §2.8)."""
        refusal = self._provider.logged_out(flask.request.form.get("logout_token", ""))
        if refusal is None:
            return flask.Response(status=200)
        if refusal.code == "token_refused":
            refusal = Refusal("logout_token", refusal.reason)
        return refused(refusal)


def _asks() -> list[Ask]:
    """What this browser keeps; the cookie is signed, so it is as we made it."""
    return [Ask(*one) for one in flask.session.get(_ASKS, [])]


def _single(name: str) -> str | None:
    """A parameter that came just once; None where it came not at all, or several times."""
    found = flask.request.args.getlist(name)
    return found[0] if len(found) == 1 else None


def _again(ask: Ask) -> dict[str, str]:
    """The link to open again, for the page that refuses."""
    kind, _, link = ask.onward.removeprefix("/").partition("/")
    return {"link": link} if kind == "approve" else {}


def add_provider(
    app: flask.Flask,
    desk: Desk,
    provider: ProviderDesk,
    emergencies: EmergencyDesk | None = None,
) -> None:
    """Add the pages of this module to `app`. The logout comes from a machine, without a form."""
    to = ToProvider.as_view("to_provider", desk, provider, emergencies)
    app.add_url_rule("/sign-in/oidc", view_func=to)
    back = FromProvider.as_view("from_provider", desk, provider)
    app.add_url_rule("/sign-in/oidc/callback", view_func=back)
    ended = ProviderLogout.as_view("provider_logout", provider)
    app.extensions["csrf"].exempt(ended)
    app.add_url_rule("/sign-in/oidc/logout", view_func=ended)
