# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Juries of the alignment court
@license MIT
@notice Who sits, how votes are sealed and revealed, and what a juror gets or loses for what it did.
@dev A juror that weighs w of a total t has w * n // t seats of a jury of n, and one more with the probability of the
    remainder: floor((w * n + u) / t), u = keccak256(seed, case, hearing, juror) mod t. So its seats are w * n / t in
    expectation, however its coins are spread over accounts, and one call takes them all.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IAlignmentCourt


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import token_transfers
from . import cases
from . import jurors
from . import proceedings

uses: cases
uses: jurors
uses: proceedings


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# What became of a ballot.
SEALED: constant(uint256) = 0
INNOCENT: constant(uint256) = 1
GUILTY: constant(uint256) = 2
PENALISED: constant(uint256) = 3
SETTLED: constant(uint256) = 4

# Who shows an absent seat or an early salt gets one part in this many of what was taken.
TIP_DIVISOR: public(constant(uint256)) = 10

# Jurors settled in one call, at most.
MAX_JURORS: constant(uint256) = 32


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# 2 * id + hearing -> juror -> seats 32 | status 8 | 24 bits of nothing | the seal's first 192 bits.
ballots: HashMap[uint256, HashMap[address, uint256]]

# Wei of penalties that have arrived here and belong to insurance.
spare: uint256


# ############################################################## #
#                         JUROR FUNCTIONS                        #
# ############################################################## #

@external
def commit(_case: uint256, _seal: bytes32) -> uint256:
    """
    @notice Take all the caller's seats and commit its vote under a seal.
    @param _seal keccak256(abi_encode(case, hearing, juror, guilty, salt)) with a salt of 32 random bytes.
    @return Seats.
    """
    head: uint256 = proceedings._advance(_case)
    cases._check_phase(head, cases.COMMIT)
    sealed: uint256 = convert(_seal, uint256) >> 64
    hearing: uint256 = (head >> cases.HEARING_AT & 1)
    assert self.ballots[2 * _case + hearing][msg.sender] == 0, "court: already committed"
    seats: uint256 = self._drawn(_case, hearing, msg.sender)
    assert seats > 0, "court: not drawn"
    self.ballots[2 * _case + hearing][msg.sender] = seats | sealed << 64
    cases.tallies[_case] += seats << (96 * hearing)
    jurors._count_ballot(msg.sender)
    log IAlignmentCourt.VoteCommitted(
        case_id=_case, juror=msg.sender, hearing=hearing, seats=seats, seal=convert(sealed << 64, bytes32)
    )
    return seats


@external
def reveal(_case: uint256, _guilty: bool, _salt: bytes32):
    """
    @notice Reveal the caller's vote. The first reveal after the commit period begins the reveal period.
    """
    head: uint256 = proceedings._advance(_case)
    cases._check_phase(head, cases.REVEAL)
    hearing: uint256 = (head >> cases.HEARING_AT & 1)
    word: uint256 = self.ballots[2 * _case + hearing][msg.sender]
    self._check_vote(word, _case, hearing, msg.sender, _guilty, _salt)
    seats: uint256 = word & cases.MASK_32
    vote: uint256 = INNOCENT
    if _guilty:
        vote = GUILTY
    self.ballots[2 * _case + hearing][msg.sender] = word | vote << 32
    cases.tallies[_case] += seats << (96 * hearing + 32 * vote)
    log IAlignmentCourt.VoteRevealed(case_id=_case, juror=msg.sender, hearing=hearing, seats=seats, guilty=_guilty)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def report_salt(_case: uint256, _juror: address, _guilty: bool, _salt: bytes32) -> uint256:
    """
    @notice Show that a juror gave its salt away before the reveal: its vote is void and it loses its deposits. The
        caller gets a tenth.
    @return Wei of the tip.
    """
    head: uint256 = proceedings._advance(_case)
    cases._check_phase(head, cases.COMMIT)
    hearing: uint256 = (head >> cases.HEARING_AT & 1)
    word: uint256 = self.ballots[2 * _case + hearing][_juror]
    self._check_vote(word, _case, hearing, _juror, _guilty, _salt)
    cases.tallies[_case] -= (word & cases.MASK_32) << (96 * hearing)
    return self._strike(_case, hearing, _juror, word)


@external
def show_absent(_case: uint256, _hearing: uint256, _juror: address) -> uint256:
    """
    @notice Show that a drawn juror did not commit, or did not reveal: it loses its deposits. The caller gets a tenth.
    @return Wei of the tip.
    """
    hearing: uint256 = min(_hearing, 1)
    head: uint256 = proceedings._advance(_case)
    word: uint256 = self.ballots[2 * _case + hearing][_juror]
    if word == 0:
        assert self._past(head, hearing, cases.COMMIT), "court: jurors still commit"
        word = self._drawn(_case, hearing, _juror)
        assert word > 0, "court: not drawn"
        jurors._count_ballot(_juror)
    else:
        assert (word >> 32) & 255 == SEALED, "court: not absent"
        assert self._past(head, hearing, cases.REVEAL), "court: jurors still reveal"
    return self._strike(_case, hearing, _juror, word)


