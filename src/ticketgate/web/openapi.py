"""The description of `/api/v1` as OpenAPI 3.1, written by hand.

`tests/web/test_openapi.py` holds it against the routes and against real answers: every status,
code and field that is answered stands here, and every route.
"""

from collections.abc import Mapping
from typing import Any, Final

from ticketgate.domain.tickets.identity_event import KINDS, Tier
from ticketgate.domain.tickets.triage import CHARS_MAX, CHARS_MIN

Json = dict[str, Any]

_TEXT: Final[Json] = {"type": "string"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_FLAG: Final[Json] = {"type": "boolean"}
_INSTANT: Final[Json] = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$",
    "description": "an instant in UTC",
}
_DIGEST: Final[Json] = {
    "type": "string",
    "pattern": "^[0-9a-f]{64}$",
    "description": "what a word about it is bound to: send it back as it is",
}
_KIND: Final[Json] = {"type": "string", "enum": sorted(KINDS)}
_TIER: Final[Json] = {"type": "string", "enum": [one.word for one in Tier]}
_WHY: Final[Json] = {
    "type": "string",
    "description": f"why: at least {CHARS_MIN} letters and digits, at most {CHARS_MAX} characters;"
    " kept as evidence under your name",
}
_SHOWN: Final[Json] = {"type": "string", "description": "`shown` of what you have read"}

_LOOK: Final[Mapping[int, tuple[str, ...]]] = {
    400: ("unknown_key",),
    401: ("not_signed_in",),
    403: ("cross_site", "not_triage", "approver_unknown", "approver_inactive", "not_human"),
    503: ("directory_unreadable", "store_unavailable"),
}
_LOOK_AT: Final = {**_LOOK, 404: ("not_found",)}
_SAY: Final[Mapping[int, tuple[str, ...]]] = {
    400: (
        *("csrf", "body_shape", "unknown_key", "not_json", "not_utf8", "byte_order_mark"),
        *("duplicate_key", "number", "depth", "surrogate", "nul"),
    ),
    401: _LOOK[401],
    403: (*_LOOK[403], "own_ticket"),
    404: ("not_found",),
    413: ("too_large",),
    415: ("content_type",),
    503: (*_LOOK[503], "directory_stale", "policy_stale"),
}
_SAY_TRIAGE: Final = {
    **_SAY,
    409: ("ticket_changed", "rules_changed", "second_word"),
    422: ("verdict", "kinds", "tier", "justification", "secret_typed"),
    503: (*_SAY[503], "ticket_backlog", "second_words_full"),
}
_SAY_QUARANTINE: Final = {
    **_SAY,
    409: ("shown_changed", "body_dropped"),
    422: ("what", "justification", "secret_typed"),
}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


def _or_null(of: Json) -> Json:
    return {"anyOf": [of, {"type": "null"}]}


