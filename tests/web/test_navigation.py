"""The navigation of the console: who looks is asked once a page, and all of it goes by that."""

from collections.abc import Callable, Iterator

import flask
import pytest
from tests.operations.kit import Gate, folder

from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.people.sayer import Sayer
from ticketgate.web import navigation
from ticketgate.web.navigation import Navigation

ROLES = {"operator": (Word("person", "erin"),)}


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as path:
        made = Gate(path)
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def shown(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The endpoints that a person is led to from a console of three pages."""
    app = flask.Flask(__name__)
    for endpoint in ("console", "emergency", "restore"):
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: "")

    def found(known: Callable[[str], Sayer | Refusal], *, is_open: bool = True) -> list[str]:
        monkeypatch.setattr(navigation, "signed_in", lambda _: gate.session("erin"))
        opens = {"emergency": lambda _: is_open, "restore": lambda _: is_open}
        with app.test_request_context("/console"):
            return [one.endpoint for one in Navigation(gate.desk, known, opens)()]

    return found


def test_who_looks_is_asked_once_a_page(gate: Gate, shown: Callable[..., list[str]]) -> None:
    asked: list[str] = []

    def known(subject: str) -> Sayer:
        asked.append(subject)
        return Sayer(subject, "", ROLES, gate.policy, gate.desk.snapshot())

    assert shown(known) == ["console", "emergency", "restore"]
    assert asked == ["erin"]
    assert shown(known, is_open=False) == ["console"]


def test_who_is_not_known_is_led_to_what_everybody_may_open(
    shown: Callable[..., list[str]],
) -> None:
    assert shown(lambda _: Refusal("directory_unreadable", "It cannot be read.")) == ["console"]
