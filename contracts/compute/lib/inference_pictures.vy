# pragma version 0.4.3
"""
@title Operators that go over a picture
@license MIT
@notice Convolution, largest of a window, and bounds: one lane of each. Sizes and steps stand in the descriptor's third word.
"""

from ...interfaces import IInferenceVerifier
from ...interfaces import IPictureVerifier
from . import inference_numbers as numbers
from . import inference_rows as rows
from . import inference_strips as strips_of
from . import inference_sums as sums_of
from . import inference_trees as trees

BOUNDED: constant(uint256) = 16
LARGEST: constant(uint256) = 17
CONVOLUTION: constant(uint256) = 19
LANES_16: constant(uint256) = 64
PART: constant(uint256) = 1024  # lanes of a part
BLOCK: constant(uint256) = 32  # weights of a word
MAX_PLACES: constant(uint256) = 4  # of a window that is looked at in one call
NO_SUMS: constant(bytes32) = empty(bytes32)


@external
@view
def convolved(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    row: IInferenceVerifier.Row,
    strips: IPictureVerifier.Strips,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
    sums: IInferenceVerifier.Sums,
) -> bool:
    """
    @notice Whether a lane of a convolution, or a sum of its products, is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param row The row of the lane's channel, with the part that is computed.
    @param strips The chunks that it reads: of each row of the picture, or of the one that a sum adds.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @param sums Sums of products that the claim names.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, CONVOLUTION)
    sums_of._expect_lane(operator, lane)
    window: strips_of.Window = strips_of._window(descriptor.words[2], lane // operator.multiplier)
    header: uint256 = rows._row(operator, row.leaf, row.path)
    assert header >> 224 == lane % operator.multiplier, "inference_verifier: row"
    products: int256 = 0
    # Segments are counted for a total alone.
    if self._asks_for_total(claim, sums) and sums_of._is_total(claim, sums, strips_of._segments(window), 1):
        products = trees._sum(sums.data, sums.part - 1)
    else:
        segment: strips_of.Segment = strips_of._segment(window, sums_of._part(claim, sums, 1))
        if claim.sums == NO_SUMS:
            assert operator.width <= PART, "inference_verifier: part"
            segment.end = strips_of._products(window)
        rows._expect_part(operator.width, row.leaf, row.part, segment.part)
        x: Bytes[2 * PART] = strips_of._seen(claim, operator.first, window, segment, strips)
        first: uint256 = 0
        blocks: uint256 = 0
        first, blocks = strips_of._blocks(segment)
        weights: Bytes[PART + 64] = slice(row.part, first * BLOCK, blocks * BLOCK)
        products = numbers._dot_of_rows(x, weights)
        if claim.sums != NO_SUMS:
            return products != sums_of._claimed(claim, sums)
    products += rows._bias(header)
    found: int256 = numbers._rq(products, rows._multiplier(header), (header >> 120) & 255)
    return self._is_other(claim, operator, descriptor.words[2], found, out, lane)


@external
@view
def largest(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    places: DynArray[IInferenceVerifier.Lanes, MAX_PLACES],
    out: IInferenceVerifier.Lanes,
    lane: uint256,
    sums: IInferenceVerifier.Sums,
) -> bool:
    """
    @notice Whether a lane is not the largest of its window, or a running largest one is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param places The chunks that have the lane's channel: of each place of the window in the picture, or of one.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @param sums The largest of the first place, of the first two, and so on, that the claim names.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, LARGEST)
    sums_of._expect_lane(operator, lane)
    window: strips_of.Window = strips_of._window(descriptor.words[2], lane // operator.multiplier)
    count: uint256 = strips_of._places(window)
    found: int256 = min_value(int256)
    if sums_of._is_total(claim, sums, count, 1):
        found = trees._sum(sums.data, sums.part - 1)
    else:
        first: uint256 = sums_of._part(claim, sums, 1)
        if claim.sums != NO_SUMS:
            assert first < count, "inference_verifier: part"
            if first > 0:
                found = trees._sum_before(claim, sums.data, sums.part)
            count = 1
        assert count <= MAX_PLACES, "inference_verifier: part"
        assert len(places) == count, "inference_verifier: places"
        for number: uint256 in range(count, bound=MAX_PLACES):
            at: uint256 = strips_of._place(window, first + number) + lane % operator.multiplier
            chunks: uint256 = strips_of._chunks(window)
            trees._expect_own(claim, operator.first, chunks, at // LANES_16, places[number])
            found = max(found, numbers._lane_16(places[number].data, at))
        if claim.sums != NO_SUMS:
            return found != trees._sum(sums.data, sums.part)
    return self._is_other(claim, operator, descriptor.words[2], found, out, lane)


@external
@view
def bounded(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    x: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane is another one than its source within the operator's bounds.
    @param claim What is fixed.
    @param descriptor The operator.
    @param x The chunk that has the lane before.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, BOUNDED)
    sums_of._expect_lane(operator, lane)
    chunks: uint256 = sums_of._chunks(operator.height, LANES_16)
    trees._expect_own(claim, operator.first, chunks, lane // LANES_16, x)
    return self._is_other(claim, operator, descriptor.words[2], numbers._lane_16(x.data, lane), out, lane)


@internal
@pure
def _asks_for_total(_claim: IInferenceVerifier.Claim, _sums: IInferenceVerifier.Sums) -> bool:
    if _claim.sums == NO_SUMS:
        return False
    assert keccak256(_sums.data) == _claim.sums, "inference_verifier: sums"
    return _sums.part == len(_sums.data) // 8


@internal
@pure
def _is_other(
    _claim: IInferenceVerifier.Claim,
    _operator: trees.Operator,
    _numbers: bytes32,
    _found: int256,
    _out: IInferenceVerifier.Lanes,
    _lane: uint256,
) -> bool:
    """
    @dev Whether a lane of 16 bits is not what was found, within the operator's bounds.
    """
    trees._expect_own(_claim, _operator.slot, sums_of._chunks(_operator.height, LANES_16), _lane // LANES_16, _out)
    within: int256 = max(strips_of._low(_numbers), min(strips_of._high(_numbers), _found))
    return within != numbers._lane_16(_out.data, _lane)
