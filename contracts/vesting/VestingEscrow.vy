# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title VestingEscrow
@license MIT
@notice Holds grants that vest by a schedule of their own: a part at the start, then equal steps, after a cliff if there
    is one. One contract with packed schedules by number instead of a proxy for each holder: a grant takes two slots, or
    three when it can be revoked.
@dev Whoever creates a grant pays it in full at once. Anyone may call `claim`; only the beneficiary is paid. A claim
    reads two slots: what a claim needs is packed into them, who may revoke lies in the third. Revoking sets the total
    to what is vested and the divisor to one, so that the rest of the contract needs no notion of a revoked grant.
@custom:security A revoker is trusted with what is not vested, never with what is. One token, chosen at deployment; one
    that takes a fee on transfers is refused when a grant is created. Coins sent here without `create` are lost.
@custom:kill Cannot be stopped, and has no owner. Stop creating grants; a revoker can end those it may revoke.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IVestingEscrow

implements: IVestingEscrow


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import schedule


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most grants in one call.
MAX_BATCH: constant(uint256) = 64

# Bounds of what is packed: wei of a grant; unix seconds; seconds of a step; counts of steps; the divisor.
MAX_TOTAL: public(constant(uint256)) = 2**112 - 1
MAX_START: constant(uint256) = 2**40 - 1
MAX_STEP: constant(uint256) = 2**32 - 1
MAX_STEPS: constant(uint256) = 2**16 - 1
MAX_DIVISOR: constant(uint256) = 2**8 - 1

# Grants that there may be. What a claim needs lies in arrays, as their slots need no hashing.
MAX_GRANTS: constant(uint256) = 2**48

# Offsets in the terms: beneficiary 160 bits, start 40, step 32, divisor 8.
START_BIT: constant(uint256) = 160
STEP_BIT: constant(uint256) = 200
DIVISOR_BIT: constant(uint256) = 232

# Offsets in the amounts: total 112 bits, paid 112, steps 16, cliff 16.
PAID_BIT: constant(uint256) = 112
STEPS_BIT: constant(uint256) = 224
CLIFF_BIT: constant(uint256) = 240

# The beneficiary's bits of the terms.
ADDRESS_MASK: constant(uint256) = 2**160 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# What is held and paid out.
token: public(immutable(IERC20))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Grants created so far; the number of the newest one.
count: public(uint256)

# grant -> beneficiary, start, step, divisor.
_terms: uint256[MAX_GRANTS]

# grant -> total and paid (wei), steps and cliff (counts).
_amounts: uint256[MAX_GRANTS]

# grant -> who may take back what is not vested; empty for nobody.
_revoker: address[MAX_GRANTS]

# grant -> who may become its beneficiary.
successor: public(HashMap[uint256, address])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: IERC20):
    """
    @param _token What is held and paid out.
    """
    assert _token.address.is_contract, "escrow: no token"
    token = _token


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def create(_plan: IVestingEscrow.Plan) -> uint256:
    """
    @notice Create a grant and pay it in, out of what the caller allowed this contract to move.
    @return The grant's number.
    """
    id: uint256 = self.count + 1
    self.count = id
    self._store(id, _plan)
    self._fund(_plan.total)
    return id


@external
def create_many(_plans: DynArray[IVestingEscrow.Plan, MAX_BATCH]) -> uint256:
    """
    @notice Create several grants, paid in with one transfer; their numbers are consecutive.
    @return The first one's number.
    """
    assert len(_plans) > 0, "escrow: no plans"
    last: uint256 = self.count
    first: uint256 = last + 1
    sum: uint256 = 0
    for plan: IVestingEscrow.Plan in _plans:
        last += 1
        self._store(last, plan)
        sum += plan.total
    self.count = last
    self._fund(sum)
    return first


@external
def claim(_id: uint256) -> uint256:
    """
    @notice Pay the beneficiary of grant `_id` what is vested and not paid yet. Anyone may call.
    @return Wei paid.
    """
    amount: uint256 = self._claim(_id)
    assert amount > 0, "escrow: nothing to claim"
    return amount


