"""`explain`: what one payload is, clause by clause, and what would come of it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cli.terminal import Terminal
from tests.domain.planted import PLANTED

from ticketgate.cli.demo.snow import Record, Snow

SNOW = Snow("", "")


def asked(columns: dict[str, Any] | None = None) -> Record:
    """Alice's catalog request for elevated access, with other columns where given."""
    return SNOW.access_request().edit(by="alice.moreau", **(columns or {}))


def body(record: Record) -> bytes:
    """What the platform would post."""
    return json.dumps(record.payload()).encode()


def explained(terminal: Terminal, record: Record) -> str:
    """The explanation in words."""
    done = terminal("explain", "-", "--source", "snow-prod", stdin=body(record))
    assert done.exit_code == 0, done.stderr
    return done.stdout


def document(terminal: Terminal, record: Record) -> dict[str, Any]:
    """The explanation as JSON."""
    found: dict[str, Any] = terminal.json(
        "explain", "-", "--source", "snow-prod", stdin=body(record)
    )
    return found


def test_an_identity_event_is_explained_clause_by_clause(terminal: Terminal) -> None:
    said = explained(terminal, asked({"number": "RITM0010001"}))
    assert said.startswith("RITM0010001 (sc_req_item of snow-prod, version 1) is an identity event")
    assert "MATCH elevated-access-item (policy.yaml:10): identity, privilege.elevate, high" in said
    assert "  yes ticket.table: sc_req_item (policy.yaml:14): saw 'sc_req_item'" in said
    assert "no match access-item (policy.yaml:17)" in said
    assert "  no  ticket.category: [access, account] (policy.yaml:29): not applicable" in said


def test_the_lines_named_are_those_of_the_policy(terminal: Terminal) -> None:
    lines = (terminal.folder / "policy.yaml").read_text().splitlines()
    for rule in document(terminal, asked())["rules"]:
        line = int(rule["where"].removeprefix("policy.yaml:"))
        assert f"id: {rule['rule']} " in lines[line - 1] + " "
        for clause in rule["clauses"]:
            assert clause["clause"].partition(":")[0] in lines[clause["line"] - 1]


def test_who_would_be_asked_is_told_with_the_word_that_names_them(terminal: Terminal) -> None:
    said = explained(terminal, asked())
    assert "asks for prod-db-admin (group=SG-PROD-DB-ADMIN at corp-scim) for alice" in said
    assert "approve rule high-and-critical (policy.yaml:74), to be decided within 8 h" in said
    assert "stage 1 line: 1 of bob (manager_of:beneficiary)" in said
    assert "stage 2 security: 1 of carol (group:sec-iam), dan (group:sec-iam)" in said


@pytest.mark.parametrize("field", ["ticket.catalog_item", "ticket.table"])
def test_the_counterfactual_is_found_by_asking_again(terminal: Terminal, field: str) -> None:
    assert f"without `{field}` this is not an identity event" in explained(terminal, asked())
    without = document(terminal, asked())["without"]
    assert {"field": field, "verdict": "not_identity"} in without


def test_two_rules_that_agree_hang_on_no_single_item(terminal: Terminal) -> None:
    """The elevated item matches one rule; once another one reads the role, neither decides."""
    terminal.edit(
        "policy.yaml",
        "  - id: access-item",
        "  - id: asks-for-role\n    kind: group.member\n    tier: low\n"
        "    match: { ticket.variables.role: prod-db-admin }\n\n  - id: access-item",
    )
    assert "no single field decides" in explained(terminal, asked())
    assert document(terminal, asked())["kinds"] == ["privilege.elevate", "group.member"]


def test_a_blind_rule_says_which_clause_it_could_not_read(terminal: Terminal) -> None:
    record = asked()
    del record.columns["cat_item"]
    said = explained(terminal, record)
    assert " is uncertain" in said
    assert "BLIND elevated-access-item" in said
    assert "  ?   ticket.catalog_item|contains: [elevated, privileged, temporary admin]" in said
    assert "No request opens." in said
    found = document(terminal, record)
    assert found["blind"] == ["elevated-access-item@policy.yaml:10", "access-item@policy.yaml:17"]
    assert found["asks"] == []


def test_with_matched_only_what_matched_is_shown_and_the_others_are_counted(
    terminal: Terminal,
) -> None:
    asking = ("explain", "-", "--source", "snow-prod")
    whole = terminal(*asking, stdin=body(asked())).stdout
    done = terminal(*asking, "--matched", stdin=body(asked()))
    assert "MATCH elevated-access-item" in done.stdout
    assert "no match access-item" in whole, "the control"
    assert "access-item (" not in done.stdout.replace("elevated-access-item (", "")
    tried = whole.count("no match ")
    assert f"\n{tried} other rules tried: no match\n" in done.stdout
    assert "approve rule high-and-critical" in done.stdout
    found = terminal.json(*asking, "--matched", stdin=body(asked()))
    assert [one["rule"] for one in found["rules"]] == ["elevated-access-item"]
    assert found["rules_not_shown"] == tried
    plain = document(terminal, asked())
    assert plain["rules_not_shown"] == 0
    assert len(plain["rules"]) == tried + 1


