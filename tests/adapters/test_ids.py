"""Ids, salts, tokens and codes: their form, and that they differ."""

import re

from ticketgate.adapters.ids import RandomIds

IDS = RandomIds()


def test_an_id_is_a_prefix_and_eighty_bits() -> None:
    assert re.fullmatch(r"grt_[0-9a-f]{20}", IDS.ident("grt"))


def test_a_salt_is_sixteen_bytes() -> None:
    assert len(IDS.salt()) == 16


def test_a_token_is_256_bits_and_fits_into_an_address() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", IDS.token())


def test_a_code_is_eight_digits_also_when_it_begins_with_naught() -> None:
    codes = {IDS.code() for _ in range(500)}
    assert all(re.fullmatch(r"[0-9]{8}", code) for code in codes)
    assert any(code.startswith("0") for code in codes)
    assert len(codes) > 490


def test_nothing_comes_twice() -> None:
    for make in (lambda: IDS.ident("x"), IDS.salt, IDS.token):
        made: list[object] = [make() for _ in range(1000)]
        assert len(set(made)) == 1000
