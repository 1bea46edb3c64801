"""Grant, stake, slash, exit: VestingEscrow and StakingHub together. The escrow's records of what is at stake are
compared with a model; the hub is judged by its coins, and decides what a ticket is worth."""

from __future__ import annotations

from dataclasses import replace

from audit.staked_hub import EPOCH, LOCK, MULTIPLE, UNBONDING, hub_arguments, make_room, shares_of
from audit.systems._grant_book import GrantBook, Logged
from audit.systems._hub import Coins
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import MAY_REVERT, RAW_OUTCOME, Steps, action, invariant
from evmstorm.fuzz.values import Choice, Index, Who
from keifu.spec.staked_grant import StakedGrant
from keifu.tge import Schedule
from keifu.units import COIN

GRANTS = 3
TOTAL = 9_000 * COIN + 7
DELEGATED = 3_000 * COIN
AMOUNT, MASK = 2**96 - 1, 2**112 - 1
PARTS = (1_000, 1_000, 999, 500, 1)
WHOLE = 1_000
TOO_MUCH = 1_001
DUST = 2  # wei that divisions may cost a ticket
HUB_SAYS = (
    "hub: below minimum stake", "hub: pool is full", "hub: dust left", "hub: zero amount", "hub: not matured",
    "hub: no ticket", "hub: too little",
)  # fmt: skip
OPERATORS = ("operator", "other operator")


