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
from . import docket
from . import jurors

uses: docket
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
    head: uint256 = docket._head(_case)
    phase: uint256 = (head >> docket.PHASE_AT & 15)
    if phase == docket.ANSWER:
        if docket._ended(head, docket.ANSWER_PERIOD):
            self._name_seed(_case)
            head = docket._enter(_case, head, docket.SEED)
    elif phase == docket.SEED:
        head = self._look_for_seed(_case, head)
    elif phase == docket.COMMIT:
        if docket._ended(head, docket.COMMIT_PERIOD):
            head = docket._enter(_case, head, docket.REVEAL)
    elif phase == docket.REVEAL:
        if docket._ended(head, docket.REVEAL_PERIOD):
            head = self._close_hearing(_case, head)
    elif phase == docket.CALL:
        if docket._ended(head, docket.CALL_PERIOD):
            head = self._finish(_case, head, (head >> docket.FIRST_AT & 3))
    elif phase == docket.QUEUE:
        self._admit()
        head = docket._head(_case)
        if (head >> docket.PHASE_AT & 15) == docket.QUEUE and docket._ended(head, docket.LONGEST_WAIT):
            head = self._finish(_case, head, docket.VOID)
    return head


@internal
def _name_seed(_case: uint256):
    word: uint256 = docket.terms_of[_case] & ~(docket.MASK_40 << docket.SEED_EPOCH_AT)
    docket.terms_of[_case] = word | (staticcall docket.randomness.next()) << docket.SEED_EPOCH_AT


@internal
def _look_for_seed(_case: uint256, _head: uint256) -> uint256:
    """
    @dev Without a seed: name the next one once the named epoch is past, and after 14 days give up.
    """
    named: uint256 = docket._seed_epoch(_case)
    seed: bytes32 = staticcall docket.randomness.seed(named)
    if seed != empty(bytes32):
        docket.seeds[2 * _case + (_head >> docket.HEARING_AT & 1)] = seed
        return docket._enter(_case, _head, docket.COMMIT)
    if docket._ended(_head, docket.LONGEST_WAIT):
        return self._finish(_case, _head, docket.VOID)
    if docket._ended(_head, docket.SEED_PERIOD) and staticcall docket.randomness.next() >= named + MISSED:
        self._name_seed(_case)
        docket._log_phase(_case, _head)
    return _head


@internal
def _close_hearing(_case: uint256, _head: uint256) -> uint256:
    votes: IAlignmentCourt.Tally = docket._tally(_case, (_head >> docket.HEARING_AT & 1))
    revealed: uint256 = votes.innocent + votes.guilty
    verdict: uint256 = (_head >> docket.FIRST_AT & 3)
    if (_head >> docket.HEARING_AT & 1) == 1:
        if revealed >= docket.SECOND_QUORUM:
            verdict = docket.ACQUITTED
            if votes.guilty > votes.innocent:
                verdict = docket.CONVICTED
        return self._finish(_case, _head, verdict)
    verdict = docket.ACQUITTED
    if revealed >= docket.FIRST_QUORUM and 3 * votes.guilty >= 2 * revealed:
        verdict = docket.CONVICTED
    head: uint256 = _head | verdict << docket.FIRST_AT
    if verdict == docket.CONVICTED and docket._amount(_case) > docket.SMALL * docket._unit_of(_case):
        return self._enqueue(_case, head)
    return docket._enter(_case, head, docket.CALL)


@internal
def _enqueue(_case: uint256, _head: uint256) -> uint256:
    """
    @dev To the end of the queue, and on at once when its turn has come.
    """
    word: uint256 = self.turns
    place: uint256 = (word >> 40) & docket.MASK_40
    self.queue[place] = _case
    self.turns = word + (1 << 40)
    docket._enter(_case, _head, docket.QUEUE)
    self._admit()
    return docket._head(_case)


