"""Roles as read from the settings: who may do what beside deciding requests."""

from typing import Final

from ticketgate.adapters.files.places import Place
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.roles import ROLES

WORDS: Final = ("group", "person")


def read_roles(
    place: Place | None,
) -> tuple[dict[str, tuple[Word, ...]], list[tuple[Word, Place]]]:
    """Role -> who has it; and each word with its place, to be held against the directory."""
    section = None if place is None else place.section()
    found: dict[str, tuple[Word, ...]] = {}
    words: list[tuple[Word, Place]] = []
    if section is None:
        return found, words
    for role in ROLES:
        inner = section.get(role)
        read = [(_word(one), one) for one in (inner.some() if inner else None) or ()]
        known = [(word, one) for word, one in read if word is not None]
        found[role] = tuple(word for word, _ in known)
        words += known
    section.close()
    return found, words


def _word(place: Place) -> Word | None:
    text = place.text()
    if text is None:
        return None
    verb, _, of = text.partition(":")
    if verb not in WORDS or not of:
        place.fault(f"{text!r} is not group:ID or person:ID")
        return None
    return Word(verb, of)
