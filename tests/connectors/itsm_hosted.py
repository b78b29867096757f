"""Platforms that people run themselves, and any other: what each sends."""

from typing import Final

from tests.connectors.itsm_bodies import Body, at
from tests.connectors.itsm_contract import Platform, Says

from ticketgate_connectors.itsm.generic import GENERIC
from ticketgate_connectors.itsm.glpi import GLPI
from ticketgate_connectors.itsm.request_tracker import REQUEST_TRACKER
from ticketgate_connectors.itsm.zammad import ZAMMAD


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
