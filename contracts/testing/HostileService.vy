# pragma version 0.4.3
"""
@title HostileService
@license MIT
@notice A service for tests: asked for its terms and reserves it reverts, burns its gas or lies; to the hub it says
    whatever it is told to.
@custom:kill Not deployed.
"""

from ..interfaces import IService
from ..interfaces import IStakingHub

implements: IService

# Ways to answer.
LIE: constant(uint256) = 0
REVERT: constant(uint256) = 1

BLAKE2F: constant(address) = 0x0000000000000000000000000000000000000009

mood: immutable(uint256)
hub: immutable(IStakingHub)


@deploy
def __init__(_hub: address, _mood: uint256):
    hub = IStakingHub(_hub)
    mood = _mood


@external
@view
def terms() -> IService.Terms:
    self._answer()
    return IService.Terms(evidence_window=0, rounds=0, court=empty(address), smallest=0, largest=max_value(uint256))


@external
@view
def reserved(_operator: address) -> uint256:
    self._answer()
    return max_value(uint256)


@external
def bind(_operator: address, _amount: uint256) -> uint256:
    return extcall hub.bind(_operator, _amount)


@external
def unlock(_operator: address, _amount: uint256, _bound: uint256):
    extcall hub.unlock(_operator, _amount, _bound)


@external
def slash(_operator: address, _damages: uint256, _penalty: uint256) -> (uint256, uint256, uint256):
    return extcall hub.slash(_operator, _damages, _penalty)


@internal
@view
def _answer():
    if mood == LIE:
        return
    assert mood != REVERT, "hostile: no"
    # A precompile that is asked wrongly takes all the gas that it was given.
    raw_call(BLAKE2F, b"", is_static_call=True)