def test_a_blind_rule_keeps_its_name_with_matched(terminal: Terminal) -> None:
    record = asked()
    del record.columns["cat_item"]
    done = terminal("explain", "-", "--source", "snow-prod", "--matched", stdin=body(record))
    assert "BLIND elevated-access-item (policy.yaml:10): see it whole without" in done.stdout
    assert "other rule" in done.stdout
    assert "catalog_item" not in done.stdout
    found = terminal.json("explain", "-", "--source", "snow-prod", "--matched", stdin=body(record))
    assert found["rules"] == []
    assert len(found["blind"]) == 2


def test_a_value_that_a_test_cannot_read_is_shown_with_it(terminal: Terminal) -> None:
    terminal.edit("policy.yaml", 'ticket.priority: "1"', 'ticket.priority|lte: "1"')
    said = explained(terminal, asked({"priority": "urgent"}))
    assert "  ?   ticket.priority|lte: 1 (policy.yaml:36): unreadable: 'urgent'" in said


def test_a_printer_incident_is_nothing(terminal: Terminal) -> None:
    said = explained(terminal, SNOW.incident("The printer is on fire"))
    assert " is not an identity event" in said
    assert said.endswith("Nothing happens.\n")
    assert "without" not in said


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"variables": {"role": "root-of-everything"}}, "no_entitlement"),
        ({"variables": {"duration": "for ever"}}, "duration"),
        ({"state": "17"}, "ticket_state"),
        ({"opened_by": {"value": "f" * 32, "display_value": "Mallory"}}, "unknown_requester"),
        ({"requested_for": {"value": "f" * 32, "display_value": "X"}}, "unknown_beneficiary"),
        (
            {"requested_for": {"value": "77ad8176731313005754660c4cf6a7de", "display_value": "F"}},
            "inactive_beneficiary",
        ),
        (
            {"requested_for": {"value": "9ee1b13dc6112271007f9d0efdb69cd0", "display_value": "E"}},
            "not_requestable",
        ),
    ],
)
def test_what_would_block_it_is_said_in_words(
    terminal: Terminal, columns: dict[str, Any], reason: str
) -> None:
    record = asked(columns)
    assert f"  BLOCKED {reason}: " in explained(terminal, record)
    (ask,) = document(terminal, record)["asks"]
    assert reason in [one["code"] for one in ask["reasons"]]
    assert all(one["text"] for one in ask["reasons"])


def test_a_stage_that_nobody_may_fill_is_seen(terminal: Terminal) -> None:
    terminal.edit("directory.yaml", "manager: bob\n    team: platform", "team: platform")
    said = explained(terminal, asked())
    assert "BLOCKED approvers_none: " in said
    assert "stage 1 line: 1 of nobody" in said


def test_who_is_away_and_who_is_asked_after_silence_is_told(terminal: Terminal) -> None:
    always = "away: [{ from: 2026-01-01T00:00Z, to: 2027-01-01T00:00Z }]"
    terminal.edit("directory.yaml", "    name: Bob Ng\n", f"    name: Bob Ng\n    {always}\n")
    more = "    escalate: { after: 4h, to: ['backup_owner_of:entitlement'] }\n"
    terminal.edit("policy.yaml", "    decide_within: 8h\n", f"    decide_within: 8h\n{more}")
    said = explained(terminal, asked())
    assert "stage 1 line: 1 of dan (backup_owner_of:entitlement)" in said
    assert "    away now: bob\n" in said
    assert "    after 4 h of silence also: backup_owner_of:entitlement\n" in said
    (ask,) = document(terminal, asked())["asks"]
    assert ask["away"] == ["bob"]


def test_a_rule_that_asks_nobody_says_so_and_why(terminal: Terminal) -> None:
    terminal.edit("policy.yaml", "    kind: privilege.elevate\n", "    kind: access.grant\n")
    when = "{ kind: access.grant, tier: high }"
    more = f"  - {{ id: auto, when: {when}, automatic: {{ because: agreed, max_per_day: 5 }} }}\n"
    terminal.edit("policy.yaml", "\napprove:\n", f"\napprove:\n{more}")
    said = explained(terminal, asked())
    assert ") approves it without a person,\n    at most 5 in a UTC day: agreed\n" in said
    assert "BLOCKED" not in said
    (ask,) = document(terminal, asked())["asks"]
    assert ask["automatic"] == {"because": "agreed", "max_per_day": 5}
    assert ask["stages"] == []


def test_a_closed_ticket_opens_nothing(terminal: Terminal) -> None:
    said = explained(terminal, asked({"state": "3"}))
    assert "no request opens, and grants of this ticket end" in said
    assert "asks for" not in said


def test_an_approval_row_is_a_claim(terminal: Terminal) -> None:
    row = {"sys_id": "b" * 32, "approver": "c" * 32, "sysapproval": "d" * 32, "state": "approved"}
    given_ = json.dumps(row).encode()
    done = terminal("explain", "-", "--source", "snow-prod", stdin=given_)
    assert f"an approval row of ticket {'d' * 32}, state 'approved'" in done.stdout
    assert "a claim, never proof" in done.stdout
    found = terminal.json("explain", "-", "--source", "snow-prod", stdin=given_)
    assert found["approver_row"]["parent"] == "d" * 32


