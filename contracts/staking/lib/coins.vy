# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title The coins of the staking hub, in and out
@license MIT
@notice Checks the amount that really arrived: a token that takes a fee on transfer is refused. What the hub owes to
    somebody stands as a credit until it is collected.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import token_transfers


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Four times as many wei still fit into the 96 bits of a packed amount.
MAX_SUPPLY: constant(uint256) = 2**94


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The coin at stake.
token: public(immutable(IERC20))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# owner -> wei to collect: coins unlocked, a service's part of damages, commission, rewards of shares that left, what the
# insurance and the treasury are owed.
credits: HashMap[address, uint256]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address):
    assert _token.is_contract, "hub: token is no contract"
    assert staticcall IERC20(_token).totalSupply() < MAX_SUPPLY, "hub: supply too large"
    token = IERC20(_token)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def credit(_owner: address) -> uint256:
    """
    @notice Wei that `collect` would pay.
    """
    return self.credits[_owner]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _pull(_amount: uint256):
    token_transfers._pull(token, _amount)


@internal
def _push(_to: address, _amount: uint256):
    token_transfers._push(token, _to, _amount)


@internal
def _credit(_owner: address, _amount: uint256):
    if _amount > 0:
        self.credits[_owner] += _amount


@internal
@pure
def _check_amount(_amount: uint256):
    assert _amount > 0, "hub: zero amount"


@internal
@pure
def _check_receiver(_receiver: address):
    assert _receiver != empty(address), "hub: no receiver"
