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
    bring the turn itself. Who names a group adds marks of its tensors, so that the first one that is another is shown with
    their roots. Any contract may begin disputes: they are kept under its address, and it alone ends them.
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

implements: IInferenceGame


# What turns ask the market.
interface Market:
    def operator_of(_key: address, _kind: uint8, _time: uint256) -> address: view


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import hotkeys
from .lib import dispute_proofs as proofs
from .lib import dispute_shown as shown
from .lib import dispute_turns as turns
from .lib import inference_trees as trees

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Whose turn it is: the provider shows groups, a record, nodes, chunks or sums; the challenger names a group or asks.
GROUPS: constant(uint256) = 1
NAMING: constant(uint256) = 2
RECORD: constant(uint256) = turns.RECORD
ASKING: constant(uint256) = 4
NODES: constant(uint256) = 5
CHUNKS: constant(uint256) = 6
SUMS: constant(uint256) = 7
PROVED: constant(uint256) = turns.PROVED

TURNS: constant(uint256) = 2 * turns.QUESTIONS + 4  # of the longest dispute
TRACE: constant(uint256) = 2  # number of the verifier of traces


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where operators name their keys.
market: public(immutable(address))

# What weights make, what attention makes, how a trace hangs together, what goes over pictures, and what encoders make.
verifiers: public(immutable(address[5]))

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
def __init__(_market: address, _verifiers: address[5], _window: uint256):
    """
    @param _market The ComputeMarket, where transaction keys of operators are named.
    @param _verifiers InferenceVerifier, AttentionVerifier, TraceVerifier, PictureVerifier, EncoderVerifier.
    @param _window Seconds of a turn.
    """
    assert _market.is_contract, "game: market is no contract"
    for verifier: address in _verifiers:
        assert verifier.is_contract, "game: verifier is no contract"
    assert _window > 0 and _window <= turns.MASK_32, "game: no time to answer"
    market = _market
    verifiers = _verifiers
    window = _window


# ############################################################## #
#                         SERVICE FUNCTIONS                      #
# ############################################################## #

@external
def begin(
    _opening: IInferenceGame.Opening,
    _case: IInferenceGame.Case,
    _path: DynArray[bytes32, trees.MAX_PATH],
    _marks: bytes32[3],
):
    """
    @notice Begin a dispute under the caller's address.
    @param _opening Operator, challenger, the receipt's time, how the caller names the dispute, and where it begins: a group
        and what it committed to at the position, or the number of groups and the position's root.
    @param _path From there to the trace's root; of drawn tokens seed and scale behind it.
    @param _marks Where a group is named: see `name_group`.
    """
    assert self._turns[msg.sender][_opening.dispute] == empty(bytes32), "game: dispute is open"
    turn: IInferenceGame.Turn = turns._begun(msg.sender, _opening, _case)
    stage: uint256 = GROUPS
    if _opening.group < _case.groups:
        stage = turns._stage_of(turn.numbers, _opening.group, turn.boundary)
        turn.numbers = turns._named(turn.numbers, _opening.group)
        turn.extra = keccak256(abi_encode(_marks))
    is_drawn: bool = shown._is_drawn(_opening, _case, _path)
    log IInferenceGame.Begun(
        book=msg.sender,
        dispute=turn.dispute,
        challenger=turn.challenger,
        operator=turn.operator,
        time=_opening.time,
        group=_opening.group,
        boundary=turn.boundary,
        case=_case,
        marks=_marks,
    )
    if is_drawn:
        turn.numbers |= 1 << turns.DRAWN_AT
        seed_at: uint256 = len(_path) - shown.DRAWING
        log IInferenceGame.Drawn(book=msg.sender, dispute=turn.dispute, seed=_path[seed_at], scale=_path[seed_at + 1])
    self._move(turn, stage)


@external
def finish(_turn: IInferenceGame.Turn) -> bool:
    """
    @notice End a dispute of the caller's: a wrong lane was shown, or the time is over of whose turn it is.
    @return Whether the provider lost.
    """
    assert _turn.book == msg.sender, "game: not the caller's"
    self._check(_turn)
    stage: uint256 = turns._byte(_turn.numbers, turns.STAGE_AT)
    assert stage == PROVED or block.timestamp > turns._deadline(_turn.numbers), "game: still time"
    self._turns[msg.sender][_turn.dispute] = empty(bytes32)
    return stage not in [NAMING, ASKING]


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def show_groups(_turn: IInferenceGame.Turn, _boundaries: DynArray[bytes32, shown.MAX_GROUPS]):
    """
    @notice Show what each group committed to at the position.
    """
    self._answer(_turn, GROUPS)
    shown._expect_groups(_turn, _boundaries)
    self._move(_turn, NAMING)


