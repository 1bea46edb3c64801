# pragma version 0.4.3
"""
@title Share arithmetic of slashable pools
@license MIT
@notice A pool is a sum of tokens and the shares that divide it. A slash takes tokens, never shares, so that it costs the
    same whatever the number of owners. Nothing ever adds tokens without shares (rewards are kept elsewhere), hence
    `tokens <= shares` always holds: a share is never worth more than one coin, and there is no price for a first
    depositor to inflate; no virtual shares are needed.
@dev Both divisions round down, against the caller. With `tokens <= shares`, minting `amount * shares // tokens >=
    amount` and burning `s` for `s * tokens // shares <= s` both keep it.
    tests/property/staking/test_pools_proof.py proves the three statements.
"""

# Largest amount in a pool, wei: 96 bits.
MAX_AMOUNT: constant(uint256) = 2**96 - 1

# Largest number of shares: 128 bits.
MAX_SHARES: constant(uint256) = 2**128 - 1

# A pool with less than one wei per 2**SPENT_BITS shares counts as empty; this bounds shares below 2**(96 + SPENT_BITS).
SPENT_BITS: constant(uint256) = 32

# The generation after which a pool takes no more stake.
LAST_GENERATION: constant(uint256) = 255

# Width of an amount in a packed word, bits.
AMOUNT_BITS: constant(uint256) = 96


# One word: active 96 | shares 128 | generation 8 | epoch 24.
struct Pool:
    active: uint256  # wei
    shares: uint256
    generation: uint256  # grows when a slash wipes the pool; shares of an older one are worth nothing
    epoch: uint256  # in which the pool was last touched; 0 for a pool that does not exist


# One word: tokens 96 | shares 128 | generation 32. Pools of what is leaving together; tickets have the same layout.
struct Bucket:
    tokens: uint256  # wei
    shares: uint256
    generation: uint256


@internal
@pure
def _pool(_word: uint256) -> Pool:
    return Pool(
        active=_word & MAX_AMOUNT,
        shares=(_word >> AMOUNT_BITS) & MAX_SHARES,
        generation=(_word >> 224) & 255,
        epoch=_word >> 232,
    )


@internal
@pure
def _check_amount(_amount: uint256):
    assert _amount <= MAX_AMOUNT, "hub: amount too large"


@internal
@pure
def _pool_word(_pool: Pool) -> uint256:
    self._check_amount(_pool.active)
    return (_pool.active | _pool.shares << AMOUNT_BITS | _pool.generation << 224 | _pool.epoch << 232)


@internal
@pure
def _bucket(_word: uint256) -> Bucket:
    return Bucket(
        tokens=_word & MAX_AMOUNT,
        shares=(_word >> AMOUNT_BITS) & MAX_SHARES,
        generation=_word >> 224,
    )


@internal
@pure
def _bucket_word(_bucket: Bucket) -> uint256:
    return (_bucket.tokens | _bucket.shares << AMOUNT_BITS | _bucket.generation << 224)


@internal
@pure
def _minted(_tokens: uint256, _shares: uint256, _amount: uint256) -> uint256:
    """
    @dev Shares for `_amount` wei put into the pool. A pool with shares always has tokens: else it would count as empty.
    """
    if _shares == 0:
        return _amount
    return _amount * _shares // _tokens


@internal
@pure
def _worth(_tokens: uint256, _shares: uint256, _part: uint256) -> uint256:
    """
    @dev Wei that `_part` of the shares stand for.
    """
    if _shares == 0:
        return 0
    return _part * _tokens // _shares


@internal
@pure
def _is_dust(_tokens: uint256, _shares: uint256) -> bool:
    """
    @dev Whether a slash left so little that the pool starts over.
    """
    return (_tokens << SPENT_BITS) < _shares


@internal
@pure
def _cut(_taken: uint256, _part: uint256, _whole: uint256) -> uint256:
    """
    @dev What `_part` of `_whole` bears of `_taken`, rounded up. The caller has checked that `_whole > 0`.
    """
    return (_taken * _part + _whole - 1) // _whole
