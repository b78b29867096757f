"""What an approval is about, and what it binds to."""

from dataclasses import replace
from typing import Any

import pytest
from tests.domain.cast import NOON, party, request, shaper

from ticketgate.domain.evidence import Json, canonical, digest_of
from ticketgate.domain.requests.access_request import LIVE_REQUEST, RequestState, material_of
from ticketgate.domain.tickets.identity_event import Tier

OTHER: dict[str, Any] = {
    "salt": "11" * 16,
    "requester": party("mallory"),
    "beneficiary": party("mallory"),
    "target": "other-scim",
    "entitlement": "root",
    "seconds": 7201,
    "catalog_item": "Another item",
    "reason": "Another reason",
}


@pytest.mark.parametrize("name", OTHER)
def test_material_changes_with_all_that_is_approved(name: str) -> None:
    assert material_of(replace(request(), **{name: OTHER[name]})) != request().material


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("revision", 7),
        ("stage", 2),
        ("round", 2),
        ("tier", Tier.LOW),
        ("shapers", (shaper("editor", "bob"),)),
        ("decide_by", NOON),
        ("reasons", ("unfillable",)),
        ("ticket_number", "RITM0010002"),
        ("requester", replace(party("alice"), account="sys-alice-2")),
    ],
)
def test_material_stays_when_what_is_approved_does(name: str, value: object) -> None:
    changes: dict[str, Any] = {name: value}
    assert material_of(replace(request(), **changes)) == request().material


def test_material_is_the_digest_that_the_design_says() -> None:
    """`docs/rules.md` rule 6: SHA-256 of the canonical form, with the salt inside."""
    told: dict[str, Json] = {
        "v": 1,
        "salt": "00" * 16,
        "requester": "alice",
        "beneficiary": "alice",
        "target": "corp-scim",
        "entitlement": "prod-db-admin",
        "seconds": 7200,
        "catalog_item": "Elevated access",
        "reason": "Migration",
    }
    assert request().material == digest_of(told)
    assert canonical(told).startswith(b'{"beneficiary":"alice","catalog_item":')


@pytest.mark.parametrize(
    ("name", "value"),
    [("material", "f" * 64), ("round", 2), ("stage", 2), ("cut", 60), ("rules", "f" * 64)],
)
def test_what_is_shown_changes_with_material_round_stage_cut_and_rules(
    name: str, value: object
) -> None:
    changes: dict[str, Any] = {name: value}
    assert replace(request(), **changes).shown != request().shown


def test_what_is_shown_stays_over_revisions_that_change_nothing() -> None:
    assert replace(request(), revision=9, version=4).shown == request().shown


@pytest.mark.parametrize(("cut", "seconds"), [(None, 7200), (600, 600), (9999, 7200)])
def test_an_earlier_approvers_cut_can_only_shorten(cut: int | None, seconds: int) -> None:
    assert request(cut=cut).seconds_now == seconds


def test_a_request_knows_its_ticket() -> None:
    assert request().ticket == ("snow-prod", "sc_req_item", "9d38")


def test_everybody_who_shaped_a_request_is_a_party_once() -> None:
    hands = (shaper("requester", "alice"), shaper("editor", "bob"), shaper("beneficiary", "bob"))
    assert request(shapers=hands).parties == (party("alice"), party("bob"))


def test_only_blocked_and_awaiting_are_live() -> None:
    assert {RequestState.BLOCKED, RequestState.AWAITING} == LIVE_REQUEST
