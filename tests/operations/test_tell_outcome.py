"""Outcomes are told to those who wait, once each; an address that refuses mail is an exception."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.fakes import Mail
from tests.operations.kit import ORIGIN, Gate, only
from tests.operations.passkeys import BOB, Keys
from tests.operations.test_extend_grant import extend, extendable
from tests.operations.tickets import ACCOUNTS, SOURCE, access_ticket, closed

from ticketgate.adapters.telling.letters import MailLetters
from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.errors import StoreConflictError
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.telling.outcomes import COMMENTED, OutcomeNote
from ticketgate.operations.grants.revoke import Choice, revoke
from ticketgate.operations.telling.tell_outcome import ending_soon, tell_ending, tell_of_passkey
from ticketgate.operations.telling.write_back import tell_sources

HOUR = 3600
NOTICE = timedelta(hours=1)


def run_letters(gate: Gate) -> None:
    """One try of every letter about an outcome that is due."""
    for command in gate.due(CommandKind.MAIL_OUTCOME):
        gate.mailer.run(command, gate.desk.snapshot())


def told(gate: Gate, person: str = "alice") -> list[str]:
    """What the mails to a person are about, oldest first, without the ticket's number."""
    run_letters(gate)
    address = gate.directory.people[person].mail
    subjects = [mail.subject for mail in gate.post.to(address)]
    return [one.removeprefix("[ticketgate] ").removeprefix("RITM-t1 ") for one in subjects]


def last(gate: Gate, person: str = "alice") -> Mail:
    run_letters(gate)
    return gate.post.to(gate.directory.people[person].mail)[-1]


@pytest.fixture
def given(gate: Gate) -> Gate:
    """Alice has the access for six hours."""
    policy = extendable(gate.policy)
    longer = tuple(replace(one, max=timedelta(hours=6)) for one in policy.limits)
    gate.restart(replace(policy, limits=longer))
    gate.deliver(access_ticket(hours="6h"))
    gate.approve("bob", "carol")
    gate.settle()
    assert gate.members() == {"alice"}
    return gate


def test_who_asks_hears_of_the_whole_life_of_it_once(given: Gate) -> None:
    given.tick(6 * HOUR)
    given.settle()
    story = ["waits for approval", "is approved", "access is given", "access has ended"]
    assert told(given) == story
    assert told(given) == story
    sent = [one for one in given.records("notification.sent") if one["what"] == "outcome"]
    assert [one["outcome"] for one in sent] == ["opened", "approved", "active", "ended"]
    assert [one["about"] for one in sent] == [given.requests()[0].id] * 2 + [only(given).id] * 2
    assert given.verified().failing == ()


def test_a_letter_says_whose_it_is_and_where_the_log_says_so(gate: Gate) -> None:
    gate.signed = Checkpoint(ORIGIN, 130, b"\xab" * 32)
    gate.clock.at += timedelta(seconds=20)
    gate.deliver(access_ticket(beneficiary="erin"))
    mail = last(gate)
    (opened,) = gate.records("request.opened", "request.blocked")
    line = f"Evidence: {ORIGIN}#{opened['_seq']}, root {'ab' * 8}… at 130"
    page = f"https://gate.example.com/console/requests/{mail.thread}"
    happened = f"{gate.clock.at:%Y-%m-%d %H:%M} UTC"
    for body in (mail.text, mail.html):
        for words in (line, "RITM-t1", "Erin Walsh", page, happened):
            assert words in body
        assert "billing migration" not in body
        assert "/approve/" not in body
    assert mail.thread == gate.requests()[0].id
    assert told(gate, "erin") == told(gate) == ["cannot be approved as it is"]


def test_what_blocks_is_told_with_the_way_out(gate: Gate) -> None:
    gate.deliver(access_ticket(hours="forever"))
    mail = last(gate)
    assert mail.subject == "[ticketgate] RITM-t1 cannot be approved as it is"
    assert "The ticket's duration is not one of" in mail.text
    assert "Say how long as `30m`, `4h` or `2d`." in mail.text


def test_an_account_that_nobody_knows_has_no_mail(gate: Gate) -> None:
    gate.deliver(access_ticket(by="nobody-knows", updated_by=ACCOUNTS["alice"]))
    assert gate.states() == ["blocked"]
    assert told(gate) == ["cannot be approved as it is"]  # Alice would get it


@pytest.mark.parametrize("end", ["deny", "time", "ticket"])
def test_how_a_request_ends_without_access_is_told(gate: Gate, end: str) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    if end == "deny":
        gate.decide("bob", "deny")
    elif end == "time":
        gate.clock.at = gate.requests()[0].decide_by
        gate.keeper.step()
    else:
        gate.deliver(closed(access_ticket()))
    assert told(gate)[1:] == [
        {"deny": "is denied", "time": "was not decided in time", "ticket": "is withdrawn"}[end]
    ]