@internal
def _admit():
    """
    @dev Open re-hearings in the order of their calls while what they ask, together, stays under the bound.
    """
    word: uint256 = self.turns
    first: uint256 = word & docket.MASK_40
    end: uint256 = (word >> 40) & docket.MASK_40
    open: uint256 = word >> 80
    if first == end:
        return
    most: uint256 = jurors._roll() * OPEN_NUMERATOR // OPEN_DENOMINATOR
    for _: uint256 in range(STEPS):
        if first == end:
            break
        case: uint256 = self.queue[first]
        head: uint256 = docket._head(case)
        if (head >> docket.PHASE_AT & 15) == docket.QUEUE:
            asked: uint256 = self._weighty_of(case)
            if open + asked > most:
                break
            open += asked
            docket._enter(case, head | 1 << docket.HEARING_AT, docket.ANSWER)
        first += 1
    self.turns = first | end << 40 | open << 80


@internal
@view
def _weighty_of(_case: uint256) -> uint256:
    return docket._weighty(docket._amount(_case), docket._unit_of(_case))


@internal
def _finish(_case: uint256, _head: uint256, _verdict: uint256) -> uint256:
    """
    @dev The last verdict: coherent seats' fees stay here until claimed, the rest of the bonds goes where it belongs.
        Who won has its whole bond back: the caller of a re-hearing that did not change the verdict pays that one.
    """
    head: uint256 = docket._enter(_case, _head | _verdict << docket.VERDICT_AT, docket.OVER)
    if (head >> docket.HEARING_AT & 1) == 1:
        self.turns -= self._weighty_of(_case) << 80

    amount: uint256 = docket._amount(_case)
    unit: uint256 = docket._unit_of(_case)
    accuser: address = convert(docket.accusers[_case] & docket.MASK_160, address)
    caller: address = docket.callers[_case]
    costs: uint256 = self._costs(_case, head)
    lost: uint256 = 0
    if _verdict == docket.ACQUITTED:
        lost = amount // docket.LOSS_DIVISOR
        if (head >> docket.REPEATED_AT) & 1 == 1:
            lost *= docket.REPEATED
    log IAlignmentCourt.Decided(case_id=_case, verdict=_verdict, costs=costs, lost=lost)
    token_transfers._push(docket.token, accuser, docket._bond(amount, unit, (head >> docket.REPEATED_AT) & 1 == 1) - costs - lost)
    if caller != empty(address):
        back: uint256 = docket._fees(1, amount, unit)
        if self._caller_pays(_case, head):
            back -= self._hearing_costs(_case, 1, _verdict)
        token_transfers._push(docket.token, caller, back)
    if lost > 0:
        to_accused: uint256 = lost * 4 // 5
        token_transfers._push(docket.token, convert(docket.accused[_case] & docket.MASK_160, address), to_accused)
        token_transfers._push(docket.token, staticcall docket.hub.insurance(), lost - to_accused)
    return head


@internal
@view
def _hearing_costs(_case: uint256, _hearing: uint256, _verdict: uint256) -> uint256:
    fee: uint256 = 0
    coherent: uint256 = 0
    fee, coherent = docket._paid_fee(_case, _hearing, _verdict)
    return fee * coherent


@internal
@view
def _caller_pays(_case: uint256, _head: uint256) -> bool:
    return docket.callers[_case] != empty(address) and (_head >> docket.VERDICT_AT & 3) == (_head >> docket.FIRST_AT & 3)


@internal
@view
def _costs(_case: uint256, _head: uint256) -> uint256:
    """
    @dev What jurors get out of the accuser's bond.
    """
    verdict: uint256 = (_head >> docket.VERDICT_AT & 3)
    if verdict == docket.VOID:
        return 0
    costs: uint256 = self._hearing_costs(_case, 0, verdict)
    if (_head >> docket.HEARING_AT & 1) == 1 and not self._caller_pays(_case, _head):
        costs += self._hearing_costs(_case, 1, verdict)
    return costs
