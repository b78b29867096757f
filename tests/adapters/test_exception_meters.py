"""Open exceptions are counted by code, with the age of the oldest."""

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from tests.adapters.shelf import NOON, opened

from ticketgate.adapters.process.meters import Meters
from ticketgate.domain.cases.exception_case import ExceptionCase, ExceptionState
from ticketgate.domain.settings import Anchoring


@pytest.mark.parametrize("count", [0, 2])
def test_what_is_open_is_counted_and_ages(tmp_path: Path, count: int) -> None:
    meters = Meters()
    with opened(tmp_path / "x.db") as store:
        for number in range(count):
            case = ExceptionCase(
                f"exc_{number}", "automation_unowned", f"account {number}", "tkt_1", "",
                ExceptionState.OPENED, NOON + timedelta(seconds=number), number,
            )  # fmt: skip
            store.write(lambda tx, _, case=case: tx.exceptions.add(case))
        meters.watch(store, lambda _: [], lambda: NOON + timedelta(hours=1), Anchoring())
        text = generate_latest(meters.registry).decode()
    counted = 'ticketgate_exceptions_open{code="automation_unowned"} 2.0' in text
    aged = 'ticketgate_exception_age_seconds{code="automation_unowned"} 3600.0' in text
    assert counted is aged is bool(count)
