"""`check`: every fault of every file, by file and line."""

import shutil
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from ticketgate.cli.shipped import shipped_config

SECOND_SOURCE = """\
  snow-test:
    kind: servicenow
    scheme: standard_webhooks
    secrets: ["file:secrets/snow-prod.whsec"]
    tables: { incident: {} }

targets:
"""

# what is wrong: (file, old text, new text, text whose line is named, the message)
BAD = {
    "unknown key": (
        "ticketgate.yaml",
        "public_url: https",
        "publik_url: https",
        "publik_url",
        "unknown key 'publik_url'; did you mean 'public_url'?",
    ),
    "duplicate key": (
        "ticketgate.yaml",
        "policy: policy.yaml",
        "policy: policy.yaml\npolicy: other.yaml",
        "policy: other.yaml",
        "the key 'policy' is there twice",
    ),
    "misspelt rule": (
        "policy.yaml",
        '"group:sec-iam", "owner_of:entitlement"',
        '"group:sec-iamm", "owner_of:entitlement"',
        "sec-iamm",
        "the directory has no group 'sec-iamm'; did you mean 'sec-iam'?",
    ),
    "misspelt word of a rule": (
        "policy.yaml",
        "kind: emergency.access",
        "kind: emergency.acess",
        "emergency.acess",
        "did you mean 'emergency.access'?",
    ),
    "impossible duration": (
        "policy.yaml",
        "decide_within: 8h",
        "decide_within: 8 fortnights",
        "8 fortnights",
        "'8 fortnights' is not a duration",
    ),
    "missing secret": (
        "ticketgate.yaml",
        "file:secrets/scim.token",
        "file:secrets/none.token",
        "none.token",
        "none.token cannot be read",
    ),
    "secret that is not in the environment": (
        "ticketgate.yaml",
        "file:secrets/scim.token",
        "env:TICKETGATE_TEST_NOT_SET",
        "TICKETGATE_TEST_NOT_SET",
        "the environment variable TICKETGATE_TEST_NOT_SET is not set",
    ),
    "two sources with one secret": (
        "ticketgate.yaml",
        "\ntargets:\n",
        SECOND_SOURCE,
        "",
        "the source 'snow-prod' has the same secret",
    ),
}


def line_of(path: Path, text: str) -> int:
    """The line on which the text stands."""
    return path.read_text()[: path.read_text().index(text)].count("\n") + 1


@pytest.mark.parametrize("what", BAD)
def test_a_fault_is_told_by_file_and_line(terminal: Terminal, what: str) -> None:
    file, old, new, where, message = BAD[what]
    terminal.edit(file, old, new)
    done = terminal("check")
    assert done.exit_code == 2
    path = terminal.folder / file
    place = f"{path}:{line_of(path, where)}: " if where else f"{path}:"
    told = [line for line in done.stderr.splitlines() if message in line]
    assert told, done.stderr
    assert told[0].startswith(place)
    assert "next: " in done.stderr
    assert "mend the lines named" in done.stderr
    assert not done.stdout


def test_a_secret_that_others_can_read_is_refused(terminal: Terminal) -> None:
    (terminal.folder / "secrets" / "scim.token").chmod(0o640)
    done = terminal("check")
    assert done.exit_code == 2
    path = terminal.folder / "ticketgate.yaml"
    line = line_of(path, "file:secrets/scim.token")
    assert f"{path}:{line}: targets.corp-scim.token: " in done.stderr
    assert "can be read by others; chmod 600" in done.stderr


def test_faults_of_several_files_come_at_once(terminal: Terminal) -> None:
    terminal.edit("policy.yaml", "decide_within: 8h", "decide_within: never")
    terminal.edit("directory.yaml", "manager: bob\n    team: platform", "manager: nobody")
    terminal.edit("ticketgate.yaml", "public_url: https://", "public_url: gopher://")
    faults = terminal.json("check", code=2)["faults"]
    assert {Path(one["file"]).name for one in faults} == {
        "policy.yaml",
        "directory.yaml",
        "ticketgate.yaml",
    }
    assert all(one["line"] > 1 and one["path"] and one["message"] for one in faults)


def test_a_sound_configuration_is_one_line_that_says_what_was_read(terminal: Terminal) -> None:
    done = terminal("check")
    assert done.exit_code == 0
    assert done.stdout.count("\n") == 1
    for part in ("1 source,", "1 target,", "7 rules,", "2 entitlements,", "8 people"):
        assert part in done.stdout


def test_what_was_read_is_there_as_json(terminal: Terminal) -> None:
    found = terminal.json("check")
    assert found["ok"] is True
    assert found["faults"] == []
    assert found["read"]["people"] == 8
    assert len(found["policy"]) == 64


def test_rules_that_read_text_of_no_named_language_are_warned_of(terminal: Terminal) -> None:
    """The control: what `init` writes names one, so nothing is said."""
    warning = "rules or packs are of a language, and the policy does not say of which"
    done = terminal("check")
    assert done.exit_code == 0
    assert f"warning: {warning}" in done.stderr
    assert [one[: len(warning)] for one in terminal.json("check")["warnings"]] == [warning]
    shutil.copyfile(shipped_config() / "policy.yaml", terminal.folder / "policy.yaml")
    assert terminal("check").stderr == ""
    assert terminal.json("check")["warnings"] == []


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["serve"],
        ["explain", "-", "--source", "snow-prod"],
        ["grants", "list"],
        ["revoke", "--person", "alice", "--reason", "drill"],
    ],
    ids=lambda words: str(words[0]),
)
def test_no_configuration_is_a_fault_too(tmp_path: Path, words: list[str]) -> None:
    done = Terminal(tmp_path / "nowhere")(*words)
    assert done.exit_code == 2
    assert f"{tmp_path}/nowhere/ticketgate.yaml:1: " in done.stderr
