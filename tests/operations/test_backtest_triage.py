"""Backtest: approvals of requests that a person's triage word opened."""

from dataclasses import replace

from tests.operations.kit import Gate, approve
from tests.operations.test_backtest import first, pair_of, told

from ticketgate.domain.policy.policy import Word
from ticketgate.domain.tickets.identity_event import Verdict
from ticketgate.domain.tickets.triage import Triaged, basis_of
from ticketgate.operations.classifying.classified import classified
from ticketgate.operations.trying.backtest import Pair, backtest, last_round


def test_approvals_of_what_a_persons_word_opened_are_compared(gate: Gate) -> None:
    """While the rules say what they said then; without the word nothing is asked at all."""
    approve(gate)
    unsure = tuple(replace(one, verdict=Verdict.UNCERTAIN) for one in gate.policy.classify)
    old = replace(gate.policy, classify=unsure)
    erin = replace(old.approve[0].stages[0], any_of=(Word("person", "erin"),))
    new = first(old, "approve", stages=(erin,))
    pair = replace(pair_of(gate), old=old, new=new)
    (request,) = gate.requests()
    with gate.db() as looking:
        kept = last_round(request, looking.requests.approvals(request.id))
        row = looking.tickets.find(request.ticket)
    assert row is not None
    said = classified(row.ticket, old, pair.snapshot)
    basis = basis_of(row.ticket, said, Verdict.IDENTITY)
    word = Triaged(Verdict.IDENTITY, request.kinds, request.tier, basis, 1)

    def compared(holds: Triaged | None, pair: Pair) -> list[tuple[str, str, str]]:
        return told(backtest([], [(request, row.ticket, kept, holds)], pair, print))

    enough, missing = (
        "approvals given would be enough now",
        "approvals given would not be enough now",
    )
    cause = "approve high-and-critical"
    assert compared(word, pair) == [("tightened", missing, cause)]
    turned = replace(pair, old=new, new=old)
    assert compared(word, turned) == [("loosened", enough, cause)]
    for control in (None, replace(word, basis="of another text")):
        assert compared(control, pair) == compared(control, turned) == []
