"""Wiring: builds everything from settings. The only package that names adapters."""

from ticketgate.wiring.commands import (
    Configured,
    Look,
    ask_gateway,
    configure_logs,
    create_store,
    is_origin,
    load,
    load_to_revoke,
    look,
    new_secret,
    new_signing_key,
    public_keys,
    read_source,
    signing_key_place,
    this_user,
    wall_time,
    write_rebuilt,
)
from ticketgate.wiring.evidence import export, newest_checkpoint, prove
from ticketgate.wiring.exports import read_export
from ticketgate.wiring.gateway import VERSION, Gateway
from ticketgate.wiring.labels import read_labels, train_weights
from ticketgate.wiring.policies import policy_schema, read_cases, read_policy, rehearsal
from ticketgate.wiring.verifying import (
    open_bundle,
    own_certificates,
    own_trust,
    own_vouching,
    strict_ed25519,
    token_reader,
)

__all__ = [
    "VERSION",
    "Configured",
    "Gateway",
    "Look",
    "ask_gateway",
    "configure_logs",
    "create_store",
    "export",
    "is_origin",
    "load",
    "load_to_revoke",
    "look",
    "new_secret",
    "new_signing_key",
    "newest_checkpoint",
    "open_bundle",
    "own_certificates",
    "own_trust",
    "own_vouching",
    "policy_schema",
    "prove",
    "public_keys",
    "read_cases",
    "read_export",
    "read_labels",
    "read_policy",
    "read_source",
    "rehearsal",
    "signing_key_place",
    "strict_ed25519",
    "this_user",
    "token_reader",
    "train_weights",
    "wall_time",
    "write_rebuilt",
]
