# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title AgentMarket
@license MIT
@notice Sales of intelligent NFTs: token, data and price change hands in one transaction. The price of private data is
    held until nobody can prove any more that its key was wrong; whoever did prove it gives the buyer the price back.
@dev An order is one EIP-712 struct that both sides agree to, by signature or by calling. It names everything whose
    change would make the token another one: its data, its transfer count, its leases and the state of its account.
    A wrong key is proved before the verifier, in its own window; this market only asks for the verdict. Everything is
    paid by credit, so that no receiver can hold up another.
@custom:security Whoever holds the proofs of a transfer can read the key that they seal to the buyer: attestors give
    them to the seller, who has the data anyway, and the seller settles. The buyer pays by allowance, which should be of
    this price alone. Attestors that collude can seal a right key to wrong data. The seller of a sale that is unbacked
    gets nothing when the key was wrong. A currency that its issuer can freeze can be frozen here too.
@custom:kill The timelock takes currencies off the list: nothing new is settled in them. `release`, `withdraw` and
    `cancel` always work.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IAgentAccount
from ..interfaces import IAgentMarket
from ..interfaces import IDataVerifier
from ..interfaces import IIntelligentNFT

implements: IAgentMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import signatures
from ..lib import token_transfers

initializes: eip712
initializes: signatures[eip712 := eip712]
exports: eip712.eip712Domain


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

ORDER_TYPE: constant(bytes32) = keccak256(
    "Order(address seller,address buyer,uint256 tokenId,uint256 transfers,bytes32 data,uint256 leasedUntil,address account,uint256 accountState,uint256 price,address currency,uint256 backing,bytes32 nonce,uint256 deadline)"
)


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The tokens that are sold here, and the verifier that they ask.
collection: public(immutable(IIntelligentNFT))
verifier: public(immutable(IDataVerifier))

# The coin in which attestors back a sale.
token: public(immutable(address))

# Lists currencies: the timelock.
owner: public(immutable(address))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# currency -> sales are settled in it.
is_listed: public(HashMap[address, bool])

# account -> nonce -> an order with it was settled or cancelled.
is_used: public(HashMap[address, HashMap[bytes32, bool]])

# hash of an order -> the sale that came of it.
sales: HashMap[bytes32, IAgentMarket.Sale]

# account -> currency -> what it can withdraw.
credits: public(HashMap[address, HashMap[address, uint256]])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _collection: address, _verifier: address, _owner: address):
    """
    @param _token The coin in which attestors back a sale; the first currency.
    @param _collection The tokens that are sold here.
    @param _verifier The one that `_collection` asks.
    @param _owner Lists currencies.
    """
    assert _owner != empty(address), "market: no owner"
    eip712.__init__("Keifu AgentMarket", "1")
    token = _token
    collection = IIntelligentNFT(_collection)
    verifier = IDataVerifier(_verifier)
    owner = _owner
    self._list(_token, True)


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def list_currency(_currency: address, _listed: bool):
    """
    @notice Let sales be settled in a currency, or not any more. What is held in it stays payable.
    """
    assert msg.sender == owner, "market: not the owner"
    assert _currency.is_contract, "market: currency is no contract"
    self._list(_currency, _listed)


# ############################################################## #
#                          USER FUNCTIONS                        #
# ############################################################## #

@external
def settle(
    _order: IAgentMarket.Order,
    _seller_signature: Bytes[signatures.MAX_SIGNATURE],
    _buyer_signature: Bytes[signatures.MAX_SIGNATURE],
    _proofs: DynArray[IDataVerifier.TransferValidityProof, 8],
) -> bytes32:
    """
    @notice Move a token with its data to the buyer, and take the price. The caller can be seller, buyer or anybody.
    @dev The seller has approved this market for the token, the buyer for the price.
    @param _seller_signature Of the order, by the seller; not looked at when it calls.
    @param _buyer_signature Of the order, by the buyer; not looked at when it calls.
    @param _proofs As for `iTransfer`; the nonce of the first names the transfer.
    @return The sale's number: the order's hash.
    """
    sale_id: bytes32 = self._hash(_order)
    seller: address = _order.seller if _order.seller != empty(address) else msg.sender
    buyer: address = _order.buyer if _order.buyer != empty(address) else msg.sender
    assert seller != buyer, "market: seller is the buyer"
    assert self._agrees(seller, sale_id, _seller_signature), "market: seller has not signed"
    assert self._agrees(buyer, sale_id, _buyer_signature), "market: buyer has not signed"
    self._use(seller, _order.nonce)
    self._use(buyer, _order.nonce)
    self._check_token(_order, seller)
    self._collect(_order.currency, buyer, _order.price)
    extcall collection.iTransfer(buyer, _order.token_id, _proofs)
    sale: IAgentMarket.Sale = IAgentMarket.Sale(
        seller=seller,
        buyer=buyer,
        token_id=_order.token_id,
        price=_order.price,
        currency=_order.currency,
        nonce=empty(bytes32),
        over=False,
    )
    until: uint256 = 0
    if len(_proofs) == 0:
        # Public data has no key that could be wrong.
        assert _order.backing == 0, "market: public data is not backed"
        sale.over = True
    else:
        sale.nonce = extract32(_proofs[0].ownershipProof.nonce, 0)
        verdict: IDataVerifier.Verdict = staticcall verifier.verdict(collection.address, sale.nonce)
        assert verdict.backing >= _order.backing, "market: attestors back less"
        until = verdict.until
    self.sales[sale_id] = sale
    log IAgentMarket.Settled(
        sale=sale_id,
        seller=seller,
        buyer=buyer,
        token_id=_order.token_id,
        price=_order.price,
        currency=_order.currency,
        backing=_order.backing,
        until=until,
    )
    if sale.over:
        self._pay_out(sale_id, sale)
    return sale_id


