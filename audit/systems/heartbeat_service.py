"""HeartbeatService on the hub: who bound itself and lied pays once, to the prover who had committed and to whom the
environment named; nobody else pays anything.

The log keeps what people did: bindings with their times, statements that were signed, commitments, promotions and
announcements. Everything that the contract must answer follows from it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from audit.oracles.profit import check_self_slash
from audit.oracles.promise import Promise, check_payable
from audit.systems._heartbeat_service import (
    DAMAGES,
    DIGESTS,
    LOCK,
    LONGEST,
    OPERATORS,
    RESERVE,
    RESTITUTION,
    HeartbeatLog,
    Period,
    Statement,
    evidence_of,
)
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice
from keifu.abi.eip712 import HOT_KEY
from keifu.provenance import Heartbeat, heartbeat_digest
from keifu.staking import KeyKind
from keifu.units import COIN, DAY

__all__ = ["HeartbeatServices"]

PROVERS = ("watcher", "watcher", "watcher", "other watcher", "operator")
LAST = (1, DAY, 10 * DAY, LONGEST, LONGEST, LONGEST, LONGEST + 1, 0)  # seconds from now to a binding's last
FORGERIES = ("", "", "", "", "", "", "", "", "other key", "cut")


class HeartbeatServices(HeartbeatLog):
    """Bindings that are made, prolonged, ended, released and settled; truths, lies and contradictions; two provers."""

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

    def open_bindings(self, who: str) -> list[Period | None]:
        return [item for item in self.periods if not item.over] or [None]

    @action("", Choice("open_bindings"), sender=(*OPERATORS, "stranger"), weight=4)
    def end(self, who: str, item: Period | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("heartbeats.end", item.operator, item.place, sender=who, raw_outcome=True)
        assert (done is not None) == (who == item.operator and self.now < item.last), "HBT-4: ended by somebody else"
        if done is not None:
            item.last = self.now

    @action("", Choice("open_bindings"), sender=("client", "other client", "operator"), weight=1)
    def release(self, who: str, item: Period | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("heartbeats.release", item.operator, item.place, sender=who, raw_outcome=True)
        assert (done is not None) == (who == self.paid_at(item.place)), "HBT-4: freed by somebody else"
        item.over = done is not None

    @action("", Choice("open_bindings"), weight=5)
    def settle(self, who: str, item: Period | None) -> Steps:
        if item is None:
            return
        done = yield self.tx("heartbeats.settle", item.operator, item.place, sender=who, raw_outcome=True)
        assert (done is not None) == (self.now > item.until), "HBT-4: a reserve ended too early or too late"
        item.over = done is not None

    @action("", Amount(LOCK), sender=OPERATORS, weight=2)
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

    def moments(self, who: str) -> list[tuple[str, bytes, int]]:
        """(key, place, time): at the edges of bindings, and where there is none."""
        found = [(self.node.address, place, self.now) for place in self.places]
        for item in self.periods[-6:]:
            times = (item.since - 1, item.since, item.since, self.now, self.now, self.now + 1, item.last, item.last + 1)
            found += [(key, item.place, time) for key in (item.operator, self.node.address) for time in times]
        return found

    @action(
        "", Choice("moments"), Choice((1, 1, 2, 3)), Choice(DIGESTS), Choice(FORGERIES), sender="watcher", weight=16,
    )  # fmt: skip
    def say(self, who: str, moment: tuple[str, bytes, int], seq: int, digest: bytes, forgery: str) -> Steps:
        """A node signs what it runs, or somebody forges it; a prover commits to it."""
        node, place, time = moment
        beat = Heartbeat(node, place, seq, digest, time)
        signer = self.signers[next(key for key in self.signers if (key == node) == (forgery != "other key"))]
        signature = signer.sign(heartbeat_digest(self.beats, beat))
        statement = Statement(beat, signature[:63] if forgery == "cut" else signature, not forgery)
        self.said = [*self.said[-11:], statement]
        yield from self.committing(statement, who)

    @action("", Choice("statements"), Choice(DIGESTS), Choice((1, 2, 3)), Choice("places"), sender="watcher", weight=6)
    def say_again(self, who: str, first: Statement | None, digest: bytes, seq: int, place: bytes) -> Steps:
        """A node signs the same with another digest; sometimes for another promotion or environment, too."""
        if first is None:
            return
        beat = replace(first.beat, digest=digest)
        if digest == DIGESTS[0]:
            beat = replace(beat, promotion_seq=seq, environment=place)
        signature = self.signers[beat.node].sign(heartbeat_digest(self.beats, beat))
        self.said = [*self.said[-10:], first, Statement(beat, signature, True)]
        yield from self.committing(first, who)

    def pairs(self, who: str) -> list[tuple[Statement, Statement] | None]:
        return list(pairwise(self.said)) or [None]

    def statements(self, who: str) -> list[Statement | None]:
        return [*self.said] or [None]

    def committing(self, statement: Statement, who: str) -> Any:
        yield self.tx("heartbeats.commit", evidence_of(statement.values, who), sender=who)
        self.committed.setdefault((statement, who), self.evm.block_number)

    @action("", Choice("statements"), sender=PROVERS, weight=4)
    def commit(self, who: str, statement: Statement | None) -> Steps:
        if statement is not None:
            yield from self.committing(statement, who)

    def may_show(self, statement: Statement, who: str) -> bool:
        """HBT-5"""
        return self.committed.get((statement, who), self.evm.block_number) < self.evm.block_number

    @action(
        "", Choice("statements"), Choice((True, True, True, False)), Choice((1, 1, 1, 0)), sender=PROVERS, weight=14,
    )  # fmt: skip
    def report(self, who: str, statement: Statement | None, right: bool, blocks: int) -> Steps:
        """HBT-1: a lie is a signed heartbeat of another digest than the promoted one's."""
        if statement is None:
            return
        self.evm.mine(blocks)
        beat = statement.beat
        promoted = self.promoted.get((beat.environment, beat.promotion_seq))
        shown = DIGESTS[0] if (promoted == DIGESTS[0]) == right else DIGESTS[1]
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

    @action("", Choice("pairs"), sender=PROVERS, weight=8)
    def contradict(self, who: str, pair: tuple[Statement, Statement] | None) -> Steps:
        """HBT-1: two signed heartbeats of one node and promotion with two digests."""
        if pair is None:
            return
        self.evm.mine()
        first, second = pair
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
        to = self[role] if role else ZERO_ADDRESS
        done = yield self.tx("environments.announce_restitution", place, to, sender=who, raw_outcome=True)
        if done is not None:
            counted = [item for item in self.announced[place] if item[0] <= self.now]
            since = self.now + self.ask("environments.NOTICE")
            self.announced[place] = [*counted, (since, to if role else self["author"])]

    @action("", Choice("addresses"), weight=3)
    def pay(self, who: str, account: str) -> Steps:
        """HBT-7"""
        yield from self.paid_out(account, account, self.tx("heartbeats.pay", account, sender=who, raw_outcome=True))

    def paid_out(self, account: str, receiver: str, call: Any) -> Any:
        before, owed = self.stored(receiver), self.owed.pop(account, 0)
        done = yield call
        assert (done is not None) == (owed > 0), f"HBT-7: not paid: {self.refusal}"
        assert self.stored(receiver) - before == owed, "HBT-7: another sum was paid than is owed"

    @action("", Choice("addresses"), sender=PROVERS, weight=3)
    def withdraw(self, who: str, receiver: str) -> Steps:
        yield from self.paid_out(who, receiver, self.tx("heartbeats.withdraw", receiver, sender=who, raw_outcome=True))

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
        kept = [item for item in self.periods if not item.over and item.since <= item.last and self.now <= item.until]
        promises = [Promise(str(number), item.operator, RESTITUTION, RESERVE) for number, item in enumerate(kept)]

        def claim(promise: Promise) -> int:
            item = kept[int(promise.service)]
            beat = Heartbeat(item.operator, item.place, 1, DIGESTS[2], item.since)
            values = beat.args, self.signers[item.operator].sign(heartbeat_digest(self.beats, beat))
            self.do("heartbeats.commit", evidence_of(values, watcher), sender=watcher)
            self.evm.mine()
            client = self.paid_at(item.place)
            before = self.ask("heartbeats.credits", client)
            self.do("heartbeats.report", *values, self.records[DIGESTS[0]].args, sender=watcher)
            return self.ask("heartbeats.credits", client) - before

        check_payable(promises, self.evm.anchor, lambda _, operator: self.ask("hub.lock_of", service, operator), claim)
        return True
