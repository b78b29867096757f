"""Codes: eight digits, ten minutes, five tries, one browser, five an hour."""

from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import CODE_KEY, Gate
from tests.operations.tickets import access_ticket

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.command import CommandKind
from ticketgate.operations.people.sign_in import (
    ask_code,
    code_hash,
    enter_code,
    mint_code,
    secret_hash,
)


def ask(gate: Gate, subject: str = "bob", browser: str = "b1", link: str | None = None) -> str:
    """Ask for a code; the refusal's code, empty without one."""
    asked = partial(ask_code, browser_hash=browser, subject=subject, link=link)
    refusal = gate.write(asked)
    return "" if refusal is None else refusal.code


def mailed(gate: Gate) -> str:
    """The newest code, which is mailed now."""
    gate.run_mail()
    return in_mail(gate)


def in_mail(gate: Gate) -> str:
    """The code in the last mail."""
    words = gate.post.mails[-1].text.split()
    return next(word for word in words if word.isdigit() and len(word) == 8)


def enter(gate: Gate, code: str, browser: str = "b1") -> str:
    """Who is signed in by the code, or the refusal's code."""
    session = f"session-{gate.ids.token()}"
    outcome = gate.write(
        partial(
            enter_code,
            browser_hash=browser,
            code=code,
            session_hash=session,
            key=CODE_KEY,
            snapshot=gate.desk.snapshot(),
        )
    )
    return outcome.code if isinstance(outcome, Refusal) else outcome.subject


def test_a_code_signs_in_once(gate: Gate) -> None:
    ask(gate)
    code = mailed(gate)
    assert enter(gate, code) == "bob"
    assert enter(gate, code) == "code_wrong"
    assert [one["method"] for one in gate.records("sign_in.recorded")] == ["mail_code"]
    assert code not in str(gate.records())


def test_a_code_counts_only_in_the_browser_that_asked(gate: Gate) -> None:
    ask(gate)
    code = mailed(gate)
    assert enter(gate, code, "b2") == "code_wrong"
    assert enter(gate, code) == "bob"


def test_a_code_takes_five_tries(gate: Gate) -> None:
    ask(gate)
    code = mailed(gate)
    assert [enter(gate, "00000000") for _ in range(5)] == ["code_wrong"] * 5
    assert enter(gate, code) == "code_tries"
    assert len(gate.records("sign_in.refused")) == 5
    ask(gate)
    assert enter(gate, mailed(gate)) == "bob"


def test_a_code_lives_ten_minutes(gate: Gate) -> None:
    ask(gate)
    code = mailed(gate)
    gate.clock.at += timedelta(minutes=10) - timedelta(microseconds=1)
    assert enter(gate, "00000000") == "code_wrong"
    gate.clock.at += timedelta(microseconds=1)
    assert enter(gate, code) == "code_expired"


def test_a_code_that_was_not_mailed_yet_signs_nobody_in(gate: Gate) -> None:
    ask(gate)
    assert enter(gate, "") == "code_wrong"


def test_either_of_two_open_codes_signs_in_and_voids_the_other(gate: Gate) -> None:
    ask(gate)
    first = mailed(gate)
    ask(gate)
    second = mailed(gate)
    assert enter(gate, first) == "bob"
    assert enter(gate, second) == "code_wrong"


@pytest.mark.parametrize("per", ["person", "link"])
def test_five_codes_an_hour(gate: Gate, per: str) -> None:
    people = ["bob"] * 6 if per == "person" else ["bob", "carol", "dan", "erin", "alice", "bob"]
    link = None if per == "person" else "lnk"
    assert [ask(gate, one, link=link) for one in people] == [""] * 5 + ["too_many_codes"]
    gate.clock.at += timedelta(hours=1)
    assert ask(gate, "bob", link=link) == ""


def test_codes_of_others_do_not_count(gate: Gate) -> None:
    assert [ask(gate, "carol") for _ in range(5)] == [""] * 5
    assert ask(gate, "bob", link="lnk") == ""


def test_codes_that_anybody_can_ask_for_by_address_leave_the_links_own(gate: Gate) -> None:
    assert [ask(gate) for _ in range(6)] == [""] * 5 + ["too_many_codes"]
    assert [ask(gate, link="lnk") for _ in range(6)] == [""] * 5 + ["too_many_codes"]


def test_codes_asked_for_by_link_leave_those_by_address(gate: Gate) -> None:
    assert [ask(gate, link=f"lnk_{number}") for number in range(6)][-1] == "too_many_codes"
    assert ask(gate) == ""


def test_the_hash_of_a_code_is_of_no_use_without_the_key() -> None:
    """Eight digits are tried through in seconds; the key lies outside the store."""
    told = code_hash(CODE_KEY, "cod_1", "12345678")
    assert told == code_hash(CODE_KEY, "cod_1", "12345678")
    assert len({told, code_hash(b"x" * 32, "cod_1", "12345678"), secret_hash("cod_1:12345678"),
                code_hash(CODE_KEY, "cod_2", "12345678")}) == 4  # fmt: skip


def test_a_code_of_another_key_signs_nobody_in(gate: Gate) -> None:
    ask(gate)
    code = mailed(gate)
    other = partial(
        enter_code,
        browser_hash="b1",
        code=code,
        session_hash="s",
        key=b"x" * 32,
        snapshot=gate.desk.snapshot(),
    )
    outcome = gate.write(other)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "code_wrong"


def test_a_used_code_is_not_mailed_again(gate: Gate) -> None:
    ask(gate)
    ask(gate)
    first, second = gate.due(CommandKind.MAIL_CODE)
    gate.mailer.run(first, gate.desk.snapshot())
    assert enter(gate, in_mail(gate)) == "bob"
    gate.mailer.run(second, gate.desk.snapshot())
    assert len(gate.post.mails) == 1
    assert gate.write(partial(mint_code, ident="nobody", code="1", key=CODE_KEY)) is None


def test_failed_tries_void_no_link(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    ask(gate)
    mailed(gate)
    for _ in range(7):
        enter(gate, "00000000")
    assert not isinstance(gate.decide("bob"), Refusal)
