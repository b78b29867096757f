"""`weights.json`: a table of weights, written by `classify train`, read as strictly as a body.

Sorted JSON with one weight a line, so that two tables can be compared by eye and by diff.
"""

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final, NoReturn

from ticketgate.adapters.files.places import Place
from ticketgate.domain import strict_json
from ticketgate.domain.errors import StrictJsonError
from ticketgate.domain.text.training import Counts, Trained
from ticketgate.domain.text.weights import WEIGHTS_MAX, Weights, is_feature

FORMAT: Final = "ticketgate-weights-v1"
FILE_BYTES_MAX: Final = 2 * 1024 * 1024
_KEYS: Final = ("format", "date", "labels_sha256", "examples", "held_out", "threshold", "weights")
_EXAMPLES: Final = frozenset({"identity", "other"})
_HELD_OUT: Final = frozenset({*Counts._fields, "precision", "recall", "f1"})


class _Unfit(Exception):  # noqa: N818 -- a reason on its way to the place that reports it
    pass


def weights_text(trained: Trained, day: date, labels_sha256: str, identity: int, other: int) -> str:
    """The file for a table, with when and from what it was learnt and what it did unseen."""
    held_out = trained.held_out
    document = {
        "format": FORMAT,
        "date": day.isoformat(),
        "labels_sha256": labels_sha256,
        "examples": {"identity": identity, "other": other},
        "held_out": {
            **held_out._asdict(),
            "precision": held_out.precision,
            "recall": held_out.recall,
            "f1": held_out.f1,
        },
        "threshold": trained.threshold,
        "weights": trained.weights,
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def read_weights(place: Place | None, folder: Path) -> Weights | None:
    """The table that a policy names, beside it or by a path from its folder; faults at `place`."""
    name = None if place is None else place.text()
    if place is None or name is None:
        return None
    try:
        data = _data(folder / name)
        document = _document(data)
        return Weights(
            _table(document["weights"]),
            _whole(document["threshold"], "threshold"),
            name,
            1,
            sha256(data).hexdigest(),
        )
    except (OSError, ValueError, _Unfit, StrictJsonError) as fault:
        reason = fault.reason if isinstance(fault, StrictJsonError) else str(fault)
        if isinstance(fault, OSError):
            reason = f"cannot be read: {fault.strerror or 'no such file'}"
        place.fault(f"{name}: {reason}")
        return None


def _data(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        _refuse(f"larger than {FILE_BYTES_MAX} bytes")
    return data


def _document(data: bytes) -> Mapping[str, strict_json.JsonValue]:
    document = _mapping(strict_json.read(data), "the file")
    if document.get("format") != FORMAT:
        _refuse(f"its format is not {FORMAT}")
    _exactly(document, frozenset(_KEYS), "the file")
    try:
        date.fromisoformat(str(document["date"]))
    except ValueError:
        _refuse("date is no day such as 2026-11-26")
    digest = document["labels_sha256"]
    if not isinstance(digest, str) or len(digest) != len(sha256().hexdigest()):
        _refuse("labels_sha256 is no SHA-256")
    _exactly(_mapping(document["examples"], "examples"), _EXAMPLES, "examples")
    _exactly(_mapping(document["held_out"], "held_out"), _HELD_OUT, "held_out")
    return document


def _table(value: strict_json.JsonValue) -> dict[str, int]:
    read = _mapping(value, "weights")
    if len(read) > WEIGHTS_MAX:
        _refuse(f"more than {WEIGHTS_MAX} weights")
    wrong = next((name for name in read if not is_feature(name)), None)
    if wrong is not None:
        _refuse(f"{wrong!r} is no word or pair of words in folded form")
    return {name: _whole(weight, name) for name, weight in read.items()}


def _mapping(value: strict_json.JsonValue, what: str) -> Mapping[str, strict_json.JsonValue]:
    if not isinstance(value, Mapping):
        _refuse(f"{what} is not a mapping")
    return value


def _exactly(found: Mapping[str, object], keys: frozenset[str], what: str) -> None:
    for key in sorted(found.keys() - keys):
        _refuse(f"{what} has an unknown key {key!r}")
    for key in sorted(keys - found.keys()):
        _refuse(f"{what} lacks the key {key!r}")


def _whole(value: strict_json.JsonValue, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(f"{what} is not a whole number")
    return value


def _refuse(reason: str) -> NoReturn:
    raise _Unfit(reason)
