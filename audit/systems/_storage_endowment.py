"""Endowments beside the storage campaign's log: who founded them with what, what they opened, and what came back. What
must be true is computed in the words of END in docs/invariants.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from audit.systems._storage import ACCEPTED, CLIENTS, OVER, PROVIDERS, SECONDS, Promise, Stored
from audit.systems._storage_oracles import StorageOracles
from ethwire.constants import GWEI
from keifu.units import DAY

__all__ = ["ACCEPT", "LEAD", "REST", "Endowed", "EndowmentLog"]

LEAD, ACCEPT = 2, 4  # epochs
REST = 180 * DAY
BPS = 10_000
SALTS = (bytes(32), b"\1" * 32)


@dataclass
class Endowed:
    """One endowment, by its founder and salt; `terms` are those that it opened."""

    name: str
    founder: str
    salt: bytes
    address: str
    heir: str = ""
    price: int = 0  # gwei, of the term under way
    restitution: int = 0
    fall: int = 0
    term: int = 0
    reward: int = 0
    masked: bool = False
    data: list[bytes] = field(default_factory=list)
    coins: int = 0  # wei that are there
    terms: list[Promise] = field(default_factory=list)
    until: int = 0  # first epoch that is not paid for: what others pay for does not count
    stood_in: dict[int, int] = field(default_factory=dict)  # index -> last epoch, of the term under way

    @property
    def now(self) -> Promise:
        return self.terms[-1]

    @property
    def plan(self) -> tuple[Any, ...]:
        return self.heir, self.price, self.restitution, self.fall, self.term, self.reward, self.masked

    def fallen(self, amount: int) -> int:
        """END-3: the next term's, a gwei at least where it was one."""
        return max(min(1, amount), amount * (BPS - self.fall) // BPS)

    def epochs_for(self, coins: int, price: int) -> int:
        """END-4: of a term, as the plan says or as the coins last."""
        return min(self.term, coins // (price * len(self.data) * GWEI))


class EndowmentLog(StorageOracles):
    """Endowments of two clients, two each, at addresses that are known before they are founded."""

    contracts = ("StorageEndowment",)

    def open(self) -> None:
        super().open()
        home = self.evm.deploy("StorageEndowment", self.contract("deals"), sender=self.evm.account("maker"))
        self.bind(home=home)
        self.places: list[tuple[str, str, bytes, str]] = []
        for role in CLIENTS:
            self.contract("token").approve(home, 2**256 - 1, sender=self.roles[role])
            for salt in SALTS:
                name = f"endowment{len(self.places)}"
                made = self.evm.at(home.endowment_of(self[role], salt), "StorageEndowment")
                self.bind(**{name: made})
                self.places.append((name, self[role], salt, made.address))

    def start(self) -> None:
        super().start()
        self.endowments = [Endowed(*place) for place in self.places]

    def deadlines(self) -> list[int]:
        ends = [self.over_at(item) + rest for item in self.founded("") for rest in (-LEAD * SECONDS, 0, REST)]
        return [*super().deadlines(), *ends]

    # the log's words --------------------------------------------------------------------------------------------------

    def founded(self, who: str) -> list[Endowed]:
        return [item for item in self.endowments if item.terms]

    def anyone(self, who: str) -> list[Endowed]:
        """Those that are founded, else any."""
        return self.founded(who) or self.endowments

    def over_at(self, item: Endowed) -> int:
        return int(self.first + (item.until - 1) * SECONDS)

    def all_of(self, item: Endowed) -> int:
        """END-6: with what is owed to it."""
        return item.coins + self.credited[item.address] + self.owed[item.address]

    def was_stored(self, item: Endowed, shard: Stored) -> bool:
        """Whether somebody stores a shard of the term under way, or stored it to its end."""
        return shard.state == ACCEPTED or (shard.state == OVER and bool(shard.tenures) and shard.last.end == item.until)

    def gather(self, item: Endowed) -> None:
        item.coins = self.all_of(item)
        self.credited[item.address] = self.owed[item.address] = 0

    def term_opens(self, item: Endowed, providers: list[str], epochs: int) -> None:
        """A deal of the endowment's."""
        number, epoch = len(item.terms) + 1, self.epoch
        data = list(zip(providers, item.data, strict=True))
        terms = (item.price, item.restitution, epoch + ACCEPT, epoch + 1, epoch + 1 + epochs)
        deal = Promise(item.address, data, number.to_bytes(32, "big"), *terms, masked=item.masked)
        item.terms.append(deal)
        item.until, item.stood_in = deal.end, {}
        item.coins -= item.price * len(data) * epochs * GWEI
        self.promised.append(deal)
        self.emitted(f"{item.name}.TermOpened", number=number, deal=deal.id, price=item.price, end=deal.end)

    def unpayable(self, item: Endowed, coins: int, price: int) -> list[tuple[object, str]]:
        """Why a term is not opened with so many coins."""
        if price == 0 or not item.data:
            return [(True, "endowment: nothing to pay for")]
        epochs = item.epochs_for(max(coins, 0), price)
        return [(epochs <= ACCEPT, "endowment: too few coins")]

    def forecast(self, item: Endowed) -> int:
        """Whole terms that the coins which are there pay for, when each is cheaper."""
        left, price = item.coins, item.fallen(item.price)
        for terms in range(1_000):
            left -= item.reward + price * len(item.data) * item.term * GWEI
            if left < 0:
                return terms
            price = item.fallen(price)
        return 1_000

    def any_provider(self, at: int) -> str:
        return self[PROVIDERS[at % len(PROVIDERS)]]
