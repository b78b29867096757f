"""What is posted to each route: the best form that there is, as the one who may send it has it.

Everybody of `whole.PEOPLE` sends the same, with the token of their own browser: who may not is
stopped by who they are, and by nothing else.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from tests.contracts.fake_target import Account
from tests.operations.office import Office
from tests.web.page_desk import Forms
from tests.web.whole import WHY, Whole
from werkzeug.test import TestResponse

SAID: Final = {"justification": WHY}
VERDICT: Final = {"verdict": "identity", "kind": "delegation", "tier": "critical", **SAID}
FOUND: Final = {"do": "review", "outcome": "unjustified", **SAID}

Post = Callable[[Whole], Callable[[str], TestResponse]]  # of who sends it


def _form(
    route: str,
    right: str,
    typed: Mapping[str, str],
    page: str = "",
    known: Mapping[str, str] = {},
) -> Post:
    def prepared(whole: Whole) -> Callable[[str], TestResponse]:
        path = whole.path(route)
        fields = whole.form(right, page or path, path, **known) | dict(typed)
        return lambda who: whole.send(who, path, fields)

    return prepared


def _plain(path: str, typed: Mapping[str, str]) -> Post:
    return lambda whole: lambda who: whole.send(who, path, typed)


def _word(route: str, right: str, body: Mapping[str, object]) -> Post:
    def prepared(whole: Whole) -> Callable[[str], TestResponse]:
        path = whole.path(route)
        seen = whole.look(right, path).json
        assert isinstance(seen, dict), seen
        said = {**body, **SAID, "shown": seen["shown"]}
        return lambda who: whole.say(who, path, said)

    return prepared


def _unparked(post: Post) -> Post:
    """What waits until the delivery that nobody can read is dismissed."""

    def prepared(whole: Whole) -> Callable[[str], TestResponse]:
        done = POSTS["/console/quarantine/<ident>", ""](whole)("tina")
        assert done.status_code == 303, done.text
        return post(whole)

    return prepared


def _vouch(whole: Whole) -> Callable[[str], TestResponse]:
    typed = {"do": "vouch", "id": whole.passkey.id, "key": whole.passkey.key}
    return lambda who: whole.send(who, "/console/passkeys", typed)


def _revoke(whole: Whole) -> Callable[[str], TestResponse]:
    typed = {"do": "revoke", "id": whole.passkey.id}
    return lambda who: whole.send(who, "/console/passkeys", typed)


def _finish(whole: Whole) -> Callable[[str], TestResponse]:
    """A passkey that was made over the ceremony of Bob, finished by anybody."""
    key = whole.made()
    return lambda who: whole.send(who, "/console/passkeys", {"do": "finish", **key})


def _step_up(whole: Whole) -> Callable[[str], TestResponse]:
    typed = {"link": whole.link, "shown": whole.gate.shown(whole.link)}
    return lambda who: whole.send(who, "/sign-in/oidc", typed)


def _backfill(whole: Whole) -> Callable[[str], TestResponse]:
    """What Alice held by hand this morning, of which Olga has the form; she may, and operators."""
    fields = whole.form("olga", _BACK, _BACK)
    ends = [whole.gate.clock.at - timedelta(minutes=one) for one in (60, 30)]
    since, until = (f"{one:%Y-%m-%dT%H:%M}" for one in ends)
    typed = {"person": "alice", "entitlement": "sales-reports", "since": since, "until": until}
    said = {"reason": WHY, "how": WHY, "seen_by": "nobody"}
    return lambda who: whole.send(who, _BACK, fields | typed | said)


def _step_up_for_emergency(whole: Whole) -> Callable[[str], TestResponse]:
    """A second factor for what the page of emergencies shows Kate."""
    page = "/console/emergency"
    fields = whole.form("kate", page, page, entitlement="sales-reports")
    typed = {"next": page, "shown": fields["shown"]}
    return lambda who: whole.send(who, "/sign-in/oidc", typed)


def _consent(whole: Whole) -> Callable[[str], TestResponse]:
    """Nobody reviewed Bob's emergency in time, so Kate asks for a second word; Dan has the form."""
    whole.pass_hours(2, 26)
    asked = POSTS[_LIST, ""](whole)("kate")
    assert (asked.status_code, "consent_needed" in asked.text) == (409, True), asked.text
    forms = Forms(whole.look("dan", _LIST).text).forms
    path, fields = next((at, one) for at, one in forms if at.startswith(f"{_LIST}/"))
    typed = {"do": "consent", "justification": WHY}
    return lambda who: whole.send(who, path, fields | typed)


def _decided(post: Post, *people: str) -> Post:
    """What can be posted once these have approved."""

    def prepared(whole: Whole) -> Callable[[str], TestResponse]:
        whole.gate.approve(*people)
        whole.gate.settle()
        return post(whole)

    return prepared


