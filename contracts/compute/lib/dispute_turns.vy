# pragma version 0.4.3
"""
@title The numbers of a dispute's turn
@license MIT
@notice Calls bring them in one word, since each byte of a call is paid for. From the highest bits down, behind 23 bits of 0:
    one that says whether the reply is a text's vector; 40 bits each for the receipt's time and the deadline, unix seconds; 8
    bits each for stage, questions so far, group, slot, count (of groups, then of sums that were asked for), stride (terms
    that a sum adds), and 1 where sums are those of a block; one bit that is 1 where tokens are drawn, 15 for the position,
    16 for the term of the first sum; 32 bits each for the part of a tensor or the lane of sums, and for one more than the
    chunks that the tensor has, as the provider says, or zero until it says so.
"""

from ...interfaces import IInferenceGame
from . import inference_trees as trees

# Most questions of a dispute, groups of a model, and positions of a trace.
QUESTIONS: constant(uint256) = 4
MAX_GROUPS: constant(uint256) = 128
MAX_POSITIONS: constant(uint256) = 1_024
LIST: constant(uint256) = 32  # sums

# Stages that follow when a group is named: its record is shown, or the provider has lost.
RECORD: constant(uint256) = 3
PROVED: constant(uint256) = 8

VECTOR_AT: constant(uint256) = 232
TIME_AT: constant(uint256) = 192
DEADLINE_AT: constant(uint256) = 152
STAGE_AT: constant(uint256) = 144
ASKED_AT: constant(uint256) = 136
GROUP_AT: constant(uint256) = 128
SLOT_AT: constant(uint256) = 120
COUNT_AT: constant(uint256) = 112
STRIDE_AT: constant(uint256) = 104
WITHIN_AT: constant(uint256) = 96
DRAWN_AT: constant(uint256) = 95
POSITION_AT: constant(uint256) = 80
FIRST_AT: constant(uint256) = 64
PART_AT: constant(uint256) = 32
BASE_AT: constant(uint256) = 64  # of what a turn keeps of a block's edges

MASK_8: constant(uint256) = 255
MASK_15: constant(uint256) = 32767
MASK_16: constant(uint256) = 65535
MASK_32: constant(uint256) = 4294967295
MASK_40: constant(uint256) = 1099511627775
MASK_64: constant(uint256) = 18446744073709551615
# What stays: in a move all but stage and deadline, in a naming all but group and slot, in a question time, questions so
# far, group, position and whether tokens are drawn.
MOVING: constant(uint256) = max_value(uint256) - (((MASK_40 << 8) | MASK_8) << STAGE_AT)
NAMING: constant(uint256) = max_value(uint256) - (MASK_16 << SLOT_AT)
ASKING: constant(uint256) = (1 << VECTOR_AT) | (MASK_40 << TIME_AT) | (MASK_16 << GROUP_AT) | (MASK_16 << POSITION_AT)
SHOWING: constant(uint256) = max_value(uint256) - MASK_32


@internal
@pure
def _byte(_numbers: uint256, _at: uint256) -> uint256:
    return (_numbers >> _at) & MASK_8


@internal
@pure
def _time(_turn: IInferenceGame.Turn) -> uint256:
    """
    @dev Of the receipt.
    """
    return (_turn.numbers >> TIME_AT) & MASK_40


@internal
@pure
def _deadline(_numbers: uint256) -> uint256:
    return (_numbers >> DEADLINE_AT) & MASK_40


@internal
@pure
def _last(_numbers: uint256) -> uint256:
    """
    @dev The last position that attention may see: the dispute's own, or of a text the last one.
    """
    return (_numbers >> POSITION_AT) & MASK_15


@internal
@pure
def _is_drawn(_numbers: uint256) -> bool:
    return _numbers & (1 << DRAWN_AT) != 0


@internal
@pure
def _first(_numbers: uint256) -> uint256:
    return (_numbers >> FIRST_AT) & MASK_16


@internal
@pure
def _part(_numbers: uint256) -> uint256:
    return (_numbers >> PART_AT) & MASK_32


@internal
@pure
def _shown(_numbers: uint256) -> uint256:
    return _numbers & MASK_32


@internal
@pure
def _begun(_book: address, _opening: IInferenceGame.Opening, _case: IInferenceGame.Case) -> IInferenceGame.Turn:
    """
    @dev A dispute that begins, before its first move.
    """
    assert 0 < _case.groups and _case.groups <= MAX_GROUPS, "game: number of groups"
    assert _case.prompt > 0, "game: number of tokens"
    positions: uint256 = trees._positions(_case.prompt, _case.reply)
    assert positions <= MAX_POSITIONS, "game: number of tokens"
    assert _case.position < positions and _opening.group <= _case.groups, "game: no such place"
    assert _opening.time <= MASK_40, "game: no such time"
    numbers: uint256 = (_opening.time << TIME_AT) | (_opening.group << GROUP_AT)
    if _case.reply == 0:
        numbers |= (1 << VECTOR_AT) | ((positions - 1) << POSITION_AT)
    else:
        # Nobody asks for a token before the prompt's end.
        missing: uint256 = 1 if _case.position + 1 < _case.prompt else 0
        numbers |= (missing << SLOT_AT) | (_case.position << POSITION_AT)
    return IInferenceGame.Turn(
        book=_book,
        dispute=_opening.dispute,
        case=keccak256(abi_encode(_case)),
        operator=_opening.operator,
        challenger=_opening.challenger,
        boundary=_opening.boundary,
        record=empty(bytes32),
        sums=empty(bytes32),
        numbers=numbers | (_case.groups << COUNT_AT),
        extra=empty(bytes32),
    )


