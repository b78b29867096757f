"""Secrets in texts: found whatever their shape, masked once, in linear time; words are let be."""

import csv
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.planted import PLANTED

from ticketgate.domain.classifying.masked_ticket import masked
from ticketgate.domain.text import pasted_secrets
from ticketgate.domain.text.pasted_secrets import mask, secret_in, texts_in
from ticketgate.domain.text.secret_shapes import MARK
from ticketgate.domain.tickets.ticket import (
    ApproverRow,
    Missing,
    NoTicket,
    Reference,
    StateClass,
    Ticket,
)

ORDINARY = (
    "password: reset please",
    "my password is not working",
    "Password reset: today 10:30, please",
    "the token is expired, and the secret is out",
    "issue key: OPS-1234",
    "access token: see KB0012345",
    "password: 24/7 support",
    "password: 12 GB",
    "token: RITM0010001",
    "ssh -i key user@host.example.com",
    "task-management-of-many-things-1234",
    "password for bob@example.com: bob@example.com",
    "token: https://portal.example.com/docs/tokens-2024",
    "key 123e4567-e89b-12d3-a456-426614174000",
    "https://example.com:8443/a@b and https://bob@example.com/",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "the key is in the internationalisation-and-localisation-folder",
    "sys_id 6816f79cc0a8016401c5a33be04be441 of the asset",
    "eyJhbGciOiJub25lIn0 alone is no token",
    "pwr: 230V-50Hz, mpw: 2026a1b2",
    "password:\n\n\n2026a1b2 is the asset",
    "my password is\n2026a1b2",
    "task_key 9f86d081884c7d659a2feaa0c55ad015",
    "ls -u bob:admins2",
    "dckr_pat_, dapi and dapiece0123456789",
    "00" + "1234567890" * 4,
    "00" + "abcdefghij" * 4,
    "the hf_reader, sk-ant-hill and glsa_",
    "",
)


@pytest.mark.parametrize("name", PLANTED)
def test_every_shape_is_masked_and_stays_masked(name: str) -> None:
    around, secret = PLANTED[name]
    text = around.format(secret)
    seen = mask(text)
    assert MARK in seen
    assert secret not in seen
    assert secret[4:] not in seen
    assert mask(seen) == seen


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_write_is_let_be(text: str) -> None:
    assert mask(text) == text


def test_the_mark_says_what_and_how_long_and_leaves_the_rest() -> None:
    around, secret = PLANTED["aws key"]
    assert mask(around.format(secret)) == "use ⟦secret: aws key, 20 characters⟧ please"
    assert mask("pwd=hunter2x, ok") == "pwd=⟦secret: password, 8 characters⟧, ok"


def test_digits_of_another_script_are_digits() -> None:
    digits = "\u0661\u0662\u0663\u0664\u0665\u0666\u0667"
    assert digits not in mask(f"password: {digits}")
    assert (
        mask("password: \u4e2d\u6587\u4e2d\u6587\u4e2d\u6587")
        == "password: \u4e2d\u6587\u4e2d\u6587\u4e2d\u6587"
    )


def test_secrets_that_overlap_are_one_and_several_are_several() -> None:
    key, token = PLANTED["aws key"][1], PLANTED["github"][1]
    assert mask(f"secret: {key}").count(MARK) == 1
    assert mask(f"{key} {token} {key}").count(MARK) == 3


def test_a_secret_announces_another_one_close_behind_it_and_so_does_its_mark() -> None:
    key, other = PLANTED["aws key"][1], PLANTED["aws secret"][1]
    hidden = mask(f"{key} {other} {other}")
    assert hidden.count(MARK) == 3
    assert mask(f"{mask(key)} {other}").count(MARK) == 2
    assert mask(f"{'x ' * 25}{other}").count(MARK) == 0, "the control"
    far = f"{mask(key)}{' and ' * 10}{other}"
    assert mask(far) == far
    assert mask(f"⟦secret: of {other}") == mask(mask(f"⟦secret: of {other}"))


def test_what_a_mark_cuts_out_of_an_address_is_masked_with_it() -> None:
    text = "password: bob1234@" + PLANTED["github"][1] + ".example"
    assert mask(text) == mask(mask(text))
    assert "bob1234" not in mask(text)


def test_looking_again_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "password: bob1234@" + PLANTED["github"][1] + ".example"
    monkeypatch.setattr(pasted_secrets, "_ROUNDS_MAX", 1)
    assert "bob1234" in mask(text), "the control: one look is not enough"
    assert PLANTED["github"][1] not in mask(text)


def test_any_text_of_a_body_is_looked_at_and_one_that_is_no_json_as_well() -> None:
    for body in (b'{"a": ["pw: Summer2026!"]}', b"<p>pw: Summer2026!", b'{"pw: Summer2026!": 1}'):
        assert secret_in(body)
    assert not secret_in(b'{"a": ["pw: summer"]}'), "the control"


def test_what_looks_like_a_mark_hides_nothing() -> None:
    assert "Tr0ub4dor" not in mask("password: ⟦Tr0ub4dor&3")
    assert "Tr0ub4dor" not in mask("password: Tr0ub4dor&3⟦secret: x")
    assert "Tr0ub4dor" not in mask("https://bob:⟦Tr0ub4dor@host")


def test_an_id_is_masked_only_for_a_shape_that_nothing_else_has() -> None:
    assert mask("password: Tr0ub4dor&3", free=False) == "password: Tr0ub4dor&3"
    assert MARK in mask(PLANTED["github"][1], free=False)


@given(st.text(max_size=80), st.sampled_from(sorted(PLANTED)), st.text(max_size=80))
def test_whatever_stands_around_it_on_other_lines_a_secret_is_found(
    before: str, name: str, after: str
) -> None:
    around, secret = PLANTED[name]
    seen = mask(f"{before}\n{around.format(secret)}\n{after}")
    assert secret not in seen
    assert mask(seen) == seen


