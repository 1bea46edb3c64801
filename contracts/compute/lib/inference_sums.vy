# pragma version 0.4.3
"""
@title Sums of token models
@license MIT
@notice Sums that are too long or too scattered for one call: the provider shows those of parts, and one is computed again.
"""

from ...interfaces import IInferenceVerifier
from . import inference_trees as trees

NO_SUMS: constant(bytes32) = empty(bytes32)


@internal
@pure
def _chunks(_lanes: uint256, _each: uint256) -> uint256:
    return (_lanes + _each - 1) // _each


@internal
@pure
def _expect_lane(_operator: trees.Operator, _lane: uint256):
    assert _lane < _operator.height, "inference_verifier: lane"


@internal
@pure
def _is_total(
    _claim: IInferenceVerifier.Claim, _sums: IInferenceVerifier.Sums, _terms: uint256, _stride: uint256
) -> bool:
    """
    @dev Whether all sums are asked about, of which the last is the total; without sums it is one part, all of it.
    """
    if _claim.sums == NO_SUMS:
        return False
    assert keccak256(_sums.data) == _claim.sums, "inference_verifier: sums"
    count: uint256 = len(_sums.data) // 8
    if _sums.part != count:
        return False
    is_whole: bool = _claim.first == 0 and _claim.base == 0 and _claim.stride == _stride
    assert is_whole and count == self._chunks(_terms, _stride), "inference_verifier: sums"
    return True


@internal
@pure
def _part(_claim: IInferenceVerifier.Claim, _sums: IInferenceVerifier.Sums, _stride: uint256) -> uint256:
    """
    @dev The number of the part that is asked about, in parts of the whole tensor.
    """
    if _claim.sums == NO_SUMS:
        return 0
    assert _claim.stride == _stride and _claim.first % _stride == 0, "inference_verifier: sums"
    assert _sums.part < len(_sums.data) // 8, "inference_verifier: sums"
    return _claim.first // _stride + _sums.part


@internal
@pure
def _claimed(_claim: IInferenceVerifier.Claim, _sums: IInferenceVerifier.Sums) -> int256:
    """
    @dev What the provider said that the part brings.
    """
    return trees._sum(_sums.data, _sums.part) - trees._sum_before(_claim, _sums.data, _sums.part)
