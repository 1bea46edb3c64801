"""All shards of a deal that is open, until the chain says that each was accepted: at once by signatures, or by each
provider by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from keifu.chain import Deployer
from keifu.chain.finality import final_block
from keifu.chain.suite import STORAGE_DEALS
from keifu.errors import CheckFailed, KeifuError
from keifu.storage.client.ledger import Ledger, Row
from keifu.storage.client.market import Market
from keifu.storage.client.peers import WRITE_SECONDS, Peers
from keifu.storage.deals import Placed
from keifu.storage.states import State

__all__ = ["Acceptances"]

TELL_EVERY = 10  # looks at the chain


@dataclass(frozen=True)
class Acceptances:
    """`pause(seconds)` waits between two looks at the chain, of which there are `patience`."""

    market: Market
    ledger: Ledger
    chain: Deployer
    pause: Callable[[float], None]
    patience: int

    def wait(self, row: Row, placed: Sequence[Placed], word: bytes, remedy: str) -> bool:
        """Until all shards are accepted in final blocks; False when the chain does not have the deal any more. `word`
        is the client's for k, or empty; `remedy` is for shards that nobody accepts. Raises CheckFailed when that takes
        too long."""
        if self.market.deal(row.deal) is None:
            return False
        rpc, refusals = self.market.client.rpc, dict[int, str]()
        with closing(Peers(self.ledger, WRITE_SECONDS)) as peers:
            for look in range(self.patience + 1):
                shards = self.market.shards(row.deal, len(placed))
                waits = [index for index, shard in enumerate(shards) if shard.state is State.FREE]
                if not waits:
                    if final_block(rpc) >= self.market.accepted_in(row.deal):
                        return True
                    self.pause(1.0)
                    continue
                if look == 0 and len(waits) == len(shards) and self._signed(row, placed, word, peers):
                    continue
                if look % TELL_EVERY == 0:
                    refusals = _tell(row, placed, word, peers, waits)
                self.pause(1.0)
        if not waits:
            raise CheckFailed(
                "all shards are accepted, in blocks that are not final yet", remedy="the same command goes on"
            )
        said = "; ".join(f"shard {index}: {refusals.get(index) or 'no answer yet'}" for index in waits)
        raise CheckFailed(f"{len(placed) - len(waits)} of {len(placed)} shards are accepted. {said}", remedy=remedy)

    def _signed(self, row: Row, placed: Sequence[Placed], word: bytes, peers: Peers) -> bool:
        """Ask every provider for its signature, and bring them to the chain together; False when one gives none."""

        def ask(index: int) -> tuple[Any, ...]:
            peer = peers.at(row.kept.holders[index])
            _, deadline, signature = peer.tell(row.deal, index, row.kept.k, placed, word, signs=True)
            return placed[index].provider, placed[index].root, placed[index].leaves, deadline, signature

        try:
            with ThreadPoolExecutor(len(placed)) as pool:
                signed = list(pool.map(ask, range(len(placed))))
            if not all(item[-1] for item in signed):
                return False
            self.market.send(self.chain, STORAGE_DEALS, "accept_signed", row.deal, signed)
        except KeifuError:  # each accepts by itself then
            return False
        return True


def _tell(row: Row, placed: Sequence[Placed], word: bytes, peers: Peers, waits: Sequence[int]) -> dict[int, str]:
    refusals = {}
    for index in waits:
        try:
            peers.at(row.kept.holders[index]).tell(row.deal, index, row.kept.k, placed, word)
        except KeifuError as error:
            refusals[index] = error.message
    return refusals
