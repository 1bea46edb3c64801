# pragma version 0.4.3
"""
@title Calls of the verifiers that a dispute may believe
@license MIT
@notice A proof is a call of a verifier without what stands first in it: that is what the dispute has fixed, and is put in
    here. Where it argues with sums, they are those of the lane that its provider was asked about.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IInferenceGame
from ...interfaces import IInferenceVerifier
from ...interfaces import ITraceVerifier

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import dispute_turns as turns
from . import inference_trees as trees

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Functions that argue with sums, by their selectors; others are asked without.
LINEAR: constant(bytes4) = 0xF60AEE0C
NORM: constant(bytes4) = 0x36F675A6
TOTAL: constant(bytes4) = 0xA74BD749
ATTENDED: constant(bytes4) = 0x2CA3E760
CONVOLVED: constant(bytes4) = 0xDF8E6460
LARGEST: constant(bytes4) = 0xAC0A2AC1
POOLED: constant(bytes4) = 0x7B53796C

# The likeliest token, and a drawn one.
TOKEN: constant(bytes4) = 0xCCF18598
DRAWN: constant(bytes4) = 0x9DAB6FFF
DRAWING: constant(uint256) = 96  # bytes: the tree's root, seed and scale

# Bytes of what stands first in a call, and of the rest.
BOUND: constant(uint256) = 416
CLAIM: constant(uint256) = 320
MAX_REST: constant(uint256) = 8_192


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _bound(_turn: IInferenceGame.Turn, _case: IInferenceGame.Case) -> Bytes[BOUND]:
    """
    @dev What stands first in a call of TraceVerifier.
    """
    return abi_encode(
        ITraceVerifier.Bound(
            program=_case.program,
            trace=_case.trace,
            inputs=_case.inputs,
            outputs=_case.outputs,
            prompt=_case.prompt,
            reply=_case.reply,
            position=_case.position,
            groups=_case.groups,
            group=turns._byte(_turn.numbers, turns.GROUP_AT),
            boundary=_turn.boundary,
            record=_turn.record,
            slot=turns._byte(_turn.numbers, turns.SLOT_AT),
            shown=turns._shown(_turn.numbers),
        )
    )


@internal
@pure
def _claim(_turn: IInferenceGame.Turn, _case: IInferenceGame.Case, _with_sums: bool) -> Bytes[CLAIM]:
    """
    @dev What stands first in a call of another verifier.
    """
    claim: IInferenceVerifier.Claim = IInferenceVerifier.Claim(
        program=_case.program,
        trace=_case.trace,
        record=_turn.record,
        group=turns._byte(_turn.numbers, turns.GROUP_AT),
        position=_case.position,
        positions=trees._positions(_case.prompt, _case.reply),
        sums=empty(bytes32),
        base=0,
        first=0,
        stride=0,
    )
    if _with_sums:
        claim.sums = _turn.sums
        claim.first = turns._first(_turn.numbers)
        claim.base = turns._base(_turn)
        claim.stride = turns._byte(_turn.numbers, turns.STRIDE_AT)
    return abi_encode(claim)


@internal
@pure
def _lane_at(_function: bytes4, _turn: IInferenceGame.Turn) -> uint256:
    """
    @dev Where the arguments behind the claim say of which lane the sums are that were shown; zero for a call that argues
        with none.
    """
    word: uint256 = 0
    if _turn.sums == empty(bytes32):
        return 0
    if _function == LINEAR:
        word = 6
    elif _function == NORM or _function == CONVOLVED:
        word = 4
    elif _function == ATTENDED:
        return 32 * 5
    elif _function == POOLED:
        return 32 * 3
    elif _function == TOTAL or _function == LARGEST:
        word = 3
    # Terms of a block are those of attention or of a mean; of other sums it has none that anybody could name.
    assert word == 0 or turns._byte(_turn.numbers, turns.WITHIN_AT) == 0, "game: other sums"
    return 32 * word


@internal
@pure
def _expect_slot(_descriptor: uint256, _turn: IInferenceGame.Turn):
    """
    @dev The descriptor that a call opens is that of the slot whose sums were shown.
    """
    assert (_descriptor >> 232) & 255 == turns._byte(_turn.numbers, turns.SLOT_AT), "game: another slot"


@internal
@pure
def _with_tree(_fixed: Bytes[BOUND], _trace: bytes32, _function: bytes4, _drawing: Bytes[DRAWING]) -> Bytes[BOUND]:
    """
    @dev What stands first in a call where tokens are drawn. The receipt's root holds the drawing, which `drawn` takes
        apart; other functions open the trace, whose root stands with the drawing behind their arguments.
    """
    assert _function != TOKEN, "game: tokens are drawn"
    if _function == DRAWN:
        return _fixed
    tree: bytes32 = extract32(_drawing, 0)
    scale: uint256 = extract32(_drawing, 64, output_type=uint256)
    assert trees._drawn(tree, extract32(_drawing, 32), scale) == _trace, "game: another drawing"
    # The trace is the second word of a claim, and of what TraceVerifier is given.
    return convert(concat(slice(_fixed, 0, 32), tree, slice(_fixed, 64, len(_fixed) - 64)), Bytes[BOUND])
