"""The script-writer's receiver: checks the MAC and commits each request before it answers."""

import base64
import hashlib
import hmac
import os
import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.post("/hooks/<source>")
def keep(source: str) -> tuple[str, int]:
    """Check the MAC, insert, commit, 202."""
    body = request.get_data()
    ident, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    signed = f"{ident}.{stamp}.".encode() + body
    mac = base64.b64encode(hmac.digest(_KEY, signed, "sha256")).decode()
    if not hmac.compare_digest(f"v1,{mac}", request.headers["webhook-signature"]):
        return "no", 401
    digest = hashlib.sha256(body).hexdigest()
    with _DB:
        _DB.execute("INSERT INTO delivery VALUES (?, ?, ?, ?)", (source, ident, digest, body))
    return ident, 202


def _open(path: str) -> sqlite3.Connection:
    """One connection for the one thread that the server runs: the kindest way for this peer."""
    database = sqlite3.connect(path, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(
        "CREATE TABLE IF NOT EXISTS delivery"
        " (source TEXT, id TEXT, digest TEXT, body BLOB, PRIMARY KEY (source, id))"
    )
    return database


_KEY = base64.b64decode(os.environ["BENCH_KEY"])
_DB = _open(os.environ["BENCH_STORE"])
