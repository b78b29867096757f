"""`/api/v1/triage` and `/api/v1/quarantine`: what their pages show and take, field by field."""

from typing import Final

import flask

from ticketgate.domain.instants import to_text
from ticketgate.domain.tickets.identity_event import Outcome, RuleOutcome
from ticketgate.operations.attending.quarantine import QuarantineForm
from ticketgate.operations.attending.triage import TriageForm
from ticketgate.operations.desks import quarantine_desk, triage_desk
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.quarantine_desk import QuarantineDesk, QuarantineView, TicketTold
from ticketgate.operations.desks.triage_desk import TriageDesk, TriageView
from ticketgate.web.api import Asked, Resource, refusal_told

_OUTCOMES: Final = {Outcome.TRUE: "matched", Outcome.UNKNOWN: "blind"}


def add_api_lanes(
    app: flask.Flask, desk: Desk, triages: TriageDesk, quarantines: QuarantineDesk
) -> None:
    """Add the resources of this module to `app`."""
    triage = Resource(
        "triage",
        "tickets",
        triage_desk.LISTED_MAX,
        triages.listed,
        triages.view,
        triages.say,
        _verdict,
        lambda form: form.verdict,
        _ticket,
        _whole_ticket,
    )
    quarantine = Resource(
        "quarantine",
        "deliveries",
        quarantine_desk.LISTED_MAX,
        quarantines.listed,
        quarantines.view,
        quarantines.say,
        _what,
        lambda form: form.what,
        _delivery,
        _whole_delivery,
    )
    triage.add_to(app, desk)
    quarantine.add_to(app, desk)


def _verdict(asked: Asked) -> TriageForm:
    """`kinds` and `tier` may be left out, as they count only where it is an identity event."""
    return TriageForm(
        verdict=asked.text("verdict"),
        kinds=asked.texts("kinds"),
        tier=asked.text("tier", default=""),
        justification=asked.text("justification"),
        shown=asked.text("shown"),
    )


def _what(asked: Asked) -> QuarantineForm:
    return QuarantineForm(asked.text("what"), asked.text("justification"), asked.text("shown"))


def _ticket(view: TriageView) -> dict[str, object]:
    return {
        "id": view.id,
        "number": view.number,
        "source": view.source,
        "table": view.table,
        "state": view.state,
        "revision": view.revision,
        "since": to_text(view.since),
        "age_seconds": view.age_seconds,
        "short_description": view.short,
        "rules": [_rule(one) for one in view.rules],
    }


def _whole_ticket(view: TriageView) -> dict[str, object]:
    known = view.classification
    return {
        **_ticket(view),
        "rules": [_rule(one) | {"clauses": _clauses(one)} for one in view.rules],
        "kinds": list(known.kinds),
        "tier": known.tier.word,
        "breaches": [
            {"code": one.code, "subject": one.subject, "what": one.what} for one in known.breaches
        ],
        "fields": dict(view.fields),
        "people": [{"who": who, "roles": list(roles)} for who, roles in view.people],
        "unknown": list(view.unknown),
        "said_once": view.said_once,
        "barred": refusal_told(view.barred),
        "waits": refusal_told(view.waits),
        "shown": view.shown,
    }


def _rule(rule: RuleOutcome) -> dict[str, object]:
    return {
        "rule": rule.rule,
        "where": rule.where,
        "outcome": _OUTCOMES[rule.outcome],
        "kind": rule.kind,
        "tier": rule.tier.word,
        "verdict": rule.verdict.value,
    }


def _clauses(rule: RuleOutcome) -> list[dict[str, str]]:
    return [
        {
            "clause": one.clause,
            "outcome": one.outcome.value,
            "seen": one.seen,
            "note": one.note,
        }
        for one in rule.clauses
    ]


def _delivery(view: QuarantineView) -> dict[str, object]:
    return {
        "id": view.id,
        "source": view.source,
        "received_at": to_text(view.received_at),
        "age_seconds": view.age_seconds,
        "reason": view.reason,
        "words": view.words,
        "ticket": view.ticket,
        "numbers": list(view.numbers),
        "blocks": [{"number": one, "entitlement": what} for one, what in view.blocks],
    }


def _whole_delivery(view: QuarantineView) -> dict[str, object]:
    return {
        **_delivery(view),
        "told": None if view.told is None else _told(view.told),
        "body_kept": view.whole,
        "barred": refusal_told(view.barred),
        "shown": view.shown,
    }


def _told(told: TicketTold) -> dict[str, object]:
    return {
        "number": told.number,
        "table": told.table,
        "opener": told.opener,
        "version": told.version,
        "held_revision": told.held,
        "differences": [
            {"field": name, "held": held, "told": said} for name, held, said in told.differences
        ],
    }
