"""Who asked is told why a request was denied, in the mail and on its page; tickets are not."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from tests.operations.kit import Gate, folder
from tests.operations.own import ROLES, WHY, Own
from tests.operations.test_take_back import OOPS, back
from tests.operations.test_tell_outcome import last, told
from tests.operations.tickets import SOURCE, access_ticket

from ticketgate.adapters.sqlite import schema
from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.telling.outcomes import COMMENTED
from ticketgate.operations.desks.request_desk import RequestView
from ticketgate.operations.telling.write_back import tell_sources

SAID = "no change ticket names this migration,\nask again once it does"
IN_MAIL = "Reason:  no change ticket names this migration, ask again once it does"


@pytest.fixture
def own() -> Iterator[Own]:
    """Alice asks for access; her ticket gets comments of everything."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.write(lambda tx, now: tell_sources(tx, now, sources={SOURCE: COMMENTED}))
            gate.deliver(access_ticket())
            gate.run_mail()
            yield Own(gate)
        finally:
            gate.stop()


def deny(own: Own, why: str = SAID) -> None:
    assert not isinstance(own.gate.decide("bob", "deny", why=why), Refusal)


def because(own: Own, person: str = "alice") -> str:
    return own.view(person).because


def comments(gate: Gate) -> str:
    """Everything that the store holds to tell the platform."""
    with closing(schema.connect(gate.path, read_only=True)) as db:
        rows = db.execute("SELECT * FROM comment").fetchall()
    assert rows
    return " ".join(str(tuple(one)) for one in rows)


def test_the_mail_and_the_page_tell_what_the_approver_typed(own: Own) -> None:
    assert because(own) == ""
    deny(own)
    mail = last(own.gate)
    assert told(own.gate)[-1] == "is denied"
    assert IN_MAIL in mail.text
    assert "no change ticket names this migration, ask again" in mail.html
    assert "Bob" not in mail.text
    assert because(own) == SAID


def test_a_ticket_is_not_told_why(own: Own) -> None:
    deny(own)
    assert "was denied" in comments(own.gate)
    assert "no change ticket" not in comments(own.gate)


def test_no_other_mail_tells_a_reason(own: Own) -> None:
    own.gate.approve("bob", "carol")
    own.gate.settle()
    told(own.gate)
    assert all("Reason:" not in mail.text for mail in own.gate.post.mails)
    assert because(own) == ""


def test_what_was_typed_cannot_act_and_is_cut(own: Own) -> None:
    deny(own, "<b>no</b> \u202egnihton and http://x " + "never again " * 200)
    mail = last(own.gate)
    assert "⟦U+202E⟧" in mail.text
    assert "<b>" not in mail.html
    assert max(len(one) for one in mail.text.splitlines()) < 1100
    assert len(because(own)) > 2000


def test_who_takes_an_approval_back_is_heard_too(own: Own) -> None:
    own.gate.approve("bob")
    assert back(own.gate, "bob") == ""
    assert because(own) == OOPS
    assert f"Reason:  {OOPS}" in last(own.gate).text


def test_who_denies_what_is_blocked_is_heard_too(own: Own) -> None:
    own.gate.deliver(access_ticket("t2", hours="forever"))
    assert own.do("deny", "erin", why=WHY) == ""
    assert because(own) == WHY
    assert f"Reason:  {WHY}" in last(own.gate).text


def test_people_of_other_roles_do_not_read_it_and_auditors_do(own: Own) -> None:
    deny(own)
    assert because(own, "dan") == because(own, "erin") == ""
    desk = replace(own.desk, roles={**ROLES, "auditor": (Word("person", "mallory"),)})
    found = desk.view(own.last(), "mallory")
    assert isinstance(found, RequestView), found
    assert found.because == SAID


def test_once_it_is_erased_nobody_is_told_it(own: Own) -> None:
    deny(own)
    with own.gate.db() as looking:
        index = looking.requests.approvals(own.last())[-1].index
        hidden = [digest for digest, _, _, _ in looking.evidence.hidden(index)]
    own.gate.write(lambda tx, _now: tx.erasing.erase(hidden))
    assert because(own) == ""
    assert "Reason:" not in last(own.gate).text
