# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title AlignmentCourt
@license MIT
@notice Judges faults that code cannot decide. A service opens a case for the party of a promise and pulls the verdict;
    jurors, whose coins are locked behind the court, are drawn by what those coins weighed at the accusation.
@dev The court calls the hub, the token and the source of seeds, never a service. A case: answer (the service may
    concede), seed, a first jury of about 11 seats that convicts by two thirds of what was revealed, then for two days
    anybody may call the one re-hearing, of about 151 seats: majority, a tie acquits, no quorum leaves the first
    verdict. A conviction over more than SMALL is re-heard without a call. An accuser's bond covers both hearings, so
    that whoever wins has its whole bond back and jurors are paid the same whatever they decide.
@custom:security Nobody owns the court or can decide, stop or delay a case; the hub's owner scales all amounts together
    for cases opened 28 days later. A majority of the coins behind the court takes all that it may judge: at most
    40,000 coins a case, and what open re-hearings ask stays below two fifths of the coins that answer for the verdict.
    An operator may be a juror in its own case: any rule against it is lifted by a second account.
@custom:kill The timelock removes the court from the hub: no case opens any more, open ones end, and after the court's
    horizon jurors take their locks back at the hub.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAlignmentCourt
from ..interfaces import IService
from ..interfaces import IStakingHub

implements: IAlignmentCourt
implements: IService


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import token_transfers
from .lib import cases
from .lib import juries
from .lib import jurors
from .lib import proceedings

initializes: cases
initializes: jurors[cases := cases]
initializes: proceedings[cases := cases, jurors := jurors]
initializes: juries[cases := cases, jurors := jurors, proceedings := proceedings]

exports: (cases.token, cases.hub, cases.randomness, cases.daily_blocks, cases.SEAT, cases.LEAST_SEATS)
exports: (jurors.join, jurors.leave, jurors.release, jurors.poke, jurors.get_juror, jurors.weight_in)
exports: (jurors.total_weight, jurors.reserved)
exports: (juries.commit, juries.reveal, juries.report_salt, juries.show_absent, juries.claim, juries.pay_insurance)
exports: (juries.drawn, juries.ballot)


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address, _randomness: address, _daily_blocks: uint256):
    """
    @param _token The coin of bonds, fees and locks.
    @param _hub The staking hub.
    @param _randomness Gives one seed an epoch.
    @param _daily_blocks Blocks that the chain makes in a day; half of them must pass in a day that counts.
    """
    cases.__init__(_token, _hub, _randomness, _daily_blocks)
    jurors.__init__()


# ############################################################## #
#                        SERVICE FUNCTIONS                       #
# ############################################################## #

@external
def open(_operator: address, _fault: bytes32, _amount: uint256, _accuser: address, _evidence: Bytes[2048]) -> uint256:
    """
    @notice Accuse an operator before the court. The caller is a service of the hub that knows party, time and amount
        from its own records; it brings the accuser's bond (`bond_for`) in the same call.
    @param _fault keccak256(promise, clause, period): the service's name of the fault, never a root of evidence.
    @param _amount Wei that the parties are to receive.
    @param _accuser Gets back what is left of the bond.
    @param _evidence What shows the fault; it stands in the log.
    @return The case.
    """
    unit: uint256 = cases._unit()
    # Whom the token pays nothing would keep the case from ending, and with it the coins of every juror.
    for party: address in [empty(address), cases.token.address]:
        assert party not in [_operator, _accuser], "court: no party"
    assert len(_evidence) > 0, "court: no evidence"
    asks_right: bool = _amount >= cases.LEAST_ASKED * unit and _amount <= cases.MAX_ASKED * unit
    assert asks_right, "court: asks too little or too much"
    self._check_listed(msg.sender)
    total: uint256 = jurors._roll()
    assert total >= cases.LEAST_SEATS * cases.SEAT * unit, "court: too few jurors"
    key: bytes32 = keccak256(abi_encode(msg.sender, _fault))
    repeated: bool = self._repeated(key)

    case: uint256 = cases.case_count + 1
    cases.case_count = case
    cases.case_of[key] = case
    cases.accused[case] = convert(_operator, uint256) | _amount << 160
    cases.accusers[case] = convert(_accuser, uint256) | total << 160
    cases.terms_of[case] = cases._epoch() | unit << cases.UNIT_AT
    head: uint256 = convert(msg.sender, uint256)
    if repeated:
        head |= 1 << cases.REPEATED_AT
    cases._enter(case, head, cases.ANSWER)
    bond: uint256 = cases._bond(_amount, unit, repeated)
    log IAlignmentCourt.CaseOpened(
        case_id=case,
        service=msg.sender,
        operator=_operator,
        fault=_fault,
        accuser=_accuser,
        amount=_amount,
        bond=bond,
        evidence=_evidence,
    )
    token_transfers._pull(cases.token, bond)
    return case


