"""Run comments: a ticket is told, once, what it brought about. One try of one command."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from ticketgate.connector_api import ConnectorError, NotFound, Refused
from ticketgate.domain.grants.command import Command
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.telling.anchoring_text import evidence_line
from ticketgate.domain.telling.write_back import Comment, letter
from ticketgate.operations.telling.evidence_place import EvidencePlace
from ticketgate.operations.telling.write_back import commented
from ticketgate.ports import Platforms, Store

_FINAL: Final = (NotFound, Refused)  # whatever is mended: an operator can change our rights


@dataclass(frozen=True, slots=True)
class CommentRunner:
    """Carries out what the outbox holds for tickets."""

    store: Store
    platforms: Platforms
    place: EvidencePlace
    log: Callable[[str, str], None]  # (event, code) of what did not go

    def run(self, command: Command, snapshot: DirectorySnapshot) -> None:
        """One try of one comment, written under the command's id and read back."""
        del snapshot
        with self.store.reading() as looking:
            comment = looking.channels.comment(command.about)
        if comment is None:
            return
        code, retryable, wait = self._try(command, comment)
        if code:
            self.log("comment.failed", code)
        self.store.write(
            partial(commented, ident=command.id, code=code, retryable=retryable, retry_after=wait)
        )

    def _try(self, command: Command, comment: Comment) -> tuple[str, bool, float]:
        evidence = evidence_line(self.place.origin, comment.index, self.place.signed())
        text = letter(comment, evidence, command.id)
        try:
            with self.platforms.open(comment.source) as client:
                client.comment(comment.table, comment.ticket_id, text, command.id)
        except ConnectorError as fault:
            return fault.code, not isinstance(fault, _FINAL), fault.retry_after
        except Exception as fault:  # noqa: BLE001 -- it may have been written; the key tells
            return f"unclassified:{type(fault).__name__}", True, 0.0
        return "", False, 0.0
