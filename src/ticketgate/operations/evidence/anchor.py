"""Anchor: others are asked to vouch for what was signed. Nothing of it happens in a transaction.

A record about an anchor makes the log longer, and never makes an anchor due: only time does.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import Draft
from ticketgate.domain.log.anchor import RETRY_FIRST, AnchorKind, AnchorRow
from ticketgate.domain.log.checkpoint import Checkpoint, parse_checkpoint
from ticketgate.domain.log.proof import consistency
from ticketgate.domain.trying_again import backoff
from ticketgate.ports import Anchor, Asked, Clock, Signer, Store, Transaction, Vouched

STEP_SECONDS_MAX: Final = 30.0  # the loop shows that it lives
NOTHING_SIGNED_SECONDS: Final = 1.0
_ORDER: Final = tuple(AnchorKind)


class Anchorer:
    """Asks every anchor at the start and then each round; one that failed, again with backoff.

    A round is about one checkpoint: what witnesses and authorities said of it goes into the copies.
    """

    def __init__(
        self,
        *,
        store: Store,
        signer: Signer,
        clock: Clock,
        anchors: Sequence[Anchor],
        every: timedelta,
        log: Callable[[str, str, str], None],
    ) -> None:
        """`log(kind, name, code)` is told of each try that failed."""
        self._store = store
        self._signer = signer
        self._clock = clock
        self._anchors = sorted(anchors, key=lambda one: _ORDER.index(one.kind))
        self._every = every
        self._log = log
        self._round_at: datetime | None = None  # when the next one begins
        self._wanted: dict[str, datetime] = {}  # name -> when it is asked; those that took it: not
        self._tries: dict[str, int] = {}  # failures in a row
        self._note: bytes | None = None  # what this round is about

    def step(self) -> float:
        """Ask the next anchor that is due, one at a time; returns how long to wait; for a loop."""
        now = self._clock.now()
        if self._round_at is None or now >= self._round_at:
            self._round_at = now + self._every
            self._wanted = dict.fromkeys((one.name for one in self._anchors), now)
            self._note = None
        due = [one for one in self._anchors if self._wanted.get(one.name, self._round_at) <= now]
        if not due:
            self._note = None
            until = min([self._round_at, *self._wanted.values()])
            return min(STEP_SECONDS_MAX, (until - now).total_seconds())
        self._note = self._note or self._signer.newest()
        if self._note is None:
            return NOTHING_SIGNED_SECONDS
        self._ask(due[0], self._note, now)
        return 0.0

    def _ask(self, anchor: Anchor, note: bytes, now: datetime) -> None:
        checkpoint = parse_checkpoint(note).checkpoint
        code = ""
        try:
            self._keep(checkpoint, note, anchor.vouch(self._asked(anchor, checkpoint, note, now)))
        except TicketgateError as fault:
            code = fault.code
        except Exception as fault:  # noqa: BLE001 -- one anchor never stops the others
            code = f"unclassified:{type(fault).__name__}"
        if code:
            tries = self._tries[anchor.name] = self._tries.get(anchor.name, 0) + 1
            self._wanted[anchor.name] = now + backoff(tries, RETRY_FIRST, self._every)
            self._log(anchor.kind.value, anchor.name, code)
        else:
            self._tries.pop(anchor.name, None)
            self._wanted.pop(anchor.name, None)
        self._store.write(
            partial(
                note_outcome, kind=anchor.kind, name=anchor.name, checkpoint=checkpoint, code=code
            )
        )

    def _asked(self, anchor: Anchor, checkpoint: Checkpoint, note: bytes, now: datetime) -> Asked:
        with self._store.reading() as looking:
            row = looking.anchors.get(anchor.kind, anchor.name)
        return Asked(
            note=note,
            checkpoint=checkpoint,
            token=self._signer.token(checkpoint.size),
            signed=parse_checkpoint(self._signer.newest() or note).checkpoint.size,
            known=0 if row is None else row.size,
            now=now,
            prove=partial(self._prove, checkpoint.size),
        )

    def _prove(self, size: int, old: int) -> tuple[bytes, ...]:
        with self._store.reading() as looking:
            return consistency(old, size, looking.evidence.hashes)

    def _keep(self, checkpoint: Checkpoint, note: bytes, vouched: Vouched) -> None:
        """Into the signer's memory, before anything is recorded."""
        if vouched.token is not None:
            self._signer.keep_token(checkpoint.size, vouched.token)
        self._note = self._signer.add(note, vouched.lines)


def note_outcome(
    tx: Transaction,
    now: datetime,
    *,
    kind: AnchorKind,
    name: str,
    checkpoint: Checkpoint,
    code: str,
) -> None:
    """Record that an anchor took the checkpoint (no code), or that its outcome changed."""
    row = tx.anchors.get(kind, name) or AnchorRow(kind, name, since=now)
    about = {"anchor": kind.value, "by": name, "size": checkpoint.size}
    if not code:
        tx.append(Draft("checkpoint.anchored", {**about, "root": checkpoint.root.hex()}))
        tx.anchors.save(replace(row, size=checkpoint.size, anchored_at=now, code=""))
    elif code != row.code:
        tx.append(Draft("checkpoint.anchor_failed", {**about, "code": code}))
        tx.anchors.save(replace(row, code=code))
