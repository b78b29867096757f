"""The limits of a configuration hold in the whole gateway."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.domain.schemes.senders import SENDERS
from tests.test_wiring import built, copied, is_whole
from tests.web.wire import ask, request
from tests.web.wire import running as served

from ticketgate.domain.requests.velocity import Rate
from ticketgate.web.gateway_app import doors

HOUR = timedelta(hours=1)
OWN = "    own_users: [svc-ticketgate]"
LIMITS = "{ requests: 5 per 1h, closings: 3 per 1h, deliveries: 1 per 1m }"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped configuration; its source may send one delivery a minute."""
    made = copied(tmp_path / "config")
    path = made / "ticketgate.yaml"
    text = path.read_text()
    assert OWN in text
    path.write_text(text.replace(OWN, f"    velocity: {LIMITS}\n{OWN}"))
    return made


def test_the_limits_of_the_configuration_hold(folder: Path) -> None:
    gateway = built(folder)
    with served(doors(gateway)) as server:
        with gateway.store.reading() as looking:
            assert looking.pace.limit("snow-prod") == Rate(5, HOUR)
            assert looking.pace.closings("snow-prod") == Rate(3, HOUR)
        source = gateway.settings.sources["snow-prod"]
        answers = []
        for number in range(2):
            seconds, body = int(datetime.now(UTC).timestamp()), b'{"number": %d}' % number
            sign = SENDERS["standard_webhooks"].sign
            headers = sign(source.secrets[0], body, f"msg_{number}", source.name, seconds)
            answers.append(ask(server.port, request("/hooks/snow-prod", headers, body)).status)
        assert answers == [202, 429]
        with gateway.store.reading() as looking:
            assert len(looking.deliveries.listed(None, 9)) == 1
    assert is_whole(folder)


def test_a_source_that_is_taken_out_lets_nothing_pass(folder: Path) -> None:
    gateway = built(folder)
    gateway.start()
    gateway.stop()
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text().replace("snow-prod:", "snow-test:"))
    gateway = built(folder)
    gateway.start()
    with gateway.store.reading() as looking:
        assert looking.pace.limit("snow-prod") == Rate(0, HOUR)
        assert looking.pace.limit("snow-test") == Rate(5, HOUR)
    gateway.stop()
