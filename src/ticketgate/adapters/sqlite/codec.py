"""Nouns as JSON text for `content` columns, and back. One function pair per noun."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.requests.access_request import AccessRequest, Party, RequestState, Shaper
from ticketgate.domain.tickets.access_window import START_WITHIN_SECONDS
from ticketgate.domain.tickets.identity_event import Tier
from ticketgate.domain.tickets.ticket import Missing, Reference, StateClass, Ticket, Value
from ticketgate.domain.tickets.triage import Triaged

Plain = dict[str, Any]  # JSON of our own making, read back only here


def moment(text: str | None) -> datetime | None:
    """An instant of a nullable column."""
    return None if text is None else from_text(text)


def moment_text(value: datetime | None) -> str | None:
    """A nullable column's text."""
    return None if value is None else to_text(value)


def _value(plain: str | list[str | None] | None) -> Value | Missing:
    if plain is None:
        return Missing.ABSENT
    if isinstance(plain, str):
        return plain
    return Reference(plain[0], plain[1])


def _plain_shapers(shapers: tuple[Shaper, ...]) -> list[list[str]]:
    return [[one.role, one.party.subject, one.party.account] for one in shapers]


def _shapers(plain: list[list[str]]) -> tuple[Shaper, ...]:
    return tuple(Shaper(role, Party(*party)) for role, *party in plain)


def ticket_text(
    ticket: Ticket,
    shapers: tuple[Shaper, ...] = (),
    triage: Triaged | None = None,
    writer: str = "",
) -> str:
    """The text of a ticket's content column."""
    plain = {**ticket.plain(), "shapers": _plain_shapers(shapers), "writer": writer}
    if triage is not None:
        plain["triage"] = triage.plain()
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def writer_of(plain: Plain) -> str:
    """The account, in a ticket's content, that wrote what it asks; else its last writer."""
    return str(plain.get("writer", plain["updated_by"]))


def shapers_of(plain: Plain) -> tuple[Shaper, ...]:
    """The shapers in a ticket's content."""
    return _shapers(plain["shapers"])


def triage_of(plain: Plain) -> Triaged | None:
    """What a person has said of the ticket, in its content."""
    said = plain.get("triage")
    return None if said is None else Triaged.of(said)


def ticket_of(text: str) -> Ticket:
    """The ticket in a content column."""
    return ticket_of_plain(json.loads(text))


def ticket_of_plain(plain: Plain) -> Ticket:
    """The ticket that `Ticket.plain()` gave."""
    variables = plain["variables"]
    return Ticket(
        source=plain["source"],
        table=plain["table"],
        id=plain["id"],
        version=plain["version"],
        state=plain["state"],
        state_class=StateClass(plain["state_class"]),
        updated_by=plain["updated_by"],
        bound_to=plain["bound_to"],
        fields={name: _value(value) for name, value in plain["fields"].items()},
        variables=None
        if variables is None
        else {n: Missing.ABSENT if v is None else v for n, v in variables.items()},
        told_in=plain.get("told_in", {}),
        unread_times=plain.get("unread_times", {}),
        nulls=frozenset(plain.get("nulls", ())),
    )


def bare_ticket(row: Mapping[str, Any]) -> Ticket:
    """What is left of a ticket whose content was erased: its key, and that it is over."""
    key = (row["source"], row["tbl"], row["ticket_id"])
    return Ticket(*key, None, "", StateClass(row["state_class"]), "", fields={}, variables=None)


