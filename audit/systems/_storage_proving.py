"""What providers and those who act for them do at the market: epochs, proofs, settling, locks and pay."""

from __future__ import annotations

from typing import Any

from audit.systems._storage import PEOPLE, PROVIDERS, SECONDS, TIP, WINDOW, hashed_seed
from audit.systems._storage_settling import StorageSettling
from ethwire.constants import GWEI, ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice
from keifu.spec.storage import DRAWS, draw
from keifu.units import COIN

__all__ = ["StorageProving"]

FORMS = ("", "", "", "", "", "", "", "", "data", "word", "short", "long", "cut", "others", "empty")
# What a proof that does not fit is refused for.
UNPROVEN = (
    "storage: not five leaves",
    "storage: words are missing",
    "storage: no such leaf",
    "storage: not in the sequence",
    "storage: not the leaf that was drawn",
    "storage: words left over",
)


class StorageProving(StorageSettling):
    """Calls of the market."""

    # epochs -----------------------------------------------------------------------------------------------------------

    def tipped(self, who: str) -> None:
        if self.pot >= TIP:
            self.pot -= TIP
            self.credit_to(who, TIP)

    @action("", Choice((0, 0, 0, 0, 1, -1)), weight=14)
    def open_epoch(self, who: str, beside: int) -> Steps:
        yield from self.opening(who, beside)

    @action("", Choice(range(8)), Choice((True, True, False)), sender=("watcher", "stranger"), weight=18)
    def day(self, who: str, proving: int, new: bool) -> Steps:
        """An epoch as it should go, the next one or this: its seed is there, and some providers prove."""
        if new:
            self.evm.warp_to(self.first + self.epoch * SECONDS + 60)
        yield from self.opening(who)
        yield from self.seeing(who)
        for at, role in enumerate(PROVIDERS):
            if proving >> at & 1:
                yield from self.showing(self[role], self[role])

    def opening(self, who: str, beside: int = 0) -> Any:
        epoch = self.epoch
        done = yield from self.decide(
            "STO-6", self.act("market.open_epoch", epoch + beside, sender=who),
            (beside, "storage: not this epoch"),
            (epoch in self.opened_epochs, "storage: already open"),
        )  # fmt: skip
        if done is not None:
            number = int.from_bytes(done, "big")
            assert number == self.next_seed, "STO-6: a seed that somebody knows"
            self.opened_epochs[epoch] = number
            self.tipped(who)
            self.emitted("market.EpochOpened", epoch=epoch, seed_number=number)

    @action("", Choice((0, 0, 0, 0, 0, 1, -1)), Choice((True, True, True, False)), weight=18)
    def see_seed(self, who: str, beside: int, drawn: bool) -> Steps:
        yield from self.seeing(who, beside, drawn)

    def seeing(self, who: str, beside: int = 0, drawn: bool = True) -> Any:
        """The source draws the seed that the epoch waits for, and somebody shows it."""
        epoch = self.epoch
        number = self.opened_epochs.get(epoch)
        value = hashed_seed(number or 0)
        if drawn and number is not None and number >= self.next_seed:
            yield self.tx("randomness.put", number, value, sender=self["stranger"])
            self.next_seed = number + 1
        last = self.now + WINDOW
        done = yield from self.decide(
            "STO-6", self.act("market.see_seed", epoch + beside, sender=who),
            (beside, "storage: not this epoch"),
            (number is None, "storage: epoch is not open"),
            (epoch in self.seen, "storage: seed was seen"),
            (last >= self.first + epoch * SECONDS, "storage: too late for a window"),
            (number is not None and number >= self.next_seed, "storage: no seed yet"),
        )  # fmt: skip
        if done is not None:
            self.seen[epoch] = value, last
            self.tipped(who)
            self.emitted("market.SeedSeen", epoch=epoch, seed=value, last=last)

    @action("", Choice((TIP, COIN, 1)), sender=("watcher", "stranger"), weight=1)
    def fund_tips(self, who: str, amount: int) -> Steps:
        yield self.tx("market.fund_tips", amount, sender=who)
        self.pot += amount
        self.moved[who] -= amount

    # proofs -----------------------------------------------------------------------------------------------------------

    @action("", Choice(PROVIDERS), Choice(FORMS), Choice((0, 0, 0, 0, 0, 1)), Choice((True, True, False)), weight=34)
    def prove(self, who: str, role: str, form: str, before: int, itself: bool) -> Steps:
        provider = self[role]
        yield from self.showing(provider if itself else who, provider, form, before)

    def showing(self, who: str, provider: str, form: str = "", before: int = 0) -> Any:
        """A proof of this epoch, or said to be of one before."""
        epoch = self.epoch - before
        found, total = self.found(provider), self.draws_from(provider, self.epoch)
        seed, last = self.seen.get(self.epoch, (b"", 0))
        unready = [
            self.in_parts(found),
            (before or not seed or self.now > last, "storage: no proofs are taken"),
            (total == 0, "storage: nothing to prove"),
            ((provider, self.epoch) in self.given_up, "storage: epoch was given up"),
            (self.epoch in self.proofs[provider], "storage: already proven"),
        ]
        data, words = bytes(256 * DRAWS), [0]
        spoilt = True
        if total and seed:
            drawn = [draw(seed, self.epoch, provider, at, total) for at in range(DRAWS)]
            if self.leaves_now(provider) > max(drawn):
                data, words, spoilt = *self.opened_leaves(provider, drawn), False
                data, words, spoilt = self.spoiled(provider, form, drawn, data, words)
        done = yield from self.decide(
            "STO-5", self.act("market.prove", provider, epoch, data, words, sender=who),
            *unready,
            *((spoilt, reason) for reason in UNPROVEN),
        )  # fmt: skip
        if done is None:
            return
        self.settle_by(found, who)
        self.proofs[provider].add(epoch)
        self.earned[provider] += self.rate(provider, epoch)
        self.moved[provider] += self.rate(provider, epoch) * GWEI
        self.emitted("market.Proven", provider=provider, epoch=epoch, earned=self.rate(provider, epoch))

    def spoiled(
        self, who: str, form: str, drawn: list[int], data: bytes, words: list[int]
    ) -> tuple[bytes, list[int], bool]:
        """What was to be shown, with something wrong, and whether anything is."""
        match form:
            case "data":
                return bytes([data[0] ^ 1]) + data[1:], words, True
            case "word":
                return data, [*words[:-1], words[-1] ^ 1 << 70], True
            case "short":
                return data, words[:-1], True
            case "long":
                return data, [*words, 1], True
            case "cut":
                return data[:-1], words, True
            case "empty":
                return data, [], True
            case "others":
                near = [max(0, leaf - 1) for leaf in drawn]
                return (*self.opened_leaves(who, near), near != drawn)
        return data, words, False

    # settling and locks -----------------------------------------------------------------------------------------------

    def anybody(self, who: str) -> list[str]:
        return [*self.operators, self["stranger"]]

    @action("market.settle", Choice("anybody"), weight=8)
    def settle(self, who: str, provider: str) -> Steps:
        found = self.found(provider)
        returned = yield
        assert int.from_bytes(returned, "big") == found.epoch, "STO-7: settled up to another epoch"
        if provider in self.settled:
            self.settle_by(found, who)
            if found.taken:
                self.emitted("market.Missed", provider=provider, misses=len(found.row), taken=found.taken)

    @action("", Choice(PROVIDERS), weight=4)
    def top_up(self, who: str, role: str) -> Steps:
        provider = self[role]
        found = self.found(provider)
        done = yield from self.decide(
            "STO-8", self.act("market.top_up", provider, sender=who),
            self.in_parts(found),
            (found.dry == 0, "storage: buffer is not used up"),
            (self.needed(provider, found.epoch) > found.locked, "storage: lock too small"),
        )  # fmt: skip
        if done is not None:
            self.settle_by(found, who)
            self.dry[provider] = 0

    @action("", Choice((1, 7, COIN, 10 * COIN, 100 * COIN)), sender=PROVIDERS, weight=3)
    def lock(self, who: str, amount: int) -> Steps:
        """More coins at the hub; nothing once the market is removed."""
        done = yield self.act("hub.lock", self["market"], who, amount, sender=who)
        if done is not None:
            self.locked[who] += amount

    def amounts(self, who: str) -> list[int]:
        found = self.found(who)
        free = max(0, found.locked - self.needed(who, found.epoch))
        return [free, free, free, free + 1, max(free - COIN, 0), free // 2, 1, 0]

    @action("", Choice("amounts"), sender=PROVIDERS, weight=8)
    def unlock(self, who: str, amount: int) -> Steps:
        yield from self.unlocking(who, amount)

    @action("", Choice((3, 9, 10)), Choice("providers"), Choice((True, True, False)), sender="watcher", weight=4)
    def silence(self, who: str, count: int, provider: str, tight: bool) -> Steps:
        """Epochs in which nobody proves, and a lock that holds no more than it must: its buffer is used up."""
        if tight:
            yield from self.unlocking(provider, self.amounts(provider)[0])
        for _ in range(count):
            self.evm.warp_to(self.first + self.epoch * SECONDS + 60)
            yield from self.opening(who)
            yield from self.seeing(who)

    def unlocking(self, who: str, amount: int) -> Any:
        found = self.found(who)
        done = yield from self.decide(
            "STO-3", self.act("market.unlock", amount, sender=who),
            self.in_parts(found),
            (amount + self.needed(who, found.epoch) > found.locked, "hub: more than the lock"),
            (amount == 0, "hub: zero amount"),
        )  # fmt: skip
        if done is not None:
            self.settle_by(found, who)
            self.locked[who] -= amount

    @action("market.bind", Choice("providers"), weight=2)
    def bind_anew(self, who: str, provider: str) -> Steps:
        returned = yield
        wanted = 0 if self.removed else min(self.as_last_touched(provider), self.locked[provider])
        assert int.from_bytes(returned, "big") == wanted, "STO-3: another sum was bound than is needed"

    def providers(self, who: str) -> list[str]:
        return [self[role] for role in PROVIDERS]

    def as_last_touched(self, provider: str) -> int:
        return self.needed(provider, self.settled.get(provider, 0))

    # pay --------------------------------------------------------------------------------------------------------------

    def receivers(self, who: str) -> list[str]:
        return [*self.addresses, self["market"], ZERO_ADDRESS]

    @action("", Choice("receivers"), sender=PEOPLE, weight=6)
    def withdraw(self, who: str, receiver: str) -> Steps:
        """STO-1: what was earned and credited, once."""
        due = self.credited[who] + self.earned[who] * GWEI
        before = self.stored(receiver)
        done = yield from self.decide(
            "STO-1", self.act("market.withdraw", receiver, sender=who),
            (receiver in (self["market"], ZERO_ADDRESS), "storage: no receiver"),
            (due == 0, "payouts: nothing to pay"),
        )  # fmt: skip
        if done is not None:
            self.paid_out(who, receiver, due, before)
            self.paid_earned[who] += self.earned[who]
            self.moved[who] -= due
            self.credited[who] = self.earned[who] = 0

    @action("", Choice("addresses"), weight=2)
    def pay(self, who: str, account: str) -> Steps:
        due, before = self.credited[account], self.stored(account)
        done = yield from self.decide(
            "STO-1", self.act("market.pay", account, sender=who), (due == 0, "payouts: nothing to pay")
        )
        if done is not None:
            self.paid_out(account, account, due, before)
            self.moved[account] -= due
            self.credited[account] = 0

    def paid_out(self, who: str, receiver: str, due: int, before: int) -> None:
        assert self.stored(receiver) - before == due, f"STO-1: {who} is owed {due}"
        self.moved[receiver] += due

    @action("", Choice((True, False, False, False)), sender="stranger", weight=1)
    def remove(self, who: str, yes: bool) -> Steps:
        """The timelock takes the market off the hub's list."""
        if yes and not self.removed:
            yield self.tx("hub.remove_service", self["market"], sender=self.owner)
            self.removed = self.now

    @action("", Choice(("store", "prolong", "shorten", "stop", "lose", "clear", "credit")), weight=1)
    def meddle(self, who: str, function: str) -> Steps:
        """STO-9"""
        provider, five = self["provider"], (self["provider"], 1, 1, 1, 2)
        given: dict[str, tuple[Any, ...]] = {
            "store": (who, provider, [(7, 1, 1, self.epoch + 9)]), "prolong": (who, *five), "shorten": (who, *five),
            "stop": (who, *five), "lose": (who, *five, True), "clear": (provider, []), "credit": (who, COIN),
        }  # fmt: skip
        yield self.tx(f"market.{function}", *given[function], sender=who, fails="storage: only the deals")
