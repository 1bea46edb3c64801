"""Proofs of an epoch and answers to demands, from the drawn leaves to a transaction that stands in a block.

Nothing here remembers that a proof was made. As long as the chain says that one is owed, there must be a transaction
under way that was made for this seed and this sequence; if there is none, one is made. So a refusal, a crash and a
block that is undone are all the same case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keifu.keys import keccak256
from keifu.storage.provider.commands import Open, Prove, Reply
from keifu.storage.provider.desk import Desk
from keifu.storage.provider.messages import Challenge, Demand, Leaf, Opened, OpenFailed, ShardId
from keifu.storage.sequence import draws, leaf_root, opens

__all__ = ["Proofs"]


@dataclass(frozen=True)
class _Job:
    key: str
    basis: str
    until: float  # when nobody waits for the disk any more
    about: Challenge | Demand


class Proofs:
    def __init__(self, desk: Desk, lost: Callable[[ShardId], None]) -> None:
        self._desk = desk
        self._lost = lost  # is given a shard that is not on the disk as it should be
        self._jobs: dict[str, _Job] = {}
        self._number = 0

    def step(self) -> None:
        now = self._desk.now
        self._jobs = {name: job for name, job in self._jobs.items() if job.until > now}
        for challenge in sorted(self._desk.head.owed, key=lambda challenge: challenge.deadline):
            self._prove(challenge)
        for demand in self._desk.head.demands:
            self._answer(demand)

    def _prove(self, challenge: Challenge) -> None:
        desk = self._desk
        if not 0 < challenge.total <= desk.book.sequence.total or desk.head.time > challenge.deadline:
            return
        half = (challenge.opened + challenge.deadline) // 2
        if desk.head.time < half and desk.changes_ahead():
            return  # a proof on the sequence as it is now would be refused behind that change
        places = [desk.book.sequence.locate(leaf) for leaf in self._drawn(challenge)]
        leaves = tuple((desk.book.shards[place.ordinal].shard, place.index) for place in places)
        self._open(f"prove {challenge.epoch}", self._basis(challenge), challenge, leaves)

    def _answer(self, demand: Demand) -> None:
        if self._desk.head.time <= demand.deadline and demand.shard in self._desk.book.where:
            self._open(f"reply {demand.number}", str(demand.shard), demand, ((demand.shard, demand.leaf),))

    def _open(self, key: str, basis: str, about: Challenge | Demand, leaves: tuple[tuple[ShardId, int], ...]) -> None:
        """Have the leaves read, unless that or the transaction is under way."""
        desk = self._desk
        if any(intent.basis == basis for intent in desk.intents.flying(key)):
            return
        if any((job.key, job.basis) == (key, basis) for job in self._jobs.values()):
            return
        if (pause := desk.pauses.until(key)) > desk.now:
            desk.wake(pause)
            return
        self._number += 1
        name = f"{key} {self._number}"
        self._jobs[name] = _Job(key, basis, desk.now + desk.policy.patience, about)
        desk.do(Open(name, leaves))
        desk.wake(desk.now + desk.policy.patience)

    def opened(self, event: Opened) -> None:
        job = self._jobs.pop(event.job, None)
        if job is None:
            return
        if isinstance(job.about, Challenge):
            self._proof(job, job.about, event.leaves)
        else:
            self._reply(job, job.about, event.leaves[0])

    def _reply(self, job: _Job, demand: Demand, leaf: Leaf) -> None:
        ordinal = self._desk.book.where.get(demand.shard)
        if ordinal is None or demand not in self._desk.head.demands:
            return
        taken = self._desk.book.shards[ordinal]
        if leaf_root(leaf.data, demand.leaf, taken.leaves, leaf.path) != taken.root:
            self._failed(job, demand.shard)
        else:
            self._desk.submit("reply", str(demand.number), Reply(demand.number, leaf), job.basis)

    def _proof(self, job: _Job, challenge: Challenge, leaves: tuple[Leaf, ...]) -> None:
        desk = self._desk
        if job.basis != self._basis(challenge) or challenge not in desk.head.owed:
            return  # the sequence or the seed is another one by now
        sequence, words = desk.book.sequence, []
        for drawn, leaf in zip(self._drawn(challenge), leaves, strict=True):
            found = sequence.proof(drawn, leaf.path)
            if not opens(len(sequence), sequence.peaks, drawn, leaf.data, found):
                self._failed(job, desk.book.shards[sequence.locate(drawn).ordinal].shard)
                return
            words.append(tuple(found))
        call = Prove(challenge.epoch, tuple(leaf.data for leaf in leaves), tuple(words))
        desk.submit("prove", str(challenge.epoch), call, job.basis)

    def open_failed(self, event: OpenFailed) -> None:
        job = self._jobs.pop(event.job, None)
        if job is not None:
            self._failed(job, event.shard)

    def _failed(self, job: _Job, shard: ShardId) -> None:
        self._desk.pauses.failed(job.key, self._desk.now)
        self._lost(shard)

    def _drawn(self, challenge: Challenge) -> list[int]:
        return draws(challenge.seed, challenge.epoch, self._desk.me, challenge.total)

    def _basis(self, challenge: Challenge) -> str:
        return keccak256(challenge.seed + self._desk.book.basis).hex()
