# pragma version 0.4.3
"""
@title Attention of token models
@license MIT
@notice RoPE, scores, the statistics of a softmax and weighted sums: one lane of each, or one term.
"""

from ...interfaces import IInferenceVerifier
from . import inference_numbers as numbers
from . import inference_sums as sums_of
from . import inference_trees as trees

ROPE: constant(uint256) = 5
SCORES: constant(uint256) = 6
SOFTMAX: constant(uint256) = 7
ATTENDED: constant(uint256) = 8
ROTATED: constant(int256) = 5791
LANES_16: constant(uint256) = 64
LANES_32: constant(uint256) = 32
KEYS: constant(uint256) = 1  # places in a boundary
VALUES: constant(uint256) = 2
SCORES_OF_SUM: constant(uint256) = 32  # terms of a part of a softmax's total
NO_SUMS: constant(bytes32) = empty(bytes32)


@external
@view
def rotation(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    x: IInferenceVerifier.Lanes,
    turns: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane of RoPE is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param x The source's chunk with the lane.
    @param turns The angles of the position.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, ROPE)
    sums_of._expect_lane(operator, lane)
    # The model has no such position: a trace that has one is wrong. Its angles would be those of another.
    if claim.position >= operator.multiplier:
        return True
    chunks: uint256 = sums_of._chunks(operator.height, LANES_16)
    trees._expect_own(claim, operator.first, chunks, lane // LANES_16, x)
    trees._expect_own(claim, operator.slot, chunks, lane // LANES_16, out)
    trees._expect_table(operator.weights, operator.multiplier, claim.position, turns)
    even: uint256 = lane - lane % 2
    a: int256 = numbers._lane_16(x.data, even)
    b: int256 = numbers._lane_16(x.data, even + 1)
    c: int256 = numbers._lane_16(turns.data, even)
    s: int256 = numbers._lane_16(turns.data, even + 1)
    found: int256 = a * c - b * s
    if lane != even:
        found = a * s + b * c
    return numbers._clip((found + 8192) >> 14, ROTATED) != numbers._lane_16(out.data, lane)


@external
@view
def score(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    query: IInferenceVerifier.Lanes,
    key: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    head: uint256,
    place: uint256,
) -> bool:
    """
    @notice Whether a head's score of a position is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param query The head's query.
    @param key The key of the position.
    @param out The chunk that has the score.
    @param head Which head.
    @param place Which position.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, SCORES)
    assert head < operator.heads and place < self._seen(claim, operator), "inference_verifier: lane"
    trees._expect_own(claim, operator.first, operator.heads, head, query)
    self._expect_kept(claim, operator, place, KEYS, head, key)
    self._expect_scores(claim, operator, operator.slot, head, place // LANES_32, out)
    return numbers._products(query.data, key.data) != numbers._lane_32(out.data, place)


@external
@view
def maximum(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    scores: IInferenceVerifier.Lanes,
    statistic: IInferenceVerifier.Lanes,
    head: uint256,
    place: uint256,
) -> bool:
    """
    @notice Whether a score shows that a head's largest score, or where it stands first, is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param scores The chunk that has the score.
    @param statistic The chunk of the head's statistics.
    @param head Which head.
    @param place The position of the score.
    @return True if it does.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, SOFTMAX)
    assert head < operator.heads and place < self._seen(claim, operator), "inference_verifier: lane"
    self._expect_scores(claim, operator, operator.first, head, place // LANES_32, scores)
    self._expect_statistic(claim, operator, operator.slot, head, statistic)
    largest: int256 = numbers._lane_32(statistic.data, head * 4)
    where: int256 = numbers._lane_32(statistic.data, head * 4 + 1)
    if where < 0 or where >= convert(self._seen(claim, operator), int256):
        return True
    found: int256 = numbers._lane_32(scores.data, place)
    at: int256 = convert(place, int256)
    return found > largest or (found == largest and at < where) or (at == where and found != largest)


@external
@view
def total(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    scores: IInferenceVerifier.Lanes,
    statistic: IInferenceVerifier.Lanes,
    head: uint256,
    sums: IInferenceVerifier.Sums,
) -> bool:
    """
    @notice Whether the sum of a head's weights, or a part of it, is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param scores The chunk with the part's scores; not looked at when the total is asked about.
    @param statistic The chunk of the head's statistics.
    @param head Which head.
    @param sums Sums of weights that the claim names.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, SOFTMAX)
    assert head < operator.heads, "inference_verifier: lane"
    self._expect_statistic(claim, operator, operator.slot, head, statistic)
    committed: int256 = numbers._lane_32(statistic.data, head * 4 + 2)
    count: uint256 = self._seen(claim, operator)
    if sums_of._is_total(claim, sums, count, SCORES_OF_SUM):
        return trees._sum(sums.data, sums.part - 1) != committed
    first: uint256 = sums_of._part(claim, sums, SCORES_OF_SUM) * SCORES_OF_SUM
    assert first < count, "inference_verifier: part"
    self._expect_scores(claim, operator, operator.first, head, first // LANES_32, scores)
    largest: int256 = numbers._lane_32(statistic.data, head * 4)
    found: int256 = 0
    for place: uint256 in range(SCORES_OF_SUM):
        if first + place >= count:
            break
        found += self._weight(operator, numbers._lane_32(scores.data, place), largest)
    if claim.sums != NO_SUMS:
        return found != sums_of._claimed(claim, sums)
    assert count <= SCORES_OF_SUM, "inference_verifier: part"
    return found != committed


@external
@view
def attended(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    scores: IInferenceVerifier.Lanes,
    statistic: IInferenceVerifier.Lanes,
    summand: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
    sums: IInferenceVerifier.Sums,
) -> bool:
    """
    @notice Whether a lane of a head's weighted sum, or one term of it, is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param scores The chunk with the term's score; not looked at when the total is asked about.
    @param statistic The chunk of the head's statistics.
    @param summand The value of the term's position; not looked at when the total is asked about.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @param sums Sums of terms that the claim names.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, ATTENDED)
    sums_of._expect_lane(operator, lane)
    head: uint256 = lane // LANES_16
    self._expect_statistic(claim, operator, operator.second, head, statistic)
    found: int256 = 0
    count: uint256 = self._seen(claim, operator)
    if sums_of._is_total(claim, sums, count, max(claim.stride, 1)):
        found = trees._sum(sums.data, sums.part - 1)
    else:
        place: uint256 = sums_of._part(claim, sums, 1)
        assert place < count, "inference_verifier: part"
        self._expect_scores(claim, operator, operator.first, head, place // LANES_32, scores)
        self._expect_kept(claim, operator, place, VALUES, head, summand)
        largest: int256 = numbers._lane_32(statistic.data, head * 4)
        found = self._weight(operator, numbers._lane_32(scores.data, place), largest)
        found *= numbers._lane_16(summand.data, lane)
        if claim.sums != NO_SUMS:
            return found != sums_of._claimed(claim, sums)
        assert count == 1, "inference_verifier: part"
    trees._expect_own(claim, operator.slot, sums_of._chunks(operator.height, LANES_16), head, out)
    return numbers._near(found, numbers._lane_32(statistic.data, head * 4 + 2)) != numbers._lane_16(out.data, lane)


@internal
@pure
def _seen(_claim: IInferenceVerifier.Claim, _operator: trees.Operator) -> uint256:
    return trees._seen(_operator, _claim.position, _claim.positions)


@internal
@pure
def _expect_scores(
    _claim: IInferenceVerifier.Claim,
    _operator: trees.Operator,
    _slot: uint256,
    _head: uint256,
    _chunk: uint256,
    _lanes: IInferenceVerifier.Lanes,
):
    each: uint256 = sums_of._chunks(self._seen(_claim, _operator), LANES_32)
    trees._expect_own(_claim, _slot, _operator.heads * each, _head * each + _chunk, _lanes)


@internal
@pure
def _expect_statistic(
    _claim: IInferenceVerifier.Claim,
    _operator: trees.Operator,
    _slot: uint256,
    _head: uint256,
    _lanes: IInferenceVerifier.Lanes,
):
    trees._expect_own(_claim, _slot, sums_of._chunks(_operator.heads, 8), _head // 8, _lanes)


@internal
@pure
def _expect_kept(
    _claim: IInferenceVerifier.Claim,
    _operator: trees.Operator,
    _position: uint256,
    _place: uint256,
    _head: uint256,
    _lanes: IInferenceVerifier.Lanes,
):
    heads: uint256 = _operator.heads // _operator.shared
    head: uint256 = _head // _operator.shared
    trees._expect_kept(_claim, _operator.group_levels, _position, _place, heads, head, _lanes)


@internal
@pure
def _weight(_operator: trees.Operator, _score: int256, _largest: int256) -> int256:
    """
    @dev A score above the largest is wrong already, and counts as the largest.
    """
    less: uint256 = convert(max(_largest - _score, 0), uint256)
    return convert(numbers._exp2n((less * _operator.multiplier) >> _operator.shift), int256)
