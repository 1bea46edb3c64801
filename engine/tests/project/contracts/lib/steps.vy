# pragma version 0.4.3
"""
@title A module for CoverageExample
@license MIT
@notice The numbers in the comments are what engine/tests/test_coverage_report.py expects, counted by hand.
"""


@internal
@pure
def _at_most(_value: uint256, _most: uint256) -> uint256:
    if _value > _most:  # 8: true 2, false 6
        return _most  # 2
    return _value  # 6


@internal
@pure
def _unreached(_value: uint256) -> uint256:
    return _value + 1  # 0


@internal
@pure
def _unused(_value: uint256) -> uint256:
    return _value + 2  # absent
