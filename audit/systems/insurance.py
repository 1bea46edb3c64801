"""Insurance over a hub whose services slash and are removed: lists right and wrong, and who claims what from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any, ClassVar

from audit.systems._constructors import Deployment, next_address, variations
from audit.systems._hub import DELEGATORS, OPERATORS, SERVICES, Coins, HubSystem, number
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.profit import check_profit
from keifu.merkle import Tree
from keifu.spec.refunds import RefundModel, share_out
from keifu.spec.refusals import Refused
from keifu.staking.refunds import refund_tree
from keifu.units import COIN

__all__ = ["Insurance"]

SUB = 7  # account of the other delegator, at the hub
LISTS = (*["right"] * 16, "half", "half", "wrong", "empty", "nothing", "all taken", "too much", "beyond")
CLAIMS = (*["right"] * 9, *["elsewhere"] * 3, "a wei more", "other proof", "other account", "no receiver")


class Insurance(HubSystem):
    """Services slash two operators with delegators; whoever lost is paid back, and nobody else."""

    contracts: ClassVar[tuple[str, ...]] = ("Insurance",)
    actors = (*OPERATORS, *DELEGATORS, *SERVICES, "stranger", "timelock")

    def arguments(self, token: Any) -> tuple[Any, ...]:
        """The insurance knows the hub's address before the hub is there."""
        if "insurance" not in self._bound:
            hub = next_address(self.evm, "StakingHub", super().arguments(token))
            args = (token, hub, self["timelock"])
            self.bind(insurance=self.evm.deploy("Insurance", *args, sender=self.evm.account("deployer")))
            self.insurance = self["insurance"]
        return super().arguments(token)

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        self.keys = {who: self.view("owner_key", who, self.sub(who)) for who in self.roles.values()}

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self["hub"], self["timelock"])
        yield from variations(
            "Insurance",
            right,
            (0, self.owner, "insurance: token is no contract"),
            (1, ZERO_ADDRESS, "insurance: no hub"),
            (2, ZERO_ADDRESS, "insurance: no owner"),
        )

    def start(self) -> None:
        super().start()
        self.book = RefundModel(self.model, self["timelock"])
        self.trees: dict[str, tuple[list[str], Tree]] = {}  # service -> losers in order, tree
        self.wrong: set[str] = set()  # services whose list names somebody who lost nothing
        self.got: Counter[tuple[str, str]] = Counter()  # (service, owner key) -> wei that arrived

    def deadlines(self) -> list[int]:
        return [item.removed + item.horizon for item in self.model.services.values() if item.removed]

    def sub(self, who: str) -> int:
        return SUB if who == self["other delegator"] else 0

    def here(self) -> int:
        """Wei that insurance has, or that the hub keeps for it."""
        return int(self.stored(self.insurance)) + self.ask("hub.credit", self.insurance)

    # delegators and services ------------------------------------------------------------------------------------------

    def room(self, who: str) -> int:
        return max(0, *(int(self.model.capacity(name)) for name in self.operators))

    @action("", Choice("operators"), Coins("room"), sender=DELEGATORS, weight=7)
    def stake(self, who: str, operator: str, amount: int) -> Steps:
        if amount + self.dust >= self.at_now().capacity(operator) or amount < COIN:
            return
        order = self.tx("hub.stake", operator, amount, 0, self.sub(who), sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.stake(self.keys[who], operator, amount), order, who=who, spends=amount)
        if done is not None:
            self.model.record_shares(self.keys[who], operator, number(done[0]))

    @action("", Choice("operators"), Choice((1, 2)), sender=DELEGATORS, weight=3)
    def unstake(self, who: str, operator: str, part: int) -> Steps:
        """All of it, or a half: a ticket is slashed, too."""
        key = self.keys[who]
        shares = self.model.shares[operator, key] // part
        order = self.tx("hub.unstake", operator, shares, 0, self.sub(who), sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.unstake(key, operator, shares), order)

    def lock_at(self, who: str) -> int:
        return max(lock.amount for (service, _), lock in self.model.locks.items() if service == who)

    @action("", Choice("operators"), Coins("lock_at"), Coins("lock_at"), sender=tuple(SERVICES), weight=8)
    def slash(self, who: str, operator: str, damages: int, penalty: int) -> Steps:
        order = self.tx("hub.slash", operator, damages, penalty, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: self.book.slash(who, operator, damages, penalty), order)
        if done is not None:
            self.book.taken[who] += sum(number(done[0], word) for word in range(3))

    @action("", Choice("services"), Choice((0, 0, 1, 10**6)), sender="stranger", weight=6)
    def remove(self, who: str, service: str, early: int) -> Steps:
        """And wait until it can slash no more, or until a second before."""
        order = self.tx("hub.remove_service", service, sender=self.owner, raw_outcome=True)
        yield from self.both(lambda m: m.remove_service(service), order)
        item = self.at_now().services[service]
        self.evm.warp_to(max(self.now, item.removed + item.horizon - early))

    @action("", Coins(1_000 * COIN), sender="stranger", weight=1)
    def donate(self, who: str, amount: int) -> Steps:
        yield self.tx("token.transfer", self.insurance, min(amount, self.stored(who)), sender=who)

    @action("hub.pay_insurance", sender="stranger", weight=1)
    def pay(self, who: str) -> Steps:
        yield

    # lists ------------------------------------------------------------------------------------------------------------

    def rows(self, service: str, how: str) -> tuple[dict[str, int], int]:
        """(list, what it promises together)."""
        taken, free = self.book.taken[service], self.here() - self.book.promised
        if how == "wrong":
            return {self["stranger"]: taken or 1}, min(taken, free)
        found = share_out(self.book.losses[service], min(taken, free)) or {self["stranger"]: 1}
        whole = sum(found.values())
        amounts = {"half": whole // 2, "nothing": 0, "all taken": taken, "too much": taken + 1, "beyond": free + 1}
        return {} if how == "empty" else found, amounts.get(how, whole)

    def ripe(self, who: str) -> list[str]:
        """Mostly services that are over and took something."""
        model, taken = self.at_now(), self.book.taken
        found = [
            name
            for name, item in model.services.items()
            if item.removed and taken[name] and name not in self.book.lists and not model.may_slash(name)
        ]
        return [*found * 8, *self.services]

    @action("", Choice("ripe"), Choice(LISTS), sender=("timelock", "timelock", "timelock", "stranger"), weight=8)
    def open_refund(self, who: str, service: str, how: str) -> Steps:
        if how == "right" and self.model.services[service].removed == 0:
            return
        rows, amount = self.rows(service, how)
        losers, tree = sorted(rows), refund_tree(rows) if rows else None
        root = tree.root if tree else bytes(32)
        order = self.tx("insurance.open_refund", service, root, amount, sender=who, raw_outcome=True)
        here = self.here()
        done = yield from self.booked(lambda book: book.open_refund(who, service, rows, amount, here), order)
        if done is not None and tree is not None:
            self.trees[service] = losers, tree
            if self["stranger"] in rows:
                self.wrong.add(service)
            self.emitted("insurance.RefundOpened", service=service, root=root, amount=amount)
            assert tuple(self.contract("insurance").refund(service)) == (root, amount)
            assert self.ask("hub.credit", self.insurance) == 0, "INS-1: coins stay at the hub"

    def owed(self, who: str) -> list[tuple[str, str]]:
        """Mostly accounts that wait for something, and the service whose list has it."""
        lists = self.book.lists.items()
        waiting = [
            (account, service)
            for service, item in lists
            for account, key in self.keys.items()
            if key in item.rows and key not in item.paid
        ]
        return [*waiting * 8, *product((*self.operators, self["delegator"], who), self.services)]

    @action("", Choice("owed"), Choice(CLAIMS), sender="stranger", weight=14)
    def claim(self, who: str, row: tuple[str, str], how: str) -> Steps:
        claimant, service = row
        if how == "right" and service not in self.book.lists:
            return
        account = self["stranger"] if how == "other account" else claimant
        losers, tree = self.trees.get(service, ([], None))
        others = {"no receiver": ZERO_ADDRESS, "elsewhere": self["timelock"]}
        key, receiver = self.keys[account], others.get(how, account)
        found = self.book.lists.get(service)
        amount = (found.rows.get(self.keys[claimant], COIN) if found else COIN) + (how == "a wei more")
        place = losers.index(key) if key in losers else 0
        shown = (place + 1) % len(losers) if how == "other proof" and losers else place
        proof = tree.proof(shown) if tree else []
        values = (service, amount, proof, receiver, self.sub(account))
        order = self.tx("insurance.claim", *values, sender=account, raw_outcome=True)
        before = self.stored(receiver)
        done = yield from self.booked(
            lambda book: book.claim(
                key, service, amount, proved=shown == place and key in losers, receiver=receiver != ZERO_ADDRESS
            ),
            order,
        )
        if done is not None:
            self.emitted("insurance.Refunded", service=service, loser=key, receiver=receiver, amount=amount)
            self.got[service, key] += self.stored(receiver) - before
            assert self.got[service, key] == amount, "INS-2: paid something else than the list says"
            left = self.book.lists[service].left
            assert self.contract("insurance").refund(service)[1] == left, "INS-2: another rest than the list has"

    def booked(self, act: Callable[[RefundModel], None], order: Any) -> Any:
        """Make the call, then the same act on the model; None when both refuse, for the same reason."""
        self.at_now()
        returned, wanted = (yield order), ""
        try:
            act(self.book)
        except Refused as refused:
            wanted = str(refused)
        if returned is None:
            assert wanted, f"must succeed, was refused: {self.refusal}"
            assert self.refusal == wanted, f"refused for {self.refusal!r}, not {wanted!r}"
            return None
        assert not wanted, f"succeeded, but must be refused: {wanted}"
        return returned

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("INS-1")
    def lists_are_covered(self) -> bool:
        """What open lists still promise is there, whatever is claimed, donated or slashed."""
        held = self.stored(self.insurance)
        return bool(held >= self.book.promised and self.ask("insurance.free") == held - self.book.promised)

    @invariant("INS-2")
    def no_list_gives_more_than_its_service_took(self) -> bool:
        """A list gives at most what its service took, and each of its names is paid once."""
        return all(
            sum(item.paid.values()) <= item.amount <= self.book.taken[service]
            for service, item in self.book.lists.items()
        )

    @invariant("INS-3", at_end=True)
    def nobody_gets_more_than_it_lost(self) -> bool:
        """Profit: whoever claims from lists that follow from the log has at most what was taken from it."""
        right = [service for service in self.book.lists if service not in self.wrong]
        held = {who: sum(self.got[service, key] for service in right) for who, key in self.keys.items()}
        lost = {
            who: sum((self.book.losses[service][key] for service in right), Fraction(0))
            for who, key in self.keys.items()
        }
        check_profit(held, lost, 0)
        return True

    @invariant("INS-4", at_end=True)
    def whoever_is_in_a_list_is_paid_at_once(self) -> bool:
        """Delay and neutrality: nothing keeps anybody from its row while the list reaches, whoever comes first."""
        for service, item in self.book.lists.items():
            waiting = [(who, key) for who, key in self.keys.items() if key in item.rows and key not in item.paid]
            if sum(item.rows[key] for _, key in waiting) > item.left:
                continue
            for order in (waiting, waiting[::-1]):
                with self.evm.anchor():
                    exits = [Exit(self.names[who], self.now, 0, partial(self.leaves, service, who)) for who, _ in order]
                    check_exits(exits, lambda: self.evm.now, self.evm.warp_to)
        return True

    def leaves(self, service: str, who: str) -> bool:
        """Claim one's row; whether all of it arrived."""
        key, before = self.keys[who], self.stored(who)
        amount = self.book.lists[service].rows[key]
        losers, tree = self.trees[service]
        self.do("insurance.claim", service, amount, tree.proof(losers.index(key)), who, self.sub(who), sender=who)
        return bool(self.stored(who) - before == amount)
