"""Kept policies: the text of every policy that ever held, by its digest, beside the store.

A new policy is held against the one before it, which its file tells no more. A copy that is not
what its name says is as good as none.
"""

from pathlib import Path
from typing import Final

from ticketgate.adapters.config.policy_file import read_policy
from ticketgate.adapters.durable import replace_file, sync_folder
from ticketgate.adapters.files.strict_yaml import FILE_BYTES_MAX, Report
from ticketgate.domain.policy.policy import Policy

FOLDER: Final = "policies"


def keep_policy(data_dir: Path, policy_file: Path, digest: str) -> bool:
    """Keep the file's bytes; False when they do not say the policy of this digest (any more).

    Raises:
        OSError: they cannot be read, or not be kept.
    """
    if kept_policy(data_dir, digest) is not None:
        return True
    with policy_file.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    place = _place(data_dir, digest)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    replace_file(place, data)
    sync_folder(data_dir)
    if kept_policy(data_dir, digest) is None:
        place.unlink()
        return False
    return True


def kept_policy(data_dir: Path, digest: str) -> Policy | None:
    """The policy of this digest; None when it was not kept, or this version reads it otherwise.

    A policy takes in packs of this version and weights beside its file: with others it is another.
    """
    place = _place(data_dir, digest)
    found = read_policy(place, Report(str(place))).policy
    return found if found is not None and found.digest == digest else None


def _place(data_dir: Path, digest: str) -> Path:
    return data_dir / FOLDER / f"{digest}.yaml"
