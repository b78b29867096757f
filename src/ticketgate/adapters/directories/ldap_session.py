"""A connection to an LDAP server: bound over TLS, with one deadline for all that is asked on it.

RFC 4511, RFC 4513 §5.1 (simple bind), RFC 2696 (paged results). Referrals are not followed. What
is cut short is no reading: every page must come, and end well.
"""

import socket
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from ticketgate.adapters.directories.joined_directory import unreadable
from ticketgate.adapters.thread_ban import check_outward_call
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.settings import LdapSettings

PAGED: Final = "1.2.840.113556.1.4.319"
NO_SUCH_OBJECT: Final = 32
Entry = tuple[str, Mapping[str, list[bytes]]]  # distinguished name, raw values by attribute


class LdapSession:
    """One connection, bound, with a deadline for all that is asked on it."""

    def __init__(self, settings: LdapSettings, connection: Any, page: int, most: int) -> None:  # noqa: ANN401 -- ldap3 has no types
        self.settings = settings
        self._connection = connection
        self._page = page
        self._most = most

    @classmethod
    @contextmanager
    def open(cls, settings: LdapSettings, page: int, most: int) -> Iterator["LdapSession"]:
        """A bound session. Whatever goes wrong in it makes the directory unreadable."""
        check_outward_call("ldap")
        seconds = settings.deadline.total_seconds()
        from ticketgate.adapters.directories.ldap_line import ldap_line  # ldap3 is an extra

        connection = ldap_line(settings)
        watch = threading.Timer(seconds, _cut, [connection])
        watch.daemon = True
        ends = time.monotonic() + seconds
        watch.start()
        try:
            connection.open(read_server_info=False)
            _bind(connection, settings)
            yield cls(settings, connection, page, most)
        except TicketgateError:
            raise
        except Exception as fault:  # a peer may send anything; ldap3 and its parser raise much
            late = time.monotonic() >= ends
            why = f"no answer within {seconds:g} s" if late else f"{type(fault).__name__}: {fault}"
            raise unreadable(settings.name, why) from fault
        finally:
            watch.cancel()
            _cut(connection)

    def search(self, base: str, text: str, attributes: Collection[str]) -> list[Entry]:
        """Every entry below `base` that a filter fits, all pages of it."""
        found = self._find(base, text, attributes, "SUBTREE")
        if found is None:
            raise unreadable(self.settings.name, f"there is no {base}")
        return found

    def entry(self, dn: str, attributes: Collection[str]) -> Entry | None:
        """The one entry of this name; None where there is none."""
        found = self._find(dn, "(objectClass=*)", attributes, "BASE")
        return found[0] if found else None

    def _find(
        self, base: str, text: str, attributes: Collection[str], scope: str
    ) -> list[Entry] | None:
        """What is found; None where the base is not there."""
        name, cookie = self.settings.name, b""
        found: list[Entry] = []
        while True:
            _, result, response, _ = self._connection.search(
                base,
                text,
                scope,
                attributes=list(attributes),
                paged_size=self._page,
                paged_criticality=True,
                paged_cookie=cookie or None,
                time_limit=max(1, int(self.settings.deadline.total_seconds())),
            )
            if result["result"] == NO_SUCH_OBJECT:
                return None
            if result["result"] != 0:
                raise unreadable(name, f"a search ended with {result['description']}")
            found += [
                (one["dn"], _whole(name, one["raw_attributes"]))
                for one in response
                if one["type"] == "searchResEntry"
            ]
            if len(found) > self._most:
                raise unreadable(name, f"it has more than {self._most} entries")
            control = (result.get("controls") or {}).get(PAGED)
            cookie = b"" if control is None else control["value"]["cookie"]
            if not cookie:
                return found


def _bind(connection: Any, settings: LdapSettings) -> None:  # noqa: ANN401 -- ldap3 has no types
    """Say who asks; over TLS first, so that the password is told to nobody else."""
    if settings.start_tls and not connection.start_tls(read_server_info=False)[0]:
        raise unreadable(settings.name, "StartTLS is refused")
    status, result, _, _ = connection.bind(read_server_info=False)
    if not status:
        raise unreadable(settings.name, f"the bind is refused: {result['description']}")


def _cut(connection: Any) -> None:  # noqa: ANN401 -- ldap3 has no types
    """Close the line, also under whoever waits on it."""
    line = connection.socket
    if line is not None:
        with suppress(OSError):  # it is closed already
            line.shutdown(socket.SHUT_RDWR)
        line.close()


def _whole(name: str, values: Mapping[str, list[bytes]]) -> Mapping[str, list[bytes]]:
    """The attributes of an entry, by their names in small letters.

    Active Directory cuts long ones, and says so in their names.
    """
    for key in values:
        if ";range=" in key.lower():
            raise unreadable(name, f"only a part of {key.partition(';')[0]} came")
    return {key.lower(): found for key, found in values.items()}
