"""What an export says can touch access: found by words, with who answers for it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.domain.cast import SNOW, directory, person

from ticketgate.domain.classifying.static_surface import (
    NOTES,
    ExportRecord,
    StaticRow,
    is_read,
    static_surface,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = directory(person("alice"), person("frank", active=False))


def record(table: str = "sys_script", /, **fields: str) -> ExportRecord:
    return ExportRecord(table, {"sys_id": "1", "name": "a rule", **fields}, {}, "x.json: result[0]")


def found(*records: ExportRecord) -> tuple[StaticRow, ...]:
    rows = static_surface(records, NOW)
    assert {note for one in rows for note in one.notes} <= NOTES.keys()
    return rows


def only(one: ExportRecord) -> StaticRow:
    (row,) = found(one)
    return row


@pytest.mark.parametrize(
    ("fields", "touches"),
    [
        ({"collection": "sysapproval_approver"}, ("sysapproval_approver",)),
        ({"script": "new GlideRecord('sys_user_grmember')"}, ("sys_user_grmember",)),
        ({"script": "gr.approval = 'approved';"}, ("approval field",)),
        (
            {"script": "sys_user_has_role, sys_user", "table": "sys_user"},
            ("sys_user", "sys_user_has_role"),
        ),
    ],
)
def test_what_names_a_table_or_field_of_access_is_listed(
    fields: dict[str, str], touches: tuple[str, ...]
) -> None:
    assert only(record(**fields)).touches == touches


@pytest.mark.parametrize(
    "fields",
    [
        {"script": "var x = my_sys_user_x; approvals();"},
        {"description": "writes sysapproval_approver"},
        {"name": "approval"},
        {"sys_scope": "sys_user"},
    ],
)
def test_prose_parts_of_words_and_the_platforms_own_fields_are_no_match(
    fields: dict[str, str],
) -> None:
    assert found(record(**fields)) == ()


@pytest.mark.parametrize(
    ("table", "read"),
    [
        ("sys_hub_flow", True),
        ("sys_hub_action_instance_v2", True),
        ("wf_workflow", True),
        ("wf_activity", True),
        ("sysapproval_rules", True),
        ("sysrule_approvals", True),
        ("sys_update_xml", False),
    ],
)
def test_flows_workflows_rules_and_their_parts_are_read(table: str, *, read: bool) -> None:
    assert is_read(table) is read
    assert bool(found(record(table, table="sys_user"))) is read


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"timeout": "1970-01-02 00:00:00", "vars": "approval approved"}, True),
        ({"script": "if (timedOut('due_date')) gr.approval = 'approved'"}, True),
        ({"script": "gr.approval = 'approved'"}, False),
        ({"script": "gr.approval = 'rejected' // timeout"}, False),
    ],
)
def test_a_time_that_is_up_and_approves_is_noted(fields: dict[str, str], *, told: bool) -> None:
    assert ("timeout_approves" in only(record(**fields)).notes) is told


def test_an_owner_whom_the_export_says_is_inactive_is_noted() -> None:
    gone = ExportRecord("sys_user", {"sys_id": "u1", "user_name": "frank", "active": "false"},
                        {}, "x")  # fmt: skip
    rule = record(collection="sys_user", sys_updated_by="frank")
    (row,) = found(gone, rule)
    assert (row.owner, row.notes) == ("frank", ("owner_inactive",))
    here = ExportRecord("sys_user", {**gone.fields, "active": "true"}, {}, "x")
    assert found(here, rule)[0].notes == ()


@pytest.mark.parametrize(
    ("account", "notes"),
    [
        ("sys-alice", ()),
        ("sys-frank", ("owner_inactive",)),
        ("sys-ghost", ("owner_unknown",)),
        ("", ()),
    ],
)
def test_owners_are_held_against_the_directory(account: str, notes: tuple[str, ...]) -> None:
    rule = record(collection="sys_user", sys_created_by=account)
    (row,) = static_surface([rule], NOW, SNOW, PEOPLE)
    assert row.notes == notes


def test_the_owner_is_named_as_people_know_them_and_an_inactive_rule_is_told() -> None:
    rule = record(collection="sys_user", owner="u9", active="false")
    row = only(replace(rule, names={"owner": "Carol Adeyemi"}))
    assert (row.owner, row.active) == ("Carol Adeyemi", False)


@pytest.mark.parametrize(
    ("fields", "notes"),
    [
        ({"approvals": "true", "ends": ""}, ("delegation_without_end",)),
        ({"approvals": "true", "ends": "2100-01-01 00:00:00"}, ("delegation_without_end",)),
        ({"approvals": "true", "ends": "soon"}, ("delegation_without_end",)),
        ({"approvals": "true", "ends": "2026-99-99 00:00:00"}, ("delegation_without_end",)),
        ({"approvals": "true", "ends": "2026-12-01 00:00:00"}, ()),
        ({"approvals": "true", "ends": "2026-11-01 00:00:00"}, None),
        ({"approvals": "false", "ends": ""}, None),
    ],
)
def test_a_delegation_of_approvals_is_listed_while_it_lasts(
    fields: dict[str, str], notes: tuple[str, ...] | None
) -> None:
    rows = found(record("sys_user_delegate", user="u1", delegate="u2", **fields))
    assert [one.notes for one in rows] == ([] if notes is None else [notes])
    assert all(one.name == "u1 to u2" for one in rows)
