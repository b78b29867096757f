"""What the gateway takes away by itself or when it is asked: hidden values, old segments."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ticketgate.adapters.process.loops import Loop
from ticketgate.domain.log.retention import Retention
from ticketgate.operations.desks.control import Control
from ticketgate.operations.evidence.erase import Eraser
from ticketgate.operations.evidence.prune import Pruner
from ticketgate.ports import Store


class Keepers:
    """An eraser, a pruner, and the loop that runs them."""

    def __init__(self, store: Store, retention: Retention, now: Callable[[], datetime]) -> None:
        self.store = store
        self.eraser = Eraser(store, retention, now)
        self.pruner = Pruner(store, retention, now, self.eraser.by_age)
        self.loop = Loop("retention", self.pruner.step)
        self._control = Control(store, self.eraser, self.pruner)

    def carry_out(self, actor: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the command line asks of a running gateway; what it begins goes on in the loop."""
        done = self._control.carry_out(actor, asked)
        self.loop.wake()
        return done
