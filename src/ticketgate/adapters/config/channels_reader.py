"""How a source is asked and told, as read from the settings: `poll` and `write_back`."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from ticketgate.adapters.files.places import Place, Section
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.net.addresses import are_networks, read_url
from ticketgate.connector_api import ItsmConnector
from ticketgate.domain.people.directory import canonical
from ticketgate.domain.settings import PollSettings
from ticketgate.domain.telling.outcomes import COMMENTED, COMMENTED_DEFAULT

EVERY_MIN: Final = timedelta(seconds=1)
EVERY_MAX: Final = timedelta(hours=1)
OVERLAP: Final = timedelta(minutes=2)
OVERLAP_MAX: Final = timedelta(days=1)


def read_channels(
    section: Section,
    connector: ItsmConnector | None,
    own_users: Collection[str],
    secrets: SecretReader,
) -> tuple[PollSettings | None, tuple[str, ...]]:
    """The keys `poll` and `write_back` of a source; without a connector its kind is not known.

    Of the latter the outcomes that tickets are told of.
    """
    asked, told = section.get("poll"), section.get("write_back")
    for place, word in ((asked, "poll"), (told, "comment")):
        if place is not None and connector is not None and word not in reach_of(connector):
            place.fault(f"sources of kind {connector.kind} only take hooks; this comes later")
            return None, ()
    poll = None if asked is None else _read_poll(asked, secrets)
    comment = () if told is None else _read_write_back(told)
    if told is not None and comment:
        _check_own_user(told, asked, poll, own_users)
    return poll, comment


def reach_of(connector: ItsmConnector) -> frozenset[str]:
    """What a kind of source can do beside taking hooks; nothing where it does not say."""
    found: frozenset[str] = getattr(connector, "capabilities", frozenset())
    return found


def _read_poll(place: Place, secrets: SecretReader) -> PollSettings | None:
    section = place.section()
    if section is None:
        return None
    every, url = _read_every(section.need("every")), read_url(section.need("url"))
    user, password, token = section.get("user"), section.get("password"), section.get("token")
    networks, overlap = section.get("allow_networks"), section.get("overlap")
    allowed = None if networks is None else networks.text()
    if networks is not None and allowed is not None and not are_networks(allowed):
        networks.fault(f"{allowed!r} is not a list of networks, such as 10.0.0.0/8, fd00::/8")
    if (password is None) == (token is None):
        place.fault("say who asks by either `user` and `password`, or `token`")
    elif password is not None and user is None:
        place.fault("a password needs its `user`")
    name = "" if user is None else user.text() or ""
    if ":" in name and user is not None and password is not None:
        user.fault("a user of Basic authentication has no ':'")
    found = PollSettings(
        every=every or EVERY_MAX,
        url=url or "",
        overlap=(overlap.duration(OVERLAP_MAX) if overlap else None) or OVERLAP,
        user=name,
        password=secrets.any_text(password) or "",
        token=secrets.any_text(token) or "",  # made by the platform: PagerDuty's have 20
        allow_networks=allowed or "",
    )
    section.close()
    return found


def _read_every(place: Place | None) -> timedelta | None:
    found = None if place is None else place.duration()
    if place is not None and found is not None and not EVERY_MIN <= found <= EVERY_MAX:
        place.fault("a source is asked every 1s to 1h")
        return None
    return found


def _read_write_back(place: Place) -> tuple[str, ...]:
    section = place.section()
    if section is None:
        return ()
    comment, on = section.need("comment"), section.get("on")
    found = None if comment is None else comment.flag()
    words = COMMENTED_DEFAULT if on is None else _read_outcomes(on)
    section.close(later=("transition", "approvals"))
    return words if found else ()


def _read_outcomes(place: Place) -> tuple[str, ...]:
    places = place.some()
    words = [one.choice(COMMENTED) for one in places or ()]
    return tuple(dict.fromkeys(one for one in words if one is not None))


def _check_own_user(
    told: Place, asked: Place | None, poll: PollSettings | None, own_users: Collection[str]
) -> None:
    """What we write ourselves must be known for ours, or it would open new rounds."""
    if asked is None:
        told.fault("comments go to the `url` of `poll`, as its user; configure `poll` too")
    elif not own_users:
        told.fault("list the user that writes the comments in `own_users`")
    elif poll is not None and poll.user and canonical(poll.user) not in own_users:
        told.fault(f"list {poll.user!r}, which writes the comments, in `own_users`")
