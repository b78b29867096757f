"""Receivers as read from the settings: `notify`, a list of who outside is told what."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.net.addresses import are_networks, is_loopback
from ticketgate.domain.schemes.table import STANDARD_WEBHOOKS
from ticketgate.domain.settings import ReceiverSettings
from ticketgate.domain.telling.announcement import EMERGENCIES, EVENTS

KINDS: Final = ("webhook", "slack")
RECEIVERS_MAX: Final = 16


def read_receivers(place: Place | None, secrets: SecretReader) -> tuple[ReceiverSettings, ...]:
    """All receivers, each with a name of its own."""
    found: dict[str, ReceiverSettings] = {}
    places = (place.some() if place else None) or []
    if place is not None and len(places) > RECEIVERS_MAX:
        place.fault(f"at most {RECEIVERS_MAX} receivers")
    for one in places:
        receiver = _read_receiver(one, secrets)
        if receiver is None:
            continue
        if receiver.name in found:
            one.fault(f"{receiver.name!r} is named twice")
        found[receiver.name] = receiver
    return tuple(found.values())


def _read_receiver(place: Place, secrets: SecretReader) -> ReceiverSettings | None:
    section = place.section()
    if section is None:
        return None
    name_place, kind_place = section.need("name"), section.need("kind")
    name = None if name_place is None else name_place.ident()
    kind = None if kind_place is None else kind_place.choice(KINDS)
    url = _read_url(section.need("url"), secrets)
    events = _read_events(section.need("events"))
    secret_place, allowed = section.get("secret"), section.get("allow_networks")
    secret = None if secret_place is None else secrets.key(secret_place, STANDARD_WEBHOOKS)
    if kind == "webhook" and secret_place is None:
        place.fault("a webhook is signed: the key 'secret' is missing")
    if kind == "slack" and secret_place is not None:
        secret_place.fault("Slack takes no signature; its `url` is the secret")
    words = None if allowed is None else allowed.text()
    if allowed is not None and words is not None and not are_networks(words):
        allowed.fault(f"{words!r} is not a list of networks, such as 10.0.0.0/8, fd00::/8")
    section.close()
    if name is None or kind is None:
        return None
    return ReceiverSettings(name, kind, url or "", events, secret, words or "")


def _read_url(place: Place | None, secrets: SecretReader) -> str | None:
    """An https URL (http only on loopback), which often is a secret: no fault shows it."""
    text = secrets.any_text(place)
    if place is None or text is None:
        return None
    parts = _split(text)
    if parts is None:
        place.fault("what it refers to is not https://host/path, without user or fragment")
    elif parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        place.fault("http is only for this machine itself; use https")
    else:
        return text
    return None


def _split(text: str) -> SplitResult | None:
    """The parts of an http(s) URL without user, fragment or spaces; None for anything else."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises what `urlsplit` alone does not
    except ValueError:
        return None
    odd = parts.username is not None or parts.fragment or " " in text or not parts.hostname
    return None if odd or parts.scheme not in {"https", "http"} else parts


def _read_events(place: Place | None) -> frozenset[str]:
    words = [one.choice((*EVENTS, EMERGENCIES)) for one in (place.some() if place else None) or ()]
    named = {word for word in words if word is not None}
    if EMERGENCIES in named:
        named |= {one for one in EVENTS if one.startswith(EMERGENCIES.removesuffix("*"))}
    return frozenset(named - {EMERGENCIES})
