"""Tiles and checkpoints, checked by Go's own `note` and `tlog` (docs/third-party-verification.md).

Needs `go` and the sources of golang.org/x/mod in a GOPATH, as Debian's golang-golang-x-mod-dev has.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest
from tests.cli.terminal import Terminal
from tests.domain.signing import signer
from tests.filled import evidence_of, fill, sign_at
from tests.keys import ORIGIN

from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.adapters.keys.signing_keys import SigningKey, write_keys
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.log.merkle import root_of
from ticketgate.domain.log.note import Note

GOPATH: Final = Path("/usr/share/gocode")
MISSING: Final = [
    what
    for what, there in {
        "go": shutil.which("go"),
        "golang-golang-x-mod-dev": (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir(),
    }.items()
    if not there
]
pytestmark = [
    pytest.mark.sumdb,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

GATE: Final = signer(ORIGIN, "gate")
SIZE: Final = 70_000
OLDER: Final = (1, 255, 256, 257, 65_536, 69_999)
RECORD: Final = 65_537


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker, built from `sumdb/main.go` with no module from anywhere else."""
    folder = tmp_path_factory.mktemp("go")
    settings = {
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "GOPROXY": "off",
    }
    subprocess.run(
        ["go", "build", "-o", folder / "sumdb", Path(__file__).parent / "sumdb" / "main.go"],
        env=os.environ | settings,
        cwd=folder,
        check=True,
    )
    return folder / "sumdb"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `evidence export --tiles` writes of 70,000 records; nothing writes to it after this."""
    folder = tmp_path_factory.mktemp("bundle")
    gate = Terminal(folder / "gate")
    assert gate("init", str(gate.folder)).exit_code == 0
    key = SigningKey(ORIGIN, GATE.secret.private_bytes_raw())
    write_keys(gate.folder / "secrets" / "signing.key", [key])
    database = gate.folder / "data" / "ticketgate.db"
    fill(database, ORIGIN, SIZE)
    signer_of_gate = CheckpointSigner([key], gate.folder / "data" / "checkpoints")
    with evidence_of(database) as evidence:
        for size in OLDER:
            signer_of_gate.add(sign_at(signer_of_gate, evidence, size), ())
    done = gate("evidence", "export", str(folder / "copy"), "--tiles")
    assert done.exit_code == 0, done.output
    return folder / "copy"


Check = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def check(program: Path, bundle: Path) -> Check:
    """Runs the checker over the bundle."""

    def run(vkey: str = GATE.key.text, record: int = RECORD) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, bundle, vkey, str(record)], capture_output=True, text=True, check=False
        )

    return run


def signed(leaves: Sequence[bytes]) -> bytes:
    """A checkpoint, signed by the right key, of a tree of these leaves."""
    text = Checkpoint(ORIGIN, len(leaves), root_of(leaves)).text
    return Note(text, (GATE.line(text),)).encoded()


def flipped(data: bytes, place: int) -> bytes:
    """The bytes with one bit turned."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_go_finds_every_record_tile_and_checkpoint_right(check: Check) -> None:
    done = check()
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout.splitlines()
    assert told[:3] == [
        "checkpoint: signed, 70000 records",
        "entries: 70000 lead to the signed root",
        "tiles: 277 hold the hashes of that tree",  # 273 + 1, 1 + 1, and 1 with one hash
    ]
    assert told[3].startswith(f"inclusion: record {RECORD}, ")
    assert {line.split()[2] for line in told[4:]} == {f"{size}," for size in OLDER}


@pytest.mark.parametrize("record", [0, 255, 256, 65_535, 65_536, SIZE - 1])
def test_go_proves_records_at_the_ends_of_tiles(check: Check, record: int) -> None:
    assert f"inclusion: record {record}, " in check(record=record).stdout


@pytest.mark.parametrize(
    ("name", "place", "fault"),
    [
        ("tile/entries/000", 40, "the root over tile/entries"),
        ("tile/entries/100", -1, "the root over tile/entries"),
        ("tile/entries/273.p/112", 700, "the root over tile/entries"),
        ("tile/entries/100", 0, "an entry in"),
        ("tile/0/000", 0, "hash 0 of level 0"),
        ("tile/0/272", 8191, "hash 69887 of level 0"),
        ("tile/0/273.p/112", 3583, "inconsistent tile"),
        ("tile/1/000", 0, "hash 0 of level 1"),
        ("tile/1/001.p/17", 500, "inconsistent tile"),
        ("tile/2/000.p/1", 31, "inconsistent tile"),
        ("checkpoint", 0, "opening"),
        ("checkpoint", 27, "opening"),
        ("checkpoint", 40, "opening"),
        ("checkpoint", -10, "opening"),
        ("checkpoints/256", 40, "opening"),
    ],
)
def test_one_turned_bit_is_found(
    check: Check, bundle: Path, name: str, place: int, fault: str
) -> None:
    path = bundle / name
    good = path.read_bytes()
    path.write_bytes(flipped(good, place % len(good)))
    try:
        done = check()
    finally:
        path.write_bytes(good)
    assert done.returncode == 1
    assert fault in done.stderr


@pytest.mark.parametrize("name", ["tile/entries/007", "tile/0/007", "tile/2/000.p/1", "checkpoint"])
def test_a_missing_file_is_found(check: Check, bundle: Path, name: str) -> None:
    path = bundle / name
    good = path.read_bytes()
    path.unlink()
    try:
        done = check()
    finally:
        path.write_bytes(good)
    assert done.returncode == 1
    assert "no such file" in done.stderr


def test_another_history_that_the_log_signed_is_found(check: Check, bundle: Path) -> None:
    """The signature is good: only the consistency proof tells."""
    path = bundle / "checkpoints" / "256"
    good = path.read_bytes()
    path.write_bytes(signed([bytes(32)] * 256))
    try:
        done = check()
    finally:
        path.write_bytes(good)
    assert done.returncode == 1
    assert "consistency with" in done.stderr


def test_another_key_opens_nothing(check: Check) -> None:
    other = signer(GATE.key.name, "mallory").key.text
    done = check(vkey=other)
    assert done.returncode == 1
    assert "opening" in done.stderr
