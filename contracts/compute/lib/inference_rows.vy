# pragma version 0.4.3
"""
@title Rows of weights of token models
@license MIT
@notice A row opens with its header, and one of its parts; both belong to the operator.
"""

from ...interfaces import IInferenceVerifier
from . import inference_sums as sums_of
from . import inference_trees as trees

LANES_16: constant(uint256) = 64
PART: constant(uint256) = 1024  # lanes of a part
PART_LEVELS_16: constant(uint256) = 4  # of its chunks
LEAF: constant(uint256) = 545  # bytes of the longest leaf, of 16 parts
PART_BYTES: constant(uint256) = 1088
ROWS_8: constant(uint256) = 0
BLOCKS_4: constant(uint256) = 1


@internal
@pure
def _row(_operator: trees.Operator, _leaf: Bytes[LEAF], _path: DynArray[bytes32, trees.MAX_PATH]) -> uint256:
    """
    @dev The header of a row of the operator's weights.
    """
    assert len(_leaf) == 33 + 32 * sums_of._chunks(_operator.width, PART), "inference_verifier: row"
    header: uint256 = extract32(_leaf, 0, output_type=uint256)
    assert len(_path) == trees._levels(self._rows(_operator)), "inference_verifier: path"
    root: bytes32 = trees._climbed(keccak256(_leaf), header >> 224, _path)
    assert root == _operator.weights, "inference_verifier: row"
    return header


@internal
@pure
def _rows(_operator: trees.Operator) -> uint256:
    """
    @dev How many rows the operator has: an embedding one for each token.
    """
    return _operator.multiplier if _operator.multiplier > 0 else _operator.height


@internal
@pure
def _multiplier(_header: uint256) -> int256:
    return convert((_header >> 128) & 4294967295, int256)


@internal
@pure
def _bias(_header: uint256) -> int256:
    found: int256 = convert((_header >> 160) & 18446744073709551615, int256)
    if found >= 2**63:
        found -= 2**64
    return found


@internal
@pure
def _expect_part(_width: uint256, _leaf: Bytes[LEAF], _data: Bytes[PART_BYTES], _part: uint256):
    assert _part < sums_of._chunks(_width, PART), "inference_verifier: part"
    assert keccak256(_data) == extract32(_leaf, 32 + 32 * _part), "inference_verifier: part"


@internal
@pure
def _piece(
    _data: Bytes[PART_BYTES], _layout: uint256, _first: uint256, _lanes: uint256, _all: uint256
) -> Bytes[PART_BYTES]:
    """
    @dev Weights of a part that has `_all`, from `_first` on, with their scales, as a part of their own.
    """
    if _layout == ROWS_8:
        return slice(_data, _first, _lanes)
    if _layout == BLOCKS_4:
        weights: uint256 = (((_lanes >> 5) + 1) >> 1) << 5
        behind: uint256 = ((((_all >> 5) + 1) >> 1) << 5) + (_first >> 3)
        return convert(concat(slice(_data, _first >> 1, weights), slice(_data, behind, _lanes >> 3)), Bytes[PART_BYTES])
    return convert(
        concat(slice(_data, _first, _lanes), slice(_data, _all + (_first >> 4), _lanes >> 4)), Bytes[PART_BYTES]
    )
