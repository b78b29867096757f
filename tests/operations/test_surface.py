"""Every revision that may touch access is on the surface, in its own transaction."""

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, edited, printer_incident, report_ticket

from ticketgate.domain.classifying import surface as domain
from ticketgate.domain.classifying.surface import MORE, SurfaceRow
from ticketgate.domain.errors import TicketgateError
from ticketgate.operations.intake import surface as operation
from ticketgate.operations.intake.surface import import_rows


def rows(gate: Gate) -> list[SurfaceRow]:
    with gate.db() as looking:
        return looking.surface.listed(100)


def test_a_request_is_seen_once_a_revision(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.tick(60)
    gate.deliver(edited(ticket, reason="another"))
    (row,) = rows(gate)
    assert (row.table, row.item, row.account) == ("sc_req_item", "Elevated access", "")
    assert (row.count, row.kinds) == (2, ("privilege.elevate",))
    assert (row.last_seen - row.first_seen).total_seconds() == 60
    with gate.db() as looking:
        assert looking.surface.get(row.id) == row
        assert looking.surface.get("srf_none") is None
        assert looking.surface.unowned(10) == []


def test_other_items_and_accounts_have_rows_of_their_own(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.deliver(report_ticket())
    gate.deliver(access_ticket("t2", updated_by="svc-mallory"))
    gate.deliver(access_ticket("t3", updated_by="workflow", version=0))
    found = {(one.item, one.account, one.automation) for one in rows(gate)}
    assert found == {
        ("Elevated access", "", ""),
        ("Report access", "", ""),
        ("Elevated access", "svc-mallory", ""),
        ("Elevated access", "workflow", "machines"),
    }
    with gate.db() as looking:
        assert [one.account for one in looking.surface.unowned(10)] == ["svc-mallory"]


def test_what_is_no_identity_event_or_has_no_effect_is_not_seen(gate: Gate) -> None:
    gate.deliver(printer_incident())
    assert rows(gate) == []
    ticket = access_ticket(version=5)
    gate.deliver(ticket)
    gate.deliver(access_ticket(version=4))
    assert [one.count for one in rows(gate)] == [1]


def test_a_source_that_invents_names_fills_one_row(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "ROWS_MAX", 2)
    assert domain.ROWS_MAX > 2
    for number in range(5):
        gate.deliver(access_ticket(f"t{number}", item=f"Elevated access {number}"))
    found = {one.item: one.count for one in rows(gate)}
    assert found == {"Elevated access 0": 1, "Elevated access 1": 1, MORE: 3}


def test_an_owner_who_is_erased_leaves_the_surface_too(gate: Gate) -> None:
    gate.deliver(access_ticket(updated_by="svc-mallory", version=0))
    gate.deliver(access_ticket("t2", updated_by="workflow", role="root", version=0))
    assert {one.owner for one in rows(gate)} == {"", "person:carol"}
    with gate.db() as looking:
        assert looking.people.actor("carol") is None
    gate.run_mail()
    gate.write(lambda tx, _: tx.people.add_actor("carol", "act_carol"))
    gate.write(lambda tx, _: tx.erasing.forget("carol", "act_carol"))
    assert {one.owner for one in rows(gate)} == {"", "person:act_carol"}


# --- what an export says ------------------------------------------------------------------------

ROW: dict[str, object] = {"table": "sys_script", "item": "a rule", "automation": "r1",
                          "kinds": ["sys_user", "sys_user"]}  # fmt: skip


def test_rows_of_an_export_are_added_beside_what_was_seen(gate: Gate) -> None:
    gate.deliver(access_ticket())
    asked = {"source": "snow-prod", "rows": [ROW, {**ROW, "item": "x" * 999}]}
    assert import_rows(gate.store, asked) == {"added": 2}
    assert import_rows(gate.store, asked) == {"added": 0}
    found = {(one.origin, len(one.item)): one for one in rows(gate)}
    assert found.keys() == {("seen", 15), ("import", 6), ("import", 200)}
    one = found["import", 6]
    assert (one.count, one.kinds, one.unowned) == (2, ("sys_user",), True)
    assert one.first_seen == gate.clock.now()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"source": "s", "rows": {}},
        {"source": 1, "rows": []},
        {"source": "s", "rows": [ROW] * 11},
        {"source": "s", "rows": [{}]},
        {"source": "s", "rows": [{**ROW, "kinds": [1]}]},
        {"source": "s", "rows": [7]},
    ],
)
def test_rows_in_another_form_are_refused(gate: Gate, asked: dict[str, object]) -> None:
    with pytest.raises(TicketgateError) as told:
        import_rows(gate.store, asked)
    assert told.value.code == "usage"
    assert rows(gate) == []
