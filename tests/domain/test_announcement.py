"""What receivers are told: each event in words of ours, nothing of the ticket's text, no link."""

import json
from typing import Any

import pytest

from ticketgate.domain.cases.exception_case import EXCEPTIONS
from ticketgate.domain.log.machines import RECORD_TYPES
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.telling.announcement import (
    EVENTS,
    Announcement,
    announcement,
    escaped,
    events_of,
    slack_body,
    webhook_body,
)

AT = "2026-03-02T09:30:00.000000Z"
WHAT = {"entitlement": "prod-db-admin", "target": "corp-ad", "request": "req_1"}
REQUEST: dict[str, Any] = {
    **WHAT,
    "decide_by": AT,
    "seconds": 3600,
    "links": [["lnk_1", "act_1"]],
    "from": "",
}
SAID = "prod-db-admin at corp-ad"


def told(kind: str, event: str = "", **fields: Any) -> Announcement:  # noqa: ANN401 -- of any record
    """What is told of a record of this type."""
    entry = {"type": kind, "_ts": AT, **fields}
    return announcement(
        event or events_of(entry)[0],
        entry,
        origin="gate.example.com/evidence",
        index=7,
        leaf=bytes(range(32)),
        ticket="tkt_1",
        number="RITM0010001",
    )


WORDS: dict[str, tuple[dict[str, Any], str]] = {
    "request.opened": (
        REQUEST,
        f"Access to {SAID} was asked for and waits for approval until 2026-03-02 09:30 UTC.",
    ),
    "request.awaiting": (
        REQUEST,
        f"People are asked to approve access to {SAID}, until 2026-03-02 09:30 UTC.",
    ),
    "request.blocked": (
        {"entitlement": "", "target": "", "from": "", "reasons": ["duration", "no such reason"]},
        f"Access cannot be approved as it is asked for. {REASONS['duration']}",
    ),
    "request.approved": (REQUEST, f"Access to {SAID} was approved, for 1:00:00 (h:mm:ss)."),
    "request.denied": (REQUEST, f"The request for access to {SAID} was denied."),
    "request.withdrawn": (REQUEST, f"The request for access to {SAID} was withdrawn."),
    "request.timed_out": (REQUEST, f"Nobody decided in time; access to {SAID} is not given."),
    "grant.activated": (
        {**WHAT, "not_after": AT},
        f"Access to {SAID} is given, until 2026-03-02 09:30 UTC.",
    ),
    "grant.released_shared": (
        WHAT,
        f"Access to {SAID} has ended. The access stays, since another grant holds it.",
    ),
    "revocation.confirmed": (
        {**WHAT, "kept": "baseline"},
        f"Access to {SAID} has ended. The access stood before it, and stays.",
    ),
    "revocation.overdue": (
        WHAT,
        f"Removing the access to {SAID} is overdue: the target has not confirmed it.",
    ),
    "emergency.asked": (WHAT, f"Emergency access to {SAID} waits for a second person's consent."),
    "emergency.claimed": (
        WHAT,
        f"EMERGENCY, entered late: access to {SAID} by hand; claimed, not enforced.",
    ),
    "emergency.consented": (WHAT, f"A second person consented to emergency access to {SAID}."),
    "emergency.invoked": (
        {**WHAT, "drill": False, "seconds": 1800},
        f"EMERGENCY: somebody took pre-authorised access to {SAID}, for 0:30:00.",
    ),
    "emergency.refused": (
        {**WHAT, "code": "locked"},
        f"Emergency access to {SAID} was refused (locked).",
    ),
    "review.overdue": (WHAT, f"The review of emergency access to {SAID} is overdue."),
    "review.done": (
        {**WHAT, "outcome": "justified"},
        f"The review of emergency access to {SAID} is done: justified.",
    ),
    "exception.opened": (
        {"id": "exc_1", "code": "directory_down"},
        f"Exception directory_down (exc_1): {EXCEPTIONS['directory_down']}",
    ),
}


