"""The log as people read it at `/console/evidence`, and `/console/search`. GET changes nothing.

A record's page carries a script of ours that checks what the page shows against the checkpoint.
"""

from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.domain.log.machines import RECORD_TYPES
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.evidence_desk import EvidenceDesk
from ticketgate.operations.evidence.find_records import place_of
from ticketgate.web.lane import to_sign_in
from ticketgate.web.replies import refused
from ticketgate.web.security import with_script
from ticketgate.web.sign_in import signed_in

LIST: Final = "evidence_log"
ONE: Final = "evidence_record"
SEARCH: Final = "search"
QUERY_CHARS_MAX: Final = 200
_TYPES: Final = tuple(sorted(RECORD_TYPES))
_NO_RECORD: Final = Refusal("not_found", "There is no such record.")


class LogList(MethodView):
    """Where the log stands, and its records, the newest first."""

    init_every_request = False

    def __init__(self, desk: Desk, evidence: EvidenceDesk) -> None:
        self._desk = desk
        self._evidence = evidence

    def get(self) -> ResponseReturnValue:
        """The page; the record itself where the query is an index."""
        person, asked = signed_in(self._desk), flask.request.args
        if person is None:
            return to_sign_in(flask.url_for(LIST))
        query = asked.get("q", "")[:QUERY_CHARS_MAX].strip()
        place = place_of(query)
        if place is not None:
            return flask.redirect(flask.url_for(ONE, index=place), 303)
        type_ = asked.get("type", "")
        type_ = type_ if type_ in RECORD_TYPES else ""
        before = place_of(asked.get("before", ""))
        page = self._evidence.page(person.subject, before=before, type_=type_, query=query)
        if isinstance(page, Refusal):
            return refused(page)
        found = {"q": query, "type": type_}
        context = {"page": page, "types": _TYPES, "begun": before is None, **found}
        return flask.render_template("evidence_log.html", **context)


class Search(MethodView):
    """What fits a query, of what this person may see."""

    init_every_request = False

    def __init__(self, desk: Desk, evidence: EvidenceDesk) -> None:
        self._desk = desk
        self._evidence = evidence

    def get(self) -> ResponseReturnValue:
        """The page."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(SEARCH))
        query = flask.request.args.get("q", "")[:QUERY_CHARS_MAX].strip()
        hits = self._evidence.search(query, person.subject)
        if isinstance(hits, Refusal):
            return refused(hits)
        return flask.render_template("search.html", hits=hits, q=query)


class OneRecord(MethodView):
    """One record, what it hides, and the proof that it is in the signed log."""

    init_every_request = False

    def __init__(self, desk: Desk, evidence: EvidenceDesk) -> None:
        self._desk = desk
        self._evidence = evidence

    def get(self, index: str) -> ResponseReturnValue:
        """The page."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(ONE, index=index))
        place = place_of(index) if index.isdigit() else None
        view = _NO_RECORD if place is None else self._evidence.view(place, person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        with_script()
        return flask.render_template("evidence_record.html", view=view)


def add_log_pages(app: flask.Flask, desk: Desk, evidence: EvidenceDesk | None) -> None:
    """Add the pages of this module to `app`; without `evidence` only what templates ask."""
    app.context_processor(
        lambda: {"log_head": (lambda: None) if evidence is None else evidence.head}
    )
    if evidence is None:
        return
    app.add_url_rule("/console/search", view_func=Search.as_view(SEARCH, desk, evidence))
    path = "/console/evidence"
    app.add_url_rule(path, view_func=LogList.as_view(LIST, desk, evidence))
    app.add_url_rule(f"{path}/<index>", view_func=OneRecord.as_view(ONE, desk, evidence))
