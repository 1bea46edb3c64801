# pragma version 0.4.3
"""
@title Grants at stake
@license MIT
@notice Each grant has a position of its own at the hub (sub-account = number of the grant), at one operator at a time.
    If less comes back than was staked, the rest was slashed: the loss is recorded, and the unvested part bears it
    first.
@dev Coins at stake are recorded at the amount that was staked (`active`, `leaving`) until they are withdrawn or written
    off. A share is never worth more than what it cost, so nothing comes back in excess except rounding dust of the
    pool, which stays in the escrow.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ...interfaces import IStakingHub
from ...interfaces import IVestingEscrow


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where grants are staked; the zero address for nowhere.
hub: public(immutable(IStakingHub))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# grant -> its stake; empty until something is staked.
stakes: HashMap[uint256, IVestingEscrow.Stake]

# grant -> ticket of the hub -> wei that were put in for what the ticket stands for.
principals: HashMap[uint256, HashMap[uint256, uint256]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_hub: address):
    hub = IStakingHub(_hub)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _enter(_id: uint256, _token: IERC20, _operator: address, _amount: uint256, _min_shares: uint256) -> uint256:
    """
    @dev Stake coins of the grant that are here and free; the caller has checked that they are.
    @return Shares.
    """
    assert hub.address != empty(address), "escrow: no hub"
    self._write_off(_id)
    stake: IVestingEscrow.Stake = self.stakes[_id]
    assert stake.owed == 0, "escrow: grant was revoked"
    assert stake.active == 0 or stake.operator == _operator, "escrow: staked with another operator"
    self.stakes[_id].operator = _operator
    self.stakes[_id].active = stake.active + _amount
    assert extcall _token.approve(hub.address, _amount, default_return_value=True), "escrow: approval refused"
    shares: uint256 = extcall hub.stake(_operator, _amount, _min_shares, _id)
    log IVestingEscrow.Staked(id=_id, operator=_operator, amount=_amount, shares=shares)
    return shares


@internal
def _leave(_id: uint256, _shares: uint256, _min_amount: uint256) -> uint256:
    """
    @dev Begin to take shares out; their part of what was put in goes with the ticket.
    @return The hub's ticket.
    """
    stake: IVestingEscrow.Stake = self.stakes[_id]
    held: uint256 = self._shares(_id, stake.operator)
    assert _shares > 0 and _shares <= held, "escrow: not enough shares"
    principal: uint256 = stake.active * _shares // held
    self.stakes[_id].active = stake.active - principal
    self.stakes[_id].leaving = stake.leaving + principal
    ticket: uint256 = extcall hub.unstake(stake.operator, _shares, _min_amount, _id)
    # The ticket's number is the hub's to give; the lock keeps everybody out meanwhile.
    self.principals[_id][ticket] += principal
    log IVestingEscrow.Unstaked(id=_id, operator=stake.operator, ticket=ticket, amount=principal)
    return ticket


@internal
def _return(_id: uint256, _ticket: uint256) -> uint256:
    """
    @dev Withdraw a matured ticket, and record the loss.
    @return Wei that came back.
    """
    principal: uint256 = self.principals[_id][_ticket]
    self.principals[_id][_ticket] = 0
    self.stakes[_id].leaving -= principal
    amount: uint256 = extcall hub.withdraw(_ticket, _id)
    lost: uint256 = principal - min(amount, principal)
    self._absorb(_id, lost)
    log IVestingEscrow.Returned(id=_id, ticket=_ticket, amount=amount, lost=lost)
    return amount


@internal
def _write_off(_id: uint256) -> uint256:
    """
    @dev Record as lost what is staked in a pool that a slash has emptied.
    @return Wei lost.
    """
    stake: IVestingEscrow.Stake = self.stakes[_id]
    if stake.active == 0 or self._shares(_id, stake.operator) > 0:
        return 0
    self.stakes[_id].active = 0
    self._absorb(_id, stake.active)
    log IVestingEscrow.WrittenOff(id=_id, operator=stake.operator, lost=stake.active)
    return stake.active


@internal
def _rewards(_id: uint256, _beneficiary: address) -> uint256:
    operator: address = self.stakes[_id].operator
    assert operator != empty(address), "escrow: nothing was staked"
    amount: uint256 = extcall hub.claim_rewards(operator, _beneficiary, _id)
    return amount + extcall hub.collect(_beneficiary, _id)


@internal
def _absorb(_id: uint256, _lost: uint256):
    """
    @dev What is owed to a revoker was not vested: it bears a loss first.
    """
    from_owed: uint256 = min(self.stakes[_id].owed, _lost)
    self.stakes[_id].owed -= from_owed
    self.stakes[_id].lost += _lost - from_owed


@internal
def _split(_id: uint256, _unvested: uint256, _revoker: address) -> uint256:
    """
    @dev Book a revocation: losses so far come out of `_unvested` first, the rest is owed to the revoker.
    """
    borne: uint256 = min(self.stakes[_id].lost, _unvested)
    self.stakes[_id].lost -= borne
    self.stakes[_id].owed = _unvested - borne
    self.stakes[_id].creditor = _revoker
    return self._release(_id)


@internal
def _release(_id: uint256) -> uint256:
    """
    @dev What can be paid to the revoker now: what is owed, less what is still at stake, as the vested part comes first.
    """
    stake: IVestingEscrow.Stake = self.stakes[_id]
    amount: uint256 = stake.owed - min(stake.owed, stake.active + stake.leaving)
    self.stakes[_id].owed = stake.owed - amount
    return amount


@internal
@view
def _here(_id: uint256, _unpaid: uint256) -> uint256:
    """
    @dev Wei of a grant that are in the escrow, given its unpaid amount.
    """
    stake: IVestingEscrow.Stake = self.stakes[_id]
    return _unpaid + stake.owed - stake.active - stake.leaving - stake.lost


@internal
@view
def _shares(_id: uint256, _operator: address) -> uint256:
    shares: uint256 = 0
    worth: uint256 = 0
    shares, worth = staticcall hub.position(_operator, self._key(_id))
    return shares


@internal
@view
def _key(_id: uint256) -> address:
    """
    @dev The owner key under which the hub keeps a grant's position: its formula for sub-account `_id` of this contract.
    """
    return convert(convert(keccak256(abi_encode(self, _id)), uint256) & convert(max_value(uint160), uint256), address)
