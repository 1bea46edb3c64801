# pragma version 0.4.3
# The packaged timelock, deployable.

from snekmate.auth import access_control
from snekmate.governance import timelock_controller as timelock

initializes: access_control
initializes: timelock[access_control := access_control]

exports: timelock.__interface__


@deploy
def __init__(delay: uint256, proposers: DynArray[address, 128]):
    access_control.__init__()
    timelock.__init__(delay, proposers, proposers, empty(address))
