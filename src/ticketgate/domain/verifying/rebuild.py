"""Rebuild: the state tables as the log tells them. Recorded outcomes are folded, never decided.

Rows hold what entries hold in clear, with the tables' own column names; a person is the actor that
stands for them. What only disclosures hold is a `Hidden` value. A column that no record tells of is
not there, and a row of which only a snapshot tells has what the snapshot says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ticketgate.domain.emergencies.emergency_rows import emergency_columns, told_of_review
from ticketgate.domain.log.folded import OF_PASSKEY, Folded, Record, confirmed_at
from ticketgate.domain.log.rebuilt_row import Column, Disclosed, Hidden, Row, Taken
from ticketgate.domain.log.window_check import WINDOW

TABLES: Final = (
    "actor", "delivery", "ticket", "request", "link", "approval", "request_view", "access_grant",
    "loaded", "exception", "emergency", "passkey",
)  # fmt: skip
MACHINES: Final = {
    "delivery": "delivery",
    "ticket": "ticket",
    "request": "request",
    "grant": "access_grant",
    "exception": "exception",
    "review": "emergency",
    "passkey": "passkey",
}
_PAIR: Final = 2  # a link, and the actor who was asked


class Rebuild:
    """Folds records into tables, table by table and id by id. `pruned` says that some are gone."""

    def __init__(self, folded: Mapping[tuple[str, str], Folded] | None = None) -> None:
        """`folded` is what a snapshot tells, where the log begins with one."""
        self.pruned = folded is not None
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        self._deliveries = 0
        self._issued: dict[str, list[Row]] = {}  # links that are good still, by request
        self._folds: Mapping[str, Callable[[Taken], None]] = {
            "delivery": self._delivery,
            "ticket": self._ticket,
            "request": self._request,
            "grant": self._grant,
            "exception": self._exception,
            "review": self._review,
            "passkey": self._passkey,
            "links.issued": self._more_links,
            "decision.recorded": self._decided,
            "view.recorded": self._viewed,
            "actor.minted": self._minted,
            "restore.declared": self._restored,
            "policy.loaded": self._loaded,
            "directory.loaded": self._loaded,
            "settings.loaded": self._loaded,
        }
        for (machine, ident), one in (folded or {}).items():
            self._from_snapshot(MACHINES[machine], ident, one)

    def take(self, taken: Taken) -> None:
        """Fold one record, which must be in form (`check_record`)."""
        record = taken.record
        told = record.get("on", record["type"])
        fold = self._folds.get(told) if isinstance(told, str) else None
        if fold is not None:
            fold(taken)

    def _row(self, table: str, ident: object, index: int = 0) -> Row:
        row = self.tables[table].setdefault(str(ident), Row(partial=self.pruned))
        row.index = max(row.index, index)
        return row

    def _from_snapshot(self, table: str, ident: str, one: Folded) -> None:
        columns: dict[str, object] = {"state": one.state, **one.said}
        if table == "emergency":
            columns = emergency_columns(columns)
        if table == "ticket":
            columns["verdict"], columns["tbl"] = columns.pop("state"), columns.pop("table", None)
        self.tables[table][ident] = Row(columns, partial=True, index=one.index)

    def _place(self, table: str, ident: object) -> Column:
        """Source and table of the ticket, as far as another row tells them."""
        row = self.tables[table].get(str(ident))
        known = {} if row is None else row.columns
        return {name: known[name] for name in ("source", "tbl") if name in known}

    # --- machines -----------------------------------------------------------------------------

    def _delivery(self, taken: Taken) -> None:
        record = taken.record
        row = self._row("delivery", record["id"], taken.index)
        row.columns |= {"state": record["to"], "source": record["source"]}
        row.columns["reason"] = record.get("reason", "")
        row.columns["effect"] = record["cause"] if record["from"] else ""
        if not record["from"]:
            self._deliveries += 1
            row.partial = False
            row.columns |= {
                "body_digest": record["body"],
                "webhook": record.get("webhook"),
                "received_at": record["_ts"],
                "idx": taken.index,
                "leaf": taken.leaf,
            }
            if not self.pruned:
                row.columns["seq"] = self._deliveries

    def _ticket(self, taken: Taken) -> None:
        record = taken.record
        row = self._row("ticket", record["id"], taken.index)
        row.partial = row.partial and bool(record["from"])
        row.columns |= {
            "source": record["source"],
            "tbl": record["table"],
            "verdict": record["to"],
            "revision": record["revision"],
            "state_class": record["state_class"],
            "updated_at": record["_ts"],
        }
        row.columns.pop("delivery_seq", None)
        delivery = self.tables["delivery"].get(str(record.get("delivery")), Row())
        if "seq" in delivery.columns:
            row.columns["delivery_seq"] = delivery.columns["seq"]
        row.columns["content"] = _hidden(taken.disclosed, "ticket", Hidden())

    def _request(self, taken: Taken) -> None:
        record = taken.record
        row = self._row("request", record["id"], taken.index)
        columns = row.columns
        if not record["from"]:
            row.partial = False
            columns |= {"version": 0, "opened_at": record["_ts"], "closed_at": None}
        version = columns.get("version")
        if isinstance(version, int):
            columns["version"] = version + 1
        columns["state"] = record["to"]
        columns |= {name: record[name] for name in _ASKED}
        columns |= {name: record.get(name) for name in WINDOW}
        columns["requester"] = record.get("requester", "")
        columns["beneficiary"] = record.get("beneficiary", "")
        columns |= self._place("ticket", record["ticket"])
        columns["ticket"] = record["ticket"]
        if record["to"] not in {"awaiting", "blocked"}:
            columns["closed_at"] = record["_ts"]
        if record.get("shown") is not None:
            columns["shown"] = record["shown"]
        for name in ("ticket_number", "reason", "salt"):
            before = columns.get(name)
            known = before if isinstance(before, Hidden) else Hidden()
            columns[name] = _hidden(taken.disclosed, name, known)
        self._end_links(record)
        self._issue(taken, columns)

    def _grant(self, taken: Taken) -> None:
        record = taken.record
        row = self._row("access_grant", record["id"], taken.index)
        columns = row.columns
        if not record["from"]:
            row.partial = False
            columns |= {"baseline": False, "not_after": None, "revoking_since": None}
            columns |= {"cause": "", "ended_at": None, "activate_by": record.get("activate_by")}
            columns["seconds"] = record.get("seconds")
            columns["ticket_version"] = record.get("ticket_version")
            columns |= {name: record.get(name) for name in WINDOW}
        columns |= {name: record[name] for name in _GIVEN}
        columns["state"] = record["to"]
        if record["type"] == "grant.extended":
            columns["ticket_version"] = record.get("ticket_version")
        columns |= self._place("request", record["request"])
        for name in ("not_after", "baseline"):
            if record.get(name) is not None:
                columns[name] = record[name]
        self._ending(record, columns)
        heirs = record.get("heirs")
        for heir in heirs if isinstance(heirs, list) else ():
            self._row("access_grant", heir).columns["baseline"] = False

    def _ending(self, record: Record, columns: dict[str, object]) -> None:
        """Why and since when a grant ends, and when it has."""
        if record["type"] == "revocation.begun" and record["from"] != "revoke_overdue":
            columns |= {"cause": record["cause"], "revoking_since": record["_ts"]}
        elif record["to"] in {"cancelled", "released_shared"}:
            columns["cause"] = record["cause"]
        if record["to"] in {"cancelled", "released_shared", "revoked", "abandoned"}:
            columns["ended_at"] = record["_ts"]

    def _exception(self, taken: Taken) -> None:
        record = taken.record
        row = self._row("exception", record["id"], taken.index)
        row.columns |= {"state": record["to"], "code": record["code"]}
        if record["to"] == "assigned":
            row.columns["owner"] = record["owner"]
            return
        if record["from"]:
            row.columns |= {"resolved_at": record["_ts"], "resolved_by": record["person"]}
            return
        row.partial = False
        row.columns |= {"about": record["about"], "owner": record["owner"], "idx": taken.index}
        row.columns |= {"opened_at": record["_ts"], "resolved_at": None, "resolved_by": ""}
        row.columns["subject"] = _hidden(taken.disclosed, "subject", Hidden())

    def _review(self, taken: Taken) -> None:
        row = self._row("emergency", taken.record["id"], taken.index)
        row.partial = row.partial and bool(taken.record["from"])
        told_of_review(taken.index, taken.record, row.columns)

    def _passkey(self, taken: Taken) -> None:
        row, record = self._row("passkey", taken.record["id"], taken.index), taken.record
        row.columns |= {"state": record["to"], **{n: record[n] for n in OF_PASSKEY if n in record}}
        row.columns.setdefault("voucher", None)
        row.columns["confirmed_at"] = row.columns.get("confirmed_at") or confirmed_at(record)

    # --- what has no machine of its own -------------------------------------------------------

    def _issue(self, taken: Taken, request: Column) -> None:
        record = taken.record
        ident = record.get("request", record.get("id"))
        links = record["links"]
        for one in links if isinstance(links, list) else ():
            link, actor = one if isinstance(one, list) and len(one) == _PAIR else (None, None)
            row = self._row("link", link, taken.index)
            row.partial = False
            row.columns |= {
                "request": ident,
                "round": record["round"],
                "stage": record["stage"],
                "approver": actor,
                "state": "issued",
                "why": "",
                "expires_at": request.get("decide_by"),
            }
            shown = record.get("shown", request.get("shown"))
            row.columns |= {} if shown is None else {"shown": shown}
            self._issued.setdefault(str(ident), []).append(row)

    def _end_links(self, record: Record) -> None:
        """What a move of a request does to the links that were issued before."""
        ident, cause, after = str(record["id"]), str(record["cause"]), record["to"]
        if cause in {"approvers", "escalated"}:
            return
        if after == "timed_out":
            self._void(ident, "expired", "decision_late")
        elif cause in {"decided", "next_stage"}:
            self._void(ident, "void", "stage_done")
        elif after == "withdrawn" and cause != "blocked":
            self._void(ident, "void", cause)
        else:
            self._void(ident, "void", _WHY.get(cause))

    def _void(self, request: str, state: str, why: str | None) -> None:
        """`why` None: one of several, which the log does not tell apart."""
        for row in self._issued.pop(request, ()):
            if row.columns.get("state") == "issued":
                row.columns |= {"state": state, "why": why}
                if why is None:
                    del row.columns["why"]

    def _restored(self, taken: Taken) -> None:
        del taken
        for request in tuple(self._issued):
            self._void(request, "void", "restored")

    def _more_links(self, taken: Taken) -> None:
        self._issue(taken, self._row("request", taken.record["request"]).columns)

    def _loaded(self, taken: Taken) -> None:
        kind = str(taken.record["type"]).partition(".")[0]
        self._row("loaded", kind, taken.index).columns["digest"] = taken.record["digest"]

    def _decided(self, taken: Taken) -> None:
        record = taken.record
        key = [record["request"], record["round"], record["approver"]]
        self._row("approval", " ".join(map(str, key)), taken.index).columns |= {
            "request": record["request"],
            "round": record["round"],
            "stage": record["stage"],
            "approver": record["approver"],
            "on_behalf_of": record.get("on_behalf_of", ""),
            "decision": record["decision"],
            "seconds": record["seconds"],
            "decided_at": record["_ts"],
            "idx": taken.index,
        }
        link = self._row("link", record["link"], taken.index)
        link.columns |= {"state": "used", "shown": record["shown"]}

    def _viewed(self, taken: Taken) -> None:
        record = taken.record
        hour = str(record["_ts"])[:13]
        ident = f"{record['request']} {record['person']} {hour}"
        self._row("request_view", ident, taken.index).columns |= {
            "request": record["request"],
            "subject": record["person"],
            "hour": hour,
            "at": record["_ts"],
        }

    def _minted(self, taken: Taken) -> None:
        row = self._row("actor", taken.record["actor"], taken.index)
        known = row.columns.get("subject")
        before = known if isinstance(known, Hidden) else Hidden()
        row.columns["subject"] = _hidden(taken.disclosed, "subject", before)


_ASKED: Final = (
    "entitlement", "target", "decide_by", "round", "stage", "material", "rules", "approve_rule",
    "revision", "seconds", "tier", "kinds", "reasons",
)  # fmt: skip
_GIVEN: Final = ("request", "entitlement", "target", "subject")
_WHY: Final[Mapping[str, str]] = {
    "rules": "rules_changed",
    "material": "ticket_changed",
    "shapers": "ticket_changed",
    "restored": "restored",
}


def _hidden(disclosed: Disclosed, name: str, known: Hidden) -> Hidden:
    """The value of this name among what a record hides, on top of what was known."""
    for one in disclosed:
        if one is None:
            known.erased = True
        elif one[0] == name:
            known.given, known.value = True, one[1]
    return known


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a table is not what the log makes it; `column` is empty of a whole row."""

    table: str
    ident: str
    column: str
    log: object
    database: object


