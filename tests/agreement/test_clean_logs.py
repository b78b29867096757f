"""Clean logs: what was written as it should be raises no alarm with either verifier."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest
from tests.agreement.both import Asked, agreed
from tests.agreement.bundles import (
    DISCLOSURES,
    NEXT_KEY,
    Files,
    Shelf,
    cosigned_policy,
    files_of,
    room,
    taken_from,
)
from tests.domain.evidence_walk import walk
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, WITNESS, Log, Signer

pytestmark = pytest.mark.untraced

Way = Callable[[Log, Random], Files]
LOGS: Final = 1000
STEPS: Final = 12


@pytest.fixture(scope="module")
def shelf() -> Iterator[Shelf]:
    with room() as folder:
        yield Shelf(folder / "b", files_of(Log().story()))


def erased(log: Log, random: Random) -> None:
    """Some of what it hides is gone, and it says so."""
    gone = [row for row in log.rows if random.randrange(2)]
    if gone:
        log.add("disclosure.erased", digests=[row["digest"] for row in gone])
        for row in gone:
            row["encoded"] = None


def grown(seed: int) -> tuple[Log, Random]:
    """A random history, as the format document's own writer keeps it; now and then it goes on."""
    return taken_from(walk(seed, STEPS)), Random(seed)  # noqa: S311 -- repeatable


def plain(log: Log, _: Random) -> Files:
    return files_of(log)


def older_checkpoints(log: Log, random: Random) -> Files:
    sizes = random.sample(range(len(log) + 1), min(3, len(log)))
    return files_of(log, sizes=tuple(sizes))


def rotated(log: Log, random: Random) -> Files:
    """Another key follows, both sign for a while, and at times the first one ends."""
    log.rotate(LOG_KEY, NEXT_KEY)
    first = len(log)
    log.beats(random.randrange(3))
    if random.randrange(2):
        log.add("key.ended", key=LOG_KEY.vkey)
        log.beats(1)
        return files_of(log, NEXT_KEY)
    both = files_of(log, LOG_KEY, NEXT_KEY)
    return both | {f"checkpoints/{first}": files_of(log, NEXT_KEY, signed=first)["checkpoint"]}


def both_keys_trusted(log: Log, _: Random) -> Files:
    """The key that follows stands in the trust file already."""
    log.rotate(LOG_KEY, NEXT_KEY)
    trust = writer.policy(f"log {NEXT_KEY.vkey}")
    return files_of(log, NEXT_KEY, trust=trust)


def cosigned(log: Log, _: Random) -> Files:
    stranger = Signer("nobody.example.org", 4, 77)
    return files_of(log, LOG_KEY, WITNESS, stranger, trust=cosigned_policy())


def with_erasures(log: Log, random: Random) -> Files:
    erased(log, random)
    return files_of(log)


def withheld(log: Log, random: Random) -> Files:
    log.rows = [row for row in log.rows if random.randrange(2)]
    return files_of(log)


def empty_disclosures(log: Log, _: Random) -> Files:
    return files_of(log) | {DISCLOSURES: b""}


def with_receipts(log: Log, random: Random) -> Files:
    files = files_of(log)
    for index in random.sample(range(len(log)), min(3, len(log))):
        path = writer.inclusion(index, log.leaves)
        lines = ["c2sp.org/tlog-proof@v1", f"extra {writer.b64(log.entries[index])}"]
        lines += [f"index {index}", *map(writer.b64, path)]
        head = "\n".join(lines).encode()
        files[f"proofs/INC0-{index}.tlog-proof"] = head + b"\n\n" + files["checkpoint"]
    return files


def all_of_it(log: Log, random: Random) -> Files:
    erased(log, random)
    files = rotated(log, random)
    return files | {"README": b"read me\n", "verify.py": b"pass\n"}


WAYS: Final[tuple[Way, ...]] = (
    plain, older_checkpoints, rotated, both_keys_trusted, cosigned, with_erasures, withheld,
    empty_disclosures, with_receipts, all_of_it,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda one: one.__name__)
def test_a_thousand_clean_logs_raise_no_alarm(shelf: Shelf, way: Way) -> None:
    seen: Counter[int] = Counter()
    for seed in range(LOGS // len(WAYS)):
        log, random = grown(seed * len(WAYS) + WAYS.index(way))
        found = agreed(shelf.hold(way(log, random)))
        assert (found.exit, found.bad) == (0, {}), seed
        seen[found.numbers["size"]] += 1
    assert len(seen) > 1


def test_a_clean_log_raises_no_alarm_in_quick_either(shelf: Shelf) -> None:
    for seed, way in enumerate(WAYS):
        folder = shelf.hold(way(*grown(seed)))
        assert agreed(folder, Asked(quick=True)).exit == 0, way


def test_what_is_kept_of_a_clean_log_fits_to_what_became_of_it(
    shelf: Shelf, tmp_path: Path
) -> None:
    known = tmp_path / "known"
    for seed in range(20):
        log, _ = grown(seed)
        size = seed % len(log) + 1
        known.write_bytes(files_of(log, signed=size)["checkpoint"])
        found = agreed(shelf.hold(files_of(log)), Asked(known=(known,), require="anchored"))
        assert found.exit == 0
