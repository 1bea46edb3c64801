"""A provider's sequence as the chain tells of it, operation by operation, with those undone that a block takes back."""

from __future__ import annotations

from collections.abc import Sequence

from keifu.errors import UsageError
from keifu.storage.provider.messages import Appended, Cleared, Operation, ShardId
from keifu.storage.sequence import ProviderSequence, entry

__all__ = ["Book"]


class Book:
    def __init__(self) -> None:
        self.sequence = ProviderSequence()
        self.shards: list[Appended] = []  # by ordinal
        self.where: dict[ShardId, int] = {}  # what is stored: not cleared
        self.cleared: dict[int, int] = {}  # ordinal -> block
        self._operations: list[Operation] = []
        self._root = b""

    def __len__(self) -> int:
        """Operations."""
        return len(self._operations)

    @property
    def basis(self) -> bytes:
        """Another one when a proof that was made before does not hold any more."""
        if not self._root:
            self._root = self.sequence.root
        return self._root

    def follow(self, kept: int, operations: Sequence[Operation]) -> None:
        """Raises UsageError when there are fewer than `kept` known operations: some were missed."""
        if kept > len(self._operations):
            raise UsageError(
                f"{kept} operations are said to stand and {len(self._operations)} are known",
                remedy="bring all operations of the sequence, from the first on",
            )
        while len(self._operations) > kept:
            self._undo(self._operations.pop())
        for operation in operations:
            self._apply(operation)
            self._operations.append(operation)

    def _apply(self, operation: Operation) -> None:
        self._root = b""
        if isinstance(operation, Appended):
            self.where[operation.shard] = self.sequence.append(operation.root, operation.leaves)
            self.shards.append(operation)
        else:
            self.sequence.clear(operation.ordinal)
            self.cleared[operation.ordinal] = operation.block
            if self.where.get(shard := self.shards[operation.ordinal].shard) == operation.ordinal:
                del self.where[shard]

    def _undo(self, operation: Operation) -> None:
        self._root = b""
        if isinstance(operation, Cleared):
            del self.cleared[operation.ordinal]
            taken = self.shards[operation.ordinal]
            self.sequence.put(operation.ordinal, entry(taken.root, taken.leaves))
            self.where[taken.shard] = operation.ordinal
        else:
            self.shards.pop()
            self.where.pop(operation.shard, None)
            self.sequence.cut(len(self.shards))

    def cleared_since(self, block: int) -> set[ShardId]:
        """What was cleared after a block: if that block is the last final one, it may come back."""
        return {self.shards[ordinal].shard for ordinal, at in self.cleared.items() if at > block}
