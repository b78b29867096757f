"""JSON Schema of `policy.yaml`, for editors, made from the tables that the reader uses.

What the reader takes, the schema takes; the schema refuses what is wrong in its shape: keys,
words, fields, tests. What only a look at the whole can tell (ids used twice, names of other files,
`default` ≤ `max`) is left to `ticketgate check`. Draft 2020-12 (json-schema.org/draft/2020-12).
"""

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypeAlias

from ticketgate.adapters.config.automatic_reader import PER_DAY_MAX
from ticketgate.adapters.config.emergency_reader import BANNED, OVERDUE, REVIEW_WORDS, SIGN_INS
from ticketgate.adapters.config.matcher_reader import (
    ASKED_BY,
    BLOCKS,
    CLASSIFY,
    REQUESTABLE_BY,
    TEXT_TESTS,
    TIERS,
    WHEN,
    Scope,
)
from ticketgate.adapters.config.packs import PACKS
from ticketgate.adapters.config.policy_file import EXTEND_MAX, MODES, UNITS, VERDICTS
from ticketgate.adapters.config.signals_reader import CLOCK, COUNT_MAX, DAYS, OFF, ON
from ticketgate.adapters.config.stages_reader import (
    JUSTIFICATION_CHARS_MAX,
    NEED_MAX,
    OWNERS,
    WORD_OF,
)
from ticketgate.domain.classifying.facts import FREE_TEXT, VARIABLES, WHEN_FIELDS
from ticketgate.domain.matching.clause_tests import TESTS
from ticketgate.domain.policy.policy import (
    APPROVER_WORDS,
    ASSURANCE_LEVELS,
    LONE_WORDS,
    NEVER_WORDS,
)
from ticketgate.domain.text.language import LANGUAGES
from ticketgate.domain.tickets.identity_event import KIND_MEANINGS, KINDS

Schema: TypeAlias = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENT: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
DURATION: Final = "^0*[1-9][0-9]*[smhd]$"
_SCALARS: Final = ["string", "number", "boolean"]  # the reader takes all of them as text
_SCOPES: Final = {
    "classify": CLASSIFY,
    "asked_by": ASKED_BY,
    "requestable_by": REQUESTABLE_BY,
    "when": WHEN,
}


def policy_schema() -> Schema:
    """The schema as a JSON document; the same for the same version of this program."""
    return {
        "$schema": DIALECT,
        "title": "policy.yaml of ticketgate",
        **_mapping(
            {
                "version": {"const": 1, "description": "The form of this file."},
                "mode": _words(MODES, "What decisions do."),
                "classify": _list(_ref("classify_rule"), "Which tickets are identity events."),
                "entitlements": _list(_ref("entitlement"), "What a ticket may ask for."),
                "approve": _list(_ref("approve_rule"), "Who must approve; the first that holds."),
                "limits": _list(_ref("limit"), "How long at the most; the shortest holds."),
                "automations": _list(_ref("automation"), "Whose they are, and what they may."),
                "packs": _list(_words(PACKS, "A pack."), "Vocabulary shipped with it.", least=1),
                "languages": _list(
                    _words(sorted(LANGUAGES), "A language."), "What the rules can read.", least=1
                ),
                "weights": _ref("text"),
                "emergency": _ref("emergency"),
                "signals": _ref("signals"),
            },
            optional=(
                "mode",
                "automations",
                "packs",
                "languages",
                "weights",
                "emergency",
                "signals",
            ),
        ),
        "$defs": {**_plain(), **_rules(), **_emergency(), **_signals(), **_matchers()},
    }


def _plain() -> Mapping[str, Schema]:
    text = {"type": _SCALARS, "pattern": r"\S"}
    return {
        "text": text,
        "texts": {"anyOf": [text, {"type": "array", "minItems": 1, "items": text}]},
        "ident": {"type": _SCALARS, "pattern": IDENT},
        "duration": {"type": "string", "pattern": DURATION, "examples": ["30m", "4h", "2d"]},
        "kind": {
            "oneOf": [{"const": kind, "description": said} for kind, said in KIND_MEANINGS.items()]
        },
        "tier": _words(TIERS, "How much harm it could do."),
        "owner": _word_of(OWNERS),
        "approver": _word_of(APPROVER_WORDS),
        "never": _list(_word_of(NEVER_WORDS), "Who may not decide.", least=1),
    }


