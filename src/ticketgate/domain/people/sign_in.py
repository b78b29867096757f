"""Sign-in: a mail code is 8 digits, 10 minutes, 5 tries, for the browser that asked; sessions."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

CODE_LIFE: Final = timedelta(minutes=10)
CODE_TRIES_MAX: Final = 5
CODES_AN_HOUR_MAX: Final = 5
LINKS_AN_HOUR_MAX: Final = 5  # that one person has mailed again, whichever they are
SESSION_LIFE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Code:
    """A code asked for. `code_hash` and `expires_at` are set each time it is mailed."""

    id: str
    browser_hash: str
    subject: str
    link: str | None
    asked_at: datetime
    code_hash: str = ""
    expires_at: datetime | None = None
    tries: int = 0
    state: str = "open"  # open | used | void


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A signed-in person; `id_hash` is SHA-256 of the cookie's secret."""

    id_hash: str
    subject: str
    method: str
    signed_in_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StepUp:
    """A fresh sign-in by a second factor, of one session, for one thing shown, until `until`.

    `token` is the provider's own signed word, asked for with the nonce of `salt` and `shown`.
    """

    id_hash: str
    subject: str
    shown: str
    at: datetime
    until: datetime
    auth_time: datetime
    acr: str
    salt: str
    token: str = field(repr=False)