def test_access_that_is_taken_away_early_says_why_at_once(given: Gate) -> None:
    given.write(partial(revoke, choice=Choice(grant=only(given).id), by="os:0@x", reason="y"))
    assert told(given)[-1] == "access is taken away"
    assert "before its time: an operator ended it." in last(given).text
    given.settle()
    assert told(given)[-1] == "access has ended"


def test_access_that_is_never_given_is_told(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.write(partial(revoke, choice=Choice(grant=only(gate).id), by="os:0@x", reason="y"))
    assert told(gate)[-1] == "access is not given"


def test_more_time_is_told_from_the_ask_to_the_new_end(given: Gate) -> None:
    before = len(told(given))
    extend(given)
    assert told(given)[before:] == ["waits for approval", "is approved", "access is extended"]
    ends = only(given).not_after
    assert ends is not None
    assert f"goes on, until {ends:%Y-%m-%d %H:%M} UTC" in last(given).text


def test_who_still_has_overdue_access_is_not_invited_to_use_it(given: Gate) -> None:
    given.target.down = True
    before = len(told(given))
    given.clock.at += timedelta(hours=6)
    given.keeper.step()
    given.clock.at += timedelta(minutes=2)
    given.keeper.step()
    assert given.grant_states() == ["revoke_overdue"]
    assert len(told(given)) == before


# --- reminders ----------------------------------------------------------------------------------


def near(gate: Gate) -> list[str]:
    with gate.db() as looking:
        return ending_soon(looking, gate.clock.now(), NOTICE)


def reminding(gate: Gate) -> None:
    """Start anew, where who has access is reminded an hour before its end."""
    gate.notice = NOTICE
    gate.restart()


def test_an_end_is_announced_once_and_again_when_it_is_another(given: Gate) -> None:
    reminding(given)
    given.tick(5 * HOUR - 60)
    assert told(given)[-1] == "access is given"
    given.tick(60)
    assert told(given)[-1] == "access ends soon"
    count = len(told(given))
    given.tick(60)
    assert len(told(given)) == count
    extend(given)
    assert near(given) == []
    given.tick(HOUR)
    assert told(given).count("access ends soon") == 2
    sent = [one.get("outcome") for one in given.records("notification.sent")]
    assert sent.count("ending_soon") == 2


def test_nobody_is_reminded_without_a_notice_or_of_short_access(gate: Gate) -> None:
    gate.deliver(access_ticket(hours="4h"))
    gate.approve("bob", "carol")
    gate.settle()
    gate.tick(3 * HOUR + 1)
    assert "access ends soon" not in told(gate)
    reminding(gate)
    gate.tick(60)
    assert "access ends soon" not in told(gate)


def test_a_reminder_of_an_end_that_is_another_one_by_now_is_not_sent(given: Gate) -> None:
    reminding(given)
    given.clock.at += timedelta(hours=5)
    given.keeper.step()
    extend(given)
    assert "access ends soon" not in told(given)
    with given.db() as looking:
        command = looking.commands.ready([CommandKind.MAIL_OUTCOME], given.clock.now(), 9)
    assert command == []


def test_access_that_has_ended_meanwhile_is_not_reminded_of(given: Gate) -> None:
    reminding(given)
    given.clock.at += timedelta(hours=5)
    given.keeper.step()
    given.deliver(closed(access_ticket(hours="6h")))
    assert "access ends soon" not in told(given)


def test_a_reminder_that_is_late_tells_nothing(given: Gate) -> None:
    given.write(partial(tell_ending, ident=only(given).id, notice=NOTICE))
    given.write(partial(tell_ending, ident="grt_nobody", notice=NOTICE))
    assert "access ends soon" not in told(given)


def test_a_reminder_that_cannot_be_kept_is_told_loudly(
    given: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise StoreConflictError("twice")

    monkeypatch.setattr("ticketgate.operations.workers.housekeeping.tell_ending", broken)
    reminding(given)
    given.clock.at += timedelta(hours=5)
    with pytest.raises(StoreConflictError):
        given.keeper.step()


# --- tickets ------------------------------------------------------------------------------------


def test_tickets_are_told_of_just_the_outcomes_that_are_named(gate: Gate) -> None:
    gate.write(partial(tell_sources, sources={SOURCE: ("timed_out", "ended")}))
    gate.deliver(access_ticket())
    gate.clock.at = gate.requests()[0].decide_by
    gate.keeper.step()
    (command,) = gate.due(CommandKind.COMMENT)
    with gate.db() as looking:
        comment = looking.channels.comment(command.about)
    assert comment is not None
    assert "was not decided by" in comment.text


def test_every_outcome_can_be_told_to_a_ticket(given: Gate) -> None:
    given.write(partial(tell_sources, sources={SOURCE: COMMENTED}))
    extend(given)
    given.deliver(closed(access_ticket(hours="6h")))
    given.settle()
    assert len(given.due(CommandKind.COMMENT)) == 5  # opened, approved, extended, early, ended


# --- addresses that refuse ----------------------------------------------------------------------


def bounced(gate: Gate) -> list[ExceptionCase]:
    with gate.db() as looking:
        return [one for one in looking.exceptions.waiting(9) if one.code == "mail_bounced"]


def test_an_address_that_refuses_mail_is_one_exception_until_it_takes_some(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.post.faults = ["recipient_refused"]
    gate.run_mail()
    (case,) = bounced(gate)
    with gate.db() as looking:
        assert case.subject == f"mail to {looking.people.actor('bob')}"
        assert looking.exceptions.named(case) == {"bob"}
    (failed,) = gate.records("notification.failed")
    assert failed["code"] == "recipient_refused"
    gate.desk.ask_code("browser", address="bob@example.com", token=None)
    gate.post.faults = ["recipient_refused"]
    gate.run_mail()
    assert bounced(gate) == [case]
    gate.post.faults = []
    gate.desk.ask_code("browser", address="bob@example.com", token=None)
    gate.run_mail()
    assert bounced(gate) == []
    (resolved,) = gate.records("exception.resolved")
    assert (resolved["cause"], resolved["person"]) == ("void", "")
    assert gate.verified().failing == ()


def test_mail_to_somebody_else_resolves_nothing(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.post.faults = ["recipient_refused"]
    gate.run_mail()
    assert told(gate) == ["waits for approval"]
    assert len(bounced(gate)) == 1


def test_a_letter_that_bounces_names_what_it_is_about(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.post.faults = ["recipient_refused"]
    run_letters(gate)
    (case,) = bounced(gate)
    assert case.about == gate.requests()[0].id


@pytest.mark.parametrize("code", ["mail_refused", "mail_unavailable"])
def test_what_is_not_the_addresss_fault_is_no_exception(gate: Gate, code: str) -> None:
    gate.deliver(access_ticket())
    gate.post.faults = [code]
    gate.run_mail()
    assert bounced(gate) == []


# --- people beside requests ---------------------------------------------------------------------


def test_nobody_enrols_or_revokes_a_passkey_of_somebody_unseen(gate: Gate) -> None:
    keys = Keys(gate)
    row = keys.usable("bob", BOB)
    keys.desk.revoke(keys.session("bob"), row.id)
    assert told(gate, "bob") == [
        "A passkey was enrolled for you",
        "A passkey of yours can be used now",
        "A passkey of yours was revoked",
    ]
    mail = last(gate, "bob")
    assert row.key in mail.text
    assert "https://gate.example.com/console/passkeys" in mail.html
    assert mail.thread == ""


def test_a_passkey_of_nobody_is_told_to_nobody(gate: Gate) -> None:
    """Whom the actor stood for was erased."""
    row = replace(Keys(gate).enrol("bob", BOB), person="act_of_nobody")
    due = len(gate.due(CommandKind.MAIL_OUTCOME))
    gate.write(partial(tell_of_passkey, passkey=row, before="", index=1))
    assert len(gate.due(CommandKind.MAIL_OUTCOME)) == due


def test_a_letter_to_who_has_left_the_directory_is_recorded_as_failed(gate: Gate) -> None:
    Keys(gate).enrol("bob", BOB)
    del gate.directory.people["bob"]
    run_letters(gate)
    (failed,) = gate.records("notification.failed")
    assert (failed["code"], failed["outcome"]) == ("no_address", "passkey_enrolled")


def test_a_command_about_no_letter_sends_nothing(gate: Gate) -> None:
    gate.deliver(access_ticket())
    (command, *_) = gate.due(CommandKind.MAIL_OUTCOME)
    gate.mailer.run(replace(command, about="ltr_nobody"), gate.desk.snapshot())
    assert gate.post.mails == []
    with gate.db() as looking:
        kept = looking.commands.get(command.id)
    assert kept is not None
    assert kept.state is CommandState.CANCELLED


def test_a_name_in_a_letter_is_text(gate: Gate) -> None:
    gate.deliver(access_ticket())
    (command, *_) = gate.due(CommandKind.MAIL_OUTCOME)
    with gate.db() as looking:
        letter = looking.letters.get(command.about)
    assert letter is not None
    evil = "<script>x</script>\nBcc: a@b\u202e"
    letters = MailLetters("https://gate.example.com")
    subject, text, html = letters.outcome(
        letter, OutcomeNote(evil, evil, evil, "/console/requests")
    )
    assert "\n" not in subject
    assert "<script>" not in html
    for body in (text, html):
        assert "\u202e" not in body
        assert "\nBcc" not in body
    with pytest.raises(StoreConflictError):
        gate.write(lambda tx, _now: tx.letters.add(replace(letter, id="ltr_2")))
