"""What operators and payers do at the compute market: services, keys with caps, covers, and what of it is reserved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.systems._compute import (
    ENDPOINT,
    LARGEST,
    LOCK,
    LONGEST,
    NOTICE,
    NOWHERE,
    OPERATORS,
    PAYERS,
    SERVICE_RESERVE,
    SMALLEST,
    UNKNOWN,
    ComputeLog,
    Covered,
    Row,
    Served,
)
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.abi.eip712 import HOT_KEY
from keifu.compute.promises import Cover, Offer
from keifu.staking import KeyKind
from keifu.units import COIN, DAY, HOUR

__all__ = ["FORGERIES", "ComputePromises"]

LAST = (1, DAY, 10 * DAY, 40 * DAY, 40 * DAY, LONGEST, LONGEST, LONGEST + 1, 0)  # seconds from now
RESTITUTIONS = (SMALLEST, 400 * COIN + 7, 400 * COIN + 7, 400 * COIN + 7, 700 * COIN + 11, LARGEST, SMALLEST - 1,
                LARGEST + 1)  # fmt: skip
FORGERIES = ("", "", "", "", "", "", "", "", "other key", "cut")
SPOILT = ("", "", "", "", "", "", "", "", "again", "again", "other operator", "other channel", "other price", "cut")
CAPS = (0, 1, 600 * COIN, 2_000 * COIN, 2_000 * COIN, 10**6 * COIN)
Lists = tuple[str, list[bytes], list[bytes]]  # operator, environments, channels


class ComputePromises(ComputeLog):
    """Promises that begin, are prolonged, end and are settled."""

    # services ---------------------------------------------------------------------------------------------------------

    @action("", Choice("places"), Choice(LAST), sender=OPERATORS, weight=3)
    def bind_to(self, who: str, place: bytes, seconds: int) -> Steps:
        done = yield self.tx("heartbeats.bind", place, self.now + seconds, sender=who, raw_outcome=True)
        if done is not None:
            self.bindings[who, place] = self.now + seconds

    @action("", Choice("places"), sender=(*OPERATORS, "author"), weight=1)
    def unbind(self, who: str, place: bytes) -> Steps:
        """By the operator, which counts from now; or by whom the environment names, and then nothing is reserved."""
        operator, freed = (self["operator"], True) if who == self["author"] else (who, False)
        call = "heartbeats.release" if freed else "heartbeats.end"
        done = yield self.tx(call, operator, place, sender=who, raw_outcome=True)
        if done is not None:
            self.bindings[operator, place] = 0 if freed else self.now

    def everywhere(self, who: str) -> list[bytes]:
        return [*self.places, self.places[0], NOWHERE, UNKNOWN]

    def offers_made(self, who: str) -> list[Offer]:
        token = self["token"]
        return [self.first_offer, Offer(token, 2 * COIN, 1, 2, 3, HOUR), Offer(token, COIN, 5, 3, COIN, HOUR)]

    @action("", Choice("everywhere"), Choice("offers_made"), Choice(LAST), Choice((*[ENDPOINT] * 5, "")),
            sender=OPERATORS, weight=10)  # fmt: skip
    def serve(self, who: str, place: bytes, offer: Offer, seconds: int, endpoint: str) -> Steps:
        """CMP-2, CMP-7, CMP-8"""
        last, item, key = self.now + seconds, self.service_of(who, place), (who, place)
        changes = self.offers.get(key, [(0, b"")])
        is_other, bound = item is None or changes[-1][1] != offer.hash, self.bound_of(who)
        call = self.market("serve", place, offer.args, endpoint, last, sender=who)
        done = yield from self.decide(
            "CMP-2", call,
            (not 0 < seconds <= LONGEST, "compute: bad last day"),
            (self.removed, "compute: market not listed"),
            (not endpoint, "compute: no endpoint"),
            (place != NOWHERE and self.bindings.get(key, 0) < last, "compute: not bound by heartbeats"),
            (item is not None and last < item.last, "compute: last day is earlier"),
            (item is None and self.reserved(who) + SERVICE_RESERVE > self.locked[who], "compute: lock too small"),
            (item is not None and is_other and changes[-1][0] > self.now, "compute: offer is under notice"),
        )  # fmt: skip
        if done is None:
            return
        counts = self.now + (NOTICE if item else 0)
        if item is None:
            item = Served(who, place, self.now + 1, last)
            self.served.append(item)
            changes = []
        item.last = last
        self.offers[key] = [*changes, (counts, offer.hash)] if is_other else changes
        self.emitted("market.OfferAnnounced", count=int(is_other))
        if is_other:
            self.emitted("market.OfferAnnounced", operator=who, environment=place)
        self.emitted(
            "market.Served", operator=who, environment=place, since=item.since, last=last, endpoint=endpoint
        )  # fmt: skip
        self.bound_once(who, bound)

    def open_services(self, who: str) -> list[Served]:
        found = [item for item in self.served[-6:] if not item.over]
        return found or [Served(self["operator"], UNKNOWN, 0, 0, over=True)]

    @action("", Choice("open_services"), sender=(*OPERATORS, "stranger"), weight=4)
    def end(self, who: str, item: Served) -> Steps:
        """CMP-4"""
        done = yield from self.decide(
            "CMP-4", self.market("end", item.operator, item.place, sender=who),
            (who != item.operator and not self.removed, "compute: not the operator"),
            (item.over, "compute: no service"),
            (not item.over and self.now >= item.last, "compute: service has ended"),
        )  # fmt: skip
        if done is not None:
            item.last = self.now
            self.emitted("market.Ended", operator=item.operator, environment=item.place, until=item.until)

    # what is reserved -------------------------------------------------------------------------------------------------

    def due_or_not(self, who: str) -> list[Lists]:
        """(operator, environments, channels) of one promise, of all that are due, of none and of one that is not."""
        found: list[Lists] = []
        for operator in self.operators:
            places = [item for item in self.served if item.operator == operator and not item.over]
            rows = [item for item in self.covers if item.operator == operator and not item.over]
            found += [(operator, [item.place], []) for item in places]
            found += [(operator, [], [item.row.name]) for item in rows]
            due = [item.place for item in places if self.now > item.until]
            found.append((operator, due, [item.row.name for item in rows if self.now > item.until]))
            found += [(operator, [], []), (operator, due, [UNKNOWN])]
        return found

    def not_over(self, operator: str, places: list[bytes], names: list[bytes]) -> list[tuple[object, str]]:
        """CMP-4: why these promises cannot be settled."""
        services, covers = (
            [self.service_of(operator, at) for at in places],
            [self.cover_of(at, operator) for at in names],
        )
        return [
            (None in services, "compute: no service"),
            (None in covers, "compute: no cover"),
            (any(item and self.now <= item.until for item in (*services, *covers)), "compute: still open to claims"),
            (any(self.demand_of(name, operator) for name in names), "compute: demand is open"),
        ]

    def freed(self, operator: str, places: list[bytes], names: list[bytes]) -> None:
        for item in [self.service_of(operator, at) for at in places] + [self.cover_of(at, operator) for at in names]:
            assert item is not None
            item.over = True
        self.emitted("market.Settled", count=len(places))
        self.emitted("market.CoverFreed", count=len(names))

    @action("", Choice("due_or_not"), weight=8)
    def settle(self, who: str, lists: Lists) -> Steps:
        done = yield from self.decide("CMP-4", self.market("settle", *lists, sender=who), *self.not_over(*lists))
        if done is not None:
            self.freed(*lists)

    def free(self, who: str) -> int:
        return self.locked.get(who, 0) - self.reserved(who)

    @action("", Amount("free", most=LOCK * 4), Choice("due_or_not"), sender=OPERATORS, weight=3)
    def unlock(self, who: str, amount: int, lists: Lists) -> Steps:
        """CMP-2"""
        lists = lists if lists[0] == who else (who, [], [])
        freed = sum(item.needed for item in self.promises_of(who) if self.is_in(item, lists))
        done = yield from self.decide(
            "CMP-2", self.market("unlock", amount, *lists[1:], sender=who),
            *self.not_over(*lists), (amount > self.free(who) + freed, "hub: more than the lock"),
            (amount == 0, "hub: zero amount"),
        )  # fmt: skip
        if done is not None:
            self.freed(*lists)
            self.locked[who] -= amount

    def is_in(self, item: Served | Covered, lists: Lists) -> bool:
        return item.place in lists[1] if isinstance(item, Served) else item.row.name in lists[2]

    @action("", Choice("operators"), Amount(LOCK, most=LOCK), weight=3)
    def lock(self, who: str, operator: str, amount: int) -> Steps:
        done = yield self.tx("hub.lock", self["market"], operator, amount, sender=who, raw_outcome=True)
        if done is not None:
            self.locked[operator] += amount
            self.moves(who, -amount)
            self.moves(operator, amount)

    @action("market.bind", Choice("operators"), weight=2)
    def bind_anew(self, who: str, operator: str) -> Steps:
        returned = yield
        wanted = 0 if self.removed else self.reserved(operator)
        assert int.from_bytes(returned, "big") == wanted, "CMP-2: another sum was bound than reserved"
        self.reported[operator] = self.epoch

    @action("", Choice((True, False, False)), sender="stranger", weight=1)
    def remove(self, who: str, yes: bool) -> Steps:
        """The timelock takes the market off the hub's list."""
        if yes and not self.removed:
            yield self.tx("hub.remove_service", self["market"], sender=self.owner)
            self.removed = self.now

    # keys -------------------------------------------------------------------------------------------------------------

    @action("", Choice("key_names"), Choice((2, 2, 2, 2, 2, 1, 3, 0, 4)), Choice(FORGERIES), sender=OPERATORS, weight=5)
    def name_key(self, who: str, key: str, kind: int, forgery: str) -> Steps:
        signer = self.signers[who] if forgery == "other key" else self.keys[key]
        consent = signer.sign(self.receipts.domain.digest(HOT_KEY, who, key, kind))
        consent = consent[:63] if forgery == "cut" else consent
        done = yield from self.decide(
            "KEY-2", self.market("register_key", key, kind, consent, sender=who),
            (kind not in list(KeyKind), "keys: no such kind"),
            (key in self.named, "keys: key is taken"),
            (forgery, "keys: key did not agree"),
        )  # fmt: skip
        if done is not None:
            self.named[key] = who, kind, self.now, 0

    @action("", Choice("key_names"), sender=(*OPERATORS, "stranger"), weight=2)
    def retire_key(self, who: str, key: str) -> Steps:
        operator, kind, since, until = self.named.get(key, (ZERO_ADDRESS, 0, 0, 0))
        done = yield from self.decide(
            "KEY-2", self.market("retire_key", key, sender=who),
            (who != operator, "keys: not the operator"), (key not in self.named or until, "keys: no such key"),
        )  # fmt: skip
        if done is not None:
            self.named[key] = operator, kind, since, self.now

    @action("", Choice("signing"), Choice(CAPS), sender=OPERATORS, weight=6)
    def set_cap(self, who: str, key: str, cap: int) -> Steps:
        done = yield from self.decide(
            "CMP-3", self.market("set_cap", key, cap, sender=who),
            (self.speaks_for(key, KeyKind.RECEIPT, self.now) != who, "caps: not the caller's key"),
        )  # fmt: skip
        if done is not None:
            self.caps[who, key] = cap
            self.emitted("market.CapSet", operator=who, key=key, cap=cap)

    # covers -----------------------------------------------------------------------------------------------------------

    @action(
        "", Choice("pool"), Choice("signing"), Choice(OPERATORS), Choice(RESTITUTIONS), Choice((0, 3, COIN)),
        Choice(LAST), Choice((0, HOUR, HOUR, -1)), Choice(SPOILT), sender=(*PAYERS, "stranger"), weight=18,
    )  # fmt: skip
    def cover(
        self, who: str, row: Row, key: str, other: str, restitution: int, price: int, seconds: int, deadline: int,
        spoilt: str,
    ) -> Steps:  # fmt: skip
        """CMP-3: by the operator that the key speaks for, unless its form says otherwise."""
        operator = self.speaks_for(key, KeyKind.RECEIPT, self.now)
        operator = operator if operator in self.locked and spoilt != "other operator" else self[other]
        said = Cover(row.name, restitution, price, self.now + seconds, max(0, self.now + deadline))
        signature = said.sign(self.receipts.domain, self.signer(key))
        if spoilt == "again" and self.signed:
            row, said, operator, key, signature = self.signed[-1]
        elif spoilt == "other price":
            said, key = replace(said, price=price + 1), ZERO_ADDRESS
        elif spoilt == "cut":
            signature, key = signature[:63], ZERO_ADDRESS
        shown = next(item for item in self.pool if item != row) if spoilt == "other channel" else row
        yield from self.covering(who, shown, said, operator, key, signature)

    def covering(self, who: str, row: Row, said: Cover, operator: str, key: str, signature: bytes) -> Any:
        item, demand = self.cover_of(said.channel_id, operator), self.demand_of(said.channel_id, operator)
        fresh = Covered(row, operator, key, said.restitution, self.now + 1, said.last)
        held = self.held_by(operator, key) + fresh.needed - (item.needed if item and item.key == key else 0)
        speaks = self.speaks_for(key, KeyKind.RECEIPT, self.now) == operator
        bound = self.bound_of(operator)
        done = yield from self.decide(
            "CMP-3", self.market("cover", row.values, said.args, operator, signature, sender=who),
            (not self.now < said.last <= self.now + LONGEST, "compute: bad last day"),
            (self.removed, "compute: market not listed"),
            (row.name != said.channel_id, "compute: another channel"),
            (self.now > said.deadline, "compute: signature has expired"),
            (not SMALLEST <= said.restitution <= LARGEST, "compute: bad restitution"),
            (not speaks, "compute: not the operator's key"),
            ((said, operator) in self.used, "compute: signature was used"),
            (item and said.restitution != item.restitution, "compute: another restitution"),
            (item and said.last < item.last, "compute: last day is earlier"),
            (not item and demand, "compute: demand is open"),
            (not item and self.reserved(operator) + fresh.needed > self.locked[operator], "compute: lock too small"),
            (held > self.caps[operator, key], "caps: over the key's cap"),
        )  # fmt: skip
        if done is None:
            return
        self.used.add((said, operator))
        self.signed.append((row, said, operator, key, signature))
        if item is None:
            item = fresh
            self.covers.append(item)
        item.last, item.key = said.last, key
        self.moves(who, -said.price)
        self.earned[operator] += said.price
        self.emitted("hub.Rewarded", count=int(said.price > 0))
        self.emitted(
            "market.Covered", channel=row.name, operator=operator, key=key, payer=row.payer,
            restitution=said.restitution, price=said.price, since=item.since, last=said.last,
        )  # fmt: skip
        self.bound_once(operator, bound)

    def open_covers(self, who: str) -> list[Covered]:
        found = [item for item in self.covers[-6:] if not item.over]
        return found or [Covered(self.pool[0], self["operator"], "", 0, 0, 0, over=True)]

    @action("", Choice("open_covers"), sender=(*PAYERS, *PAYERS, "operator"), weight=2)
    def release(self, who: str, item: Covered) -> Steps:
        """CMP-4: by the payer's word."""
        done = yield from self.decide(
            "CMP-4", self.market("release", item.row.name, item.operator, sender=who),
            (item.over, "compute: no cover"), (who != item.row.payer, "compute: not the payer"),
        )  # fmt: skip
        if done is not None:
            item.over = True
            self.emitted("market.CoverFreed", channel=item.row.name, operator=item.operator)
