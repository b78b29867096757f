"""Zendesk's Support API in memory: the incremental export by cursor, side-loads, comments.

https://developer.zendesk.com/api-reference/ticketing/introduction/.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from tests.connectors.client_desk import WalkDesk, mapped
from tests.connectors.platform_http import Asked, PlatformHttp, Reply
from typing_extensions import override

from ticketgate_connectors.itsm.zendesk import ZENDESK
from ticketgate_connectors.rest import basic

USER: Final = "svc@example.com"
TOKEN: Final = "an API token of this test only"
LOGIN: Final = basic(f"{USER}/token", TOKEN)
NOW: Final = int(datetime(2026, 1, 1, 12, 0, tzinfo=UTC).timestamp())
BAD: Final = Reply({"error": "BadRequest"}, 400)


@dataclass
class Support:
    """Tickets by id. `deaf`: the query is not heeded; `dull`: comments are taken and not shown."""

    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    writers: dict[int, int] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    now: int = NOW
    ended: bool = False  # cursors
    stuck: bool = False  # the same cursor again and again
    deaf: bool = False
    dull: bool = False
    public: bool = False

    def put(self, ident: int, at: str, writer: int = 101, **fields: Any) -> str:  # noqa: ANN401 -- of any field
        """A new ticket, or a change of one, at that time of day; its id."""
        when = f"2026-01-01T{at}Z"
        known = self.tickets.setdefault(
            ident,
            {
                "id": ident, "status": "open", "type": "task", "priority": "high",
                "submitter_id": 101, "requester_id": 102, "assignee_id": None, "group_id": 98738,
                "ticket_form_id": 12, "subject": "prod access", "description": "please",
                "custom_fields": [
                    {"id": 360001, "value": "prod-db-admin"},
                    {"id": 360002, "value": None},
                ],
            },
        )  # fmt: skip
        generated = int(datetime.fromisoformat(when).timestamp())
        known |= {"updated_at": when, "generated_timestamp": generated, **fields}
        self.writers[ident] = writer
        return str(ident)

    def __call__(self, asked: Asked) -> Reply:
        """What Zendesk answers."""
        if asked.headers.get("authorization") not in {LOGIN, f"Bearer {TOKEN}"}:
            return Reply({"error": "Couldn't authenticate you"}, 401)
        path = asked.path.removeprefix("/api/v2")
        if path == "/incremental/tickets/cursor.json":
            return self._export(asked)
        if path == "/tickets/show_many.json":
            return self._show_many(asked)
        found = re.fullmatch(r"/tickets/(\d+)(/comments)?\.json", path)
        if found is None or int(found[1]) not in self.tickets:
            return Reply({"error": "RecordNotFound"}, 404)
        ident = int(found[1])
        kept = self.comments.setdefault(ident, [])
        if asked.method == "PUT":
            said = asked.body["ticket"]["comment"]
            if not self.dull:
                kept.append({"body": said["body"], "public": self.public or said["public"]})
            return Reply({"ticket": self.tickets[ident]})
        start = int(asked.params.get("page[after]", "0"))
        end = start + int(asked.params["page[size]"])
        meta = {"has_more": end < len(kept), "after_cursor": str(end)}
        return Reply({"comments": kept[::-1][start:end], "meta": meta})

    def _export(self, asked: Asked) -> Reply:
        told, size = asked.params, int(asked.params["per_page"])
        past = (0, 0)
        if "cursor" in told:
            if self.ended:
                return BAD
            when, ident = told["cursor"].split("-")
            past = (0, 0) if self.stuck else (int(when), int(ident))
        elif int(told["start_time"]) > self.now - 60:
            return BAD
        since = int(told.get("start_time", "0")) if not self.deaf else 0
        found = sorted(
            (one for one in self.tickets.values() if since <= _at(one)[0] <= self.now - 60),
            key=_at,
        )
        found = [one for one in found if _at(one) > past]
        page = found[:size]
        last = _at(page[-1]) if page else past
        return Reply(
            {
                "tickets": page,
                "after_cursor": f"{last[0]}-{last[1]}",
                "end_of_stream": len(found) <= size,
            }
        )

    def _show_many(self, asked: Asked) -> Reply:
        idents = [int(one) for one in asked.params["ids"].split(",")]
        there = [one for one in idents if one in self.tickets]
        shown = [one for one in there if self.tickets[one]["status"] != "deleted"]
        if self.deaf:
            shown = list(self.tickets)
        answer: dict[str, Any] = {"tickets": [self.tickets[one] for one in shown]}
        assert asked.params["include"] == "last_audits,ticket_forms"
        answer["last_audits"] = [
            {"id": one, "ticket_id": one, "author_id": self.writers[one]} for one in shown
        ]
        answer["ticket_forms"] = [{"id": 12, "name": "Elevated access"}]
        return Reply(answer)


def _at(ticket: dict[str, Any]) -> tuple[int, int]:
    return ticket["generated_timestamp"], ticket["id"]


OTHERS: Final = {"body": "thanks", "public": True}
ONE: Final = {"id": 7, "status": "deleted", "generated_timestamp": 2_000_000_000}
END: Final = {"after_cursor": None, "end_of_stream": True}


class ZendeskDesk(WalkDesk):
    """Tickets of Zendesk Support."""

    platform = ZENDESK
    table = "ticket"
    tables = ("ticket",)
    settings: ClassVar[Mapping[str, Any]] = {
        "user": USER,
        "password": TOKEN,
        "mapping": mapped("zendesk-it", ticket={}),
    }
    login = LOGIN
    secret = TOKEN
    writes = "PUT"
    absent = "10007"
    no_ids = ("", "../../users/me", "7,8")
    other_forms: ClassVar[tuple[Any, ...]] = (
        *([], {}, {"tickets": [7], **END}, {"tickets": []}),
        {"tickets": [], "end_of_stream": False},
        {"tickets": [{**ONE, "generated_timestamp": "x"}], **END},
        {"tickets": [{**ONE, "id": "x"}], **END},
    )
    public = "requester sees it"
    too_many = 5_001

    def __init__(self) -> None:
        self.server = self.support = Support()

    @override
    def put(self, at: str, ident: str = "") -> str:
        return self.support.put(int(ident) if ident else 7 + len(self.support.tickets), at)

    @override
    def written(self) -> list[str]:
        return [one["body"] for kept in self.support.comments.values() for one in kept]

    @override
    def is_private(self, asked: Asked) -> bool:
        return asked.body["ticket"]["comment"]["public"] is False

    @override
    def talk(self, ident: str, count: int) -> None:
        self.support.comments.setdefault(int(ident), []).extend([OTHERS] * count)

    @override
    def hide(self) -> None:
        self.support.dull = True

    @override
    def publish(self) -> None:
        self.support.public = True

    @override
    def end_tokens(self) -> None:
        self.support.ended = True

    @override
    def stick(self) -> None:
        self.support.stuck = True

    @override
    def deafen(self, peer: PlatformHttp) -> None:
        self.support.deaf = True

    @override
    def confuse(self, peer: PlatformHttp, ident: str) -> str:
        self.support.deaf = True
        return self.absent
