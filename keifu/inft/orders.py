"""What a seller and a buyer of an intelligent NFT agree on, as AgentMarket takes it.

order = Order.of(nft, token_id, price=100 * COIN, currency=token, nonce=nonce, deadline=deadline, seller=seller.address)
signature = order.sign(market_domain(chain_id, market), seller)
market.settle(order.args, signature, b"", proofs, sender=buyer)
"""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu._handed import Handed
from keifu.abi.eip712 import ORDER
from keifu.keys import Account, Domain

__all__ = ["Order", "SignedOrder", "market_domain"]


def market_domain(chain_id: int, market: str) -> Domain:
    """In which orders are signed."""
    return Domain("Keifu AgentMarket", "1", chain_id, market)


@dataclass(frozen=True)
class Order:
    """One sale. Zero as seller or buyer stands for whoever settles it; `backing` of 0 says that it is unbacked."""

    seller: str
    buyer: str
    token_id: int
    transfers: int  # the token's transfer count
    data: bytes  # the token's `data_hash_of`
    leased_until: int  # unix seconds; the buyer takes no lease that ends later
    account: str  # of the token (ERC-6551), whose state is as agreed; zero for none
    account_state: int
    price: int  # in the currency's smallest unit
    currency: str
    backing: int  # wei that attestors promise to the seller for a wrong key
    nonce: bytes
    deadline: int  # unix seconds

    @classmethod
    def of(
        cls,
        collection: Any,
        token_id: int,
        *,
        price: int,
        currency: str,
        nonce: bytes,
        deadline: int,
        seller: str = ZERO_ADDRESS,
        buyer: str = ZERO_ADDRESS,
        backing: int = 0,
        account: Any = None,
    ) -> Order:
        """An order for a token, and for its account if one is given, as they are now on the chain."""
        return cls(
            seller,
            buyer,
            token_id,
            collection.transfer_count(token_id),
            bytes(collection.data_hash_of(token_id)),
            collection.leased_until(token_id),
            ZERO_ADDRESS if account is None else account.address,
            0 if account is None else account.state(),
            price,
            currency,
            backing,
            nonce,
            deadline,
        )

    @property
    def args(self) -> tuple[Any, ...]:
        """As the market takes it."""
        return astuple(self)

    @property
    def hash(self) -> bytes:
        """EIP-712's hashStruct: the number of the sale."""
        return ORDER.hash(*self.args)

    def sign(self, domain: Domain, party: Account) -> bytes:
        """A seller's or a buyer's signature."""
        return domain.sign(party, ORDER, *self.args)


class SignedOrder(Handed):
    """An order as a document that seller and buyer pass on; large numbers as text, bytes in hex."""

    NOUN, WRITER = "order", "keifu inft order"

    chain_id: int
    market: str
    order: dict[str, str]
    seller_signature: str = ""
    buyer_signature: str = ""

    @classmethod
    def of(cls, chain_id: int, market: str, order: Order) -> SignedOrder:
        """Signed by nobody yet."""
        written = {
            name: value.hex() if isinstance(value, bytes) else str(value) for name, value in asdict(order).items()
        }
        return cls(chain_id, market, written)

    @property
    def terms(self) -> Order:
        """What is agreed on."""
        read: dict[str, Any] = {"str": str, "int": int, "bytes": bytes.fromhex}
        kinds = {name: str(field.type) for name, field in Order.__dataclass_fields__.items()}
        return Order(**{name: read[kinds[name]](text) for name, text in self.order.items()})

    @property
    def digest(self) -> bytes:
        """What both sides sign."""
        return market_domain(self.chain_id, self.market).digest(ORDER, *self.terms.args)

    def require_readable(self) -> None:
        _ = self.terms.hash, bytes.fromhex(self.seller_signature), bytes.fromhex(self.buyer_signature)
