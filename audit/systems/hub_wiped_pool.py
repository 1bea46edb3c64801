"""StakingHub after two slashes, one of which wiped a pool: what is asked of it seldom, its limits and all its views."""

from __future__ import annotations

import pickle
from typing import Any

from audit.systems._hub import EPOCH, UNBONDING, Coins
from audit.systems._hub_views import HubViews
from audit.systems.hub import EVIDENCE
from audit.systems.token import UNLIMITED
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice, Who
from keifu.abi.eip712 import PERMIT
from keifu.keys import Domain, keccak256
from keifu.spec.staking import Bucket, HubModel
from keifu.units import COIN

BOND = 2_000 * COIN
SUBS = (1, 2**96 - 1)  # sub-accounts
HALF = UNBONDING // 2
ODD = 12_345  # seconds past midnight: epochs start there
PREPARED = 20  # operations before the first step, each of which may leave a wei


class HubWipedPool(HubViews):
    """The hub's other entries, from a state with wiped and dented pools, tickets and sub-accounts."""

    def setup(self, evm: LocalEvm) -> None:
        evm.warp(ODD)
        super().setup(evm)
        self.domain = Domain("Keifu", "1", evm.chain_id, self["token"])
        self.nobody = evm.account("nobody").address
        self.keys = {self[role]: evm.account(role) for role in self.actors}
        self.allowance, self.nonce = self.read("token.allowance"), self.read("token.nonces")
        fees = evm.deploy("FeeToken", sender=evm.account("owner"))
        taxed = evm.deploy("StakingHub", fees, self.owner, self.insurance, UNBONDING, EPOCH, sender=self.owner)
        self.bind(taxed=taxed)
        fees.mint(self["victim"], BOND, sender=self.owner)
        fees.approve(taxed, BOND, sender=self["victim"])
        model = self.revived(self.opening)
        self.wipe_one_and_dent_the_other(model)
        self.opening = pickle.dumps(model)

    def wipe_one_and_dent_the_other(self, model: HubModel) -> None:
        """Two delegators with each operator, rewards, and a ticket; then slashes, and both operators work again."""
        (dented, wiped), storage, payer = self.operators, self["storage"], self["victim"]
        who, other = self["delegator"], self["other delegator"]

        def do(call: str, *args: Any, sender: str, model_args: tuple[Any, ...]) -> Any:
            model.now = self.evm.now
            getattr(self.contract("hub"), call)(*args, sender=sender)
            return getattr(model, call)(*model_args)

        def stake(name: str, owner: str, amount: int, sub: int = 0) -> None:
            key = self.sub_key(owner, sub) if sub else owner
            do("stake", name, amount, 0, sub, sender=owner, model_args=(name, key, amount))

        for name in self.operators:
            stake(name, who, 700 * COIN + 1)
            stake(name, other, 300 * COIN + 5)
        stake(dented, who, 50 * COIN + 3, sub=SUBS[0])
        for name, amount in ((dented, BOND + 333 * COIN + 7), (wiped, BOND + 1_000 * COIN + 6)):
            do("commit", storage, amount, sender=name, model_args=(name, storage, amount))
        self.evm.warp_to(((self.evm.now + 2 * UNBONDING) // HALF + 1) * HALF)  # so that all stays in one half-period
        for name in self.operators:
            do("reward", name, 100 * COIN, sender=payer, model_args=(name, 100 * COIN))
        self.evm.warp(2 * EPOCH)
        do("unstake", wiped, 200 * COIN, sender=who, model_args=(wiped, who, 200 * COIN))
        most = 10**6 * COIN
        for name in self.operators:
            values = (storage, name, most, "", payer)
            do("slash", name, most, ZERO_ADDRESS, payer, EVIDENCE, sender=storage, model_args=values)
            do("bond", BOND, sender=name, model_args=(name, BOND))
        self.evm.warp(2 * EPOCH)
        for name in self.operators:
            do("unjail", sender=name, model_args=(name,))
        assert (model.operators[wiped].generation, model.operators[dented].generation) == (1, 0)

    def start(self) -> None:
        super().start()
        self.operations = PREPARED

    def sub_key(self, who: str, sub: int) -> str:
        """Owner key of a sub-account."""
        return "0x" + keccak256(bytes.fromhex(who[2:]).rjust(32, b"\0") + sub.to_bytes(32, "big"))[-20:].hex()

    def owners(self) -> tuple[str, ...]:
        return (*super().owners(), self.sub_key(self["delegator"], SUBS[0]))

    # sub-accounts -----------------------------------------------------------------------------------------------------

    @action("", Choice("operators"), Coins(500 * COIN), Choice(SUBS), sender="delegator", weight=2)
    def stake_sub(self, who: str, operator: str, amount: int, sub: int) -> Steps:
        key = self.sub_key(who, sub)
        order = self.tx("hub.stake", operator, amount, 0, sub, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.stake(operator, key, amount), who, amount, order)
        if done is not None:
            self.position_follows(operator, key)
            self.emitted("hub.Staked", operator=operator, owner=key)

    def subs(self, who: str) -> list[tuple[str, int, int]]:
        """(operator, sub-account, shares) of what sub-accounts hold."""
        found = []
        for name, item in self.model.operators.items():
            for sub in SUBS:
                held = item.positions.get(self.sub_key(who, sub))
                if held is not None and held.shares and held.generation == item.generation:
                    found.append((name, sub, held.shares))
        return found or [(self.operators[0], SUBS[0], 0)]

    @action("", Choice("subs"), Choice("operators"), sender="delegator", weight=3)
    def redelegate_sub(self, who: str, held: tuple[str, int, int], to: str) -> Steps:
        source, sub, shares = held
        key, moving = self.sub_key(who, sub), self.sub_key(who, sub << 160 | int(to, 16))
        half = self.now // HALF

        def run(model: HubModel) -> int:
            before = model.tickets.pop((key, source, half), None)
            model.unstake(source, key, shares)
            minted = model.tickets.pop((key, source, half))
            if before is not None:
                model.tickets[key, source, half] = before
            ticket = model.tickets.setdefault((moving, source, half), Bucket())
            ticket.shares = minted.shares + (ticket.shares if ticket.generation == minted.generation else 0)
            ticket.generation = minted.generation
            return int(source, 16) << 96 | half

        done = yield from self.both(
            run, order=self.tx("hub.redelegate", source, to, shares, 0, sub, sender=who, raw_outcome=True)
        )
        if done is not None:
            self.emitted("hub.Unstaked", operator=source, owner=moving, ticket=done, shares=shares)

    # guards -----------------------------------------------------------------------------------------------------------

    @action("", Choice("operators"), Choice((COIN, 3 * COIN + 1)), Choice((0, 1)), sender="other delegator")
    def stake_for_shares(self, who: str, operator: str, amount: int, more: int) -> Steps:
        item = self.model.operators[operator]
        least = (amount * item.shares // item.active if item.shares else amount) + more
        order = self.tx("hub.stake", operator, amount, least, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.stake(operator, who, amount, least), who, amount, order)

    @action("", Choice("held_by"), Choice((0, 1)), Choice((0, 0, 1, COIN, COIN + 1)), sender=("delegator",) * 2)
    def unstake_for_coins(self, who: str, held: tuple[str, int], more: int, left: int) -> Steps:
        """All but `left` shares, for no less than they are worth, or for a wei more."""
        operator, shares = held[0], max(held[1] - left, 0)
        item = self.model.operators[operator]
        least = (shares * item.active // item.shares if item.shares else 0) + more
        order = self.tx("hub.unstake", operator, shares, least, sender=who, raw_outcome=True)
        yield from self.leave(who, operator, shares, least, order)

    @action("", Choice("operators"), Coins(100 * COIN), Choice((0, 0, 1)), sender="delegator", weight=2)
    def stake_with_permit(self, who: str, operator: str, amount: int, late: int) -> Steps:
        """The permit replaces the allowance, which the stake then uses up."""
        deadline = self.now - late
        signature = self.keys[who].sign(self.domain.digest(PERMIT, who, self["hub"], amount, self.nonce(who), deadline))
        vrs = (signature[64], signature[:32], signature[32:64])
        order = self.tx("hub.stake_with_permit", operator, amount, 0, deadline, *vrs, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.stake(operator, who, amount), who, amount, order)
        if done is not None:
            left = self.allowance(who, self["hub"])
            assert left == (UNLIMITED if late else 0), "the permit is what the stake was paid by"
            yield self.tx("token.approve", self["hub"], UNLIMITED, sender=who)

    # batches ----------------------------------------------------------------------------------------------------------

    @action("", Who(), sender=("delegator", "other delegator"), weight=2)
    def claim_many(self, who: str, receiver: str) -> Steps:
        order = self.tx("hub.claim_many", self.operators, receiver, sender=who, raw_outcome=True)
        before = self.stored(receiver)
        paid = yield from self.both(lambda m: sum(m.claim_rewards(name, who) for name in self.operators), order=order)
        if paid is not None:
            assert self.stored(receiver) == before + paid, "the receiver got something else"
            self.emitted("token.Transfer", count=int(paid > 0))

    @action("", sender=("delegator", "other delegator"), weight=3)
    def withdraw_many(self, who: str) -> Steps:
        ripe = [ticket for ticket in self.tickets_of(who) if self.model.maturity(ticket & 2**96 - 1) <= self.now]
        parts = {ticket: (f"0x{ticket >> 96:040x}", ticket & 2**96 - 1) for ticket in ripe}
        # A share of a dented pool may be worth less than a wei: the hub knows no ticket for it.
        held = [ticket for ticket in ripe if not self.model.tickets.get((who, *parts[ticket]), Bucket()).is_nothing]
        order = self.tx("hub.withdraw_many", held, sender=who, raw_outcome=True)
        before = self.stored(who)
        paid = yield from self.both(lambda m: sum(m.withdraw(who, *parts[ticket]) for ticket in held), order=order)
        assert paid is not None, "matured tickets must be paid"
        assert self.stored(who) == before + paid, "the owner got something else"

    # what must be refused ---------------------------------------------------------------------------------------------

    @action(
        "hub.slash", Choice("operators"), Coins("worth_taking"), Choice((ZERO_ADDRESS,)), Choice((ZERO_ADDRESS,)),
        Choice((EVIDENCE,)), sender="storage", weight=1,
    )  # fmt: skip
    def slash_unproved(self, who: str, operator: str, amount: int, victim: str, prover: str, evidence: bytes) -> Steps:
        yield from self.slashed(who, who, operator, amount, "", "")

    def mistakes(self, who: str) -> list[tuple[str, tuple[Any, ...], str, str]]:
        """(target, arguments, sender, reason) of calls that are never right."""
        operator, nobody = self.operators[0], self.nobody
        terms = (nobody, EPOCH, 8_000, 1, ZERO_ADDRESS)
        return [
            ("hub.claim_rewards", (operator, ZERO_ADDRESS), who, "hub: no receiver"),
            ("hub.claim_many", ([operator], ZERO_ADDRESS), who, "hub: no receiver"),
            ("hub.collect", (ZERO_ADDRESS,), who, "hub: no receiver"),
            ("hub.withdraw_bond", (ZERO_ADDRESS,), operator, "hub: no receiver"),
            ("hub.stake_for", (operator, ZERO_ADDRESS, COIN, 0), who, "hub: no owner key"),
            ("hub.redelegate", (operator, nobody, COIN), who, "hub: unknown operator"),
            ("hub.redelegate", (operator, operator, COIN, 0, 2**96), who, "hub: sub-account too large"),
            ("hub.list_service", terms, who, "hub: not the owner"),
            ("hub.list_service", terms, self.owner, "hub: payout too large"),
            ("hub.list_service", (ZERO_ADDRESS, EPOCH, 0, 0, ZERO_ADDRESS), self.owner, "hub: no service"),
            ("hub.remove_service", (nobody,), self.owner, "hub: unknown service"),
            ("hub.commit", (nobody, COIN), operator, "hub: unknown service"),
            ("hub.uncommit", (nobody, COIN), operator, "hub: unknown service"),
            ("taxed.fund_emission", (COIN,), self["victim"], "transfer: token takes a fee"),
        ]

    @action("", Choice("mistakes"), sender="delegator", weight=5, always_reverts=True)
    def err(self, who: str, mistake: tuple[str, tuple[Any, ...], str, str]) -> Steps:
        target, args, sender, reason = mistake
        yield self.tx(target, *args, sender=sender, fails=reason)
