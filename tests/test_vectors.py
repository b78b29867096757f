"""docs/evidence-vectors.json: it is what the tool writes, and what it says is so."""

import base64
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.agreement.both import Asked, Told, agreed
from tests.domain.naive_tree import mth, path, proof
from tests.verifier.bundle_writer import Log, policy
from tools import vectors

from ticketgate.adapters.keys import ed25519
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import (
    canonical,
    disclosure_digest,
    genesis,
    leaf_hash,
    parse_disclosure,
    parse_entry,
)
from ticketgate.domain.log.checkpoint import check_signatures, parse_checkpoint
from ticketgate.domain.log.note import VerifierKey, parse_vkey
from ticketgate.domain.log.proof import root_of_inclusion, roots_of_consistency
from ticketgate.domain.log.tlog_proof import parse_tlog_proof
from ticketgate.domain.log.trust import follow_key, parse_trust

ROOT: Final = Path(__file__).resolve().parent.parent
DOC: Final = (ROOT / "docs" / "evidence-format.md").read_text()
VECTORS: Final[dict[str, Any]] = json.loads((ROOT / "docs" / "evidence-vectors.json").read_text())
LOG: Final = VECTORS["log"]
LEAVES: Final = [bytes.fromhex(one["leaf"]) for one in LOG["entries"]]
ROOTS: Final = [bytes.fromhex(one) for one in LOG["roots"]]
KEYS: Final = {name: parse_vkey(one["vkey"]) for name, one in VECTORS["keys"].items()}
LATER: Final = datetime(2027, 1, 1, tzinfo=UTC)


def unhexed(hashes: Sequence[str]) -> list[bytes]:
    """The hashes."""
    return [bytes.fromhex(one) for one in hashes]


def of_lines(text: str) -> list[bytes]:
    """The hashes of base64, one a line."""
    return [base64.b64decode(line, validate=True) for line in text.splitlines()]


def signers(checkpoint: str) -> tuple[set[VerifierKey], set[VerifierKey]]:
    """The keys and the witnesses that signed it; no line is bad."""
    note = parse_checkpoint(checkpoint.encode()).note
    found = check_signatures(note, KEYS.values(), ed25519.verify, LATER)
    assert not found.faults
    return set(found.keys), {one.witness for one in found.cosignatures}


def test_the_file_is_what_the_tool_writes() -> None:
    """Mend it with `make vectors`."""
    assert vectors.FILE.read_text() == vectors.text()
    assert vectors.FILE == ROOT / "docs" / "evidence-vectors.json"


def test_a_stale_file_is_told_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "evidence-vectors.json"
    assert vectors.main(["--check"], stale) == 1
    stale.write_text(vectors.text().replace("act_7f3k", "act_7f3l"))
    assert vectors.main(["--check"], stale) == 1
    assert "make vectors" in capsys.readouterr().out
    assert vectors.main([], stale) == 0
    assert vectors.main(["--check"], stale) == 0
    assert vectors.main(["--what"], stale) == 2


def test_the_three_records_of_the_document_are_the_first_three_of_the_vectors() -> None:
    section = DOC.split("## A log of three records")[1].split("\n## ")[0]
    assert section.split("```")[1].split("\n")[1:-1] == [one["entry"] for one in LOG["entries"][:3]]
    first = LOG["disclosures"][0]
    assert re.findall(r"^\| .* \| `(.*)` \|$", section, re.MULTILINE) == [
        LOG["genesis"],
        *(one["leaf"] for one in LOG["entries"][:3]),
        first["encoded"],
        first["digest"],
    ]
    assert f"`{first['salt']}` in hex" in section
    assert f"Origin `{VECTORS['origin']}`" in section


def test_the_chain_and_the_roots_are_those_of_the_entries() -> None:
    before = genesis(VECTORS["origin"]).leaf
    assert before.hex() == LOG["genesis"]
    for index, one in enumerate(LOG["entries"]):
        record = parse_entry(one["entry"].encode())
        assert (record["_seq"], record["_prev"]) == (index, before.hex())
        before = leaf_hash(one["entry"].encode())
        assert before.hex() == one["leaf"]
    assert [mth(LEAVES[:size]) for size in range(len(LEAVES) + 1)] == ROOTS


