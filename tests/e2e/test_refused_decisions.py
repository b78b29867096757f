"""Decisions that must not count: each has its status, its code, and its record (states.md 5, 6)."""

import pytest
from tests.e2e.stage import WHY, Actor, Stage

from ticketgate.cli.demo.person import Form
from ticketgate.cli.demo.snow import Record

BOB_LEFT = (
    "      corp-scim: [bob@example.com]\n    active: true",
    "      corp-scim: [bob@example.com]\n    active: false",
)
HERS, NOT_HERS = "aliases: [alice-admin]", "aliases: [alice.moreau]"
STRANGER = (
    "    mail: alice.admin@example.com\n    team: platform",
    "    mail: alice.admin@example.com\n    team: security",
)


def as_somebody_else(actor: Actor, form: Form) -> tuple[int, str]:
    """Post what another person's form holds, from one's own session with one's own token."""
    answer = actor.send(form, csrf_token=actor.token(), decision="approve", justification=WHY)
    return answer.status_code, answer.json()["code"]


def still_waits(stage: Stage, record: Record) -> bool:
    """Whether nothing came of it: the request awaits, there is no grant and no access."""
    waits = stage.request(record)["state"] == "awaiting"
    return waits and not stage.grants(record) and not stage.world.in_group()


def test_the_requester_cannot_approve_on_the_link_of_her_manager(stage: Stage) -> None:
    """Alice has Bob's mail, and posts his form from her own session."""
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        assert as_somebody_else(stage.actor("alice"), form) == (404, "not_found")
        assert stage.refusals(record) == ["self_approval"]
        assert still_waits(stage, record)
        assert stage.actor("bob").approval(form) == (303, "")  # the try used nothing up


def test_a_link_works_for_nobody_but_its_holder(stage: Stage) -> None:
    """Carol may decide at a later stage; on Bob's link she is nobody."""
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        assert as_somebody_else(stage.actor("carol"), form) == (404, "not_found")
        assert stage.refusals(record) == ["not_link_holder"]
        assert still_waits(stage, record)


def test_an_approver_disabled_a_second_before_the_click_is_refused(stage: Stage) -> None:
    """directory.yaml is edited between GET and POST, without reload or restart."""
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        with stage.directory(BOB_LEFT):
            assert stage.actor("bob").approval(form) == (403, "approver_inactive")
            assert stage.refusals(record) == ["approver_inactive"]
            assert still_waits(stage, record)
        assert stage.actor("bob").approval(form) == (303, "")


def test_no_decision_while_the_directory_cannot_be_read(stage: Stage) -> None:
    """What cannot be decided safely is not decided; once mended, the same form works."""
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        with stage.directory(("people:\n", "people: [\n")):
            assert stage.actor("bob").approval(form) == (503, "directory_unreadable")
            assert still_waits(stage, record)
        assert stage.actor("bob").approval(form) == (303, "")


def test_another_account_of_the_requester_cannot_approve(stage: Stage) -> None:
    """Her other account held a good link while nobody knew that it is hers."""
    with stage.directory(STRANGER, (HERS, NOT_HERS)), stage.asked() as record:
        stage.approve(record, "bob")
        form = stage.form_of("alice-admin", record)
        with stage.directory((NOT_HERS, HERS)):
            assert stage.actor("alice-admin").approval(form) == (403, "alias_of_requester")
            assert stage.refusals(record) == ["alias_of_requester"]
            assert still_waits(stage, record)


@pytest.mark.parametrize("again", ["bob", "carol"])
def test_a_link_works_once(stage: Stage, again: str) -> None:
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        assert stage.actor("bob").approval(form) == (303, "")
        if again == "carol":
            form = stage.form_of("carol", record)
            assert stage.actor("carol").approval(form) == (303, "")
        assert stage.actor(again).approval(form) == (409, "link_used")
        assert stage.refusals(record) == ["link_used"]


def test_what_was_edited_meanwhile_is_not_approved(stage: Stage) -> None:
    """The old link is void; a new mail shows what is asked now, and its link works."""
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        mails = len(stage.world.mailbox.mails)
        record.edit(variables={"business_reason": "Copy the customer table to my laptop"})
        assert stage.tell(record) == "identity"
        assert stage.actor("bob").approval(form) == (409, "ticket_changed")
        assert stage.refusals(record) == ["ticket_changed"]
        assert still_waits(stage, record)
        fresh = stage.form_of("bob", record, since=mails)
        assert fresh.action != form.action
        assert "Copy the customer table" in stage.actor("bob").text
        assert stage.actor("bob").approval(fresh) == (303, "")


def test_our_own_comment_on_the_ticket_voids_nothing(stage: Stage) -> None:
    """What the gateway writes into the ticket comes back as a revision by its own user."""
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        mails = len(stage.world.mailbox.mails)
        record.edit(by="svc-ticketgate", comments="ticketgate: waits for Bob Ng")
        assert stage.tell(record) == "identity"
        assert stage.actor("bob").approval(form) == (303, "")
        assert stage.refusals(record) == []
        (request,) = stage.requests(record)
        assert [to for to, _ in stage.moves("request", request["id"])] == ["awaiting"] * 2
        about = [mail for mail in stage.world.mailbox.mails[mails:] if "bob@" in str(mail["To"])]
        assert about == []


@pytest.mark.parametrize(
    ("filled", "status", "code"),
    [
        ({"justification": "ok"}, 422, "justification"),
        ({"decision": "maybe"}, 422, "decision"),
        ({"seconds": "999999"}, 422, "seconds"),
        ({"seconds": "-1"}, 422, "seconds"),
        ({"shown": "0" * 64}, 409, "shown_changed"),
    ],
)
def test_a_form_that_does_not_fit_uses_nothing_up(
    stage: Stage, filled: dict[str, str], status: int, code: str
) -> None:
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        good = {"decision": "approve", "justification": WHY}
        answer = stage.actor("bob").send(form, **{**good, **filled})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert still_waits(stage, record)
        assert stage.actor("bob").approval(form) == (303, "")


def test_a_form_without_the_token_of_its_session_is_refused(stage: Stage) -> None:
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        bob = stage.actor("bob")
        answer = bob.send(form, csrf_token="", decision="approve", justification=WHY)
        assert (answer.status_code, answer.json()["code"]) == (400, "csrf")
        bob.browser.cookies, kept = type(bob.browser.cookies)(), bob.browser.cookies
        answer = bob.send(form, decision="approve", justification=WHY)
        assert (answer.status_code, answer.json()["code"]) == (400, "csrf")
        bob.browser.cookies = kept
        assert still_waits(stage, record)
        assert bob.approval(form) == (303, "")


def test_one_denial_ends_the_request(stage: Stage) -> None:
    with stage.asked() as record:
        form = stage.form_of("bob", record)
        answer = stage.actor("bob").send(form, decision="deny", justification=WHY)
        assert answer.status_code == 303
        assert stage.request(record)["state"] == "denied"
        assert not stage.grants(record)
