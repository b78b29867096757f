"""The probes: alive, ready, counted."""

import json

import flask
import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry, Counter

from ticketgate.web.probes import Readiness, probes


@pytest.fixture
def status() -> dict[str, tuple[bool, str]]:
    return {"write path": (True, "3 ms"), "disk": (True, "40 GB free")}


@pytest.fixture
def client(status: Readiness) -> FlaskClient:
    registry = CollectorRegistry()
    Counter("refused", "Deliveries refused.", ["code"], registry=registry).labels("path").inc()
    app = flask.Flask(__name__)
    app.register_blueprint(probes(lambda: status, registry))
    return app.test_client()


def test_a_process_that_answers_is_alive(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_all_well_is_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.get_json() == {
        "status": "ready",
        "checks": {
            "write path": {"ok": True, "text": "3 ms"},
            "disk": {"ok": True, "text": "40 GB free"},
        },
    }


def test_one_fault_is_503_and_named(
    client: FlaskClient, status: dict[str, tuple[bool, str]]
) -> None:
    status["write path"] = (False, "the writer has died")
    answer = client.get("/readyz")
    told = json.loads(answer.data)
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    assert (told["code"], told["detail"]) == ("not_ready", "write path")
    assert told["checks"]["write path"] == {"ok": False, "text": "the writer has died"}


def test_metrics_are_in_the_text_format(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert 'refused_total{code="path"} 1.0' in answer.text
