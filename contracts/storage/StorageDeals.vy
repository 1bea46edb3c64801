# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title StorageDeals
@license MIT
@notice Who stores what for whom. A client puts the price of a deal in escrow; the providers that its root names accept
    its shards, and each reserves a restitution inside its lock. What was not proven is refunded; a shard that is lost
    pays its client.
@dev Providers' ledgers and all coins are at StorageMarket, which only this contract tells of promises. Other tokens that
    deals are paid in are here. Reasons of what the market refuses begin with "storage:".
@custom:security What a shard holds and whether it can be repaired is the client's affair: the root alone stands here. A
    lost shard that the client names itself in another role costs its provider a fifth of the damages, so nobody gains
    by losing to oneself.
@custom:kill When the market is removed from the hub nothing is accepted or prolonged, and clients close at once.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IStorageDeals
from ..interfaces import IStorageMarket

implements: IStorageDeals


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import signatures
from .lib import acceptances
from .lib import deals
from .lib import settlements
from .lib import tokens

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: tokens
initializes: deals[tokens := tokens]
initializes: acceptances[eip712 := eip712, signatures := signatures, deals := deals]
initializes: settlements[deals := deals, tokens := tokens]

exports: (
    eip712.eip712Domain,
    deals.__interface__,
    acceptances.__interface__,
    settlements.__interface__,
    tokens.__interface__,
)


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The contract of demands, hand-overs and repairs.
repairs: public(immutable(address))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_market: address, _repairs: address, _channels: address):
    """
    @param _market The StorageMarket, which names this contract.
    @param _repairs The StorageRepairs, at the address that it will have.
    @param _channels The Channels, where tokens are listed.
    """
    assert _repairs not in [empty(address), self], "deals: no repairs"
    eip712.__init__("Keifu Storage", "1")
    tokens.__init__(_channels)
    deals.__init__(_market)
    repairs = _repairs


# ############################################################## #
#                        REPAIRS FUNCTIONS                       #
# ############################################################## #

@external
def lose_unanswered(_deal: bytes32, _index: uint256, _caller: address):
    """
    @notice A shard is lost because its provider did not answer a demand.
    """
    self._only_repairs()
    self._lose(_deal, _index, _caller, True)


@external
def reserve(_deal: bytes32, _index: uint256) -> uint256:
    """
    @notice A lost shard waits for one repairer. Answers the wei of its bounty.
    """
    self._only_repairs()
    shard: IStorageDeals.Shard = deals._get_shard(_deal, _index)
    assert shard.state == deals.LOST, "deals: shard is not lost"
    shard.state = deals.MENDED
    deals._put_shard(_deal, _index, shard)
    return deals.bounties[_deal][_index]


@external
def release(_deal: bytes32, _index: uint256):
    """
    @notice A lost shard was not repaired, and waits for anybody.
    """
    self._only_repairs()
    shard: IStorageDeals.Shard = deals._get_shard(_deal, _index)
    shard.state = deals.LOST
    deals._put_shard(_deal, _index, shard)


@external
def take_over(_deal: bytes32, _index: uint256, _to: address, _named: IStorageDeals.Named):
    """
    @notice Another provider stores a shard from now on: one that nobody accepted in time, that its provider handed
        over, or that was repaired, for the bounty.
    """
    self._only_repairs()
    deal: IStorageDeals.Deal = deals._get_deal(_deal)
    assert not deal.closed, "deals: deal is closed"
    assert self._is_named(deal, _index, _named), "deals: not in the deal"
    shard: IStorageDeals.Shard = deals._get_shard(_deal, _index)
    if shard.state == deals.FREE:
        assert deal.accept_by < deals._now(), "deals: may still be accepted"
    elif shard.state == deals.ACCEPTED:
        self._leave(_deal, _index, deal, shard, _to)
    else:
        assert shard.state == deals.MENDED, "deals: shard is not under repair"
        extcall deals.market.credit(_to, deals.bounties[_deal][_index])
        deals.bounties[_deal][_index] = 0
    if shard.state != deals.FREE:
        deals._left[shard.provider][shard.ordinal] = shard.start + 1
    ordinal: uint256 = staticcall deals.market.shards_of(_to)
    entry: IStorageMarket.Entry = acceptances._place(_deal, _index, deal, _to, _named.shard, _named.leaves, ordinal)
    extcall deals.market.store(_to, _to, [entry])


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def declare_lost(_deal: bytes32, _index: uint256):
    """
    @notice Say that a shard is lost, once its provider has missed three epochs in a row or not filled a buffer that was
        used up: the shard's own reserve is taken, its client is paid, and the caller rewarded.
    """
    self._lose(_deal, _index, msg.sender, False)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def is_named(_deal: bytes32, _index: uint256, _named: IStorageDeals.Named) -> bool:
    """
    @notice Whether a deal's root says so of one of its shards.
    """
    return self._is_named(deals._get_deal(_deal), _index, _named)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _only_repairs():
    assert msg.sender == repairs, "deals: only the repairs"


@internal
@view
def _is_named(_deal: IStorageDeals.Deal, _index: uint256, _named: IStorageDeals.Named) -> bool:
    return deals._names(_deal, _index, _named.provider, _named.shard, _named.leaves, _named.path)


@internal
def _leave(_deal: bytes32, _index: uint256, _terms: IStorageDeals.Deal, _shard: IStorageDeals.Shard, _to: address):
    """
    @dev A provider hands a shard over: what it has earned is fixed, what it reserved stays for the window.
    """
    assert _shard.provider != _to, "deals: stores it already"
    assert deals._now() < _shard.end, "deals: shard has ended"
    end: uint256 = extcall deals.market.stop(
        _to,
        _shard.provider,
        deals._rate(_terms),
        deals._damages(_terms.restitution),
        _shard.start,
        _shard.end,
    )
    settlements._settle(_deal, _index, _terms, _shard, end)


@internal
def _lose(_deal: bytes32, _index: uint256, _caller: address, _unanswered: bool):
    """
    @dev The provider keeps no part in the shard, and may clear it.
    """
    deal: IStorageDeals.Deal = deals._get_deal(_deal)
    shard: IStorageDeals.Shard = deals._get_shard(_deal, _index)
    assert shard.state == deals.ACCEPTED, "deals: shard is not stored"
    damages: uint256 = deals._damages(deal.restitution)
    end: uint256 = 0
    left: uint256 = 0
    end, left = extcall deals.market.lose(
        _caller, shard.provider, deals._rate(deal), damages, shard.start, shard.end, _unanswered
    )
    settlements._settle(_deal, _index, deal, shard, end)
    shard.end = end
    shard.state = deals.LOST
    deals._put_shard(_deal, _index, shard)
    restitution: uint256 = min(deal.restitution * deals.UNIT, left)
    reward: uint256 = min(deal.restitution // deals.PROVER_PART * deals.UNIT, left - restitution)
    deals.bounties[_deal][_index] = left - restitution - reward
    extcall deals.market.credit(deal.client, restitution)
    extcall deals.market.credit(_caller, reward)
    log IStorageDeals.ShardLost(
        deal=_deal,
        index=_index,
        provider=shard.provider,
        restitution=restitution,
        reward=reward,
        bounty=left - restitution - reward,
    )
