"""Settings: how a deployment runs, as loaded from `ticketgate.yaml`; secrets are resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final

from ticketgate.domain.log.anchor import AnchorKind
from ticketgate.domain.log.note import VerifierKey
from ticketgate.domain.log.retention import Retention
from ticketgate.domain.people.claims import ClaimRules
from ticketgate.domain.people.passkey_row import VouchBy
from ticketgate.domain.requests.roles import Roles
from ticketgate.domain.requests.velocity import Velocity
from ticketgate.domain.schemes.common import Scheme
from ticketgate.domain.schemes.table import STANDARD_WEBHOOKS
from ticketgate.domain.telling.reminding import Reminding
from ticketgate.domain.tickets.mapping import SourceMapping

REMIND_BEFORE_END: Final = timedelta(hours=1)
REMIND_MAX: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PollSettings:
    """How a source is asked for what its hooks lost. `password` and `token` are secrets.

    One of them is empty; so is `user` where only a token says who asks.
    """

    every: timedelta
    url: str
    overlap: timedelta
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    allow_networks: str = ""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One ITSM platform that may post. `secrets` are keys of `scheme`, several while rotating."""

    name: str
    kind: str
    secrets: tuple[bytes, ...] = field(repr=False)
    own_users: frozenset[str]  # in the spelling of `canonical`
    mapping: SourceMapping
    scheme: Scheme = STANDARD_WEBHOOKS
    poll: PollSettings | None = None
    comment_on: tuple[str, ...] = ()  # outcomes that tickets are told of; never without `poll`
    velocity: Velocity = field(default_factory=Velocity)


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """One target. `token` is the secret itself."""

    name: str
    connector: str
    url: str
    token: str = field(repr=False)
    at_once: int = 4
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where mail goes out, and how long before its end it reminds of access.

    `tls` is STARTTLS; without it only loopback hosts are accepted.
    """

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = True
    remind_before_end: timedelta = REMIND_BEFORE_END  # 0: nobody is reminded


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """An OpenID provider that people sign in at. `accounts` is where the directory has its `sub`.

    `step_up` are the classes (`acr`) that are a second factor; without one there is no step-up.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    accounts: str
    scopes: tuple[str, ...] = ()  # beside `openid`
    step_up: tuple[str, ...] = ()
    step_up_age: timedelta = timedelta(minutes=5)
    allow_networks: str = ""


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Who outside is told of events. `url` and `secret` are secrets; only webhooks have the latter.

    `events` are of `announcement.EVENTS`.
    """

    name: str
    kind: str  # webhook | slack
    url: str = field(repr=False)
    events: frozenset[str]
    secret: bytes | None = field(default=None, repr=False)
    allow_networks: str = ""


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """A C2SP witness. `key` is what it cosigns with."""

    kind: ClassVar = AnchorKind.WITNESS
    name: str
    key: VerifierKey
    url: str
    allow_networks: str = ""


@dataclass(frozen=True, slots=True)
class TsaSettings:
    """An RFC 3161 time-stamp authority. `certificates` is the PEM that may vouch for tokens."""

    kind: ClassVar = AnchorKind.TSA
    name: str
    url: str
    certificates: bytes
    allow_networks: str = ""


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """Copies into a folder, which should lie on storage that is write-once, or another's."""

    kind: ClassVar = AnchorKind.COPY
    name: str
    folder: str


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """Copies into an S3-compatible bucket with object lock. Without `endpoint` it is AWS."""

    kind: ClassVar = AnchorKind.COPY
    name: str
    bucket: str
    prefix: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    lock_days: int
    endpoint: str | None = None
    allow_networks: str = ""


AnchorSettings = WitnessSettings | TsaSettings | FolderSettings | BucketSettings


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Who vouches for the log, how often, and which cosignatures make it vouched for.

    `quorum` is a witness's name, `all`, `any`, or `none`.
    """

    anchors: tuple[AnchorSettings, ...] = ()
    quorum: str = "none"
    every: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """A directory in LDAP. `groups` maps names here to ids there (UUID, lower case).

    `attributes` says which attribute tells name, mail, manager and team; the last two may be
    missing. `ca_file` is a PEM bundle in place of the machine's roots, or empty.
    """

    name: str
    kind: str  # openldap | active_directory
    url: str  # ldaps://host or ldap://host
    start_tls: bool
    bind_dn: str
    password: str = field(repr=False)
    base: str
    users: str  # a filter
    groups_base: str
    groups: Mapping[str, str]
    attributes: Mapping[str, str]
    ca_file: str
    every: timedelta
    deadline: timedelta


@dataclass(frozen=True, slots=True)
class ScimSettings:
    """A directory that speaks SCIM 2.0. `groups` maps names here to ids there."""

    name: str
    url: str
    token: str = field(repr=False)
    groups: Mapping[str, str]
    allow_networks: str
    ca_file: str
    every: timedelta
    deadline: timedelta


DirectorySettings = LdapSettings | ScimSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of `ticketgate.yaml`. Paths are absolute. `digest` is SHA-256 of its bytes."""

    origin: str
    public_url: str
    store: str
    data_dir: str
    session_key: bytes = field(repr=False)
    sources: Mapping[str, SourceSettings]
    targets: Mapping[str, TargetOptions]
    directory_file: str
    policy_file: str
    mail: MailSettings
    mail_code: bool
    host: str
    port: int
    body_bytes_max: int
    body_seconds_max: float
    raw_body_keep: timedelta
    signing_key_file: str
    digest: str
    roles: Roles = field(default_factory=dict)
    anchoring: Anchoring = Anchoring()
    retention: Retention = field(default_factory=Retention)
    evidence_public: bool = False
    provider: ProviderSettings | None = None
    directories: tuple[DirectorySettings, ...] = ()
    claims: ClaimRules | None = None
    receivers: tuple[ReceiverSettings, ...] = ()
    reminding: Reminding = field(default_factory=Reminding)
    vouch_by: VouchBy = VouchBy.BOOTSTRAP
