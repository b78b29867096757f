"""For every test: hypothesis without deadlines, and no socket off loopback."""

import os
import sys
import threading
from collections.abc import Generator, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from hypothesis import settings
from hypothesis.strategies import text

ROOT: Final = Path(__file__).parent.parent
if str(ROOT) not in sys.path:  # so that helper modules of the tests find each other
    sys.path.insert(0, str(ROOT))

# A slow machine is no fault. A larger number in the variable makes properties look longer.
settings.register_profile(
    "house", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100"))
)
settings.load_profile("house")

_WAYS_OUT: Final = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_refused: list[str] = []


class OffLoopbackError(OSError):
    """A test reached for a socket off loopback. An OSError, so that libraries clean up after it."""


def _is_near(address: object) -> bool:
    """Whether a socket address is on this machine; a path (AF_UNIX) or none always is."""
    if not isinstance(address, tuple) or not address or not isinstance(address[0], str):
        return True
    try:
        return ip_address(address[0].partition("%")[0]).is_loopback
    except ValueError:
        return address[0] == "localhost"


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if event in _WAYS_OUT and not _is_near(args[1]):
        _refused.append(f"{event} {args[1]!r}")
        raise OffLoopbackError(_refused[-1])


# An audit hook sees every call that the interpreter makes, whoever makes it and by whatever name.
sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def off_loopback() -> Iterator[list[str]]:
    """What was refused; it fails the test even when the code under test swallowed the refusal."""
    _refused.clear()
    yield _refused
    assert not _refused, f"sockets off loopback: {_refused}"


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that a test ran in process set up the logs: the next test has them as they were."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


def pytest_collection() -> None:
    """What hypothesis works out of all of Unicode, and keeps, it does here: without coverage."""
    tracer = sys.gettrace()
    sys.settrace(None)
    text().validate()
    sys.settrace(tracer)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage of what is marked `untraced` is not measured: it costs more than half of the time.

    Nor is that of threads which start meanwhile. A stack that overflows in the tracer of coverage
    ends the tracing as well: it is put back.
    """
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    if item.get_closest_marker("untraced"):
        sys.settrace(None)
        threading.settrace(None)
    result = yield
    if tracer is not None and sys.gettrace() is None:
        sys.settrace(tracer)
    if of_threads is not None:
        threading.settrace(of_threads)
    return result
