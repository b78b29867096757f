"""For every test: hypothesis without deadlines, and no socket off loopback."""

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from hypothesis import settings
from hypothesis.strategies import text

# The suites that several connectors share say what they saw when they fail. Here and not beside
# them: other tests import some of their modules, and may do so first.
pytest.register_assert_rewrite(
    "tests.connectors.client_contract",
    "tests.connectors.client_desk",
    "tests.connectors.itsm_contract",
    "tests.connectors.walk_contract",
)

ROOT: Final = Path(__file__).parent.parent
if str(ROOT) not in sys.path:  # so that helper modules of the tests find each other
    sys.path.insert(0, str(ROOT))

# A slow machine is no fault. A larger number in the variable makes properties look longer.
settings.register_profile(
    "house", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100"))
)
settings.load_profile("house")

TRACED_EXAMPLES: Final = 25
_TAKE_LONG: Final = ("slow", "rt", "witness", "sumdb")
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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long go first: so no worker is left with one while the other has none.

    `make test` gives files out in this order. What is marked takes long for its few tests; of the
    others a file takes the longer the more tests it has.
    """
    tests = Counter(item.path for item in items)
    slow = {item.path for item in items if any(map(item.get_closest_marker, _TAKE_LONG))}
    items.sort(key=lambda item: (item.path not in slow, -tests[item.path]))


@contextmanager
def _traced_by(tracer: Any, of_threads: Any) -> Iterator[None]:  # noqa: ANN401 -- trace functions
    """Other trace functions for a while, or none; those of before are put back."""
    before, before_of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(tracer)
    threading.settrace(of_threads)
    try:
        yield
    finally:
        sys.settrace(before)
        threading.settrace(before_of_threads)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage of what is marked `untraced` is not measured: it costs more than half of the time.

    Nor is that of threads which start meanwhile. A stack that overflows in the tracer of coverage
    ends the tracing as well: it is put back.
    """
    untraced = item.get_closest_marker("untraced")
    tracer = (None, None) if untraced else (sys.gettrace(), threading.gettrace())
    with _traced_by(*tracer):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Of a property the first `TRACED_EXAMPLES` are measured, and never hypothesis itself.

    The others look for a fault where the first ones went already, and take less than half the time.
    """
    given = getattr(pyfuncitem.obj, "hypothesis", None)
    tracers = sys.gettrace(), threading.gettrace()
    if given is None or tracers[0] is None:
        return (yield)
    whole = given.inner_test
    given.inner_test = _traced_at_first(whole, *tracers)
    try:
        with _traced_by(None, None):
            return (yield)
    finally:
        given.inner_test = whole


def _traced_at_first(test: Callable[..., object], *tracers: Any) -> Callable[..., object]:  # noqa: ANN401 -- trace functions
    """The same test, measured at its first calls only."""
    left = iter(range(TRACED_EXAMPLES))

    @wraps(test)
    def run(*given: object, **named: object) -> object:
        if next(left, None) is None:
            return test(*given, **named)
        with _traced_by(*tracers):
            return test(*given, **named)

    return run
