"""What must hold for orders after whatever people did: the log's sentences, and the five oracles."""

from __future__ import annotations

from functools import partial

from audit.systems._compute import ANSWER_WINDOW, BOND
from audit.systems._compute_orders import FEE, Order, OrdersLog
from evmstorm.fuzz.system import invariant
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from evmstorm.oracles.promise import Claim, check_payable
from keifu.compute.promises import commitment

__all__ = ["OrderOracles"]


class OrderOracles(OrdersLog):
    """Sentences about the whole log."""

    @invariant("CMP-12", at_end=True)
    def orders_are_the_log_s(self) -> bool:
        """Each order stands where the log says; fees, bonds and credits are there."""
        for order in self.orders:
            found, root = self.answer_of("orders.order_of", order.number), order.results and order.results.tree.root
            terms = (order.client, order.provider, order.place, self.requests.root, order.count, order.fee)
            state = (order.deadline, order.accepted, root or bytes(32), order.until, len(order.asked), len(order.open))
            if tuple(found) != (*terms, *state, bool(order.over)):
                return False
            for at, due in order.asked.items():
                if self.ask("orders.demand_of", order.number, at) != (due if at in order.open else 0):
                    return False
        if any(self.ask("orders.credits", who) != self.credited[who] for who in self.addresses):
            return False
        held = sum(order.fee for order in self.orders if not order.over) + sum(self.credited.values())
        held += BOND * sum(len(order.open) for order in self.orders)
        return self.ask("orders.order_count") == len(self.orders) and self.stored(self["orders"]) == held

    @invariant("CMP-13", at_end=True)
    def opened_results_can_be_shown(self) -> bool:
        """A false result that an order opened costs the service that ran, as long as that takes evidence."""
        watcher = self["watcher"]
        for order in self.orders:
            item = self.service_of(order.provider, order.place)
            for at in order.opened:
                assert order.results is not None
                receipt = order.results.receipts[at]
                promoted = self.promoted.get((order.place, receipt.promotion_seq))
                if promoted in (None, receipt.digest) or item is None or item.since > order.accepted:
                    continue
                if self.now > item.until or self.is_finished:
                    continue
                with self.evm.anchor():
                    self.do("market.commit_proof", commitment(receipt.struct_hash, watcher), sender=watcher)
                    self.evm.mine()
                    record = self.records[promoted].args
                    self.do("market.report", [order.results.shown(at)], record, sender=watcher)
        return True

    # the five oracles -------------------------------------------------------------------------------------------------

    def credit(self, who: str) -> int:
        return self.ask("orders.credits", who)

    @invariant("ORA-1", at_end=True)
    def nobody_gains(self) -> bool:
        """Profit: each has what the log entitles it to; providers what they were paid, at most, beside it."""
        people = [who for who in self.addresses if who not in self.operators and who != self["watcher"]]
        held = {who: self.stored(who) + self.credit(who) + self.ask("hub.credit", who) for who in people}
        owed = {who: self.funded[who] + self.moved[who] for who in people}
        check_paid_in_full(held, owed, 0)
        check_profit(held, owed, 0)
        return True

    def waiting(self) -> list[Order]:
        return [order for order in self.orders if not order.over]

    def end_of(self, order: Order) -> int:
        """The second after which anybody ends it."""
        return max(order.until, *order.asked.values(), 0) if order.results else order.deadline

    def ended(self, order: Order) -> int:
        """Ends an order for everybody; the wei that its client or the hub got."""
        before, rewards = self.credit(order.client), self.stored(self["hub"])
        anybody = self["stranger"]
        for at in sorted(order.open):
            self.do("orders.close", order.number, at, sender=anybody)
        if order.open:
            return self.credit(order.client) - before - BOND * len(order.open)
        if order.results:
            self.do("orders.complete", order.number, sender=anybody)
            return self.stored(self["hub"]) - rewards
        self.do("orders.refund", order.number, sender=anybody)
        return self.credit(order.client) - before

    @invariant("ORA-2", at_end=True)
    def fees_are_payable(self) -> bool:
        """Promise: every fee goes to somebody in full, whichever order ends first."""
        waiting = self.waiting()
        claims = [Claim(order.client, order.fee, str(order.number)) for order in waiting]
        with self.evm.anchor():
            self.evm.warp_to(max(self.now, *(self.end_of(order) + 1 for order in waiting), 0))
            check_payable(claims, self.evm.anchor, lambda claim: self.ended(self.orders[int(claim.name)]))
        return True

    @invariant("ORA-3", at_end=True)
    def bystanders_lose_nothing(self) -> bool:
        """Harm: a client whose order nobody took has it back whole, whatever others did."""
        order = self.orders[0]
        with self.evm.anchor():
            before = self.credit(order.client)
            self.do("orders.cancel", order.number, sender=order.client)
            self.harm.done(0, FEE - (self.credit(order.client) - before), multiple=0)
        return True

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: an order ends a second after its deadline, or after its client's last question was due."""
        with self.evm.anchor():
            exits = [Exit(order.client, self.end_of(order), 1, partial(self.is_out, order)) for order in self.waiting()]
            check_exits(exits, lambda: self.now, self.evm.warp_to)
        return True

    def is_out(self, order: Order) -> bool:
        return self.ended(order) == order.fee

    @invariant("ORA-5", at_end=True)
    def closing_is_neutral(self) -> bool:
        """Neutrality: questions that are closed in whatever order give their client the same."""
        for order in self.orders:
            if len(order.open) < 2:
                continue
            paid = []
            for places in (sorted(order.open), sorted(order.open, reverse=True)):
                with self.evm.anchor():
                    self.evm.warp_to(max(self.now, *order.asked.values()) + ANSWER_WINDOW)
                    for at in places:
                        self.do("orders.close", order.number, at, sender=self["stranger"])
                    paid.append(self.credit(order.client))
            check_alike("closed questions", paid[0], paid[1:], 0)
        return True
