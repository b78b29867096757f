"""Trust files: every kind of line, every fault of one, and what a quorum asks for."""

from collections.abc import Iterable
from itertools import combinations
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.domain.signing import Signer, signer, witness

from ticketgate.domain.evidence import INTEGER_MAX
from ticketgate.domain.log.note import NOTE_BYTES_MAX, VerifierKey
from ticketgate.domain.log.trust import (
    Group,
    LogKey,
    Trust,
    TrustError,
    parse_trust,
    quorum_of,
    trust_text,
)

ORIGIN: Final = "gate.example.com/evidence"
GATE: Final = signer(ORIGIN, "gate")
NEXT: Final = signer(ORIGIN, "next")
WITNESSES: Final = [witness(f"w{number}.example.org") for number in range(6)]
W0, W1, W2, W3, W4, W5 = WITNESSES
LOG: Final = f"log {GATE.key.text}"
DEFINED: Final = "\n".join(
    (LOG, *(f"witness w{number} {one.key.text}" for number, one in enumerate(WITNESSES)))
)


def trust(*lines: str) -> Trust:
    """What a file of these lines says."""
    return parse_trust("".join(f"{line}\n" for line in lines).encode())


def keys(signers: Iterable[Signer]) -> list[VerifierKey]:
    """Their verifier keys."""
    return [one.key for one in signers]


def test_every_kind_of_line_is_read() -> None:
    read = trust(
        "# whom we believe",
        "",
        f"{LOG} https://gate.example.com/",
        f"  log\t{NEXT.key.text}  ",
        f"witness w0 {W0.key.text} https://w0.example.org/",
        f"\twitness w1 {W1.key.text}",
        "group both all w0 w1",
        "group one\tany\tboth",
        "  # not a word of this counts: quorum none",
        "quorum one",
        f"end {GATE.key.label} 7",
        "tsa certificates/tsa.pem",
        "tsa other.pem",
    )
    assert read == Trust(
        (LogKey(GATE.key, end=7), LogKey(NEXT.key)),
        {"w0": W0.key, "w1": W1.key},
        {"both": Group(2, ("w0", "w1")), "one": Group(1, ("both",))},
        "one",
        ("certificates/tsa.pem", "other.pem"),
        {GATE.key.label: 7},
    )
    assert read.origins == {ORIGIN}


def test_a_last_line_needs_no_newline() -> None:
    assert parse_trust(f"{LOG}\nquorum none".encode()) == trust(LOG, "quorum none")


def test_the_order_of_logs_and_ends_does_not_matter() -> None:
    assert trust(f"end {GATE.key.label} 7", "quorum none", LOG) == trust(
        LOG, "quorum none", f"end {GATE.key.label} 7"
    )


def test_keys_of_several_origins_are_told_apart() -> None:
    other = signer("other.example.com", "other")
    read = trust(LOG, f"log {other.key.text}", f"log {NEXT.key.text}", "quorum none")
    assert read.origins == {ORIGIN, "other.example.com"}
    assert read.of_origin(ORIGIN) == (LogKey(GATE.key), LogKey(NEXT.key))
    assert read.of_origin("nobody.example.com") == ()


@pytest.mark.parametrize(
    "name", ["à", "\u00a0", "\u2005x", "Zoë", "\u0085", "日本", "#w", "7", "any"]
)
def test_a_name_is_whatever_octets_stand_between_blanks(name: str) -> None:
    """Octets that look like a space in another encoding are none."""
    read = trust(LOG, f"witness {name} {W0.key.text}", f"group g all {name}", "quorum g")
    assert read.meets([W0.key])
    assert not read.meets([W1.key])


def test_a_key_or_a_path_in_utf_8_is_read_as_that() -> None:
    named = signer("gâteau.example/évidence", "gâteau")
    read = trust(f"log {named.key.text}", "quorum none", "tsa à/tsa.pem")
    assert read.logs[0].key == named.key
    assert read.tsa == ("à/tsa.pem",)


@pytest.mark.parametrize("line", [b"tsa \xff.pem", b"log \xff+00000000+AAAA", b"end \xff+0 1"])
def test_a_key_or_a_path_that_is_not_utf_8_is_refused(line: bytes) -> None:
    with pytest.raises(TrustError, match=r"line 3: .*UTF-8"):
        parse_trust(f"{LOG}\nquorum none\n".encode() + line + b"\n")


