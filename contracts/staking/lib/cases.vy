# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Cases of the alignment court, word by word
@license MIT
@notice What a case is, how its words are packed, its clock, and the table of amounts.
@dev A period ends when its time and half of the blocks of that time have passed since the court saw it begin. So a
    chain that stands still eats nobody's turn.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ...interfaces import IAlignmentCourt
from ...interfaces import IRandomness
from ...interfaces import IStakingHub


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

DAY: constant(uint256) = 86_400

# Longest times of a case, seconds: 2 x (answer, seed, commit, reveal) + call + margin.
ANSWER_PERIOD: constant(uint256) = DAY
SEED_PERIOD: constant(uint256) = DAY // 2
COMMIT_PERIOD: constant(uint256) = 2 * DAY
REVEAL_PERIOD: constant(uint256) = DAY
CALL_PERIOD: constant(uint256) = 2 * DAY
MARGIN: constant(uint256) = DAY // 2
LONGEST_CASE: constant(uint256) = (
    2 * (ANSWER_PERIOD + SEED_PERIOD + COMMIT_PERIOD + REVEAL_PERIOD) + CALL_PERIOD + MARGIN
)

# A case that waits so long for a seed, or for its turn, is void; coins that a juror asks back stay so long.
LONGEST_WAIT: constant(uint256) = 14 * DAY

# Phases of a case.
ANSWER: constant(uint256) = 1
SEED: constant(uint256) = 2
COMMIT: constant(uint256) = 3
REVEAL: constant(uint256) = 4
CALL: constant(uint256) = 5
QUEUE: constant(uint256) = 6
OVER: constant(uint256) = 7

# Verdicts.
ACQUITTED: constant(uint256) = 1
CONVICTED: constant(uint256) = 2
VOID: constant(uint256) = 3

# The table of amounts, in coins; a scale of the owner counts for cases opened 28 days later.
SEAT: public(constant(uint256)) = 2_000
LEAST_SEATS: public(constant(uint256)) = 400
LEAST_ASKED: public(constant(uint256)) = 400
MAX_ASKED: public(constant(uint256)) = 40_000
# Up to here the re-hearing's amounts are the same, and a first conviction is re-heard only if somebody calls for it.
SMALL: public(constant(uint256)) = 2_500
FIRST_FEE: public(constant(uint256)) = 7
FIRST_DEPOSIT: public(constant(uint256)) = 50
FIRST_FEES: public(constant(uint256)) = 20  # in a bond
SECOND_FEE: public(constant(uint256)) = 3  # and 3.2 for each SMALL
SECOND_FEE_TENTHS: public(constant(uint256)) = 32
SECOND_DEPOSIT: public(constant(uint256)) = 40  # for each SMALL
SECOND_FEES: public(constant(uint256)) = 190  # in a bond
LOSS_DIVISOR: public(constant(uint256)) = 20  # 5 % of what was asked
REPEATED: public(constant(uint256)) = 3  # times the bond after an acquittal

# Seats expected and quorum of the two juries.
FIRST_SEATS: public(constant(uint256)) = 11
FIRST_QUORUM: public(constant(uint256)) = 5
SECOND_SEATS: public(constant(uint256)) = 151
SECOND_QUORUM: public(constant(uint256)) = 51

SCALE_NOTICE: public(constant(uint256)) = 28 * DAY
LEAST_UNIT: constant(uint256) = 10**14
MAX_UNIT: constant(uint256) = 10**22

MASK_160: constant(uint256) = 2**160 - 1
MASK_96: constant(uint256) = 2**96 - 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_32: constant(uint256) = 2**32 - 1
MASK_24: constant(uint256) = 2**24 - 1

# Where the fields of a case's head stand: service 160 | since 40 | since_block 40 | phase 4 | hearing 1 | first 2 |
# verdict 2 | repeated 1 bits, the first lowest.
SINCE_AT: constant(uint256) = 160
SINCE_BLOCK_AT: constant(uint256) = 200
PHASE_AT: constant(uint256) = 240
HEARING_AT: constant(uint256) = 244
FIRST_AT: constant(uint256) = 245
VERDICT_AT: constant(uint256) = 247
REPEATED_AT: constant(uint256) = 249
PHASE_MASK: constant(uint256) = (2**84 - 1) << SINCE_AT  # phase and its start

