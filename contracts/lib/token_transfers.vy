# pragma version 0.4.3
"""
@title Coins of an ERC-20 in and out
@license MIT
@notice Checks the amount that really arrived: a token that takes a fee on transfer is refused. A token that returns
    nothing is taken.
"""

from ethereum.ercs import IERC20


@internal
def _pull(_token: IERC20, _amount: uint256):
    """
    @dev Take `_amount` wei from the caller, out of what it allowed this contract to move.
    """
    before: uint256 = staticcall _token.balanceOf(self)
    assert extcall _token.transferFrom(msg.sender, self, _amount, default_return_value=True), "transfer: refused"
    assert staticcall _token.balanceOf(self) == before + _amount, "transfer: token takes a fee"


@internal
def _push(_token: IERC20, _to: address, _amount: uint256):
    """
    @dev Send `_amount` wei; nothing is sent for zero.
    """
    if _amount > 0:
        assert extcall _token.transfer(_to, _amount, default_return_value=True), "transfer: refused"
