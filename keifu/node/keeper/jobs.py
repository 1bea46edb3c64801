"""What a keeper could do now: each job with what it earns, wei of ether, and how to see that somebody else did it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from ethwire.abi import BoundFunction
from keifu.chain.header import encode_header
from keifu.chain.suite import COURT, HUB
from keifu.node.chain import NodeChain
from keifu.node.final import newest_final
from keifu.node.open_cases import Case, OpenCases
from keifu.node.sections import KeeperWork
from keifu.spec.court import QUEUE, SEED

__all__ = ["RANDOMNESS", "Job", "Jobs"]

RANDOMNESS = "Randomness"
REACH = 256  # blocks for which the chain knows a hash; a capture after them has no tip


@dataclass(frozen=True)
class Job:
    """One call. `id` names it for ever."""

    id: str
    function: BoundFunction
    args: tuple[object, ...]
    earns: int

    @property
    def to(self) -> str:
        return self.function.contract.address

    @property
    def data(self) -> bytes:
        return self.function.encode(*self.args)


class Jobs:
    """Finds them."""

    def __init__(self, chain: NodeChain, settings: KeeperWork, database: sqlite3.Connection) -> None:
        self._chain, self._settings = chain, settings
        suite, client = chain.suite, chain.client
        self._randomness, self._hub = suite.at(client, RANDOMNESS), suite.at(client, HUB)
        self._court, self._open_cases = suite.at(client, COURT), OpenCases(chain, database)
        self._first: int = self._randomness.first()
        self._stride: int = self._randomness.stride()
        self._tip: int = self._randomness.tip()

    def due(self, head: int) -> Iterator[Job]:
        """Everything that earns something. Raises RpcError."""
        cases = list(self._cases()) if self._settings.for_seed or self._settings.for_step else []
        yield from self._seeds(head, {case.seed_epoch for case in cases if case.phase == SEED})
        if self._settings.for_step:
            yield from (job for case in cases if (job := self._step(case)) is not None)
        if self._settings.for_epoch:
            yield from self._epoch()

    # seeds ---------------------------------------------------------------------------------------------------------

    def _seeds(self, head: int, wanted: set[int]) -> Iterator[Job]:
        newest = (head - self._first) // self._stride
        oldest = max(-(-(head - REACH - self._first) // self._stride), 0)
        timely = set(range(oldest, newest + 1)) if self._tip else set()
        tips = self._chain.client.balance(self._randomness.address) if timely else 0
        for epoch in sorted(timely | wanted):
            if any(self._randomness.seed(epoch)) or (source := self._randomness.source(epoch)) >= head:
                continue
            in_time = source == self._first + epoch * self._stride
            earns = self._tip if in_time and tips >= self._tip else 0
            earns += self._settings.for_seed if epoch in wanted else 0
            if earns:
                block = self._chain.rpc.call("eth_getBlockByNumber", hex(source), False)
                args = (epoch, encode_header(block))
                yield Job(f"seed {epoch} at {source}", self._randomness.capture, args, earns)

    # cases and epochs, which the owner pays for --------------------------------------------------------------------

    def _cases(self) -> Iterator[Case]:
        for case in self._open_cases.look(newest_final(self._chain)):
            if case.is_over:
                self._open_cases.drop(case.number)
            else:
                yield case

    def _step(self, case: Case) -> Job | None:
        """The next step of a case, when one is due: a period has ended, a seed is there, a turn has come."""
        is_due = case.has_ended if case.phase not in (SEED, QUEUE) else True
        if not is_due or self._court.advance.call(case.number) == case.phase:
            return None
        name = f"case {case.number} {case.hearing} {case.phase} since {case.since}"
        return Job(name, self._court.advance, (case.number,), self._settings.for_step)

    def _epoch(self) -> Iterator[Job]:
        """Closing the epochs that are over: it credits the treasury, and the first call of an epoch pays for it."""
        if self._hub.pay_treasury.call():
            yield Job(f"epoch {self._hub.epoch()}", self._hub.pay_treasury, (), self._settings.for_epoch)
