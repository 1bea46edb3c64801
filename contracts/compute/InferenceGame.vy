# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title InferenceGame
@license MIT
@notice Narrows a dispute about a token model's answer down to one lane of one operator. The challenger asks, the provider
    shows, each in its window; then a verifier computes the lane again.
@dev What is shown of a trace is compared with the roots that were fixed before; a record and sums are the provider's
    word, which one lane computed again can break. The chain keeps one word of a dispute, the hash of its turn, and calls
    bring the turn itself. Any contract may begin disputes: they are kept under its address, and it alone ends them.
    A proof may be shown by anybody, and names nobody: copying one gains nothing. What a provider shows is not in the
    log: it stands in the transaction's data, so an operator that is a contract answers by its transaction key.
@custom:security It believes the contract that begins a dispute about program, roots, operator and challenger. A provider
    keeps token ids and computes the rest again. Positions behind the 1,024th are not judged.
@custom:kill There is nothing to stop: it holds no coins, and disputes are begun by other contracts.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IInferenceGame
from ..interfaces import IInferenceVerifier

implements: IInferenceGame


# What turns ask the market.
interface Market:
    def operator_of(_key: address, _kind: uint8, _time: uint256) -> address: view


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import hotkeys
from .lib import dispute_proofs as proofs
from .lib import inference_trees as trees

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Whose turn it is: the provider shows groups, a record, nodes, chunks or sums; the challenger names a group or asks.
GROUPS: constant(uint256) = 1
NAMING: constant(uint256) = 2
RECORD: constant(uint256) = 3
ASKING: constant(uint256) = 4
NODES: constant(uint256) = 5
CHUNKS: constant(uint256) = 6
SUMS: constant(uint256) = 7
PROVED: constant(uint256) = 8

# Most questions of a dispute, and the turns of the longest one.
QUESTIONS: constant(uint256) = 4
TURNS: constant(uint256) = 2 * QUESTIONS + 4

MAX_GROUPS: constant(uint256) = 128
MAX_POSITIONS: constant(uint256) = 1_024
SLOTS: constant(uint256) = 16
TRACE: constant(uint256) = 2  # number of the verifier of traces
MAX_CALL: constant(uint256) = 12_288  # bytes
LIST: constant(uint256) = 32
PART_LEVELS: constant(uint256) = 5  # of the chunks that are shown at once


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where operators name their keys.
market: public(immutable(address))

# What weights make, what attention makes, how a trace hangs together, and what goes over pictures.
verifiers: public(immutable(address[4]))

# Seconds of a turn.
window: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# contract -> dispute -> hash of its turn.
_turns: HashMap[address, HashMap[bytes32, bytes32]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_market: address, _verifiers: address[4], _window: uint256):
    """
    @param _market The ComputeMarket, where transaction keys of operators are named.
    @param _verifiers InferenceVerifier, AttentionVerifier, TraceVerifier, PictureVerifier.
    @param _window Seconds of a turn.
    """
    assert _market.is_contract, "game: market is no contract"
    for verifier: address in _verifiers:
        assert verifier.is_contract, "game: verifier is no contract"
    assert _window > 0, "game: no time to answer"
    market = _market
    verifiers = _verifiers
    window = _window


# ############################################################## #
#                         SERVICE FUNCTIONS                      #
# ############################################################## #

