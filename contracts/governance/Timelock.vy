# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Timelock
@license MIT
@notice Owns whatever in the suite has an owner: a proposer schedules a call, everyone sees it for the delay, an
    executor carries it out. A proposer may also cancel.
@dev snekmate's timelock controller. Without an administrator its roles change only by a call through itself.
@custom:security Proposers can do anything an owner can, after the delay; an executor of the zero address lets anyone
    execute what is ripe. No contract of the suite has a pause: this is the only brake, and it is slow on purpose.
@custom:kill Cancel what is scheduled; revoke the proposers by a scheduled call.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.auth import access_control
from snekmate.governance import timelock_controller

initializes: access_control
initializes: timelock_controller[access_control := access_control]
exports: timelock_controller.__interface__


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Largest number of proposers or executors at deployment.
MAX_MEMBERS: constant(uint256) = 255

# Longest delay, seconds: more would lock the suite by mistake.
MAX_DELAY: constant(uint256) = 30 * 86_400


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(
    _min_delay: uint256,
    _proposers: DynArray[address, MAX_MEMBERS],
    _executors: DynArray[address, MAX_MEMBERS],
    _owner: address,
):
    """
    @param _min_delay Seconds between scheduling and execution.
    @param _proposers May schedule and cancel.
    @param _executors May execute; the zero address stands for anyone.
    @param _owner Administers roles without delay, and should renounce that; zero for none.
    """
    assert _min_delay <= MAX_DELAY, "timelock: delay too long"
    assert len(_proposers) > 0, "timelock: no proposer"
    assert len(_executors) > 0, "timelock: no executor"
    access_control.__init__()
    timelock_controller.__init__(_min_delay, _proposers, _executors, _owner)
