"""Jira's document tree (Atlassian Document Format), flattened to the text that a person reads."""

from collections.abc import Iterator, Mapping
from typing import Final

from ticketgate.connector_api import FIELD_TEXT_MAX, JsonValue
from ticketgate_connectors.records import scalar

DEPTH_MAX: Final = 40  # nodes inside nodes
NODES_MAX: Final = 5_000

# What a node of its own line is, what stands in a line, and what shows no words.
BLOCKS: Final = frozenset(
    {
        *("doc", "paragraph", "heading", "blockquote", "codeBlock", "panel", "rule"),
        *("bulletList", "orderedList", "listItem", "taskList", "taskItem"),
        *("decisionList", "decisionItem", "expand", "nestedExpand", "caption"),
        *("table", "tableRow", "tableHeader", "tableCell", "layoutSection", "layoutColumn"),
        *("mediaGroup", "mediaSingle"),
    }
)
INLINE: Final[Mapping[str, str]] = {
    "mention": "text",
    "emoji": "shortName",
    "status": "text",
    "date": "timestamp",
    "inlineCard": "url",
    "blockCard": "url",
    "embedCard": "url",
}
SHOWN: Final[Mapping[str, str]] = {  # words in the attributes of what else shows none, if any
    "expand": "title",
    "nestedExpand": "title",
    "media": "alt",
    "mediaInline": "alt",
}
SILENT: Final = frozenset({"media", "mediaInline"})

Stack = list[tuple[JsonValue, int]]  # nodes to come, each with its depth


def document(cell: JsonValue) -> str | None:
    """A text field: text as it stands, or the words of a document, one line per block.

    None when it is cut: over `FIELD_TEXT_MAX`, deeper or larger than is read, or with a node that
    is not known, whose words a rule would miss.
    """
    if not isinstance(cell, Mapping):
        return scalar(cell)
    if cell.get("type") != "doc":
        return None
    words: list[str] = []
    size = 0
    for word in _words(cell):
        size += 0 if word is None else len(word)
        if word is None or size > FIELD_TEXT_MAX:
            return None
        words.append(word)
    lines = (line.strip() for line in "".join(words).split("\n"))
    return "\n".join(line for line in lines if line)


def _words(root: JsonValue) -> Iterator[str | None]:
    """The words in order; None once where something cannot be read. Keeps a stack of its own.

    What pictures and links say beside the text comes last: in between it would part a word.
    """
    stack: Stack = [(root, 0)]
    asides: list[str] = []
    seen = 0
    while stack:
        node, depth = stack.pop()
        seen += 1
        if not isinstance(node, Mapping):
            yield "\n" if node == "\n" else None
        elif depth > DEPTH_MAX or seen > NODES_MAX:
            yield None
        else:
            yield _opened(node, depth, stack, asides)
    yield from (f"\n{one}" for one in asides)


def _opened(
    node: Mapping[str, JsonValue], depth: int, stack: Stack, asides: list[str]
) -> str | None:
    """The words of one node; what is in a block is put on the stack, to come next."""
    told, inner = node.get("type"), node.get("content", [])
    kind = told if isinstance(told, str) else ""
    shown = _attr(node, SHOWN[kind]) if kind in SHOWN else ""
    title = _title(node.get("marks"))
    if title is None or shown is None:
        return None
    if kind in BLOCKS and isinstance(inner, list) and len(inner) <= NODES_MAX:
        stack.append(("\n", depth))
        stack.extend((one, depth + 1) for one in reversed(inner))
        asides += filter(None, [title])
        return f"\n{shown}\n" if shown else "\n"
    asides += filter(None, [title, shown])
    return "" if kind in SILENT else _word(node, kind)


def _attr(node: Mapping[str, JsonValue], name: str) -> str | None:
    """The text of an attribute that need not be there; None when it cannot be read."""
    attrs = node.get("attrs")
    if attrs is None:
        return ""
    return scalar(attrs.get(name)) if isinstance(attrs, Mapping) else None


def _title(marks: JsonValue) -> str | None:
    """What links say when one points at them; any other mark changes looks alone."""
    if marks is None:
        return ""
    if not isinstance(marks, list) or not all(isinstance(one, Mapping) for one in marks):
        return None
    links = [one for one in marks if isinstance(one, Mapping) and one.get("type") == "link"]
    titles = [_attr(one, "title") for one in links]
    return None if None in titles else " ".join(one for one in titles if one)


def _word(node: Mapping[str, JsonValue], kind: str) -> str | None:
    if kind == "hardBreak":
        return "\n"
    if kind == "text":
        found = node.get("text")
    else:
        attrs = node.get("attrs")
        found = attrs.get(INLINE.get(kind, "")) if isinstance(attrs, Mapping) else None
    return found if isinstance(found, str) else None
