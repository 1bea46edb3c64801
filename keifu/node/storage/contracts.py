"""The storage contracts as a provider's node reads and calls them, at one block for all that is asked together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ethwire.eip712 import Domain
from ethwire.rpc import octets
from keifu.abi import Contract
from keifu.abi.eip712 import ACCEPTANCE
from keifu.chain.suite import CHANNELS, HUB, STORAGE, STORAGE_DEALS, STORAGE_ENDOWMENT, STORAGE_REPAIRS, TOKEN
from keifu.errors import EnvironmentFault, Revert
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.final import View
from keifu.node.storage.records import Known
from keifu.storage.states import DealState
from keifu.storage.texts import code_text, is_signed_by

__all__ = ["DEALS", "MARKET", "REPAIRS", "Contracts", "Ledger"]

MARKET, DEALS, REPAIRS = STORAGE, STORAGE_DEALS, STORAGE_REPAIRS
RANDOMNESS = "Randomness"


class Ledger(NamedTuple):
    """What the market says of a provider."""

    stored: int = 0
    drawn_from: int = 0
    epoch: int = 0
    shards: int = 0
    misses: int = 0
    dry: int = 0
    third: int = 0
    given_up: bool = False
    damages: int = 0
    rate: int = 0
    pending: int = 0
    earned: int = 0


class Contracts:
    """Handles, and what never changes. Raises EnvironmentFault where the suite has no storage market."""

    def __init__(self, chain: NodeChain, account: Account) -> None:
        self.chain, self.account = chain, account
        suite, client = chain.suite, chain.client
        if MARKET not in suite.addresses:
            raise EnvironmentFault(
                f"no {MARKET} is recorded for chain {chain.id}", remedy="name the record of a suite that has one"
            )
        self.market, self.deals, self.repairs = (suite.at(client, name) for name in (MARKET, DEALS, REPAIRS))
        self.hub, self.token = suite.at(client, HUB), client.at(suite[TOKEN], TOKEN)
        self.channels = client.at(self.deals.channels(), CHANNELS)
        self.endowments = suite.at(client, STORAGE_ENDOWMENT) if STORAGE_ENDOWMENT in suite.addresses else None
        self.randomness: Contract = client.at(self.market.randomness(), RANDOMNESS)
        self.start: int = self.market.start()
        self.epoch_seconds: int = self.market.epoch_seconds()
        self.window: int = self.market.window()
        self.leaf_buffer: int = self.market.leaf_buffer()
        self.fee: int = self.repairs.demand_fee()
        self.domain = Domain("Keifu Storage", "1", chain.id, self.deals.address)

    def epoch_at(self, time: int) -> int:
        return (time - self.start) // self.epoch_seconds + 1

    def last_second(self, epoch: int) -> int:
        return self.start + epoch * self.epoch_seconds - 1

    def ask(self, block: int, wanted: Sequence[View]) -> list[Any]:
        """What the views give in a block; None for what the contract refuses. Raises RpcError."""
        rpc = self.chain.rpc
        calls = [
            ("eth_call", [{"to": at.contract.address, "data": "0x" + at.encode(*args).hex()}, hex(block)])
            for at, args in wanted
        ]
        found: list[Any] = []
        for (function, args), answer in zip(wanted, rpc.agreed_many(calls, lambda answer: answer), strict=True):
            if isinstance(answer, Revert):
                found.append(None)
            elif isinstance(answer, Exception):
                raise answer
            else:
                found.append(function.abi(*args).decode(octets(answer, "eth_call", rpc.url)))
        return found

    def sign(self, deal: bytes, index: int, terms: DealState, deadline: int) -> bytes:
        """The acceptance of a shard, for all shards at once."""
        values = (deal, index, terms.token, terms.price, terms.restitution, terms.end, deadline)
        return self.account.sign(self.domain.digest(ACCEPTANCE, *values))

    def is_signed(self, deal: bytes, known: Known, client: str) -> bool:
        """Whether a deal's client says that so many shards give it."""
        text = code_text(self.chain.id, self.deals.address, deal, known.k)
        return bool(known.signature) and is_signed_by(client, text, known.signature)