@pytest.mark.parametrize("kind", WORDS)
def test_each_event_is_told_in_words(kind: str) -> None:
    fields, words = WORDS[kind]
    assert told(kind, **fields).what == words


def test_every_event_has_words_and_comes_of_a_record_that_exists() -> None:
    assert WORDS.keys() <= RECORD_TYPES.keys()
    found = {one for kind, (said, _) in WORDS.items() for one in events_of({"type": kind, **said})}
    assert found == set(EVENTS)


def test_a_drill_is_told_as_a_drill() -> None:
    what = told("emergency.invoked", **WHAT, drill=True, seconds=1800).what
    assert what == f"DRILL of an emergency: somebody invoked access to {SAID}; none is given."


def test_access_that_is_gone_is_told_without_more() -> None:
    assert told("revocation.confirmed", **WHAT, kept="").what == f"Access to {SAID} has ended."


def test_the_first_asking_is_both_events_and_a_later_one_that_asks_nobody_is_none() -> None:
    assert events_of({"type": "request.opened", **REQUEST}) == ("opened", "asked")
    assert told("request.opened", "asked", **REQUEST).what.startswith("People are asked")
    assert events_of({"type": "request.awaiting", **REQUEST, "links": []}) == ()


def test_what_is_blocked_still_is_no_news_and_other_records_are_none() -> None:
    assert events_of({"type": "request.blocked", "from": "blocked"}) == ()
    assert events_of({"type": "heartbeat"}) == ()
    assert events_of({"type": 7}) == ()


def test_a_webhook_says_what_and_where_it_stands() -> None:
    body = json.loads(webhook_body(told("request.denied", **REQUEST)))
    assert body == {
        "type": "denied",
        "id": "evt_000102030405060708090a0b0c0d0e0f",
        "time": AT,
        "origin": "gate.example.com/evidence",
        "index": 7,
        "request": "req_1",
        "ticket": {"id": "tkt_1", "number": "RITM0010001"},
        "what": f"The request for access to {SAID} was denied.",
    }


@pytest.mark.parametrize(
    "number",
    ["", "<!channel>", "https://evil.example", "evil.example", "a b", "x" * 65, "a\nb", "é", "-1"],
    ids=["empty", "mention", "address", "host", "space", "long", "line", "accent", "dash"],
)
def test_a_number_that_is_more_than_a_number_is_left_out(number: str) -> None:
    entry = {"type": "request.denied", "_ts": AT, **REQUEST}
    about = {"origin": "o", "index": 1, "leaf": b"", "ticket": "tkt_1"}
    assert announcement("denied", entry, number=number, **about).number == ""  # type: ignore[arg-type]


def test_slack_reads_nothing_of_it_as_its_own() -> None:
    hostile = Announcement("denied", "evt_1", AT, "o", 1, "<r>", "", "", "<!here> & <https://x|y>")
    body = slack_body(hostile).decode()
    assert "<" not in body
    assert ">" not in body
    assert json.loads(body)["text"] == "&lt;!here&gt; &amp; &lt;https://x|y&gt;"
    assert escaped("<&>") == "&lt;&amp;&gt;"  # once, not twice


def test_slack_is_told_the_number_the_words_and_the_place() -> None:
    body = json.loads(slack_body(told("request.denied", **REQUEST)))
    section, context = body["blocks"]
    assert body["text"] == f"RITM0010001: The request for access to {SAID} was denied."
    assert section == {
        "type": "section",
        "text": {"type": "mrkdwn", "verbatim": True, "text": body["text"]},
    }
    assert context["elements"][0]["text"] == "denied · gate.example.com/evidence#7 · req_1"
    assert "http" not in json.dumps(body)


def test_without_number_or_request_slack_is_told_the_rest() -> None:
    one = Announcement("exception.opened", "evt_1", AT, "o", 1, "", "", "", "Exception")
    body = json.loads(slack_body(one))
    assert (body["text"], one.place) == ("Exception", "o#1")
    assert body["blocks"][1]["elements"][0]["text"] == "exception.opened · o#1"
