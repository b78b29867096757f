"""What a word such as "password" announces, if it does not read as a word; in linear time.

Right behind the word and a sign it is enough that a value reads as no word. With other words
between (`the password for bob is …`), or without a sign (`password …!`), it has to look like a
password.
"""

import re
from collections.abc import Iterator
from typing import Final

from ticketgate.domain.text.secret_shapes import MARK, Span
from ticketgate.domain.text.secret_words import (
    A_TEST,
    BEHIND_SIGN,
    BEHIND_WORD,
    BETWEEN,
    BETWEEN_MAX,
    GIVING,
    KEY,
    KEY_OF_CHARS,
    KEYS_OF,
    NAMING,
    OF_ITS_OWN,
    OF_ITS_OWN_ON,
    OTHERS,
    PASS_ENDS,
    PASS_ON,
    PASSWORDS,
    PRODUCT,
    REST,
    REST_OF_PASS,
    SETTING,
    SIGN,
    VALUE,
    WHOLE,
)

VALUE_MIN: Final = 6
_TOLD: Final = re.compile(r"[\d!#$%^*§€£@]")  # of which each password has one, as told below
_REACH: Final = 400  # characters: all that may stand between, and a value
_BARE_MIN: Final = 8  # characters of a value that no sign announces
_MASKED: Final = MARK.rstrip()  # as it begins a word
_HARD: Final = frozenset("!#$%^&*+=~|?§€£@")  # that no word, name, path or number has inside
_HARDEST: Final = frozenset("!#$%^*§€£@")  # and that joins no words, and stands in no address
_DIGIT: Final = re.compile(r"[0-9]")
_EDGE: Final = ".,;:)]}>\\\"'`"  # what ends a sentence, and no password
_PLAIN_CODE: Final = re.compile(  # RITM0010001, OPS-1234; a date, a time, an amount
    r"[A-Z]{2,10}-?[0-9]{2,10}|[0-9]+[.,:/%+-][0-9.,:/%+-]*[A-Za-z%]{0,3}|[0-9]{1,5}[A-Za-z%]{1,3}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+-]+Z?"
)
_EXCUSED: Final = re.compile(  # right behind a word and a sign: a ticket's number, a date, a time
    r"(?:INC|RITM|REQ|SCTASK|TASK|CTASK|PTASK|CHG|PRB|PKE|KB|CS|HRC|SR|STRY)-?[0-9]{4,10}"
    r"|(?:[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{4})"
    r"(?:T[0-9:.+-]+Z?)?|[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,6})?Z?|[0-9]{1,2}:[0-9]{2}[AaPp][Mm]"
)
_WRAPPED: Final = re.compile(r"(~~|\*{1,3})([^~*]+)\1")  # struck out, or bold
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_ACCOUNT: Final = re.compile(r"@?[\w.+-]*@?[\w.-]*")  # bob@corp
_SHORT: Final = PASSWORDS[0]  # other words begin so, and end so: passport, bypass
_WORDS: Final = (*PASSWORDS, *OTHERS, *WHOLE, KEY)
_ASCII_WORDS: Final = tuple(filter(str.isascii, _WORDS))
_ENDS_CHARS: Final = max(map(len, PASS_ENDS))
_BARE: Final = frozenset((*PASSWORDS, "pw"))


def announced(text: str) -> Iterator[Span]:
    """The values that words announce."""
    # A dotted capital I alone becomes two characters (Unicode, SpecialCasing.txt).
    low = text.lower() if text.isascii() else text.replace("İ", "i").lower()
    for word in _ASCII_WORDS if text.isascii() else _WORDS:
        at = low.find(word)
        while at >= 0:
            behind = at + len(word)
            if _announces(low, word, at):
                yield from _behind(text, low, word, at)
            at = low.find(word, behind)


def looks_secret(value: str) -> bool:
    """Whether a value reads as neither a word, a name, a ticket, a date, an address nor a link."""
    wrapped = _WRAPPED.fullmatch(value)
    value = value if wrapped is None else wrapped[2]
    if len(value) < VALUE_MIN or MARK in value or "://" in value:
        return False
    if _EXCUSED.fullmatch(value) or _ADDRESS.fullmatch(value):
        return False
    if not _HARD.isdisjoint(value[:-1]) and any(map(str.isalpha, value)):
        return True
    digits = any(map(str.isdigit, value)) if not value.isascii() else _DIGIT.search(value)
    return bool(digits)


def _announces(low: str, word: str, at: int) -> bool:
    """Whether a word at this place is one that announces a secret."""
    if word in WHOLE:
        end = at + len(word)
        return not (low[at - 1 : at].isalnum() or low[end : end + 1].isalnum())
    return word is not KEY or _is_key_of(low, at)


