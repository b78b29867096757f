"""`policy`: what is allowed, handled as code."""

import json
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket

from ticketgate.domain.tickets.identity_event import KIND_MEANINGS

ROOT = Path(__file__).resolve().parents[2]


def test_every_kind_is_listed_with_what_it_means(terminal: Terminal) -> None:
    said = terminal("policy", "kinds").stdout.splitlines()
    assert [line.split()[0] for line in said] == list(KIND_MEANINGS)
    assert all(line.endswith(KIND_MEANINGS[line.split()[0]]) for line in said)


def test_the_kinds_are_there_as_json(terminal: Terminal) -> None:
    found = terminal.json("policy", "kinds")
    assert {one["kind"]: one["meaning"] for one in found} == dict(KIND_MEANINGS)


def test_the_schema_is_printed_as_it_stands_in_docs(terminal: Terminal) -> None:
    done = terminal("policy", "schema")
    assert json.loads(done.stdout) == json.loads((ROOT / "docs/policy.schema.json").read_text())


def with_text(terminal: Terminal, old: str, new: str) -> str:
    """A copy of the configured policy with one text replaced."""
    text = (terminal.folder / "policy.yaml").read_text()
    assert text.count(old) == 1, old
    path = terminal.folder / "new.yaml"
    path.write_text(text.replace(old, new))
    return str(path)


def test_a_loosening_is_told_with_its_reason_and_fails_if_asked_to(terminal: Terminal) -> None:
    new = with_text(
        terminal, "default: 2h, max: 4h, hard_max: 8h", "default: 2h, max: 6h, hard_max: 8h"
    )
    done = terminal("policy", "diff", new, "--fail-if", "loosened")
    assert done.exit_code == 1
    assert "loosened: 1 change" in done.stdout
    assert "limits { tier: high } (new.yaml:" in done.stdout
    assert "    - 4 h\n    + 6 h\n    longer access\n" in done.stdout
    assert terminal("policy", "diff", new).exit_code == 0
    assert terminal("policy", "diff", new, "--fail-if", "tightened").exit_code == 0


def test_a_comment_is_no_difference(terminal: Terminal) -> None:
    new = with_text(terminal, "version: 1\n", "# a comment\nversion: 1\n")
    done = terminal("policy", "diff", new, "--fail-if", "loosened")
    assert (done.exit_code, done.stdout) == (0, "nothing is different in meaning\n")


def test_a_new_entitlement_is_told_as_json(terminal: Terminal) -> None:
    new = with_text(terminal, "id: sales-reports", "id: sales-figures")
    found = terminal.json("policy", "diff", new)
    told = [(one["section"], one["id"], one["what"], one["direction"]) for one in found["changes"]]
    assert told == [
        ("entitlements", "sales-figures", "added", "loosened"),
        ("entitlements", "sales-reports", "removed", "tightened"),
    ]
    assert found["difference"] == "loosened"
    assert "cannot be asked for any more" in terminal("policy", "diff", new).stdout


def test_a_faulty_new_policy_is_told_by_line(terminal: Terminal) -> None:
    done = terminal("policy", "diff", with_text(terminal, "mode: enforce", "mode: enforced"))
    assert done.exit_code == 2
    assert "new.yaml:5: mode: unknown word 'enforced'" in done.stderr


@pytest.fixture
def shipped(tmp_path: Path) -> Terminal:
    """A folder as `init` makes it."""
    made = Terminal(tmp_path / "shipped")
    assert made("init", str(made.folder)).exit_code == 0
    return made


def test_the_shipped_cases_pass_and_use_every_rule(shipped: Terminal) -> None:
    found = shipped.json("policy", "test")
    assert found["cases"]
    assert [one["name"] for one in found["cases"] if not one["ok"]] == []
    assert found["never_used"] == []


CASE = """\
version: 1
now: 2026-11-26T09:00:00Z
cases:
  - name: the sample is of low risk
    ticket: { source: snow-prod, file: sample-ticket.json }
    expect: { verdict: identity, tier: low }
"""


