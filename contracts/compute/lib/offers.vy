# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Offers: what a service costs, and from when
@license MIT
@notice A new service's offer counts at once; another one counts after notice, so that nobody pays a price that it could
    not know. The offer stands in the log, its hash here: whoever is shown an offer compares.
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


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> environment -> hash of the offer before the last change, and of the one after it; from when that counts.
_before: HashMap[address, HashMap[bytes32, bytes32]]
_after: HashMap[address, HashMap[bytes32, bytes32]]
_from: HashMap[address, HashMap[bytes32, uint256]]


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def offer(_operator: address, _environment: bytes32) -> (bytes32, bytes32, uint256):
    """
    @notice Hash of the offer that counts now, of the last one that was announced, and from when that counts (unix
        seconds). A hash is `keccak256(abi_encode(offer))`.
    """
    after: bytes32 = self._after[_operator][_environment]
    since: uint256 = self._from[_operator][_environment]
    now: bytes32 = after if since <= block.timestamp else self._before[_operator][_environment]
    return now, after, since


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _set(_operator: address, _environment: bytes32, _offer: IComputeMarket.Offer, _is_new: bool):
    """
    @dev A new service's offer counts at once: nobody relies on another one. The last offer again changes nothing.
    """
    offer: bytes32 = keccak256(abi_encode(_offer))
    since: uint256 = block.timestamp
    if not _is_new:
        before: bytes32 = self._after[_operator][_environment]
        if offer == before:
            return
        assert self._from[_operator][_environment] <= since, "compute: offer is under notice"
        self._before[_operator][_environment] = before
        since += NOTICE
    self._after[_operator][_environment] = offer
    self._from[_operator][_environment] = since
    log IComputeMarket.OfferAnnounced(
        operator=_operator, environment=_environment, offer=_offer, effective_from=since
    )