@external
def begin(_turn: IInferenceGame.Turn, _case: IInferenceGame.Case, _path: DynArray[bytes32, trees.MAX_PATH]):
    """
    @notice Begin a dispute under the caller's address.
    @param _turn Operator, challenger, the receipt's time, how the caller names the dispute, and where it begins: a group
        and what it committed to at the position, or the number of groups and the position's root.
    @param _path From there to the trace's root.
    """
    turn: IInferenceGame.Turn = empty(IInferenceGame.Turn)
    turn.book = msg.sender
    turn.dispute = _turn.dispute
    turn.case = keccak256(abi_encode(_case))
    turn.operator = _turn.operator
    turn.challenger = _turn.challenger
    turn.time = _turn.time
    turn.group = _turn.group
    turn.boundary = _turn.boundary
    turn.count = _case.groups
    assert self._turns[msg.sender][turn.dispute] == empty(bytes32), "game: dispute is open"
    assert 0 < _case.groups and _case.groups <= MAX_GROUPS, "game: number of groups"
    assert _case.prompt > 0 and _case.reply > 0, "game: number of tokens"
    positions: uint256 = _case.prompt + _case.reply - 1
    assert positions <= MAX_POSITIONS, "game: number of tokens"
    assert _case.position < positions and turn.group <= _case.groups, "game: no such place"
    turn.slot = 1 if _case.position + 1 < _case.prompt else 0  # nobody asks for a token before the prompt's end
    index: uint256 = _case.position
    levels: uint256 = trees._levels(positions)
    stage: uint256 = GROUPS
    if turn.group < _case.groups:
        index = (index << trees._levels(_case.groups)) | turn.group
        levels += trees._levels(_case.groups)
        stage = self._stage_of(turn)
        turn.slot = 0
    assert len(_path) == levels, "game: path"
    assert trees._climbed(turn.boundary, index, _path) == _case.trace, "game: not in the trace"
    log IInferenceGame.Begun(
        book=msg.sender,
        dispute=turn.dispute,
        challenger=turn.challenger,
        operator=turn.operator,
        time=turn.time,
        group=turn.group,
        boundary=turn.boundary,
        case=_case,
    )
    self._move(turn, stage)


@external
def finish(_turn: IInferenceGame.Turn) -> bool:
    """
    @notice End a dispute of the caller's: a wrong lane was shown, or the time is over of whose turn it is.
    @return Whether the provider lost.
    """
    assert _turn.book == msg.sender, "game: not the caller's"
    self._check(_turn)
    assert _turn.stage == PROVED or block.timestamp > _turn.deadline, "game: still time"
    self._turns[msg.sender][_turn.dispute] = empty(bytes32)
    return _turn.stage not in [NAMING, ASKING]


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def show_groups(_turn: IInferenceGame.Turn, _boundaries: DynArray[bytes32, MAX_GROUPS]):
    """
    @notice Show what each group committed to at the position.
    """
    turn: IInferenceGame.Turn = self._answer(_turn, GROUPS)
    assert len(_boundaries) == turn.count, "game: number of groups"
    assert self._root(_boundaries, trees._levels(turn.count)) == turn.boundary, "game: other groups"
    self._move(turn, NAMING)


@external
def show_record(_turn: IInferenceGame.Turn, _roots: DynArray[bytes32, SLOTS], _committed: bytes32[3]):
    """
    @notice Show the tensors of the group at the position, by their roots, as many as it has.
    @param _committed What the boundary is made of: last tensor, keys, values; first and last group have no more than one.
    """
    turn: IInferenceGame.Turn = self._answer(_turn, RECORD)
    out: bytes32 = keccak256(abi_encode(_committed[0], _committed[1]))
    kept: bytes32 = keccak256(abi_encode(_committed[2], empty(bytes32)))
    assert keccak256(abi_encode(out, kept)) == turn.boundary, "game: another boundary"
    if turn.group == 0 or turn.group + 1 == turn.count:
        assert _committed[1] == empty(bytes32) and _committed[2] == empty(bytes32), "game: nothing is kept there"
    turn.record = self._root(_roots, trees.RECORD_LEVELS)
    self._move(turn, ASKING)


@external
def show_nodes(
    _turn: IInferenceGame.Turn,
    _chunks: uint256,
    _nodes: DynArray[bytes32, LIST],
    _path: DynArray[bytes32, trees.MAX_PATH],
):
    """
    @notice Show the nodes over a tensor's parts of 32 chunks; nothing where there is one part, or more than 32.
    @param _chunks How many chunks it has.
    """
    turn: IInferenceGame.Turn = self._answer(_turn, NODES)
    turn.shown = _chunks + 1
    # A larger tensor's are too many to show; its size alone is judged.
    if LIST < _chunks and _chunks <= LIST * LIST:
        levels: uint256 = trees._levels(_chunks) - PART_LEVELS
        assert len(_nodes) == (_chunks + LIST - 1) // LIST, "game: number of nodes"
        assert len(_path) == trees.RECORD_LEVELS, "game: path"
        assert trees._climbed(self._root(_nodes, levels), turn.slot, _path) == turn.record, "game: other nodes"
    self._move(turn, ASKING)


