# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Re-executors of a model, and how a panel is drawn from them
@license MIT
@notice A re-executor holds a slot of a pool with a stake of one size, so that the same coins in one account or in many
    weigh the same. A pool is of one model, one tolerance and one fee: who joins it knows rule and pay. A slot counts for
    demands that are opened a maturity after it was taken, and until it is asked back; its stake stays until no panel can
    be drawn from it any more. Neither seats nor fines that come after an opening change who may be drawn for it.
@dev A pool's key: keccak256(abi_encode(digest, tolerance, fee)). A slot's word: executor from bit 0 (160), since (36),
    left (36), open seats (19), units of fines (5). More seats need more promises than there are coins to reserve.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IReExecution
from ...interfaces import IStakingHub


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import promises

uses: promises


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

DAY: constant(uint256) = 86_400

# Seats of a panel, slots of a pool, at most.
MAX_PANEL: constant(uint256) = 7
MAX_POOL: constant(uint256) = 128

# Seconds from taking a slot to the first demand that may draw it, and from a demand to its panel at the longest.
MATURITY: constant(uint256) = 7 * DAY
DRAW_PERIOD: constant(uint256) = 3 * DAY

# A unit of fines, wei; a slot's stake, units.
UNIT: constant(uint256) = 100 * 10**18
STAKE_UNITS: constant(uint256) = 20

# Where the fields of a slot's word stand.
SINCE_AT: constant(uint256) = 160
LEFT_AT: constant(uint256) = 196
SEATS_AT: constant(uint256) = 232
FINES_AT: constant(uint256) = 251
U19: constant(uint256) = 2**19 - 1
U36: constant(uint256) = 2**36 - 1
U160: constant(uint256) = 2**160 - 1


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# pool -> slot -> its word; and how many slots there ever were.
_slots: HashMap[bytes32, HashMap[uint256, uint256]]
_counts: HashMap[bytes32, uint256]

# pool -> executor -> it holds a slot.
_holds: HashMap[bytes32, HashMap[address, bool]]


# ############################################################## #
#                     RE-EXECUTORS' FUNCTIONS                    #
# ############################################################## #

@external
def join(_pool_key: bytes32, _slot: uint256):
    """
    @notice Take an empty slot of a pool, or the next new one. Reserves the stake in the caller's lock.
    """
    count: uint256 = self._counts[_pool_key]
    is_free: bool = _slot <= count and _slot < MAX_POOL and self._slots[_pool_key][_slot] == 0
    assert is_free, "reexecution: no such free slot"
    assert not self._holds[_pool_key][msg.sender], "reexecution: holds a slot"
    assert staticcall promises.hub.listed(self), "reexecution: not listed"
    promises._reserve(msg.sender, STAKE_UNITS * UNIT)
    self._holds[_pool_key][msg.sender] = True
    self._slots[_pool_key][_slot] = convert(msg.sender, uint256) | (block.timestamp << SINCE_AT)
    if _slot == count:
        self._counts[_pool_key] = count + 1
    log IReExecution.Joined(pool=_pool_key, executor=msg.sender, slot=_slot)
    promises._bind_once(msg.sender)


@external
def leave(_pool_key: bytes32, _slot: uint256):
    """
    @notice Ask a slot's stake back: demands that are opened from now on draw it no more.
    """
    word: uint256 = self._slots[_pool_key][_slot]
    assert msg.sender == self._executor(word) and self._left(word) == 0, "reexecution: no slot of the caller"
    self._slots[_pool_key][_slot] = word | (block.timestamp << LEFT_AT)
    log IReExecution.Left(pool=_pool_key, executor=msg.sender, slot=_slot)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def free_slot(_pool_key: bytes32, _slot: uint256):
    """
    @notice Empty a slot that was asked back, or fined, when no panel can be drawn from it and no seat is open.
    """
    word: uint256 = self._slots[_pool_key][_slot]
    left: uint256 = self._left(word)
    is_idle: bool = left > 0 and block.timestamp > left + DRAW_PERIOD and self._seats(word) == 0
    assert is_idle, "reexecution: slot is needed"
    executor: address = self._executor(word)
    promises._reserves[executor] -= (STAKE_UNITS - self._fines(word)) * UNIT
    self._slots[_pool_key][_slot] = 0
    self._holds[_pool_key][executor] = False
    log IReExecution.SlotFreed(pool=_pool_key, executor=executor, slot=_slot)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def slot(_pool_key: bytes32, _slot: uint256) -> IReExecution.Slot:
    """
    @notice Who holds a slot, since when, and what hangs on it; zeros for an empty one.
    """
    word: uint256 = self._slots[_pool_key][_slot]
    return IReExecution.Slot(
        executor=self._executor(word),
        since=(word >> SINCE_AT) & U36,
        left=self._left(word),
        seats=self._seats(word),
        fines=self._fines(word),
    )


