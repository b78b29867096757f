"""What operators' tools ask: is it alive, is it ready, how much of what."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from flask import Blueprint, Flask, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from werkzeug.exceptions import HTTPException

from ticketgate.web.problems import PROBLEM_TYPE, problem_body, retry_after, status_of

Readiness = Mapping[str, tuple[bool, str]]  # check -> (whether it is well, how it is)

_JSON: Final = "application/json"
_NOT_READY: Final = "not_ready"


def healthz() -> tuple[int, bytes]:
    """The process answers; that is all it says."""
    return 200, b'{"status": "ok"}'


def readyz(readiness: Readiness) -> tuple[int, bytes]:
    """200 when every check is well, else 503 with a problem that names those that are not."""
    checks = {name: {"ok": ok, "text": text} for name, (ok, text) in readiness.items()}
    failing = ", ".join(name for name, (ok, _) in readiness.items() if not ok)
    if failing:
        return status_of(_NOT_READY), problem_body(_NOT_READY, failing, checks=checks)
    return 200, json.dumps({"status": "ready", "checks": checks}).encode()


def probes(readiness: Callable[[], Readiness], registry: CollectorRegistry) -> Blueprint:
    """`/healthz`, `/readyz`, `/metrics` as a Flask blueprint."""
    pages = Blueprint("probes", __name__)

    @pages.get("/healthz")
    def health() -> Response:
        return _response(*healthz())

    @pages.get("/readyz")
    def ready() -> Response:
        return _response(*readyz(readiness()))

    @pages.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return pages


def closed_pages(looks: Blueprint) -> Flask:
    """An application with these probes alone; every other page is not ready."""
    app = Flask(__name__)
    app.register_blueprint(looks)
    app.register_error_handler(
        HTTPException,
        lambda _: _response(status_of(_NOT_READY), problem_body(_NOT_READY, "only revoking")),
    )
    return app


def _response(status: int, body: bytes) -> Response:
    well = status == 200  # noqa: PLR2004 -- HTTP's own number
    again = [(name.decode(), value.decode()) for name, value in retry_after(status)]
    return Response(body, status, again, content_type=_JSON if well else PROBLEM_TYPE)
