"""RecordProof: no proof shows anything but what the other chain's state holds, whatever is done to it; and who signed
two headers of one number while coins answered for that loses them once, to whoever had committed.

What a state holds is known from what its tries were made of. The log keeps promises, statements and commitments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from audit.oracles.profit import check_self_slash
from audit.systems._record_proof import (
    ATTESTORS,
    CHAIN,
    DAMAGES,
    IDS,
    LOCK,
    LONGEST,
    REGISTRIES,
    RESERVE,
    REWARD,
    Block,
    Period,
    Statement,
)
from audit.systems._record_proof_oracles import HEADER, RecordProofOracles, secret_of
from ethwire.abi import encode_args
from ethwire.keys import keccak256
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Amount, Choice
from keifu.abi.eip712 import HOT_KEY
from keifu.provenance.foreign import BlockHeader
from keifu.staking import KeyKind
from keifu.units import COIN, DAY

__all__ = ["RecordProofs"]

WATCHERS = (*["watcher"] * 6, "other watcher", "operator")
FORGERIES = ("", "", "", "other key", "cut")
CHANGES = ("", "", "byte", "drop", "twice", "swap", "other", "cut", "longer", "crossed", "header", "hash", "foreign")
MAX_AGES = (0, DAY, 400 * DAY, 400 * DAY, 400 * DAY)
Proof = tuple[bytes, list[bytes], list[bytes]]


class RecordProofs(RecordProofOracles):
    """The service with three attestors, watchers, and two blocks of another chain."""

    # promises ---------------------------------------------------------------------------------------------------------

    @action("", Choice("last_seconds"), sender=ATTESTORS, weight=8)
    def promise(self, who: str, last: int) -> Steps:
        period = self.running(who)
        fresh = period is None or self.now > period.until
        enough = self.locked[who] >= RESERVE if fresh else period is not None and last >= period.last
        may = self.now < last <= self.now + LONGEST and enough
        done = yield self.tx("proofs.bind", last, sender=who, raw_outcome=True)
        assert (done is not None) == may, f"RPF-3: bound wrongly: {self.refusal}"
        if done is None:
            return
        if fresh:
            if period is not None:
                period.over = True
            self.periods.append(Period(who, self.now + 1, last))
        elif period is not None:
            period.last = last

    def last_seconds(self, who: str) -> list[int]:
        period, now = self.running(who), self.now
        edges = [period.last - 1, period.last, period.last + 1] if period else []
        return [now + DAY, now + 60 * DAY, now + LONGEST, now + LONGEST + 1, now + 1, now, *edges]

    @action("", Amount(LOCK), sender=ATTESTORS, weight=4)
    def unlock(self, who: str, amount: int) -> Steps:
        period = self.running(who)
        ended = period is not None and self.now > period.until
        free = self.locked[who] - (0 if ended else self.reserved(who))
        done = yield self.tx("proofs.unlock", amount, sender=who, raw_outcome=True)
        assert (done is not None) == (0 < amount <= free), f"RPF-3: {amount} wei, {free} were free: {self.refusal}"
        if done is not None:
            self.locked[who] -= amount
            if period is not None:
                period.over = ended

    @action("", Choice("operators"), Amount(LOCK), weight=4)
    def lock(self, who: str, operator: str, amount: int) -> Steps:
        done = yield self.tx("hub.lock", self["proofs"], operator, amount, sender=who, raw_outcome=True)
        if done is not None:
            self.locked[operator] += amount

    # keys -------------------------------------------------------------------------------------------------------------

    @action("", Choice(FORGERIES), Choice((KeyKind.HEARTBEAT, KeyKind.RECEIPT)), sender=ATTESTORS, weight=3)
    def name_key(self, who: str, forgery: str, kind: int) -> Steps:
        key = self.node.address
        signer = self.signers[self.operators[0]] if forgery == "other key" else self.node
        signature = signer.sign(self.domain.digest(HOT_KEY, who, key, kind))
        signature = signature[:63] if forgery == "cut" else signature
        done = yield self.tx("proofs.register_key", key, kind, signature, sender=who, raw_outcome=True)
        assert (done is not None) == (key not in self.named and not forgery), "KEY-2: a key was named wrongly"
        if done is not None:
            self.named[key] = who if kind == KeyKind.HEARTBEAT else "", self.now, 0

    @action("", sender=ATTESTORS, weight=1)
    def retire_key(self, who: str) -> Steps:
        key = self.node.address
        attestor, since, until = self.named.get(key, ("", 0, 0))
        done = yield self.tx("proofs.retire_key", key, sender=who, raw_outcome=True)
        if attestor:
            assert (done is not None) == (who == attestor and not until), "KEY-2: a key was retired wrongly"
        if done is not None and attestor:
            self.named[key] = attestor, since, self.now

    # statements -------------------------------------------------------------------------------------------------------

    def moments(self, who: str) -> list[tuple[str, int]]:
        """(key, time): at the edges of bindings, and where there is none."""
        found = [(key, self.now) for key in self.signers if self.answering(self.empty_header(key)) for _ in range(6)]
        for item in self.periods[-4:]:
            times = (item.since - 1, item.since, self.now, self.now, self.now + 1, item.last, item.last + 1)
            found += [(key, time) for key in (item.attestor, self.node.address) for time in times]
        return found

    @action(
        "", Choice("moments"), Choice((0, 1, 1)), Choice((CHAIN, CHAIN, CHAIN, 1)), Choice((0, 0, 0, 1)),
        Choice(FORGERIES), sender="watcher", weight=14,
    )  # fmt: skip
    def say(self, who: str, moment: tuple[str, int], which: int, chain: int, more: int, forgery: str) -> Steps:
        """A key signs a header, or somebody forges it; a watcher commits to it and the last one."""
        key, time = moment
        block = self.blocks[which]
        header = BlockHeader(key, chain, block.number + more, block.hash, time)
        signer = self.signers[next(other for other in self.signers if (other == key) == (forgery != "other key"))]
        signature = header.sign(self.domain, signer)
        statement = Statement(header, signature[:63] if forgery == "cut" else signature, not forgery)
        for other in self.said[-1:]:
            yield from self.committing((other, statement), who)
        self.said = [*self.said[-9:], statement]

    def empty_header(self, key: str) -> BlockHeader:
        return BlockHeader(key, CHAIN, 0, bytes(32), self.now)

    @action("", Choice("said_or_none"), Choice((0, 0, 1)), Choice(("", "", "", "number", "chain", "hash")), weight=14)
    def say_again(self, who: str, first: Statement | None, later: int, same: str) -> Steps:
        """A key signs another header of a number that it signed before, or of nearly that."""
        if first is None:
            return
        said = first.header
        other = self.blocks[said.block_hash == self.blocks[0].hash].hash
        header = replace(
            said,
            chain_id=said.chain_id + (same == "chain"),
            number=said.number + (same == "number"),
            block_hash=said.block_hash if same == "hash" else other,
            time=self.now if later else said.time,
        )
        second = Statement(header, header.sign(self.domain, self.signers[said.key]), True)
        self.said = [*self.said[-8:], first, second]
        watcher = self[WATCHERS[0]]
        yield from self.committing((first, second), watcher)
        yield from self.committing((second, first), watcher)

    def pairs(self, who: str) -> list[tuple[Statement, Statement] | None]:
        turned = [(second, first) for first, second in self.pairs_made[-1:]]
        return [*self.pairs_made[-6:], *turned] or [None]

    def committing(self, pair: tuple[Statement, Statement], who: str) -> Any:
        self.pairs_made = [*self.pairs_made[-9:], pair]
        evidence = keccak256(encode_args([HEADER, HEADER], [item.header.args for item in pair]))
        secret = secret_of(pair[0].header.args, pair[1].header.args, who)
        yield self.tx("proofs.commit_proof", secret, sender=who)
        self.committed.setdefault((evidence, who), self.evm.block_number)

    @action("", Choice("pairs"), Choice((1, 1, 1, 0)), sender=WATCHERS, weight=14)
    def report(self, who: str, pair: tuple[Statement, Statement] | None, blocks: int) -> Steps:
        """RPF-4: two signed headers of one number of one chain, by keys of one attestor."""
        if pair is None:
            return
        self.evm.mine(blocks)
        first, second = pair
        period = self.answering(first.header)
        attestor = self.speaks_for(first.header.key, first.header.time)
        one = attestor == self.speaks_for(second.header.key, second.header.time)
        same = (first.header.chain_id, first.header.number) == (second.header.chain_id, second.header.number)
        evidence = keccak256(encode_args([HEADER, HEADER], [item.header.args for item in pair]))
        known = self.committed.get((evidence, who), self.evm.block_number) < self.evm.block_number
        fault = same and one and first.header.block_hash != second.header.block_hash
        counts = fault and first.signed and second.signed and known and period is not None
        before, delegated = self.friends(), self.delegated(attestor) if period else 0
        done = yield self.tx(
            "proofs.report", first.header.args, first.signature, second.header.args, second.signature, sender=who,
            raw_outcome=True,
        )  # fmt: skip
        assert (done is not None) == counts, f"RPF-4: a report was answered wrongly: {self.refusal}"
        if period is not None and done is not None:
            period.over = True
            self.locked[period.attestor] -= RESERVE
            self.owed[who] += REWARD
            check_self_slash(before, self.friends(), DAMAGES)
            self.slashed(period.attestor, delegated)

    def friends(self) -> int:
        """What everybody holds together who may be a friend of an attestor."""
        owned = sum(self.ask("hub.lock_of", self["proofs"], attestor) for attestor in self.operators)
        return owned + sum(self.ask("proofs.credits", who) for who in self.addresses)

    # proofs -----------------------------------------------------------------------------------------------------------

    @action("", Choice(REGISTRIES), Choice(IDS), Choice(CHANGES), Amount(1 << 12), Choice((0, 1)), weight=24)
    def prove(self, who: str, registry: str, record_id: bytes, change: str, at: int, which: int) -> Steps:
        """RPF-1: one proof shows a word, and whatever is done to it shows nothing."""
        block = self.blocks[which]
        right = block.proof(registry, record_id)
        shown = self.changed(block, right, change, at)
        known = self.blocks[which ^ (change == "hash")].hash
        answer = yield self.tx("proofs.record_at", known, registry, record_id, shown, sender=who, raw_outcome=True)
        right_one = shown == right and change != "hash" and registry in block.storages
        assert (answer is not None) == right_one, f"RPF-1: a proof was answered wrongly: {self.refusal}"
        if answer is not None:
            self.check_found(answer, block, registry, record_id)

    def check_found(self, answer: bytes, block: Block, registry: str, record_id: bytes) -> None:
        word = block.words.get((registry, record_id), 0)
        fields = (word & ((1 << 160) - 1), word >> 200 & 255, word >> 208, word >> 160 & ((1 << 40) - 1))
        found = [int.from_bytes(answer[at : at + 32], "big") for at in range(0, 192, 32)]
        assert found == [*fields, block.number, block.time], "RPF-1: something else than the state holds was shown"

    def changed(self, block: Block, right: Proof, change: str, at: int) -> Proof:
        header, account, storage = right[0], list(right[1]), list(right[2])
        nodes = (storage if at & 1 else account) or account
        place = at // 2 % len(nodes)
        edits: dict[str, Callable[[], Any]] = {
            "byte": lambda: nodes.__setitem__(place, _flipped(nodes[place], at)),
            "drop": lambda: nodes.pop(place),
            "twice": lambda: nodes.insert(place, nodes[place]),
            "swap": lambda: nodes.insert(0, nodes.pop()),
            "other": lambda: storage.__setitem__(slice(None), block.proof(REGISTRIES[0], IDS[at % len(IDS)])[2]),
            "cut": lambda: nodes.__setitem__(place, nodes[place][: at % len(nodes[place])]),
            "longer": lambda: nodes.append(b"\xc0"),
        }
        edits.get(change, lambda: None)()
        if change == "crossed":
            account, storage = storage, account
        if change == "header":
            header = _flipped(header, at)
        if change == "foreign":
            other = self.blocks[block is self.blocks[0]]
            account, storage = other.proof(REGISTRIES[0], IDS[0])[1:]
        return header, account, storage

    @action(
        "", Choice((1, 1, 2, 3, 0)), Choice(MAX_AGES), Choice("trusts"), Choice(("", "", "twice", "turned", "few")),
        Choice((0, 1, 1)), Choice((0, 0, 0, 1)), weight=14,
    )  # fmt: skip
    def attest(self, who: str, quorum: int, age: int, trusted: list[str], how: str, which: int, moment: int) -> Steps:
        """RPF-2: every trusted attestor that is bound signs now, or a second after the last that it may."""
        block = self.blocks[which]
        signers = sorted((key for key in self.operators if self.running(key)), key=lambda key: int(key, 16))
        signers = signers[: quorum - 1] if how == "few" and quorum else signers
        headers = [BlockHeader(key, CHAIN, block.number, block.hash, self.now + moment) for key in signers]
        signed = [(item.key, item.time, item.sign(self.domain, self.signers[item.key])) for item in headers]
        signed = signed[:1] * 2 if how == "twice" else signed[::-1] if how == "turned" else signed
        enough = 0 < quorum <= len(signed) and all(
            item.key in trusted and self.answering(item) is not None for item in headers[: len(signed)]
        )
        ordered = [int(item[0], 16) for item in signed]
        counts = enough and ordered == sorted(set(ordered)) and self.now <= block.time + age
        trust = (CHAIN, REGISTRIES[0], trusted, quorum, age)
        answer = yield self.tx(
            "proofs.attested_record", trust, IDS[0], block.proof(REGISTRIES[0], IDS[0]), signed, sender=who,
            raw_outcome=True,
        )  # fmt: skip
        assert (answer is not None) == counts, f"RPF-2: attested wrongly: {self.refusal}"
        if answer is not None:
            self.check_found(answer, block, REGISTRIES[0], IDS[0])

    def trusts(self, who: str) -> list[list[str]]:
        return [self.operators, self.operators, self.operators[1:]]

    @action("", Choice("said_or_none"), Choice((0, 1)), weight=6)
    def attest_again(self, who: str, said: Statement | None, which: int) -> Steps:
        """RPF-2: a statement of any key and time, by itself."""
        if said is None:
            return
        block, header = self.blocks[which], said.header
        period = self.answering(header)
        about = (header.chain_id, header.number, header.block_hash) == (CHAIN, block.number, block.hash)
        answer = yield self.tx(
            "proofs.attested_record", (CHAIN, REGISTRIES[0], self.operators, 1, 400 * DAY), IDS[0],
            block.proof(REGISTRIES[0], IDS[0]), [(header.key, header.time, said.signature)], sender=who,
            raw_outcome=True,
        )  # fmt: skip
        fresh = self.now <= block.time + 400 * DAY
        counts = about and said.signed and period is not None and fresh
        assert (answer is not None) == counts, f"RPF-2: attested wrongly: {self.refusal}"

    def said_or_none(self, who: str) -> list[Statement | None]:
        return [*self.said] or [None]

    # money ------------------------------------------------------------------------------------------------------------

    @action("", Choice("addresses"), weight=3)
    def pay(self, who: str, account: str) -> Steps:
        """RPF-5"""
        yield from self.paid_out(account, account, self.tx("proofs.pay", account, sender=who, raw_outcome=True))

    @action("", Choice("addresses"), sender=WATCHERS, weight=3)
    def withdraw(self, who: str, receiver: str) -> Steps:
        yield from self.paid_out(who, receiver, self.tx("proofs.withdraw", receiver, sender=who, raw_outcome=True))

    def paid_out(self, account: str, receiver: str, call: Any) -> Any:
        before, owed = self.stored(receiver), self.owed.pop(account, 0)
        done = yield call
        assert (done is not None) == (owed > 0), f"RPF-5: not paid: {self.refusal}"
        assert self.stored(receiver) - before == owed, "RPF-5: another sum was paid than is owed"

    def hostile_calls(self, who: str) -> list[tuple[str, tuple[Any, ...]]]:
        attestor = self.operators[0]
        return [
            ("hub.unlock", (attestor, COIN, 0)), ("hub.take_back", (self["proofs"],)),
            ("hub.bind", (attestor, COIN)), ("hub.slash", (attestor, LOCK, LOCK)), ("hub.collect", (who, 0)),
        ]  # fmt: skip

    @action("", Choice("hostile_calls"), sender=("operator", "stranger"), weight=2)
    def meddle(self, who: str, call: tuple[str, tuple[Any, ...]]) -> Steps:
        yield self.tx(call[0], *call[1], sender=who, raw_outcome=True)

    # what must hold ---------------------------------------------------------------------------------------------------

    @invariant("RPF-3", at_end=True)
    def locks_and_reserves_are_the_log_s(self) -> bool:
        """Nothing leaves a lock but what was unlocked or taken for a fault; what is reserved is there."""
        for attestor in self.operators:
            there = self.ask("hub.lock_of", self["proofs"], attestor)
            reserved = self.ask("proofs.reserved", attestor)
            if there != self.locked[attestor] or reserved != self.reserved(attestor) or reserved > there:
                return False
        return True

    @invariant("RPF-5", at_end=True)
    def credits_are_covered(self) -> bool:
        """Everybody's credit is what the log owes, and the coins for all of them are there."""
        if any(self.ask("proofs.credits", who) != self.owed[who] for who in self.addresses):
            return False
        return bool(self.stored(self["proofs"]) == sum(self.owed.values()))


def _flipped(data: bytes, at: int) -> bytes:
    place = at % len(data)
    return data[:place] + bytes([data[place] ^ (1 + at % 255)]) + data[place + 1 :]
