# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Caps of keys that begin promises for an operator
@license MIT
@notice A key for daily work may begin promises by its signature. The operator says how many wei of its lock those of one
    key may hold reserved at a time: a stolen key costs that much.
@dev Zero until it is set. Kept by operator: what a key was allowed while it was somebody's own is no other's.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import hotkeys

uses: hotkeys


# ############################################################## #
#                              EVENTS                            #
# ############################################################## #

event CapSet:
    operator: indexed(address)
    key: indexed(address)
    cap: uint256


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> receipt key -> wei that promises of its signature may hold, and wei that they hold.
_caps: HashMap[address, HashMap[address, uint256]]
_held: HashMap[address, HashMap[address, uint256]]


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def set_cap(_key: address, _cap: uint256):
    """
    @notice Let promises that `_key` signs for the caller hold up to `_cap` wei of its lock. It counts at once, for new
        promises.
    """
    assert hotkeys._operator_of(_key, hotkeys.RECEIPT, block.timestamp) == msg.sender, "caps: not the caller's key"
    self._caps[msg.sender][_key] = _cap
    log CapSet(operator=msg.sender, key=_key, cap=_cap)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def cap(_operator: address, _key: address) -> (uint256, uint256):
    """
    @notice Wei that promises of a key's signature may hold of an operator's lock, and wei that they hold.
    """
    return self._caps[_operator][_key], self._held[_operator][_key]


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _hold(_operator: address, _key: address, _amount: uint256):
    held: uint256 = self._held[_operator][_key] + _amount
    assert held <= self._caps[_operator][_key], "caps: over the key's cap"
    self._held[_operator][_key] = held


@internal
def _let_go(_operator: address, _key: address, _amount: uint256):
    self._held[_operator][_key] -= _amount
