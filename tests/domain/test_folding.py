"""Folding: the same words in another dress are the same words."""

import sys
import unicodedata
from itertools import chain, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.matching.clause_tests import compiled
from ticketgate.domain.matching.matcher import Clause, decide
from ticketgate.domain.text import folding
from ticketgate.domain.text.folding import (
    FoldedText,
    folded,
    has_word,
    squeezable,
    squeezed,
)
from ticketgate.domain.tickets.identity_event import Outcome
from ticketgate.domain.tickets.looks import Look
from ticketgate.domain.tickets.ticket import StateClass, Ticket

NOTHING = TicketFacts(Ticket("", "", "", None, "", StateClass.OPEN, ""))
SPLITTERS = (" ", ".", "-", "_", "\n", "\u00a0", "\u2010", " - ", "\r\n")
HIDDEN = ("\u200b", "\u00ad", "\u202e", "\u0301", "\u2060", "\ufeff", "\u3164", "\x00")


@pytest.mark.parametrize(
    "text",
    [
        "PASSWORD",
        "\u0420\u0430\u0455\u0455w\u043erd",  # Cyrillic
        "\u03a1a\u0455sw\u03bfr\u0501",  # Greek and Cyrillic
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",  # full width
        "\U0001d429\U0001d41a\U0001d42c\U0001d42c\U0001d430\U0001d428\U0001d42b\U0001d41d",
        "p\u00e1ssw\u00f6rd",
        "pa\u0301sswo\u0308rd",
        "pass\u00adword",
        "p\u200ba\u200cs\u2060sword",
        "\u13e2asswor\u0501",  # Cherokee
        "\u13e2asswo\u13a1d",
        "\u146d\u15e9\u1515\u1515\u15efO\u1587\u15ea",  # Canadian syllabics
        "\uabb2asswor\uabb7",  # and its small letters
        "pass\x00word",
        "\ua4d1\ua4ee\ua4e2\ua4e2\ua4ea\ua4f3\ua4e3\ua4d3",  # Lisu
        "".join(chr(0x1F150 + ord(char) - ord("a")) for char in "password"),
        "".join(chr(0x1F170 + ord(char) - ord("a")) for char in "password"),
        "\u200b".join(chr(0x1F1E6 + ord(char) - ord("a")) for char in "password"),
        "\u2ca3\u2c80ssw\u2c9f\u2c85\u2c87",  # Coptic
        "\u01bf\u0252\u0282\u0283\u028d\u0254\u027e\u0256",  # phonetic
        "\u01a4a\u1d8as\u2c72o\u027d\u018a",  # with hooks
    ],
)
def test_a_word_in_another_dress_is_the_word(text: str) -> None:
    assert folded(text) == "password"


