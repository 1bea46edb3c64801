# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Counter
@license MIT
@notice The smallest contract with state, an event, a revert reason and a constructor argument: the tests of the
    tools (artefacts, deployers, event follower) use it, so that they do not depend on the suite. Never deployed.
@custom:security Holds nothing.
@custom:kill Nothing to stop.
"""

# ############################################################## #
#                              EVENTS                            #
# ############################################################## #

event Counted:
    by: indexed(address)
    total: uint256


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Sum of everything that was added.
total: public(uint256)
# Largest amount a call may add.
LIMIT: public(immutable(uint256))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_limit: uint256):
    assert _limit > 0, "counter: no limit"
    LIMIT = _limit


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def add(_amount: uint256 = 1) -> uint256:
    """
    @notice Add up to the limit.
    @return The new total.
    """
    assert _amount <= LIMIT, "counter: over the limit"
    self.total += _amount
    log Counted(by=msg.sender, total=self.total)
    return self.total
