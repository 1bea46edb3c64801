"""What a token says of itself, whatever that is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ethwire.keys import checksum
from keifu.errors import Revert, UsageError
from keifu.keys import keccak256
from keifu.storage.client.money import COIN_MONEY, Money, read_money
from keifu.units import COIN

TOKEN = "0x" + "ab" * 20


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def text(said: bytes, length: int | None = None) -> bytes:
    return word(32) + word(len(said) if length is None else length) + said.ljust(-(-len(said) // 32) * 32, b"\0")


def client(decimals: bytes | None, symbol: bytes | None) -> Any:
    """One that answers so, or refuses."""
    said = {keccak256(b"decimals()")[:4].hex(): decimals, keccak256(b"symbol()")[:4].hex(): symbol}

    def agreed(method: str, call: dict[str, str], block: str) -> str:
        if (answer := said[call["data"][2:]]) is None:
            raise Revert("no such function")
        return "0x" + answer.hex()

    return SimpleNamespace(rpc=SimpleNamespace(agreed=agreed, url="node"))


@pytest.mark.parametrize(
    ("said", "decimals", "says"),
    [(word(6), 6, True), (word(36), 36, True), (word(37), 0, False), (word(2**255), 0, False), (b"", 0, False),
     (b"\6", 0, False), (word(6) * 2, 0, False), (None, 0, False)],
    ids=["six", "most", "more", "huge", "nothing", "a byte", "two words", "a refusal"],
)  # fmt: skip
def test_decimals_are_bounded(said, decimals, says):
    money = read_money(client(said, text(b"X")), TOKEN)
    assert (money.decimals, money.says_decimals) == (decimals, says)


@pytest.mark.parametrize(
    ("said", "symbol"),
    [
        (text(b"USDX"), "USDX"), (b"MKR".ljust(32, b"\0"), "MKR"), (text(b"A" * 16), "A" * 16), (text(b"A" * 17), ""),
        (text(b"A" * 4, 2**256 - 1), "AAAA"), (text(b"A B"), ""), (text("USD₮".encode()), ""), (text(b"\x1b[0m"), ""),
        (text(b""), ""), (b"", ""), (b"\xff" * 4_096, ""), (None, ""),
    ],
    ids=range(12),
)  # fmt: skip
def test_a_symbol_is_a_plain_word_or_none(said, symbol):
    assert read_money(client(word(6), said), TOKEN).symbol == symbol


def test_amounts_stand_beside_the_address():
    money, bare = Money(TOKEN, 6, "USDX"), Money(TOKEN, 0)
    assert money.text(1_234_567_890) == f"1,234.56789 USDX ({checksum(TOKEN)})"
    assert bare.text(5) == f"5 token ({checksum(TOKEN)})"
    assert (COIN_MONEY.text(COIN), COIN_MONEY.data(), COIN_MONEY.unit, money.unit) == ("1 coins", {}, 10**9, 1)
    assert money.data() == {"token": checksum(TOKEN), "decimals": 6, "symbol": "USDX"}


@pytest.mark.parametrize("said", ["0.0000001", "1e3", "-1", "1,5", ""])
def test_amounts_that_the_token_does_not_have_are_refused(said):
    with pytest.raises(UsageError):
        Money(TOKEN, 6).parse(said)
    assert Money(TOKEN, 6).parse("0.000001") == 1
