"""What sessions have spent so far, as a node says at the block of the page: accounts log no amounts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

__all__ = ["Ask", "Asked", "Spending"]

KEPT = 256  # accounts
AT_ONCE = 4  # questions under way, whoever reads
Asked = Sequence[tuple[str, str]]  # keys, each with a token that its session limits
Ask = Callable[[str, Asked, str], Mapping[tuple[str, str], int] | None]  # of an account at a block's hash


class Spending:
    """Asks once for an account and a block. Where too many are asking, or the node does not answer, nothing is known,
    and nobody waits for it."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._guard = threading.Lock()
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._kept: OrderedDict[str, tuple[str, Mapping[tuple[str, str], int]]] = OrderedDict()

    def of(self, account: str, asked: Asked, block_hash: str) -> Mapping[tuple[str, str], int]:
        """Amounts by key and token, of those that are known."""
        with self._guard:
            at, found = self._kept.get(account, ("", {}))
        if at == block_hash or not asked or not self._free.acquire(blocking=False):
            return found if at == block_hash else {}
        try:
            found = self._ask(account, asked, block_hash) or {}
        finally:
            self._free.release()
        with self._guard:
            self._kept[account] = block_hash, found
            self._kept.move_to_end(account)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found
