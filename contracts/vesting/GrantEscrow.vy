# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title GrantEscrow
@license MIT
@notice The VestingEscrow of grant programmes: its grants are staked nowhere, so that one that is revoked comes back in
    full at once.
@dev VestingEscrow as it is, without a hub. A contract of its own, since a suite knows its contracts by their names.
@custom:security As VestingEscrow. A programme is the revoker of what it pays into here.
@custom:kill Cannot be stopped, and has no owner. The timelock lists another one, or none, with the programme.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IVestingEscrow

implements: IVestingEscrow


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import VestingEscrow

initializes: VestingEscrow
# All of it but `token`, whose getter the compiler takes for another type there than here.
exports: (
    VestingEscrow.create,
    VestingEscrow.create_many,
    VestingEscrow.claim,
    VestingEscrow.claim_many,
    VestingEscrow.transfer_beneficiary,
    VestingEscrow.accept_beneficiary,
    VestingEscrow.revoke,
    VestingEscrow.renounce_revocation,
    VestingEscrow.plan,
    VestingEscrow.paid,
    VestingEscrow.vested,
    VestingEscrow.claimable,
    VestingEscrow.stake,
    VestingEscrow.unstake,
    VestingEscrow.withdraw,
    VestingEscrow.write_off,
    VestingEscrow.claim_rewards,
    VestingEscrow.stake_of,
    VestingEscrow.stake_key,
    VestingEscrow.hub,
    VestingEscrow.count,
    VestingEscrow.revoker,
    VestingEscrow.successor,
)


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: IERC20):
    """
    @param _token What is held and paid out.
    """
    VestingEscrow.__init__(_token, empty(address))


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def token() -> address:
    """
    @notice What is held and paid out.
    """
    return VestingEscrow.token.address
