"""`ticketgate.yaml`: how it runs. Every relative path in it starts at its own folder."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from ticketgate.adapters.config.anchors_reader import read_anchoring
from ticketgate.adapters.config.directories_reader import DirectoriesRead, read_directories
from ticketgate.adapters.config.notify_reader import read_receivers
from ticketgate.adapters.config.passkeys_reader import read_passkeys
from ticketgate.adapters.config.remind_reader import read_reminding
from ticketgate.adapters.config.retention_reader import read_retention
from ticketgate.adapters.config.roles_reader import read_roles
from ticketgate.adapters.config.sign_in_reader import NO_SIGN_IN, SignInRead, read_sign_in
from ticketgate.adapters.config.sources_reader import read_named, read_sources
from ticketgate.adapters.files.files import read_file, stop_on_faults
from ticketgate.adapters.files.places import LATER, Place, Section
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.files.strict_yaml import Report, Scalar, parse
from ticketgate.adapters.keys.signing_keys import KeyFileError, read_keys
from ticketgate.adapters.net.addresses import (
    PORT_MAX,
    are_networks,
    is_loopback,
    read_host_port,
    read_url,
)
from ticketgate.connector_api import ItsmConnector, TargetKind
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.settings import (
    REMIND_BEFORE_END,
    REMIND_MAX,
    Anchoring,
    MailSettings,
    Settings,
    TargetOptions,
)

LATER_KEYS: Final = (
    "api_tokens", "require_signed_policy", "signed_policy",
    "assets", "witnesses", "reconcile",
)  # fmt: skip
ORIGIN_CHARS_MAX: Final = 200
AT_ONCE_DEFAULT: Final = 4
BODY_BYTES_MAX: Final = 1024 * 1024
BODY_BYTES_CAP: Final = 64 * 1024 * 1024
BODY_WAIT: Final = timedelta(seconds=5)
BODY_WAIT_MAX: Final = timedelta(minutes=1)
RAW_BODY_KEEP: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KnownConnectors:
    """What can be named: kinds of sources, and kinds of targets with what they need.

    Both may load a connector only when it is asked for by name.
    """

    itsm: Mapping[str, ItsmConnector]
    targets: Mapping[str, TargetKind]


@dataclass(frozen=True, slots=True)
class SettingsRead:
    """Settings as far as they could be read. The two paths are set whatever else is wrong.

    `draft` has gaps where there are faults; `settings` is it when there are none.
    """

    settings: Settings | None
    policy_file: Path
    directory: DirectoriesRead
    targets: Mapping[str, str]  # name -> kind
    sources: Collection[str]
    readable: bool = True  # that is, names of sources and targets are known
    draft: Settings | None = None
    role_words: Sequence[tuple[Word, Place]] = ()
    sign_in: SignInRead = NO_SIGN_IN


@dataclass(frozen=True, slots=True)
class Where:
    """Which log it is, where its database lies, and its signing keys (None where that is not told).

    The keys need not be there.
    """

    origin: str
    store: Path
    signing_key: Path | None = None


def load_where(path: Path) -> Where:
    """Only where the store is: for commands that need no secret, and may be given none.

    Raises:
        ConfigurationError: the file, or one of the two keys, cannot be read.
    """
    report = Report(str(path))
    data = read_file(path, report)
    node = None if data is None else parse(data, report)
    top = None if node is None else Place(node, "", report).section()
    if top is None:
        return stop_on_faults(None, report.faults)
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 -- as below
    where = Where(
        _read_origin(top.need("origin")) or "",
        _read_store(top.need("store"), folder),
        _signing_key_path(top.get("signing_key"), folder),
    )
    return stop_on_faults(where, report.faults)


def load_signing(path: Path) -> tuple[Where, Path]:
    """Where the log lies, and the file of the keys that sign it; no other secret is needed.

    Raises:
        ConfigurationError: the file, or one of the three keys, cannot be read.
    """
    where = load_where(path)
    report = Report(str(path))
    data = read_file(path, report)
    node = None if data is None else parse(data, report)
    top = None if node is None else Place(node, "", report).section()
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 -- as below
    key = None if top is None else _read_signing_key(top.need("signing_key"), folder, where.origin)
    found = stop_on_faults(key, report.faults)
    return where, found


def load_anchoring(path: Path) -> Anchoring:
    """Only whom the gateway asks to vouch: for commands that need no secret, and may be given none.

    What needs a secret is left out of it, and faults are for `check` to tell.
    """
    report = Report(str(path))
    data = read_file(path, report)
    node = None if data is None else parse(data, report)
    top = None if node is None else Place(node, "", report).section()
    return Anchoring() if top is None else read_anchoring(top, SecretReader(path.parent, {}))


def load_settings(
    path: Path, *, environ: Mapping[str, str], connectors: KnownConnectors
) -> Settings:
    """The settings in one file, with every secret resolved.

    Raises:
        ConfigurationError: with every fault of the file.
    """
    report = Report(str(path))
    found = read_settings(path, report, environ=environ, connectors=connectors)
    return stop_on_faults(found.settings, report.faults)


def load_for_revoking(
    path: Path, *, environ: Mapping[str, str], connectors: KnownConnectors
) -> Settings:
    """What taking away needs: the store, and every target that can be read; the rest has gaps.

    Raises:
        ConfigurationError: the file is not YAML, or does not tell its origin and store.
    """
    where = load_where(path)
    report = Report(str(path))
    found = read_settings(path, report, environ=environ, connectors=connectors).draft
    found = stop_on_faults(found, ())
    whole = {
        name: target
        for name, target in found.targets.items()
        if target.connector and target.url and target.token
    }
    return replace(found, origin=where.origin, store=str(where.store), targets=whole)


def read_settings(
    path: Path, report: Report, *, environ: Mapping[str, str], connectors: KnownConnectors
) -> SettingsRead:
    """The settings as far as they can be read; faults go to `report`."""
    data = read_file(path, report)
    node = None if data is None else parse(data, report)
    top = None if node is None else Place(node, "", report).section()
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 -- resolve() would follow links
    if data is None or top is None:
        nobody = DirectoriesRead(folder / "directory.yaml")
        return SettingsRead(None, folder / "policy.yaml", nobody, {}, (), readable=False)
    secrets = SecretReader(folder, environ)
    policy_file = _read_path(top.get("policy"), folder, "policy.yaml")
    known = read_directories(top.need("directory"), folder, secrets)
    store = _read_store(top.need("store"), folder)
    public_url = read_url(top.need("public_url")) or ""
    host, port = _read_listen(top.get("listen"))
    intake = _read_intake(top.get("intake"))
    targets = _read_targets(top.need("targets"), connectors.targets, secrets)
    sources = read_sources(top.need("sources"), connectors.itsm, secrets)
    origin = _read_origin(top.need("origin")) or ""
    signing_key_file = _read_signing_key(top.need("signing_key"), folder, origin)
    roles, words = read_roles(top.get("roles"))
    sign_in = read_sign_in(top.need("sign_in"), secrets)
    settings = Settings(
        origin=origin,
        public_url=public_url,
        store=str(store),
        data_dir=str(store.parent),
        session_key=(secrets.text(top.need("session_key")) or "").encode(),
        sources=sources,
        targets=targets,
        directory_file=str(known.file),
        policy_file=str(policy_file),
        mail=_read_mail(top.need("mail"), secrets) or MailSettings("", 0, ""),
        mail_code=sign_in.mail_code,
        provider=sign_in.provider,
        host=host,
        port=port,
        body_bytes_max=intake[0],
        body_seconds_max=intake[1].total_seconds(),
        raw_body_keep=intake[2],
        signing_key_file=str(signing_key_file),
        digest=sha256(data).hexdigest(),
        roles=roles,
        anchoring=read_anchoring(top, secrets),
        retention=read_retention(top.get("retention")),
        evidence_public=_read_evidence(top.get("evidence")),
        directories=known.beside,
        claims=known.claims,
        receivers=read_receivers(top.get("notify"), secrets),
        reminding=read_reminding(top.get("remind")),
        vouch_by=read_passkeys(top.get("passkeys"), public_url),
    )
    top.close(later=LATER_KEYS)
    kinds = {name: target.connector for name, target in targets.items()}
    whole = None if report.faults else settings
    return SettingsRead(
        whole, policy_file, known, kinds, tuple(sources), True, settings, words, sign_in
    )


def _read_path(place: Place | None, folder: Path, default: str) -> Path:
    text = None if place is None else place.text()
    return Path(os.path.normpath(folder / (text or default)))


def _signing_key_path(place: Place | None, folder: Path) -> Path | None:
    """Where the keys lie or will; nothing is read, and nothing is a fault here."""
    node = None if place is None else place.node
    text = node.text.strip() if isinstance(node, Scalar) else ""
    scheme, _, name = text.partition(":")
    if scheme != "file" or not name:
        return None
    return Path(os.path.normpath(folder / name))


def _read_signing_key(place: Place | None, folder: Path, origin: str) -> Path:
    """The file of the keys; it is read once here, so that what is wrong is said by line."""
    text = None if place is None else place.text()
    if place is None or text is None:
        return folder
    scheme, _, name = text.partition(":")
    path = Path(os.path.normpath(folder / name))
    if scheme != "file" or not name:
        place.fault("the signing keys stand in a file of their own: file:PATH")
        return path
    try:
        read_keys(path, origin)
    except KeyFileError as fault:
        place.fault(f"{fault.reason}; {fault.next_step}" if fault.next_step else fault.reason)
    return path


def _read_store(place: Place | None, folder: Path) -> Path:
    text = None if place is None else place.text()
    if place is not None and text is not None and "://" in text:
        place.fault(f"a database URL {LATER}")
    return _read_path(place, folder, "data/ticketgate.db")


def is_origin(text: str) -> bool:
    """Whether this can name a log."""
    plain = text.isascii() and text.isprintable() and not any(c in " #+?" for c in text)
    return plain and 0 < len(text) <= ORIGIN_CHARS_MAX


def _read_origin(place: Place | None) -> str | None:
    text = None if place is None else place.text()
    if place is None or text is None:
        return None
    if not is_origin(text):
        place.fault("an origin is like gate.example.com/evidence: no spaces, '+', '#' or '?'")
        return None
    return text


def _read_listen(place: Place | None) -> tuple[str, int]:
    section = None if place is None else place.section()
    if section is None:
        return "127.0.0.1", 8080
    host, port = section.get("host"), section.get("port")
    found = (host.text() if host else None) or "127.0.0.1"
    number = (port.integer(1, PORT_MAX) if port else None) or 8080
    section.close()
    return found, number


def _read_intake(place: Place | None) -> tuple[int, timedelta, timedelta]:
    section = None if place is None else place.section()
    if section is None:
        return BODY_BYTES_MAX, BODY_WAIT, RAW_BODY_KEEP
    size = section.get("body_bytes_max")
    wait, keep = section.get("body_seconds_max"), section.get("raw_body_keep")
    most = (size.integer(1, BODY_BYTES_CAP) if size else None) or BODY_BYTES_MAX
    patience = (wait.duration() if wait else None) or BODY_WAIT
    if wait is not None and patience > BODY_WAIT_MAX:
        wait.fault("a body has at most 1m to arrive")
    kept = (keep.duration() if keep else None) or RAW_BODY_KEEP
    section.close()
    return most, patience, kept


def _read_targets(
    place: Place | None, kinds: Mapping[str, TargetKind], secrets: SecretReader
) -> dict[str, TargetOptions]:
    found: dict[str, TargetOptions] = {}
    for name, section in read_named(place):
        kind_place, at_once = section.need("connector"), section.get("at_once")
        kind = None if kind_place is None else kind_place.choice(kinds)
        url, token = read_url(section.need("url")), secrets.text(section.need("token"))
        options = {} if kind is None else _read_options(section, kinds[kind])
        limit = (at_once.integer(1, 64) if at_once else None) or AT_ONCE_DEFAULT
        found[name] = TargetOptions(name, kind or "", url or "", token or "", limit, options)
        if kind is not None:
            section.close(later=("reconcile", "fence", "max_not_after"))
    return found


def _read_options(section: Section, kind: TargetKind) -> dict[str, str]:
    places = {name: section.get(name) for name in kind.config_schema()}
    texts = {name: place.text() for name, place in places.items() if place is not None}
    place, allowed = places.get("allow_networks"), texts.get("allow_networks")
    if place is not None and allowed is not None and not are_networks(allowed):
        place.fault(f"{allowed!r} is not a list of networks, such as 10.0.0.0/8, fd00::/8")
    return {name: text for name, text in texts.items() if text is not None}


def _read_mail(place: Place | None, secrets: SecretReader) -> MailSettings | None:
    section = None if place is None else place.section()
    if place is None or section is None:
        return None
    smtp, sender = read_host_port(section.need("smtp")), section.need("from")
    user_place, password = section.get("user"), secrets.any_text(section.get("password"))
    user = None if user_place is None else user_place.text()
    tls_place = section.get("tls")
    tls = True if tls_place is None else tls_place.flag()
    address = None if sender is None else sender.text()
    if sender is not None and address is not None and "@" not in address:
        sender.fault(f"{address!r} is not a mail address")
    if ("user" in section) != ("password" in section):
        place.fault("user and password go together")
    notice = _read_notice(section.get("remind_before_end"))
    section.close()
    if smtp is None or address is None or tls is None or notice is None:
        return None
    if not tls and not is_loopback(smtp[0]):
        place.fault("mail without TLS is only for a server on this machine")
    return MailSettings(smtp[0], smtp[1], address, user, password, tls, notice)


def _read_notice(place: Place | None) -> timedelta | None:
    """How long before an end its person hears of it; 0 for `never`."""
    if place is None:
        return REMIND_BEFORE_END
    return timedelta() if place.text() == "never" else place.duration(REMIND_MAX)


def _read_evidence(place: Place | None) -> bool:
    """Whether anybody may fetch entries and receipts."""
    section = None if place is None else place.section()
    if section is None:
        return False
    public = section.get("public")
    found = None if public is None else public.flag()
    section.close()
    return bool(found)