@pytest.mark.parametrize(
    ("text", "plain"),
    [("a\r\n\tb", "a   b"), ("pass\u02c8word\u0640", "pass'word'"), ("\u02b0", "h"),
     ("\u00e6\u0153\u00df\ufb01", "aeoessfi"),
     ("\u4e2d\uac00", "\u4e2d\uac00"), ("x\u0301\u0489", "x"), ("\U00020000", "\U00020000")],
)  # fmt: skip
def test_what_is_no_look_alike_stays(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_only_letters_and_digits_are_squeezed() -> None:
    assert squeezed("p.a-s_s w0rd!") == "passw0rd"
    assert squeezed("\u4e2d - \u6587") == "\u4e2d\u6587"


@pytest.mark.parametrize(
    ("phrase", "short"),
    [("pass-word", "password"), ("new account", "newaccount"), ("c++", None), ("it", None),
     ("a@b.example", None), ("vpn", "vpn")],
)  # fmt: skip
def test_a_phrase_is_squeezed_where_only_separators_are_lost(phrase: str, short: str) -> None:
    assert squeezable(phrase) == short


@pytest.mark.parametrize("text", ["v p n", "x, v p n", "the v.p.n.", "VP-N is", "x v_p_n", "V\nPN"])
def test_a_short_word_is_found_where_signs_split_it(text: str) -> None:
    found = FoldedText(text)
    assert found.has_split_word("vpn")
    assert found.has_split_word("vpn"), "and is remembered"


@pytest.mark.parametrize("text", ["serve pnp", "av pn", "v pnx", "from farm"])
def test_a_short_word_is_not_found_across_others(text: str) -> None:
    found = FoldedText(text)
    assert not found.has_split_word("vpn")
    assert not found.has_split_word("mfa")


@pytest.mark.parametrize("text", ["rev-oked", "un re.voke", "re-voke"])
def test_a_short_phrase_begins_or_ends_with_a_word(text: str) -> None:
    assert FoldedText(text).has_split_edge("revoke")
    assert not FoldedText("unrev okedly").has_split_edge("revoke")


def test_no_word_reaches_from_one_text_into_the_next() -> None:
    found = FoldedText("my v", "pn and mfa", "m", "\u4e2d\u6587 s-so")
    assert not found.has_split_word("vpn")
    assert found.has_split_word("mfa")
    assert found.has_split_word("sso")
    assert found.has_word("\u4e2d\u6587")
    assert not found.has_word("vpn")


def test_two_words_are_found_in_one_text() -> None:
    found = FoldedText("v p n and m-f-a")
    assert found.has_split_word("vpn")
    assert found.has_split_word("mfa")


def test_the_memory_for_foldings_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketgate.domain.text.folding._CACHED_MAX", 0)
    before = len(folding._FOLDED)
    assert folded("\u1e55\u1e55") == "pp"
    assert len(folding._FOLDED) == before


def test_what_is_remembered_of_a_character_is_what_it_folds_to() -> None:
    """Whatever was folded before: each kind of character is worked out here."""
    for char, plain in (
        (" ", " "),
        ("\u200b", ""),
        ("\u13e2", "p"),
        ("\u0301", ""),
        ("\u00e9", "e"),
    ):
        assert folded(char) == folding._fold_char(char) == plain


def test_a_word_stands_by_itself() -> None:
    assert has_word("xvpn vpn", "vpn")
    assert not has_word("xvpn vpn_2", "vpn")
    found = FoldedText("my vpn")
    assert found.has_word("vpn")
    assert found.has_word("vpn"), "and is remembered"
    assert found.has_word("my vpn")
    assert found.has_word("my vpn"), "and so is a phrase"


CASES = [
    ("contains", "password reset", "please: {} now"),
    ("contains", "mfa", "my {} is gone"),
    ("word", "sudo", "my {} is gone"),
    ("equals", "Password Reset", "{}"),
    ("startswith", "password", "{} reset"),
    ("endswith", "password", "reset {}"),
]


@pytest.mark.parametrize(("test", "value", "text"), CASES)
@pytest.mark.parametrize("apart", SPLITTERS)
def test_each_test_finds_split_words(test: str, value: str, text: str, apart: str) -> None:
    clause = Clause("ticket.text", test, (value,), 1, wide=True)
    dressed = text.format(apart.join(value))
    assert decide(clause, One(dressed)) is Outcome.TRUE
    assert decide(Clause("ticket.text", test, (value,), 1), One(dressed)) is Outcome.FALSE


class One:
    """Facts with one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def look(self, _: str) -> Look:
        return Look((self.text,))


@pytest.mark.parametrize(
    ("test", "value", "text"),
    [("contains", "c++", "c"), ("word", "access", "accessories"), ("equals", "1", "-1"),
     ("contains", "\u200b", "any"), ("startswith", "vpn", "my vpn"), ("endswith", "vpn", "vpns"),
     ("cased", "VPN", "vpn"), ("contains", "mfa", "from farm")],
)  # fmt: skip
def test_folding_finds_nothing_that_is_not_there(test: str, value: str, text: str) -> None:
    assert decide(Clause("ticket.text", test, (value,), 1, wide=True), One(text)) is Outcome.FALSE


def test_a_value_that_folding_changes_is_still_found_as_written() -> None:
    clause = Clause("ticket.text", "contains", ("\u200b",), 1, wide=True)
    assert decide(clause, One("a\u200bb")) is Outcome.TRUE
    greek = Clause("ticket.text", "contains", ("\u03bd",), 1, wide=True)
    assert decide(greek, One("\u039d")) is Outcome.TRUE


def test_a_word_beside_a_character_that_vanishes_is_still_found_as_written() -> None:
    clause = Clause("ticket.text", "word", ("vpn",), 1, wide=True)
    assert decide(clause, One("vpn\x1bx")) is Outcome.TRUE
    assert decide(clause, One("vpnx")) is Outcome.FALSE


TESTS = ("contains", "word", "equals", "startswith", "endswith")


@given(st.sampled_from(TESTS), st.text(min_size=1, max_size=4), st.text(max_size=12))
def test_the_folded_form_finds_all_that_the_written_one_does(
    test: str, value: str, text: str
) -> None:
    plain = decide(Clause("ticket.text", test, (value,), 1), One(text))
    wide = decide(Clause("ticket.text", test, (value,), 1, wide=True), One(text))
    assert wide is Outcome.TRUE or plain is Outcome.FALSE


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_folding_of_a_text_is_the_foldings_of_its_parts(one: str, other: str) -> None:
    assert folded(one + other) == folded(one) + folded(other)


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.data(), st.sampled_from(["password", "reset token", "delegate"]))
def test_nothing_between_its_letters_hides_a_phrase(data: st.DataObject, phrase: str) -> None:
    between = st.sampled_from(["", *SPLITTERS, *HIDDEN])
    text = "".join(char + data.draw(between) for char in phrase)
    clause = Clause("ticket.text", "contains", (phrase,), 1, wide=True)
    assert decide(clause, One(f"hello {text} please")) is Outcome.TRUE


def test_a_word_in_its_plain_form_is_found_in_the_wide_one_as_well() -> None:
    """Every short text of letters, signs and characters that vanish or change."""
    texts = ["".join(chars) for chars in product("vpV _\n\x00\u200b\u00e9", repeat=4)]
    for word in ("vp", "VP", "v p", "v\np", "v\x00p", "\u00e9v", " "):
        narrow, wide = (compiled("word", (word,), wide=either) for either in (False, True))
        looks = [Look((text,)) for text in texts]
        seen = [one for one in looks if narrow(one, NOTHING) is Outcome.TRUE]
        assert [one.values for one in seen if wide(one, NOTHING) is not Outcome.TRUE] == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [("the VPN,\tnow\n", True), ("", True), ("the\x00VPN", False), ("the VPN\u200b", False)],
)
def test_plain_is_text_of_which_folding_takes_no_character(text: str, plain: bool) -> None:  # noqa: FBT001 -- a row of the table
    look = Look((text, "vpn"))
    assert look.is_plain is plain
    assert look.is_plain is plain, "and is remembered"


def test_a_word_beside_a_character_that_vanishes_is_a_word_as_it_was_typed() -> None:
    """What the folded form alone would miss: `vpn` and `x` become one word there."""
    look = Look(("vpn\u200bx",))
    assert not look.joined.has_word("vpn")
    assert compiled("word", ("vpn",), wide=True)(look, NOTHING) is Outcome.TRUE


def test_words_begin_and_end_where_a_sign_a_space_or_another_text_is_beside_a_letter() -> None:
    """Character by character, for every short text."""
    every = (product("a1_ \0\u4e2d", repeat=size) for size in range(6))
    for text in map("".join, chain.from_iterable(every)):
        apart = f" {text} "
        edges = {
            len(squeezed(text[:at]))
            for at in range(len(text) + 1)
            if not (apart[at].isalnum() and apart[at + 1].isalnum())
        }
        assert folding._gaps(text) == edges, repr(text)


def test_a_hangul_syllable_in_its_parts_is_the_syllable() -> None:
    """As files from some systems have it (NFD)."""
    word = "비밀번호 접근 권한"
    parts = unicodedata.normalize("NFD", word)
    assert parts != word, "the control"
    assert folded(parts) == folded(word) == word
    assert folded(f"VPN {parts}é") == f"vpn {word}e"
    assert folded("번호\u11a8 \u1100") == "번호\u11a8 \u1100", "what is added takes nothing away"


def test_the_patterns_of_words_know_letters_and_digits_as_isalnum_does() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        alone = char.isalnum()
        assert [*folding._RUN.findall(char)] == [char] * alone
        assert [*folding._TOKEN.findall(char)] == [char] * (alone or char == "_")
        assert folding._SIGNS.sub("", char) == char * (alone or char == "\0")
