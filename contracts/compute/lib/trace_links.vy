# pragma version 0.4.3
"""
@title How the parts of a token model's trace hang together
@license MIT
@notice A record of one group at one position begins with what the group before it made, or with a token's id, and ends
    with what its receipt commits to. Each function compares two nodes that have to be one.
"""

from ...interfaces import IInferenceVerifier
from ...interfaces import ITraceVerifier
from . import inference_numbers as numbers
from . import inference_sums as sums_of
from . import inference_trees as trees

EMBEDDING: constant(uint256) = 1
RESIDUAL: constant(uint256) = 4
SCORES: constant(uint256) = 6
SOFTMAX: constant(uint256) = 7
ATTENDED: constant(uint256) = 8
GATED: constant(uint256) = 9
TOKEN: constant(uint256) = 10
POOLING: constant(uint256) = 14
ADD: constant(uint256) = 15
PLACE: constant(uint256) = 18
PICTURE: constant(uint256) = 20
LANES_16: constant(uint256) = 64
LANES_32: constant(uint256) = 32
LAST_SLOT: constant(uint256) = 15
OUT: constant(uint256) = 0  # places in a boundary
KEYS: constant(uint256) = 1
VALUES: constant(uint256) = 2
# Eight lanes 0 of 32 bits, and seven.
NO_LANES: constant(bytes32) = 0x8000000080000000800000008000000080000000800000008000000080000000
SEVEN: constant(uint256) = 2147483648 * (2**224 // 4294967295)


@external
@view
def source(bound: ITraceVerifier.Bound, own: ITraceVerifier.Node, before: ITraceVerifier.Node) -> bool:
    """
    @notice Whether a record does not begin with what the group before it made.
    @param bound What is fixed.
    @param own Slot 0 of the record.
    @param before What the group before it made at the position.
    @return True if it does not.
    """
    assert bound.group > 0, "trace_verifier: group"
    self._expect_slot(bound, 0, own)
    self._expect_out(bound, bound.group - 1, before)
    return own.hash != before.hash


@external
@view
def given(bound: ITraceVerifier.Bound, own: ITraceVerifier.Node, ids: IInferenceVerifier.Lanes) -> bool:
    """
    @notice Whether the first group was not given the token that stands at the position.
    @param bound What is fixed.
    @param own Slot 0 of the record.
    @param ids The chunk of the receipt's ids that has the token: of those given, or of those answered.
    @return True if it was not.
    """
    assert bound.group == 0, "trace_verifier: group"
    self._expect_slot(bound, 0, own)
    if bound.position < bound.prompt:
        return own.hash != self._id(bound.inputs, bound.prompt, bound.position, ids)
    return own.hash != self._id(bound.outputs, bound.reply, bound.position - bound.prompt, ids)


@external
@view
def answered(bound: ITraceVerifier.Bound, last: ITraceVerifier.Node, ids: IInferenceVerifier.Lanes) -> bool:
    """
    @notice Whether the reply has another token than the last group made at the position.
    @param bound What is fixed.
    @param last What the last group made.
    @param ids The chunk of the reply's ids that has the token.
    @return True if it has.
    """
    assert bound.position + 1 >= bound.prompt, "trace_verifier: position"
    self._expect_out(bound, bound.groups - 1, last)
    return last.hash != self._id(bound.outputs, bound.reply, bound.position + 1 - bound.prompt, ids)


@external
@view
def returned(bound: ITraceVerifier.Bound, last: ITraceVerifier.Node) -> bool:
    """
    @notice Whether the receipt has another vector than the last group made of the text.
    @param bound What is fixed.
    @param last What the last group made at the last position.
    @return True if it has.
    """
    assert bound.reply == 0 and bound.position + 1 == bound.prompt, "trace_verifier: position"
    self._expect_out(bound, bound.groups - 1, last)
    return last.hash != bound.outputs


@external
@view
def kept(
    bound: ITraceVerifier.Bound,
    descriptor: IInferenceVerifier.Descriptor,
    own: ITraceVerifier.Node,
    beside: ITraceVerifier.Node,
) -> bool:
    """
    @notice Whether the record has other keys or values than the receipt commits to.
    @param bound What is fixed.
    @param descriptor The operator that reads them: scores, a weighted sum or a mean over positions.
    @param own The slot that it keeps.
    @param beside What the receipt commits to.
    @return True if it has.
    """
    kind: uint256 = self._type(descriptor)
    assert kind in [SCORES, ATTENDED, POOLING], "trace_verifier: type"
    operator: trees.Operator = self._operator(bound, descriptor, kind)
    self._expect_slot(bound, operator.kept, own)
    self._expect_beside(bound, VALUES if kind == ATTENDED else KEYS, beside)
    return own.hash != beside.hash


@external
@view
def made(
    bound: ITraceVerifier.Bound,
    descriptor: IInferenceVerifier.Descriptor,
    next: ITraceVerifier.Node,
    own: ITraceVerifier.Node,
    beside: ITraceVerifier.Node,
) -> bool:
    """
    @notice Whether the record ends with another tensor than the receipt commits to.
    @param bound What is fixed.
    @param descriptor The group's last operator.
    @param next The empty place behind it in the program; not looked at behind slot 15.
    @param own The slot that it writes.
    @param beside What the receipt commits to.
    @return True if it does.
    """
    kind: uint256 = self._type(descriptor)
    operator: trees.Operator = self._operator(bound, descriptor, kind)
    if operator.slot < LAST_SLOT:
        assert next.hash == empty(bytes32), "trace_verifier: not the last"
        index: uint256 = (bound.group << 4) | (operator.slot + 1)
        self._expect(next, bound.program, index, trees._levels(bound.groups) + 4)
    self._expect_slot(bound, operator.slot, own)
    self._expect_beside(bound, OUT, beside)
    # Before the last position nobody asks for a vector.
    if kind == POOLING and bound.position + 1 < bound.prompt:
        return beside.hash != empty(bytes32)
    return own.hash != beside.hash


@external
@view
def shape(bound: ITraceVerifier.Bound, descriptor: IInferenceVerifier.Descriptor) -> bool:
    """
    @notice Whether the tensor that was shown has another number of chunks than its operator makes.
    @param bound What is fixed.
    @param descriptor The operator that writes it.
    @return True if it has.
    """
    kind: uint256 = self._type(descriptor)
    operator: trees.Operator = self._operator(bound, descriptor, kind)
    assert operator.slot == bound.slot, "trace_verifier: slot"
    # What nobody said is not wrong.
    assert bound.shown > 0, "trace_verifier: no tensor was shown"
    return self._chunks(bound, operator, kind) + 1 != bound.shown


@external
@view
def filling(
    bound: ITraceVerifier.Bound,
    descriptor: IInferenceVerifier.Descriptor,
    out: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane that only fills up a chunk is not 0.
    @param bound What is fixed.
    @param descriptor The operator that writes the tensor.
    @param out The chunk that has the lane.
    @param lane Which lane, of all that the tensor's chunks have.
    @return True if it is not.
    """
    kind: uint256 = self._type(descriptor)
    operator: trees.Operator = self._operator(bound, descriptor, kind)
    chunks: uint256 = self._chunks(bound, operator, kind)
    each: uint256 = LANES_32 if self._is_wide(kind) else LANES_16
    assert lane < chunks * each and self._is_filling(bound, operator, kind, lane), "trace_verifier: lane"
    self._expect_chunk(bound, operator.slot, chunks, lane // each, out)
    if each == LANES_32:
        return numbers._lane_32(out.data, lane) != 0
    return numbers._lane_16(out.data, lane) != 0


@external
@view
def pictured(
    bound: ITraceVerifier.Bound,
    descriptor: IInferenceVerifier.Descriptor,
    out: IInferenceVerifier.Lanes,
    values: IInferenceVerifier.Lanes,
    lane: uint256,
) -> bool:
    """
    @notice Whether a lane of a picture is not what the receipt was given, or there is no such receipt of a picture.
    @param bound What is fixed.
    @param descriptor The operator that takes the picture.
    @param out The chunk that has the lane.
    @param values The chunk of what the receipt was given that has the lane.
    @param lane Which lane.
    @return True if it is not.
    """
    operator: trees.Operator = self._operator(bound, descriptor, PICTURE)
    if bound.prompt != operator.height or bound.reply != 1:
        return True
    assert lane < operator.height, "trace_verifier: lane"
    self._expect_chunk(bound, operator.slot, sums_of._chunks(operator.height, LANES_16), lane // LANES_16, out)
    self._expect_id(bound.inputs, bound.prompt, lane, values)
    return numbers._lane_16(out.data, lane) != numbers._lane_32(values.data, lane)


@internal
@pure
def _type(_opened: IInferenceVerifier.Descriptor) -> uint256:
    return (convert(_opened.words[0], uint256) >> 224) & 255


@internal
@pure
def _operator(_bound: ITraceVerifier.Bound, _opened: IInferenceVerifier.Descriptor, _type: uint256) -> trees.Operator:
    claim: IInferenceVerifier.Claim = empty(IInferenceVerifier.Claim)
    claim.program = _bound.program
    claim.group = _bound.group
    return trees._operator(claim, _opened, _type)


@internal
@pure
def _seen(_bound: ITraceVerifier.Bound, _operator: trees.Operator) -> uint256:
    return trees._seen(_operator, _bound.position, trees._positions(_bound.prompt, _bound.reply))


@internal
@pure
def _is_wide(_type: uint256) -> bool:
    """
    @dev Whether lanes have 32 bits.
    """
    return _type in [EMBEDDING, RESIDUAL, SCORES, SOFTMAX, TOKEN, ADD, PLACE]


@internal
@pure
def _chunks(_bound: ITraceVerifier.Bound, _operator: trees.Operator, _type: uint256) -> uint256:
    """
    @dev How many chunks an operator makes.
    """
    if _type == SCORES:
        return _operator.heads * sums_of._chunks(self._seen(_bound, _operator), LANES_32)
    if _type == SOFTMAX:
        return sums_of._chunks(_operator.heads, 8)
    if _type == TOKEN:
        return 1
    if self._is_wide(_type):
        return sums_of._chunks(_operator.height, LANES_32)
    # The exponent has a chunk of its own.
    return sums_of._chunks(_operator.height, LANES_16) + (1 if _type == GATED else 0)


@internal
@pure
def _is_filling(_bound: ITraceVerifier.Bound, _operator: trees.Operator, _type: uint256, _lane: uint256) -> bool:
    """
    @dev Whether no function of another verifier computes a lane.
    """
    if _type == SCORES:
        seen: uint256 = self._seen(_bound, _operator)
        return _lane % (sums_of._chunks(seen, LANES_32) * LANES_32) >= seen
    if _type == SOFTMAX:
        return _lane % 4 == 3 or _lane >= 4 * _operator.heads
    if _type == TOKEN:
        return _lane > 0
    if _type == GATED:
        exponent: uint256 = sums_of._chunks(_operator.height, LANES_16) * LANES_16
        if _lane == exponent or _lane == exponent + 1:
            return False
    return _lane >= _operator.height


@internal
@pure
def _expect_slot(_bound: ITraceVerifier.Bound, _slot: uint256, _node: ITraceVerifier.Node):
    self._expect(_node, _bound.record, _slot, trees.RECORD_LEVELS)


@internal
@pure
def _expect_beside(_bound: ITraceVerifier.Bound, _place: uint256, _node: ITraceVerifier.Node):
    self._expect(_node, _bound.boundary, _place, trees.BOUNDARY_LEVELS)


@internal
@pure
def _expect_out(_bound: ITraceVerifier.Bound, _group: uint256, _node: ITraceVerifier.Node):
    """
    @dev What a group made at the position, as the receipt commits to it.
    """
    levels: uint256 = trees._levels(_bound.groups)
    index: uint256 = (((_bound.position << levels) | _group) << trees.BOUNDARY_LEVELS) | OUT
    above: uint256 = levels + trees._levels(trees._positions(_bound.prompt, _bound.reply))
    self._expect(_node, _bound.trace, index, above + trees.BOUNDARY_LEVELS)


@internal
@pure
def _id(_root: bytes32, _count: uint256, _place: uint256, _ids: IInferenceVerifier.Lanes) -> bytes32:
    """
    @dev The root of a tensor with one id alone, that of a place in a tensor of ids.
    """
    assert _place < _count, "trace_verifier: position"
    self._expect_id(_root, _count, _place, _ids)
    word: uint256 = extract32(_ids.data, (_place & 24) << 2, output_type=uint256)
    lane: uint256 = (word >> (224 - ((_place & 7) << 5))) & trees.MASK_32
    first: bytes32 = convert((lane << 224) | SEVEN, bytes32)
    return keccak256(concat(first, NO_LANES, NO_LANES, NO_LANES))


@internal
@pure
def _expect_id(_root: bytes32, _count: uint256, _place: uint256, _ids: IInferenceVerifier.Lanes):
    """
    @dev The chunk with the id at a place, in a tensor of ids.
    """
    trees._expect(_ids, _root, _place // LANES_32, trees._levels(sums_of._chunks(_count, LANES_32)))


@internal
@pure
def _expect_chunk(
    _bound: ITraceVerifier.Bound, _slot: uint256, _chunks: uint256, _chunk: uint256, _lanes: IInferenceVerifier.Lanes
):
    levels: uint256 = trees._levels(_chunks)
    trees._expect(_lanes, _bound.record, (_slot << levels) | _chunk, levels + trees.RECORD_LEVELS)


@internal
@pure
def _expect(_node: ITraceVerifier.Node, _root: bytes32, _index: uint256, _depth: uint256):
    assert len(_node.path) == _depth, "trace_verifier: path"
    assert trees._climbed(_node.hash, _index, _node.path) == _root, "trace_verifier: node"
