"""Copying: what who takes a copy of the log asks of the running gateway."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import INTEGER_MAX
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.export_evidence import note_exported
from ticketgate.ports import Store

COPY_WORDS: Final = frozenset({"checkpoint", "exported"})


def answer_copier(
    store: Store, actor: str, asked: Mapping[str, Any], checkpointer: Checkpointer | None
) -> Mapping[str, Any]:
    """A fresh checkpoint as text; or the record of the copy that `actor` took.

    Raises:
        TicketgateError: code `usage`, `signer`; or what the store or signing raises.
    """
    if asked.get("do") == "exported":
        return _exported(store, actor, asked)
    note = None if checkpointer is None else checkpointer.sign()
    if note is None:
        raise TicketgateError(
            "the running gateway signs nothing now",
            code="signer",
            next_step="`/readyz` says why; with a whole log and configuration it signs again",
        )
    return {"checkpoint": note.decode()}


def _exported(store: Store, actor: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    size = asked.get("size")
    if type(size) is not int or not 0 <= size <= INTEGER_MAX:
        raise TicketgateError("a copy has a number of records", code="usage")
    with store.reading() as looking:
        head = looking.evidence.head()
    if size > (0 if head is None else head.size):
        raise TicketgateError("the log has not so many records", code="usage")
    store.write(partial(note_exported, by=actor, size=size))
    return {"recorded": size}
