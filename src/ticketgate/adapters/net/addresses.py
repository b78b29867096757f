"""Addresses in settings: URLs and host:port pairs. Without TLS only loopback is accepted."""

from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ticketgate.adapters.files.places import Place

PORT_MAX: Final = 65_535


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very spelling; names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def are_networks(text: str) -> bool:
    """Whether `text` is a comma-separated list of networks without host bits."""
    try:
        return bool([ip_network(word.strip()) for word in text.split(",")])
    except ValueError:
        return False


def read_url(place: Place | None) -> str | None:
    """An https URL (http only on loopback) without user, query or fragment; no slash at its end."""
    text = None if place is None else place.text()
    if place is None or text is None:
        return None
    parts = _split(text)
    if parts is None or parts.scheme not in {"https", "http"} or not parts.hostname:
        place.fault(f"{text!r} is not an http(s) URL")
    elif "@" in parts.netloc or parts.query or parts.fragment:
        place.fault("a URL here has no user, query or fragment")
    elif parts.scheme == "http" and not is_loopback(parts.hostname):
        place.fault("http is only for this machine itself; use https")
    else:
        return text.rstrip("/")
    return None


def read_host_port(place: Place | None) -> tuple[str, int] | None:
    """`host:port`."""
    text = None if place is None else place.text()
    if place is None or text is None:
        return None
    parts = _split(f"//{text}")
    if parts is None or not parts.hostname or not parts.port or parts.netloc != text:
        place.fault(f"{text!r} is not host:port")
        return None
    if "@" in text:
        place.fault("the user does not belong here; there is a key for it")
        return None
    return parts.hostname, parts.port


def _split(text: str) -> SplitResult | None:
    """The parts of a URL whose port is a number; None when it is none, or hides characters."""
    if not text.isascii() or any(char.isspace() for char in text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port or 0
    except ValueError:
        return None
    return parts if port <= PORT_MAX else None
