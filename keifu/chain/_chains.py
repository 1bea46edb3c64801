"""What is known of chains by their ids."""

from __future__ import annotations

__all__ = ["final_depth"]

# Blocks on top of a transaction's own until no reorganisation takes it away.
_DEPTHS = {
    1_337: 0,  # local chains have one node
    31_337: 0,
    16_661: 2,  # 0G decides each block by vote; two more, as the nodes behind one address are not equally far
    16_602: 2,
}
_DEPTH = 64  # two epochs of Ethereum, after which it calls a block final; for whatever is not known


def final_depth(chain_id: int) -> int:
    return _DEPTHS.get(chain_id, _DEPTH)
