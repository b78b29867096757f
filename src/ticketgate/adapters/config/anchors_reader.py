"""Anchors as read from the settings: who outside this host vouches for the log, and how often."""

import importlib.util
import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from ticketgate.adapters.files.places import Place, Section
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.net.addresses import are_networks, read_url
from ticketgate.domain.log.note import WITNESS_KEY, NoteError, VerifierKey, parse_vkey
from ticketgate.domain.settings import (
    Anchoring,
    AnchorSettings,
    BucketSettings,
    FolderSettings,
    TsaSettings,
    WitnessSettings,
)

ANCHORS_MAX: Final = 32  # so that all their cosignatures fit into one note
EVERY_DEFAULT: Final = timedelta(hours=1)
EVERY_MIN: Final = timedelta(minutes=1)
EVERY_MAX: Final = timedelta(days=1)
LOCK_DAYS_MAX: Final = 36_500
CERTIFICATES_BYTES_MAX: Final = 1 << 20
QUORUM_WORDS: Final = ("none", "all", "any")
KINDS: Final = ("witness", "tsa", "copy", "file")
FILE_NAME: Final = "file"  # what the short form of a folder copy is called
_BUCKET: Final = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])"
    r"(?:/(?P<prefix>[\w-][\w.-]*(?:/[\w-][\w.-]*)*))?/?\Z",
    re.ASCII,
)

Read = Callable[[Section, str], AnchorSettings | None]


def read_anchoring(top: Section, secrets: SecretReader) -> Anchoring:
    """`anchors`, `quorum` and `anchor_every` of the settings."""
    place, quorum, every = top.get("anchors"), top.get("quorum"), top.get("anchor_every")
    found = _Reader(secrets).all(place)
    return Anchoring(found, _quorum(quorum, found), _every(every))


