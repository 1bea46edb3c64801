"""Grant, stake, slash, exit: VestingEscrow and StakingHub together, judged by sums over both, not by a model."""

from __future__ import annotations

from keifu.evm import LocalEvm
from keifu.fuzz.system import EITHER, MAYBE, Steps, System, action, invariant
from keifu.fuzz.systems._hub import COIN, EPOCH, UNBONDING, Coins
from keifu.fuzz.values import ZERO_ADDRESS, Choice, Index, Who
from keifu.tge import Schedule

GRANTS = 3
TOTAL = 9_000 * COIN
AMOUNT, SHARES, MASK = 2**96 - 1, 2**128 - 1, 2**112 - 1
PARTS = (1_000, 1_000, 999, 500, 1)
WHOLE = 1_000
FIELDS = ("operator", "active", "leaving", "lost", "owed", "creditor")
HUB_SAYS = (
    "hub: below minimum stake", "hub: operator jailed", "hub: bond below minimum", "hub: dust left", "hub: zero shares",
    "hub: not matured", "hub: no ticket", "hub: too few shares",
)  # fmt: skip
ESCROW_SAYS = (
    "escrow: not enough coins here", "escrow: staked with another operator", "escrow: grant was revoked",
    "escrow: not enough shares", "escrow: caller is not the beneficiary", "escrow: nothing was staked",
)  # fmt: skip


