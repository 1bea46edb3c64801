# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Offers: what a service costs, and from when
@license MIT
@notice A new service's offer counts at once; another one counts after notice, so that nobody pays a price that it could
    not know.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IComputeMarket


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Time between announcing an offer and its effect, seconds.
NOTICE: public(constant(uint256)) = 86_400

# Longest time between two redemptions, seconds: a payer who leaves waits three of them, and 30 days at most.
LONGEST_INTERVAL: constant(uint256) = 10 * 86_400


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> environment -> the offer before the last change, and the one after it; from when that counts.
_before: HashMap[address, HashMap[bytes32, IComputeMarket.Offer]]
_after: HashMap[address, HashMap[bytes32, IComputeMarket.Offer]]
_from: HashMap[address, HashMap[bytes32, uint256]]


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def offer(
    _operator: address, _environment: bytes32
) -> (IComputeMarket.Offer, IComputeMarket.Offer, uint256):
    """
    @notice What a service costs now, what the last announcement says, and from when that counts (unix seconds).
    """
    after: IComputeMarket.Offer = self._after[_operator][_environment]
    since: uint256 = self._from[_operator][_environment]
    if since <= block.timestamp:
        return after, after, since
    return self._before[_operator][_environment], after, since


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _begin(_operator: address, _environment: bytes32, _offer: IComputeMarket.Offer):
    """
    @dev Of a new service: nobody relies on another one.
    """
    self._store(_operator, _environment, _offer, block.timestamp)


@internal
def _change(_operator: address, _environment: bytes32, _offer: IComputeMarket.Offer):
    """
    @dev The last offer again changes nothing.
    """
    after: IComputeMarket.Offer = self._after[_operator][_environment]
    if keccak256(abi_encode(after)) == keccak256(abi_encode(_offer)):
        return
    assert self._from[_operator][_environment] <= block.timestamp, "compute: an offer is under notice"
    self._before[_operator][_environment] = after
    self._store(_operator, _environment, _offer, block.timestamp + NOTICE)


@internal
def _store(_operator: address, _environment: bytes32, _offer: IComputeMarket.Offer, _from: uint256):
    assert _offer.token != empty(address), "compute: offer names no token"
    interval: uint256 = convert(_offer.interval, uint256)
    assert 0 < interval and interval <= LONGEST_INTERVAL, "compute: bad interval"
    self._after[_operator][_environment] = _offer
    self._from[_operator][_environment] = _from
    log IComputeMarket.OfferAnnounced(
        operator=_operator, environment=_environment, offer=_offer, effective_from=_from
    )