# Where the fields of a case's terms stand: epoch of the accusation 24 | epoch of the seed 40 | wei of a coin 96 bits.
SEED_EPOCH_AT: constant(uint256) = 24
UNIT_AT: constant(uint256) = 64


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The coin of bonds, fees and locks.
token: public(immutable(IERC20))

# Where jurors' locks are.
hub: public(immutable(IStakingHub))

# Where juries' seeds come from.
randomness: public(immutable(IRandomness))

# Blocks that the chain makes in a day, as the deployment saw it.
daily_blocks: public(immutable(uint256))

# Epochs of the hub: when the first began, and seconds of each.
genesis: immutable(uint256)
epoch_length: immutable(uint256)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Number of cases; ids start at 1.
case_count: uint256

# keccak256(service, fault) -> the last case about it.
case_of: HashMap[bytes32, uint256]

# id -> service, phase and its start, hearing, verdicts: see SINCE_AT.
heads: HashMap[uint256, uint256]

# id -> operator | amount << 160.
accused: HashMap[uint256, uint256]

# id -> accuser | mature weight at the accusation << 160.
accusers: HashMap[uint256, uint256]

# id -> caller of the re-hearing whose own bond pays it.
callers: HashMap[uint256, address]

# id -> epoch of the accusation, epoch of the seed, wei of a coin of the table: see UNIT_AT.
terms_of: HashMap[uint256, uint256]

# 2 * id + hearing -> seed, once the court has seen it.
seeds: HashMap[uint256, bytes32]

# id -> seats committed, innocent, guilty: three times 32 bits for each hearing.
tallies: HashMap[uint256, uint256]

# Wei of a coin of the table 96 | what it becomes 96 | when, unix seconds 40; 0 when no change is announced.
scale: uint256


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address, _randomness: address, _daily_blocks: uint256):
    assert _token.is_contract, "court: token is no contract"
    assert _hub.is_contract, "court: hub is no contract"
    assert _randomness.is_contract, "court: randomness is no contract"
    assert _daily_blocks >= 2, "court: too few blocks a day"
    token = IERC20(_token)
    hub = IStakingHub(_hub)
    randomness = IRandomness(_randomness)
    daily_blocks = _daily_blocks
    genesis = staticcall hub.epoch_start(1)
    epoch_length = staticcall hub.epoch_start(2) - genesis
    self.scale = 10**18


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _head(_case: uint256) -> uint256:
    head: uint256 = self.heads[_case]
    assert head != 0, "court: unknown case"
    return head


@internal
@pure
def _check_phase(_head: uint256, _phase: uint256):
    assert _head >> PHASE_AT & 15 == _phase, "court: not the time"


@internal
def _enter(_case: uint256, _head: uint256, _phase: uint256) -> uint256:
    """
    @dev Begin a phase now.
    """
    head: uint256 = (
        _head & ~PHASE_MASK | block.timestamp << SINCE_AT | block.number << SINCE_BLOCK_AT | _phase << PHASE_AT
    )
    self.heads[_case] = head
    self._log_phase(_case, head)
    return head


@internal
def _log_phase(_case: uint256, _head: uint256):
    log IAlignmentCourt.Advanced(
        case_id=_case,
        hearing=(_head >> HEARING_AT & 1),
        phase=(_head >> PHASE_AT & 15),
        seed_epoch=self._seed_epoch(_case),
    )


@internal
@view
def _ended(_head: uint256, _period: uint256) -> bool:
    since: uint256 = (_head >> SINCE_AT) & MASK_40
    since_block: uint256 = (_head >> SINCE_BLOCK_AT) & MASK_40
    blocks: uint256 = _period * daily_blocks // (2 * DAY)
    return block.timestamp >= since + _period and block.number >= since_block + blocks


