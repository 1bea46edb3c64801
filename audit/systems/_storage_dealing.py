"""What clients and providers do with deals: open, accept, close, renew, prolong, clear, refund, declare lost."""

from __future__ import annotations

from typing import Any

from audit.systems._storage import (
    ACCEPTED,
    CLIENTS,
    FREE,
    LONGEST,
    LOST,
    MENDED,
    NOTICE,
    OVER,
    PEOPLE,
    PROVIDERS,
    Promise,
    Stored,
    Tenure,
    stream,
)
from audit.systems._storage_proving import StorageProving
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import ACCEPTANCE
from keifu.spec.storage import Range

__all__ = ["StorageDealing", "words_to"]

SPAN = 256 * 63  # epochs of a deal with all its renewals
SIZES = ((1,), (3,), (5, 2), (1, 4), (2, 1, 6), (9,), (4, 4, 4))
PRICES = (10**9, 10**9, 10**9 + 1, 1, 0)
RESTITUTIONS = (10 * 10**9, 10 * 10**9 + 3, 3 * 10**9, 60 * 10**9, 1, 0)
TERMS = ((0, 6), (1, 4), (2, 12), (0, 2), (3, 25), (0, 1), (-1, 4), (3, 4), (0, LONGEST), (0, LONGEST + 1))
SIGNED = ("late", "price", "token", "key", "few", "order", "leaves")
LEVELS = 5  # of the tree over a deal of 32 shards
ITEMS = ("", "", "", "", "", "", "path", "leaves", "other shard", "index")


def words_to(sequence: Range, ordinal: int) -> list[int]:
    """Of a shard, as `clear` takes them: its entry, and the path to its peak."""
    entry = sequence.shards[ordinal]
    return [entry.word if entry else 0, *sequence.path(ordinal)]


