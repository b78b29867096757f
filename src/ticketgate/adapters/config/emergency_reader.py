"""The section `emergency` of a policy: who may help themself to what, and who reviews it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ticketgate.adapters.config.matcher_reader import digest_of_node
from ticketgate.adapters.config.stages_reader import OWNERS, Mention, read_assurance, read_words
from ticketgate.adapters.files.places import Place, did_you_mean
from ticketgate.domain.policy.policy import (
    ASSURANCE_LEVELS,
    BACKFILL_WITHIN,
    Allowed,
    EmergencyRules,
    Word,
)

REVIEW_WORDS: Final = OWNERS | {"owner_of", "backup_owner_of"}
BANNED: Final = ("beneficiary", "approver")  # whether or not they are written down
OVERDUE: Final = ("lock",)
SIGN_INS: Final = tuple(one for one in ASSURANCE_LEVELS if one != "passkey")  # signs decisions only


def read_emergency(
    place: Place | None,
    file: str,
    entitlements: Collection[str],
    mentions: list[Mention],
    allowed: list[tuple[str, Place]],
) -> EmergencyRules | None:
    """The section; None where there is none, or where it is faulty.

    `entitlements` are the ids that the policy has; `allowed` gets those named here, with places.
    """
    section = None if place is None else place.section()
    if section is None:
        return None
    allow_place = section.need("allow")
    places = (allow_place.some() if allow_place else None) or []
    allow = [_read_allowed(one, file, entitlements, mentions) for one in places]
    hard_max, cooldown = _span(section.need("hard_max")), _span(section.need("cooldown"))
    review = section.need("review")
    within_by = None if review is None else _read_review(review, mentions)
    overdue = section.need("overdue")
    word = None if overdue is None else overdue.choice(OVERDUE)
    back = section.get("backfill_within")
    backfill = BACKFILL_WITHIN if back is None else back.duration()
    level, because = read_assurance(section.get("assurance"), SIGN_INS, says_why=True)
    section.close()
    kept = [one for one in allow if one is not None]
    allowed += [(one.entitlement, at) for one, at in zip(allow, places, strict=True) if one]
    if len(kept) != len(places) or not kept or hard_max is None or cooldown is None:
        return None
    if within_by is None or word is None or backfill is None:
        return None
    where, digest = f"{file}:{section.line}", digest_of_node(section.place.node)
    within, by = within_by
    rules = EmergencyRules(tuple(kept), hard_max, cooldown, within, by, where, digest)
    return replace(rules, backfill_within=backfill, assurance=level, because=because)


def _span(place: Place | None) -> timedelta | None:
    return None if place is None else place.duration()


def _read_allowed(
    place: Place, file: str, entitlements: Collection[str], mentions: list[Mention]
) -> Allowed | None:
    section = place.section()
    if section is None:
        return None
    name_place = section.need("entitlement")
    name = None if name_place is None else name_place.ident()
    if name_place is not None and name is not None and name not in entitlements:
        hint = did_you_mean(name, entitlements)
        name_place.fault(f"the policy has no entitlement {name!r}{hint}")
        name = None
    people = read_words(section.need("people"), OWNERS, mentions)
    section.close()
    return None if name is None or not people else Allowed(name, people, f"{file}:{section.line}")


def _read_review(
    place: Place, mentions: list[Mention]
) -> tuple[timedelta, tuple[Word, ...]] | None:
    section = place.section()
    if section is None:
        return None
    within = _span(section.need("within"))
    by = read_words(section.need("by"), REVIEW_WORDS, mentions)
    never = section.get("never")
    for one in (never.some() if never else None) or ():
        one.choice(BANNED)
    section.close()
    return None if within is None or not by else (within, by)
