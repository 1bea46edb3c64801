# pragma version 0.4.3
"""
@title What models compute that make a vector of a text
@license MIT
@notice LayerNorm, tables, additions, places and mean pooling: one lane of each, or one term.
"""

from ...interfaces import IInferenceVerifier
from . import inference_numbers as numbers
from . import inference_sums as sums_of
from . import inference_trees as trees

LAYER_NORM: constant(uint256) = 12
TABLE: constant(uint256) = 13
POOLING: constant(uint256) = 14
ADD: constant(uint256) = 15
PLACE: constant(uint256) = 18
LARGEST_RESIDUAL: constant(int256) = 134217727
ENTRIES: constant(uint256) = 16384  # of a table, the first of which is of −8,192
LANES_16: constant(uint256) = 64
LANES_32: constant(uint256) = 32
PART: constant(uint256) = 1024  # lanes of a norm that is computed at once
PART_LEVELS_32: constant(uint256) = 5  # of its chunks
KEPT: constant(uint256) = 1  # place in a boundary of what is pooled
NO_SUMS: constant(bytes32) = empty(bytes32)


@external
@view
def normalised(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    row: IInferenceVerifier.Lines,
    gain: IInferenceVerifier.Lanes,
    bias: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane of a LayerNorm is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param row All of the source, 1,024 lanes at most.
    @param gain The chunk with the lane's gain.
    @param bias The chunk with the lane's bias.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, LAYER_NORM)
    sums_of._expect_lane(operator, lane)
    assert operator.width <= PART, "inference_verifier: part"
    chunks: uint256 = sums_of._chunks(operator.width, LANES_32)
    trees._expect_row(claim, operator.first, chunks, 0, PART_LEVELS_32, row.data, row.path)
    trees._expect_table(operator.weights, chunks, lane // LANES_32, gain)
    trees._expect_table(descriptor.words[2], chunks, lane // LANES_32, bias)
    trees._expect_own(claim, operator.slot, sums_of._chunks(operator.height, LANES_16), lane // LANES_16, out)
    squares: uint256 = 0
    sum: int256 = 0
    squares, sum = numbers._moments(row.data)
    count: int256 = convert(operator.width, int256)
    middle: int256 = numbers._near(sum, count)
    # Σ(x − μ)² = Σx² − 2μΣx + count·μ², and never below zero.
    apart: int256 = convert(squares, int256) - 2 * middle * sum + count * middle * middle
    mean: uint256 = convert(apart, uint256) // operator.width + operator.multiplier
    x: int256 = numbers._lane_32(slice(row.data, lane // LANES_32 * 128, 128), lane) - middle
    found: int256 = numbers._rq(numbers._over_root(x, mean), numbers._lane_32(gain.data, lane), operator.shift)
    return numbers._clip(found + numbers._lane_32(bias.data, lane), operator.limit) != numbers._lane_16(out.data, lane)


@external
@view
def tabled(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    x: IInferenceVerifier.Lanes,
    entry: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane is another one than the table has for its source.
    @param claim What is fixed.
    @param descriptor The operator.
    @param x The chunk that has the lane before.
    @param entry The table's chunk with the entry of that lane.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, TABLE)
    sums_of._expect_lane(operator, lane)
    chunks: uint256 = sums_of._chunks(operator.height, LANES_16)
    trees._expect_own(claim, operator.first, chunks, lane // LANES_16, x)
    trees._expect_own(claim, operator.slot, chunks, lane // LANES_16, out)
    # A source that no table has an entry for is wrong itself, and shown as that.
    place: int256 = numbers._lane_16(x.data, lane) + convert(ENTRIES // 2, int256)
    assert place >= 0 and place < convert(ENTRIES, int256), "inference_verifier: entry"
    number: uint256 = convert(place, uint256)
    trees._expect_table(operator.weights, ENTRIES // LANES_16, number // LANES_16, entry)
    return numbers._lane_16(entry.data, number) != numbers._lane_16(out.data, lane)


@external
@view
def added(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    x: IInferenceVerifier.Lanes,
    y: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane is another one than the sum of its sources.
    @param claim What is fixed.
    @param descriptor The operator.
    @param x The chunk of the first source that has the lane.
    @param y That of the second one.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, ADD)
    sums_of._expect_lane(operator, lane)
    chunks: uint256 = sums_of._chunks(operator.height, LANES_16)
    trees._expect_own(claim, operator.first, chunks, lane // LANES_16, x)
    trees._expect_own(claim, operator.second, chunks, lane // LANES_16, y)
    trees._expect_own(claim, operator.slot, sums_of._chunks(operator.height, LANES_32), lane // LANES_32, out)
    sum: int256 = numbers._lane_16(x.data, lane) + numbers._lane_16(y.data, lane)
    return numbers._clip(sum, operator.limit) != numbers._lane_32(out.data, lane)


@external
@view
def placed(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    x: IInferenceVerifier.Lanes,
    entry: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane is another one than its source and what the table has for the position.
    @param claim What is fixed.
    @param descriptor The operator.
    @param x The source's chunk that has the lane.
    @param entry The table's chunk that has the position's lane.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, PLACE)
    sums_of._expect_lane(operator, lane)
    # The model has no such position: a trace that has one is wrong.
    if claim.position >= operator.multiplier:
        return True
    chunks: uint256 = sums_of._chunks(operator.height, LANES_32)
    trees._expect_own(claim, operator.first, chunks, lane // LANES_32, x)
    trees._expect_own(claim, operator.slot, chunks, lane // LANES_32, out)
    number: uint256 = claim.position * operator.height + lane
    all: uint256 = sums_of._chunks(operator.multiplier * operator.height, LANES_32)
    trees._expect_table(operator.weights, all, number // LANES_32, entry)
    sum: int256 = numbers._lane_32(x.data, lane) + numbers._lane_32(entry.data, number)
    return numbers._clip(sum, LARGEST_RESIDUAL) != numbers._lane_32(out.data, lane)


@external
@view
def pooled(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    summand: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
    sums: IInferenceVerifier.Sums,
) -> bool:
    """
    @notice Whether a lane of a mean over all positions, or one term of it, is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param summand What is pooled, at the term's position; not looked at when the total is asked about.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @param sums Sums of terms that the claim names.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, POOLING)
    sums_of._expect_lane(operator, lane)
    chunks: uint256 = sums_of._chunks(operator.height, LANES_16)
    found: int256 = 0
    if sums_of._is_total(claim, sums, claim.positions, max(claim.stride, 1)):
        found = trees._sum(sums.data, sums.part - 1)
    else:
        place: uint256 = sums_of._part(claim, sums, 1)
        assert place < claim.positions, "inference_verifier: part"
        trees._expect_kept(claim, operator.group_levels, place, KEPT, chunks, lane // LANES_16, summand)
        found = numbers._lane_16(summand.data, lane)
        if claim.sums != NO_SUMS:
            return found != sums_of._claimed(claim, sums)
        assert claim.positions == 1, "inference_verifier: part"
    trees._expect_own(claim, operator.slot, chunks, lane // LANES_16, out)
    return numbers._near(found, convert(claim.positions, int256)) != numbers._lane_16(out.data, lane)
