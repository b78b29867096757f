"""Passwords behind a word that announces them, in the forms in which people write it."""

import pytest

from ticketgate.domain.text.announced_secrets import announced
from ticketgate.domain.text.pasted_secrets import mask, mask_named
from ticketgate.domain.text.secret_shapes import MARK
from ticketgate.domain.text.secret_words import names_secret

PASSWORD = "Summer2026!"

WITH_WORDS = (
    "the password for bob is {}",
    "the password for bob is {} and his token is x",
    "password for SAP: {}",
    "Password for bob.ng@example.com: {}",
    "password (temporary): {}",
    "Passwort für Bob: {}",
    "Initialpasswort von Bob lautet {}",
    "mot de passe de Bob est {}",
    "the token of the build server = {}",
    "password reset, the new password: {}",
    "new password for user jsmith01: {}",
    "password/PIN: {}",
    "password {}",
    "password {}, please change it",
    'user: bob password "{}"',
    "user bob / pw {}",
    "PW for the vpn: {}",
    "his new password will be {}",
    "we changed the password to {}",
    "the password is changed to {}",
    "Password\t{}",
    "| Password | {} |",
    "Password → {}",
)
LANGUAGES = (
    *("пароль", "ПАРОЛЬ", "hasło", "Hasła", "parola", "contraseña", "mot de passe", "senha"),
    *("wachtwoord", "lösenord", "salasana", "heslo", "geslo", "lozinka", "jelszó", "şifre"),
    *("kodeord", "adgangskode", "passord", "κωδικός", "סיסמה", "パスワード", "비밀번호", "密码"),
    *("mật khẩu", "kata sandi", "slaptažodis", "parool", "Kennwort", "İ pwd", "psk", "creds"),
)
NO_PASSWORD = (
    "Password reset for user: jsmith01",
    "password reset user: JSmith01",
    "Password change for employee E123456",
    "Passwort zurücksetzen für Benutzer: mueller01",
    "Password for Office365 is not working",
    "Reset password Office365!",
    "Password Windows10 expired",
    "the password policy is 90-days old",
    "forgot password for bob1@corp please",
    "password for ticket #INC0012345 please",
    "access token for the api is base64-encoded",
    "Password for account DOMAIN\\jsmith1 is locked",
    "the password for Bob expired on: 2026-11-26T10:00:00Z",
    "password expired on server SRV-DB-01 (10.1.2.3)",
    "passport for Bob: Abc12345!",
    "bypass for Bob: Abc12345!",
    "the secretary for Bob: Abc12345!",
    "password reset link: https://portal/reset?id=12",
    "password for extension: 48291357",
    "Password | Win10-LT0042 | locked",
    "<td>Password</td><td>INC0012345</td>",
    "password for one two three four five: Abc12345",
    "the password is lost. bob has Abc12345!",
    "token Abc12345! is no password",
    "password for the door: hunter",
    "password requirements: 12chars",
    "please send a pw for VPN asap, ext. 4711!",
    "otp: not received",
    "otp code has 6 digits",
    "dotpath: abc1234",
    "password Summer2026",
    "password summer!",
    "password pa$$word",
    "password of Pa$$wordX",
    "password 4829-1357!",
    "password 4829$1357",
)


@pytest.mark.parametrize("around", WITH_WORDS)
def test_words_between_or_no_sign_hide_no_password(around: str) -> None:
    text = around.format(PASSWORD)
    hidden = mask(text)
    assert PASSWORD.rstrip("!") not in hidden
    assert mask(hidden) == hidden
    assert around.format("hunter") == mask(around.format("hunter")), "the control"


@pytest.mark.parametrize("word", LANGUAGES)
def test_a_password_is_announced_in_many_languages(word: str) -> None:
    for text in (f"{word}: Qwerty123", f"{word} = qwerty123!"):
        assert "werty" not in mask(text)
        assert list(announced(text))
    assert mask(f"{word}: qwerty") == f"{word}: qwerty", "the control"


