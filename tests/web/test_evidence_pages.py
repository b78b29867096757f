"""`/evidence/…`: what is handed out, how it may be cached, and the one 404 for all else."""

from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from tests.keys import ORIGIN, key_of
from tests.operations.kit import Gate

from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.tlog_proof import parse_tlog_proof
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.hand_out import HandOut
from ticketgate.web.evidence import evidence_pages
from ticketgate.web.security import secure


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[dict[str, HandOut | None]]:
    """What is handed out now, of a real log that was signed."""
    gate = Gate(tmp_path)
    signer = CheckpointSigner([key_of("alice")], tmp_path / "memory")
    Checkpointer(gate.store, signer, ORIGIN).sign()
    try:
        yield {
            name: HandOut(gate.store, signer, public=name == "public") for name in ("public", "now")
        }
    finally:
        gate.stop()


@pytest.fixture
def client(shown: dict[str, HandOut | None]) -> FlaskClient:
    app = flask.Flask(__name__)
    secure(app, public_url="http://127.0.0.1", session_key=b"k" * 32)
    app.register_blueprint(evidence_pages(lambda: shown["now"]))
    return app.test_client()


def test_the_checkpoint_is_text_that_nobody_caches(client: FlaskClient) -> None:
    answer = client.get("/evidence/checkpoint")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert parse_checkpoint(answer.data).checkpoint.origin == ORIGIN


def test_tiles_are_bytes_that_are_cached_for_ever(client: FlaskClient) -> None:
    size = parse_checkpoint(client.get("/evidence/checkpoint").data).checkpoint.size
    answer = client.get(f"/evidence/tile/0/000.p/{size}")
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert len(answer.data) == 32 * size
    head = client.head(f"/evidence/tile/0/000.p/{size}")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["content-length"] == str(32 * size)


def test_entries_and_receipts_are_there_where_they_are_public(
    client: FlaskClient, shown: dict[str, HandOut | None]
) -> None:
    for path in ("/evidence/tile/entries/000.p/1", "/evidence/proof/0"):
        assert client.get(path).status_code == 404
    shown["now"] = shown["public"]
    assert client.get("/evidence/tile/entries/000.p/1").status_code == 200
    answer = client.get("/evidence/proof/0")
    assert answer.headers["cache-control"] == "no-store"
    assert parse_tlog_proof(answer.data).holds()


@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/0", "tile/0/000.p/200", "tile/9/000", "tile/x", "proof/00", "proof/x",
     "proof/900", "proof/-1", "checkpoints", ""],
)  # fmt: skip
def test_all_else_is_not_found_and_not_cached(
    client: FlaskClient, shown: dict[str, HandOut | None], path: str
) -> None:
    shown["now"] = shown["public"]
    answer = client.get(f"/evidence/{path}")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


def test_nothing_is_handed_out_of_a_log_that_is_in_doubt(
    client: FlaskClient, shown: dict[str, HandOut | None]
) -> None:
    shown["now"] = None
    for path in ("checkpoint", "tile/0/000.p/1", "proof/0"):
        assert client.get(f"/evidence/{path}").status_code == 404


def test_nothing_can_be_written(client: FlaskClient) -> None:
    for path in ("checkpoint", "tile/0/000.p/1", "proof/0"):
        assert client.put(f"/evidence/{path}").status_code == 405
