# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Insurance
@license MIT
@notice Holds what slashes take and do not pay to services. It gives back only to those from whom a removed service
    took, pro rata and at most what that service took; nothing else ever leaves it.
@dev Who lost what follows from the hub's log, so anybody can recompute the list whose root the owner sets: a Merkle tree
    as in OpenZeppelin's StandardMerkleTree over (owner key, wei). A service has one list, once it cannot slash any more.
@custom:security The owner (a timelock) names the list; a wrong one stands in the timelock for its delay, where anybody
    can see and dispute it. Whatever it names, no list gives out more than its service took, nor more than is here and
    not promised to another list. A position of a contract that cannot call `claim` gets nothing.
@custom:kill Cannot be stopped. The owner stops a list by cancelling it in the timelock.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IInsurance
from ..interfaces import IStakingHub

implements: IInsurance


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import merkle
from ..lib import token_transfers


# ############################################################## #
#                           IMMUTABLES                           #
# ############################################################## #

# The coin at stake.
token: public(immutable(IERC20))

# The staking hub, whose slashes are insured.
hub: public(immutable(IStakingHub))

# Names lists of losers.
owner: public(immutable(address))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# service -> what is given back of its slashes.
refunds: HashMap[address, IInsurance.Refund]

# service -> owner key -> whether its loss was given back.
claimed: public(HashMap[address, HashMap[address, bool]])

# Wei of lists that nobody claimed yet.
promised: uint256


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address, _owner: address):
    """
    @param _token The coin at stake.
    @param _hub The staking hub; it may be deployed later.
    @param _owner Names lists of losers; a timelock.
    """
    assert _token.is_contract, "insurance: token is no contract"
    assert _hub != empty(address), "insurance: no hub"
    assert _owner != empty(address), "insurance: no owner"
    token = IERC20(_token)
    hub = IStakingHub(_hub)
    owner = _owner


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def open_refund(_service: address, _root: bytes32, _amount: uint256):
    """
    @notice Give `_amount` wei back to those from whom a service took that was removed at least its horizon ago.
    @param _root Merkle root over (owner key, wei); the wei sum to `_amount`.
    """
    assert msg.sender == owner, "insurance: not the owner"
    assert _root != empty(bytes32) and _amount > 0, "insurance: nothing to refund"
    assert self.refunds[_service].root == empty(bytes32), "insurance: refund known"
    service: IStakingHub.Service = staticcall hub.service(_service)
    assert service.removed > 0 and block.timestamp >= service.removed + service.horizon, "insurance: service not over"
    assert _amount <= service.taken, "insurance: more than it took"
    extcall hub.pay_insurance()
    assert _amount <= self._free(), "insurance: more than is here"
    self.promised += _amount
    self.refunds[_service] = IInsurance.Refund(root=_root, left=_amount)
    log IInsurance.RefundOpened(service=_service, root=_root, amount=_amount)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def claim(
    _service: address, _amount: uint256, _proof: DynArray[bytes32, merkle.MAX_DEPTH], _receiver: address, _sub: uint256
):
    """
    @notice Pay the caller what its list says that it lost.
    @param _amount Wei, as in the list.
    @param _sub Sub-account of the caller at the hub; 0 for the account itself.
    """
    assert _receiver != empty(address), "insurance: no receiver"
    loser: address = staticcall hub.owner_key(msg.sender, _sub)
    refund: IInsurance.Refund = self.refunds[_service]
    leaf: bytes32 = keccak256(keccak256(abi_encode(loser, _amount)))
    assert refund.root != empty(bytes32) and merkle._root(leaf, _proof) == refund.root, "insurance: not in the list"
    assert not self.claimed[_service][loser], "insurance: claimed"
    assert _amount <= refund.left, "insurance: list is used up"
    self.claimed[_service][loser] = True
    self.refunds[_service].left = refund.left - _amount
    self.promised -= _amount
    log IInsurance.Refunded(service=_service, loser=loser, receiver=_receiver, amount=_amount)
    token_transfers._push(token, _receiver, _amount)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def refund(_service: address) -> IInsurance.Refund:
    """
    @notice What is given back of a service's slashes.
    """
    return self.refunds[_service]


@external
@view
def free() -> uint256:
    """
    @notice Wei that no list has promised to anybody.
    """
    return self._free()


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _free() -> uint256:
    return staticcall token.balanceOf(self) - self.promised
