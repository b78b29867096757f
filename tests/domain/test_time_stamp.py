"""What text a time stamp is about."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.stamped import stamp

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.time_stamp import check_imprint


def test_a_response_is_over_its_text() -> None:
    check_imprint(stamp(b"text"), b"text")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (stamp(b"other"), "something else"),
        (stamp(b"text", "608648016503040203"), "something else"),
        (stamp(b"text", "608648016503040202"), "something else"),
        (stamp(b"text", "2b0e03021a"), "unknown kind"),
        (b"", "not a time-stamp"),
        (b"\x30", "not a time-stamp"),
        (b"\x30\x80", "not a time-stamp"),
        (b"\x30\xff\xff", "not a time-stamp"),
        (stamp(b"text")[:-1], "not a time-stamp"),
    ],
)
def test_any_other_is_refused(response: bytes, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason):
        check_imprint(response, b"text")


@given(st.binary(max_size=300) | st.integers(0, 250).map(lambda at: stamp(b"text")[:at]))
def test_whatever_it_is_only_our_error_leaves(response: bytes) -> None:
    with suppress(EvidenceError):
        check_imprint(response, b"text")
