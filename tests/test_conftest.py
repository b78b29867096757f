"""The guard of the tests really catches: the controls of `tests/conftest.py`."""

import socket
import sys
from contextlib import suppress

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import TRACED_EXAMPLES

FAR = "192.0.2.1"  # RFC 5737: nobody's
_traced: list[bool] = []


@pytest.mark.parametrize("family", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_connection_off_loopback_is_refused(
    family: socket.SocketKind, off_loopback: list[str]
) -> None:
    with (
        socket.socket(socket.AF_INET, family) as way_out,
        pytest.raises(OSError, match="192"),
    ):
        way_out.connect((FAR, 9))
    off_loopback.clear()


def test_the_other_ways_out_are_refused_as_well(off_loopback: list[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        for call in (
            lambda: way_out.sendto(b"x", (FAR, 9)),
            lambda: way_out.sendmsg([b"x"], [], 0, (FAR, 9)),
            lambda: way_out.connect_ex((FAR, 9)),
            lambda: way_out.bind(("", 0)),
        ):
            with pytest.raises(OSError, match="socket"):
                call()
    assert len(off_loopback) == 4
    off_loopback.clear()


def test_a_library_that_swallows_the_refusal_is_still_seen(off_loopback: list[str]) -> None:
    with suppress(OSError):
        requests.get(f"http://{FAR}/", timeout=1)
    assert off_loopback == [f"socket.connect ('{FAR}', 80)"]
    off_loopback.clear()


def test_loopback_is_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), 5) as peer,
    ):
        assert peer.getpeername() == server.getsockname()


def test_hypothesis_has_no_deadline() -> None:
    assert settings().deadline is None


@given(st.integers())
def test_of_a_property_only_the_first_examples_are_measured(number: int) -> None:
    """Where nothing measures, nothing is begun either."""
    _traced.append(sys.gettrace() is not None)


def test_and_those_were_the_first() -> None:
    """Of the test above: as many as are measured, if this one is, and then none."""
    measured = TRACED_EXAMPLES if sys.gettrace() is not None else 0
    assert len(_traced) > TRACED_EXAMPLES
    assert [index for index, one in enumerate(_traced) if one] == list(range(measured))
