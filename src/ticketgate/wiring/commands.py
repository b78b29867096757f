"""What commands need without a running gateway: its configuration, a look, a question to it."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from ticketgate.adapters.clock import read_machine
from ticketgate.adapters.config.configuration import (
    SETTINGS_NAME,
    Configuration,
    load_configuration,
    load_for_revoking,
)
from ticketgate.adapters.config.connectors import configured_sources, known_connectors
from ticketgate.adapters.config.settings_file import is_origin as names_log
from ticketgate.adapters.config.settings_file import load_signing, load_where
from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.keys.signing_keys import SigningKey, read_keys, write_keys
from ticketgate.adapters.process.control import CONTROL_NAME, READ_SECONDS, actor_name, ask
from ticketgate.adapters.sqlite import looking
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.note import VerifierKey
from ticketgate.ports import Source

Look: TypeAlias = looking.SqliteLook
Configured: TypeAlias = Configuration


def new_secret() -> str:
    """256 random bits as text, for secrets that a deployment starts with."""
    return RandomIds().token()


def load(folder: Path, environ: Mapping[str, str]) -> Configuration:
    """The whole configuration of a folder.

    Raises:
        ConfigurationError: with every fault of every file.
    """
    found = load_configuration(folder, environ=environ, connectors=known_connectors())
    return replace(found, again=partial(load, folder, environ))


def load_to_revoke(folder: Path, environ: Mapping[str, str]) -> Configuration:
    """The same; of a faulty one what taking away needs, with `faults` saying what is wrong.

    Raises:
        ConfigurationError: the store cannot be told.
    """
    found = load_for_revoking(folder, environ=environ, connectors=known_connectors())
    return replace(found, again=partial(load, folder, environ))


def look(folder: Path) -> AbstractContextManager[Look]:
    """A read-only look at the store of a configuration; needs none of its secrets.

    Raises:
        ConfigurationError: where the store lies cannot be read.
        StoreUnavailableError: there is no store, or it cannot be read; from inside the block too.
    """
    where = load_where(folder / SETTINGS_NAME)
    return looking.look(where.store, where.origin)


def is_origin(text: str) -> bool:
    """Whether this can name a log."""
    return names_log(text)


def new_signing_key(folder: Path, path: Path) -> None:
    """Write a fresh key, and no other, for signing the log of a configuration."""
    where = load_where(folder / SETTINGS_NAME)
    write_keys(path, [SigningKey(where.origin, RandomIds().seed())])


def public_keys(folder: Path) -> tuple[VerifierKey, ...]:
    """The public halves of the keys that sign the log of a configuration, the current one first.

    Raises:
        ConfigurationError: they cannot be read.
    """
    where, path = load_signing(folder / SETTINGS_NAME)
    return tuple(key.public for key in read_keys(path, where.origin))


def signing_key_place(folder: Path) -> tuple[Path, bool]:
    """Where the keys of a configuration lie or will lie, and whether its log was ever signed.

    Raises:
        ConfigurationError: where the store lies cannot be read.
        TicketgateError: code `usage`; `signing_key` is not file:PATH.
    """
    where = load_where(folder / SETTINGS_NAME)
    if where.signing_key is None:
        raise TicketgateError(
            "ticketgate.yaml does not say where the signing key lies",
            code="usage",
            next_step="write `signing_key: file:secrets/signing.key`",
        )
    memory = where.store.parent / "checkpoints"
    return where.signing_key, memory.is_dir() and any(
        one.name != "lock" for one in memory.iterdir()
    )


def ask_gateway(
    folder: Path, request: Mapping[str, Any], seconds: float = READ_SECONDS
) -> Mapping[str, Any] | None:
    """What the running gateway answers; None when none is running.

    Raises:
        TicketgateError: code `control`; it cannot be asked, or did not answer in time.
    """
    path = load_where(folder / SETTINGS_NAME).store.parent / CONTROL_NAME
    try:
        return ask(path, request, seconds)
    except OSError as fault:
        raise TicketgateError(
            f"the gateway does not answer on {path}: {fault.strerror or fault}",
            code="control",
            next_step="ask as the gateway's user or group; look first whether it was done already",
        ) from fault


def read_source(configuration: Configuration, name: str) -> Source | None:
    """How deliveries of the source `name` are read; None when there is no such source."""
    return configured_sources(configuration.settings.sources).get(name)


def this_user() -> str:
    """Who runs this process, as `os:uid@host`."""
    return actor_name(os.getuid())


def wall_time() -> datetime:
    """The wall clock, for looking only."""
    return read_machine().wall
