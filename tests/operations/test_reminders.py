"""Reminders: once each, few a day, to nobody who is away or has no say; and who has how much."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, closed

from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.duties import Window
from ticketgate.domain.telling.reminding import Reminding
from ticketgate.domain.telling.workload import ApproverLoad
from ticketgate.operations.requests.remind import EVERY_SECONDS, Reminder, remind
from ticketgate.operations.telling.digest import days_digest
from ticketgate.operations.telling.workload import approver_loads, to_decide

HOURS = (timedelta(hours=2), timedelta(hours=6))


class Reminded:
    """A gate that reminds."""

    def __init__(self, gate: Gate, per_day: int = 5) -> None:
        self.gate = gate
        self.reminding = Reminding(HOURS, per_day)

    def before(self, hours: float, number: int = 0) -> None:
        """It is so many hours before the deadline of a request."""
        gate = self.gate
        gate.clock.at = gate.requests()[number].decide_by - timedelta(hours=hours)

    def step(self) -> list[str]:
        """One step, and the mails that come of it: their subjects."""
        gate = self.gate
        sent = len(gate.post.mails)
        loop = Reminder(gate.store, gate.clock, gate.in_force, gate.known, self.reminding)
        assert loop.step() == EVERY_SECONDS
        gate.run_mail()
        return [f"{mail.to.partition('@')[0]}: {mail.subject}" for mail in gate.post.mails[sent:]]

    def to(self) -> list[str]:
        """Who is reminded now."""
        return sorted({one.partition(":")[0].partition(".")[0] for one in self.step()})


def whats(gate: Gate) -> list[str]:
    return [one["what"] for one in gate.records("notification.sent")]


def test_who_was_asked_is_reminded_at_each_time_once(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(6.1)
    assert reminded.step() == []
    reminded.before(6)
    (one,) = reminded.step()
    assert "Reminder: [ticketgate] " in one
    assert reminded.step() == []
    asked.restart()
    assert reminded.step() == []
    reminded.before(2)
    assert len(reminded.step()) == 1
    reminded.before(1)
    assert reminded.step() == []
    assert whats(asked) == ["link", "reminder", "reminder"]


def test_the_link_of_a_reminder_decides_as_the_first_one_does(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(2)
    reminded.step()
    first, again = asked.tokens("bob")
    assert first != again
    asked.approve("bob")
    assert asked.requests()[0].stage == 2


def test_after_a_gap_only_the_last_reminder_goes(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(1)
    assert len(reminded.step()) == 1
    assert reminded.step() == []


def test_nobody_is_reminded_after_the_decision_the_end_or_the_deadline(asked: Gate) -> None:
    reminded = Reminded(asked)
    asked.decide("bob", "deny")
    reminded.before(2)
    assert reminded.step() == []
    asked.deliver(access_ticket("t2"))
    asked.run_mail()
    asked.deliver(closed(access_ticket("t2")))
    reminded.before(2, 1)
    assert reminded.step() == []


def test_a_decision_while_the_reminder_is_queued_keeps_it_back(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(2)
    Reminder(asked.store, asked.clock, asked.in_force, asked.known, reminded.reminding).step()
    asked.decide("bob", "deny")
    before = len(asked.post.mails)
    asked.run_mail()
    assert len(asked.post.mails) == before
    assert "reminder" not in whats(asked)


def test_of_a_deadline_that_is_over_nobody_is_reminded(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(0)
    assert reminded.step() == []


def test_who_has_not_had_the_first_mail_is_not_reminded(gate: Gate) -> None:
    gate.deliver(access_ticket())
    reminded = Reminded(gate)
    reminded.before(2)
    loop = Reminder(gate.store, gate.clock, gate.in_force, gate.known, reminded.reminding)
    loop.step()
    gate.run_mail()
    assert whats(gate) == ["link"]


def test_who_is_asked_late_is_not_reminded_of_what_was_over_then(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(5)
    asked.approve("bob")  # the next stage is asked five hours before the deadline
    assert reminded.step() == []
    reminded.before(2)
    assert reminded.to() == ["carol", "dan"]


def test_who_is_away_is_not_reminded_until_they_are_back(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(6)
    bob = asked.directory.people["bob"]
    now = asked.clock.at
    asked.directory.people["bob"] = replace(
        bob, away=(Window(now - timedelta(hours=1), now + timedelta(hours=1)),)
    )
    assert reminded.step() == []
    asked.directory.people["bob"] = bob
    assert reminded.to() == ["bob"]


def test_who_may_not_decide_any_more_is_not_reminded(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(6)
    asked.directory.people["bob"] = replace(asked.directory.people["bob"], active=False)
    assert reminded.step() == []


def test_while_the_directory_cannot_be_read_nobody_is_reminded_and_nothing_is_lost(
    asked: Gate,
) -> None:
    reminded = Reminded(asked)
    reminded.before(2)
    asked.directory.unreadable = True
    loop = Reminder(asked.store, asked.clock, asked.in_force, asked.known, reminded.reminding)
    assert loop.step() == EVERY_SECONDS
    asked.directory.unreadable = False
    assert reminded.to() == ["bob"]


def test_past_so_many_a_day_one_digest_stands_for_all_others(gate: Gate) -> None:
    reminded = Reminded(gate, per_day=2)
    for number in range(5):
        gate.deliver(access_ticket(f"t{number}"))
    gate.run_mail()
    reminded.before(6, 4)
    found = reminded.step()
    assert [one.partition(" ")[2].partition("[")[0] for one in found].count("Reminder: ") == 2
    (digest,) = [one for one in found if "wait for you" in one]
    assert digest.endswith("[ticketgate] 5 requests wait for you")
    mail = gate.post.mails[-1]
    assert mail.text.count("prod-db-admin") == 5
    assert "http" not in mail.text + mail.html
    reminded.before(2, 4)
    assert reminded.step() == []  # of the same day: no more, and none is made up for
    assert whats(gate).count("digest") == 1


def test_the_next_day_has_reminders_of_its_own(gate: Gate) -> None:
    reminded = Reminded(gate, per_day=1)
    for number in range(3):
        gate.deliver(access_ticket(f"t{number}"))
    gate.run_mail()
    reminded.before(6, 2)
    assert len(reminded.step()) == 2
    gate.clock.at += timedelta(days=1)
    gate.tick()
    for number in range(3, 6):
        gate.deliver(access_ticket(f"t{number}"))
    gate.run_mail()
    reminded.before(6, 5)
    assert len(reminded.step()) == 2


def test_a_digest_of_nothing_is_not_sent(gate: Gate) -> None:
    reminded = Reminded(gate, per_day=1)
    for number in range(2):
        gate.deliver(access_ticket(f"t{number}"))
    gate.run_mail()
    reminded.before(2, 1)
    Reminder(gate.store, gate.clock, gate.in_force, gate.known, reminded.reminding).step()
    for number in range(2):
        gate.deliver(closed(access_ticket(f"t{number}")))
    before = len(gate.post.mails)
    gate.run_mail()
    assert len(gate.post.mails) == before


def test_a_digest_that_was_never_begun_is_nobodys(gate: Gate) -> None:
    snapshot = gate.directory.read(gate.clock.now())
    assert days_digest(gate.store, "dig_none", gate.policy, snapshot) is None


def test_a_digest_holds_what_its_person_may_decide_and_nothing_else(gate: Gate) -> None:
    reminded = Reminded(gate, per_day=1)
    for number in range(3):
        gate.deliver(access_ticket(f"t{number}"))
    gate.run_mail()
    reminded.before(2, 2)
    Reminder(gate.store, gate.clock, gate.in_force, gate.known, reminded.reminding).step()
    hour = timedelta(hours=1)
    gate.directory.change("bob", away=(Window(gate.clock.at - hour, gate.clock.at + hour),))
    before = len(gate.post.mails)
    gate.run_mail()
    assert not [one for one in gate.post.mails[before:] if "wait for you" in one.subject]


def snapshot_of(gate: Gate) -> DirectorySnapshot:
    found = gate.known()
    assert found is not None
    return found


def test_under_rules_that_do_not_ask_so_any_more_nobody_is_reminded(asked: Gate) -> None:
    reminded = Reminded(asked)
    reminded.before(2)
    with asked.db() as looking:
        (link,) = looking.workload.open_links()
    policy = asked.policy
    shorter = tuple(replace(one, stages=()) for one in policy.approve)
    for other in (replace(policy, approve=()), replace(policy, approve=shorter)):
        told = {"reminding": reminded.reminding, "policy": other}
        asked.write(partial(remind, ident=link.id, snapshot=snapshot_of(asked), **told))  # type: ignore[arg-type]
    asked.write(
        partial(
            remind,
            ident="lnk_none",
            reminding=reminded.reminding,
            policy=policy,
            snapshot=snapshot_of(asked),
        )
    )
    asked.run_mail()
    assert whats(asked) == ["link"]
    assert reminded.to() == ["bob"]  # the control: under the rules of now he is


def test_a_link_that_is_used_is_no_open_one(asked: Gate) -> None:
    with asked.db() as looking:
        (link,) = looking.workload.open_links()
    asked.decide("bob", "deny")
    told = {"reminding": Reminding(HOURS), "policy": asked.policy}
    asked.clock.at = link.decide_by - timedelta(hours=2)
    asked.write(partial(remind, ident=link.id, snapshot=snapshot_of(asked), **told))  # type: ignore[arg-type]
    asked.run_mail()
    assert "reminder" not in whats(asked)


def test_who_has_how_much_waiting_and_answers_how_fast(gate: Gate) -> None:
    for number in range(2):
        gate.deliver(access_ticket(f"t{number}"))
    gate.run_mail()
    gate.clock.at += timedelta(minutes=30)
    token = gate.tokens("bob")[0]
    gate.decide("bob", token=token)
    gate.run_mail()
    gate.clock.at += timedelta(minutes=10)
    with gate.db() as looking:
        found = {one.approver: one for one in approver_loads(looking, gate.clock.now())}
        told = (gate.policy, snapshot_of(gate), gate.clock.now())
        assert len(to_decide(looking, "bob", *told)) == 1
        assert to_decide(looking, "nobody", *told) == []
    assert found["bob"] == ApproverLoad("bob", 1, 2400, 1, 1, 1800)
    assert found["carol"].waiting == 1
    assert found["carol"].oldest == 600


def test_what_was_decided_longer_ago_is_not_counted(asked: Gate) -> None:
    asked.decide("bob", "deny")
    asked.clock.at += timedelta(days=31)
    with asked.db() as looking:
        assert approver_loads(looking, asked.clock.now()) == []
