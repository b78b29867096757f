"""Rotate keys: a new signing key follows the one before, and the one before ends.

The text that both keys sign holds the index of the record, which is known only inside the
transaction; signing is pure, with keys in memory, so it is done here by a function handed in.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from ticketgate.domain.evidence import Draft, EvidenceRef, Json
from ticketgate.domain.log.trust import encode_signature, rotation_text
from ticketgate.ports import Transaction

Sign = Callable[[bytes], tuple[bytes, bytes]]  # text -> (the old key's, the new key's signature)

BY_START: Final = "start"  # a rotation that a crash had cut short is completed at the next start


def rotate_key(
    tx: Transaction, now: datetime, *, origin: str, old: str, new: str, by: str, sign: Sign
) -> EvidenceRef:
    """Record that the key `new` follows `old` (vkeys); both sign from here on."""
    del now
    index = tx.evidence_size()
    signature, possession = sign(rotation_text(origin, index, new))
    fields: dict[str, Json] = {
        "old": old,
        "new": new,
        "signature": encode_signature(signature),
        "possession": encode_signature(possession),
        "by": by,
    }
    ref = tx.append(Draft("key.rotated", fields))
    tx.log_keys.add(new, ref.index, old)
    return ref


def end_key(tx: Transaction, now: datetime, *, key: str, by: str) -> EvidenceRef:
    """Record that a key (a vkey) signs no more; another one goes on."""
    del now
    ref = tx.append(Draft("key.ended", {"key": key, "by": by}))
    tx.log_keys.end(key, ref.index)
    return ref
