"""STRUCTURE and SIGNED, what is required, usage, output."""

from pathlib import Path

import pytest
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer, flipped
from tests.verifier.bundle_writer import LOG_KEY, Log, Signer

from ticketgate.verifier import verify


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Log().story().write(tmp_path / "b")


def test_a_sound_bundle_holds_in_every_verdict_that_can_be_judged(bundle: Path) -> None:
    answer = Answer(bundle)
    states = {verdict["name"]: verdict["state"] for verdict in answer.document["verdicts"]}
    assert states == {
        "structure": "holds", "signed": "holds", "disclosures": "holds", "semantics": "holds",
        "anchored": "none", "policy": "none", "completeness": "none",
    }  # fmt: skip
    assert answer.exit == answer.document["exit"] == 0
    log = Log().story()
    assert answer.document["root"] == writer.root(log.leaves).hex()
    assert answer.document["leaf"] == log.leaves[-1].hex()
    assert (answer.document["size"], answer.document["signed_to"]) == (14, 14)
    assert answer.document["unsigned"] == 0
    assert answer.document["disclosures"] == {
        "given": 3, "erased": 0, "withheld": 0, "mismatch": 0,
    }  # fmt: skip
    assert "operator's word" in answer.document["trust"]


@pytest.mark.untraced
def test_every_byte_of_the_log_and_the_checkpoint_is_watched(tmp_path: Path) -> None:
    """A flipped byte anywhere fails or, of the signature line's key, leaves nothing signed."""
    bundle = Log().opened().beats(3).write(tmp_path / "b")
    for name in ("log/000000.jsonl", "checkpoint"):
        path = bundle / name
        for place in range(path.stat().st_size):
            before = flipped(path, place, 1 << place % 8)
            answer = Answer(bundle, *(["--quick"] if place % 4 == 3 else []))
            assert answer.exit in {1, 4}, (name, place)
            assert answer.exit == 1 or name == "checkpoint"
            path.write_bytes(before)
    assert Answer(bundle).exit == 0


def test_the_first_bad_index_is_where_the_chain_breaks(bundle: Path) -> None:
    path = bundle / "log" / "000000.jsonl"
    text = path.read_bytes().replace(b'"actor":"act_bob"', b'"actor":"act_eve"')
    path.write_bytes(text)
    answer = Answer(bundle)
    assert answer.structure["first_bad"] == 2
    assert answer.signed["first_bad"] == 14
    assert answer.exit == 1


@pytest.mark.parametrize("cut", [1, 2, 13])
def test_a_cut_tail_is_smaller_than_its_checkpoint(bundle: Path, cut: int) -> None:
    path = bundle / "log" / "000000.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-cut]))
    answer = Answer(bundle)
    assert {"structure", "signed"} <= answer.failed
    assert answer.structure["first_bad"] == 14 - cut


def test_records_behind_the_checkpoint_make_signed_partial(tmp_path: Path) -> None:
    log = Log().opened()
    top = writer.root(log.leaves)
    bundle = log.beats(2).write(tmp_path / "b")
    (bundle / "checkpoint").write_bytes(writer.checkpoint(1, top, LOG_KEY))
    answer = Answer(bundle)
    assert answer.signed["state"] == "partial"
    assert (answer.document["signed_to"], answer.document["unsigned"], answer.exit) == (1, 2, 4)
    assert Answer(bundle, "--require", "structure,semantics").exit == 0


def test_without_a_checkpoint_nothing_is_signed(bundle: Path) -> None:
    (bundle / "checkpoint").unlink()
    answer = Answer(bundle)
    assert (answer.signed["state"], answer.exit) == ("none", 4)


