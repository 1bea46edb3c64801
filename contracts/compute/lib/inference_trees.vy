# pragma version 0.4.3
"""
@title Openings of token models
@license MIT
@notice The trees of docs/inference-program.md: descriptors of a program, rows of weights, and lanes of tensors. Where an
    opened node stands is computed from the descriptor and from what is asked, and never an argument.
"""

from ...interfaces import IInferenceVerifier

CHUNK: constant(uint256) = 128
MAX_CHUNKS: constant(uint256) = 32
MAX_PATH: constant(uint256) = 32
RECORD_LEVELS: constant(uint256) = 4
BOUNDARY_LEVELS: constant(uint256) = 2
MASK_24: constant(uint256) = 16777215
MASK_32: constant(uint256) = 4294967295
NOTHING: constant(bytes32) = empty(bytes32)
OF_ALL: constant(uint256) = 2  # flag of attention that also sees what is behind its position


struct Operator:
    slot: uint256
    layout: uint256
    first: uint256
    second: uint256
    kept: uint256
    width: uint256
    height: uint256
    limit: int256
    multiplier: uint256
    shift: uint256
    heads: uint256
    shared: uint256
    group_levels: uint256
    flags: uint256
    weights: bytes32


@internal
@pure
def _positions(_prompt: uint256, _reply: uint256) -> uint256:
    """
    @dev How many a trace has: the last id of a reply is not fed. Of a text's vector, whose reply has no ids, all are.
    """
    return _prompt + max(_reply, 1) - 1


@internal
@pure
def _seen(_operator: Operator, _position: uint256, _positions: uint256) -> uint256:
    """
    @dev How many positions attention reads.
    """
    return _positions if _operator.flags & OF_ALL != 0 else _position + 1


@internal
@pure
def _climbed(_leaf: bytes32, _index: uint256, _path: DynArray[bytes32, MAX_PATH]) -> bytes32:
    node: bytes32 = _leaf
    index: uint256 = _index
    for beside: bytes32 in _path:
        if index & 1 == 1:
            node = keccak256(abi_encode(beside, node))
        else:
            node = keccak256(abi_encode(node, beside))
        index = index >> 1
    return node


@internal
@pure
def _drawn(_tree: bytes32, _seed: bytes32, _scale: uint256) -> bytes32:
    """
    @dev What a receipt has for its trace where tokens are drawn: 67 bytes, which neither a node nor a chunk has.
    """
    return keccak256(concat(_tree, _seed, slice(convert(_scale & MASK_24, bytes32), 29, 3)))


@internal
@pure
def _levels(_count: uint256) -> uint256:
    """
    @dev The levels of a tree over so many leaves.
    """
    if _count < 2:
        return 0
    # The bits of the last leaf's number, which has 32 at most.
    levels: uint256 = 0
    last: uint256 = unsafe_sub(_count, 1)
    if last >> 16 > 0:
        levels = 16
        last = last >> 16
    if last >> 8 > 0:
        levels = unsafe_add(levels, 8)
        last = last >> 8
    if last >> 4 > 0:
        levels = unsafe_add(levels, 4)
        last = last >> 4
    if last >> 2 > 0:
        levels = unsafe_add(levels, 2)
        last = last >> 2
    return unsafe_add(levels, unsafe_add(1, last >> 1))


@internal
@pure
def _operator(_claim: IInferenceVerifier.Claim, _opened: IInferenceVerifier.Descriptor, _type: uint256) -> Operator:
    """
    @dev The claim's operator, of a type.
    """
    word: uint256 = convert(_opened.words[0], uint256)
    slot: uint256 = (word >> 232) & 255
    assert word >> 240 == _claim.group, "inference_verifier: group"
    assert (word >> 224) & 255 == _type, "inference_verifier: type"
    root: bytes32 = self._climbed(keccak256(abi_encode(_opened.words)), (_claim.group << 4) | slot, _opened.path)
    assert root == _claim.program, "inference_verifier: descriptor"
    return Operator(
        slot=slot,
        layout=(word >> 216) & 255,
        first=(word >> 208) & 255,
        second=(word >> 200) & 255,
        kept=(word >> 192) & 255,
        width=(word >> 160) & MASK_32,
        height=(word >> 128) & MASK_32,
        limit=convert((word >> 96) & MASK_32, int256),
        multiplier=(word >> 64) & MASK_32,
        shift=(word >> 56) & 255,
        heads=(word >> 48) & 255,
        shared=(word >> 40) & 255,
        group_levels=(word >> 32) & 255,
        flags=word & MASK_32,
        weights=_opened.words[1],
    )