@external
def concede(_case: uint256):
    """
    @notice End a case during its first answer as a conviction without a jury; the accuser has its bond back. By the
        service that opened it.
    """
    head: uint256 = proceedings._advance(_case)
    assert convert(msg.sender, uint256) == head & cases.MASK_160, "court: not the service"
    # In the re-hearing's answer this is no phase at all.
    cases._check_phase(head + ((head >> cases.HEARING_AT & 1) << cases.PHASE_AT), cases.ANSWER)
    proceedings._finish(_case, head, cases.CONVICTED)


# ############################################################## #
#                         PARTY FUNCTIONS                        #
# ############################################################## #

@external
def answer(_case: uint256, _evidence: Bytes[2048]):
    """
    @notice Answer an accusation, or a re-hearing, in its first day: what is not in the log by then does not exist. By
        the operator, the accuser, the caller of the re-hearing or the service.
    """
    head: uint256 = proceedings._advance(_case)
    cases._check_phase(head, cases.ANSWER)
    assert len(_evidence) > 0, "court: no evidence"
    party: uint256 = convert(msg.sender, uint256)
    assert (
        party == head & cases.MASK_160
        or party == cases.accused[_case] & cases.MASK_160
        or party == cases.accusers[_case] & cases.MASK_160
        or msg.sender == cases.callers[_case]
    ), "court: not a party"
    log IAlignmentCourt.Answered(case_id=_case, party=msg.sender, evidence=_evidence)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def rehear(_case: uint256):
    """
    @notice Call the one re-hearing. The accuser's bond already covers it; anybody else brings its fees, and has them
        back when the verdict changes.
    """
    head: uint256 = proceedings._advance(_case)
    cases._check_phase(head, cases.CALL)
    bond: uint256 = 0
    if msg.sender != convert(cases.accusers[_case] & cases.MASK_160, address):
        bond = cases._fees(1, cases._amount(_case), cases._unit_of(_case))
        cases.callers[_case] = msg.sender
    log IAlignmentCourt.RehearingCalled(case_id=_case, caller=msg.sender, bond=bond)
    proceedings._enqueue(_case, head)
    if bond > 0:
        token_transfers._pull(cases.token, bond)


@external
def advance(_case: uint256) -> uint256:
    """
    @notice Take the step of a case that is due, if any: a period ends, a seed is seen or named anew, a re-hearing's
        turn comes, the verdict is final, the case is void.
    @return The phase now.
    """
    return proceedings._advance(_case) >> cases.PHASE_AT & 15


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def rescale(_unit: uint256):
    """
    @notice Scale all amounts of the table for cases opened 28 days from now. By the hub's owner.
    @param _unit Wei of one coin of the table; 10**18 at first.
    """
    assert msg.sender == staticcall cases.hub.owner(), "court: not the owner"
    assert _unit >= cases.LEAST_UNIT and _unit <= cases.MAX_UNIT, "court: out of range"
    counts_from: uint256 = block.timestamp + cases.SCALE_NOTICE
    cases.scale = cases._unit() | _unit << 96 | counts_from << 192
    log IAlignmentCourt.AmountsScaled(unit=_unit, counts_from=counts_from)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def verdict(_case: uint256) -> (uint256, uint256, uint256):
    """
    @notice The verdict, for the service to pull as often as it likes: 0 none yet, 1 acquitted, 2 convicted, 3 void; of
        a conviction also what the parties receive and what the accuser's bond paid to jurors, wei.
    """
    head: uint256 = cases._head(_case)
    verdict: uint256 = (head >> cases.VERDICT_AT & 3)
    if verdict != cases.CONVICTED:
        return verdict, 0, 0
    return verdict, cases._amount(_case), proceedings._costs(_case, head)


