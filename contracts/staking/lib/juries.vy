# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Juries of the alignment court
@license MIT
@notice Who is on a jury, how votes are sealed and revealed, the verdict, and what a juror loses for not revealing or
    for giving its salt away.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IAlignmentCourt
from ...interfaces import IRandomness
from ...interfaces import IStakingHub


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Commitment to the court for one seat, wei.
SEAT: public(constant(uint256)) = 1_000 * 10**18

# What a juror loses for each seat that was not revealed, or whose salt was given away, wei.
PENALTY: public(constant(uint256)) = 50 * 10**18

# One in this many seats is drawn in the first round; the number halves in each appeal, so that juries double.
ODDS: public(constant(uint256)) = 8

# Seats that must be revealed for a verdict in the first round; twice as many in each appeal.
QUORUM: public(constant(uint256)) = 3

# Most seats that one juror may take in a round.
MAX_SEATS: constant(uint256) = 32

# Verdicts.
INNOCENT: constant(uint256) = 1
GUILTY: constant(uint256) = 2
NO_QUORUM: constant(uint256) = 3

# A ballot that no longer counts.
VOID: constant(uint256) = 3


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where operators commit, and through which verdicts are executed.
hub: public(immutable(IStakingHub))

# Where juries' seeds come from.
randomness: public(immutable(IRandomness))

# Time to draw a seat and commit a vote, seconds: two epochs of the hub.
commit_period: public(immutable(uint256))

# Time to reveal, seconds.
reveal_period: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# id -> case.
cases: HashMap[uint256, IAlignmentCourt.Case]

# id -> round -> jury.
rounds: HashMap[uint256, HashMap[uint256, IAlignmentCourt.Round]]

# id -> round -> juror -> ballot.
ballots: HashMap[uint256, HashMap[uint256, HashMap[address, IAlignmentCourt.Ballot]]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_hub: address, _randomness: address, _reveal_period: uint256):
    assert _hub.is_contract, "court: hub is no contract"
    assert _randomness.is_contract, "court: randomness is no contract"
    hub = IStakingHub(_hub)
    randomness = IRandomness(_randomness)
    commit_period = 2 * (staticcall hub.epoch_start(2) - staticcall hub.epoch_start(1))
    reveal_period = _reveal_period


# ############################################################## #
#                         JUROR FUNCTIONS                        #
# ############################################################## #

@external
def commit_vote(_case: uint256, _seats: DynArray[uint256, MAX_SEATS], _commitment: bytes32):
    """
    @notice Take the caller's drawn seats and commit a vote under seal.
    @param _seats Numbers of drawn seats, ascending.
    @param _commitment keccak256(abi_encode(case, round, juror, guilty, salt)) with a salt of 32 random bytes.
    """
    round: uint256 = self._open(_case)
    jury: IAlignmentCourt.Round = self.rounds[_case][round]
    assert block.timestamp < jury.opened + commit_period, "court: commit phase over"
    assert _commitment != empty(bytes32), "court: empty commitment"
    assert self.ballots[_case][round][msg.sender].seats == 0, "court: already committed"
    assert msg.sender != self.cases[_case].operator, "court: judge in own case"
    assert len(_seats) > 0, "court: no seat"
    seed: bytes32 = staticcall randomness.seed(jury.seed_epoch)
    assert seed != empty(bytes32), "court: no seed yet"
    seats: uint256 = self._seats(msg.sender, jury.weighed_at)
    next: uint256 = 0
    for seat: uint256 in _seats:
        assert seat >= next, "court: seats not ascending"
        assert seat < seats, "court: no such seat"
        assert self._drawn(seed, _case, round, msg.sender, seat), "court: seat not drawn"
        next = seat + 1
    self.ballots[_case][round][msg.sender] = IAlignmentCourt.Ballot(commitment=_commitment, seats=len(_seats), vote=0)
    self.rounds[_case][round].committed = jury.committed + len(_seats)
    log IAlignmentCourt.VoteCommitted(case_id=_case, juror=msg.sender, round=round, seats=len(_seats))


@external
def reveal_vote(_case: uint256, _guilty: bool, _salt: bytes32):
    """
    @notice Reveal the caller's vote.
    """
    round: uint256 = self._open(_case)
    jury: IAlignmentCourt.Round = self.rounds[_case][round]
    ballot: IAlignmentCourt.Ballot = self.ballots[_case][round][msg.sender]
    assert block.timestamp >= jury.opened + commit_period, "court: commit phase not over"
    assert block.timestamp < self._reveal_end(jury), "court: reveal phase over"
    assert ballot.vote == 0, "court: already revealed"
    assert ballot.commitment == self._seal(_case, round, msg.sender, _guilty, _salt), "court: not that vote"
    if _guilty:
        self.ballots[_case][round][msg.sender].vote = GUILTY
        self.rounds[_case][round].guilty = jury.guilty + ballot.seats
    else:
        self.ballots[_case][round][msg.sender].vote = INNOCENT
        self.rounds[_case][round].innocent = jury.innocent + ballot.seats
    log IAlignmentCourt.VoteRevealed(case_id=_case, juror=msg.sender, round=round, guilty=_guilty, seats=ballot.seats)


