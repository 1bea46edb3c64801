# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What a shard has earned, and what goes back to its client
@license MIT
@notice In the suite's coin the market pays a provider by its rate, and this says only what the client does not get back.
    In another token a provider is credited here, epoch by proven epoch.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IStorageDeals


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import deals
from . import ledgers
from . import tokens
from . import trees

uses: deals
uses: tokens


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# What was earned of a shard: units of the deal's price 128 | epoch up to which its provider was credited.
UNTIL_AT: constant(uint256) = 128
U128: constant(uint256) = 2**128 - 1


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def collect(_deal: bytes32, _indices: DynArray[uint256, trees.MAX_SHARDS]) -> uint256:
    """
    @notice Credit providers of a deal in another token with what they have proven before this epoch. Anybody may call.
    @return Units of the token that were credited.
    """
    deal: IStorageDeals.Deal = deals._get_deal(_deal)
    assert not deals._in_coin(deal), "deals: paid by the market"
    total: uint256 = 0
    for index: uint256 in _indices:
        shard: IStorageDeals.Shard = deals._get_shard(_deal, index)
        assert shard.state == deals.ACCEPTED, "deals: shard is not stored"
        total += self._settle(_deal, index, deal, shard, min(shard.end, deals._now()))
    return total


@external
def refund(_deal: bytes32, _indices: DynArray[uint256, trees.MAX_SHARDS]):
    """
    @notice Credit the client with what was not proven of shards that are over: ended, never accepted in time, or lost
        and not repaired. Anybody may call, of a shard that ended from three epochs after its end on; its client at
        once, whose right to have it declared lost ends with it.
    """
    deal: IStorageDeals.Deal = deals._get_deal(_deal)
    now: uint256 = deals._now()
    in_coin: bool = deals._in_coin(deal)
    total: uint256 = 0
    coins: uint256 = 0
    for index: uint256 in _indices:
        assert index < deal.shards, "deals: no such shard"
        shard: IStorageDeals.Shard = deals._get_shard(_deal, index)
        bounty: uint256 = 0
        if shard.state == deals.FREE:
            assert deal.accept_by < now, "deals: may still be accepted"
        elif shard.state == deals.ACCEPTED:
            assert shard.end <= now, "deals: shard has not ended"
            # A refund ends what its provider answers for: only the client may give that up.
            shown: bool = shard.end + ledgers.EVIDENCE <= now or msg.sender == deal.client
            assert shown, "deals: may still be declared lost"
            self._settle(_deal, index, deal, shard, shard.end)
        else:
            assert shard.state != deals.OVER, "deals: shard is over"
            assert shard.state == deals.LOST, "deals: shard is under repair"
            assert deal.end <= now or msg.sender == deal.client, "deals: may still be repaired"
            bounty = deals.bounties[_deal][index]
            deals.bounties[_deal][index] = 0
        amount: uint256 = deal.price * (deal.end - deal.begin) - (deals._earned[_deal][index] & U128)
        shard.state = deals.OVER
        deals._put_shard(_deal, index, shard)
        if in_coin:
            amount *= deals.UNIT
        total += amount
        coins += bounty
        log IStorageDeals.Refunded(deal=_deal, index=index, amount=amount, bounty=bounty)
    deals._deals[_deal] += len(_indices) << deals.OVER_AT
    if in_coin:
        coins += total
    else:
        tokens.token_credits[deal.client][deal.token] += total
    extcall deals.market.credit(deal.client, coins)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _settle(
    _deal: bytes32, _index: uint256, _terms: IStorageDeals.Deal, _shard: IStorageDeals.Shard, _to: uint256
) -> uint256:
    """
    @dev What a shard's provider has proven before epoch `_to`, all decided, is no longer the client's.
    @return Units that the provider was credited: none in the coin, which the market pays by its rate.
    """
    word: uint256 = deals._earned[_deal][_index]
    since: uint256 = max(_shard.start, word >> UNTIL_AT)
    if _to <= since:
        return 0
    earned: uint256 = _terms.price * staticcall deals.market.proven(_shard.provider, since, _to)
    deals._earned[_deal][_index] = ((word & U128) + earned) | (_to << UNTIL_AT)
    if deals._in_coin(_terms):
        return 0
    tokens.token_credits[_shard.provider][_terms.token] += earned
    log IStorageDeals.Earned(deal=_deal, index=_index, provider=_shard.provider, amount=earned)
    return earned
