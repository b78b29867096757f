"""Language: what the rules cannot read acquits nobody; a name or a subject is no sign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.text.language import LANGUAGES, LETTERS_MIN, RUN_MIN, Covered, uncovered

ENGLISH = "hello, please reset my password: i am locked out of the vpn and need it for a client"
GERMAN = "bitte setzen sie mein passwort zurück, ich kann mich nicht anmelden"
RUSSIAN = "сбросьте пожалуйста мой пароль от почты"
HOUSE = "bitte den drucker am fenster, ich kann ihn nicht haben"
# Finnish, of which nothing is known but that it is none of the others.
LOREM = (
    "tulostin kolmannessa kerroksessa tulostaa vain puolet sivuista vaikka mustetta riittää "
    "paperi vaihdettiin eilen aamulla eikä vika poistunut huoltoon soitettiin kahdesti mutta "
    "kukaan tullut paikalle joten pyydämme uutta laitetta tilalle viikon loppuun mennessä "
    "kiitos avusta kaikille hyvää syksyä toivottaa "
)
TRACE = "java.lang.NullPointerException\n" + "\n".join(
    f"\tat org.acme.{name}Valve.invoke({name}Valve.java:{line})"
    for line, name in enumerate(chr(65 + n % 26) + chr(97 + n // 26) for n in range(80))
)


@pytest.mark.parametrize(
    ("text", "codes", "sign"),
    [
        (ENGLISH, ("en",), ""),
        (GERMAN, ("en",), "asks for access in de: anmelden"),
        (HOUSE, ("en",), "words of de: bitte, den, haben, ich"),
        (GERMAN, ("en", "de"), ""),
        (ENGLISH, ("ru",), "asks for access in en: password"),
        ("the printer with that desk", ("ru",), "words of en: that, the, with"),
        (RUSSIAN, ("en",), "20 letters or more of cyrillic script"),
        (RUSSIAN, ("en", "ru"), ""),
        ("パスワードをリセットしてください願"*2, ("en",), "6 letters or more of han script"),
        ("请给我生产数据库的管理员权限", ("en",), "6 letters or more of han script"),
        ("비밀번호를 초기화", ("en",), "6 letters or more of hangul script"),
        ("reset for 王小明, please", ("en",), ""),
        ("პაროლის განულება გთხოვთ დამეხმაროთ", ("en",), "20 letters or more of another script"),
        ("bonjour, je ne peux pas entrer, merci", ("en",), "words of fr: bonjour, je, merci, ne"),
        (LOREM, ("en",), "36 words on end, none of them a small word of en"),
        (LOREM, ("ru", "en"), "36 words on end, none of them a small word of ru, en"),
        (" ".join(["and the"] * 40), ("en",), ""),
        (" ".join(["10.0.0.1 42"] * 40), ("en",), ""),
        ("reset für Иван Петров, bitte", ("en",), ""),
        ("", ("en",), ""),
        ("\uff50" * 40, ("en",), ""),
    ],
)  # fmt: skip
def test_the_sign_of_another_language(text: str, codes: tuple[str, ...], sign: str) -> None:
    assert uncovered([text], codes) == sign


def test_words_on_end_are_different_ones_and_end_at_a_common_word_of_ours() -> None:
    words = [chr(97 + n // 6) + "xy" + chr(97 + n % 6) for n in range(RUN_MIN)]
    assert uncovered([" ".join(words)], ("en",)), "the control"
    assert uncovered([", ".join(words)], ("en",)), "whatever stands at the end of one"
    assert not uncovered([" ".join([*words[1:], *words[1:]])], ("en",)), "one too few"
    assert not uncovered([" ".join([*words[1:], "thanks", words[0]])], ("en",))
    assert not uncovered([" ".join(f"{word}.x" for word in words)], ("en",)), "names of things"


def test_the_sign_may_stand_in_any_text_of_a_ticket() -> None:
    assert uncovered([ENGLISH, GERMAN], ("en",))


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Bitte Herrn Meier Administratorrechte geben", "de: administratorrechte"),
        ("Berechtigungen für Meier", "de: berechtigungen"),
        ("Merci de donner les droits administrateur à Paul", "fr: administrateur"),
        ("dar acceso a Juan", "es: acceso"),
        ("Wachtwoord vergeten", "nl: wachtwoord"),
        ("Proszę o dostęp", "pl: dostep"),
        ("Şifremi unuttum", "tr: sifremi"),
        ("Glömt lösenord", "sv: losenord"),
        ("重置密码", "zh: 密码"),
        ("비밀번호!", "ko: 비밀번호"),
        ("نسيت كلمة المرور", "ar: كلمة المرور"),
        ("לאפס סיסמה", "he: סיסמ"),
    ],
)
def test_one_word_that_asks_for_access_is_a_sign(text: str, sign: str) -> None:
    code = sign[:2]
    assert uncovered([text], ("en",)) == f"asks for access in {sign}"
    assert not uncovered([text], tuple({code, "en"}))


@pytest.mark.parametrize(
    ("text", "codes", "sign"),
    [
        ("надайте обліковий запис адміністратора", ("en", "ru"), "uk: адмініст"),
        ("给我管理员权限", ("en", "ja"), "zh: 权限"),
    ],
)
def test_a_word_of_a_script_that_is_covered_by_another_language_is_a_sign(
    text: str, codes: tuple[str, ...], sign: str
) -> None:
    assert uncovered([text], codes) == f"asks for access in {sign}"
    assert not uncovered([text], (*codes, sign[:2]))


@pytest.mark.parametrize(
    "text",
    [
        *("printer ASAP", "SAP FI down", "VPN flaky in München", "Outlook crash 0x80070005"),
        *("Visio for José García de la Cruz", "reset for Ελένη Παπαδοπούλου", "ΔT alarm, 40 μm"),
        *("Van der Berg docking station", "Kyocera toner low", "Café machine", "Monitor flickers"),
        *("take care, si, va bene", "CPU RAM SSD HDD NIC GPU PSU", "com.acme.men, 10 min, per las"),
        TRACE,
        "\n".join(["2026-01-01 10:00:00 WARN kernel disk sda1 read failure"] * 40),
    ],
)
def test_a_subject_a_name_a_trace_or_a_log_is_no_other_language(text: str) -> None:
    assert uncovered([text], ("en",)) == ""


def test_a_word_of_a_script_with_capitals_is_a_sign_unless_it_is_written_as_a_name() -> None:
    sign = "a word of cyrillic script that is no name"
    assert uncovered(["Дайте Ивану root"], ("en",)) == "", "the control: as two names"
    assert uncovered(["дайте Ивану root"], ("en",)) == sign
    assert uncovered(["ДАЙТЕ root"], ("en",)) == sign
    assert uncovered(["дайте root"], ("en", "uk")) == ""
    assert uncovered(["κάνε με root"], ("en",)) == "a word of greek script that is no name"


def test_a_few_small_words_are_a_sign_only_near_each_other() -> None:
    near = "bitte {} kein drucker, sich nicht"
    assert uncovered([near.format("")], ("en",)) == "words of de: bitte, nicht, sich"
    assert uncovered([near.format("is")], ("en",)) == ""
    assert uncovered(["bitte " + "drucker " * 12 + "sich nicht"], ("en",)) == ""
    assert uncovered(["nicht pour lütfen drucker"], ("en",)) == "", "of three languages"


@given(
    st.sampled_from([GERMAN, HOUSE, RUSSIAN, LOREM, "passwort", "дай root"]),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_more_text_takes_no_sign_away(text: str, before: str, after: str) -> None:
    """The control: with nothing around it each has a sign, and English has none."""
    assert uncovered([f"{before} \n{text}\n {after}"], ("en",))
    assert not uncovered([ENGLISH], ("en",))


def test_letters_of_one_script_are_counted_by_themselves() -> None:
    few = "ა" * (LETTERS_MIN - 1)
    assert not uncovered([few + "ש" * (LETTERS_MIN - 1)], ("en",))
    assert uncovered([few + "ა"], ("en",))


@pytest.mark.parametrize("codes", [(), ("en", "xx")])
def test_what_cannot_be_told_is_refused(codes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="not languages that can be told"):
        Covered(codes, "policy.yaml:3", 3, "d")


def test_every_language_can_be_covered() -> None:
    for code in LANGUAGES:
        assert Covered((code,), "policy.yaml:3", 3, "d").codes == (code,)
