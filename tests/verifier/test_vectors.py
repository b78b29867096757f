"""The independent verifier finds in docs/evidence-vectors.json what the file says."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from ticketgate.verifier import verify

ROOT: Final = Path(__file__).resolve().parents[2]
VECTORS: Final[dict[str, Any]] = json.loads((ROOT / "docs" / "evidence-vectors.json").read_text())
LOG: Final = VECTORS["log"]


def test_it_takes_and_refuses_the_lines() -> None:
    for line in VECTORS["canonical"]["accepted"]:
        assert verify.canonical(line.encode()) == json.loads(line)
    for one in VECTORS["canonical"]["refused"]:
        data = bytes.fromhex(one["hex"]) if "hex" in one else one["line"].encode()
        try:
            found = verify.canonical(data)
        except verify.Refused:
            continue
        assert not isinstance(found, dict), one  # it is the caller who wants an object


def test_it_takes_and_refuses_the_signatures() -> None:
    for one in VECTORS["ed25519"]:
        parts = (bytes.fromhex(one[part]) for part in ("public", "message", "signature"))
        assert verify.verify_signature(*parts) == one["accepted"], one["why"]


def test_it_reads_keys_and_checkpoints() -> None:
    for name, kind in {"log": 1, "next": 1, "witness": 4}.items():
        said = VECTORS["keys"][name]
        key = verify.parse_vkey(said["vkey"], kind)
        assert (key.public.hex(), key.key_id.hex()) == (said["public"], said["key_id"])
    for name, size in {"older": 3, "signed": 5, "cosigned": 5, "by_the_next_key": 5}.items():
        read = verify.parse_checkpoint(VECTORS["checkpoints"][name].encode())
        assert (read.size, read.root.hex()) == (size, LOG["roots"][size])


@pytest.mark.parametrize("one", VECTORS["checkpoints"]["refused"], ids=lambda one: one["why"])
def test_it_refuses_what_is_no_checkpoint(one: dict[str, str]) -> None:
    with pytest.raises(verify.Refused):
        verify.parse_checkpoint(one["note"].encode())


@pytest.mark.parametrize("one", VECTORS["trust"]["refused"], ids=lambda one: one["why"])
def test_it_refuses_what_is_no_trust_file(one: dict[str, str]) -> None:
    with pytest.raises(verify.Refused):
        verify.Trust(one["file"].encode())


def test_it_follows_every_proof() -> None:
    leaves = [bytes.fromhex(one["leaf"]) for one in LOG["entries"]]
    for one in LOG["inclusion"]:
        hashes = [bytes.fromhex(text) for text in one["proof"]]
        root = verify.root_from_inclusion(leaves[one["index"]], one["index"], one["size"], hashes)
        assert root.hex() == LOG["roots"][one["size"]]
    for one in LOG["consistency"]:
        old, new = one["old"], one["new"]
        if old < new:
            own = [LOG["roots"][old]] if old.bit_count() == 1 else []
            hashes = [bytes.fromhex(text) for text in (*own, *one["proof"])]
            roots = verify.roots_from_consistency(old, new, hashes)
            assert [root.hex() for root in roots] == [LOG["roots"][old], LOG["roots"][new]]


@pytest.mark.parametrize("name", VECTORS["forks"])
def test_it_finds_every_fork_proof_good(name: str, tmp_path: Path) -> None:
    (tmp_path / "fork").write_text(VECTORS["forks"][name])
    (tmp_path / "trust").write_text(VECTORS["trust"]["file"])
    code, found = verify.run(["--fork", str(tmp_path / "fork"), "--trust", str(tmp_path / "trust")])
    assert code == 0, found


def test_it_finds_the_receipt_good(tmp_path: Path) -> None:
    (tmp_path / "receipt").write_text(VECTORS["receipt"])
    (tmp_path / "trust").write_text(VECTORS["trust"]["file"])
    code, found = verify.run(
        ["--proof", str(tmp_path / "receipt"), "--trust", str(tmp_path / "trust")]
    )
    assert code == 0, found
