"""The guarded way out over HTTP: one attempt, to a checked address, within one deadline."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from ticketgate.adapters.thread_ban import check_outward_call
from ticketgate.connector_api import (
    HttpAnswer,
    HttpClient,
    JsonValue,
    OutcomeUnknown,
    Refused,
    TooLarge,
    Unavailable,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ANSWER_BYTES_MAX: Final = 1 << 20
CHUNK_BYTES: Final = 1 << 14
_HEADERS: Final = {
    "User-Agent": "ticketgate",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
# They carry an IPv4 address to somewhere else; `ipaddress` calls some of them global.
TRANSLATED: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # local-use NAT64, RFC 8215
        "2002::/16",  # 6to4, RFC 3056
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "2001::/32",  # Teredo, RFC 4380
        "::/96",  # IPv4-compatible, RFC 4291 §2.5.5.1
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "fec0::/10",  # site-local, RFC 3879
    )
)


def networks(words: str) -> tuple[Network, ...]:
    """The networks in a comma-separated list, such as `10.0.0.0/8, fd00::/8`.

    Raises:
        ValueError: one of them is no network.
    """
    return tuple(ip_network(word.strip()) for word in words.split(",") if word.strip())


def is_open(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Whether calls may go there: a global unicast address, or one in an allowed network.

    IPv4-mapped IPv6 is judged as the IPv4 address that it is.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_open(address.ipv4_mapped, allowed)
    if any(address in network for network in allowed):
        return True
    if any(address in network for network in TRANSLATED):
        return False
    return address.is_global and not (
        address.is_private or address.is_multicast or address.is_reserved
    )


def resolve(host: str) -> list[Address]:
    """Every address of a host, by the machine's resolver. Raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(info[4][0]) for info in found]


