"""COMPLETENESS: whether every ticket of a list is in the log."""

import pytest
from tests.domain.evidence_log import NOON

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Disclosure, Draft, Head, Json, genesis, seal
from ticketgate.domain.log.folded import Record
from ticketgate.domain.verifying.completeness import CompletenessCheck, TicketKey, parse_tickets

ASKED: TicketKey = ("snow", "item", "sys1")


def ticket(value: Json, name: str = "ticket") -> tuple[Record, str, str]:
    """A record of a ticket, and the digest and encoding of what it hides."""
    head: Head = genesis("origin")
    sealed = seal(head, Draft("x", {}, (Disclosure(name, value),)), NOON, [bytes(16)])
    (one,) = sealed.disclosures
    told: Record = {"type": "ticket.classified", "source": "snow", "table": "item"}
    return {**told, "sd": [one.digest]}, one.digest, one.encoded


def verdict(
    *given: tuple[Record | None, str, object],
    asked: tuple[TicketKey, ...] | None = (ASKED,),
    left_out: bool = False,
) -> tuple[str, int | None]:
    check = CompletenessCheck(asked)
    for record, _, _ in given:
        check.take(record)
    for _, digest, encoded in given:
        check.answer(digest, encoded)
    found = check.verdict(7, left_out=left_out)
    return found.state.value, found.first_bad


def test_a_ticket_that_is_in_the_log_is_found() -> None:
    assert verdict(ticket({"id": "sys1", "more": 1})) == ("holds", None)


@pytest.mark.parametrize(
    "value", [{"id": "sys2"}, {"id": 7}, {"sys": "sys1"}, "sys1", ["sys1"], None]
)
def test_a_ticket_that_is_not_is_a_fault_at_the_number_of_records(value: Json) -> None:
    assert verdict(ticket(value)) == ("fails", 7)
    assert verdict(ticket({"id": "sys1"}, "person")) == ("fails", 7)
    assert verdict() == ("fails", 7)


@pytest.mark.parametrize("change", [{"type": "ticket.seen"}, {"source": "jira"}, {"table": None}])
def test_only_a_record_of_that_source_and_table_counts(change: dict[str, Json]) -> None:
    record, digest, encoded = ticket({"id": "sys1"})
    assert verdict(({**record, **change}, digest, encoded)) == ("fails", 7)
    assert verdict((None, digest, encoded)) == ("fails", 7)


def test_what_cannot_be_looked_into_leaves_it_open_for_that_source() -> None:
    record, digest, _ = ticket({"id": "sys2"})
    for encoded in (None, 7, "x"):
        assert verdict((record, digest, encoded)) == ("none", None)
        assert verdict((record, digest, encoded), asked=(("jira", "a", "b"),)) == ("fails", 7)
    assert verdict((record, "other", "x")) == ("none", None)
    assert verdict(({**record, "sd": [7]}, digest, None)) == ("fails", 7)


def test_where_records_are_left_out_nothing_is_missing_for_certain() -> None:
    assert verdict(left_out=True) == ("none", None)


def test_without_a_list_nothing_is_looked_for() -> None:
    assert verdict(ticket({"id": "sys1"}), asked=None) == ("none", None)
    check = CompletenessCheck([ASKED])
    check.answer(7, "x")
    assert check.verdict(0, left_out=True).note == (
        "1 tickets, 1 not found, where records or tickets are left out or erased"
    )


def test_a_list_is_three_words_a_line() -> None:
    assert parse_tickets(["a\tb\tc\n", "\n", "d\te\tf\r\n", "a\tb\tc"]) == {
        ("a", "b", "c"), ("d", "e", "f"),
    }  # fmt: skip
    for line in ("a\tb", "a\tb\tc\td", "a\t\tc", "a b c"):
        with pytest.raises(EvidenceError, match="line 2 is not"):
            parse_tickets(["a\tb\tc\n", line])
