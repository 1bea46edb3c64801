# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title CommitRevealRandomness
@license MIT
@notice One seed an epoch from secrets that bonded participants commit to and reveal, for chains without a real
    prevrandao. Commit in the first half of an epoch, reveal in the second; the seed counts for the next one.
@dev The seed is the hash chain over revealed secrets, and exists when at least MIN_REVEALS were revealed.
@custom:security Who is the last to reveal may withhold: with k withheld secrets there are 2**k seeds to choose from, at
    the price of k bonds. Participation is open, so one person may commit all MIN_REVEALS secrets: the seed is unbiased
    as long as one honest secret is among them and revealed.
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

# Secrets without which there is no seed.
MIN_REVEALS: public(constant(uint256)) = 3


# ############################################################## #
#                           IMMUTABLES                           #
# ############################################################## #

# The coin of the bonds.
token: public(immutable(IERC20))

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

# epoch of the seed -> hash chain over secrets.
mixes: HashMap[uint256, bytes32]

# epoch of the seed -> secrets revealed.
reveals: public(HashMap[uint256, uint256])

# epoch of the seed -> secrets committed and not revealed.
missing: public(HashMap[uint256, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _sink: address, _bond: uint256, _length: uint256):
    """
    @param _token The coin of the bonds.
    @param _sink Receives forfeited bonds.
    @param _bond Wei for each secret.
    @param _length Seconds of an epoch, even.
    """
    assert _token.is_contract, "randomness: token is no contract"
    assert _sink not in [empty(address), self], "randomness: no sink"
    assert _bond > 0, "randomness: no bond"
    assert _length > 0 and _length % 2 == 0, "randomness: bad length"
    token = IERC20(_token)
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
    @notice Take part in the next epoch's seed with `_commitment` = keccak256(abi_encode(epoch, caller, secret)).
    """
    epoch: uint256 = self._epoch() + 1
    assert (block.timestamp - genesis) % length < length // 2, "randomness: commit phase over"
    assert _commitment != empty(bytes32), "randomness: empty commitment"
    assert self.commitments[epoch][msg.sender] == empty(bytes32), "randomness: already committed"
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
    assert (
        self.commitments[epoch][msg.sender] == keccak256(abi_encode(epoch, msg.sender, _secret))
    ), "randomness: not that secret"
    self.commitments[epoch][msg.sender] = empty(bytes32)
    self.missing[epoch] -= 1
    self.reveals[epoch] += 1
    self.mixes[epoch] = keccak256(abi_encode(self.mixes[epoch], _secret))
    log IRandomness.Captured(epoch=epoch, seed=self.mixes[epoch], source=self.reveals[epoch])
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
    @notice The seed of `_epoch`; zero while it is being made, and for ever when too few revealed.
    """
    if _epoch > self._epoch() or self.reveals[_epoch] < MIN_REVEALS:
        return empty(bytes32)
    return keccak256(abi_encode(chain.id, self, _epoch, self.mixes[_epoch]))


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
