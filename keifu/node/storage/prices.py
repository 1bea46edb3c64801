"""For what a node stores: gwei of the suite's coin, and smallest units of each other token that it names.

A token's decimals are its own word. They are read once, when the node begins, and only turn what the operator wrote
into smallest units, which the log and the chain show.
"""

from __future__ import annotations

from ethwire.keys import checksum
from keifu.node.sections import StorageWork
from keifu.node.storage.contracts import Contracts
from keifu.storage.client.money import read_money
from keifu.storage.layout import LEAF_BYTES
from keifu.storage.states import DealState
from keifu.units import parse_amount

__all__ = ["GIB", "Prices"]

GIB = 1 << 30
LARGEST = 2**64 - 1  # that a deal may cost for a shard and epoch


class Prices:
    """`named` are the tokens that this node takes beside the coin, with smallest units for a gibibyte and epoch;
    `faults` say why it takes one of the others not."""

    def __init__(self, settings: StorageWork, coin: str) -> None:
        self._gwei, self._coin = settings.price, coin.lower()
        self.named: dict[str, int] = {}
        self.faults: dict[str, str] = {}

    @classmethod
    def read(cls, settings: StorageWork, contracts: Contracts) -> Prices:
        """As the tokens and their list stand now. Raises RpcError."""
        made = cls(settings, contracts.token.address)
        for token, text in settings.tokens.items():
            fault = made._take(contracts, token, text)
            if fault:
                made.faults[token] = f"deals in token {checksum(token)} are not taken: {fault}"
        return made

    def _take(self, contracts: Contracts, token: str, text: str) -> str:
        """Why not, or ""."""
        if token == self._coin:
            return "it is the suite's coin, whose price is storage.price"
        if not contracts.channels.isListed(token):
            return "it is not listed"
        money = read_money(contracts.chain.client, token)
        if not money.says_decimals:
            return "it does not say its decimals"
        try:
            price = parse_amount(text, money.decimals)
        except ValueError as error:
            return str(error)
        if not 0 < price <= LARGEST:
            return f"a price of {text} is none of its amounts"
        self.named[token] = price
        return ""

    def is_coin(self, token: str) -> bool:
        return token == self._coin

    def least(self, token: str, leaves: int) -> int | None:
        """The price of a shard and epoch at least; None for a token that this node does not take."""
        price = self._gwei if token == self._coin else self.named.get(token)
        return None if price is None else max(1, -(-price * leaves * LEAF_BYTES // GIB))

    def pays(self, deal: DealState, leaves: int) -> bool:
        """Whether a deal's price is worth a shard of so many leaves."""
        least = self.least(deal.token, leaves)
        return least is not None and deal.price >= least

    def refuses(self, deal: DealState, leaves: int) -> bool:
        """Whether it is of another token, and that is not taken or too little of it is paid."""
        return deal.token != self._coin and not self.pays(deal, leaves)
