"""Headers and receipts roots as an independent implementation computes them."""

from __future__ import annotations

import random

import msgspec
import pytest
import rlp
from trie import HexaryTrie

from keifu.chain import Anvil, ChainClient
from keifu.chain.follower import Event, Receipt
from keifu.chain.follower.bloom import bloom_mask
from keifu.chain.follower.receipts import receipts_root
from keifu.chain.header import Header, encode_header, header_rlp
from keifu.errors import CheckFailed
from keifu.keys import keccak256
from tests.ape_chain import GENESIS


def log(draw: random.Random) -> Event:
    def hexed(size: int) -> str:
        return "0x" + draw.randbytes(size).hex()

    topics = [hexed(32) for _ in range(draw.randrange(5))]
    data = hexed(draw.choice([0, 1, 31, 32, 54, 55, 56, 255, 256, 300, 70_000 if draw.random() < 0.01 else 64]))
    if draw.random() < 0.1:
        data = draw.choice(["0x00", "0x7f", "0x80"])
    return Event(hexed(20), topics, data, "0x1", hexed(32), hexed(32), "0x0", "0x0")


def receipt(draw: random.Random) -> Receipt:
    gas, kind = draw.choice([0, 1, 127, 128, 21_000, 2**40]), draw.randrange(5)
    old = draw.random() < 0.1 and kind == 0
    return Receipt(
        cumulative_gas_used=hex(gas),
        logs_bloom="0x" + draw.randbytes(256).hex(),
        logs=[log(draw) for _ in range(draw.choice([0, 0, 1, 3, 20]))],
        type=hex(kind),
        status=None if old else draw.choice(["0x0", "0x1"]),
        root="0x" + draw.randbytes(32).hex() if old else None,
    )


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def by_the_book(receipts: list[Receipt]) -> str:
    trie = HexaryTrie({})
    for number, item in enumerate(receipts):
        outcome = raw(item.root) if item.root else int(item.status or "0x0", 16)
        logs = [[raw(entry.address), [raw(topic) for topic in entry.topics], raw(entry.data)] for entry in item.logs]
        kind = int(item.type, 16)
        body = rlp.encode([outcome, int(item.cumulative_gas_used, 16), raw(item.logs_bloom), logs])
        trie[rlp.encode(number)] = (bytes([kind]) if kind else b"") + body
    return "0x" + trie.root_hash.hex()


@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 127, 128, 129, 130, 255, 256, 257, 400])
def test_a_receipts_root_is_the_book_s(count):
    draw = random.Random(count)
    receipts = [receipt(draw) for _ in range(count)]
    assert receipts_root(receipts) == by_the_book(receipts)


@pytest.mark.parametrize("seed", range(40))
def test_a_receipts_root_is_the_book_s_for_any_receipts(seed):
    draw = random.Random(seed)
    receipts = [receipt(draw) for _ in range(draw.randrange(1, 30))]
    assert receipts_root(receipts) == by_the_book(receipts)


@pytest.mark.parametrize(
    "change",
    [{"logs_bloom": "0x00"}, {"status": None}, {"type": "0x80"}, {"type": "x"}, {"cumulative_gas_used": ""}],
    ids=str,
)
def test_a_malformed_receipt_is_a_value_error(change):
    item = msgspec.structs.replace(receipt(random.Random(3)), root=None, status="0x1")
    with pytest.raises(ValueError, match=r"."):
        receipts_root([msgspec.structs.replace(item, **change)])


def test_a_bloom_filter_has_the_bits_of_the_yellow_paper():
    """The address and topic of go-ethereum's test of its filter."""
    from eth_bloom import BloomFilter  # noqa: PLC0415 - only here

    for item in ("0x" + "22" * 20, "0x" + "ab" * 32):
        assert bloom_mask(item) == int(BloomFilter.from_iterable([raw(item)]))
    with pytest.raises(ValueError, match="neither an address nor a topic"):
        bloom_mask("0x" + "AB" * 20)


def test_headers_of_a_node_hash_to_their_blocks_and_a_changed_one_does_not():
    with Anvil(timestamp=GENESIS) as anvil:
        user = anvil.account("user")
        ChainClient(anvil.rpc).send(user, user.address, value=1)
        anvil.mine(300)
        for number in range(int(anvil.rpc.call("eth_blockNumber"), 16) + 1):
            block = anvil.rpc.call("eth_getBlockByNumber", hex(number), False)
            header = anvil.rpc.call_as(Header, "eth_getBlockByNumber", hex(number), False)
            assert "0x" + keccak256(header_rlp(header)).hex() == block["hash"]
        assert rlp.decode(encode_header(block))[0] == raw(block["parentHash"])
        for field, value in (("gasUsed", "0x1"), ("extraData", "0x01"), ("nonce", "0x0000000000000001")):
            with pytest.raises(CheckFailed, match="does not hash to the block's hash"):
                encode_header(block | {field: value})
        for field, value in (("stateRoot", "0x12"), ("miner", None), ("withdrawalsRoot", "0x1"), ("gasUsed", "0xzz")):
            with pytest.raises(CheckFailed, match="malformed"):
                encode_header(block | {field: value})
