"""TGEDistributor and StakingHub together: what is vested goes from the list into a stake in one call, signed or not."""

from __future__ import annotations

from audit.staked_hub import EPOCH, hub_arguments, make_room, shares_of
from audit.systems._signature_forms import FORMS, REFUSED, in_form
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Who
from keifu.abi.eip712 import CLAIM_AND_STAKE
from keifu.keys import Domain
from keifu.spec.vesting import SWEEP_DELAY
from keifu.tge import Grants, Ledger, Schedule
from keifu.units import COIN

TOTALS = [1_143 * COIN, 3 * COIN, COIN // 2, 600 * COIN]
FORGERIES = ("", "", "", "salted", "other key", "used nonce", "expired", "total")


class Claims(System):
    """Two grantees and a wallet of code, an operator that takes stake, and coins in their wallets beside."""

    contracts = ("TGEDistributor",)
    actors = ("grantee", "other grantee", "relayer")

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        self.operator, self.stranger = evm.account("operator").address, evm.account("no operator").address
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", *hub_arguments(token, owner, evm.account("insurance")), sender=owner)
        self.wallet_key = evm.account("wallet key")
        self.join(wallet=evm.deploy("ContractWallet", self.wallet_key, sender=owner))
        self.grants = Grants([self["grantee"], self["other grantee"], self["grantee"], self["wallet"]], TOTALS)
        self.schedule = Schedule(evm.now + 10, EPOCH, 10)
        terms = self.schedule
        distributor = evm.deploy(
            "TGEDistributor", token, hub, self.grants.tree.root, self.grants.allocation, terms.start, terms.step,
            terms.steps, terms.end + SWEEP_DELAY, owner, sender=owner,
        )  # fmt: skip
        self.bind(distributor=distributor, hub=hub, token=token)
        token.transfer(distributor, self.grants.allocation, sender=owner)
        for who in self.roles.values():
            token.transfer(who, 50 * COIN, sender=owner)
        make_room(hub, token, owner, evm.account("service"), [self.operator], evm.warp, commission_bps=0)
        self.proofs = [self.grants.tree.proof(index) for index in range(len(TOTALS))]
        self.keys = {self[role]: evm.account(role) for role in self.actors} | {self["wallet"]: self.wallet_key}
        self.domain = Domain("Keifu TGE", "1", evm.chain_id, distributor)
        self.stored, self.allowance = self.read("token.balanceOf"), self.read("token.allowance")
        self.position, self.added = self.read("hub.positions.positions"), self.read("hub.positions.additions")
        self.nonce = self.read("distributor.nonces")

    def start(self) -> None:
        self.ledger = Ledger(self.schedule, TOTALS)
        self.coins = dict.fromkeys(self.addresses, 50 * COIN)
        self.staked = dict.fromkeys(self.addresses, 0)
        self.nonces = dict.fromkeys(self.addresses, 0)
        self.allowed = dict.fromkeys(self.addresses, 0)

    def deadlines(self) -> list[int]:
        plan = self.schedule
        return [plan.start, plan.end, plan.start + plan.step * max(0, (self.now - plan.start) // plan.step + 1)]

    def most(self, who: str) -> int:
        return self.coins[who] + 600 * COIN

    def outcome(self, index: int, operator: str, amount: int, least: int) -> tuple[int, int, str | None]:
        """(due, staked, reason of a refusal) of a claim that is in the list."""
        account = self.grants.accounts[index]
        due = self.ledger.due(index, self.now)
        staked = min(amount, due + min(self.coins[account], self.allowed[account]))
        if staked < COIN:
            return due, 0, None
        if operator != self.operator:
            return due, staked, "hub: unknown operator"
        return due, staked, "hub: too little" if -(-least * staked // amount) > staked else None

    def done(self, index: int, due: int, staked: int, returned: bytes) -> None:
        account = self.grants.accounts[index]
        assert int.from_bytes(returned, "big") == staked, "returns the shares"
        self.ledger.claim(index, self.now)
        self.coins[account] += due - staked
        if self.allowed[account] != 2**256 - 1:  # which the token does not count down
            self.allowed[account] -= max(0, staked - due)
        self.staked[account] += staked
        if self.sometimes():
            fields = {"index": index, "account": account, "amount": due} if due else {}
            self.emitted("distributor.Claimed", count=int(due > 0), **fields)
            self.emitted("token.Transfer", count=(due != staked) + (staked > 0))  # to or from the wallet, to the hub

    @action("", Amount(100 * COIN))
    def approve(self, who: str, amount: int) -> Steps:
        yield self.tx("token.approve", self["distributor"], amount, sender=who)
        self.allowed[who] = amount

    @action(
        "", Choice(range(4)), Amount("most"), Choice((0, 0, 1, 2)), Choice((0, 0, 0, 1)), Choice((0, 0, 0, 1)), weight=8
    )
    def claim_and_stake(self, who: str, index: int, amount: int, least: int, other: int, forged: int) -> Steps:
        if amount > 10**30:
            return None  # the product with the least shares has no room
        if self.grants.accounts[index] == self["wallet"] and not forged:
            return None  # code sends no transactions
        account = who if forged else self.grants.accounts[index]
        operator = self.stranger if other else self.operator
        wanted = (0, amount, amount + 1)[least]
        due, staked, fails = self.outcome(index, operator, amount, wanted)
        if account != self.grants.accounts[index]:
            fails = "distributor: not in the list"
        values = (index, TOTALS[index], self.proofs[index], operator, amount, wanted)
        returned = yield self.tx("distributor.claim_and_stake", *values, sender=account, fails=fails)
        if fails is None:
            self.done(index, due, staked, returned)

    @action("", Choice(range(4)), Amount("most"), Choice(FORGERIES), Choice((0, 1)), Choice(("65", *FORMS)), weight=8)
    def claim_and_stake_for(self, who: str, index: int, amount: int, forgery: str, late: int, form: str) -> Steps:
        if amount > 10**30:
            return None
        account, total = self.grants.accounts[index], TOTALS[index] + (forgery == "total")
        deadline = self.now - 1 if forgery == "expired" else self.now + late
        nonce = self.nonces[account] + (forgery == "used nonce")
        signer = self["relayer"] if forgery == "other key" else account
        values = (index, account, self.operator, amount, 0, nonce, deadline)
        digest = self.domain.salted_digest if forgery == "salted" else self.domain.digest
        signed = self.keys[signer].sign(digest(CLAIM_AND_STAKE, *values))
        signature = in_form(signed[:32], signed[32:64], signed[64], form)
        due, staked, fails = self.outcome(index, self.operator, amount, 0)
        accepted = ("65",) if account == self["wallet"] else set(FORMS).difference(REFUSED)
        if forgery == "expired":
            fails = "distributor: signature expired"
        elif forgery in ("other key", "used nonce") or form not in accepted:
            fails = "distributor: invalid signature"
        elif forgery == "total":
            fails = "distributor: not in the list"
        call = (index, account, total, self.proofs[index], self.operator, amount, 0, deadline, signature)
        returned = yield self.tx("distributor.claim_and_stake_for", *call, sender=who, fails=fails)
        if fails is None:
            self.nonces[account] += 1
            self.done(index, due, staked, returned)

    @action("token.transfer", Who(), Amount("coins"), weight=1)
    def move(self, who: str, to: str, amount: int) -> Steps:
        if amount > self.coins[who]:
            return "token: insufficient balance"
        yield
        self.coins[who] -= amount
        self.coins[to] += amount

    @invariant("TGE-1")
    def wallets_follow(self) -> bool:
        """A claim pays vested less paid of its grant, into the wallet or the stake of its account."""
        held = self.grants.allocation - self.ledger.paid_out
        return self.stored(self["distributor"]) == held and all(
            self.stored(who) == self.coins[who] and self.nonce(who) == self.nonces[who] for who in self.addresses
        )

    @invariant("TGE-12")
    def stakes_follow(self) -> bool:
        """What a claim stakes is the account's own, and takes no more from its wallet than it allowed."""
        return all(
            shares_of(self.position(self.operator, who), self.added(self.operator, who)) == self.staked[who]
            and self.allowance(who, self["distributor"]) == self.allowed[who]
            for who in self.addresses
        )
