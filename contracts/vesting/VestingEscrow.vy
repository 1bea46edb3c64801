# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title VestingEscrow
@license MIT
@notice Holds grants that vest by a schedule of their own: a part at the start, then equal steps, after a cliff if there
    is one. One contract with packed schedules by number instead of a proxy for each holder: a grant takes two slots, or
    three when it can be revoked. A grant may be staked while it vests.
@dev Whoever creates a grant pays it in full at once. Anyone may call `claim`; only the beneficiary is paid. A claim
    reads two slots: what a claim needs is packed into them, who may revoke lies in the third. Revoking sets the total
    to what is vested and the divisor to one, so that the rest of the contract needs no notion of a revoked grant.
    `lib/grants.vy` packs, `lib/stakes.vy` keeps what is staked.
@custom:security A revoker is trusted with what is not vested, never with what is. A beneficiary that stakes chooses the
    operator, and a slash takes from what is not vested first: a revoker bears that, after unbonding. One token, chosen at deployment; one
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

from ..lib import token_transfers
from .lib import grants
from .lib import stakes

initializes: stakes
exports: stakes.hub


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most grants in one call.
MAX_BATCH: constant(uint256) = 64

# Grants that there may be. What a claim needs lies in arrays, as their slots need no hashing.
MAX_GRANTS: constant(uint256) = 2**48


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
def __init__(_token: IERC20, _hub: address):
    """
    @param _token What is held and paid out.
    @param _hub Where grants may be staked; the zero address for nowhere.
    """
    assert _token.address.is_contract, "escrow: no token"
    token = _token
    stakes.__init__(_hub)


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
    token_transfers._pull(token, _plan.total)
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
    token_transfers._pull(token, sum)
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
    @notice The same for several grants; one with nothing due is skipped.
    @return Wei paid altogether.
    """
    paid_out: uint256 = 0
    for id: uint256 in _ids:
        paid_out += self._claim(id)
    return paid_out


@external
def withdraw(_id: uint256, _ticket: uint256) -> uint256:
    """
    @notice Take a matured ticket of grant `_id` back in, and pay a revoker what it is owed.
    @return Wei that came back.
    """
    amount: uint256 = stakes._return(_id, _ticket)
    self._settle(_id)
    return amount


@external
def write_off(_id: uint256) -> uint256:
    """
    @notice Record as lost what grant `_id` had staked in a pool that a slash has emptied.
    @return Wei lost.
    """
    lost: uint256 = stakes._write_off(_id)
    self._settle(_id)
    return lost


@external
def claim_rewards(_id: uint256) -> uint256:
    """
    @notice Have the hub pay the beneficiary what the stake of grant `_id` has earned, credits of shares that left included.
    @return Wei paid.
    """
    beneficiary: address = grants._beneficiary(self._terms[_id])
    assert beneficiary != empty(address), "escrow: no such grant"
    return stakes._rewards(_id, beneficiary)


# ############################################################## #
#                      BENEFICIARY FUNCTIONS                     #
# ############################################################## #

@external
def stake(_id: uint256, _operator: address, _amount: uint256, _min_shares: uint256) -> uint256:
    """
    @notice Stake coins of grant `_id` with an operator, vested or not. Rewards go to the beneficiary.
    @return Shares of the operator's pool.
    """
    terms: uint256 = self._terms[_id]
    assert msg.sender == grants._beneficiary(terms), "escrow: caller is not the beneficiary"
    assert _amount <= self._here(_id, self._amounts[_id]), "escrow: not enough coins here"
    self._terms[_id] = terms | grants.STAKED
    return stakes._enter(_id, token, _operator, _amount, _min_shares)


@external
def unstake(_id: uint256, _shares: uint256, _min_amount: uint256) -> uint256:
    """
    @notice Begin to take shares of grant `_id` out: by the beneficiary, or by anyone while a revoker is owed.
    @return The hub's ticket, for `withdraw`.
    """
    if msg.sender != grants._beneficiary(self._terms[_id]):
        assert stakes.stakes[_id].owed > 0, "escrow: caller is not the beneficiary"
    return stakes._leave(_id, _shares, _min_amount)


@external
def transfer_beneficiary(_id: uint256, _successor: address):
    """
    @notice Offer grant `_id` to `_successor`, who has to accept; the zero address withdraws the offer.
    """
    assert msg.sender == grants._beneficiary(self._terms[_id]), "escrow: caller is not the beneficiary"
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
    self._terms[_id] = grants._passed_on(terms, msg.sender)
    log IVestingEscrow.BeneficiaryTransferred(id=_id, beneficiary=grants._beneficiary(terms), successor=msg.sender)


# ############################################################## #
#                        REVOKER FUNCTIONS                       #
# ############################################################## #

@external
def revoke(_id: uint256) -> uint256:
    """
    @notice End grant `_id`: what is vested stays the beneficiary's, the rest goes back to the revoker. The part of the
        rest that is at stake follows once it is unstaked (`unstake`, then `withdraw`, by anyone), less slashes.
    @return Wei sent back now.
    """
    assert msg.sender == self._revoker[_id], "escrow: caller is not the revoker"
    terms: uint256 = self._terms[_id]
    amounts: uint256 = self._amounts[_id]
    unvested: uint256 = grants._total(amounts) - grants._vested(terms, amounts, block.timestamp)
    assert unvested > 0, "escrow: nothing to revoke"
    self._revoker[_id] = empty(address)
    self._amounts[_id] = amounts - unvested
    self._terms[_id] = grants._ended(terms)
    refund: uint256 = unvested
    if terms & grants.STAKED != 0:
        refund = stakes._split(_id, unvested, msg.sender)
    log IVestingEscrow.Revoked(id=_id, revoker=msg.sender, refund=refund, owed=stakes.stakes[_id].owed)
    token_transfers._push(token, msg.sender, refund)
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
    return grants._plan(self._terms[_id], self._amounts[_id], self._revoker[_id])


@external
@view
def paid(_id: uint256) -> uint256:
    """
    @notice Wei that were paid of grant `_id` so far.
    """
    return grants._paid(self._amounts[_id])


@external
@view
def vested(_id: uint256, _at: uint256) -> uint256:
    """
    @notice Wei of grant `_id` that are vested at `_at` (unix seconds), by its terms as they are now.
    """
    return grants._vested(self._terms[_id], self._amounts[_id], _at)


@external
@view
def claimable(_id: uint256) -> uint256:
    """
    @notice Wei that `claim` would pay now.
    """
    return self._due(_id, self._terms[_id], self._amounts[_id])


@external
@view
def stake_of(_id: uint256) -> IVestingEscrow.Stake:
    """
    @notice What of grant `_id` is at stake, was lost there, and is owed to a revoker.
    """
    return stakes.stakes[_id]


@external
@view
def revoker(_id: uint256) -> address:
    """
    @notice Who may take back what is not vested of grant `_id`; the zero address for nobody.
    """
    return self._revoker[_id]


@external
@view
def stake_key(_id: uint256) -> address:
    """
    @notice The owner key of grant `_id`'s position in the hub.
    """
    return stakes._key(_id)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _store(_id: uint256, _plan: IVestingEscrow.Plan):
    assert _plan.beneficiary != empty(address) and _plan.beneficiary != self, "escrow: no beneficiary"
    assert _plan.total > 0 and _plan.total <= grants.MAX_TOTAL, "escrow: total out of range"
    assert _plan.start > 0 and _plan.start <= grants.MAX_START, "escrow: start out of range"
    assert _plan.step > 0 and _plan.step <= grants.MAX_STEP, "escrow: step out of range"
    assert _plan.steps > 0 and _plan.steps <= grants.MAX_STEPS, "escrow: steps out of range"
    assert _plan.cliff <= _plan.steps, "escrow: cliff after the last step"
    assert _plan.divisor <= grants.MAX_DIVISOR, "escrow: divisor out of range"
    self._terms[_id], self._amounts[_id] = grants._packed(_plan)
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
def _claim(_id: uint256) -> uint256:
    terms: uint256 = self._terms[_id]
    amounts: uint256 = self._amounts[_id]
    amount: uint256 = self._due(_id, terms, amounts)
    if amount > 0:
        self._amounts[_id] = grants._with_paid(amounts, amount)
        beneficiary: address = grants._beneficiary(terms)
        log IVestingEscrow.Claimed(id=_id, beneficiary=beneficiary, amount=amount)
        token_transfers._push(token, beneficiary, amount)
    return amount


@internal
def _settle(_id: uint256):
    amount: uint256 = stakes._release(_id)
    if amount > 0:
        creditor: address = stakes.stakes[_id].creditor
        log IVestingEscrow.Settled(id=_id, revoker=creditor, amount=amount)
        token_transfers._push(token, creditor, amount)


@internal
@view
def _due(_id: uint256, _terms: uint256, _amounts: uint256) -> uint256:
    """
    @dev The part that is vested and not paid, without what is at stake or lost.
    """
    due: uint256 = grants._vested(_terms, _amounts, block.timestamp) - grants._paid(_amounts)
    if _terms & grants.STAKED != 0:
        return min(due, self._here(_id, _amounts))
    return due


@internal
@view
def _here(_id: uint256, _amounts: uint256) -> uint256:
    return stakes._here(_id, grants._total(_amounts) - grants._paid(_amounts))
