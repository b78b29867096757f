"""What people write when they are asked how long, and what of it is no duration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.text.durations import (
    DURATION_REASONS,
    REQUESTED_SECONDS_MAX,
    number,
    requested_seconds,
    why_no_duration,
)


@pytest.mark.parametrize(
    ("raw", "unit", "seconds"),
    [
        ("30m", None, 1800),
        ("90s", "h", 90),
        (" 4h ", None, 14_400),
        ("2d", None, 172_800),
        ("PT2H", None, 7200),
        ("P1D", None, 86_400),
        ("P2W", None, 1_209_600),
        ("P1DT2H30M5S", None, 95_405),
        ("2", "h", 7200),
        ("1.5", "h", 5400),
        ("+3", "m", 180),
        ("366d", None, REQUESTED_SECONDS_MAX),
    ],
)
def test_a_duration_is_read(raw: str, unit: str | None, seconds: int) -> None:
    assert requested_seconds(raw, unit) == seconds


@pytest.mark.parametrize(
    "raw",
    [
        "", " ", "null", "0", "0m", "-1", "-30m", "1e12", "1000000000000", "NaN", "Infinity",
        "forever", "always", "367d", "P", "PT", "P1", "P1Y", "P1M", "PT1.5H", "P-1D", "PTH",
        "PT1M2H", "PT1H1H", "P1DT", "PT1X", "P1H", "0.0001", "1_000", "٣", "1 2", "30 m", "--1",
        "1.2.3", "1.x", "1970-01-01 02:00:00",
    ],
)  # fmt: skip
def test_what_is_no_duration_is_none(raw: str) -> None:
    """An expiry that cannot be read is never a long one."""
    assert requested_seconds(raw, "h") is None


@pytest.mark.parametrize(
    ("code", "raws"),
    [
        ("duration_zero", ("0", "-0", "0m", "PT0S", "0.0", "0e9")),
        ("duration_negative", ("-1", "-30m", "P-1D", "PT-5M", "-1e12")),
        ("duration_too_long", ("1e12", "1000000000000", "367d", "P53W", "1e99999999", "8785")),
        ("duration_not_a_number", ("NaN", "-nan", "sNaN", "Infinity", "-inf", "nan7")),
        ("duration_digits", ("\u0663", "\uff14h", "\u00bd", "\u56db")),
        (
            "duration",
            (
                "",
                "null",
                "forever",
                "P",
                "PT",
                "P1Y",
                "P1M",
                "1.2.3",
                "--1",
                "0x1",
                "1e1",
            ),
        ),
    ],
)
def test_each_absurd_duration_is_told_apart(code: str, raws: tuple[str, ...]) -> None:
    assert [(raw, requested_seconds(raw, "h")) for raw in raws] == [(raw, None) for raw in raws]
    assert [(raw, why_no_duration(raw, "h")) for raw in raws] == [(raw, code) for raw in raws]


@given(st.text(), st.sampled_from([None, "s", "m", "h", "d"]))
def test_any_text_has_a_reason(raw: str, unit: str | None) -> None:
    assert why_no_duration(raw, unit) in DURATION_REASONS


def test_a_bare_number_without_a_unit_is_none() -> None:
    assert requested_seconds("5", None) is None


@given(st.text(), st.sampled_from([None, "s", "m", "h", "d"]))
def test_any_text_is_a_bounded_duration_or_none(raw: str, unit: str | None) -> None:
    found = requested_seconds(raw, unit)
    assert found is None or 1 <= found <= REQUESTED_SECONDS_MAX


@given(st.integers(1, 8784))
def test_the_three_ways_to_say_hours_agree(hours: int) -> None:
    assert requested_seconds(str(hours), "h") == requested_seconds(f"{hours}h", None)
    assert requested_seconds(f"PT{hours}H", None) == hours * 3600


@pytest.mark.parametrize("text", ["", "-", "+", ".", "1e5", "nan", "0x1", "1" * 21, "+-1", "1-"])
def test_what_is_no_plain_number_is_none(text: str) -> None:
    assert number(text) is None
