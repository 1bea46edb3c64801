# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Proceedings of the alignment court
@license MIT
@notice How a case goes from one phase to the next, the queue of re-hearings, and what bonds become when it is over.
@dev Each step is taken by the first call that sees that it is due, and a phase begins with that call.
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

uses: cases
uses: jurors


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Epochs of randomness after the named one from which on it counts as missed.
MISSED: constant(uint256) = 3

# What open re-hearings ask, together, is at most 2/5 of the mature weight: then deposits are covered.
OPEN_NUMERATOR: constant(uint256) = 2
OPEN_DENOMINATOR: constant(uint256) = 5

# Re-hearings admitted or passed over in one call, at most.
STEPS: constant(uint256) = 16


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Place -> case that waits there.
queue: HashMap[uint256, uint256]

# First place that waits 40 | next free place 40 | what open re-hearings ask, wei 96.
turns: uint256


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _advance(_case: uint256) -> uint256:
    """
    @dev Take the step that is due, if any.
    """
    head: uint256 = cases._head(_case)
    phase: uint256 = (head >> cases.PHASE_AT & 15)
    if phase == cases.ANSWER:
        if cases._ended(head, cases.ANSWER_PERIOD):
            self._name_seed(_case)
            head = cases._enter(_case, head, cases.SEED)
    elif phase == cases.SEED:
        head = self._look_for_seed(_case, head)
    elif phase == cases.COMMIT:
        if cases._ended(head, cases.COMMIT_PERIOD):
            head = cases._enter(_case, head, cases.REVEAL)
    elif phase == cases.REVEAL:
        if cases._ended(head, cases.REVEAL_PERIOD):
            head = self._close_hearing(_case, head)
    elif phase == cases.CALL:
        if cases._ended(head, cases.CALL_PERIOD):
            head = self._finish(_case, head, (head >> cases.FIRST_AT & 3))
    elif phase == cases.QUEUE:
        self._admit()
        head = cases._head(_case)
        if (head >> cases.PHASE_AT & 15) == cases.QUEUE and cases._ended(head, cases.LONGEST_WAIT):
            head = self._finish(_case, head, cases.VOID)
    return head


@internal
def _name_seed(_case: uint256):
    word: uint256 = cases.terms_of[_case] & ~(cases.MASK_40 << cases.SEED_EPOCH_AT)
    cases.terms_of[_case] = word | (staticcall cases.randomness.next()) << cases.SEED_EPOCH_AT


@internal
def _look_for_seed(_case: uint256, _head: uint256) -> uint256:
    """
    @dev Without a seed: name the next one once the named epoch is past, and after 14 days give up.
    """
    named: uint256 = cases._seed_epoch(_case)
    seed: bytes32 = staticcall cases.randomness.seed(named)
    if seed != empty(bytes32):
        cases.seeds[2 * _case + (_head >> cases.HEARING_AT & 1)] = seed
        return cases._enter(_case, _head, cases.COMMIT)
    if cases._ended(_head, cases.LONGEST_WAIT):
        return self._finish(_case, _head, cases.VOID)
    if cases._ended(_head, cases.SEED_PERIOD) and staticcall cases.randomness.next() >= named + MISSED:
        self._name_seed(_case)
        cases._log_phase(_case, _head)
    return _head


@internal
def _close_hearing(_case: uint256, _head: uint256) -> uint256:
    votes: IAlignmentCourt.Tally = cases._tally(_case, (_head >> cases.HEARING_AT & 1))
    revealed: uint256 = votes.innocent + votes.guilty
    verdict: uint256 = (_head >> cases.FIRST_AT & 3)
    if (_head >> cases.HEARING_AT & 1) == 1:
        if revealed >= cases.SECOND_QUORUM:
            verdict = cases.ACQUITTED
            if votes.guilty > votes.innocent:
                verdict = cases.CONVICTED
        return self._finish(_case, _head, verdict)
    verdict = cases.ACQUITTED
    if revealed >= cases.FIRST_QUORUM and 3 * votes.guilty >= 2 * revealed:
        verdict = cases.CONVICTED
    head: uint256 = _head | verdict << cases.FIRST_AT
    if verdict == cases.CONVICTED and cases._amount(_case) > cases.SMALL * cases._unit_of(_case):
        return self._enqueue(_case, head)
    return cases._enter(_case, head, cases.CALL)


