"""The example connector of `connectors/README.md` is a working one."""

import re
from pathlib import Path
from typing import Any

import pytest

from ticketgate.connector_api import (
    ItsmConnector,
    MalformedDeliveryError,
    Missing,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
    Ticket,
)

README = Path(__file__).parents[2] / "connectors" / "README.md"
MAPPING = SourceMapping("desk", {"ticket": TableMapping("ticket", states={"new": StateClass.OPEN})})


@pytest.fixture
def helpdesk() -> ItsmConnector:
    [code] = re.findall(r"```python\n(from .*?)```", README.read_text(), re.DOTALL)
    module: dict[str, Any] = {"__name__": "helpdesk"}
    exec(code, module)  # noqa: S102 -- our own documentation
    made: ItsmConnector = module["HELPDESK"]
    return made


def test_the_example_reads_a_ticket(helpdesk: ItsmConnector) -> None:
    record: dict[str, Any] = {
        "id": "7",
        "no": "T-7",
        "customer": "u1",
        "state": "new",
        "revision": 2,
    }
    ticket = helpdesk.normalise({"ticket": record}, MAPPING)
    assert isinstance(ticket, Ticket)
    assert (ticket.id, ticket.number, ticket.version) == ("7", "T-7", 2)
    assert ticket.state_class is StateClass.OPEN
    assert ticket.value("requested_for") == Reference("u1", None)
    assert ticket.value("short_description") is Missing.ABSENT


@pytest.mark.parametrize(
    ("code", "payload"),
    [("not_a_record", []), ("not_a_record", {}), ("no_ticket_id", {"ticket": {}})],
    ids=["list", "empty", "no id"],
)
def test_the_example_refuses_as_the_contract_says(
    helpdesk: ItsmConnector,
    code: str,
    payload: Any,  # noqa: ANN401 -- any JSON
) -> None:
    with pytest.raises(MalformedDeliveryError) as caught:
        helpdesk.normalise(payload, MAPPING)
    assert caught.value.code == code
    with pytest.raises(MalformedDeliveryError, match="mapping"):
        helpdesk.normalise({"ticket": {}}, SourceMapping("desk", {}))
