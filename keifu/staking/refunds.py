"""Whom an insurance owes what a removed service took: a list that anybody computes from the hub's log.

A slash takes from the operator's lock, and from its delegators by what each had in the pool or in a ticket that had not
matured. Amounts are wei, times unix seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from ethwire.rpc import quantity
from keifu.abi import Contract, Log, encode_args
from keifu.chain import ChainClient
from keifu.chain.logs import find_events, find_logs
from keifu.merkle import Tree, build, hash_leaves
from keifu.spec.refunds import share_out

__all__ = ["RefundList", "losses_of", "read_refunds", "refund_tree"]

EVENTS = ("Staked", "Unstaked", "Slashed")
OPEN_TICKETS = 3  # half-periods until a ticket matures
HALF_BITS = 96  # of a ticket's number: its half-period
SPENT = Fraction(1, 2**32)  # coins of a share below which a pool starts over

Entry = tuple[int, Log]  # time of its block, event of the hub


@dataclass(frozen=True)
class RefundList:
    """What one service took, and what its list gives back. `root` and `amount` are arguments of `open_refund`."""

    service: str
    over_at: int  # when it can slash no more; 0 while it is listed
    taken: int
    lost: dict[str, Fraction]  # owner key -> wei
    rows: dict[str, int]  # owner key -> wei that it gets
    opened: bytes  # root of the list that was opened; empty when there is none

    @cached_property
    def tree(self) -> Tree | None:
        return refund_tree(self.rows) if self.rows else None

    @property
    def root(self) -> bytes:
        return self.tree.root if self.tree else b""

    @property
    def amount(self) -> int:
        return sum(self.rows.values())

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings, and the proof of each row."""
        rows = [
            {
                "loser": loser,
                "lost": str(int(self.lost[loser])),
                "amount": str(self.rows[loser]),
                "proof": ["0x" + node.hex() for node in self.tree.proof(place)] if self.tree else [],
            }
            for place, loser in enumerate(sorted(self.rows))
        ]
        return {
            "service": self.service,
            "over_at": self.over_at,
            "taken": str(self.taken),
            "root": "0x" + self.root.hex() if self.rows else None,
            "amount": str(self.amount),
            "opened": "0x" + self.opened.hex() if self.opened else None,
            "rows": rows,
        }


@dataclass
class _Pool:
    """One operator's delegators: the pool, its shares, and the tickets of each half-period."""

    coins: Fraction = Fraction(0)
    shares: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    tickets: defaultdict[int, defaultdict[str, Fraction]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Fraction))
    )

    def cut(self, taken: int, first_open: int) -> dict[str, Fraction]:
        """What each of them lost."""
        whole_shares = sum(self.shares.values())
        tickets = [held for half, held in self.tickets.items() if half >= first_open]
        whole = self.coins + sum((sum(held.values(), Fraction(0)) for held in tickets), Fraction(0))
        part = min(Fraction(1), taken / whole) if whole else Fraction(0)
        lost: defaultdict[str, Fraction] = defaultdict(Fraction)
        for owner, shares in self.shares.items():
            lost[owner] += part * self.coins * Fraction(shares, whole_shares or 1)
        for held in tickets:
            for owner, coins in held.items():
                lost[owner] += part * coins
                held[owner] -= part * coins
        self.coins -= part * self.coins
        if self.coins < SPENT * whole_shares:
            self.coins = Fraction(0)
            self.shares.clear()
        return lost


def losses_of(log: Iterable[Entry], service: str, unbonding: int) -> dict[str, Fraction]:
    """What each owner key lost to `service`, by the hub's events of EVENTS in their order; a ticket's loss is that of
    whoever's shares left."""
    pools: defaultdict[str, _Pool] = defaultdict(_Pool)
    losses: defaultdict[str, Fraction] = defaultdict(Fraction)
    for time, event in log:
        pool = pools[event.operator]
        if event.event == "Staked":
            pool.coins += event.amount
            pool.shares[event.owner] += event.shares
        elif event.event == "Unstaked":
            pool.coins -= event.amount
            pool.shares[event.owner] -= event.shares
            pool.tickets[event.ticket % 2**HALF_BITS][event.owner] += event.amount
            if not any(pool.shares.values()):
                pool.coins = Fraction(0)  # rounding of earlier exits is the insurance's
        else:
            lost = pool.cut(event.delegated, time // (unbonding // 2) - OPEN_TICKETS + 1)
            lost[event.operator] = lost.get(event.operator, Fraction(0)) + event.damages + event.penalty
            for owner, coins in lost.items() if event.service == service else ():
                losses[owner] += coins
    return {owner: coins for owner, coins in losses.items() if coins}


def read_refunds(
    client: ChainClient, hub: Contract, insurance: Contract, service: str, first_block: int = 0
) -> RefundList:
    """The list of one service by the log of the whole chain. One that was opened gives the same when it was right."""
    horizon, _, removed, taken = hub.service(service)
    root, _ = insurance.refund(service)
    if any(root):
        pot = _opened_for(client, insurance, service, first_block)
    else:
        pot = min(taken, insurance.free() + hub.credit(insurance.address))
    lost = losses_of(_log(client, hub, first_block), service, hub.unbonding())
    over_at = removed + horizon if removed else 0
    return RefundList(service, over_at, taken, lost, share_out(lost, pot), root if any(root) else b"")


def refund_tree(rows: Mapping[str, int]) -> Tree:
    """As OpenZeppelin's StandardMerkleTree over (owner key, wei); owners in ascending order."""
    encoded = b"".join(encode_args(["address", "uint256"], row) for row in sorted(rows.items()))
    return build(hash_leaves(np.frombuffer(encoded, np.uint8).reshape(len(rows), -1)))


def _opened_for(client: ChainClient, insurance: Contract, service: str, first_block: int) -> int:
    [opened] = find_events(client, insurance, "RefundOpened", first_block, service=service)
    amount: int = opened.amount
    return amount


def _log(client: ChainClient, hub: Contract, first_block: int) -> list[Entry]:
    """The hub's events that say who had what and who lost it; only a slash's time is asked for."""
    topics = ["0x" + hub.interface.event(name).topic.hex() for name in EVENTS]
    found = list(find_logs(client, hub.address, [topics], first_block))
    slashes = sorted({event.number for event in found if event.topics[0] == topics[-1]})
    times = _times(client, slashes)
    entries = []
    for event in found:
        decoded = hub.interface.read_log(hub.address, event.topics, event.data)
        if decoded is not None:
            entries.append((times.get(event.number, 0), decoded))
    return entries


def _times(client: ChainClient, blocks: list[int]) -> dict[int, int]:
    calls: list[tuple[str, list[Any]]] = [("eth_getBlockByNumber", [hex(number), False]) for number in blocks]
    times = {}
    for number, found in zip(blocks, client.rpc.agreed_many(calls, _time_in), strict=True):
        if isinstance(found, Exception):
            raise found
        times[number] = quantity(_time_in(found), f"the time of block {number}", client.rpc.url)
    return times


def _time_in(block: Any) -> Any:
    return block.get("timestamp") if isinstance(block, dict) else None