@external
@view
def over(_case: uint256) -> bool:
    """
    @notice Whether a case needs no reserve any more.
    """
    return cases._head(_case) >> cases.PHASE_AT & 15 == cases.OVER


@external
@view
def bond_for(_service: address, _fault: bytes32, _amount: uint256) -> uint256:
    """
    @notice Wei that an accuser brings now.
    """
    return cases._bond(_amount, cases._unit(), self._repeated(keccak256(abi_encode(_service, _fault))))


@external
@view
def most_costs(_amount: uint256) -> uint256:
    """
    @notice Wei of costs that a conviction over `_amount` can bring, at most: a service reserves 5/4 of it.
    """
    unit: uint256 = cases._unit()
    return cases._fees(0, _amount, unit) + cases._fees(1, _amount, unit)


@external
@view
def get_case(_case: uint256) -> IAlignmentCourt.Case:
    """
    @notice What a case is about and how it stands.
    """
    head: uint256 = cases._head(_case)
    return IAlignmentCourt.Case(
        service=convert(head & cases.MASK_160, address),
        operator=convert(cases.accused[_case] & cases.MASK_160, address),
        accuser=convert(cases.accusers[_case] & cases.MASK_160, address),
        caller=cases.callers[_case],
        amount=cases._amount(_case),
        unit=cases._unit_of(_case),
        total=cases.accusers[_case] >> 160,
        epoch=cases.terms_of[_case] & cases.MASK_24,
        hearing=(head >> cases.HEARING_AT & 1),
        phase=(head >> cases.PHASE_AT & 15),
        since=(head >> cases.SINCE_AT) & cases.MASK_40,
        since_block=(head >> cases.SINCE_BLOCK_AT) & cases.MASK_40,
        seed_epoch=cases._seed_epoch(_case),
        first=(head >> cases.FIRST_AT & 3),
        verdict=(head >> cases.VERDICT_AT & 3),
        repeated=(head >> cases.REPEATED_AT) & 1 == 1,
    )


@external
@view
def tally(_case: uint256, _hearing: uint256) -> IAlignmentCourt.Tally:
    """
    @notice Seats that committed and voted in a hearing.
    """
    return cases._tally(_case, min(_hearing, 1))


@external
@view
def case_count() -> uint256:
    """
    @notice Number of cases; ids start at 1.
    """
    return cases.case_count


@external
@view
def longest_case() -> uint256:
    """
    @notice Seconds from an accusation to its verdict, with a seed in time and no queue.
    """
    return cases.LONGEST_CASE


@external
@view
def terms() -> IService.Terms:
    """
    @notice The court as a service: a juror answers for a case with its lock until the case is over and absences could
        be shown for as long again.
    """
    return IService.Terms(
        evidence_window=cases.LONGEST_WAIT,
        rounds=cases.LONGEST_WAIT,
        court=empty(address),
        smallest=0,
        largest=0,
    )


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _check_listed(_service: address):
    """
    @dev Both can still slash when the verdict comes.
    """
    listed: IStakingHub.Service = staticcall cases.hub.service(_service)
    assert listed.horizon > 0, "court: not a service of the hub"
    if listed.removed > 0:
        last: uint256 = listed.removed + listed.horizon
        assert block.timestamp + cases.LONGEST_CASE <= last, "court: the service can slash no more"
    assert staticcall cases.hub.listed(self), "court: no longer in the hub"


@internal
@view
def _repeated(_key: bytes32) -> bool:
    """
    @dev Whether a fault was acquitted before. One that is being judged, or was found, is judged no second time.
    """
    last: uint256 = cases.case_of[_key]
    if last == 0:
        return False
    head: uint256 = cases._head(last)
    assert (head >> cases.PHASE_AT & 15) == cases.OVER, "court: fault is being judged"
    assert (head >> cases.VERDICT_AT & 3) != cases.CONVICTED, "court: fault was judged"
    return (head >> cases.VERDICT_AT & 3) == cases.ACQUITTED or (head >> cases.REPEATED_AT) & 1 == 1
