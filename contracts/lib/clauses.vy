# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Court clauses: what a service does while the court opens no case
@license MIT
@notice The court opens a case while it is listed and its jurors have the least number of mature seats. While it opens
    none, a service makes no promise that a court decides, and the evidence windows of its promises stand still, each
    for at most 60 days.
@dev The court does not say what a coin of its table is worth now; its views do. A case over nothing costs a known
    number of such coins. Nobody can know on chain when a weight changed, so time is counted as it was seen: from the
    call that finds no court to the call that finds one. Clients have the first made, operators the second; both are
    open to anybody, and every call that needs the answer makes them as well.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAlignmentCourt
from ..interfaces import IStakingHub


# ############################################################## #
#                             EVENTS                             #
# ############################################################## #

# The court began or ceased to open cases, as far as the service has seen; seconds that windows have stood still so far.
event CourtSeen:
    opens: bool
    stood: uint256


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Coins of the court's table that both hearings of a case over nothing can cost: 20 x 7 + 190 x (3 + 3.2).
COSTS_OF_NOTHING: constant(uint256) = 1_318

# Seconds that one window stands still, at most.
LONGEST_STAND: constant(uint256) = 60 * 86_400


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

hub: public(immutable(IStakingHub))
court: public(immutable(IAlignmentCourt))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Seconds that the court was seen to open no case, without those since `_closed_since`.
_stood_before: uint256

# When the court was first seen to open no case; 0 since it was seen to open them.
_closed_since: uint256

# promise -> seconds that the court had stood still when its window was written down.
_marks: HashMap[uint256, uint256]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_hub: address, _court: address):
    hub = IStakingHub(_hub)
    court = IAlignmentCourt(_court)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def see_court() -> bool:
    """
    @notice Look whether the court opens cases: windows stand still from a call that finds none to one that does.
    @return Whether it does.
    """
    return self._see()


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def opens() -> bool:
    """
    @notice Whether the court opens cases now.
    """
    return self._opens()


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _opens() -> bool:
    """
    @dev The court's own conditions, from its views.
    """
    if not staticcall hub.listed(court.address):
        return False
    # Each of the 190 fees of a re-hearing is rounded down by less than a wei: rounding up gives the unit itself.
    unit: uint256 = (staticcall court.most_costs(0) + COSTS_OF_NOTHING - 1) // COSTS_OF_NOTHING
    needed: uint256 = staticcall court.LEAST_SEATS() * staticcall court.SEAT() * unit
    return staticcall court.total_weight() >= needed


@internal
def _see() -> bool:
    opens: bool = self._opens()
    if opens == (self._closed_since > 0):
        if opens:
            self._stood_before = self._stood()
            self._closed_since = 0
        else:
            self._closed_since = block.timestamp
        log CourtSeen(opens=opens, stood=self._stood())
    return opens


@internal
@view
def _stood() -> uint256:
    since: uint256 = self._closed_since
    return self._stood_before + (0 if since == 0 else block.timestamp - since)


@internal
def _begin(_promise: uint256, _until: uint256) -> uint256:
    """
    @dev A promise's window is to end at `_until`: what stood still before does not prolong it.
    @return The same, to be written down.
    """
    self._marks[_promise] = self._stood()
    return _until


@internal
@view
def _until(_promise: uint256, _written: uint256) -> uint256:
    """
    @dev The end of a promise's window, which was written down as `_written`; 0 stays 0.
    """
    if _written == 0:
        return 0
    return _written + min(self._stood() - self._marks[_promise], LONGEST_STAND)
