# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Deals: what clients put in escrow, and where each shard stands
@license MIT
@notice A deal's root names its shards and who stores them. The client pays for all of them in advance; a shard is paid
    by proven epoch from the one after its acceptance, and what was not proven is refunded when it is over.
@dev Three words a deal, one a shard. The escrow of a shard is price x (end - begin), so no sum is stored. Coins are at
    the market, and go there straight from the client; another token is here, and at the market its shards have no price.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20

from ...interfaces import IStakingHub
from ...interfaces import IStorageDeals
from ...interfaces import IStorageMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import tokens
from . import trees

uses: tokens


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# States of a shard.
FREE: constant(uint256) = 0
ACCEPTED: constant(uint256) = 1
LOST: constant(uint256) = 2
OVER: constant(uint256) = 3
MENDED: constant(uint256) = 4

# Longest promise without a new act of the provider, seconds.
LONGEST: constant(uint256) = 180 * 86_400

# Epochs that a deal spans with all its renewals, at most: what the market counts in one call.
MAX_SPAN: constant(uint256) = 256 * 63

# Epochs that a shard is still paid for when its client closes the deal: the one under way and the next.
NOTICE: constant(uint256) = 2

# A prover's reward and a bounty are one in so many of the restitution.
PROVER_PART: constant(uint256) = 10
BOUNTY_PART: constant(uint256) = 4

# Wei of a gwei: amounts are kept in gwei.
UNIT: constant(uint256) = 10**9

# Fields of a deal's first word: client 160 | accept by 24 | begin 24 | end 24 | shards 8 |
# closed 1 | masked 1 | paid in another token 1 | shards that are over, from bit 248.
ACCEPT_BY_AT: constant(uint256) = 160
BEGIN_AT: constant(uint256) = 184
END_AT: constant(uint256) = 208
SHARDS_AT: constant(uint256) = 232
CLOSED_AT: constant(uint256) = 240
MASKED_AT: constant(uint256) = 241
OTHER_TOKEN_AT: constant(uint256) = 242
OVER_AT: constant(uint256) = 248
U160: constant(uint256) = 2**160 - 1
U8: constant(uint256) = 2**8 - 1
U24: constant(uint256) = 2**24 - 1
U32: constant(uint256) = 2**32 - 1
U64: constant(uint256) = 2**64 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where providers' ledgers and all coins are, with its coin and its hub.
market: public(immutable(IStorageMarket))
token: immutable(IERC20)
hub: immutable(IStakingHub)

# Its epochs: the first second of epoch 1, and seconds of each.
start: immutable(uint256)
epoch_seconds: immutable(uint256)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# deal -> its first word; its root; price 64 | restitution 64.
_deals: HashMap[bytes32, uint256]
_roots: HashMap[bytes32, bytes32]
_terms: HashMap[bytes32, uint256]

# deal -> the token that it is paid in, where that is not the suite's coin.
_tokens: HashMap[bytes32, address]

# deal -> index -> provider 160 | ordinal 32 | start 24 | end 24 | state 8.
_shards: HashMap[bytes32, HashMap[uint256, uint256]]

# deal -> index -> what its providers have earned, as far as it is settled.
_earned: HashMap[bytes32, HashMap[uint256, uint256]]

# deal -> index -> wei for whoever repairs it.
bounties: public(HashMap[bytes32, HashMap[uint256, uint256]])

# provider -> ordinal -> epoch from which it may clear a shard that another one took over, plus one.
_left: HashMap[address, HashMap[uint256, uint256]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_market: address):
    assert _market.is_contract, "deals: market is no contract"
    market = IStorageMarket(_market)
    token = staticcall market.token()
    hub = staticcall market.hub()
    start = staticcall market.start()
    epoch_seconds = staticcall market.epoch_seconds()


# ############################################################## #
#                         CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def open(
    _root: bytes32,
    _shards: uint256,
    _price: uint256,
    _restitution: uint256,
    _accept_by: uint256,
    _end: uint256,
    _masked: bool,
    _salt: bytes32,
) -> bytes32:
    """
    @notice Offer a deal to the providers that its root names, and pay for all of it in advance.
    @param _price Gwei for a shard and epoch.
    @param _restitution Gwei that the client gets for a shard that is lost.
    @param _accept_by Last epoch in which a shard may be accepted.
    @param _end First epoch that is not paid for any more.
    @return The deal.
    """
    return self._open(token.address, _root, _shards, _price, _restitution, _accept_by, _end, _masked, _salt)


