# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title DrandRandomness
@license MIT
@notice One seed an epoch from drand, a network whose members sign the number of each round with a shared key: nobody
    knows a round's signature before its time, and everybody can check it. Anyone brings it, whenever they like.
@dev Epoch e belongs to round first + e * stride; round r is due at genesis + (r - 1) * period. The scheme is drand's
    `bls-bn254-unchained-on-g1`, made for the EVM: the message is the hash of the round's number. A round has one
    signature, and it has one form, so that an epoch has one possible seed. Implements IRandomness, like Randomness.
@custom:security Trusts that fewer than drand's threshold of members collude: together they know every seed ahead, but
    cannot choose one. On a chain whose clock is LOOKAHEAD or more behind drand's, an epoch may count as unknown
    although its signature is already public. The curve's security is some 100 bits.
@custom:kill Nothing to stop: without captures there are no seeds. Should the network end, so do the seeds.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IRandomness

implements: IRandomness


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import bls_bn254


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Seconds between the moment an epoch can be named and its round, at least: two beacon epochs and some lag.
LOOKAHEAD: public(constant(uint256)) = 900

# Largest number that a round can have: 64 bits of it are signed.
MAX_ROUND: constant(uint256) = 2**64 - 1


# ############################################################## #
#                           IMMUTABLES                           #
# ############################################################## #

# The network's key, a point of G2: x imaginary, x real, y imaginary, y real.
KEY: immutable(uint256[4])

# Unix seconds at which round 1 was due.
genesis: public(immutable(uint256))

# Seconds between two rounds.
period: public(immutable(uint256))

# Round of epoch 0.
first: public(immutable(uint256))

# Rounds between the rounds of two epochs.
stride: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# epoch -> seed; zero until captured.
seed: public(HashMap[uint256, bytes32])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_key: uint256[4], _genesis: uint256, _period: uint256, _stride: uint256):
    """
    @param _key The network's public key, in the order in which drand publishes it.
    @param _genesis Unix seconds of its round 1.
    @param _period Seconds of a round.
    @param _stride Rounds of an epoch.
    """
    assert bls_bn254._is_key(_key), "randomness: not a key"
    assert _genesis > 0 and _genesis <= block.timestamp, "randomness: before genesis"
    assert _period > 0, "randomness: no period"
    assert _stride > 0, "randomness: no stride"
    KEY = _key
    genesis = _genesis
    period = _period
    stride = _stride
    first = (block.timestamp - _genesis) // _period + 1


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def capture(_epoch: uint256, _signature: uint256[2]) -> bytes32:
    """
    @notice Fix the seed of `_epoch` by drand's signature of its round (`source(_epoch)` says which round).
    @param _signature x and y of the point.
    @return The seed.
    """
    assert self.seed[_epoch] == empty(bytes32), "randomness: already captured"
    round: uint256 = self._round_of(_epoch)
    assert round <= self._round_at(block.timestamp), "randomness: too early"
    assert bls_bn254._on_curve(_signature), "randomness: not on the curve"
    assert bls_bn254._signed(KEY, self._message(round), _signature), "randomness: not that signature"
    seed: bytes32 = keccak256(abi_encode(chain.id, self, _epoch, _signature))
    self.seed[_epoch] = seed
    log IRandomness.Captured(epoch=_epoch, seed=seed, source=round)
    return seed


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def next() -> uint256:
    """
    @notice The first epoch whose seed nobody can know yet.
    """
    return (self._round_at(block.timestamp + LOOKAHEAD) - first) // stride + 1


@external
@view
def source(_epoch: uint256) -> uint256:
    """
    @notice The round whose signature fixes the seed of `_epoch`.
    """
    return self._round_of(_epoch)


@external
@view
def key() -> uint256[4]:
    """
    @notice The network's public key: x imaginary, x real, y imaginary, y real.
    """
    return KEY


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _round_of(_epoch: uint256) -> uint256:
    assert _epoch <= (MAX_ROUND - first) // stride, "randomness: epoch out of range"
    return first + _epoch * stride


@internal
@view
def _round_at(_time: uint256) -> uint256:
    return (_time - genesis) // period + 1


@internal
@pure
def _message(_round: uint256) -> bytes32:
    """
    @dev The hash of the round's number, 64 bits, big-endian.
    """
    return keccak256(slice(convert(_round, bytes32), 24, 8))
