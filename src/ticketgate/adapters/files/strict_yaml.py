"""One strict reader for every configuration file: YAML 1.2 text, and nothing clever.

Scalars stay text until somebody says what they should be, so `NO`, `22:00` and `1.10` are what
was written. Duplicate keys, anchors, aliases, tags and second documents are faults; every node
knows its line. Parsing works on events, without recursion, so depth cannot exhaust the stack.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from ticketgate.domain.errors import Fault

DEPTH_MAX: Final = 24
FILE_BYTES_MAX: Final = 32 * 1024 * 1024
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.2.2 §10.3.2
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml: twenty times faster


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text; `plain` says that it stands without quotes."""

    text: str
    plain: bool
    line: int

    @property
    def is_null(self) -> bool:
        """Whether it says nothing (YAML 1.2.2 §10.3.2)."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    nodes: "tuple[Node, ...]"
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; each key with its own line."""

    nodes: Mapping[str, "tuple[int, Node]"]
    line: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A node already reported as a fault; whoever meets it stays silent."""

    line: int


Node = Scalar | Items | Table | Refused


@dataclass
class Report:
    """The faults of one file, in the order they were found."""

    file: str
    faults: list[Fault] = field(default_factory=list)

    def add(self, line: int, path: str, message: str) -> None:
        """One more fault."""
        self.faults.append(Fault(self.file, line, path or "(file)", message))


def parse(data: bytes, report: Report) -> Node | None:
    """The one document in `data`; None when it cannot be read at all. Faults go to `report`."""
    text = _decode(data, report)
    if text is None:
        return None
    builder = _Builder(report)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        report.add(mark.line + 1 if mark else 1, "", f"not YAML: {fault.problem}")
        return None
    except yaml.reader.ReaderError as fault:
        line = text.count("\n", 0, fault.position) + 1
        report.add(line, "", "not YAML: a character that text files do not hold")
        return None
    except (yaml.YAMLError, ValueError, OverflowError):  # the reader in Python leaks the last two
        report.add(1, "", "not YAML")
        return None
    except _TooDeepError as fault:
        report.add(fault.line, "", f"nested deeper than {DEPTH_MAX}")
        return None
    if builder.root is None:
        report.add(1, "", "the file is empty")
    return builder.root


def _decode(data: bytes, report: Report) -> str | None:
    if len(data) > FILE_BYTES_MAX:
        report.add(1, "", f"larger than {FILE_BYTES_MAX} bytes")
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as fault:
        report.add(data.count(b"\n", 0, fault.start) + 1, "", "not UTF-8")
        return None


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass
class _Frame:
    """A collection that is still open. `key` waits for its value; a sequence has `nodes` only."""

    line: int
    mapping: bool
    nodes: list[Node] = field(default_factory=list)
    entries: dict[str, tuple[int, Node]] = field(default_factory=dict)
    key: tuple[str, int] | None = None
    key_refused: bool = False

    @property
    def label(self) -> str:
        """Where in the collection we are."""
        if not self.mapping:
            return f"[{len(self.nodes)}]"
        return f".{self.key[0]}" if self.key else ""


class _Builder:
    """Nodes out of events."""

    def __init__(self, report: Report) -> None:
        self.root: Node | None = None
        self._report = report
        self._frames: list[_Frame] = []

    def take(self, event: Any) -> None:  # noqa: ANN401 -- the events of PyYAML share no useful type
        """One event. Raises _TooDeepError."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self._fault(line, "aliases (*name) are not allowed; write it out")
            self._place(Refused(line))
        elif isinstance(event, yaml.ScalarEvent):
            self._check(event, line)
            self._place(self._scalar(event.value, line, plain=not event.style))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check(event, line)
            self._open(line, mapping=isinstance(event, yaml.MappingStartEvent))
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._frames.pop()
            closed: Node = Items(tuple(frame.nodes), frame.line)
            self._place(Table(frame.entries, frame.line) if frame.mapping else closed)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            self._fault(line, "a second document; one file holds one")

    def _open(self, line: int, *, mapping: bool) -> None:
        if len(self._frames) == DEPTH_MAX:
            raise _TooDeepError(line)
        self._frames.append(_Frame(line, mapping))

    def _scalar(self, text: str, line: int, *, plain: bool) -> Node:
        if all(char.isprintable() or char in "\n\t" for char in text):
            return Scalar(text, plain, line)
        self._fault(line, "a control character or one that cannot be seen")
        return Refused(line)

    def _check(self, event: Any, line: int) -> None:  # noqa: ANN401 -- as above
        if event.anchor is not None:
            self._fault(line, "anchors (&name) are not allowed; write it out")
        if event.tag is not None and event.tag != "!":
            self._fault(line, "tags (!type) are not allowed")

    def _place(self, node: Node) -> None:
        if not self._frames:
            self.root = self.root or node
            return
        frame = self._frames[-1]
        if not frame.mapping:
            frame.nodes.append(node)
        elif frame.key is None and not frame.key_refused:
            self._take_key(frame, node)
        else:
            if frame.key is not None:
                frame.entries[frame.key[0]] = (frame.key[1], node)
            frame.key, frame.key_refused = None, False

    def _take_key(self, frame: _Frame, node: Node) -> None:
        frame.key_refused = True
        if not isinstance(node, Scalar) or node.is_null:
            if not isinstance(node, Refused):
                self._fault(node.line, "a key is a word")
        elif node.text in frame.entries:
            first = frame.entries[node.text][0]
            self._fault(node.line, f"the key {node.text!r} is there twice (first on line {first})")
        else:
            frame.key, frame.key_refused = (node.text, node.line), False

    def _fault(self, line: int, message: str) -> None:
        path = "".join(frame.label for frame in self._frames)
        self._report.add(line, path.removeprefix("."), message)
