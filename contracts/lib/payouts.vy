# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What a contract owes, until it is asked for
@license MIT
@notice Everybody is paid by credit, so that no receiver can hold up another. Whoever credits has the coins already.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import token_transfers


# ############################################################## #
#                              EVENTS                            #
# ############################################################## #

event Paid:
    account: indexed(address)
    receiver: indexed(address)
    amount: uint256


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The coin that is owed.
token: public(immutable(IERC20))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# account -> wei to be paid.
credits: public(HashMap[address, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address):
    assert _token.is_contract, "payouts: token is no contract"
    token = IERC20(_token)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def withdraw(_receiver: address) -> uint256:
    """
    @notice Pay what the caller was credited to an address of its choice. Answers the wei paid.
    """
    assert _receiver not in [empty(address), self], "payouts: no receiver"
    return self._pay(msg.sender, _receiver)


@external
def pay(_account: address) -> uint256:
    """
    @notice Pay an account its credit: for contracts that cannot ask for it. Answers the wei paid.
    """
    return self._pay(_account, _account)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _pay(_account: address, _receiver: address) -> uint256:
    amount: uint256 = self.credits[_account]
    assert amount > 0, "payouts: nothing to pay"
    self.credits[_account] = 0
    log Paid(account=_account, receiver=_receiver, amount=amount)
    token_transfers._push(token, _receiver, amount)
    return amount