def _given(post: Post) -> Post:
    """What can be posted once Kate has the access: the restore is ended, and two approve."""

    def prepared(whole: Whole) -> Callable[[str], TestResponse]:
        office = Office(whole.gate)
        said = [office.declare(one) for one in ("alice", "carol")]
        office.reconcile()
        said += [office.end(one) for one in ("alice", "carol")]
        assert said == [""] * 4
        whole.gate.target.accounts["kate"] = Account("kate@example.com")
        return _decided(post, "bob", "carol")(whole)

    return prepared


_LIST: Final = "/console/emergency"
_REQUEST: Final = "/console/requests/<ident>"
_BACK: Final = "/console/emergency/backfill"
_ONE: Final = "/console/emergency/<ident>"
_INVOKE: Final = {"do": "invoke", "minutes": "30", "reason": WHY}

# (route, deed) -> what is sent; several deeds where one route does several things
POSTS: Final[Mapping[tuple[str, str], Post]] = {
    ("/api/v1/quarantine/<ident>", ""): _word(
        "/api/v1/quarantine/<ident>", "tina", {"what": "dismiss"}
    ),
    ("/api/v1/triage/<ident>", ""): _unparked(
        _word(
            "/api/v1/triage/<ident>",
            "tina",
            {"verdict": "identity", "kinds": ["delegation"], "tier": "critical"},
        )
    ),
    ("/approve/<link>", "approve"): _form(
        "/approve/<link>", "bob", {"decision": "approve", **SAID}
    ),
    ("/approve/<link>", "deny"): _form("/approve/<link>", "bob", {"decision": "deny", **SAID}),
    ("/approve/<link>", "take_back"): _decided(
        _form("/approve/<link>", "bob", SAID, known={"decision": "take_back"}), "bob"
    ),
    (_LIST, ""): _form(
        "/console/emergency", "kate", _INVOKE, known={"entitlement": "sales-reports"}
    ),
    (_BACK, ""): _backfill,
    (_ONE, "consent"): _consent,
    (_ONE, "return"): _form(_ONE, "bob", {"do": "return"}),
    (_ONE, "review"): _form(_ONE, "dan", FOUND),
    ("/console/exceptions/<ident>", ""): _form(
        "/console/exceptions/<ident>", "olga", {"what": "resolve", **SAID}
    ),
    ("/console/grants/<ident>", ""): _form("/console/grants/<ident>", "olga", SAID),
    ("/console/links/<ident>", ""): _form("/console/links/<ident>", "bob", {}, "/console"),
    ("/console/revocations/<ident>", ""): _form("/console/revocations/<ident>", "olga", SAID),
    ("/console/passkeys", "begin"): _plain("/console/passkeys", {"do": "begin"}),
    ("/console/passkeys", "finish"): _finish,
    ("/console/passkeys", "vouch"): _vouch,
    ("/console/passkeys", "revoke"): _revoke,
    ("/console/quarantine/<ident>", ""): _form(
        "/console/quarantine/<ident>", "tina", {"what": "dismiss", **SAID}
    ),
    (_REQUEST, "extend"): _given(
        _form(_REQUEST, "kate", {"minutes": "30", **SAID}, known={"what": "extend"})
    ),
    (_REQUEST, "return"): _given(_form(_REQUEST, "kate", {}, known={"what": "return"})),
    (_REQUEST, "take_back"): _decided(
        _form(_REQUEST, "bob", SAID, known={"what": "take_back"}), "dan"
    ),
    (_REQUEST, "withdraw"): _form(_REQUEST, "kate", {}, known={"what": "withdraw"}),
    ("/console/triage/<ident>", ""): _unparked(_form("/console/triage/<ident>", "tina", VERDICT)),
    ("/restore", ""): _form("/restore", "olga", {"do": "declare", "reason": WHY}),
    ("/sign-in", ""): _plain("/sign-in", {"address": "bob@example.com"}),
    ("/sign-in/code", ""): _plain("/sign-in/code", {"code": "00000001"}),
    ("/sign-in/oidc", "sign-in"): _plain("/sign-in/oidc", {"next": "/sign-in"}),
    ("/sign-in/oidc", "step-up"): _step_up,
    ("/sign-in/oidc", "emergency"): _step_up_for_emergency,
    ("/sign-in/oidc/logout", ""): _plain("/sign-in/oidc/logout", {"logout_token": "a.b.c"}),
    ("/sign-out", ""): _plain("/sign-out", {}),
}
# What somebody has decided before, or much time passes for: each of these changes what is open.
AFTERWARDS: Final = {
    ("/approve/<link>", "take_back"),
    (_ONE, "consent"),
    (_REQUEST, "extend"),
    (_REQUEST, "return"),
    (_REQUEST, "take_back"),
}
