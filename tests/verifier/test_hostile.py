"""Bundles that were made to break, mislead or exhaust who reads them."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer
from tests.verifier.bundle_writer import LOG_KEY, Log

from ticketgate.verifier import verify

MEMORY: Final = 400 << 20  # a process that may map no more than this


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Log().story().write(tmp_path / "b")


def asked_within_memory(*words: object) -> int:
    """The exit code of a process of its own, which may not grow."""
    done = subprocess.run(
        [sys.executable, verify.__file__, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done.returncode


# --- what lies in the folder -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "stray", "log/stray", "log/0.jsonl", "log/0000000.jsonl", "log/..000000.jsonl", "log/a/b",
        "checkpoints/007", "checkpoints/x", "snapshots/7.json", "snapshots/65537.json", "..x",
        "proofs/x.txt", "anchors/x.tsr", "tile/64/000", "tile/0/1", "tile/0/x000/000", "new\nline",
        "tile/0/x001/x2/003", "policy.bak", "tile/0/000.p/0", "tile/0/000.p/256",
    ],
)  # fmt: skip
def test_a_file_that_does_not_belong_is_a_fault_of_structure(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).write_bytes(b"")
    answer = Answer(bundle)
    assert (answer.exit, answer.failed) == (1, {"structure"})
    assert answer.structure["first_bad"] == 14


@pytest.mark.parametrize("name", ["README", "verify.py"])
def test_the_verifier_and_its_manual_belong(bundle: Path, name: str) -> None:
    (bundle / name).write_text("x")
    assert Answer(bundle).exit == 0


@pytest.mark.parametrize(
    ("name", "exit_code"),
    [
        ("log/000000.jsonl", 1), ("checkpoint", 1), ("disclosures.jsonl", 1), ("README", 1),
        ("checkpoints", 1), ("origin", 3), ("policy", 3), ("log", 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_link_or_a_pipe_is_never_followed(
    bundle: Path, name: str, exit_code: int, kind: str
) -> None:
    """Also a link to what would be right."""
    path, away = bundle / name, bundle.parent / "away"
    if path.exists():
        path.rename(away)
    if kind == "link":
        path.symlink_to(away)
    else:
        os.mkfifo(path)
    assert Answer(bundle).exit == exit_code
    assert Answer(bundle, "--quick").exit == exit_code


@pytest.mark.parametrize("name", ["origin", "policy", "log/000000.jsonl", "log"])
def test_an_unfinished_copy_cannot_be_read_but_a_lost_segment_is_a_fault(
    bundle: Path, name: str
) -> None:
    (bundle / name).rename(bundle.parent / "away")
    assert Answer(bundle).exit == (1 if "jsonl" in name else 3)


def test_a_bundle_that_is_being_written_cannot_be_read(bundle: Path) -> None:
    (bundle / ".progress").write_text("")
    assert Answer(bundle).exit == 3


@pytest.mark.parametrize("path", ["/no/such/folder", "/dev/null", "a\x00b", "/proc/self/mem"])
def test_what_is_no_folder_cannot_be_read_and_is_named(path: str) -> None:
    answer = Answer(path)
    assert answer.exit == 3
    assert path[:1] in answer.document["error"]


def test_a_disk_error_is_exit_3_and_names_the_file(tmp_path: Path) -> None:
    """Reading this plain file from its start is an error of input."""
    trust = tmp_path / "trust"
    trust.write_text(writer.policy())
    answer = Answer("--proof", "/proc/self/mem", "--trust", trust)
    assert answer.exit == 3
    assert answer.document["error"].startswith("/proc/self/mem: ")


def test_segments_with_a_gap_before_them_are_faults(bundle: Path) -> None:
    (bundle / "log" / "000002.jsonl").write_bytes(b"{}\n")
    answer = Answer(bundle)
    assert answer.failed == {"structure"}
    (bundle / "log" / "000001.jsonl").write_bytes(b"{}\n")
    assert "structure" in Answer(bundle).failed


def test_a_segment_twice_is_a_fault(bundle: Path) -> None:
    (bundle / "log" / "000000.leaves").write_bytes(bytes(32 * 65536))
    assert Answer(bundle).failed == {"structure"}


@pytest.mark.parametrize("size", [0, 1, 32, 32 * 65535, 32 * 65536 + 1])
def test_leaves_of_another_length_are_a_fault(bundle: Path, size: int) -> None:
    (bundle / "log" / "000000.jsonl").unlink()
    (bundle / "log" / "000000.leaves").write_bytes(bytes(size))
    assert "structure" in Answer(bundle).failed


# --- what stands in the lines ------------------------------------------------------------------

TAIL: Final = b',"duplicates":0,"refused":[],"type":"heartbeat"}'
LINES: Final = {
    "huge": b',"a":"' + b"x" * 10_000_000 + b'"',
    "over the limit": b',"a":"' + b"x" * 60_000 + b'"',
    "deep": b',"a":' + b"[" * 25_000 + b"]" * 25_000,
    "unclosed": b',"a":' + b'[{"a":' * 5_000,
    "key twice": b',"a":1,"a":1',
    "nan": b',"a":NaN',
    "infinity": b',"a":-Infinity',
    "digits": b',"a":' + b"7" * 4_300,
    "more digits": b',"a":' + b"7" * 50_000,
    "minus zero": b',"a":-0',
    "fraction": b',"a":1.5',
    "exponent": b',"a":1e2',
    "surrogate": b',"a":"\\ud800"',
    "surrogate in bytes": b',"a":"\xed\xa0\x80"',
    "not utf-8": b',"a":"\xff"',
    "overlong": b',"a":"\xc0\x80"',
    "escape": b',"a":"\\u0041"',
    "escaped slash": b',"a":"\\/"',
    "upper hex": b',"a":"\\u001F"',
    "nul": b',"a":"\x00"',
    "tab": b',"a":"\t"',
    "space": b', "a":1',
    "carriage return": b',"a":"\r"',
    "unsorted": b',"b":1,"a":1',
    "bad key": b',"a b":1',
    "not json": b"}",
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_is_no_canonical_entry_is_a_fault_of_structure(
    tmp_path: Path, name: str
) -> None:
    log = Log().opened().beats(2)
    head = b'{"_prev":"%b","_seq":3,"_ts":"%b"' % (
        log.leaves[-1].hex().encode(),
        log.stamp(3).encode(),
    )
    log.put(head + LINES[name] + TAIL)
    log.beats(2)
    answer = Answer(log.write(tmp_path / "b"))
    assert answer.exit == 1
    assert "structure" in answer.failed
    assert answer.structure["first_bad"] == 3


SEGMENTS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "carriage returns": lambda data: data.replace(b"\n", b"\r\n"),
    "an empty line at the end": lambda data: data + b"\n",
    "no newline at the end": lambda data: data[:-1],
    "an empty line first": lambda data: b"\n" + data,
    "nothing": lambda data: data[:0],
    "zeros": lambda data: bytes(len(data)),
    "half a line more": lambda data: data + b"{}",
    "twice": lambda data: data + data,
    "too many": lambda data: data[:0] + b"[]\n" * 65537,
}


@pytest.mark.parametrize("name", SEGMENTS)
@pytest.mark.parametrize("quick", [[], ["--quick"]])
def test_a_segment_in_another_form_is_a_fault(bundle: Path, name: str, quick: list[str]) -> None:
    path = bundle / "log" / "000000.jsonl"
    path.write_bytes(SEGMENTS[name](path.read_bytes()))
    answer = Answer(bundle, *quick)
    assert answer.exit == 1
    assert "structure" in answer.failed


@pytest.mark.parametrize(
    "name",
    [
        "log/000000.jsonl", "log/000000.leaves", "disclosures.jsonl", "checkpoint", "origin",
        "policy", "snapshots/65536.json", "anchors/5.tsr", "checkpoints/5", "tile/0/000.p/14",
        "tile/entries/000.p/14", "proofs/x.tlog-proof",
    ],
)  # fmt: skip
@pytest.mark.parametrize("filled", [b"", b"[[["])
def test_a_file_without_end_is_judged_in_little_memory(
    bundle: Path, name: str, filled: bytes
) -> None:
    """A terabyte that takes no room on the disk, and three hundred megabytes that nest."""
    path = bundle / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith("leaves"):
        (bundle / "log" / "000000.jsonl").unlink()
    with path.open("wb") as file:
        file.write(filled * 20_000_000 if name.startswith("snapshots") else filled)
        if not name.startswith("snapshots"):
            file.truncate(1 << 40)
    assert asked_within_memory(bundle) == (2 if name == "policy" else 1)


def test_a_million_levels_in_a_snapshot_that_is_used_are_refused(tmp_path: Path) -> None:
    bundle = Log().story().write(tmp_path / "b")
    (bundle / "log" / "000000.jsonl").rename(bundle / "log" / "000001.jsonl")
    (bundle / "log" / "000000.leaves").write_bytes(bytes(32 * 65536))
    (bundle / "snapshots").mkdir()
    (bundle / "snapshots" / "65536.json").write_bytes(b'{"approved":[' + b"[" * 1_000_000)
    assert asked_within_memory(bundle) == 1


def test_ten_thousand_signatures_are_too_many(bundle: Path) -> None:
    path = bundle / "checkpoint"
    text = writer.checkpoint_text(14, writer.root(Log().story().leaves))
    line = LOG_KEY.line(text)
    for count, sound in ((64, True), (65, False), (10_000, False)):
        path.write_text(text.decode() + "\n" + line * count)
        assert Answer(bundle).exit == (0 if sound else 1)


@pytest.mark.parametrize(
    "change",
    [
        ("\n\n", "\n"), ("\n14\n", "\n014\n"), ("\n14\n", "\n+14\n"),
        ("\n14\n", "\n\u0661\u0664\n"),
        ("—", "-"), ("— ", "—  "), ("=\n\n", "\n\n"), ("=\n\n", "=\next\n\n"), ("\n\n", "\n\n\n"),
        ("gate.", "gate\x7f"), ("\n\n", "\n\x85\n"), ("\n14\n", f"\n{2**53}\n"),
        ("\n14\n", "\n" + "9" * 5000 + "\n"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_checkpoint_in_another_form_is_a_fault(bundle: Path, change: tuple[str, str]) -> None:
    path = bundle / "checkpoint"
    text = path.read_text().replace(*change, 1)
    assert text != path.read_text()
    path.write_text(text)
    assert "signed" in Answer(bundle).failed


@pytest.mark.parametrize(
    "text",
    [
        "", "quorum none\n", "log x\nquorum none\n", writer.policy() + "quorum none\n",
        writer.policy() + "more\n", writer.policy(quorum="w"), writer.policy(f"log {LOG_KEY.vkey}"),
        writer.policy(f"witness w {LOG_KEY.vkey}"), writer.policy("group g any", quorum="g"),
        writer.policy(f"witness w {writer.WITNESS.vkey}", "group g 2 w", quorum="g"),
        writer.policy(f"witness w {writer.WITNESS.vkey}", "group g any w w", quorum="g"),
        writer.policy(f"witness w {writer.WITNESS.vkey}", "group g any none", quorum="g"),
        writer.policy("end x 5"), writer.policy(f"end {LOG_KEY.vkey.rsplit('+', 1)[0]} 05"),
        writer.policy("#\r"), writer.policy("# \x7f"), "#" * 70_000, "\ufeff" + writer.policy(),
        f"log {LOG_KEY.vkey.replace('+A', '+B')}\nquorum none\n",
        f"log {LOG_KEY.name}+00000000+{LOG_KEY.vkey.rsplit('+', 1)[1]}\nquorum none\n",
        "\n".join(f"group g{n} any g{n - 1}" for n in range(3000)),
    ],
    ids=range(21),
)  # fmt: skip
def test_a_trust_file_that_cannot_be_used_is_exit_2(bundle: Path, text: str) -> None:
    (bundle / "policy").write_text(text)
    assert Answer(bundle).exit == 2
