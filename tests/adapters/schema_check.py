"""A check of a document against the part of JSON Schema 2020-12 that our own schemas use.

A keyword that it does not know is a failure, so that no part of a schema is passed over.
"""

import re
from collections.abc import Callable
from typing import Any

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda it: isinstance(it, dict),
    "array": lambda it: isinstance(it, list),
    "string": lambda it: isinstance(it, str),
    "boolean": lambda it: isinstance(it, bool),
    "null": lambda it: it is None,
    "integer": lambda it: isinstance(it, int) and not isinstance(it, bool),
    "number": lambda it: isinstance(it, int | float) and not isinstance(it, bool),
}
WORDS = {"$schema", "$defs", "title", "description", "examples"}
HANDLED = WORDS | {
    *("$ref", "type", "const", "enum", "pattern", "minimum", "maximum", "minItems", "items"),
    *("minProperties", "properties", "patternProperties", "additionalProperties", "required"),
    *("anyOf", "oneOf", "allOf", "not"),
}


def same(one: Any, other: Any) -> bool:  # noqa: ANN401 -- JSON
    """Equal as JSON: true is not 1."""
    return type(one) is type(other) and one == other


def fits(it: Any, schema: Any, root: dict[str, Any]) -> bool:  # noqa: ANN401 -- JSON
    """Whether a document is valid."""
    if isinstance(schema, bool):
        return schema
    assert set(schema) <= HANDLED, sorted(set(schema) - HANDLED)
    kinds = schema.get("type", list(TYPES))
    return (
        any(TYPES[kind](it) for kind in ([kinds] if isinstance(kinds, str) else kinds))
        and ("const" not in schema or same(it, schema["const"]))
        and ("enum" not in schema or any(same(it, one) for one in schema["enum"]))
        and _combined(it, schema, root)
        and _text(it, schema)
        and _list(it, schema, root)
        and _mapping(it, schema, root)
    )


def _combined(it: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:  # noqa: ANN401 -- JSON
    every = [*schema.get("allOf", [])]
    if "$ref" in schema:
        every.append(root["$defs"][schema["$ref"].rpartition("/")[2]])
    return (
        all(fits(it, one, root) for one in every)
        and any(fits(it, one, root) for one in schema.get("anyOf", [True]))
        and sum(fits(it, one, root) for one in schema.get("oneOf", [True])) == 1
        and ("not" not in schema or not fits(it, schema["not"], root))
    )


def _text(it: Any, schema: dict[str, Any]) -> bool:  # noqa: ANN401 -- JSON
    if isinstance(it, str) and "pattern" in schema:
        return re.search(schema["pattern"], it) is not None
    if isinstance(it, int) and not isinstance(it, bool):
        least, most = schema.get("minimum", it), schema.get("maximum", it)
        return bool(least <= it <= most)
    return True


def _list(it: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:  # noqa: ANN401 -- JSON
    if not isinstance(it, list):
        return True
    enough = len(it) >= schema.get("minItems", 0)
    return enough and all(fits(one, schema.get("items", True), root) for one in it)


def _mapping(it: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:  # noqa: ANN401 -- JSON
    if not isinstance(it, dict):
        return True
    if len(it) < schema.get("minProperties", 0) or not set(schema.get("required", [])) <= set(it):
        return False
    patterns = schema.get("patternProperties", {})
    for key, value in it.items():
        rules = [schema["properties"][key]] if key in schema.get("properties", {}) else []
        rules += [rule for pattern, rule in patterns.items() if re.search(pattern, key)]
        if not all(
            fits(value, rule, root) for rule in rules or [schema.get("additionalProperties", True)]
        ):
            return False
    return True
