"""Places: a configuration file read key by key, each fault with its line and dotted path.

Every reading method answers None after it has reported why, so that one pass finds every fault.
"""

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ticketgate.adapters.files.strict_yaml import Items, Node, Refused, Report, Scalar, Table
from ticketgate.domain.instants import parse_duration

LATER: Final = "comes later; this version refuses it rather than ignore it"
LISTED_MAX: Final = 16  # words worth listing when none is close
DURATION_MAX: Final = timedelta(days=366)
_IDENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
_INTEGER: Final = re.compile(r"-?[0-9]{1,15}\Z")
_FLAGS: Final = {"true": True, "True": True, "TRUE": True} | {
    "false": False,
    "False": False,
    "FALSE": False,
}


def is_ident(text: str) -> bool:
    """Whether a word can be an id."""
    return _IDENT.match(text) is not None


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?`, or the whole short list, or nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; one of: {', '.join(sorted(known))}" if 0 < len(known) <= LISTED_MAX else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A node, where it stands, and where its faults go."""

    node: Node
    path: str
    report: Report

    @property
    def line(self) -> int:
        """The line it stands on."""
        return self.node.line

    @property
    def is_null(self) -> bool:
        """Whether it says nothing."""
        return isinstance(self.node, Scalar) and self.node.is_null

    def fault(self, message: str) -> None:
        """Report a fault here, unless this node was reported already."""
        if not isinstance(self.node, Refused):
            self.report.add(self.line, self.path, message)

    def text(self) -> str | None:
        """One line of text as written."""
        node = self.node
        if not isinstance(node, Scalar):
            self.fault("must be text, not a list or a mapping")
            return None
        if node.is_null or not node.text.strip():
            self.fault("is empty")
            return None
        if "\n" in node.text.strip():
            self.fault("must be one line")
            return None
        return node.text.strip()

    def ident(self) -> str | None:
        """An id: letters, digits, dot, dash and underscore."""
        text = self.text()
        if text is not None and not is_ident(text):
            self.fault(f"{text!r} is not an id: letters, digits, '.', '_' and '-'")
            return None
        return text

    def choice(self, known: Collection[str], later: Collection[str] = ()) -> str | None:
        """One of the known words."""
        text = self.text()
        if text is None or text in known:
            return text
        if text in later:
            self.fault(f"{text!r} {LATER}")
            return None
        self.fault(f"unknown word {text!r}{did_you_mean(text, known)}")
        return None

    def flag(self) -> bool | None:
        """`true` or `false`, without quotes."""
        node = self.node
        if isinstance(node, Scalar) and node.plain and node.text in _FLAGS:
            return _FLAGS[node.text]
        self.fault("must be true or false")
        return None

    def integer(self, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        node = self.node
        if isinstance(node, Scalar) and node.plain and _INTEGER.match(node.text):
            found = int(node.text)
            if least <= found <= most:
                return found
        self.fault(f"must be a whole number from {least} to {most}")
        return None

    def duration(self, most: timedelta = DURATION_MAX) -> timedelta | None:
        """`30s`, `30m`, `4h` or `2d`, up to 366 days unless more is allowed."""
        text = self.text()
        if text is None:
            return None
        found = parse_duration(text)
        if found is None:
            self.fault(f"{text!r} is not a duration such as 30s, 30m, 4h or 2d")
            return None
        if found > most:
            self.fault(f"{text!r} is longer than {most.days} days")
            return None
        return found

    def items(self) -> "list[Place] | None":
        """The items of a list."""
        if not isinstance(self.node, Items):
            self.fault("must be a list: [one, another]")
            return None
        return [
            Place(node, f"{self.path}[{number}]", self.report)
            for number, node in enumerate(self.node.nodes)
        ]

    def some(self) -> "list[Place] | None":
        """The items of a list that is not empty."""
        found = self.items()
        if found == []:
            self.fault("the list is empty")
            return None
        return found

    def either(self) -> "list[Place] | None":
        """One value, or a list of them that is not empty."""
        return self.some() if isinstance(self.node, Items) else [self]

    def texts(self) -> tuple[str, ...] | None:
        """One text or a list of texts; None when any of them is faulty."""
        places = self.either()
        found = [place.text() for place in places or ()]
        kept = tuple(text for text in found if text is not None)
        return kept if kept and len(kept) == len(found) else None

    def section(self) -> "Section | None":
        """A mapping, read key by key."""
        if not isinstance(self.node, Table):
            self.fault("must be a mapping of keys")
            return None
        return Section(self, self.node)


class Section:
    """A mapping being read; what nobody asked for is a fault when it is closed."""

    def __init__(self, place: Place, table: Table) -> None:
        self.place = place
        self._table = table
        self._asked: set[str] = set()

    @property
    def line(self) -> int:
        """The line it begins on."""
        return self.place.line

    def __contains__(self, key: object) -> bool:
        return key in self._table.nodes

    def get(self, key: str) -> Place | None:
        """The value of an optional key."""
        self._asked.add(key)
        found = self._table.nodes.get(key)
        return None if found is None else self._at(key, found)

    def need(self, key: str) -> Place | None:
        """The value of a key that must be there."""
        found = self.get(key)
        if found is None:
            self.place.fault(f"the key {key!r} is missing")
        return found

    def entries(self) -> Iterator[tuple[str, Place]]:
        """All keys with their values, for mappings whose keys are names."""
        for key, found in self._table.nodes.items():
            self._asked.add(key)
            yield key, self._at(key, found)

    def close(self, later: Collection[str] = ()) -> None:
        """Report every key that nobody asked for."""
        for key, (line, _) in self._table.nodes.items():
            if key in self._asked:
                continue
            path = f"{self.place.path}.{key}".lstrip(".")
            if key in later:
                self.place.report.add(line, path, f"{key!r} {LATER}")
            else:
                hint = did_you_mean(key, self._asked)
                self.place.report.add(line, path, f"unknown key {key!r}{hint}")

    def _at(self, key: str, found: tuple[int, Node]) -> Place:
        return Place(found[1], f"{self.place.path}.{key}".lstrip("."), self.place.report)
