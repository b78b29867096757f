"""A verdict counts every fault, keeps the first thousand, and names the first bad entry."""

from ticketgate.domain.verifying.evidence_verdict import FAULTS_KEPT_MAX, EvidenceFault, FaultList


def test_without_faults_a_verdict_holds() -> None:
    verdict = FaultList().verdict("structure")
    assert verdict.holds
    assert (verdict.name, verdict.count, verdict.first_bad, verdict.faults) == (
        "structure",
        0,
        None,
        (),
    )


def test_all_faults_are_counted_a_thousand_kept_and_the_first_index_known() -> None:
    faults = FaultList()
    for index in reversed(range(FAULTS_KEPT_MAX + 7)):
        faults.add(index, "bad")
    verdict = faults.verdict("semantics")
    assert not verdict.holds
    assert verdict.count == FAULTS_KEPT_MAX + 7
    assert verdict.first_bad == 0
    assert len(verdict.faults) == FAULTS_KEPT_MAX == 1000
    assert verdict.faults[0] == EvidenceFault(1006, "bad")
