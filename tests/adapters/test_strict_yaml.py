"""The one reader of configuration: what is written is what is read, and nothing clever gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.adapters.files import strict_yaml
from ticketgate.adapters.files.strict_yaml import (
    DEPTH_MAX,
    Items,
    Node,
    Refused,
    Report,
    Scalar,
    Table,
    parse,
)


def read(text: str | bytes) -> tuple[Node | None, list[str]]:
    report = Report("f.yaml")
    data = text.encode() if isinstance(text, str) else text
    return parse(data, report), [fault.text for fault in report.faults]


def test_scalars_stay_what_was_written() -> None:
    """YAML 1.1 reads NO as false and 22:00 as 1320."""
    node, faults = read("a: NO\nb: 22:00\nc: 1.10\nd: '~'\ne: ~\nf:\n")
    assert faults == []
    assert isinstance(node, Table)
    found = {key: inner for key, (_, inner) in node.nodes.items() if isinstance(inner, Scalar)}
    assert [one.text for one in found.values()] == ["NO", "22:00", "1.10", "~", "~", ""]
    assert [key for key, one in found.items() if one.is_null] == ["e", "f"]


def test_every_node_knows_its_line() -> None:
    node, _ = read("a:\n  - x\n  - b: y\n")
    assert isinstance(node, Table)
    line, inner = node.nodes["a"]
    assert isinstance(inner, Items)
    assert (line, inner.line, [one.line for one in inner.nodes]) == (1, 2, [2, 3])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: (file): the key 'a' is there twice (first on line 1)"),
        ("x:\n  a: 1\n  a: 2\n", "f.yaml:3: x: the key 'a' is there twice (first on line 2)"),
        ("a: &name 1\n", "f.yaml:1: a: anchors (&name) are not allowed; write it out"),
        ("a: &name [1]\n", "f.yaml:1: a: anchors (&name) are not allowed; write it out"),
        ("l:\n- *name\n", "f.yaml:2: l[0]: aliases (*name) are not allowed"),
        ("a: !!python/object:os.system x\n", "f.yaml:1: a: tags (!type) are not allowed"),
        ("a: !x {}\n", "f.yaml:1: a: tags (!type) are not allowed"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: (file): a second document; one file holds one"),
        ("? {a: 1}\n: 2\n", "f.yaml:1: (file): a key is a word"),
        ("? [a, b]\n: [c]\n", "f.yaml:1: (file): a key is a word"),
        ("~: 1\n", "f.yaml:1: (file): a key is a word"),
        ('x: "a\\0b"\n', "f.yaml:1: x: a control character or one that cannot be seen"),
        ('x: "a\\u202eb"\n', "f.yaml:1: x: a control character or one that cannot be seen"),
        ('"\\0": x\n', "f.yaml:1: (file): a control character or one that cannot be seen"),
        ("a: [1\n", "not YAML"),
        ("a: b: c\n", "f.yaml:1: (file): not YAML: mapping values are not allowed"),
        ("\ta: 1\n", "f.yaml:1: (file): not YAML"),
        ("ok: 1\nx: \x07\n", "f.yaml:2: (file): not YAML: a character"),
        ('a: "\\UFFFFFFFF"\n', "not YAML"),
        ("", "f.yaml:1: (file): the file is empty"),
        ("# only a comment\n", "f.yaml:1: (file): the file is empty"),
        ("[" * 100_000, f"nested deeper than {DEPTH_MAX}"),
        ("- " * 500 + "x\n", f"nested deeper than {DEPTH_MAX}"),
        (b"ok: 1\nx: \xff\n", "f.yaml:2: (file): not UTF-8"),
    ],
)
def test_what_is_not_strict_is_refused_with_its_line(text: str | bytes, fault: str) -> None:
    _, faults = read(text)
    assert any(fault in one for one in faults)


def test_an_alias_is_refused_and_what_it_stood_for_stays_silent() -> None:
    node, faults = read("a: &x {b: 1}\nc: *x\n")
    assert [fault.split(": ", 2)[2] for fault in faults] == [
        "anchors (&name) are not allowed; write it out",
        "aliases (*name) are not allowed; write it out",
    ]
    assert isinstance(node, Table)
    assert isinstance(node.nodes["c"][1], Refused)


def test_every_fault_of_a_file_is_listed_at_once() -> None:
    _, faults = read("a: 1\na: 2\nb: &x 1\nc: !!int 3\nb: 4\n")
    assert [int(fault.split(":")[1]) for fault in faults] == [2, 3, 4, 5]


def test_a_merge_key_is_a_key_like_any_other() -> None:
    node, _ = read("<<: {a: 1}\n")
    assert isinstance(node, Table)
    assert list(node.nodes) == ["<<"]


def test_a_file_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "FILE_BYTES_MAX", 10)
    assert read("a: 12345678")[1] == ["f.yaml:1: (file): larger than 10 bytes"]


HOSTILE = st.text(alphabet="ab:- \n\t[]{}&*!%?|>'\"\\#,~<0xU\x00\ufeff\u2028é", max_size=60)


@given(HOSTILE | st.text(max_size=60))
def test_only_a_node_or_a_fault_comes_out_of_any_text(text: str) -> None:
    node, faults = read(text.encode(errors="surrogatepass"))
    assert node is not None or faults


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@given(text=HOSTILE)
def test_the_slow_reader_leaks_nothing_either(loader: str, text: str) -> None:
    """Where PyYAML was built without libyaml."""
    import yaml

    if not hasattr(yaml, loader):
        pytest.skip("PyYAML was built without libyaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict_yaml, "_LOADER", getattr(yaml, loader))
        node, faults = read(text)
        overflow = read('a: "\\UFFFFFFFF"')
    assert node is not None or faults
    assert overflow[0] is None


@given(st.binary(max_size=80))
def test_only_a_node_or_a_fault_comes_out_of_any_bytes(data: bytes) -> None:
    node, faults = read(data)
    assert node is not None or faults
