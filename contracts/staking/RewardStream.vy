# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title RewardStream
@license MIT
@notice Holds the emission of the network and hands it to the staking hub in equal parts a second, over a fixed time.
    Whatever is added later is spread over what is left of that time.
@dev `release` may be called by anyone, as often as wanted: what a call hands over depends on time alone. The hub spends
    it over its next epoch.
@custom:security Nobody is trusted: there is no owner and no way out for the coins but the hub. A token that takes a fee
    on transfer is refused. What a donation adds without `fund` is released with the rest.
@custom:kill Cannot be stopped.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IRewardStream
from ..interfaces import IStakingHub

implements: IRewardStream


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import token_transfers


# ############################################################## #
#                           IMMUTABLES                           #
# ############################################################## #

# The coin that is streamed.
token: public(immutable(IERC20))

# Where it goes.
hub: public(immutable(IStakingHub))

# Unix seconds at which the stream ends; from then on a release hands over the whole balance.
end: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Unix seconds up to which the stream was released.
released_until: public(uint256)


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address, _duration: uint256):
    """
    @param _token The coin that is streamed.
    @param _hub The staking hub.
    @param _duration Seconds from now until the stream is dry.
    """
    assert _token.is_contract, "stream: token is no contract"
    assert _hub.is_contract, "stream: hub is no contract"
    assert _duration > 0, "stream: no duration"
    token = IERC20(_token)
    hub = IStakingHub(_hub)
    end = block.timestamp + _duration
    self.released_until = block.timestamp


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def fund(_amount: uint256):
    """
    @notice Add `_amount` wei of the caller's coins to the stream.
    """
    assert _amount > 0, "stream: zero amount"
    # What is due until now is due by the old rate.
    self._release()
    self.released_until = min(block.timestamp, end)
    log IRewardStream.Funded(payer=msg.sender, amount=_amount)
    token_transfers._pull(token, _amount)


@external
def release() -> uint256:
    """
    @notice Hand what is due to the hub.
    @return Wei handed over; 0 when nothing is due.
    """
    return self._release()


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def releasable() -> uint256:
    """
    @notice Wei that `release` would hand over.
    """
    return self._releasable()


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _releasable() -> uint256:
    balance: uint256 = staticcall token.balanceOf(self)
    if block.timestamp >= end:
        return balance
    since: uint256 = self.released_until
    return balance * (block.timestamp - since) // (end - since)


@internal
def _release() -> uint256:
    amount: uint256 = self._releasable()
    if amount == 0:
        return 0
    self.released_until = min(block.timestamp, end)
    log IRewardStream.Released(amount=amount, until=block.timestamp)
    assert extcall token.approve(hub.address, amount, default_return_value=True), "stream: approval failed"
    extcall hub.fund_emission(amount)
    return amount
