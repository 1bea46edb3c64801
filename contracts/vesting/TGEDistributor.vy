# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title TGEDistributor
@license MIT
@notice Pays the grants of a published list: a third at the token generation event, the rest in equal steps. The list is
    one Merkle root (OpenZeppelin's StandardMerkleTree of index, account and total), so that a grant costs its holder a
    proof and the deployer nothing.
@dev Nothing about who is paid, how much or when can change after deployment. Anyone may call for a grant; only its
    account is paid. What is due follows from the grant and the clock alone, never from this contract's balance, so a
    donation changes nothing. Two grants share a storage slot: index 2i is the low half, 2i + 1 the high half.
@custom:security The deployer is trusted to publish the list behind the root and to fund it; `ape run tge verify` checks
    both. The owner may take what is left, but only after `sweep_after`, years after the last step. A donation waits for
    that day too. Two grants with one index would share what is paid: `ape run tge build` gives each its own.
@custom:kill Cannot be stopped: no pause, no way to change the list. After `sweep_after` the owner may empty it.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IStakingHub
from ..interfaces import ITGEDistributor

implements: ITGEDistributor


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import constants
from ..lib import merkle
from ..lib import schedule
from ..lib import signatures

initializes: eip712
initializes: signatures[eip712 := eip712]
exports: eip712.eip712Domain


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most grants in one call of `claim_many`.
MAX_BATCH: constant(uint256) = 64

# Pairs of grants that the list may have.
MAX_PAIRS: constant(uint256) = 2**32

# Half a storage slot, bits: what one grant was paid.
HALF: constant(uint256) = 128

# The holder's word for `claim_and_stake_for`.
CLAIM_AND_STAKE_TYPEHASH: public(constant(bytes32)) = keccak256(
    "ClaimAndStake(uint256 index,address account,address operator,uint256 amount,uint256 minShares,uint256 nonce,uint256 deadline)"
)

# Bound of times (seconds) and of counts, which keeps their products from overflowing.
MAX_TIME: constant(uint256) = 2**64


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# What is paid out.
token: public(immutable(IERC20))

# Where `claim_and_stake` stakes; the zero address for nowhere.
hub: public(immutable(IStakingHub))

# The only power is `sweep`.
owner: public(immutable(address))

# Root of the list of grants.
root: public(immutable(bytes32))

# Sum of all grants, wei; what the contract has to be funded with.
allocation: public(immutable(uint256))

# The token generation event, unix seconds.
start: public(immutable(uint256))

# Length of a step, seconds.
step: public(immutable(uint256))

# Steps after the event in which the rest follows.
steps: public(immutable(uint256))

# From here on the owner may take what nobody claimed, unix seconds.
sweep_after: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# index // 2 -> wei that were paid for two grants. An array, as its slots need no hashing.
_paid: uint256[MAX_PAIRS]

# Signatures that an account has used here.
nonces: public(HashMap[address, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(
    _token: IERC20,
    _hub: address,
    _root: bytes32,
    _allocation: uint256,
    _start: uint256,
    _step: uint256,
    _steps: uint256,
    _sweep_after: uint256,
    _owner: address,
):
    """
    @param _token What is paid out.
    @param _hub Where `claim_and_stake` stakes; the zero address for nowhere.
    @param _root Root of the list of grants.
    @param _allocation Sum of all grants, wei.
    @param _start The token generation event, unix seconds.
    @param _step Length of a step, seconds.
    @param _steps Steps after the event.
    @param _sweep_after When the owner may take what is left, unix seconds.
    @param _owner The timelock.
    """
    assert _token.address.is_contract, "distributor: no token"
    assert _owner != empty(address), "distributor: no owner"
    # An empty proof must never meet an empty root.
    assert _root != empty(bytes32), "distributor: no root"
    assert _allocation > 0 and _allocation <= constants.MAX_AMOUNT, "distributor: allocation out of range"
    assert _start > 0 and _start <= MAX_TIME, "distributor: start out of range"
    assert _step > 0 and _step <= MAX_TIME, "distributor: step out of range"
    assert _steps > 0 and _steps <= MAX_TIME, "distributor: steps out of range"
    assert _sweep_after >= _start + _step * _steps + constants.MIN_SWEEP_DELAY, "distributor: sweep too early"
    eip712.__init__("Keifu TGE", "1")
    token = _token
    hub = IStakingHub(_hub)
    root = _root
    allocation = _allocation
    start = _start
    step = _step
    steps = _steps
    sweep_after = _sweep_after
    owner = _owner


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def claim(_index: uint256, _account: address, _total: uint256, _proof: DynArray[bytes32, merkle.MAX_DEPTH]) -> uint256:
    """
    @notice Pay `_account` what is vested of its grant and not paid yet. Anyone may call.
    @return Wei paid.
    """
    assert merkle._root(self._leaf(_index, _account, _total), _proof) == root, "distributor: not in the list"
    amount: uint256 = self._take(_index, _total)
    assert amount > 0, "distributor: nothing to claim"
    self._pay(_index, _account, amount)
    return amount


@external
def claim_many(_grants: DynArray[ITGEDistributor.Grant, MAX_BATCH]) -> uint256:
    """
    @notice The same for several grants, of one account or many. A grant with nothing due is skipped, so that nobody can
        spoil a batch by claiming one of its grants first; a wrong proof fails it.
    @return Wei paid altogether.
    """
    paid_out: uint256 = 0
    for grant: ITGEDistributor.Grant in _grants:
        leaf: bytes32 = self._leaf(grant.index, grant.account, grant.total)
        assert merkle._root(leaf, grant.proof) == root, "distributor: not in the list"
        amount: uint256 = self._take(grant.index, grant.total)
        if amount > 0:
            self._pay(grant.index, grant.account, amount)
            paid_out += amount
    return paid_out


@external
def claim_and_stake_for(
    _index: uint256,
    _account: address,
    _total: uint256,
    _proof: DynArray[bytes32, merkle.MAX_DEPTH],
    _operator: address,
    _amount: uint256,
    _min_shares: uint256,
    _deadline: uint256,
    _signature: Bytes[signatures.MAX_SIGNATURE],
) -> uint256:
    """
    @notice `claim_and_stake` by the account's EIP-712 signature over index, account, operator, amount, shares, nonce and
        deadline. Anyone may bring it.
    @return Shares of the operator's pool.
    """
    assert block.timestamp <= _deadline, "distributor: signature expired"
    nonce: uint256 = self.nonces[_account]
    self.nonces[_account] = nonce + 1
    struct_hash: bytes32 = keccak256(
        abi_encode(CLAIM_AND_STAKE_TYPEHASH, _index, _account, _operator, _amount, _min_shares, nonce, _deadline)
    )
    assert signatures._signed(_account, struct_hash, _signature), "distributor: invalid signature"
    assert merkle._root(self._leaf(_index, _account, _total), _proof) == root, "distributor: not in the list"
    return self._stake(_index, _account, self._take(_index, _total), _operator, _amount, _min_shares)


# ############################################################## #
#                        HOLDER FUNCTIONS                        #
# ############################################################## #

@external
def claim_and_stake(
    _index: uint256,
    _total: uint256,
    _proof: DynArray[bytes32, merkle.MAX_DEPTH],
    _operator: address,
    _amount: uint256,
    _min_shares: uint256,
) -> uint256:
    """
    @notice Claim the caller's grant and stake `_amount` wei of it. The rest is paid out. If somebody has sent the claim
        before, the coins are in the caller's wallet: they are taken from there up to the allowance; any shortfall
        reduces the stake and `_min_shares` pro rata.
    @return Shares of the operator's pool; 0 when there was too little to stake.
    """
    assert merkle._root(self._leaf(_index, msg.sender, _total), _proof) == root, "distributor: not in the list"
    return self._stake(_index, msg.sender, self._take(_index, _total), _operator, _amount, _min_shares)


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def sweep(_to: address) -> uint256:
    """
    @notice Send all that is left to `_to`, once `sweep_after` has come.
    @return Wei sent.
    """
    assert msg.sender == owner, "distributor: caller is not the owner"
    assert block.timestamp >= sweep_after, "distributor: sweep not open"
    amount: uint256 = staticcall token.balanceOf(self)
    log ITGEDistributor.Swept(to=_to, amount=amount)
    assert extcall token.transfer(_to, amount, default_return_value=True), "distributor: transfer refused"
    return amount


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def vested(_total: uint256, _at: uint256) -> uint256:
    """
    @notice Wei of a grant of `_total` that are vested at `_at` (unix seconds).
    """
    return self._vested(_total, _at)


@external
@view
def claimable(_index: uint256, _account: address, _total: uint256) -> uint256:
    """
    @notice Wei that `claim` would pay now, if such a grant is in the list: `verify` says whether it is.
    @param _account Not looked at: here so that a line of the list can be passed as it is.
    """
    return self._vested(_total, block.timestamp) - self._paid_of(_index)


@external
@view
def paid(_index: uint256) -> uint256:
    """
    @notice Wei that were paid for grant `_index` so far.
    """
    return self._paid_of(_index)


@external
@view
def verify(_index: uint256, _account: address, _total: uint256, _proof: DynArray[bytes32, merkle.MAX_DEPTH]) -> bool:
    """
    @notice Whether the list has such a grant.
    """
    return merkle._root(self._leaf(_index, _account, _total), _proof) == root


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _leaf(_index: uint256, _account: address, _total: uint256) -> bytes32:
    return keccak256(keccak256(abi_encode(_index, _account, _total)))


@internal
@view
def _vested(_total: uint256, _at: uint256) -> uint256:
    if _at < start:
        return 0
    assert _total <= constants.MAX_AMOUNT, "distributor: total too large"
    return schedule._vested(
        _total,
        schedule._first(_total, constants.TGE_DIVISOR),
        schedule._steps_passed(start, step, steps, _at),
        steps,
    )


@internal
@view
def _paid_of(_index: uint256) -> uint256:
    return (self._paid[_index >> 1] >> ((_index & 1) * HALF)) & constants.MAX_AMOUNT


@internal
def _take(_index: uint256, _total: uint256) -> uint256:
    """
    @dev Count as paid all that is vested of a grant.
    @return What was not paid before, wei.
    """
    vested_now: uint256 = self._vested(_total, block.timestamp)
    offset: uint256 = (_index & 1) * HALF
    pair: uint256 = self._paid[_index >> 1]
    amount: uint256 = vested_now - ((pair >> offset) & constants.MAX_AMOUNT)
    # The half cannot overflow: with `amount` added it is `vested_now`, below 2**128.
    self._paid[_index >> 1] = unsafe_add(pair, amount << offset)
    return amount


@internal
def _pay(_index: uint256, _account: address, _amount: uint256):
    log ITGEDistributor.Claimed(index=_index, account=_account, amount=_amount)
    assert extcall token.transfer(_account, _amount, default_return_value=True), "distributor: transfer refused"


@internal
def _stake(
    _index: uint256, _account: address, _due: uint256, _operator: address, _amount: uint256, _min_shares: uint256
) -> uint256:
    assert hub.address != empty(address), "distributor: no hub"
    if _due > 0:
        log ITGEDistributor.Claimed(index=_index, account=_account, amount=_due)
    staked: uint256 = min(_amount, _due + self._available(_account))
    if staked < staticcall hub.MIN_STAKE():
        staked = 0
    if staked < _due:
        assert extcall token.transfer(
            _account, _due - staked, default_return_value=True
        ), "distributor: transfer refused"
    if staked == 0:
        return 0
    if staked > _due:
        assert extcall token.transferFrom(
            _account, self, staked - _due, default_return_value=True
        ), "distributor: transfer refused"
    # Pro rata, rounded up: it protects against a moved share price, not against a smaller stake.
    min_shares: uint256 = (_min_shares * staked + _amount - 1) // _amount
    assert extcall token.approve(hub.address, staked, default_return_value=True), "distributor: approval refused"
    return extcall hub.stake_for(_operator, _account, staked, min_shares)


@internal
@view
def _available(_account: address) -> uint256:
    """
    @dev Wei in the account's wallet that this contract may take.
    """
    return min(staticcall token.balanceOf(_account), staticcall token.allowance(_account, self))
