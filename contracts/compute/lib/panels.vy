# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Panels that compute an answer again
@license MIT
@notice A panel is drawn by a seed that nobody knew at the opening. Each member seals its word with its own answer's
    digest and its own address, so that a copied seal opens for nobody else; then all show what they sealed.
"""

# ############################################################## #
#                          INTERFACES                          #
# ############################################################## #

from ...interfaces import IAlignmentCourt
from ...interfaces import IRandomness
from ...interfaces import IReExecution


# ############################################################## #
#                           MODULES                            #
# ############################################################## #

from ...lib import clauses
from ...lib import payouts
from ...staking.lib import cases
from . import agreements
from . import executors

uses: agreements
uses: clauses
uses: executors
uses: payouts


# ############################################################## #
#                          CONSTANTS                           #
# ############################################################## #

DAY: constant(uint256) = 86_400

# Seconds in which a panel commits, reveals, and the client accuses; and of a demand until then.
COMMIT_PERIOD: constant(uint256) = DAY
REVEAL_PERIOD: constant(uint256) = DAY
ACCUSE_PERIOD: constant(uint256) = 2 * DAY
LONGEST_DEMAND: constant(uint256) = executors.DRAW_PERIOD + COMMIT_PERIOD + REVEAL_PERIOD + ACCUSE_PERIOD

# Stages of a demand.
WAITING: constant(uint256) = 1
WORKING: constant(uint256) = 2
ACCUSED: constant(uint256) = 3
OVER: constant(uint256) = 4

# What a member of a panel says.
AGREES: constant(uint256) = 1
DIFFERS: constant(uint256) = 2
UNREADABLE: constant(uint256) = 3

# Verdicts of the court.
ACQUITTED: constant(uint256) = 1
CONVICTED: constant(uint256) = 2
VOID: constant(uint256) = 3

# Units of fines: for a word against a jury or one that was sealed and not shown, and for none.
WRONG_UNITS: constant(uint256) = 2
ABSENT_UNITS: constant(uint256) = 1

# Windows of demands stand still under numbers of their own.
DEMANDS_AT: constant(uint256) = 2**128


# ############################################################## #
#                          IMMUTABLES                          #
# ############################################################## #

# Where seeds come from.
randomness: public(immutable(IRandomness))


# ############################################################## #
#                           STORAGE                            #
# ############################################################## #

# demand -> where it stands, and its seats; and how many there are. Numbers start at 1.
_demands: HashMap[uint256, IReExecution.Demand]
_seats: HashMap[uint256, HashMap[uint256, IReExecution.Seat]]
demand_count: public(uint256)

# promise -> number of a receipt -> it is judged, or was.
judged: public(HashMap[uint256, HashMap[uint256, bool]])


# ############################################################## #
#                         CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_randomness: address):
    randomness = IRandomness(_randomness)


# ############################################################## #
#                   RE-EXECUTORS' FUNCTIONS                    #
# ############################################################## #

@external
def commit(_demand: uint256, _seat: uint256, _seal: bytes32):
    """
    @notice Seal a word and the digest of one's own answer, once.
    @param _seal `keccak256(abi_encode(demand, word, answer, salt, caller))`.
    """
    seat: IReExecution.Seat = self._own_seat(_demand, _seat, self._demands[_demand].drawn + COMMIT_PERIOD)
    assert seat.seal == empty(bytes32) and _seal != empty(bytes32), "reexecution: has committed"
    self._seats[_demand][_seat].seal = _seal
    log IReExecution.Committed(demand=_demand, seat=_seat, seal=_seal)


@external
def reveal(_demand: uint256, _seat: uint256, _word: uint256, _answer: bytes32, _salt: bytes32):
    """
    @notice Show what was sealed. Whichever of both words it is, the fee is the same; unreadable storage has none.
    """
    seat: IReExecution.Seat = self._own_seat(_demand, _seat, max_value(uint256))
    demand: IReExecution.Demand = self._of(_demand)
    since: uint256 = demand.drawn + COMMIT_PERIOD
    assert since < block.timestamp and block.timestamp <= since + REVEAL_PERIOD, "reexecution: not the time"
    assert seat.word == 0, "reexecution: has revealed"
    assert seat.seal == keccak256(abi_encode(_demand, _word, _answer, _salt, msg.sender)), "reexecution: another seal"
    assert _word in [AGREES, DIFFERS] or (_word == UNREADABLE and demand.is_stored), "reexecution: no such word"
    self._seats[_demand][_seat].word = _word
    if _word != UNREADABLE:
        self._demands[_demand].answered = demand.answered + 1
        payouts.credits[msg.sender] += agreements._promises[demand.promise].terms.fee
    if _word == DIFFERS:
        self._demands[_demand].differs = demand.differs + 1
    log IReExecution.Revealed(demand=_demand, seat=_seat, word=_word, answer=_answer)


# ############################################################## #
#                   PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def draw(_demand: uint256):
    """
    @notice Draw the panel, once the seed is known. Where the pool has too few for it, the client has its fees back.
    """
    demand: IReExecution.Demand = self._of(_demand)
    self._check(_demand, WAITING, demand.opened + executors.DRAW_PERIOD)
    seed: bytes32 = staticcall randomness.seed(demand.seed_epoch)
    assert seed != empty(bytes32), "reexecution: no seed"
    promise: IReExecution.Promise = agreements._of(demand.promise)
    pool_key: bytes32 = agreements._pool_of(demand.promise)
    slots: DynArray[uint256, executors.MAX_PANEL] = executors._drawn(
        pool_key,
        keccak256(abi_encode(seed, self, _demand)),
        demand.opened,
        demand.pool,
        promise.terms.panel,
        [promise.operator, promise.client],
    )
    if len(slots) < promise.terms.panel:
        self._close(_demand, 0)
        return
    panel: DynArray[address, executors.MAX_PANEL] = []
    for slot: uint256 in slots:
        executor: address = executors._seat(pool_key, slot)
        self._seats[_demand][len(panel)].executor = executor
        self._seats[_demand][len(panel)].slot = slot
        panel.append(executor)
    self._demands[_demand].stage = WORKING
    self._demands[_demand].drawn = block.timestamp
    accuse_until: uint256 = block.timestamp + COMMIT_PERIOD + REVEAL_PERIOD + ACCUSE_PERIOD
    self._demands[_demand].accuse_until = clauses._begin(DEMANDS_AT + _demand, accuse_until)
    log IReExecution.Drawn(demand=_demand, panel=panel, commit_until=block.timestamp + COMMIT_PERIOD)


@external
def close(_demand: uint256):
    """
    @notice End a demand about which nobody goes before the court. Without a panel in time the client has its fees back.
    """
    demand: IReExecution.Demand = self._of(_demand)
    until: uint256 = demand.opened + executors.DRAW_PERIOD
    if demand.stage != WAITING:
        self._check(_demand, WORKING, max_value(uint256))
        clauses._see()
        until = demand.drawn + COMMIT_PERIOD + REVEAL_PERIOD
    assert block.timestamp > until and not self._is_accusable(
        _demand, demand, agreements._promises[demand.promise].terms.needed
    ), "reexecution: still time"
    self._close(_demand, 0)


@external
def settle_seat(_demand: uint256, _seat: uint256):
    """
    @notice Let a member of a panel go when the demand is over. It loses a fine if a jury denied its word or it did not
        show what it sealed, half of one if it said nothing; who found what a jury or the operator confirmed has a fee.
    """
    demand: IReExecution.Demand = self._of(_demand)
    seat: IReExecution.Seat = self._seats[_demand][_seat]
    assert (
        demand.stage == OVER and seat.executor != empty(address) and not seat.is_settled
    ), "reexecution: no seat to settle"
    units: uint256 = 0
    if seat.word == 0:
        units = ABSENT_UNITS if seat.seal == empty(bytes32) else WRONG_UNITS
    elif seat.word == demand.denied:
        units = WRONG_UNITS
    elif seat.word == DIFFERS:
        payouts.credits[seat.executor] += demand.reward
    self._seats[_demand][_seat].is_settled = True
    fine: uint256 = executors._unseat(agreements._pool_of(demand.promise), seat.slot, units)
    log IReExecution.SeatSettled(demand=_demand, seat=_seat, fine=fine)


# ############################################################## #
#                            VIEWS                             #
# ############################################################## #

@external
@view
def demand(_demand: uint256) -> IReExecution.Demand:
    """
    @notice What a demand is about and where it stands.
    """
    demand: IReExecution.Demand = self._of(_demand)
    demand.accuse_until = clauses._until(DEMANDS_AT + _demand, demand.accuse_until)
    return demand


@external
@view
def seat(_demand: uint256, _seat: uint256) -> IReExecution.Seat:
    """
    @notice Who sits on a panel, and what it said.
    """
    return self._seats[_demand][_seat]


# ############################################################## #
#                           INTERNAL                           #
# ############################################################## #

@internal
@view
def _of(_demand: uint256) -> IReExecution.Demand:
    return self._demands[_demand]


@internal
@view
def _accused(_demand: uint256) -> IReExecution.Demand:
    assert self._demands[_demand].stage == ACCUSED, "reexecution: no case"
    return self._of(_demand)


@internal
@view
def _check(_demand: uint256, _stage: uint256, _until: uint256):
    """
    @dev A demand is in a stage, and the time until `_until` is not over.
    """
    assert self._demands[_demand].stage == _stage, "reexecution: not the stage"
    assert block.timestamp <= _until, "reexecution: too late"


@internal
@view
def _own_seat(_demand: uint256, _seat: uint256, _until: uint256) -> IReExecution.Seat:
    """
    @dev The caller's seat of a panel that works, until then.
    """
    self._check(_demand, WORKING, _until)
    seat: IReExecution.Seat = self._seats[_demand][_seat]
    assert msg.sender == seat.executor, "reexecution: not its seat"
    return seat


@internal
@view
def _is_accusable(_demand: uint256, _state: IReExecution.Demand, _least: uint256) -> bool:
    return (
        _state.stage == WORKING
        and _state.differs >= _least
        and block.timestamp > _state.drawn + COMMIT_PERIOD + REVEAL_PERIOD
        and block.timestamp <= clauses._until(DEMANDS_AT + _demand, _state.accuse_until)
    )


@internal
@view
def _denied(_case: uint256, _verdict: uint256) -> uint256:
    """
    @dev The word against which the jury that decided a case has voted; 0 where none did: a case that was conceded, or
        lost for want of votes, measures nobody.
    """
    for quorum: uint256 in [cases.SECOND_QUORUM, cases.FIRST_QUORUM]:
        votes: IAlignmentCourt.Tally = staticcall clauses.court.tally(_case, 1 if quorum == cases.SECOND_QUORUM else 0)
        if votes.innocent + votes.guilty >= quorum:
            if _verdict == CONVICTED and votes.guilty > votes.innocent:
                return AGREES
            return DIFFERS if _verdict == ACQUITTED and votes.innocent > votes.guilty else 0
    return 0


@internal
def _close(_demand: uint256, _outcome: uint256):
    """
    @dev End a demand. Fees of seats that did not answer go to the insurance, so that no demand is free; without a panel
        the client has them back. What nobody judged may be shown again.
    """
    demand: IReExecution.Demand = self._of(_demand)
    promise: IReExecution.Promise = agreements._of(demand.promise)
    rest: uint256 = (promise.terms.panel - demand.answered) * promise.terms.fee
    self._demands[_demand].stage = OVER
    self._demands[_demand].outcome = _outcome
    agreements._promises[demand.promise].demand = 0
    rest_to: address = promise.client if demand.drawn == 0 else staticcall clauses.hub.insurance()
    payouts.credits[rest_to] += rest
    if _outcome == VOID or demand.answered < promise.terms.needed:
        self.judged[demand.promise][demand.number] = False
        agreements._prolong(demand.promise, _outcome == VOID)
    log IReExecution.Closed(demand=_demand, outcome=_outcome, rest_to=rest_to, rest=rest)
