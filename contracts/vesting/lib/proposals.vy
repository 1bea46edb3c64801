# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Proposals: votes, interests and objections
@license MIT
@notice Anybody proposes; members vote by seats of the committee that counted then. The last vote that is needed reserves
    the money and begins the notice, in which stake can stop the proposal.
@dev Objections weigh what a position at the hub is worth, against what is delegated in all pools that the witness has
    counted. The same coins cannot object twice: a notice is no longer than coins need to leave the hub.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IGrantProgram
from ...interfaces import IStakingHub


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import committees
from . import milestones
from . import programs

uses: committees
uses: milestones
uses: programs


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest time to the last milestone, seconds.
LONGEST: constant(uint256) = 5 * 365 * 86_400

# A proposal's first word: grantee (160), programme (64), version of the committee (16), number of milestones (8).
PROGRAM_AT: constant(uint256) = 160
VERSION_AT: constant(uint256) = 224
COUNT_AT: constant(uint256) = 240
U160: constant(uint256) = 2**160 - 1
U64: constant(uint256) = 2**64 - 1
U16: constant(uint256) = 2**16 - 1

# Its second word: votes (16), members who have an interest (16), since when it is carried (40), whether it was stopped
# (1), all its milestones together in wei (128).
RECUSED_AT: constant(uint256) = 16
CARRIED_AT: constant(uint256) = 32
STOPPED_AT: constant(uint256) = 72
SUM_AT: constant(uint256) = 128
U40: constant(uint256) = 2**40 - 1

# The whole in basis points.
WHOLE: constant(uint256) = 10_000


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where stake is that objects.
hub: public(immutable(IStakingHub))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Proposals so far; the number of the newest one.
proposal_count: public(uint256)

# proposal -> its two words, who made it, wei that object, and the wei of which these are a share.
_heads: HashMap[uint256, uint256]
_votes: HashMap[uint256, uint256]
_proposers: HashMap[uint256, address]
_objections: HashMap[uint256, uint256]
_wholes: HashMap[uint256, uint256]

