# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title StorageEndowment
@license MIT
@notice Coins that pay for storage term after term, at a falling price. Anybody opens the next term shortly before one
    ends, for a reward; anybody tops an endowment up by sending coins to its address. What was not proven, restitutions
    and bonds come back to it.
@dev Each endowment is a proxy (ERC-1167) of this contract and a client of its own, so no book says which coins are
    whose. A term is a deal, at most as long as a provider may promise; providers accept each term anew, at its price.
    The price falls only when every shard of the term before was stored: a price that is too low falls no further.
@custom:security Nobody can close a term, change the data or take coins out, whoever founded it included. A provider
    that stores a shard is named for it again; for a shard that nobody stores, whoever opens a term names one, and
    anybody stands in for what is not accepted in time. Both reserve damages, as every provider does.
@custom:kill When the market is removed from the hub no term is opened, and what comes back goes to the heir.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20

from ..interfaces import IStakingHub
from ..interfaces import IStorageDeals
from ..interfaces import IStorageEndowment
from ..interfaces import IStorageMarket
from ..interfaces import IStorageRepairs

implements: IStorageEndowment


# What owes coins by credit.
interface Debtor:
    def credits(_account: address) -> uint256: view
    def pay(_account: address) -> uint256: nonpayable


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import token_transfers
from .lib import deals as limits
from .lib import trees


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Epochs before a term's end from which on the next one may be opened.
LEAD: public(constant(uint256)) = 2

# Epochs in which providers accept a term.
ACCEPT: public(constant(uint256)) = 4

# After a term that nobody followed for so many seconds the heir gets the coins.
REST: public(constant(uint256)) = 180 * 86_400

# Terms that a forecast looks at.
FORESEEN: constant(uint256) = 1_000

BPS: constant(uint256) = 10_000

# Wei of a gwei: amounts of deals are in gwei.
UNIT: constant(uint256) = 10**9

# States of a shard, as the deals have them.
ACCEPTED: constant(uint256) = 1
OVER: constant(uint256) = 3


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

deals: public(immutable(IStorageDeals))
market: public(immutable(IStorageMarket))
repairs: public(immutable(IStorageRepairs))
token: public(immutable(IERC20))
hub: immutable(IStakingHub)

# This contract, where endowments are founded.
home: public(immutable(address))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Of an endowment, at its own address.
plan: public(IStorageEndowment.Plan)
state: public(IStorageEndowment.State)

# deal -> index -> the last epoch in which somebody stood in.
_stood_in: HashMap[bytes32, HashMap[uint256, uint256]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_deals: address):
    """
    @param _deals The StorageDeals, with its market and its repairs.
    """
    assert _deals.is_contract, "endowment: deals are no contract"
    deals = IStorageDeals(_deals)
    market = staticcall deals.market()
    repairs = IStorageRepairs(staticcall deals.repairs())
    token = staticcall market.token()
    hub = staticcall market.hub()
    home = self


# ############################################################## #
#                        FOUNDER FUNCTIONS                       #
# ############################################################## #

@external
def found(
    _plan: IStorageEndowment.Plan,
    _pieces: DynArray[IStorageEndowment.Piece, trees.MAX_SHARDS],
    _amount: uint256,
    _salt: bytes32,
) -> address:
    """
    @notice Make an endowment, give it `_amount` wei and open its first term.
    @param _pieces All shards and who is to store each, in order.
    @return Its address, which follows from caller and salt.
    """
    assert self == home, "endowment: not here"
    endowment: address = create_minimal_proxy_to(self, salt=self._salt_of(msg.sender, _salt), revert_on_failure=False)
    assert endowment != empty(address), "endowment: is known"
    log IStorageEndowment.Founded(endowment=endowment, founder=msg.sender, heir=_plan.heir)
    assert extcall token.transferFrom(
        msg.sender, endowment, _amount, default_return_value=True
    ), "endowment: coins were refused"
    extcall IStorageEndowment(endowment).begin(_plan, _pieces)
    return endowment


