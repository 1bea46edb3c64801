# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title CommitRevealRandomness
@license MIT
@notice One seed an epoch from secrets that bonded participants commit to and reveal, for chains without a real
    prevrandao. Commit in the first half of an epoch, reveal in the second; the seed counts for the next one.
@dev The seed is made of the exclusive or of keccak256(epoch, participant, secret) over what was revealed, so the order
    of reveals does not matter. An epoch in which no named participant reveals has no seed, so that strangers alone
    cannot make one up among themselves.
@custom:security Who withholds a of its k secrets chooses among the sum of C(k, j), j <= a, seeds, at the price of a bonds
    of 16,400 coins each: 15 places for anybody, five for accounts that the timelock names. A bond is worth more than
    the best of that many draws. One named participant that is honest and reveals makes the seed unpredictable.
@custom:kill Nothing to stop: without participants there are no seeds.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IRandomness

implements: IRandomness


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Secrets of an epoch, at most, and how many of those places are kept for named participants.
MAX_SECRETS: public(constant(uint256)) = 20
NAMED_PLACES: public(constant(uint256)) = 5


# ############################################################## #
#                           IMMUTABLES                           #
# ############################################################## #

# The coin of the bonds.
token: public(immutable(IERC20))

# Names participants.
owner: public(immutable(address))

# Bond of one secret, wei.
bond: public(immutable(uint256))

# Receives the bonds of secrets that were not revealed.
sink: public(immutable(address))

# Unix seconds at which epoch 0 starts.
genesis: public(immutable(uint256))

# Length of an epoch, seconds, even.
length: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# epoch of the seed -> participant -> commitment; empty once revealed.
commitments: public(HashMap[uint256, HashMap[address, bytes32]])

# epoch of the seed -> exclusive or of what was revealed.
mixes: HashMap[uint256, uint256]

# account -> may take one of the kept places.
named: public(HashMap[address, bool])

# How many accounts are named.
named_count: public(uint256)

# epoch of the seed -> participant -> took a kept place.
kept: HashMap[uint256, HashMap[address, bool]]

# epoch of the seed -> secrets committed in places for anybody.
strangers: public(HashMap[uint256, uint256])

# epoch of the seed -> secrets that named participants revealed.
named_reveals: public(HashMap[uint256, uint256])

# epoch of the seed -> secrets revealed.
reveals: public(HashMap[uint256, uint256])

# epoch of the seed -> secrets committed and not revealed.
missing: public(HashMap[uint256, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _owner: address, _sink: address, _bond: uint256, _length: uint256):
    """
    @param _token The coin of the bonds.
    @param _owner Names participants: the timelock.
    @param _sink Receives forfeited bonds.
    @param _bond Wei for each secret.
    @param _length Seconds of an epoch, even.
    """
    assert _token.is_contract, "randomness: token is no contract"
    assert _owner != empty(address), "randomness: no owner"
    assert _sink not in [empty(address), self], "randomness: no sink"
    assert _bond > 0, "randomness: no bond"
    assert _length > 0 and _length % 2 == 0, "randomness: bad length"
    token = IERC20(_token)
    owner = _owner
    sink = _sink
    bond = _bond
    genesis = block.timestamp
    length = _length


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def commit(_commitment: bytes32):
    """
    @notice Take part in the next epoch's seed with `_commitment` =
        keccak256(keccak256(abi_encode(epoch, caller, secret))). Named participants have places of their own.
    """
    epoch: uint256 = self._epoch() + 1
    assert (block.timestamp - genesis) % length < length // 2, "randomness: commit phase over"
    assert _commitment != empty(bytes32), "randomness: empty commitment"
    assert self.commitments[epoch][msg.sender] == empty(bytes32), "randomness: already committed"
    if self.named[msg.sender]:
        self.kept[epoch][msg.sender] = True
    else:
        taken: uint256 = self.strangers[epoch]
        assert taken < MAX_SECRETS - NAMED_PLACES, "randomness: no place left"
        self.strangers[epoch] = taken + 1
    self.commitments[epoch][msg.sender] = _commitment
    self.missing[epoch] += 1
    assert extcall token.transferFrom(msg.sender, self, bond, default_return_value=True), "randomness: transfer failed"


@external
def reveal(_secret: bytes32):
    """
    @notice Reveal the secret for the next epoch's seed and get the bond back.
    """
    epoch: uint256 = self._epoch() + 1
    assert (block.timestamp - genesis) % length >= length // 2, "randomness: reveal phase not open"
    part: bytes32 = keccak256(abi_encode(epoch, msg.sender, _secret))
    # What opens a commitment is its preimage; what is mixed must not be known from the commitment.
    assert self.commitments[epoch][msg.sender] == keccak256(part), "randomness: not that secret"
    self.commitments[epoch][msg.sender] = empty(bytes32)
    self.missing[epoch] -= 1
    self.reveals[epoch] += 1
    if self.kept[epoch][msg.sender]:
        self.named_reveals[epoch] += 1
    self.mixes[epoch] ^= convert(part, uint256)
    log IRandomness.Captured(epoch=epoch, seed=self._seed(epoch), source=self.reveals[epoch])
    assert extcall token.transfer(msg.sender, bond, default_return_value=True), "randomness: transfer failed"


@external
def forfeit(_epoch: uint256) -> uint256:
    """
    @notice Send the bonds of secrets that were not revealed for `_epoch` to the sink.
    """
    assert _epoch <= self._epoch(), "randomness: reveal phase not over"
    amount: uint256 = self.missing[_epoch] * bond
    self.missing[_epoch] = 0
    if amount > 0:
        assert extcall token.transfer(sink, amount, default_return_value=True), "randomness: transfer failed"
    return amount


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def name(_account: address, _named: bool):
    """
    @notice Keep a place for an account, or end that. What it has committed stays what it was.
    """
    assert msg.sender == owner, "randomness: not the owner"
    assert self.named[_account] != _named, "randomness: nothing to change"
    self.named[_account] = _named
    if _named:
        assert self.named_count < NAMED_PLACES, "randomness: all places are kept"
        self.named_count += 1
    else:
        self.named_count -= 1


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def next() -> uint256:
    """
    @notice The first epoch whose seed nobody can know yet: its secrets are not even committed.
    """
    return self._epoch() + 2


@external
@view
def seed(_epoch: uint256) -> bytes32:
    """
    @notice The seed of `_epoch`; zero while it is being made, and for ever when no named participant revealed.
    """
    if _epoch > self._epoch() or self.named_reveals[_epoch] == 0:
        return empty(bytes32)
    return self._seed(_epoch)


@external
@view
def epoch() -> uint256:
    """
    @notice The current epoch.
    """
    return self._epoch()


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _epoch() -> uint256:
    return (block.timestamp - genesis) // length


@internal
@view
def _seed(_epoch: uint256) -> bytes32:
    return keccak256(abi_encode(chain.id, self, _epoch, self.mixes[_epoch]))
