"""The example of docs/api.md, as it stands there, by curl against a real server."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.operations.lane import Lane
from tests.web.test_api import lane
from tests.web.test_triage_page import app_of
from tests.web.wire import Door, front, running

__all__ = ["lane"]
TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
CURL = shutil.which("curl")


@pytest.fixture
def gate(lane: Lane) -> Iterator[str]:
    """The address of a gateway that serves the pages and the API."""
    with running(front(Door(), app_of(lane), public_url="http://127.0.0.1:8080")) as server:
        yield f"http://127.0.0.1:{server.port}"


def play(block: str, folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a block of the example; the first command that fails ends it."""
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", block],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def example(lane: Lane, gate: str, folder: Path, code: str = "") -> tuple[int, str]:
    """Play it as Bob, with the code of his mail unless another one is given: (status, output)."""
    ask, say = re.findall(r"```shell\n(.*?)```", TEXT, re.DOTALL)
    address = lane.gate.directory.people["bob"].mail
    asked = play(ask, folder, GATE=gate, ADDRESS=address)
    assert asked.returncode == 0, asked.stderr
    lane.gate.run_mail()
    (mailed,) = re.findall(r"\b\d{8}\b", lane.gate.post.to(address)[-1].text)
    helpers = "\n".join(line for line in ask.splitlines() if "() {" in line)
    said = play(f"{helpers}\n{say}", folder, GATE=gate, CODE=code or mailed)
    return said.returncode, said.stdout


@pytest.mark.skipif(CURL is None, reason="the example is of curl, which is not installed here")
def test_the_example_signs_in_and_says_what_a_ticket_is(
    lane: Lane, gate: str, tmp_path: Path
) -> None:
    status, output = example(lane, gate, tmp_path)
    assert status == 0
    said = json.loads(output)
    assert said["said"] == "identity"
    record = lane.gate.records()[said["evidence"]["index"]]
    assert (record["type"], record["cause"]) == ("ticket.classified", "triage")
    assert lane.verdicts()[-1] == ("uncertain", "identity", "triage")


@pytest.mark.skipif(CURL is None, reason="the example is of curl, which is not installed here")
def test_with_another_code_the_example_reads_and_says_nothing(
    lane: Lane, gate: str, tmp_path: Path
) -> None:
    """The control: curl ends with 22, as the answer is 401."""
    assert example(lane, gate, tmp_path, code="00000000") == (22, "")
    assert (tmp_path / "list.json").read_text() == ""
    assert len(lane.verdicts()) == 1
