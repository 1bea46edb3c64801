"""Blocks that wait for their proof: many are written as one row, and each is there when its turn comes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator

import pytest

from keifu.chain.follower import Block, Event, Source
from keifu.chain.follower.checks import are, digest_of
from keifu.chain.follower.state import PACKED, Pending, State

FIRST = 10
MANY = 2 * PACKED + PACKED // 2
URL = "http://node.invalid"


def block(number: int) -> Block:
    return Block(number, f"0x{number:064x}", f"0x{number - 1:064x}", 0, 0, f"0x{number + 7:064x}", None)


def waiting(item: Block) -> Pending:
    return Pending(item.number, item.hash, item.parent, item.receipts_root, b"digest %d" % item.number, URL)


@pytest.fixture
def state() -> Iterator[State]:
    database = sqlite3.connect(":memory:")
    state = State(database)
    state.claim(1, "0x00", [Source("0x" + "11" * 20, FIRST)])
    yield state
    database.close()


def take_in(state: State, first: int, count: int) -> None:
    blocks = [block(number) for number in range(first, first + count)]
    with state.transaction():
        state.advance(blocks, [waiting(item) for item in blocks])


def packed(state: State) -> int:
    return int(state.database.execute("SELECT count(*) FROM follower_packed").fetchone()[0])


@pytest.mark.parametrize(("count", "rows"), [(1, 0), (PACKED // 10 - 1, 0), (PACKED // 10, 1), (MANY, 3)])
def test_every_block_is_there_in_order(state, count, rows):
    take_in(state, FIRST, count)
    assert packed(state) == rows
    assert state.pending == count
    assert [(item.number, item.url, item.why) for item in state.unproved()] == [
        (number, URL, "") for number in range(FIRST, FIRST + count)
    ]
    seen = []
    while state.pending:
        found = state.to_prove(70)
        assert all(row.block == block(row.block.number) for row in found)
        assert all((row.digest, row.url) == (b"digest %d" % row.block.number, URL) for row in found)
        seen += [row.block.number for row in found]
        with state.transaction():
            state.settle(found, {}, 0)
    assert seen == list(range(FIRST, FIRST + count))
    assert (packed(state), state.unproved(), state.to_prove(70)) == (0, [], [])


def test_only_those_whose_turn_it_is_are_unpacked(state):
    take_in(state, FIRST, MANY)
    assert [row.block.number for row in state.to_prove(5)] == list(range(FIRST, FIRST + 5))
    assert packed(state) == 2
    assert state.pending == MANY


@pytest.mark.parametrize("kept", [0, 1, PACKED - 1, PACKED, PACKED + 1, MANY - 1, MANY])
def test_a_reorganisation_cuts_what_is_packed_at_its_block(state, kept):
    take_in(state, FIRST, MANY)
    last = FIRST + kept - 1
    with state.transaction():
        state.rewind(last, None)
    assert state.pending == kept
    assert [item.number for item in state.unproved()] == list(range(FIRST, last + 1))
    take_in(state, last + 1, MANY)
    assert [item.number for item in state.unproved()] == list(range(FIRST, last + 1 + MANY))


def test_a_marked_block_does_not_hold_up_those_behind_it(state):
    take_in(state, FIRST, PACKED + 1)
    for _ in range(3):  # answers without a proof until it is marked
        state.to_prove(1)
        with state.transaction():
            state.settle([], {FIRST: "nobody has it"}, 0)
    assert [row.block.number for row in state.to_prove(2)] == [FIRST + 1, FIRST + 2]
    with state.transaction():
        state.settle(state.to_prove(2 * PACKED), {}, 0)
    assert [(item.number, item.why) for item in state.unproved()] == [(FIRST, "nobody has it")]


def logs(count: int, data: str = "0x01") -> list[Event]:
    places = [hex(place) for place in range(count)]
    return [Event("0x" + "11" * 20, ["0x" + "22" * 32], data, "0x1", "", "", place, place) for place in places]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 50])
def test_a_digest_tells_lists_of_logs_apart(count):
    others = [logs(count + 1), logs(count, "0x02"), logs(max(count - 1, 0)), [*logs(count)[1:], *logs(count)[:1]]]
    assert are(logs(count), digest_of(logs(count)))
    assert [are(other, digest_of(logs(count))) for other in others] == [other == logs(count) for other in others]


def test_what_an_earlier_version_wrote_down_counts():
    hashed = hashlib.blake2b(f"0x0 0x0 0x{'11' * 20} 0x01 0x{'22' * 32}".encode(), digest_size=16).digest()
    assert digest_of(logs(1)) != hashed
    assert are(logs(1), hashed)
    assert not are(logs(1, "0x02"), hashed)
