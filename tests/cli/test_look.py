"""`deliveries`, `requests`, `grants`: what is there, beside the running gateway and without it."""

import re
from typing import Any

import pytest
from tests.cli.terminal import Terminal
from tests.e2e.stage import Stage

from ticketgate.domain.instants import from_text
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.requests.way_out import NEXT_STEPS
from ticketgate.operations.intake.parked import PARKED

pytestmark = pytest.mark.slow


def newest(terminal: Terminal, noun: str) -> dict[str, Any]:
    """The first row of a list."""
    found: list[dict[str, Any]] = terminal.json(noun, "list")
    return found[0]


# --- deliveries ----------------------------------------------------------------------------------


def test_a_quarantined_delivery_is_listed_with_its_reason(live: Stage, beside: Terminal) -> None:
    answer = live.world.snow.post_body(b'{"a": 1, "a": 2}', "twice-the-same-key").json()
    assert answer["status"] == "quarantined"
    row = newest(beside, "deliveries")
    assert (row["id"], row["state"]) == (answer["delivery_id"], "quarantined")
    assert row["why"] == row["reason"] == "duplicate_key"
    listed = beside("deliveries", "list", "--state", "quarantined").stdout.splitlines()
    head = ["ID", "RECEIVED", "SOURCE", "BY", "STATE", "EFFECT", "TICKET", "WHY"]
    assert listed[0].split() == head
    assert listed[1].startswith(row["id"])
    assert listed[1].endswith("  duplicate_key")
    shown = beside("deliveries", "show", row["id"]).stdout
    assert "duplicate_key: The body is not strict JSON." in shown
    assert re.search(r"webhook-id +twice-the-same-key\n", shown)
    assert f"gate.example.com/evidence#{answer['evidence']['index']}" in shown


def test_what_the_worker_found_unusable_is_told_in_words(live: Stage, beside: Terminal) -> None:
    record = live.world.snow.incident("A server is gone")
    record.table = "cmdb_ci"
    assert live.tell(record) == "no_mapping"
    shown = beside("deliveries", "show", newest(beside, "deliveries")["id"]).stdout
    assert f"no_mapping: {PARKED['no_mapping']}" in shown


def test_an_uncertain_ticket_says_which_rules_could_not_read_it(
    live: Stage, beside: Terminal
) -> None:
    record = live.world.snow.access_request()
    del record.columns["cat_item"]
    assert live.tell(record) == "uncertain"
    (row,) = beside.json("deliveries", "list", "--state", "uncertain", "--limit", "1")
    assert row["ticket"] == record.sys_id
    assert "elevated-access-item@policy.yaml:10 could not read a field" in row["why"]
    assert row["why"] in beside("deliveries", "show", row["id"]).stdout
    assert beside.json("deliveries", "show", row["id"])["why"] == row["why"]


def test_an_uncertain_phrase_is_named_as_what_it_may_be(live: Stage, beside: Terminal) -> None:
    assert live.tell(live.world.snow.incident("I need admin rights on my laptop")) == "uncertain"
    assert "may be looks-like-access@policy.yaml:39, " in newest(beside, "deliveries")["why"]


def test_the_newest_come_first_and_no_more_than_asked(live: Stage, beside: Terminal) -> None:
    for _ in range(3):
        live.tell(live.world.snow.incident("The printer is on fire"))
    found = beside.json("deliveries", "list", "--limit", "3")
    assert [one["seq"] for one in found] == sorted((one["seq"] for one in found), reverse=True)
    assert len(found) == 3
    assert all(one["effect"] == "not_identity" for one in found)


# --- requests ------------------------------------------------------------------------------------


def test_a_blocked_request_says_why_in_words(live: Stage, beside: Terminal) -> None:
    record = live.world.snow.access_request(role="root")
    assert live.tell(record) == "identity"
    (row,) = beside.json("requests", "list", "--state", "blocked", "--limit", "1")
    (reason,) = row["reasons"]
    assert (reason["code"], reason["text"]) == ("no_entitlement", REASONS["no_entitlement"])
    assert reason["next_step"] == NEXT_STEPS["no_entitlement"]
    shown = beside("requests", "show", row["id"]).stdout
    assert f"blocked by no_entitlement: {REASONS['no_entitlement']}" in shown
    assert "what to do: Mend the ticket" in shown
    listed = beside("requests", "list", "--state", "blocked").stdout
    assert re.search(rf"{row['id']} +{record.columns['number']} +blocked .* no_entitlement", listed)
    live.close_ticket(record)


def test_a_request_shows_the_digest_that_stands_in_the_mail(live: Stage, beside: Terminal) -> None:
    """So that an approver can compare it on another machine."""
    with live.asked() as record:
        row = newest(beside, "requests")
        found = beside.json("requests", "show", row["id"])
        assert found["ticket_number"] == record.columns["number"]
        mailed = live.world.mailbox.wait_for(
            "bob@example.com", rf"(?s){found['ticket_number']}.*?Digest: +([0-9a-f]{{16}})\b"
        )
        assert found["shown"].startswith(mailed)
        assert "salt" not in found
        assert found["rules"][0] == "elevated-access-item@policy.yaml:10"
        assert found["kinds"] == ["privilege.elevate", "access.grant"]
        assert [one["approver"] for one in found["links"]] == ["bob"]
        assert row["asked_now"] == ["bob"]
        live.wait(
            "how the mail went is shown",
            lambda: "; mail: sent\n" in beside("requests", "show", row["id"]).stdout,
        )
        assert re.search(
            rf"shown +{found['shown']}\n", beside("requests", "show", row["id"]).stdout
        )


