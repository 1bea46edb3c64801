"""What RecordProof owes by the log alone: promises are payable, strangers are not burnt for nothing, whoever wants
leaves in time, and order and parts pay alike. Each is asked at the end of a sequence, and undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from audit.oracles.harm import Harm
from audit.oracles.promise import Promise, check_payable
from audit.systems._record_proof import (
    CHAIN,
    HORIZON,
    MULTIPLE,
    PENALTY,
    RESERVE,
    REWARD,
    Period,
    RecordProofLog,
)
from ethwire.abi import encode_args
from ethwire.keys import keccak256
from evmstorm.fuzz.system import invariant
from evmstorm.oracles import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike
from keifu.provenance.foreign import BlockHeader
from keifu.units import DAY

__all__ = ["HEADER", "RecordProofOracles", "hidden", "secret_of"]

HEADER = "(address,uint256,uint256,bytes32,uint64)"
DUST = 8  # wei that shares of a pool are rounded by, for each slash


def secret_of(first: tuple[Any, ...], second: tuple[Any, ...], prover: str) -> bytes:
    """What a prover commits to, from what `evidence_of` is the hash of."""
    return hidden(keccak256(encode_args([HEADER, HEADER], [first, second])), prover)


def hidden(evidence: bytes, prover: str) -> bytes:
    """The hash that is committed to."""
    return keccak256(encode_args(["bytes32", "address"], (evidence, prover)))


class RecordProofOracles(RecordProofLog):
    """The five oracles of a campaign over value; profit is checked at each report."""

    def start(self) -> None:
        super().start()
        self.harm = Harm()

    def delegated(self, attestor: str) -> int:
        """Wei of strangers behind an attestor."""
        return int(self.view("position", attestor, self["delegator"])[1])

    def contradicts(self, item: Period) -> int:
        """An attestor signs both blocks, and a watcher shows them; wei that the watcher got."""
        watcher = self["watcher"]
        pair = [BlockHeader(item.attestor, CHAIN, block.number, block.hash, item.since) for block in self.blocks]
        first, second = ((header.args, header.sign(self.domain, self.signers[item.attestor])) for header in pair)
        self.do("proofs.commit_proof", secret_of(first[0], second[0], watcher), sender=watcher)
        self.evm.mine()
        before = self.ask("proofs.credits", watcher)
        self.do("proofs.report", *first, *second, sender=watcher)
        return self.ask("proofs.credits", watcher) - before

    def open_periods(self) -> list[Period]:
        return [item for item in self.periods if not item.over and item.since <= self.now <= item.until]

    @invariant("ORA-2", at_end=True)
    def bindings_are_payable(self) -> bool:
        """Promise: every open binding is paid in full, in whatever order reports come."""
        kept = self.open_periods()
        promises = [Promise(str(number), item.attestor, REWARD, RESERVE) for number, item in enumerate(kept)]
        check_payable(
            promises,
            self.evm.anchor,
            lambda _, attestor: self.ask("hub.lock_of", self["proofs"], attestor),
            lambda promise: self.contradicts(kept[int(promise.service)]),
        )
        return True

    @invariant("ORA-3", at_end=True)
    def strangers_lose_by_the_penalty_alone(self) -> bool:
        """Harm: a slash burns of its delegators at most the multiple of the attestor's penalty, and as much of nobody
        else's."""
        for item in self.open_periods():
            with self.evm.anchor():
                before = {attestor: self.delegated(attestor) for attestor in self.operators}
                self.contradicts(item)
                for attestor, had in before.items():
                    own = PENALTY if attestor == item.attestor else 0
                    self.harm.done(own, had - self.delegated(attestor), multiple=MULTIPLE, dust=DUST)
        return True

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: an attestor has all of its lock when its evidence window is over, or when the horizon of a removed
        service is; whatever watchers and strangers did."""
        now, service = self.now, self["proofs"]
        with self.evm.anchor():
            exits = [Exit(who, now, self.waits(who), self.out(who, "proofs.unlock")) for who in self.locked]
            check_exits(exits, lambda: self.evm.now, self.evm.warp_to)
        with self.evm.anchor():
            self.do("hub.remove_service", service, sender=self.owner)
            exits = [Exit(who, now, HORIZON + 1, self.out(who, "hub.take_back")) for who in self.locked]
            check_exits(exits, lambda: self.evm.now, self.evm.warp_to)
        return True

    def waits(self, attestor: str) -> int:
        period = self.running(attestor)
        return max(0, period.until + 1 - self.now) if period else 0

    def out(self, attestor: str, way: str) -> Callable[[], bool]:
        """Takes the whole lock that way; whether its coins arrived."""

        def leave() -> bool:
            amount, before = self.locked[attestor], self.stored(attestor) + self.ask("hub.credit", attestor)
            if not amount:
                return True
            self.do(way, amount if way == "proofs.unlock" else self["proofs"], sender=attestor)
            self.do("hub.collect", attestor, 0, sender=attestor)
            return bool(self.stored(attestor) - before == amount)

        return leave

    @invariant("ORA-5", at_end=True)
    def order_and_parts_pay_alike(self) -> bool:
        """Neutrality: reports pay the same and leave the same in either order; a lock in parts backs a promise as one
        in one piece does, and a promise that was prolonged is one that was made so long."""
        kept = self.open_periods()
        check_alike("reports", self.after_reports(kept), [self.after_reports(reversed(kept))], 0)
        stranger, parts = self["stranger"], (RESERVE // 3, RESERVE - RESERVE // 3)
        alike = [self.bound_by(stranger, (RESERVE,), (9,)), self.bound_by(stranger, parts, (4, 9))]
        assert alike[0] == alike[1], "neutrality: a promise in parts is another one"
        return True

    def after_reports(self, periods: Iterable[Period]) -> int:
        with self.evm.anchor():
            paid = sum(self.contradicts(item) for item in periods)
            return paid + sum(self.ask("hub.lock_of", self["proofs"], who) for who in self.operators)

    def bound_by(self, who: str, locks: Iterable[int], days: Iterable[int]) -> tuple[int, ...]:
        with self.evm.anchor():
            last = self.now
            self.do("hub.register_operator", 0, "", sender=who)
            for amount in locks:
                self.do("hub.lock", self["proofs"], who, amount, sender=who)
            for length in days:
                self.do("proofs.bind", last + length * DAY, sender=who)
            return tuple(self.contract("proofs").binding(who))

    def slashed(self, attestor: str, delegated: int) -> None:
        """One report that was paid: what strangers lost by it."""
        self.harm.done(PENALTY, delegated - self.delegated(attestor), multiple=MULTIPLE, dust=DUST)
