"""Anchors in the settings: each kind is read whole, and every fault is told by its line."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from tests.adapters.http_peer import certificate_in
from tests.domain.signing import signer, witness

from ticketgate.adapters.config.anchors_reader import read_anchoring
from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.files.strict_yaml import Report, parse
from ticketgate.domain.settings import (
    Anchoring,
    BucketSettings,
    FolderSettings,
    TsaSettings,
    WitnessSettings,
)

ENVIRON: Final = {"ID": "AKIAEXAMPLE", "KEY": "a secret of this test"}
VKEY: Final = witness("w.example").key.text
WITNESS: Final = f"- {{ witness: w1, vkey: '{VKEY}', url: https://w.example/base/ }}\n"
TSA: Final = "- { tsa: t1, url: https://tsa.example, certificates: cert.pem }\n"
BUCKET: Final = (
    "- { copy: b1, bucket: s3://acme-evidence/gate/prod, region: eu-central-1,"
    " access_key: env:ID, secret_key: env:KEY, lock_days: 365 }\n"
)


def read(folder: Path, text: str) -> tuple[Anchoring, list[str]]:
    """What the text says, and its faults."""
    report = Report("t.yaml")
    node = parse(text.encode(), report)
    top = None if node is None else Place(node, "", report).section()
    assert top is not None
    found = read_anchoring(top, SecretReader(folder, ENVIRON))
    top.close()
    return found, [f"{one.line}: {one.path}: {one.message}" for one in report.faults]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certificate_in(tmp_path)
    return tmp_path


def test_without_the_keys_there_are_no_anchors_and_the_clock_is_an_hour(folder: Path) -> None:
    assert read(folder, "{}") == (Anchoring((), "none", timedelta(hours=1)), [])
    assert read(folder, "anchors: []") == (Anchoring(), [])


def test_each_kind_of_anchor_is_read_whole(folder: Path) -> None:
    text = (
        f"anchors:\n{WITNESS}{TSA}{BUCKET}- {{ copy: c1, folder: worm }}\n- {{ file: /mnt/x/ }}\n"
        "quorum: w1\nanchor_every: 30m\n"
    )
    found, faults = read(folder, text)
    assert faults == []
    assert found == Anchoring(
        (
            WitnessSettings("w1", witness("w.example").key, "https://w.example/base"),
            TsaSettings("t1", "https://tsa.example", (folder / "cert.pem").read_bytes()),
            BucketSettings(
                *("b1", "acme-evidence", "gate/prod", "eu-central-1"),
                *("AKIAEXAMPLE", "a secret of this test", 365),
            ),
            FolderSettings("c1", str(folder / "worm")),
            FolderSettings("file", "/mnt/x"),
        ),
        "w1",
        timedelta(minutes=30),
    )
    assert "a secret of this test" not in repr(found)
    assert "AKIAEXAMPLE" not in repr(found)


def test_an_endpoint_and_networks_of_ones_own_are_read(folder: Path) -> None:
    inner = BUCKET.replace(
        "lock_days", "endpoint: https://s3.inner/, allow_networks: 10.0.0.0/8, lock_days"
    )
    (found,) = read(folder, f"anchors:\n{inner}")[0].anchors
    assert isinstance(found, BucketSettings)
    assert (found.endpoint, found.allow_networks) == ("https://s3.inner", "10.0.0.0/8")


@pytest.mark.parametrize("word", ["all", "any", "none"])
def test_a_quorum_may_be_a_word(folder: Path, word: str) -> None:
    assert read(folder, f"anchors:\n{WITNESS}quorum: {word}\n")[0].quorum == word


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("anchors: { file: x }", "1: anchors: must be a list"),
        ("anchors: [x]", "1: anchors[0]: must be a mapping"),
        ("anchors: [{ url: https://w.example }]", "1: anchors[0]: an anchor is one of"),
        ("anchors: [{ file: x, tsa: y }]", "1: anchors[0]: an anchor is one of"),
        ("anchors: [{ file: x, url: y }]", "unknown key 'url'"),
        ("anchors: [{ copy: c }]", "a copy goes to a `folder` or to a `bucket`"),
        ("anchors: [{ copy: c, folder: x, bucket: y }]", "a copy goes to a `folder` or"),
        ("anchors: [{ copy: 'c c', folder: x }]", "'c c' is not an id"),
        ("anchors: [{ copy: any, folder: x }]", "'any' cannot be a name"),
        ("anchors:\n- { file: x }\n- { file: y }", "3: anchors[1].file: 'file' names another"),
        ("anchors:\n- { file: x }\n- { copy: c, folder: ./x }", "another copy goes to this folder"),
        ("anchors: [{ file: [] }]", "must be text"),
        (f"anchors: [{', '.join(['{ file: x }'] * 33)}]", "there are at most 32 anchors"),
        ("anchors: [{ witness: w }]", "the key 'vkey' is missing"),
        ("anchors: [{ witness: w, vkey: x, url: https://w }]", "a vkey is a name, a key id"),
        (
            f"anchors: [{{ witness: w, vkey: '{signer('l', 'l').key.text}', url: https://w }}]",
            "this is the key of a log, not of a witness",
        ),
        (
            f"anchors:\n{WITNESS}{WITNESS.replace('w1', 'w2')}",
            "3: anchors[1].vkey: another witness has this key already",
        ),
        (f"anchors:\n{WITNESS.replace('https', 'http')}", "http is only for this machine"),
        (
            f"anchors:\n{WITNESS.replace(' }', ', allow_networks: x }')}",
            "'x' is not a list of networks",
        ),
        (f"anchors:\n{TSA}{TSA.replace('t1', 't2')}", "3: anchors[1]: there is one time-stamp"),
        (
            f"anchors:\n{TSA.replace('cert.pem', 'none.pem')}",
            "none.pem cannot be read: No such file",
        ),
        (f"anchors:\n{TSA.replace('cert.pem', 'key.pem')}", "key.pem holds no certificates"),
        (f"anchors:\n{TSA.replace(', certificates: cert.pem', '')}", "'certificates' is missing"),
        (f"anchors:\n{BUCKET.replace('s3://', '')}", "a bucket is written as s3://bucket/prefix"),
        (f"anchors:\n{BUCKET.replace('/prod', '//prod', 1)}", "a bucket is written as s3://"),
        (f"anchors:\n{BUCKET.replace('env:KEY', 'hunter2')}", "a secret is written as env:NAME"),
        (f"anchors:\n{BUCKET.replace('env:KEY', 'env:NONE')}", "variable NONE is not set"),
        (f"anchors:\n{BUCKET.replace('365', '0')}", "must be a whole number from 1 to 36500"),
        (f"anchors:\n{BUCKET.replace('region: eu-central-1,', '')}", "the key 'region' is missing"),
        ("quorum: any", "1: quorum: `any` needs a witness among the anchors"),
        (f"anchors:\n{WITNESS}quorum: w2", "3: quorum: unknown word 'w2'; one of: "),
        ("quorum: []", "1: quorum: must be text"),
        ("anchor_every: 5s", "1: anchor_every: anchors are asked every 1m at the soonest"),
        ("anchor_every: 2d", "1: anchor_every: anchors are asked every 1m at the soonest"),
        ("anchor_every: hourly", "'hourly' is not a duration"),
    ],
)
def test_a_fault_is_told_by_its_line(folder: Path, text: str, told: str) -> None:
    _, faults = read(folder, text)
    assert any(told in fault for fault in faults), faults
    assert not any("hunter2" in fault for fault in faults)


@pytest.mark.parametrize(
    ("package", "text", "extra"), [("rfc3161_client", TSA, "tsa"), ("boto3", BUCKET, "aws")]
)
def test_a_package_that_is_not_there_is_a_fault_that_names_the_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, text: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    _, faults = read(folder, f"anchors:\n{text}")
    assert any(f"pip install 'ticketgate[{extra}]'" in fault for fault in faults)