def test_each_disclosure_is_in_its_entry() -> None:
    assert len(LOG["disclosures"]) == 2
    for one in LOG["disclosures"]:
        salt, name, value = parse_disclosure(one["encoded"])
        assert (salt.hex(), name, value) == (one["salt"], one["name"], one["value"])
        assert disclosure_digest(one["encoded"]) == one["digest"]
        assert one["digest"] in json.loads(LOG["entries"][one["idx"]]["entry"])["sd"]


def test_every_proof_is_there_and_leads_to_the_roots() -> None:
    assert len(LOG["inclusion"]) == len(LOG["consistency"]) == 15
    for one in LOG["inclusion"]:
        hashes = unhexed(one["proof"])
        assert hashes == path(one["index"], LEAVES[: one["size"]])
        leaf = LEAVES[one["index"]]
        assert root_of_inclusion(leaf, one["index"], one["size"], hashes) == ROOTS[one["size"]]
    for one in LOG["consistency"]:
        old, new, hashes = one["old"], one["new"], unhexed(one["proof"])
        assert hashes == proof(old, LEAVES[:new])
        assert roots_of_consistency(old, new, hashes, ROOTS[old]) == (ROOTS[old], ROOTS[new])


def test_keys_are_those_of_their_seeds() -> None:
    for name, key in KEYS.items():
        said = VECTORS["keys"][name]
        assert ed25519.public_of(bytes.fromhex(said["seed"])) == key.public
        assert (key.public.hex(), key.id.hex()) == (said["public"], said["key_id"])


def test_checkpoints_are_of_the_log_and_signed_by_whom_they_say() -> None:
    of = VECTORS["checkpoints"]
    for name, size, by, cosigned_by in (
        ("older", 3, {"log"}, set()),
        ("signed", 5, {"log"}, set()),
        ("cosigned", 5, {"log"}, {"witness"}),
        ("by_the_next_key", 5, {"next"}, set()),
    ):
        found = parse_checkpoint(of[name].encode()).checkpoint
        assert (found.origin, found.size, found.root) == (VECTORS["origin"], size, ROOTS[size])
        assert signers(of[name]) == (
            {KEYS[one] for one in by},
            {KEYS[one] for one in cosigned_by},
        )
    assert of["signed"].startswith(of["signed_text"] + "\n\u2014 ")
    time = f"cosignature/v1\ntime {of['cosigned_at']}\n"
    assert of["cosigned_text"] == time + of["signed_text"]


def test_the_key_that_follows_is_named_in_the_log() -> None:
    read = parse_trust(VECTORS["trust"]["file"].encode())
    record = parse_entry(LOG["entries"][3]["entry"].encode())
    after = follow_key(read.logs, VECTORS["origin"], 3, record, ed25519.verify)
    assert [one.key for one in after] == [KEYS["log"], KEYS["next"]]
    assert [one.key for one in after if one.counts_at(6)] == [KEYS["next"]]


def test_the_trust_file_asks_for_the_witness() -> None:
    read = parse_trust(VECTORS["trust"]["file"].encode())
    assert read.meets(signers(VECTORS["checkpoints"]["cosigned"])[1])
    assert not read.meets(signers(VECTORS["checkpoints"]["signed"])[1])


def test_the_receipt_stands_alone() -> None:
    head, _, checkpoint = VECTORS["receipt"].partition("\n\n")
    first, extra, index, *hashes = head.split("\n")
    assert first == "c2sp.org/tlog-proof@v1"
    leaf = leaf_hash(base64.b64decode(extra.removeprefix("extra "), validate=True))
    read = parse_checkpoint(checkpoint.encode()).checkpoint
    at = int(index.removeprefix("index "))
    found = root_of_inclusion(leaf, at, read.size, of_lines("\n".join(hashes)))
    assert found == read.root == ROOTS[5]
    assert parse_tlog_proof(VECTORS["receipt"].encode()).holds()
    assert signers(checkpoint) == ({KEYS["log"]}, {KEYS["witness"]})