@external
@view
def slot_count(_pool_key: bytes32) -> uint256:
    """
    @notice How many slots a pool has, empty ones included.
    """
    return self._counts[_pool_key]


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _drawn(
    _pool_key: bytes32, _seed: bytes32, _opened: uint256, _pool: uint256, _wanted: uint256, _excluded: address[2]
) -> DynArray[uint256, MAX_PANEL]:
    """
    @dev The first `_wanted` slots of a shuffle (Fisher and Yates) of the pool as it was at the opening that were
        mature then and not asked back, and belong to no party. Fewer when there are no more.
    """
    panel: DynArray[uint256, MAX_PANEL] = []
    # Place -> slot + 1 where the shuffle has moved one; 0 where the slot is the place's own.
    moved: uint256[MAX_POOL] = empty(uint256[MAX_POOL])
    for place: uint256 in range(_pool, bound=MAX_POOL):
        if len(panel) == _wanted:
            break
        other: uint256 = place + convert(keccak256(abi_encode(_seed, place)), uint256) % (_pool - place)
        found: uint256 = moved[other] - 1 if moved[other] > 0 else other
        moved[other] = moved[place] if moved[place] > 0 else place + 1
        word: uint256 = self._slots[_pool_key][found]
        if self._is_eligible(word, _opened) and self._executor(word) not in _excluded:
            panel.append(found)
    return panel


@internal
@pure
def _is_eligible(_word: uint256, _opened: uint256) -> bool:
    left: uint256 = self._left(_word)
    return (_word > 0 and ((_word >> SINCE_AT) & U36) + MATURITY <= _opened and (left == 0 or left > _opened))


@internal
def _seat(_pool_key: bytes32, _slot: uint256) -> address:
    """
    @dev Open one seat more of a slot; answers its executor.
    """
    word: uint256 = self._slots[_pool_key][_slot]
    self._slots[_pool_key][_slot] = word + (1 << SEATS_AT)
    return self._executor(word)


@internal
def _unseat(_pool_key: bytes32, _slot: uint256, _units: uint256) -> uint256:
    """
    @dev Close a seat of a slot, with a fine of `_units`, or what is left of its stake; a fine ends the slot.
    @return Wei of the fine.
    """
    word: uint256 = self._slots[_pool_key][_slot] - (1 << SEATS_AT)
    units: uint256 = min(_units, STAKE_UNITS - self._fines(word))
    word += units << FINES_AT
    if units > 0 and self._left(word) == 0:
        word |= block.timestamp << LEFT_AT
    self._slots[_pool_key][_slot] = word
    executor: address = self._executor(word)
    promises._reserves[executor] -= units * UNIT
    if units > 0 and self._may_slash():
        extcall promises.hub.slash(executor, 0, units * UNIT)
    return units * UNIT


@internal
@view
def _may_slash() -> bool:
    """
    @dev Whether the hub still takes coins for this service: not once it was removed a horizon ago.
    """
    service: IStakingHub.Service = staticcall promises.hub.service(self)
    return service.removed == 0 or block.timestamp < service.removed + service.horizon


@internal
@view
def _mature(_pool_key: bytes32, _excluded: address[2]) -> uint256:
    """
    @dev Slots that a demand which is opened now may draw.
    """
    found: uint256 = 0
    for slot: uint256 in range(self._counts[_pool_key], bound=MAX_POOL):
        word: uint256 = self._slots[_pool_key][slot]
        if self._is_eligible(word, block.timestamp) and self._executor(word) not in _excluded:
            found += 1
    return found


@internal
@pure
def _executor(_word: uint256) -> address:
    return convert(_word & U160, address)


@internal
@pure
def _left(_word: uint256) -> uint256:
    return (_word >> LEFT_AT) & U36


@internal
@pure
def _seats(_word: uint256) -> uint256:
    return (_word >> SEATS_AT) & U19


@internal
@pure
def _fines(_word: uint256) -> uint256:
    return _word >> FINES_AT