@internal
@pure
def _moved(_numbers: uint256, _stage: uint256, _until: uint256) -> uint256:
    return (_numbers & MOVING) | (_stage << STAGE_AT) | (_until << DEADLINE_AT)


@internal
@pure
def _is_made(_numbers: uint256, _group: uint256) -> bool:
    """
    @dev Until a group is named, the slot is how many of the last ones commit to nothing.
    """
    return _group + self._byte(_numbers, SLOT_AT) < self._byte(_numbers, COUNT_AT)


@internal
@pure
def _stage_of(_numbers: uint256, _group: uint256, _boundary: bytes32) -> uint256:
    """
    @dev What follows when a group is named: one that commits to nothing at the position cannot be.
    """
    is_made: bool = self._is_made(_numbers, _group)
    assert is_made or _boundary != empty(bytes32), "game: no such place"
    return RECORD if is_made else PROVED


@internal
@pure
def _named(_numbers: uint256, _group: uint256) -> uint256:
    return (_numbers & NAMING) | (_group << GROUP_AT)


@internal
@pure
def _sized(_numbers: uint256, _chunks: uint256) -> uint256:
    """
    @dev After a provider has said how many chunks a tensor has.
    """
    assert _chunks < MASK_32, "game: number of chunks"
    return (_numbers & SHOWING) | (_chunks + 1)


@internal
@pure
def _asked(_numbers: uint256, _slot: uint256, _lane: uint256) -> uint256:
    """
    @dev After a question; what was asked before counts no more.
    """
    assert _lane <= MASK_32, "game: no such question"
    assert self._byte(_numbers, ASKED_AT) < QUESTIONS, "game: too many questions"
    return ((_numbers & ASKING) + (1 << ASKED_AT)) | (_slot << SLOT_AT) | (_lane << PART_AT)


@internal
@pure
def _of_sums(_numbers: uint256, _stride: uint256, _count: uint256) -> uint256:
    return _numbers | (_stride << STRIDE_AT) | (_count << COUNT_AT)


@internal
@pure
def _narrowed(_numbers: uint256, _block: uint256) -> uint256:
    """
    @dev After a question about a block of sums: the terms that it adds, as many as there are positions.
    """
    first: uint256 = _block * LIST
    asked: uint256 = self._asked(_numbers, self._byte(_numbers, SLOT_AT), self._part(_numbers))
    return (
        self._of_sums(asked, 1, min(LIST, self._last(_numbers) + 1 - first)) | (1 << WITHIN_AT) | (first << FIRST_AT)
    )


@internal
@pure
def _edges(_turn: IInferenceGame.Turn, _sums: Bytes[256], _block: uint256) -> bytes32:
    """
    @dev What stands before block `_block` of the sums that were shown, 32 terms each, and at its end: 64 bits each.
    """
    is_of_blocks: bool = self._byte(_turn.numbers, STRIDE_AT) == LIST
    assert is_of_blocks and keccak256(_sums) == _turn.sums, "game: other sums"
    is_there: bool = _block < self._byte(_turn.numbers, COUNT_AT) and _block * LIST <= self._last(_turn.numbers)
    assert is_there, "game: no such sums"
    end: uint256 = convert(slice(_sums, _block * 8, 8), uint256)
    if _block > 0:
        end |= convert(slice(_sums, (_block - 1) * 8, 8), uint256) << BASE_AT
    return convert(end, bytes32)


@internal
@pure
def _base(_turn: IInferenceGame.Turn) -> int256:
    found: int256 = convert(convert(_turn.extra, uint256) >> BASE_AT, int256)
    if found >= 2**63:
        found -= 2**64
    return found


@internal
@pure
def _named_sums(_turn: IInferenceGame.Turn, _sums: Bytes[256]) -> bytes32:
    """
    @dev The hash of sums that are shown; the last one of a block was shown before.
    """
    within: uint256 = self._byte(_turn.numbers, WITHIN_AT)
    assert len(_sums) == 8 * (self._byte(_turn.numbers, COUNT_AT) - within), "game: number of sums"
    if within == 0:
        return keccak256(_sums)
    end: bytes8 = convert(convert(convert(_turn.extra, uint256) & MASK_64, uint64), bytes8)
    return keccak256(concat(_sums, end))
