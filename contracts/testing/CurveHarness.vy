# pragma version 0.4.3
"""
@title CurveHarness
@license MIT
@notice Opens lib/bls_bn254.vy to tests.
"""

from ..lib import bls_bn254


@external
@view
def map_to_curve(_u: uint256) -> uint256[2]:
    return bls_bn254._map(_u)


@external
@view
def hash_to_curve(_message: bytes32) -> uint256[2]:
    return bls_bn254._hash_to_curve(_message)


@external
@view
def is_key(_key: uint256[4]) -> bool:
    return bls_bn254._is_key(_key)
