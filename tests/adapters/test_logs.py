"""Logs are JSON lines, and what is not on the list never leaves."""

import ast
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.adapters.process.logs import ALLOWED, configure, only_allowed

SOURCES = sorted((Path(__file__).parents[2] / "src").rglob("*.py"))
CANARY = "alice@example.com"
NOISY = f"""
import logging, structlog, sys
from ticketgate.adapters.process.logs import configure
configure()
log = structlog.get_logger("x")
log.info("gateway.started", version="1", name={CANARY!r})
log.error("loop.failed", loop="mail", exception={CANARY!r}, address={CANARY!r})
for name in ("uvicorn.error", "urllib3", "asyncio"):
    other = logging.getLogger(name)
    other.warning("about %s", {CANARY!r})
    other.error({CANARY!r} + chr(10) + "second line", stack_info=True)
    try:
        raise ValueError({CANARY!r})
    except ValueError:
        other.exception("failed for " + {CANARY!r})
"""


def test_nothing_off_the_list_reaches_the_output_of_a_real_process() -> None:
    """Our own keys, and messages and tracebacks of libraries, all carry the canary."""
    ran = subprocess.run(
        [sys.executable, "-c", NOISY], capture_output=True, text=True, timeout=60, check=True
    )
    assert CANARY not in ran.stderr + ran.stdout
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["event"] for line in lines[:2]] == ["gateway.started", "loop.failed"]
    assert all(set(line) <= ALLOWED for line in lines)
    assert len(lines) == 2 + 3 * 3


def test_a_logger_that_was_used_before_follows_where_the_logs_go_next() -> None:
    log = structlog.get_logger("x")
    first, second = io.StringIO(), io.StringIO()
    for out in (first, second):
        configure(out)
        log.warning("revoke.failed")
    assert [len(out.getvalue().splitlines()) for out in (first, second)] == [1, 1]


def test_an_allowed_key_does_reach_the_output() -> None:
    """The control: the canary test is not green because nothing is written."""
    out = io.StringIO()
    configure(out)
    structlog.get_logger("x").warning("revoke.failed", code="target_denied", name=CANARY)
    line = json.loads(out.getvalue())
    timestamp = line.pop("timestamp")
    assert line == {
        "event": "revoke.failed",
        "code": "target_denied",
        "level": "warning",
        "count": 1,
    }
    assert timestamp.endswith("Z")


@given(st.dictionaries(st.text() | st.sampled_from(sorted(ALLOWED)), st.text(), max_size=8))
def test_only_allowed_keys_are_left_whatever_comes(event: dict[str, str]) -> None:
    left = only_allowed(None, "info", dict(event))
    assert set(left) <= ALLOWED
    for key in ALLOWED & set(event):
        assert left[key] == event[key]


@pytest.mark.untraced
def test_every_key_that_the_product_logs_is_on_the_list() -> None:
    """A key that is dropped tells nobody anything, so it is a mistake where it is written."""
    calls = [
        node
        for text in map(Path.read_text, SOURCES)
        if "_LOG." in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_LOG.")
    ]
    used = {one.arg or "**" for call in calls for one in call.keywords}
    assert used
    assert used <= ALLOWED
