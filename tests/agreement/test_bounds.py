"""Bad input in bounded memory and time, and what cannot be read: as processes, and in this one."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from tests.agreement.both import NOW, SOURCES, VERIFY_PY, Asked, agreed, by_gateway, by_stand_alone
from tests.agreement.bundles import DISCLOSURES, SEGMENT_0, laid_out
from tests.agreement.catching import FILES, by_command_lines

pytestmark = pytest.mark.untraced

RSS_MAX: Final = 150 * 1024  # KiB
SECONDS_MAX: Final = 60
HUGE: Final = 3 << 30
FILES_MAX: Final = 250_000
# A child of this process would start with its size: what is measured is started by a small one.
LAUNCHER: Final = """
import json, os, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([done.returncode, most, done.stdout, done.stderr]))
"""
GATEWAY: Final = ["-c", "from ticketgate.cli.main import main; main()", "evidence", "verify"]
PROGRAMS: Final = (GATEWAY, ["-I", str(VERIFY_PY)])


def exits(folder: Path) -> list[int]:
    """Exit codes of both as processes, whose memory and time are held to the bounds."""
    codes = []
    for program in PROGRAMS:
        words = [sys.executable, *program, str(folder), "--json", "--now", str(NOW)]
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-I", "-c", LAUNCHER, *words],
            env=os.environ | {"PYTHONPATH": str(SOURCES)},
            capture_output=True,
            check=True,
            timeout=2 * SECONDS_MAX,
        )
        code, most, out, err = json.loads(done.stdout)
        assert "Traceback" not in err, err
        assert json.loads(out)["exit"] == code
        assert most < RSS_MAX, (program, most)
        assert time.monotonic() - begun < SECONDS_MAX, program
        codes.append(code)
    return codes


def huge(path: Path) -> None:
    """Three gigabytes that take no room."""
    with path.open("ab") as file:
        file.truncate(HUGE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code"),
    [(SEGMENT_0, 1), (DISCLOSURES, 1), ("checkpoint", 1), ("policy", 2), ("README", 0)],
)
def test_a_file_of_three_gigabytes_is_judged_in_little_memory(
    space: Path, name: str, code: int
) -> None:
    bundle = laid_out(space / "b", FILES | {name: FILES.get(name, b"")})
    huge(bundle / name)
    assert exits(bundle) == [code, code]


@pytest.mark.slow
def test_more_files_than_a_bundle_has_are_not_judged(space: Path) -> None:
    """Those that no bundle has are counted and not kept; of the others there is a most."""
    bundle = laid_out(space / "b", FILES | {"proofs/x.tlog-proof": b""})
    for number in range(20_000):
        os.link(bundle / "policy", bundle / f"stray{number}")
    assert exits(bundle) == [1, 1]
    for number in range(FILES_MAX):
        os.link(bundle / "policy", bundle / "proofs" / f"{number}.tlog-proof")
    assert exits(bundle) == [3, 3]


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("checkpoints/{}", {"structure": 6, "signed": 3}),
        ("anchors/{}.tsr", {"structure": 6, "anchored": 3}),
    ],
)
def test_of_what_vouches_so_much_is_read_and_that_there_is_more_is_told(
    space: Path, name: str, bad: dict[str, int]
) -> None:
    bundle = laid_out(space / "b", {name.format(3): b""} | FILES)
    for number in range(3, 3 + 513):
        with (bundle / name.format(number)).open("wb") as file:
            file.truncate(70_000)
    assert agreed(bundle).bad == bad


@contextmanager
def few_files(more: int) -> Iterator[None]:
    """This process may open so many files more; what it has open stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)  # the next that is free
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_cannot_be_opened_is_exit_3_and_not_half_an_answer(tmp_path: Path) -> None:
    """The system refuses to open anything, or one file more beside those that are open."""
    bundle = laid_out(tmp_path / "b", FILES)
    assert agreed(bundle).exit == 0
    codes = []
    for more in range(5):
        with few_files(more):
            found = [by_gateway(bundle), by_stand_alone(bundle)]
        assert all(("error" in one) == (one["exit"] == 3) for one in found)
        codes.append([one["exit"] for one in found])
    assert codes[0] == [3, 3]
    assert codes[-1] == [0, 0]
    assert {code for pair in codes for code in pair} == {0, 3}


@pytest.mark.parametrize("option", ["--trust", "--known", "--tickets"])
def test_a_real_read_error_of_what_the_verifier_brings_is_usage(
    tmp_path: Path, option: str
) -> None:
    """`/proc/self/mem` is a plain file whose first page cannot be read: EIO."""
    memory = Path("/proc/self/mem")
    if not memory.is_file():
        pytest.skip("needs /proc")  # Linux
    with memory.open("rb", buffering=0) as file, pytest.raises(OSError, match="Input/output"):
        file.read(1)
    bundle = laid_out(tmp_path / "b", FILES)
    found = by_command_lines([str(bundle), option, str(memory)])
    assert [one.exit for one in found] == [2, 2]


def test_a_real_read_error_of_a_receipt_is_exit_3(tmp_path: Path) -> None:
    trust = tmp_path / "trust"
    trust.write_bytes(FILES["policy"])
    for option in ("--proof", "--fork"):
        found = by_command_lines([option, "/proc/self/mem", "--trust", str(trust)])
        assert [one.exit for one in found] == [3, 3], option


def test_what_is_not_there_is_said_so(tmp_path: Path) -> None:
    assert agreed(tmp_path / "nowhere").exit == 3
    (tmp_path / "file").write_bytes(b"")
    assert agreed(tmp_path / "file").exit == 3
    bundle = laid_out(tmp_path / "b", FILES)
    assert agreed(bundle, Asked(base=tmp_path / "file")).exit == 3
