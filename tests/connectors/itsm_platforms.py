"""The nine platforms as the contract needs them: payloads written from the vendors' documents."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.connectors.itsm_contract import Platform, Says

from ticketgate_connectors.itsm.freshservice import FRESHSERVICE
from ticketgate_connectors.itsm.generic import GENERIC
from ticketgate_connectors.itsm.glpi import GLPI
from ticketgate_connectors.itsm.jira import JIRA
from ticketgate_connectors.itsm.pagerduty import PAGERDUTY
from ticketgate_connectors.itsm.request_tracker import REQUEST_TRACKER
from ticketgate_connectors.itsm.servicenow import SERVICENOW
from ticketgate_connectors.itsm.zammad import ZAMMAD
from ticketgate_connectors.itsm.zendesk import ZENDESK

Body = dict[str, Any]
START: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)


def at(says: Says, zone: str = "Z") -> str:
    moment = START + timedelta(seconds=says.second)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{zone}"


# --- Jira -----------------------------------------------------------------------------------------

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
    malformed=(
        ("not_a_record", {"type": "zen:event-type:ticket.created"}),
        ("not_a_record", {"ticket": [1]}),
        ("no_ticket_id", {}),
    ),
)


# --- GLPI -----------------------------------------------------------------------------------------


def glpi_member(role: str, kind: str, ident: str) -> Body:
    link = f"/front/{kind.lower()}.form.php?id={ident}"
    return {"role": role, "name": f"login-{ident}", "display_name": "Somebody", "href": link}


def glpi(says: Says) -> Body:
    return {
        "event": {"created": "new", "updated": "update", "deleted": "delete"}[says.event],
        "item": {
            "id": 4711,
            "name": says.title,
            "content": f"{says.text}",
            "is_deleted": says.event == "deleted",
            "type": 2,
            "category": {"id": 3, "name": "Access"},
            "urgency": 3,
            "impact": 3,
            "priority": 3,
            "status": {"id": {"open": 1, "live": 2, "closed": 6}[says.state], "name": "Nouveau"},
            "date_mod": at(says, "+00:00"),
            "team": [
                glpi_member("requester", "User", says.requester),
                glpi_member("assigned", "User", says.assignee),
                glpi_member("assigned", "Group", "9"),
                glpi_member("observer", "User", "77"),
            ],
        },
    }


GLPI_PLATFORM: Final = Platform(
    GLPI,
    "Ticket",
    glpi,
    {"open": "1", "live": "2", "closed": "6"},
    {
        "short_description": ("item", "name"),
        "description": ("item", "content"),
        "category": ("item", "category"),
        "priority": ("item", "priority"),
        "requested_for": ("item", "team"),
    },
    ("item", "id"),
    "4711",
    opener_known=False,
    deletes=True,
    not_tickets=(
        {"item": {"id": 1, "itemtype": "Ticket", "items_id": 4711}, "event": "new"},
        {"item": {"id": 1, "is_private": False, "state": 1, "tickets_id": 4711}, "event": "new"},
    ),
    hints={"ab" * 32: None},
    malformed=(
        ("not_a_record", {}),
        ("no_table", {"item": {"id": 7, "name": "PC-7"}, "event": "new"}),
        ("no_table", {"item": {"id": 7, "type": {"id": 1, "name": "Laptop"}}, "event": "new"}),
        ("no_table", {"item": {"id": 7, "type": 2}, "itemtype": "Computer"}),
        ("no_mapping", {"item": {"id": 7, "requested_approver_type": "User"}, "event": "new"}),
    ),
)


# --- Zammad ---------------------------------------------------------------------------------------


def zammad_person(ident: str) -> Body:
    numeric = int(ident) if ident.isdigit() else ident
    return {"id": numeric, "login": f"login-{ident}", "firstname": "Some", "lastname": "Body"}


def zammad(says: Says) -> Body:
    return {
        "ticket": {
            "id": 81,
            "number": "10081",
            "title": says.title,
            "state": {"open": "new", "live": "open", "closed": "closed"}[says.state],
            "priority": {"id": 2, "name": "2 normal"},
            "created_by": zammad_person(says.opener),
            "customer": zammad_person(says.requester),
            "owner": zammad_person(says.assignee),
            "group": {"id": 1, "name": "Service Desk"},
            "updated_by": zammad_person(says.editor),
            "updated_by_id": says.editor,
            "created_at": at(says, ".281Z"),
            "updated_at": at(says, ".333Z"),
            "escalation_at": at(says),
            "first_response_in_min": None,
            "article_ids": [104],
            "article_count": 1,
            "preferences": {},
            "access_role": says.role,
        },
        "article": {"id": 104, "body": says.text, "content_type": "text/html"},
    }


ZAMMAD_PLATFORM: Final = Platform(
    ZAMMAD,
    "ticket",
    zammad,
    {"open": "new", "live": "open", "closed": "closed"},
    {
        "number": ("ticket", "number"),
        "short_description": ("ticket", "title"),
        "description": ("article", "body"),
        "priority": ("ticket", "priority"),
        "opened_by": ("ticket", "created_by"),
        "requested_for": ("ticket", "customer"),
        "assignee": ("ticket", "owner"),
        "assignment_group": ("ticket", "group"),
    },
    ("ticket", "id"),
    "81",
    role="access_role",
    not_tickets=({"ticket": {"id": "#{{ticket.id}}"[1:]}},),
    hints={"2c1f6f3e-1b1c-4ff4-8d1f-6d5a4e3b2a10": None},
    malformed=(("not_a_record", {}), ("not_a_record", {"ticket": []})),
)


# --- PagerDuty ------------------------------------------------------------------------------------


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
)


# --- Request Tracker ------------------------------------------------------------------------------


def rt_person(ident: str) -> Body:
    return {"id": ident, "name": f"login-{ident}"}


def request_tracker(says: Says) -> Body:
    """The body of the shipped scrip."""
    return {
        "ticket": {
            "id": "4711",
            "queue": {"id": "3", "name": "Access"},
            "status": {"open": "new", "live": "open", "closed": "resolved"}[says.state],
            "subject": says.title,
            "description": says.text,
            "priority": "50",
            "creator": rt_person(says.opener),
            "requestors": [rt_person(says.requester)],
            "owner": rt_person(says.assignee),
            "custom_fields": {"Role": [says.role]},
        },
        "transaction": {
            "id": str(90_000 + says.second),
            "type": "Set",
            "creator": rt_person(says.editor),
        },
    }


REQUEST_TRACKER_PLATFORM: Final = Platform(
    REQUEST_TRACKER,
    "ticket",
    request_tracker,
    {"open": "new", "live": "open", "closed": "resolved"},
    {
        "short_description": ("ticket", "subject"),
        "description": ("ticket", "description"),
        "category": ("ticket", "queue"),
        "priority": ("ticket", "priority"),
        "opened_by": ("ticket", "creator"),
        "requested_for": ("ticket", "requestors"),
        "assignee": ("ticket", "owner"),
    },
    ("ticket", "id"),
    "4711",
    role="Role",
    hints={
        "rt-4711-90001": "4711",
        "rt-4711": None,
        "rt-04711-1": None,
        "rt-4711-1\n": None,
        "rt-x-1": None,
        "rt-" + "9" * 16 + "-1": None,
    },
    malformed=(("not_a_record", {}), ("not_a_record", {"ticket": "4711"})),
)


# --- ServiceNow -----------------------------------------------------------------------------------

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


def generic(says: Says) -> Body:
    """A platform whose every path the operator has to say."""
    return {
        "meta": {"revision": says.second, "who": {"id": says.editor, "name": "Somebody"}},
        "case": {
            "uid": "C-7",
            "phase": {"open": "asked", "live": "given", "closed": "over"}[says.state],
            "title": says.title,
            "body": says.text,
            "sort": "Access",
            "weight": 3,
            "author": {"id": says.opener, "name": "Somebody"},
            "customer": says.requester,
            "agent": [{"id": says.assignee}],
            "form": {"id": "12", "name": "Elevated access"},
            "answers": {"role": says.role},
        },
    }


GENERIC_PLATFORM: Final = Platform(
    GENERIC,
    "case",
    generic,
    {"open": "asked", "live": "given", "closed": "over"},
    {
        "short_description": ("case", "title"),
        "description": ("case", "body"),
        "category": ("case", "sort"),
        "priority": ("case", "weight"),
        "opened_by": ("case", "author"),
        "requested_for": ("case", "customer"),
        "assignee": ("case", "agent"),
        "catalog_item": ("case", "form"),
    },
    ("case", "uid"),
    "C-7",
    role="role",
    hints={"C-7": None},
    map={
        "id": "case.uid",
        "version": "meta.revision",
        "state": "case.phase",
        "updated_by": "meta.who",
        "variables": "case.answers",
        "number": "case.uid",
        "short_description": "case.title",
        "description": "case.body",
        "category": "case.sort",
        "priority": "case.weight",
        "opened_by": "case.author",
        "requested_for": "case.customer",
        "assignee": "case.agent",
        "catalog_item": "case.form",
    },
    malformed=(("no_table", {"table": "incident"}),),
)

PLATFORMS: Final = (
    FRESHSERVICE_PLATFORM,
    GENERIC_PLATFORM,
    GLPI_PLATFORM,
    JIRA_PLATFORM,
    PAGERDUTY_PLATFORM,
    REQUEST_TRACKER_PLATFORM,
    SERVICENOW_PLATFORM,
    ZAMMAD_PLATFORM,
    ZENDESK_PLATFORM,
)