@external
def show_chunks(
    _turn: IInferenceGame.Turn,
    _chunks: uint256,
    _data: Bytes[4096],
    _path: DynArray[bytes32, trees.MAX_PATH],
):
    """
    @notice Show a part of a tensor, 32 chunks at most; nothing where it has no such part.
    @param _chunks How many chunks it has.
    """
    turn: IInferenceGame.Turn = self._answer(_turn, CHUNKS)
    turn.shown = _chunks + 1
    if turn.part < LIST and turn.part * LIST < _chunks:
        claim: IInferenceVerifier.Claim = empty(IInferenceVerifier.Claim)
        claim.record = turn.record
        trees._expect_row(claim, turn.slot, _chunks, turn.part, PART_LEVELS, _data, _path)
    self._move(turn, ASKING)


@external
def show_sums(_turn: IInferenceGame.Turn, _sums: Bytes[8192]):
    """
    @notice Show the running sums of a lane, 8 bytes each.
    """
    turn: IInferenceGame.Turn = self._answer(_turn, SUMS)
    turn.sums = proofs._named(turn.count, _sums)
    self._move(turn, ASKING)


# ############################################################## #
#                         CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def name_group(
    _turn: IInferenceGame.Turn, _group: uint256, _boundary: bytes32, _path: DynArray[bytes32, trees.MAX_PATH]
):
    """
    @notice Name the group that is wrong, of those that were shown.
    """
    turn: IInferenceGame.Turn = self._question(_turn, NAMING)
    assert _group < turn.count and len(_path) == trees._levels(turn.count), "game: path"
    assert trees._climbed(_boundary, _group, _path) == turn.boundary, "game: other groups"
    turn.group = _group
    turn.boundary = _boundary
    stage: uint256 = self._stage_of(turn)
    turn.slot = 0
    log IInferenceGame.GroupNamed(book=turn.book, dispute=turn.dispute, group=_group, boundary=_boundary)
    self._move(turn, stage)


