"""Generators of byte strings, texts, arrays and structs: what they fit, that they reach bounds, and shrink inside."""

from __future__ import annotations

import random

import pytest

from ethwire.constants import ETHER
from ethwire.errors import UsageError
from evmstorm.fuzz import Amount, Array, Bytes, Flag, Struct, Text

pytestmark = pytest.mark.case("tools-33")

SYSTEM = type("NoSystem", (), {"dictionary": [1], "durations": []})()


def draws(value, times=2_000):
    chance = random.Random(1)
    return [
        value.draw(SYSTEM, "", chance.randrange(256), chance.randrange(256), chance.getrandbits(32))
        for _ in range(times)
    ]


@pytest.mark.parametrize(
    ("value", "fits", "other"),
    [
        (Bytes(), "bytes", "bytes4"),
        (Bytes(size=4), "bytes4", "bytes"),
        (Text(), "string", "bytes"),
        (Array(Amount()), "uint256[]", "uint256"),
        (Array(Amount(), size=3), "uint256[3]", "uint256[2]"),
        (Array(Array(Flag())), "bool[][]", "bool[]"),
        (Struct(Amount(), Array(Struct(Flag(), Text()))), "(uint256,(bool,string)[])", "(uint256,(bool,bytes)[])"),
        (Struct(Amount()), "(uint256)", "(uint256,uint256)"),
    ],
)
def test_types_that_fit(value, fits, other):
    assert value.fits(fits)
    assert not value.fits(other)


@pytest.mark.parametrize(
    "value",
    [Bytes(9), Bytes(size=4), Text(9), Array(Flag(), 5), Struct(Amount(), Text())],
    ids=["bytes", "bytes4", "text", "array", "struct"],
)
def test_zero_fields_give_the_plainest(value):
    plain = value.draw(SYSTEM, "", 0, 0, 0)
    assert plain in (b"", b"\0" * 4, "", [], (Amount().draw(SYSTEM, "", 0, 0, 0), ""))


def test_lengths_reach_both_ends():
    assert {len(item) for item in draws(Array(Flag(), 5))} == set(range(6))
    assert {len(item) for item in draws(Bytes(40))} >= {0, 1, 32, 39, 40}
    assert {len(item) for item in draws(Bytes(size=20), 50)} == {20}


def test_a_text_is_never_longer_in_bytes_than_its_bound():
    texts = draws(Text(7))
    assert max(len(text.encode()) for text in texts) <= 7
    assert any(len(text) < len(text.encode()) for text in texts)


def test_a_bit_that_is_cleared_makes_its_part_plain():
    value = Array(Amount(ETHER), size=4)
    full = value.draw(SYSTEM, "", 5, 0b1111, 12_345)
    fewer = value.draw(SYSTEM, "", 5, 0b1101, 12_345)
    plain = value.draw(SYSTEM, "", 5, 0, 12_345)
    assert fewer == [full[0], plain[1], *full[2:]]


def test_a_struct_needs_fields():
    with pytest.raises(UsageError, match="a generator for each"):
        Struct()
