"""Mail: a token per try, its hash committed first; retried for about a day, or refused for good."""

from dataclasses import replace
from functools import partial

import pytest
from tests.operations.kit import ORIGIN, Gate
from tests.operations.tickets import access_ticket, edited

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.trying_again import MAIL_TRIES_MAX
from ticketgate.operations.telling.record_mail import mailed


@pytest.fixture
def asked(gate: Gate) -> Gate:
    """Alice has asked for prod-db-admin; the mail to Bob is due."""
    gate.deliver(access_ticket())
    return gate


def test_the_mail_of_a_link_tells_what_is_asked_and_no_free_text(asked: Gate) -> None:
    asked.run_mail()
    (mail,) = asked.post.mails
    assert mail.to == "bob@example.com"
    assert "RITM-t1" in mail.subject
    for told in ("prod-db-admin", "Alice Moreau", "https://gate.example.com/approve/"):
        assert told in mail.text
        assert told in mail.html
    assert "billing migration" not in mail.text
    assert [one["what"] for one in asked.records("notification.sent")] == ["link"]


def test_tokens_are_kept_as_hashes_only(asked: Gate) -> None:
    asked.run_mail()
    asked.store.stop()
    token = asked.tokens("bob")[-1].encode()
    for path in asked.path.parent.iterdir():
        assert token not in path.read_bytes()
    asked.start()


@pytest.mark.parametrize("used", [0, 1])
def test_every_try_has_a_token_of_its_own_and_either_works_until_one_is_used(
    asked: Gate, used: int
) -> None:
    """The server took the first mail and its answer was lost: two links are in Bob's hands."""
    asked.post.lost_answers = 1
    asked.run_mail()
    asked.tick(2)
    tokens = asked.tokens("bob")
    assert len(set(tokens)) == 2
    assert not isinstance(asked.decide("bob", token=tokens[used]), Refusal)
    other = asked.decide("bob", token=tokens[1 - used])
    assert isinstance(other, Refusal)
    assert other.code == "link_used"


def test_a_server_that_is_away_is_tried_again_with_longer_pauses(asked: Gate) -> None:
    asked.post.faults = ["mail_unavailable"] * 4
    asked.run_mail()
    waits = []
    while not asked.post.mails:
        with asked.db() as looking:
            due = looking.commands.next_due([CommandKind.MAIL_LINK])
        assert due is not None
        waits.append((due - asked.clock.at).total_seconds())
        asked.clock.at = due
        asked.run_mail()
    assert waits == [2, 4, 8, 16]
    assert ("mail.failed", "mail_unavailable") in asked.logged


def test_a_server_that_stays_away_is_given_up_on_after_about_a_day(gate: Gate) -> None:
    gate.desk.ask_code("browser", address="bob@example.com", token=None)
    (command,) = gate.due(CommandKind.MAIL_CODE)
    began = gate.clock.at
    gate.post.faults = ["mail_unavailable"] * MAIL_TRIES_MAX
    while gate.post.faults:
        with gate.db() as looking:
            due = looking.commands.next_due([CommandKind.MAIL_CODE])
        assert due is not None
        gate.clock.at = due
        gate.run_mail()
    assert 20 < (gate.clock.at - began).total_seconds() / 3600 < 26
    assert gate.due(CommandKind.MAIL_CODE) == []
    assert [one["code"] for one in gate.records("notification.failed")] == ["mail_unavailable"]
    assert gate.records("notification.failed")[0]["about"] == command.about


def test_a_refused_mail_is_recorded_and_not_tried_again(asked: Gate) -> None:
    asked.post.faults = ["mail_refused"]
    asked.settle()
    asked.tick(600)
    assert asked.post.mails == []
    (failed,) = asked.records("notification.failed")
    assert (failed["what"], failed["code"]) == ("link", "mail_refused")


@pytest.mark.parametrize("who", ["gone", "machine"])
def test_somebody_without_an_address_is_a_refused_mail(asked: Gate, who: str) -> None:
    if who == "gone":
        del asked.directory.people["bob"]
    else:
        asked.directory.change("bob", mail="")
    asked.run_mail()
    assert [one["code"] for one in asked.records("notification.failed")] == ["no_address"]


