"""The fast ABI call_encoder gives what eth-abi gives."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ethwire.abi import call_encoder

SELECTOR = bytes.fromhex("01020304")
ADDRESS = "0x" + "ab" * 20
CASES = [
    ([], []),
    (["uint256"], [7]),
    (["address", "uint128"], [ADDRESS, 9]),
    (["bool", "bytes32", "int256"], [True, b"\1" * 32, -5]),
    (["bytes", "uint256", "string"], [b"abc", 1, "words"]),
    (["bytes32[]", "address", "uint256[]"], [[b"\2" * 32, b"\3" * 32], ADDRESS, []]),
    (["bytes4"], [b"\1\2\3\4"]),
    (["(uint256,address)", "uint8"], [(1, ADDRESS), 2]),
    (["(uint256,bytes)[]"], [[(1, b"x")]]),
    (["(bytes32,uint8,(address,string)[])", "uint256[2]"], [(b"\4" * 32, 3, [(ADDRESS, "a"), (ADDRESS, "")]), [1, 2]]),
    (["(uint256,address,bytes32[])[]"], [[(1, ADDRESS, [b"\5" * 32]), (2, ADDRESS, [])]]),
]


@pytest.mark.parametrize(("types", "args"), CASES)
def test_packs_as_the_reference(types: list[str], args: list[object]) -> None:
    assert call_encoder(SELECTOR, types)(args) == SELECTOR + encode(types, args)


@given(st.binary(max_size=100), st.integers(0, 2**256 - 1), st.lists(st.integers(0, 2**64 - 1), max_size=5))
def test_packs_mixed_arguments_as_the_reference(data: bytes, number: int, items: list[int]) -> None:
    types = ["bytes", "uint256", "uint64[]"]

    assert call_encoder(SELECTOR, types)([data, number, items]) == SELECTOR + encode(types, [data, number, items])
