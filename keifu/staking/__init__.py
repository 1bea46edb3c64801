"""Staking from Python: what operators, delegators, jurors and the timelock's proposers do, on any chain client."""

from keifu.staking.court import case_of, seal
from keifu.staking.owner import through_timelock
from keifu.staking.status import OperatorStatus, find_operators, read_operator, read_operators

__all__ = [
    "OperatorStatus",
    "case_of",
    "find_operators",
    "read_operator",
    "read_operators",
    "seal",
    "through_timelock",
]
