"""Mail me the link again: for its holder alone, a few times an hour; it gives nobody a right."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations import emergencies
from tests.operations.kit import Gate, folder
from tests.operations.own import Own
from tests.operations.test_emergency_lock import unreviewed
from tests.operations.tickets import access_ticket

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.sign_in import LINKS_AN_HOUR_MAX
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.desks.console_home import Home, home
from ticketgate.operations.desks.request_desk import RequestView


@pytest.fixture
def own() -> Iterator[Own]:
    """Alice's request waits for Bob, whose mail has left."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.deliver(access_ticket())
            gate.run_mail()
            yield Own(gate)
        finally:
            gate.stop()


def link_of(own: Own, person: str = "bob") -> str:
    """The id of the newest link of a person."""
    with own.gate.db() as looking:
        links = looking.links.of_request(own.last())
    return [one.id for one in links if one.approver == person][-1]


def ask(own: Own, person: str = "bob", link: str = "") -> str:
    """The code of the refusal; empty when it was queued."""
    said = own.console.mail_link(link or link_of(own), own.gate.session(person))
    return said.code if isinstance(said, Refusal) else ""


def shown_link(own: Own, person: str = "bob") -> str:
    """The link that the page of the request offers to mail, to somebody who is operator as well."""
    desk = replace(own.desk, roles={"operator": (Word("person", person),)})
    found = desk.view(own.last(), person)
    assert isinstance(found, RequestView), found
    return found.link


def mail_on_home(own: Own, person: str = "bob") -> list[tuple[str, str]]:
    found = home(own.console, person)
    assert isinstance(found, Home), found
    return [(one.link, one.mail) for one in found.decide]


def whats(own: Own) -> list[str]:
    return [one["what"] for one in own.gate.records("notification.sent")]


def test_the_holder_has_the_link_mailed_again_and_the_log_says_so(own: Own) -> None:
    link = link_of(own)
    assert ask(own) == ""
    assert mail_on_home(own) == [(link, "waiting")]
    own.gate.run_mail()
    assert mail_on_home(own) == [(link, "sent")]
    assert [mail.to for mail in own.gate.post.mails] == ["bob@example.com"] * 2
    assert whats(own) == ["link", "link_again"]
    assert own.gate.records("notification.sent")[-1]["about"] == link
    assert own.gate.verified().failing == ()


@pytest.mark.parametrize("used", [0, 1])
def test_either_mail_works_until_one_is_used_and_then_none(own: Own, used: int) -> None:
    ask(own)
    own.gate.run_mail()
    tokens = own.gate.tokens("bob")
    assert len(set(tokens)) == 2
    assert not isinstance(own.gate.decide("bob", token=tokens[used]), Refusal)
    other = own.gate.decide("bob", token=tokens[1 - used])
    assert isinstance(other, Refusal)
    assert other.code == "link_used"


def test_the_hash_of_the_new_token_is_kept_before_its_mail_leaves(own: Own) -> None:
    ask(own)
    own.gate.post.lost_answers = 1
    own.gate.run_mail()
    assert own.gate.shown(own.gate.tokens("bob")[-1]) != ""


@pytest.mark.parametrize("person", ["alice", "carol", "dan", "mallory"])
def test_another_persons_link_looks_like_none_and_the_try_is_recorded(
    own: Own, person: str
) -> None:
    assert ask(own, person) == ask(own, person, "lnk_none") == "not_found"
    assert own.gate.refusals() == ["not_link_holder"]
    own.gate.run_mail()
    assert whats(own) == ["link"]


def test_nobody_asks_who_is_not_active_or_with_an_old_directory(own: Own) -> None:
    link, session = link_of(own), own.gate.session("bob")
    own.gate.directory.leave("bob")
    said = own.console.mail_link(link, session)
    assert isinstance(said, Refusal)
    assert said.code == "approver_inactive"
    own.gate.clock.at += timedelta(seconds=61)
    old = own.gate.desk.snapshot()
    own.gate.clock.at += timedelta(seconds=61)
    own.console = replace(own.console, snapshot=lambda *_: old)
    assert ask(own) == "directory_stale"


