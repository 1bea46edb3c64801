# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title StorageRepairs
@license MIT
@notice Shards that are demanded, handed over and repaired. Anybody has one named leaf shown on the chain, for a fee: a
    provider that does not answer in the window loses the shard. A provider hands a shard over to another one without a
    slash, and a client names another provider for what nobody accepted. Whoever rebuilds a lost shard gets its bounty.
@dev A repairer has one shard for itself for `TURN` epochs, against a bond. It opens five leaves drawn from a seed that
    came after its reservation, for its own address: what it shows is of no use to anybody else. Fees and bonds are
    here, everything else is at the market.
@custom:security What a repairer stores is what the deal's root names, so a wrong repair is none. Whether five leaves
    are of a codeword is not judged here: a client whose parity is wrong loses the repair of its own data.
@custom:kill When the market is removed from the hub nobody takes anything over; demands are answered and fees returned.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IStorageDeals
from ..interfaces import IStorageMarket
from ..interfaces import IStorageRepairs

implements: IStorageRepairs


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import payouts
from ..lib import token_transfers
from .lib import trees

initializes: payouts

exports: (payouts.credits, payouts.pay, payouts.token, payouts.withdraw)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Epochs after its reservation in which a repairer may complete.
TURN: constant(uint256) = 2

# A repairer's bond is one in so many of the bounty.
BOND_PART: constant(uint256) = 4

# Demands that a provider must answer in an epoch, at most; further ones wait for the next.
DEMANDS: constant(uint256) = 8

# States of a shard, as the deals have them.
FREE: constant(uint256) = 0
ACCEPTED: constant(uint256) = 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where shards stand, and the market whose epochs and seeds count.
deals: public(immutable(IStorageDeals))
market: public(immutable(IStorageMarket))

# Seconds in which a demand is to be answered: those of a proof.
window: public(immutable(uint256))

# Epochs after a promise's end until its reserve is free, as the market has them.
evidence: immutable(uint256)

# Wei that whoever demands a leaf pays for the answer.
demand_fee: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# deal -> index -> the open demand, the repair under way, the last proposal.
_demands: HashMap[bytes32, HashMap[uint256, IStorageRepairs.Demand]]
_repairs: HashMap[bytes32, HashMap[uint256, IStorageRepairs.Repair]]
_proposals: HashMap[bytes32, HashMap[uint256, IStorageRepairs.Proposal]]

# provider -> epoch -> demands.
demanded: public(HashMap[address, HashMap[uint256, uint256]])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_deals: address, _demand_fee: uint256):
    """
    @param _deals The StorageDeals, which name this contract.
    @param _demand_fee Wei for the answer to a demand: one and a half times its gas.
    """
    assert _deals.is_contract, "repairs: deals are no contract"
    assert _demand_fee > 0, "repairs: no fee"
    deals = IStorageDeals(_deals)
    market = staticcall deals.market()
    payouts.__init__((staticcall market.token()).address)
    window = staticcall market.window()
    evidence = staticcall market.EVIDENCE()
    demand_fee = _demand_fee


# ############################################################## #
#                     TAKE-OVER FUNCTIONS                        #
# ############################################################## #

@external
def propose(_deal: bytes32, _index: uint256, _to: address):
    """
    @notice Let another provider take a shard over: by the provider that stores it, or by the client when nobody
        accepted it in time. Nobody: withdraw that.
    """
    shard: IStorageDeals.Shard = staticcall deals.shard(_deal, _index)
    assert msg.sender == self._keeper(_deal, shard), "repairs: not the caller's to give"
    self._proposals[_deal][_index] = IStorageRepairs.Proposal(by=msg.sender, to=_to)
    log IStorageRepairs.Proposed(deal=_deal, index=_index, by=msg.sender, to=_to)


@external
def accept_proposal(_deal: bytes32, _index: uint256, _named: IStorageDeals.Named):
    """
    @notice Take a shard over that was proposed to the caller, and store it from now on; paid from the next epoch on.
        What the one before has reserved stays so for the evidence window.
    """
    proposal: IStorageRepairs.Proposal = self._proposals[_deal][_index]
    shard: IStorageDeals.Shard = staticcall deals.shard(_deal, _index)
    assert msg.sender == proposal.to, "repairs: not proposed to the caller"
    assert proposal.by == self._keeper(_deal, shard), "repairs: proposal is void"
    assert self._demands[_deal][_index].until == 0, "repairs: demand is open"
    self._proposals[_deal][_index] = empty(IStorageRepairs.Proposal)
    extcall deals.take_over(_deal, _index, msg.sender, _named)
    log IStorageRepairs.TakenOver(deal=_deal, index=_index, provider=msg.sender)


