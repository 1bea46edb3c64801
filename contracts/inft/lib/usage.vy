# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Who may use a token's data without owning it
@license MIT
@notice Free authorisations end when the token changes hands; a prepaid lease runs to its end, and whoever buys the
    token sees until when.
@dev An authorisation is bound to the number of moves at which it was given: a transfer ends all of them and touches
    none.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ...interfaces import IIntelligentNFT


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import tokens

uses: tokens


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Free authorisations of one token at a time.
MAX_USERS: constant(uint256) = 100

# Longest lease and longest time that an offer is open, seconds.
LONGEST_LEASE: constant(uint256) = 180 * 86_400
LONGEST_OFFER: constant(uint256) = 365 * 86_400

# Widths in packed words.
MASK_32: constant(uint256) = 2**32 - 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_96: constant(uint256) = 2**96 - 1
SCOPES: constant(uint256) = 2**8 - 1


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# token -> moves -> number of users, and the users.
counts: HashMap[uint256, HashMap[uint256, uint256]]
users: HashMap[uint256, HashMap[uint256, HashMap[uint256, address]]]

# token -> user -> place in the list, from 1, 16 | moves 48.
places: HashMap[uint256, HashMap[address, uint256]]

# token -> price 96 | currency 160; and duration 32 | quota 32 | scope 8 | open until 40 | moves 48.
prices: HashMap[uint256, uint256]
offers: HashMap[uint256, uint256]

# token -> user -> expires at 40 | quota 32 | used 32 | scope 8.
leases: HashMap[uint256, HashMap[address, uint256]]

# token -> unix seconds at which its last lease ends.
last_lease: HashMap[uint256, uint256]


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def authorizeUsage(_token_id: uint256, _user: address):
    """
    @notice Let `_user` use the data until the token changes hands.
    """
    moves: uint256 = self._check_owner(_token_id)
    assert _user != empty(address), "inft: no user"
    assert not self._is_free_user(_token_id, _user, moves), "inft: user is authorized"
    count: uint256 = self.counts[_token_id][moves]
    assert count < MAX_USERS, "inft: too many users"
    self.users[_token_id][moves][count] = _user
    self.counts[_token_id][moves] = count + 1
    self.places[_token_id][_user] = count + 1 | moves << 16
    log IIntelligentNFT.Authorization(_from=msg.sender, _to=_user, _tokenId=_token_id)


@external
def revokeAuthorization(_token_id: uint256, _user: address):
    """
    @notice End a free authorisation. A lease that was paid for is not touched.
    """
    moves: uint256 = self._check_owner(_token_id)
    assert self._is_free_user(_token_id, _user, moves), "inft: user is not authorized"
    place: uint256 = self.places[_token_id][_user] & 65_535
    count: uint256 = self.counts[_token_id][moves]
    last: address = self.users[_token_id][moves][count - 1]
    # The last of the list takes the place that becomes free.
    self.users[_token_id][moves][place - 1] = last
    self.places[_token_id][last] = place | moves << 16
    self.users[_token_id][moves][count - 1] = empty(address)
    self.places[_token_id][_user] = 0
    self.counts[_token_id][moves] = count - 1
    log IIntelligentNFT.AuthorizationRevoked(_from=msg.sender, _to=_user, _tokenId=_token_id)


@external
def offer_lease(_token_id: uint256, _offer: IIntelligentNFT.LeaseOffer):
    """
    @notice Let anybody lease the token's data on these terms; one with `open_until` 0 withdraws what was offered.
    """
    moves: uint256 = self._check_owner(_token_id)
    if _offer.open_until == 0:
        self.offers[_token_id] = 0
    else:
        assert _offer.price <= MASK_96, "inft: price too high"
        assert _offer.currency != empty(address), "inft: no currency"
        assert 0 < _offer.duration and _offer.duration <= LONGEST_LEASE, "inft: bad duration"
        assert 0 < _offer.quota and _offer.quota <= MASK_32, "inft: bad quota"
        assert 0 < _offer.scope and _offer.scope <= SCOPES, "inft: bad scope"
        assert block.timestamp < _offer.open_until, "inft: offer is over"
        assert _offer.open_until <= block.timestamp + LONGEST_OFFER, "inft: offer too long"
        self.prices[_token_id] = _offer.price | convert(_offer.currency, uint256) << 96
        self.offers[_token_id] = (
            _offer.duration | _offer.quota << 32 | _offer.scope << 64 | _offer.open_until << 72 | moves << 112
        )
    log IIntelligentNFT.LeaseOffered(
        token_id=_token_id,
        price=_offer.price,
        currency=_offer.currency,
        duration=_offer.duration,
        quota=_offer.quota,
        scope=_offer.scope,
        open_until=_offer.open_until,
    )


# ############################################################## #
#                          USER FUNCTIONS                        #
# ############################################################## #

