import json
from typing import Any

import pytest
from tests.connectors.itsm_cloud import JIRA_PLATFORM, jira
from tests.connectors.itsm_contract import Says, nested

from ticketgate.connector_api import FIELD_TEXT_MAX, JsonValue, Missing, Reference
from ticketgate_connectors.itsm.jira.document import DEPTH_MAX, NODES_MAX, document

read = JIRA_PLATFORM.read
read_issue = read  # where a parameter has that name


def issue(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- a field has any JSON shape
    body = jira(Says())
    body["issue"]["fields"] |= fields
    return body


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def block(kind: str, *content: Any) -> dict[str, Any]:  # noqa: ANN401 -- nodes
    return {"type": kind, "content": list(content)}


def doc(*content: Any) -> dict[str, Any]:  # noqa: ANN401 -- nodes
    return {**block("doc", *content), "version": 1}


def link(title: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return {"type": "link", "attrs": {"href": "https://wiki.example/x", "title": title}}


def linked(words: str, title: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return {**text(words), "marks": [link(title)]}


# --- the document tree ----------------------------------------------------------------------------


def test_a_document_reads_like_its_page() -> None:
    mention = {"type": "mention", "attrs": {"id": "101", "text": "@Alice"}}
    card = {"type": "inlineCard", "attrs": {"url": "https://wiki.example/x"}}
    rows = block("table", block("tableRow", block("tableCell", block("paragraph", text("db-1")))))
    tree = doc(
        block("heading", text("Access")),
        block("paragraph", text("Grant "), text("admin"), {"type": "hardBreak"}, mention),
        block("bulletList", block("listItem", block("paragraph", card))),
        block("mediaSingle", {"type": "media", "attrs": {"id": "x"}}, block("caption", text("a"))),
        {"type": "rule"},
        rows,
    )
    assert document(tree) == "Access\nGrant admin\n@Alice\nhttps://wiki.example/x\na\ndb-1"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("plain *wiki* text", "plain *wiki* text"),
        (None, ""),
        (doc(), ""),
        ({"type": "paragraph"}, None),
        ({}, None),
        (["x"], None),
        (doc(block("paragraph", {"type": "extension", "attrs": {"text": "grant root"}})), None),
        (doc(block("paragraph", text("grant"), "root")), None),
        (doc(block("paragraph", {"type": "text"})), None),
        (doc({"type": "media", "attrs": {}}), ""),
        (doc(block("paragraph", {"type": "mention"})), None),
        (doc({"type": "paragraph", "content": "grant root"}), None),
        (
            doc({"type": "expand", "attrs": {"title": "grant"}, "content": [text("root")]}),
            "grant\nroot",
        ),
        (doc(block("nestedExpand", text("root"))), "root"),
        (doc({"type": "expand", "attrs": {"title": ["grant"]}, "content": []}), None),
        (doc({"type": "expand", "attrs": "grant", "content": []}), None),
        (doc({"type": "media", "attrs": {"alt": "grant root"}}), "grant root"),
        (doc({"type": "media", "attrs": {"alt": {}}}), None),
        (doc(text("gr"), {"type": "mediaInline", "attrs": {"alt": "x"}}, text("ant")), "grant\nx"),
        (doc(linked("gr", "root access"), text("ant")), "grant\nroot access"),
        (doc(linked("grant", None)), "grant"),
        (doc(linked("grant", 7.5)), "grant\n7.5"),
        (doc(linked("grant", ["root"])), None),
        (doc({**block("mediaSingle", text("a")), "marks": [link("root")]}), "a\nroot"),
        (doc({**text("grant"), "marks": [{"type": "strong"}]}), "grant"),
        (doc({**text("grant"), "marks": "root"}), None),
        (doc({**text("grant"), "marks": ["root"]}), None),
        (doc({"type": ["paragraph"], "content": []}), None),
    ],
)
def test_a_node_that_is_not_known_spoils_the_text(cell: JsonValue, words: str | None) -> None:
    """A rule would miss what a person reads there; absent, it is blind and says so."""
    assert document(cell) == words


def test_a_document_is_capped_in_depth_in_nodes_and_in_length() -> None:
    deep: Any = text("x")
    for _ in range(DEPTH_MAX - 1):
        deep = block("panel", deep)
    assert document(doc(deep)) == "x"
    assert document(doc(block("panel", deep))) is None
    assert document(doc(*[text("x")] * (NODES_MAX - 2))) is not None
    assert document(doc(*[text("x")] * NODES_MAX)) is None
    assert document(doc(text("x" * (FIELD_TEXT_MAX - 2)))) is not None
    assert document(doc(text("x" * FIELD_TEXT_MAX))) is None
    assert document({"type": "doc", "content": [nested(20_000)]}) is None


def test_a_description_may_be_a_tree() -> None:
    found = read(issue(description=doc(block("paragraph", text("quarter-end repair")))))
    assert found.value("description") == "quarter-end repair"


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({}, Missing.NOT_APPLICABLE),
        ({"environment": None, "labels": [], "components": []}, Missing.NOT_APPLICABLE),
        ({"environment": "prod-db"}, "prod-db"),
        ({"environment": doc(block("paragraph", text("prod-db")))}, "prod-db"),
        (
            {
                "environment": "",
                "labels": ["new-account", "a,b"],
                "components": [{"name": "Access"}],
            },
            "new-account\na,b\nAccess",
        ),
        ({"environment": {"type": "unknown"}}, Missing.ABSENT),
        ({"labels": "password-reset"}, "password-reset"),
        ({"labels": [{"strange": 1}], "environment": "x"}, Missing.ABSENT),
        ({"components": [{"strange": 1}]}, Missing.ABSENT),
        ({"labels": ["x" * FIELD_TEXT_MAX, "y"]}, Missing.ABSENT),
    ],
)
def test_environment_labels_and_components_are_free_text(
    fields: dict[str, Any], read: str | Missing
) -> None:
    """Not variables: an agent who labels an identity event edits nothing of what it asks."""
    found = read_issue(issue(**fields))
    assert found.value("text") == read
    assert found.variables == JIRA_PLATFORM.says().variables


