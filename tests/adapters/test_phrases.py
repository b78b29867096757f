"""The pack of phrases: plain English that asks for access, and plain English that does not."""

from pathlib import Path

import pytest

from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.tickets.identity_event import Verdict
from ticketgate.domain.tickets.ticket import StateClass, Ticket

POLICY = Path(__file__).resolve().parents[2] / "config" / "policy.yaml"


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The one that ships, which names the pack."""
    return load_policy(POLICY)


def said(policy: Policy, text: str) -> Verdict:
    fields = {"short_description": text, "description": "", "category": "", "priority": "3"}
    ticket = Ticket("s", "incident", "1", 1, "1", StateClass.OPEN, "alice", fields=fields)
    return classify(policy, TicketFacts(ticket), traced=False).verdict


@pytest.mark.parametrize(
    "text",
    [
        *("unblock my user and enable it", "my login is blocked", "enable my user in Okta"),
        *("give bob root", "make Bob root", "give me root on prod-db-01", "elevate Bob"),
        *("add my key to authorized_keys", "drop my public key on the jump host"),
        *(
            "ssh to prod for Bob",
            "chmod 777 /srv/payroll for bob",
            "forgot my pass",
            "my pw expired",
        ),
        *("turn off 2-step", "switch off two-step for Mallory", "disable the 2 factor of Dan"),
        *("make Bob a member in the finance AD group", "put Carol in the HR group"),
        *("approve on my behalf", "let Dan take my approvals while I am away"),
        *("clone the profile of Alice", "mirror Alice's setup for Bob", "activate my colleague"),
        *(
            "let Bob see the salary folder",
            "give Bob read on \\\\fs\\finance",
            "Bob must get into SAP",
        ),
    ],
)
def test_plain_english_that_asks_for_access_waits_for_a_person(policy: Policy, text: str) -> None:
    assert said(policy, text) is Verdict.UNCERTAIN


@pytest.mark.parametrize(
    "text",
    [
        *("the printer on floor 3 jams", "root cause analysis of the outage", "monitor flickers"),
        *("please order a new mouse", "Outlook crashes when I open a calendar", "toner is empty"),
        *("wifi is slow in the canteen", "SAP report shows wrong totals", "our website is down"),
        *("the team meeting invitation was sent twice", "can someone give me a headset"),
        *("a block of memory is faulty", "the scanner cannot read double sided pages"),
        *("the copy machine is out of paper", "the group photo is too large to print"),
    ],
)
def test_plain_english_that_asks_for_none_is_acquitted(policy: Policy, text: str) -> None:
    assert said(policy, text) is Verdict.NOT_IDENTITY