@pytest.mark.parametrize("text", NO_PASSWORD)
def test_what_people_write_about_passwords_is_let_be(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("the password for bob is Tr0ub4dor&3", "Tr0ub"),
        ("password for bob: hunter2x", "hunter2x"),
        ("password for SAP: Pa$$word", "Pa$$"),
        ("password for bob: Sommer2026", "Sommer"),
        ("password Pa$$wordX", "Pa$$"),
        ("the password was changed now: Sommer2026", "Sommer"),
        ("otp: 482913", "482913"),
        ("verification code = 482913", "482913"),
        ("wifi key: MyWifiKey2026", "MyWifi"),
    ],
)
def test_of_what_words_announce_more_is_needed_than_of_a_sign(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in mask(text)


@pytest.mark.parametrize(
    "name",
    [
        *("initialPassword", "u_initial_pw", "pw", "apikey", "api-key", "API_KEY", "accessKey"),
        *("userPW", "newPasswordValue", "initialpasswort", "hasło", "Contraseña", "otp", "psk"),
        *("x.token", "PassWord"),
    ],
)
def test_a_variable_is_named_as_a_secret_however_its_words_are_joined(name: str) -> None:
    assert names_secret(name)
    assert mask_named(name, "Abc12345") == f"{MARK}password, 8 characters⟧"
    assert mask_named(name, "hunter") == "hunter", "the control"


@pytest.mark.parametrize("name", ["monkey", "spwx", "keyboard", "bypassed", "compassRose", "role"])
def test_a_variable_of_another_name_is_let_be(name: str) -> None:
    assert not names_secret(name)
    assert mask_named(name, "Abc12345") == "Abc12345"


def test_what_is_masked_in_a_variable_is_masked_once() -> None:
    seen = mask_named("new_password", "it is password: Abc12345")
    assert seen == "it is password: ⟦secret: password, 8 characters⟧"
    assert mask_named("new_password", seen) == seen


def test_what_stands_beside_a_mark_in_a_variable_named_as_a_secret_is_masked_too() -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    for value in (f"{key} Hunter2!x", f"Hunter2!x {mask(key)}"):
        hidden = mask_named("u_password", value)
        assert hidden == f"{MARK}password, {len(value)} characters⟧"
        assert mask_named("u_password", hidden) == hidden
    assert mask_named("u_password", f"{key} of bob").endswith("⟧ of bob"), "the control"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (
            "BitLocker recovery key: 316393-461505-184723-294811-550429-038126-713504-220847",
            "316393",
        ),
        ("recovery code: 1234-5678-9012", "5678"),
        ("password: SUMMER2024", "SUMMER"),
        ("pw: WELCOME123", "WELCOME"),
    ],
)
def test_what_has_the_form_of_a_code_is_a_secret_right_behind_a_word_and_a_sign(
    text: str, secret: str
) -> None:
    assert secret not in mask(text)
    value = text.partition(": ")[2]
    assert mask_named("u_password", value) == f"{MARK}password, {len(value)} characters⟧"
    assert mask_named("u_role", value) == value, "the control"


@pytest.mark.parametrize(
    "text",
    [
        *("bypass: firewall-rule-17", "passenger: LH-4711x", "tokenizer: gpt-4o-mini", "Pass"),
        *(
            "secretary: room-204b",
            "PASS: test_login_01",
            "encompass: v2.1-rc3",
            "Passport: C01X00T47",
        ),
        *(
            "TOKENIZER: gpt-4o-mini",
            "Bypasses: rule-17x",
            "compass = north-17",
            "tokenized: a1-b2-c3",
        ),
    ],
)
def test_other_words_that_hold_one_announce_nothing(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "word",
    [
        *(
            "pass",
            "PASS",
            "Pass",
            "dbpass",
            "dbPass",
            "DB_PASS",
            "passwordHash",
            "passValue",
            "passwd",
        ),
        *("Initialpasswort", "passkey", "passcode", "mot de passe", "pass_of_db", "passwords"),
        *(
            "token",
            "Tokens",
            "tokenValue",
            "token_value",
            "secret",
            "secrets",
            "secretKey",
            "MY_SECRET",
        ),
        *("client_secret_value", "secretkey", "SECRETS", "secretaccesskey", "Passwortneu"),
    ],
)
def test_words_of_their_own_and_names_of_them_announce_one(word: str) -> None:
    for text in (f"{word}: login-01x", f"{word}=login-01x"):
        assert "login" not in mask(text)


@pytest.mark.parametrize(
    "value",
    [
        *("INC0012345", "RITM0010001", "CHG-0030001", "2026-11-26", "26.11.2026", "11/26/2026"),
        *("10:30:00", "10:30am", "2026-11-26T10:00:00Z"),
    ],
)
def test_numbers_of_tickets_dates_and_times_are_let_be_there(value: str) -> None:
    assert mask(f"password: {value}") == f"password: {value}"
    assert mask_named("u_password", value) == value
    assert mask(f"password: X{value}") != f"password: X{value}", "the control"


def test_no_letter_but_one_changes_how_long_a_text_is_in_lower_case() -> None:
    longer = [chr(one) for one in range(0x11_0000) if len(chr(one).lower()) != 1]
    assert longer == ["İ"]
