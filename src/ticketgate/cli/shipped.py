"""The configuration that ships with the product, and fresh secrets for a copy of it."""

import base64
from pathlib import Path
from typing import Final

import ticketgate
from ticketgate.domain.errors import TicketgateError
from ticketgate.wiring.commands import new_secret, new_signing_key

NAMES: Final = ("session.key", "snow-prod.whsec", "scim.token", "smtp.password")


def shipped_config() -> Path:
    """The folder: beside the package in a wheel, at the top of the tree in a checkout.

    Raises:
        TicketgateError: code `no_example`.
    """
    package = Path(ticketgate.__file__).parent
    for folder in (package / "example_config", package.parents[1] / "config"):
        if (folder / "ticketgate.yaml").is_file():
            return folder
    raise TicketgateError("the example configuration is not installed", code="no_example")


def write_secrets(folder: Path) -> dict[str, str]:
    """Fresh secrets in `folder/secrets` (0700, files 0600); returns them by file name."""
    place = folder / "secrets"
    place.mkdir(mode=0o700)
    made: dict[str, str] = {}
    for name in NAMES:
        secret = new_secret()
        if name.endswith(".whsec"):
            secret = "whsec_" + base64.b64encode(secret[:32].encode()).decode()
        path = place / name
        path.touch(mode=0o600)
        path.write_text(secret + "\n")
        made[name] = secret
    new_signing_key(folder, place / "signing.key")
    return made
