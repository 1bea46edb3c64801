# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title GrantProgram
@license MIT
@notice Pays teams and learners for milestones. A funder pays into a programme; a committee carries proposals by m of n
    votes; during a notice, owners of a share of the delegated coins can stop one. A milestone is released when the grantee
    shows a record of the registry that stands at that moment. What lapses stays in the programme.
@dev `lib/programs.vy` moves money between free, reserved and given, `lib/committees.vy` keeps seats,
    `lib/proposals.vy` counts votes and objections, `lib/milestones.vy` judges evidence.
@custom:security A committee is trusted to choose among proposals, never with coins: it can neither pay without
    evidence nor take back what has vested. Attesters are trusted with what they attest; a proposal names them, so a
    committee that is bought needs attesters that are bought, and holders who let the notice pass. Members say
    themselves that they have an interest; only a grantee's and a proposer's vote is refused by the contract. The
    timelock lists tokens and their escrows and names later committees; an escrow that it lists can take every coin of
    that token. Escrows have no hub: a grant that was revoked comes back in full at once.
@custom:kill Cannot be stopped. The timelock takes a token off the list: then nothing is paid in. Without a quorum
    nothing is carried, and after the last day what is free goes back to the funder.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IGrantProgram
from ..interfaces import IVestingEscrow

implements: IGrantProgram

# The hub's time that coins need to leave it, at least.
interface IUnbonding:
    def unbonding() -> uint256: view


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import merkle
from ..lib import token_transfers
from .lib import committees
from .lib import milestones
from .lib import programs
from .lib import proposals

initializes: committees
initializes: milestones
initializes: programs
initializes: proposals[committees := committees, milestones := milestones, programs := programs]

exports: (
    milestones.registry,
    milestones.witness,
    programs.listed,
    programs.escrow_of,
    programs.program_count,
    proposals.hub,
    proposals.proposal_count,
    proposals.propose,
    proposals.vote,
    proposals.recuse,
    proposals.object,
    proposals.proposal,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Shortest and longest life of a programme, seconds.
SHORTEST_PROGRAM: constant(uint256) = 86_400
LONGEST_PROGRAM: constant(uint256) = 10 * 365 * 86_400

# Seconds in which the learners of a list can be paid.
CLAIM_TIME: constant(uint256) = 180 * 86_400

# Shortest notice for objections, seconds.
SHORTEST_NOTICE: constant(uint256) = 86_400


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Lists tokens, names committees.
owner: public(immutable(address))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_witness: address, _owner: address):
    """
    @param _witness The GrantWitness; it names the hub and the registry.
    @param _owner The timelock.
    """
    assert _owner != empty(address), "grants: no owner"
    owner = _owner
    milestones.__init__(_witness)
    proposals.__init__()


# ############################################################## #
#                      TIMELOCK'S FUNCTIONS                      #
# ############################################################## #

@external
def list_token(_token: address, _escrow: address, _listed: bool):
    """
    @notice Let a token be paid in, or not any more.
    @param _escrow A VestingEscrow of that token without a hub, for milestones that vest; empty for none.
    """
    assert msg.sender == owner, "grants: caller is not the owner"
    programs._list(_token, _escrow, _listed)


@external
def announce_committee(_program: uint256, _members: DynArray[address, committees.MAX_MEMBERS], _needed: uint256):
    """
    @notice Name a programme's next committee; it counts after `NOTICE`. Proposals of the one before that were not
        carried by then have to be made again.
    """
    assert msg.sender == owner, "grants: caller is not the owner"
    assert _program > 0 and _program <= programs.program_count, "grants: no such programme"
    committees._name(_program, _members, _needed, block.timestamp + committees.NOTICE)


# ############################################################## #
#                       FUNDER'S FUNCTIONS                       #
# ############################################################## #

@external
def open(_token: address, _chosen: IGrantProgram.ProgramTerms) -> uint256:
    """
    @notice Open a programme in a listed token. The caller is its funder: what nobody was given is its own again after
        the last day.
    @return Its number.
    """
    assert programs.listed[_token], "grants: token is not listed"
    assert _chosen.objection_bps > 0 and _chosen.objection_bps <= proposals.WHOLE, "grants: objection out of range"
    longest: uint256 = staticcall IUnbonding(proposals.hub.address).unbonding()
    assert _chosen.notice >= SHORTEST_NOTICE and _chosen.notice <= longest, "grants: notice out of range"
    assert (
        _chosen.last >= block.timestamp + SHORTEST_PROGRAM and _chosen.last <= block.timestamp + LONGEST_PROGRAM
    ), "grants: last day out of range"
    number: uint256 = programs.program_count + 1
    programs.program_count = number
    programs._funders[number] = msg.sender
    programs._tokens[number] = _token
    programs._terms[number] = (
        _chosen.notice | (_chosen.objection_bps << programs.BPS_AT) | (_chosen.last << programs.LAST_AT)
    )
    log IGrantProgram.ProgramOpened(program=number, funder=msg.sender, token=_token, terms=_chosen)
    committees._name(number, _chosen.members, _chosen.needed, block.timestamp)
    return number


