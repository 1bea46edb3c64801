"""What must hold at the compute market after whatever people did: the log's sentences, and the five oracles."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from audit.systems._compute import (
    BOND,
    NOWHERE,
    REWARD,
    SERVICE_RESERVE,
    UNKNOWN,
    Asked,
    Covered,
    Served,
)
from audit.systems._compute_wealth import ComputeWealth
from evmstorm.fuzz.system import invariant
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike
from evmstorm.oracles.promise import Claim, check_payable
from keifu.compute.promises import commitment

__all__ = ["ComputeOracles"]


class ComputeOracles(ComputeWealth):
    """Sentences about the whole log."""

    # the log ----------------------------------------------------------------------------------------------------------

    @invariant("CMP-2", at_end=True)
    def locks_and_reserves_are_the_log_s(self) -> bool:
        """Nothing leaves a lock but what was unlocked or taken; what is reserved is there, by operator and by key."""
        for operator in self.operators:
            there, reserved = self.ask("hub.lock_of", self["market"], operator), self.ask("market.reserved", operator)
            if there != self.locked[operator] or reserved != self.reserved(operator) or reserved > there:
                return False
            for key in self.signing:
                found = tuple(self.answer_of("market.cap", operator, key))
                if found != (self.caps[operator, key], self.held_by(operator, key)):
                    return False
        return True

    @invariant("CMP-4", at_end=True)
    def promises_are_the_log_s(self) -> bool:
        """Each service and cover stands as it was promised, until it is over."""
        services = {(item.operator, item.place): item for item in self.served}
        for (operator, place), item in services.items():
            found = tuple(self.answer_of("market.service", operator, place))
            if found != (item.since, item.last, item.until, 0 if item.over else SERVICE_RESERVE):
                return False
        covers = {(item.operator, item.row): item for item in self.covers}
        for (operator, row), cover in covers.items():
            found = tuple(self.answer_of("market.cover_of", row.name, operator))
            terms = (row.payer, cover.key, cover.restitution, cover.since, cover.last, cover.until)
            if found != (*terms, 0 if cover.over else cover.needed):
                return False
        operator = self["author"]
        return (
            tuple(self.answer_of("market.service", operator, NOWHERE)) == (0,) * 4
            and self.answer_of("market.cover_of", UNKNOWN, operator)[2:] == (0,) * 5
        )

    @invariant("CMP-8", at_end=True)
    def offers_are_the_log_s(self) -> bool:
        """The offer that counts is the last one whose notice is over."""
        for (operator, place), changes in self.offers.items():
            counting = [offer for since, offer in changes if since <= self.now][-1]
            found = self.answer_of("market.offer", operator, place)
            if (bytes(found[0]), bytes(found[1]), found[2]) != (counting, changes[-1][1], changes[-1][0]):
                return False
        return True

    @invariant("CMP-6", at_end=True)
    def demands_are_the_log_s(self) -> bool:
        """One demand a cover at a time, and fees of all demands within what was claimed."""
        for row in self.pool:
            total = self.ask("market.demanded", row.name)
            if total != self.demanded[row.name] or total > self.answer_of("channels.channels", row.name)[1]:
                return False
            for operator in self.operators:
                found, item = self.answer_of("market.demand_of", row.name, operator), self.demand_of(row.name, operator)
                if found[1] != (item.deadline if item else 0):
                    return False
                if item and (found[0], found[3]) != (item.requester, item.refund):
                    return False
        return True

    @invariant("CMP-11", at_end=True)
    def credits_are_covered(self) -> bool:
        """Everybody's credit is what the log owes, and the coins for all of them and for open bonds are there."""
        if any(self.ask("market.credits", who) != self.owed[who] for who in self.addresses):
            return False
        bonds = BOND * sum(not item.over for item in self.asked)
        return bool(self.stored(self["market"]) == sum(self.owed.values()) + bonds)

    # the five oracles -------------------------------------------------------------------------------------------------

    def claims(self) -> list[tuple[Claim, Served | Covered]]:
        """What every open promise pays if a receipt of one of its seconds breaks it."""
        found: list[tuple[Claim, Served | Covered]] = []
        for operator in self.operators:
            for item in self.promises_of(operator):
                if item.since <= min(item.last, self.now) and self.now <= item.until:
                    who, amount = self["watcher"], REWARD
                    if isinstance(item, Covered):
                        who, amount = item.row.payer, item.restitution
                    found.append((Claim(who, amount, str(len(found))), item))
        return found

    def taken(self, item: Served | Covered) -> None:
        """Two receipts of one number, which only this promise answers for."""
        place = item.place if isinstance(item, Served) else UNKNOWN
        name = item.row.name if isinstance(item, Covered) else UNKNOWN
        self.shown(item.operator, name, place, item.since)

    def shown(self, operator: str, name: bytes, place: bytes, time: int) -> None:
        watcher, record = self["watcher"], next(iter(self.records.values())).args
        one = self.receipt(channel_id=name, environment=place, number=10**6, time=time)
        pair = [self.say(self.signers[operator], each).shown for each in (one, replace(one, fee=6))]
        self.do("market.commit_proof", commitment(one.struct_hash, watcher), sender=watcher)
        self.evm.mine()
        self.do("market.report", pair, record, sender=watcher)

    def paid_by(self, items: dict[str, Served | Covered], claim: Claim) -> int:
        before = self.credit(claim.who)
        self.taken(items[claim.name])
        return self.credit(claim.who) - before

    @invariant("ORA-2", at_end=True)
    def promises_are_payable(self) -> bool:
        """Promise: every open promise is paid in full, in whatever order reports come; so is every open demand."""
        if self.is_finished:
            return True
        claims = self.claims()
        items = {claim.name: item for claim, item in claims}
        check_payable([claim for claim, _ in claims], self.evm.anchor, partial(self.paid_by, items))
        waiting = [item for item in self.asked if not item.over]
        demands = [Claim(item.row.payer, self.refund_of(item), str(at)) for at, item in enumerate(waiting)]
        with self.evm.anchor():
            if waiting:
                self.evm.warp_to(max(self.now, *(item.deadline + 1 for item in waiting)))
            if not self.is_finished:
                check_payable(demands, self.evm.anchor, lambda claim: self.closed(waiting[int(claim.name)], claim.who))
        return True

    def refund_of(self, item: Asked) -> int:
        bond = BOND if item.requester == item.row.payer else 0
        return bond + (item.refund if self.cover_of(item.row.name, item.operator) else 0)

    def closed(self, item: Asked, who: str) -> int:
        before = self.credit(who)
        self.do("market.close", item.row.name, item.operator, sender=self["stranger"])
        return self.credit(who) - before

    @invariant("ORA-3", at_end=True)
    def bystanders_lose_nothing(self) -> bool:
        """Harm: an operator that did nothing, and the payer that it covers, have all of theirs still."""
        quiet = self["quiet operator"]
        mine = sum(item.needed for item in self.promises_of(quiet))
        kept = self.covers[0].needed if not self.covers[0].over else 0
        self.harm.done(0, self.locked[quiet] + mine + kept - self.bystanders(), multiple=0)
        return True

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: a bond is back a second after its answer was due; an operator has its whole lock when the windows of
        its promises, and the answers that it owes, are over."""
        with self.evm.anchor():
            exits = [
                Exit(item.requester, item.deadline, 1, partial(self.bond_is_back, item))
                for item in self.asked if not item.over
            ]  # fmt: skip
            for operator in self.operators:
                ends = [item.until for item in self.promises_of(operator)]
                ends += [item.deadline for item in self.asked if item.operator == operator and not item.over]
                exits.append(Exit(operator, max(self.now, *ends, 0), 2, partial(self.lock_is_back, operator)))
            check_exits(exits, lambda: self.now, self.evm.warp_to)
        return True

    def bond_is_back(self, item: Asked) -> bool:
        """Where nothing can be taken any more, the payer has to release the cover."""
        before = self.credit(item.requester)
        if self.is_finished and self.ask_reserve(item.row.name, item.operator):
            self.do("market.release", item.row.name, item.operator, sender=item.row.payer)
        self.do("market.close", item.row.name, item.operator, sender=self["stranger"])
        return self.credit(item.requester) >= before + BOND

    def ask_reserve(self, name: bytes, operator: str) -> int:
        return int(self.answer_of("market.cover_of", name, operator)[6])

    def lock_is_back(self, operator: str) -> bool:
        places = [item.place for item in self.promises_of(operator) if isinstance(item, Served)]
        names = [item.row.name for item in self.promises_of(operator) if isinstance(item, Covered)]
        names = [name for name in names if self.ask_reserve(name, operator)]
        there = self.ask("hub.lock_of", self["market"], operator)
        if there:
            self.do("market.unlock", there, places, names, sender=operator)
        return self.ask("hub.lock_of", self["market"], operator) == 0

    @invariant("ORA-5", at_end=True)
    def reports_are_neutral(self) -> bool:
        """Neutrality: promises that are broken together, one by one or in another order pay the same, but for a wei."""
        if self.is_finished:
            return True
        items = [item for _, item in self.claims()]
        paid = []
        for order in (items, items[::-1]):
            with self.evm.anchor():
                for item in order:
                    self.taken(item)
                paid.append([self.credit(who) for who in self.addresses])
        assert paid[0] == paid[1], "neutrality: the order of reports decides who is paid"
        for service in (item for item in items if isinstance(item, Served)):
            for cover in (item for item in items if isinstance(item, Covered) and item.operator == service.operator):
                if max(service.since, cover.since) <= min(service.last, cover.last, self.now):
                    check_alike("reports", self.paid_for(service, cover, together=True),
                                [self.paid_for(service, cover, together=False)], 1)  # fmt: skip
        return True

    def paid_for(self, service: Served, cover: Covered, *, together: bool) -> int:
        """Wei of all credits after both were taken, by one pair of receipts or by two."""
        with self.evm.anchor():
            if together:
                time = max(service.since, cover.since)
                self.shown(service.operator, cover.row.name, service.place, time)
            else:
                self.taken(service)
                self.taken(cover)
            return sum(self.credit(who) for who in self.addresses)
