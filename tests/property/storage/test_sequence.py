"""A provider's sequence is that of the slow reference after every step of any history, undone steps included."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from keifu.errors import UsageError
from keifu.spec import storage as spec
from keifu.storage.sequence import ProviderSequence, entry, opens

DATA = [bytes([value]) * 256 * leaves for value, leaves in enumerate((1, 2, 3, 5, 8))]
LEAVES = [tuple(spec.leaves_of(data)) for data in DATA]


class Histories(RuleBasedStateMachine):
    @initialize(before=st.sampled_from((0, 0, 0, 250, 509)))
    def start(self, before: int) -> None:
        self.fast, self.slow = ProviderSequence(), spec.Range()
        self.kinds: list[int] = []
        self.append(0, before)

    @rule(kind=st.integers(0, len(DATA) - 1), times=st.integers(1, 5))
    def append(self, kind: int, times: int) -> None:
        for _ in range(times):
            leaves = LEAVES[kind]
            assert self.fast.append(spec.root(leaves), len(leaves)) == len(self.kinds)
            self.slow.shards.append(spec.Shard(leaves))
            self.kinds.append(kind)

    @precondition(lambda self: self.kinds)
    @rule(at=st.integers(0, 10**6))
    def clear(self, at: int) -> None:
        at %= len(self.kinds)
        self.fast.clear(at)
        self.slow.shards[at] = None

    @precondition(lambda self: self.kinds)
    @rule(at=st.integers(0, 10**6))
    def undo_a_clearing(self, at: int) -> None:
        at %= len(self.kinds)
        leaves = LEAVES[self.kinds[at]]
        self.fast.put(at, entry(spec.root(leaves), len(leaves)))
        self.slow.shards[at] = spec.Shard(leaves)

    @precondition(lambda self: self.kinds)
    @rule(many=st.integers(0, 7))
    def undo_the_last(self, many: int) -> None:
        left = max(0, len(self.kinds) - many)
        self.fast.cut(left)
        del self.slow.shards[left:], self.kinds[left:]

    @rule()
    def start_again_from_a_disk(self) -> None:
        self.fast = ProviderSequence.from_bytes(self.fast.to_bytes())

    @precondition(lambda self: self.slow.total)
    @rule(at=st.integers(0, 10**6))
    def prove(self, at: int) -> None:
        leaf = at % self.slow.total
        place = self.fast.locate(leaf)
        assert (place.ordinal, place.index) == self.slow.locate(leaf)
        kind = self.kinds[place.ordinal]
        words = self.fast.proof(leaf, spec.path(LEAVES[kind], place.index))
        assert words == self.slow.proof(leaf)
        data = DATA[kind][place.index * 256 : place.index * 256 + 256]
        assert opens(len(self.fast), self.fast.peaks, leaf, data, words)

    @invariant()
    def agree(self) -> None:
        assert len(self.fast) == len(self.slow.shards)
        assert [int.from_bytes(node, "big") for node in self.fast.peaks] == self.slow.peaks
        assert self.fast.total == self.slow.total
        with pytest.raises(UsageError):
            self.fast.locate(self.slow.total)


TestHistories = Histories.TestCase
