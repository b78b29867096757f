"""What a delivery makes of a ticket: identity event or not, once, and in no order (intake.md)."""

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.stage import Stage

from ticketgate.cli.demo.snow import reference


def test_a_printer_incident_is_no_identity_event_until_it_asks_for_access(stage: Stage) -> None:
    """Words alone make it uncertain; that the desk files it under access makes it one."""
    record = stage.world.snow.incident("The printer on floor 3 is jammed again")
    assert stage.tell(record) == "not_identity"
    assert stage.requests(record) == []
    record.edit(description="Meanwhile I need access to the printing server myself")
    assert stage.tell(record) == "uncertain"
    assert stage.requests(record) == []
    assert stage.tell(record.edit(category="access")) == "identity"
    request = stage.request(record)
    assert request["state"] == "blocked"  # it names nothing that could be granted
    (ticket,) = stage.rows("SELECT id FROM ticket WHERE ticket_id = ?", record.sys_id)
    moves = [one for one in stage.entries() if one.get("id") == ticket["id"]]
    assert [one["to"] for one in moves] == ["not_identity", "uncertain", "identity"]
    named = [
        [rule.partition("@")[0] for rule in one["rules"] if "@packs/" not in rule] for one in moves
    ]
    assert named == [[], ["looks-like-access"], ["incident-filed-as-access", "looks-like-access"]]


def test_a_catalog_request_whose_item_cannot_be_read_is_uncertain(stage: Stage) -> None:
    """Unknown is never no: it is listed for a person, and opens nothing."""
    record = stage.world.snow.access_request()
    record.columns["cat_item"] = reference("", "")
    receipt = stage.post(record)
    stage.wait("the worker", stage.at_rest)
    assert stage.verdict(record) == "uncertain"
    assert stage.requests(record) == []
    listed = {one["id"]: one for one in stage.look("deliveries", "list", "--state", "uncertain")}
    assert "could not read a field" in listed[receipt["delivery_id"]]["why"]
    record.edit(cat_item=reference("c" * 32, "Elevated access"))
    assert stage.tell(record) == "identity"
    assert stage.request(record)["state"] == "awaiting"
    stage.close_ticket(record)


def test_the_same_delivery_twenty_times_at_once_is_one_request(stage: Stage) -> None:
    record = stage.world.snow.access_request()
    with ThreadPoolExecutor(20) as senders:
        answers = list(senders.map(stage.world.snow.post, [record] * 20))
    assert {answer.status_code for answer in answers} == {202}
    receipts = [answer.json() for answer in answers]
    assert sorted(one["status"] for one in receipts) == ["accepted"] + ["duplicate"] * 19
    assert len({one["delivery_id"] for one in receipts}) == 1
    assert len({one["evidence"]["leaf"] for one in receipts}) == 1
    stage.wait("the worker", stage.at_rest)
    assert stage.request(record)["state"] == "awaiting"
    stage.close_ticket(record)


def test_a_close_seen_before_the_open_leaves_no_request_and_no_grant(stage: Stage) -> None:
    record = stage.world.snow.access_request()
    opened = stage.world.snow.access_request()
    opened.sys_id, opened.columns["number"] = record.sys_id, record.columns["number"]
    record.edit().edit(state="3")
    assert stage.tell(record)
    assert stage.tell(opened) == "stale"
    assert stage.requests(record) == []
    assert stage.grants(record) == []


def test_a_ticket_that_is_reopened_asks_for_nothing(stage: Stage) -> None:
    """Terminal states stick (intake.md rule 4)."""
    record = stage.world.snow.access_request()
    stage.tell(record)
    stage.close_ticket(record)
    assert stage.tell(record.edit(state="2")) == "terminal"
    assert [one["state"] for one in stage.requests(record)] == ["withdrawn"]
