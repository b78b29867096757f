"""A text as it is seen, and where in the text each of its characters stands."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.text.markup import read_forms
from ticketgate.domain.text.pasted_secrets import mask
from ticketgate.domain.text.secret_shapes import MARK
from ticketgate.domain.text.seen_text import seen

PASSWORD = "Summer2026!"
HIDDEN = (
    "<b>password</b>: {}",
    "password: <b>{}</b>",
    "password:<br>{}",
    "<p>password:</p>\n<p>{}</p>",
    "<td>Password</td><td>{}</td>",
    "<tr>\n <td><b>Password</b></td>\r\n <td>{}</td></tr>",
    "<dt>Password</dt><dd>{}</dd>",
    "password\u200b: {}",
    "pass\u200bword: {}",
    "p&#97;ssword: {}",
    "pass&amp;shy;word: {}",
    "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff1a {}",
    "password\uff1a{}",
    "pass\x00word: {}",
    "password:\u2028{}",
    "**Password:** {}",
    "__Password:__ {}",
    "*Password*: {}",
    "- **Password**: `{}`",
    "the **password** for **bob**: {}",
    "{{color:red}}Password:{{color}} {}",
    "[b]Password:[/b] {}",
    "[Password](https://x.example): {}",
    "<p>Password:<!-- x --></p><p>{}</p>",
    "Password: <del>old</del> {}",
    "Password: <? x ?>{}",
    '{{\\"password\\":\\"{}\\"}}',
    'password=\\"{}\\"',
    "<password>{}</password>",
    "&lt;password&gt;{}&lt;/password&gt;",
    '<wsse:Password Type="text">{}</wsse:Password>',
    "password:\n\n{}",
    "<!-- password: <b>{}</b> -->",
    '{{"password":"{}","user":"bob1234"}}',
)


@pytest.mark.parametrize("around", HIDDEN)
def test_a_password_is_masked_as_it_is_seen(around: str) -> None:
    hidden = mask(around.format(PASSWORD))
    before, behind = around.format("\0").split("\0") if "\0" not in around else around.split("{}")
    assert PASSWORD[:-1] not in hidden
    assert hidden.startswith(before)
    assert hidden.endswith(behind)
    assert mask(hidden) == hidden
    assert mask(around.format("hunter")) == around.format("hunter"), "the control"


def test_a_password_that_is_struck_out_hides_no_other() -> None:
    assert mask("Password: ~~old~~ Hunter2!x").endswith(" ⟦secret: password, 9 characters⟧")
    assert mask("Password: ~~old word~~ hunter").endswith("hunter"), "the control"


@pytest.mark.parametrize(
    "value",
    ["Tr0ub4dor<&3xyz9", "x'Kd82!pq9", 'x"Kd82!pq9', "Kd82>xpq9", "Kd82`xpq9", "Kd82<b!pq9"],
)
def test_a_value_runs_over_signs_of_markup_and_quotes(value: str) -> None:
    for around in ("password: {}", "password: {} and more", "<p>password: {}</p>"):
        hidden = mask(around.format(value))
        assert hidden == around.format(f"⟦secret: password, {len(value)} characters⟧")
        assert mask(hidden) == hidden
    assert MARK in mask(f"Password: **{value}**")
    assert mask("Password: **nobody**") == "Password: **nobody**"
    control = "password: 'nobody' and <b>x1</b>"
    assert mask(control) == control


@pytest.mark.parametrize(
    "text",
    [
        '{"password":"","user1":"bob1234"}',
        '{"password":false,"user":"bob1234"}',
        '<label for="password">Enter2FA here</label>',
        "[1] the *token* is ~~not~~ gone",
    ],
)
def test_what_stands_behind_an_empty_one_is_no_password(text: str) -> None:
    assert mask(text) == text


def test_a_secret_is_masked_with_the_markup_inside_it() -> None:
    token = "ghp_" + "<b>a1B2c3D4e5</b>F6g7H8i9J0&#107;1L2m3N4o5"
    assert mask(f"use <i>{token}</i>") == (
        f"use <i>⟦secret: github token, {len(token)} characters⟧</i>"
    )


def test_a_signature_in_a_link_is_masked_however_its_sign_is_written() -> None:
    signature = "Zq7SasAbcdefghijklmnopqrstuvwxyz0123456789ABCD"
    for sign in ("&", "&amp;", "&amp;amp;", "&#38;"):
        assert signature not in mask(f"https://x.example/c?sv=1{sign}sig={signature}")


@pytest.mark.parametrize(
    "text",
    ["plain, with\ttabs\r\nand lines", "ümlaut, 密码", "a & b", "a < b", "<bob@example.com>"],
)
def test_what_is_seen_as_it_is_written_has_no_other_form(text: str) -> None:
    assert seen(text) is None


def test_each_character_knows_its_place() -> None:
    text = "a&amp;b<br>c\u200bd\ufb01<-y>"
    form = seen(text)
    assert form is not None
    assert form.text == "a&b cdfi<-y>"
    assert [text[slice(*form.place(at, at + 1))] for at in range(8)] == [
        *("a", "&amp;", "b", "<br>", "c", "d", "\ufb01", "\ufb01"),
    ]
    assert text[slice(*form.place(2, 6))] == "b<br>c\u200bd"


def test_no_character_makes_a_text_more_than_twice_as_long() -> None:
    assert seen("\ufdfa" * 9) is None
    every = map(chr, range(0x11_0000))
    longer = [char for char in every if len(unicodedata.normalize("NFKC", char)) > 1]
    for char in longer:
        form = seen(char)
        assert form is None or len(form.text) <= 2
    form = seen("\ufb01")
    assert form is not None
    assert form.text == "fi", "the control"


@given(st.text(alphabet="ab&;#1<>/ lgtm p\u200b\uff1a", max_size=60))
def test_places_are_in_order_and_inside_the_text(text: str) -> None:
    form = seen(text)
    if form is not None:
        assert len(form.text) == len(form.starts) == len(form.ends)
        assert form.starts == sorted(form.starts)
        assert form.ends == sorted(form.ends)
        assert all(0 <= a < b <= len(text) for a, b in zip(form.starts, form.ends, strict=True))


@given(st.text(alphabet="ab&;#19<>/ brpgtlm", max_size=60))
def test_markup_is_read_as_it_is_read_for_the_rules(text: str) -> None:
    form = seen(text)
    assert (text if form is None else form.text) in (text, *read_forms(text))
