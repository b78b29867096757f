"""The one map from code to status, and the replies made of it."""

import json
import re

import pytest

from ticketgate.domain import errors
from ticketgate.domain.schemes import standard_webhooks
from ticketgate.operations.desks.desk import Desk
from ticketgate.web.problems import STATUS, problem_body, refusal, status_of


def test_every_refusal_the_desk_names_has_a_status() -> None:
    named = {
        code
        for method in vars(Desk).values()
        for part in re.findall(r"Refusals?:(.*)", getattr(method, "__doc__", None) or "", re.DOTALL)
        for code in re.findall(r"`(\w+)`", part)
    }
    assert len(named) > 15
    assert named - STATUS.keys() == set()


def test_the_desk_s_groups_have_the_statuses_it_names() -> None:
    groups = re.findall(r"((?:`\w+`,?\s*)+)\((\d{3})\)", Desk.decide.__doc__ or "")
    assert [status for _, status in groups] == ["403", "409", "422", "503"]
    for codes, status in groups:
        assert {status_of(code) for code in re.findall(r"`(\w+)`", codes)} == {int(status)}


def test_what_fails_to_authenticate_is_400_or_401() -> None:
    named = set(
        re.findall(r"`(\w+)`", (standard_webhooks.authenticate.__doc__ or "").split("code:")[1])
    )
    codes = named & STATUS.keys()
    assert {status_of(code) for code in codes} == {400, 401}
    assert {code for code in codes if status_of(code) == 401} == {
        "signature_missing",
        "timestamp_outside_tolerance",
        "signature_mismatch",
    }


def test_errors_that_no_door_was_meant_to_show_are_500() -> None:
    roots = [one for one in vars(errors).values() if isinstance(one, type)]
    codes = {one.code for one in roots if issubclass(one, errors.TicketgateError)}
    assert {code for code in codes if status_of(code) == 500} == {
        "authentication",  # authenticate always says which of its codes it is
        "configuration",
        "error",
        "evidence",
        "malformed",
        "not_strict_json",
        "store_conflict",  # the operation that meets it tries again
    }


def test_a_code_of_no_map_is_500_and_is_named() -> None:
    told = json.loads(problem_body("no_such_code"))
    assert told == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "code": "no_such_code",
        "detail": "",
    }


@pytest.mark.parametrize("code", sorted(STATUS))
def test_a_refusal_is_a_problem_with_its_code(code: str) -> None:
    answer = refusal(code)
    headers = dict(answer.headers)
    told = json.loads(answer.body)
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"content-length"] == str(len(answer.body)).encode()
    assert (told["status"], told["code"]) == (answer.status, code) == (status_of(code), code)


def test_only_what_may_work_later_asks_to_come_back() -> None:
    again = {code for code in STATUS if b"retry-after" in dict(refusal(code).headers)}
    assert again == {code for code in STATUS if status_of(code) in {429, 503}}
