"""Trust: whose signatures a verifier believes, in the form of C2SP tlog-policy.

`end` and `tsa` lines are ours (docs/evidence-format.md, "Trust"); a file without them is read by
other tools alike. Keys that the log itself brings (`key.rotated`) are followed from trusted ones.
"""

import base64
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import INTEGER_MAX, Json
from ticketgate.domain.log.note import (
    LOG_KEY,
    NOTE_BYTES_MAX,
    SIGNATURE_BYTES,
    WITNESS_KEY,
    NoteError,
    VerifierKey,
    VerifyEd25519,
    is_key_name,
    parse_vkey,
    unb64,
)

NONE: Final = "none"
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BLANKS: Final = re.compile(r"[ \t]+")  # not `split()`: octets of a name may look like a space
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}\Z", re.ASCII)
_ACTOR: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z", re.ASCII)
_KEY_DIGEST: Final = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_NUMBER: Final = re.compile(r"(0|[1-9][0-9]{0,15})\Z", re.ASCII)


class TrustError(EvidenceError):
    """Not a trust file; the text names the line."""

    code = "trust"


@dataclass(frozen=True, slots=True)
class Group:
    """At least `need` of `members` (witnesses or groups, by name)."""

    need: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key that may sign: trees larger than `above` and, where it has ended, up to `end`."""

    key: VerifierKey
    above: int = 0
    end: int | None = None

    def counts_at(self, size: int) -> bool:
        """Whether a checkpoint of this size may be by this key."""
        begun = self.above < size or self.above == size == 0  # 0: from the beginning on
        return begun and (self.end is None or size <= self.end)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a trust file says. `quorum` names a witness or a group, or is `none`.

    `groups` are in the order of the file, so that each comes after its members. `ends` are by
    label, also of keys that only the log brings; those of `logs` have their `end` already.
    `approvers` are the digests of the passkeys of each actor that are pinned; every decision from
    the record `passkeys_from` on must be signed by one of its approver's.
    """

    logs: tuple[LogKey, ...]
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE
    tsa: tuple[str, ...] = ()
    ends: Mapping[str, int] = field(default_factory=dict)
    approvers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    passkeys_from: int | None = None

    @property
    def origins(self) -> frozenset[str]:
        """The logs that it is about, by name."""
        return frozenset(one.key.name for one in self.logs)

    def meets(self, cosigned: Collection[VerifierKey]) -> bool:
        """Whether these witnesses are what the quorum asks for."""
        met = {NONE, *(name for name, key in self.witnesses.items() if key in cosigned)}
        for name, group in self.groups.items():  # members are defined before their group
            if sum(member in met for member in group.members) >= group.need:
                met.add(name)
        return self.quorum in met

    def of_origin(self, origin: str) -> tuple[LogKey, ...]:
        """The keys of one log."""
        return tuple(one for one in self.logs if one.key.name == origin)