@internal
@pure
def _expect_own(
    _claim: IInferenceVerifier.Claim,
    _slot: uint256,
    _chunks: uint256,
    _chunk: uint256,
    _lanes: IInferenceVerifier.Lanes,
):
    """
    @dev Chunk `_chunk` of a tensor of `_chunks` in the claim's record.
    """
    levels: uint256 = self._levels(_chunks)
    self._expect(_lanes, _claim.record, (_slot << levels) | _chunk, levels + RECORD_LEVELS)


@internal
@pure
def _expect_kept(
    _claim: IInferenceVerifier.Claim,
    _levels_of_groups: uint256,
    _position: uint256,
    _place: uint256,
    _chunks: uint256,
    _chunk: uint256,
    _lanes: IInferenceVerifier.Lanes,
):
    """
    @dev A chunk of a tensor that receipts commit to, of the claim's group at any position.
    """
    levels: uint256 = self._levels(_chunks)
    index: uint256 = (((_position << _levels_of_groups) | _claim.group) << BOUNDARY_LEVELS) | _place
    above: uint256 = BOUNDARY_LEVELS + _levels_of_groups + self._levels(_claim.positions)
    self._expect(_lanes, _claim.trace, (index << levels) | _chunk, levels + above)


@internal
@pure
def _expect_table(_operator_weights: bytes32, _chunks: uint256, _chunk: uint256, _lanes: IInferenceVerifier.Lanes):
    """
    @dev A chunk of an operator's gains or angles.
    """
    self._expect(_lanes, _operator_weights, _chunk, self._levels(_chunks))


@internal
@pure
def _expect(_lanes: IInferenceVerifier.Lanes, _root: bytes32, _index: uint256, _depth: uint256):
    assert len(_lanes.data) == CHUNK, "inference_verifier: chunk"
    assert len(_lanes.path) == _depth, "inference_verifier: path"
    assert self._climbed(keccak256(_lanes.data), _index, _lanes.path) == _root, "inference_verifier: lanes"


@internal
@pure
def _expect_row(
    _claim: IInferenceVerifier.Claim,
    _slot: uint256,
    _chunks: uint256,
    _part: uint256,
    _levels_of_part: uint256,
    _row: Bytes[MAX_CHUNKS * CHUNK],
    _path: DynArray[bytes32, MAX_PATH],
):
    """
    @dev All chunks under one node of a tensor in the claim's record: part `_part` of it, or all of it.
    """
    levels: uint256 = self._levels(_chunks)
    below: uint256 = min(levels, _levels_of_part)
    first: uint256 = _part << below
    assert first < _chunks, "inference_verifier: part"
    assert len(_row) == min(_chunks - first, 1 << below) * CHUNK, "inference_verifier: chunk"
    assert len(_path) == levels - below + RECORD_LEVELS, "inference_verifier: path"
    index: uint256 = (_slot << (levels - below)) | _part
    assert self._climbed(self._node(_row, below), index, _path) == _claim.record, "inference_verifier: lanes"


@internal
@pure
def _node(_row: Bytes[MAX_CHUNKS * CHUNK], _above: uint256) -> bytes32:
    """
    @dev The node so many levels above the row's chunks.
    """
    nodes: bytes32[MAX_CHUNKS + 1] = empty(bytes32[MAX_CHUNKS + 1])
    count: uint256 = len(_row) // CHUNK
    for number: uint256 in range(count, bound=MAX_CHUNKS):
        nodes[number] = keccak256(slice(_row, unsafe_mul(number, CHUNK), CHUNK))
    for _: uint256 in range(_above, bound=5):
        # A missing neighbour is zero.
        nodes[count] = NOTHING
        count = unsafe_add(count, 1) >> 1
        for number: uint256 in range(count, bound=MAX_CHUNKS // 2):
            left: uint256 = unsafe_mul(number, 2)
            nodes[number] = keccak256(abi_encode(nodes[left], nodes[unsafe_add(left, 1)]))
    return nodes[0]


@internal
@pure
def _sum_before(_claim: IInferenceVerifier.Claim, _sums: Bytes[256], _part: uint256) -> int256:
    """
    @dev What stands before part `_part` of the claim's sums.
    """
    if _part == 0:
        return _claim.base
    return self._sum(_sums, _part - 1)


@internal
@pure
def _sum(_sums: Bytes[256], _part: uint256) -> int256:
    value: uint256 = convert(slice(_sums, _part * 8, 8), uint256)
    found: int256 = convert(value, int256)
    if found >= 2**63:
        found -= 2**64
    return found