class Grants(GrantBook):
    """Three grants of one schedule, two operators that may be slashed, one of them beyond its bond, and a revoker."""

    contracts = ("VestingEscrow", "StakingHub")
    actors = ("beneficiary", "other beneficiary", "revoker", *OPERATORS, "service")
    wait_weight = 12

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", *hub_arguments(token, owner, evm.account("insurance")), sender=owner)
        escrow = evm.deploy("VestingEscrow", token, hub, sender=owner)
        self.bind(escrow=escrow, hub=hub, token=token)
        self.operators = [self[role] for role in OPERATORS]
        self.logged, self.genesis, self.deployer = Logged(hub, lambda: evm.now), evm.now, owner.address
        token.transfer(self["service"], 10**6 * COIN, sender=owner)
        for name in (*self.operators, self["service"]):
            token.approve(hub, 2**256 - 1, sender=name)
        for name in self.operators:
            token.transfer(name, 10_000 * COIN, sender=owner)
        make_room(self.logged, token, owner, self["service"], self.operators, evm.warp, commission_bps=1_000)
        token.approve(escrow, 2**256 - 1, sender=owner)
        plan = self.schedule = Schedule(evm.now + 6 * UNBONDING, 28 * EPOCH, 12, 4, 2)
        for number in range(GRANTS):
            who = self["beneficiary"] if number else self["other beneficiary"]
            revoker = self["revoker"] if number < GRANTS - 1 else ZERO_ADDRESS
            escrow.create(
                (who, revoker, TOTAL, plan.start, plan.step, plan.steps, plan.cliff, plan.divisor), sender=owner
            )
        self.keys = {number: f"0x{self.ask('escrow.stake_key', number):040x}" for number in self.numbers()}
        self.slash_once(evm)
        self.opening = self.stake_some(evm)
        self.stored = self.read("token.balanceOf")
        self.terms = [self.read("escrow._terms", offset=number) for number in range(GRANTS + 1)]
        self.amounts = [self.read("escrow._amounts", offset=number) for number in range(GRANTS + 1)]
        self.stake_words = [self.read("escrow.stakes.stakes", offset=at) for at in range(5)]  # operator to owed
        self.pool, self.credit = self.read("hub.operators.pools_of"), self.read("hub.coins.credits")
        self.position, self.added = self.read("hub.positions.positions"), self.read("hub.positions.additions")
        self.lock = self.read("hub.locks.locks")
        self.insurance = evm.account("insurance").address

    def slash_once(self, evm: LocalEvm) -> None:
        """Take a third of what others delegated to the first operator: its shares are no round number of coins."""
        hub, name, service = self.logged, self.operators[0], self["service"]
        hub.stake(name, DELEGATED, 0, 0, sender=evm.account("owner"))
        penalty = DELEGATED // 3 // MULTIPLE
        hub.slash(name, 0, penalty, sender=service)
        hub.lock(service, name, penalty, sender=name)
        hub.bind(name, LOCK, sender=service)

    def stake_some(self, evm: LocalEvm) -> dict[int, StakedGrant]:
        """One grant at stake with each operator; the second may lose all of it."""
        escrow = self.contract("escrow")
        found = {number: StakedGrant() for number in self.numbers()}
        put = {1: (self.operators[0], TOTAL // 3), 2: (self.operators[1], LOCK // 4)}
        owners = {1: self["other beneficiary"], 2: self["beneficiary"]}
        for number, (name, amount) in put.items():
            escrow.stake(number, name, amount, 0, sender=owners[number])
            self.logged.wrote("stake", name, amount, sender=self.keys[number])
            found[number].enter(name, amount)
        evm.warp(2 * EPOCH)
        return found

    def prepare(self, evm: LocalEvm) -> None:
        self.addresses = ("0x" + "00" * 19 + "01",)  # `setup` asks a view before the actors are known
        super().prepare(evm)

    def start(self) -> None:
        self.grants = {
            number: replace(grant, principals=dict(grant.principals)) for number, grant in self.opening.items()
        }
        self.vested_totals: dict[int, int] = {}
        self.start_book()
        self.slashed = False
        self.gained = 0  # wei that came back beyond what was put in: what others' divisions left in a pool

    def numbers(self) -> range:
        return range(1, GRANTS + 1)

    def deadlines(self) -> list[int]:
        half = UNBONDING // 2
        mature = [((ticket & AMOUNT) + 3) * half for grant in self.grants.values() for ticket in grant.principals]
        plan = self.schedule
        step = plan.start + plan.step * max(0, (self.now - plan.start) // plan.step + 1)
        return [*mature, step, plan.start, plan.end, self.now // EPOCH * EPOCH + EPOCH]

    # reading both contracts -------------------------------------------------------------------------------------------

    def unpaid(self, number: int) -> int:
        word = self.amounts[number]()
        return (word & MASK) - (word >> 112 & MASK)

    def here(self, number: int) -> int:
        """Wei of a grant that lie in the escrow."""
        grant = self.grants[number]
        return self.unpaid(number) + grant.owed - grant.out

    def due(self, number: int) -> int:
        word = self.amounts[number]()
        vested = self.vested_totals.get(number)
        if vested is None:
            vested = self.schedule.vested(TOTAL, self.now)
        elif self.now < self.schedule.start:
            vested = 0
        return min(vested - (word >> 112 & MASK), self.here(number))

    def owner_of(self, number: int) -> str:
        return f"0x{self.terms[number]() & 2**160 - 1:040x}"

    def shares(self, number: int) -> int:
        operator = self.grants[number].operator
        word, pool = self.position(operator, self.keys[number]), self.pool(operator)
        return shares_of(word, self.added(operator, self.keys[number])) if word >> 248 == pool >> 224 & 255 else 0

    # the beneficiary --------------------------------------------------------------------------------------------------

    @action("escrow.claim", Choice((1, 2, 3)))
    def claim(self, who: str, number: int) -> Steps:
        due, owner = self.due(number), self.owner_of(number)
        if due == 0:
            return "escrow: nothing to claim"
        before = self.stored(owner)
        yield
        assert self.stored(owner) == before + due, "ESC-1: a claim pays what is vested, not paid and here"

    @action(
        "", Choice((1, 2, 3)), Choice("operators"), Choice((*PARTS, TOO_MUCH)), Choice((0, 0, 0, 1)), allow=HUB_SAYS,
        weight=8,
    )  # fmt: skip
    def stake_grant(self, who: str, number: int, operator: str, part: int, rival: int) -> Steps:
        grant, owner = self.grants[number], who if rival else self.owner_of(number)
        here = self.here(number)
        amount = here + 1 if part == TOO_MUCH else here * part // WHOLE
        wiped = grant.active > 0 and self.shares(number) == 0
        fails = None
        if owner != self.owner_of(number):
            fails = "escrow: caller is not the beneficiary"
        elif amount > here:
            fails = "escrow: not enough coins here"
        elif grant.owed and not wiped:
            fails = "escrow: grant was revoked"
        elif grant.active and not wiped and grant.operator != operator:
            fails = "escrow: staked with another operator"
        elif grant.owed:
            return None  # writing off may settle what is owed, or not: the reason depends on it
        if not self.has_room(operator, amount):
            return None
        held = 0 if wiped else self.shares(number)
        returned = yield self.tx(
            "escrow.stake", number, operator, amount, 0, sender=owner, fails=fails, may_revert=fails is None
        )
        if returned is not None:
            if wiped:
                grant.write_off()
            grant.enter(operator, amount)
            shares = int.from_bytes(returned, "big")
            self.at_hub()
            self.staked(self.keys[number], operator, amount, shares)
            assert self.shares(number) == held + shares, "the grant has a position of its own"
            if self.sometimes():
                self.emitted("escrow.Staked", id=number, operator=operator, amount=amount, shares=shares)

    @action("", Choice((1, 2, 3)), Choice(PARTS), allow=HUB_SAYS, weight=7)
    def unstake_grant(self, who: str, number: int, part: int) -> Steps:
        grant = self.grants[number]
        owner = self.owner_of(number) if part == WHOLE else who
        held = self.shares(number)
        shares = held * part // WHOLE
        fails = None
        if owner != self.owner_of(number) and not grant.owed:
            fails = "escrow: caller is not the beneficiary"
        elif not shares:
            fails = "escrow: not enough shares"
        returned = yield self.tx(
            "escrow.unstake", number, shares, 0, sender=owner, fails=fails, may_revert=fails is None
        )
        if returned is not None:
            ticket = int.from_bytes(returned, "big")
            self.unstaked(self.keys[number], grant.operator, shares, ticket)
            amount = grant.leave(ticket, shares, held)
            if self.sometimes():
                self.emitted("escrow.Unstaked", id=number, operator=grant.operator, ticket=ticket, amount=amount)

    @action("", Choice((1, 2, 3)), allow=HUB_SAYS, weight=6)
    def withdraw(self, who: str, number: int) -> Steps:
        grant = self.grants[number]
        if not grant.principals:
            return None
        ticket = next(iter(grant.principals))
        coins, before = self.stored(self["escrow"]), self.stored(self["revoker"])
        returned = yield self.tx("escrow.withdraw", number, ticket, sender=who, may_revert=True)
        if returned is None:
            ripe = self.now >= ((ticket & AMOUNT) + 3) * (UNBONDING // 2)
            assert not ripe, f"a matured ticket must come back, was refused: {self.refusal}"
            return
        amount = int.from_bytes(returned, "big")
        self.received[self.keys[number]] += amount
        self.asked[self.keys[number]].discard(ticket)
        gain = grant.take_back(ticket, amount)
        assert gain <= DUST, "HUB-8: in and out gains"
        assert self.slashed or gain >= -DUST, "ESC-5: a loss without a slash"
        self.gained += max(0, gain)
        refund = self.settled(number, before)
        assert self.stored(self["escrow"]) == coins + amount - refund, "ESC-3: what came back is not here"
        if self.sometimes():
            self.emitted("escrow.Returned", id=number, ticket=ticket, amount=amount, lost=max(0, -gain))

    def settled(self, number: int, before: int) -> int:
        """What the revoker must have got by the last call; it had `before`."""
        refund = self.grants[number].settle()
        assert self.stored(self["revoker"]) == before + refund, "ESC-6: the revoker gets what is not vested, once back"
        if refund and self.sometimes():
            self.emitted("escrow.Settled", id=number, revoker=self["revoker"], amount=refund)
        return refund

    @action("escrow.write_off", Choice((1, 2, 3)), weight=2)
    def write_off(self, who: str, number: int) -> Steps:
        grant, before = self.grants[number], self.stored(self["revoker"])
        wiped = grant.active > 0 and self.shares(number) == 0
        returned = yield
        lost = grant.write_off() if wiped else 0
        assert int.from_bytes(returned, "big") == lost, "write_off returns the loss"
        if lost and self.sometimes():
            self.emitted("escrow.WrittenOff", id=number, operator=grant.operator, lost=lost)
        elif not lost and self.sometimes():
            self.emitted("escrow.WrittenOff", count=0)
        self.settled(number, before)

    @action("escrow.claim_rewards", Choice((1, 2, 3, GRANTS + 1)))
    def claim_rewards(self, who: str, number: int) -> Steps:
        if number > GRANTS:
            return "escrow: no such grant"
        if self.grants[number].operator == ZERO_ADDRESS:
            return "escrow: nothing was staked"
        owner = self.owner_of(number)
        before = self.stored(owner)
        returned = yield
        paid = self.stored(owner) - before
        assert paid == int.from_bytes(returned, "big"), "the beneficiary gets the rewards"
        self.at_hub().claim_rewards(self.grants[number].operator)
        self.received[self.keys[number]] += paid

    @action("", Index(GRANTS), Who(), weight=2)
    def pass_on(self, who: str, number: int, successor: str) -> Steps:
        number = max(number, 1)
        yield self.tx("escrow.transfer_beneficiary", number, successor, sender=self.owner_of(number))
        yield self.tx("escrow.accept_beneficiary", number, sender=successor)

    # the revoker ------------------------------------------------------------------------------------------------------

    @action("escrow.revoke", Choice((1, 2, 3)), sender=("revoker", "revoker", "service"), weight=3)
    def revoke(self, who: str, number: int) -> Steps:
        if who != self["revoker"] or number == GRANTS or number in self.vested_totals:
            return "escrow: caller is not the revoker"
        vested = self.schedule.vested(TOTAL, self.now)
        if vested == TOTAL:
            return "escrow: nothing to revoke"
        before = self.stored(who)
        returned = yield
        refund = self.grants[number].revoke(TOTAL - vested)
        self.vested_totals[number] = vested
        assert int.from_bytes(returned, "big") == refund, "revoke returns what it sent back"
        assert self.stored(who) == before + refund, "ESC-6: what is not vested, less losses, goes to the revoker"
        if self.sometimes():
            self.emitted("escrow.Revoked", id=number, revoker=who, refund=refund, owed=self.grants[number].owed)
            self.emitted("token.Transfer", count=int(refund > 0))

    # operators and the service ----------------------------------------------------------------------------------------

    @action("hub.reward", Choice("operators"), Coins(100 * COIN), sender="service", weight=3)
    def reward(self, who: str, operator: str, amount: int) -> Steps:
        returned = yield RAW_OUTCOME
        wrong = ("hub: zero amount", "token: insufficient balance")
        assert returned is not None or self.refusal in wrong, self.refusal
        if returned is not None:
            self.rewarded(operator, amount)

    @action("hub.slash", Choice("operators"), Coins(LOCK), Coins(LOCK), sender="service", weight=5)
    def slash(self, who: str, operator: str, damages: int, penalty: int) -> Steps:
        returned = yield MAY_REVERT
        if returned is not None:
            self.slashed = True
            self.slashed_at(who, operator, damages, penalty, int.from_bytes(returned[64:96], "big"))

    @action("", Choice("operators"), Coins(LOCK), weight=6, allow=("hub: zero amount", "token: insufficient balance"))
    def lock_again(self, who: str, operator: str, amount: int) -> Steps:
        """New coins behind the service, all of them bound: room for stake."""
        service = self["service"]
        done = yield self.tx("hub.lock", service, operator, amount, sender=operator, may_revert=True)
        if done is not None:
            self.at_hub().lock(service, operator, amount)
        yield self.tx("hub.bind", operator, 2**96 - 1, sender=service)
        self.at_hub().bind(service, operator, 2**96 - 1)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("ESC-5")
    def losses_follow(self) -> bool:
        """A slash takes from what is not vested first: what is at stake, lost and owed is the model's, to the wei."""
        return all(
            [word(number) for word in self.stake_words]
            == [int(grant.operator, 16), grant.active, grant.leaving, grant.lost, grant.owed]
            for number, grant in self.grants.items()
        )

    @invariant("ESC-3")
    def every_coin_is_accounted_for(self) -> bool:
        """What is here, at stake and recorded as lost covers every unpaid coin, to the wei."""
        here = [self.here(number) for number in self.numbers()]
        return min(here) >= 0 and self.stored(self["escrow"]) == sum(here) + self.gained

    @invariant("HUB-1")
    def hub_covers_what_it_owes(self) -> bool:
        """The hub's coins cover delegated stake, locks, and credits."""
        stake = sum(self.pool(operator) & AMOUNT for operator in self.operators)
        locks = sum(self.lock(self["service"], operator) & AMOUNT for operator in self.operators)
        credits = sum(self.credit(who) for who in (*self.addresses, self.insurance))
        return self.stored(self["hub"]) >= stake + locks + credits

    @invariant("ESC-7", at_end=True)
    def everyone_gets_out(self) -> bool:
        """In the end every stake comes back, and every grant is paid but for what was revoked or slashed."""
        tickets = {number: [*grant.principals] for number, grant in self.grants.items()}
        for number in self.numbers():
            self.do("escrow.write_off", number, sender=self["service"])
            if shares := self.shares(number):
                tickets[number].append(self.do("escrow.unstake", number, shares, 0, sender=self.owner_of(number)))
        self.evm.warp_to(max(self.now + 2 * UNBONDING, self.schedule.end))
        for number in self.numbers():
            for ticket in dict.fromkeys(tickets[number]):
                self.do("escrow.withdraw", number, ticket, sender=self["service"])
            _, active, leaving, lost, owed = (word(number) for word in self.stake_words)
            if active or leaving or owed:
                return False
            if self.unpaid(number) > lost:
                self.do("escrow.claim", number, sender=self["service"])
            if self.unpaid(number) != lost:
                return False
        return True
