"""How a place in the evidence log is told to people: in mails, on pages, in ticket comments.

Whoever keeps such a line holds an anchor: the log must have that record there, and that root.
"""

from typing import Final

from ticketgate.domain.log.checkpoint import Checkpoint

ROOT_CHARS: Final = 16  # of the root in hex: too many to find another tree with the same


def evidence_line(origin: str, index: int | None, signed: Checkpoint | None) -> str:
    """`Evidence: gate.example.com/evidence#123, root 3f5a…… at 130`.

    `index` is that of the newest record known of what the text is about, None where none is;
    `signed` the newest signed checkpoint, None where none is at hand.
    """
    record = origin if index is None else f"{origin}#{index}"
    if signed is None:
        return f"Evidence: {record}, no signed root at hand"
    return f"Evidence: {record}, root {signed.root.hex()[:ROOT_CHARS]}… at {signed.size}"
