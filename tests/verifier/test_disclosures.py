"""DISCLOSURES and COMPLETENESS."""

import json
from pathlib import Path

import pytest
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer
from tests.verifier.bundle_writer import Log


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Log().story().write(tmp_path / "b")


def rows_of(bundle: Path) -> list[dict[str, object]]:
    return [json.loads(row) for row in (bundle / "disclosures.jsonl").read_text().splitlines()]


def put_rows(bundle: Path, rows: list[dict[str, object]]) -> None:
    data = b"".join(writer.canonical(row) + b"\n" for row in rows)
    (bundle / "disclosures.jsonl").write_bytes(data)


def test_a_missing_row_is_withheld_and_no_fault(bundle: Path) -> None:
    put_rows(bundle, rows_of(bundle)[1:])
    answer = Answer(bundle)
    assert (answer.exit, answer.document["disclosures"]["withheld"]) == (0, 1)
    (bundle / "disclosures.jsonl").unlink()
    answer = Answer(bundle)
    assert (answer.exit, answer.document["disclosures"]["withheld"]) == (0, 3)


def test_an_erased_value_is_a_fault_unless_the_log_says_so(tmp_path: Path) -> None:
    for told in (False, True):
        log = Log().story()
        digest = log.rows[0]["digest"]
        if told:
            log.add("disclosure.erased", digests=[digest])
        log.rows[0]["encoded"] = None
        answer = Answer(log.write(tmp_path / str(told)))
        assert answer.failed == (set() if told else {"disclosures"})
        assert answer.disclosures["first_bad"] == (None if told else 1)
        assert answer.document["disclosures"]["erased"] == 1


def test_disclosure_erased_lists_digests_of_entries_before_it(tmp_path: Path) -> None:
    log = Log().story()
    log.add("disclosure.erased", digests=["A" * 43])
    answer = Answer(log.write(tmp_path / "b"))
    assert answer.failed == {"semantics"}
    assert answer.semantics["first_bad"] == 14


@pytest.mark.parametrize(
    "change",
    [
        {"encoded": writer.b64url(b'["AAECAwQFBgcICQoLDA0ODw","subject","eve"]')},
        {"idx": 2},
        {"idx": 99},
        {"digest": "A" * 43},
        {"more": 1},
        {"encoded": ""},
        {"encoded": "A=="},
        {"idx": -1},
    ],
)
def test_a_row_that_is_not_its_entries_is_a_mismatch(
    bundle: Path, change: dict[str, object]
) -> None:
    rows = rows_of(bundle)
    rows[0] |= change
    put_rows(bundle, sorted(rows, key=lambda row: (row["idx"], row["digest"])))
    answer = Answer(bundle)
    assert answer.failed == {"disclosures"}
    assert answer.document["disclosures"]["mismatch"] == 1


@pytest.mark.parametrize(
    "data",
    [
        b'["AAECAwQFBgcICQoLDA0O","subject","bob"]',  # fifteen bytes of salt
        b'["AAECAwQFBgcICQoLDA0ODx","subject","bob"]',  # its unused bits are not zero
        b'["AAECAwQFBgcICQoLDA0ODw", "subject","bob"]',
        b'["AAECAwQFBgcICQoLDA0ODw","subject",{"b":1,"a":2}]',
        b'["AAECAwQFBgcICQoLDA0ODw","subject",1.5]',
        b'["AAECAwQFBgcICQoLDA0ODw","subject"]',
        b'{"a":1}',
        b'["AAECAwQFBgcICQoLDA0ODw",7,"bob"]',
        b'["AAECAwQFBgcICQoLDA0ODw","subject","\xff"]',
        b'["AAECAwQFBgcICQoLDA0ODw","subject","\\u0041"]',
        b"[" * 5000,
    ],
)
def test_a_disclosure_that_hashes_rightly_and_reads_wrongly_is_a_mismatch(
    tmp_path: Path, data: bytes
) -> None:
    encoded = writer.b64url(data)
    digest = writer.b64url(writer.sha(encoded.encode()))
    log = Log().opened()
    log.add("actor.minted", actor="a", sd=[digest])
    log.rows.append({"digest": digest, "encoded": encoded, "idx": 1})
    answer = Answer(log.write(tmp_path / "b"))
    assert answer.failed == {"disclosures"}
    assert answer.document["disclosures"]["mismatch"] == 1


@pytest.mark.parametrize("value", ["bob", "« é »", "", {"Z z": [1, None]}, 'a"b', ["x"], True, 7])
def test_a_disclosure_may_hold_any_value(tmp_path: Path, value: object) -> None:
    log = Log().opened()
    log.add("actor.minted", {"subject": value}, actor="a")
    assert Answer(log.write(tmp_path / "b")).exit == 0


@pytest.mark.parametrize("order", [[1, 0, 2], [0, 0, 1, 2]])
def test_rows_out_of_order_or_twice_are_faults(bundle: Path, order: list[int]) -> None:
    rows = rows_of(bundle)
    put_rows(bundle, [rows[place] for place in order])
    assert Answer(bundle).failed == {"disclosures"}


def test_a_digest_in_two_entries_is_a_fault(tmp_path: Path) -> None:
    log = Log().story()
    log.add("actor.minted", actor="a", sd=[log.rows[0]["digest"]])
    answer = Answer(log.write(tmp_path / "b"))
    assert answer.failed == {"disclosures"}
    assert answer.disclosures["first_bad"] == 14


@pytest.mark.parametrize("sd", [["B" * 43, "A" * 43], ["A" * 43] * 2, ["A"], "A" * 43, [1]])
def test_sd_is_a_sorted_list_of_digests(tmp_path: Path, sd: object) -> None:
    log = Log().opened()
    log.add("actor.minted", actor="a", sd=sd)
    assert Answer(log.write(tmp_path / "b")).failed == {"disclosures"}


@pytest.mark.parametrize(
    ("row", "exit_code"),
    [("snow\titem\tsys1", 0), ("snow\titem\tsys2", 1), ("other\titem\tsys1", 1), ("snow\tsys1", 2)],
)
def test_a_list_of_tickets_is_looked_for(bundle: Path, row: str, exit_code: int) -> None:
    path = bundle.parent / "tickets"
    path.write_text(row + "\n")
    answer = Answer(bundle, "--tickets", path)
    assert answer.exit == exit_code
    if exit_code == 1:
        assert answer.completeness["first_bad"] == 14


def test_a_ticket_that_may_be_behind_a_withheld_value_cannot_be_told(bundle: Path) -> None:
    path = bundle.parent / "tickets"
    path.write_text("snow\titem\tsys2\n")
    (bundle / "disclosures.jsonl").unlink()
    answer = Answer(bundle, "--tickets", path)
    assert (answer.completeness["state"], answer.exit) == ("none", 4)
    path.write_text("jira\titem\tsys2\n")
    assert Answer(bundle, "--tickets", path).failed == {"completeness"}
