# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title AlignmentCourt
@license MIT
@notice Judges faults that code cannot decide. Anyone who puts up a bond accuses an operator before the court that a
    service named as its arbiter; jurors drawn by their commitments to the court vote under seal; a guilty verdict takes
    from the operator's commitment to that service, through the hub.
@dev A juror draws itself: seat i of an operator sits when keccak(seed, round, operator, i) is below a threshold, seats
    being its commitment to the court divided by SEAT, at the start of the epoch before the round opened. The seed is
    one that nobody could know when the round opened. Commit within two epochs (so long the hub knows old commitments),
    then reveal, then appeal to a jury with better chances of a seat, at three times the bond; at most MAX_APPEALS
    times. No quorum in the first round: nobody is slashed and the bond goes back. An appeal without one changes
    nothing. One fault may be in several cases at a time, one for each power of two of what is asked, and across all
    cases for one fault the total slashed is the largest guilty amount, not the sum. So nobody shields an operator by
    accusing it first of a tiny amount, nor by asking for so much that a jury must acquit.
@custom:security Nobody owns the court or can decide, stop or delay a case. Who holds most of the stake committed to the
    court decides its cases: appeals make that visible and expensive, not impossible. Votes are secret until revealed
    unless a juror gives its salt away; whoever brings a salt early takes part of that juror's bond.
@custom:kill The timelock removes the court from the hub: then it can slash no juror, and services must leave it, too.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IAlignmentCourt
from ..interfaces import IStakingHub

implements: IAlignmentCourt


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import math
from ..lib import token_transfers
from .lib import juries

initializes: juries
exports: juries.__interface__


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most appeals of a case.
MAX_APPEALS: public(constant(uint256)) = 2

# Each appeal's bond as a multiple of the bond before.
APPEAL_FACTOR: public(constant(uint256)) = 3

# One part in this many of an accuser's bond goes to the jurors, whatever the verdict.
FEE_DIVISOR: public(constant(uint256)) = 4

# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The coin of bonds.
token: public(immutable(IERC20))

# Bond of an accuser, returned if it wins, wei.
bond: public(immutable(uint256))

# Time to appeal after the reveal, seconds.
appeal_period: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Number of cases; ids start at 1.
case_count: public(uint256)

# keccak256(fault, power of two of the amount) -> case that judges it or has judged it.
case_of: public(HashMap[bytes32, uint256])

# fault: keccak256(service, operator, evidence) -> wei that verdicts have taken for it.
taken_for: public(HashMap[bytes32, uint256])

