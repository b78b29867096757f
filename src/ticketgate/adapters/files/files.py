"""Files and folders of a deployment: configuration as bytes, and what only this user may see."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from ticketgate.adapters.files.strict_yaml import FILE_BYTES_MAX, Report
from ticketgate.domain.errors import ConfigurationError, Fault

T = TypeVar("T")


def read_file(path: Path, report: Report) -> bytes | None:
    """The bytes of a file, at most one more than may be; None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX + 1)
    except OSError as fault:
        report.add(1, "", f"cannot be read: {fault.strerror or 'no such file'}")
    except ValueError:  # a NUL in a path
        report.add(1, "", "cannot be read: not a path")
    return None


def own_folder(path: Path) -> Path:
    """The folder, made for this user alone where it is not there."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def stop_on_faults(result: T | None, faults: Sequence[Fault]) -> T:
    """The result, if nothing is wrong with it.

    Raises:
        ConfigurationError: with the faults, by file and line.
    """
    if result is None or faults:
        ordered = sorted(dict.fromkeys(faults), key=lambda fault: (fault.file, fault.line))
        raise ConfigurationError(tuple(ordered))
    return result
