"""Segments beyond what nodes give freely are paid by vouchers, a few ahead.

A voucher names a sum for all that its node ever charges, so what is signed is what may be lost: the bound counts that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR, TOKEN
from keifu.errors import EnvironmentFault, KeifuError
from keifu.keys import Account
from keifu.payments.wallet import EXCEEDS, MISMATCH, Kept, KeptChannel, Terms, Wallet
from keifu.payments.x402 import DepositPayload, Payment, Requirements, VoucherPayload, encode
from keifu.storage.client.market import Market
from keifu.storage.nodes import NodeFault
from keifu.units import COIN

__all__ = ["AHEAD", "Payer"]

AHEAD = 2  # requests that a voucher pays beyond what was charged, each for at most TOGETHER segments
UNKNOWN = "channel_not_found"


@dataclass
class _Node:
    """Of one address: the header that pays there now, what a request costs at most, and what a deposit would carry."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    header: str = ""
    amount: int = 0
    later: str = ""  # the header once the deposit is there


class Payer:
    """One reader's, for all nodes together at most `terms.most` of the coin. By any thread."""

    def __init__(self, account: Account, store: Kept, terms: Terms, coin: str, now: Callable[[], int]) -> None:
        self._account, self._store, self._terms, self._coin, self._now = account, store, terms, coin.lower(), now
        self._nodes: dict[str, _Node] = {}
        self._lock = threading.Lock()
        self.requests = AHEAD  # for a shard: a deposit pays so many
        self.signed = 0  # that nodes may claim in all, since this reader began
        self._deposited = 0  # that they may put into channels

    @classmethod
    def of(cls, market: Market, account: Account, store: Kept, coins: int, coin: str = "") -> Self:
        """At most `coins` are paid, in parts of 10^18; in the suite's coin unless another is named."""
        suite, client = market.suite, market.client
        coin = coin or suite[TOKEN]
        most = coins * 10 ** int(client.at(coin, TOKEN).decimals()) // COIN
        terms = Terms(client.chain_id, suite[CHANNELS], "", most, suite[ERC3009_COLLECTOR])
        return cls(account, store, terms, coin, lambda: client.now)

    def _at(self, url: str) -> _Node:
        with self._lock:
            return self._nodes.setdefault(url, _Node())

    def header(self, url: str) -> str:
        """What goes with a request; "" while nothing was asked for."""
        return self._at(url).header

    def took(self, url: str, used: str) -> None:
        """A request was answered that brought this: a deposit needs not come again."""
        node = self._at(url)
        with node.lock:
            if node.later and node.header == used:
                node.header, node.later = node.later, ""

    def pay(self, url: str, said: str, used: str) -> str:
        """What to bring instead of `used`, after a node has refused that with these terms. Raises NodeFault."""
        node = self._at(url)
        with node.lock:
            if node.header == used:
                try:
                    self._renew(node, said)
                except (KeifuError, ValueError) as error:
                    raise NodeFault(f"{url} is not paid: {error}", remedy="read from others") from error
            return node.header

    def _renew(self, node: _Node, said: str) -> None:
        asked, error = Wallet(self._account, self._store, self._terms).accepted(said)
        if asked.asset.lower() != self._coin:
            raise EnvironmentFault(f"it takes {asked.asset} alone", remedy="--coin names it")
        is_dearer = int(asked.amount) > node.amount
        node.amount = amount = max(node.amount, int(asked.amount))
        asked.amount = str(amount)
        wallet = Wallet(self._account, self._store, self._terms)
        kept = wallet.channel_for(asked)
        is_empty = kept is None or error.endswith((EXCEEDS, UNKNOWN))
        with self._lock:
            deposit = self._deposit(amount) if is_empty else 0
            wallet.terms = replace(self._terms, deposit=deposit)
            kept = kept or wallet.open_channel(asked)
            most = self._most(kept, asked, error, is_dearer=is_dearer)
            self.signed += max(0, most - kept.signed)
            self._deposited += deposit
        payment = wallet.ahead(kept, asked, most, deposit=is_empty, now=self._now())
        node.header, node.later = encode(payment), encode(_voucher(payment)) if is_empty else ""

    def _deposit(self, amount: int) -> int:
        """What goes into a channel: for the whole shard, where the bound has room. A node may say as often as it likes
        that it is empty, and each time it could bring what was signed."""
        left = self._terms.most - self._deposited
        if left < amount:
            raise EnvironmentFault(f"a request costs {amount}, and {max(0, left)} of what may be put aside is left")
        return min(amount * self.requests, left)

    def _most(self, kept: KeptChannel, asked: Requirements, error: str, *, is_dearer: bool) -> int:
        """What the next voucher names: the one before, until the node says that it is used up."""
        amount = int(asked.amount)
        if kept.signed and not error.endswith(MISMATCH):
            return kept.signed
        state = asked.extra.get("channelState")
        charged = int(str(state.get("chargedCumulativeAmount"))) if isinstance(state, dict) else kept.signed
        if not 0 <= charged <= kept.signed:
            raise EnvironmentFault(f"it says that it has charged {charged}, and {kept.signed} was signed")
        if is_dearer and charged + amount <= kept.signed:
            return kept.signed  # it was for a smaller segment
        left = self._terms.most - self.signed + kept.signed - charged
        if left < amount:
            raise EnvironmentFault(f"a request costs {amount}, and {max(0, left)} of what may be paid is left")
        return charged + min(AHEAD, self.requests, left // amount) * amount


def _voucher(payment: Payment) -> Payment:
    """The same without its deposit."""
    payload = payment.payload
    assert isinstance(payload, DepositPayload)
    voucher = VoucherPayload(payload.channel_config, payload.voucher)
    return Payment(voucher, payment.accepted, extensions=payment.extensions)
