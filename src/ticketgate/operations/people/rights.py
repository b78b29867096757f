"""Rights: who may ask the gateway for what. Whoever reaches the socket may take access away.

The rest changes or records what an auditor relies on, so the operators' group may not ask for it.
"""

from collections.abc import Collection, Mapping
from enum import Enum, unique
from typing import Any, Final

from ticketgate.domain.errors import TicketgateError


@unique
class Who(Enum):
    """Who may ask for a word."""

    ANYBODY = "whoever can open the socket"
    OWNER = "the gateway's own account, and root"


RIGHTS: Final[Mapping[str, Who]] = {
    "revoke": Who.ANYBODY,
    "checkpoint": Who.ANYBODY,
    "exported": Who.OWNER,
    "erase": Who.OWNER,
    "prune": Who.OWNER,
    "pruning": Who.OWNER,
    "surface": Who.OWNER,
    "reload": Who.OWNER,
    "rotate_key": Who.OWNER,
    "end_key": Who.OWNER,
}


def word_of(actor: str, asked: Mapping[str, Any], owners: Collection[str]) -> str:
    """What `actor` asks for, and may; `owners` are the gateway's own account, and root.

    Raises:
        TicketgateError: code `usage`, it is no word; `not_allowed`, it is not for this account.
    """
    word = asked.get("do")
    if not isinstance(word, str) or word not in RIGHTS:
        raise TicketgateError("ask for one of: " + ", ".join(sorted(RIGHTS)), code="usage")
    if RIGHTS[word] is Who.OWNER and actor not in owners:
        raise TicketgateError(
            f"`{word}` is only for {Who.OWNER.value}",
            code="not_allowed",
            next_step="run the command as the user that runs the gateway",
        )
    return word
