"""Who approves, as read from a policy: words, stages, justification, assurance."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ticketgate.adapters.files.places import LATER, Place, Section, did_you_mean
from ticketgate.adapters.files.strict_yaml import Items
from ticketgate.domain.policy.policy import (
    APPROVER_WORDS,
    ASSURANCE_LEVELS,
    LONE_WORDS,
    NEVER_WORDS,
    Escalation,
    Stage,
    Word,
)

NEED_MAX: Final = 20
JUSTIFICATION_CHARS_DEFAULT: Final = 20
JUSTIFICATION_CHARS_MAX: Final = 1000
PARTIES: Final = ("beneficiary", "requester")
LATER_WORDS: Final = frozenset(
    {"role", "asset_owner_of", "lifecycle_owner_of", "nhi_owner_of", "delegate_of"}
)
WORD_OF: Final = {
    "manager_of": PARTIES,
    "same_team": PARTIES,
    "direct_report_of": PARTIES,
    "owner_of": ("entitlement",),
    "backup_owner_of": ("entitlement",),
}
_NAMELESS: Final = WORD_OF.keys() | LONE_WORDS  # words without an id of another file
OWNERS: Final = frozenset({"person", "group"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that another file must know: a `target`, `person`, `group` or `on_call` rota."""

    kind: str
    name: str
    place: Place


def read_owner(place: Place | None, mentions: list[Mention]) -> Word | None:
    """`person:ID` or `group:ID`."""
    return None if place is None else _read_word(place, OWNERS, mentions)


def read_words(
    place: Place | None, known: Collection[str], mentions: list[Mention]
) -> tuple[Word, ...]:
    """A list of approver words."""
    found = [_read_word(one, known, mentions) for one in (place.some() if place else None) or ()]
    return tuple(word for word in found if word is not None)


def read_stages(place: Place | None, mentions: list[Mention]) -> tuple[Stage, ...]:
    """The stages of a rule, in order."""
    sections = [one.section() for one in (place.some() if place else None) or ()]
    found = [_read_stage(one, mentions) for one in sections if one is not None]
    stages = tuple(one for one in found if one is not None)
    names = [stage.name for stage in stages]
    if place is not None and len(set(names)) != len(names):
        place.fault("two stages have one name")
    return stages


def read_justification(place: Place | None) -> int:
    """`{ min_chars: N }`; what is not said is 20."""
    section = None if place is None else place.section()
    if section is None:
        return JUSTIFICATION_CHARS_DEFAULT
    chars = section.need("min_chars")
    least = None if chars is None else chars.integer(1, JUSTIFICATION_CHARS_MAX)
    section.close()
    return least or JUSTIFICATION_CHARS_DEFAULT


def read_assurance(
    place: Place | None, levels: Collection[str] = ASSURANCE_LEVELS, *, says_why: bool = False
) -> tuple[str | None, str]:
    """`{ accept: LEVEL, because: … }`; None means the default of the tier.

    With `says_why` there is no level without a `because`.
    """
    section = None if place is None else place.section()
    if section is None:
        return None, ""
    accept_place = section.need("accept")
    because_place = section.need("because") if says_why else section.get("because")
    accept = None if accept_place is None else accept_place.choice(levels)
    because = None if because_place is None else because_place.text()
    section.close()
    return accept, because or ""


def read_escalation(
    place: Place | None, within: timedelta | None, mentions: list[Mention]
) -> Escalation | None:
    """`{ after: 4h, to: [words] }`; `after` is before the time to decide is over."""
    section = None if place is None else place.section()
    if section is None:
        return None
    after_place, to_place = section.need("after"), section.need("to")
    after = None if after_place is None else after_place.duration()
    to = read_words(to_place, APPROVER_WORDS, mentions)
    section.close()
    if after_place is None or after is None:
        return None
    if within is not None and after >= within:
        after_place.fault("must be less than decide_within")
    return Escalation(after, to)


def _read_stage(section: Section, mentions: list[Mention]) -> Stage | None:
    name_place, need_place = section.need("name"), section.need("need")
    name = None if name_place is None else name_place.ident()
    need = None if need_place is None else need_place.integer(1, NEED_MAX)
    words = section.need("any_of")
    any_of = read_words(words, APPROVER_WORDS, mentions)
    never = read_words(section.get("never"), NEVER_WORDS, mentions)
    section.close()
    named = len(words.node.nodes) if words and isinstance(words.node, Items) else -1
    if name is None or need is None or len(any_of) != named:
        return None
    return Stage(name, any_of, need, never)


def _read_word(place: Place, known: Collection[str], mentions: list[Mention]) -> Word | None:
    text = place.text()
    if text is None:
        return None
    verb, _, of = text.partition(":")
    if verb in LATER_WORDS:
        place.fault(f"the word {verb!r} {LATER}")
    elif verb not in known:
        place.fault(f"unknown word {verb!r}{did_you_mean(verb, known)}")
    elif verb in WORD_OF and of not in WORD_OF[verb]:
        place.fault(f"{verb}: of what? One of: {', '.join(WORD_OF[verb])}")
    elif verb in LONE_WORDS and of:
        place.fault(f"{verb} stands alone: without {':' + of!r}")
    elif not of and verb not in LONE_WORDS:
        place.fault(f"{verb}: the id is missing, as in {verb}:ID")
    else:
        if verb not in _NAMELESS:
            mentions.append(Mention(verb, of, place))
        return Word(verb, of)
    return None
