"""Writes evidence bundles from docs/evidence-format.md, sharing no code with what reads them."""

import base64
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN: Final = "gate.example.com/evidence"
SEGMENT: Final = 65536
START: Final = 1_795_315_200  # 2026-11-22T02:40:00Z
BY: Final = "2026-12-22T02:40:00.000000Z"  # until when people may decide
TICKET: Final = {
    "blind": [], "kinds": [], "policy": "p", "rules": [], "source": "snow", "state_class": "live",
    "table": "item", "tier": "high", "verdict": "identity",
}  # fmt: skip
REQUEST: Final = {
    "approve_rule": "std", "beneficiary": "act_bob", "decide_by": BY, "entitlement": "db",
    "kinds": [], "links": [["lnk_1", "act_ann"], ["lnk_2", "act_cid"]], "material": "m1",
    "reasons": [], "requester": "act_bob", "revision": 1, "round": 1, "rules": "r",
    "seconds": 3600, "stage": 1, "target": "scim", "ticket": "t1", "tier": "high",
}  # fmt: skip
DECISION: Final[dict[str, Any]] = {
    "approver": "act_ann", "authority_basis": "verified", "because": "", "classification": [],
    "clause": "c", "decision": "approve", "directory": "d", "directory_read_at": None,
    "first_viewed_at": None, "link": "lnk_1", "material": "m1", "method": "mail_code", "need": 1,
    "policy": "p", "request": "r1", "revision": 1, "round": 1, "rule": "x", "rules": "r",
    "seconds": 3600, "signed_in_at": None, "stage": 1, "cut": None,
}  # fmt: skip
GRANT: Final = {"entitlement": "db", "request": "r1", "subject": "act_bob", "target": "scim"}


def shown_of(fields: dict[str, Any]) -> str:
    """The digest of what is shown of a request."""
    parts = ("cut", "material", "round", "rules", "stage")
    return sha(canonical({name: fields.get(name) for name in parts})).hex()


def canonical(value: object) -> bytes:
    """The one form of a value that holds nothing but what the format allows."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


DECISION["shown"] = shown_of(DECISION)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def leaf(entry: bytes) -> bytes:
    return sha(b"\x00" + entry)


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it is written there."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = half(len(leaves))
    return sha(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def half(size: int) -> int:
    """The largest power of two below the size."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    k = half(len(leaves))
    if index < k:
        return [*inclusion(index, leaves[:k]), root(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), root(leaves[:k])]


