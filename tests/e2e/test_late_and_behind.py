"""Decisions that come too late, or before the worker has caught up; no sweeper helps here."""

from tests.e2e.stage import HeldWorld, Stage

from ticketgate.cli.demo.snow import Record, reference

Held = tuple[Stage, HeldWorld]


def reports_request(stage: Stage) -> Record:
    """A request of Alice's that has two days to be decided."""
    record = stage.world.snow.access_request(role="sales-reports")
    record.columns["cat_item"] = reference("d" * 32, "Report access")
    record.columns["short_description"] = "The figures of the quarter"
    return record


def test_a_decision_after_its_deadline_is_refused_although_no_sweeper_ran(held: Held) -> None:
    stage, _ = held
    stage.actor("bob")  # signs in before the clock starts
    record = stage.world.snow.access_request()
    assert stage.tell(record) == "identity"
    form = stage.form_of("bob", record)
    bob = stage.actor("bob")
    page = bob.page
    assert page is not None
    stage.wait("the deadline", lambda: "The time to decide is over" in bob.open(page.url).text)
    assert stage.request(record)["state"] == "awaiting"  # nobody has swept
    assert bob.approval(form) == (409, "decision_late")
    assert stage.refusals(record) == ["decision_late"]
    assert stage.request(record)["state"] == "awaiting"
    assert not stage.grants(record)


def test_nobody_approves_what_has_been_edited_away_already(held: Held) -> None:
    """The edit was answered 202, so it counts, although the worker has not read it yet."""
    stage, world = held
    record = reports_request(stage)
    assert stage.tell(record) == "identity"
    form = stage.form_of("bob", record)
    bob = stage.actor("bob")
    mails = len(world.mailbox.mails)
    with world.resting():
        receipt = stage.post(
            record.edit(variables={"business_reason": "All customers, for a friend"})
        )
        assert stage.delivery(receipt["delivery_id"])["state"] == "accepted"
        assert bob.approval(form) == (503, "ticket_backlog")
        assert stage.request(record)["state"] == "awaiting"
        assert stage.delivery(receipt["delivery_id"])["state"] == "accepted"
    stage.wait("the worker", stage.at_rest)
    assert bob.approval(form) == (409, "ticket_changed")
    assert stage.refusals(record) == ["ticket_changed"]
    assert stage.request(record)["state"] == "awaiting"
    fresh = stage.form_of("bob", record, since=mails)
    assert bob.approval(fresh) == (303, "")
    assert stage.request(record)["state"] == "approved"
