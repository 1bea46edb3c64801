# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Which tokens can be paid in, and what part of it is the protocol's
@license MIT
@notice The timelock lists tokens and sets one fee for all, at most one percent. A fee in the suite's coin becomes
    rewards of the receiver and its delegators, where the hub knows the receiver as an operator. Any other fee waits for
    the treasury.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ...interfaces import IChannels
from ...interfaces import IStakingHub


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import token_transfers


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Highest fee, and the whole it is a part of: basis points.
MAX_FEE: public(constant(uint256)) = 100
WHOLE: constant(uint256) = 10_000


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The suite's coin, and where fees in it become rewards.
coin: public(immutable(IERC20))
hub: public(immutable(IStakingHub))

# Lists tokens and sets the fee: the timelock.
owner: public(immutable(address))

# Gets the fees that are no rewards.
treasury: public(immutable(address))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# token -> it can be paid in.
isListed: public(HashMap[address, bool])

# Part of what a receiver settles, basis points.
fee: public(uint256)

# token -> fees that wait for the treasury.
treasuryFees: public(HashMap[address, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_coin: address, _hub: address, _owner: address, _treasury: address):
    assert _coin.is_contract, "channels: coin is no contract"
    assert _hub.is_contract, "channels: hub is no contract"
    assert _owner != empty(address), "channels: no owner"
    assert _treasury != empty(address), "channels: no treasury"
    coin = IERC20(_coin)
    hub = IStakingHub(_hub)
    owner = _owner
    treasury = _treasury
    self._list(_coin, True)
    extcall IERC20(_coin).approve(_hub, max_value(uint256))


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def listToken(token: address, listed: bool):
    """
    @notice Let a token be paid in, or not any more. What is in channels already can be claimed and goes back.
    """
    self._check_owner()
    assert token.is_contract, "channels: token is no contract"
    self._list(token, listed)


@external
def setFee(basisPoints: uint256):
    """
    @notice Set the part of what receivers settle from now on that is the protocol's.
    """
    self._check_owner()
    assert basisPoints <= MAX_FEE, "channels: fee too high"
    self.fee = basisPoints
    log IChannels.FeeChanged(basisPoints=basisPoints)


# ############################################################## #
#                         USER FUNCTIONS                         #
# ############################################################## #

@external
def payTreasury(token: address) -> uint256:
    """
    @notice Send the treasury the fees that wait for it in a token. Anybody can call.
    """
    amount: uint256 = self.treasuryFees[token]
    assert amount > 0, "channels: nothing for the treasury"
    self.treasuryFees[token] = 0
    log IChannels.TreasuryPaid(token=token, amount=amount)
    token_transfers._push(IERC20(token), treasury, amount)
    return amount


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _check_owner():
    assert msg.sender == owner, "channels: caller is not the owner"


@internal
def _list(_token: address, _listed: bool):
    self.isListed[_token] = _listed
    log IChannels.TokenListed(token=_token, listed=_listed)


@internal
@view
def _part(_amount: uint256) -> uint256:
    """
    @dev The fee, rounded down.
    """
    return _amount * self.fee // WHOLE


@internal
def _take(_receiver: address, _token: address, _amount: uint256):
    """
    @dev A fee that `_receiver` leaves here.
    """
    if _amount == 0 or (_token == coin.address and self._is_rewarded(_receiver, _amount)):
        return
    self.treasuryFees[_token] += _amount
    log IChannels.FeeKept(receiver=_receiver, token=_token, amount=convert(_amount, uint128))


@internal
def _is_rewarded(_receiver: address, _amount: uint256) -> bool:
    """
    @dev Whether the hub took the fee. It refuses for who is no operator there.
    """
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        hub.address,
        abi_encode(_receiver, _amount, method_id=method_id("reward(address,uint256)")),
        max_outsize=32,
        revert_on_failure=False,
    )
    # A call that ran out of gas gives no reason; the receiver may be an operator all the same.
    assert ok or len(answer) > 0, "channels: hub does not answer"
    return ok
