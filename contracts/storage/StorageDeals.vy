# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title StorageDeals
@license MIT
@notice Who stores what for whom. A client puts the price of a deal in escrow; the providers that its root names accept
    its shards, and each reserves a restitution inside its lock. What was not proven is refunded; a shard that is lost pays
    its client.
@dev Providers' books and all coins are at StorageMarket, which only this contract tells of promises. Reasons of what the
    market refuses begin with "storage:".
@custom:security What a shard holds and whether it can be repaired is the client's affair: the root alone stands here. A
    lost shard that the client names itself in another role costs its provider a fifth of the damages, so nobody gains by
    losing to oneself.
@custom:kill When the market is removed from the hub nothing is accepted or prolonged, and clients close at once.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IStorageDeals

implements: IStorageDeals


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import signatures
from .lib import acceptances
from .lib import deals

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: deals
initializes: acceptances[eip712 := eip712, signatures := signatures, deals := deals]

exports: (eip712.eip712Domain, deals.__interface__, acceptances.__interface__)


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_market: address):
    """
    @param _market The StorageMarket, which names this contract.
    """
    eip712.__init__("Keifu Storage", "1")
    deals.__init__(_market)


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
#                            INTERNAL                            #
# ############################################################## #

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
        _caller, shard.provider, deal.price, damages, shard.start, shard.end, _unanswered
    )
    deals._paid_before[_deal][_index] += deal.price * staticcall deals.market.proven(shard.provider, shard.start, end)
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