@pytest.mark.parametrize(
    ("name", "size"), [("from_3", 3), ("from_4_a_power_of_two", 4), ("of_one_size", 5)]
)
def test_a_fork_proof_shows_two_signed_histories(name: str, size: int) -> None:
    head, smaller_text, smaller_lines, larger_text, larger_lines = VECTORS["forks"][name].split(
        "\n\n"
    )
    smaller, larger = f"{smaller_text}\n\n{smaller_lines}\n", f"{larger_text}\n\n{larger_lines}"
    first, _, rest = head.partition("\n")
    assert first == "ticketgate-fork-proof@v1"
    assert signers(smaller)[0] == signers(larger)[0] == {KEYS["log"]}
    old, new = (parse_checkpoint(one.encode()).checkpoint for one in (smaller, larger))
    assert (old.size, new.size, new.root) == (size, 5, ROOTS[5])
    assert old.root != ROOTS[size]
    hashes = of_lines(rest)
    if old.size == new.size:
        assert not hashes
        return
    seed = hashes.pop(0) if size.bit_count() == 1 else bytes(32)
    assert roots_of_consistency(size, 5, hashes, seed) == (ROOTS[size], ROOTS[5])


DECISIONS: Final = VECTORS["decisions"]


def judged(folder: Path, last: str | None = None, idx: int | None = None) -> Told:
    """What both verifiers say of the decisions, up to one with another entry in its place."""
    log = Log(VECTORS["origin"])
    for one in DECISIONS["entries"][:idx]:
        log.put(one["entry"].encode())
    if last is not None:
        log.put(last.encode())
    log.rows = [one for one in DECISIONS["disclosures"] if one["idx"] < len(log)]
    trust = folder / "trust"
    trust.write_text(policy(DECISIONS["passkey"]["trust"]))
    return agreed(log.write(folder / "bundle"), Asked(trust=trust))


def test_both_verifiers_take_the_decisions_by_passkey_and_by_step_up(tmp_path: Path) -> None:
    found = judged(tmp_path)
    assert (found.exit, found.numbers["disclosures"]["given"]) == (0, 3)
    methods = [json.loads(one["entry"]).get("method") for one in DECISIONS["entries"]]
    assert {"passkey", "oidc_step_up"} <= set(methods)


def test_the_leaves_of_the_decisions_are_those_of_their_entries() -> None:
    before = genesis(VECTORS["origin"]).leaf
    for one in DECISIONS["entries"]:
        assert parse_entry(one["entry"].encode())["_prev"] == before.hex()
        before = leaf_hash(one["entry"].encode())
        assert before.hex() == one["leaf"]
    for one in DECISIONS["disclosures"]:
        assert disclosure_digest(one["encoded"]) == one["digest"]


@pytest.mark.parametrize("one", DECISIONS["refused"], ids=lambda one: f"{one['idx']} {one['why']}")
def test_both_verifiers_refuse_what_is_not_quite_a_signed_decision(
    tmp_path: Path, one: dict[str, Any]
) -> None:
    assert judged(tmp_path, one["entry"], one["idx"]).bad == dict.fromkeys(one["fails"], one["idx"])


def test_lines_are_accepted_and_refused_as_they_say() -> None:
    for line in VECTORS["canonical"]["accepted"]:
        assert canonical(parse_entry(line.encode())) == line.encode()
    for one in VECTORS["canonical"]["refused"]:
        data = bytes.fromhex(one["hex"]) if "hex" in one else one["line"].encode()
        with pytest.raises(EvidenceError):
            parse_entry(data)
    assert len(VECTORS["canonical"]["refused"]) > 40


def test_checkpoints_and_trust_files_are_refused_as_they_say() -> None:
    for one in VECTORS["checkpoints"]["refused"]:
        with pytest.raises(EvidenceError):
            parse_checkpoint(one["note"].encode())
    for one in VECTORS["trust"]["refused"]:
        with pytest.raises(EvidenceError):
            parse_trust(one["file"].encode())
    assert len(VECTORS["checkpoints"]["refused"]) > 20


def test_signatures_are_accepted_and_refused_as_they_say() -> None:
    found = {
        one["why"]: ed25519.verify(
            *(bytes.fromhex(one[part]) for part in ("public", "message", "signature"))
        )
        for one in VECTORS["ed25519"]
    }
    assert found == {one["why"]: one["accepted"] for one in VECTORS["ed25519"]}
    assert set(found.values()) == {True, False}


def test_a_library_that_is_not_strict_takes_what_the_vectors_refuse() -> None:
    """So the cases of low order are those that matter: the equation holds in them."""
    taken = set()
    for one in VECTORS["ed25519"]:
        public, message, signature = (
            bytes.fromhex(one[part]) for part in ("public", "message", "signature")
        )
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            continue
        if not one["accepted"]:
            taken.add(one["why"])
    assert {f"the key has order {order}" for order in (1, 2, 4, 8)} <= taken
    assert "R is the identity" in taken
