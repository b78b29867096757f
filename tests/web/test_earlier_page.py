"""The page of a link whose request changed, or is on hold, or was decided by somebody else."""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

import pytest
from tests.web.page_desk import (
    BOBS_LINK,
    BROWSER,
    JUSTIFICATION,
    MIDNIGHT,
    MORNING,
    VIEW,
    Forms,
    PageDesk,
    Surfer,
    app_for,
)
from typing_extensions import override

from ticketgate.domain.errors import Refusal
from ticketgate.domain.tickets.access_window import AccessWindow
from ticketgate.operations.deciding.earlier_round import EarlierLink, Then
from ticketgate.operations.deciding.link_view import LinkView

PAGE = f"/approve/{BOBS_LINK}"
THEN = Then("Alice Ito", "Alice Ito", "corp-scim", 7200, "high", AccessWindow(), "the old reason")
EARLIER = EarlierLink(
    ticket="RITM0010001",
    source="snow-prod",
    entitlement="prod-db-admin",
    cause="material",
    then=THEN,
    shown="ab" * 32,
    mine="approve",
    seconds=1800,
    decided_at=MIDNIGHT,
    evidence="gate.example.com/evidence#44",
    by="",
    state="awaiting",
    anew="lnk_2",
)


@dataclass
class ChangedDesk(PageDesk):
    """A desk at which the request of Bob's link has changed since."""

    earlier: EarlierLink | None = None

    @override
    def open_link(self, token: str, subject: str) -> LinkView | EarlierLink | Refusal:
        return self.earlier or super().open_link(token, subject)


@pytest.fixture
def desk() -> ChangedDesk:
    return ChangedDesk()


@pytest.fixture
def bob(desk: ChangedDesk) -> Surfer:
    """Bob, signed in."""
    surfer = Surfer(app_for(desk))
    assert surfer.sign_in().status_code == 303
    return surfer


def text_of(surfer: Surfer) -> str:
    """The page's text as one reads it."""
    page = surfer.get(PAGE)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.text))


def test_a_link_of_before_the_change_says_so_and_what_was_decided_by_it(
    bob: Surfer, desk: ChangedDesk
) -> None:
    desk.earlier = EARLIER
    page = text_of(bob)
    for words in (
        "This request has changed since this link was mailed",
        "The ticket was changed: it does not ask for what you were shown. This link is void.",
        "You approved what was asked before, for at most 30 min, 2026-11-22 00:00 UTC.",
        "That decision does not count any more.",
        "It waits for you again: decide by the link in the new mail",
        *("the old reason", "How long2 h", "ab" * 32),
    ):
        assert words in page
    assert PAGE not in [action for action, _ in Forms(bob.get(PAGE).text).forms]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mine": ""}, "You decided nothing by it."),
        (
            {"mine": "deny", "by": "Dan Ek"},
            "Dan Ek, in your place, denied what was asked before,",
        ),
        ({"anew": ""}, "You are not asked about what it asks now"),
        ({"anew": "", "state": "withdrawn"}, "The request was withdrawn since."),
        ({"cause": "rules"}, "The rules that apply were changed. This link is void."),
        ({"cause": ""}, "Something of it was changed. This link is void."),
        ({"then": None}, "EntitlementprodDigest"),
    ],
)
def test_an_old_link_tells_whose_turn_it_is_and_what_it_does_not_know(
    bob: Surfer, desk: ChangedDesk, change: dict[str, Any], words: str
) -> None:
    desk.earlier = dataclasses.replace(EARLIER, entitlement="prod", **change)
    assert words in text_of(bob).replace(" Digest", "Digest")


def test_an_old_link_tells_the_window_of_then(bob: Surfer, desk: ChangedDesk) -> None:
    window = AccessWindow(MIDNIGHT, MORNING)
    then = dataclasses.replace(THEN, window=window, reason="")
    desk.earlier = dataclasses.replace(EARLIER, then=then)
    page = text_of(bob)
    assert "2026-11-22 00:00 UTC at the earliest" in page
    assert "2026-11-22 08:30 UTC at the latest" in page
    assert "no reason is kept" in page


