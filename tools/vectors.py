"""Write docs/evidence-vectors.json: `python -m tools.vectors [--check]` (`make vectors`).

Everything in it follows from fixed seeds, salts and times, so that it is the same at every run.
"""

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tools.decision_vectors import decisions
from tools.ed25519_cases import ORDER, cases
from tools.vector_lines import ACCEPTED, REFUSED, refused_notes, refused_trust

from ticketgate.domain.evidence import (
    Disclosure,
    Draft,
    Json,
    Sealed,
    genesis,
    parse_disclosure,
    seal,
)
from ticketgate.domain.log.checkpoint import Checkpoint, cosigned
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.log.merkle import ReadHashes, root_at, root_of
from ticketgate.domain.log.note import LOG_KEY, WITNESS_KEY, Note, SignatureLine, VerifierKey
from ticketgate.domain.log.proof import consistency, inclusion
from ticketgate.domain.log.trust import encode_signature, rotation_text

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "evidence-vectors.json"
ORIGIN: Final = "gate.example.com/evidence"
START: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
COSIGNED: Final = int(START.timestamp()) + 60
SALTS: Final = (bytes(range(16)), bytes(range(16, 32)))
OLD_SIZE: Final = 3


class Key:
    """A key whose seed is SHA-256 of `ticketgate vectors: <what>`."""

    def __init__(self, name: str, what: str, kind: int = LOG_KEY) -> None:
        self.seed = sha256(f"ticketgate vectors: {what}".encode()).digest()
        self._secret = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.key = VerifierKey(name, kind, self._secret.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Its signature of the message."""
        return self._secret.sign(message)

    def line(self, text: str) -> SignatureLine:
        """Its line below a note of this text."""
        if self.key.type == LOG_KEY:
            return SignatureLine(self.key.name, self.key.id, self.sign(text.encode()))
        signature = COSIGNED.to_bytes(8, "big") + self.sign(cosigned(text, COSIGNED))
        return SignatureLine(self.key.name, self.key.id, signature)

    def shown(self) -> Mapping[str, Json]:
        """What the file says of it."""
        return {
            "seed": self.seed.hex(),
            "public": self.key.public.hex(),
            "key_id": self.key.id.hex(),
            "vkey": self.key.text,
        }


GATE: Final = Key(ORIGIN, "log")
NEXT: Final = Key(ORIGIN, "next log key")
WALTER: Final = Key("walter.example.org", "witness", WITNESS_KEY)


def drafts(body: bytes) -> list[Draft]:
    """The records of the log; `body` is of the delivery, and tells two histories apart."""
    said = rotation_text(ORIGIN, 3, NEXT.key.text)
    return [
        Draft("log.opened", {"origin": ORIGIN, "format": 1, "version": "0.1.0"}),
        Draft("actor.minted", {"actor": "act_7f3k"}, (Disclosure("subject", "bob"),)),
        edge(
            "delivery",
            "dlv_1",
            NEW,
            "accepted",
            "webhook",
            {"source": "snow-prod", "body": sha256(body).hexdigest(), "webhook": "msg_1"},
        ),
        Draft(
            "key.rotated",
            {
                "old": GATE.key.text,
                "new": NEXT.key.text,
                "signature": encode_signature(GATE.sign(said)),
                "possession": encode_signature(NEXT.sign(said)),
            },
        ),
        Draft(
            "actor.minted",
            {"actor": "act_9q2m"},
            (Disclosure("subject", {"names": ["Zoë", "\U0001f512 \u2028"], "Z": 1, "a": None}),),
        ),
    ]


def sealed(body: bytes = b"{}") -> list[Sealed]:
    """The log: one record a second."""
    head, made, salts = genesis(ORIGIN), [], iter(SALTS)
    for index, draft in enumerate(drafts(body)):
        own = [next(salts) for _ in draft.disclosures]
        made.append(seal(head, draft, START + timedelta(seconds=index), own))
        head = made[-1].head
    return made


LOG: Final = sealed()
LEAVES: Final = [one.head.leaf for one in LOG]


def read_of(leaves: Sequence[bytes]) -> ReadHashes:
    """Reads a tree that is smaller than a tile."""

    def read(level: int, first: int, count: int) -> Sequence[bytes]:
        return leaves[first : first + count] if level == 0 else ()

    return read


READ: Final = read_of(LEAVES)


def signed(leaves: Sequence[bytes], *keys: Key) -> str:
    """The checkpoint of a tree of these leaves, with a line of each key."""
    text = Checkpoint(ORIGIN, len(leaves), root_of(leaves)).text
    return Note(text, tuple(key.line(text) for key in keys)).encoded().decode()


def b64_lines(hashes: Sequence[bytes]) -> str:
    """Base64, one a line."""
    return "".join(f"{base64.b64encode(one).decode()}\n" for one in hashes)


def hexes(hashes: Sequence[bytes]) -> list[Json]:
    """The hashes in hex."""
    return [one.hex() for one in hashes]


def the_log() -> dict[str, Json]:
    """Entries, disclosures, roots and proofs."""
    sizes = range(1, len(LOG) + 1)
    return {
        "genesis": genesis(ORIGIN).leaf.hex(),
        "entries": [{"entry": one.entry.decode(), "leaf": one.head.leaf.hex()} for one in LOG],
        "disclosures": [
            {
                "idx": index,
                "salt": parse_disclosure(hidden.encoded)[0].hex(),
                "name": parse_disclosure(hidden.encoded)[1],
                "value": parse_disclosure(hidden.encoded)[2],
                "encoded": hidden.encoded,
                "digest": hidden.digest,
            }
            for index, one in enumerate(LOG)
            for hidden in one.disclosures
        ],
        "roots": [root_at(size, READ).hex() for size in (0, *sizes)],
        "inclusion": [
            {"index": index, "size": size, "proof": hexes(inclusion(index, size, READ))}
            for size in sizes
            for index in range(size)
        ],
        "consistency": [
            {"old": old, "new": new, "proof": hexes(consistency(old, new, READ))}
            for new in sizes
            for old in range(1, new + 1)
        ],
    }


def checkpoints() -> dict[str, Json]:
    """Signed, cosigned, and by the key that followed."""
    text = Checkpoint(ORIGIN, len(LOG), root_of(LEAVES)).text
    return {
        "older": signed(LEAVES[:OLD_SIZE], GATE),
        "signed": signed(LEAVES, GATE),
        "cosigned": signed(LEAVES, GATE, WALTER),
        "by_the_next_key": signed(LEAVES, NEXT),
        "signed_text": text,
        "cosigned_text": cosigned(text, COSIGNED).decode(),
        "cosigned_at": COSIGNED,
        "refused": refused_notes(signed(LEAVES, GATE)),
    }


def trust() -> dict[str, Json]:
    """A trust file, and what is none."""
    file = (
        "# whom an auditor believes\n"
        f"log {GATE.key.text} https://gate.example.com/\n"
        f"end {GATE.key.label} {len(LOG)}\n"
        f"witness walter {WALTER.key.text}\n"
        "group one any walter\n"
        "quorum one\n"
    )
    again = [
        VerifierKey("other.example.com", LOG_KEY, GATE.key.public).text,
        VerifierKey(ORIGIN, WITNESS_KEY, GATE.key.public).text,
    ]
    return {"file": file, "refused": refused_trust(GATE.key.text, WALTER.key.text, again)}


def receipt(index: int) -> str:
    """The tlog-proof of a record."""
    entry = base64.b64encode(LOG[index].entry).decode()
    path = b64_lines(inclusion(index, len(LOG), READ))
    checkpoint = signed(LEAVES, GATE, WALTER)
    return f"c2sp.org/tlog-proof@v1\nextra {entry}\nindex {index}\n{path}\n{checkpoint}"


def fork(size: int, other: Sequence[bytes]) -> str:
    """The proof that the log signed another history of `size` records beside this one."""
    hashes = consistency(size, len(LOG), READ)
    if size.bit_count() == 1 and size < len(LOG):
        hashes = (root_at(size, READ), *hashes)
    smaller, larger = signed(other[:size], GATE), signed(LEAVES, GATE)
    return f"ticketgate-fork-proof@v1\n{b64_lines(hashes)}\n{smaller}\n{larger}"


def document() -> dict[str, Json]:
    """All of the file."""
    other = [one.head.leaf for one in sealed(b"another body")]
    numbers = (int.from_bytes(sha256(what).digest(), "little") % ORDER for what in (b"a", b"r"))
    return {
        "about": "Vectors of docs/evidence-format.md, format 1; written by tools/vectors.py",
        "origin": ORIGIN,
        "keys": {"log": GATE.shown(), "next": NEXT.shown(), "witness": WALTER.shown()},
        "log": the_log(),
        "checkpoints": checkpoints(),
        "trust": trust(),
        "receipt": receipt(1),
        "forks": {
            "from_3": fork(3, other),
            "from_4_a_power_of_two": fork(4, other),
            "of_one_size": fork(len(LOG), other),
        },
        "decisions": decisions(ORIGIN, START),
        "canonical": {"accepted": list(ACCEPTED), "refused": [dict(one) for one in REFUSED]},
        "ed25519": [
            {
                "public": one.public.hex(),
                "message": one.message.hex(),
                "signature": one.signature.hex(),
                "accepted": one.accepted,
                "why": one.why,
            }
            for one in cases(*numbers)
        ],
    }


def text() -> str:
    """The file."""
    return json.dumps(document(), indent=1) + "\n"


def main(arguments: Sequence[str], file: Path = FILE) -> int:
    """Write the file, or with --check say whether it is as it would be written."""
    if list(arguments) == ["--check"]:
        same = file.exists() and file.read_text() == text()
        print(f"{file.name} is {'as it should be' if same else 'stale: run `make vectors`'}")
        return 0 if same else 1
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    file.write_text(text())
    print(f"wrote {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
