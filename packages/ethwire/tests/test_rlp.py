"""RLP as the reference library encodes it; what is not the one right encoding is refused as it refuses it."""

from __future__ import annotations

from typing import Any

import pytest
import rlp as reference
from hypothesis import given
from hypothesis import strategies as st

from ethwire import rlp
from ethwire.errors import AbiError, InputError

ITEMS = st.recursive(
    st.one_of(st.binary(max_size=60), st.integers(0, 2**256)), lambda inner: st.lists(inner, max_size=5), max_leaves=8
)


def plain(item: Any) -> Any:
    """Numbers as the bytes that decoding gives."""
    if isinstance(item, list):
        return [plain(one) for one in item]
    return item if isinstance(item, bytes) else item.to_bytes((item.bit_length() + 7) // 8, "big")


@given(ITEMS)
def test_encodes_as_the_reference_and_reads_it_back(item: Any) -> None:
    encoded = rlp.encode(item)

    assert encoded == reference.encode(item)
    assert rlp.decode(encoded) == plain(item)


@pytest.mark.parametrize("size", [0, 1, 54, 55, 56, 255, 256, 65_536])
def test_every_form_of_a_length(size: int) -> None:
    for item in (b"\x81" * size, [b"\1"] * size):
        assert rlp.encode(item) == reference.encode(item)
        assert rlp.decode(rlp.encode(item)) == item


@given(ITEMS.map(reference.encode), st.integers(0, 80), st.integers(0, 255), st.integers(-2, 2))
def test_reads_spoilt_bytes_as_the_reference_does(data: bytes, at: int, byte: int, longer: int) -> None:
    spoilt = bytearray(data)
    spoilt[at % len(data)] = byte
    same_as_reference(bytes(spoilt[:longer] if longer < 0 else spoilt + bytes(longer)))


@given(st.binary(max_size=12))
def test_reads_any_bytes_as_the_reference_does(data: bytes) -> None:
    same_as_reference(data)


def same_as_reference(data: bytes) -> None:
    try:
        wanted = reference.decode(data)
    except reference.DecodingError:
        with pytest.raises(InputError, match="RLP: "):
            rlp.decode(data)
    else:
        assert rlp.decode(data) == wanted


@pytest.mark.parametrize(
    "data",
    ["", "8100", "817f", "b801ff", "b90038" + "ff" * 56, "b8", "c2", "0101", "c28180ff", "bf" + "ff" * 8, "c18180"],
)
def test_what_is_not_the_shortest_or_not_whole_is_refused(data: str) -> None:
    with pytest.raises(InputError, match="RLP: "):
        rlp.decode(bytes.fromhex(data))


@pytest.mark.parametrize("item", ["text", -1, None, [b"", {1}], 1.5])
def test_what_has_no_form_is_refused(item: Any) -> None:
    with pytest.raises(AbiError, match="RLP has no form"):
        rlp.encode(item)


def test_lists_within_lists_have_an_end() -> None:
    data = b""
    for _ in range(5_000):
        data = reference.codec.length_prefix(len(data), rlp.LIST) + data

    with pytest.raises(InputError, match="64 lists within each other"):
        rlp.decode(data)
