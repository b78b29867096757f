"""`surface import`: what an export says, printed; stored only when asked."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Terminal

RULE = {
    "sys_class_name": "sys_script",
    "sys_id": "r1",
    "name": "Approve \x1b[2J for all",
    "collection": "sysapproval_approver",
    "sys_updated_by": "alice.moreau",
    "script": "if (timeout) current.approval = 'approved';",
}
OTHER = {"sys_class_name": "sys_ui_page", "sys_id": "p1"}


@pytest.fixture
def export(tmp_path: Path) -> str:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"result": [RULE, OTHER]}))
    return str(path)


def stored(terminal: Terminal) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = terminal.json("surface", "list")
    return found


def test_what_touches_access_is_listed_and_what_was_not_looked_at_told(
    terminal: Terminal, export: str
) -> None:
    done = terminal("surface", "import", export)
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert "approval field, sysapproval_approver" in done.stdout
    assert "timeout_approves: its text has both" in done.stdout
    assert "not looked at: 1 of table 'sys_ui_page'" in done.stderr
    assert stored(terminal) == []


def test_as_json_it_is_one_document(terminal: Terminal, export: str) -> None:
    document = terminal.json("surface", "import", export, "--source", "snow-prod")
    (row,) = document["found"]
    assert (row["id"], row["notes"]) == ("r1", ["timeout_approves"])
    assert (document["read"], document["others"]) == (1, {"sys_ui_page": 1})


def test_it_is_stored_when_asked(terminal: Terminal, export: str) -> None:
    assert terminal("surface", "import", export, "--record", "--source", "snow-prod").exit_code == 0
    (row,) = stored(terminal)
    assert (row["origin"], row["source"], row["table"]) == ("import", "snow-prod", "sys_script")
    assert (row["automation"], row["unowned"]) == ("r1", True)
    assert row["kinds"] == ["approval field", "sysapproval_approver", "timeout_approves"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--record",), "--record needs --source"),
        (("--source", "snow-prd"), "there is no source 'snow-prd'"),
    ],
)
def test_a_wrong_use_is_told(
    terminal: Terminal, export: str, options: tuple[str, ...], reason: str
) -> None:
    done = terminal("surface", "import", export, *options)
    assert done.exit_code == 2
    assert reason in done.stderr


def test_what_is_no_export_is_exit_2_with_its_place(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"result": [{"name": "x"}]}')
    done = terminal("surface", "import", str(path))
    assert done.exit_code == 2
    assert "bad.json: result[0]: does not tell its table" in done.stderr
    assert terminal("surface", "import", str(tmp_path / "none.json")).exit_code == 2


def test_an_export_without_anything_says_so(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    path.write_text("[]")
    assert terminal("surface", "import", str(path)).stdout == "nothing in it touches access\n"


def flow(values: str, ident: str = "f1") -> dict[str, str]:
    return {"sys_class_name": "sys_hub_action_instance_v2", "sys_id": ident, "values": values}


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode())).decode()


ADDS = json.dumps([{"name": "table_name", "value": "sys_user_grmember"}])


def test_what_a_flow_holds_compressed_is_looked_at(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps([flow(packed(ADDS)), flow(packed("[]"), "f2")]))
    document = terminal.json("surface", "import", str(path))
    assert [(one["id"], one["touches"]) for one in document["found"]] == [
        ("f1", ["sys_user_grmember"])
    ]
    assert (document["read"], document["unread"]) == (2, [])
    path.write_text(json.dumps([flow(packed("[]"))]))
    assert terminal("surface", "import", str(path)).stdout == "nothing in it touches access\n"


def test_what_could_not_be_read_is_never_nothing(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps([flow(packed(ADDS)[:-8])]))
    done = terminal("surface", "import", str(path))
    assert done.exit_code == 3
    assert "nothing in it" not in done.stdout
    assert "nothing that could be read touches access" in done.stdout
    assert "1 record could not be read" in done.stdout
    assert "flow.json: [0]" in done.stderr or "flow.json[0]" in done.stderr
    document = terminal.json("surface", "import", str(path), code=3)
    assert (document["found"], document["read"]) == ([], 0)
    assert document["unread"][0]["field"] == "values"


def test_of_very_many_that_could_not_be_read_some_are_named(
    terminal: Terminal, tmp_path: Path
) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps([flow(packed(ADDS)[:-8], str(one)) for one in range(30)]))
    done = terminal("surface", "import", str(path))
    assert done.exit_code == 3
    assert "30 records could not be read" in done.stdout
    assert done.stderr.count("field 'values'") == 20
    assert "not read: 10 more" in done.stderr


def test_what_was_found_beside_it_is_stored_all_the_same(
    terminal: Terminal, tmp_path: Path
) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps([flow(packed(ADDS)), flow("H4sIAAAA", "f2")]))
    done = terminal("surface", "import", str(path), "--record", "--source", "snow-prod")
    assert done.exit_code == 3
    assert [one["automation"] for one in stored(terminal)] == ["f1"]
