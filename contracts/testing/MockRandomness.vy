# pragma version 0.4.3
"""
@title MockRandomness
@license MIT
@notice Stands for a source of randomness: a test puts the seeds in.
"""

from ..interfaces import IRandomness

implements: IRandomness

# epoch -> seed.
seed: public(HashMap[uint256, bytes32])

# The first epoch whose seed nobody can know yet.
next: public(uint256)


@external
def put(_epoch: uint256, _seed: bytes32):
    self.seed[_epoch] = _seed
    self.next = max(self.next, _epoch + 1)
