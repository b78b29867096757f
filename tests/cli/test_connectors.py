"""`connectors`: each target, source and directory is asked once, and what is wrong has a code."""

from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.connectors.platform_http import PlatformHttp, Reply
from tests.connectors.servicenow_table_api import TableApi
from tests.e2e.stage import Stage
from tests.test_channels import api, change, folder, peer

__all__ = ["api", "folder", "peer"]  # fixtures


@pytest.fixture
def asked(folder: Path) -> Terminal:
    """The shipped configuration, whose source is asked; no target of it is there."""
    return Terminal(folder)


@pytest.fixture
def beside_scim(live: Stage, tmp_path: Path) -> Terminal:
    """A copy of a running gateway's configuration, with its SCIM service as a directory too."""
    made = Terminal(tmp_path / "copied")
    made.folder.mkdir()
    for path in live.world.config.rglob("*"):
        if path.is_file() and path.suffix in {".yaml", ".key", ".whsec", ".token", ".password"}:
            place = made.folder / path.relative_to(live.world.config)
            place.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
            place.touch(mode=0o600)
            place.write_bytes(path.read_bytes())
    text = (made.folder / "ticketgate.yaml").read_text()
    (line,) = [one for one in text.splitlines() if one.startswith("directory:")]
    url, group = live.world.scim.url, live.world.group
    scim = (
        f"{{ file: directory.yaml, scim: {{ corp: {{ url: '{url}',"
        f" token: 'file:secrets/scim.token', groups: {{ corp-dba: {{ id: '{group}' }} }} }} }} }}"
    )
    made.edit("ticketgate.yaml", line, f"directory: {scim}")
    return made


def test_what_is_asked_is_listed(asked: Terminal) -> None:
    told = asked.json("connectors", "list")
    assert told == [
        {"name": "file", "what": "directory", "kind": "yaml"},
        {"name": "snow-prod", "what": "source", "kind": "servicenow"},
        {"name": "corp-scim", "what": "target", "kind": "scim"},
    ]
    assert "snow-prod" in asked("connectors", "list").output


def test_a_target_says_who_holds_what_and_what_is_not_there(beside: Terminal) -> None:
    """The group of the second entitlement was never made at this target."""
    (one,) = beside.json("connectors", "check", "corp-scim", code=1)["checked"]
    found = {each["asked"]: each for each in one["found"]}
    assert found["rights"]["said"] == "it answers, and lets access be read and changed"
    assert found["prod-db-admin"]["said"].startswith("held by ")
    assert found["sales-reports"]["code"] == "target_not_found"
    done = beside("connectors", "check", "corp-scim")
    assert done.exit_code == 1
    assert "target corp-scim (scim)" in done.output
    assert "sales-reports: there is no such group [target_not_found]" in done.output


def test_a_target_that_is_not_there_ends_with_3(beside_scim: Terminal, live: Stage) -> None:
    path = beside_scim.folder / "ticketgate.yaml"
    path.write_text(path.read_text().replace(live.world.scim.url, "http://127.0.0.1:9/v2"))
    told = beside_scim.json("connectors", "check", "corp-scim", code=3)
    (found,) = told["checked"][0]["found"]
    assert (told["ok"], found["code"], bool(found["reason"])) == (False, "target_unavailable", True)
    assert beside_scim.json("connectors", "check", "corp", code=3)["checked"][0]["found"] == [
        {
            "asked": "people",
            "code": "directory_unreadable",
            "reason": told_of(beside_scim),
            "next_step": "`ticketgate check` asks it again; until it answers nobody can decide",
        }
    ]


def told_of(terminal: Terminal) -> str:
    """Why the directory cannot be read, as a person is told."""
    line = terminal("connectors", "check", "corp").output.splitlines()[1]
    assert line.startswith("  people: the directory corp cannot be read: ")
    return line.removeprefix("  people: ").partition(" [directory_unreadable]")[0]


def test_a_source_says_that_a_record_is_read_as_a_ticket(asked: Terminal, api: TableApi) -> None:
    (none,) = asked.json("connectors", "check", "snow-prod")["checked"]
    assert {one["said"].partition(",")[0] for one in none["found"]} == {
        "no record was changed within a day"
    }
    change(api)
    (one,) = asked.json("connectors", "check", "snow-prod")["checked"]
    said = {found["asked"]: found["said"] for found in one["found"]}
    assert said["sc_req_item"] == (
        "a record of the last day is read as a ticket; its state '2' is live"
    )


@pytest.mark.parametrize(
    ("status", "code", "ends"),
    [(401, "target_denied", 1), (503, "target_unavailable", 3)],
    ids=["refused", "away"],
)
def test_a_source_that_does_not_tell_has_a_code_for_each_table(
    asked: Terminal,
    peer: PlatformHttp,
    status: int,
    code: str,
    ends: int,
) -> None:
    peer.answer = lambda _: Reply({}, status)
    told = asked.json("connectors", "check", "snow-prod", code=ends)
    assert {one["code"] for one in told["checked"][0]["found"]} == {code}


def test_the_directory_file_is_counted(terminal: Terminal) -> None:
    done = terminal("connectors", "check", "file")
    assert done.exit_code == 0
    assert "directory file (yaml)" in done.output
    assert "active)" in done.output
    assert "read anew for each decision" in done.output


def test_a_directory_beside_it_says_its_people_and_how_fresh_they_are(
    beside_scim: Terminal,
) -> None:
    told = beside_scim.json("connectors", "check", "corp")
    said = {one["asked"]: one["said"] for one in told["checked"][0]["found"]}
    assert said["people"].endswith("1 groups that the settings name")
    assert not said["people"].startswith("0 ")
    assert said["freshness"].startswith("read whole every 5 min;")


def test_what_nobody_is_called_is_usage(terminal: Terminal) -> None:
    done = terminal("connectors", "check", "nobody")
    assert done.exit_code == 2
    assert "there are: corp-scim, file" in done.output
    assert "a source without `poll` only posts" in done.output
