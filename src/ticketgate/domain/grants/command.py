"""Command: something to do outside, committed with the change that causes it (the outbox)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class CommandKind(StrEnum):
    """What is to be done."""

    REVOKE = "revoke"
    PROVISION = "provision"
    MAIL_LINK = "mail_link"
    MAIL_AGAIN = "mail_link_again"  # the same link, since its holder asks for it
    MAIL_CODE = "mail_code"
    MAIL_NOTICE = "mail_notice"  # of an emergency; its `about` is the notice
    MAIL_OUTCOME = "mail_outcome"  # its `about` is the letter
    MAIL_REMINDER = "mail_reminder"  # its `about` is the link
    MAIL_DIGEST = "mail_digest"  # its `about` is the digest of one person's day
    COMMENT = "comment"  # its target is the source
    ANNOUNCE = "announce"  # its target is the receiver


# What somebody waits for; other mails have a lane of their own, so that many delay none of these.
MAILS: Final = (
    CommandKind.MAIL_LINK,
    CommandKind.MAIL_AGAIN,
    CommandKind.MAIL_CODE,
    CommandKind.MAIL_NOTICE,
)
REMINDERS: Final = (CommandKind.MAIL_REMINDER, CommandKind.MAIL_DIGEST)


class CommandState(StrEnum):
    """`intended`: the intent is committed and the outside may have been called."""

    QUEUED = "queued"
    INTENDED = "intended"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `due_at` is when to try next.

    `about` is the id of the grant, link, code, notice, letter, digest, comment or announcement.
    """

    id: str
    kind: CommandKind
    about: str
    target: str
    state: CommandState
    due_at: datetime
    tries: int = 0
    last_outcome: str = ""
    deadline: datetime | None = None  # until when the last call may still land