@external
def claim(_case: uint256, _jurors: DynArray[address, MAX_JURORS]):
    """
    @notice Settle jurors' ballots in a case that is over: coherent seats are paid their fee, incoherent ones lose what
        the majority makes of their deposit, sealed ones lose it whole.
    """
    head: uint256 = cases._head(_case)
    assert (head >> cases.PHASE_AT & 15) == cases.OVER, "court: case is not over"
    for juror: address in _jurors:
        paid: uint256 = 0
        lost: uint256 = 0
        for hearing: uint256 in range(2):
            if hearing > (head >> cases.HEARING_AT & 1):
                break
            word: uint256 = self.ballots[2 * _case + hearing][juror]
            status: uint256 = (word >> 32) & 255
            if word == 0 or status > GUILTY:
                continue
            self.ballots[2 * _case + hearing][juror] = word & cases.MASK_32 | SETTLED << 32
            jurors._settle_ballot(juror)
            seats: uint256 = word & cases.MASK_32
            if status == (head >> cases.VERDICT_AT & 3):
                paid += seats * cases._paid_fee(_case, hearing, status)[0]
            else:
                lost += seats * self._loss(_case, head, hearing, status)
        if paid > 0:
            log IAlignmentCourt.JurorPaid(case_id=_case, juror=juror, amount=paid)
            token_transfers._push(cases.token, juror, paid)
        if lost > 0:
            jurors._penalise(_case, juror, lost)


@external
def pay_insurance() -> uint256:
    """
    @notice Send what jurors lost, less tips, to insurance.
    @return Wei.
    """
    if staticcall cases.hub.credit(self) > 0:
        self.spare += extcall cases.hub.collect(self, 0)
    amount: uint256 = self.spare
    self.spare = 0
    token_transfers._push(cases.token, staticcall cases.hub.insurance(), amount)
    return amount


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def drawn(_case: uint256, _hearing: uint256, _juror: address) -> uint256:
    """
    @notice Seats of a juror in a hearing: none before the court has seen its seed.
    """
    return self._drawn(_case, _hearing, _juror)


@external
@view
def ballot(_case: uint256, _hearing: uint256, _juror: address) -> IAlignmentCourt.Ballot:
    """
    @notice What a juror did in a hearing.
    """
    word: uint256 = self.ballots[2 * _case + min(_hearing, 1)][_juror]
    return IAlignmentCourt.Ballot(
        seal=convert(word >> 64 << 64, bytes32), seats=word & cases.MASK_32, status=(word >> 32) & 255
    )


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _drawn(_case: uint256, _hearing: uint256, _juror: address) -> uint256:
    seed: bytes32 = cases.seeds[2 * _case + min(_hearing, 1)]
    if seed == empty(bytes32):
        return 0
    total: uint256 = cases.accusers[_case] >> 160
    weight: uint256 = jurors._weight_in(_case, cases.terms_of[_case] & cases.MASK_24, _juror)
    expected: uint256 = cases.FIRST_SEATS
    if _hearing > 0:
        expected = cases.SECOND_SEATS
    draw: uint256 = convert(keccak256(abi_encode(seed, _case, _hearing, _juror)), uint256) % total
    return (weight * expected + draw) // total


@internal
@pure
def _check_vote(_word: uint256, _case: uint256, _hearing: uint256, _juror: address, _guilty: bool, _salt: bytes32):
    """
    @dev The ballot is sealed, and with this vote.
    """
    assert _word != 0 and _word >> 32 & 255 == SEALED, "court: no sealed ballot"
    seal: bytes32 = keccak256(abi_encode(_case, _hearing, _juror, _guilty, _salt))
    assert _word >> 64 == convert(seal, uint256) >> 64, "court: not that vote"


@internal
@view
def _past(_head: uint256, _hearing: uint256, _phase: uint256) -> bool:
    """
    @dev Whether a phase of a hearing is over.
    """
    phase: uint256 = (_head >> cases.PHASE_AT & 15)
    at: uint256 = (_head >> cases.HEARING_AT & 1)
    return phase == cases.OVER or at > _hearing or (at == _hearing and phase > _phase)


@internal
def _strike(_case: uint256, _hearing: uint256, _juror: address, _word: uint256) -> uint256:
    """
    @dev A ballot that counts no more: take its deposits now, and pay the caller's tip out of what arrived.
    """
    seats: uint256 = _word & cases.MASK_32
    self.ballots[2 * _case + _hearing][_juror] = seats | PENALISED << 32
    jurors._settle_ballot(_juror)
    deposit: uint256 = cases._deposit(_hearing, cases._amount(_case), cases._unit_of(_case))
    taken: uint256 = jurors._penalise(_case, _juror, seats * deposit)
    arrived: uint256 = 0
    if staticcall cases.hub.credit(self) > 0:
        arrived = extcall cases.hub.collect(self, 0)
    tip: uint256 = min(taken // TIP_DIVISOR, arrived)
    self.spare += arrived - tip
    token_transfers._push(cases.token, msg.sender, tip)
    return tip


@internal
@view
def _loss(_case: uint256, _head: uint256, _hearing: uint256, _status: uint256) -> uint256:
    """
    @dev What a seat that was not coherent loses: its deposit when it stayed sealed, otherwise what the majority of the
        jury that decided makes of it. A vote in a case that is void costs nothing.
    """
    deposit: uint256 = cases._deposit(_hearing, cases._amount(_case), cases._unit_of(_case))
    if _status == SEALED:
        return deposit
    verdict: uint256 = _head >> cases.VERDICT_AT & 3
    if verdict == cases.VOID:
        return 0
    votes: IAlignmentCourt.Tally = cases._tally(_case, _head >> cases.HEARING_AT & 1)
    revealed: uint256 = votes.innocent + votes.guilty
    if _head >> cases.HEARING_AT & 1 == 1 and revealed < cases.SECOND_QUORUM:
        votes = cases._tally(_case, 0)
        revealed = votes.innocent + votes.guilty
    agreed: uint256 = 2 * votes.innocent
    if verdict == cases.CONVICTED:
        agreed = 2 * votes.guilty
    # Nobody at all may have voted in the first jury, and too few in the re-hearing.
    return deposit * (max(agreed, revealed) - revealed) // max(revealed, 1)