def test_a_checkpoint_that_nobody_trusted_signed_is_none_and_beside_a_good_one_a_fault(
    bundle: Path,
) -> None:
    log = Log().story()
    other = writer.checkpoint(14, writer.root(log.leaves), Signer(LOG_KEY.name, 1, 9))
    good = (bundle / "checkpoint").read_bytes()
    (bundle / "checkpoint").write_bytes(other)
    answer = Answer(bundle)
    assert (answer.signed["state"], answer.exit) == ("none", 4)
    (bundle / "checkpoints").mkdir()
    (bundle / "checkpoints" / "14").write_bytes(good)
    assert Answer(bundle).failed == {"signed"}


@pytest.mark.parametrize(
    ("size", "name", "text"),
    [(3, "3", ""), (3, "4", "its name is not its size"), (3, "03", "does not belong")],
)
def test_older_checkpoints_are_of_their_size(bundle: Path, size: int, name: str, text: str) -> None:
    log = Log().story()
    (bundle / "checkpoints").mkdir()
    note = writer.checkpoint(size, writer.root(log.leaves[:size]), LOG_KEY)
    (bundle / "checkpoints" / name).write_bytes(note)
    answer = Answer(bundle)
    faults = answer.signed["faults"] + answer.structure["faults"]
    assert [text in fault["text"] for fault in faults] == ([True] if text else [])
    assert answer.exit == bool(text)


def test_an_older_checkpoint_with_another_root_is_a_fault_at_its_size(bundle: Path) -> None:
    (bundle / "checkpoints").mkdir()
    (bundle / "checkpoints" / "5").write_bytes(writer.checkpoint(5, bytes(32), LOG_KEY))
    answer = Answer(bundle)
    assert answer.failed == {"signed"}
    assert answer.signed["first_bad"] == 5


def test_a_checkpoint_of_another_origin_is_a_fault(tmp_path: Path) -> None:
    log = Log("other.example").opened()
    bundle = log.write(tmp_path / "b")
    note = writer.checkpoint(1, writer.root(log.leaves), LOG_KEY)
    (bundle / "checkpoint").write_bytes(note)
    assert "signed" in Answer(bundle).failed


@pytest.mark.parametrize(
    "words",
    [
        [], ["--no-such"], ["b", "--jobs", "0"], ["b", "--jobs", "x"], ["b", "--require", "state"],
        ["--proof", "x"], ["--fork", "x"], ["b", "--proof", "x", "--trust", "t"],
        ["b", "--trust", "/no/such"],
    ],
)  # fmt: skip
def test_usage_is_exit_2(
    bundle: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(bundle) if word == "b" else word for word in words]
    assert Answer(*given).exit == 2
    assert verify.main(given) == 2
    assert "ERROR" in capsys.readouterr().out


def test_what_is_required_can_be_named(bundle: Path) -> None:
    assert Answer(bundle, "--require", "anchored").exit == 4
    assert Answer(bundle, "--require", "structure", "--require", "signed").exit == 0
    assert Answer(bundle, "--require", "signed").document["required"] == ["signed"]


def test_quick_does_not_look_at_content_and_says_so(bundle: Path) -> None:
    answer = Answer(bundle, "--quick")
    assert answer.exit == 0
    assert answer.document["required"] == ["structure", "signed"]
    assert {answer.semantics["state"], answer.disclosures["state"]} == {"none"}


def test_only_printable_text_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = Log().story().write(tmp_path / "b")
    (bundle / "\x1b[31mred\u202e\udcff").write_text("")
    for words in ([], ["--json"]):
        assert verify.main([str(bundle), *words]) == 1
        shown = capsys.readouterr().out
        assert "red" in shown
        assert shown.isascii()
        assert all(line.isprintable() for line in shown.splitlines())


def test_the_faults_are_listed_up_to_a_thousand_and_all_counted(tmp_path: Path) -> None:
    log = Log().opened().beats(1)
    for _ in range(1500):
        log.add("no.such.type")
    answer = Answer(log.write(tmp_path / "b"))
    assert (answer.semantics["count"], len(answer.semantics["faults"])) == (1500, 1000)
    assert answer.semantics["first_bad"] == 2
