"""`evidence decisions`: an auditor sees of each decision how it was made."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.cli.terminal import Terminal
from tests.operations.emergencies import invoke, policy_with
from tests.operations.kit import Gate, folder
from tests.operations.test_automatic import automatic_in, report
from tests.operations.test_claim_emergency import by_hand, claim
from tests.operations.tickets import access_ticket

STRENGTHS: Final = ["automatic", "code", "session", "claimed", "emergency"]


@pytest.fixture(scope="module")
def story() -> Iterator[Path]:
    """By a rule, by a code, by a session, by hand, and in an emergency."""
    with folder() as path:
        gate = Gate(path, automatic_in(policy_with()))
        report(gate)
        gate.settle()
        gate.deliver(access_ticket("t2"))
        gate.run_mail()
        gate.decide("bob")
        gate.run_mail()
        gate.decide("carol", "deny", method="oidc")
        gate.settle()
        by_hand(gate)
        claim(gate)
        gate.settle()
        invoke(gate, "alice")
        gate.settle()
        gate.stop()
        yield gate.path


@pytest.fixture
def past(terminal: Terminal, story: Path) -> Terminal:
    shutil.copy(story, terminal.folder / "data" / "ticketgate.db")
    return terminal


def test_each_decision_is_told_with_its_strength(past: Terminal) -> None:
    told = past.json("evidence", "decisions")
    assert [one["strength"] for one in told["decisions"]] == STRENGTHS
    assert [one["what"] for one in told["decisions"]] == [
        *("approve", "approve", "deny", "claim", "invoke"),
    ]
    assert [one["who"] for one in told["decisions"]] == [
        *("reports@policy.yaml:70", "bob", "carol", "erin", "alice"),
    ]
    assert told["decisions"][-1]["sign_in"] == "step-up"
    assert told["counts"]["automatic"] == told["counts"]["claimed"] == 1
    assert told["counts"]["passkey"] == told["counts"]["unknown"] == told["first"] == 0


def test_a_table_says_so_in_words(past: Terminal) -> None:
    done = past("evidence", "decisions")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["RECORD", "AT", "ABOUT", "WHAT", "WHO", "STRENGTH", "SIGN-IN"]
    assert len(lines) == len(STRENGTHS) + 2
    assert lines[-1].startswith("5 decisions: session 1, code 1, automatic 1, emergency 1")


def test_only_the_strengths_that_were_asked_for_are_told(past: Terminal) -> None:
    asked = ("--strength", "automatic", "--strength", "claimed")
    told = past.json("evidence", "decisions", *asked)
    assert [one["strength"] for one in told["decisions"]] == ["automatic", "claimed"]
    assert past("evidence", "decisions", "--strength", "passkey").stdout == "nothing was decided\n"
    assert past("evidence", "decisions", "--strength", "strong").exit_code == 2
