"""Request Tracker's REST2 in memory, as 5.0.3 answers: collections, expanded fields, 201s.

https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html; the answers' form was taken from a real one
(`tests/rt` runs that).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from tests.connectors.client_desk import Desk, asking_for, mapped
from tests.connectors.platform_http import Asked, PlatformHttp, Reply
from typing_extensions import override

from ticketgate_connectors.itsm.request_tracker import REQUEST_TRACKER

TOKEN: Final = "1-29-a token of this test only"
NOW: Final = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
PEOPLE: Final = {"Nobody": 6, "alice": 27, "svc-ticketgate": 29}


@dataclass
class Rest2:
    """Tickets by id, each with its transactions. The clock stands at `now`."""

    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    transactions: list[dict[str, Any]] = field(default_factory=list)
    attachments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    now: datetime = NOW
    zone: str = "UTC"
    blind: bool = False  # comments are not shown to our user
    total: bool = True
    turn: bool = False

    def put(self, at: str, kind: str = "Create", ident: int = 0, **fields: Any) -> str:  # noqa: ANN401 -- of any field
        """A transaction on a ticket, a new one where no id is given; the ticket's id."""
        ident = ident or len(self.tickets) + 1
        when = f"2026-01-01T{at}Z"
        ticket = self.tickets.setdefault(
            ident,
            {
                "Subject": "help", "Status": "new", "Priority": "5", "Queue": ("General", 1),
                "Creator": "alice", "Owner": "Nobody", "Requestor": ["alice"],
                "CustomFields": {"role": ["prod-db-admin"], "duration": ["2h"]},
            },
        )  # fmt: skip
        ticket |= {"LastUpdated": when, **fields}
        number = 100 + len(self.transactions)
        self.transactions.append(
            {
                "id": str(number),
                "ticket": ident,
                "Type": kind,
                "Created": when,
                "Data": "",
                "by": "alice",
            }
        )
        if kind == "Create":
            self.attachments[number] = [{"ContentType": "text/plain", "Content": "please"}]
        return str(ident)

    def __call__(self, asked: Asked) -> Reply:
        """What RT answers."""
        date = {"Date": self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        if asked.headers.get("authorization") != f"token {TOKEN}":
            return Reply({"message": "Unauthorized"}, 401, date)
        routes: Mapping[str, Callable[[Asked, str], Reply]] = {
            r"/user/([\w-]+)": lambda _, name: Reply({"Name": name, "Timezone": self.zone}),
            r"/tickets()": self._tickets,
            r"/ticket/(\d+)": self._ticket,
            r"/ticket/(\d+)/history": self._history,
            r"/ticket/(\d+)/comment": self._comment,
            r"/transaction/(\d+)/attachments": self._attachments,
            r"/transactions()": self._transactions,
        }
        path = asked.path.removeprefix("/REST/2.0")
        for form, answer in routes.items():
            found = re.fullmatch(form, path)
            if found is not None:
                reply = answer(asked, found[1])
                return Reply(reply.body, reply.status, {**date, **reply.headers})
        return Reply({"message": "Not Found"}, 404, date)

    def _tickets(self, asked: Asked, _: str) -> Reply:
        found = [self._shown(ident) for ident in self.tickets]
        for name, sign, value in re.findall(
            r"(\w+) (>=|<=|>|=) '?([^' ]+(?: [\d:]{8})?)", asked.params["query"]
        ):
            found = [one for one in found if _holds(one[name], sign, value)]
        by = asked.params["orderby"]
        found.sort(key=lambda one: (int(one["id"]) if by == "id" else one[by], int(one["id"])))
        size = int(asked.params["per_page"])
        total = len(found) if self.total else None
        return Reply({"items": found[:size], "total": total, "count": len(found[:size])})

    def _ticket(self, _: Asked, ident: str) -> Reply:
        if int(ident) not in self.tickets:
            return Reply({"message": "Not Found"}, 404)
        return Reply(self._shown(int(ident)))

    def _shown(self, ident: int) -> dict[str, Any]:
        ticket = self.tickets[ident]
        name, number = ticket["Queue"]
        self.turn = not self.turn  # as its hashes have it, each time another way
        fields = list(ticket["CustomFields"].items())[:: 1 if self.turn else -1]
        return {
            **ticket,
            "id": str(ident),
            "Queue": {"id": number, "Name": name, "type": "queue"},
            "Creator": _person(ticket["Creator"]),
            "Owner": _person(ticket["Owner"]),
            "Requestor": [_person(one) for one in ticket["Requestor"]],
            "CustomFields": [{"name": name, "values": values} for name, values in fields],
        }

    def _history(self, asked: Asked, ident: str) -> Reply:
        found = [one for one in self.transactions if one["ticket"] == int(ident)]
        if asked.params["order"] == "DESC":
            found.reverse()
        shown = [{**one, "Creator": _person(one["by"])} for one in found]
        return Reply({"items": shown[: int(asked.params["per_page"])], "total": None})

    def _attachments(self, _: Asked, ident: str) -> Reply:
        return Reply({"items": self.attachments.get(int(ident), [])})

    def _comment(self, asked: Asked, ident: str) -> Reply:
        self.put("12:30:00", "Comment", int(ident))
        self.transactions[-1] |= {"Data": f"{asked.body['Subject']}\n", "by": "svc-ticketgate"}
        return Reply(["Comments added"], 201)

    def _transactions(self, asked: Asked, _: str) -> Reply:
        ticket, key = re.search(r"ObjectId=(\d+) .* LIKE '(\w+)'", asked.params["query"]).groups()  # type: ignore[union-attr]
        found = [
            one
            for one in self.transactions
            if one["ticket"] == int(ticket) and one["Type"] == "Comment" and key in one["Data"]
        ]
        return Reply({"items": [] if self.blind else found})

    def written(self) -> list[str]:
        """The subjects of all comments."""
        return [one["Data"].strip() for one in self.transactions if one["Type"] == "Comment"]


def _person(name: str) -> dict[str, Any]:
    kind = "user" if name in PEOPLE else "group"
    return {"id": PEOPLE.get(name, 99), "Name": name, "type": kind}


def _holds(held: str, sign: str, value: str) -> bool:
    if value.isdecimal():
        return int(held) == int(value) if sign == "=" else int(held) > int(value)
    moment = value.replace(" ", "T") + "Z"
    return held >= moment if sign == ">=" else held <= moment


class RequestTrackerDesk(Desk):
    """Tickets of RT. The real one is in `tests/rt`."""

    platform = REQUEST_TRACKER
    table = "ticket"
    tables = ("ticket",)
    settings: ClassVar[Mapping[str, Any]] = {
        "user": "svc-ticketgate",
        "token": TOKEN,
        "mapping": mapped("rt"),
    }
    login = f"token {TOKEN}"
    secret = TOKEN
    absent = "77"
    no_ids = ("", "0", "../1", "1 OR id > 0")
    other_forms: ClassVar[tuple[Any, ...]] = ([], {})
    repeats = True
    unseen = "not shown"

    def __init__(self) -> None:
        self.server = self.rt = Rest2()

    @override
    def put(self, at: str, ident: str = "") -> str:
        return self.rt.put(at, "Status", int(ident)) if ident else self.rt.put(at)

    @override
    def written(self) -> list[str]:
        return self.rt.written()

    @override
    def says(self, text: str, key: str) -> str:
        return f"ticketgate {key}"

    @override
    def is_private(self, asked: Asked) -> bool:
        return re.fullmatch(r"/REST/2\.0/ticket/\d+/comment", asked.path) is not None

    @override
    def talk(self, ident: str, count: int) -> None:
        for _ in range(count):
            self.rt.put("11:50:00", "Comment", int(ident))

    @override
    def hide(self) -> None:
        self.rt.blind = True

    @override
    def deafen(self, peer: PlatformHttp) -> None:
        query = "LastUpdated >= '2026-01-01 00:00:00'"
        peer.answer = asking_for(self.rt, "/tickets", query=query)

    @override
    def confuse(self, peer: PlatformHttp, ident: str) -> str:
        peer.answer = asking_for(self.rt, "/tickets", query=f"id = {ident}")
        return self.absent
