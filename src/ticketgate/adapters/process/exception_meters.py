"""Open exceptions for `/metrics`: how many of each code, and how old the oldest is."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from prometheus_client.core import GaugeMetricFamily, Metric

from ticketgate.ports import Reading


def exception_metrics(looking: Reading, now: datetime) -> Iterator[Metric]:
    """One sample a code that has an open exception; the age is in seconds."""
    count = GaugeMetricFamily(
        "ticketgate_exceptions_open", "Exceptions that nobody has resolved", labels=["code"]
    )
    age = GaugeMetricFamily(
        "ticketgate_exception_age_seconds", "Age of the oldest open exception", labels=["code"]
    )
    for code, cases in groupby(looking.exceptions.open_by_code(), key=lambda one: one.code):
        found = list(cases)
        count.add_metric([code], len(found))
        age.add_metric([code], max(0.0, (now - found[0].opened_at).total_seconds()))
    yield count
    yield age
