"""Platforms that their vendors run: what each sends, as their documents say."""

from datetime import timedelta
from typing import Final

from tests.connectors.itsm_bodies import START, Body, at
from tests.connectors.itsm_contract import Platform, Says

from ticketgate_connectors.itsm.freshservice import FRESHSERVICE
from ticketgate_connectors.itsm.jira import JIRA
from ticketgate_connectors.itsm.pagerduty import PAGERDUTY
from ticketgate_connectors.itsm.servicenow import SERVICENOW
from ticketgate_connectors.itsm.zendesk import ZENDESK

JIRA_STATES: Final = {"open": "Waiting for approval", "live": "In Progress", "closed": "Resolved"}


def jira_person(ident: str) -> Body:
    return {"accountId": ident, "displayName": "Somebody", "accountType": "atlassian"}


def jira(says: Says) -> Body:
    moment = START + timedelta(seconds=says.second)
    return {
        "timestamp": int(moment.timestamp() * 1000) + 40,
        "webhookEvent": f"jira:issue_{says.event}",
        "user": jira_person(says.editor),
        "issue": {
            "id": "10042",
            "key": "ITSM-42",
            "fields": {
                "summary": says.title,
                "description": says.text,
                "updated": f"{moment + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.012+0100",
                "status": {"id": "3", "name": JIRA_STATES[says.state]},
                "issuetype": {"id": "10005", "name": "[System] Service request"},
                "project": {"id": "1", "key": "ITSM", "projectTypeKey": "service_desk"},
                "priority": {"id": "3", "name": "Medium"},
                "creator": jira_person(says.opener),
                "reporter": jira_person(says.requester),
                "assignee": jira_person(says.assignee),
                "customfield_10010": {"requestType": {"id": "25", "name": "Elevated access"}},
                "customfield_10050": {"id": "7", "value": says.role},
                "customfield_10003": [{"id": "1", "finalDecision": "approved"}],
            },
        },
    }


JIRA_PLATFORM: Final = Platform(
    JIRA,
    "issue",
    jira,
    JIRA_STATES,
    {
        "number": ("issue", "key"),
        "short_description": ("issue", "fields", "summary"),
        "description": ("issue", "fields", "description"),
        "category": ("issue", "fields", "issuetype"),
        "priority": ("issue", "fields", "priority"),
        "opened_by": ("issue", "fields", "creator"),
        "requested_for": ("issue", "fields", "reporter"),
        "assignee": ("issue", "fields", "assignee"),
        "catalog_item": ("issue", "fields", "customfield_10010"),
    },
    ("issue", "id"),
    "10042",
    role="customfield_10050",
    deletes=True,
    not_tickets=(
        {"webhookEvent": "comment_created", "comment": {}, "issue": {"id": "10042"}},
        {"webhookEvent": "jira:worklog_updated"},
        {"webhookEvent": "issue_property_set"},
        {"webhookEvent": "project_created", "project": {}},
        {"webhookEvent": "sprint_closed"},
    ),
    hints={"10042": None, "4b1b5ff0-7c9a-4a4e-9c57-1c1a6b9b7c5a": None},
    malformed=(
        ("not_a_record", {}),
        ("not_a_record", {"webhookEvent": "jira:issue_updated"}),
        ("not_a_record", {"webhookEvent": "jira:issue_updated", "issue": {"id": "1"}}),
        ("no_table", {"webhookEvent": "jira:issue_frozen", "issue": {"id": "1", "fields": {}}}),
    ),
)


# --- Zendesk --------------------------------------------------------------------------------------


def zendesk(says: Says) -> Body:
    """The body of the trigger on the set-up page."""
    return {
        "id": "35436",
        "status": {"open": "Open", "live": "Pending", "closed": "Solved"}[says.state],
        "updated_at": at(says),
        "updater_id": says.editor,
        "submitter_id": says.opener,
        "requester_id": says.requester,
        "assignee_id": says.assignee,
        "group_id": "98738",
        "type": "Task",
        "priority": "High",
        "ticket_form_name": "Elevated access",
        "custom_fields": {"role": says.role},
        "subject": says.title,
        "description": says.text,
    }


