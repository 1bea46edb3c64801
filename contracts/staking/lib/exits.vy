# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Stake on its way out
@license MIT
@notice All stake that leaves in the same half of an unbonding period shares a bucket, which matures as a whole: one to
    one and a half periods after the request. At most three buckets are open at a time, so a slash reaches all of them
    in a fixed number of steps. A matured bucket can never be slashed.
@dev A ticket is a number (operator << 96 | half-period) and belongs to an owner key; its shares divide the bucket.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub
from ...lib import pools


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Unbonding buckets that can be open at once.
OPEN_BUCKETS: constant(uint256) = 3

# Longest unbonding period, seconds.
MAX_UNBONDING: constant(uint256) = 365 * 86_400


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Seconds for which leaving stake stays slashable, at least.
UNBONDING: immutable(uint256)

# Length of a bucket, seconds: half of UNBONDING.
HALF_PERIOD: immutable(uint256)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> half-period of unbonding -> packed Bucket.
buckets: HashMap[address, HashMap[uint256, uint256]]

# owner -> ticket -> a Bucket word without tokens: shares of the bucket and their generation.
tickets: HashMap[address, HashMap[uint256, uint256]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_unbonding: uint256):
    assert 0 < _unbonding and _unbonding <= MAX_UNBONDING and _unbonding % 2 == 0, "hub: bad unbonding period"
    UNBONDING = _unbonding
    HALF_PERIOD = _unbonding // 2


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def ticket(_owner: address, _ticket: uint256) -> (uint256, uint256):
    """
    @notice Wei that a ticket stands for, and unix seconds at which it matures.
    """
    half: uint256 = _ticket & (2**96 - 1)
    held: pools.Bucket = pools._bucket(self.tickets[_owner][_ticket])
    return self._worth_of(convert(_ticket >> 96, address), half, held), self._maturity(half)


@external
@view
def unbonding() -> uint256:
    """
    @notice Seconds for which leaving stake stays slashable, at least.
    """
    return UNBONDING


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _queue(_operator: address, _owner: address, _amount: uint256) -> uint256:
    """
    @dev Put `_amount` wei into the newest bucket; the ticket that holds them.
    """
    half: uint256 = block.timestamp // HALF_PERIOD
    bucket: pools.Bucket = pools._bucket(self.buckets[_operator][half])
    minted: uint256 = pools._minted(bucket.tokens, bucket.shares, _amount)
    bucket.tokens += _amount
    bucket.shares += minted
    self.buckets[_operator][half] = pools._bucket_word(bucket)
    ticket: uint256 = convert(_operator, uint256) << 96 | half
    held: pools.Bucket = pools._bucket(self.tickets[_owner][ticket])
    if held.generation != bucket.generation:
        held.shares = 0
    held.shares += minted
    held.generation = bucket.generation
    self.tickets[_owner][ticket] = pools._bucket_word(held)
    return ticket


@internal
def _redeem(_owner: address, _ticket: uint256) -> uint256:
    """
    @dev Delete a matured ticket; its worth. A matured bucket is left as it is: nothing changes it any more.
    """
    word: uint256 = self.tickets[_owner][_ticket]
    assert word != 0, "hub: no ticket"
    half: uint256 = _ticket & (2**96 - 1)
    self._check_matured(self._maturity(half))
    self.tickets[_owner][_ticket] = 0
    operator: address = convert(_ticket >> 96, address)
    amount: uint256 = self._worth_of(operator, half, pools._bucket(word))
    log IStakingHub.Withdrawn(operator=operator, owner=_owner, ticket=_ticket, amount=amount)
    return amount


@internal
@view
def _worth_of(_operator: address, _half: uint256, _held: pools.Bucket) -> uint256:
    bucket: pools.Bucket = pools._bucket(self.buckets[_operator][_half])
    if _held.generation != bucket.generation:
        return 0
    return pools._worth(bucket.tokens, bucket.shares, _held.shares)


@internal
def _slash_buckets(
    _operator: address,
    _taken: uint256,
    _whole: uint256,
    _words: uint256[OPEN_BUCKETS],
) -> (uint256, uint256):
    """
    @dev Take the open buckets' part; what is left for the pool, and the dust of buckets that were emptied.
    """
    left: uint256 = _taken
    residue: uint256 = 0
    half: uint256 = block.timestamp // HALF_PERIOD
    for i: uint256 in range(OPEN_BUCKETS):
        bucket: pools.Bucket = pools._bucket(_words[i])
        if bucket.tokens == 0:
            continue
        cut: uint256 = min(min(pools._cut(_taken, bucket.tokens, _whole), bucket.tokens), left)
        left -= cut
        bucket.tokens -= cut
        if pools._is_dust(bucket.tokens, bucket.shares):
            residue += bucket.tokens
            bucket = pools.Bucket(tokens=0, shares=0, generation=bucket.generation + 1)
        self.buckets[_operator][half - i] = pools._bucket_word(bucket)
    return left, residue


@internal
@view
def _open_buckets(_operator: address) -> (uint256, uint256[OPEN_BUCKETS]):
    """
    @dev Wei in the buckets that have not matured, and the words of these, newest first.
    """
    words: uint256[OPEN_BUCKETS] = empty(uint256[OPEN_BUCKETS])
    sum: uint256 = 0
    half: uint256 = block.timestamp // HALF_PERIOD
    for i: uint256 in range(OPEN_BUCKETS):
        words[i] = self.buckets[_operator][half - i]
        sum += words[i] & pools.MAX_AMOUNT
    return sum, words


@internal
@view
def _check_matured(_time: uint256):
    assert block.timestamp >= _time, "hub: not matured"


@internal
@view
def _maturity(_half: uint256) -> uint256:
    return (_half + OPEN_BUCKETS) * HALF_PERIOD
