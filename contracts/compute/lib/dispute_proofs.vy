# pragma version 0.4.3
"""
@title Calls of the verifiers that a dispute may believe
@license MIT
@notice A proof is a call of a verifier, as bytes. What stands first in it has to be what the dispute has fixed; where it
    argues with sums, they are those of the lane that its provider was asked about.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IInferenceGame
from ...interfaces import IInferenceVerifier
from ...interfaces import ITraceVerifier

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Sums that one list has; longer ones come in blocks of as many, whose last sums are a list, too.
LIST: constant(uint256) = 32
LIST_BYTES: constant(uint256) = 256
LISTS: constant(uint256) = 1_280
LONGEST_SUMS: constant(uint256) = 8_192

# Functions that argue with sums, by their selectors.
LINEAR: constant(bytes4) = 0xF60AEE0C
NORM: constant(bytes4) = 0x36F675A6
TOTAL: constant(bytes4) = 0xA74BD749
ATTENDED: constant(bytes4) = 0x2CA3E760
CONVOLVED: constant(bytes4) = 0xDF8E6460
LARGEST: constant(bytes4) = 0xAC0A2AC1

# Bytes of what stands first in a call.
CLAIM: constant(uint256) = 320
BOUND: constant(uint256) = 416
NO_BLOCK: constant(uint256) = max_value(uint256)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _bound(_turn: IInferenceGame.Turn, _case: IInferenceGame.Case) -> bytes32:
    """
    @dev Hash of what stands first in a call of TraceVerifier.
    """
    return keccak256(
        abi_encode(
            ITraceVerifier.Bound(
                program=_case.program,
                trace=_case.trace,
                inputs=_case.inputs,
                outputs=_case.outputs,
                prompt=_case.prompt,
                reply=_case.reply,
                position=_case.position,
                groups=_case.groups,
                group=_turn.group,
                boundary=_turn.boundary,
                record=_turn.record,
                slot=_turn.slot,
                shown=_turn.shown,
            )
        )
    )


@internal
@pure
def _claim(
    _turn: IInferenceGame.Turn,
    _case: IInferenceGame.Case,
    _lists: Bytes[LISTS],
    _block: uint256,
) -> bytes32:
    """
    @dev Hash of what stands first in a call of the other verifiers.
    """
    claim: IInferenceVerifier.Claim = IInferenceVerifier.Claim(
        program=_case.program,
        trace=_case.trace,
        record=_turn.record,
        group=_turn.group,
        position=_case.position,
        positions=_case.prompt + _case.reply - 1,
        sums=empty(bytes32),
        base=0,
        first=0,
        stride=0,
    )
    if _block != NO_BLOCK:
        assert _turn.sums != empty(bytes32), "game: no sums were shown"
        claim.stride = _turn.stride
        if _turn.count <= LIST:
            claim.sums = _turn.sums
        else:
            assert keccak256(_lists) == _turn.sums, "game: other sums"
            blocks: uint256 = (_turn.count + LIST - 1) // LIST
            if _block == blocks:
                # Of fewer sums than there are terms the last one is no total, and of no whole part.
                assert _turn.count == _case.position + 1, "game: not all sums"
                claim.sums = keccak256(slice(_lists, 0, blocks * 8))
                claim.stride = LIST
            else:
                assert _block < blocks, "game: other sums"
                claim.sums = extract32(_lists, blocks * 8 + _block * 32)
                claim.first = _block * LIST
                if _block > 0:
                    claim.base = self._signed(convert(slice(_lists, (_block - 1) * 8, 8), uint256))
    return keccak256(abi_encode(claim))


@internal
@pure
def _lane_at(_function: bytes4) -> uint256:
    """
    @dev Where a call that argues with sums says which lane they are of.
    """
    word: uint256 = 0
    if _function == LINEAR:
        word = 16
    elif _function == NORM or _function == CONVOLVED:
        word = 14
    elif _function == ATTENDED:
        word = 15
    elif _function == TOTAL or _function == LARGEST:
        word = 13
    assert word > 0, "game: no sums in it"
    return 4 + 32 * word


@internal
@pure
def _named(_count: uint256, _sums: Bytes[LONGEST_SUMS]) -> bytes32:
    """
    @dev What a turn keeps of sums: their hash, or that of each block's last sum and each block's hash.
    """
    assert len(_sums) == _count * 8, "game: number of sums"
    if _count <= LIST:
        return keccak256(_sums)
    lasts: Bytes[LIST_BYTES] = b""
    hashes: Bytes[LISTS - LIST_BYTES] = b""
    for number: uint256 in range((_count + LIST - 1) // LIST, bound=LIST):
        first: uint256 = number * LIST_BYTES
        size: uint256 = min(LIST_BYTES, len(_sums) - first)
        lasts = convert(concat(lasts, slice(_sums, first + size - 8, 8)), Bytes[LIST_BYTES])
        hashes = convert(concat(hashes, keccak256(slice(_sums, first, size))), Bytes[LISTS - LIST_BYTES])
    return keccak256(concat(lasts, hashes))


@internal
@pure
def _signed(_value: uint256) -> int256:
    found: int256 = convert(_value, int256)
    if found >= 2**63:
        found -= 2**64
    return found
