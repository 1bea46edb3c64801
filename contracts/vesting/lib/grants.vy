# pragma version 0.4.3
"""
@title A grant of the escrow in two words
@license MIT
@notice Terms: beneficiary 160 bits, start 40, step 32, divisor 8, staked 1. Amounts: total 112 bits, paid 112, steps 16,
    cliff 16. What a claim needs, and nothing else.
"""

# ############################################################## #
#                            MODULES                             #
# ############################################################## #

from ...interfaces import IVestingEscrow
from ...lib import schedule


# ############################################################## #
#                           CONSTANTS                            #
# ############################################################## #

# Bounds of what is packed: wei of a grant; unix seconds; seconds of a step; counts of steps; the divisor.
MAX_TOTAL: constant(uint256) = 2**112 - 1
MAX_START: constant(uint256) = 2**40 - 1
MAX_STEP: constant(uint256) = 2**32 - 1
MAX_STEPS: constant(uint256) = 2**16 - 1
MAX_DIVISOR: constant(uint256) = 2**8 - 1

# Offsets in the terms.
START_BIT: constant(uint256) = 160
STEP_BIT: constant(uint256) = 200
DIVISOR_BIT: constant(uint256) = 232

# Set in the terms of a grant whose coins were staked at some time: claims look at its stake, too.
STAKED: constant(uint256) = 2**240

# Offsets in the amounts.
PAID_BIT: constant(uint256) = 112
STEPS_BIT: constant(uint256) = 224
CLIFF_BIT: constant(uint256) = 240

# The beneficiary's bits of the terms.
ADDRESS_MASK: constant(uint256) = 2**160 - 1


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@pure
def _packed(_plan: IVestingEscrow.Plan) -> (uint256, uint256):
    """
    @dev Terms and amounts of a plan whose numbers were checked.
    """
    terms: uint256 = (
        convert(_plan.beneficiary, uint256)
        | (_plan.start << START_BIT)
        | (_plan.step << STEP_BIT)
        | (_plan.divisor << DIVISOR_BIT)
    )
    return terms, _plan.total | (_plan.steps << STEPS_BIT) | (_plan.cliff << CLIFF_BIT)


@internal
@pure
def _plan(_terms: uint256, _amounts: uint256, _revoker: address) -> IVestingEscrow.Plan:
    return IVestingEscrow.Plan(
        beneficiary=self._beneficiary(_terms),
        revoker=_revoker,
        total=self._total(_amounts),
        start=(_terms >> START_BIT) & MAX_START,
        step=(_terms >> STEP_BIT) & MAX_STEP,
        steps=(_amounts >> STEPS_BIT) & MAX_STEPS,
        cliff=_amounts >> CLIFF_BIT,
        divisor=(_terms >> DIVISOR_BIT) & MAX_DIVISOR,
    )


@internal
@pure
def _ended(_terms: uint256) -> uint256:
    """
    @dev The same terms with all of the total vested from the start.
    """
    return (_terms & ~(MAX_DIVISOR << DIVISOR_BIT)) | (1 << DIVISOR_BIT)


@internal
@pure
def _passed_on(_terms: uint256, _beneficiary: address) -> uint256:
    return (_terms & ~ADDRESS_MASK) | convert(_beneficiary, uint256)


@internal
@pure
def _with_paid(_amounts: uint256, _amount: uint256) -> uint256:
    """
    @dev Cannot reach the next field: paid + amount <= total.
    """
    return unsafe_add(_amounts, _amount << PAID_BIT)


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
