"""Anchors as they are wired: asked soon after the start, and never about a log that is in doubt."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.adapters.http_peer import certificate_in
from tests.adapters.witness_server import WitnessServer, witnessing
from tests.keys import ORIGIN, key_of
from tests.test_signed_start import beat, copy_of, put_back
from tests.test_wiring import built, copied, records, running, wait_until

from ticketgate.domain.log.checkpoint import Checkpoint, parse_checkpoint
from ticketgate.domain.settings import (
    BucketSettings,
    FolderSettings,
    TsaSettings,
    WitnessSettings,
)
from ticketgate.wiring import commands
from ticketgate.wiring.anchoring import build_anchor
from ticketgate.wiring.gateway import Gateway

SLUG = "gate.example.com_evidence"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "worm").mkdir()
    return copied(tmp_path / "config")


def anchored(folder: Path, *more: str) -> None:
    """Name the folder beside the configuration, and others, as anchors."""
    with (folder / "ticketgate.yaml").open("a") as file:
        file.write("\nanchors:\n- { file: ../worm }\n" + "".join(f"- {one}\n" for one in more))


def witness_line(server: WitnessServer) -> str:
    return f"{{ witness: w1, vkey: '{server.signer.key.text}', url: {server.url} }}"


def outcomes(folder: Path) -> list[tuple[str, str]]:
    found = [one for one in records(folder) if str(one["type"]).startswith("checkpoint.anchor")]
    return [(one["by"], one.get("code", "")) for one in found]


def test_every_anchor_is_asked_soon_after_the_start_and_the_copy_is_cosigned(folder: Path) -> None:
    with witnessing(key_of("alice").public) as server:
        anchored(folder, witness_line(server))
        with running(folder) as gateway:
            wait_until(lambda: len(outcomes(folder)) == 2)
            assert gateway.readiness()["anchors"] == (True, "all vouch")
    assert outcomes(folder) == [("w1", ""), ("file", "")]
    (copy,) = (folder.parent / "worm" / SLUG / "checkpoints").iterdir()
    note = parse_checkpoint(copy.read_bytes()).note
    assert [line.name for line in note.lines] == [ORIGIN, "w.example"]
    assert (folder / "data" / "checkpoints" / copy.name).read_bytes() == copy.read_bytes()


def test_without_anchors_nobody_is_asked_and_readiness_says_so(folder: Path) -> None:
    with running(folder) as gateway:
        wait_until(lambda: all(ok for ok, _ in gateway.readiness().values()))
        assert gateway.readiness()["anchors"] == (True, "none: no anchor outside this host")
    assert outcomes(folder) == []


def test_an_anchor_that_contradicts_the_log_is_an_error_in_the_log(folder: Path) -> None:
    with witnessing(key_of("alice").public) as server, capture_logs() as logs:
        server.seen[ORIGIN] = Checkpoint(ORIGIN, 10_000, b"r" * 32)
        anchored(folder, witness_line(server))
        with running(folder) as gateway:
            wait_until(lambda: len(outcomes(folder)) == 2)
            told = gateway.readiness()["anchors"]
    assert told == (False, "w1 (witness_ahead)")
    assert outcomes(folder) == [("w1", "witness_ahead"), ("file", "")]
    (said,) = [one for one in logs if one["event"] == "anchor.failed"]
    assert (said["log_level"], said["anchor"], said["code"]) == ("error", "w1", "witness_ahead")


def test_a_log_that_is_not_the_signed_one_is_shown_to_nobody(folder: Path) -> None:
    with running(folder) as gateway:
        backup = copy_of(folder, "backup.db")
        beat(gateway, 5)
    put_back(folder, backup)
    anchored(folder)
    gateway = built(folder, restore=True)
    gateway.start()
    assert gateway.lost is not None
    assert "anchors" not in [loop.name for loop in gateway._loops]
    gateway.stop()
    assert list((folder.parent / "worm").iterdir()) == []


def test_with_faults_in_the_configuration_nobody_is_asked(folder: Path) -> None:
    anchored(folder)
    (folder / "policy.yaml").write_text("version: 7\n")
    gateway = Gateway(commands.load_to_revoke(folder, {}))
    assert "anchors" not in [loop.name for loop in gateway._loops]
    gateway.start()
    gateway.stop()


def test_every_kind_of_anchor_has_a_client(tmp_path: Path) -> None:
    cert, _ = certificate_in(tmp_path)
    for settings in (
        WitnessSettings("a", key_of("alice").public, "https://w.example"),
        TsaSettings("b", "https://tsa.example", cert.read_bytes(), "10.0.0.0/8"),
        FolderSettings("c", str(tmp_path)),
        BucketSettings("d", "acme-evidence", "", "eu-central-1", "x", "y", 1),
    ):
        found = build_anchor(settings)
        assert (found.kind, found.name) == (settings.kind, settings.name)
