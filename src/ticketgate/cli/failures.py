"""How a command ends: every expected failure is a sentence, a next step, and an exit code."""

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Final, NoReturn, ParamSpec

import click

from ticketgate.domain.errors import ConfigurationError, Fault, TicketgateError
from ticketgate.domain.text.visible import visible

P = ParamSpec("P")

ANSWER_IS_NO: Final = 1
USAGE: Final = 2
COULD_NOT: Final = 3
UNSIGNED: Final = 4
_UNMADE: Final = re.compile(r"cannot be read: No such file")
_USAGE_CODES: Final = frozenset({"usage", "configuration", "trust"})


def ends_with_code(command: Callable[P, None]) -> Callable[P, None]:
    """Turn our errors into a message on standard error and an exit code; never a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ConfigurationError as fault:
            tell_faults(fault.faults)
            leave(counted(len(fault.faults), "fault"), _step(fault), USAGE)
        except TicketgateError as fault:
            leave(f"{fault.reason} [{fault.code}]", fault.next_step, code_of(fault))
        except BrokenPipeError:  # nobody reads on, which is no fault; the last flush would be one
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(COULD_NOT)
        except OSError as fault:
            leave(f"{fault.strerror or fault} ({fault.filename or 'no file'})", "", COULD_NOT)

    return run


def code_of(fault: TicketgateError | OSError) -> int:
    """The exit code that a failure ends with."""
    is_usage = isinstance(fault, TicketgateError) and fault.code in _USAGE_CODES
    return USAGE if is_usage else COULD_NOT


def _step(fault: ConfigurationError) -> str:
    """What to do next; a folder that was never set up has no secrets."""
    if any(_UNMADE.search(one.message) for one in fault.faults):
        return f"`ticketgate init DIR` makes a folder with all of them; else {fault.next_step}"
    return fault.next_step


def tell_faults(faults: Iterable[Fault]) -> None:
    """Each as `file:line: path: message` on standard error."""
    for one in faults:
        click.echo(visible(one.text), err=True)


def leave(reason: str, next_step: str, code: int) -> NoReturn:
    """End with a reason, what to do next, and an exit code."""
    click.echo(f"ticketgate: {visible(reason, lines=True)}", err=True)
    if next_step:
        click.echo(f"next: {visible(next_step, lines=True)}", err=True)
    sys.exit(code)


def counted(count: int, noun: str) -> str:
    """`1 fault`, `2 faults`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
