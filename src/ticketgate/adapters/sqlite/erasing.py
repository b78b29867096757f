"""What erasure asks of the tables, and what it takes away."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.emergencies.emergency import ASKS
from ticketgate.domain.evidence import parse_entry
from ticketgate.domain.grants.grant import ENDED
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.log.erasure import ACTOR, Counted, HiddenValue, Standing
from ticketgate.domain.requests.access_request import TRIAGER

_GIVEN: Final = (
    "SELECT d.digest AS digest, d.idx AS idx, d.subject AS subject, d.kind AS kind,"
    " e.entry AS entry FROM evidence_disclosure d JOIN evidence_entry e ON e.idx = d.idx"
    " WHERE d.encoded IS NOT NULL"
)
_PARTIES: Final = "SELECT * FROM request WHERE instr(content, ?) OR id IN ({})"
_DROP: Final = (
    "DELETE FROM delivery_body WHERE seq IN"
    " (SELECT seq FROM delivery WHERE state NOT IN ('accepted', 'released') AND {})"
)
GRANTS_OF: Final = (  # written as in the index
    "SELECT * FROM access_grant WHERE"
    " CASE WHEN json_valid(content) THEN json_extract(content, '$.request') END = ?"
)
_APPROVED: Final = "SELECT request FROM approval WHERE ? IN (approver, on_behalf_of)"
_EMERGENCY: Final = "SELECT * FROM emergency WHERE id = ?"
_MAY_STAND: Final = (
    "SELECT EXISTS (SELECT 1 FROM exception"
    " WHERE code = 'access_may_stand' AND state <> 'resolved' AND about = ?)"
)
_OVER: Final = frozenset({"closed", "cancelled"})
_LIVE_REQUEST: Final = frozenset({"blocked", "awaiting"})
_ENDED: Final = frozenset(one.value for one in ENDED)


class SqliteErasing:
    """`ports.Erasing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    # --- what there is ------------------------------------------------------------------------

    def of_person(self, subject: str) -> list[HiddenValue]:
        """What is given of a person, and of the tickets and requests that they shaped."""
        shaped = [one for one in self._shaped_by(subject) if _has_hand(one["content"], subject)]
        about = {("request", row["id"]) for row in shaped}
        asked = {(row["source"], row["tbl"], row["ticket_id"]) for row in shaped}
        about |= {
            ("ticket", row["id"])
            for row in self._tickets_of(subject)
            if _has_hand(row["content"], subject)
        }
        about |= {("ticket", ident) for ident in map(self._ticket_id, asked)}
        found = []
        for row in rows(self._db, _GIVEN + " AND (d.subject = ? OR d.kind <> 'actor')", subject):
            value = _value(row)
            if value.subject == subject or value.about in about:
                found.append(value)
        return found

    def at(self, index: int) -> list[HiddenValue]:
        """What is given of one record."""
        return [_value(row) for row in rows(self._db, _GIVEN + " AND d.idx = ?", index)]

    def before(self, moment: datetime, place: tuple[int, str], most: int) -> list[HiddenValue]:
        """What records from before that moment give, the oldest first; actors left out.

        At most `most`, behind the one of that index and digest.
        """
        sql = (
            _GIVEN + " AND d.kind <> ? AND (d.idx, d.digest) > (?, ?)"
            " ORDER BY d.idx, d.digest LIMIT ?"
        )
        found: list[HiddenValue] = []
        for row in rows(self._db, sql, ACTOR, *place, most):
            stamp = str(parse_entry(row["entry"])["_ts"])
            if stamp >= to_text(moment):
                break
            found.append(_value(row))
        return found

    def counts(self, subject: str | None) -> list[Counted]:
        """The values by kind and person, of one person or of all."""
        sql = (
            "SELECT kind, subject, count(encoded) AS given, count(*) AS total, min(idx) AS first"
            " FROM evidence_disclosure WHERE ?1 IS NULL OR subject = ?1"
            " GROUP BY kind, subject ORDER BY kind, subject"
        )
        return [
            Counted(
                row["kind"],
                row["subject"],
                row["given"],
                row["total"] - row["given"],
                self._time_of(row["first"]),
            )
            for row in rows(self._db, sql, subject)
        ]

    def _time_of(self, index: int) -> datetime | None:
        entry = scalar(self._db, "SELECT entry FROM evidence_entry WHERE idx = ?", index)
        return None if entry is None else from_text(str(parse_entry(entry)["_ts"]))

    # --- where it stands ----------------------------------------------------------------------

    def request(self, ident: str) -> Standing:
        """Where a request stands, its ticket and its grants counted in."""
        row = one(self._db, "SELECT * FROM request WHERE id = ?", ident)
        return Standing(live=False) if row is None else self._standing([row])

    def ticket(self, ident: str) -> Standing:
        """Where a ticket stands, its requests and grants counted in."""
        row = one(self._db, "SELECT source, tbl, ticket_id FROM ticket WHERE id = ?", ident)
        if row is None:
            return Standing(live=False)
        key = (row["source"], row["tbl"], row["ticket_id"])
        sql = "SELECT * FROM request WHERE source = ? AND tbl = ? AND ticket_id = ?"
        if self._is_open(key):
            return Standing(live=True)
        return self._standing(list(rows(self._db, sql, *key)))

    def emergency(self, ident: str) -> Standing:
        """Where an emergency stands, its review and its grant counted in."""
        return self._standing([], list(rows(self._db, _EMERGENCY, ident)))

    def person(self, subject: str) -> Standing:
        """Where everything stands in which a person asked, received, edited or approved.

        An emergency is the one who began it asking, and the one who reviewed it deciding.
        """
        sql = _PARTIES.format(_APPROVED)
        approved = {row["request"] for row in rows(self._db, _APPROVED, subject)}
        found = [
            row
            for row in rows(self._db, sql, json.dumps(subject, ensure_ascii=False), subject)
            if row["id"] in approved or subject in _subjects(json.loads(row["content"]))
        ]
        if any(self.ticket(row["id"]).live for row in self._tickets_of(subject)):
            return Standing(live=True)
        sql = "SELECT * FROM emergency WHERE ? IN (subject, reviewer, entered_by)"
        return self._standing(found, list(rows(self._db, sql, subject)))

    def subject(self, actor: str) -> str | None:
        """Whom an actor stands for."""
        found: str | None = scalar(self._db, "SELECT subject FROM actor WHERE id = ?", actor)
        return found

    def _standing(self, requests: list[Row], emergencies: Iterable[Row] = ()) -> Standing:
        moments: list[str] = []
        given: list[str] = []
        grants: list[Row] = []
        for row in emergencies:
            if row["state"] in ASKS:  # for some minutes; then it is nothing any more
                moments.append(row["invoked_at"])
                continue
            if row["state"] != "done":
                return Standing(live=True)
            moments.append(row["reviewed_at"])
            grants += self._grants_of(row["id"])
        for row in requests:
            key = (row["source"], row["tbl"], row["ticket_id"])
            if row["state"] in _LIVE_REQUEST or self._is_open(key):
                return Standing(live=True)
            moments.append(json.loads(row["content"])["closed_at"])
            grants += self._grants_of(row["id"])
        for grant in grants:
            if grant["state"] not in _ENDED or self._may_stand(grant["id"]):
                return Standing(live=True)
            given.append(json.loads(grant["content"])["ended_at"])
        ended = max([*moments, *given], default=None)
        return Standing(False, codec.moment(ended), codec.moment(max(given, default=None)))

    def _may_stand(self, grant: str) -> bool:
        """Whether people gave up on removing it, and nobody has seen to what is still there."""
        return bool(scalar(self._db, _MAY_STAND, grant))

    def _is_open(self, key: tuple[str, str, str]) -> bool:
        """Whether the ticket may ask for something still: then all who shaped it must be known."""
        sql = "SELECT state_class FROM ticket WHERE source = ? AND tbl = ? AND ticket_id = ?"
        return scalar(self._db, sql, *key) not in _OVER

    def _grants_of(self, request: str) -> Iterator[Row]:
        return rows(self._db, GRANTS_OF, request)

    def _shaped_by(self, subject: str) -> Iterator[Row]:
        sql = "SELECT * FROM request WHERE instr(content, ?)"
        for row in rows(self._db, sql, json.dumps(subject, ensure_ascii=False)):
            if subject in _subjects(json.loads(row["content"])):
                yield row

    def _tickets_of(self, subject: str) -> list[Row]:
        sql = "SELECT id, content FROM ticket WHERE instr(content, ?)"
        return [
            row
            for row in rows(self._db, sql, json.dumps(subject, ensure_ascii=False))
            if any(shaper[1] == subject for shaper in json.loads(row["content"])["shapers"])
        ]

    def _ticket_id(self, key: tuple[str, str, str]) -> str:
        sql = "SELECT id FROM ticket WHERE source = ? AND tbl = ? AND ticket_id = ?"
        return str(scalar(self._db, sql, *key))

    # --- what is taken away -------------------------------------------------------------------

    def erase(self, digests: Iterable[str]) -> None:
        """Set the values to NULL."""
        sql = "UPDATE evidence_disclosure SET encoded = NULL WHERE digest = ?"
        self._db.executemany(sql, [(digest,) for digest in digests])

    def blank_request(self, ident: str) -> None:
        """Leave of a request, and of its grants, what entries hold in clear."""
        text = scalar(self._db, "SELECT content FROM request WHERE id = ?", ident)
        if text is not None:
            sql = "UPDATE request SET content = ? WHERE id = ?"
            self._db.execute(sql, (codec.blank_request(text), ident))
        for grant in list(self._grants_of(ident)):
            sql = "UPDATE access_grant SET holding = NULL, content = ? WHERE id = ?"
            self._db.execute(sql, (codec.blank_grant(grant["content"]), grant["id"]))

    def blank_ticket(self, ident: str, revisions: Collection[int]) -> int:
        """Drop a ticket's content, if it is of one of these revisions, and its raw bodies."""
        row = one(self._db, "SELECT * FROM ticket WHERE id = ?", ident)
        if row is None:
            return 0
        if row["revision"] in revisions:
            self._db.execute("UPDATE ticket SET content = NULL WHERE id = ?", (ident,))
            sql = "DELETE FROM approver_row WHERE source = ? AND parent = ?"
            self._db.execute(sql, (row["source"], row["ticket_id"]))
        return self._drop_bodies("source = ? AND ticket = ?", row["source"], row["ticket_id"])

    def blank_exception(self, ident: str) -> None:
        """Leave of an exception what entries hold in clear."""
        self._db.execute("UPDATE exception SET subject = '' WHERE id = ?", (ident,))

    def drop_body(self, delivery: str) -> int:
        """Drop the raw body of a delivery that does not wait."""
        return self._drop_bodies("id = ?", delivery)

    def _drop_bodies(self, which: str, *args: object) -> int:
        return self._db.execute(_DROP.format(which), args).rowcount

    def forget(self, subject: str, actor: str) -> None:
        """Put the actor in place of the subject wherever a table names them."""
        for row in list(self._shaped_by(subject)):
            text = codec.renamed_request(row["content"], subject, actor)
            self._db.execute("UPDATE request SET content = ? WHERE id = ?", (text, row["id"]))
        for row in self._tickets_of(subject):
            text = codec.renamed_ticket(row["content"], subject, actor)
            self._db.execute("UPDATE ticket SET content = ? WHERE id = ?", (text, row["id"]))
        for table, column in (
            ("access_grant", "subject"),
            ("approval", "approver"),
            ("approval", "on_behalf_of"),
            ("link", "approver"),
            ("link", "on_behalf_of"),
            ("request_view", "subject"),
            ("restore_statement", "subject"),
            ("emergency", "subject"),
            ("emergency", "reviewer"),
            ("emergency", "entered_by"),
            ("notice", "subject"),
            ("letter", "subject"),
            ("reminder", "approver"),
            ("digest", "approver"),
        ):
            sql = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"  # noqa: S608 -- fixed words
            self._db.execute(sql, (actor, subject))
        sql = "UPDATE surface SET owner = 'person:' || ? WHERE owner = 'person:' || ?"
        self._db.execute(sql, (actor, subject))
        sql = "UPDATE emergency SET clause = 'person:' || ? WHERE clause = 'person:' || ?"
        self._db.execute(sql, (actor, subject))
        sql = "UPDATE evidence_disclosure SET subject = ? WHERE subject = ? AND encoded IS NULL"
        self._db.execute(sql, (actor, subject))
        for table in ("actor", "session", "code", "provider_session", "provider_claims", "step_up"):
            self._db.execute(f"DELETE FROM {table} WHERE subject = ?", (subject,))  # noqa: S608 -- as above


def _subjects(content: dict[str, Any]) -> set[str]:
    """Everybody whom a request's content names as having shaped it."""
    shapers = {shaper[1] for shaper in content["shapers"]}
    return shapers | {content["requester"][0], content["beneficiary"][0]}


def _has_hand(text: str, subject: str) -> bool:
    """Whether a content tells of them; that they said what a ticket is, makes it nobody's own."""
    plain: dict[str, Any] = json.loads(text)
    parties = [plain[one][0] for one in ("requester", "beneficiary") if one in plain]
    hands = [who for role, who, _ in plain["shapers"] if role != TRIAGER]
    return subject in {*parties, *hands}


def _value(row: Row) -> HiddenValue:
    record: dict[str, Any] = parse_entry(row["entry"])
    match record:
        case {"on": "request" | "ticket" | "review" as on, "id": ident}:
            about = (on, ident)
        case {"type": "exception.opened", "id": ident}:  # what resolved it tells no subject
            about = ("exception", ident)
        case {"type": "decision.recorded", "request": ident}:
            about = ("request", ident)
        case {"type": "actor.minted", "actor": ident}:
            about = (ACTOR, ident)
        case {"type": "ticket.approval_claimed", "delivery": ident}:
            about = ("delivery", ident)
        case _:
            about = ("", "")
    revision = record["revision"] if about[0] == "ticket" else 0
    return HiddenValue(row["digest"], row["idx"], row["subject"], row["kind"], about, revision)