def consistency(small: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2."""
    if small == len(leaves):
        return [] if whole else [root(leaves)]
    k = half(len(leaves))
    if small <= k:
        return [*consistency(small, leaves[:k], whole=whole), root(leaves[k:])]
    return [*consistency(small - k, leaves[k:], whole=False), root(leaves[:k])]


@dataclass(frozen=True)
class Signer:
    """A key that signs notes: a log's (type 1) or a witness's (type 4)."""

    name: str
    kind: int = 1
    seed: int = 1

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha(b"seed %d" % self.seed))

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return sha(self.name.encode() + b"\n" + bytes([self.kind]) + self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    def line(self, text: bytes, at: int = START) -> str:
        """The signature line of a note."""
        signed = text if self.kind == 1 else b"cosignature/v1\ntime %d\n" % at + text
        moment = b"" if self.kind == 1 else at.to_bytes(8, "big")
        return f"— {self.name} {b64(self.key_id + moment + self.private.sign(signed))}\n"


LOG_KEY: Final = Signer(ORIGIN)
WITNESS: Final = Signer("witness.example.org", 4, 2)


def checkpoint_text(size: int, top: bytes, origin: str = ORIGIN) -> bytes:
    return f"{origin}\n{size}\n{b64(top)}\n".encode()


def checkpoint(
    size: int, top: bytes, *signers: Signer, origin: str = ORIGIN, at: int = START
) -> bytes:
    """A signed checkpoint."""
    text = checkpoint_text(size, top, origin)
    return text + b"\n" + "".join(signer.line(text, at) for signer in signers).encode()


def policy(*lines: str, quorum: str = "none") -> str:
    """A trust file with the log's key."""
    return "\n".join([f"log {LOG_KEY.vkey}", *lines, f"quorum {quorum}", ""])


@dataclass
class Log:
    """A log that grows record by record."""

    origin: str = ORIGIN
    entries: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    start: int = 0  # index of the first of the entries
    day: int = 22  # of November 2026, on which it began

    def __len__(self) -> int:
        return self.start + len(self.entries)

    def stamp(self, index: int) -> str:
        """Time in this log goes by a second each record."""
        day, rest = divmod(9600 + index, 86400)
        hours, minutes = divmod(rest // 60, 60)
        return f"2026-11-{self.day + day:02d}T{hours:02d}:{minutes:02d}:{rest % 60:02d}.000000Z"

    def add(self, kind: str, hide: dict[str, Any] | None = None, /, **fields: object) -> int:
        """One record; what it hides becomes disclosures."""
        index = len(self)
        before = (
            self.leaves[-1] if self.leaves else sha(b"\x00" + self.origin.encode() + b"\ngenesis")
        )
        record: dict[str, object] = {
            "_prev": before.hex(),
            "_seq": index,
            "_ts": self.stamp(index),
            "type": kind,
        }
        encoded = [
            b64url(canonical([b64url(sha(b"%d %d" % (index, place))[:16]), name, value]))
            for place, (name, value) in enumerate((hide or {}).items())
        ]
        digests = {b64url(sha(text.encode())): text for text in encoded}
        if digests:
            record["sd"] = sorted(digests)
        for digest in sorted(digests):
            self.rows.append({"digest": digest, "encoded": digests[digest], "idx": index})
        return self.put(canonical(record | fields))

    def put(self, entry: bytes) -> int:
        """An entry as it is, sound or not."""
        self.entries.append(entry)
        self.leaves.append(leaf(entry))
        return len(self) - 1

    def opened(self) -> "Log":
        self.add("log.opened", format=1, origin=self.origin, version="0.1.0")
        return self

    def beats(self, count: int) -> "Log":
        """Records that say nothing."""
        for _ in range(count):
            self.add("heartbeat", duplicates=0, refused=[])
        return self

    def move(
        self, on: str, name: str, before: str, after: str, kind: str, /, **fields: object
    ) -> int:
        hide: Any = fields.pop("hide", None)
        steps: dict[str, object] = {"on": on, "id": name, "from": before, "to": after, "cause": "c"}
        return self.add(kind, hide, **steps | fields)

    def story(self) -> "Log":
        """A ticket, its request, two decisions, and a grant from its beginning to its end."""
        self.opened()
        self.add("actor.minted", {"subject": "bob"}, actor="act_bob")
        delivery = {"body": "b", "source": "snow", "webhook": "w"}
        self.move("delivery", "d1", "", "accepted", "delivery.accepted", **delivery)
        told = {"ticket": {"id": "sys1", "source": "snow", "table": "item"}}
        ticket = TICKET | {"revision": 1, "hide": told}
        self.move("ticket", "t1", "", "identity", "ticket.classified", **ticket)
        self.move("delivery", "d1", "accepted", "processed", "delivery.processed", **delivery)
        self.move("request", "r1", "", "awaiting", "request.opened", **REQUEST)
        self.add("decision.recorded", {"justification": "it is « needed »"}, **DECISION)
        self.move(
            "request", "r1", "awaiting", "approved", "request.approved", **REQUEST, stages=[1]
        )
        self.move(
            "grant",
            "g1",
            "",
            "planned",
            "grant.planned",
            **GRANT,
            seconds=600,
            activate_by="2099-01-01T00:00:00.000000Z",
        )
        end = self.stamp(len(self) + 600)
        self.move(
            "grant", "g1", "planned", "provisioning", "grant.provisioning", **GRANT, not_after=end,
            baseline=False, before="absent", command="c1", deadline=end, plan="remove",
        )  # fmt: skip
        held = GRANT | {"not_after": end}
        self.move("grant", "g1", "provisioning", "active", "grant.activated", **held)
        self.move("grant", "g1", "active", "revoking", "revocation.begun", **held)
        self.add("revocation.attempted", before="present", command="c2", grant="g1", request="r1")
        self.move(
            "grant", "g1", "revoking", "revoked", "revocation.confirmed", **held,
            confirmed=True, kept="", late_milliseconds=0,
        )  # fmt: skip
        return self

    def rotate(self, old: Signer, new: Signer, index: int | None = None) -> int:
        """`key.rotated`, properly signed; `index` to sign for another place."""
        place = len(self) if index is None else index
        says = f"ticketgate-key-rotation/v1\n{self.origin}\n{place}\n{new.vkey}\n".encode()
        return self.add(
            "key.rotated", old=old.vkey, new=new.vkey,
            signature=b64(old.private.sign(says)), possession=b64(new.private.sign(says)),
        )  # fmt: skip

    def write(self, folder: Path, *signers: Signer, trust: str | None = None) -> Path:
        """A bundle of the whole log, with one checkpoint by the signers (the log's key)."""
        (folder / "log").mkdir(parents=True)
        (folder / "origin").write_text(self.origin + "\n")
        (folder / "policy").write_text(policy() if trust is None else trust)
        top = root(self.leaves)
        (folder / "checkpoint").write_bytes(
            checkpoint(len(self), top, *(signers or (LOG_KEY,)), origin=self.origin)
        )
        for number, start in enumerate(range(0, len(self.entries), SEGMENT)):
            part = itertools.islice(self.entries, start, start + SEGMENT)
            data = b"".join(entry + b"\n" for entry in part)
            (folder / "log" / f"{number:06d}.jsonl").write_bytes(data)
        if self.rows:
            rows = sorted(self.rows, key=lambda row: (row["idx"], row["digest"]))
            data = b"".join(canonical(row) + b"\n" for row in rows)
            (folder / "disclosures.jsonl").write_bytes(data)
        return folder
