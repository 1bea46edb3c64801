# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Attestors of the data verifier: what their locks weigh, and since when
@license MIT
@notice The owner names attestors and drops them, each after a notice that nobody can shorten. A named one locks coins
    behind the verifier at the hub and joins: what it adds counts seven epochs later. What it asks back stops counting
    at once and pays for what was signed before until the evidence window is over.
@dev A signature weighs the less of what its attestor's coins weighed in the epoch in which it signed and what they
    weigh now; one word answers both, since reductions count at once and additions know since when they count.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IDataVerifier
from ...interfaces import IStakingHub


# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

# An attestor's word: 96 | 96 | 32 | 32 bits, the first lowest.
struct Weight:
    mature: uint256  # wei
    pending: uint256  # wei
    counts_from: uint256  # epoch of what is pending
    since: uint256  # epoch from which all that is mature counts


# Its second word: 96 | 40 | 32 | 32 bits.
struct Exit:
    leaving: uint256  # wei asked back
    release_at: uint256  # unix seconds
    joins_from: uint256  # epoch; 0 for one who was never named
    removed_from: uint256  # epoch; 0 for none


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Epochs until an addition counts, and of notice before an attestor may count or is removed.
MATURITY: public(constant(uint256)) = 7
NOTICE: public(constant(uint256)) = 7

# Coins of an attestor without which it does not count, wei.
LEAST: public(constant(uint256)) = 2_000 * 10**18

# From the moment when coins are asked back to their release, and from a signature to its last accusation, seconds.
EVIDENCE_WINDOW: public(constant(uint256)) = 14 * 86_400

# Widths in packed words.
MASK_32: constant(uint256) = 2**32 - 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_96: constant(uint256) = 2**96 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where the coins are.
hub: public(immutable(IStakingHub))

# Names attestors.
owner: public(immutable(address))

# Unix seconds at which the hub's epoch 1 started, and an epoch's length.
GENESIS: immutable(uint256)
EPOCH_LENGTH: immutable(uint256)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# attestor -> Weight, Exit.
weights: HashMap[address, uint256]
exits: HashMap[address, uint256]

# attestor -> wei of its lock that open promises need.
reserves: HashMap[address, uint256]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_hub: address, _owner: address):
    assert _owner != empty(address), "verifier: no owner"
    hub = IStakingHub(_hub)
    owner = _owner
    GENESIS = staticcall hub.epoch_start(1)
    EPOCH_LENGTH = staticcall hub.epoch_start(2) - GENESIS


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def name_attestor(_attestor: address):
    """
    @notice Let an account count as attestor after the notice, or withdraw that it is to be dropped.
    """
    assert msg.sender == owner, "verifier: not the owner"
    assert _attestor != empty(address), "verifier: no attestor"
    state: Exit = self._exit(_attestor)
    if state.joins_from == 0:
        state.joins_from = self._epoch() + NOTICE
    else:
        assert state.removed_from != 0, "verifier: attestor is named"
        state.removed_from = 0
    self._put_exit(_attestor, state)
    log IDataVerifier.AttestorNamed(attestor=_attestor, joins_from=state.joins_from)


@external
def drop_attestor(_attestor: address):
    """
    @notice Let anybody remove an attestor after the notice.
    """
    assert msg.sender == owner, "verifier: not the owner"
    state: Exit = self._exit(_attestor)
    assert state.joins_from != 0, "verifier: attestor is not named"
    assert state.removed_from == 0, "verifier: attestor is being dropped"
    state.removed_from = self._epoch() + NOTICE
    self._put_exit(_attestor, state)
    log IDataVerifier.AttestorDropped(attestor=_attestor, removed_from=state.removed_from)


# ############################################################## #
#                       ATTESTOR FUNCTIONS                       #
# ############################################################## #

@external
def join() -> uint256:
    """
    @notice Let all that the caller has locked behind the verifier, and has not asked back, count seven epochs from now.
        What was pending starts anew.
    @return Wei that were added.
    """
    state: Exit = self._exit(msg.sender)
    assert state.joins_from != 0, "verifier: attestor is not named"
    weight: Weight = self._now(msg.sender)
    lock: uint256 = self._lock(msg.sender)
    counted: uint256 = weight.mature + weight.pending + state.leaving
    assert lock > counted, "verifier: nothing to add"
    added: uint256 = lock - counted
    weight.pending += added
    assert weight.mature + weight.pending >= LEAST, "verifier: too few coins"
    weight.counts_from = max(self._epoch() + MATURITY, state.joins_from)
    self._put(msg.sender, weight, state)
    extcall hub.bind(msg.sender, weight.mature)
    return added


@external
def leave(_amount: uint256):
    """
    @notice Ask back `_amount` wei: they stop counting at once, the newest first, and pay for what was signed before.
        Asking again restarts the wait for all of them.
    """
    state: Exit = self._exit(msg.sender)
    lock: uint256 = self._lock(msg.sender)
    assert _amount > 0 and _amount + state.leaving <= lock, "verifier: not so much to ask back"
    state.leaving += _amount
    self._stop_counting(msg.sender, state, lock)