@pytest.mark.parametrize(
    "line",
    [
        "logs x",
        "Log x",
        "quorums none",
        "\ufeff# comment",
        "log",
        f"{LOG} https://gate.example.com/ more",
        f"log {GATE.key.label}",
        f"log {GATE.key.text[:-1]}",
        f"log {W0.key.text}",
        LOG,
        "witness w9",
        f"witness w9 {W0.key.text} https://w9.example.org/ more",
        f"witness w9 {NEXT.key.text}",
        f"witness w9 {W0.key.text}",
        f"witness none {witness('new').key.text}",
        f"witness w0 {witness('new').key.text}",
        f"witness g {witness('new').key.text}",
        "group h any",
        "group none any w1",
        "group w1 any w2",
        "group g any w1",
        "group h any h",
        "group h any nobody",
        "group h any none",
        "group h any w0",
        "group h any w1 w1",
        "group h 0 w1 w2",
        "group h 3 w1 w2",
        "group h 01 w1 w2",
        "group h +1 w1 w2",
        "group h -1 w1 w2",
        "group h 1.0 w1 w2",
        "group h some w1 w2",
        "group h ALL w1 w2",
        "group h \u0661 w1 w2",
        f"group h {'1' * 17} w1 w2",
        "quorum",
        "quorum w1 w2",
        "quorum none",
        "end",
        f"end {GATE.key.label}",
        f"end {GATE.key.label} 7 8",
        f"end {GATE.key.label} 07",
        f"end {GATE.key.label} -1",
        f"end {GATE.key.label} {2**53}",
        f"end {GATE.key.label} \u0667",
        f"end {GATE.key.text} 5",
        f"end {ORIGIN} 5",
        f"end +{GATE.key.id.hex()} 5",
        f"end {ORIGIN}+{GATE.key.id.hex().upper()} 5",
        f"end {ORIGIN}+{GATE.key.id.hex()}0 5",
        "tsa",
        "tsa one.pem two.pem",
    ],
)
def test_a_line_with_a_fault_is_named(line: str) -> None:
    before = (*DEFINED.split("\n"), "group g any w0", "quorum none", f"end {NEXT.key.label} 1")
    trust(*before, f"log {NEXT.key.text}")
    with pytest.raises(TrustError, match=rf"^line {len(before) + 1}: "):
        trust(*before, line, f"log {NEXT.key.text}")


@pytest.mark.parametrize("name", ["w1", "g"])
def test_a_name_is_used_behind_its_definition_only(name: str) -> None:
    with pytest.raises(TrustError, match="line 2"):
        trust(LOG, f"quorum {name}", f"witness w1 {W1.key.text}", "group g any w1")
    with pytest.raises(TrustError, match="line 2"):
        trust(LOG, f"group h any {name}", f"witness w1 {W1.key.text}", "group g any w1")


def test_the_same_public_key_under_another_name_stands_there_already() -> None:
    with pytest.raises(TrustError, match="line 2"):
        trust(LOG, f"log {signer('other.example.com', 'gate').key.text}", "quorum none")
    both = signer("w9.example.org", "gate", kind=4)
    with pytest.raises(TrustError, match="line 2"):
        trust(LOG, f"witness w9 {both.key.text}", "quorum none")


@pytest.mark.parametrize(
    "lines", [[], [LOG], ["quorum none"], [f"witness w0 {W0.key.text}", "quorum w0"], ["# empty"]]
)
def test_a_file_without_a_log_or_without_a_quorum_is_refused(lines: list[str]) -> None:
    with pytest.raises(TrustError, match="no `log` line, or no `quorum` line"):
        trust(*lines)


def test_an_end_may_be_of_a_key_that_only_the_log_brings() -> None:
    read = trust(LOG, "quorum none", f"end {NEXT.key.label} 7")
    assert read.ends == {NEXT.key.label: 7}
    assert read.logs == (LogKey(GATE.key),)


@pytest.mark.parametrize("sizes", [(7, 9), (9, 7), (7, 7)])
def test_of_several_ends_of_a_key_the_smallest_counts(sizes: tuple[int, int]) -> None:
    read = trust(LOG, "quorum none", *(f"end {GATE.key.label} {size}" for size in sizes))
    assert read.logs == (LogKey(GATE.key, end=7),)


@pytest.mark.parametrize("octet", [*range(9), *range(0x0B, 0x20), 0x7F], ids=hex)
def test_a_control_character_is_refused_even_in_a_comment(octet: int) -> None:
    with pytest.raises(TrustError, match="control"):
        parse_trust(f"{LOG}\nquorum none\n# ".encode() + bytes([octet]) + b"\n")


def test_a_file_has_at_most_as_many_bytes_as_are_allowed() -> None:
    start = f"{LOG}\nquorum none\n#"
    filled = start + "x" * (NOTE_BYTES_MAX - len(start))
    assert parse_trust(filled.encode()).quorum == "none"
    with pytest.raises(TrustError, match="bytes"):
        parse_trust(f"{filled}x".encode())


