"""HeartbeatService on the hub: who bound itself and lied pays once, to the prover who had committed and to whom the
environment named; nobody else pays anything.

The log keeps what people did: bindings with their times, statements that were signed, commitments, promotions and
announcements. Everything that the contract must answer follows from it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from audit.oracles.profit import check_self_slash
from audit.oracles.promise import Promise, check_payable
from audit.systems._hub import EPOCH, HubSystem
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice
from keifu.abi.eip712 import HOT_KEY
from keifu.provenance import Heartbeat, Kind, Record, RegistryDomain, environments_domain, heartbeat_digest
from keifu.staking import KeyKind, heartbeats_domain
from keifu.units import COIN, DAY

__all__ = ["HeartbeatServices"]

WINDOW = 3 * DAY
RESTITUTION = 1_000 * COIN + 3  # does not divide
REWARD = PENALTY = RESTITUTION // 10
DAMAGES = -(-(RESTITUTION + REWARD) * 5 // 4)
RESERVE = DAMAGES + PENALTY
LOCK = 5 * RESERVE // 2
LONGEST = 180 * DAY
LAST = (1, 3_600, DAY, 10 * DAY, LONGEST, LONGEST + 1, 0)  # seconds from now to a binding's last
AGES = (0, 0, 0, 1, 60, DAY, 4 * DAY, -1, -DAY)  # seconds that a heartbeat's time lies back
DIGESTS = tuple(bytes([number]) * 32 for number in (1, 2, 9))  # of the first two there are records
OPERATORS, PROVERS = ("operator", "other operator"), ("watcher", "other watcher", "operator")
FORGERIES = ("", "", "", "", "", "", "other key", "cut")
NODE = "node"


@dataclass
class Period:
    """A binding as it was made: it answers for heartbeats of its seconds, until its window is over or it was taken."""

    operator: str
    place: bytes
    since: int
    last: int
    over: bool = False

    @property
    def until(self) -> int:
        return self.last + WINDOW


@dataclass(frozen=True)
class Statement:
    """A heartbeat and what stands under it; `signed` when that is its node's signature."""

    beat: Heartbeat
    signature: bytes
    signed: bool

    @property
    def values(self) -> tuple[Any, ...]:
        return self.beat.args, self.signature


