"""Access stands exactly as long as it may: for its ticket, its time, and nobody else's."""

import re
from contextlib import ExitStack

from tests.e2e.stage import Stage

from ticketgate.cli.demo.snow import BOB, reference


def test_nobody_is_a_member_before_both_have_approved(stage: Stage) -> None:
    with stage.asked() as record:
        assert not stage.world.in_group()
        stage.approve(record, "bob")
        assert stage.request(record)["state"] == "awaiting"
        assert not stage.grants(record)
        assert not stage.world.in_group()
        stage.approve(record, "carol")
        stage.wait("the access", stage.world.in_group)


def test_of_two_overlapping_grants_neither_is_cut_short(stage: Stage) -> None:
    """The first ends by its time, the second by its ticket; the access goes with the last."""
    with ExitStack() as both:
        first = both.enter_context(stage.asked(duration="PT4S"))
        second = both.enter_context(stage.asked())
        stage.given(second)
        stage.given(first)
        stage.wait("the first's end", lambda: not stage.live_grants(first))
        assert stage.grant(first)["state"] == "released_shared"
        assert stage.grant(second)["state"] == "active"
        assert stage.world.in_group()
        stage.close_ticket(second)
        stage.wait("the second's end", lambda: not stage.live_grants(second))
        assert stage.grant(second)["state"] == "revoked"
        assert not stage.world.in_group()


def test_access_that_stood_before_is_not_removed(stage: Stage) -> None:
    """It is the baseline: neither claimed nor silently taken away (states.md rule 3)."""
    with stage.standing_access(), stage.asked() as record:
        stage.given(record)
        stage.close_ticket(record)
        stage.wait("its end", lambda: not stage.live_grants(record))
        grant = stage.grant(record)
        assert grant["state"] == "revoked"
        last = [one for one in stage.entries() if one.get("id") == grant["id"]][-1]
        assert (last["to"], last["kept"]) == ("revoked", "baseline")
        assert stage.world.in_group()


def test_a_ticket_closed_while_the_access_stands_ends_it(stage: Stage) -> None:
    with stage.asked() as record:
        stage.given(record)
        assert stage.world.in_group()
        stage.close_ticket(record)
        stage.wait("the removal", lambda: not stage.world.in_group())
        stage.wait("its end", lambda: not stage.live_grants(record))
        moves = stage.moves("grant", stage.grant(record)["id"])
        assert moves[-2:] == [("revoking", "ticket_closed"), ("revoked", "ticket_closed")]


def test_a_ticket_passed_on_to_another_person_ends_the_access(stage: Stage) -> None:
    """What Alice was given is not Bob's; for him it would have to be approved anew."""
    with stage.asked() as record:
        stage.given(record)
        stage.tell(record.edit(requested_for=reference(BOB, "Bob Ng")))
        stage.wait("the removal", lambda: not stage.world.in_group())
        stage.wait("its end", lambda: not stage.live_grants(record))
        moves = stage.moves("grant", stage.grant(record)["id"])
        assert moves[-1] == ("revoked", "ticket_passed_on")
        assert [one["state"] for one in stage.requests(record)] == ["approved", "awaiting"]


def test_the_kill_switch_takes_away_at_once(stage: Stage) -> None:
    with stage.asked() as record:
        stage.given(record)
        number = record.columns["number"]
        ident = stage.grant(record)["id"]
        switch = ("revoke", "--ticket", number, "--reason", "a drill")
        assert ident in stage.command(*switch, "--dry-run")
        assert stage.grant(record)["state"] == "active"
        assert ident in stage.command(*switch)  # returns once it is confirmed
        assert not stage.world.in_group()
        assert stage.moves("grant", ident)[-1] == ("revoked", "kill_switch")
        (asked,) = [one for one in stage.entries("operator.revoked") if one["grants"] == [ident]]
        assert re.fullmatch(r"os:[0-9]+@.+", asked["by"])


def test_who_leaves_loses_the_access(stage: Stage) -> None:
    text = (stage.world.config / "directory.yaml").read_text()
    alice = text[text.index("  alice:") : text.index("  alice-admin:")]
    gone = alice.replace("active: true", "active: false")
    with stage.asked() as record:
        stage.given(record)
        with stage.directory((alice, gone)):
            stage.wait("the removal", lambda: not stage.world.in_group())
            stage.wait("its end", lambda: not stage.live_grants(record))
        moves = stage.moves("grant", stage.grant(record)["id"])
        assert moves[-1] == ("revoked", "leaver")