# proposal -> operator -> owner key at the hub -> whether it has objected.
_has_objected: HashMap[uint256, HashMap[address, HashMap[address, bool]]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__():
    hub = IStakingHub(staticcall milestones.witness.hub())


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def propose(
    _program: uint256,
    _grantee: address,
    _milestones: DynArray[IGrantProgram.Milestone, milestones.MAX_MILESTONES],
    _statement: bytes32,
    _uri: String[128],
) -> uint256:
    """
    @notice Propose to pay a grantee. Nothing is reserved before it is carried.
    @param _statement Hash of what is said for it.
    @param _uri Where that is.
    @return The proposal's number.
    """
    assert _grantee not in [empty(address), self], "grants: no grantee"
    assert len(_milestones) > 0, "grants: no milestones"
    version: uint256 = committees._in_force(_program)
    assert version > 0, "grants: no such programme"
    number: uint256 = self.proposal_count + 1
    self.proposal_count = number
    sum: uint256 = 0
    index: uint256 = 0
    for item: IGrantProgram.Milestone in _milestones:
        milestones._store(milestones._key(number, index), item, _grantee, block.timestamp + LONGEST)
        if item.step > 0:
            assert programs.escrow_of[programs._tokens[_program]] != empty(address), "grants: token has no escrow"
        sum += item.amount
        index += 1
    self._heads[number] = (
        convert(_grantee, uint256) | (_program << PROGRAM_AT) | (version << VERSION_AT) | (index << COUNT_AT)
    )
    self._votes[number] = sum << SUM_AT
    self._proposers[number] = msg.sender
    log IGrantProgram.Proposed(
        proposal=number,
        program=_program,
        grantee=_grantee,
        proposer=msg.sender,
        version=version,
        milestones=_milestones,
        statement=_statement,
        uri=_uri,
    )
    return number


@external
def object(_proposal: uint256, _operator: address, _sub: uint256):
    """
    @notice Object to a proposal that was carried, with what one's position at an operator is worth. Enough of that
        stops it for good.
    @param _sub The caller's sub-account at the hub; 0 for itself.
    """
    votes: uint256 = self._votes[_proposal]
    program: uint256 = (self._heads[_proposal] >> PROGRAM_AT) & U64
    terms: uint256 = programs._terms[program]
    assert self._is_carried(votes), "grants: not carried"
    assert block.timestamp <= self._notice_end(votes, terms), "grants: notice is over"
    owner_key: address = staticcall hub.owner_key(msg.sender, _sub)
    assert not self._has_objected[_proposal][_operator][owner_key], "grants: has objected"
    self._has_objected[_proposal][_operator][owner_key] = True
    shares: uint256 = 0
    weight: uint256 = 0
    shares, weight = staticcall hub.position(_operator, owner_key)
    assert weight > 0, "grants: nothing staked there"
    # Sums of coins of the hub, none of which can overflow.
    objections: uint256 = unsafe_add(self._objections[_proposal], weight)
    self._objections[_proposal] = objections
    log IGrantProgram.Objected(
        proposal=_proposal, owner=owner_key, operator=_operator, weight=weight, objections=objections
    )
    # Whoever has objected and leaves makes the whole no smaller, for its coins are among the objections; what was too
    # much in it does when it is counted again.
    total: uint256 = extcall milestones.witness.count(_operator)
    total = min(max(self._wholes[_proposal], total), unsafe_add(total, objections))
    self._wholes[_proposal] = total
    if unsafe_mul(objections, WHOLE) >= total * ((terms >> programs.BPS_AT) & U16):
        self._votes[_proposal] = votes | (1 << STOPPED_AT)
        programs._free(program, votes >> SUM_AT)
        log IGrantProgram.Stopped(proposal=_proposal, objections=objections, total=total)


# ############################################################## #
#                       MEMBERS' FUNCTIONS                       #
# ############################################################## #

@external
def vote(_proposal: uint256, _approves: bool):
    """
    @notice Vote for a proposal, or take one's vote back. The last vote that is needed reserves its money and begins the
        notice.
    """
    head: uint256 = self._heads[_proposal]
    votes: uint256 = self._votes[_proposal]
    program: uint256 = (head >> PROGRAM_AT) & U64
    version: uint256 = self._voting(head, votes, program)
    seat: uint256 = committees._seat(program, version, msg.sender)
    assert msg.sender != convert(head & U160, address), "grants: member is the grantee"
    assert (votes >> RECUSED_AT) & seat == 0, "grants: member has an interest"
    if _approves:
        assert votes & seat == 0, "grants: has voted"
        votes |= seat
        assert msg.sender != self._proposers[_proposal], "grants: member made the proposal"
    else:
        assert votes & seat != 0, "grants: has not voted"
        votes ^= seat
    log IGrantProgram.Voted(proposal=_proposal, member=msg.sender, approves=_approves)
    if self._count(votes & U16) >= committees._needed(program, version):
        self._carry(_proposal, program, votes)
    else:
        self._votes[_proposal] = votes


@external
def recuse(_proposal: uint256, _reason: String[128]):
    """
    @notice Say that one has an interest in a proposal: a vote that was given is gone, and none can be given any more.
    """
    head: uint256 = self._heads[_proposal]
    votes: uint256 = self._votes[_proposal]
    program: uint256 = (head >> PROGRAM_AT) & U64
    seat: uint256 = committees._seat(program, self._voting(head, votes, program), msg.sender)
    assert (votes >> RECUSED_AT) & seat == 0, "grants: member has an interest"
    self._votes[_proposal] = (votes & ~seat) | (seat << RECUSED_AT)
    log IGrantProgram.Recused(proposal=_proposal, member=msg.sender, reason=_reason)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def proposal(_proposal: uint256) -> IGrantProgram.Proposal:
    """
    @notice What became of a proposal; zeros when there is none.
    """
    head: uint256 = self._heads[_proposal]
    votes: uint256 = self._votes[_proposal]
    return IGrantProgram.Proposal(
        program=(head >> PROGRAM_AT) & U64,
        grantee=convert(head & U160, address),
        proposer=self._proposers[_proposal],
        version=(head >> VERSION_AT) & U16,
        votes=votes & U16,
        recused=(votes >> RECUSED_AT) & U16,
        carried_at=(votes >> CARRIED_AT) & U40,
        stopped=(votes >> STOPPED_AT) & 1 == 1,
        objections=self._objections[_proposal],
        milestones=head >> COUNT_AT,
    )


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _carry(_proposal: uint256, _program: uint256, _with: uint256):
    programs._check_runs(_program)
    votes: uint256 = _with | (block.timestamp << CARRIED_AT)
    self._votes[_proposal] = votes
    programs._reserve(_program, votes >> SUM_AT)
    log IGrantProgram.Carried(
        proposal=_proposal,
        reserved=votes >> SUM_AT,
        objections_until=self._notice_end(votes, programs._terms[_program]),
    )


@internal
@view
def _voting(_head: uint256, _votes: uint256, _program: uint256) -> uint256:
    """
    @dev Version of the committee that votes on a proposal now.
    """
    version: uint256 = (_head >> VERSION_AT) & U16
    assert version > 0, "grants: no such proposal"
    assert (_votes >> CARRIED_AT) & U40 == 0, "grants: is carried"
    assert version == committees._in_force(_program), "grants: committee has changed"
    return version


@internal
@view
def _program(_proposal: uint256) -> uint256:
    return (self._heads[_proposal] >> PROGRAM_AT) & U64


@internal
@view
def _due(_proposal: uint256) -> uint256:
    """
    @dev Programme of a proposal that was carried, and that nobody can stop any more.
    """
    program: uint256 = self._program(_proposal)
    votes: uint256 = self._votes[_proposal]
    assert self._is_carried(votes), "grants: not carried"
    assert block.timestamp > self._notice_end(votes, programs._terms[program]), "grants: notice is not over"
    return program


@internal
@pure
def _is_carried(_votes: uint256) -> bool:
    """
    @dev And not stopped.
    """
    return (_votes >> CARRIED_AT) & U40 > 0 and (_votes >> STOPPED_AT) & 1 == 0


@internal
@pure
def _notice_end(_votes: uint256, _terms: uint256) -> uint256:
    return ((_votes >> CARRIED_AT) & U40) + (_terms & programs.U32)


@internal
@pure
def _count(_votes: uint256) -> uint256:
    """
    @dev How many bits of 16 are set.
    """
    count: uint256 = 0
    left: uint256 = _votes
    for _: uint256 in range(16):
        if left == 0:
            break
        left &= left - 1
        count += 1
    return count