@external
def release() -> uint256:
    """
    @notice Unlock at the hub what the caller has asked back, once the evidence window is over and no open promise needs
        it.
    @return Wei that are the caller's again.
    """
    state: Exit = self._exit(msg.sender)
    lock: uint256 = self._lock(msg.sender)
    amount: uint256 = min(state.leaving, lock)
    assert amount > 0, "verifier: nothing asked back"
    assert block.timestamp >= state.release_at, "verifier: too early"
    assert lock - amount >= self.reserves[msg.sender], "verifier: promises are open"
    state.leaving = 0
    weight: Weight = self._cut(self._now(msg.sender), lock - amount)
    self._put(msg.sender, weight, state)
    extcall hub.unlock(msg.sender, amount, weight.mature)
    return amount


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def remove_attestor(_attestor: address):
    """
    @notice Remove an attestor that was dropped and whose notice is over: all its coins are asked back.
    """
    state: Exit = self._exit(_attestor)
    assert state.removed_from != 0 and state.removed_from <= self._epoch(), "verifier: not to be removed"
    lock: uint256 = self._lock(_attestor)
    state.leaving = lock
    state.joins_from = 0
    state.removed_from = 0
    self._stop_counting(_attestor, state, lock)


@external
def poke(_attestor: address):
    """
    @notice Bring an attestor's weight up to date: what its lock has lost stops counting, what has matured is bound.
    """
    self._refresh(_attestor)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def attestor(_attestor: address) -> IDataVerifier.Attestor:
    """
    @notice An attestor's coins behind the verifier.
    """
    weight: Weight = self._now(_attestor)
    state: Exit = self._exit(_attestor)
    return IDataVerifier.Attestor(
        mature=weight.mature,
        pending=weight.pending,
        counts_from=weight.counts_from,
        leaving=state.leaving,
        release_at=state.release_at,
        reserved=self.reserves[_attestor],
        joins_from=state.joins_from,
        removed_from=state.removed_from,
    )


@external
@view
def reserved(_operator: address) -> uint256:
    """
    @notice Wei of an attestor's lock that open promises need.
    """
    return self.reserves[_operator]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _epoch() -> uint256:
    return (block.timestamp - GENESIS) // EPOCH_LENGTH + 1


@internal
@view
def _weight(_attestor: address, _signed_in: uint256) -> uint256:
    """
    @dev Wei that counted in the epoch of a signature, which is not to come, and count now.
    """
    word: uint256 = self.weights[_attestor]
    counting: uint256 = 0
    if word >> 224 <= _signed_in:
        counting = word & MASK_96
    if (word >> 192) & MASK_32 <= _signed_in:
        counting += (word >> 96) & MASK_96
    return counting


@internal
@view
def _exit(_attestor: address) -> Exit:
    word: uint256 = self.exits[_attestor]
    return Exit(
        leaving=word & MASK_96,
        release_at=(word >> 96) & MASK_40,
        joins_from=(word >> 136) & MASK_32,
        removed_from=(word >> 168) & MASK_32,
    )


@internal
@view
def _now(_attestor: address) -> Weight:
    """
    @dev What is pending and has waited long enough is mature.
    """
    word: uint256 = self.weights[_attestor]
    weight: Weight = Weight(
        mature=word & MASK_96,
        pending=(word >> 96) & MASK_96,
        counts_from=(word >> 192) & MASK_32,
        since=word >> 224,
    )
    if weight.pending > 0 and weight.counts_from <= self._epoch():
        weight.mature += weight.pending
        weight.since = weight.counts_from
        weight.pending = 0
        weight.counts_from = 0
    return weight


@internal
@pure
def _cut(_weight: Weight, _most: uint256) -> Weight:
    """
    @dev At most `_most` wei count, the newest go first.
    """
    weight: Weight = _weight
    excess: uint256 = weight.mature + weight.pending - min(weight.mature + weight.pending, _most)
    from_pending: uint256 = min(excess, weight.pending)
    weight.pending -= from_pending
    weight.mature -= excess - from_pending
    return weight


@internal
def _put_exit(_attestor: address, _state: Exit):
    self.exits[_attestor] = (
        _state.leaving | _state.release_at << 96 | _state.joins_from << 136 | _state.removed_from << 168
    )


@internal
def _put(_attestor: address, _weight: Weight, _state: Exit):
    self._put_exit(_attestor, _state)
    self.weights[_attestor] = (
        _weight.mature | _weight.pending << 96 | _weight.counts_from << 192 | _weight.since << 224
    )
    log IDataVerifier.AttestorWeighed(
        attestor=_attestor,
        mature=_weight.mature,
        pending=_weight.pending,
        counts_from=_weight.counts_from,
        leaving=_state.leaving,
    )


@internal
def _stop_counting(_attestor: address, _state: Exit, _lock: uint256):
    state: Exit = _state
    state.release_at = block.timestamp + EVIDENCE_WINDOW
    weight: Weight = self._cut(self._now(_attestor), _lock - state.leaving)
    self._put(_attestor, weight, state)
    extcall hub.bind(_attestor, weight.mature)


@internal
def _refresh(_attestor: address):
    state: Exit = self._exit(_attestor)
    lock: uint256 = self._lock(_attestor)
    state.leaving = min(state.leaving, lock)
    weight: Weight = self._cut(self._now(_attestor), lock - state.leaving)
    self._put(_attestor, weight, state)
    extcall hub.bind(_attestor, weight.mature)


@internal
@view
def _lock(_attestor: address) -> uint256:
    """
    @dev Coins that an attestor has locked for this service, wei.
    """
    return staticcall hub.lock_of(self, _attestor)


@internal
@view
def _spare(_attestor: address) -> uint256:
    """
    @dev Coins of an attestor's lock that no open promise needs, wei.
    """
    reserved: uint256 = self.reserves[_attestor]
    return max(self._lock(_attestor), reserved) - reserved


@internal
def _slash(_attestor: address, _damages: uint256, _penalty: uint256):
    """
    @dev Take from an attestor's lock at once, and let its weight follow.
    """
    extcall hub.slash(_attestor, _damages, _penalty)
    self._refresh(_attestor)
