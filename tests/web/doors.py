"""A door with one source of every scheme, and what Mallory sends to it."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.domain.schemes.senders import SENDERS, Headers, Sender
from tests.web.wire import Door

from ticketgate.web.intake import Intake, SourceKeys
from ticketgate.web.problems import Answer

BODY: Final = b'{"ticket": {"id": 7, "state": "open"}}'
NAMES: Final = {name: f"{name.replace('_', '-')}-1" for name in SENDERS}  # scheme -> source


def keys_of(name: str) -> SourceKeys:
    """What the door knows of the source of a scheme."""
    return SourceKeys((SENDERS[name].key,), SENDERS[name].scheme)


def open_door(door: Door, *names: str) -> Intake:
    """The intake over sources of these schemes, or of all."""
    sources = {NAMES[name]: keys_of(name) for name in names or SENDERS}
    return Intake(
        sources,
        door.inbox.receive,
        lambda: door.now,
        lambda source, code: door.refused.append((source, code)),
    )


def fields_of(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """Headers as the front hands them on."""
    return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


def post(intake: Intake, source: str, headers: Mapping[str, str], body: bytes = BODY) -> Answer:
    """One delivery in process."""
    return asyncio.run(intake.post(source, fields_of(headers), body))


# --- what no sender of ours would send -----------------------------------------------------------

_JUNK: Final = "\t !\"#$%&'()*+,-./0123456789:;<=>?@AZ[\\]^_`az{|}~\x7f\x80\xa0\xe9\xff"


def _cut(rnd: random.Random, text: str) -> str:
    return text[: rnd.randrange(len(text))]


def _junk(rnd: random.Random, _text: str) -> str:
    return "".join(rnd.choices(_JUNK, k=rnd.randrange(80)))


def _flipped(rnd: random.Random, text: str) -> str:
    at = rnd.randrange(len(text))
    return text[:at] + chr(ord(text[at]) ^ (1 << rnd.randrange(7))) + text[at + 1 :]


def _repeated(rnd: random.Random, text: str) -> str:
    return rnd.choice([",", ", ", " ", "", ";"]).join([text] * rnd.randrange(2, 12))


def _upper(_rnd: random.Random, text: str) -> str:
    return "".join(one.upper() if one.isascii() else one for one in text)


def _padded(rnd: random.Random, text: str) -> str:
    odd = rnd.choice(["=", " ", "\xa0", "0", "\t", "."])
    return rnd.choice([odd + text, text + odd])


def _long(rnd: random.Random, text: str) -> str:
    return text * rnd.randrange(20, 200)


_CHANGES: Final[tuple[Callable[[random.Random, str], str], ...]] = (
    *(_cut, _junk, _flipped, _repeated, _upper, _padded, _long),
)


def _forged(rnd: random.Random, sender: Sender, source: str, body: bytes) -> tuple[Headers, bytes]:
    """Signed with a key that is not the source's, and often damaged as well."""
    headers = dict(sender.headers(body, key=sender.other_key, source=source))
    for _ in range(rnd.randrange(3)):
        name = rnd.choice(list(headers))
        if rnd.randrange(4) == 0 and len(headers) > 1:
            del headers[name]
        elif headers[name]:
            headers[name] = rnd.choice(_CHANGES)(rnd, headers[name])
    return headers, body


def _altered(rnd: random.Random, sender: Sender, source: str, body: bytes) -> tuple[Headers, bytes]:
    """Rightly signed, and then one bit of what the proof covers is another."""
    headers = dict(sender.headers(body, source=source))
    parts = [*sender.covers, *(["body"] if sender.body_covered else [])]
    part = rnd.choice(parts)
    if part == "body":
        at = rnd.randrange(len(body))
        return headers, body[:at] + bytes([body[at] ^ (1 << rnd.randrange(8))]) + body[at + 1 :]
    word, space, proof = headers[part].rpartition(" ")  # `basic` in lower case is basic as well
    return headers | {part: word + space + _flipped(rnd, proof)}, body


def _borrowed(
    rnd: random.Random, sender: Sender, source: str, body: bytes
) -> tuple[Headers, bytes]:
    """The proof of another source, in its own scheme's form."""
    other = rnd.choice([one for one in SENDERS.values() if one is not sender])
    return dict(other.headers(body, source=source)), body


def _unknown(rnd: random.Random, sender: Sender, source: str, body: bytes) -> tuple[Headers, bytes]:
    """Nothing, or anything, under the right names."""
    names = [one for one in sender.scheme.headers if rnd.randrange(3)]
    return {name: _junk(rnd, "") for name in names}, body


KINDS: Final = (_forged, _altered, _borrowed, _unknown)


def hostile(seed: int, count: int) -> Iterator[tuple[str, Headers, bytes]]:
    """(source, headers, body): `count` deliveries that are none; a tenth to unknown sources."""
    rnd = random.Random(seed)  # noqa: S311 -- to be played again
    senders = [(NAMES[name], one) for name, one in SENDERS.items()]
    for number in range(count):
        source, sender = rnd.choice(senders)
        body = rnd.randbytes(rnd.randrange(1, 40)) if rnd.randrange(2) else BODY
        headers, sent = rnd.choice(KINDS)(rnd, sender, source, body)
        yield (f"nobody-{number}" if rnd.randrange(10) == 0 else source), headers, sent
