"""Write-back: what a ticket is told of what it brought about, in plain words.

The texts are those of `outcomes.py`; each names the place of its record.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment for a ticket, committed with what it tells. `index` is that record's."""

    id: str
    source: str
    table: str
    ticket_id: str
    about: str  # the id of the request or grant
    text: str
    index: int
    queued_at: datetime


def letter(comment: Comment, evidence: str, key: str) -> str:
    """The whole comment. The key in it lets a repeated try find what an earlier one wrote."""
    return f"ticketgate: {comment.text}\n{evidence}\n[{key}]"
