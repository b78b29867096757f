"""The triage lane: uncertain tickets, and the form that says what one is, at `/console/triage`."""

from typing import Final

import flask

from ticketgate.domain.tickets.identity_event import KINDS, Outcome, Tier
from ticketgate.operations.attending.triage import TriageForm
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.triage_desk import TriageDesk, TriageView
from ticketgate.web.lane import Lane

_UNKNOWN: Final = "unknown.identity"


def _form(typed: str) -> TriageForm:
    form = flask.request.form
    return TriageForm(
        verdict=form.get("verdict", ""),
        kinds=tuple(form.getlist("kind")),
        tier=form.get("tier", ""),
        justification=typed,
        shown=form.get("shown", ""),
    )


def _context(view: TriageView, form: TriageForm | None) -> dict[str, object]:
    floor = view.classification.tier
    known = [one for one in view.classification.kinds if one != _UNKNOWN]
    return {
        "all_kinds": sorted(KINDS),
        "tiers": [one.word for one in Tier if one >= floor],
        "verdict": "" if form is None else form.verdict,
        "kinds": known if form is None else form.kinds,
        "tier": "" if form is None else form.tier,
    }


def add_triage(app: flask.Flask, desk: Desk, triages: TriageDesk) -> None:
    """Add the pages of this module to `app`."""
    lane = Lane(
        "triage",
        "triage_ticket",
        triages.listed,
        triages.view,
        triages.say,
        _form,
        _context,
        more={"blind": Outcome.UNKNOWN},
    )
    lane.add_to(app, desk)