def _rules() -> Mapping[str, Schema]:
    return {
        "classify_rule": _mapping(
            {
                "id": _ref("ident"),
                "kind": _ref("kind"),
                "tier": _ref("tier"),
                "verdict": _words(VERDICTS, "What a match says; identity unless it is said."),
                "match": _matcher("classify"),
            },
            optional=("verdict",),
        ),
        "entitlement": _mapping(
            {
                "id": _ref("ident"),
                "target": {"allOf": [_ref("ident"), {"not": {"const": "manual"}}]},
                "access": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": _ref("text"),
                },
                "asked_by": _matcher("asked_by"),
                "duration_from": _mapping(
                    {
                        "field": {"type": "string", "pattern": _any_field(ASKED_BY.fields)},
                        "unit": _words(UNITS, "The unit of bare numbers."),
                    },
                    optional=("unit",),
                ),
                "owner": _ref("owner"),
                "backup_owner": _ref("owner"),
                "tier": _ref("tier"),
                "requestable_by": _matcher("requestable_by"),
            },
            optional=("duration_from", "backup_owner", "requestable_by"),
        ),
        **_approving(),
        "automation": _mapping(
            {
                "id": _ref("ident"),
                "match": _matcher("asked_by"),
                "owner": _ref("owner"),
                "may": _list(_ref("kind"), "Kinds of identity event.", least=1),
                "targets": _list(
                    {"allOf": [_ref("ident"), {"not": {"const": "manual"}}]}, "Names of targets."
                ),
            }
        ),
        "limit": _mapping(
            {
                "when": _matcher("when"),
                **{name: _ref("duration") for name in ("default", "max", "hard_max")},
                "extend": {"type": "integer", "minimum": 0, "maximum": EXTEND_MAX},
                "start_within": _ref("duration"),
            },
            optional=("extend", "start_within"),
        ),
    }


def _approving() -> Mapping[str, Schema]:
    chars = {"type": "integer", "minimum": 1, "maximum": JUSTIFICATION_CHARS_MAX}
    often = {"type": "integer", "minimum": 1, "maximum": PER_DAY_MAX}
    return {
        "approve_rule": {"oneOf": [_ref("rule_of_people"), _ref("automatic_rule")]},
        "automatic_rule": _mapping(
            {
                "id": _ref("ident"),
                "when": _matcher("when"),
                "automatic": _mapping({"because": _ref("text"), "max_per_day": often}),
            }
        ),
        "rule_of_people": _mapping(
            {
                "id": _ref("ident"),
                "when": _matcher("when"),
                "stages": _list(_ref("stage"), "In order; people are distinct.", least=1),
                "never": _ref("never"),
                "justification": _mapping({"min_chars": chars}),
                "assurance": _mapping(
                    {
                        "accept": _words(ASSURANCE_LEVELS, "How surely approvers are known."),
                        "because": _ref("text"),
                    },
                    optional=("because",),
                ),
                "decide_within": _ref("duration"),
                "escalate": _mapping(
                    {
                        "after": _ref("duration"),
                        "to": _list(_ref("approver"), "May decide after silence.", least=1),
                    }
                ),
            },
            optional=("never", "justification", "assurance", "escalate"),
        ),
        "stage": _mapping(
            {
                "name": _ref("ident"),
                "any_of": _list(_ref("approver"), "Everybody named may decide.", least=1),
                "need": {"type": "integer", "minimum": 1, "maximum": NEED_MAX},
                "never": _ref("never"),
            },
            optional=("never",),
        ),
    }


def _emergency() -> Mapping[str, Schema]:
    people = _list(_ref("owner"), "Who is pre-authorised.", least=1)
    allowed = _mapping({"entitlement": _ref("ident"), "people": people})
    never = _list(_words(BANNED, "Banned whether or not it is written."), "Who never.", least=1)
    accept = _words(SIGN_INS, "How surely whoever begins or reviews one is known.")
    by = _list(_word_of(REVIEW_WORDS), "Everybody named may review.", least=1)
    review = _mapping({"within": _ref("duration"), "by": by, "never": never}, optional=("never",))
    return {
        "emergency": _mapping(
            {
                "allow": _list(allowed, "Nobody else, and nothing else.", least=1),
                "hard_max": _ref("duration"),
                "cooldown": _ref("duration"),
                "review": review,
                "overdue": _words(OVERDUE, "What becomes of whom nobody reviewed in time."),
                "backfill_within": _ref("duration"),
                "assurance": _mapping({"accept": accept, "because": _ref("text")}),
            },
            optional=("backfill_within", "assurance"),
        )
    }