@external
def fund(_program: uint256, _amount: uint256):
    """
    @notice Pay into a programme. What is left in the end is its funder's, whoever paid.
    """
    programs._fund(_program, _amount)


@external
def take_back(_program: uint256) -> uint256:
    """
    @notice Send the funder what is free, after the programme's last day. Anyone may call.
    @return Wei.
    """
    assert block.timestamp > programs._terms[_program] >> programs.LAST_AT, "grants: programme has not ended"
    return programs._take_back(_program)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def pay_learner(
    _proposal: uint256,
    _milestone: uint256,
    _index: uint256,
    _account: address,
    _amount: uint256,
    _proof: DynArray[bytes32, merkle.MAX_DEPTH],
):
    """
    @notice Pay a learner of a list that was released. Anyone may call; each index is paid once.
    """
    key: uint256 = milestones._key(_proposal, _milestone)
    word: uint256 = milestones._words[key]
    assert self._is_paying(word), "grants: no list is being paid"
    leaf: bytes32 = keccak256(keccak256(abi_encode(_index, _account, _amount)))
    assert merkle._root(leaf, _proof) == milestones._learners[key], "grants: not on the list"
    bits: uint256 = milestones._paid[key][_index // 256]
    bit: uint256 = 1 << (_index % 256)
    assert bits & bit == 0, "grants: learner was paid"
    milestones._paid[key][_index // 256] = bits | bit
    left: uint256 = word & milestones.U128
    assert _amount > 0 and _amount <= left, "grants: list asks for too much"
    milestones._set(key, word, milestones.RELEASED, left - _amount, 0)
    log IGrantProgram.ListPaid(proposal=_proposal, milestone=_milestone, account=_account, amount=_amount)
    program: uint256 = proposals._program(_proposal)
    programs._give(program, _amount)
    token_transfers._push(IERC20(programs._tokens[program]), _account, _amount)


@external
def lapse(_proposal: uint256, _milestone: uint256) -> uint256:
    """
    @notice Give back to the programme what a milestone did not earn by its deadline, or what is left of a list after
        `CLAIM_TIME`. Anyone may call.
    @return Wei.
    """
    key: uint256 = milestones._key(_proposal, _milestone)
    word: uint256 = milestones._words[key]
    program: uint256 = proposals._due(_proposal)
    state: uint256 = milestones._state(word)
    assert state == milestones.PENDING or self._is_paying(word), "grants: nothing to lapse"
    deadline: uint256 = (word >> milestones.DEADLINE_AT) & milestones.U40
    if state == milestones.RELEASED:
        deadline += CLAIM_TIME
    assert block.timestamp > deadline, "grants: deadline has not passed"
    amount: uint256 = word & milestones.U128
    milestones._set(key, word, milestones.LAPSED, 0, 0)
    programs._free(program, amount)
    log IGrantProgram.Lapsed(proposal=_proposal, milestone=_milestone, amount=amount)
    return amount


@external
def claw_back(_proposal: uint256, _milestone: uint256, _evidence: bytes32) -> uint256:
    """
    @notice Take back what has not vested, or is left of a list, when the evidence was withdrawn. Anyone may call.
    @param _evidence The record that was shown.
    @return Wei.
    """
    key: uint256 = milestones._key(_proposal, _milestone)
    word: uint256 = milestones._words[key]
    assert milestones._state(word) == milestones.RELEASED, "grants: nothing was released"
    assert milestones._shown[_evidence] == key, "grants: not its evidence"
    assert milestones._is_withdrawn(key, word, _evidence), "grants: evidence stands"
    program: uint256 = proposals._program(_proposal)
    amount: uint256 = 0
    if self._is_paying(word):
        amount = word & milestones.U128
        programs._free(program, amount)
    else:
        grant: uint256 = word >> milestones.GRANT_AT
        assert grant > 0, "grants: paid at once"
        amount = extcall IVestingEscrow(programs.escrow_of[programs._tokens[program]]).revoke(grant)
        programs._add(program, amount)
    milestones._set(key, word, milestones.CLAWED_BACK, 0, word >> milestones.GRANT_AT)
    log IGrantProgram.ClawedBack(proposal=_proposal, milestone=_milestone, evidence=_evidence, amount=amount)
    return amount


# ############################################################## #
#                       GRANTEE'S FUNCTIONS                      #
# ############################################################## #

@external
def release(_proposal: uint256, _milestone: uint256, _evidence: bytes32) -> uint256:
    """
    @notice Show a record of one's own, and be paid: at once, into the escrow, or to the learners of a list.
    @return The escrow's grant; 0 for none.
    """
    program: uint256 = proposals._due(_proposal)
    grantee: address = convert(proposals._heads[_proposal] & proposals.U160, address)
    assert msg.sender == grantee, "grants: caller is not the grantee"
    key: uint256 = milestones._key(_proposal, _milestone)
    word: uint256 = milestones._words[key]
    assert milestones._state(word) == milestones.PENDING, "grants: milestone is not pending"
    assert block.timestamp <= (word >> milestones.DEADLINE_AT) & milestones.U40, "grants: deadline has passed"
    milestones._show(key, word, _evidence, grantee)
    amount: uint256 = word & milestones.U128
    has_list: bool = (word >> milestones.LIST_AT) & 1 == 1
    token: address = programs._tokens[program]
    grant: uint256 = 0
    plan: uint256 = milestones._plans[key]
    # The escrow is the timelock's choice, and the lock keeps everybody out meanwhile.
    if plan > 0:
        grant = self._vest(token, grantee, amount, plan)
    # A list is given learner by learner.
    left: uint256 = 0
    if has_list:
        left = amount
    else:
        programs._give(program, amount)
    milestones._set(key, word, milestones.RELEASED, left, grant)
    log IGrantProgram.Released(proposal=_proposal, milestone=_milestone, evidence=_evidence, amount=amount, grant=grant)
    if plan == 0 and not has_list:
        token_transfers._push(IERC20(token), grantee, amount)
    return grant


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def program(_program: uint256) -> IGrantProgram.Program:
    """
    @notice Money and terms of a programme; zeros when there is none.
    """
    terms: uint256 = programs._terms[_program]
    money: uint256 = programs._money[_program]
    return IGrantProgram.Program(
        funder=programs._funders[_program],
        token=programs._tokens[_program],
        free=money & programs.U128,
        reserved=money >> programs.RESERVED_AT,
        version=committees._in_force(_program),
        objection_bps=(terms >> programs.BPS_AT) & programs.U16,
        notice=terms & programs.U32,
        last=terms >> programs.LAST_AT,
    )


@external
@view
def milestone(_proposal: uint256, _milestone: uint256) -> IGrantProgram.MilestoneState:
    """
    @notice What became of a milestone; zeros when there is none.
    """
    word: uint256 = milestones._words[milestones._key(_proposal, _milestone)]
    return IGrantProgram.MilestoneState(
        state=milestones._state(word),
        amount=word & milestones.U128,
        deadline=(word >> milestones.DEADLINE_AT) & milestones.U40,
        grant=word >> milestones.GRANT_AT,
    )


@external
@view
def committee(_program: uint256, _version: uint256, _account: address) -> (uint256, uint256, uint256):
    """
    @notice Votes that a committee needs, since when it counts (unix seconds), and an account's seat in it, from 1; 0 for
        none. `CommitteeAnnounced` names its members.
    """
    word: uint256 = committees._words[_program][_version]
    return word & committees.U8, word >> committees.FROM_AT, committees._seats[_program][_version][_account]


@external
@view
def stands(_proposal: uint256, _milestone: uint256, _evidence: bytes32) -> bool:
    """
    @notice Whether a record is a milestone's evidence, and was not withdrawn since.
    """
    key: uint256 = milestones._key(_proposal, _milestone)
    if key == 0 or milestones._shown[_evidence] != key:
        return False
    return not milestones._is_withdrawn(key, milestones._words[key], _evidence)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _vest(_token: address, _grantee: address, _amount: uint256, _plan: uint256) -> uint256:
    """
    @dev A grant that this contract can revoke. It begins now.
    """
    return extcall IVestingEscrow(programs.escrow_of[_token]).create(
        IVestingEscrow.Plan(
            beneficiary=_grantee,
            revoker=self,
            total=_amount,
            start=block.timestamp,
            step=_plan & milestones.U32,
            steps=(_plan >> milestones.STEPS_AT) & milestones.U16,
            cliff=_plan >> milestones.CLIFF_AT,
            divisor=0,
        )
    )


@internal
@pure
def _is_paying(_word: uint256) -> bool:
    """
    @dev Whether a list is being paid, and not in full yet.
    """
    is_list: bool = (_word >> milestones.LIST_AT) & 1 == 1
    return is_list and milestones._state(_word) == milestones.RELEASED and _word & milestones.U128 > 0