def request_text(request: AccessRequest) -> str:
    """The text of a request's content column."""
    plain: Plain = {
        "ticket_number": request.ticket_number,
        "revision": request.revision,
        "target": request.target,
        "access": dict(request.access),
        "requester": [request.requester.subject, request.requester.account],
        "beneficiary": [request.beneficiary.subject, request.beneficiary.account],
        "shapers": _plain_shapers(request.shapers),
        "seconds": request.seconds,
        "seconds_asked": request.seconds_asked,
        "catalog_item": request.catalog_item,
        "reason": request.reason,
        "tier": int(request.tier),
        "kinds": request.kinds,
        "rule_ids": request.rule_ids,
        "approve_rule": request.approve_rule,
        "salt": request.salt,
        "material": request.material,
        "rules": request.rules,
        "round": request.round,
        "stage": request.stage,
        "reasons": request.reasons,
        "cut": request.cut,
        "escalated": request.escalated,
        "closed_at": moment_text(request.closed_at),
        "cause": request.cause,
        "extends": request.extends,
        "not_before": moment_text(request.not_before),
        "window_end": moment_text(request.window_end),
        "start_within": request.start_within,
    }
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def request_of(row: Mapping[str, Any]) -> AccessRequest:
    """The request in a row of the table `request`."""
    plain: Plain = json.loads(row["content"])
    return AccessRequest(
        id=row["id"],
        version=row["version"],
        state=RequestState(row["state"]),
        source=row["source"],
        table=row["tbl"],
        ticket_id=row["ticket_id"],
        ticket_number=plain["ticket_number"],
        revision=plain["revision"],
        entitlement=row["entitlement"],
        target=plain["target"],
        access=plain["access"],
        requester=Party(*plain["requester"]),
        beneficiary=Party(*plain["beneficiary"]),
        shapers=_shapers(plain["shapers"]),
        seconds=plain["seconds"],
        seconds_asked=plain["seconds_asked"],
        catalog_item=plain["catalog_item"],
        reason=plain["reason"],
        tier=Tier(plain["tier"]),
        kinds=tuple(plain["kinds"]),
        rule_ids=tuple(plain["rule_ids"]),
        approve_rule=plain["approve_rule"],
        salt=plain["salt"],
        material=plain["material"],
        rules=plain["rules"],
        round=plain["round"],
        stage=plain["stage"],
        opened_at=from_text(row["opened_at"]),
        decide_by=from_text(row["decide_by"]),
        reasons=tuple(plain["reasons"]),
        cut=plain["cut"],
        escalated=plain.get("escalated", 0),
        closed_at=moment(plain["closed_at"]),
        cause=plain.get("cause", ""),
        extends=plain.get("extends", ""),
        not_before=moment(plain.get("not_before")),
        window_end=moment(plain.get("window_end")),
        start_within=plain.get("start_within", START_WITHIN_SECONDS),
    )


def blank_request(text: str) -> str:
    """The content of a request without what no entry holds in clear.

    Subjects stay as long as it is told whom their actors stand for.
    """
    plain: Plain = json.loads(text)
    blank = dict.fromkeys(("ticket_number", "reason", "salt", "catalog_item"), "")
    parties = {name: [plain[name][0], ""] for name in ("requester", "beneficiary")}
    shapers = [[role, subject, ""] for role, subject, _ in plain["shapers"]]
    plain |= {**blank, **parties, "shapers": shapers}
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def renamed_request(text: str, subject: str, actor: str) -> str:
    """The content of a request with another name for one person, and no account of theirs."""
    plain: Plain = json.loads(text)
    for name in ("requester", "beneficiary"):
        if plain[name][0] == subject:
            plain[name] = [actor, ""]
    plain["shapers"] = [
        [role, actor, ""] if who == subject else [role, who, account]
        for role, who, account in plain["shapers"]
    ]
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def renamed_ticket(text: str, subject: str, actor: str) -> str:
    """The content of a ticket with another name for one person among who shaped it."""
    plain: Plain = json.loads(text)
    plain["shapers"] = [
        [role, actor if who == subject else who, account] for role, who, account in plain["shapers"]
    ]
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def blank_grant(text: str) -> str:
    """The content of an ended grant without the account and the object at the target."""
    plain: Plain = json.loads(text) | {"principal": None, "native_ref": None}
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def grant_text(grant: Grant) -> str:
    """The text of a grant's content column."""
    plain: Plain = {
        "request": grant.request,
        "access": dict(grant.access),
        "seconds": grant.seconds,
        "activate_by": to_text(grant.activate_by),
        "principal": grant.principal,
        "native_ref": grant.native_ref,
        "baseline": grant.baseline,
        "cause": grant.cause,
        "late_until": moment_text(grant.late_until),
        "ended_at": moment_text(grant.ended_at),
        "origin": grant.origin,
        "since": moment_text(grant.since),
        "not_before": moment_text(grant.not_before),
        "window_end": moment_text(grant.window_end),
        "ticket_version": grant.ticket_version,
    }
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def grant_of(row: Mapping[str, Any]) -> Grant:
    """The grant in a row of the table `access_grant`."""
    plain: Plain = json.loads(row["content"])
    return Grant(
        id=row["id"],
        version=row["version"],
        state=GrantState(row["state"]),
        request=plain["request"],
        source=row["source"],
        table=row["tbl"],
        ticket_id=row["ticket_id"],
        entitlement=row["entitlement"],
        target=row["target"],
        access=plain["access"],
        subject=row["subject"],
        seconds=plain["seconds"],
        activate_by=from_text(plain["activate_by"]),
        principal=plain["principal"],
        native_ref=plain["native_ref"],
        not_after=moment(row["not_after"]),
        baseline=plain["baseline"],
        cause=plain["cause"],
        late_until=moment(plain["late_until"]),
        since=moment(plain.get("since")),
        revoking_since=moment(row["revoking_since"]),
        ended_at=moment(plain["ended_at"]),
        not_before=moment(plain.get("not_before")),
        window_end=moment(plain.get("window_end")),
        ticket_version=plain.get("ticket_version"),
        origin=plain.get("origin", "request"),  # none in grants of before there were emergencies
    )
