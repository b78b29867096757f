"""The text of every policy that held is kept, by its digest."""

from hashlib import sha256
from pathlib import Path

from tests.adapters.test_policy_file import GOOD

from ticketgate.adapters.config.kept_policies import FOLDER, keep_policy, kept_policy
from ticketgate.adapters.config.policy_file import load_policy

DIGEST = sha256(GOOD.encode()).hexdigest()


def written(folder: Path, text: str = GOOD) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text)
    return path


def test_what_was_kept_is_found_when_its_file_says_something_else(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert keep_policy(tmp_path, path, DIGEST)
    path.write_text("version: 1\n")
    found = kept_policy(tmp_path, DIGEST)
    assert found
    assert (found.digest, found.approve[0].id) == (DIGEST, "high")
    assert keep_policy(tmp_path, path, DIGEST)
    assert (tmp_path / FOLDER).stat().st_mode & 0o777 == 0o700


def test_bytes_of_another_digest_are_not_kept(tmp_path: Path) -> None:
    assert not keep_policy(tmp_path, written(tmp_path, GOOD + "# edited meanwhile\n"), DIGEST)
    assert kept_policy(tmp_path, DIGEST) is None


def test_a_copy_that_was_tampered_with_is_none_and_is_kept_anew(tmp_path: Path) -> None:
    path = written(tmp_path)
    keep_policy(tmp_path, path, DIGEST)
    copy = tmp_path / FOLDER / f"{DIGEST}.yaml"
    copy.write_text(GOOD.replace("need: 2", "need: 1"))
    assert kept_policy(tmp_path, DIGEST) is None
    assert keep_policy(tmp_path, path, DIGEST)
    assert kept_policy(tmp_path, DIGEST)


def test_a_copy_that_this_version_does_not_read_is_none(tmp_path: Path) -> None:
    text = GOOD.replace("mode: enforce", "mode: unheard-of")
    digest = sha256(text.encode()).hexdigest()
    assert not keep_policy(tmp_path, written(tmp_path, text), digest)
    assert kept_policy(tmp_path, digest) is None


def test_a_policy_with_a_pack_is_kept_under_the_digest_of_both(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + "packs: [helpdesk_phrases]\n")
    digest = load_policy(path).digest
    assert keep_policy(tmp_path, path, digest)
    found = kept_policy(tmp_path, digest)
    assert found
    assert len(found.classify) > 1