@internal
def _enqueue(_case: uint256, _head: uint256) -> uint256:
    """
    @dev To the end of the queue, and on at once when its turn has come.
    """
    word: uint256 = self.turns
    place: uint256 = (word >> 40) & cases.MASK_40
    self.queue[place] = _case
    self.turns = word + (1 << 40)
    cases._enter(_case, _head, cases.QUEUE)
    self._admit()
    return cases._head(_case)


@internal
def _admit():
    """
    @dev Open re-hearings in the order of their calls while what they ask, together, stays under the bound.
    """
    word: uint256 = self.turns
    first: uint256 = word & cases.MASK_40
    end: uint256 = (word >> 40) & cases.MASK_40
    open: uint256 = word >> 80
    if first == end:
        return
    most: uint256 = jurors._roll() * OPEN_NUMERATOR // OPEN_DENOMINATOR
    for _: uint256 in range(STEPS):
        if first == end:
            break
        case: uint256 = self.queue[first]
        head: uint256 = cases._head(case)
        if (head >> cases.PHASE_AT & 15) == cases.QUEUE:
            asked: uint256 = self._weighty_of(case)
            if open + asked > most:
                break
            open += asked
            cases._enter(case, head | 1 << cases.HEARING_AT, cases.ANSWER)
        first += 1
    self.turns = first | end << 40 | open << 80


@internal
@view
def _weighty_of(_case: uint256) -> uint256:
    return cases._weighty(cases._amount(_case), cases._unit_of(_case))


@internal
def _finish(_case: uint256, _head: uint256, _verdict: uint256) -> uint256:
    """
    @dev The last verdict: coherent seats' fees stay here until claimed, the rest of the bonds goes where it belongs.
        Who won has its whole bond back: the caller of a re-hearing that did not change the verdict pays that one.
    """
    head: uint256 = cases._enter(_case, _head | _verdict << cases.VERDICT_AT, cases.OVER)
    if (head >> cases.HEARING_AT & 1) == 1:
        self.turns -= self._weighty_of(_case) << 80

    amount: uint256 = cases._amount(_case)
    unit: uint256 = cases._unit_of(_case)
    accuser: address = convert(cases.accusers[_case] & cases.MASK_160, address)
    caller: address = cases.callers[_case]
    costs: uint256 = self._costs(_case, head)
    lost: uint256 = 0
    if _verdict == cases.ACQUITTED:
        lost = amount // cases.LOSS_DIVISOR
        if (head >> cases.REPEATED_AT) & 1 == 1:
            lost *= cases.REPEATED
    log IAlignmentCourt.Decided(case_id=_case, verdict=_verdict, costs=costs, lost=lost)
    token_transfers._push(
        cases.token, accuser, cases._bond(amount, unit, (head >> cases.REPEATED_AT) & 1 == 1) - costs - lost
    )
    if caller != empty(address):
        back: uint256 = cases._fees(1, amount, unit)
        if self._caller_pays(_case, head):
            back -= self._hearing_costs(_case, 1, _verdict)
        token_transfers._push(cases.token, caller, back)
    if lost > 0:
        to_accused: uint256 = lost * 4 // 5
        token_transfers._push(cases.token, convert(cases.accused[_case] & cases.MASK_160, address), to_accused)
        token_transfers._push(cases.token, staticcall cases.hub.insurance(), lost - to_accused)
    return head


@internal
@view
def _hearing_costs(_case: uint256, _hearing: uint256, _verdict: uint256) -> uint256:
    fee: uint256 = 0
    coherent: uint256 = 0
    fee, coherent = cases._paid_fee(_case, _hearing, _verdict)
    return fee * coherent


@internal
@view
def _caller_pays(_case: uint256, _head: uint256) -> bool:
    return cases.callers[_case] != empty(address) and (_head >> cases.VERDICT_AT & 3) == (_head >> cases.FIRST_AT & 3)


@internal
@view
def _costs(_case: uint256, _head: uint256) -> uint256:
    """
    @dev What jurors get out of the accuser's bond.
    """
    verdict: uint256 = (_head >> cases.VERDICT_AT & 3)
    if verdict == cases.VOID:
        return 0
    costs: uint256 = self._hearing_costs(_case, 0, verdict)
    if (_head >> cases.HEARING_AT & 1) == 1 and not self._caller_pays(_case, _head):
        costs += self._hearing_costs(_case, 1, verdict)
    return costs