@external
def open_in(
    _token: address,
    _root: bytes32,
    _shards: uint256,
    _price: uint256,
    _restitution: uint256,
    _accept_by: uint256,
    _end: uint256,
    _masked: bool,
    _salt: bytes32,
) -> bytes32:
    """
    @notice The same, paid in a token that the channels list. What a lost shard costs its provider is in the suite's
        coin.
    @param _price Smallest units of the token for a shard and epoch.
    """
    assert _token != token.address, "deals: open it in the coin"
    tokens._check_listed(_token)
    return self._open(_token, _root, _shards, _price, _restitution, _accept_by, _end, _masked, _salt)


@external
def transfer_deal(_deal: bytes32, _to: address):
    """
    @notice Give a deal to another client: what is refunded and restored from now on is its.
    """
    deal: IStorageDeals.Deal = self._get_deal(_deal)
    assert msg.sender == deal.client, "deals: not the client"
    assert _to != empty(address), "deals: no client"
    self._deals[_deal] = (self._deals[_deal] & ~U160) | convert(_to, uint256)
    log IStorageDeals.DealTransferred(deal=_deal, to=_to)


@external
def close(_deal: bytes32, _indices: DynArray[uint256, trees.MAX_SHARDS]):
    """
    @notice End shards early, in as many calls as are needed: each is paid for the epoch under way and the next, as far
        as they are proven. At once when the market is removed from the hub. Nothing of the deal is accepted any more.
    """
    deal: IStorageDeals.Deal = self._get_deal(_deal)
    assert msg.sender == deal.client, "deals: not the client"
    if not deal.closed:
        self._deals[_deal] |= 1 << CLOSED_AT
        log IStorageDeals.DealClosed(deal=_deal)
    damages: uint256 = self._damages(deal.restitution)
    now: uint256 = self._now()
    at_once: bool = not staticcall hub.listed(market.address)
    for index: uint256 in _indices:
        shard: IStorageDeals.Shard = self._get_shard(_deal, index)
        assert shard.state == ACCEPTED, "deals: shard is not stored"
        if at_once:
            assert now < shard.end, "deals: shard has ended"
            shard.end = extcall market.stop(
                msg.sender, shard.provider, self._rate(deal), damages, shard.start, shard.end
            )
        else:
            assert now + NOTICE < shard.end, "deals: shard ends soon"
            extcall market.shorten(msg.sender, shard.provider, self._rate(deal), damages, shard.end, now + NOTICE)
            shard.end = now + NOTICE
        self._put_shard(_deal, index, shard)
        log IStorageDeals.ShardEnds(deal=_deal, index=index, end=shard.end)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def renew(_deal: bytes32, _end: uint256):
    """
    @notice Pay for a deal until a later epoch, at its price; anybody may. Each provider prolongs its shard if it wants
        to; what is not stored is refunded to the client.
    """
    deal: IStorageDeals.Deal = self._get_deal(_deal)
    assert not deal.closed, "deals: deal is closed"
    assert self._now() < deal.end, "deals: deal has ended"
    assert deal.end < _end and _end <= deal.begin + MAX_SPAN, "deals: bad epochs"
    self._deals[_deal] = (self._deals[_deal] & ~(U24 << END_AT)) | (_end << END_AT)
    log IStorageDeals.DealRenewed(deal=_deal, payer=msg.sender, end=_end)
    if not self._in_coin(deal):
        tokens._check_listed(deal.token)
    self._fund(deal.token, deal.price * (deal.shards - deal.over) * (_end - deal.end))


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def deal(_deal: bytes32) -> IStorageDeals.Deal:
    """
    @notice What a client promised.
    """
    return self._get_deal(_deal)


@external
@view
def shard(_deal: bytes32, _index: uint256) -> IStorageDeals.Shard:
    """
    @notice Where a shard stands.
    """
    return self._get_shard(_deal, _index)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _now() -> uint256:
    return (block.timestamp - start) // epoch_seconds + 1