class GuardedHttp(HttpClient):
    """`connector_api.HttpClient` on `requests`. Holds no connection; safe from any thread.

    The name is resolved once, every address it has is checked, and the connection goes to one of
    those very addresses, so that a second answer of the name service changes nothing. `https`
    only; `http` only to loopback. A loopback address is open when the URL writes it out
    (`127.0.0.1`, `[::1]`, `localhost`); other addresses that are not global need `allowed`.

    One request takes at most `deadline_seconds` from the connect to the last byte, however slowly
    they drip; the name service's own time comes on top (the resolver's limit, not ours).
    `ca_file` is a PEM bundle in place of the shipped roots; `resolver` is the name service.
    """

    def __init__(
        self,
        deadline_seconds: float,
        allowed: Iterable[Network] = (),
        ca_file: str | None = None,
        resolver: Callable[[str], list[Address]] = resolve,
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._allowed = tuple(allowed)
        self._ca_file = ca_file
        self._resolver = resolver

    @override
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        params: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        return self._send(method, url, headers, {"json": json, "params": params})

    def send(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """The same with a body of any kind, sent as it is."""
        return self._send(method, url, headers, {"data": body})

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, what: Mapping[str, Any]
    ) -> HttpAnswer:
        check_outward_call("http")
        parts = _parts(url)
        addresses = self._checked(parts)
        line = _Line(addresses, self._deadline_seconds)
        # One session per request: no kept connection can serve a request it was not checked for.
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self._ca_file or True
            session.mount(f"{parts.scheme}://", _LineAdapter(line))
            sent = {**_HEADERS, **(headers or {})}
            try:
                with (
                    line,
                    session.request(
                        method,
                        url,
                        headers=sent,
                        **what,
                        timeout=self._deadline_seconds,
                        allow_redirects=False,
                        stream=True,
                    ) as answer,
                ):
                    return _read(answer, line)
            except (HTTPError, OSError, ValueError) as fault:
                # The library's text may quote a header, so only the kind of the fault goes on.
                raise _told(fault, line, parts) from None

    def _checked(self, parts: SplitResult) -> list[Address]:
        host = cast("str", parts.hostname)
        try:
            addresses = self._resolver(host)
        except (OSError, UnicodeError) as fault:
            raise Unavailable(f"no address for {host}: {type(fault).__name__}") from fault
        loopback = all(address.is_loopback for address in addresses)
        if loopback and _writes_loopback(host):
            return addresses
        if parts.scheme != "https" and not loopback:
            raise Refused(f"{host} is not this machine, so it needs https")
        if not all(is_open(address, self._allowed) for address in addresses):
            raise Refused(
                f"{host} has an address that is private, link-local or translated",
                next_step="list its network in `allow_networks` if it is meant",
            )
        return addresses


class _Line:
    """One request's connection: where it may go, until when, and how far it got."""

    def __init__(self, addresses: list[Address], seconds: float) -> None:
        self._addresses = addresses
        self._until = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._held: socket.socket | None = None
        self.connected = False  # TLS included: from here on something may have been sent

    @property
    def seconds_left(self) -> float:
        return self._until - time.monotonic()

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._held is not None:
            self._held.close()

    def connect(self, port: int) -> socket.socket:
        """A connection to the first checked address that takes one."""
        fault: OSError = TimeoutError("the deadline is over")
        for address in self._addresses:
            if self.seconds_left <= 0:
                break
            try:
                made = socket.create_connection((str(address), port), self.seconds_left)
            except OSError as why:
                fault = why
                continue
            # A second handle on the same connection: TLS takes the first one over.
            self._held = made.dup()
            if self.seconds_left > 0:
                return made
            made.close()
        raise fault

    def _cut(self) -> None:
        """Time is up: whoever waits on the connection sees its end, however it drips."""
        if self._held is not None:
            try:
                self._held.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself meanwhile


class _LineAdapter(HTTPAdapter):
    """Makes `requests` connect only through the line."""

    def __init__(self, line: _Line) -> None:
        super().__init__()
        plain, tls = _pools(line)
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": tls}


def _pools(line: _Line) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    def new_conn(connection: HTTPConnection) -> socket.socket:
        try:
            return line.connect(connection.port)
        except OSError as fault:
            raise NewConnectionError(connection, type(fault).__name__) from fault

    class Plain(HTTPConnection):
        @override
        def _new_conn(self) -> socket.socket:
            return new_conn(self)

        @override
        def connect(self) -> None:
            super().connect()
            line.connected = True

    class Tls(HTTPSConnection):
        @override
        def _new_conn(self) -> socket.socket:
            return new_conn(self)

        @override
        def connect(self) -> None:
            super().connect()
            line.connected = True

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    return PlainPool, TlsPool


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("the address cannot be read") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        raise Refused("the address is not https://host")
    if parts.username is not None or parts.password is not None:
        raise Refused("the address holds a user or password")
    return parts


def _writes_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(answer: requests.Response, line: _Line) -> HttpAnswer:
    """The whole answer, at most `ANSWER_BYTES_MAX` of it, as sent (no decompression)."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Refused("the answer is compressed, which was not asked for")
    body = bytearray()
    read: Callable[[int], bytes] = answer.raw.read
    while chunk := read(CHUNK_BYTES):
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise TooLarge(f"the answer is over {ANSWER_BYTES_MAX} bytes")
    if line.seconds_left <= 0:
        raise OutcomeUnknown("the answer was not whole within the deadline")
    names = {name.lower(): value for name, value in answer.headers.items()}
    return HttpAnswer(answer.status_code, names, bytes(body))


def _told(
    fault: Exception, line: _Line, parts: SplitResult
) -> Unavailable | OutcomeUnknown | Refused:
    kind = type(fault).__name__
    if line.connected:
        return OutcomeUnknown(f"{parts.hostname} gave no whole answer: {kind}")
    if isinstance(fault, requests.ConnectionError | requests.Timeout):
        return Unavailable(f"{parts.hostname} cannot be reached: {kind}")
    return Refused(f"the request to {parts.hostname} cannot be formed: {kind}")
