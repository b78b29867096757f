"""Zammad's REST API in memory: search by condition, with `expand`, and articles of a ticket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from tests.connectors.client_desk import OpenDesk, asking_for, mapped
from tests.connectors.platform_http import Asked, PlatformHttp, Reply
from typing_extensions import override

from ticketgate_connectors.itsm.zammad import ZAMMAD

TOKEN: Final = "a token of this test only"
LOGINS: Final = {1: "-", 3: "alice@example.com", 5: "bob@example.com", 17: "svc-ticketgate"}


@dataclass
class ZammadRest:
    """Tickets by id, and articles.

    `blind`: notes are taken and not shown; `public`: whatever was asked for, customers see them.
    """

    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    articles: list[dict[str, Any]] = field(default_factory=list)
    blind: bool = False
    public: bool = False

    def put(self, at: str, ident: int = 0, **fields: Any) -> str:  # noqa: ANN401 -- of any field
        """A ticket changed at that time, a new one where no id is given; its id."""
        ident = ident or len(self.tickets) + 1
        ticket = self.tickets.setdefault(
            ident,
            {
                "id": ident, "number": f"10{ident:03d}", "title": "help", "state_id": 2,
                "priority_id": 2, "priority": "2 normal", "group_id": 3, "group": "Service Desk",
                "created_by_id": 3, "customer_id": 3, "owner_id": 1, "updated_by_id": 3,
                "organization_id": None, "state": "open", "article_count": 1,
                "article_ids": [100 + ident], "access_role": "prod-db-admin",
            },
        )  # fmt: skip
        ticket |= {"updated_at": f"2026-01-01T{at}Z", **fields}
        return str(ident)

    def hook(self, ident: int) -> dict[str, Any]:
        """What a webhook posts of a change without an article."""
        ticket = dict(self.tickets[ident])
        for name in ("created_by", "customer", "owner", "updated_by"):
            login = LOGINS[ticket[f"{name}_id"]]
            ticket[name] = {
                "id": ticket[f"{name}_id"],
                "login": login,
                "email": login,
                "vip": False,
            }
        ticket["group"] = {"id": ticket["group_id"], "name": ticket["group"], "active": True}
        ticket["priority"] = {"id": ticket["priority_id"], "name": ticket["priority"]}
        return {"ticket": {**ticket, "organization": {}}, "article": {}}

    def __call__(self, asked: Asked) -> Reply:
        """What Zammad answers."""
        if asked.headers.get("authorization") != f"Token token={TOKEN}":
            return Reply({"error": "Authentication required"}, 401)
        path = asked.path.removeprefix("/api/v1")
        if (asked.method, path) == ("GET", "/tickets/search"):
            return Reply(self._search(asked))
        if (asked.method, path) == ("POST", "/ticket_articles"):
            internal = asked.body["internal"] and not self.public
            number = 200 + len(self.articles)
            self.articles.append({"id": number, **asked.body, "internal": internal})
            return Reply(self.articles[-1], 201)
        ident = int(path.removeprefix("/ticket_articles/by_ticket/"))
        if ident not in self.tickets:
            return Reply({"error": "Couldn't find Ticket"}, 404)
        shown = [] if self.blind else self.articles
        return Reply([one for one in shown if one["ticket_id"] == ident])

    def _search(self, asked: Asked) -> list[dict[str, Any]]:
        said = asked.params
        found = list(self.tickets.values())
        if said.get("condition[ticket.updated_at][operator]") == "after (absolute)":
            since = said["condition[ticket.updated_at][value]"]
            found = [one for one in found if one["updated_at"] >= since]
        if said.get("condition[ticket.id][operator]") == "is":
            found = [one for one in found if str(one["id"]) == said["condition[ticket.id][value]"]]
        assert (said["sort_by"], said["order_by"]) == ("updated_at,id", "asc,asc")
        assert "query" not in said  # that would ask the search index
        found.sort(key=lambda one: (one["updated_at"], one["id"]))
        return [self._shown(one) for one in found[: int(said["per_page"])]]

    @staticmethod
    def _shown(ticket: dict[str, Any]) -> dict[str, Any]:
        names = ("created_by", "customer", "owner", "updated_by")
        return {**ticket, **{name: LOGINS[ticket[f"{name}_id"]] for name in names}}

    def written(self) -> list[str]:
        """The subjects of all notes."""
        return [one["subject"] for one in self.articles]


class ZammadDesk(OpenDesk):
    """Tickets of Zammad."""

    platform = ZAMMAD
    table = "ticket"
    tables = ("ticket",)
    settings: ClassVar[Mapping[str, Any]] = {
        "user": "",
        "token": TOKEN,
        "mapping": mapped("zammad", ticket={"description": None}),
    }
    login = f"Token token={TOKEN}"
    secret = TOKEN
    absent = "77"
    no_ids = ("", "0", "../1", "1 OR 1")
    other_forms: ClassVar[tuple[Any, ...]] = (
        {"error": "none"},
        [7],
        [{"updated_at": "2026-01-01T11:40:00Z"}],
        [{"id": 1}],
    )
    no_cursors = ()  # three numbers are one
    public = "not among the internal ones"

    def __init__(self) -> None:
        self.server = self.zammad = ZammadRest()

    @override
    def put(self, at: str, ident: str = "") -> str:
        return self.zammad.put(f"{at}.000", int(ident or 0))

    @override
    def written(self) -> list[str]:
        return [f"{one['subject']}: {one['body']}" for one in self.zammad.articles]

    @override
    def says(self, text: str, key: str) -> str:
        return f"ticketgate {key}: {text}"

    @override
    def is_private(self, asked: Asked) -> bool:
        return (asked.body["internal"], asked.body["type"]) == (True, "note")

    @override
    def talk(self, ident: str, count: int) -> None:
        others = {"ticket_id": int(ident), "subject": "thanks", "body": "", "internal": False}
        self.zammad.articles += [others] * count

    @override
    def hide(self) -> None:
        self.zammad.blind = True

    @override
    def publish(self) -> None:
        self.zammad.public = True

    @override
    def deafen(self, peer: PlatformHttp) -> None:
        condition = {"condition[ticket.updated_at][value]": "2026-01-01T00:00:00.000Z"}
        peer.answer = asking_for(self.zammad, "/tickets/search", **condition)

    @override
    def confuse(self, peer: PlatformHttp, ident: str) -> str:
        peer.answer = lambda _: Reply([self.zammad._shown(self.zammad.tickets[int(ident)])])
        return self.absent
