"""Language: what the rules cannot read acquits nobody; a short text counts as readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.language import LANGUAGES, LETTERS_MIN, Covered, uncovered

ENGLISH = "hello, please reset my password: i am locked out of the vpn and need it for a client"
GERMAN = "bitte setzen sie mein passwort zurück, ich kann mich nicht anmelden"
RUSSIAN = "сбросьте пожалуйста мой пароль от почты"
LOREM = " ".join(["lorem ipsum dolor amet consectetur"] * 6)


@pytest.mark.parametrize(
    ("text", "codes", "sign"),
    [
        (ENGLISH, ("en",), ""),
        (GERMAN, ("en",), "words of de: bitte, ich, kann, mein"),
        (GERMAN, ("en", "de"), ""),
        (ENGLISH, ("ru",), "words of en: and, for, it, my"),
        (RUSSIAN, ("en",), "20 letters or more of cyrillic script"),
        (RUSSIAN, ("en", "ru"), ""),
        ("パスワードをリセットしてください願"*2, ("en",), "6 letters or more of han script"),
        ("请给我生产数据库的管理员权限", ("en",), "6 letters or more of han script"),
        ("비밀번호를 초기화", ("en",), "6 letters or more of hangul script"),
        ("reset for 王小明, please", ("en",), ""),
        ("პაროლის განულება გთხოვთ დამეხმაროთ", ("en",), "20 letters or more of another script"),
        ("bonjour, je ne peux pas entrer, merci", ("en",), "words of fr: bonjour, je, merci, ne"),
        (LOREM, ("en",), "30 words on end, none of them a small word of en"),
        (LOREM, ("ru", "en"), "30 words on end, none of them a small word of ru, en"),
        (" ".join(["and the"] * 40), ("en",), ""),
        (" ".join(["10.0.0.1 42"] * 40), ("en",), ""),
        ("reset für иван петров, bitte", ("en",), ""),
        ("", ("en",), ""),
        ("\uff50" * 40, ("en",), ""),
    ],
)  # fmt: skip
def test_the_sign_of_another_language(text: str, codes: tuple[str, ...], sign: str) -> None:
    assert uncovered([text], codes) == sign


def test_the_sign_may_stand_in_any_text_of_a_ticket() -> None:
    assert uncovered([ENGLISH, GERMAN], ("en",))


@given(st.sampled_from([GERMAN, RUSSIAN, LOREM]), st.text(max_size=40), st.text(max_size=40))
def test_more_text_takes_no_sign_away(text: str, before: str, after: str) -> None:
    """The control: with nothing around it each has a sign, and English has none."""
    assert uncovered([f"{before} \n{text}\n {after}"], ("en",))
    assert not uncovered([ENGLISH], ("en",))


def test_letters_of_one_script_are_counted_by_themselves() -> None:
    few = "я" * (LETTERS_MIN - 1)
    assert not uncovered([few + "λ" * (LETTERS_MIN - 1)], ("en",))
    assert uncovered([few + "я"], ("en",))


@pytest.mark.parametrize("codes", [(), ("en", "xx")])
def test_what_cannot_be_told_is_refused(codes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="not languages that can be told"):
        Covered(codes, "policy.yaml:3", 3, "d")


def test_every_language_can_be_covered() -> None:
    for code in LANGUAGES:
        assert Covered((code,), "policy.yaml:3", 3, "d").codes == (code,)
