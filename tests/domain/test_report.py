"""What is required of a report, unless somebody names it."""

from dataclasses import replace

import pytest
from tests.domain.copied import ASKED, GATE
from tests.domain.signing import witness

from ticketgate.domain.log.trust import LogKey, Trust
from ticketgate.domain.verifying.report import required_by

KEYS = (LogKey(GATE.key),)
WITNESS = {"w": witness("w").key}
ALWAYS = ("structure", "signed", "disclosures", "semantics")


@pytest.mark.parametrize(
    ("trust", "more"),
    [
        (Trust(KEYS), ()),
        (Trust(KEYS, WITNESS), ("anchored",)),
        (Trust(KEYS, WITNESS, {}, "w"), ("anchored", "policy")),
        (Trust(KEYS, tsa=("tsa.pem",)), ("anchored",)),
    ],
)
def test_what_the_trust_file_names_is_required(trust: Trust, more: tuple[str, ...]) -> None:
    asked = replace(ASKED, trust=trust)
    assert required_by(asked) == (*ALWAYS, *more)
    assert required_by(replace(asked, quick=True)) == ("structure", "signed", *more)
    assert required_by(replace(asked, tickets=[])) == (*ALWAYS, *more, "completeness")