# account -> wei to collect.
credits: public(HashMap[address, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(
    _token: address,
    _hub: address,
    _randomness: address,
    _bond: uint256,
    _reveal_period: uint256,
    _appeal_period: uint256,
):
    """
    @param _token The coin of bonds.
    @param _hub The staking hub.
    @param _randomness Gives one seed an epoch.
    @param _bond Wei for accusing.
    @param _reveal_period Seconds to reveal.
    @param _appeal_period Seconds to appeal.
    """
    assert _token.is_contract, "court: token is no contract"
    assert _bond >= FEE_DIVISOR, "court: no bond"
    assert _reveal_period > 0 and _appeal_period > 0, "court: no time"
    token = IERC20(_token)
    juries.__init__(_hub, _randomness, _reveal_period)
    bond = _bond
    appeal_period = _appeal_period


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def open_case(_service: address, _operator: address, _victim: address, _amount: uint256, _evidence: bytes32) -> uint256:
    """
    @notice Accuse `_operator` of a fault that is worth `_amount` wei of its commitment to `_service`.
    @param _amount At most what backs the commitment now.
    @param _evidence Root of what shows the fault. One case for each and for each power of two of the amount, unless its
        jury found no quorum.
    @return The case.
    """
    assert _amount > 0, "court: zero amount"
    assert _evidence != empty(bytes32), "court: no evidence"
    assert (staticcall juries.hub.service(_service)).arbiter == self, "court: not its arbiter"
    assert _amount <= staticcall juries.hub.effective(_service, _operator), "court: more than is at stake"
    key: bytes32 = keccak256(abi_encode(self._fault(_service, _operator, _evidence), math._log2(_amount, False)))
    known: uint256 = self.case_of[key]
    assert known == 0 or juries.cases[known].verdict == juries.NO_QUORUM, "court: evidence known"
    case_id: uint256 = self.case_count + 1
    self.case_count = case_id
    self.case_of[key] = case_id
    juries.cases[case_id] = IAlignmentCourt.Case(
        service=_service,
        operator=_operator,
        accuser=msg.sender,
        victim=_victim,
        amount=_amount,
        evidence=_evidence,
        round=0,
        verdict=0,
        pot=0,
    )
    seed_epoch: uint256 = juries._open_round(case_id, 0, msg.sender)
    log IAlignmentCourt.CaseOpened(
        case_id=case_id,
        service=_service,
        operator=_operator,
        accuser=msg.sender,
        amount=_amount,
        evidence=_evidence,
        seed_epoch=seed_epoch,
    )
    token_transfers._pull(token, bond)
    return case_id


@external
def appeal(_case: uint256):
    """
    @notice Appeal against the last verdict to a larger jury. The bond comes back if the verdict changes.
    """
    round: uint256 = juries._open(_case)
    jury: IAlignmentCourt.Round = juries.rounds[_case][round]
    tally: uint256 = juries._tally(jury, round)
    assert block.timestamp >= juries._reveal_end(jury), "court: jury still sits"
    assert block.timestamp < juries._reveal_end(jury) + appeal_period, "court: too late to appeal"
    assert round < MAX_APPEALS, "court: no appeal left"
    assert tally != juries.NO_QUORUM, "court: nothing to appeal"
    juries.cases[_case].round = round + 1
    seed_epoch: uint256 = juries._open_round(_case, round + 1, msg.sender)
    log IAlignmentCourt.Appealed(case_id=_case, appellant=msg.sender, round=round + 1, seed_epoch=seed_epoch)
    token_transfers._pull(token, bond * APPEAL_FACTOR**(round + 1))


@external
def execute(_case: uint256) -> uint256:
    """
    @notice Carry out the verdict once nobody can appeal any more.
    @return Wei slashed.
    """
    round: uint256 = juries._open(_case)
    jury: IAlignmentCourt.Round = juries.rounds[_case][round]
    verdict: uint256 = juries._tally(jury, round)
    end: uint256 = juries._reveal_end(jury)
    if round < MAX_APPEALS and verdict != juries.NO_QUORUM:
        end += appeal_period
    assert block.timestamp >= end, "court: not final"
    # An appeal that brings no jury together changes nothing.
    if verdict == juries.NO_QUORUM and round > 0:
        verdict = juries._tally(juries.rounds[_case][round - 1], round - 1)
    case: IAlignmentCourt.Case = juries.cases[_case]
    juries.cases[_case].verdict = verdict

    # Bonds: the accuser's less the fee if it was right, an appellant's whole if the jury before it was wrong.
    pot: uint256 = 0
    if verdict == juries.NO_QUORUM:
        self.credits[case.accuser] += bond
    elif verdict == juries.GUILTY:
        pot = bond // FEE_DIVISOR
        self.credits[case.accuser] += bond - pot
    else:
        pot = bond
    for i: uint256 in range(1, MAX_APPEALS + 1):
        if i > round:
            break
        appeal_bond: uint256 = bond * APPEAL_FACTOR**i
        last: IAlignmentCourt.Round = juries.rounds[_case][i - 1]
        if juries._tally(last, i - 1) != verdict:
            self.credits[juries.rounds[_case][i].appellant] += appeal_bond
        else:
            pot += appeal_bond
    juries.cases[_case].pot = pot

    fault: bytes32 = self._fault(case.service, case.operator, case.evidence)
    before: uint256 = self.taken_for[fault]
    taken: uint256 = 0
    if verdict == juries.GUILTY and case.amount > before and self._reachable(case.service):
        taken = extcall juries.hub.slash_for(
            case.service, case.operator, case.amount - before, case.victim, case.accuser, case.evidence
        )
        self.taken_for[fault] = before + taken
    log IAlignmentCourt.Executed(case_id=_case, verdict=verdict, taken=taken)
    return taken


@external
def collect(_receiver: address) -> uint256:
    """
    @notice Pay the caller's credit: returned bonds and jurors' rewards.
    """
    assert _receiver != empty(address), "court: no receiver"
    amount: uint256 = self.credits[msg.sender]
    self.credits[msg.sender] = 0
    token_transfers._push(token, _receiver, amount)
    return amount


@external
def claim_juror(_case: uint256, _round: uint256) -> uint256:
    """
    @notice Credit the caller's part of the pot: jurors of every round whose vote is the verdict share it by seats.
    """
    case: IAlignmentCourt.Case = juries.cases[_case]
    assert case.verdict in [juries.INNOCENT, juries.GUILTY], "court: no verdict"
    ballot: IAlignmentCourt.Ballot = juries.ballots[_case][_round][msg.sender]
    assert ballot.seats > 0 and ballot.vote == case.verdict, "court: not coherent"
    coherent: uint256 = 0
    for i: uint256 in range(MAX_APPEALS + 1):
        if i > case.round:
            break
        if case.verdict == juries.GUILTY:
            coherent += juries.rounds[_case][i].guilty
        else:
            coherent += juries.rounds[_case][i].innocent
    juries.ballots[_case][_round][msg.sender].seats = 0
    amount: uint256 = case.pot * ballot.seats // coherent
    self.credits[msg.sender] += amount
    return amount


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def get_case(_case: uint256) -> IAlignmentCourt.Case:
    """
    @notice What a case is about and how it stands.
    """
    return juries.cases[_case]


@external
@view
def longest_case() -> uint256:
    """
    @notice Seconds from an accusation to its executed verdict at the longest: what a service's horizon must cover.
    """
    return (MAX_APPEALS + 1) * (juries.commit_period + juries.reveal_period) + MAX_APPEALS * appeal_period


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _fault(_service: address, _operator: address, _evidence: bytes32) -> bytes32:
    return keccak256(abi_encode(_service, _operator, _evidence))


@internal
@view
def _reachable(_service: address) -> bool:
    """
    @dev Whether the hub still slashes for the service. A verdict that came too late must not lock the bonds.
    """
    terms: IStakingHub.ServiceTerms = staticcall juries.hub.service(_service)
    return terms.removed == 0 or block.timestamp <= terms.removed + terms.horizon