def test_the_link_of_an_earlier_round_is_not_mailed(asked: Gate) -> None:
    asked.deliver(edited(access_ticket(), reason="else"))
    asked.settle()
    assert len(asked.post.to("bob@example.com")) == 1
    assert not isinstance(asked.decide("bob"), Refusal)


def test_a_link_that_is_late_is_not_mailed(asked: Gate) -> None:
    asked.clock.at = asked.requests()[0].decide_by
    asked.run_mail()
    assert asked.post.mails == []
    assert asked.due(CommandKind.MAIL_LINK) == []


def test_what_is_done_already_is_not_done_again(asked: Gate) -> None:
    (command,) = asked.due(CommandKind.MAIL_LINK)
    asked.run_mail()
    before = asked.evidence_size()
    for ident in (command.id, "nobody"):
        asked.write(partial(mailed, ident=ident, to="bob", code="", retryable=False))
    assert asked.evidence_size() == before


@pytest.mark.parametrize("kind", [CommandKind.MAIL_LINK, CommandKind.MAIL_NOTICE])
def test_a_command_about_nothing_sends_nothing(asked: Gate, kind: CommandKind) -> None:
    (command,) = asked.due(CommandKind.MAIL_LINK)
    about_nothing = replace(command, id="nobody", kind=kind, about="nobody")
    asked.mailer.run(about_nothing, asked.desk.snapshot())
    assert asked.post.mails == []
    asked.mailer.run(command, asked.desk.snapshot())  # the control
    assert len(asked.post.mails) == 1


def test_a_rule_that_has_fewer_stages_now_still_lets_the_mail_go(asked: Gate) -> None:
    """Between a restart and the first sweep; the link is void by the time it is used."""
    asked.approve("bob")
    asked.deliver(access_ticket("t2"))
    asked.run_mail()
    asked.decide("bob")
    (rule, *rest) = asked.policy.approve
    asked.restart(replace(asked.policy, approve=(replace(rule, stages=rule.stages[:1]), *rest)))
    before = len(asked.post.mails)
    asked.run_mail()
    assert len(asked.post.mails) > before


def place(gate: Gate, record: str) -> str:
    """The line about the newest record of this type."""
    index = gate.records(record)[-1]["_seq"]
    return f"Evidence: {ORIGIN}#{index}, root {'ab' * 8}… at 130"


def test_mail_and_page_tell_where_in_the_log_the_request_stands(asked: Gate) -> None:
    asked.signed = Checkpoint(ORIGIN, 130, b"\xab" * 32)
    asked.run_mail()
    (mail,) = asked.post.mails
    line = place(asked, "request.opened")
    assert line in mail.text.splitlines()
    assert line in mail.html
    view = asked.look("bob")
    assert not isinstance(view, Refusal)
    assert view.place == line


def test_the_place_moves_on_with_the_request_and_with_each_decision(asked: Gate) -> None:
    asked.signed = Checkpoint(ORIGIN, 130, b"\xab" * 32)
    asked.approve("bob")
    assert place(asked, "request.awaiting") in asked.post.to("carol@example.com")[-1].text
    asked.decide("carol")
    view = asked.look("carol")
    assert not isinstance(view, Refusal)
    assert view.place == place(asked, "request.approved")


def test_a_decision_is_the_newest_record_until_the_request_moves(asked: Gate) -> None:
    """A stage that needs two: the first of them moves nothing."""
    (rule, *rest) = asked.policy.approve
    (stage, *later) = rule.stages
    two = replace(stage, any_of=(*stage.any_of, Word("person", "dan")), need=2)
    asked.restart(replace(asked.policy, approve=(replace(rule, stages=(two, *later)), *rest)))
    asked.signed = Checkpoint(ORIGIN, 130, b"\xab" * 32)
    asked.deliver(access_ticket("t2"))
    asked.run_mail()
    assert not isinstance(asked.decide("bob"), Refusal)
    view = asked.look("bob")
    assert not isinstance(view, Refusal)
    assert view.place == place(asked, "decision.recorded")


def test_without_a_signed_root_the_record_is_told_alone(asked: Gate) -> None:
    asked.run_mail()
    assert ", no signed root at hand" in asked.post.mails[0].text
