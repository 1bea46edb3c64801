# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title One of each thing that branches
@license MIT
@notice The numbers in the comments are what engine/tests/test_coverage_report.py expects, counted by hand.
"""

from .lib import steps

LIMIT: immutable(uint256)
total: public(uint256)
seen: HashMap[uint256, uint256]


@deploy
def __init__(_limit: uint256):
    assert _limit > 0, "example: no limit"  # 2: holds 1, fails 1
    LIMIT = _limit  # 1


@external
def add(_value: uint256) -> uint256:
    # _value is used last in the branch that never runs, whose position the compiler gives to every use of it.
    assert _value > 0 and _value < LIMIT, "example: out of range"  # 5: holds 4, fails 1; true 4, false 1
    capped: uint256 = steps._at_most(_value, 100)  # 4
    if capped == 100:  # 4: true 2, false 2
        self.total += capped  # 2
    elif capped == 50:  # 2: true 1, false 1
        self.total = 0  # 1
    else:
        self.total += 1  # 1
    if capped == 77:  # 4: true 0, false 4
        self.total = _value  # 0
    return self.total  # 4


@external
def loop(_rounds: uint256) -> uint256:
    done: uint256 = 0  # 3
    for i: uint256 in range(_rounds, bound=10):  # 3: runs 6, ends 2
        if i == 3:  # 6: true 1, false 5
            break  # 1
        if i == 1:  # 5: true 2, false 3
            continue  # 2
        done += 1  # 3
    return done  # 3


@external
def sum(_values: DynArray[uint256, 5], _flag: bool):
    assert _flag or self.total > 3, "example: flag or total"  # 4: holds 3, fails 1; true 2, false 2
    for value: uint256 in _values:  # 3: runs 2, ends 3
        self.total += value  # 2
    if not _flag:  # 3: true 1, false 2
        raise "example: no flag"  # 1
    if len(_values) == 0:  # 2: true 1, false 1
        pass  # 1
    for i: uint256 in range(2):  # 2: runs 4, ends 2
        self.seen[i] = steps._at_most(i, 1)  # 4
    picked: uint256 = steps._unreached(1) if _flag and self.total > 9 else 3  # 2: true 0, false 2; true 2, false 0
    both: bool = _flag and picked > 3 or self.total == 5  # 2: true 2, false 0; true 0, false 2
    self.total = convert(both, uint256)  # 2


@external
def untouched(_value: uint256):
    assert _value != 0, "example: zero"  # 0: holds 0, fails 0
    self.total = _value  # 0
