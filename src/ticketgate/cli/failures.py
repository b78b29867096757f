"""How a command ends: every expected failure is a sentence, a next step, and an exit code."""

import functools
import sys
from collections.abc import Callable
from typing import Final, ParamSpec

import click

from ticketgate.domain.errors import ConfigurationError, TicketgateError

P = ParamSpec("P")

ANSWER_IS_NO: Final = 1
USAGE: Final = 2
COULD_NOT: Final = 3
UNSIGNED: Final = 4
_USAGE_CODES: Final = frozenset({"usage", "configuration"})


def ends_with_code(command: Callable[P, None]) -> Callable[P, None]:
    """Turn our errors into a message on standard error and an exit code; never a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ConfigurationError as fault:
            for one in fault.faults:
                click.echo(one.text, err=True)
            _leave(f"{len(fault.faults)} faults in the configuration", fault.next_step, USAGE)
        except TicketgateError as fault:
            code = USAGE if fault.code in _USAGE_CODES else COULD_NOT
            _leave(f"{fault.reason} [{fault.code}]", fault.next_step, code)
        except OSError as fault:
            _leave(f"{fault.strerror or fault} ({fault.filename or 'no file'})", "", COULD_NOT)

    return run


def _leave(reason: str, next_step: str, code: int) -> None:
    click.echo(f"ticketgate: {reason}", err=True)
    if next_step:
        click.echo(f"next: {next_step}", err=True)
    sys.exit(code)
