"""Basis: on whose word a decision says that its person might decide; a token is of then."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import from_text, is_instant
from ticketgate.domain.people.id_token import SKEW
from ticketgate.domain.people.step_up import bad_step_up

AGE_MAX: Final = timedelta(hours=1)

Record = Mapping[str, Json]


def bad_sign_in(record: Record) -> str:
    """What is wrong with the sign-in that a decision tells of; empty where nothing is."""
    return bad_step_up(record) or _bad_claim(record)


def _bad_claim(record: Record) -> str:
    at, now = record.get("claimed_at"), record.get("_ts")
    if (record.get("authority_basis") == "claimed") != (at is not None):
        return "a claim without its time, or the other way round"
    if at is None:
        return ""
    if not is_instant(at) or not is_instant(now):
        return "a claim not of then"
    age = from_text(str(now)) - from_text(str(at))
    return "" if -SKEW <= age <= AGE_MAX else "a claim not of then"