class StorageDealing(StorageProving):
    """Calls of the deals."""

    def known(self, who: str) -> list[Stored]:
        """Shards of the last deals."""
        return [shard for deal in self.promised[1:][-5:] for shard in deal.shards]

    def quiet_shard(self) -> Stored:
        """Of the first deal, which nobody accepts."""
        return self.promised[0].shards[0]

    def mostly(self, *states: int) -> list[Stored]:
        """Shards in one of these states, three times as often as others."""
        ready = [shard for shard in self.known("") if shard.state in states]
        return [*ready * 3, *self.known("")]

    def free(self, who: str) -> list[Stored]:
        return self.mostly(FREE)

    def kept(self, who: str) -> list[Stored]:
        return self.mostly(ACCEPTED)

    def ending(self, who: str) -> list[Stored]:
        over = [item for item in self.known("") if item.tenures and item.state == ACCEPTED
                and item.last.end <= self.epoch]  # fmt: skip
        return [*over * 4, *self.mostly(FREE, LOST)]

    def client_of(self, who: str, shard: Stored, own: bool) -> str:
        return shard.deal.client if own and shard.deal.client in self.addresses else who

    # opening and accepting --------------------------------------------------------------------------------------------

    @action(
        "", Choice(SIZES), Choice(PRICES), Choice(RESTITUTIONS), Choice(TERMS), Choice((0, 1, 2)),
        Choice((False, False, False, False, True)), sender=CLIENTS, weight=16,
    )  # fmt: skip
    def open_deal(
        self, who: str, sizes: tuple[int, ...], price: int, restitution: int, term: tuple[int, int], first: int,
        again: bool,
    ) -> Steps:  # fmt: skip
        """A deal over shards of these sizes, by providers from one on; or one that is known."""
        number, epoch = len(self.promised), self.epoch
        accept_by, end = epoch + term[0], epoch + term[1]
        data = [(self[PROVIDERS[(first + at) % 3]], stream(f"{number} {at}", size)) for at, size in enumerate(sizes)]
        deal = Promise(who, data, number.to_bytes(32, "big"), price, restitution, accept_by, epoch + 1, end)
        if again and number > 1 and self.promised[-1].client == who:
            old = self.promised[-1]
            deal = Promise(who, old.data, old.salt, price, restitution, accept_by, epoch + 1, end)
        call = self.act(
            "deals.open", deal.root, len(deal.data), price, restitution, accept_by, end, False, deal.salt, sender=who
        )
        done = yield from self.decide(
            "STO-1", call,
            (deal.id in [item.id for item in self.promised], "deals: deal is known"),
            (not epoch <= accept_by < end - 1 or end > epoch + LONGEST, "deals: bad epochs"),
            (price == 0, "deals: bad price"),
        )  # fmt: skip
        if done is None:
            return
        assert done == deal.id, "STO-2: another deal"
        self.promised.append(deal)
        self.pays_in(deal, who, len(deal.data) * (end - epoch - 1))
        self.emitted("deals.DealOpened", deal=deal.id, client=who, root=deal.root, price=price, end=end)

    def not_acceptable(self, shard: Stored) -> list[tuple[object, str]]:
        deal = shard.deal
        return [
            (shard.state != FREE, "deals: shard is taken"),
            (self.epoch > deal.accept_by, "deals: too late to accept"),
            (deal.closed, "deals: deal is closed"),
            (self.epoch + 1 >= min(deal.end, self.epoch + LONGEST), "deals: deal has ended"),
        ]

    def item(self, shard: Stored, form: str) -> tuple[Any, ...]:
        """What `accept` takes."""
        _, node, leaves, path = shard.deal.shown(shard.index)
        changed = {
            "path": (node, leaves, [*path, 1][-LEVELS:]), "leaves": (node, leaves + 1, path),
            "other shard": (bytes(32), 1, path),
        }  # fmt: skip
        index = shard.index + (32 if form == "index" else 0)
        return (shard.deal.id, index, *changed.get(form, (node, leaves, path)))

    @action("", Choice("free"), Choice(ITEMS), Choice((True, True, True, True, False)), sender=PEOPLE, weight=26)
    def accept(self, who: str, shard: Stored, form: str, itself: bool) -> Steps:
        named = shard.deal.named[shard.index][0]
        who = named if itself else who
        found = self.found(who)
        done = yield from self.decide(
            "STO-2", self.act("deals.accept", self.item(shard, form), sender=who),
            (form or who != named, "deals: not in the deal"),
            *self.not_acceptable(shard),
            *self.cannot_promise(found, shard.deal.damages, shard.deal.named[shard.index][2]),
        )  # fmt: skip
        if done is not None:
            self.settle_by(found, who)
            self.take(shard, who)
            self.emitted("deals.ShardAccepted", deal=shard.deal.id, provider=who, ordinal=shard.last.ordinal)

    def mine(self, who: str) -> list[Stored]:
        named = [item for item in self.known("") if item.deal.named[item.index][0] == who]
        free = [item for item in named if not any(holds for holds, _ in self.not_acceptable(item))]
        return free or named[:1]

    @action("", Choice((0, 1, 2, 3, 3)), Choice((False, False, False, False, True)), sender=PROVIDERS, weight=8)
    def accept_many(self, who: str, count: int, twice: bool) -> Steps:
        shards = self.mine(who)[:count]
        shards = shards + shards[:1] if twice else shards
        found = self.found(who)
        damages = sum(item.deal.damages for item in shards)
        leaves = sum(item.deal.named[item.index][2] for item in shards)
        items = [self.item(shard, "") for shard in shards]
        done = yield from self.decide(
            "STO-2", self.act("deals.accept_many", items, sender=who),
            (twice and shards, "deals: shard is taken"),
            *(wrong for shard in shards for wrong in self.not_acceptable(shard)),
            *self.cannot_promise(found, damages, leaves),
        )  # fmt: skip
        if done is not None:
            self.settle_by(found, who)
            self.dry[who] = 0
            for shard in shards:
                self.take(shard, who)

    @action("", Choice("free"), Choice(("", "", "", "", "", *SIGNED)), weight=10)
    def accept_signed(self, who: str, shard: Stored, form: str) -> Steps:
        """All shards of a deal by signatures; each provider is looked at in turn."""
        deal, deadline = shard.deal, self.now - 1 if form == "late" else self.now
        signed, more = [], int(form == "leaves")
        for index, (provider, node, leaves) in enumerate(deal.named):
            token = self["market"] if form == "token" else self.token_of(deal)
            price = deal.price + (form == "price")
            terms = (deal.id, index, token, price, deal.restitution, deal.end, deadline)
            key = self.signers[self["stranger"] if form == "key" else provider]
            signed.append((provider, node, leaves + more, deadline, self.domain.sign(key, ACCEPTANCE, *terms)))
        given = signed[1:] if form == "few" else signed[::-1] if form == "order" else signed
        before = {name: self.found(name) for name, _, _ in deal.named}
        wrongs: list[tuple[object, str]] = [(form == "late", "deals: signature has expired"),
                  (form in ("key", "price", "token"), "deals: not the provider's key"),
                  (form == "few", "deals: not all shards"),
                  (form == "order" and len(signed) > 1, "deals: not the provider's key"),
                  (more or (form == "order" and len(signed) > 1), "deals: not in the deal")]  # fmt: skip
        for name, found in before.items():
            mine = [item for item in deal.shards if deal.named[item.index][0] == name]
            damages = deal.damages * len(mine)
            wrongs += self.cannot_promise(found, damages, sum(deal.named[item.index][2] + more for item in mine))
        wrongs += [wrong for item in deal.shards for wrong in self.not_acceptable(item)]
        done = yield from self.decide("STO-2", self.act("deals.accept_signed", deal.id, given, sender=who), *wrongs)
        if done is not None:
            for found in before.values():
                self.settle_by(found, who)
            for item in deal.shards:
                self.take(item, deal.named[item.index][0])

    # clients ----------------------------------------------------------------------------------------------------------

    @action("", Choice("known"), Choice("addresses"), Choice((True, True, False)), sender=CLIENTS, weight=2)
    def transfer(self, who: str, shard: Stored, to: str, own: bool) -> Steps:
        who, to = self.client_of(who, shard, own), to if to != self["stranger"] else ZERO_ADDRESS
        done = yield from self.decide(
            "STO-1", self.act("deals.transfer_deal", shard.deal.id, to, sender=who),
            (who != shard.deal.client, "deals: not the client"),
            (to == ZERO_ADDRESS, "deals: no client"),
        )  # fmt: skip
        if done is not None:
            shard.deal.client = to

    @action("", Choice("kept"), Choice(("one", "one", "all", "none", "twice")), Choice((True, True, True, False)),
            sender=CLIENTS, weight=7)  # fmt: skip
    def close(self, who: str, shard: Stored, which: str, own: bool) -> Steps:
        """STO-10: at once when the market is removed, else after this epoch and the next."""
        deal, who = shard.deal, self.client_of(who, shard, own)
        chosen = {"one": [shard], "none": [], "twice": [shard, shard]}.get(which)
        chosen = [item for item in deal.shards if item.state == ACCEPTED] if chosen is None else chosen
        founds = {item.last.provider: self.found(item.last.provider) for item in chosen if item.tenures}
        ends = self.epoch if self.removed else self.epoch + NOTICE
        late = "deals: shard has ended" if self.removed else "deals: shard ends soon"
        done = yield from self.decide(
            "STO-10", self.act("deals.close", deal.id, [item.index for item in chosen], sender=who),
            (who != deal.client, "deals: not the client"),
            (any(item.state != ACCEPTED for item in chosen), "deals: shard is not stored"),
            (any(item.state == ACCEPTED and ends >= item.last.end for item in chosen), late),
            (which == "twice" and (not self.removed or self.stops_now(shard)), late),
            *map(self.in_parts, founds.values()),
        )  # fmt: skip
        if done is None:
            return
        self.emitted("deals.DealClosed", count=int(not deal.closed), **({} if deal.closed else {"deal": deal.id}))
        deal.closed = True
        for found in founds.values():
            self.settle_by(found, who)
        for item in chosen:
            if self.removed:
                self.stop(item.last)
            else:
                item.last.end = ends
            self.emitted("deals.ShardEnds", count=len(chosen), deal=deal.id, index=chosen[-1].index)

    def stops_now(self, shard: Stored) -> bool:
        """Whether a shard that is stopped has ended: not when this epoch is proven, or its first comes."""
        if shard.state != ACCEPTED:
            return False
        return shard.last.start <= self.epoch and self.epoch not in self.proofs[shard.last.provider]

    @action("", Choice("known"), Choice((1, 1, 3, 10, 0, SPAN, SPAN + 1)), sender=PEOPLE, weight=4)
    def renew(self, who: str, shard: Stored, more: int) -> Steps:
        deal = shard.deal
        end = deal.begin + more if more >= SPAN else deal.end + more
        done = yield from self.decide(
            "STO-1", self.act("deals.renew", deal.id, end, sender=who),
            (deal.closed, "deals: deal is closed"),
            (self.epoch >= deal.end, "deals: deal has ended"),
            (not deal.end < end <= deal.begin + SPAN, "deals: bad epochs"),
            *self.not_payable(deal.token),
        )  # fmt: skip
        if done is not None:
            waiting = sum(item.state != OVER for item in deal.shards)
            self.pays_in(deal, who, waiting * (end - deal.end))
            deal.end = end
            self.emitted("deals.DealRenewed", deal=deal.id, payer=who, end=end)

    @action("", Choice("kept"), Choice((True, True, True, False)), sender=PROVIDERS, weight=6)
    def prolong(self, who: str, shard: Stored, own: bool) -> Steps:
        deal, tenure = shard.deal, shard.tenures[-1] if shard.tenures else None
        who = tenure.provider if own and tenure else who
        found = self.found(who)
        end = min(deal.end, self.epoch + LONGEST)
        done = yield from self.decide(
            "STO-3", self.act("deals.prolong", deal.id, shard.index, sender=who),
            (shard.state != ACCEPTED or not tenure or who != tenure.provider, "deals: not the provider"),
            (deal.closed, "deals: deal is closed"),
            (not tenure or not self.epoch < tenure.end < end, "deals: nothing to prolong"),
            *self.cannot_promise(found),
        )  # fmt: skip
        if done is not None and tenure:
            self.settle_by(found, who)
            tenure.end, self.dry[who] = end, 0
            self.emitted("deals.ShardEnds", deal=deal.id, index=shard.index, end=end)

    # what is over -----------------------------------------------------------------------------------------------------

    def gone(self, who: str) -> list[Tenure]:
        """Of a provider's shards those that may be cleared, or any."""
        ready = [item for item in self.tenures[who] if item.cleared is None and self.may_clear(item)]
        return ready or self.tenures[who][-2:]

    def may_clear(self, tenure: Tenure) -> bool:
        return tenure.start <= self.epoch and (tenure.left or tenure.end <= self.epoch)

    @action("", Choice((1, 1, 2, 3, 0)), Choice(("", "", "", "", "", "word", "again")), sender=PROVIDERS, weight=14)
    def clear(self, who: str, count: int, form: str) -> Steps:
        chosen = self.gone(who)[:count]
        chosen = chosen + chosen[:1] if form == "again" else chosen
        pieces, found, opened = [], self.found(who), self.epoch in self.opened_epochs
        sequence = self.sequence(who)
        for tenure in chosen:
            words = words_to(sequence, tenure.ordinal)
            words[0] ^= 1 << 80 if form == "word" else 0
            shard = self.shard_of(tenure)
            pieces.append((shard.deal.id, shard.index, tenure.ordinal, words))
            sequence.shards[tenure.ordinal] = None
        late = [item for item in chosen if not self.may_clear(item)]
        done = yield from self.decide(
            "STO-4", self.act("deals.clear", pieces, sender=who),
            self.in_parts(found),
            (any(not item.left for item in late), "deals: shard has not ended"),
            (any(item.left for item in late), "deals: stored since this epoch"),
            (chosen and form, "storage: not in the sequence"),
            (any(item.cleared for item in chosen), "storage: not in the sequence"),
        )  # fmt: skip
        if done is None:
            return
        self.settle_by(found, who)
        gives_up = opened and self.draws_from(who, self.epoch) and self.epoch not in self.proofs[who]
        self.emitted("market.GivenUp", count=int(gives_up and (who, self.epoch) not in self.given_up))
        if gives_up:
            self.given_up.add((who, self.epoch))
        for tenure in chosen:
            tenure.cleared = self.epoch, opened
        if chosen:
            self.emitted("market.Cleared", count=len(chosen), provider=who)
        if (who, self.epoch) in self.given_up:
            yield from self.showing(who, who)

    def shard_of(self, tenure: Tenure) -> Stored:
        return next(shard for shard in self.shards() if tenure in shard.tenures)

    @action("", Choice("ending"), Choice(("one", "one", "one", "one", "all", "twice")), Choice((True, False)),
            weight=14)  # fmt: skip
    def refund(self, who: str, shard: Stored, which: str, own: bool) -> Steps:
        deal, who = shard.deal, self.client_of(who, shard, own)
        chosen = {"all": deal.shards, "twice": [shard, shard]}.get(which, [shard])
        done = yield from self.decide(
            "STO-1", self.act("deals.refund", deal.id, [item.index for item in chosen], sender=who),
            *(wrong for item in chosen for wrong in self.not_refundable(item, who)),
            (which == "twice", "deals: shard is over"),
        )  # fmt: skip
        if done is not None:
            for item in chosen:
                amount, bounty = self.unproven(item), item.bounty
                self.refunds(item)
            said = {"index": chosen[-1].index, "amount": amount, "bounty": bounty}
            self.emitted("deals.Refunded", count=len(chosen), deal=deal.id, **said)

    def not_refundable(self, shard: Stored, who: str) -> list[tuple[object, str]]:
        deal, state = shard.deal, shard.state
        return [
            (state == FREE and self.epoch <= deal.accept_by, "deals: may still be accepted"),
            (state == ACCEPTED and self.epoch < shard.tenures[-1].end, "deals: shard has not ended"),
            (state == ACCEPTED and who != deal.client and self.still_answers(shard.tenures[-1]),
             "deals: may still be declared lost"),
            (state == OVER, "deals: shard is over"),
            (state == MENDED, "deals: shard is under repair"),
            (state == LOST and self.epoch < deal.end and who != deal.client, "deals: may still be repaired"),
        ]  # fmt: skip

    def lost_ones(self, who: str) -> list[Stored]:
        lost = [item for item in self.known("") if item.state == ACCEPTED
                and self.is_lost(self.found(item.last.provider), item.last)]  # fmt: skip
        return [*lost * 3, *self.kept("")]

    @action("", Choice("lost_ones"), weight=14)
    def declare_lost(self, who: str, shard: Stored) -> Steps:
        held = shard.state == ACCEPTED
        found = self.found(shard.last.provider if held else who)
        done = yield from self.decide(
            "STO-11", self.act("deals.declare_lost", shard.deal.id, shard.index, sender=who),
            (not held, "deals: shard is not stored"),
            *([self.in_parts(found)] if held else []),
            (held and not self.still_answers(shard.last), "storage: evidence window is over"),
            (held and not self.is_lost(found, shard.last), "storage: shard is not lost"),
        )  # fmt: skip
        if done is not None:
            self.settle_by(found, who)
            self.lose(shard, who)
            self.emitted("deals.ShardLost", deal=shard.deal.id, index=shard.index, bounty=shard.bounty)
