"""Labelled tickets: rows by label, or every fault with its line."""

from hashlib import sha256
from pathlib import Path

import pytest

from ticketgate.adapters.config import labels_file
from ticketgate.adapters.config.labels_file import read_labels
from ticketgate.domain.classifying.labels import Labelled
from ticketgate.domain.errors import ConfigurationError


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "labels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_rows_are_read_with_what_the_ticket_has(tmp_path: Path) -> None:
    text = "\ufeffrow,label,text,category\n1,y,my vpn,\n\n2,N, ,network\n"
    found = read_labels(written(tmp_path, text))
    assert found.rows == (Labelled("Y", {"text": "my vpn"}), Labelled("N", {"category": "network"}))
    assert found.ignored == ("row",)
    assert found.digest == sha256(text.encode()).hexdigest()


def test_the_part_of_a_row_hangs_on_its_texts_alone(tmp_path: Path) -> None:
    one = read_labels(written(tmp_path, "label,text\nY,my vpn\n")).rows[0]
    other = read_labels(written(tmp_path, "text,row,label\nx,1,N\nmy vpn,2,N\n")).rows[1]
    assert one.digest == other.digest == sha256(b"my vpn").digest()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("text\nx\n", "1: (file): has no column 'label'"),
        ("label,row\nY,1\n", "has none of the columns text"),
        ("", "has no column 'label'"),
        ("label,text,text\nY,a,b\n", "the column 'text' is there twice"),
        ("label,text\nY,a\nY\n", "3: (file): has 1 cells, not 2"),
        ("label,text\n ,a\n", "2: (file): has no label"),
        ('label,text\nY,"a"b\n', "2: (file): "),
        (b"label,text\nY,\xff\n", "2: (file): is not UTF-8"),
    ],
)
def test_a_faulty_file_is_refused_by_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=r"labels\.csv") as raised:
        read_labels(written(tmp_path, text))
    assert said in str(raised.value)


def test_only_so_many_faults_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_labels(written(tmp_path, "label,text\n" + "Y\n" * 100))
    assert len(raised.value.faults) == labels_file.FAULTS_MAX


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels_file, "FILE_BYTES_MAX", 20)
    with pytest.raises(ConfigurationError, match="is larger than 20 bytes"):
        read_labels(written(tmp_path, "label,text\nY,a long text\n"))
