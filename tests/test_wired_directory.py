"""The whole gateway beside a real slapd that is down, and comes up."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.adapters.slapd import ADMIN, BASE, PASSWORD, Slapd, needs_slapd
from tests.domain.schemes.senders import SENDERS
from tests.test_wiring import built, copied, is_whole, records, wait_until
from tests.web.wire import ask, request
from tests.web.wire import running as served

from ticketgate.adapters.directories import joined_directory
from ticketgate.domain.errors import TicketgateError
from ticketgate.web.gateway_app import doors
from ticketgate.wiring import commands

pytestmark = needs_slapd


@pytest.fixture
def slapd(tmp_path: Path) -> Iterator[Slapd]:
    """A server with one person, not started."""
    folder = tmp_path / "slapd"
    folder.mkdir()
    server = Slapd(folder)
    server.start()
    admin = server.admin()
    admin.add(BASE, ["dcObject", "organization"], {"o": "Corp"})
    admin.add(f"uid=erin,{BASE}", "inetOrgPerson", {"cn": "Erin", "sn": "Erin"})
    admin.unbind()
    server.stop()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path, slapd: Slapd) -> Path:
    """The shipped configuration, with that server beside the file."""
    made = copied(tmp_path / "config")
    secret = made / "secrets" / "ldap.password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    path, old = made / "ticketgate.yaml", "directory: { file: directory.yaml }"
    text = path.read_text()
    assert old in text
    corp = (
        f"{{ kind: openldap, url: '{slapd.url}', start_tls: false, bind_dn: '{ADMIN}', "
        f"password: file:secrets/ldap.password, base: '{BASE}' }}"
    )
    new = f"directory: {{ file: directory.yaml, ldap: {{ corp: {corp} }} }}"
    path.write_text(text.replace(old, new))
    return made


def test_deliveries_are_taken_while_it_is_down_and_worked_off_when_it_is_up(
    folder: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_directory, "RETRY_AFTER_SECONDS", 0.05)

    def codes() -> list[str]:
        with gateway.store.reading() as looking:
            found = looking.exceptions.listed(None, 99)
        return [one.code for one in found if one.resolved_at is None]

    with capture_logs():
        gateway = built(folder)
        with served(doors(gateway)) as server:
            source = gateway.settings.sources["snow-prod"]
            body, seconds = b'{"number": 1}', int(datetime.now(UTC).timestamp())
            sign = SENDERS["standard_webhooks"].sign
            headers = sign(source.secrets[0], body, "msg_1", source.name, seconds)
            assert ask(server.port, request("/hooks/snow-prod", headers, body)).status == 202
            wait_until(lambda: "directory_down" in codes())
            ready = ask(server.port, request("/readyz", method="GET", body=None), "GET")
            assert ready.status == 503
            assert b"directory_unreadable" in ready.body
            slapd.start()
            wait_until(lambda: "directory_down" not in codes())
            people = gateway.directory.read(gateway.clock.now()).people
            assert any(one.startswith("corp:") for one in people)
    loaded = [one for one in records(folder) if one["type"] == "directory.loaded"]
    assert [name for name, _ in loaded[-1]["sources"]] == ["file", "corp"]
    assert is_whole(folder)


def test_check_asks_it(folder: Path, slapd: Slapd) -> None:
    found = commands.load(folder, {})
    now = commands.wall_time()
    with pytest.raises(TicketgateError, match="the directory corp cannot be read"):
        found.directory.read(now)
    slapd.start()
    read = commands.load(folder, {}).directory.read(now)
    (erin,) = [one for one in read.people.values() if one.id.startswith("corp:")]
    assert erin.name == "Erin"