def parse_trust(data: bytes) -> Trust:
    """What a trust file says.

    Raises:
        TrustError: a line that is not understood, a key of the wrong type, no log key, no quorum.
    """
    if len(data) > NOTE_BYTES_MAX:
        raise TrustError(f"a trust file of over {NOTE_BYTES_MAX} bytes")
    text = data.decode("latin-1")  # names are octets: what they spell does not matter
    if _UNPRINTABLE.search(text):
        raise TrustError("a trust file holds no control characters but tabs and newlines")
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in _BLANKS.split(line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reader.take(words)
        except EvidenceError as fault:
            raise TrustError(f"line {number}: {fault.reason}") from fault
    return reader.trust()


class _Reader:
    """The lines of one file, in order: names are defined before they are used."""

    def __init__(self) -> None:
        self._logs: list[LogKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._groups: dict[str, Group] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None
        self._tsa: list[str] = []
        self._ends: dict[str, int] = {}
        self._approvers: dict[str, frozenset[str]] = {}
        self._passkeys_from: int | None = None
        self._take: Mapping[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._take_quorum,
            "end": self._end,
            "tsa": self._take_tsa,
            "approver": self._approver,
            "passkeys": self._passkeys,
        }

    def take(self, words: Sequence[str]) -> None:
        reader = self._take.get(words[0])
        if reader is None:
            raise TrustError("begins with no word that is known here")
        reader(words[1:])

    def trust(self) -> Trust:
        if not self._logs or self._quorum is None:
            raise TrustError("there is no `log` line, or no `quorum` line")
        origins = {one.key.name for one in self._logs}
        if strange := sorted(one for one in self._ends if one.rpartition("+")[0] not in origins):
            raise TrustError(f"`end` of a key of no log in this file: {strange[0]!a}")
        logs = tuple(replace(one, end=self._ends.get(one.key.label)) for one in self._logs)
        return Trust(
            logs,
            dict(self._witnesses),
            dict(self._groups),
            self._quorum,
            tuple(self._tsa),
            dict(self._ends),
            dict(self._approvers),
            self._passkeys_from,
        )

    def _log(self, words: Sequence[str]) -> None:
        _count(words, 1, 2)
        self._logs.append(LogKey(self._key(words[0], LOG_KEY)))

    def _witness(self, words: Sequence[str]) -> None:
        _count(words, 2, 3)
        self._define(words[0])
        self._witnesses[words[0]] = self._key(words[1], WITNESS_KEY)

    def _group(self, words: Sequence[str]) -> None:
        _count(words, 3, None)
        name, threshold, *members = words
        self._define(name)
        for member in members:
            if member not in self._witnesses and member not in self._groups:
                raise TrustError(f"{member!a} is not defined above")
            if member in self._members:
                raise TrustError(f"{member!a} is a member already")
            self._members.add(member)
        words_for = {"all": len(members), "any": 1}
        need = words_for.get(threshold, 0)
        if not need and _NUMBER.match(threshold):
            need = int(threshold)
        if not 1 <= need <= len(members):
            raise TrustError("a group needs `all`, `any`, or from 1 to as many as it has")
        self._groups[name] = Group(need, tuple(members))

    def _take_quorum(self, words: Sequence[str]) -> None:
        _count(words, 1, 1)
        known = words[0] == NONE or words[0] in self._witnesses or words[0] in self._groups
        if self._quorum is not None or not known:
            raise TrustError("a quorum stands once, and names what is defined above, or none")
        self._quorum = words[0]

    def _end(self, words: Sequence[str]) -> None:
        _count(words, 2, 2)
        label, size = _octets(words[0]), words[1]
        name, _, key_id = label.rpartition("+")
        if not is_key_name(name) or not _KEY_ID.match(key_id) or not _NUMBER.match(size):
            raise TrustError("`end` is how a vkey begins, and a size")
        if int(size) > INTEGER_MAX:
            raise TrustError("`end` at more records than can be counted")
        self._ends[label] = min(int(size), self._ends.get(label, INTEGER_MAX))

    def _take_tsa(self, words: Sequence[str]) -> None:
        _count(words, 1, 1)
        self._tsa.append(_octets(words[0]))

    def _approver(self, words: Sequence[str]) -> None:
        _count(words, 2, 2)
        actor, key = words
        if not _ACTOR.match(actor) or not _KEY_DIGEST.match(key):
            raise TrustError("`approver` is an actor of the log, and SHA-256 (hex) of a key")
        self._approvers[actor] = self._approvers.get(actor, frozenset()) | {key}

    def _passkeys(self, words: Sequence[str]) -> None:
        _count(words, 1, 1)
        if self._passkeys_from is not None or not _NUMBER.match(words[0]):
            raise TrustError("`passkeys` stands once, and says from which record on")
        self._passkeys_from = int(words[0])
        if self._passkeys_from > INTEGER_MAX:
            raise TrustError("`passkeys` from more records on than can be counted")

    def _define(self, name: str) -> None:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise TrustError(f"the name {name!a} is taken")

    def _key(self, text: str, kind: int) -> VerifierKey:
        key = parse_vkey(_octets(text))
        if key.type != kind:
            raise TrustError("a key of another type than this line is for")
        known = [one.key.public for one in self._logs]
        known += [one.public for one in self._witnesses.values()]
        if key.public in known:
            raise TrustError("a key that stands in the file already")
        return key


def trust_text(trust: Trust) -> bytes:
    """The file that `parse_trust` reads as this."""
    lines = [f"log {one.key.text}" for one in trust.logs]
    lines += [f"witness {name} {key.text}" for name, key in trust.witnesses.items()]
    for name, group in trust.groups.items():
        lines.append(f"group {name} {group.need} {' '.join(group.members)}")
    lines += [f"quorum {trust.quorum}"]
    lines += [f"end {label} {size}" for label, size in trust.ends.items()]
    lines += [f"tsa {path}" for path in trust.tsa]
    for actor, pinned in trust.approvers.items():
        lines += [f"approver {actor} {key}" for key in sorted(pinned)]
    lines += [] if trust.passkeys_from is None else [f"passkeys {trust.passkeys_from}"]
    return "".join(f"{line}\n" for line in lines).encode()


def quorum_of(word: str, witnesses: Mapping[str, VerifierKey]) -> tuple[dict[str, Group], str]:
    """The groups and the quorum that `all`, `any`, `none` or a witness's name means."""
    if not witnesses or word not in {"all", "any"}:
        return {}, word if word in witnesses else NONE
    need = len(witnesses) if word == "all" else 1
    return {f"{word}-witnesses": Group(need, tuple(witnesses))}, f"{word}-witnesses"


def follow_key(
    keys: Sequence[LogKey], origin: str, index: int, record: Mapping[str, Json],
    verify: VerifyEd25519, ends: Mapping[str, int] | None = None,
) -> tuple[LogKey, ...]:  # fmt: skip
    """The keys after a `key.rotated` or `key.ended` at `index`; `ends` are those of the trust file.

    Raises:
        EvidenceError: the record does not hold; then nothing follows from it.
    """
    if record.get("type") == "key.rotated":
        new = _rotated(keys, origin, index, record, verify)
        if any(one.key == new.key for one in keys):
            return tuple(keys)  # it stays as it is
        if parse_vkey(str(record["old"])).label in (ends or {}):
            return tuple(
                keys
            )  # who stole it may rotate anywhere: the trust file names what follows
        return (*keys, replace(new, end=(ends or {}).get(new.key.label)))
    ended = record.get("key")
    going_on = [one for one in keys if one.key.text != ended and one.counts_at(index + 2)]
    found = [one for one in keys if one.key.text == ended]
    if not found or not going_on:
        raise EvidenceError("a key is ended that is not accepted, or that is the last one")
    return tuple(
        replace(one, end=min(index + 1, one.end if one.end is not None else index + 1))
        if one in found
        else one
        for one in keys
    )


def rotation_text(origin: str, index: int, new: str) -> bytes:
    """What both keys sign when one follows the other (`new` is a vkey)."""
    return f"ticketgate-key-rotation/v1\n{origin}\n{index}\n{new}\n".encode()


def _rotated(
    keys: Sequence[LogKey], origin: str, index: int, record: Mapping[str, Json],
    verify: VerifyEd25519,
) -> LogKey:  # fmt: skip
    named = [record.get(name) for name in ("old", "new", "signature", "possession")]
    match named:
        case [str(old), str(new), str(signature), str(possession)]:
            pass
        case _:
            raise EvidenceError("a key.rotated is made of texts")
    if not any(one.key.text == old and one.counts_at(index + 1) for one in keys):
        raise EvidenceError("a key rotation by a key that is not accepted here")
    key = parse_vkey(new)
    if key.type != LOG_KEY or key.name != origin or new == old:
        raise EvidenceError("a key rotation to a key that cannot follow")
    said = rotation_text(origin, index, new)
    for signer, text in ((parse_vkey(old), signature), (key, possession)):
        signed = unb64(text)
        if len(signed) != SIGNATURE_BYTES or not verify(signer.public, said, signed):
            raise EvidenceError("a key rotation that its keys did not sign")
    return LogKey(key, above=index)


def encode_signature(signature: bytes) -> str:
    """How a signature stands in a record."""
    return base64.b64encode(signature).decode()


def _count(words: Sequence[str], least: int, most: int | None) -> None:
    if len(words) < least or (most is not None and len(words) > most):
        raise TrustError("has too few words, or too many")


def _octets(text: str) -> str:
    """What the octets spell, where they are UTF-8."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError as fault:
        raise NoteError("a key or a path is UTF-8") from fault