ZENDESK_PLATFORM: Final = Platform(
    ZENDESK,
    "ticket",
    zendesk,
    {"open": "open", "live": "pending", "closed": "solved"},
    {
        "short_description": ("subject",),
        "description": ("description",),
        "category": ("type",),
        "priority": ("priority",),
        "opened_by": ("submitter_id",),
        "requested_for": ("requester_id",),
        "assignee": ("assignee_id",),
        "assignment_group": ("group_id",),
        "catalog_item": ("ticket_form_name",),
    },
    ("id",),
    "35436",
    role="role",
    not_tickets=(
        {"type": "zen:event-type:user.created", "detail": {"id": "7"}},
        {"id": "{{ticket.id}}", "status": "{{ticket.status}}"},
        {"ticket": {"id": "{{ ticket.id }}"}},
    ),
    hints={"01GK8E6BKWMJZD2T8Y5AXJQMG5": None},
    must_send=("short_description", "description"),
    malformed=(
        ("not_a_record", {"type": "zen:event-type:ticket.created"}),
        ("not_a_record", {"ticket": [1]}),
        ("unknown_keys", {}),
    ),
)


# --- GLPI -----------------------------------------------------------------------------------------


def pagerduty_ref(kind: str, ident: str, summary: str) -> Body:
    return {"id": ident, "summary": summary, "type": f"{kind}_reference"}


def pagerduty(says: Says) -> Body:
    word = {"open": "triggered", "live": "acknowledged", "closed": "resolved"}[says.state]
    return {
        "event": {
            "id": f"01E{says.second}",
            "event_type": "incident.triggered"
            if says.event == "created"
            else "incident.reassigned",
            "resource_type": "incident",
            "occurred_at": at(says, ".169Z"),
            "agent": pagerduty_ref("user", says.editor, "Tenex Engineer"),
            "data": {
                "id": "PGR0VU2",
                "type": "incident",
                "number": 2,
                "status": word,
                "title": says.title,
                "urgency": "high",
                "service": pagerduty_ref("service", "PF9KMXH", "Production database"),
                "assignees": [pagerduty_ref("user", says.assignee, "Somebody")],
                "escalation_policy": pagerduty_ref("escalation_policy", "PUS0KTE", "Default"),
                "priority": pagerduty_ref("priority", "PSO75BM", "P1"),
            },
        }
    }


PAGERDUTY_PLATFORM: Final = Platform(
    PAGERDUTY,
    "incident",
    pagerduty,
    {"open": "triggered", "live": "acknowledged", "closed": "resolved"},
    {
        "number": ("event", "data", "number"),
        "short_description": ("event", "data", "title"),
        "category": ("event", "data", "urgency"),
        "priority": ("event", "data", "priority"),
        "assignee": ("event", "data", "assignees"),
        "assignment_group": ("event", "data", "escalation_policy"),
        "catalog_item": ("event", "data", "service"),
    },
    ("event", "data", "id"),
    "PGR0VU2",
    text_known=False,
    not_tickets=(
        {"event": {"event_type": "pagey.ping", "data": {"type": "ping"}}},
        {"event": {"event_type": "incident.annotated", "data": {"type": "incident_note"}}},
        {"event": {"event_type": "service.updated", "data": {"type": "service"}}},
    ),
    hints={"5ac64822-4adc-4fda-ade0-410becf0de4f": None},
    malformed=(
        ("not_a_record", {}),
        ("not_a_record", {"event": {"event_type": "incident.resolved"}}),
        ("no_table", {"event": {"event_type": "incident.resolved", "data": {"id": "P1"}}}),
        ("no_table", {"event": {"event_type": "x", "data": {"type": "incident reference"}}}),
    ),
)