@external
def show_record(
    _turn: IInferenceGame.Turn,
    _roots: DynArray[bytes32, shown.SLOTS],
    _committed: bytes32[3],
    _marks: bytes32[3],
    _chunks: uint256,
    _data: Bytes[4096],
):
    """
    @notice Show the tensors of the group at the position, by their roots, as many as it has; and of the first one whose
        mark is another all chunks, or the nodes over each 32 of them where they are more.
    @param _committed What the boundary is made of: last tensor, keys or what a vector is the mean of, values.
    @param _marks Those of the challenger.
    @param _chunks How many chunks that tensor has.
    @param _data Its chunks or nodes; nothing where there are more than 1,024 chunks, or no such tensor.
    """
    self._answer(_turn, RECORD)
    turn: IInferenceGame.Turn = _turn
    shown._expect_committed(_committed, turn)
    assert keccak256(abi_encode(_marks)) == turn.extra, "game: other marks"
    turn.extra = empty(bytes32)
    turn.record = shown._root(_roots, trees.RECORD_LEVELS)
    turn.numbers = shown._with_tensor(turn.numbers, _roots, _marks, _chunks, _data)
    self._move(turn, ASKING)


@external
def show_nodes(
    _turn: IInferenceGame.Turn,
    _chunks: uint256,
    _nodes: DynArray[bytes32, turns.LIST],
    _path: DynArray[bytes32, trees.MAX_PATH],
):
    """
    @notice Show the nodes over a tensor's parts of 32 chunks; nothing where there is one part, or more than 32.
    @param _chunks How many chunks it has.
    """
    self._answer(_turn, NODES)
    turn: IInferenceGame.Turn = _turn
    turn.numbers = turns._sized(turn.numbers, _chunks)
    shown._expect_nodes(turn, _chunks, _nodes, _path)
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
    self._answer(_turn, CHUNKS)
    turn: IInferenceGame.Turn = _turn
    turn.numbers = turns._sized(turn.numbers, _chunks)
    shown._expect_chunks(turn, _chunks, _data, _path)
    self._move(turn, ASKING)


@external
def show_sums(_turn: IInferenceGame.Turn, _sums: Bytes[256]):
    """
    @notice Show the running sums of a lane, 8 bytes each; of a block without the last one, which was shown before.
    """
    self._answer(_turn, SUMS)
    turn: IInferenceGame.Turn = _turn
    turn.sums = turns._named_sums(turn, _sums)
    self._move(turn, ASKING)


# ############################################################## #
#                         CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def name_group(
    _turn: IInferenceGame.Turn,
    _group: uint256,
    _boundary: bytes32,
    _path: DynArray[bytes32, trees.MAX_PATH],
    _marks: bytes32[3],
):
    """
    @notice Name the group that is wrong, of those that were shown.
    @param _marks The first 6 bytes of the roots of its tensors 1 to 15, as the challenger computed them, five a word, and
        2 bytes of 0; zero for a tensor without.
    """
    self._question(_turn, NAMING)
    turn: IInferenceGame.Turn = _turn
    shown._expect_group(turn, _group, _boundary, _path)
    stage: uint256 = turns._stage_of(turn.numbers, _group, _boundary)
    turn.numbers = turns._named(turn.numbers, _group)
    turn.boundary = _boundary
    turn.extra = keccak256(abi_encode(_marks))
    log IInferenceGame.GroupNamed(book=turn.book, dispute=turn.dispute, group=_group, boundary=_boundary, marks=_marks)
    self._move(turn, stage)


@external
def ask(_turn: IInferenceGame.Turn, _stage: uint256, _slot: uint256, _part: uint256, _stride: uint256, _count: uint256):
    """
    @notice Ask for a tensor of the record, or for the sums of one of its lanes.
    @param _stage What is asked for: 5 nodes, 6 a part of 32 chunks, 7 sums.
    @param _slot Which tensor.
    @param _part Which part, or which lane or head.
    @param _stride Terms that one sum has more than the one before it: 1 or 32.
    @param _count Number of sums, at most 32.
    """
    self._question(_turn, ASKING)
    assert NODES <= _stage and _stage <= SUMS and _slot < shown.SLOTS, "game: no such question"
    turn: IInferenceGame.Turn = _turn
    turn.numbers = turns._asked(turn.numbers, _slot, _part)
    turn.sums = empty(bytes32)
    turn.extra = empty(bytes32)
    if _stage == SUMS:
        assert (_stride == 1 or _stride == turns.LIST) and 0 < _count and _count <= turns.LIST, "game: no such sums"
        turn.numbers = turns._of_sums(turn.numbers, _stride, _count)
    end: uint256 = self._keep(turn, _stage)
    log IInferenceGame.Asked(
        book=turn.book,
        dispute=turn.dispute,
        stage=_stage,
        deadline=end,
        slot=_slot,
        part=_part,
        stride=_stride,
        count=_count,
    )