def test_a_test_of_the_connection_is_no_ticket(terminal: Terminal) -> None:
    done = terminal("explain", "-", "--source", "snow-prod", stdin=b'{"test": 1}')
    assert "no ticket but 'test'" in done.stdout
    found = terminal.json("explain", "-", "--source", "snow-prod", stdin=b'{"test": 1}')
    assert found == {"verdict": None, "no_ticket_event": "test"}


def test_ticket_text_cannot_act_on_the_terminal(terminal: Terminal) -> None:
    nasty = "Elevated \x1b[2J\u202egpj.exe\u200b\rMATCH all (policy.yaml:1)"
    record = asked({"number": nasty, "cat_item": {"value": "c" * 32, "display_value": nasty}})
    done = terminal("explain", "-", "--source", "snow-prod", stdin=body(record))
    for acting in ("\x1b", "\u202e", "\u200b", "\r"):
        assert acting not in done.stdout
    assert "⟦U+202E⟧" in done.stdout
    found = terminal("explain", "-", "--source", "snow-prod", "--json", stdin=body(record))
    assert found.stdout.isascii()
    assert "\x1b" not in found.stdout


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"{", "not_json"),
        (b'{"sys_id": 1, "sys_id": 2}', "duplicate_key"),
        (b"[" * 100_000, "depth"),
        (b'"\\ud800"', "surrogate"),
        ('{"a": 1}'.encode("utf-16"), "not_utf8"),
        (b"[]", "not_a_record"),
        (b'{"sys_id": "x", "sys_class_name": "cmdb_ci"}', "no_mapping"),
        (b'{"sys_class_name": "incident"}', "no_ticket_id"),
    ],
)
def test_what_would_be_quarantined_is_said_with_its_code(
    terminal: Terminal, payload: bytes, code: str
) -> None:
    done = terminal("explain", "-", "--source", "snow-prod", stdin=payload)
    assert done.exit_code == 3
    assert "it would be quarantined: " in done.stderr
    assert f"[{code}]" in done.stderr
    assert "next: " in done.stderr


def test_a_payload_over_the_cap_would_be_refused(terminal: Terminal) -> None:
    terminal.edit("ticketgate.yaml", "body_bytes_max: 1048576", "body_bytes_max: 10")
    done = terminal("explain", "-", "--source", "snow-prod", stdin=b" " * 11)
    assert done.exit_code == 3
    assert "larger than 10 bytes: it would be refused [too_large]" in done.stderr


@pytest.mark.parametrize(
    ("name", "hint"), [("snow-prd", "did you mean 'snow-prod'?"), ("x", "one of: snow-prod")]
)
def test_an_unknown_source_is_a_usage_error(terminal: Terminal, name: str, hint: str) -> None:
    done = terminal("explain", "-", "--source", name, stdin=b"{}")
    assert done.exit_code == 2
    assert f"there is no source {name!r} [usage]\nnext: {hint}" in done.stderr


@settings(max_examples=25)
@given(payload=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_bring_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    terminal = Terminal(folder)
    if not folder.exists():
        assert terminal("init", str(folder)).exit_code == 0
    done = terminal("explain", "-", "--source", "snow-prod", stdin=payload)
    assert done.exit_code == 3


def test_what_nobody_answers_for_is_named(terminal: Terminal) -> None:
    record = SNOW.access_request().edit(by="svc-mallory")
    told = explained(terminal, record)
    assert "is uncertain\n" in told
    assert "BOUNDARY automation_unowned: account svc-mallory of snow-prod: written by" in told
    (breach,) = document(terminal, record)["boundary"]
    assert breach["code"] == "automation_unowned"


def test_a_boundary_that_is_broken_is_named_with_its_line(terminal: Terminal) -> None:
    terminal.edit("policy.yaml", "may: [access.grant, privilege.elevate]", "may: [access.grant]")
    terminal.edit("policy.yaml", "targets: [corp-scim]", "targets: []")
    lines = (terminal.folder / "policy.yaml").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "id: snow-platform" in text)
    told = explained(terminal, SNOW.access_request().edit(by="system"))
    assert f"BOUNDARY automation_outside: automation snow-platform (policy.yaml:{line}): " in told
    assert "outside its boundary: kind privilege.elevate, target corp-scim" in told


def test_a_secret_is_masked_and_the_built_in_rule_is_named(terminal: Terminal) -> None:
    token = PLANTED["github"][1]
    record = asked({"short_description": f"clone with {token}"})
    shown = explained(terminal, record)
    assert token not in shown
    assert "MATCH secret-exposed (built in): uncertain, secret.exposed, high" in shown
    assert "yes ticket.short_description (built in): saw '⟦secret: github token, 40" in shown
    told = terminal.json("explain", "-", "--source", "snow-prod", stdin=body(record))
    assert token not in json.dumps(told)
    assert "secret-exposed@built in" in told["matched"]
