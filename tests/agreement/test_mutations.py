"""Mutations: no random change of a log passes, and both verifiers say the same of each.

TICKETGATE_SEED chooses other changes, TICKETGATE_MUTATIONS how many; the seed is printed.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, Final

import pytest
from tests.agreement.both import agreed
from tests.agreement.bundles import (
    Files,
    Shelf,
    files_of,
    laid_out,
    retold,
    room,
    small,
    taken_from,
)
from tests.agreement.mutations import MUTATIONS, edited_truly, mutant
from tests.agreement.untrue import UNTRUE, Change, extended
from tests.domain.evidence_log import ORIGIN, Row, life
from tests.domain.evidence_walk import walk
from tests.domain.test_verification_mutations import MUTATIONS as ROW_MUTATIONS
from tests.domain.test_verification_mutations import mutants
from tests.keys import key_of
from tests.verifier.bundle_writer import Log, checkpoint, root

from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.trust import LogKey, Trust
from ticketgate.domain.verifying.anchor_check import Vouching
from ticketgate.domain.verifying.report import Asked
from ticketgate.domain.verifying.verification import Stored, verify_store
from ticketgate.wiring.verifying import strict_ed25519

pytestmark = pytest.mark.untraced

SEED: Final = int(os.environ.get("TICKETGATE_SEED", "20261122"))
COUNT: Final = int(os.environ.get("TICKETGATE_MUTATIONS", "10000"))  # of rows and bundles together


def picked(part: int) -> Random:
    """What a test draws from; its seed is shown where the test fails."""
    print(f"TICKETGATE_SEED={SEED}")  # noqa: T201 -- how to do it again
    return Random(f"{SEED} {part}")  # noqa: S311 -- a repeatable choice, nothing secret


@pytest.fixture
def shelf_of() -> Iterator[Any]:
    """Lays files out in a folder that only what differs is written to."""
    with room() as folder:
        count = 0

        def put(files: Files) -> Shelf:
            nonlocal count
            count += 1
            return Shelf(folder / str(count), files)

        yield put


def test_no_random_change_of_a_bundle_passes_and_both_say_the_same_of_each(shelf_of: Any) -> None:  # noqa: ANN401 -- a function
    random, log = picked(1), small()
    files = files_of(log, sizes=(3,))
    shelf = shelf_of(files)
    assert agreed(shelf.folder).exit == 0
    seen: Counter[str] = Counter()
    while seen.total() < COUNT * 4 // 10:
        name, changed = mutant(random, log, files)
        assert agreed(shelf.hold(changed)).exit != 0, (name, changed)
        seen[name] += 1
    assert seen.keys() == {one.__name__ for one in MUTATIONS}
    assert agreed(shelf.hold(files)).exit == 0


def test_both_say_the_same_of_records_that_were_changed_and_truly_signed(shelf_of: Any) -> None:  # noqa: ANN401 -- a function
    """Nothing but what the records say is wrong then, or nothing at all."""
    random = picked(2)
    logs = [Log().story(), taken_from(life()), *(taken_from(walk(seed, 20)) for seed in range(9))]
    # A fault that stands before the record which shows it: what faulty records move is told alike.
    logs += [change(logs[0])[0] for change in UNTRUE if change.__name__.startswith("access_that")]
    shelf = shelf_of(files_of(logs[0]))
    exits: Counter[int] = Counter()
    for _ in range(COUNT // 10):
        found = agreed(shelf.hold(files_of(edited_truly(random, random.choice(logs)))))
        exits[found.exit] += 1
        assert found.states["signed"] == "holds"
    assert exits[1] > exits[0] > 0


@pytest.mark.parametrize("change", UNTRUE, ids=lambda one: one.__name__)
def test_only_what_the_records_say_gives_a_true_signature_away(
    shelf_of: Any,  # noqa: ANN401 -- a function
    change: Change,
) -> None:
    told, first_bad = change(Log().story())
    found = agreed(shelf_of(files_of(told)).folder)
    assert found.exit == 1
    assert found.bad == {"semantics": first_bad}


def test_no_random_change_of_the_rows_of_a_store_passes() -> None:
    """The form of the live database, with a signed checkpoint that its signer remembers."""
    picked(3)
    key = key_of("alice")
    trust = Trust((LogKey(key.public),))
    seen: Counter[str] = Counter()
    for number in range(10):
        log = walk(SEED % 1000 + number, 12)
        top = root([leaf_hash(entry) for _, _, entry in log.rows])
        text = checkpoint(len(log.rows), top).partition(b"\n\n")[0] + b"\n"
        note = text + b"\n" + key.line(text.decode()).text.encode()
        vouching = Vouching(((None, note),))

        def report(rows: list[Row], log: Any = log, vouching: Vouching = vouching) -> Any:  # noqa: ANN401 -- of this turn
            stored = Stored(ORIGIN, rows, log.hidden, log.head)
            return verify_store(stored, Asked(trust, strict_ed25519, log.now), vouching)

        whole = report(log.rows)
        assert not whole.failing
        assert whole.lacking(("structure", "signed", "disclosures", "semantics")) == ()
        for name, rows in mutants(log, SEED + number, COUNT // 20):
            assert report(rows).failing, (name, rows)
            seen[name] += 1
    assert seen.total() == COUNT // 20 * 10
    assert seen.keys() == {one.__name__ for one in ROW_MUTATIONS}


def test_a_change_that_is_none_would_be_seen_to_pass(shelf_of: Any) -> None:  # noqa: ANN401 -- a function
    """The control: what a bundle may lack, and what it may say besides."""
    log = small()
    files = files_of(log, sizes=(3,))
    without = {name: data for name, data in files.items() if name != "checkpoints/3"}
    del without["disclosures.jsonl"]
    doubled = files | {
        "checkpoint": files["checkpoint"] + files["checkpoint"].splitlines()[-1] + b"\n"
    }
    for harmless in (without, doubled, files | {"README": b"x", "verify.py": b"x"}):
        assert agreed(laid_out(shelf_of(harmless).folder, {})).exit == 0
    assert json.loads(log.entries[0])["type"] == "log.opened"


def test_more_time_that_was_approved_is_no_fault(shelf_of: Any) -> None:  # noqa: ANN401 -- a function
    told = retold(Log().story(), extended)
    assert agreed(shelf_of(files_of(told)).folder).exit == 0


def test_access_that_nothing_ends_behind_its_new_end_is_one(shelf_of: Any) -> None:  # noqa: ANN401 -- a function
    def left(records: list[dict[str, Any]]) -> None:
        extended(records)
        beat = {"_ts": "2026-11-22T03:40:00.000000Z", "type": "heartbeat"}
        records.append({"_prev": "", "_seq": 0, "duplicates": 0, "refused": [], **beat})

    found = agreed(shelf_of(files_of(retold(Log().story(), left))).folder)
    assert found.exit == 1
    assert found.bad.keys() == {"semantics"}
