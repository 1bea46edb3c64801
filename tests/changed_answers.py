"""A follower behind a node that changes one field of one answer: whatever it changes, the index is right in the end.

    python -m tests.changed_answers --runs 10000 --seed 1

A run draws a field of one answer (any answer, any member, also of the envelope), the value that it becomes, and how the
follower is set up. Errors of our own tree may come out, one line each; then the owner starts the follower again, as a
supervisor does. At the end every event must be there once, as the chain has it, and nothing may be left unproved.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from ethwire.rpc import NewHeads, Nodes, Rpc
from evmstorm.evm import artifacts
from keifu.chain import Anvil, ChainClient
from keifu.chain.follower import Event, Follower, Notice
from keifu.errors import KeifuError
from tests.ape_chain import GENESIS
from tests.changed_runs import Attempt, Outcome, main
from tests.faulty_node import FaultyNode, Mutation, Upstream, over_http, recorded

__all__ = ["Chain", "Ledger", "attempt", "build_chain"]

STARTS = 4  # an owner tries so often
GIVE_UP_AFTER = 12  # failures in a row
Row = tuple[int, int, str, str, str, str, int]


@dataclass
class Chain:
    """A chain that stays as it is, its node's answers, and what a follower of `addresses` must find."""

    upstream: Upstream
    addresses: tuple[str, ...]
    rows: list[Row]
    answers: int  # that an honest run takes


class Ledger:
    """A sink that keeps all of an event."""

    def __init__(self, database: sqlite3.Connection) -> None:
        database.execute(
            "CREATE TABLE IF NOT EXISTS ledger (n INTEGER, i INTEGER, a TEXT, t TEXT, d TEXT, h TEXT, s INTEGER)"
        )

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        for event in events:  # as a real sink does: a number that no column takes raises OverflowError
            database.execute("SELECT ?", (int(event.data, 16),))
        database.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)", [_row(event) for event in events])

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        database.execute("DELETE FROM ledger WHERE n >= ?", (first_block,))


def _row(event: Event) -> Row:
    topics = " ".join(event.topics)
    return (
        event.number,
        event.index,
        event.address,
        topics,
        event.data,
        event.transaction_hash,
        event.block_time,
    )


def _row_of(log: dict[str, Any]) -> Row:
    topics, number, index = " ".join(log["topics"]), int(log["blockNumber"], 16), int(log["logIndex"], 16)
    time = int(log["blockTimestamp"], 16)
    return (number, index, log["address"], topics, log["data"], log["transactionHash"], time)


def build_chain(anvil: Anvil) -> Chain:
    """Two contracts of ours and one of somebody else, alone and together in blocks, with empty ones between."""
    client = ChainClient(anvil.rpc, artifacts.load)
    user, stranger = anvil.account("user"), anvil.account("stranger")
    ours = [client.deploy("Counter", 1_000, sender=user) for _ in range(2)]
    other = client.deploy("Counter", 1_000, sender=stranger)
    for amount in range(1, 4):
        ours[amount % 2].add(amount, sender=user)
        anvil.mine(2)
    other.add(1, sender=stranger)
    anvil.rpc.call("evm_setAutomine", False)
    pairs = [(ours[0], user), (other, stranger), (ours[1], user)]
    for _ in range(2):
        for contract, sender in pairs:
            data = "0x" + contract.add.encode(5).hex()
            anvil.rpc.call("anvil_impersonateAccount", sender.address)
            request = {"from": sender.address, "to": contract.address, "data": data, "gas": hex(200_000)}
            anvil.rpc.call("eth_sendTransaction", request)
        anvil.mine()
    anvil.rpc.call("evm_setAutomine", True)
    chain = Chain(recorded(over_http(anvil.url)), tuple(contract.address for contract in ours), [], 0)
    logs = anvil.rpc.call("eth_getLogs", {"address": list(chain.addresses), "fromBlock": "0x0", "toBlock": "latest"})
    chain.rows = [_row_of(log) for log in logs]
    honest = FaultyNode(chain.upstream)
    database = sqlite3.connect(":memory:")
    follow(chain, [honest], database, random.Random(0))
    assert rows_of(database) == chain.rows
    chain.answers = len(honest.asked)
    return chain


def rows_of(database: sqlite3.Connection) -> list[Row]:
    return list(database.execute("SELECT * FROM ledger ORDER BY n, i"))


def follow(
    chain: Chain, nodes: Sequence[FaultyNode], database: sqlite3.Connection, draw: random.Random
) -> tuple[Follower, list[Notice]]:
    """Catch up with the head, in one of the ways that a follower can be set up."""
    notices: list[Notice] = []

    def no_pause(seconds: float) -> None:
        pass

    rpcs = [
        Rpc(f"http://node-{place}.invalid", sleep=no_pause, transport=node.transport, attempts=2)
        for place, node in enumerate(nodes)
    ]
    follower = Follower(
        Nodes.of(rpcs) if len(rpcs) > 1 else rpcs[0],
        chain.addresses,
        database,
        Ledger(database),
        max_range=draw.choice([3, 5, 2_000]),
        proved_only=draw.random() < 0.2,
        on_notice=notices.append,
        heads=NewHeads(sleep=no_pause),
        workers=0,
    )
    follower.run(lambda step: step.caught_up, give_up_after=GIVE_UP_AFTER)
    return follower, notices


def attempt(chain: Chain, seed: int) -> Outcome:
    """One run."""
    draw = random.Random(seed)
    mutation = Mutation(draw.randrange(2**32), draw.randrange(chain.answers * 5 // 4))
    nodes = [FaultyNode(chain.upstream, mutation)]
    nodes += [FaultyNode(chain.upstream) for _ in range(draw.choice([0, 0, 0, 1, 2]))]
    database = sqlite3.connect(":memory:")
    errors: list[str] = []
    try:
        for _ in range(STARTS):
            try:
                follower, _ = follow(chain, nodes, database, draw)
            except KeifuError as error:
                errors.append(f"{type(error).__name__}: {error}")
                if "\n" in errors[-1]:
                    return Outcome("an error of several lines", mutation.reported, tuple(errors))
            else:
                fault = "" if rows_of(database) == chain.rows else f"a wrong index: {rows_of(database)}"
                return Outcome(
                    fault or ("unproved blocks" if follower.unproved else ""), mutation.reported, tuple(errors)
                )
        return Outcome("it never caught up", mutation.reported, tuple(errors))
    except Exception as error:
        return Outcome(f"a raw {type(error).__name__}: {error}", mutation.reported, tuple(errors))
    finally:
        database.close()


@contextmanager
def prepared() -> Iterator[Attempt]:
    """One chain for all runs."""
    with Anvil(timestamp=GENESIS) as anvil:
        yield partial(attempt, build_chain(anvil))


if __name__ == "__main__":
    sys.exit(main(__doc__, prepared(), None))