@given(st.binary(max_size=200))
@example(b"log \x85\nquorum none")
def test_whatever_bytes_come_only_our_error_leaves(data: bytes) -> None:
    try:
        parse_trust(data)
    except TrustError as fault:
        assert fault.code == "trust"  # noqa: PT017 -- either it is read or this is what leaves


@pytest.mark.parametrize(
    ("end", "sizes", "others"),
    [(None, [0, 1, 2, INTEGER_MAX], []), (7, [0, 1, 6, 7], [8, 9]), (0, [0], [1])],
)
def test_a_key_counts_up_to_its_end(end: int | None, sizes: list[int], others: list[int]) -> None:
    lines = [] if end is None else [f"end {GATE.key.label} {end}"]
    (key,) = trust(LOG, "quorum none", *lines).logs
    assert [key.counts_at(size) for size in sizes] == [True] * len(sizes)
    assert [key.counts_at(size) for size in others] == [False] * len(others)


def test_an_end_as_large_as_a_log_can_be_is_read() -> None:
    assert trust(LOG, "quorum none", f"end {GATE.key.label} {INTEGER_MAX}").logs[0].end == 2**53 - 1


def test_no_quorum_asks_for_nothing() -> None:
    assert trust(DEFINED, "quorum none").meets([])


def test_a_quorum_of_one_witness_asks_for_that_one() -> None:
    read = trust(DEFINED, "quorum w2")
    assert read.meets([W2.key])
    assert not read.meets(keys([W0, W1, W3, W4, W5]))


@given(st.integers(1, 6), st.sets(st.integers(0, 5)))
def test_a_group_asks_for_as_many_as_it_says(need: int, who: set[int]) -> None:
    read = trust(DEFINED, f"group g {need} w0 w1 w2 w3 w4 w5", "quorum g")
    assert read.meets(keys(WITNESSES[one] for one in who)) == (len(who) >= need)


def test_all_and_any_are_what_they_say() -> None:
    every = trust(DEFINED, "group g all w0 w1 w2", "quorum g")
    some = trust(DEFINED, "group g any w0 w1 w2", "quorum g")
    for count in range(4):
        for who in combinations([W0, W1, W2], count):
            assert every.meets(keys(who)) == (count == 3)
            assert some.meets(keys(who)) == (count >= 1)


def test_groups_of_groups_ask_for_what_each_of_them_asks() -> None:
    read = trust(DEFINED, "group x 2 w0 w1 w2", "group y any w3 w4", "group g all x y", "quorum g")
    assert read.meets(keys([W0, W2, W4]))
    assert not read.meets(keys([W0, W3, W4]))
    assert not read.meets(keys([W0, W1, W2]))
    assert not read.meets(keys([W0, W1, W5]))


def test_groups_may_be_nested_as_deep_as_a_file_has_room_for() -> None:
    chain = ["group g0 any w0", *(f"group g{n} any g{n - 1}" for n in range(1, 2_500))]
    read = trust(DEFINED, *chain, "quorum g2499")
    assert read.meets([W0.key])
    assert not read.meets([W1.key])


def test_an_end_of_a_key_of_no_log_in_the_file_is_refused() -> None:
    with pytest.raises(TrustError, match="of a key of no log in this file"):
        trust(LOG, "end other.example.org+01234567 5", "quorum none")


def test_a_trust_file_is_written_as_it_is_read() -> None:
    """Every kind of line; what is read again is what was written."""
    bob = [f"approver act_bob {digit * 64}" for digit in "cb"]
    said = trust(
        DEFINED,
        "group two 2 w0 w1",
        "group any any two w2",
        "quorum any",
        f"end {GATE.key.label} 7",
        "tsa roots.pem",
        *bob,
        f"approver act_carol {'d' * 64}",
        "passkeys 12",
    )
    assert parse_trust(trust_text(said)) == said
    assert set(bob) < set(trust_text(said).decode().splitlines())


@pytest.mark.parametrize(
    ("word", "need", "quorum"),
    [("all", 2, "all-witnesses"), ("any", 1, "any-witnesses")],
)
def test_a_word_for_the_witnesses_is_a_group_of_them(word: str, need: int, quorum: str) -> None:
    witnesses = {"w0": W0.key, "w1": W1.key}
    assert quorum_of(word, witnesses) == ({quorum: Group(need, ("w0", "w1"))}, quorum)


@pytest.mark.parametrize(("word", "quorum"), [("w0", "w0"), ("none", "none"), ("gone", "none")])
def test_another_word_is_a_witness_or_none(word: str, quorum: str) -> None:
    assert quorum_of(word, {"w0": W0.key}) == ({}, quorum)
    assert quorum_of("all", {}) == ({}, "none")
