"""Kept policies: the text of every policy that ever held, by its digest, beside the store.

A new policy is held against the one before it, which its file tells no more. A copy that is not
what its name says is as good as none.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from ticketgate.adapters.durable import replace_file, sync_folder
from ticketgate.adapters.policy_file import read_policy
from ticketgate.adapters.strict_yaml import FILE_BYTES_MAX, Report
from ticketgate.domain.policy import Policy

FOLDER: Final = "policies"


def keep_policy(data_dir: Path, policy_file: Path, digest: str) -> bool:
    """Keep the file's bytes; False when they are not those of this digest (any more).

    Raises:
        OSError: they cannot be read, or not be kept.
    """
    place = _place(data_dir, digest)
    if _has(place, digest):
        return True
    with policy_file.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if sha256(data).hexdigest() != digest:
        return False
    place.parent.mkdir(mode=0o700, exist_ok=True)
    replace_file(place, data)
    sync_folder(data_dir)
    return True


def kept_policy(data_dir: Path, digest: str) -> Policy | None:
    """The policy of this digest; None when it was not kept, or this version reads it no more."""
    place = _place(data_dir, digest)
    if not _has(place, digest):
        return None
    return read_policy(place, Report(str(place))).policy


def _place(data_dir: Path, digest: str) -> Path:
    return data_dir / FOLDER / f"{digest}.yaml"


def _has(place: Path, digest: str) -> bool:
    try:
        return sha256(place.read_bytes()).hexdigest() == digest
    except OSError:
        return False
