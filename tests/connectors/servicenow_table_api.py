"""ServiceNow's Table API as documented, in memory: encoded queries, all display values, journals.

https://www.servicenow.com/docs/: `sysparm_query` (`^` is and, `ORDERBY`), `sysparm_fields`,
`sysparm_limit`, `sysparm_display_value=all`, `X-Total-Count`.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from tests.connectors.client_desk import Desk, mapped
from tests.connectors.platform_http import Asked, PlatformHttp, Reply
from typing_extensions import override

from ticketgate_connectors.itsm.servicenow import SERVICENOW

USER: Final = "svc-ticketgate"
PASSWORD: Final = "only of this test"
LOGIN: Final = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_REFERENCES: Final = frozenset({"opened_by", "requested_for", "cat_item", "caller_id"})

Row = dict[str, str]


@dataclass
class TableApi:
    """Tables of rows by sys_id. `hidden` are the rows that the user may not read."""

    tables: dict[str, dict[str, Row]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    total: bool = True  # whether X-Total-Count is sent
    deaf: bool = False  # the query is not heeded
    dull: bool = False  # work notes are taken and not kept
    on_note: Callable[[str, Row], None] | None = None

    def put(self, table: str, sys_id: str, at: str, **columns: str) -> Row:
        """A row, as last changed `at`; a change of one that is there counts it up."""
        rows = self.tables.setdefault(table, {})
        row = rows.setdefault(sys_id, {"sys_id": sys_id, "sys_class_name": table})
        count = str(int(row.get("sys_mod_count", "-1")) + 1)
        row |= {"sys_mod_count": count, "sys_updated_on": at, "sys_updated_by": "alice", **columns}
        return row

    def __call__(self, asked: Asked) -> Reply:
        """What the instance answers."""
        if asked.headers.get("authorization") not in {LOGIN, "Bearer a token of this test only"}:
            return Reply({"error": {"message": "User Not Authenticated"}}, 401)
        match asked.path.split("/"):
            case ["", "api", "now", "table", table] if table in self.tables:
                return self._list(table, asked.params)
            case ["", "api", "now", "table", table, sys_id] if sys_id in self.tables.get(table, {}):
                return self._one(table, sys_id, asked)
            case _:
                return Reply({"error": {"message": "No Record found"}}, 404)

    def _list(self, table: str, params: Mapping[str, str]) -> Reply:
        found = list(self.tables[table].values())
        for term in () if self.deaf else params["sysparm_query"].split("^"):
            if term.startswith("ORDERBY"):
                continue
            column, sign, value = re.fullmatch(r"([\w.]+?)(>=|=|>|IN)(.*)", term).groups()  # type: ignore[union-attr]
            found = [row for row in found if _holds(row.get(column, ""), sign, value)]
        orders = [one[7:] for one in params["sysparm_query"].split("^") if one[:7] == "ORDERBY"]
        if not self.deaf:
            found.sort(key=lambda row: [row.get(column, "") for column in orders])
        page = found[: int(params["sysparm_limit"])]
        shown = [row for row in page if row["sys_id"] not in self.hidden]
        fields = params["sysparm_fields"].split(",")
        body = {"result": [_shown(row, fields) for row in shown]}
        return Reply(body, headers={"X-Total-Count": str(len(found))} if self.total else {})

    def _one(self, table: str, sys_id: str, asked: Asked) -> Reply:
        row = self.tables[table][sys_id]
        if asked.method == "PATCH" and not self.dull:
            self.notes.setdefault(sys_id, []).append(asked.body["work_notes"])
            row["sys_mod_count"] = str(int(row["sys_mod_count"]) + 1)
            row["sys_updated_by"] = USER
            if self.on_note is not None:
                self.on_note(table, row)
        fields = asked.params.get("sysparm_fields", "sys_id").split(",")
        shown = _shown(row, fields)
        if "work_notes" in fields:
            told = "".join(
                f"2026-01-01 10:00:00 - ticketgate (Work notes)\n{one}\n\n"
                for one in reversed(self.notes.get(sys_id, []))
            )
            shown["work_notes"] = {"display_value": told, "value": ""}
        return Reply({"result": shown})


def _holds(held: str, sign: str, value: str) -> bool:
    match sign:
        case ">=":
            return held >= value
        case ">":
            return held > value
        case "IN":
            return held in value.split(",")
        case _:
            return held == value


def _shown(row: Row, fields: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in fields:
        if name in row:
            shown[name] = {"display_value": row.get(f"{name}_shown", row[name]), "value": row[name]}
            if name in _REFERENCES:
                shown[name]["link"] = f"https://example.service-now.com/api/now/table/x/{row[name]}"
    return shown


class ServiceNowDesk(Desk):
    """Incidents."""

    platform = SERVICENOW
    table = "incident"
    tables = ("incident", "sc_req_item")
    settings: ClassVar[Mapping[str, Any]] = {
        "user": USER,
        "password": PASSWORD,
        "mapping": mapped(
            "snow",
            incident={"reason": "u_reason.text"},
            sc_req_item={"reason": "variables.why"},
            sc_task={},
            sysapproval_approver={},
        ),
    }
    login = LOGIN
    secret = PASSWORD
    writes = "PATCH"
    absent = f"{7_000:032x}"
    no_ids = ("", "../../sys_user/x", f"{1:032x}^ORsys_id!=x")
    other_forms: ClassVar[tuple[Any, ...]] = (
        *([], {}, {"result": {}}, {"result": [7]}),
        {"result": [{"sys_id": "1", "sys_updated_on": "yesterday"}]},
    )
    repeats = True

    def __init__(self) -> None:
        self.server = self.api = TableApi(
            {"incident": {}, "sc_req_item": {}, "sc_item_option_mtom": {}}
        )

    @override
    def put(self, at: str, ident: str = "") -> str:
        ident = ident or f"{len(self.api.tables['incident']):032x}"
        self.api.put("incident", ident, f"2026-01-01 {at}")
        return ident

    @override
    def written(self) -> list[str]:
        return [one for notes in self.api.notes.values() for one in notes]

    @override
    def is_private(self, asked: Asked) -> bool:
        return set(asked.body) == {"work_notes"}

    @override
    def talk(self, ident: str, count: int) -> None:
        self.api.notes.setdefault(ident, []).extend(["thanks"] * count)

    @override
    def hide(self) -> None:
        self.api.dull = True

    @override
    def deafen(self, peer: PlatformHttp) -> None:
        self.api.deaf = True

    @override
    def confuse(self, peer: PlatformHttp, ident: str) -> str:
        self.api.deaf = True
        return self.absent
