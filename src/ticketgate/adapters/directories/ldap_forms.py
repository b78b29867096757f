"""Forms of LDAP: names, ids, members, and what says that an account is closed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from ticketgate.adapters.directories.directory_file import is_mail

VALUE_CHARS_MAX: Final = 256
LOCKED_FOR_GOOD: Final = b"000001010000Z"  # draft-behera-ldap-password-policy-11 §5.3.3
DISABLED: Final = 0x2  # UF_ACCOUNTDISABLE, MS-ADTS 2.2.16
NEVER: Final = (0, 2**63 - 1)  # accountExpires, MS-ADSC
_EPOCH_AD: Final = datetime(1601, 1, 1, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ESCAPE: Final = re.compile(rb"\\([0-9A-Fa-f]{2})|\\(.)", re.DOTALL)
_PLAIN: Final = re.compile(r"[A-Za-z0-9 =,._-]")
Values = Mapping[str, list[bytes]]  # by attribute, in small letters


def text_of(values: Values, key: str) -> str:
    """The first value in order of an attribute, on one line; empty where there is none."""
    found = sorted(values.get(key.lower(), []))
    text = found[0].decode("utf-8", "replace") if found else ""
    return " ".join(text.split())[:VALUE_CHARS_MAX]


def mail_of(values: Values, key: str) -> str:
    """The first address in order that is one; empty where there is none."""
    texts = (one.decode("utf-8", "replace") for one in sorted(values.get(key.lower(), [])))
    return next((one for one in texts if is_mail(one)), "")


def dn_key(dn: str) -> str:
    """A distinguished name in one spelling: no capitals, escapes undone, no blanks around parts.

    RFC 4514 §2.4. Parts are parted by U+0000, which no name holds unescaped.
    """
    parts = re.split(r"(?<!\\)[,;]", dn)
    return "\0".join(_part(one) for one in parts)


def _part(part: str) -> str:
    key, _, value = part.partition("=")
    raw = _ESCAPE.sub(_unescaped, value.strip().encode())
    return f"{key.strip()}={' '.join(raw.decode('utf-8', 'replace').split())}".casefold()


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else found[2]


def in_filter(text: str) -> str:
    """Text as it stands in a filter (RFC 4515 §3): whatever is not plain is escaped."""
    escaped = (
        char if _PLAIN.match(char) else "".join(f"\\{byte:02x}" for byte in char.encode())
        for char in text
    )
    return "".join(escaped)


def guid_in_filter(ident: str) -> str:
    """An objectGUID in a filter: the first three parts have their bytes the other way round."""
    return "".join(f"\\{byte:02x}" for byte in UUID(ident).bytes_le)


def is_uuid(text: str) -> bool:
    """Whether it is a UUID in its one spelling."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def members_of(values: Values) -> frozenset[str]:
    """The names that a group lists."""
    listed = (*values.get("member", []), *values.get("uniquemember", []))
    return frozenset(dn_key(one.decode("utf-8", "replace")) for one in listed)


def reached(start: str, inside: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Everything that a group leads to, through groups within it; loops end."""
    known: set[str] = set()
    frontier = [start]
    while frontier:
        fresh = inside.get(frontier.pop(), frozenset()) - known
        known |= fresh
        frontier.extend(fresh)
    return frozenset(known)


def open_entry(values: Values, now: datetime) -> bool:
    """Whether an account of OpenLDAP is open: not locked for good, not expired.

    A lock after wrong passwords (a time in `pwdAccountLockedTime`) heals by itself, and anybody can
    bring it about, so it closes nothing. `shadowExpire` is in days since 1970 (shadow(5)).
    """
    if LOCKED_FOR_GOOD in values.get("pwdaccountlockedtime", []):
        return False
    days = [int(one) for one in values.get("shadowexpire", [])]
    return all(one < 0 or _EPOCH + timedelta(days=min(one, 10**6)) > now for one in days)


def open_account(values: Values, now: datetime) -> bool:
    """Whether an account of Active Directory is open; `userAccountControl` must be among them.

    `accountExpires` counts 100 ns since 1601. A password that is over, or a lock after wrong ones,
    closes nothing.
    """
    if any(int(one) & DISABLED for one in values["useraccountcontrol"]):
        return False
    ends = [int(one) for one in values.get("accountexpires", [])]
    ticks = (now - _EPOCH_AD) // timedelta(microseconds=1) * 10
    return all(one in NEVER or one > ticks for one in ends)
