"""Strict encoding and decoding give what eth-abi gives, or refuse as it does, for any type and any bytes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from eth_abi.codec import ABICodec
from eth_abi.decoding import UnsignedIntegerDecoder
from eth_abi.encoding import UnsignedIntegerEncoder
from eth_abi.registry import BaseEquals, registry
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ethwire.abi import EventAbi, decode_args, encode_args
from ethwire.errors import AbiError

# As eth-abi comes: ape, in the same process, makes the shared registry take numbers that are cut off.
_REGISTRY = registry.copy()
_REGISTRY.unregister("uint")
_REGISTRY.register(BaseEquals("uint"), UnsignedIntegerEncoder, UnsignedIntegerDecoder, label="uint")
REFERENCE = ABICodec(_REGISTRY)
ADDRESS = "0x" + "ab" * 20
WORD = 32
MANY = settings(max_examples=4 * settings().max_examples)

NO_PLAIN_TYPES = ("", "uint", "uint7", "uint264", "uint08", "uint٨", "bytes0", "bytes33", "decimal", "uint8 ")
PLAIN = st.one_of(
    st.sampled_from(["address", "bool", "string", "bytes", "uint8", "uint256", "int8", "int256", "bytes1", "bytes32"]),
    st.builds("{}{}".format, st.sampled_from(["uint", "int"]), st.integers(1, 32).map(lambda size: 8 * size)),
    st.builds("bytes{}".format, st.integers(1, 32)),
)
TYPES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        inner.map("{}[]".format),
        st.builds("{}[{}]".format, inner, st.integers(1, 3)),
        st.lists(inner, min_size=1, max_size=3).map(lambda members: f"({','.join(members)})"),
    ),
    max_leaves=4,
)


def members(kind: str) -> list[str]:
    """Of a tuple's type."""
    parts, depth = [""], 0
    for char in kind[1:-1]:
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def values(kind: str) -> st.SearchStrategy[Any]:
    """Values that fit `kind`."""
    if kind.endswith("]"):
        inner, _, size = kind[:-1].rpartition("[")
        least, most = (int(size), int(size)) if size else (0, 3)
        return st.lists(values(inner), min_size=least, max_size=most).map(tuple)
    if kind.startswith("("):
        return st.tuples(*map(values, members(kind)))
    if kind.startswith("uint"):
        return st.integers(0, 2 ** int(kind[4:]) - 1)
    if kind.startswith("int"):
        half = 2 ** (int(kind[3:]) - 1)
        return st.integers(-half, half - 1)
    plain = {"bool": st.booleans(), "string": st.text(max_size=40), "bytes": st.binary(max_size=70)}
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda data: "0x" + data.hex())
    return plain[kind] if kind in plain else st.binary(min_size=int(kind[5:]), max_size=int(kind[5:]))


@st.composite
def calls(draw: st.DrawFn) -> tuple[list[str], list[Any]]:
    kinds = draw(st.lists(TYPES, max_size=4))
    return kinds, [draw(values(kind)) for kind in kinds]


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[list[str], bytes]:
    """An encoding in which some bytes are others, words are small numbers, or the end is missing."""
    kinds, args = draw(calls())
    data = bytearray(REFERENCE.encode(kinds, args))
    for _ in range(draw(st.integers(1, 3)) if data else 0):
        at = draw(st.integers(0, len(data) - 1))
        if draw(st.booleans()):
            data[at] = draw(st.integers(0, 255))
        else:
            word = at - at % WORD
            data[word : word + WORD] = (draw(st.integers(0, len(data)))).to_bytes(WORD, "big")
    cut = draw(st.one_of(st.just(0), st.integers(0, len(data))))
    return kinds, bytes(data[: len(data) - cut])


# Any value, fitting or not.
ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([0, -1, 1, 127, 128, -128, -129, 255, 256, 2**255 - 1, 2**255, -(2**255), 2**256 - 1, 2**256]),
        st.floats(),
        st.sampled_from(["", "a", "\ud800", ADDRESS, ADDRESS.upper(), "ab" * 20, ADDRESS[:-1], "0x" + "zz" * 20]),
        st.sampled_from([b"", b"\1", bytes(20), bytearray(20), bytes(32), bytearray(33)]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=4,
)


@MANY
@given(calls())
def test_encodes_as_the_reference_and_reads_it_back(call: tuple[list[str], list[Any]]) -> None:
    kinds, args = call

    encoded = encode_args(kinds, args)

    assert encoded == REFERENCE.encode(kinds, args)
    assert decode_args(kinds, encoded) == tuple(args)


@MANY
@given(TYPES, ANYTHING)
def test_takes_the_values_that_the_reference_takes(kind: str, value: Any) -> None:
    wanted = None
    with suppress(Exception):  # EncodingError, and for what it did not think of, any other
        wanted = REFERENCE.encode([kind], [value])

    if wanted is None:
        with pytest.raises(AbiError, match="transfer: "):
            encode_args([kind], [value], "transfer")
    else:
        assert encode_args([kind], [value], "transfer") == wanted


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(WORD, "big") for number in numbers)