@external
def release(_sale: bytes32) -> uint256:
    """
    @notice End a sale whose price is held: to seller and creators when the complaint window is over, back to the buyer
        as soon as a wrong key was proved. Anybody can call.
    @return What the seller or the buyer was credited.
    """
    sale: IAgentMarket.Sale = self.sales[_sale]
    assert sale.buyer != empty(address), "market: no such sale"
    assert not sale.over, "market: sale is over"
    self.sales[_sale].over = True
    verdict: IDataVerifier.Verdict = staticcall verifier.verdict(collection.address, sale.nonce)
    if verdict.wrong:
        self.credits[sale.buyer][sale.currency] += sale.price
        log IAgentMarket.Refunded(sale=_sale, buyer=sale.buyer, amount=sale.price)
        return sale.price
    assert block.timestamp > verdict.until, "market: complaint window is open"
    return self._pay_out(_sale, sale)


@external
def cancel(_nonce: bytes32):
    """
    @notice Take back every order of the caller's with this nonce that was not settled.
    """
    self._use(msg.sender, _nonce)
    log IAgentMarket.Cancelled(account=msg.sender, nonce=_nonce)


@external
def withdraw(_currency: address, _receiver: address) -> uint256:
    """
    @notice Pay out what the caller was credited in a currency.
    """
    assert _receiver != empty(address), "market: no receiver"
    amount: uint256 = self.credits[msg.sender][_currency]
    assert amount > 0, "market: nothing to withdraw"
    self.credits[msg.sender][_currency] = 0
    token_transfers._push(IERC20(_currency), _receiver, amount)
    log IAgentMarket.Withdrawn(account=msg.sender, currency=_currency, receiver=_receiver, amount=amount)
    return amount


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def sale_of(_sale: bytes32) -> IAgentMarket.Sale:
    """
    @notice A sale; empty for one that was never settled.
    """
    return self.sales[_sale]


@external
@view
@reentrant
def order_hash(_order: IAgentMarket.Order) -> bytes32:
    """
    @notice The number that a sale of this order has (EIP-712's hashStruct).
    """
    return self._hash(_order)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _list(_currency: address, _listed: bool):
    self.is_listed[_currency] = _listed
    log IAgentMarket.CurrencyListed(currency=_currency, listed=_listed)


@internal
@view
def _agrees(_party: address, _order: bytes32, _signature: Bytes[signatures.MAX_SIGNATURE]) -> bool:
    """
    @dev By calling, or by signature.
    """
    return msg.sender == _party or signatures._signed(_party, _order, _signature)


@internal
def _use(_account: address, _nonce: bytes32):
    assert not self.is_used[_account][_nonce], "market: nonce was used"
    self.is_used[_account][_nonce] = True


@internal
@view
def _check_token(_order: IAgentMarket.Order, _seller: address):
    """
    @dev The token, and the terms under which it is sold, are what both sides agreed to.
    """
    assert block.timestamp <= _order.deadline, "market: order has expired"
    assert self.is_listed[_order.currency], "market: currency is not listed"
    if _order.currency == token and _order.backing > 0:
        assert _order.backing >= _order.price, "market: backed below the price"
    assert staticcall collection.ownerOf(_order.token_id) == _seller, "market: seller does not own it"
    assert staticcall collection.transfer_count(_order.token_id) == _order.transfers, "market: token has moved"
    assert staticcall collection.data_hash_of(_order.token_id) == _order.data, "market: data has changed"
    assert staticcall collection.leased_until(_order.token_id) <= _order.leased_until, "market: leased for longer"
    if _order.account != empty(address):
        assert staticcall IAgentAccount(_order.account).state() == _order.account_state, "market: account has acted"


@internal
def _collect(_currency: address, _from: address, _amount: uint256):
    """
    @dev Take the price. A currency that takes a fee on transfer is refused.
    """
    currency: IERC20 = IERC20(_currency)
    before: uint256 = staticcall currency.balanceOf(self)
    assert extcall currency.transferFrom(_from, self, _amount, default_return_value=True), "market: price was refused"
    assert staticcall currency.balanceOf(self) == before + _amount, "market: currency takes a fee"


@internal
def _pay_out(_sale_id: bytes32, _sale: IAgentMarket.Sale) -> uint256:
    """
    @dev Credit the creators with their royalties and the seller with the rest.
    @return What the seller got.
    """
    rest: uint256 = _sale.price
    royalties: DynArray[IIntelligentNFT.Share, 9] = staticcall collection.royalty_shares(_sale.token_id, _sale.price)
    for share: IIntelligentNFT.Share in royalties:
        rest -= share.amount
        self.credits[share.receiver][_sale.currency] += share.amount
    self.credits[_sale.seller][_sale.currency] += rest
    log IAgentMarket.Released(sale=_sale_id, seller=_sale.seller, amount=rest, royalties=royalties)
    return rest


@internal
@pure
def _hash(_order: IAgentMarket.Order) -> bytes32:
    return keccak256(abi_encode(ORDER_TYPE, _order))
