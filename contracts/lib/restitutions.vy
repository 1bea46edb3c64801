# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Restitution: whom a false heartbeat's damages go to
@license MIT
@notice An environment's owner names the address; a change counts after notice, so that nobody redirects what a case
    under way will pay.
"""

from ..interfaces import IEnvironments

# A word: the address from bit 0 (160), from when it counts (40).
FROM_AT: constant(uint256) = 160
U160: constant(uint256) = 2**160 - 1

# Environment -> the word before the last change, and the one after it; zeros for the owner.
_restitutions: HashMap[bytes32, uint256[2]]


@internal
def _announce(_environment: bytes32, _to: address, _from: uint256):
    before: uint256 = self._restitutions[_environment][1]
    assert before >> FROM_AT <= block.timestamp, "environments: an address is under notice"
    self._restitutions[_environment] = [before, convert(_to, uint256) | (_from << FROM_AT)]
    log IEnvironments.RestitutionAnnounced(environment=_environment, to=_to, effective_from=_from)


@internal
@view
def _restitution(_environment: bytes32, _owner: address) -> address:
    """
    @dev The address that counts now; the owner when none was named.
    """
    words: uint256[2] = self._restitutions[_environment]
    word: uint256 = words[0]
    if words[1] >> FROM_AT <= block.timestamp:
        word = words[1]
    to: address = convert(word & U160, address)
    return to if to != empty(address) else _owner