@external
def begin(_plan: IStorageEndowment.Plan, _pieces: DynArray[IStorageEndowment.Piece, trees.MAX_SHARDS]):
    """
    @notice The first act of an endowment, in the call that makes it.
    """
    assert msg.sender == home, "endowment: only its maker"
    assert _plan.heir not in [empty(address), self], "endowment: no heir"
    assert _plan.fall < BPS, "endowment: nothing is left"
    assert ACCEPT < _plan.term, "endowment: term is too short"
    # Few coins pay for less than a term: a longer one than deals take would show only when there are more.
    longest: uint256 = min(limits.LONGEST // staticcall market.epoch_seconds(), limits.MAX_SPAN)
    assert _plan.term < longest, "endowment: term is too long"
    self.plan = _plan
    self.state.shards = len(_pieces)
    self.state.data = self._data(_pieces)
    self._open(_pieces, staticcall token.balanceOf(self))


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def open_term(_pieces: DynArray[IStorageEndowment.Piece, trees.MAX_SHARDS]) -> bytes32:
    """
    @notice Pay for a further term, or for as much of it as there are coins, from two epochs before the end of the one
        under way. The caller is rewarded.
    @param _pieces The same shards; whoever stores one is named again, for others the caller names a provider.
    @return The deal.
    """
    state: IStorageEndowment.State = self._founded()
    assert state.until <= staticcall market.epoch() + LEAD, "endowment: term is under way"
    assert self._is_listed(), "endowment: market is removed"
    assert self._data(_pieces) == state.data, "endowment: other data"
    if self._all_stored(state, _pieces):
        self.plan.price = self._fallen(self.plan.price, self.plan.fall)
        self.plan.restitution = self._fallen(self.plan.restitution, self.plan.fall)
    reward: uint256 = self.plan.reward
    held: uint256 = self._gathered()
    assert reward < held, "endowment: too few coins"
    deal: bytes32 = self._open(_pieces, held - reward)
    token_transfers._push(token, msg.sender, reward)
    return deal


@external
def stand_in(_index: uint256):
    """
    @notice Have a shard that nobody accepted in time proposed to the caller, who then accepts it at the repairs. For
        one caller an epoch.
    """
    state: IStorageEndowment.State = self._founded()
    now: uint256 = staticcall market.epoch()
    assert self._stood_in[state.deal][_index] < now, "endowment: another one was first"
    deal: IStorageDeals.Deal = staticcall deals.deal(state.deal)
    assert deal.accept_by < now, "endowment: may still be accepted"
    self._stood_in[state.deal][_index] = now
    log IStorageEndowment.StandIn(deal=state.deal, index=_index, provider=msg.sender)
    extcall repairs.propose(state.deal, _index, msg.sender)


@external
def wind_up() -> uint256:
    """
    @notice Give the heir everything, half a year after a term that nobody followed; at its end when the market was
        removed. Whatever comes later is given likewise.
    @return Wei that it gets.
    """
    state: IStorageEndowment.State = self._founded()
    over: uint256 = staticcall market.start() + (state.until - 1) * staticcall market.epoch_seconds()
    rest: uint256 = REST if self._is_listed() else 0
    assert over + rest <= block.timestamp, "endowment: may still go on"
    amount: uint256 = self._gathered()
    log IStorageEndowment.WoundUp(heir=self.plan.heir, amount=amount)
    token_transfers._push(token, self.plan.heir, amount)
    return amount


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def lasts() -> uint256:
    """
    @notice How many further whole terms the coins here pay for when everything is always stored and proven; 1,000 is
        that many or more.
    """
    state: IStorageEndowment.State = self._founded()
    plan: IStorageEndowment.Plan = self.plan
    left: uint256 = staticcall token.balanceOf(self)
    price: uint256 = plan.price
    for terms: uint256 in range(FORESEEN):
        price = self._fallen(price, plan.fall)
        cost: uint256 = plan.reward + price * state.shards * plan.term * UNIT
        if left < cost:
            return terms
        left -= cost
    return FORESEEN


@external
@view
def endowment_of(_founder: address, _salt: bytes32) -> address:
    """
    @notice Where the endowment is, or would be, that somebody founds with this salt.
    """
    code: Bytes[54] = concat(
        0x602d3d8160093d39f3363d3d373d3d3d363d73, convert(home, bytes20), 0x5af43d82803e903d91602b57fd5bf3
    )
    digest: bytes32 = keccak256(concat(0xff, convert(home, bytes20), self._salt_of(_founder, _salt), keccak256(code)))
    return convert(convert(digest, uint256) & (2**160 - 1), address)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _salt_of(_founder: address, _salt: bytes32) -> bytes32:
    return keccak256(abi_encode(_founder, _salt))


@internal
@view
def _founded() -> IStorageEndowment.State:
    """
    @dev Where this endowment stands; the contract that makes them is none.
    """
    assert self.state.number > 0, "endowment: not founded"
    return self.state


@internal
@view
def _is_listed() -> bool:
    return staticcall hub.listed(market.address)


@internal
@pure
def _data(_pieces: DynArray[IStorageEndowment.Piece, trees.MAX_SHARDS]) -> bytes32:
    """
    @dev A hash over what is stored, without who stores it.
    """
    data: bytes32 = empty(bytes32)
    for piece: IStorageEndowment.Piece in _pieces:
        data = keccak256(abi_encode(data, piece.shard, piece.leaves))
    return data


@internal
@pure
def _fallen(_amount: uint256, _fall: uint256) -> uint256:
    """
    @dev A price or a restitution of the next term: at least a gwei where it was one.
    """
    return max(min(_amount, 1), _amount * (BPS - _fall) // BPS)


@internal
@view
def _all_stored(_state: IStorageEndowment.State, _pieces: DynArray[IStorageEndowment.Piece, trees.MAX_SHARDS]) -> bool:
    """
    @dev Whether each shard of the term under way is stored; whoever stores one must be named for it.
    """
    all_of_them: bool = True
    index: uint256 = 0
    for piece: IStorageEndowment.Piece in _pieces:
        shard: IStorageDeals.Shard = staticcall deals.shard(_state.deal, index)
        refunded: bool = shard.state == OVER and shard.end == _state.until
        if shard.state == ACCEPTED or refunded:
            assert piece.provider == shard.provider, "endowment: another one stores it"
        else:
            all_of_them = False
        index += 1
    return all_of_them


@internal
def _gathered() -> uint256:
    """
    @dev Take in what the market and the repairs owe.
    @return Wei that are here.
    """
    for debtor: address in [market.address, repairs.address]:
        if staticcall Debtor(debtor).credits(self) > 0:
            extcall Debtor(debtor).pay(self)
    return staticcall token.balanceOf(self)


@internal
def _open(_pieces: DynArray[IStorageEndowment.Piece, trees.MAX_SHARDS], _coins: uint256) -> bytes32:
    """
    @dev Open a deal for a term, or for as many epochs as `_coins` wei pay for.
    """
    plan: IStorageEndowment.Plan = self.plan
    hashes: DynArray[bytes32, trees.MAX_SHARDS] = []
    for piece: IStorageEndowment.Piece in _pieces:
        hashes.append(trees._deal_leaf(len(hashes), piece.provider, piece.shard, piece.leaves))
    shards: uint256 = len(hashes)
    assert shards > 0 and plan.price > 0, "endowment: nothing to pay for"
    cost: uint256 = plan.price * shards * UNIT
    epochs: uint256 = min(plan.term, _coins // cost)
    assert ACCEPT < epochs, "endowment: too few coins"
    now: uint256 = staticcall market.epoch()
    self.state.number += 1
    self.state.until = now + 1 + epochs
    assert extcall token.approve(
        deals.address, cost * epochs, default_return_value=True
    ), "endowment: coins were refused"
    deal: bytes32 = extcall deals.open(
        trees._deal_root(hashes),
        shards,
        plan.price,
        plan.restitution,
        now + ACCEPT,
        now + 1 + epochs,
        plan.masked,
        convert(self.state.number, bytes32),
    )
    self.state.deal = deal
    log IStorageEndowment.TermOpened(
        number=self.state.number, deal=deal, opener=msg.sender, price=plan.price, end=now + 1 + epochs
    )
    return deal
