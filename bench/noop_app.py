"""The denominator: a bare Flask app that only answers 202."""

from flask import Flask

app = Flask(__name__)


@app.post("/hooks/<source>")
def answer(source: str) -> tuple[str, int]:
    """202, whatever comes."""
    return source, 202