def _signals() -> Mapping[str, Schema]:
    count = {"type": "integer", "minimum": 1, "maximum": COUNT_MAX}
    clock = {"type": "string", "pattern": f"^{CLOCK}$"}
    days = _list(_words(DAYS, "A day."), "Working days.", least=1)
    parts: dict[str, dict[str, Schema]] = {
        "in_turn": {"each": count, "within": _ref("duration")},
        "out_of_hours": {
            "in_a_row": count, "from": clock, "to": clock, "days": days, "zone": _ref("text"),
        },
        "load": {
            "share": {**count, "maximum": 99}, "least": count, "a_day": count,
            "within": _ref("duration"),
        },
    }  # fmt: skip
    off = {"const": OFF}
    span = {"anyOf": [off, _ref("duration")]}
    plain = {
        "at_once": span,
        "unseen": _words((ON, OFF), "Who approves without having looked."),
        "shopping": span,
    }
    found = plain | {name: {"anyOf": [off, _mapping(p, p)]} for name, p in parts.items()}
    return {"signals": _mapping(found, found)}


def _matchers() -> Mapping[str, Schema]:
    """Each scope twice: plain, and inside `none:`, where free text may not stand."""
    found: dict[str, Schema] = {}
    for name, scope in _SCOPES.items():
        found[f"match_{name}"] = _keys(name, scope, banned=False)
        found[f"match_{name}_none"] = _keys(name, scope, banned=True)
    return found


def _keys(name: str, scope: Scope, *, banned: bool) -> Schema:
    """A mapping whose keys are ANDed."""
    free = FREE_TEXT if scope.free_text and not banned else frozenset()
    worded = WHEN_FIELDS & scope.fields
    graded = {"entitlement.tier"} & scope.fields
    fields = scope.fields - FREE_TEXT - worded - graded
    inner = _ref(f"match_{name}_none" if banned else f"match_{name}")
    properties: Schema = {field: _ref("texts") for field in sorted(fields)}
    properties |= {f"{field}|{test}": _ref("texts") for field in sorted(free) for test in _text()}
    properties |= {field: _either(KINDS if field == "kind" else TIERS) for field in sorted(worded)}
    properties |= {field: _either(TIERS) for field in sorted(graded)}
    for block in BLOCKS:
        properties[block] = _block(_ref(f"match_{name}_none") if block == "none" else inner)
    tests = "|".join(sorted(TESTS))
    patterns = {
        f"^({_alternatives(fields)})\\|({tests})$": _ref("texts"),
        f"^{re.escape(VARIABLES)}[^|]+(\\|({tests}))?$": _ref("texts"),
    }
    if graded:
        patterns[f"^entitlement\\.tier\\|({tests})$"] = _either(TIERS)
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": patterns,
        "additionalProperties": False,
    }


def _block(part: Schema) -> Schema:
    said = {"minProperties": 1, **part}
    return {"anyOf": [said, {"type": "array", "minItems": 1, "items": said}]}


def _matcher(name: str) -> Schema:
    if _SCOPES[name].empty:
        return _ref(f"match_{name}")
    return {"minProperties": 1, **_ref(f"match_{name}")}


def _text() -> list[str]:
    return sorted(TEXT_TESTS)


def _any_field(fields: frozenset[str]) -> str:
    return f"^({_alternatives(fields - FREE_TEXT)}|{re.escape(VARIABLES)}.+)$"


def _alternatives(fields: Collection[str]) -> str:
    return "|".join(re.escape(field) for field in sorted(fields))


def _word_of(verbs: AbstractSet[str]) -> Schema:
    """`verb:of`, such as `manager_of:beneficiary` `group:sec-iam` or `delegate`."""
    forms = [
        f"{verb}:({'|'.join(WORD_OF[verb])})" if verb in WORD_OF else f"{verb}:.+"
        for verb in sorted(verbs - LONE_WORDS)
    ]
    forms += sorted(verbs & LONE_WORDS)
    return {"type": "string", "pattern": f"^({'|'.join(forms)})$"}


def _either(words: Collection[str]) -> Schema:
    one = {"enum": sorted(words)}
    return {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}


def _words(words: Collection[str], said: str) -> Schema:
    return {"enum": list(words), "description": said}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(item: Schema, said: str, least: int = 0) -> Schema:
    return {"type": "array", "minItems": least, "items": item, "description": said}


def _mapping(properties: Mapping[str, Schema], optional: Collection[str] = ()) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
