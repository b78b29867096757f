"""What verifying needs from the outside: bundles, keys, and what the signer remembers."""

from collections.abc import Sequence
from pathlib import Path

from ticketgate.adapters.config.configuration import SETTINGS_NAME
from ticketgate.adapters.config.settings_file import load_anchoring, load_where
from ticketgate.adapters.copies.bundle_folder import BundleFolder
from ticketgate.adapters.keys import ed25519, p256
from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.adapters.keys.signing_keys import KeyFileError, read_keys
from ticketgate.adapters.sqlite.looking import look
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.note import VerifyEd25519, parse_vkey
from ticketgate.domain.log.trust import LogKey, Trust, quorum_of
from ticketgate.domain.people.passkey import VerifyP256
from ticketgate.domain.settings import TsaSettings, WitnessSettings
from ticketgate.domain.verifying.anchor_check import ReadToken, Vouching

strict_ed25519: VerifyEd25519 = ed25519.verify
strict_p256: VerifyP256 = p256.verify


def open_bundle(folder: Path, base: Path | None) -> BundleFolder:
    """An exported bundle; `base` is an earlier one of the same log.

    Raises:
        TicketgateError: code `bundle_unreadable`.
        OSError: a part of it cannot be read.
    """
    return BundleFolder(folder, None if base is None else BundleFolder(base))


def own_trust(folder: Path) -> Trust:
    """The gateway's own keys: its word that they are its keys.

    Those that the log did not bring itself: what followed them is followed in the log. With them
    the witnesses that the gateway asks; `tsa` has its authorities' names, see `own_certificates`.

    Raises:
        KeyFileError: they cannot be read.
        StoreUnavailableError: the log cannot be read.
    """
    where = load_where(folder / SETTINGS_NAME)
    if where.signing_key is None:
        raise KeyFileError("ticketgate.yaml names no `signing_key`")
    keys = [key.public for key in read_keys(where.signing_key, where.origin)]
    with look(where.store, where.origin) as seen:
        first = [parse_vkey(one) for one in seen.log_keys.first()]
        first += [key for key in keys if not seen.log_keys.rotated(key.text)]
    anchoring = load_anchoring(folder / SETTINGS_NAME)
    witnesses = {one.name: one.key for one in anchoring.anchors if isinstance(one, WitnessSettings)}
    groups, quorum = quorum_of(anchoring.quorum, witnesses)
    logs = tuple(LogKey(key) for key in dict.fromkeys(first))
    stamped = tuple(one.name for one in anchoring.anchors if isinstance(one, TsaSettings))
    return Trust(logs, witnesses, groups, quorum, stamped)


def own_certificates(folder: Path) -> list[bytes]:
    """The certificates (PEM) of the time-stamp authorities that the gateway asks."""
    anchors = load_anchoring(folder / SETTINGS_NAME).anchors
    return [one.certificates for one in anchors if isinstance(one, TsaSettings)]


def token_reader(certificates: Sequence[bytes]) -> ReadToken | None:
    """How time stamps are verified against certificates (PEM); None where there are none.

    Raises:
        TicketgateError: code `usage`; the extra `tsa` is missing, or these are no certificates.
    """
    if not certificates:
        return None
    try:
        from ticketgate.adapters.anchors.timestamps import reader_of
    except ImportError as fault:
        raise TicketgateError(
            "time stamps are verified with the extra `tsa`, which is not installed",
            code="usage",
            next_step="pip install 'ticketgate[tsa]'; verify.py names the openssl command instead",
        ) from fault
    try:
        return reader_of(certificates)
    except ValueError as fault:
        raise TicketgateError("what `tsa` names holds no certificates", code="usage") from fault


def own_vouching(folder: Path) -> Vouching:
    """The checkpoints in the signer's memory.

    Raises:
        TicketgateError: code `signer`; it cannot be read.
    """
    memory = load_where(folder / SETTINGS_NAME).store.parent / "checkpoints"
    if not memory.is_dir():
        return Vouching()
    signer = CheckpointSigner((), memory)
    newest = signer.newest()
    kept = [(size, signer.note(size)) for size in signer.kept()]
    stamps = {size: token for size in signer.kept() if (token := signer.token(size)) is not None}
    return Vouching((*kept, *([] if newest is None else [(None, newest)])), stamps)