@external
def report_salt(_case: uint256, _juror: address, _guilty: bool, _salt: bytes32) -> uint256:
    """
    @notice Report the salt of a juror that gave it away before the reveal: its vote is void and part of its bond is
        slashed.
    @return Wei taken.
    """
    round: uint256 = self._open(_case)
    jury: IAlignmentCourt.Round = self.rounds[_case][round]
    ballot: IAlignmentCourt.Ballot = self.ballots[_case][round][_juror]
    assert block.timestamp < jury.opened + commit_period, "court: reveal has begun"
    assert msg.sender != _juror, "court: not by the juror"
    assert ballot.vote == 0, "court: nothing to penalise"
    assert ballot.commitment == self._seal(_case, round, _juror, _guilty, _salt), "court: not that vote"
    self.rounds[_case][round].committed = jury.committed - ballot.seats
    return self._penalise(_case, round, _juror, ballot.seats)


@external
def penalise(_case: uint256, _round: uint256, _juror: address) -> uint256:
    """
    @notice Slash a juror that committed a vote and did not reveal it; the caller gets the court's prover part.
    @return Wei taken.
    """
    ballot: IAlignmentCourt.Ballot = self.ballots[_case][_round][_juror]
    assert ballot.seats > 0 and ballot.vote == 0, "court: nothing to penalise"
    assert block.timestamp >= self._reveal_end(self.rounds[_case][_round]), "court: jury still sits"
    return self._penalise(_case, _round, _juror, ballot.seats)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def drawn_seats(_case: uint256, _juror: address) -> DynArray[uint256, MAX_SEATS]:
    """
    @notice Seats that `_juror` can take in the current round: none before the seed is there.
    """
    round: uint256 = self.cases[_case].round
    jury: IAlignmentCourt.Round = self.rounds[_case][round]
    seed: bytes32 = staticcall randomness.seed(jury.seed_epoch)
    drawn: DynArray[uint256, MAX_SEATS] = []
    if seed == empty(bytes32):
        return drawn
    for seat: uint256 in range(self._seats(_juror, jury.weighed_at), bound=MAX_SEATS * 32):
        if len(drawn) < MAX_SEATS and self._drawn(seed, _case, round, _juror, seat):
            drawn.append(seat)
    return drawn


@external
@view
def get_round(_case: uint256, _round: uint256) -> IAlignmentCourt.Round:
    """
    @notice One jury of a case.
    """
    return self.rounds[_case][_round]


@external
@view
def ballot(_case: uint256, _round: uint256, _juror: address) -> IAlignmentCourt.Ballot:
    """
    @notice What a juror did in a round.
    """
    return self.ballots[_case][_round][_juror]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _open(_case: uint256) -> uint256:
    case_round: uint256 = self.cases[_case].round
    assert self.cases[_case].accuser != empty(address), "court: unknown case"
    assert self.cases[_case].verdict == 0, "court: case closed"
    return case_round


@internal
def _open_round(_case: uint256, _round: uint256, _appellant: address) -> uint256:
    """
    @dev Weight is what was committed at the start of the epoch before, so no stake can come for this case.
    """
    epoch: uint256 = staticcall hub.epoch()
    seed_epoch: uint256 = staticcall randomness.next()
    self.rounds[_case][_round] = IAlignmentCourt.Round(
        opened=block.timestamp,
        weighed_at=staticcall hub.epoch_start(max(epoch, 2) - 1),
        seed_epoch=seed_epoch,
        appellant=_appellant,
        committed=0,
        guilty=0,
        innocent=0,
    )
    return seed_epoch


@internal
@view
def _reveal_end(_jury: IAlignmentCourt.Round) -> uint256:
    return _jury.opened + commit_period + reveal_period


@internal
@view
def _tally(_jury: IAlignmentCourt.Round, _round: uint256) -> uint256:
    """
    @dev More than half of the committed seats must have been revealed, and a quorum; a tie acquits.
    """
    revealed: uint256 = _jury.guilty + _jury.innocent
    if revealed < QUORUM * 2**_round or 2 * revealed <= _jury.committed:
        return NO_QUORUM
    if _jury.guilty > _jury.innocent:
        return GUILTY
    return INNOCENT


@internal
@view
def _seats(_juror: address, _weighed_at: uint256) -> uint256:
    """
    @dev The least of three: what was committed then, what is committed now, and what stake backs now.
    """
    then: uint256 = staticcall hub.committed_at(self, _juror, _weighed_at)
    return min(then, staticcall hub.effective(self, _juror)) // SEAT


@internal
@pure
def _drawn(_seed: bytes32, _case: uint256, _round: uint256, _juror: address, _seat: uint256) -> bool:
    draw: uint256 = convert(keccak256(abi_encode(_seed, _case, _round, _juror, _seat)), uint256)
    return draw < max_value(uint256) // (ODDS // 2**_round)


@internal
@pure
def _seal(_case: uint256, _round: uint256, _juror: address, _guilty: bool, _salt: bytes32) -> bytes32:
    return keccak256(abi_encode(_case, _round, _juror, _guilty, _salt))


@internal
def _penalise(_case: uint256, _round: uint256, _juror: address, _seats: uint256) -> uint256:
    self.ballots[_case][_round][_juror].vote = VOID
    evidence: bytes32 = keccak256(abi_encode(_case, _round, _juror))
    taken: uint256 = extcall hub.slash(_juror, PENALTY * _seats, empty(address), msg.sender, evidence)
    log IAlignmentCourt.Penalised(case_id=_case, juror=_juror, amount=taken)
    return taken
