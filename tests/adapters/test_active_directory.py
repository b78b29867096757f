"""Active Directory: a real Samba as its domain controller."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from ldap3.utils.conv import escape_filter_chars
from tests.adapters.directory_contract import EVERY, OTHER, RemoteContract, RemoteHouse, is_active
from tests.adapters.samba_dc import ADMIN, BASE, GROUPS, PASSWORD, STAFF, SambaDc, needs_samba
from tests.operations.fakes import MORNING
from typing_extensions import override

from ticketgate.adapters.directories.ldap_directory import LdapDirectory
from ticketgate.domain.settings import LdapSettings

pytestmark = [needs_samba, pytest.mark.ad, pytest.mark.slow]

OPEN = 0x200 | 0x20  # a normal account, which needs no password
CLOSED = OPEN | 0x2


@pytest.fixture(scope="module")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SambaDc]:
    server = SambaDc(tmp_path_factory.mktemp("ad"))
    server.start()
    yield server
    server.stop()


class AdHouse(RemoteHouse):
    """The staff in Active Directory. Bob is in sec-iam by a group within it."""

    def __init__(self, samba: SambaDc, folder: Path) -> None:
        self.samba = samba
        self.file = folder / "directory.yaml"
        self.admin = samba.admin()
        self.clear()
        for unit in (STAFF, GROUPS):
            self.admin.add(unit, "organizationalUnit")
        self.names: dict[str, str] = {}
        for who in ("alice", "bob", "carol"):
            self.add(who, f"{who}@corp.example")
        self.set_manager("alice", "bob")
        self.lead = f"CN=leads,{GROUPS}"
        self.group = f"CN=sec-iam,{GROUPS}"
        self.admin.add(self.lead, "group", {"sAMAccountName": "leads"})
        self.admin.modify(self.lead, {"member": [("MODIFY_ADD", [self.names["bob"]])]})
        self.make_group()
        self.group_id = self.id_of(self.group)

    def clear(self) -> None:
        text = "(|(ou=Staff)(ou=Groups))"
        self.admin.search(BASE, text, "LEVEL", attributes=[])
        units = [one["dn"] for one in self.admin.response if one["type"] == "searchResEntry"]
        for unit in units:
            self.admin.search(unit, "(objectClass=*)", "LEVEL", attributes=[])
            for one in [one["dn"] for one in self.admin.response]:
                self.admin.delete(one)
            self.admin.delete(unit)

    def add(self, who: str, mail: str, login: str = "") -> None:
        self.names[who] = f"CN={who},{STAFF}"
        self.admin.add(
            self.names[who],
            "user",
            {"sAMAccountName": login or who, "mail": mail, "userAccountControl": OPEN},
        )

    def make_group(self) -> None:
        self.admin.add(self.group, "group", {"sAMAccountName": "sec-iam"})
        members = [self.lead, self.names["carol"]]
        self.admin.modify(self.group, {"member": [("MODIFY_ADD", members)]})

    def id_of(self, dn: str) -> str:
        self.admin.search(dn, "(objectClass=*)", "BASE", attributes=["objectGUID"])
        return str(UUID(bytes_le=self.admin.response[0]["raw_attributes"]["objectGUID"][0]))

    def settings(self) -> LdapSettings:
        return LdapSettings(
            name=OTHER,
            kind="active_directory",
            url=self.samba.url,
            start_tls=False,
            bind_dn=ADMIN,
            password=PASSWORD,
            base=STAFF,
            users="(&(objectCategory=person)(objectClass=user))",
            groups_base=GROUPS,
            groups={"sec-iam": self.group_id},
            attributes={"name": "cn", "mail": "mail", "manager": "manager"},
            ca_file=str(self.samba.ca_file),
            every=EVERY,
            deadline=timedelta(seconds=20),
        )

    @override
    def remote(self) -> LdapDirectory:
        return LdapDirectory(self.settings())

    @override
    def remote_with(self, *, page: int, people_max: int) -> LdapDirectory:
        return LdapDirectory(self.settings(), page=page, people_max=people_max)

    @override
    def ident(self, who: str) -> str:
        return self.id_of(self.names[who])

    def replace(self, who: str, attribute: str, value: object) -> None:
        self.admin.modify(self.names[who], {attribute: [("MODIFY_REPLACE", [value])]})

    @override
    def disable(self, who: str) -> None:
        self.replace(who, "userAccountControl", CLOSED)

    @override
    def delete(self, who: str) -> None:
        self.admin.delete(self.names[who])

    @override
    def rename(self, who: str, name: str) -> None:
        self.replace(who, "sAMAccountName", name)
        self.admin.modify_dn(self.names[who], f"CN={name}")
        self.names[who] = f"CN={name},{STAFF}"

    @override
    def set_manager(self, who: str, manager: str) -> None:
        self.replace(who, "manager", self.names[manager])

    @override
    def take_out(self, who: str) -> None:
        assert who == "bob"
        self.admin.modify(self.group, {"member": [("MODIFY_DELETE", [self.lead])]})

    @override
    def rename_group(self) -> None:
        self.admin.modify_dn(self.group, "CN=security (all)")
        self.group = f"CN=security (all),{GROUPS}"

    @override
    def make_group_anew(self) -> None:
        self.admin.delete(self.group)
        self.make_group()

    @override
    def look_alike(self, who: str) -> None:
        self.add("mallory", f"{who}@corp.example", f"{who}-2")
        self.admin.modify(self.lead, {"member": [("MODIFY_ADD", [self.names["mallory"]])]})

    @override
    def stop(self) -> None:
        self.samba.stop()


@pytest.fixture
def house(samba: SambaDc, tmp_path: Path) -> Iterator[AdHouse]:
    if not samba.runs:
        samba.start()
    found = AdHouse(samba, tmp_path)
    yield found
    found.admin.strategy.close()


class TestActiveDirectory(RemoteContract):
    """The contract over a real domain controller."""


def test_an_id_is_in_the_form_that_its_own_tools_print(house: AdHouse) -> None:
    """The first three parts of a GUID have their bytes the other way round (MS-DTYP 2.3.4)."""
    house.admin.search(house.names["bob"], "(objectClass=*)", "BASE", attributes=["objectGUID"])
    raw = house.admin.response[0]["raw_attributes"]["objectGUID"][0]
    assert house.ident("bob") in house.remote().read_all(MORNING).people
    assert str(UUID(bytes=raw)) not in house.remote().read_all(MORNING).people
    house.admin.search(BASE, f"(objectGUID={escape_filter_chars(raw)})", attributes=["cn"])
    found = [one for one in house.admin.response if one["type"] == "searchResEntry"]
    assert [one["dn"] for one in found] == [house.names["bob"]]


def test_an_account_past_its_end_is_not_active(house: AdHouse) -> None:
    directory = house.directory()
    ticks = (MORNING - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10
    house.replace("bob", "accountExpires", ticks + 1)
    assert is_active(directory.read(MORNING, ["bob"]), "bob")
    house.replace("bob", "accountExpires", ticks)
    assert not is_active(directory.read(MORNING, ["bob"]), "bob")
    house.replace("bob", "accountExpires", 0)
    assert is_active(directory.read(MORNING, ["bob"]), "bob")


def test_a_manager_who_is_gone_is_no_manager(house: AdHouse) -> None:
    directory = house.directory()
    house.delete("bob")
    assert directory.read(MORNING).people["alice"].manager is None