@external
def claim_many(_ids: DynArray[uint256, MAX_BATCH]) -> uint256:
    """
    @notice The same for several grants; one with nothing due is passed over.
    @return Wei paid altogether.
    """
    paid_out: uint256 = 0
    for id: uint256 in _ids:
        paid_out += self._claim(id)
    return paid_out


# ############################################################## #
#                      BENEFICIARY FUNCTIONS                     #
# ############################################################## #

@external
def transfer_beneficiary(_id: uint256, _successor: address):
    """
    @notice Offer grant `_id` to `_successor`, who has to accept; the zero address withdraws the offer.
    """
    assert msg.sender == self._beneficiary(self._terms[_id]), "escrow: caller is not the beneficiary"
    self.successor[_id] = _successor
    log IVestingEscrow.BeneficiaryTransferStarted(id=_id, beneficiary=msg.sender, successor=_successor)


@external
def accept_beneficiary(_id: uint256):
    """
    @notice Become the beneficiary of grant `_id`, by the one to whom it was offered.
    """
    assert msg.sender == self.successor[_id], "escrow: caller is not the successor"
    terms: uint256 = self._terms[_id]
    self.successor[_id] = empty(address)
    self._terms[_id] = (terms & ~ADDRESS_MASK) | convert(msg.sender, uint256)
    log IVestingEscrow.BeneficiaryTransferred(id=_id, beneficiary=self._beneficiary(terms), successor=msg.sender)


# ############################################################## #
#                        REVOKER FUNCTIONS                       #
# ############################################################## #

@external
def revoke(_id: uint256) -> uint256:
    """
    @notice End grant `_id`: what is vested stays the beneficiary's, the rest goes back to the revoker.
    @return Wei sent back.
    """
    assert msg.sender == self._revoker[_id], "escrow: caller is not the revoker"
    terms: uint256 = self._terms[_id]
    amounts: uint256 = self._amounts[_id]
    total: uint256 = self._total(amounts)
    vested: uint256 = self._vested(terms, amounts, block.timestamp)
    refund: uint256 = total - vested
    assert refund > 0, "escrow: nothing to revoke"
    self._revoker[_id] = empty(address)
    self._amounts[_id] = amounts - refund
    self._terms[_id] = (terms & ~(MAX_DIVISOR << DIVISOR_BIT)) | (1 << DIVISOR_BIT)
    log IVestingEscrow.Revoked(id=_id, revoker=msg.sender, refund=refund)
    self._send(msg.sender, refund)
    return refund


@external
def renounce_revocation(_id: uint256):
    """
    @notice Make grant `_id` irrevocable.
    """
    assert msg.sender == self._revoker[_id], "escrow: caller is not the revoker"
    self._revoker[_id] = empty(address)
    log IVestingEscrow.RevocationRenounced(id=_id, revoker=msg.sender)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def plan(_id: uint256) -> IVestingEscrow.Plan:
    """
    @notice The terms of grant `_id` as they are now; all zero when there is none. After a revocation the total is what
        was vested then, and the divisor 1.
    """
    terms: uint256 = self._terms[_id]
    amounts: uint256 = self._amounts[_id]
    return IVestingEscrow.Plan(
        beneficiary=self._beneficiary(terms),
        revoker=self._revoker[_id],
        total=self._total(amounts),
        start=(terms >> START_BIT) & MAX_START,
        step=(terms >> STEP_BIT) & MAX_STEP,
        steps=(amounts >> STEPS_BIT) & MAX_STEPS,
        cliff=amounts >> CLIFF_BIT,
        divisor=(terms >> DIVISOR_BIT) & MAX_DIVISOR,
    )


@external
@view
def paid(_id: uint256) -> uint256:
    """
    @notice Wei that were paid of grant `_id` so far.
    """
    return self._paid(self._amounts[_id])


@external
@view
def vested(_id: uint256, _at: uint256) -> uint256:
    """
    @notice Wei of grant `_id` that are vested at `_at` (unix seconds), by its terms as they are now.
    """
    return self._vested(self._terms[_id], self._amounts[_id], _at)