@external
def lease(_token_id: uint256, _offer: IIntelligentNFT.LeaseOffer) -> uint256:
    """
    @notice Pay the owner for a lease on the terms that the caller saw. It holds whoever owns the token later.
    @return Unix seconds at which it ends.
    """
    word: uint256 = tokens._existing(_token_id)
    offer: IIntelligentNFT.LeaseOffer = self._offer(_token_id, tokens._moves(word))
    assert offer.open_until > 0, "inft: no lease is offered"
    assert block.timestamp <= offer.open_until, "inft: offer is over"
    assert keccak256(abi_encode(offer)) == keccak256(abi_encode(_offer)), "inft: offer has changed"
    running: IIntelligentNFT.Lease = self._lease(_token_id, msg.sender)
    assert not self._is_running(running), "inft: lease is running"
    owner: address = convert(word & tokens.OWNER, address)
    expires_at: uint256 = block.timestamp + offer.duration
    self.leases[_token_id][msg.sender] = expires_at | offer.quota << 40 | offer.scope << 104
    self.last_lease[_token_id] = max(self.last_lease[_token_id], expires_at)
    log IIntelligentNFT.Leased(
        token_id=_token_id,
        user=msg.sender,
        owner=owner,
        price=offer.price,
        currency=offer.currency,
        expires_at=expires_at,
        quota=offer.quota,
        scope=offer.scope,
    )
    if offer.price > 0:
        currency: IERC20 = IERC20(offer.currency)
        assert extcall currency.transferFrom(msg.sender, owner, offer.price, default_return_value=True), (
            "inft: payment refused"
        )
    return expires_at


@external
def record_use(_token_id: uint256, _uses: uint256) -> uint256:
    """
    @notice Count uses of the caller's lease: whoever runs the data asks for it before it answers.
    @return Uses that are left.
    """
    tokens._existing(_token_id)
    running: IIntelligentNFT.Lease = self._lease(_token_id, msg.sender)
    assert block.timestamp < running.expires_at, "inft: no lease is running"
    assert 0 < _uses and _uses <= running.quota - running.used, "inft: quota is used up"
    self.leases[_token_id][msg.sender] += _uses << 72
    left: uint256 = running.quota - running.used - _uses
    log IIntelligentNFT.UseRecorded(token_id=_token_id, user=msg.sender, uses=_uses, left=left)
    return left


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def authorizedUsersOf(_token_id: uint256) -> DynArray[address, 100]:
    """
    @notice Whom the owner lets use the data for nothing.
    """
    moves: uint256 = tokens._moves(tokens._existing(_token_id))
    found: DynArray[address, 100] = []
    for i: uint256 in range(self.counts[_token_id][moves], bound=MAX_USERS):
        found.append(self.users[_token_id][moves][i])
    return found


@external
@view
@reentrant
def may_use(_token_id: uint256, _user: address) -> bool:
    """
    @notice Whether an account may use the data now: as owner, as authorised, or by a lease with uses left.
    """
    word: uint256 = tokens._existing(_token_id)
    if _user == convert(word & tokens.OWNER, address) or self._is_free_user(_token_id, _user, tokens._moves(word)):
        return True
    return self._is_running(self._lease(_token_id, _user))


@external
@view
@reentrant
def lease_offer(_token_id: uint256) -> IIntelligentNFT.LeaseOffer:
    """
    @notice On what terms the token's data can be leased; empty when it cannot.
    """
    return self._offer(_token_id, tokens._moves(tokens._existing(_token_id)))


@external
@view
@reentrant
def lease_of(_token_id: uint256, _user: address) -> IIntelligentNFT.Lease:
    """
    @notice An account's last lease.
    """
    return self._lease(_token_id, _user)


@external
@view
@reentrant
def leased_until(_token_id: uint256) -> uint256:
    """
    @notice Unix seconds at which the last lease ends that whoever buys the token has to honour; 0 for none.
    """
    return self.last_lease[_token_id]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _check_owner(_token_id: uint256) -> uint256:
    """
    @return How often the token moved.
    """
    word: uint256 = tokens._existing(_token_id)
    assert convert(word & tokens.OWNER, address) == msg.sender, "inft: not the owner"
    return tokens._moves(word)


@internal
@view
def _is_free_user(_token_id: uint256, _user: address, _moves: uint256) -> bool:
    word: uint256 = self.places[_token_id][_user]
    return word != 0 and word >> 16 == _moves


@internal
@view
def _is_running(_lease: IIntelligentNFT.Lease) -> bool:
    return block.timestamp < _lease.expires_at and _lease.used < _lease.quota


@internal
@view
def _lease(_token_id: uint256, _user: address) -> IIntelligentNFT.Lease:
    word: uint256 = self.leases[_token_id][_user]
    return IIntelligentNFT.Lease(
        expires_at=word & MASK_40,
        quota=(word >> 40) & MASK_32,
        used=(word >> 72) & MASK_32,
        scope=word >> 104,
    )


@internal
@view
def _offer(_token_id: uint256, _moves: uint256) -> IIntelligentNFT.LeaseOffer:
    """
    @dev Empty when there is none of this owner's time.
    """
    word: uint256 = self.offers[_token_id]
    if word == 0 or word >> 112 != _moves:
        return empty(IIntelligentNFT.LeaseOffer)
    price: uint256 = self.prices[_token_id]
    return IIntelligentNFT.LeaseOffer(
        price=price & MASK_96,
        currency=convert(price >> 96, address),
        duration=word & MASK_32,
        quota=(word >> 32) & MASK_32,
        scope=(word >> 64) & SCOPES,
        open_until=(word >> 72) & MASK_40,
    )
