"""Characters that act or hide are shown by number."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.text.visible import acts, told_chars, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë 東京 مرحبا 👍🏽", "Zoë 東京 مرحبا 👍🏽"),
        ("\u202egpj.exe", "⟦U+202E⟧gpj.exe"),
        ("ad\u200bmin\ufeff", "ad⟦U+200B⟧min⟦U+FEFF⟧"),
        ("\u2066x\u2069", "⟦U+2066⟧x⟦U+2069⟧"),
        ("a\x00b\x1b[2J", "a⟦U+0000⟧b⟦U+001B⟧[2J"),
        ("tag\U000e0041", "tag⟦U+E0041⟧"),
        ("blank\u3164", "blank⟦U+3164⟧"),
        ("half\ud800", "half⟦U+D800⟧"),
        ("one\ntwo\u2028three", "one⟦U+000A⟧two⟦U+2028⟧three"),
    ],
)
def test_what_acts_is_shown_and_what_is_read_is_kept(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Alice is on call, 24 h.", 16),
        ("東京 Zoë ٣", 6),
        ("\u200b" * 40, 0),
        ("\u3164\u115f\u2800" * 20, 0),
        ("........ !!!! 👍👍", 0),
        ("", 0),
    ],
)
def test_only_letters_and_digits_that_show_tell_something(text: str, told: int) -> None:
    assert told_chars(text) == told


def test_lines_and_tabs_are_kept_where_asked() -> None:
    assert visible("a\r\nb\n\tc\rd", lines=True) == "a\nb\n\tc⟦U+000D⟧d"


@given(text=st.text(st.characters()))
def test_the_result_is_printable_one_line_text(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"} for char in shown)
    assert shown.encode().decode() == shown
    assert visible(shown) == shown
    assert len(shown.splitlines()) <= 1


@pytest.mark.untraced
def test_exactly_the_characters_that_act_are_shown_by_number() -> None:
    """The whole of Unicode: what is shown as it is, is found in another way than what is not."""
    every = map(chr, range(sys.maxunicode + 1))
    assert [char for char in every if (visible(char) == char) is acts(char)] == []
