"""`policy reload`: have the running gateway read its policy anew."""

from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.evidence.keeping import asked_of_gateway
from ticketgate.cli.failures import USAGE, counted, ends_with_code, leave
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.errors import ConfigurationError, TicketgateError
from ticketgate.domain.text.visible import visible

ASK_SECONDS: Final = 60.0


@click.command("reload")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def reload_command(folder: Path, *, as_json: bool) -> None:
    """Have the running gateway read policy.yaml anew, with its packs and weights.

    Everything is checked first; a faulty file leaves the old policy in force, and each fault is
    listed. Settings, sources and the mode change at a start only. Exit: 0, 2 a file is faulty, 3 no
    gateway runs, or it cannot be done without starting anew.
    """
    answer = _answer(folder)
    if as_json:
        echo_json(answer)
        return
    if answer["policy"] == answer["before"]:
        echo(f"the policy {answer['policy'][:12]} is in force already")
    else:
        ended = counted(answer["ended"], "open request")
        echo(f"the policy {answer['policy'][:12]} is in force ({answer['difference']})")
        echo(f"ended because it loosens their rules: {ended}")
    echo(f"not read: {answer['not_reloaded']}")


def _answer(folder: Path) -> Any:  # noqa: ANN401 -- JSON
    try:
        answer = asked_of_gateway(folder, {"do": "reload"}, ASK_SECONDS)
    except TicketgateError as fault:
        if fault.code != ConfigurationError.code:
            raise
        faults = fault.reason.splitlines()
        for line in faults:
            click.echo(visible(line), err=True)
        leave(f"{counted(len(faults), 'fault')}; the old policy holds", fault.next_step, USAGE)
    if answer is None:
        raise TicketgateError(
            "no gateway runs", code="control", next_step="the next start reads the policy"
        )
    return answer
