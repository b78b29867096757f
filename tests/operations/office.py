"""The restore desk of a gate, for tests: two operators at work."""

from functools import partial

from tests.operations.fakes import MORNING
from tests.operations.kit import Gate
from tests.operations.tickets import SOURCE

from ticketgate.domain.errors import Refusal
from ticketgate.domain.log.restore import Loss
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.desks.restore_desk import RestoreDesk, RestoreView
from ticketgate.operations.restoring.declare_restore import Heard, Said, note_loss
from ticketgate.operations.restoring.reconcile_restore import Reconciler

WHY = "the disk of the database died and no newer copy was found"
LOSS = Loss("rolled_back", 99, "ab" * 32, 7, 7, "cd" * 32, MORNING)
PEOPLE = ("alice", "bob", "carol", "svc-ticketgate")
OPERATORS = {"operator": (*(Word("person", one) for one in PEOPLE), Word("group", "sec-iam"))}


class Office:
    """The gate's restore desk, and its reconciler."""

    def __init__(self, gate: Gate, *, pending: bool = False) -> None:
        self.gate = gate
        self.declared: list[str] = []
        self.desk = RestoreDesk(
            store=gate.store,
            clock=gate.clock,
            directory=gate.directory,
            snapshot=gate.desk.snapshot,
            roles=OPERATORS,
            policy=gate.in_force,
            sources=(SOURCE,),
            pending=pending,
            on_declared=lambda: self.declared.append("declared"),
        )
        self.reconciler = Reconciler(
            gate.store, gate.targets, gate.in_force, gate.clock.now, gate._log
        )

    def lose(self, loss: Loss = LOSS) -> Loss:
        return self.gate.write(partial(note_loss, loss=loss))

    def view(self, person: str = "bob") -> RestoreView:
        found = self.desk.view(person)
        assert isinstance(found, RestoreView), found
        return found

    def code(self, outcome: Heard | Refusal) -> str:
        return outcome.code if isinstance(outcome, Refusal) else ""

    def declare(self, person: str, *, shown: str = LOSS.shown, reason: str = WHY) -> str:
        return self.code(self.desk.declare(Said(person, shown, reason)))

    def end(self, person: str, *sources: str, shown: str | None = None, reason: str = WHY) -> str:
        if shown is None:
            shown = self.view().shown
        return self.code(self.desk.end(Said(person, shown, reason, sources or (SOURCE,))))

    def reconcile(self) -> None:
        while self.reconciler.step() == 0.0:
            pass
