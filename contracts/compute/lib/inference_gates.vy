# pragma version 0.4.3
"""
@title Gates of token models
@license MIT
@notice SiLU·mul with the exponent that a position's lanes share: one lane, and whether the exponent is the least.
"""

from ...interfaces import IInferenceVerifier
from . import inference_numbers as numbers
from . import inference_sums as sums_of
from . import inference_trees as trees

GATED: constant(uint256) = 9
LARGEST: constant(int256) = 8191
LARGEST_EXPONENT: constant(int256) = 25
LANES_16: constant(uint256) = 64


@external
@view
def gated(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    gate: IInferenceVerifier.Lanes,
    up: IInferenceVerifier.Lanes,
    out: IInferenceVerifier.Lanes,
    exponent: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane of SiLU·mul is wrong, under the exponent that was committed.
    @param claim What is fixed.
    @param descriptor The operator.
    @param gate The chunk of the gate.
    @param up The chunk of the other factor.
    @param out The chunk that has the lane.
    @param exponent The chunk with the exponent.
    @param lane Which lane.
    @return True if it is.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, GATED)
    product: int256 = self._product(claim, operator, gate, up, exponent, lane)
    trees._expect_own(claim, operator.slot, sums_of._chunks(operator.height, LANES_16) + 1, lane // LANES_16, out)
    committed: int256 = numbers._lane_16(exponent.data, 0)
    assert committed >= 0 and committed <= LARGEST_EXPONENT, "inference_verifier: exponent"
    if committed > 0:
        product = numbers._clip(numbers._rq(product, 1, convert(committed, uint256)), LARGEST)
    return product != numbers._lane_16(out.data, lane)


@external
@view
def exponent(
    claim: IInferenceVerifier.Claim,
    descriptor: IInferenceVerifier.Descriptor,
    gate: IInferenceVerifier.Lanes,
    up: IInferenceVerifier.Lanes,
    exponent: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane shows that the exponent of SiLU·mul, or its witness, is wrong.
    @param claim What is fixed.
    @param descriptor The operator.
    @param gate The chunk of the gate.
    @param up The chunk of the other factor.
    @param exponent The chunk with the exponent.
    @param lane Which lane.
    @return True if it does.
    """
    operator: trees.Operator = trees._operator(claim, descriptor, GATED)
    size: int256 = abs(self._product(claim, operator, gate, up, exponent, lane))
    committed: int256 = numbers._lane_16(exponent.data, 0)
    witness: int256 = numbers._lane_16(exponent.data, 1)
    at: int256 = convert(lane, int256)
    if committed < 0 or committed > LARGEST_EXPONENT or witness < 0 or witness >= convert(operator.height, int256):
        return True
    if size >> convert(committed, uint256) > LARGEST:
        return True
    if committed == 0:
        return witness != 0
    is_large: bool = size >> convert(committed - 1, uint256) > LARGEST
    return (is_large and at < witness) or (not is_large and at == witness)


@internal
@pure
def _product(
    _claim: IInferenceVerifier.Claim,
    _operator: trees.Operator,
    _gate: IInferenceVerifier.Lanes,
    _up: IInferenceVerifier.Lanes,
    _exponent: IInferenceVerifier.Lanes,
    _lane: uint256,
) -> int256:
    """
    @dev SiLU·mul of a lane before its exponent, whose chunk is opened, too.
    """
    sums_of._expect_lane(_operator, _lane)
    chunks: uint256 = sums_of._chunks(_operator.height, LANES_16)
    trees._expect_own(_claim, _operator.first, chunks, _lane // LANES_16, _gate)
    trees._expect_own(_claim, _operator.second, chunks, _lane // LANES_16, _up)
    trees._expect_own(_claim, _operator.slot, chunks + 1, chunks, _exponent)
    g: int256 = numbers._lane_16(_gate.data, _lane)
    return numbers._gated(g, numbers._lane_16(_up.data, _lane), _operator.multiplier, _operator.shift)