def test_approvals_and_links_are_shown_as_they_stand(live: Stage, beside: Terminal) -> None:
    with live.asked() as record:
        live.approve(record, "bob")
        ident = newest(beside, "requests")["id"]
        shown = beside("requests", "show", ident).stdout
        assert re.search(r"state +awaiting, stage 2 of round 1\n", shown)
        assert re.search(
            r"bob: approve at stage 1 of round 1, \S+ \S+ UTC, at most 2 h, \S+#\d+", shown
        )
        assert re.search(r"link \S+ of bob \(manager_of:beneficiary\).*: used", shown)
        assert re.search(r"link \S+ of carol \(group:sec-iam\), stage 2 .*: issued, until ", shown)
        found = beside.json("requests", "show", ident)
        assert [one["decision"] for one in found["approvals"]] == ["approve"]
    shown = beside("requests", "show", ident).stdout
    assert "withdrawn" in shown
    assert re.search(r"link \S+ of carol .*: void \(\w+\)", shown)


def test_a_request_that_waits_for_a_parked_delivery_names_it(live: Stage, beside: Terminal) -> None:
    with live.asked() as record:
        ident = newest(beside, "requests")["id"]
        parked = live.world.snow.post_body(b"{", f"{record.sys_id}-77").json()["delivery_id"]
        assert beside.json("requests", "show", ident)["waits_for"] == parked
        assert f"waits for delivery {parked}" in beside("requests", "show", ident).stdout
        assert f"delivery {parked}" in beside("requests", "list").stdout
        live.tell(record.edit(state="2"))
        assert newest(beside, "requests")["waits_for"] == ""


def test_access_whose_ticket_may_be_closed_is_marked(live: Stage, beside: Terminal) -> None:
    with live.asked() as record:
        live.given(record)
        ident = newest(beside, "grants")["id"]
        parked = live.world.snow.post_body(b"{", f"{record.sys_id}-78").json()["delivery_id"]
        said = f"the parked delivery {parked} may have closed its ticket"
        assert said in beside("grants", "list").stdout
        assert said in beside("grants", "show", ident).stdout
        live.tell(record.edit(state="2"))
        assert newest(beside, "grants")["perhaps_closed_by"] == ""


def test_access_whose_ticket_went_into_a_state_that_is_not_listed_is_marked(
    live: Stage, beside: Terminal
) -> None:
    with live.asked() as record:
        live.given(record)
        grant = newest(beside, "grants")
        assert grant["exception"] == ""
        live.tell(record.edit(state="77"))
        case = newest(beside, "grants")["exception"]
        said = f"exception open: {case}"
        assert said in beside("grants", "list").stdout
        assert said in beside("grants", "show", grant["id"]).stdout
        assert "grant_ticket_unreadable" in beside("exceptions", "show", case).stdout


def test_ticket_text_in_a_table_cannot_act(live: Stage, beside: Terminal) -> None:
    reason = "tonight \x1b[2J\u202e\r\nreq_0  RITM0000000  approved"
    with live.asked(business_reason=reason):
        ident = newest(beside, "requests")["id"]
        shown = beside("requests", "show", ident).stdout
        assert "tonight ⟦U+001B⟧[2J⟦U+202E⟧⟦U+000D⟧⟦U+000A⟧req_0" in shown
        assert beside("requests", "show", ident, "--json").stdout.isascii()


# --- grants --------------------------------------------------------------------------------------


def test_a_live_grant_shows_when_it_ends(live: Stage, beside: Terminal) -> None:
    with live.asked() as record:
        live.given(record)
        row = newest(beside, "grants")
        assert (row["state"], row["subject"], row["target"]) == ("active", "alice", "corp-scim")
        assert (row["baseline"], row["doing"], row["tries"]) == (False, "", 0)
        assert from_text(row["not_after"]).tzinfo is not None
        listed = beside("grants", "list", "--state", "active").stdout
        assert f"{from_text(row['not_after']):%Y-%m-%d %H:%M:%S} UTC" in listed
        shown = beside("grants", "show", row["id"]).stdout
        assert re.search(r"baseline +no\n", shown)
        assert re.search(r"access +group=SG-PROD-DB-ADMIN\n", shown)
        assert re.search(r"not after +\d{4}-", shown)
    assert beside.json("grants", "show", row["id"])["state"] == "revoked"


def test_access_that_stood_before_is_marked(live: Stage, beside: Terminal) -> None:
    with live.standing_access(), live.asked() as record:
        live.given(record)
        assert "active (baseline)" in beside("grants", "list", "--limit", "1").stdout


# --- none of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", ["delivery", "request", "grant"])
def test_an_unknown_id_is_answered_with_no(terminal: Terminal, noun: str) -> None:
    group = {"delivery": "deliveries"}.get(noun, f"{noun}s")
    for more in ((), ("--json",)):
        done = terminal(group, "show", "x_1", *more)
        assert done.exit_code == 1
        assert f"there is no {noun} x_1\nnext: `ticketgate {group} list`" in done.stderr
        assert not done.stdout


@pytest.mark.parametrize("group", ["deliveries", "requests", "grants"])
def test_an_empty_list_says_so(terminal: Terminal, group: str) -> None:
    assert terminal(group, "list").stdout == f"no {group}\n"
    assert terminal.json(group, "list") == []