def differences(rebuilt: Rebuild, rows: Iterable[tuple[str, str, Column]]) -> Iterator[Difference]:
    """Hold every row of a database against the log; and say what the database does not have.

    Rows of what was pruned, which no snapshot tells, cannot be told from others and are let be.
    """
    seen: set[tuple[str, str]] = set()
    for table, ident, held in rows:
        seen.add((table, ident))
        row = rebuilt.tables[table].get(ident)
        if row is not None:
            yield from _compared(table, ident, row, held)
        elif not rebuilt.pruned:
            yield Difference(table, ident, "", None, "a row")
    for table, known in rebuilt.tables.items():
        for ident, row in known.items():
            if (table, ident) not in seen and not _gone(row):
                yield Difference(table, ident, "", "a row", None)


def _gone(row: Row) -> bool:
    """Whether the row is an actor whom nobody tells any more: then no table holds it."""
    subject = row.columns.get("subject")
    return isinstance(subject, Hidden) and subject.erased


def _compared(table: str, ident: str, row: Row, held: Column) -> Iterator[Difference]:
    for column, value in held.items():
        if column not in row.columns:
            continue
        told = row.columns[column]
        if isinstance(told, Hidden):
            if not told.fits(value):
                yield Difference(table, ident, column, told.value if told.given else None, value)
        elif told != value:
            yield Difference(table, ident, column, told, value)
