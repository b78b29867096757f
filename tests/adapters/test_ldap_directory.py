"""OpenLDAP: a real slapd, asked over TLS."""

import dataclasses
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.directory_contract import EVERY, OTHER, RemoteContract, RemoteHouse, is_active
from tests.adapters.slapd import ADMIN, BASE, GROUPS, PASSWORD, PEOPLE, Slapd, needs_slapd
from tests.operations.fakes import MORNING
from typing_extensions import override

from ticketgate.adapters.directories.ldap_directory import LdapDirectory
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.settings import LdapSettings

pytestmark = needs_slapd


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd(tmp_path_factory.mktemp("slapd"))
    server.start()
    admin = server.admin()
    admin.add(BASE, ["dcObject", "organization"], {"o": "Corp"})
    admin.unbind()
    yield server
    server.stop()


class LdapHouse(RemoteHouse):
    """The staff in slapd. Bob is in sec-iam by a group within it."""

    def __init__(self, slapd: Slapd, folder: Path) -> None:
        self.slapd = slapd
        self.file = folder / "directory.yaml"
        self.names = {who: f"uid={who},{PEOPLE}" for who in ("alice", "bob", "carol")}
        self.admin = slapd.admin()
        self.clear()
        for unit in (PEOPLE, GROUPS):
            self.admin.add(unit, "organizationalUnit")
        for who in self.names:
            self.add(who, f"{who}@corp.example")
        self.admin.modify(self.names["alice"], {"manager": [("MODIFY_ADD", self.names["bob"])]})
        self.lead = f"cn=leads,{GROUPS}"
        self.group = f"cn=sec-iam,{GROUPS}"
        self.admin.add(self.lead, "groupOfNames", {"member": self.names["bob"]})
        self.make_group()
        self.group_id = self.id_of(self.group)

    def clear(self) -> None:
        self.admin.search(BASE, "(objectClass=*)", attributes=[])
        for dn in sorted((one["dn"] for one in self.admin.response), key=len, reverse=True):
            if dn.lower() != BASE:
                self.admin.delete(dn)

    def add(self, who: str, mail: str, name: str = "") -> None:
        shown = name or who.title()
        kinds = ["inetOrgPerson", "shadowAccount"]
        self.admin.add(self.names[who], kinds, {"cn": shown, "sn": shown, "mail": mail})

    def make_group(self) -> None:
        # A name in a list of members is as whoever wrote it typed it.
        carol = self.names["carol"].replace(",", ", ").replace("ou=people", "OU=People")
        self.admin.add(self.group, "groupOfNames", {"member": [self.lead, carol]})

    def id_of(self, dn: str) -> str:
        self.admin.search(dn, "(objectClass=*)", "BASE", attributes=["entryUUID"])
        return str(self.admin.response[0]["attributes"]["entryUUID"][0])

    def settings(self, **changes: Any) -> LdapSettings:  # noqa: ANN401 -- of any field
        found = LdapSettings(
            name=OTHER,
            kind="openldap",
            url=self.slapd.tls_url,
            start_tls=False,
            bind_dn=ADMIN,
            password=PASSWORD,
            base=PEOPLE,
            users="(objectClass=inetOrgPerson)",
            groups_base=GROUPS,
            groups={"sec-iam": self.group_id},
            attributes={"name": "cn", "mail": "mail", "manager": "manager"},
            ca_file=str(self.slapd.ca_file),
            every=EVERY,
            deadline=timedelta(seconds=5),
        )
        return dataclasses.replace(found, **changes)

    @override
    def remote(self) -> LdapDirectory:
        return LdapDirectory(self.settings())

    @override
    def remote_with(self, *, page: int, people_max: int) -> LdapDirectory:
        return LdapDirectory(self.settings(), page=page, people_max=people_max)

    @override
    def ident(self, who: str) -> str:
        return self.id_of(self.names[who])

    @override
    def disable(self, who: str) -> None:
        self.admin.modify(
            self.names[who], {"pwdAccountLockedTime": [("MODIFY_ADD", "000001010000Z")]}
        )

    @override
    def delete(self, who: str) -> None:
        self.admin.delete(self.names[who])

    @override
    def rename(self, who: str, name: str) -> None:
        before = self.names[who]
        self.admin.modify_dn(before, f"uid={name}")
        self.names[who] = after = f"uid={name},{PEOPLE}"
        self.admin.modify(self.lead, {"member": [("MODIFY_REPLACE", [after])]})
        self.admin.modify(self.names["alice"], {"manager": [("MODIFY_REPLACE", [after])]})

    @override
    def set_manager(self, who: str, manager: str) -> None:
        change = {"manager": [("MODIFY_REPLACE", [self.names[manager]])]}
        self.admin.modify(self.names[who], change)

    @override
    def take_out(self, who: str) -> None:
        assert who == "bob"
        self.admin.modify(self.group, {"member": [("MODIFY_DELETE", [self.lead])]})

    @override
    def rename_group(self) -> None:
        self.admin.modify_dn(self.group, "cn=security")
        self.group = f"cn=security,{GROUPS}"

    @override
    def make_group_anew(self) -> None:
        self.admin.delete(self.group)
        self.make_group()

    @override
    def look_alike(self, who: str) -> None:
        self.names["mallory"] = f"uid={who}.,{PEOPLE}"
        self.add("mallory", f"{who}@corp.example", who.title())
        self.admin.modify(self.lead, {"member": [("MODIFY_ADD", [self.names["mallory"]])]})

    @override
    def stop(self) -> None:
        self.slapd.stop()


