# pragma version 0.4.3
"""
@title ScheduleHarness
@license MIT
@notice Shows the modules of lib/ that vesting is made of, for tests: schedule and merkle.
"""

from ..lib import merkle
from ..lib import schedule


@external
@pure
def vested(
    _total: uint256, _divisor: uint256, _start: uint256, _step: uint256, _steps: uint256, _at: uint256
) -> uint256:
    """
    @notice Wei of `_total` that are vested at `_at >= _start`.
    """
    return schedule._vested(
        _total, schedule._first(_total, _divisor), schedule._steps_passed(_start, _step, _steps, _at), _steps
    )


@external
@pure
def root(_leaf: bytes32, _proof: DynArray[bytes32, merkle.MAX_DEPTH]) -> bytes32:
    """
    @notice The root that a proof leads to.
    """
    return merkle._root(_leaf, _proof)
