"""The event follower beside the bare transport of the same logs: eth_getLogs over one connection, bytes not looked at.

Followed means: headers hashed and linked, logs checked against them, decoded, and stored with the checkpoint. Both
sides ask for the same blocks a request. What a follower loads for a long way (numpy, compiled hashing) is loaded, as
it takes a second once. Rounds are interleaved and the best of each side counts, as the machine's other
work slows both. The proofs by receipts follow when the head is reached; how many blocks of them a second stands beside.
"""

from __future__ import annotations

import math
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import httpx
import msgspec

from benchmarks._lab import GENESIS, Lab
from benchmarks._rows import Row, seconds
from ethwire.rpc.wire import Connection, Wires
from evmstorm.evm import artifacts
from keifu.chain import Anvil, ChainClient, Rpc
from keifu.chain.follower import Event, Follower
from keifu.chain.follower.sealing import VERY_FAR, expect
from keifu.errors import CheckFailed

__all__ = ["ROWS"]

ROUNDS = 9
RANGE = 2_000  # blocks a request, as the follower asks
MAX_BLOCKS = 250  # headers a batch, as the follower asks
AHEAD = 3  # parts that are on their way, as the follower asks
STRANGERS = 10  # contracts that share a block with ours
GAS = 200_000


@dataclass(frozen=True)
class Shape:
    """How many blocks, how many logs of ours in each, and how many of others."""

    blocks: int
    ours: int
    others: int = 0


DENSE, SPARSE, SHARED = Shape(40, 500), Shape(3_000, 1), Shape(1_000, 1, STRANGERS)


class _Totals:
    """Who counted, and how far, by place."""

    def __init__(self, database: sqlite3.Connection) -> None:
        database.execute("CREATE TABLE counted (block INTEGER, log INTEGER, who TEXT, total INTEGER)")

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        rows = [(item.number, item.index, item.topics[1][26:], int(item.data, 16)) for item in events]
        database.executemany("INSERT INTO counted VALUES (?, ?, ?, ?)", rows)

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        database.execute("DELETE FROM counted WHERE block >= ?", (first_block,))


@contextmanager
def _chain(shape: Shape) -> Iterator[tuple[Anvil, str, int]]:
    """A chain of that shape, our contract, and the first of the blocks."""
    with Anvil(timestamp=GENESIS) as anvil:
        client, user = ChainClient(anvil.rpc, artifacts.load), anvil.account("bench counter")
        counters = [client.deploy("Counter", 1_000, sender=user) for _ in range(1 + shape.others)]
        first = anvil.rpc.block_number() + 1
        anvil.rpc.call("anvil_impersonateAccount", user.address)
        anvil.rpc.call("evm_setAutomine", False)
        data = "0x" + counters[0].add.encode(1).hex()
        nonce = anvil.rpc.quantity("eth_getTransactionCount", user.address, "latest")
        for _ in range(shape.blocks):
            targets = [counters[0].address] * shape.ours + [counter.address for counter in counters[1:]]
            calls = []
            for target in targets:
                request = {"from": user.address, "to": target, "data": data, "gas": hex(GAS), "nonce": hex(nonce)}
                calls.append(("eth_sendTransaction", [request]))
                nonce += 1
            for answer in anvil.rpc.batch([*calls, ("evm_mine", [])]):
                if isinstance(answer, Exception):
                    raise answer
        yield anvil, counters[0].address, first