def test_a_case_that_fails_tells_what_was_expected_and_seen(terminal: Terminal) -> None:
    path = terminal.folder / "other_test.yaml"
    path.write_text(CASE)
    done = terminal("policy", "test", str(path))
    assert done.exit_code == 1
    assert f"FAIL the sample is of low risk ({path}:4)" in done.stdout
    assert f'{path}:6: tier\n         expected "low"\n         seen     "high"' in done.stdout
    assert "1 case, 1 failed" in done.stdout
    assert "never used: classify talks-of-break-glass (policy.yaml:" in done.stdout
    told = terminal.json("policy", "test", str(path), code=1)
    assert told["cases"][0]["missed"][0]["seen"] == "high"


def test_faults_of_all_test_files_are_told_at_once(terminal: Terminal) -> None:
    for name in ("a_test.yaml", "b_test.yaml"):
        (terminal.folder / name).write_text(CASE.replace("tier:", "teir:"))
    done = terminal("policy", "test")
    assert done.exit_code == 2
    assert "a_test.yaml:6: " in done.stderr
    assert "b_test.yaml:6: " in done.stderr


def test_without_a_test_file_there_is_nothing_to_pass(terminal: Terminal) -> None:
    (terminal.folder / "policy_test.yaml").unlink()
    done = terminal("policy", "test")
    assert done.exit_code == 2
    assert "there is no *_test.yaml" in done.stderr


@pytest.fixture
def recorded(terminal: Terminal) -> Terminal:
    """A store in which a request of Alice's was approved."""
    terminal.edit("ticketgate.yaml", "store: data/ticketgate.db", "store: data/gate.db")
    gate = Gate(terminal.folder / "data")
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.stop()
    return terminal


def test_what_was_recorded_is_replayed_through_a_new_policy(recorded: Terminal) -> None:
    new = with_text(
        recorded, "default: 2h, max: 4h, hard_max: 8h", "default: 1h, max: 1h, hard_max: 8h"
    )
    command = ("policy", "backtest", new, "--since", "36500d")
    done = recorded(*command, "--fail-if", "loosened")
    assert done.exit_code == 0
    assert "1 recorded revision (0 erased), 1 approved request (0 erased)" in done.stdout
    assert "tightened:\n  limits, entitlement prod-db-admin: shorter access\n" in done.stdout
    assert "    1, such as tkt_" in done.stdout
    assert "RITM" not in done.stdout
    assert recorded(*command, "--fail-if", "tightened").exit_code == 1
    (group,) = recorded.json(*command, "--show")["groups"]
    assert (group["direction"], group["count"]) == ("tightened", 1)
    assert group["example"]["number"]


def test_what_is_older_than_asked_for_is_left_out(recorded: Terminal) -> None:
    done = recorded("policy", "backtest", str(recorded.folder / "policy.yaml"), "--since", "1s")
    assert "0 recorded revisions" in done.stdout
    assert "nothing would be otherwise" in done.stdout


@pytest.mark.parametrize("since", ["soon", "0d", "9999999d", ""])
def test_a_span_that_is_none_is_refused(recorded: Terminal, since: str) -> None:
    done = recorded("policy", "backtest", str(recorded.folder / "policy.yaml"), "--since", since)
    assert done.exit_code == 2
    assert "no time span" in done.stderr


def test_shadow_mode_is_told_by_check_and_by_the_difference(shipped: Terminal) -> None:
    assert "shadow" not in shipped("check").stderr
    new = with_text(shipped, "mode: enforce", "mode: shadow")
    assert shipped.json("policy", "diff", new)["difference"] == "other"
    shipped.edit("policy.yaml", "mode: enforce", "mode: shadow")
    done = shipped("check")
    assert done.exit_code == 0
    assert "warning: the policy is in shadow mode" in done.stderr
    assert shipped.json("check")["mode"] == "shadow"
    again = with_text(shipped, "mode: shadow", "mode: enforce")
    assert shipped.json("policy", "diff", again)["difference"] == "loosened"
    assert shipped("policy", "test").exit_code == 0