# --- custom fields --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("4", "4"),
        (4.0, "4"),
        (None, ""),
        ({"id": "7", "value": "prod"}, "prod"),
        ({"accountId": "101", "displayName": "Alice"}, "101"),
        ({"groupId": "g-1", "name": "admins"}, "admins"),
        ([{"value": "a"}, {"value": "b"}], "a, b"),
        (["label"], "label"),
        (doc(block("paragraph", text("why"))), "why"),
        ({"strange": 1}, Missing.ABSENT),
        ([{"value": "a,b"}, {"value": "c"}], Missing.ABSENT),
    ],
)
def test_a_custom_field_is_a_variable(cell: JsonValue, value: str | Missing) -> None:
    assert read(issue(customfield_1=cell)).variable("customfield_1") == value


def test_the_second_half_of_a_cascade_is_a_variable_of_its_own() -> None:
    found = read(issue(customfield_1={"value": "Database", "child": {"value": "prod"}}))
    assert found.variable("customfield_1") == "Database"
    assert found.variable("customfield_1.child") == "prod"


def test_approvals_and_clocks_of_jira_are_no_variables() -> None:
    """An approval there is a claim: counted as an edit it would bar its approver from deciding."""
    before = read(issue(customfield_3=[{"id": "1", "finalDecision": "pending"}]))
    after = read(issue(customfield_3=[{"id": "1", "finalDecision": "approved"}]))
    assert before == after
    clock = read(issue(customfield_4={"name": "Time to resolution", "ongoingCycle": {}}))
    assert clock.variable("customfield_4") is Missing.ABSENT


# --- the request type -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cell", "item"),
    [
        (
            "service_desk",
            {"requestType": {"id": "25", "name": "Access"}},
            Reference("25", "Access"),
        ),
        ("service_desk", None, Missing.ABSENT),
        ("", None, Missing.ABSENT),
        ("service_desk", {"requestType": ["?"], "x": 1}, Missing.ABSENT),
        ("software", None, Missing.NOT_APPLICABLE),
    ],
)
def test_the_catalog_item_is_the_request_type(
    kind: str, cell: JsonValue, item: Reference | Missing
) -> None:
    """A service request without one is absent; only other projects have none at all."""
    project = {"key": "ITSM", "projectTypeKey": kind} if kind else {"key": "ITSM"}
    body = issue(project=project, customfield_10010=cell)
    assert read(body).value("catalog_item") == item


# --- events ---------------------------------------------------------------------------------------


def test_an_issue_alone_is_a_ticket_without_a_writer() -> None:
    body = issue()["issue"]
    found = read(body)
    assert (found.id, found.updated_by) == ("10042", "")
    assert found == read({"issue": body, "user": {}, "timestamp": 1})


def test_without_a_time_of_change_the_time_of_the_event_orders() -> None:
    body = issue()
    del body["issue"]["fields"]["updated"]
    assert read(body).version == body["timestamp"]
    del body["timestamp"]
    assert read(body).version is None


def test_moving_an_issue_does_not_make_another_ticket_of_it() -> None:
    moved = issue(project={"key": "OTHER", "projectTypeKey": "software"}, issuetype={"name": "Bug"})
    moved["issue"]["key"] = "OTHER-7"
    assert read(moved).key == read(issue()).key


def test_the_whole_description_survives_json() -> None:
    tree = doc(block("paragraph", text("Zugriff für Böb 🔑")))
    assert read(json.loads(json.dumps(issue(description=tree)))).text("description").endswith("🔑")


@pytest.mark.parametrize(
    ("cell", "is_cut"),
    [
        ("x" * (FIELD_TEXT_MAX + 1), True),
        ({"value": "Team", "child": {"value": "x" * (FIELD_TEXT_MAX + 1)}}, True),
        (doc(text("x" * FIELD_TEXT_MAX)), True),
        (doc(text("x")), False),
        ([[1]], False),
    ],
)
def test_a_custom_field_that_was_cut_leaves_no_text_that_could_acquit(
    cell: JsonValue, *, is_cut: bool
) -> None:
    found = read(issue(customfield_10999=cell))
    assert (found.value("text") is Missing.ABSENT) is is_cut