def _object(properties: Json, *, optional: frozenset[str] = frozenset()) -> Json:
    """Exactly these keys; all are there but the optional ones."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


_RULE: Final[Json] = {
    "rule": _TEXT,
    "where": {"type": "string", "description": "file and line of the policy"},
    "outcome": {"type": "string", "enum": ["matched", "blind"]},
    "kind": _KIND,
    "tier": _TIER,
    "verdict": {"type": "string", "enum": ["identity", "uncertain", "not_identity"]},
}
_TICKET: Final[Json] = {
    "id": _TEXT,
    "number": {"type": "string", "description": "what people call it"},
    "source": _TEXT,
    "table": _TEXT,
    "state": _TEXT,
    "revision": _COUNT,
    "since": _INSTANT,
    "age_seconds": _COUNT,
    "short_description": _TEXT,
    "rules": _list(_ref("Rule")),
}
_DELIVERY: Final[Json] = {
    "id": _TEXT,
    "source": _TEXT,
    "received_at": _INSTANT,
    "age_seconds": _COUNT,
    "reason": {"type": "string", "description": "the code of why it is parked (docs/errors.md)"},
    "words": {"type": "string", "description": "the same for people"},
    "ticket": {"type": "string", "description": "the platform's id; empty where it is not known"},
    "numbers": _list(_TEXT),
    "blocks": _list(_ref("Blocked")),
}
_SCHEMAS: Final[Json] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457. `code` is stable and never gets another meaning.",
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": _COUNT,
            "code": _TEXT,
            "detail": _TEXT,
            "next_step": _TEXT,
        },
        "required": ["type", "title", "status", "code", "detail"],
    },
    "Refusal": _object({"code": _TEXT, "detail": _TEXT, "next_step": _TEXT}),
    "Evidence": _object({"origin": _TEXT, "index": _COUNT, "leaf": _DIGEST}),
    "Said": _object({"id": _TEXT, "said": _TEXT, "evidence": _ref("Evidence")}),
    "Rule": _object(_RULE),
    "TracedRule": _object({**_RULE, "clauses": _list(_ref("Clause"))}),
    "Clause": _object(
        {
            "clause": _TEXT,
            "outcome": {"type": "string", "enum": ["true", "false", "unknown"]},
            "seen": _TEXT,
            "note": {"type": "string", "description": "why a value is missing"},
        }
    ),
    "Breach": _object({"code": _TEXT, "subject": _TEXT, "what": _TEXT}),
    "Person": _object({"who": _TEXT, "roles": _list(_TEXT)}),
    "Blocked": _object({"number": _TEXT, "entitlement": _TEXT}),
    "Ticket": _object(_TICKET),
    "Tickets": _object({"limit": _COUNT, "tickets": _list(_ref("Ticket"))}),
    "WholeTicket": _object(
        {
            **_TICKET,
            "rules": _list(_ref("TracedRule")),
            "kinds": _list(_KIND),
            "tier": {**_TIER, "description": "by the rules; it may be raised, never lowered"},
            "breaches": _list(_ref("Breach")),
            "fields": {
                "type": "object",
                "description": "what the platform sent; nobody has checked it",
                "additionalProperties": _TEXT,
            },
            "people": _list(_ref("Person")),
            "unknown": {
                **_list(_TEXT),
                "description": "hands of which nobody can tell whose they are; a `not_identity`"
                " then counts once two people have said it",
            },
            "said_once": {"type": "boolean", "description": "one of the two has said it"},
            "barred": {**_or_null(_ref("Refusal")), "description": "why you may not say it"},
            "waits": {**_or_null(_ref("Refusal")), "description": "why nobody may yet"},
            "shown": _DIGEST,
        }
    ),
    "Verdict": _object(
        {
            "verdict": {"type": "string", "enum": ["identity", "not_identity"]},
            "kinds": {**_list(_KIND), "description": "one or more; counts with `identity` only"},
            "tier": {**_TIER, "description": "needed with `identity`, and counts only there"},
            "justification": _WHY,
            "shown": _SHOWN,
        },
        optional=frozenset({"kinds", "tier"}),
    ),
    "Delivery": _object(_DELIVERY),
    "Deliveries": _object({"limit": _COUNT, "deliveries": _list(_ref("Delivery"))}),
    "Told": _object(
        {
            "number": _TEXT,
            "table": _TEXT,
            "opener": _TEXT,
            "version": _or_null({"type": "integer"}),
            "held_revision": _or_null(_COUNT),
            "differences": _list(_ref("Difference")),
        }
    ),
    "Difference": _object({"field": _TEXT, "held": _TEXT, "told": _TEXT}),
    "WholeDelivery": _object(
        {
            **_DELIVERY,
            "told": {
                **_or_null(_ref("Told")),
                "description": "the ticket as the parked body has it, without secrets",
            },
            "body_kept": {**_FLAG, "description": "false: it can only be dismissed"},
            "barred": {**_or_null(_ref("Refusal")), "description": "why you may not judge it"},
            "shown": _DIGEST,
        }
    ),
    "Judgement": _object(
        {
            "what": {"type": "string", "enum": ["release", "dismiss"]},
            "justification": _WHY,
            "shown": _SHOWN,
        }
    ),
}
_TOKEN_HEADER: Final[Json] = {
    "X-CSRF-Token": {"description": "what a POST of this session must send", "schema": _TEXT}
}
_TOKEN: Final[Json] = {
    "name": "X-CSRF-Token",
    "in": "header",
    "required": True,
    "description": "as a GET of this session answered it",
    "schema": _TEXT,
}
_IDENT: Final[Json] = {"name": "id", "in": "path", "required": True, "schema": _TEXT}


def _json(schema: Json, kind: str = "application/json") -> Json:
    return {"content": {kind: {"schema": schema}}}


def _answers(well: Json, codes: Mapping[int, tuple[str, ...]], headers: Json | None = None) -> Json:
    """What an operation answers: `well`, its refusals by status, and what any door refuses."""
    answers: Json = {"200": {"description": "OK", **_json(well)}}
    if headers is not None:
        answers["200"]["headers"] = headers
    for status in sorted(codes):
        code = {"properties": {"code": {"enum": sorted(codes[status])}}}
        answers[str(status)] = {
            "description": ", ".join(sorted(codes[status])),
            **_json({"allOf": [_ref("Problem"), code]}, "application/problem+json"),
        }
    other = _json(_ref("Problem"), "application/problem+json")
    answers["default"] = {"description": "refused at the door, or a fault of ours", **other}
    return answers


def _get(name: str, summary: str, schema: str, codes: Mapping[int, tuple[str, ...]]) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "responses": _answers(_ref(schema), codes, _TOKEN_HEADER),
    }


def _post(name: str, summary: str, body: str, codes: Mapping[int, tuple[str, ...]]) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [_TOKEN],
        "requestBody": {"required": True, **_json(_ref(body))},
        "responses": _answers(_ref("Said"), codes),
    }


_PATHS: Final[Json] = {
    "/api/v1/triage": {
        "get": _get("listTriage", "Uncertain tickets, the oldest first.", "Tickets", _LOOK),
    },
    "/api/v1/triage/{id}": {
        "parameters": [_IDENT],
        "get": _get("showTriage", "One uncertain ticket.", "WholeTicket", _LOOK_AT),
        "post": _post("sayTriage", "Say what the ticket is.", "Verdict", _SAY_TRIAGE),
    },
    "/api/v1/quarantine": {
        "get": _get(
            "listQuarantine", "Parked deliveries; what blocks a request first.", "Deliveries", _LOOK
        ),
    },
    "/api/v1/quarantine/{id}": {
        "parameters": [_IDENT],
        "get": _get("showQuarantine", "One parked delivery.", "WholeDelivery", _LOOK_AT),
        "post": _post(
            "judgeQuarantine",
            "Release it to be worked off again, or dismiss it for good.",
            "Judgement",
            _SAY_QUARANTINE,
        ),
    },
    "/api/v1/openapi.json": {
        "get": {
            "operationId": "describe",
            "summary": "This description, for everybody.",
            "security": [],
            "responses": {"200": {"description": "OK", **_json({"type": "object"})}},
        },
    },
}


def described(cookie: str) -> Json:
    """The whole document; `cookie` is the name of the cookie that sign-in gives."""
    session = {
        "type": "apiKey",
        "in": "cookie",
        "name": cookie,
        "description": "what signing in at /sign-in gives a person; there are no machine tokens",
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ticketgate",
            "version": "1",
            "description": "What people with the role `triage` see and say, as JSON (docs/api.md).",
        },
        "servers": [{"url": "/"}],
        "security": [{"session": []}],
        "paths": _PATHS,
        "components": {"schemas": _SCHEMAS, "securitySchemes": {"session": session}},
    }
