# pragma version 0.4.3
"""
@title How much of a grant is vested at a time
@license MIT
@notice A first part at the start, the rest in equal steps, the whole after the last one:
    `vested = first + (total - first) * k / steps` with `k = min((now - start) / step, steps)`.
@dev Computed from totals, never by adding instalments, so that rounding cannot pile up: at `k = steps` the division is
    exact. No overflow while `total < 2**128` and `steps < 2**128`. It never decreases, never exceeds `total`, and is
    `total` after the last step; tests/property/tge/test_schedule_proof.py proves all four for the event's schedule.
"""


@internal
@pure
def _first(_total: uint256, _divisor: uint256) -> uint256:
    """
    @dev The part that is vested at the start: one in `_divisor`, rounded down; none if that is 0.
    """
    if _divisor == 0:
        return 0
    return _total // _divisor


@internal
@pure
def _steps_passed(_start: uint256, _step: uint256, _steps: uint256, _at: uint256) -> uint256:
    """
    @dev Whole steps between `_start` and `_at`, at most `_steps`. The caller has checked that `_at >= _start`.
    """
    return min(unsafe_sub(_at, _start) // _step, _steps)


@internal
@pure
def _vested(_total: uint256, _first: uint256, _passed: uint256, _steps: uint256) -> uint256:
    """
    @dev Wei of `_total < 2**128` that are vested after `_passed` of `_steps` steps, `_first` of them from the start.
    """
    return _first + (_total - _first) * _passed // _steps