@internal
@view
def _seed_epoch(_case: uint256) -> uint256:
    return (self.terms_of[_case] >> SEED_EPOCH_AT) & MASK_40


@internal
@view
def _unit_of(_case: uint256) -> uint256:
    return self.terms_of[_case] >> UNIT_AT


@internal
@view
def _tally(_case: uint256, _hearing: uint256) -> IAlignmentCourt.Tally:
    word: uint256 = self.tallies[_case] >> (96 * _hearing)
    return IAlignmentCourt.Tally(
        committed=word & MASK_32, innocent=(word >> 32) & MASK_32, guilty=(word >> 64) & MASK_32
    )


@internal
@view
def _amount(_case: uint256) -> uint256:
    return self.accused[_case] >> 160


@internal
@view
def _epoch() -> uint256:
    return 1 + (block.timestamp - genesis) // epoch_length


@internal
@view
def _unit() -> uint256:
    """
    @dev Wei of a coin of the table, for cases opened now.
    """
    word: uint256 = self.scale
    counts_from: uint256 = word >> 192
    if counts_from != 0 and block.timestamp >= counts_from:
        return (word >> 96) & MASK_96
    return word & MASK_96


@internal
@pure
def _weighty(_amount: uint256, _unit: uint256) -> uint256:
    """
    @dev What a re-hearing's amounts grow with: what is asked, SMALL at least.
    """
    return max(_amount, SMALL * _unit)


@internal
@pure
def _fee(_hearing: uint256, _amount: uint256, _unit: uint256) -> uint256:
    """
    @dev Of a coherent seat, by the table.
    """
    if _hearing == 0:
        return FIRST_FEE * _unit
    return SECOND_FEE * _unit + self._weighty(_amount, _unit) * SECOND_FEE_TENTHS // (10 * SMALL)


@internal
@pure
def _deposit(_hearing: uint256, _amount: uint256, _unit: uint256) -> uint256:
    """
    @dev What a seat can lose.
    """
    if _hearing == 0:
        return FIRST_DEPOSIT * _unit
    return self._weighty(_amount, _unit) * SECOND_DEPOSIT // SMALL


@internal
@pure
def _fees(_hearing: uint256, _amount: uint256, _unit: uint256) -> uint256:
    """
    @dev The part of a bond that pays one hearing.
    """
    if _hearing == 0:
        return FIRST_FEES * self._fee(0, _amount, _unit)
    return SECOND_FEES * self._fee(1, _amount, _unit)


@internal
@pure
def _bond(_amount: uint256, _unit: uint256, _repeated: bool) -> uint256:
    """
    @dev An accuser's: both hearings and what it loses when it is wrong.
    """
    bond: uint256 = self._fees(0, _amount, _unit) + self._fees(1, _amount, _unit) + _amount // LOSS_DIVISOR
    if _repeated:
        return REPEATED * bond
    return bond


@internal
@view
def _paid_fee(_case: uint256, _hearing: uint256, _verdict: uint256) -> (uint256, uint256):
    """
    @dev What each coherent seat of a hearing is paid, and how many there are. The bond's part is never passed: in the
        rare hearing with more coherent seats than it pays for, they share it.
    """
    votes: IAlignmentCourt.Tally = self._tally(_case, _hearing)
    coherent: uint256 = votes.innocent
    if _verdict == CONVICTED:
        coherent = votes.guilty
    if coherent == 0:
        return 0, 0
    amount: uint256 = self._amount(_case)
    unit: uint256 = self._unit_of(_case)
    fee: uint256 = self._fee(_hearing, amount, unit)
    return min(fee, self._fees(_hearing, amount, unit) // coherent), coherent


@internal
@view
def _locked(_juror: address) -> uint256:
    """
    @dev A juror's coins behind the court. Nothing is there once the hub, after the court's removal and horizon, has
        given them back; then no penalty stands between the juror and its pay.
    """
    return staticcall hub.lock_of(self, _juror)
