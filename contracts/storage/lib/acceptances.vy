# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title How a provider takes a shard, keeps it longer and is rid of it
@license MIT
@notice It takes shards one by one, in batches over many deals, or all shards of a deal in one transaction with each
    provider's signature. It accepts after it has verified and stored the shard; from then on it is promised and
    reserved.
@custom:security A signature names the deal and its terms, since the deal's id does not contain them. One shard is
    accepted once, so a signature cannot be used twice. Only a key may sign: a contract could change its answer.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IStorageDeals
from ...interfaces import IStorageMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ...lib import signatures
from . import deals
from . import trees

uses: eip712
uses: signatures
uses: deals


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Shards of one batch, at most, and shards that one call clears.
BATCH: constant(uint256) = 64
CLEARED: constant(uint256) = 32

ACCEPTANCE_TYPE: constant(bytes32) = keccak256(
    "Acceptance(bytes32 deal,uint256 index,address token,uint256 price,uint256 restitution,uint256 end,uint256 deadline)"
)


# ############################################################## #
#                        PROVIDER FUNCTIONS                      #
# ############################################################## #

@external
def accept(_item: IStorageDeals.Item):
    """
    @notice Store a shard that a deal names the caller for.
    """
    ordinal: uint256 = staticcall deals.market.shards_of(msg.sender)
    extcall deals.market.store(msg.sender, msg.sender, [self._accept_item(_item, ordinal)])


@external
def accept_many(_items: DynArray[IStorageDeals.Item, BATCH]):
    """
    @notice Store many shards, of any deals.
    """
    ordinal: uint256 = staticcall deals.market.shards_of(msg.sender)
    entries: DynArray[IStorageMarket.Entry, BATCH] = []
    for item: IStorageDeals.Item in _items:
        entries.append(self._accept_item(item, ordinal))
        ordinal += 1
    extcall deals.market.store(msg.sender, msg.sender, entries)


@external
def prolong(_deal: bytes32, _index: uint256):
    """
    @notice Keep a shard of a renewed deal until the deal's new end, at most 180 days from now.
    """
    deal: IStorageDeals.Deal = deals._get_deal(_deal)
    shard: IStorageDeals.Shard = deals._get_shard(_deal, _index)
    assert msg.sender == shard.provider and shard.state == deals.ACCEPTED, "deals: not the provider"
    assert not deal.closed, "deals: deal is closed"
    now: uint256 = deals._now()
    end: uint256 = min(deal.end, now + deals._longest())
    assert now < shard.end and shard.end < end, "deals: nothing to prolong"
    extcall deals.market.prolong(
        msg.sender, msg.sender, deals._rate(deal), deals._damages(deal.restitution), shard.end, end
    )
    shard.end = end
    deals._put_shard(_deal, _index, shard)
    log IStorageDeals.ShardEnds(deal=_deal, index=_index, end=end)


@external
def clear(_gone: DynArray[IStorageDeals.Gone, CLEARED]):
    """
    @notice Take shards out of the caller's sequence that ended, were lost, or that another one took over: it need not
        store them any more, and their buffer is free. Words are of the sequence as the ones before leave it. Do it
        after the epoch's proof: before, it costs that epoch.
    """
    now: uint256 = deals._now()
    pieces: DynArray[IStorageMarket.Piece, CLEARED] = []
    for gone: IStorageDeals.Gone in _gone:
        left: uint256 = deals._left[msg.sender][gone.ordinal]
        if left == 0:
            shard: IStorageDeals.Shard = deals._get_shard(gone.deal, gone.index)
            assert shard.provider == msg.sender and shard.ordinal == gone.ordinal, "deals: not that shard"
            assert shard.start <= now and shard.end <= now, "deals: shard has not ended"
        else:
            assert left <= now + 1, "deals: stored since this epoch"
        pieces.append(IStorageMarket.Piece(ordinal=gone.ordinal, words=gone.words))
    extcall deals.market.clear(msg.sender, pieces)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def accept_signed(_deal: bytes32, _signed: DynArray[IStorageDeals.Signed, trees.MAX_SHARDS]):
    """
    @notice All shards of a deal at once, each with its provider's signature, in the order of the shards.
    """
    deal: IStorageDeals.Deal = deals._get_deal(_deal)
    assert len(_signed) == deal.shards, "deals: not all shards"
    hashes: DynArray[bytes32, trees.MAX_SHARDS] = []
    index: uint256 = 0
    for item: IStorageDeals.Signed in _signed:
        assert block.timestamp <= item.deadline, "deals: signature has expired"
        hashed: bytes32 = keccak256(
            abi_encode(ACCEPTANCE_TYPE, _deal, index, deal.token, deal.price, deal.restitution, deal.end, item.deadline)
        )
        digest: bytes32 = eip712._hash_typed_data_v4(hashed)
        assert signatures._signed_by_key(item.provider, hashed, digest, item.signature), "deals: not the provider's key"
        hashes.append(trees._deal_leaf(index, item.provider, item.shard, item.leaves))
        ordinal: uint256 = staticcall deals.market.shards_of(item.provider)
        entry: IStorageMarket.Entry = self._take(_deal, index, deal, item.provider, item.shard, item.leaves, ordinal)
        extcall deals.market.store(msg.sender, item.provider, [entry])
        index += 1
    assert trees._deal_root(hashes) == deal.root, "deals: not in the deal"


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _accept_item(_item: IStorageDeals.Item, _ordinal: uint256) -> IStorageMarket.Entry:
    deal: IStorageDeals.Deal = deals._get_deal(_item.deal)
    assert deals._names(deal, _item.index, msg.sender, _item.shard, _item.leaves, _item.path), "deals: not in the deal"
    return self._take(_item.deal, _item.index, deal, msg.sender, _item.shard, _item.leaves, _ordinal)


@internal
def _take(
    _deal: bytes32,
    _index: uint256,
    _terms: IStorageDeals.Deal,
    _provider: address,
    _shard: bytes32,
    _leaves: uint256,
    _ordinal: uint256,
) -> IStorageMarket.Entry:
    """
    @dev A shard that nobody stores yet.
    """
    assert deals._shards[_deal][_index] == 0, "deals: shard is taken"
    assert deals._now() <= _terms.accept_by, "deals: too late to accept"
    assert not _terms.closed, "deals: deal is closed"
    return self._place(_deal, _index, _terms, _provider, _shard, _leaves, _ordinal)


@internal
def _place(
    _deal: bytes32,
    _index: uint256,
    _terms: IStorageDeals.Deal,
    _provider: address,
    _shard: bytes32,
    _leaves: uint256,
    _ordinal: uint256,
) -> IStorageMarket.Entry:
    """
    @dev Note who stores a shard from the next epoch on, as the provider's `_ordinal`.
    @return What the market is to be given.
    """
    assert 0 < _leaves and _leaves <= trees.MAX_LEAVES, "deals: bad number of leaves"
    now: uint256 = deals._now()
    end: uint256 = min(_terms.end, now + deals._longest())
    assert now + 1 < end, "deals: deal has ended"
    deals._put_shard(
        _deal,
        _index,
        IStorageDeals.Shard(provider=_provider, ordinal=_ordinal, start=now + 1, end=end, state=deals.ACCEPTED),
    )
    log IStorageDeals.ShardAccepted(
        deal=_deal, provider=_provider, index=_index, shard=_shard, leaves=_leaves, ordinal=_ordinal
    )
    return IStorageMarket.Entry(
        entry=trees._entry(_shard, _leaves),
        price=deals._rate(_terms),
        damages=deals._damages(_terms.restitution),
        end=end,
    )