def _is_key_of(low: str, at: int) -> bool:
    """Whether the word `key` at this place is that of an API, an account and the like."""
    before = low[max(0, at - KEY_OF_CHARS) : at]
    return (before[:-1] if before[-1:] in {" ", "_", "-"} else before).endswith(KEYS_OF)


def _is_of_its_own(text: str, low: str, word: str, at: int) -> bool:
    """Whether a short word is no part of one that says something else."""
    behind = at + len(word)
    if word in OF_ITS_OWN:
        return OF_ITS_OWN_ON.match(text, behind) is not None
    if word != _SHORT:
        return True
    on = PASS_ON.match(text, behind)
    if on is None or (text.startswith("PASS", at) and A_TEST.match(text, behind)):
        return False
    return on["rest"] is not None or not low.endswith(PASS_ENDS, max(0, at - _ENDS_CHARS), at)


def _behind(text: str, low: str, word: str, at: int) -> Iterator[Span]:
    behind = at + len(word)
    found = VALUE.match(text, behind) if _is_of_its_own(text, low, word, at) else None
    if found is not None:
        begin, value = found.start("value"), _value(found)
        if looks_secret(value):
            yield Span(begin, begin + len(value), "password")
            return
    if _TOLD.search(text, behind, behind + _REACH) is None:
        return
    rest = (REST_OF_PASS if word == _SHORT else REST).match(text, behind)
    if rest is None or (word == _SHORT and not rest[0] and low[at - 1 : at].isalpha()):
        return
    yield from _behind_others(text, rest.end(), bare=word in _BARE)


def _behind_others(text: str, at: int, *, bare: bool) -> Iterator[Span]:
    """The value behind a few words and a sign; with `bare`, also one without a sign."""
    words: list[str] = []
    while len(words) <= BETWEEN_MAX:
        sign = SIGN.match(text, at)
        found = BEHIND_WORD.match(text, at) if sign is None else BEHIND_SIGN.match(text, sign.end())
        if found is not None and (sign is not None or bare):
            begin, value = found.start("value"), _value(found)
            strong = _stands_bare(value, words) if sign is None else _stands(value, words, sign)
            if strong:
                yield Span(begin, begin + len(value), "password")
                return
        between = BETWEEN.match(text, at)
        if between is None or (sign is not None and not _is_verb(sign)):
            return
        words.append(between[1].lower())
        at = between.end()


def _is_verb(sign: re.Match[str]) -> bool:
    return sign[0].strip().isalpha()


def _value(found: re.Match[str]) -> str:
    return found["value"].partition(_MASKED)[0].rstrip(_EDGE)


def _stands(value: str, words: list[str], sign: re.Match[str]) -> bool:
    """Whether what stands behind words and a sign looks like a password, and like no name."""
    if not _may_stand(value):
        return False
    upper, lower, digit = _kinds(value)
    if not (upper or lower):
        return False
    if not _HARD.isdisjoint(value.replace("=", "")) and digit:
        return True
    if not _HARDEST.isdisjoint(value[:-1]) and upper and lower:
        return True
    named = not NAMING.isdisjoint(words) and words[-1] not in SETTING
    if named or not digit or not value.isalnum():  # with signs between it is a host or a place
        return False
    told = bool(words) and words[0] in GIVING and sign[0].strip()[-1:] in tuple(":=>→⇒")
    return told or (upper and lower)


def _stands_bare(value: str, words: list[str]) -> bool:
    """The same without a sign; a mark at its end is the sentence's, unless it has capitals."""
    if len(value) < _BARE_MIN or not _may_stand(value) or _ACCOUNT.fullmatch(value):
        return False
    upper, lower, digit = _kinds(value)
    if not digit:
        return not words and upper and lower and not _HARDEST.isdisjoint(value[:-1])
    if not (upper or lower):
        return False
    hard = _HARDEST if words else _HARD
    inside = not hard.isdisjoint(value[:-1])
    return inside or (value[-1] in hard and upper and lower)


def _may_stand(value: str) -> bool:
    """Whether it is neither a code, a product nor an address, whatever ends the sentence."""
    bare = value.lstrip("#@").rstrip("!?")
    plain = _PLAIN_CODE.fullmatch(bare) or PRODUCT.fullmatch(bare)
    return not plain and looks_secret(value)


def _kinds(value: str) -> tuple[bool, bool, bool]:
    """Whether it has capitals, other letters, and digits."""
    return (
        any(map(str.isupper, value)),
        any(char.isalpha() and not char.isupper() for char in value),
        any(map(str.isdigit, value)),
    )
