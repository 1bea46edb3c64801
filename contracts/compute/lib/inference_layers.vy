# pragma version 0.4.3
"""
@title What token models compute from weights
@license MIT
@notice Embedding, norm, dense operators, residuals and the token: one lane of each.
"""

from ...interfaces import IInferenceVerifier
from . import inference_numbers as numbers
from . import inference_rows as rows
from . import inference_sums as sums_of
from . import inference_trees as trees

EMBEDDING: constant(uint256) = 1
NORM: constant(uint256) = 2
DENSE: constant(uint256) = 3
RESIDUAL: constant(uint256) = 4
TOKEN: constant(uint256) = 10
WITH_EXPONENT: constant(uint256) = 1
LARGEST_RESIDUAL: constant(int256) = 134217727
LARGEST_SUM: constant(int256) = 2**63 - 1
LANES_16: constant(uint256) = 64
LANES_32: constant(uint256) = 32
PART: constant(uint256) = 1024  # lanes of a part
PART_LEVELS_16: constant(uint256) = 4  # of its chunks
# Lanes of one sum of products, and the level of their chunks; twice as many while a row has more than 32 sums.
PIECE: constant(uint256) = 128
PIECES: constant(uint256) = 32
PART_LEVELS_32: constant(uint256) = 5
NO_SUMS: constant(bytes32) = empty(bytes32)


