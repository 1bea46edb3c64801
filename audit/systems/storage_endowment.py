"""StorageEndowment over the storage market, beside a log of what people did: endowments that are founded, topped up,
opened term after term, stood in for, lost, restored and wound up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from audit.systems._constructors import Deployment, variations
from audit.systems._storage import CLIENTS, FREE, LONGEST, PEOPLE, PROVIDERS, SECONDS, Stored, hashed, stream
from audit.systems._storage_endowment import ACCEPT, LEAD, REST, Endowed, EndowmentLog
from ethwire.constants import GWEI, ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from evmstorm.oracles.delay import Exit, check_exits
from keifu.abi import encode_args
from keifu.keys import keccak256
from keifu.spec.storage import root
from keifu.units import COIN

__all__ = ["LEAD", "Endowed", "StorageEndowments"]

# price, restitution, fall, term, reward of a plan.
PLANS = (
    (10**9, 10 * 10**9, 1_000, 6, COIN), (10**9 + 7, 3, 333, 5, 1), (10**9, 10**9, 0, 8, 0), (1, 0, 9_999, 5, 0),
    (10**9, 10**9, 10_000, 6, 0), (10**9, 10**9, 500, 4, 0), (0, 1, 0, 6, 0), (10**9, 1, 1, LONGEST - 1, COIN),
    (10**9, 1, 1, LONGEST, COIN), (2 * 10**9, 10**9, 5_000, 7, 5 * COIN),
)  # fmt: skip
PROXY_BEGINS = bytes.fromhex("602d3d8160093d39f3363d3d373d3d3d363d73")
PROXY_ENDS = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
SIZES = ((1,), (2, 1), (1, 3, 2), (), (2,), (1, 1), (1,) * 17)


class StorageEndowments(EndowmentLog):
    """Everything that anybody may do with endowments, and with the market below them."""

    # founding ---------------------------------------------------------------------------------------------------------

    @action("", Choice("endowments_of"), Choice(PLANS), Choice(SIZES), Choice((3, 1, 0, 10)), Choice((0, 0, 0, 1, -1)),
            Choice(("", "", "", "", "nobody", "itself")), sender=CLIENTS, weight=30)  # fmt: skip
    def founding(
        self, who: str, item: Endowed, plan: tuple[int, ...], sizes: tuple[int, ...], terms: int, wei: int, heir: str
    ) -> Steps:
        """With coins for so many terms, or a wei more or less than for five epochs."""
        price, restitution, fall, term, reward = plan
        cost = price * len(sizes) * GWEI
        amount = max(0, (cost * term * terms if terms else cost * (ACCEPT + 1)) + wei)
        to = {"nobody": ZERO_ADDRESS, "itself": item.address}.get(heir, self["watcher"])
        data = [stream(f"{item.name} {at}", size) for at, size in enumerate(sizes)]
        new = Endowed(
            item.name, who, item.salt, item.address, to, price, restitution, fall, term, reward, bool(wei), data
        )
        new.coins = item.coins + amount
        providers = [self.any_provider(at + terms) for at in range(len(data))]
        args = (new.plan, self.shown(new, providers), amount, item.salt)
        done = yield from self.decide(
            "END-4", self.act("home.found", *args, sender=who),
            (item.terms, "endowment: is known"),
            (heir, "endowment: no heir"),
            (fall >= 10_000, "endowment: nothing is left"),
            (term <= ACCEPT, "endowment: term is too short"),
            (term >= LONGEST, "endowment: term is too long"),
            (amount > self.stored(who), "token: insufficient balance"),
            *(self.unpayable(new, new.coins, price) if ACCEPT < term < LONGEST and fall < 10_000 else []),
        )  # fmt: skip
        if done is None:
            return
        assert int.from_bytes(done, "big") == int(item.address, 16), "END-1: another address"
        self.emitted("home.Founded", endowment=item.address, founder=who, heir=to)
        self.endowments[self.endowments.index(item)] = new
        self.moved[who] -= amount
        self.term_opens(new, providers, new.epochs_for(new.coins, price))

    def endowments_of(self, who: str) -> list[Endowed]:
        mine = [item for item in self.endowments if item.founder == who]
        return [item for item in mine if not item.terms] * 3 + mine

    def shown(self, item: Endowed, providers: list[str]) -> list[tuple[str, bytes, int]]:
        """All shards as a call names them."""
        named = zip(providers, item.data, strict=True)
        return [(who, root(hashed(data)), len(data) // 256) for who, data in named]

    def foretold(self, who: str, number: int) -> None:
        """Where an endowment will be, of any founder and salt: a minimal proxy's place by CREATE2."""
        salt, home = keccak256(bytes([number])), bytes.fromhex(self["home"][2:])
        founded = keccak256(encode_args(["address", "bytes32"], [who, salt]))
        code = keccak256(PROXY_BEGINS + home + PROXY_ENDS)
        place = keccak256(b"\xff" + home + founded + code)[12:]
        assert self.ask("home.endowment_of", who, salt) == int.from_bytes(place, "big"), "END-1: another address"

    @action("", Choice("anyone"), Choice(("home", "begin", "open_term", "stand_in", "wind_up", "found")), weight=2)
    def meddle_with_endowments(self, who: str, item: Endowed, form: str) -> Steps:
        """END-1: one begins in the call that makes it, and is no place to found others."""
        for number in range(4):
            self.foretold(who, number)
        plan = (who, 1, 1, 1, 9, 0, False)
        given: dict[str, tuple[Any, ...]] = {"begin": (plan, []), "open_term": ([],), "stand_in": (0,), "wind_up": (),
                 "found": (plan, [], 0, bytes(32))}  # fmt: skip
        if form in ("begin", "found") and item.terms:
            reason = "endowment: not here" if form == "found" else "endowment: only its maker"
            yield self.tx(f"{item.name}.{form}", *given[form], sender=who, fails=reason)
        elif form not in ("home", "found"):
            reason = "endowment: only its maker" if form == "begin" else "endowment: not founded"
            yield self.tx(f"home.{form}", *given[form], sender=who, fails=reason)

    # terms ------------------------------------------------------------------------------------------------------------

    @action("", Choice("anyone"), Choice(("near", "near", "end", "early", "late")), Choice((True, True, False)),
            sender=("watcher", "stranger"), weight=16)  # fmt: skip
    def passes(self, who: str, item: Endowed, when: str, settled: bool) -> Steps:
        """Time, until a further term may be opened; somebody settles the providers and has ended shards refunded."""
        if not item.terms:
            return
        to = item.until + {"near": -LEAD, "end": 0, "early": -LEAD - 1, "late": 9}[when]
        if to > self.epoch and to - self.epoch < 40:
            self.evm.warp_to(self.first + (to - 1) * SECONDS + 60)
        for shard in item.now.shards if settled and self.epoch >= item.now.end else []:
            yield from self.refund(who, shard, "one", False)

    @action("", Choice("anyone"), Choice(("", "", "", "", "others", "data", "order", "few")), Choice(range(3)),
            sender=PEOPLE, weight=30)  # fmt: skip
    def open_term(self, who: str, item: Endowed, form: str, first: int) -> Steps:
        """By anybody, for a reward."""
        if not item.terms:
            return
        shards = item.now.shards
        stored = [self.was_stored(item, shard) for shard in shards]
        providers = [
            shard.last.provider if kept and form != "others" else self.any_provider(first + shard.index)
            for shard, kept in zip(shards, stored, strict=True)
        ]
        others = any(kept and name != shard.last.provider
                     for shard, kept, name in zip(shards, stored, providers, strict=True))  # fmt: skip
        pieces = self.shown(item, providers)
        changed = {"data": [(*pieces[0][:2], pieces[0][2] + 1), *pieces[1:]], "order": pieces[::-1],
                   "few": pieces[:-1]}.get(form, pieces)  # fmt: skip
        wrong_data = [piece[1:] for piece in changed] != [piece[1:] for piece in pieces]
        price = item.fallen(item.price) if all(stored) else item.price
        left = self.all_of(item) - item.reward
        done = yield from self.decide(
            "END-4", self.act(f"{item.name}.open_term", changed if wrong_data else pieces, sender=who),
            (item.until > self.epoch + LEAD, "endowment: term is under way"),
            (self.removed, "endowment: market is removed"),
            (wrong_data, "endowment: other data"),
            (others, "endowment: another one stores it"),
            (left <= 0, "endowment: too few coins"),
            *self.unpayable(item, left, price),
        )  # fmt: skip
        if done is None:
            return
        if all(stored):
            item.price, item.restitution = price, item.fallen(item.restitution)
        self.gather(item)
        item.coins -= item.reward
        self.moved[who] += item.reward
        self.term_opens(item, providers, item.epochs_for(left, price))
        assert done == item.now.id, "END-2: another deal"

    @action("", Choice("anyone"), Choice((1, 1, 2, 4)), Choice((0, 0, 0, 1)), sender="watcher", weight=20)
    def terms_that_go_well(self, who: str, item: Endowed, count: int, spared: int) -> Steps:
        """All shards are accepted, but for one sometimes, and the next term is opened in time."""
        for _ in range(count if item.terms else 0):
            for shard in item.now.shards[spared:]:
                yield from self.accept(who, shard, "", True)
            if 0 < item.until - LEAD - self.epoch < 40:
                self.evm.warp_to(self.first + (item.until - LEAD - 1) * SECONDS)
            yield from self.open_term(who, item, "", 0)

    def waiting(self, who: str) -> list[tuple[Endowed, Stored]]:
        """Shards of terms under way, those that nobody took first."""
        found = [(item, shard) for item in self.founded("") for shard in item.now.shards]
        return [pair for pair in found if pair[1].state == FREE] * 3 + found or [(self.endowments[0], self.shards()[0])]

    @action("", Choice("waiting"), Choice((True, True, False)), sender=PROVIDERS, weight=12)
    def stand_in(self, who: str, pair: tuple[Endowed, Stored], late: bool) -> Steps:
        item, shard = pair
        if not item.terms:
            return
        if late and self.epoch <= item.now.accept_by:
            self.evm.warp_to(self.first + item.now.accept_by * SECONDS + 60)
        done = yield from self.decide(
            "END-5", self.act(f"{item.name}.stand_in", shard.index, sender=who),
            (item.stood_in.get(shard.index, 0) >= self.epoch, "endowment: another one was first"),
            (self.epoch <= item.now.accept_by, "endowment: may still be accepted"),
            (shard.state != FREE, "repairs: not the caller's to give"),
        )  # fmt: skip
        if done is not None:
            item.stood_in[shard.index] = self.epoch
            shard.proposal = item.address, who
            self.emitted(f"{item.name}.StandIn", deal=item.now.id, index=shard.index, provider=who)
            yield from self.accept_proposal(who, shard, True, True)

    @action("", Choice("endowments"), Choice((1, COIN, 50 * COIN, 10**4 * COIN)), sender=CLIENTS, weight=5)
    def top_up_coins(self, who: str, item: Endowed, amount: int) -> Steps:
        """Anybody, also before it is founded."""
        yield self.tx("token.transfer", item.address, amount, sender=who)
        item.coins += amount
        self.moved[who] -= amount

    @action("", Choice("anyone"), Choice((-1, 0, 0)), Choice((True, False, False, False)),
            Choice((False, False, False, False, True)), weight=6)  # fmt: skip
    def wind_up(self, who: str, item: Endowed, early: int, late: bool, removed: bool) -> Steps:
        """END-1: half a year after the last term, or at its end when the market is removed."""
        if not item.terms:
            return
        if late and removed:
            yield from self.remove(who, True)
        last = self.over_at(item) + (0 if self.removed else REST)
        if late and self.now < last + early:
            self.evm.warp_to(last + early)
        before = self.stored(item.heir)
        done = yield from self.decide(
            "END-1", self.act(f"{item.name}.wind_up", sender=who), (self.now < last, "endowment: may still go on")
        )
        if done is not None:
            self.gather(item)
            assert self.stored(item.heir) - before == item.coins, "END-1: the heir gets all"
            self.emitted(f"{item.name}.WoundUp", heir=item.heir, amount=item.coins)
            self.moved[item.heir] += item.coins
            item.coins = 0

    # the log ----------------------------------------------------------------------------------------------------------

    @invariant("END-6", at_end=True)
    def endowments_are_the_log_s(self) -> bool:
        """Each holds its own coins, and is owed what its terms gave back."""
        for item in self.endowments:
            if self.stored(item.address) != item.coins:
                return False
            if self.ask("market.credits", item.address) != self.credited[item.address]:
                return False
            if self.ask("repairs.credits", item.address) != self.owed[item.address]:
                return False
        return True

    @invariant("END-3", at_end=True)
    def plans_are_the_log_s(self) -> bool:
        """Prices, terms and forecasts are those of the log."""
        for item in self.founded(""):
            if tuple(self.answer_of(f"{item.name}.plan")) != item.plan:
                return False
            number, deal, until, shards, _ = self.answer_of(f"{item.name}.state")
            if (number, deal, until, shards) != (len(item.terms), item.now.id, item.until, len(item.data)):
                return False
            if self.ask(f"{item.name}.lasts") != self.forecast(item):
                return False
        return self.refuses("home.lasts")

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: half a year after the last term all of an endowment is its heir's, too."""
        with self.evm.anchor():
            exits = [
                Exit(item.name, max(self.now, self.over_at(item) + REST), 1, partial(self.is_wound_up, item))
                for item in self.founded("")
            ]
            check_exits(exits, lambda: self.now, self.evm.warp_to)
        return bool(super().everybody_leaves_in_time())

    def is_wound_up(self, item: Endowed) -> bool:
        before, held = self.stored(item.heir), self.all_of(item)
        self.do(f"{item.name}.wind_up", sender=self["stranger"])
        return self.stored(item.heir) - before == held and self.stored(item.address) == 0

    def constructors(self) -> Iterator[Deployment]:
        yield from variations(
            "StorageEndowment", (self["deals"],), (0, self["watcher"], "endowment: deals are no contract")
        )
