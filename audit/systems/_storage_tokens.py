"""What people do with deals that are paid in another token: open, collect, fetch; and what becomes of the token."""

from __future__ import annotations

from audit.systems._storage import (
    ACCEPTED,
    CLIENTS,
    LONGEST,
    PEOPLE,
    PROVIDERS,
    TOKENS,
    UNITS,
    Promise,
    Stored,
    stream,
)
from audit.systems._storage_repairing import StorageRepairing
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice

__all__ = ["StorageTokens"]

SIZES = ((1,), (3,), (5, 2), (2, 1, 6))
PRICES = (1, 7, 10**6 + 1, 3, 0)
TERMS = ((0, 6), (1, 4), (2, 12), (3, 25), (0, LONGEST), (0, 1))
LISTED = (*TOKENS, *TOKENS, *TOKENS, *TOKENS, "market")


class StorageTokens(StorageRepairing):
    """Calls about tokens."""

    @action("", Choice(SIZES), Choice(PRICES), Choice((10**10, 3 * 10**9, 0)), Choice(TERMS), Choice((0, 1, 2)),
            Choice(LISTED), sender=CLIENTS, weight=14)  # fmt: skip
    def open_in(
        self, who: str, sizes: tuple[int, ...], price: int, restitution: int, term: tuple[int, int], first: int,
        token: str,
    ) -> Steps:  # fmt: skip
        """A deal in another token, or in what is none."""
        number, epoch = len(self.promised), self.epoch
        accept_by, end = epoch + term[0], epoch + term[1]
        data = [(self[PROVIDERS[(first + at) % 3]], stream(f"{number} {at}", size)) for at, size in enumerate(sizes)]
        said = (price, restitution, accept_by)
        deal = Promise(who, data, number.to_bytes(32, "big"), *said, epoch + 1, end, token=token)
        terms = (self[token], deal.root, len(data), *said, end, False, deal.salt)
        done = yield from self.decide(
            "STO-15", self.act("deals.open_in", *terms, sender=who),
            (token not in TOKENS, "deals: token is not listed"),
            (not epoch <= accept_by < end - 1, "deals: bad epochs"),
            (price == 0, "deals: bad price"),
            *self.not_payable(token),
        )  # fmt: skip
        if done is not None:
            self.promised.append(deal)
            self.pays_in(deal, who, len(data) * (end - epoch - 1))
            self.emitted("deals.DealOpened", deal=deal.id, client=who, price=price, token=self[token])

    def earning(self, who: str) -> list[Stored]:
        """Shards of deals in tokens that somebody stores, more often than others."""
        ready = [item for item in self.known("") if item.deal.token and item.state == ACCEPTED]
        return [*ready * 4, *self.known("")]

    @action("", Choice("earning"), Choice(("one", "one", "all", "twice")), sender=PEOPLE, weight=14)
    def collect(self, who: str, shard: Stored, which: str) -> Steps:
        deal = shard.deal
        chosen = {"all": deal.shards, "twice": [shard, shard]}.get(which, [shard])
        done = yield from self.decide(
            "STO-15", self.act("deals.collect", deal.id, [item.index for item in chosen], sender=who),
            (not deal.token, "deals: paid by the market"),
            (any(item.state != ACCEPTED for item in chosen), "deals: shard is not stored"),
        )  # fmt: skip
        if done is not None:
            units = sum(self.collects(item, self.epoch) for item in chosen)
            assert int.from_bytes(done, "big") == units, "STO-15: other epochs than were proven"

    @action("", Choice("earning"), Choice(PROVIDERS), Choice((True, False)), sender="watcher", weight=4)
    def relay(self, who: str, shard: Stored, role: str, before: bool) -> Steps:
        """A day that is proven, collected or not, and then the shard is another one's."""
        yield from self.day(who, 7, True)
        if before:
            yield from self.collect(who, shard, "one")
        yield from self.propose(who, shard, role, True)
        yield from self.accept_proposal(who, shard, True, True)

    @action("", Choice("earning"), Choice((1, 2, 4)), sender="watcher", weight=4)
    def overdue(self, who: str, shard: Stored, more: int) -> Steps:
        """Days that are proven, until after a shard's end where that is near; and then it is collected."""
        left = shard.last.end - self.epoch if shard.state == ACCEPTED else 0
        for _ in range(left + more if 0 < left < 7 else 1):
            yield from self.day(who, 7, True)
        yield from self.collect(who, shard, "one")

    def creditors(self, who: str) -> list[tuple[str, str]]:
        """Tokens with whoever may fetch some, more often than others."""
        owed = [pair for pair, units in self.units.items() if units]
        return [*owed * 3, *((token, who) for token in TOKENS)]

    @action("", Choice("creditors"), Choice("receivers"), Choice((True, True, False)), sender=PEOPLE, weight=10)
    def withdraw_token(self, who: str, owed: tuple[str, str], receiver: str, own: bool) -> Steps:
        """What somebody was credited, once; `own` sends it to whoever asks."""
        token, who = owed
        receiver = who if own else self["deals"] if receiver == self["market"] else receiver
        done = yield from self.decide(
            "STO-15", self.act("deals.withdraw_token", self[token], receiver, sender=who),
            (receiver in (self["deals"], ZERO_ADDRESS), "deals: no receiver"),
            *self.not_paid_out(token, who),
        )  # fmt: skip
        if done is not None:
            self.fetched(token, who, receiver)

    @action("", Choice("creditors"), weight=6)
    def pay_token(self, who: str, owed: tuple[str, str]) -> Steps:
        token, account = owed
        done = yield from self.decide(
            "STO-15", self.act("deals.pay_token", account, self[token], sender=who), *self.not_paid_out(token, account)
        )
        if done is not None:
            self.fetched(token, account, account)

    def not_paid_out(self, token: str, who: str) -> list[tuple[object, str]]:
        return [
            (self.units[token, who] == 0, "deals: nothing to pay"),
            (self.is_frozen(token), "transfer: refused"),
        ]

    def fetched(self, token: str, who: str, receiver: str) -> None:
        due = self.units[token, who]
        self.emitted("deals.TokenPaid", account=who, token=self[token], receiver=receiver, amount=due)
        self.units_moved[token, who] -= due
        self.units_moved[token, receiver] += due
        self.paid_units[token, who] += due
        self.units[token, who] = 0

    @action("", Choice(LISTED), Choice((5, 1, 0)), sender=PROVIDERS, weight=2)
    def name_price(self, who: str, token: str, price: int) -> Steps:
        unlisted = token not in TOKENS or token in self.delisted
        done = yield from self.decide(
            "STO-15", self.act("deals.name_price", self[token], price, sender=who),
            (price and unlisted, "deals: token is not listed"),
        )  # fmt: skip
        if done is not None:
            self.emitted("deals.PriceNamed", provider=who, token=self[token], price=price)

    # what becomes of a token ------------------------------------------------------------------------------------------

    @action("", Choice((True, False, False)), sender="stranger", weight=2)
    def freeze(self, who: str, refuses: bool) -> Steps:
        """The issuer of one token lets nobody move it, or everybody again."""
        yield self.tx("freezing.set_refuses", refuses, sender=who)
        self.frozen = refuses

    @action("", Choice(tuple(TOKENS)), Choice((True, True, False)), sender="stranger", weight=2)
    def list_token(self, who: str, token: str, listed: bool) -> Steps:
        """The timelock lists a token, or lists it no more."""
        yield self.tx("channels.listToken", self[token], listed, sender=self.owner)
        self.delisted = self.delisted - {token} if listed else self.delisted | {token}
        for shard in [item for item in self.known(who) if item.deal.token == token][-1:]:
            yield from self.renew(who, shard, 3)

    # what the log says of units ---------------------------------------------------------------------------------------

    def units_of(self, token: str, who: str) -> int:
        """That somebody holds or may fetch."""
        return int(self.ask(f"{token}.balanceOf", who) + self.ask("deals.token_credits", who, self[token]))

    def units_due(self, token: str, who: str) -> int:
        return UNITS + self.units_moved[token, who]
