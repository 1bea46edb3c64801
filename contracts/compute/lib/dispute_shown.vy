# pragma version 0.4.3
"""
@title What a provider shows in a dispute
@license MIT
@notice Roots of groups and of tensors, and the tensor that a challenger's marks lead to. A mark is the first 6 bytes of a
    root: who finds another tensor with the same mark is asked about it later.
"""

from ...interfaces import IInferenceGame
from ...interfaces import IInferenceVerifier
from . import dispute_turns as turns
from . import inference_trees as trees

SLOTS: constant(uint256) = 16
MAX_GROUPS: constant(uint256) = 128
LIST: constant(uint256) = 32  # chunks or nodes that are shown at once
LIST_LEVELS: constant(uint256) = 5
DRAWING: constant(uint256) = 2  # words behind a path: seed and scale
MARK: constant(uint256) = 48  # bits
MARKS: constant(uint256) = 5  # a word, of all tensors but the first, which another group made
MASK_48: constant(uint256) = 281474976710655


@internal
@pure
def _root(_leaves: DynArray[bytes32, MAX_GROUPS], _levels: uint256) -> bytes32:
    """
    @dev The root of a tree of so many levels; a missing neighbour is zero.
    """
    nodes: bytes32[MAX_GROUPS + 1] = empty(bytes32[MAX_GROUPS + 1])
    count: uint256 = len(_leaves)
    for number: uint256 in range(count, bound=MAX_GROUPS):
        nodes[number] = _leaves[number]
    for _: uint256 in range(_levels, bound=7):
        nodes[count] = empty(bytes32)
        count = (count + 1) >> 1
        for number: uint256 in range(count, bound=MAX_GROUPS // 2):
            nodes[number] = keccak256(abi_encode(nodes[2 * number], nodes[2 * number + 1]))
    return nodes[0]


@internal
@pure
def _is_drawn(
    _opening: IInferenceGame.Opening, _case: IInferenceGame.Case, _path: DynArray[bytes32, trees.MAX_PATH]
) -> bool:
    """
    @dev Whether the trace is one of drawn tokens: then seed and scale stand behind the path. A group, or a position,
        stands in it.
    """
    index: uint256 = _case.position
    positions: uint256 = trees._positions(_case.prompt, _case.reply)
    levels: uint256 = trees._levels(positions)
    if _opening.group < _case.groups:
        index = (index << trees._levels(_case.groups)) | _opening.group
        levels += trees._levels(_case.groups)
    if len(_path) != levels + DRAWING:
        assert len(_path) == levels, "game: path"
        assert trees._climbed(_opening.boundary, index, _path) == _case.trace, "game: not in the trace"
        return False
    # With one position nothing is above its root, so the root of a drawn reply could pass for one.
    assert positions > 1, "game: one position"
    tree: bytes32 = _opening.boundary
    for level: uint256 in range(levels, bound=trees.MAX_PATH):
        # Climbed here: a path without its last words would be another list, which every dispute paid for.
        beside: bytes32 = _path[level]
        tree = keccak256(abi_encode(beside, tree) if (index >> level) & 1 == 1 else abi_encode(tree, beside))
    scale: uint256 = convert(_path[levels + 1], uint256)
    assert trees._drawn(tree, _path[levels], scale) == _case.trace, "game: not in the trace"
    return True


@internal
@pure
def _expect_groups(_turn: IInferenceGame.Turn, _boundaries: DynArray[bytes32, MAX_GROUPS]):
    """
    @dev What each group committed to at the position.
    """
    count: uint256 = turns._byte(_turn.numbers, turns.COUNT_AT)
    assert len(_boundaries) == count, "game: number of groups"
    assert self._root(_boundaries, trees._levels(count)) == _turn.boundary, "game: other groups"


@internal
@pure
def _expect_group(
    _turn: IInferenceGame.Turn, _group: uint256, _boundary: bytes32, _path: DynArray[bytes32, trees.MAX_PATH]
):
    """
    @dev One of them.
    """
    count: uint256 = turns._byte(_turn.numbers, turns.COUNT_AT)
    assert _group < count and len(_path) == trees._levels(count), "game: path"
    assert trees._climbed(_boundary, _group, _path) == _turn.boundary, "game: other groups"


@internal
@pure
def _expect_committed(_committed: bytes32[3], _turn: IInferenceGame.Turn):
    """
    @dev Last tensor, keys and values, of which the group's boundary is made; first and last group have no more than one,
        but that of a text's vector also has what it is the mean of.
    """
    out: bytes32 = keccak256(abi_encode(_committed[0], _committed[1]))
    kept: bytes32 = keccak256(abi_encode(_committed[2], empty(bytes32)))
    assert keccak256(abi_encode(out, kept)) == _turn.boundary, "game: another boundary"
    group: uint256 = turns._byte(_turn.numbers, turns.GROUP_AT)
    is_last: bool = group + 1 == turns._byte(_turn.numbers, turns.COUNT_AT)
    if group == 0 or is_last:
        is_pooled: bool = is_last and (_turn.numbers >> turns.VECTOR_AT) == 1
        is_kept: bool = _committed[1] != empty(bytes32) and not is_pooled
        assert not is_kept and _committed[2] == empty(bytes32), "game: nothing is kept there"


@internal
@pure
def _first_other(_roots: DynArray[bytes32, SLOTS], _marks: bytes32[3]) -> uint256:
    """
    @dev The first tensor that is not as its mark says; zero where none is.
    """
    for slot: uint256 in range(1, SLOTS):
        if slot >= len(_roots):
            break
        word: uint256 = convert(_marks[(slot - 1) // MARKS], uint256)
        mark: uint256 = (word >> (256 - MARK * ((slot - 1) % MARKS + 1))) & MASK_48
        if mark > 0 and mark != convert(_roots[slot], uint256) >> (256 - MARK):
            return slot
    return 0


@internal
@pure
def _with_tensor(
    _numbers: uint256,
    _roots: DynArray[bytes32, SLOTS],
    _marks: bytes32[3],
    _chunks: uint256,
    _data: Bytes[4096],
) -> uint256:
    """
    @dev The numbers of a turn after the tensor that marks lead to was shown, if they lead to one.
    """
    slot: uint256 = self._first_other(_roots, _marks)
    if slot == 0:
        return _numbers
    self._expect_tensor(_roots[slot], _chunks, _data)
    return turns._sized(_numbers | (slot << turns.SLOT_AT), _chunks)


@internal
@pure
def _expect_tensor(_tensor: bytes32, _chunks: uint256, _data: Bytes[4096]):
    """
    @dev All chunks of a tensor, or the nodes over each 32 of them. Of one that has more than 1,024, or none, the size
        alone is judged.
    """
    if _chunks == 0 or _chunks > LIST * LIST:
        return
    levels: uint256 = trees._levels(_chunks)
    if _chunks <= LIST:
        assert len(_data) == _chunks * trees.CHUNK, "game: number of chunks"
        assert trees._node(_data, levels) == _tensor, "game: other chunks"
        return
    nodes: DynArray[bytes32, LIST] = []
    assert len(_data) == (_chunks + LIST - 1) // LIST * 32, "game: number of nodes"
    for number: uint256 in range(len(_data) // 32, bound=LIST):
        nodes.append(extract32(_data, number * 32))
    assert self._root(nodes, levels - LIST_LEVELS) == _tensor, "game: other nodes"


@internal
@pure
def _expect_nodes(
    _turn: IInferenceGame.Turn,
    _chunks: uint256,
    _nodes: DynArray[bytes32, LIST],
    _path: DynArray[bytes32, trees.MAX_PATH],
):
    """
    @dev The nodes over parts of a record's tensor that has more than one, and not too many to be shown.
    """
    if _chunks <= LIST or _chunks > LIST * LIST:
        return
    assert len(_nodes) == (_chunks + LIST - 1) // LIST, "game: number of nodes"
    assert len(_path) == trees.RECORD_LEVELS, "game: path"
    node: bytes32 = self._root(_nodes, trees._levels(_chunks) - LIST_LEVELS)
    slot: uint256 = turns._byte(_turn.numbers, turns.SLOT_AT)
    assert trees._climbed(node, slot, _path) == _turn.record, "game: other nodes"


@internal
@pure
def _expect_chunks(
    _turn: IInferenceGame.Turn,
    _chunks: uint256,
    _data: Bytes[4096],
    _path: DynArray[bytes32, trees.MAX_PATH],
):
    """
    @dev The part of a record's tensor that was asked for, where it has one.
    """
    part: uint256 = turns._part(_turn.numbers)
    if part < LIST and part * LIST < _chunks:
        claim: IInferenceVerifier.Claim = empty(IInferenceVerifier.Claim)
        claim.record = _turn.record
        slot: uint256 = turns._byte(_turn.numbers, turns.SLOT_AT)
        trees._expect_row(claim, slot, _chunks, part, LIST_LEVELS, _data, _path)