def _denied(own: Own) -> None:
    assert not isinstance(own.gate.decide("bob", "deny"), Refusal)


def _withdrawn(own: Own) -> None:
    assert own.do("withdraw") == ""


def _late(own: Own) -> None:
    own.gate.clock.at = own.gate.requests()[-1].decide_by


def _related(own: Own) -> None:
    own.gate.directory.change("bob", aliases=frozenset({"alice"}))


def _ruled_out(own: Own) -> None:
    own.gate.in_force.swap(replace(own.gate.policy, approve=()))


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (_denied, "link_used"),
        (_withdrawn, "already_decided"),
        (_late, "decision_late"),
        (_related, "alias_of_requester"),
        (_ruled_out, "rules_changed"),
    ],
)
def test_a_link_that_decides_nothing_is_not_mailed_again_and_the_answer_says_why(
    own: Own, happens: Callable[[Own], None], code: str
) -> None:
    link = link_of(own)
    happens(own)
    assert ask(own, link=link) == code
    assert shown_link(own) == ""
    own.gate.run_mail()
    assert "link_again" not in whats(own)


def test_five_an_hour_are_mailed_to_one_person_whichever_link_they_are_of(own: Own) -> None:
    own.gate.deliver(access_ticket("t2", hours="2"))
    second = link_of(own)
    with own.gate.db() as looking:
        (first,) = (one.id for one in looking.links.of_request(own.gate.requests()[0].id))
    for number in range(LINKS_AN_HOUR_MAX):
        assert ask(own, link=(first, second)[number % 2]) == ""
        own.gate.run_mail()
    for link in (first, second):
        said = own.console.mail_link(link, own.gate.session("bob"))
        assert isinstance(said, Refusal)
        assert (said.code, "newest mail" in said.next_step) == ("too_many_links", True)
    own.gate.clock.at += timedelta(hours=1)
    assert ask(own) == ""


def test_who_is_locked_has_nothing_mailed() -> None:
    with folder() as path:
        gate = Gate(path, emergencies.policy_with())
        try:
            unreviewed(gate)
            gate.deliver(access_ticket())
            gate.run_mail()
            locked = Own(gate)
            assert ask(locked) == "person_locked"
        finally:
            gate.stop()


def test_a_mail_that_waits_for_its_server_is_tried_at_once_instead(own: Own) -> None:
    gate = own.gate
    gate.deliver(access_ticket("t2"))
    for asks in (0, 1):  # the first mail of the link; then one that was asked for
        assert [ask(own) for _ in range(asks)] == [""] * asks
        gate.post.faults.append("mail_unavailable")
        gate.run_mail()
        before = len(gate.post.mails)
        gate.run_mail()
        assert len(gate.post.mails) == before, "its pause is not over"
        assert ask(own) == ""
        gate.run_mail()
        assert len(gate.post.mails) == before + 1
    assert whats(own) == ["link", "link", "link_again"]


def test_a_mail_that_could_not_be_sent_can_be_asked_for_again(own: Own) -> None:
    own.gate.deliver(access_ticket("t2"))
    own.gate.post.faults.append("mail_refused")
    own.gate.run_mail()
    assert mail_on_home(own)[-1] == (link_of(own), "failed")
    assert ask(own) == ""
    own.gate.run_mail()
    assert mail_on_home(own)[-1] == (link_of(own), "sent")


def test_the_page_of_a_request_offers_it_to_whom_it_is_put_to(own: Own) -> None:
    assert (shown_link(own), shown_link(own, "dan")) == (link_of(own), "")
    assert own.view("alice").link == ""
    own.gate.approve("bob")
    assert shown_link(own) == ""
    assert shown_link(own, "carol") == link_of(own, "carol")
