"""Forms of LDAP: names in any spelling, ids in filters, and when an account is closed."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.operations.fakes import MORNING

from ticketgate.adapters.directories.ldap_forms import (
    dn_key,
    guid_in_filter,
    in_filter,
    is_uuid,
    mail_of,
    members_of,
    open_account,
    open_entry,
    reached,
    text_of,
)

TICKS = (MORNING - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10
DAYS = (MORNING - datetime(1970, 1, 1, tzinfo=UTC)).days


@pytest.mark.parametrize(
    "other",
    [
        "UID=Bob,OU=People,DC=Corp",
        "uid=bob, ou=people , dc=corp",
        "uid = bob,ou=people,dc=corp",
        r"uid=\62ob,ou=people,dc=corp",
        r"uid=b\6fb,ou=people,dc=corp",
    ],
)
def test_one_name_in_any_spelling_is_one_name(other: str) -> None:
    assert dn_key(other) == dn_key("uid=bob,ou=people,dc=corp")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("uid=bob,ou=people", "uid=bob"),
        ("uid=bob,ou=people", r"uid=bob\,ou=people"),
        ("cn=a b", "cn=ab"),
        ("cn=bob,uid=1", "cn=bob+uid=1"),
    ],
)
def test_two_names_are_not_taken_for_one(one: str, other: str) -> None:
    assert dn_key(one) != dn_key(other)


def test_an_escape_of_a_sign_and_of_its_bytes_are_one() -> None:
    assert dn_key(r"cn=Ng\, Bob,dc=corp") == dn_key(r"cn=Ng\2C Bob,dc=corp")
    assert dn_key(r"cn=J\C3\BCrgen") == dn_key("cn=Jürgen")


def test_whatever_is_not_plain_is_escaped_in_a_filter() -> None:
    assert in_filter("CN=a b,DC=x") == "CN=a b,DC=x"
    assert in_filter("*)(cn=\\ü\0") == r"\2a\29\28cn=\5c\c3\bc\00"


def test_the_bytes_of_a_guid_are_in_their_own_order() -> None:
    """The example of MS-DTYP: the first three parts are little-endian."""
    found = guid_in_filter("00112233-4455-6677-8899-aabbccddeeff")
    assert found == r"\33\22\11\00\55\44\77\66\88\99\aa\bb\cc\dd\ee\ff"


@pytest.mark.parametrize("text", ["", "x", "*", "{00112233-4455-6677-8899-aabbccddeeff}", "0" * 32])
def test_only_the_one_spelling_of_an_id_is_one(text: str) -> None:
    assert is_uuid("00112233-4455-6677-8899-aabbccddeeff")
    assert not is_uuid(text)


def test_texts_are_one_line_and_addresses_are_addresses() -> None:
    values = {"cn": [b" Bob \n Ng "], "mail": [b"zed@x.example", b"no", b"bob@x.example"]}
    assert text_of(values, "CN") == "Bob Ng"
    assert text_of(values, "ou") == ""
    assert mail_of(values, "mail") == "bob@x.example"
    assert mail_of(values, "cn") == ""


def test_members_are_followed_through_groups_and_loops_end() -> None:
    inside = {
        "cn=a": members_of({"member": [b"CN=B", b"uid=1"]}),
        "cn=b": members_of({"uniquemember": [b"cn=a", b"uid=2"]}),
    }
    assert reached("cn=a", inside) == {"cn=a", "cn=b", "uid=1", "uid=2"}
    assert reached("cn=c", inside) == set()


@pytest.mark.parametrize(
    ("values", "is_open"),
    [
        ({}, True),
        ({"pwdaccountlockedtime": [b"000001010000Z"]}, False),
        ({"pwdaccountlockedtime": [b"20260101000000Z"]}, True),
        ({"shadowexpire": [b"-1"]}, True),
        ({"shadowexpire": [b"0"]}, False),
        ({"shadowexpire": [str(DAYS).encode()]}, False),
        ({"shadowexpire": [str(DAYS + 1).encode()]}, True),
        ({"shadowexpire": [b"9" * 30]}, True),
    ],
)
def test_when_an_account_of_openldap_is_open(
    *, values: dict[str, list[bytes]], is_open: bool
) -> None:
    assert open_entry(values, MORNING) is is_open


@pytest.mark.parametrize(
    ("control", "ends", "is_open"),
    [
        (0x200, None, True),
        (0x202, None, False),
        (0x10200, 0, True),
        (0x200, 2**63 - 1, True),
        (0x200, TICKS, False),
        (0x200, TICKS + 1, True),
        (0x200, 1, False),
    ],
)
def test_when_an_account_of_active_directory_is_open(
    *, control: int, ends: int | None, is_open: bool
) -> None:
    values = {"useraccountcontrol": [str(control).encode()]}
    values |= {} if ends is None else {"accountexpires": [str(ends).encode()]}
    assert open_account(values, MORNING) is is_open
