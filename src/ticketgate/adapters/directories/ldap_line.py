"""The line to an LDAP server, by ldap3. Imported only where such a directory is configured."""

import ssl
from typing import Any
from urllib.parse import urlsplit

import ldap3
from typing_extensions import override

from ticketgate.adapters.net.addresses import is_loopback
from ticketgate.domain.settings import LdapSettings


class _Tls(ldap3.Tls):  # type: ignore[misc]  # ldap3 has no types
    """TLS with the checks of the standard library, the name of the server among them."""

    @override
    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        del do_handshake  # always: nothing is sent before it
        context = ssl.create_default_context(cafile=self.ca_certs_file)
        connection.socket = context.wrap_socket(
            connection.socket, server_hostname=connection.server.host
        )


def ldap_line(settings: LdapSettings) -> ldap3.Connection:
    """A connection that is not open yet. Safe from any thread; follows no referral."""
    parts = urlsplit(settings.url)
    secure = parts.scheme == "ldaps"
    seconds = int(settings.deadline.total_seconds())  # ldap3 packs it as a whole number
    server = ldap3.Server(
        parts.hostname,
        port=parts.port or (636 if secure else 389),
        use_ssl=secure,
        tls=_Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=settings.ca_file or None),
        get_info=ldap3.NONE,
        connect_timeout=seconds,
        allowed_referral_hosts=[],
    )
    return ldap3.Connection(
        server,
        settings.bind_dn,
        settings.password,
        client_strategy=ldap3.SAFE_SYNC,
        auto_referrals=False,
        auto_range=False,
        check_names=False,
        read_only=True,
        receive_timeout=seconds,
        # ldap3 binds before it connects; to a server on this machine nothing opens any wider.
        source_address="127.0.0.1" if is_loopback(parts.hostname or "") else None,
    )