@external
@view
def embedding(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    id: IInferenceVerifier.Lanes,
    row: IInferenceVerifier.Row,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane of a token's embedding is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param id The token.
    @param row The token's row, with the part that has the lane.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, EMBEDDING)
    sums_of._expect_lane(operator, lane)
    trees._expect_own(claim, operator.first, 1, 0, id)
    number: int256 = numbers._lane_32(id.data, 0)
    # Nobody has a row for an id that is no token: what was made of it is wrong.
    if number < 0 or number >= convert(operator.multiplier, int256):
        return True
    trees._expect_own(claim, operator.slot, sums_of._chunks(operator.height, LANES_32), lane // LANES_32, out)
    header: uint256 = rows._row(operator, row.leaf, row.path)
    assert convert(header >> 224, int256) == number, "inference_verifier: row"
    part: uint256 = lane // PART
    rows._expect_part(operator.width, row.leaf, row.part, part)
    lanes: uint256 = min(PART, operator.width - part * PART)
    weight: int256 = numbers._whole_weight(row.part, operator.layout, lanes, lane % PART)
    found: int256 = numbers._rq(weight, rows._multiplier(header), operator.shift)
    return numbers._clip(found, LARGEST_RESIDUAL) != numbers._lane_32(out.data, lane)


@external
@view
def norm(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    row: IInferenceVerifier.Lines,
    gain: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
    sums: IInferenceVerifier.Sums,
) -> bool:
    """
    @notice Whether a lane of a norm, or a sum of squares, is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param row The source: all of it, a part, or the chunk with the lane when the total is asked about.
    @param gain The chunk with the lane's gain.
    @param out The chunk that has the lane.
    @param lane Which lane.
    @param sums Sums of squares that the claim names.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, NORM)
    sums_of._expect_lane(operator, lane)
    chunks: uint256 = sums_of._chunks(operator.width, LANES_32)
    # Squares of residuals at their bound pass 64 bits: sums are believed only where one call is not enough.
    assert claim.sums == NO_SUMS or operator.width > PART, "inference_verifier: sums"
    squares: int256 = 0
    place: uint256 = lane
    if sums_of._is_total(claim, sums, sums_of._chunks(operator.width, PART), 1):
        trees._expect_row(claim, operator.first, chunks, lane // LANES_32, 0, row.data, row.path)
        squares = trees._sum(sums.data, sums.part - 1)
        place = lane % LANES_32
    else:
        part: uint256 = sums_of._part(claim, sums, 1)
        trees._expect_row(claim, operator.first, chunks, part, PART_LEVELS_32, row.data, row.path)
        shown: uint256 = 0
        plain: int256 = 0
        shown, plain = numbers._moments(row.data)
        squares = convert(shown, int256)
        # The last chunk of a row is filled up with lanes 0, which add nothing.
        if claim.sums != NO_SUMS:
            reached: int256 = trees._sum_before(claim, sums.data, sums.part) + squares
            return min(reached, LARGEST_SUM) != trees._sum(sums.data, sums.part)
        assert chunks * LANES_32 <= PART, "inference_verifier: part"
    trees._expect_table(operator.weights, chunks, lane // LANES_32, gain)
    trees._expect_own(claim, operator.slot, sums_of._chunks(operator.height, LANES_16), lane // LANES_16, out)
    x: int256 = numbers._lane_32(slice(row.data, (place // LANES_32) * 128, 128), place)
    mean: uint256 = convert(squares, uint256) // operator.width + operator.multiplier
    found: int256 = numbers._rq(numbers._over_root(x, mean), numbers._lane_32(gain.data, lane), operator.shift)
    return numbers._clip(found, operator.limit) != numbers._lane_16(out.data, lane)


@external
@view
def linear(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    row: IInferenceVerifier.Row,
    x: IInferenceVerifier.Part,
    out: IInferenceVerifier.Lanes,
    before: IInferenceVerifier.Lanes,
    exponent: IInferenceVerifier.Lanes,
    lane: uint256,
    sums: IInferenceVerifier.Sums,
) -> bool:
    """
    @notice Whether a lane of a dense operator or of a residual, or a sum of its products, is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param row The lane's row, with the part that is computed.
    @param x The source: all of it, or a part.
    @param out The chunk that has the lane.
    @param before The residual's chunk before; not looked at for a dense operator.
    @param exponent The chunk with the source's exponent, where the operator has one.
    @param lane Which lane.
    @param sums Sums of products that the claim names.
    @return True if it is.
    """
    kind: uint256 = (convert(descriptor.words[0], uint256) >> 224) & 255
    assert kind == DENSE or kind == RESIDUAL, "inference_verifier: type"
    operator: trees.Operator = trees._operator(claim, descriptor, kind)
    sums_of._expect_lane(operator, lane)
    header: uint256 = rows._row(operator, row.leaf, row.path)
    assert header >> 224 == lane, "inference_verifier: row"
    chunks: uint256 = sums_of._chunks(operator.width, LANES_16)
    with_exponent: bool = kind == RESIDUAL and operator.flags & WITH_EXPONENT != 0
    if with_exponent:
        chunks += 1
    level: uint256 = 1 + trees._levels(sums_of._chunks(operator.width, PIECES * PIECE))
    products: int256 = 0
    if sums_of._is_total(claim, sums, sums_of._chunks(operator.width, LANES_16 << level), 1):
        products = trees._sum(sums.data, sums.part - 1)
    else:
        part: uint256 = sums_of._part(claim, sums, 1)
        lanes: uint256 = PART
        levels: uint256 = PART_LEVELS_16
        if claim.sums == NO_SUMS:
            assert operator.width <= PART, "inference_verifier: part"
        else:
            lanes = LANES_16 << level
            levels = level
        first: uint256 = part * lanes
        assert first < operator.width, "inference_verifier: part"
        rows._expect_part(operator.width, row.leaf, row.part, first // PART)
        trees._expect_row(claim, operator.first, chunks, part, levels, x.data, x.path)
        # A chunk behind the lanes, with their exponent, is no part of them.
        lanes = min(lanes, operator.width - first)
        if claim.sums != NO_SUMS:
            whole: uint256 = min(PART, operator.width - first // PART * PART)
            piece: Bytes[rows.PART_BYTES] = rows._piece(row.part, operator.layout, first % PART, lanes, whole)
            return numbers._dot(x.data, lanes, piece, operator.layout) != sums_of._claimed(claim, sums)
        products = numbers._dot(x.data, lanes, row.part, operator.layout)
    products += rows._bias(header)
    down: uint256 = (header >> 120) & 255
    if kind == DENSE:
        trees._expect_own(claim, operator.slot, sums_of._chunks(operator.height, LANES_16), lane // LANES_16, out)
        found: int256 = numbers._rq(products, rows._multiplier(header), down)
        return numbers._clip(found, operator.limit) != numbers._lane_16(out.data, lane)
    if with_exponent:
        trees._expect_own(claim, operator.first, chunks, chunks - 1, exponent)
        down -= convert(numbers._lane_16(exponent.data, 0), uint256)
    residuals: uint256 = sums_of._chunks(operator.height, LANES_32)
    trees._expect_own(claim, operator.slot, residuals, lane // LANES_32, out)
    trees._expect_own(claim, operator.second, residuals, lane // LANES_32, before)
    more: int256 = numbers._rq(products, rows._multiplier(header), down)
    sum: int256 = numbers._clip(numbers._lane_32(before.data, lane) + more, LARGEST_RESIDUAL)
    return sum != numbers._lane_32(out.data, lane)


@external
@view
def token(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    x: IInferenceVerifier.Part,
    chosen: IInferenceVerifier.Row,
    better: IInferenceVerifier.Row,
    out: IInferenceVerifier.Lanes,
) -> bool:
    """
    @notice Whether another token than the one that was committed wins. Logits are never committed.
    @param claim What is fixed.
    @param descriptor The operator.
    @param x The source, 1,024 lanes at most.
    @param chosen The committed token's row.
    @param better The other's row.
    @param out The committed token.
    @return True if it does.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, TOKEN)
    trees._expect_own(claim, operator.slot, 1, 0, out)
    number: int256 = numbers._lane_32(out.data, 0)
    if number < 0 or number >= convert(operator.height, int256):
        return True
    assert operator.width <= PART, "inference_verifier: part"
    chunks: uint256 = sums_of._chunks(operator.width, LANES_16)
    trees._expect_row(claim, operator.first, chunks, 0, PART_LEVELS_16, x.data, x.path)
    header: uint256 = rows._row(operator, chosen.leaf, chosen.path)
    assert convert(header >> 224, int256) == number, "inference_verifier: row"
    rows._expect_part(operator.width, chosen.leaf, chosen.part, 0)
    logit: int256 = numbers._dot(x.data, operator.width, chosen.part, operator.layout) + rows._bias(header)
    logit *= rows._multiplier(header)
    header = rows._row(operator, better.leaf, better.path)
    rows._expect_part(operator.width, better.leaf, better.part, 0)
    found: int256 = numbers._dot(x.data, operator.width, better.part, operator.layout) + rows._bias(header)
    found *= rows._multiplier(header)
    return found > logit or (found == logit and convert(header >> 224, int256) < number)