# ############################################################## #
#                        REPAIRER FUNCTIONS                      #
# ############################################################## #

@external
def reserve_repair(_deal: bytes32, _index: uint256):
    """
    @notice Have a lost shard to oneself for two epochs, against a bond. Ends a reservation that was not used.
    """
    if self._repairs[_deal][_index].repairer != empty(address):
        self._end_repair(_deal, _index)
    bond: uint256 = extcall deals.reserve(_deal, _index) // BOND_PART
    self._repairs[_deal][_index] = IStorageRepairs.Repair(
        repairer=msg.sender, epoch=staticcall market.epoch(), bond=bond
    )
    token_transfers._pull(payouts.token, bond)
    log IStorageRepairs.RepairReserved(deal=_deal, index=_index, repairer=msg.sender, bond=bond)


@external
def complete_repair(
    _deal: bytes32,
    _index: uint256,
    _named: IStorageDeals.Named,
    _epoch: uint256,
    _data: Bytes[trees.LEAF_BYTES * trees.DRAWS],
    _words: DynArray[uint256, trees.MAX_WORDS],
):
    """
    @notice Show five leaves of a shard that the caller has rebuilt, get the bounty and the bond, and store it from now
        on for the deal's price.
    @param _epoch After the reservation's; its seed draws the leaves.
    """
    repair: IStorageRepairs.Repair = self._repairs[_deal][_index]
    assert msg.sender == repair.repairer, "repairs: no reservation"
    seed: bytes32 = staticcall market.seed_of(_epoch)
    assert repair.epoch < _epoch and seed != empty(bytes32), "repairs: no seed yet"
    assert len(_data) == trees.LEAF_BYTES * trees.DRAWS, "repairs: not five leaves"
    assert _named.leaves > 0, "repairs: no such leaf"
    at: uint256 = 0
    for number: uint256 in range(trees.DRAWS):
        leaf: uint256 = trees._repair_draw(seed, _deal, _index, msg.sender, number, _named.leaves)
        data: Bytes[trees.LEAF_BYTES] = slice(_data, number * trees.LEAF_BYTES, trees.LEAF_BYTES)
        at = self._check_leaf(_named, leaf, data, _words, at)
    assert at == len(_words), "repairs: words left over"
    self._repairs[_deal][_index] = empty(IStorageRepairs.Repair)
    payouts.credits[msg.sender] += repair.bond
    extcall deals.take_over(_deal, _index, msg.sender, _named)
    log IStorageRepairs.RepairEnded(deal=_deal, index=_index, repairer=msg.sender, done=True)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def end_repair(_deal: bytes32, _index: uint256):
    """
    @notice End a reservation that was not used in its time: the client gets the bond.
    """
    assert self._repairs[_deal][_index].repairer != empty(address), "repairs: no reservation"
    self._end_repair(_deal, _index)


@external
def demand(_deal: bytes32, _index: uint256, _named: IStorageDeals.Named, _leaf: uint256):
    """
    @notice Have a provider show one leaf on the chain within the window, for a fee. No answer: the shard is lost.
    """
    assert staticcall deals.is_named(_deal, _index, _named), "repairs: not in the deal"
    assert _leaf < _named.leaves, "repairs: no such leaf"
    shard: IStorageDeals.Shard = staticcall deals.shard(_deal, _index)
    now: uint256 = staticcall market.epoch()
    assert shard.state == ACCEPTED and now < shard.end, "repairs: shard is not stored"
    assert self._demands[_deal][_index].until == 0, "repairs: demand is open"
    assert self.demanded[shard.provider][now] < DEMANDS, "repairs: too many demands"
    self.demanded[shard.provider][now] += 1
    until: uint256 = block.timestamp + window
    self._demands[_deal][_index] = IStorageRepairs.Demand(
        caller=msg.sender, provider=shard.provider, leaf=_leaf, until=until
    )
    token_transfers._pull(payouts.token, demand_fee)
    log IStorageRepairs.Demanded(deal=_deal, index=_index, caller=msg.sender, leaf=_leaf, until=until)


