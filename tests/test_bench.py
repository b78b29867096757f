"""`make bench` runs from end to end and proves what it counts; no figure is judged here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
RUN: Final = ROOT / "bench" / "run.py"
SECONDS_MAX: Final = 240


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """(what a quick run prints, the figures that it writes)."""
    figures = tmp_path_factory.mktemp("bench") / "figures.json"
    command = [sys.executable, str(RUN), "--quick", "--json", str(figures)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(figures.read_text())


@pytest.mark.slow
def test_the_bench_names_its_denominators(ran: tuple[str, dict[str, Any]]) -> None:
    text, figures = ran
    assert set(figures["denominators"]) == {"ticketgate", "no-op", "commit per request"}
    for name, meaning in figures["denominators"].items():
        assert name in text
        assert meaning in text


@pytest.mark.slow
def test_each_ratio_is_of_two_servers_in_the_same_round(ran: tuple[str, dict[str, Any]]) -> None:
    _, figures = ran
    rates = {(one["server"], one["clients"]): one["per_second"] for one in figures["samples"]}
    assert len(rates) == 6
    for ratio in figures["ratios"]:
        peer, clients = ratio["over"], ratio["clients"]
        expected = rates["ticketgate", clients] / rates[peer, clients]
        assert ratio["rounds"] == [pytest.approx(expected)]


@pytest.mark.slow
def test_every_acknowledgement_is_a_stored_delivery(ran: tuple[str, dict[str, Any]]) -> None:
    text, figures = ran
    assert "no delivery lost, none doubled" in text
    sustained = figures["sustained"]
    assert sustained["sample"]["refused"] == sustained["sample"]["broken"] == 0
    assert 0 < sustained["sample"]["answers"] <= sustained["proven"]["deliveries"]
    assert sustained["proven"]["entries"] <= figures["entries_verified"]


@pytest.mark.slow
def test_evidence_is_measured_over_the_same_bytes(ran: tuple[str, dict[str, Any]]) -> None:
    text, figures = ran
    found = figures["evidence"]
    assert found["records"] == 3_000
    assert 500 < found["bytes"] / found["records"] < 700
    assert set(found["runs"]) == {
        *("file_digest", "quick, one process", "quick, two processes", "strict"),
        *("gateway, quick", "gateway, strict"),
    }
    assert all(run["seconds"] > 0 for runs in found["runs"].values() for run in runs)
    for words in ("over file_digest", "append over the bare insert", "inclusion proof", "export:"):
        assert words in text


@pytest.mark.slow
def test_classifying_is_measured_over_the_same_ticket(ran: tuple[str, dict[str, Any]]) -> None:
    text, figures = ran
    spent = figures["classify"]["microseconds"]
    hostile = {"hostile", "disguised"}
    ways = {"json.loads", "explained", "traced", "lean", "weights", "languages", *hostile}
    assert set(spent) == ways
    assert all(one > 0 for one in spent.values())
    assert "classifying one ticket over json.loads" in text


@pytest.mark.slow
def test_a_backtest_is_measured_for_both_kinds_of_change(ran: tuple[str, dict[str, Any]]) -> None:
    text, figures = ran
    found = figures["backtest"]
    assert set(found["seconds"]) == {"approve", "classify"}
    for took in (found["start"], *found["seconds"].values()):
        assert set(took) == {"wall", "processor"}
        assert all(one > 0 for one in took.values())
    assert f"policy backtest of {found['revisions']:,} recorded revisions" in text


@pytest.mark.slow
def test_every_page_is_measured_over_a_grown_store_and_a_small_one(
    ran: tuple[str, dict[str, Any]],
) -> None:
    text, figures = ran
    found = figures["pages"]
    for page in ("/console (approver)", "/console/requests (operator)", "/restore (operator)"):
        assert page in found["pages"]
        assert page in text
    assert all(one > 0 for taken in found["pages"].values() for one in taken)
    assert all(one > 0 for one in found["decisions"])
    assert "housekeeping: the first round" in text
