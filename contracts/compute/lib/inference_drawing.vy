# pragma version 0.4.3
"""
@title Drawn tokens
@license MIT
@notice A token that is drawn is the largest logit after noise, which seed and position fix. Two tokens are computed.
"""

from ...interfaces import IInferenceVerifier
from ...interfaces import ITraceVerifier
from . import inference_numbers as numbers
from . import inference_rows as rows
from . import inference_sums as sums_of
from . import inference_trees as trees

TOKEN: constant(uint256) = 10
LANES_16: constant(uint256) = 64
PART: constant(uint256) = 1024  # lanes of a part
PART_LEVELS_16: constant(uint256) = 4  # of its chunks
MASK_16: constant(uint256) = 65535
MASK_64: constant(uint256) = 18446744073709551615
# The root over the 512 words of the table of noise, eight entries of 32 bits a word.
NOISE: constant(bytes32) = 0xa5c354efa7d2395f461bb73c608e98126f2b9fe0599c39cf191e0d0db173bb7b
NOISE_WORDS: constant(uint256) = 10  # a word, and its path of nine nodes


@external
@view
def drawn(
    bound: ITraceVerifier.Bound,
    descriptor: IInferenceVerifier.Descriptor,
    drawing: ITraceVerifier.Drawing,
    x: IInferenceVerifier.Part,
    chosen: IInferenceVerifier.Row,
    better: IInferenceVerifier.Row,
    chosen_noise: bytes32[NOISE_WORDS],
    better_noise: bytes32[NOISE_WORDS],
    out: IInferenceVerifier.Lanes,
) -> bool:
    """
    @notice Whether another token than the one that was committed is drawn.
    @param bound What is fixed. Its trace is the receipt's root, which holds the drawing.
    @param descriptor The operator.
    @param drawing By what tokens are drawn.
    @param x The source, 1,024 lanes at most.
    @param chosen The committed token's row.
    @param better The other's row.
    @param chosen_noise The word of the table with the committed token's noise, and its path.
    @param better_noise The word with the other's.
    @param out The committed token.
    @return True if it is.
    """
    assert trees._drawn(drawing.tree, drawing.seed, drawing.scale) == bound.trace, "trace_verifier: drawing"
    claim: IInferenceVerifier.Claim = empty(IInferenceVerifier.Claim)
    claim.program = bound.program
    claim.record = bound.record
    claim.group = bound.group
    operator: trees.Operator = trees._operator(claim, descriptor, TOKEN)
    trees._expect_own(claim, operator.slot, 1, 0, out)
    number: int256 = numbers._lane_32(out.data, 0)
    if number < 0 or number >= convert(operator.height, int256):
        return True
    assert operator.width <= PART, "trace_verifier: part"
    chunks: uint256 = sums_of._chunks(operator.width, LANES_16)
    trees._expect_row(claim, operator.first, chunks, 0, PART_LEVELS_16, x.data, x.path)
    assert self._number(chosen.leaf) == number, "trace_verifier: row"
    start: uint256 = self._start(drawing.seed, bound.position)
    size: int256 = self._size(operator, chosen, x.data, drawing.scale) + self._noise(start, number, chosen_noise)
    other: int256 = self._number(better.leaf)
    found: int256 = self._size(operator, better, x.data, drawing.scale) + self._noise(start, other, better_noise)
    return found > size or (found == size and other < number)


@internal
@pure
def _number(_leaf: Bytes[rows.LEAF]) -> int256:
    """
    @dev Of a row's token.
    """
    return convert(extract32(_leaf, 0, output_type=uint256) >> 224, int256)


@internal
@pure
def _size(
    _operator: trees.Operator, _row: IInferenceVerifier.Row, _x: Bytes[numbers.LANE_BYTES], _scale: uint256
) -> int256:
    """
    @dev A token's logit as noise is added to it.
    """
    header: uint256 = rows._row(_operator, _row.leaf, _row.path)
    rows._expect_part(_operator.width, _row.leaf, _row.part, 0)
    logit: int256 = numbers._dot(_x, _operator.width, _row.part, _operator.layout) + rows._bias(header)
    return ((logit * rows._multiplier(header)) >> ((_scale >> 16) & 255)) * convert(_scale & MASK_16, int256)


@internal
@pure
def _start(_seed: bytes32, _position: uint256) -> uint256:
    """
    @dev What the noise of a position begins with.
    """
    place: Bytes[8] = slice(convert(_position, bytes32), 24, 8)
    return convert(keccak256(concat(_seed, place)), uint256) >> 192


@internal
@pure
def _noise(_start: uint256, _number: int256, _shown: bytes32[NOISE_WORDS]) -> int256:
    """
    @dev A token's entry of the table: which one is found by the finaliser of splitmix64.
    """
    z: uint256 = unsafe_mul(convert(_number + 1, uint256), 11400714819323198485)
    z = unsafe_add(_start, z) & MASK_64
    z = unsafe_mul(z ^ (z >> 30), 13787848793156543929) & MASK_64
    z = unsafe_mul(z ^ (z >> 27), 10723151780598845931) & MASK_64
    entry: uint256 = (z ^ (z >> 31)) >> 52
    path: DynArray[bytes32, trees.MAX_PATH] = []
    for place: uint256 in range(1, NOISE_WORDS):
        path.append(_shown[place])
    assert trees._climbed(_shown[0], entry >> 3, path) == NOISE, "trace_verifier: noise"
    return (
        convert((convert(_shown[0], uint256) >> (224 - ((entry & 7) << 5))) & trees.MASK_32, int256) - numbers.HALF_32
    )
