# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Other tokens that deals are paid in
@license MIT
@notice A deal may be paid in any token that the channels list. Its escrow is here until it is owed to somebody, who then
    fetches it; the suite's coin is not here but at the market.
@custom:security A token that its issuer can freeze can be frozen here too. That harms whoever is paid in it, and nobody
    else: each token has its own credits, and nothing is sent to anybody in another's call.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20

from ...interfaces import IStorageDeals


# Where the timelock lists tokens: Channels.
interface TokenList:
    def isListed(_token: address) -> bool: view


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import token_transfers


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The contract of payment channels.
channels: public(immutable(TokenList))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# account -> token -> its smallest units that the account may fetch.
token_credits: public(HashMap[address, HashMap[address, uint256]])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_channels: address):
    assert _channels.is_contract, "deals: channels are no contract"
    channels = TokenList(_channels)


# ############################################################## #
#                        PROVIDER FUNCTIONS                      #
# ############################################################## #

@external
def name_price(_token: address, _price: uint256):
    """
    @notice Say for what the caller stores when it is paid in a listed token: clients find it by this event. It binds
        nobody; an acceptance does.
    @param _price Smallest units of the token for a gibibyte and epoch; none takes the token back.
    """
    if _price > 0:
        self._check_listed(_token)
    log IStorageDeals.PriceNamed(provider=msg.sender, token=_token, price=_price)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def withdraw_token(_token: address, _receiver: address) -> uint256:
    """
    @notice Pay what the caller was credited in a token to an address of its choice. Answers the units paid.
    """
    assert _receiver not in [empty(address), self], "deals: no receiver"
    return self._pay(msg.sender, _token, _receiver)


@external
def pay_token(_account: address, _token: address) -> uint256:
    """
    @notice Pay an account its credit in a token: for contracts that cannot ask for it. Answers the units paid.
    """
    return self._pay(_account, _token, _account)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _check_listed(_token: address):
    assert staticcall channels.isListed(_token), "deals: token is not listed"


@internal
def _pay(_account: address, _token: address, _receiver: address) -> uint256:
    amount: uint256 = self.token_credits[_account][_token]
    assert amount > 0, "deals: nothing to pay"
    self.token_credits[_account][_token] = 0
    log IStorageDeals.TokenPaid(account=_account, token=_token, receiver=_receiver, amount=amount)
    token_transfers._push(IERC20(_token), _receiver, amount)
    return amount
