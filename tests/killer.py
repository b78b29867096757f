"""A gateway that dies at one moment, as by a kill: `python killer.py CONFIG rotate|end|declare`.

`rotate` dies in the commit of the record, when the key file is written; `end` when the record is
committed and the key file is not; `declare` when a restore is declared and the signer still
remembers the lost branch.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from ticketgate.adapters.process.control import actor_name
from ticketgate.operations.desks.restore_desk import RestoreView
from ticketgate.operations.restoring.declare_restore import Said
from ticketgate.wiring import commands
from ticketgate.wiring.gateway import Gateway

DEAD: Final = 9
TWO: Final = 2


def die(*_: object) -> NoReturn:
    """No handler, no flush: the process is gone."""
    os._exit(DEAD)


def declare(folder: Path) -> NoReturn:
    """Two operators declare the restore, and nothing comes after the commit."""
    gateway = Gateway(commands.load(folder, os.environ), restore=True)
    gateway.start()
    desk = replace(gateway.restores, on_declared=die)
    for person in ("bob", "carol"):
        view = desk.view(person)
        assert isinstance(view, RestoreView)
        desk.declare(Said(person, view.shown, "the disk died and there is no newer copy"))
    raise AssertionError("it was not declared")


def main(folder: Path, moment: str) -> None:
    """Start on `folder`, and die."""
    if moment == "declare":
        declare(folder)
    keys = folder / "secrets" / "signing.key"

    def in_commit() -> None:
        if moment == "rotate" and len(keys.read_text().split()) == TWO:
            die()

    gateway = Gateway(commands.load(folder, os.environ), before_commit=in_commit)
    gateway.start()
    me = actor_name(os.getuid())
    gateway.carry_out(me, {"do": "rotate_key"})
    keys.with_name("signing.key.new").mkdir()  # the file cannot be replaced from here on
    try:
        gateway.carry_out(me, {"do": "end_key"})
    finally:
        die()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