@external
@view
def claimable(_id: uint256) -> uint256:
    """
    @notice Wei that `claim` would pay now.
    """
    amounts: uint256 = self._amounts[_id]
    return self._vested(self._terms[_id], amounts, block.timestamp) - self._paid(amounts)


@external
@view
def revoker(_id: uint256) -> address:
    """
    @notice Who may take back what is not vested of grant `_id`; the zero address for nobody.
    """
    return self._revoker[_id]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _store(_id: uint256, _plan: IVestingEscrow.Plan):
    assert _plan.beneficiary != empty(address) and _plan.beneficiary != self, "escrow: no beneficiary"
    assert _plan.total > 0 and _plan.total <= MAX_TOTAL, "escrow: total out of range"
    assert _plan.start > 0 and _plan.start <= MAX_START, "escrow: start out of range"
    assert _plan.step > 0 and _plan.step <= MAX_STEP, "escrow: step out of range"
    assert _plan.steps > 0 and _plan.steps <= MAX_STEPS, "escrow: steps out of range"
    assert _plan.cliff <= _plan.steps, "escrow: cliff after the last step"
    assert _plan.divisor <= MAX_DIVISOR, "escrow: divisor out of range"
    self._terms[_id] = (
        convert(_plan.beneficiary, uint256)
        | (_plan.start << START_BIT)
        | (_plan.step << STEP_BIT)
        | (_plan.divisor << DIVISOR_BIT)
    )
    self._amounts[_id] = _plan.total | (_plan.steps << STEPS_BIT) | (_plan.cliff << CLIFF_BIT)
    if _plan.revoker != empty(address):
        self._revoker[_id] = _plan.revoker
    log IVestingEscrow.Created(
        id=_id,
        beneficiary=_plan.beneficiary,
        revoker=_plan.revoker,
        total=_plan.total,
        divisor=_plan.divisor,
    )


@internal
def _fund(_amount: uint256):
    before: uint256 = staticcall token.balanceOf(self)
    assert extcall token.transferFrom(msg.sender, self, _amount, default_return_value=True), "escrow: transfer refused"
    assert staticcall token.balanceOf(self) == before + _amount, "escrow: token took a fee"


@internal
def _claim(_id: uint256) -> uint256:
    terms: uint256 = self._terms[_id]
    amounts: uint256 = self._amounts[_id]
    amount: uint256 = self._vested(terms, amounts, block.timestamp) - self._paid(amounts)
    if amount > 0:
        # Cannot reach the next field: paid + amount <= total.
        self._amounts[_id] = unsafe_add(amounts, amount << PAID_BIT)
        beneficiary: address = self._beneficiary(terms)
        log IVestingEscrow.Claimed(id=_id, beneficiary=beneficiary, amount=amount)
        self._send(beneficiary, amount)
    return amount


@internal
def _send(_to: address, _amount: uint256):
    assert extcall token.transfer(_to, _amount, default_return_value=True), "escrow: transfer refused"


@internal
@pure
def _beneficiary(_terms: uint256) -> address:
    return convert(_terms & ADDRESS_MASK, address)


@internal
@pure
def _total(_amounts: uint256) -> uint256:
    return _amounts & MAX_TOTAL


@internal
@pure
def _paid(_amounts: uint256) -> uint256:
    return (_amounts >> PAID_BIT) & MAX_TOTAL


@internal
@pure
def _vested(_terms: uint256, _amounts: uint256, _at: uint256) -> uint256:
    start: uint256 = (_terms >> START_BIT) & MAX_START
    if _at < start or _terms == 0:
        return 0
    total: uint256 = self._total(_amounts)
    steps: uint256 = (_amounts >> STEPS_BIT) & MAX_STEPS
    passed: uint256 = schedule._steps_passed(start, (_terms >> STEP_BIT) & MAX_STEP, steps, _at)
    if passed < _amounts >> CLIFF_BIT:
        passed = 0
    return schedule._vested(total, schedule._first(total, (_terms >> DIVISOR_BIT) & MAX_DIVISOR), passed, steps)
