"""SampleService on the hub under the oracle of promises: whatever anybody does, every open promise is paid in full, and
windows stand still while the court was seen to open no case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audit.oracles.profit import check_self_slash
from audit.oracles.promise import Promise, check_payable
from audit.systems._hub import EPOCH, HubSystem
from ethwire.abi import encode_args
from evmstorm.fuzz.system import RAW_OUTCOME, Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice
from keifu.keys import keccak256
from keifu.units import COIN, DAY

__all__ = ["SampleServices"]

WINDOW = 3 * DAY
LAST = (1, 3_600, DAY, 10 * DAY, 180 * DAY)  # seconds from now to a promise's last
RESTITUTIONS = (400 * COIN, 400 * COIN, 401 * COIN + 1, 999 * COIN + 3, 40_000 * COIN)
LOCK = 4_000
SEATS = 400 * 2_000 * COIN  # what the court needs, in all
LONGEST_STAND = 60 * DAY


@dataclass
class Kept:
    """A promise of the log: who made it to whom, what it reserves, and until when it can be claimed."""

    number: int
    operator: str
    client: str
    restitution: int
    reserve: int
    last: int
    until: int  # as it was written down
    written: int  # when that was


class SampleServices(HubSystem):
    """Promises that are offered, accepted, ended, released, broken and settled, beside a hostile service."""

    contracts = ("SampleService",)
    actors = ("operator", "other operator", "client", "other client", "watcher", "strange", "stranger", "juror")

    def open(self) -> None:
        evm, hub, token = self.evm, self.contract("hub"), self.contract("token")
        randomness = evm.deploy("MockRandomness", sender=self.owner)
        court = evm.deploy("AlignmentCourt", token, hub, randomness, 7_200, sender=self.owner)
        sample = evm.deploy("SampleService", token, hub, court, WINDOW, sender=self.owner)
        self.bind(sample=sample, court=court)
        self.operators, self.services = [self["operator"], self["other operator"]], [sample.address, self["strange"]]
        for service in (*self.services, court.address):
            hub.list_service(service, 60 * EPOCH, 4, sender=self.owner)
        for operator in self.operators:
            hub.register_operator(0, "", sender=operator)
            for service in self.services:
                hub.lock(service, operator, LOCK * COIN, sender=operator)
        for who in self.roles.values():
            token.approve(sample, 2**256 - 1, sender=who)
        hub.register_operator(0, "", sender=self["juror"])
        hub.lock(court, self["juror"], SEATS, sender=self["juror"])
        court.join(sender=self["juror"])
        evm.warp(8 * EPOCH)

    def start(self) -> None:
        super().start()
        self.kept: list[Kept] = []
        self.offers = 0
        self.sights = [(self.now, True)]  # when the service looked at the court, and whether that opened cases

    def deadlines(self) -> list[int]:
        ends = [(item.last, self.until(item)) for item in self.kept[-6:]]
        matures = self.contract("court").get_juror(self["juror"])[2] * EPOCH + self.ask("hub.epoch_start", 0)
        return [matures, *(time for last, until in ends for time in (last, until, until + 1))]

    # the court --------------------------------------------------------------------------------------------------------

    def opens(self) -> bool:
        return bool(self.ask("court.total_weight") >= SEATS)

    def looked(self) -> None:
        self.sights.append((self.now, self.opens()))

    def until(self, item: Kept) -> int:
        """When its window ends: as written, and later by the time for which the last look had found no court."""
        ends = [time for time, _ in self.sights[1:]] + [self.now]
        stood = sum(
            max(0, end - max(begin, item.written))
            for (begin, opened), end in zip(self.sights, ends, strict=True)
            if not opened
        )
        return item.until + min(stood, LONGEST_STAND)

    @action("sample.see_court", sender=("client", "operator", "stranger"), weight=4)
    def look(self, who: str) -> Steps:
        returned = yield
        assert bool(int.from_bytes(returned, "big")) == self.opens(), "CLS-1: the service and the court disagree"
        self.looked()

    @action("", Choice((1, COIN, SEATS)), sender="juror", weight=2)
    def leave(self, who: str, amount: int) -> Steps:
        yield self.tx("court.leave", amount, sender=who, raw_outcome=True)

    @action("", sender="juror", weight=2)
    def come_back(self, who: str) -> Steps:
        """What is missing counts seven epochs later, or a wei less of it."""
        missing = SEATS - self.ask("court.total_weight")
        if missing > 0:
            yield self.tx("hub.lock", self["court"], who, missing, sender=who, raw_outcome=True)
            yield self.tx("court.join", sender=who, raw_outcome=True)

    def secret(self, number: int) -> bytes:
        return keccak256(b"secret" + number.to_bytes(4, "big"))

    def reserved(self, operator: str) -> int:
        return sum(item.reserve for item in self.kept if item.operator == operator)

    # promises ---------------------------------------------------------------------------------------------------------

    @action("", Choice("operators"), Choice(RESTITUTIONS), Choice(LAST), sender=("client", "other client"), weight=10)
    def make(self, who: str, operator: str, restitution: int, last: int) -> Steps:
        """An operator offers, its client accepts if the lock holds it, and a watcher commits to the secret."""
        until, guarded = self.now + last, keccak256(self.secret(self.offers))
        terms = (who, restitution, COIN, until, guarded)
        offered = yield self.tx("sample.offer", *terms, sender=operator)
        number = int.from_bytes(offered, "big")
        assert number == self.offers, "promises are counted from 0"
        self.offers += 1
        costs = self.ask("court.most_costs", restitution)
        paid = restitution + restitution // 10 + costs
        needed = -(-paid * 5 // 4) + restitution // 10
        there = self.ask("hub.lock_of", self["sample"], operator)
        accepted = yield self.tx("sample.accept", number, sender=who, raw_outcome=True)
        if not self.opens():
            assert accepted is None, "CLS-1: a promise without a court"
            assert self.refusal == "sample: court opens no case", self.refusal
            return
        if self.reserved(operator) + needed > there:
            assert accepted is None, "promise: made without a reserve"
            assert self.refusal == "sample: lock too small", self.refusal
            return
        assert accepted is not None, f"must be accepted, was refused: {self.refusal}"
        self.looked()
        self.kept.append(Kept(number, operator, who, restitution, needed, until, until + WINDOW, self.now))
        self.evm.mine()
        proof = keccak256(encode_args(["bytes32", "address"], (self.secret(number), self["watcher"])))
        yield self.tx("sample.commit_proof", proof, sender=self["watcher"])

    def open_ones(self, who: str) -> list[Kept | None]:
        return [*self.kept] or [None]

    @action("", Choice("open_ones"), sender=("client", "other client", "operator", "stranger"), weight=4)
    def end(self, who: str, item: Kept | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("sample.end", item.number, sender=who, raw_outcome=True)
        if done is None:
            return
        assert who in (item.operator, item.client), "promise: ended by a stranger"
        item.last, item.until, item.written = self.now, self.now + WINDOW, self.now

    @action("", Choice("open_ones"), sender=("client", "operator", "stranger"), weight=2)
    def release(self, who: str, item: Kept | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("sample.release", item.number, sender=who, raw_outcome=True)
        assert (done is not None) == (who == item.client), "promise: freed by somebody else than its client"
        if done is not None:
            self.kept.remove(item)

    @action("", Choice("open_ones"), weight=5)
    def settle(self, who: str, item: Kept | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("sample.settle", item.number, sender=who, raw_outcome=True)
        assert (done is not None) == (self.now > self.until(item)), "CLS-2: a reserve ended too early or too late"
        if done is not None:
            self.looked()
            self.kept.remove(item)

    @action("", Choice("open_ones"), sender="watcher", weight=5)
    def prove(self, who: str, item: Kept | None) -> Steps:
        """A secret is shown: while its promise can be claimed, the client gets all of it."""
        if item is None:
            return
        before, whole = self.ask("sample.credits", item.client), self.coalition(item.operator)
        self.evm.mine()
        done = yield self.tx("sample.prove", item.number, self.secret(item.number), sender=who, raw_outcome=True)
        assert (done is not None) == (self.now <= self.until(item)), f"a claim was answered wrongly: {self.refusal}"
        if done is None:
            return
        self.kept.remove(item)
        paid = self.ask("sample.credits", item.client) - before
        assert paid >= item.restitution, f"promise: a claim of {item.restitution} wei got {paid}"
        check_self_slash(whole, self.coalition(item.operator), item.restitution * 11 // 8)

    def coalition(self, operator: str) -> int:
        """An operator with its client, its watcher and everybody else who may be its friend."""
        owned = sum(self.ask("hub.lock_of", service, operator) for service in self.services)
        return owned + sum(self.ask("sample.credits", who) for who in self.addresses)

    # locks ------------------------------------------------------------------------------------------------------------

    @action("", Amount(LOCK * COIN), sender=("operator", "other operator"), weight=6)
    def unlock(self, who: str, amount: int) -> Steps:
        """An operator asks for coins: it gets what is not reserved."""
        free = self.ask("hub.lock_of", self["sample"], who) - self.reserved(who)
        done = yield self.tx("sample.unlock", amount, [], sender=who, raw_outcome=True)
        if done is not None:
            assert amount <= free, f"promise: {amount} wei were unlocked, {free} were free"

    @action("hub.lock", Choice("services"), Choice("operators"), Amount(LOCK * COIN), weight=4)
    def lock(self, who: str, service: str, operator: str, amount: int) -> Steps:
        yield RAW_OUTCOME

    @action("", Choice("operators"), Amount(LOCK * COIN), Amount(LOCK * COIN), sender="strange", weight=4)
    def slash_elsewhere(self, who: str, operator: str, damages: int, penalty: int) -> Steps:
        """A hostile service takes what it can of what is behind it."""
        before = self.ask("hub.lock_of", self["sample"], operator)
        yield self.tx("hub.slash", operator, damages, penalty, sender=who, raw_outcome=True)
        assert self.ask("hub.lock_of", self["sample"], operator) == before, "promise: taken through another service"

    @action("sample.bind", Choice("operators"), weight=3)
    def bind_reserves(self, who: str, operator: str) -> Steps:
        returned = yield
        assert int.from_bytes(returned, "big") == self.reserved(operator), "another sum was bound than is reserved"

    def hostile_calls(self, who: str) -> list[tuple[str, tuple[Any, ...]]]:
        operator = self.operators[0]
        return [
            ("hub.unlock", (operator, COIN, 0)), ("hub.take_back", (self["sample"],)),
            ("hub.set_multiple", (self["sample"], 0)), ("sample.pull", (0,)), ("sample.concede", (0,)),
        ]  # fmt: skip

    @action("", Choice("hostile_calls"), sender=("operator", "strange", "stranger"), weight=3)
    def meddle(self, who: str, call: tuple[str, tuple[Any, ...]]) -> Steps:
        before = self.ask("hub.lock_of", self["sample"], self.operators[0])
        yield self.tx(call[0], *call[1], sender=who, raw_outcome=True)
        assert self.ask("hub.lock_of", self["sample"], self.operators[0]) == before, "promise: a lock was moved"

    # the oracle -------------------------------------------------------------------------------------------------------

    @invariant("HUB-18", at_end=True)
    def reserves_are_the_log_s(self) -> bool:
        """What a service reserves is what its open promises need, and no more than is locked."""
        for operator in self.operators:
            reserved = self.ask("sample.reserved", operator)
            if reserved != self.reserved(operator) or reserved > self.ask("hub.lock_of", self["sample"], operator):
                return False
        return True

    @invariant("ORA-2", at_end=True)
    def promises_are_payable(self) -> bool:
        """Promise: every open promise is paid in full, in whatever order claims come."""
        self.evm.mine()
        numbers = {index: item for index, item in enumerate(self.kept) if self.now <= self.until(item)}
        lock = self["sample"]
        promises = [
            Promise(f"sample {index}", item.operator, item.restitution, item.reserve) for index, item in numbers.items()
        ]

        def claim(promise: Promise) -> int:
            item = numbers[int(promise.service.split()[1])]
            before = self.ask("sample.credits", item.client)
            self.do("sample.prove", item.number, self.secret(item.number), sender=self["watcher"])
            return self.ask("sample.credits", item.client) - before

        check_payable(promises, self.evm.anchor, lambda _, name: self.ask("hub.lock_of", lock, name), claim)
        return True