@internal
def _open(
    _token: address,
    _root: bytes32,
    _shards: uint256,
    _price: uint256,
    _restitution: uint256,
    _accept_by: uint256,
    _end: uint256,
    _masked: bool,
    _salt: bytes32,
) -> bytes32:
    deal: bytes32 = keccak256(abi_encode(msg.sender, _root, _salt, trees.DEAL))
    now: uint256 = self._now()
    assert self._deals[deal] == 0, "deals: deal is known"
    assert 0 < _shards and _shards <= trees.MAX_SHARDS, "deals: bad number of shards"
    assert now <= _accept_by and _accept_by + 1 < _end and _end <= now + self._longest(), "deals: bad epochs"
    assert 0 < _price and _price <= U64 and _restitution <= U64, "deals: bad price"
    word: uint256 = (
        convert(msg.sender, uint256)
        | (_accept_by << ACCEPT_BY_AT)
        | ((now + 1) << BEGIN_AT)
        | (_end << END_AT)
        | (_shards << SHARDS_AT)
        | (convert(_masked, uint256) << MASKED_AT)
    )
    if _token != token.address:
        word |= 1 << OTHER_TOKEN_AT
        self._tokens[deal] = _token
    self._deals[deal] = word
    self._roots[deal] = _root
    self._terms[deal] = _price | (_restitution << 64)
    log IStorageDeals.DealOpened(
        deal=deal,
        client=msg.sender,
        root=_root,
        shards=_shards,
        price=_price,
        restitution=_restitution,
        accept_by=_accept_by,
        end=_end,
        masked=_masked,
        token=_token,
    )
    self._fund(_token, _price * _shards * (_end - now - 1))
    return deal


@internal
def _fund(_token: address, _amount: uint256):
    """
    @dev Take gwei of the coin or units of another token from the caller, out of what it allowed this contract to move,
        to where they are kept.
    """
    paid: IERC20 = IERC20(_token)
    holder: address = self
    amount: uint256 = _amount
    if _token == token.address:
        holder = market.address
        amount *= UNIT
    before: uint256 = staticcall paid.balanceOf(holder)
    assert extcall paid.transferFrom(msg.sender, holder, amount, default_return_value=True), "deals: coins were refused"
    assert staticcall paid.balanceOf(holder) == before + amount, "deals: token takes a fee"


@internal
@view
def _in_coin(_deal: IStorageDeals.Deal) -> bool:
    """
    @dev Whether a deal is paid in the suite's coin.
    """
    return _deal.token == token.address


@internal
@view
def _rate(_deal: IStorageDeals.Deal) -> uint256:
    """
    @dev What a shard adds to its provider's rate at the market: gwei, none where another token pays.
    """
    return _deal.price if self._in_coin(_deal) else 0


@internal
@view
def _longest() -> uint256:
    return min(LONGEST // epoch_seconds, MAX_SPAN)


@internal
@view
def _get_deal(_deal: bytes32) -> IStorageDeals.Deal:
    word: uint256 = self._deals[_deal]
    assert word > 0, "deals: no such deal"
    terms: uint256 = self._terms[_deal]
    return IStorageDeals.Deal(
        client=convert(word & U160, address),
        root=self._roots[_deal],
        accept_by=(word >> ACCEPT_BY_AT) & U24,
        begin=(word >> BEGIN_AT) & U24,
        end=(word >> END_AT) & U24,
        shards=(word >> SHARDS_AT) & U8,
        closed=(word >> CLOSED_AT) & 1 == 1,
        masked=(word >> MASKED_AT) & 1 == 1,
        over=word >> OVER_AT,
        price=terms & U64,
        restitution=terms >> 64,
        token=self._tokens[_deal] if (word >> OTHER_TOKEN_AT) & 1 == 1 else token.address,
    )


@internal
@view
def _get_shard(_deal: bytes32, _index: uint256) -> IStorageDeals.Shard:
    word: uint256 = self._shards[_deal][_index]
    return IStorageDeals.Shard(
        provider=convert(word & U160, address),
        ordinal=(word >> 160) & U32,
        start=(word >> 192) & U24,
        end=(word >> 216) & U24,
        state=word >> 240,
    )


@internal
def _put_shard(_deal: bytes32, _index: uint256, _shard: IStorageDeals.Shard):
    self._shards[_deal][_index] = (
        convert(_shard.provider, uint256)
        | (_shard.ordinal << 160)
        | (_shard.start << 192)
        | (_shard.end << 216)
        | (_shard.state << 240)
    )


@internal
@pure
def _damages(_restitution: uint256) -> uint256:
    """
    @dev Gwei of damages of which the hub credits restitution, prover's reward and bounty: five quarters, rounded up.
    """
    paid: uint256 = _restitution + _restitution // PROVER_PART + _restitution // BOUNTY_PART
    return (paid * 5 + 3) // 4


@internal
@pure
def _names(
    _deal: IStorageDeals.Deal,
    _index: uint256,
    _provider: address,
    _shard: bytes32,
    _leaves: uint256,
    _path: DynArray[uint256, 5],
) -> bool:
    """
    @dev Whether a deal's root names a shard so.
    """
    if _index >= _deal.shards:
        return False
    node: bytes32 = trees._deal_leaf(_index, _provider, _shard, _leaves)
    at: uint256 = 0
    node, at = trees._climb(node, _index, _deal.shards, _path, 0, trees.DEAL_NODE)
    return node == _deal.root and at == len(_path)