class HeartbeatServices(HubSystem):
    """Bindings that are made, prolonged, ended, released and settled; truths, lies and contradictions; two provers."""

    contracts = ("HeartbeatService",)
    actors = (*OPERATORS, "watcher", "other watcher", "author", "client", "other client", "strange", "stranger")

    # set-up -----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        evm, hub, token = self.evm, self.contract("hub"), self.contract("token")
        registry = evm.deploy("ProvenanceRegistry", sender=self.owner)
        places = evm.deploy("Environments", registry, sender=self.owner)
        service = evm.deploy("HeartbeatService", token, hub, places, RESTITUTION, WINDOW, sender=self.owner)
        self.bind(registry=registry, environments=places, heartbeats=service)
        self.operators, self.services = [self[role] for role in OPERATORS], [service.address, self["strange"]]
        for listed in self.services:
            hub.list_service(listed, 60 * EPOCH, 4, sender=self.owner)
        for operator in self.operators:
            hub.register_operator(0, "", sender=operator)
            hub.lock(service, operator, LOCK, sender=operator)
        self.node = evm.account(NODE)
        self.signers = {self[role]: evm.account(role) for role in OPERATORS} | {self.node.address: self.node}
        self.domain = heartbeats_domain(evm.chain_id, service)
        self.beats = environments_domain(evm.chain_id, places)
        self.open_places(registry, places)

    def open_places(self, registry: Any, places: Any) -> None:
        """Two environments with two promotions each."""
        author, known = self["author"], RegistryDomain(self.evm.chain_id, registry)
        self.records = {digest: Record(author, Kind.WEIGHTS, digest) for digest in DIGESTS[:2]}
        for record in self.records.values():
            registry.register(record.args, sender=author)
        self.promoted: dict[tuple[bytes, int], bytes] = {}
        self.places: list[bytes] = []
        for name in ("production", "staging"):
            places.declare_environment(name, [], False, self["client"], sender=author)
            self.places.append(place := places.environment_id(author, name))
            for number, (digest, record) in enumerate(self.records.items(), start=1):
                places.promote(place, known.record_id(record), sender=author)
                self.promoted[place, number] = digest

    def start(self) -> None:
        super().start()
        self.periods: list[Period] = []
        self.said: list[Statement] = []
        self.committed: dict[tuple[Statement, str], int] = {}  # -> block
        self.named: dict[str, tuple[str, int, int]] = {}  # key -> operator, since, until (0: not retired)
        self.announced: dict[bytes, list[tuple[int, str]]] = {place: [(0, self["client"])] for place in self.places}
        self.owed: defaultdict[str, int] = defaultdict(int)  # credits, by the words of HBT-1
        self.locked = dict.fromkeys(self.operators, LOCK)

    def deadlines(self) -> list[int]:
        times = [time for item in self.periods[-4:] for time in (item.last, item.until, item.until + 1)]
        return times + [since for changes in self.announced.values() for since, _ in changes[-1:]]

    # the log's words --------------------------------------------------------------------------------------------------

    def running(self, operator: str, place: bytes) -> Period | None:
        """The binding of an operator to a place that holds a reserve."""
        found = [item for item in self.periods if (item.operator, item.place) == (operator, place) and not item.over]
        return found[0] if found else None

    def reserved(self, operator: str) -> int:
        return RESERVE * sum(item.operator == operator and not item.over for item in self.periods)

    def speaks_for(self, key: str, time: int) -> str:
        """KEY-1: before it was named a key is its own account's, and after it was retired nobody's."""
        if key not in self.named or time < self.named[key][1]:
            return key
        operator, _, until = self.named[key]
        return operator if until == 0 or time <= until else ""

    def paid_at(self, place: bytes) -> str:
        """HBT-6: whom the environment named, as far as the notice of it is over."""
        return [who for since, who in self.announced[place] if since <= self.now][-1]

    def answering(self, beat: Heartbeat) -> Period | None:
        """HBT-4: the binding that answers for a heartbeat now."""
        period = self.running(self.speaks_for(beat.node, beat.time), beat.environment)
        if period is None or self.now > period.until:
            return None
        return period if period.since <= beat.time <= min(period.last, self.now) else None

    # bindings ---------------------------------------------------------------------------------------------------------

    @action("", Choice("places"), Choice(LAST), sender=OPERATORS, weight=9)
    def bind_to(self, who: str, place: bytes, seconds: int) -> Steps:
        last, period = self.now + seconds, self.running(who, place)
        done = yield self.tx("heartbeats.bind", place, last, sender=who, raw_outcome=True)
        good = 0 < seconds <= LONGEST
        if period is None:
            good = good and self.reserved(who) + RESERVE <= self.locked[who]
        else:
            good = good and last >= period.last
        assert (done is not None) == good, f"HBT-2: a binding was answered wrongly: {self.refusal}"
        if done is None:
            return
        if period is None:
            self.periods.append(Period(who, place, self.now + 1, last))
        else:
            period.last = last

    def bound(self, who: str) -> list[Period | None]:
        return [item for item in self.periods if not item.over] or [None]

    @action("", Choice("bound"), sender=(*OPERATORS, "stranger"), weight=4)
    def end(self, who: str, item: Period | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("heartbeats.end", item.operator, item.place, sender=who, raw_outcome=True)
        assert (done is not None) == (who == item.operator and self.now < item.last), "HBT-4: ended by somebody else"
        if done is not None:
            item.last = self.now

    @action("", Choice("bound"), sender=("client", "other client", "operator"), weight=2)
    def release(self, who: str, item: Period | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("heartbeats.release", item.operator, item.place, sender=who, raw_outcome=True)
        assert (done is not None) == (who == self.paid_at(item.place)), "HBT-4: freed by somebody else"
        item.over = done is not None

    @action("", Choice("bound"), weight=5)
    def settle(self, who: str, item: Period | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("heartbeats.settle", item.operator, item.place, sender=who, raw_outcome=True)
        assert (done is not None) == (self.now > item.until), "HBT-4: a reserve ended too early or too late"
        item.over = done is not None

    @action("", Amount(LOCK), sender=OPERATORS, weight=5)
    def unlock(self, who: str, amount: int) -> Steps:
        free = self.locked[who] - self.reserved(who)
        done = yield self.tx("heartbeats.unlock", amount, [], sender=who, raw_outcome=True)
        if done is not None:
            assert amount <= free, f"HBT-2: {amount} wei were unlocked, {free} were free"
            self.locked[who] -= amount

    @action("", Choice("operators"), Amount(LOCK), weight=4)
    def lock(self, who: str, operator: str, amount: int) -> Steps:
        done = yield self.tx("hub.lock", self["heartbeats"], operator, amount, sender=who, raw_outcome=True)
        if done is not None:
            self.locked[operator] += amount

    @action("heartbeats.tell_hub", Choice("operators"), weight=2)
    def tell_hub(self, who: str, operator: str) -> Steps:
        returned = yield
        assert int.from_bytes(returned, "big") == self.reserved(operator), "HBT-2: another sum was bound than reserved"

    # keys -------------------------------------------------------------------------------------------------------------

    @action("", Choice(FORGERIES), sender=OPERATORS, weight=4)
    def name_key(self, who: str, forgery: str) -> Steps:
        key = self.node.address
        signer = self.signers[self.operators[0]] if forgery == "other key" else self.node
        signature = signer.sign(self.domain.digest(HOT_KEY, who, key, KeyKind.HEARTBEAT))
        signature = signature[:63] if forgery == "cut" else signature
        done = yield self.tx("heartbeats.register_key", key, KeyKind.HEARTBEAT, signature, sender=who, raw_outcome=True)
        assert (done is not None) == (key not in self.named and not forgery), "KEY-2: a key was named wrongly"
        if done is not None:
            self.named[key] = who, self.now, 0

    @action("", sender=(*OPERATORS, "stranger"), weight=1)
    def retire_key(self, who: str) -> Steps:
        key = self.node.address
        operator, since, until = self.named.get(key, ("", 0, 0))
        done = yield self.tx("heartbeats.retire_key", key, sender=who, raw_outcome=True)
        assert (done is not None) == (who == operator and not until), "KEY-2: a key was retired wrongly"
        if done is not None:
            self.named[key] = operator, since, self.now

    # statements -------------------------------------------------------------------------------------------------------

    def keys(self, who: str) -> list[str]:
        return list(self.signers)

    @action(
        "", Choice("keys"), Choice("places"), Choice((1, 2, 3)), Choice(DIGESTS), Choice(AGES), Choice(FORGERIES),
        sender="watcher", weight=16,
    )  # fmt: skip
    def say(self, who: str, node: str, place: bytes, seq: int, digest: bytes, age: int, forgery: str) -> Steps:
        """A node signs what it runs, or somebody forges it; a prover may have committed to it."""
        beat = Heartbeat(node, place, seq, digest, max(0, self.now - age))
        signer = self.signers[next(key for key in self.signers if (key == node) == (forgery != "other key"))]
        signature = signer.sign(heartbeat_digest(self.beats, beat))
        statement = Statement(beat, signature[:63] if forgery == "cut" else signature, not forgery)
        self.said = [*self.said[-11:], statement]
        yield from self.committing(statement, who)

    def statements(self, who: str) -> list[Statement | None]:
        return [*self.said] or [None]

    def committing(self, statement: Statement, who: str) -> Any:
        evidence = self.ask("heartbeats.evidence_of", *statement.values, who)
        yield self.tx("heartbeats.commit", evidence, sender=who)
        self.committed.setdefault((statement, who), self.evm.block_number)

    @action("", Choice("statements"), sender=PROVERS, weight=4)
    def commit(self, who: str, statement: Statement | None) -> Steps:
        if statement is not None:
            yield from self.committing(statement, who)

    def may_show(self, statement: Statement, who: str) -> bool:
        """HBT-5"""
        return self.committed.get((statement, who), self.evm.block_number) < self.evm.block_number

    @action("", Choice("statements"), Choice(DIGESTS[:2]), sender=PROVERS, weight=14)
    def report(self, who: str, statement: Statement | None, shown: bytes) -> Steps:
        """HBT-1: a lie is a signed heartbeat of another digest than the promoted one's."""
        if statement is None:
            return
        beat = statement.beat
        promoted = self.promoted.get((beat.environment, beat.promotion_seq))
        lie = statement.signed and promoted not in (None, beat.digest) and shown == promoted
        period = self.answering(beat)
        counts = lie and period is not None and self.may_show(statement, who)
        before = self.friends()
        done = yield self.tx(
            "heartbeats.report", *statement.values, self.records[shown].args, sender=who, raw_outcome=True
        )
        assert (done is not None) == counts, f"HBT-1: a report was answered wrongly: {self.refusal}"
        if period is not None and done is not None:
            self.pay_out(period, who, before)

    @action("", Choice("statements"), Choice("statements"), sender=PROVERS, weight=6)
    def contradict(self, who: str, first: Statement | None, second: Statement | None) -> Steps:
        """HBT-1: two signed heartbeats of one node and promotion with two digests."""
        if first is None or second is None:
            return
        same = replace(first.beat, digest=b"", time=0) == replace(second.beat, digest=b"", time=0)
        period = self.answering(first.beat)
        both = same and first.beat.digest != second.beat.digest and self.answering(second.beat) is period
        counts = both and period is not None and first.signed and second.signed and self.may_show(first, who)
        before = self.friends()
        done = yield self.tx(
            "heartbeats.report_contradiction", *first.values, *second.values, sender=who, raw_outcome=True
        )
        assert (done is not None) == counts, f"HBT-1: a contradiction was answered wrongly: {self.refusal}"
        if period is not None and done is not None:
            self.pay_out(period, who, before)

    def pay_out(self, period: Period, prover: str, before: int) -> None:
        """HBT-1, HBT-3: one reserve, once; the environment's client first, the rest of what is paid to the prover."""
        period.over = True
        self.locked[period.operator] -= RESERVE
        self.owed[self.paid_at(period.place)] += RESTITUTION
        self.owed[prover] += DAMAGES * 4 // 5 - RESTITUTION
        check_self_slash(before, self.friends(), DAMAGES)

    def friends(self) -> int:
        """What everybody holds together who may be a friend of the operator."""
        owned = sum(self.ask("hub.lock_of", self["heartbeats"], operator) for operator in self.operators)
        return owned + sum(self.ask("heartbeats.credits", who) for who in self.addresses)

    # money ------------------------------------------------------------------------------------------------------------

    @action("", Choice("places"), Choice(("client", "other client", "")), sender=("author", "client"), weight=2)
    def announce(self, who: str, place: bytes, role: str) -> Steps:
        to = self[role] if role else "0x" + "00" * 20
        done = yield self.tx("environments.announce_restitution", place, to, sender=who, raw_outcome=True)
        if done is not None:
            counted = [item for item in self.announced[place] if item[0] <= self.now]
            since = self.now + self.ask("environments.NOTICE")
            self.announced[place] = [*counted, (since, to if role else self["author"])]

    @action("", Choice("addresses"), weight=3)
    def pay(self, who: str, account: str) -> Steps:
        """HBT-7"""
        yield from self.paying(account, account, self.tx("heartbeats.pay", account, sender=who, raw_outcome=True))

    def paying(self, account: str, receiver: str, call: Any) -> Any:
        before, owed = self.stored(receiver), self.owed.pop(account, 0)
        done = yield call
        assert (done is not None) == (owed > 0), f"HBT-7: not paid: {self.refusal}"
        assert self.stored(receiver) - before == owed, "HBT-7: another sum was paid than is owed"

    @action("", Choice("addresses"), sender=PROVERS, weight=3)
    def withdraw(self, who: str, receiver: str) -> Steps:
        yield from self.paying(who, receiver, self.tx("heartbeats.withdraw", receiver, sender=who, raw_outcome=True))

    def hostile_calls(self, who: str) -> list[tuple[str, tuple[Any, ...]]]:
        operator = self.operators[0]
        return [
            ("hub.unlock", (operator, COIN, 0)), ("hub.take_back", (self["heartbeats"],)),
            ("hub.bind", (operator, COIN)), ("hub.slash", (operator, LOCK, LOCK)), ("hub.collect", (who, 0)),
        ]  # fmt: skip

    @action("", Choice("hostile_calls"), sender=("operator", "strange", "stranger"), weight=2)
    def meddle(self, who: str, call: tuple[str, tuple[Any, ...]]) -> Steps:
        yield self.tx(call[0], *call[1], sender=who, raw_outcome=True)

    # what must hold ---------------------------------------------------------------------------------------------------

    @invariant("HBT-2", at_end=True)
    def locks_and_reserves_are_the_log_s(self) -> bool:
        """Nothing leaves a lock but what was unlocked or taken for a fault; what is reserved is there."""
        for operator in self.operators:
            there = self.ask("hub.lock_of", self["heartbeats"], operator)
            reserved = self.ask("heartbeats.reserved", operator)
            if there != self.locked[operator] or reserved != self.reserved(operator) or reserved > there:
                return False
        return True

    @invariant("HBT-7", at_end=True)
    def credits_are_covered(self) -> bool:
        """Everybody's credit is what the log owes, and the coins for all of them are there."""
        if any(self.ask("heartbeats.credits", who) != self.owed[who] for who in self.addresses):
            return False
        held = self.stored(self["heartbeats"]) + self.ask("hub.credit", self["heartbeats"])
        return bool(held == sum(self.owed.values()))

    @invariant("ORA-2", at_end=True)
    def bindings_are_payable(self) -> bool:
        """Promise: every open binding is paid in full, in whatever order reports come."""
        watcher, service = self["watcher"], self["heartbeats"]
        if any(not item.over and self.now <= item.since for item in self.periods):
            return True  # younger than the second that it begins with
        kept = [item for item in self.periods if not item.over and self.now <= item.until]
        promises = [Promise(str(number), item.operator, RESTITUTION, RESERVE) for number, item in enumerate(kept)]

        def claim(promise: Promise) -> int:
            item = kept[int(promise.service)]
            beat = Heartbeat(item.operator, item.place, 1, DIGESTS[2], item.since)
            values = beat.args, self.signers[item.operator].sign(heartbeat_digest(self.beats, beat))
            self.do("heartbeats.commit", self.ask("heartbeats.evidence_of", *values, watcher), sender=watcher)
            self.evm.mine()
            client = self.paid_at(item.place)
            before = self.ask("heartbeats.credits", client)
            self.do("heartbeats.report", *values, self.records[DIGESTS[0]].args, sender=watcher)
            return self.ask("heartbeats.credits", client) - before

        check_payable(promises, self.evm.anchor, lambda _, operator: self.ask("hub.lock_of", service, operator), claim)
        return True