@external
def answer(
    _deal: bytes32,
    _index: uint256,
    _named: IStorageDeals.Named,
    _data: Bytes[trees.LEAF_BYTES],
    _words: DynArray[uint256, trees.MAX_WORDS],
):
    """
    @notice Show the leaf that was demanded of a shard: its provider gets the fee. Late is better than never: it counts
        until somebody ends the demand.
    """
    asked: IStorageRepairs.Demand = self._demands[_deal][_index]
    assert asked.until > 0, "repairs: no demand"
    assert staticcall deals.is_named(_deal, _index, _named), "repairs: not in the deal"
    assert len(_data) == trees.LEAF_BYTES, "repairs: not a leaf"
    at: uint256 = self._check_leaf(_named, asked.leaf, _data, _words, 0)
    assert at == len(_words), "repairs: words left over"
    self._demands[_deal][_index] = empty(IStorageRepairs.Demand)
    payouts.credits[asked.provider] += demand_fee
    log IStorageRepairs.Answered(deal=_deal, index=_index, data=_data)


@external
def end_demand(_deal: bytes32, _index: uint256):
    """
    @notice End a demand that was not answered: the fee goes back, and the shard is lost if its provider still owes it.
        After the window; any time when the shard was lost otherwise. The caller is rewarded as for any lost shard.
    """
    asked: IStorageRepairs.Demand = self._demands[_deal][_index]
    assert asked.until > 0, "repairs: no demand"
    shard: IStorageDeals.Shard = staticcall deals.shard(_deal, _index)
    stored: bool = shard.state == ACCEPTED and shard.provider == asked.provider
    owed: bool = stored and staticcall market.epoch() < shard.end + evidence
    assert not owed or asked.until < block.timestamp, "repairs: may still be answered"
    self._demands[_deal][_index] = empty(IStorageRepairs.Demand)
    payouts.credits[asked.caller] += demand_fee
    if owed:
        extcall deals.lose_unanswered(_deal, _index, msg.sender)
    log IStorageRepairs.DemandEnded(deal=_deal, index=_index, lost=owed)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def demand_of(_deal: bytes32, _index: uint256) -> IStorageRepairs.Demand:
    """
    @notice The open demand on a shard; zeros when there is none.
    """
    return self._demands[_deal][_index]


@external
@view
def repair_of(_deal: bytes32, _index: uint256) -> IStorageRepairs.Repair:
    """
    @notice Who has a lost shard for itself; zeros when nobody has.
    """
    return self._repairs[_deal][_index]


@external
@view
def proposal_of(_deal: bytes32, _index: uint256) -> IStorageRepairs.Proposal:
    """
    @notice The last proposal of a shard; void once its proposer keeps it no more.
    """
    return self._proposals[_deal][_index]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _keeper(_deal: bytes32, _shard: IStorageDeals.Shard) -> address:
    """
    @dev Who may give a shard to another provider; zero for a shard that was lost or is over.
    """
    if _shard.state == ACCEPTED:
        return _shard.provider
    if _shard.state == FREE:
        deal: IStorageDeals.Deal = staticcall deals.deal(_deal)
        return deal.client
    return empty(address)


@internal
@pure
def _check_leaf(
    _named: IStorageDeals.Named,
    _leaf: uint256,
    _data: Bytes[trees.LEAF_BYTES],
    _words: DynArray[uint256, trees.MAX_WORDS],
    _at: uint256,
) -> uint256:
    """
    @dev That the words from `_at` on lead from a leaf to its shard's root.
    @return The place after them.
    """
    node: bytes32 = trees._leaf(_data, _leaf)
    at: uint256 = 0
    node, at = trees._climb(node, _leaf, _named.leaves, _words, _at, trees.NODE)
    assert node == _named.shard, "repairs: not in the shard"
    return at


@internal
def _end_repair(_deal: bytes32, _index: uint256):
    """
    @dev End a reservation whose time is over. Epochs without a seed do not count against the repairer, up to twice its
        time.
    """
    repair: IStorageRepairs.Repair = self._repairs[_deal][_index]
    now: uint256 = staticcall market.epoch()
    had_a_seed: bool = (staticcall market.seed_of(repair.epoch + 1)) != empty(bytes32) or (
        staticcall market.seed_of(repair.epoch + 2)
    ) != empty(bytes32)
    assert repair.epoch + (TURN if had_a_seed else 2 * TURN) < now, "repairs: shard is reserved"
    self._repairs[_deal][_index] = empty(IStorageRepairs.Repair)
    extcall deals.release(_deal, _index)
    deal: IStorageDeals.Deal = staticcall deals.deal(_deal)
    payouts.credits[deal.client] += repair.bond
    log IStorageRepairs.RepairEnded(deal=_deal, index=_index, repairer=repair.repairer, done=False)
