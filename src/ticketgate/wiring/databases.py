"""What commands need that make a database file."""

from pathlib import Path

from ticketgate.adapters.config.configuration import SETTINGS_NAME
from ticketgate.adapters.config.settings_file import load_where
from ticketgate.adapters.sqlite import migrating, rebuilt_file
from ticketgate.domain.verifying.rebuild import Rebuild


def create_store(folder: Path) -> Path:
    """Make the empty database of a fresh configuration; the first start opens its log."""
    where = load_where(folder / SETTINGS_NAME)
    migrating.create(where.store)
    return where.store


def write_rebuilt(rebuilt: Rebuild, path: Path) -> None:
    """Write rebuilt tables into a new database file.

    Raises:
        StoreUnavailableError: there is such a file, or it cannot be written.
    """
    rebuilt_file.write(rebuilt, path)