def _transport(url: str, address: str, first: int, last: int) -> float:
    with httpx.Client(timeout=None) as client:  # noqa: S113 - a node of this machine answers or ends

        def ask(start: int) -> bytes:
            query = {"address": address, "fromBlock": hex(start), "toBlock": hex(min(last, start + RANGE - 1))}
            request = {"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [query]}
            return client.post(url, json=request).content

        ask(last)  # connects
        return seconds(lambda: [ask(start) for start in range(first, last + 1, RANGE)])


def _read(url: str, address: str, first: int, last: int) -> float:
    """Seconds for the logs and the headers of their blocks together, bytes not looked at: asked for as the follower
    does, three parts ahead. Nobody who checks headers is faster."""
    calls: list[object] = []
    for at in range(first, last + 1, MAX_BLOCKS):
        end = min(at + MAX_BLOCKS - 1, last)
        calls.append([_call("eth_getBlockByNumber", hex(number), False) for number in range(at, end + 1)])
        calls.append(_call("eth_getLogs", {"address": address, "fromBlock": hex(at), "toBlock": hex(end)}))
    address_of_node = httpx.URL(url)
    with closing(Wires(address_of_node.host, address_of_node.port or 80, "/", math.inf)) as wires:

        def ask() -> None:
            waiting: deque[Connection | None] = deque()
            for call in calls:
                waiting.append(wires.send(msgspec.json.encode(call)))
                if len(waiting) == 2 * AHEAD:
                    _received(wires, waiting.popleft())
            while waiting:
                _received(wires, waiting.popleft())

        _received(wires, wires.send(msgspec.json.encode(calls[-1])))  # connects
        return seconds(ask)


def _call(method: str, *params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def _received(wires: Wires, wire: Connection | None) -> None:
    if wire is None or wires.receive(wire) is None:
        raise CheckFailed("the node broke off")


def _followed(anvil: Anvil, address: str, first: int, last: int, expected: int) -> float:
    """Seconds until every event is stored. Raises CheckFailed when one is missing."""
    with closing(sqlite3.connect(":memory:")) as database, Rpc(anvil.url) as rpc:
        follower = Follower(rpc, [address], database, _Totals(database), first_block=first)

        def catch_up() -> None:
            while follower.reached < last:
                follower.step()

        taken = seconds(catch_up)
        stored = database.execute("SELECT count(*) FROM counted").fetchone()[0]
    if stored != expected:
        raise CheckFailed(f"{stored} of {expected} events were stored")
    return taken


def _ratio(shape: Shape) -> Callable[[Lab], float]:
    def measure(_: Lab) -> float:
        expect(VERY_FAR)
        with _chain(shape) as (anvil, address, first):
            last = first + shape.blocks - 1
            # anvil leaves a part of the first batch for the next block: what is there counts
            expected = len(anvil.rpc.call("eth_getLogs", {"address": address, "fromBlock": hex(first)}))
            rounds = [
                (_transport(anvil.url, address, first, last), _followed(anvil, address, first, last, expected))
                for _ in range(ROUNDS)
            ]
        return min(bare for bare, _ in rounds) / min(ours for _, ours in rounds)

    return measure


def _bound(shape: Shape) -> Callable[[Lab], float]:
    """The ratio of a follower that reads each header and has nothing else to do, in percent."""

    def measure(_: Lab) -> float:
        with _chain(shape) as (anvil, address, first):
            last = first + shape.blocks - 1
            rounds = [
                (_transport(anvil.url, address, first, last), _read(anvil.url, address, first, last))
                for _ in range(ROUNDS)
            ]
        return 100 * min(bare for bare, _ in rounds) / min(read for _, read in rounds)

    return measure


def _proved(shape: Shape) -> Callable[[Lab], float]:
    """Blocks a second whose receipts are read and give the root in the header."""

    def measure(_: Lab) -> float:
        with _chain(shape) as (anvil, address, first), Rpc(anvil.url) as rpc:
            last = first + shape.blocks - 1
            with closing(sqlite3.connect(":memory:")) as database:
                follower = Follower(rpc, [address], database, _Totals(database), first_block=first)
                while follower.reached < last:
                    follower.step()
                taken = seconds(lambda: follower.run(lambda step: step.caught_up))
                if follower.unproved:
                    raise CheckFailed(f"{len(follower.unproved)} blocks are not proved")
        return shape.blocks / taken

    return measure


ROWS = (
    Row(
        "ratio.events",
        _ratio(DENSE),
        f"{DENSE.blocks} blocks of {DENSE.ours} transactions with one log; best of {ROUNDS} interleaved rounds",
        heavy=True,
    ),
    Row(
        "ratio.events_sparse",
        _ratio(SPARSE),
        f"{SPARSE.blocks:,} blocks with one log; best of {ROUNDS} interleaved rounds",
        also=(
            ("percent with headers read and nothing done", _bound(SPARSE)),
            ("blocks proved a second", _proved(SPARSE)),
        ),
        heavy=True,
    ),
    Row(
        "ratio.events_shared",
        _ratio(SHARED),
        f"{SHARED.blocks:,} blocks with one log of ours and {STRANGERS} of others; best of {ROUNDS} interleaved rounds",
        also=(("blocks proved a second", _proved(SHARED)),),
        heavy=True,
    ),
)
