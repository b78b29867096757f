"""Packs, languages and weights: what a policy takes in, read as strictly as itself."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.test_policy_file import GOOD

from ticketgate.adapters.config import packs
from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.adapters.config.weights_file import FILE_BYTES_MAX, FORMAT
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.tickets.identity_event import Verdict

WEIGHTS: dict[str, Any] = {
    "format": FORMAT,
    "date": "2026-11-26",
    "labels_sha256": "0" * 64,
    "examples": {"identity": 20, "other": 30},
    "held_out": {
        "tp": 1, "fp": 1, "fn": 1, "tn": 1, "precision": 0.5, "recall": 0.5, "f1": 0.5,
    },
    "threshold": 1000,
    "weights": {"vpn": 1200, "new user": 900},
}  # fmt: skip


def load(tmp_path: Path, more: str) -> Policy:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD + more)
    return load_policy(path)


def faults(tmp_path: Path, more: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, more)
    return "\n".join(f"{one.file}: {one.path}: {one.message}" for one in raised.value.faults)


def weights(tmp_path: Path, **changed: object) -> None:
    document = {key: value for key, value in (WEIGHTS | changed).items() if value is not None}
    (tmp_path / "weights.json").write_text(json.dumps(document))


@pytest.mark.parametrize("name", packs.PACKS)
def test_every_pack_is_read_and_stands_behind_the_policys_own_rules(
    tmp_path: Path, name: str
) -> None:
    own, found = load(tmp_path, ""), load(tmp_path, f"packs: [{name}]\n")
    more = found.classify[len(own.classify) :]
    assert found.classify[: len(own.classify)] == own.classify
    assert len(more) > 10
    assert all(one.id.startswith(f"{name}.") for one in more)
    assert all(one.where.startswith(f"packs/{name}.yaml:") for one in more)


def test_phrases_are_uncertain_at_most(tmp_path: Path) -> None:
    own, found = load(tmp_path, ""), load(tmp_path, "packs: [helpdesk_phrases]\n")
    more = found.classify[len(own.classify) :]
    assert {one.verdict for one in more} == {Verdict.UNCERTAIN}


def test_every_shipped_pack_is_on_the_list() -> None:
    assert tuple(sorted(path.stem for path in packs.FOLDER.glob("*.yaml"))) == packs.PACKS


def test_the_digest_of_a_policy_covers_what_it_takes_in(tmp_path: Path) -> None:
    weights(tmp_path)
    text = GOOD + "packs: [helpdesk_phrases]\nweights: weights.json\n"
    found = load(tmp_path, text.removeprefix(GOOD))
    pack = sha256((packs.FOLDER / "helpdesk_phrases.yaml").read_bytes()).hexdigest()
    table = sha256((tmp_path / "weights.json").read_bytes()).hexdigest()
    own = sha256(text.encode()).hexdigest()
    lines = f"policy {own}\npack helpdesk_phrases {pack}\nweights {table}\n"
    assert found.digest == sha256(lines.encode()).hexdigest()
    assert load(tmp_path, "").digest == sha256(GOOD.encode()).hexdigest()


def test_languages_and_weights_are_read(tmp_path: Path) -> None:
    weights(tmp_path)
    found = load(tmp_path, "languages: [en, de]\nweights: weights.json\n")
    assert found.languages is not None
    assert found.weights is not None
    assert found.languages.codes == ("en", "de")
    assert found.languages.where.startswith("policy.yaml:")
    assert (found.weights.table, found.weights.threshold) == (WEIGHTS["weights"], 1000)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("packs: [helpdesk_phrase]\n", "unknown word 'helpdesk_phrase'; did you mean"),
        ("packs: [helpdesk_phrases, helpdesk_phrases]\n", "is named twice"),
        ("packs: []\n", "the list is empty"),
        ("languages: [en, en]\n", "'en' is named twice"),
        ("languages: [english]\n", "unknown word 'english'"),
        ("languages: []\n", "the list is empty"),
        ("weights: nowhere.json\n", "nowhere.json: cannot be read"),
        ("weights: [a]\n", "must be text"),
    ],
)
def test_what_a_policy_cannot_take_in_is_refused(tmp_path: Path, more: str, said: str) -> None:
    assert said in faults(tmp_path, more)


@pytest.mark.parametrize("ident", ["helpdesk_phrases.access", "languages", "weights"])
def test_no_rule_has_the_id_of_a_packs_rule_or_of_a_hint(tmp_path: Path, ident: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD.replace("id: elevated", f"id: {ident}") + "packs: [helpdesk_phrases]\n")
    with pytest.raises(ConfigurationError, match="is taken by a pack or a hint"):
        load_policy(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2\npack: helpdesk_phrases\nclassify: []\n", "whole number from 1 to 1"),
        ("version: 1\npack: other\nclassify: []\n", "unknown word 'other'"),
        ("pack: helpdesk_phrases\n", "'version' is missing"),
        ("version: 1\npack: helpdesk_phrases\nclassify: []\nmode: x\n", "unknown key 'mode'"),
        ("version: 1\nclassify: []\n", "'pack' is missing"),
        ("- 1\n", "must be a mapping"),
        ("a: [\n", "packs/helpdesk_phrases.yaml"),
        (None, "cannot be read"),
    ],
)
def test_a_faulty_pack_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, said: str
) -> None:
    monkeypatch.setattr(packs, "FOLDER", tmp_path)
    if text is not None:
        (tmp_path / "helpdesk_phrases.yaml").write_text(text)
    found = faults(tmp_path, "packs: [helpdesk_phrases]\n")
    assert said in found
    assert "packs/helpdesk_phrases.yaml" in found


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"format": "v0"}, "its format is not"),
        ({"more": 1}, "unknown key 'more'"),
        ({"threshold": None}, "lacks the key 'threshold'"),
        ({"threshold": 0}, "the threshold is below 1"),
        ({"threshold": True}, "threshold is not a whole number"),
        ({"weights": {"vpn": 1.5}}, "vpn is not a whole number"),
        ({"weights": {"vpn": -1}}, "not from 0"),
        ({"weights": {"VPN": 1}}, "no word or pair"),
        ({"weights": [1]}, "weights is not a mapping"),
        ({"weights": {f"w{n}": 1 for n in range(20_001)}}, "more than 20000 weights"),
        ({"date": "yesterday"}, "date is no day"),
        ({"labels_sha256": 1}, "labels_sha256 is no SHA-256"),
        ({"labels_sha256": "0"}, "labels_sha256 is no SHA-256"),
        ({"examples": {}}, "examples lacks the key"),
        ({"held_out": {}}, "held_out lacks the key"),
    ],
)
def test_a_table_of_another_form_is_refused(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    weights(tmp_path, **changed)
    assert said in faults(tmp_path, "weights: weights.json\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps(WEIGHTS).replace("1200", "NaN"), "number"),
        ("[]", "the file is not a mapping"),
        ("{", "not JSON"),
        ('{"format": 1, "format": 2}', "twice"),
        (" " * (FILE_BYTES_MAX + 1), "larger than"),
    ],
)
def test_a_table_that_is_no_strict_json_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "weights.json").write_text(text)
    assert said in faults(tmp_path, "weights: weights.json\n")