# --- Freshservice ---------------------------------------------------------------------------------


def freshservice(says: Says) -> Body:
    """The body of the workflow on the set-up page."""
    return {
        "id": "4711",
        "number": "SR-4711",
        "status": {"open": "Open", "live": "Pending", "closed": "Closed"}[says.state],
        "priority": "High",
        "category": "Access",
        "updated_by_email": says.editor,
        "requester_email": says.opener,
        "requested_for_email": says.requester,
        "agent_email": says.assignee,
        "group_name": "Service Desk",
        "service_item_name": "Elevated access",
        "custom_fields": {"role": says.role},
        "subject": says.title,
        "description": says.text,
    }


FRESHSERVICE_PLATFORM: Final = Platform(
    FRESHSERVICE,
    "ticket",
    freshservice,
    {"open": "Open", "live": "Pending", "closed": "Closed"},
    {
        "short_description": ("subject",),
        "description": ("description",),
        "category": ("category",),
        "priority": ("priority",),
        "opened_by": ("requester_email",),
        "assignee": ("agent_email",),
        "assignment_group": ("group_name",),
        "catalog_item": ("service_item_name",),
    },
    ("id",),
    "4711",
    role="role",
    versioned=False,
    not_tickets=({"id": "{{ticket.id_numeric}}"}, {"ticket": {"id": "{{ticket.id_numeric}}"}}),
    hints={"a" * 64: None},
    malformed=(("not_a_record", {"ticket": 7}), ("no_mapping", {"change": {"id": 7}})),
    must_send=("short_description", "description"),
)


# --- Request Tracker ------------------------------------------------------------------------------


RITM: Final = "aeed229047801200e0ef563dbb9a71c2"


def servicenow_ref(ident: str, name: str = "Somebody") -> Body:
    return {"value": ident, "display_value": name}


def servicenow(says: Says) -> Body:
    """The body of the shipped script."""
    return {
        "table": "sc_req_item",
        "record": {
            "sys_id": RITM,
            "sys_class_name": "sc_req_item",
            "sys_mod_count": str(says.second),
            "sys_updated_by": says.editor,
            "number": "RITM0010001",
            "state": {"open": "1", "live": "2", "closed": "3"}[says.state],
            "priority": "3",
            "short_description": says.title,
            "description": says.text,
            "opened_by": servicenow_ref(says.opener),
            "requested_for": servicenow_ref(says.requester),
            "assigned_to": servicenow_ref(says.assignee),
            "assignment_group": servicenow_ref("9", "Service Desk"),
            "cmdb_ci": servicenow_ref("8", "db-1"),
            "cat_item": servicenow_ref("7", "Elevated access"),
            "variables": {"role": {"value": says.role, "display_value": "shown"}},
        },
    }


SERVICENOW_PLATFORM: Final = Platform(
    SERVICENOW,
    "sc_req_item",
    servicenow,
    {"open": "1", "live": "2", "closed": "3"},
    {
        "number": ("record", "number"),
        "priority": ("record", "priority"),
        "short_description": ("record", "short_description"),
        "description": ("record", "description"),
        "opened_by": ("record", "opened_by"),
        "requested_for": ("record", "requested_for"),
        "assignee": ("record", "assigned_to"),
        "assignment_group": ("record", "assignment_group"),
        "asset": ("record", "cmdb_ci"),
        "catalog_item": ("record", "cat_item"),
    },
    ("record", "sys_id"),
    RITM,
    role="role",
    hints={f"{RITM}-7": RITM, f"{RITM}-x": None},
    malformed=(
        ("no_table", {"sys_id": RITM}),
        ("no_mapping", {"sys_id": RITM, "sys_class_name": "cmdb_ci_server"}),
        ("no_mapping", {"sys_id": RITM, "sys_class_name": "alm_hardware"}),
    ),
)


# --- generic --------------------------------------------------------------------------------------