@MANY
@given(spoilt())
@example((["string"], words(32, 2**256 - 1)))
@example((["bytes"], words(32, 1) + b"\1\1" + bytes(30)))
@example((["string"], words(32, 1) + b"\xff" + bytes(31)))
@example((["uint256[]"], words(32, 2**200)))
@example((["bytes[]"], words(32, 2**200)))
@example((["bool"], words(2)))
@example((["int8"], words(255)))
@example((["(uint256,bytes)"], words(32, 1, 32, 0)))
def test_reads_spoilt_bytes_as_the_reference_does(case: tuple[list[str], bytes]) -> None:
    kinds, data = case
    wanted = None
    with suppress(Exception):  # DecodingError; besides, UnicodeDecodeError and OverflowError get out of it
        wanted = REFERENCE.decode(kinds, data)

    found, said = outcome(kinds, data)

    if said == "" or wanted is None:
        assert found == wanted
    else:
        # The one difference: eth-abi counts a static struct in a head as one word, so that an offset may lead into it.
        assert "leads outside" in said
        assert any(char in kind for kind in kinds for char in "([")


def outcome(kinds: Sequence[str], data: bytes) -> tuple[tuple[Any, ...] | None, str]:
    """The values, or what the refusal says."""
    try:
        return decode_args(kinds, data, "result"), ""
    except AbiError as error:
        return None, error.message


@pytest.mark.parametrize(
    ("kinds", "args", "message"),
    [
        (["uint8"], [256], "pay: uint8 takes 0 to 255, not 256 (types: uint8)"),
        (["uint8", "int8"], [1, 128], "pay: argument 2: int8 takes -128 to 127, not 128 (types: uint8, int8)"),
        (["uint8"], [True], "pay: uint8 takes an integer, not True (types: uint8)"),
        (["bool"], [1], "pay: bool takes True or False, not 1 (types: bool)"),
        (["address"], ["0x12"], "pay: address takes 0x and 40 hex digits, not '0x12' (types: address)"),
        (["bytes4"], [bytes(5)], f"pay: bytes4 takes 4 bytes at most, not {bytes(5)!r} (types: bytes4)"),
        (["string"], ["\ud800"], "pay: string takes text that UTF-8 can write, not '\\ud800' (types: string)"),
        (["bytes"], ["0x12"], "pay: bytes takes bytes, not '0x12' (types: bytes)"),
        (["uint8[2]"], [[1]], "pay: uint8[2] takes 2 items, not 1 (types: uint8[2])"),
        (["(bool,bool)"], [[True]], "pay: (bool,bool) takes 2 items, not 1 (types: (bool,bool))"),
        (["uint8[]"], [b"\1"], "pay: uint8[] takes a list or tuple, not b'\\x01' (types: uint8[])"),
        (["uint8"], [], "pay takes 1 arguments, 0 given (types: uint8)"),
    ],
)
def test_a_refusal_names_the_argument(kinds: list[str], args: list[Any], message: str) -> None:
    with pytest.raises(AbiError) as refused:
        encode_args(kinds, args, "pay")
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "kind",
    [*NO_PLAIN_TYPES, "uint8[0]", "uint8[-1]", "[]", "()", "(uint8", "(uint8))", "(,)", "(bool),(bool)"],
)
def test_what_is_no_type_is_refused(kind: str) -> None:
    with pytest.raises(AbiError, match="no ABI type"):
        encode_args([kind], [0])
    with pytest.raises(AbiError, match="no ABI type"):
        decode_args([kind], bytes(64))


def test_accounts_stand_for_their_address_and_dicts_for_structs() -> None:
    class Holder:
        address = ADDRESS

    kinds = ["address", "(address,uint8)[]"]
    assert encode_args(kinds, [Holder(), [{"who": Holder(), "share": 1}]]) == encode_args(
        kinds, [ADDRESS, [(ADDRESS, 1)]]
    )


def test_shared_tails_are_not_read_without_end() -> None:
    """Offsets that all lead to one place: 64 kB would become 500 million numbers."""
    many = 1_000
    inner = words(many, *[0] * many)
    middle = words(many, *[many * WORD] * many) + inner
    data = words(WORD, many, *[many * WORD] * many) + middle

    with pytest.raises(AbiError, match="again and again"):
        decode_args(["uint256[][][]"], data)


def test_what_is_shared_a_few_times_is_read() -> None:
    data = words(WORD, 3, 96, 96, 96, 1, 7)

    assert decode_args(["uint256[][]"], data) == REFERENCE.decode(["uint256[][]"], data) == (((7,),) * 3,)


def test_a_log_with_text_that_is_no_utf_8_is_read_and_marked() -> None:
    kind = "(uint8,string[])"
    event = EventAbi("Said", (("who", "address", True), ("what", kind, False), ("raw", "bytes", False)))
    data = encode_args([kind, "bytes"], ((7, ("plain", "XX")), b"\xff"))
    topics = [event.topic, bytes(32)]
    odd = data.replace(b"XX", b"\xfe\xff")

    assert event.log("0x", topics, data).readable
    log = event.log("0x", topics, odd)

    assert (log.what, log.raw, log.readable) == ((7, ("plain", "\\xfe\\xff")), b"\xff", False)
    with pytest.raises(AbiError, match="no UTF-8"):
        event.decode(topics, odd)
    with pytest.raises(AbiError, match="leads outside"):
        event.log("0x", topics, odd[:64])