@external
def ask(_turn: IInferenceGame.Turn, _stage: uint256, _slot: uint256, _part: uint256, _stride: uint256, _count: uint256):
    """
    @notice Ask for a tensor of the record, or for the sums of one of its lanes.
    @param _stage What is asked for: 5 nodes, 6 a part of 32 chunks, 7 sums.
    @param _slot Which tensor.
    @param _part Which part, or which lane or head.
    @param _stride Terms that one sum has more than the one before it: 1, or 32 in at most 32 sums.
    @param _count Number of sums.
    """
    turn: IInferenceGame.Turn = self._question(_turn, ASKING)
    assert NODES <= _stage and _stage <= SUMS and _slot < SLOTS, "game: no such question"
    assert turn.asked < QUESTIONS, "game: too many questions"
    if _stage == SUMS:
        assert (_stride == 1 and 0 < _count and _count <= MAX_POSITIONS) or (
            _stride == LIST and 0 < _count and _count <= LIST
        ), "game: no such sums"
    turn.asked += 1
    turn.slot = _slot
    turn.part = _part
    turn.stride = _stride
    turn.count = _count
    turn.shown = 0
    turn.sums = empty(bytes32)
    log IInferenceGame.Asked(book=turn.book, dispute=turn.dispute, slot=_slot, part=_part, stride=_stride, count=_count)
    self._move(turn, _stage)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def prove(
    _turn: IInferenceGame.Turn,
    _case: IInferenceGame.Case,
    _verifier: uint256,
    _call: Bytes[12288],
    _lists: Bytes[1280],
    _block: uint256,
):
    """
    @notice Show one wrong lane, or a trace that does not hang together. The reward is the challenger's, whoever calls.
    @param _verifier Which of the `verifiers`.
    @param _call What it is asked.
    @param _lists Last sums and hashes of blocks, where more than 32 sums were shown.
    @param _block Which block of them it argues with, behind the last one for last sums; 2**256 - 1 for no sums.
    """
    self._check(_turn)
    assert _turn.stage != PROVED, "game: proved"
    assert keccak256(abi_encode(_case)) == _turn.case, "game: another case"
    assert _verifier < 4, "game: no such verifier"
    if _verifier == TRACE:
        fixed: bytes32 = proofs._bound(_turn, _case)
        assert keccak256(slice(_call, 4, proofs.BOUND)) == fixed, "game: another claim"
    else:
        fixed: bytes32 = proofs._claim(_turn, _case, _lists, _block)
        if _block != proofs.NO_BLOCK:
            place: uint256 = proofs._lane_at(convert(slice(_call, 0, 4), bytes4))
            assert extract32(_call, place, output_type=uint256) == _turn.part, "game: another lane"
            # The descriptor's first word follows where its place says.
            place = extract32(_call, 4 + proofs.CLAIM, output_type=uint256)
            assert place < MAX_CALL, "game: another slot"
            descriptor: uint256 = extract32(_call, 4 + place, output_type=uint256)
            assert (descriptor >> 232) & 255 == _turn.slot, "game: another slot"
        assert keccak256(slice(_call, 4, proofs.CLAIM)) == fixed, "game: another claim"
    answer: Bytes[32] = raw_call(verifiers[_verifier], _call, max_outsize=32, is_static_call=True)
    assert convert(answer, uint256) == 1, "game: not proved"
    self._move(_turn, PROVED)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def turn_of(_book: address, _dispute: bytes32) -> bytes32:
    """
    @notice Hash of the turn of a dispute that a contract began; zero when it is not open.
    """
    return self._turns[_book][_dispute]


@external
@view
def longest() -> uint256:
    """
    @notice Seconds of the longest dispute.
    """
    return TURNS * window


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _check(_turn: IInferenceGame.Turn):
    """
    @dev The dispute stands where the caller says.
    """
    assert self._turns[_turn.book][_turn.dispute] == keccak256(abi_encode(_turn)), "game: another turn"


@internal
@view
def _answer(_turn: IInferenceGame.Turn, _stage: uint256) -> IInferenceGame.Turn:
    """
    @dev The provider answers what is asked, in time.
    """
    self._check(_turn)
    assert _turn.stage == _stage, "game: not its turn"
    assert block.timestamp <= _turn.deadline, "game: too late"
    # So that everybody finds what was shown in the transaction.
    assert msg.sender == tx.origin, "game: not in a transaction of its own"
    if msg.sender != _turn.operator:
        speaks_for: address = staticcall Market(market).operator_of(msg.sender, hotkeys.TRANSACTION, block.timestamp)
        assert speaks_for == _turn.operator, "game: not the operator"
    return _turn


@internal
@view
def _question(_turn: IInferenceGame.Turn, _stage: uint256) -> IInferenceGame.Turn:
    """
    @dev The challenger goes on, in time.
    """
    self._check(_turn)
    assert _turn.stage == _stage, "game: not its turn"
    assert block.timestamp <= _turn.deadline, "game: too late"
    assert msg.sender == _turn.challenger, "game: not the challenger"
    return _turn


@internal
@pure
def _stage_of(_turn: IInferenceGame.Turn) -> uint256:
    # What follows when a group is named; `slot` says how many of the last ones commit to nothing.
    is_made: bool = _turn.group + _turn.slot < _turn.count
    assert is_made or _turn.boundary != empty(bytes32), "game: no such place"
    return RECORD if is_made else PROVED


@internal
def _move(_turn: IInferenceGame.Turn, _stage: uint256):
    turn: IInferenceGame.Turn = _turn
    turn.stage = _stage
    turn.deadline = block.timestamp + window
    self._turns[turn.book][turn.dispute] = keccak256(abi_encode(turn))
    log IInferenceGame.Moved(book=turn.book, dispute=turn.dispute, stage=_stage, deadline=turn.deadline)


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