def test_what_was_typed_is_not_lost_where_the_request_changed_meanwhile(
    bob: Surfer, desk: ChangedDesk
) -> None:
    fields = Forms(bob.get(PAGE).text).form(PAGE)
    typed = fields | {"decision": "approve", "justification": JUSTIFICATION}
    desk.earlier = EARLIER
    desk.refusals["decide"] = Refusal("ticket_backlog", "Being worked off.")
    answer = bob.client.post(PAGE, data=typed, headers=BROWSER)
    assert answer.status_code == 409
    assert JUSTIFICATION in answer.text


def show(desk: ChangedDesk, **change: Any) -> None:  # noqa: ANN401 -- any field
    desk.views[BOBS_LINK] = ("bob", dataclasses.replace(VIEW, **change))


def test_a_request_on_hold_says_so_and_offers_no_form(bob: Surfer, desk: ChangedDesk) -> None:
    show(desk, hold=Refusal("ticket_backlog", "Delivery dlv_1 could not be read.", "Mend it."))
    page = text_of(bob)
    assert "Nothing can be decided now. Delivery dlv_1 could not be read." in page
    assert "Mend it." in page
    assert PAGE not in [action for action, _ in Forms(bob.get(PAGE).text).forms]


def test_a_hold_that_begins_while_somebody_types_keeps_what_they_typed(
    bob: Surfer, desk: ChangedDesk
) -> None:
    fields = Forms(bob.get(PAGE).text).form(PAGE)
    hold = Refusal("ticket_backlog", "Delivery dlv_1 could not be read.", "Mend it.")
    show(desk, hold=hold)
    desk.refusals["decide"] = hold
    typed = fields | {"decision": "deny", "justification": JUSTIFICATION}
    answer = bob.client.post(PAGE, data=typed, headers=BROWSER)
    assert answer.status_code == 503
    assert Forms(answer.text).form(PAGE)["justification"] == JUSTIFICATION


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "4 h (8 h was asked; this is the most that can be given)"),
        (
            {"seconds": 1800, "limit": 8 * 3600, "cut_by": ("Bob Ng",)},
            "30 min (shortened by Bob Ng; it was 8 h)",
        ),
        (
            {"seconds": 1800, "limit": 4 * 3600, "cut_by": ("Bob Ng", "Di Roe")},
            "by Bob Ng, Di Roe; it was 4 h) (8 h was asked; that was the most that can be given)",
        ),
    ],
)
def test_the_page_says_who_shortened_the_time(
    bob: Surfer, desk: ChangedDesk, change: dict[str, object], words: str
) -> None:
    show(desk, **change)
    page = text_of(bob)
    assert words in page
    assert ("this is the most" in page) == (not change)


def test_who_came_too_late_reads_in_the_banner_who_decided_and_when(
    bob: Surfer, desk: ChangedDesk
) -> None:
    show(desk, state="approved", decisions=(("Carol Sy", "approve", MIDNIGHT),))
    page = text_of(bob)
    assert "or has been. Carol Sy approved it, 2026-11-22 00:00 UTC." in page
    show(desk, state="awaiting", mine="approve", mine_seconds=1800)
    assert "You approved it for at most 30 min." in text_of(bob)


def test_what_changed_and_what_the_person_has_already_is_told(
    bob: Surfer, desk: ChangedDesk
) -> None:
    page = text_of(bob)
    assert "What changed" not in page
    assert "Has it already" not in page
    changed = (("How long", "2 h", "4 h"), ("Why", "", "<b>new</b>"), ("On", "here", ""))
    show(desk, changed=changed, has_already=(("gr_1", MORNING), ("gr_2", None)))
    page = text_of(bob)
    assert "What changed since you were asked before How longwas: 2 hnow: 4 h" in page
    assert "was: nothingnow: &lt;b&gt;new&lt;/b&gt;" in page
    assert "was: herenow: nothing" in page
    assert "gr_1, until 2026-11-22 08:30 UTC" in page
    assert "gr_2, not given yet" in page
