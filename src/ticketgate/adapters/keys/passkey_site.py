"""Where passkeys are made and used, by the gateway's own address."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from ticketgate.domain.people.passkey_row import Site


def site_of(public_url: str) -> Site | None:
    """The site of a gateway's address; None where browsers offer no passkeys.

    They need a name that is no IP address, and https unless it is `localhost` (WebAuthn level 2,
    §5.1.3; W3C Secure Contexts §3.1).
    """
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme != "https" and host != "localhost":
        return None
    try:
        ip_address(host)
    except ValueError:
        return Site(host, f"{parts.scheme}://{parts.netloc}") if host else None
    return None
