"""A world in which answers are judged by re-execution: hub, market, service, a pool of re-executors, and a court whose
verdicts are whatever the test says, or the real one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ethwire.abi import encode_args
from evmstorm.evm import LocalEvm
from keifu.compute.promises import shown
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.keys import Account, keccak256
from keifu.payments import Channel
from keifu.units import COIN, DAY

__all__ = [
    "ABSENT", "AGREES", "COURT_BOND", "COURT_COSTS", "DIFFERS", "DIGEST", "EXECUTORS", "FEE", "LOCKED", "MATURITY",
    "NEEDED", "PANEL", "PENALTY", "POOL", "RESERVE", "REST", "RESTITUTION", "RULE", "STAKE", "TERM", "UNREADABLE",
    "WINDOW", "WRONG", "ReExecuted", "pool_of", "seal",
]  # fmt: skip

AGREES, DIFFERS, UNREADABLE = 1, 2, 3
PANEL, NEEDED, FEE, RESTITUTION, PRICE = 5, 3, 10 * COIN, 800 * COIN, COIN
COURT_BOND, COURT_COSTS = 160 * COIN, 140 * COIN  # of the mock
PENALTY = RESTITUTION // 10
RESERVE = (RESTITUTION + 2 * PANEL * FEE + COURT_COSTS) * 5 // 4 + PENALTY
STAKE, WRONG, ABSENT = 2_000 * COIN, 200 * COIN, 100 * COIN
WINDOW, TERM, MATURITY = 10 * DAY, 30 * DAY, 7 * DAY
REST = WINDOW - 7 * DAY  # for openings after a promise's last day
DIGEST, RULE = keccak256(b"float model"), bytes([1]) + bytes(30) + b"\x05"
REQUEST, RESPONSE = b"a question", b"an answer"
EXECUTORS = 9
ENOUGH, FUNDS, LOCKED = 2**256 - 1, 10**6 * COIN, 20_000 * COIN
NOTHING = bytes(32)


def pool_of(digest: bytes, tolerance: bytes, fee: int) -> bytes:
    """The key of the pool that judges a model by a rule for a fee."""
    return keccak256(digest + tolerance + fee.to_bytes(32, "big"))


POOL = pool_of(DIGEST, RULE, FEE)


def seal(demand: int, word: int, answer: bytes, salt: bytes, who: Any) -> bytes:
    """What a member of a panel commits to."""
    types = ["uint256", "uint256", "bytes32", "bytes32", "address"]
    return keccak256(encode_args(types, (demand, word, answer, salt, getattr(who, "address", who))))


class ReExecuted:
    """Everything that people act on. All executors hold a mature slot, the client's promise is accepted."""

    def __init__(self, evm: LocalEvm | None = None, price: int = PRICE) -> None:
        self.price = price
        self.evm = evm = evm or LocalEvm()
        names = ("owner", "operator", "client", "insurance", "stranger", "other operator")
        self.owner, self.operator, self.client, self.insurance, self.stranger, self.other = map(evm.account, names)
        self.executors = [evm.account(f"executor {number}") for number in range(EXECUTORS)]
        owner = self.owner
        self.token = evm.deploy("KeifuToken", owner, sender=owner)
        times = (14 * DAY, DAY, 30, 10)
        self.hub = evm.deploy("StakingHub", self.token, owner, self.insurance, owner, *times, sender=owner)
        self.seeds = evm.deploy("MockRandomness", sender=owner)
        self.court = self.make_court()
        registry = evm.deploy("ProvenanceRegistry", sender=owner)
        places = evm.deploy("Environments", registry, sender=owner)
        beats = evm.deploy("HeartbeatService", self.token, self.hub, places, 1_000, WINDOW, sender=owner)
        self.channels = evm.deploy("MockChannels", sender=owner)
        terms = (self.token, self.hub, beats, self.channels, COIN, WINDOW, DAY, COIN)
        self.market = evm.deploy("ComputeMarket", *terms, sender=owner)
        # Draws name its address: a deployer's first transaction gives it the same one on every machine.
        first = evm.account("deployer of one contract")
        self.service = evm.deploy("ReExecution", self.market, self.court, WINDOW, sender=first)
        self.receipts = Receipts(evm.chain_id, self.market.address)
        self.start()

    def make_court(self) -> Any:
        court = self.evm.deploy("MockCourt", self.token, sender=self.owner)
        court.seed_from(self.seeds, sender=self.owner)
        return court

    @property
    def to_list(self) -> tuple[Any, ...]:
        return self.court, self.service

    def start(self) -> None:
        for service in self.to_list:
            self.hub.list_service(service, 40 * DAY, 4, sender=self.owner)
        for who in (self.operator, self.client, self.stranger, self.other, *self.executors):
            self.token.transfer(who, FUNDS, sender=self.owner)
            for spender in (self.hub, self.service):
                self.token.approve(spender, ENOUGH, sender=who)
            if who not in (self.client, self.stranger):
                self.hub.register_operator(0, "", sender=who)
                self.hub.lock(self.service, who, LOCKED, sender=who)
        for number, who in enumerate(self.executors):
            self.service.join(POOL, number, sender=who)
        party = (self.client.address, self.client.address, self.operator.address, self.operator.address)
        self.channel = Channel(*party, self.token.address, DAY, NOTHING)
        self.channel_id = bytes(self.channels.getChannelId(self.channel.values))
        self.evm.warp(MATURITY + 1)
        self.promise = self.accepted()
        self.evm.warp(10)

    # promises -----------------------------------------------------------------------------------------------------

    def terms(self, **changes: Any) -> tuple[Any, ...]:
        fields = {"digest": DIGEST, "tolerance": RULE, "panel": PANEL, "needed": NEEDED, "fee": FEE,
                  "restitution": RESTITUTION, "price": self.price, "last": self.evm.now + TERM}  # fmt: skip
        return tuple((fields | changes).values())

    def offer(self, **changes: Any) -> int:
        found: int = self.service.offer(self.channel.values, self.terms(**changes), sender=self.operator).value
        return found

    def accepted(self, **changes: Any) -> int:
        number = self.offer(**changes)
        self.service.accept(number, 0, sender=self.client)
        return number

    # demands ------------------------------------------------------------------------------------------------------

    def receipt(self, **changes: Any) -> Receipt:
        about = (self.channel_id, 1, NOTHING, 1, DIGEST, keccak256(REQUEST), keccak256(RESPONSE))
        true = Receipt(*about, NOTHING, NOTHING, NOTHING, 1, 1, 1, 1, Evidence.REEXECUTED, self.evm.now)
        return replace(true, **changes)

    def opening(self, receipt: Receipt | None = None, by: Account | None = None, promise: int = 0, **given: Any) -> Any:
        """Arguments of `open`."""
        receipt = receipt or self.receipt()
        values, proof, signature = shown(self.receipts.sign(by or self.operator, [receipt])[0])
        request, response = given.get("request", REQUEST), given.get("response", RESPONSE)
        stored = given.get("stored", (NOTHING, NOTHING))
        return promise or self.promise, values, proof, signature, request, response, stored

    def open(self, sender: Account | None = None, **given: Any) -> int:
        found: int = self.service.open(*self.opening(**given), sender=sender or self.client).value
        return found

    def seed(self, value: bytes = b"\x07" * 32) -> None:
        self.seeds.put(self.seeds.next(), value, sender=self.owner)

    def draw(self, demand: int) -> list[Account]:
        """The panel, by seats."""
        (log,) = self.service.draw(demand, sender=self.stranger).events("Drawn")
        return [self.account_of(who) for who in log.args["panel"]]

    def account_of(self, address: str) -> Account:
        return next(who for who in self.executors if who.address == address)

    def drawn(self, **given: Any) -> tuple[int, list[Account]]:
        demand = self.open(**given)
        self.seed()
        return demand, self.draw(demand)

    def say(self, demand: int, panel: list[Account], words: list[int]) -> None:
        """Each member seals and shows a word; 0 for one that is absent. Ends after the time to reveal."""
        said = [(seat, who, word) for seat, (who, word) in enumerate(zip(panel, words, strict=True)) if word]
        for seat, who, word in said:
            self.service.commit(demand, seat, seal(demand, word, DIGEST, RULE, who), sender=who)
        self.evm.warp(DAY + 1)
        for seat, who, word in said:
            self.service.reveal(demand, seat, word, DIGEST, RULE, sender=who)
        self.evm.warp(DAY)

    def found(self, words: list[int], **given: Any) -> tuple[int, list[Account]]:
        demand, panel = self.drawn(**given)
        self.say(demand, panel, words)
        return demand, panel

    def accused(self, words: tuple[int, ...] = (2, 2, 2, 2, 1)) -> tuple[int, list[Account]]:
        demand, panel = self.found(list(words))
        self.service.accuse(demand, b"what I saw", sender=self.client)
        return demand, panel

    def judge(self, demand: int, verdict: int) -> None:
        self.court.decide(self.service.demand(demand)[12], verdict, COURT_COSTS, sender=self.owner)

    # what people have ---------------------------------------------------------------------------------------------

    def wealth(self, who: Account) -> int:
        """Coins, credit and lock of somebody at this service."""
        lock = self.hub.lock_of(self.service, who)
        return int(self.token.balanceOf(who) + self.service.credits(who) + lock)