@external
def ask_within(_turn: IInferenceGame.Turn, _sums: Bytes[256], _block: uint256):
    """
    @notice Ask for the sums of single terms of which one sum was made that has 32 more than the one before it.
    @param _sums Those that were shown.
    @param _block Which of them.
    """
    self._question(_turn, ASKING)
    turn: IInferenceGame.Turn = _turn
    turn.extra = turns._edges(turn, _sums, _block)
    turn.numbers = turns._narrowed(turn.numbers, _block)
    turn.sums = empty(bytes32)
    until: uint256 = self._keep(turn, SUMS)
    log IInferenceGame.Narrowed(book=turn.book, dispute=turn.dispute, stage=SUMS, deadline=until, block=_block)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def prove(
    _turn: IInferenceGame.Turn,
    _case: IInferenceGame.Case,
    _verifier: uint256,
    _function: bytes4,
    _rest: Bytes[proofs.MAX_REST],
):
    """
    @notice Show one wrong lane, or a trace that does not hang together. The reward is the challenger's, whoever calls.
    @param _verifier Which of the `verifiers`; `_function` is what it is asked, by its selector.
    @param _rest Arguments behind the first one: that is what the dispute has fixed, and the sums of the lane that was
        asked about last, if any.
    """
    self._check(_turn)
    assert turns._byte(_turn.numbers, turns.STAGE_AT) != PROVED, "game: proved"
    assert keccak256(abi_encode(_case)) == _turn.case, "game: another case"
    assert _verifier < 5, "game: no such verifier"
    fixed: Bytes[proofs.BOUND] = b""
    if _verifier == TRACE:
        fixed = proofs._bound(_turn, _case)
    else:
        lane: uint256 = proofs._lane_at(_function, _turn)
        fixed = proofs._claim(_turn, _case, lane > 0)
        if lane > 0:
            assert len(_rest) >= lane + 32, "game: another lane"
            assert extract32(_rest, lane, output_type=uint256) == turns._part(_turn.numbers), "game: another lane"
            # The descriptor's first word follows where its place says.
            place: uint256 = extract32(_rest, 0, output_type=uint256)
            assert proofs.CLAIM <= place and place <= len(_rest) + proofs.CLAIM - 32, "game: another slot"
            proofs._expect_slot(extract32(_rest, place - proofs.CLAIM, output_type=uint256), _turn)
    if turns._is_drawn(_turn.numbers):
        assert len(_rest) >= proofs.DRAWING, "game: another drawing"
        drawing: Bytes[proofs.DRAWING] = slice(_rest, len(_rest) - proofs.DRAWING, proofs.DRAWING)
        fixed = proofs._with_tree(fixed, _case.trace, _function, drawing)
    call: Bytes[proofs.MAX_REST + proofs.BOUND + 4] = concat(_function, fixed, _rest)
    answer: Bytes[32] = raw_call(verifiers[_verifier], call, max_outsize=32, is_static_call=True)
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
def _answer(_turn: IInferenceGame.Turn, _stage: uint256):
    """
    @dev The provider answers what is asked, in time.
    """
    self._check_time(_turn, _stage)
    # So that everybody finds what was shown: code of an account (EIP-7702) could hide it, as a contract could.
    assert msg.sender == tx.origin and not msg.sender.is_contract, "game: not in a transaction of its own"
    if msg.sender != _turn.operator:
        speaks_for: address = staticcall Market(market).operator_of(msg.sender, hotkeys.TRANSACTION, block.timestamp)
        assert speaks_for == _turn.operator, "game: not the operator"


@internal
@view
def _question(_turn: IInferenceGame.Turn, _stage: uint256):
    """
    @dev The challenger goes on, in time.
    """
    self._check_time(_turn, _stage)
    assert msg.sender == _turn.challenger, "game: not the challenger"


@internal
@view
def _check_time(_turn: IInferenceGame.Turn, _stage: uint256):
    self._check(_turn)
    assert turns._byte(_turn.numbers, turns.STAGE_AT) == _stage, "game: not its turn"
    assert block.timestamp <= turns._deadline(_turn.numbers), "game: too late"


@internal
def _keep(_turn: IInferenceGame.Turn, _stage: uint256) -> uint256:
    turn: IInferenceGame.Turn = _turn
    until: uint256 = block.timestamp + window
    turn.numbers = turns._moved(turn.numbers, _stage, until)
    self._turns[turn.book][turn.dispute] = keccak256(abi_encode(turn))
    return until


@internal
def _move(_turn: IInferenceGame.Turn, _stage: uint256):
    until: uint256 = self._keep(_turn, _stage)
    log IInferenceGame.Moved(book=_turn.book, dispute=_turn.dispute, stage=_stage, deadline=until)
