"""A token model's products, handed out to whoever audits a reply and pays for it.

Nothing is kept of replies: an auditor names the ids. Whoever names new ones pays for reading them all. The first part
of a layer costs a layer's share of all positions, which are computed for it, a further one its share of its own. The
two replies that were read last are held.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import msgspec

from keifu.compute.products import Asked, Handed, packed
from keifu.errors import UsageError
from keifu.inference.tokens.auditing import LARGEST_PART
from keifu.inference.tokens.executor import Executor, ids_of
from keifu.inference.tokens.linear import Handing, expect_part, rows_of_matrices

__all__ = ["Hands", "answer_of"]

HELD = 2  # replies
LARGEST_HELD = 1 << 29  # bytes of one
_Ids = tuple[tuple[int, ...], tuple[int, ...]]


class Hands:
    """May be asked by several threads: one at a time computes."""

    def __init__(self, executor: Executor, positions: int) -> None:
        self._executor, self._positions = executor, positions
        self._held: OrderedDict[_Ids, Handing] = OrderedDict()
        self._computing = threading.Lock()

    def units(self, asked: Asked) -> int:
        """What a part costs. Raises UsageError for one that is not handed out."""
        sizes = self._executor.program.sizes
        ids = ids_of([*asked.prompt, *asked.reply[:-1]], sizes.tokens, self._positions)
        if 4 * len(ids) * sizes.width * (sizes.layers + 1) > LARGEST_HELD:
            raise UsageError(f"{len(ids):,} positions are too many to be audited here")
        rows = sum(rows_of_matrices(self._executor.program, min(asked.layer, sizes.layers)))
        if asked.layer > sizes.layers or 8 * asked.count * rows > LARGEST_PART:
            raise UsageError(
                f"layer {asked.layer} at {asked.count:,} positions",
                remedy=f"layers go to {sizes.layers}, and a part has at most {LARGEST_PART >> 20} MiB",
            )
        # Before anything is computed: what is refused later is not paid for.
        expect_part(sizes, len(asked.prompt) - 1, len(ids), (asked.layer, asked.first, asked.count))
        held = self._held.get(_ids(asked))
        is_first = asked.layer < sizes.layers and not (held and held.is_at_hand(asked.layer))
        share = -(-(len(ids) if is_first else asked.count) // (sizes.layers + 1))
        return share if held else share + len(ids)

    def part(self, asked: Asked) -> Handed:
        """Raises UsageError for positions that are not there."""
        with self._computing:
            ids = _ids(asked)
            handing = self._held.get(ids) or Handing(self._executor, *ids)
            self._held.pop(ids, None)
            self._held[ids] = handing  # as the newest
            while len(self._held) > HELD:
                self._held.popitem(last=False)
            return packed(handing.sums(asked.layer, asked.first, asked.count))

    def forget(self, asked: Asked) -> None:
        """Hold a reply no more: whoever had it read has left without paying for that."""
        self._held.pop(_ids(asked), None)


def answer_of(model: str, units: int, handed: Handed) -> bytes:
    usage = {"prompt_tokens": units, "completion_tokens": 0, "total_tokens": units}
    document = {"object": "products", "model": model, **msgspec.structs.asdict(handed), "usage": usage}
    return msgspec.json.encode(document)


def _ids(asked: Asked) -> _Ids:
    return tuple(asked.prompt), tuple(asked.reply)