class Grants(System):
    """Three grants of one schedule, two operators that may be slashed, and a revoker."""

    contracts = ("VestingEscrow", "StakingHub")
    actors = ("beneficiary", "other beneficiary", "revoker", "operator", "other operator", "service")
    wait_weight = 12

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", token, owner, evm.account("insurance"), UNBONDING, EPOCH, sender=owner)
        escrow = evm.deploy("VestingEscrow", token, hub, sender=owner)
        self.bind(escrow=escrow, hub=hub, token=token)
        self.operators = [self["operator"], self["other operator"]]
        hub.list_service(self["service"], UNBONDING, 4_000, 4_000, ZERO_ADDRESS, sender=owner)
        for name in self.operators:
            token.transfer(name, 10_000 * COIN, sender=owner)
            token.approve(hub, 2**256 - 1, sender=name)
            hub.register_operator(1_000, "", sender=name)
            hub.bond(2_000 * COIN, sender=name)
            hub.commit(self["service"], 2_000 * COIN, sender=name)
        token.approve(escrow, 2**256 - 1, sender=owner)
        token.transfer(self["service"], 10**6 * COIN, sender=owner)
        token.approve(hub, 2**256 - 1, sender=self["service"])
        self.schedule = Schedule(evm.now + EPOCH, 7 * EPOCH, 12, 4, 2)
        plan = self.schedule
        for number in range(GRANTS):
            who = self["beneficiary"] if number else self["other beneficiary"]
            revoker = self["revoker"] if number < GRANTS - 1 else ZERO_ADDRESS
            escrow.create(
                (who, revoker, TOTAL, plan.start, plan.step, plan.steps, plan.cliff, plan.divisor), sender=owner
            )
        self.stored = self.read("token.balanceOf")
        self.terms = [self.read("escrow._terms", offset=number) for number in range(GRANTS + 1)]
        self.amounts = [self.read("escrow._amounts", offset=number) for number in range(GRANTS + 1)]
        self.stake_words = {name: self.read("escrow.stakes.stakes", offset=at) for at, name in enumerate(FIELDS)}
        self.pool, self.bond_word = self.read("hub.books.pools_of"), self.read("hub.books.bonds")
        self.totals, self.position = self.read("hub.books.totals"), self.read("hub.positions.positions")
        self.keys = {number: f"0x{self.ask('escrow.stake_key', number):040x}" for number in self.numbers()}

    def prepare(self, evm: LocalEvm) -> None:
        self.addresses = ("0x" + "00" * 19 + "01",)  # `setup` asks a view before the actors are known
        super().prepare(evm)

    def start(self) -> None:
        self.unvested = 0  # wei that the revoker may get at most
        self.tickets: dict[int, list[int]] = {number: [] for number in self.numbers()}
        self.vested_totals: dict[int, int] = {}

    def numbers(self) -> range:
        return range(1, GRANTS + 1)

    def deadlines(self) -> list[int]:
        half = UNBONDING // 2
        mature = [((ticket & AMOUNT) + 3) * half for held in self.tickets.values() for ticket in held]
        plan = self.schedule
        step = plan.start + plan.step * max(0, (self.now - plan.start) // plan.step + 1)
        return [*mature, step, plan.start, plan.end, self.now // EPOCH * EPOCH + EPOCH]

    # reading both contracts -------------------------------------------------------------------------------------------

    def stake(self, number: int, field: str) -> int:
        return self.stake_words[field](number)

    def unpaid(self, number: int) -> int:
        word = self.amounts[number]()
        return (word & MASK) - (word >> 112 & MASK)

    def here(self, number: int) -> int:
        out = sum(self.stake(number, field) for field in ("active", "leaving", "lost"))
        return self.unpaid(number) + self.stake(number, "owed") - out

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

    def shares(self, number: int) -> tuple[str, int]:
        operator = f"0x{self.stake(number, 'operator'):040x}"
        word, pool = self.position(operator, self.keys[number]), self.pool(operator)
        return operator, word & SHARES if word >> 248 == pool >> 224 & 255 else 0

    # actions ----------------------------------------------------------------------------------------------------------

    @action("escrow.claim", Choice((1, 2, 3)))
    def claim(self, who: str, number: int) -> Steps:
        due, owner = self.due(number), self.owner_of(number)
        if due == 0:
            return "escrow: nothing to claim"
        before = self.stored(owner)
        yield
        assert self.stored(owner) == before + due, "ESC-1: a claim pays what is vested, not paid and here"

    @action(
        "", Choice((1, 2, 3)), Choice("operators"), Choice(PARTS), Choice((0, 0, 0, 1)),
        allow=(*HUB_SAYS, *ESCROW_SAYS), weight=8,
    )  # fmt: skip
    def stake_grant(self, who: str, number: int, operator: str, part: int, rival: int) -> Steps:
        owner = who if rival else self.owner_of(number)
        amount = self.here(number) * part // WHOLE
        fails = None if owner == self.owner_of(number) else "escrow: caller is not the beneficiary"
        order = self.tx("escrow.stake", number, operator, amount, 0, sender=owner, fails=fails, may_fail=fails is None)
        yield order

    @action("", Choice((1, 2, 3)), Choice(PARTS), allow=(*HUB_SAYS, *ESCROW_SAYS), weight=7)
    def unstake_grant(self, who: str, number: int, part: int) -> Steps:
        owner = self.owner_of(number) if part == WHOLE else who
        shares = self.shares(number)[1] * part // WHOLE
        returned = yield self.tx("escrow.unstake", number, shares, 0, sender=owner, may_fail=True)
        if returned is not None:
            assert owner == self.owner_of(number) or self.stake(number, "owed"), "a stranger took a grant out"
            ticket = int.from_bytes(returned, "big")
            if ticket not in self.tickets[number]:
                self.tickets[number].append(ticket)

    @action("", Choice((1, 2, 3)), allow=(*HUB_SAYS, *ESCROW_SAYS), weight=6)
    def withdraw(self, who: str, number: int) -> Steps:
        if not self.tickets[number]:
            return None
        ticket = self.tickets[number][0]
        returned = yield self.tx("escrow.withdraw", number, ticket, sender=who, may_fail=True)
        if returned is not None:
            self.tickets[number].remove(ticket)
        else:
            ripe = self.now >= ((ticket & AMOUNT) + 3) * (UNBONDING // 2)
            assert not ripe, f"a matured ticket must come back, was refused: {self.refusal}"

    @action("escrow.revoke", Choice((1, 2, 3)), sender=("revoker", "revoker", "service"), weight=2)
    def revoke(self, who: str, number: int) -> Steps:
        if who != self["revoker"] or number == GRANTS or number in self.vested_totals:
            return "escrow: caller is not the revoker"
        vested = self.schedule.vested(TOTAL, self.now)
        if vested == TOTAL:
            return "escrow: nothing to revoke"
        yield
        self.unvested += TOTAL - vested
        self.vested_totals[number] = vested

    @action("escrow.write_off", Choice((1, 2, 3)), weight=2)
    def write_off(self, who: str, number: int) -> Steps:
        yield

    @action("escrow.claim_rewards", Choice((1, 2, 3)), allow=("escrow: nothing was staked", "hub: unknown operator"))
    def claim_rewards(self, who: str, number: int) -> Steps:
        yield MAYBE

    @action("hub.reward", Choice("operators"), Coins(100 * COIN), sender="service", weight=3)
    def reward(self, who: str, operator: str, amount: int) -> Steps:
        returned = yield EITHER
        wrong = ("hub: zero amount", "token: insufficient balance")
        assert returned is not None or self.refusal in wrong, self.refusal

    @action(
        "hub.slash", Choice("operators"), Coins(12_000 * COIN), Who(), Who(), Choice((b"\1" * 32,)), sender="service",
        allow=("hub: zero amount",), weight=5,
    )  # fmt: skip
    def slash(self, who: str, operator: str, amount: int, victim: str, prover: str, evidence: bytes) -> Steps:
        yield MAYBE

    @action("hub.commit", Choice("services"), Coins(2_000 * COIN), sender=("operator", "other operator"), weight=3)
    def commit(self, who: str, service: str, amount: int) -> Steps:
        yield EITHER

    def services(self, who: str) -> list[str]:
        return [self["service"]]

    @action("hub.bond", Coins(2_000 * COIN), sender=("operator", "other operator"), weight=3)
    def bond(self, who: str, amount: int) -> Steps:
        yield EITHER

    @action("hub.unjail", sender=("operator", "other operator"), weight=3)
    def unjail(self, who: str) -> Steps:
        yield EITHER

    @action("", Index(GRANTS), Who(), weight=2)
    def pass_on(self, who: str, number: int, successor: str) -> Steps:
        number = max(number, 1)
        yield self.tx("escrow.transfer_beneficiary", number, successor, sender=self.owner_of(number))
        yield self.tx("escrow.accept_beneficiary", number, sender=successor)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("ESC-3")
    def every_coin_is_accounted_for(self) -> bool:
        """What is here, at stake and recorded as lost covers every unpaid coin, to the wei."""
        return self.stored(self["escrow"]) == sum(self.here(number) for number in self.numbers())

    @invariant("ESC-6")
    def revoker_gets_no_vested_coin(self) -> bool:
        """The revoker never gets more than was not vested when it revoked."""
        owed = sum(self.stake(number, "owed") for number in self.vested_totals)
        return owed <= self.unvested

    @invariant("HUB-1")
    def hub_covers_what_it_owes(self) -> bool:
        """The hub's coins cover stake and insurance."""
        word = self.totals()
        return self.stored(self["hub"]) >= (word & AMOUNT) + (word >> 96 & AMOUNT)

    @invariant("ESC-7", at_end=True)
    def everyone_gets_out(self) -> bool:
        """In the end every stake comes back, and every grant is paid but for what was revoked or slashed."""
        for number in self.numbers():
            self.do("escrow.write_off", number, sender=self["service"])
            if shares := self.shares(number)[1]:
                owner = self.owner_of(number)
                self.tickets[number].append(self.do("escrow.unstake", number, shares, 0, sender=owner))
        self.evm.warp_to(max(self.now + 2 * UNBONDING, self.schedule.end))
        for number in self.numbers():
            for ticket in dict.fromkeys(self.tickets[number]):
                self.do("escrow.withdraw", number, ticket, sender=self["service"])
            if self.stake(number, "active") or self.stake(number, "leaving") or self.stake(number, "owed"):
                return False
            if self.due(number):
                self.do("escrow.claim", number, sender=self["service"])
            if self.unpaid(number) != self.stake(number, "lost"):
                return False
        return True
