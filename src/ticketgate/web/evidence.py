"""`/evidence/…`: the signed log for auditors and witnesses, read only (C2SP tlog-tiles).

Whatever there is not, or is not for whoever asks, is the same 404.
"""

import re
from collections.abc import Callable
from typing import Final

import flask

from ticketgate.domain.log.tiles import TILE_TYPE
from ticketgate.domain.log.tlog_proof import PROOF_TYPE
from ticketgate.operations.evidence.hand_out import HandOut
from ticketgate.web.security import cached_as

FOR_EVER: Final = "public, max-age=31536000, immutable"  # what a tile holds never changes
_NOT_FOUND: Final = 404
_INDEX: Final = re.compile(r"(0|[1-9][0-9]{0,15})\Z", re.ASCII)


def evidence_pages(hand_out: Callable[[], HandOut | None]) -> flask.Blueprint:
    """The routes as a Flask blueprint; `hand_out` is None while nothing may be handed out."""
    pages = flask.Blueprint("evidence", __name__, url_prefix="/evidence")

    @pages.get("/checkpoint")
    def checkpoint() -> flask.Response:
        return _reply(_handed(hand_out).checkpoint(), PROOF_TYPE)

    @pages.get("/tile/<path:path>")
    def tile(path: str) -> flask.Response:
        reply = _reply(_handed(hand_out).tile(path), TILE_TYPE)
        cached_as(FOR_EVER)
        return reply

    @pages.get("/proof/<index>")
    def proof(index: str) -> flask.Response:
        if not _INDEX.match(index):
            flask.abort(_NOT_FOUND)
        return _reply(_handed(hand_out).receipt(int(index)), PROOF_TYPE)

    return pages


def _handed(hand_out: Callable[[], HandOut | None]) -> HandOut:
    found = hand_out()
    if found is None:
        flask.abort(_NOT_FOUND)
    return found


def _reply(data: bytes | None, content_type: str) -> flask.Response:
    if data is None:
        flask.abort(_NOT_FOUND)
    return flask.Response(data, content_type=content_type)