@pytest.fixture
def house(slapd: Slapd, tmp_path: Path) -> Iterator[LdapHouse]:
    if not slapd.runs:
        slapd.start()
    found = LdapHouse(slapd, tmp_path)
    yield found
    found.admin.strategy.close()


class TestOpenLdap(RemoteContract):
    """The contract over a real slapd."""


def test_start_tls_is_asked_for_on_the_plain_port(house: LdapHouse) -> None:
    by_start = LdapDirectory(house.settings(url=house.slapd.url, start_tls=True))
    assert by_start.read_all(MORNING) == house.remote().read_all(MORNING)


@pytest.mark.parametrize("start_tls", [True, False])
def test_a_server_whose_certificate_nobody_vouches_for_is_not_asked(
    house: LdapHouse, *, start_tls: bool
) -> None:
    url = house.slapd.url if start_tls else house.slapd.tls_url
    stranger = house.settings(url=url, start_tls=start_tls, ca_file="")
    with pytest.raises(TicketgateError, match="cannot be read"):
        LdapDirectory(stranger).read_all(MORNING)


def test_a_certificate_of_another_name_is_refused(house: LdapHouse) -> None:
    other = house.settings(url=f"ldaps://127.0.0.2:{house.slapd.tls_port}")
    with pytest.raises(TicketgateError, match="cannot be read"):
        LdapDirectory(other).read_all(MORNING)


def test_a_wrong_password_reads_nothing(house: LdapHouse) -> None:
    with pytest.raises(TicketgateError, match="the bind is refused: invalidCredentials"):
        LdapDirectory(house.settings(password="guess")).read_all(MORNING)


def test_a_base_that_is_not_there_and_an_empty_one_are_no_reading(house: LdapHouse) -> None:
    with pytest.raises(TicketgateError, match="there is no ou=nowhere"):
        LdapDirectory(house.settings(base=f"ou=nowhere,{BASE}")).read_all(MORNING)
    with pytest.raises(TicketgateError, match="nobody is found"):
        LdapDirectory(house.settings(users="(uid=nobody)")).read_all(MORNING)


def test_a_listing_that_the_server_cuts_short_is_no_reading(house: LdapHouse) -> None:
    config = house.slapd.folder / "slapd.conf"
    whole = config.read_text()
    house.slapd.stop()
    reader = f"uid=alice,{PEOPLE}"
    limits = f'limits dn.exact="{reader}" size.hard=2 size.soft=2 size.prtotal=2\n'
    config.write_text(whole + limits)
    try:
        house.slapd.start()
        admin = house.slapd.admin()
        admin.modify(reader, {"userPassword": [("MODIFY_ADD", "alice reads")]})
        admin.unbind()
        limited = house.settings(bind_dn=reader, password="alice reads")
        with pytest.raises(TicketgateError, match=r"(size|admin)LimitExceeded"):
            LdapDirectory(limited, page=1).read_all(MORNING)
    finally:
        house.slapd.stop()
        config.write_text(whole)
        house.slapd.start()


def test_a_server_that_says_nothing_is_left_at_the_deadline(house: LdapHouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ldap://127.0.0.1:{silent.getsockname()[1]}"
        slow = house.settings(url=url, start_tls=False, deadline=timedelta(seconds=1))
        with pytest.raises(TicketgateError, match="no answer within 1 s"):
            LdapDirectory(slow).read_all(MORNING)


def test_a_server_that_drips_is_left_at_the_deadline(house: LdapHouse) -> None:
    done = threading.Event()

    def drip(server: socket.socket) -> None:
        line, _ = server.accept()
        with line:
            line.sendall(b"\x30\x84\x7f\xff\xff\xff")  # a message of two gigabytes begins
            while not done.wait(0.1):
                try:
                    line.sendall(b"\x00")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=[server])
        thread.start()
        url = f"ldap://127.0.0.1:{server.getsockname()[1]}"
        slow = house.settings(url=url, start_tls=False, deadline=timedelta(seconds=1))
        try:
            with pytest.raises(TicketgateError, match="no answer within 1 s"):
                LdapDirectory(slow).read_all(MORNING)
        finally:
            done.set()
            thread.join()


def test_an_account_past_its_end_is_not_active_and_wrong_passwords_close_none(
    house: LdapHouse,
) -> None:
    directory = house.directory()
    days = (MORNING - datetime(1970, 1, 1, tzinfo=UTC)).days
    house.admin.modify(house.names["bob"], {"shadowExpire": [("MODIFY_ADD", days + 1)]})
    locked = f"{MORNING:%Y%m%d%H%M%S}Z"
    house.admin.modify(house.names["carol"], {"pwdAccountLockedTime": [("MODIFY_ADD", locked)]})
    read = directory.read(MORNING)
    assert is_active(read, "bob")
    assert is_active(read, "carol")
    house.admin.modify(house.names["bob"], {"shadowExpire": [("MODIFY_REPLACE", days)]})
    assert not is_active(directory.read(MORNING, ["bob"]), "bob")


def test_a_manager_who_is_gone_is_no_manager(house: LdapHouse) -> None:
    directory = house.directory()
    house.admin.delete(house.names["bob"])
    assert directory.read(MORNING).people["alice"].manager is None


def test_an_id_in_the_file_that_is_none_is_an_account_that_is_gone(house: LdapHouse) -> None:
    directory = house.directory()
    text = house.file.read_text()
    house.file.write_text(text.replace(house.ident("bob").upper(), "*)(objectClass=*"))
    read = directory.read(MORNING, ["bob", "alice"])
    assert not is_active(read, "bob")
    assert is_active(read, "alice")
