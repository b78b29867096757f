"""axe finds no serious fault on any page that the routes can answer, problems and spent links too.

In light and dark, 1280 and 390 wide; none is wider than the window.
"""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import flask
import pytest
from jinja2 import Template
from tests.chromium import launched, needs_chromium
from tests.web.axe import Axe
from tests.web.evening import evening
from tests.web.every_page import Seen, ceremonies, different, looks, refused, routes, seen
from tests.web.shown import Shown
from tests.web.whole import Whole, whole
from tools.screenshots import PICTURES

pytestmark = [pytest.mark.slow, pytest.mark.untraced, needs_chromium]


@pytest.fixture(scope="module")
def made() -> Iterator[Whole]:
    with whole() as one:
        one.sign()
        yield one


def pictured() -> Iterator[Seen]:
    """The pages of `make screenshots`, on which more happens."""
    with evening() as made:
        for one in PICTURES.values():
            yield seen(one.route, one.who, made.look(one.who, made.path(one.route)))


@pytest.fixture(scope="module")
def used() -> set[str]:
    """The templates of which `pages` are made."""
    return set()


@pytest.fixture(scope="module")
def pages(made: Whole, used: set[str]) -> list[Seen]:
    def note(_: flask.Flask, template: Template, **_more: object) -> None:
        used.add(str(template.name))

    with flask.template_rendered.connected_to(note, made.app):
        found = [*different(looks(made)), *refused(made), *ceremonies(made)]
    return [*found, *different(pictured())]


@pytest.fixture(scope="module")
def axe(made: Whole) -> Iterator[Axe]:
    with launched() as browser:
        yield Axe(Shown(browser, made.app.test_client()))


def test_no_page_has_a_serious_fault(axe: Axe, pages: list[Seen]) -> None:
    faults: dict[str, list[str]] = {}
    for page in pages:
        found = axe.faults(page)
        if found:
            faults[str(page)] = found
    assert faults == {}


def test_problems_and_a_spent_link_are_among_the_pages(pages: list[Seen]) -> None:
    assert {one.status for one in pages} == {200, 400, 401, 403, 404, 409, 422}
    spent = [one for one in pages if one.route.startswith("denied")]
    assert "You denied this access" in spent[0].text


def test_every_template_is_among_the_pages(pages: list[Seen], used: set[str]) -> None:
    assert pages
    folder = Path(str(files("ticketgate.web"))) / "templates"
    there = {one.name for one in folder.glob("[!_]*.html")}
    assert there - used == {"base.html"}


PLANTED = {
    "label": ('<label class="label" for="justification">', '<label class="label">'),
    "color-contrast": ('<p class="lead">', '<p class="lead" style="color:#999;background:#888">'),
    "select-name": ('<label class="label" for="seconds">', '<label class="label">'),
    "html-has-lang": ('<html lang="en">', "<html>"),
    "wider than the window": ('<p class="lead">', '<p class="lead whole">'),
}


@pytest.mark.parametrize("fault", list(PLANTED))
def test_a_planted_fault_is_found(axe: Axe, pages: list[Seen], fault: str) -> None:
    page = next(one for one in pages if one.route == "/approve/<link>" and one.who == "bob")
    old, new = PLANTED[fault]
    assert page.text.count(old) == 1
    # Styles in attributes are what the policy of the page would stop.
    kept = tuple(
        one for one in page.headers if one[0] not in {"Content-Security-Policy", "Content-Length"}
    )
    planted = replace(page, text=page.text.replace(old, new), headers=kept)
    assert any(fault in one for one in axe.faults(planted))


def test_a_route_without_a_page_to_visit_fails(made: Whole) -> None:
    with whole() as other:
        other.app.add_url_rule("/console/new", view_func=lambda: ("no", 404))
        assert "/console/new" in routes(other.app)
        with pytest.raises(AssertionError, match="nobody sees /console/new"):
            list(looks(other))
