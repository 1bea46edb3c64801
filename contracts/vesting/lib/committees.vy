# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Committees: who votes in a programme
@license MIT
@notice Its funder names the first committee, the timelock any later one, which counts after `NOTICE`. At most one is
    under notice. Votes count by seats of the committee under which a proposal was made.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IGrantProgram


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Seconds between naming a committee and its first vote.
NOTICE: constant(uint256) = 7 * 86_400

# Most members.
MAX_MEMBERS: constant(uint256) = 16

# A committee's word: votes that are needed from bit 0 (8), since when it counts (40).
FROM_AT: constant(uint256) = 8
U8: constant(uint256) = 2**8 - 1


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# programme -> newest version, from 1.
_newest: HashMap[uint256, uint256]

# programme -> version -> its word, and each member's seat, from 1.
_words: HashMap[uint256, HashMap[uint256, uint256]]
_seats: HashMap[uint256, HashMap[uint256, HashMap[address, uint256]]]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _name(_program: uint256, _members: DynArray[address, MAX_MEMBERS], _needed: uint256, _from: uint256):
    assert _needed > 0 and _needed <= len(_members), "grants: needed out of range"
    version: uint256 = self._newest[_program] + 1
    assert version == 1 or self._in_force(_program) == version - 1, "grants: a committee is under notice"
    self._newest[_program] = version
    self._words[_program][version] = _needed | (_from << FROM_AT)
    seat: uint256 = 0
    for member: address in _members:
        seat += 1
        assert member != empty(address), "grants: no member"
        assert self._seats[_program][version][member] == 0, "grants: member named twice"
        self._seats[_program][version][member] = seat
    log IGrantProgram.CommitteeAnnounced(
        program=_program, version=version, members=_members, needed=_needed, effective_from=_from
    )


@internal
@view
def _in_force(_program: uint256) -> uint256:
    """
    @dev Version that counts now; 0 for no programme.
    """
    newest: uint256 = self._newest[_program]
    if newest > 1 and self._words[_program][newest] >> FROM_AT > block.timestamp:
        return newest - 1
    return newest


@internal
@view
def _needed(_program: uint256, _version: uint256) -> uint256:
    return self._words[_program][_version] & U8


@internal
@view
def _seat(_program: uint256, _version: uint256, _member: address) -> uint256:
    """
    @dev The bit of a member.
    """
    seat: uint256 = self._seats[_program][_version][_member]
    assert seat > 0, "grants: not a member"
    return 1 << (seat - 1)
