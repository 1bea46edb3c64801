"""The list that anybody computes from the hub's log is the one of the model's log, whatever people did before."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from audit.staked_hub import EPOCH, LOCK, MULTIPLE, UNBONDING, hub_arguments, make_room
from evmstorm.evm import LocalEvm
from keifu.merkle import verify
from keifu.spec.refunds import RefundModel, share_out
from keifu.spec.staking import StakingModel, Terms
from keifu.staking.refunds import EVENTS, losses_of, refund_tree
from keifu.units import COIN, DAY

DELEGATORS = ("delegator", "other delegator", "third delegator")
SERVICES = ("service", "other service")
STEPS, HISTORIES = 40, 6
DUST = 100  # wei that the shares of one history round off, at most


class History:
    """One operator, three delegators and two services; what the hub logs, and the same in the model's log."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        evm = self.evm = LocalEvm()
        owner, self.operator = evm.account("owner"), evm.account("operator")
        self.token = evm.deploy("KeifuToken", owner, sender=owner)
        self.hub = evm.deploy("StakingHub", *hub_arguments(self.token, owner, evm.account("insurance")), sender=owner)
        self.model = StakingModel(Terms(evm.now, UNBONDING, EPOCH, 40, 1_461))
        self.book = RefundModel(self.model, "timelock")
        self.log = []
        self.services = [evm.account(name) for name in SERVICES]
        self.delegators = [evm.account(name) for name in DELEGATORS]
        for service in self.services:
            make_room(self.hub, self.token, owner, service, [], evm.warp)
        make_room_of_one(self, owner)
        for who in self.delegators:
            self.token.transfer(who, 10 * LOCK, sender=owner)
            self.token.approve(self.hub, 2**256 - 1, sender=who)

    def step(self) -> None:
        act = self.random.choice((self.stake, self.stake, self.unstake, self.unstake, self.slash, self.wait))
        self.model.now = self.evm.now
        act()

    def noted(self, receipt):
        self.log += [(self.evm.now, log) for log in receipt.logs if log.event in EVENTS]
        return receipt.value

    def stake(self) -> None:
        who, room = self.random.choice(self.delegators), int(self.model.capacity(self.operator.address)) - DUST
        amount = self.random.randrange(COIN, 500 * COIN)
        if amount < room:
            shares = self.noted(self.hub.stake(self.operator, amount, 0, 0, sender=who))
            self.model.stake(who.address, self.operator.address, amount)
            self.model.record_shares(who.address, self.operator.address, shares)

    def unstake(self) -> None:
        who = self.random.choice(self.delegators)
        held = self.model.shares[self.operator.address, who.address]
        shares = self.random.choice((held, held // 2))
        if shares and (shares == held or held - shares >= COIN):
            self.noted(self.hub.unstake(self.operator, shares, 0, 0, sender=who))
            self.model.unstake(who.address, self.operator.address, shares)

    def slash(self) -> None:
        service = self.random.choice(self.services)
        damages, penalty = self.random.randrange(20 * COIN), self.random.choice((COIN // 3, 30 * COIN + 7))
        self.noted(self.hub.slash(self.operator, damages, penalty, sender=service))
        self.book.slash(service.address, self.operator.address, damages, penalty)

    def wait(self) -> None:
        self.evm.warp(self.random.choice((DAY, 7 * DAY, 7 * DAY + 1, 14 * DAY)))


def make_room_of_one(history: History, owner) -> None:
    """The operator locks, binds and answers behind both services, in the hub and in the model."""
    model, evm, operator = history.model, history.evm, history.operator
    model.now = evm.now
    for service in history.services:
        model.list_service(service.address, 14 * DAY, MULTIPLE)
    history.hub.register_operator(0, "", sender=operator)
    model.register_operator(operator.address, 0)
    for service in history.services:
        history.hub.lock(service, operator, LOCK, sender=owner)
        history.hub.set_multiple(service, MULTIPLE, sender=operator)
        history.hub.bind(operator, LOCK, sender=service)
        model.lock(service.address, operator.address, LOCK)
        model.set_multiple(operator.address, service.address, MULTIPLE)
        model.bind(service.address, operator.address, LOCK)
    evm.warp(2 * UNBONDING + EPOCH)
    model.now = evm.now
    for service in history.services:
        history.hub.poke(operator, service, sender=owner)
        model.poke(operator.address, service.address)


@pytest.mark.parametrize("seed", range(1, HISTORIES + 1))
def test_the_hub_s_log_gives_what_the_model_s_log_gives(seed: int) -> None:
    history = History(seed)
    for _ in range(STEPS):
        history.step()
    for service in history.services:
        found = losses_of(history.log, service.address, UNBONDING)
        wanted = history.book.losses[service.address]
        assert found.keys() == {who for who, wei in wanted.items() if wei}
        for who, wei in found.items():
            assert abs(wei - wanted[who]) <= DUST


def test_a_list_adds_up_and_gives_itself_again() -> None:
    losses = {
        "0x" + digit * 40: Fraction(wei, 3) for digit, wei in zip("123456", (1, 4, 7, 3_000, 10**21, 9), strict=True)
    }
    whole = sum(int(wei) for wei in losses.values())
    for pot in (0, 1, 2, 999, 10**20 + 1, whole, whole + 1):
        rows = share_out(losses, pot)
        assert sum(rows.values()) == min(pot, whole)
        assert all(wei <= losses[who] for who, wei in rows.items())
        assert share_out(losses, sum(rows.values())) == rows


def test_every_row_is_proved() -> None:
    rows = {"0x" + digit * 40: int(digit) * COIN for digit in "31852"}
    tree = refund_tree(rows)
    leaves = {tree.leaf(place) for place in range(len(rows))}
    assert len(leaves) == len(rows)
    assert all(verify(tree.root, tree.leaf(place), tree.proof(place)) for place in range(len(rows)))
