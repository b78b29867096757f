"""Where the guarded way out may lead, and where not."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.http_peer import OK, peer

from ticketgate.adapters.net.http import Address, GuardedHttp, Network, is_open, networks
from ticketgate.connector_api import ConnectorError, HttpAnswer, Refused

SECRET: Final = "a-token-that-no-message-may-hold"


def http(*, seconds: float = 5.0, **more: object) -> GuardedHttp:
    return GuardedHttp(seconds, **more)  # type: ignore[arg-type]  # passed on as given


def names(**known: list[str]) -> Callable[[str], list[Address]]:
    """A name service that knows these hosts (`_` stands for a dot)."""
    return lambda host: [ip_address(text) for text in known[host.replace(".", "_")]]


def got(url: str, client: GuardedHttp | None = None) -> HttpAnswer:
    return (client or http()).request("GET", url)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"),
        *("127.0.0.1", "0.0.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.88.99.1"),
        *("::", "::1", "fe80::1", "fc00::1", "ff02::1", "fec0::1", "2001:db8::1"),
        *("64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:a9fe:a9fe::", "2001:0:1::1"),
        *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "::ffff:0:10.0.0.1"),
    ],
)
def test_addresses_that_are_not_public_are_closed(address: str) -> None:
    assert not is_open(ip_address(address))
    written = f"[{address}]" if ":" in address else address
    if address not in {"127.0.0.1", "::1"}:
        with pytest.raises(Refused):
            got(f"https://{written}:9/")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_public_addresses_are_open(address: str) -> None:
    assert is_open(ip_address(address))


def test_a_network_that_the_operator_lists_is_open_and_no_other() -> None:
    allowed: tuple[Network, ...] = networks("10.1.0.0/16, fd00:1::/32")
    assert is_open(ip_address("10.1.2.3"), allowed)
    assert is_open(ip_address("::ffff:10.1.2.3"), allowed)
    assert is_open(ip_address("fd00:1::5"), allowed)
    assert not is_open(ip_address("10.2.0.1"), allowed)
    assert networks("") == ()
    with pytest.raises(ValueError, match="has host bits set"):
        networks("10.0.0.1/8")


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
def test_odd_spellings_of_this_machine_are_refused(host: str) -> None:
    with peer(OK) as one, pytest.raises(Refused):
        got(f"http://{host}:{one.port}/")
    assert one.asked == []


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
    ],
)
def test_a_name_that_leads_inside_is_refused(found: list[str]) -> None:
    with peer(OK) as one, pytest.raises(Refused):
        got(f"https://idp.example.com:{one.port}/", http(resolver=names(idp_example_com=found)))
    assert one.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("http://93.184.216.34/", "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1", ""),
        *("https://", "https://[::1", "https://h:99999/", "https://h:0/", "https://h:x/"),
        *(f"https://alice:{SECRET}@example.com/", "https://alice@example.com/"),
    ],
)
def test_addresses_that_are_no_plain_https_are_refused(url: str) -> None:
    with pytest.raises(Refused) as told:
        got(url)
    assert SECRET not in f"{told.value!r}"


@given(text=st.text(max_size=60))
def test_any_text_as_address_ends_in_our_error(text: str) -> None:
    """All hosts are this machine, and nobody listens on the discard port."""
    client = http(allowed=networks("127.0.0.0/8"), resolver=lambda _: [ip_address("127.0.0.1")])
    for url in (f"http://{text}:9/", f"http://127.0.0.1:9/{text}", f"https://h:9/?{text}"):
        with pytest.raises(ConnectorError):
            client.request("GET", url, headers={"X-A": text})