@given(st.text(alphabet="ab1! :=-<>&;\t|/._/@\"'pswordtkenyAKIghJ⟦", max_size=400))
def test_masking_twice_is_masking_once(text: str) -> None:
    seen = mask(text)
    assert mask(seen) == seen


PIECES = (
    *("password", "pw", "for", "bob", "is", "to", ":", " ", "\t", "|", "<td>", "<b>", "&amp;", "/"),
    *("Summer2026!", "hunter2x", "AKIA" + "IOSFODNN7EXAMPLE", PLANTED["aws secret"][1], "&sig="),
    *("⟦secret: ", "⟧", "\n", "token", "\u200b", "пароль", "curl -u a:", "@", ".example", "://"),
    *(
        "**",
        "~~",
        "<!--",
        "-->",
        "{color}",
        "[b]",
        "](",
        "'",
        '\\"',
        "<",
        "<password>",
        "</password>",
    ),
)


@given(st.lists(st.sampled_from(PIECES), max_size=16))
def test_masking_what_is_put_together_of_announcements_twice_is_masking_it_once(
    pieces: list[str],
) -> None:
    for joint in ("", " "):
        hidden = mask(joint.join(pieces))
        assert mask(hidden) == hidden


@pytest.mark.untraced
@pytest.mark.parametrize(
    "piece",
    [
        "eyJ", "-eyJ", "eyJ.", "pass", "password", "password: ", "password:a", "://", "://a:",
        "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "AKIA", "ghp_", "A", "key ", "xoxb-", "aQ~",
        "8Q~", "key aB3", "?sig=", "sk-ant-", "secretkeytoken", "token_a_", "token is ", "a1=",
        "password:\n", "curl -u ", "curl -u a:", "curl -u a", " -u", "pw", "pw:", "access_key",
        "password for ", "password a a a a ", "password/a", "pw a1!", "\u200b", "pass\u200bword: ",
        "&amp;", "&amp;amp;", "<b>", "<td>", "<", "<b", "&", "password\t", "\uff50", "00", "парол",
        "⟦secret: ", "⟦secret: a⟧", "AKIAIOSFODNN7EXAMPLE ",
    ],
)  # fmt: skip
def test_time_grows_as_the_text_does(piece: str) -> None:
    """32 times the text takes 32 times as long; a search that backtracked would take 1,000."""

    def seconds(chars: int) -> float:
        text = (piece * (chars // len(piece) + 1))[:chars]
        began = time.process_time()
        mask(text)
        return time.process_time() - began

    small = min(seconds(2_500) for _ in range(3))
    # The least of three; once one of them is little enough, the others change nothing.
    assert any(seconds(80_000) < 250 * max(small, 0.0005) for _ in range(3))


def test_all_texts_of_a_body_are_looked_at() -> None:
    body = json.loads('{"a": [{"b": "x"}, 1, null, true], "c": "y"}')
    assert sorted(texts_in(body)) == ["a", "b", "c", "x", "y"]


def ticket(**fields: object) -> Ticket:
    return Ticket(
        "snow",
        "incident",
        "6816f79cc0a8016401c5a33be04be441",
        1,
        "1",
        StateClass.OPEN,
        "someone",
        fields=fields,  # type: ignore[arg-type]
        variables={"new_password": "Summer99x", "role": "admin", "gone": Missing.ABSENT},
    )


def test_a_ticket_keeps_its_ids_and_loses_its_secrets() -> None:
    token = PLANTED["github"][1]
    seen = masked(
        ticket(
            opened_by=Reference("6816f79cc0a8016401c5a33be04be441", f"Bob {token}"),
            asset=Reference(None, None),
            assignee=Reference(token, None),
            description=Missing.ABSENT,
            reason=f"see {token}",
        )
    )
    assert isinstance(seen, Ticket)
    assert token not in str(seen)
    assert seen.id == "6816f79cc0a8016401c5a33be04be441"
    assert seen.fields["opened_by"] == Reference(
        "6816f79cc0a8016401c5a33be04be441", "Bob ⟦secret: github token, 40 characters⟧"
    )
    assert seen.fields["description"] is Missing.ABSENT
    assert seen.variables == {
        "new_password": "⟦secret: password, 9 characters⟧",
        "role": "admin",
        "gone": Missing.ABSENT,
    }
    assert masked(seen) == seen


def test_a_ticket_without_variables_and_what_is_no_ticket() -> None:
    bare = Ticket("s", "t", "i", None, "", StateClass.OPEN, "", variables=None)
    assert masked(bare) == bare
    assert masked(NoTicket("test")) == NoTicket("test")
    token = PLANTED["github"][1]
    row = ApproverRow("s", "i", 1, "p", Reference("id", token), token, token, created_by=token)
    assert token not in str(masked(row))
    plain = replace(row, approver=Reference("id", "Bob"), state="approved", updated_by="bob")
    assert masked(replace(plain, created_by=None)) == replace(plain, created_by=None)


def test_false_alarms_on_real_tickets_are_few() -> None:
    """The sample has no secrets; its texts are lower-cased and without digits."""
    folder = os.environ.get("TICKETGATE_SAMPLES")
    if folder is None:
        pytest.skip("TICKETGATE_SAMPLES does not name a folder of real payloads")
    texts = [
        text
        for path in sorted(Path(folder).rglob("*.json"))
        for text in texts_in(json.loads(path.read_text()))
    ]
    for path in sorted(Path(folder).rglob("*.csv")):
        with path.open(newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    alarms = [text for text in texts if mask(text) != text]
    assert len(alarms) <= len(texts) // 500, alarms[:5]
