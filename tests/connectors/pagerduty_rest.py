"""PagerDuty's REST API in memory: the log by time and offset, incidents, notes.

The log comes newest first, in pages of at most 100, with times in whole seconds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from tests.connectors.client_desk import Desk, asking_for, mapped
from tests.connectors.platform_http import Asked, PlatformHttp, Reply
from typing_extensions import override

from ticketgate_connectors.itsm.pagerduty import PAGERDUTY

TOKEN: Final = "a key of this test only"
USER: Final = "svc-ticketgate@example.com"
NOW: Final = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def ref(kind: str, ident: str, summary: str) -> dict[str, Any]:
    return {"id": ident, "type": f"{kind}_reference", "summary": summary}


@dataclass
class PagerDutyRest:
    """Incidents by id, the log, and notes. The clock stands at `now`."""

    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    now: datetime = NOW
    blind: bool = False  # notes are taken and not shown

    def put(
        self,
        at: str,
        kind: str = "trigger",
        ident: str = "",
        agent: str = "PALICE",
        **fields: Any,  # noqa: ANN401 -- of any field
    ) -> str:
        """An entry of the log, of a new incident where no id is given; the incident's id."""
        ident = ident or f"PINC{len(self.incidents) + 1:03d}"
        when = f"2026-01-01T{at}Z"
        incident = self.incidents.setdefault(
            ident,
            {
                "id": ident, "type": "incident", "incident_number": len(self.incidents) + 1,
                "title": "prod-db-admin for 2h", "status": "triggered", "urgency": "high",
                "created_at": when, "incident_key": "k", "teams": [],
                "service": ref("service", "PSVC1", "Database"), "summary": "[#1] prod-db-admin",
                "escalation_policy": ref("escalation_policy", "PESC1", "Default"),
                "assignments": [{"at": when, "assignee": ref("user", "PALICE", "Alice")}],
                "priority": {**ref("priority", "PRIO1", "P1"), "name": "P1", "color": "a8171c"},
            },
        )  # fmt: skip
        incident |= fields
        self.log.append(
            {
                "id": f"R{len(self.log)}",
                "type": f"{kind}_log_entry",
                "created_at": when,
                "agent": ref("user", agent, "Somebody"),
                "incident": ref("incident", ident, "prod-db-admin"),
            }
        )
        return ident

    def hook(self, ident: str, at: str, agent: str = "PALICE") -> dict[str, Any]:
        """The event that a webhook posts of the incident as it is now."""
        found = self.incidents[ident]
        data = {name: found[name] for name in found if name not in {"assignments", "summary"}}
        data["number"] = data.pop("incident_number")
        data["priority"] = ref("priority", "PRIO1", "P1")
        data["assignees"] = [one["assignee"] for one in found["assignments"]]
        return {
            "event": {
                "event_type": "incident.reassigned",
                "occurred_at": f"2026-01-01T{at}Z",
                "agent": ref("user", agent, "Somebody"),
                "data": data,
            }
        }

    def __call__(self, asked: Asked) -> Reply:
        """What PagerDuty answers."""
        reply = self._answer(asked)
        date = self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return Reply(reply.body, reply.status, {"Date": date, **reply.headers})

    def _answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Token token={TOKEN}":
            return Reply({"error": {"message": "Unauthorized"}}, 401)
        if asked.path == "/log_entries":
            return self._log(asked, "")
        found = re.fullmatch(r"/incidents/(\w+)(/\w+)?", asked.path)
        if found is None or found[1] not in self.incidents:
            return Reply({"error": {"message": "Not Found", "code": 2100}}, 404)
        if found[2] == "/log_entries":
            return self._log(asked, found[1])
        if found[2] == "/notes":
            return self._notes(asked, found[1])
        return Reply({"incident": self.incidents[found[1]]})

    def _notes(self, asked: Asked, ident: str) -> Reply:
        if asked.method == "GET":
            shown = [] if self.blind else self.notes
            return Reply({"notes": [one for one in shown if one["incident"] == ident]})
        assert asked.headers["from"] == USER
        self.notes.append({"incident": ident, **asked.body["note"]})
        self.put("11:59:00", "annotate", ident, "PSVCUSER")
        return Reply({"note": asked.body["note"]})

    def _log(self, asked: Asked, ident: str) -> Reply:
        said = asked.params
        found = [
            one
            for one in reversed(self.log)
            if said["since"] <= one["created_at"] <= said.get("until", "9")
            and (not ident or one["incident"]["id"] == ident)
        ]
        offset, limit = int(said["offset"]), int(said["limit"])
        assert limit <= 100
        assert offset + limit <= 10_000
        page = found[offset : offset + limit]
        return Reply({"log_entries": page, "more": len(found) > offset + limit})

    def written(self) -> list[str]:
        """The last line of each note."""
        return [one["content"].splitlines()[-1] for one in self.notes]


class PagerDutyDesk(Desk):
    """Incidents of PagerDuty."""

    platform = PAGERDUTY
    table = "incident"
    tables = ("incident",)
    settings: ClassVar[Mapping[str, Any]] = {
        "user": USER,
        "token": TOKEN,
        "mapping": mapped("pagerduty", incident={"opened_by": "assignees.0"}),
    }
    login = f"Token token={TOKEN}"
    secret = TOKEN
    absent = "PINC077"
    no_ids = ("", "../users")
    other_forms: ClassVar[tuple[Any, ...]] = (
        [],
        {},
        {"log_entries": [7]},
        {"log_entries": [{"created_at": "noon"}]},
    )
    follows_clock = True
    drops_deaf = True

    def __init__(self) -> None:
        self.server = self.duty = PagerDutyRest()

    @override
    def put(self, at: str, ident: str = "") -> str:
        return self.duty.put(at, "assign", ident, "PBOB") if ident else self.duty.put(at)

    @override
    def written(self) -> list[str]:
        return [one["content"] for one in self.duty.notes]

    @override
    def says(self, text: str, key: str) -> str:
        return f"{text}\nticketgate {key}"

    @override
    def is_private(self, asked: Asked) -> bool:
        return re.fullmatch(r"/incidents/\w+/notes", asked.path) is not None

    @override
    def talk(self, ident: str, count: int) -> None:
        self.duty.notes += [{"incident": ident, "content": "thanks"}] * count

    @override
    def hide(self) -> None:
        self.duty.blind = True

    @override
    def deafen(self, peer: PlatformHttp) -> None:
        peer.answer = asking_for(self.duty, "/log_entries", since="2026-01-01T00:00:00Z")

    @override
    def confuse(self, peer: PlatformHttp, ident: str) -> str:
        self.duty.incidents[ident] = {**self.duty.incidents[ident], "id": "PINC999"}
        return ident