class _Reader:
    """The items in order; names, witness keys and time-stamp authorities are told apart."""

    def __init__(self, secrets: SecretReader) -> None:
        self._secrets = secrets
        self._names: set[str] = set()
        self._keys: set[bytes] = set()
        self._folders: set[str] = set()
        self._tsas = 0

    def all(self, place: Place | None) -> tuple[AnchorSettings, ...]:
        items = (place.items() if place else None) or []
        if place is not None and len(items) > ANCHORS_MAX:
            place.fault(f"there are at most {ANCHORS_MAX} anchors")
            return ()
        found = [self._one(section) for item in items if (section := item.section()) is not None]
        return tuple(one for one in found if one is not None)

    def _one(self, section: Section) -> AnchorSettings | None:
        kinds = [kind for kind in KINDS if kind in section]
        if len(kinds) != 1:
            section.place.fault(
                "an anchor is one of `witness: NAME`, `tsa: NAME`, `copy: NAME`, `file: PATH`"
            )
            return None
        readers: dict[str, Read] = {
            "witness": self._witness,
            "tsa": self._tsa,
            "copy": self._copy,
        }
        if kinds[0] == "file":
            path = section.get("file")
            found: AnchorSettings | None = self._folder(path, self._name(path, FILE_NAME))
        else:
            place = section.get(kinds[0])
            name = self._name(place, None if place is None else place.ident())
            found = readers[kinds[0]](section, name)
        section.close()
        return found

    def _name(self, place: Place | None, name: str | None) -> str:
        if place is None or name is None:
            return ""
        if name in QUORUM_WORDS:
            place.fault(f"{name!r} cannot be a name: it is a word of `quorum`")
        elif name in self._names:
            place.fault(f"{name!r} names another anchor already")
        self._names.add(name)
        return name

    def _witness(self, section: Section, name: str) -> WitnessSettings | None:
        key = self._vkey(section.need("vkey"))
        url, networks = read_url(section.need("url")), _networks(section)
        if key is None or url is None:
            return None
        return WitnessSettings(name, key, url, networks)

    def _vkey(self, place: Place | None) -> VerifierKey | None:
        text = None if place is None else place.text()
        if place is None or text is None:
            return None
        try:
            key = parse_vkey(text)
        except NoteError as fault:
            place.fault(fault.reason)
            return None
        if key.type != WITNESS_KEY:
            place.fault("this is the key of a log, not of a witness")
        elif key.public in self._keys:
            place.fault("another witness has this key already")
        self._keys.add(key.public)
        return key

    def _tsa(self, section: Section, name: str) -> TsaSettings | None:
        self._tsas += 1
        if self._tsas > 1:
            section.place.fault("there is one time-stamp authority: a checkpoint keeps one token")
        _need_package(section, "rfc3161_client", "tsa")
        data = self._certificates(section.need("certificates"))
        url, networks = read_url(section.need("url")), _networks(section)
        if data is None or url is None:
            return None
        return TsaSettings(name, url, data, networks)

    def _certificates(self, place: Place | None) -> bytes | None:
        name = None if place is None else place.text()
        if place is None or name is None:
            return None
        from cryptography import x509  # for those alone whose configuration names certificates

        try:
            with (self._secrets.folder / name).open("rb") as file:
                data = file.read(CERTIFICATES_BYTES_MAX + 1)
            x509.load_pem_x509_certificates(data[:CERTIFICATES_BYTES_MAX])
        except OSError as fault:
            place.fault(f"{name} cannot be read: {fault.strerror or 'no such file'}")
        except ValueError:
            place.fault(f"{name} holds no certificates in PEM")
        else:
            return data
        return None

    def _copy(self, section: Section, name: str) -> FolderSettings | BucketSettings | None:
        if ("folder" in section) == ("bucket" in section):
            section.place.fault("a copy goes to a `folder` or to a `bucket`, one of them")
            return None
        if "folder" in section:
            return self._folder(section.get("folder"), name)
        return self._bucket(section, name)

    def _folder(self, place: Place | None, name: str) -> FolderSettings | None:
        text = None if place is None else place.text()
        if place is None or text is None:
            return None
        path = os.path.normpath(self._secrets.folder / text)
        if path in self._folders:
            place.fault("another copy goes to this folder already")
        self._folders.add(path)
        return FolderSettings(name, path)

    def _bucket(self, section: Section, name: str) -> BucketSettings | None:
        _need_package(section, "boto3", "aws")
        where = section.need("bucket")
        text = None if where is None else where.text()
        found = _BUCKET.match(text or "")
        if where is not None and text is not None and not found:
            where.fault("a bucket is written as s3://bucket/prefix")
        endpoint, region = section.get("endpoint"), section.need("region")
        days = section.need("lock_days")
        read = (
            None if region is None else region.text(),
            self._secrets.any_text(section.need("access_key")),
            self._secrets.any_text(section.need("secret_key")),
        )
        address = None if endpoint is None else read_url(endpoint)
        lock = None if days is None else days.integer(1, LOCK_DAYS_MAX)
        networks = _networks(section)
        name_of_region, access, secret = read
        if not found or lock is None or not name_of_region or not access or not secret:
            return None
        prefix = found["prefix"] or ""
        return BucketSettings(
            name, found["bucket"], prefix, name_of_region, access, secret, lock, address, networks
        )


def _networks(section: Section) -> str:
    place = section.get("allow_networks")
    text = None if place is None else place.text()
    if place is None or text is None:
        return ""
    if not are_networks(text):
        place.fault(f"{text!r} is not a list of networks, such as 10.0.0.0/8, fd00::/8")
        return ""
    return text


def _need_package(section: Section, package: str, extra: str) -> None:
    if importlib.util.find_spec(package) is None:
        section.place.fault(
            f"this anchor needs the extra `{extra}`, which is not installed: "
            f"pip install 'ticketgate[{extra}]'"
        )


def _quorum(place: Place | None, anchors: tuple[AnchorSettings, ...]) -> str:
    text = None if place is None else place.text()
    if place is None or text is None:
        return "none"
    witnesses = [one.name for one in anchors if isinstance(one, WitnessSettings)]
    if place.choice([*QUORUM_WORDS, *witnesses]) is None:
        return "none"
    if text in {"all", "any"} and not witnesses:
        place.fault(f"`{text}` needs a witness among the anchors")
    return text


def _every(place: Place | None) -> timedelta:
    found = None if place is None else place.duration()
    if place is None or found is None:
        return EVERY_DEFAULT
    if not EVERY_MIN <= found <= EVERY_MAX:
        place.fault("anchors are asked every 1m at the soonest, every 1d at the latest")
    return found
