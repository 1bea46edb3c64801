"""AgentMarket at its edges: orders of which one part is no longer right, every signature, and who is paid when.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from audit.systems._constructors import Deployment, variations
from audit.systems._hub import number
from audit.systems._hub_edges import way
from audit.systems._inft_edges import InftEdges
from audit.systems._wallet_signatures import MOODS, forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import ORDER
from keifu.inft import Order, Statement
from keifu.keys import keccak256
from keifu.spec.attestors import COMPLAINT_WINDOW
from keifu.units import COIN, DAY

__all__ = ["MarketEdges"]

PRICE = 1_000 * COIN
USED, OPEN, OVER = "market: nonce was used", "market: complaint window is open", "market: sale is over"
REFUSES, NO_BUYER, NO_SELLER = (
    "inft: receiver refuses", "market: buyer has not signed", "market: seller has not signed"
)  # fmt: skip


class MarketEdges(InftEdges):
    """Short ways of sellers and buyers, from one private token of two items and a public one."""

    contracts = ("AgentMarket",)

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        deployer, creator = evm.account("owner"), self["creator"]
        nft = self.contract("nft")
        hashes = [keccak256(b"public")]
        self.public = int(nft.mint_data(creator, 1, hashes, 0, False, 1_000, 2, 2, sender=creator).value)
        registry, code = (evm.deploy(name, sender=deployer) for name in ("AccountRegistry", "AgentAccount"))
        made = registry.createAccount(code, bytes(32), evm.chain_id, nft, self.public, sender=deployer).value
        fee, wallet = evm.deploy("FeeToken", sender=deployer), evm.deploy("HostileERC1271", sender=deployer)
        self.bind(signing=evm.deploy("ContractWallet", self["buyer"], sender=deployer))
        self.bind(account=evm.at(made, "AgentAccount"), fee=fee, wallet=wallet)
        fee.mint(self["buyer"], 2 * PRICE, sender=deployer)
        fee.approve(self["market"], 2 * PRICE, sender=self["buyer"])

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self["nft"], self["verifier"], self.owner)
        yield from variations("AgentMarket", right, (3, ZERO_ADDRESS, "market: no owner"))

    def market(self, function: str, *args: Any, sender: str = "stranger", fails: str | None = None) -> Any:
        return self.tx(f"market.{function}", *args, sender=self[sender], fails=fails)

    def listing(self, currency: str, listed: bool, **rest: Any) -> Any:
        return self.tx("market.list_currency", currency, listed, sender=self.owner, **rest)

    def credit(self, role: str, currency: str = "token") -> int:
        return self.ask("market.credits", self[role], self[currency])

    def order(self, token_id: int, **parts: Any) -> Order:
        """From the creator to the buyer, of the token as it is."""
        usual: dict[str, Any] = {
            "price": PRICE, "currency": self["token"], "nonce": self.fresh("order"), "deadline": self.now + DAY,
            "seller": self["creator"], "buyer": self["buyer"],
        }  # fmt: skip
        return Order.of(self.contract("nft"), token_id, **usual | parts)

    def settling(
        self, order: Order, said: Statement | None = None, sender: str = "stranger", *, sellers: bytes | None = None,
        buyers: bytes | None = None, fails: str | None = None,
    ) -> Any:  # fmt: skip
        """With both signatures, unless others are given, and the proofs of what is said."""
        signed = [order.sign(self.orders_in, self.signer(self[role])) for role in ("creator", "buyer")]
        sellers = signed[0] if sellers is None else sellers
        buyers = signed[1] if buyers is None else buyers
        proofs = self.right(said) if said else []
        return self.market("settle", order.args, sellers, buyers, proofs, sender=sender, fails=fails)

    # currencies -------------------------------------------------------------------------------------------------------

    @way()
    def what_it_is(self, who: str) -> Steps:
        """Of which tokens, and who lists currencies; what is not listed settles nothing new."""
        for name, wanted in (
            ("collection", self["nft"]), ("verifier", self["verifier"]), ("token", self["token"]), ("owner", self.owner)
        ):  # fmt: skip
            assert self.ask(f"market.{name}") == int(wanted, 16), name
        _, name, version, chain, contract, *_ = self.answer("market.eip712Domain")
        assert (name, version, chain, contract.lower()) == ("Keifu AgentMarket", "1", self.evm.chain_id, self["market"])
        assert self.answer("market.is_listed", self["token"])
        assert not self.answer("market.is_listed", self["fee"])
        yield self.market("list_currency", self["fee"], True, fails="market: not the owner")
        yield self.listing(self["buyer"], True, fails="market: currency is no contract")
        for listed in (True, False):
            yield self.listing(self["fee"], listed)
            self.emitted("market.CurrencyListed", currency=self["fee"], listed=listed)
            assert self.answer("market.is_listed", self["fee"]) == listed
        order = self.order(self.public, currency=self["fee"])
        yield self.settling(order, fails="market: currency is not listed")
        order = self.order(self.public)
        assert self.answer("market.order_hash", order.args) == order.hash

    @way()
    def a_currency_with_a_fee(self, who: str) -> Steps:
        yield self.listing(self["fee"], True)
        order = self.order(self.public, currency=self["fee"])
        yield self.settling(order, fails="market: currency takes a fee")
        yield self.tx("fee.set_refuses", True, sender=self.owner)
        yield self.settling(order, fails="market: price was refused")
        yield self.settling(self.order(self.public, price=3 * 10**6 * COIN), fails="token: insufficient balance")

    # parties ----------------------------------------------------------------------------------------------------------

    @way(Choice(("seller", "buyer")))
    def in_every_form(self, who: str, side: str) -> Steps:
        """Whoever does not call has signed, as wallets sign."""
        order = self.order(self.public)
        signer = self.signer(self["creator" if side == "seller" else "buyer"])
        reason = NO_SELLER if side == "seller" else NO_BUYER
        for signature, counts in forms(self.orders_in, signer, self.signer(self["seller"]), ORDER, *order.args):
            given: dict[str, Any] = {f"{side}s": signature}
            with self.evm.anchor():
                yield self.settling(order, **given, fails=None if counts else reason)
        yield self.settling(order, sender="creator", sellers=b"", buyers=b"", fails=NO_BUYER)
        yield self.settling(order, sender="buyer", sellers=b"", buyers=b"", fails=NO_SELLER)
        yield self.settling(order, sender="creator" if side == "seller" else "buyer", **given | {f"{side}s": b""})

    @way()
    def a_contract_signs(self, who: str) -> Steps:
        """By ERC-1271. This one takes no token, so that what it signs comes no further."""
        order = self.order(self.public, buyer=self["wallet"], price=0)
        for mood, counts in MOODS.items():
            yield self.tx("wallet.set_mood", mood, sender=self["stranger"])
            for signature in (b"", bytes(65), bytes(1_300)):
                yield self.settling(order, buyers=signature, fails=REFUSES if counts else NO_BUYER)
        order = self.order(self.public, buyer=self["signing"], price=0)
        yield self.settling(order, fails=REFUSES)
        yield self.settling(order, buyers=order.sign(self.orders_in, self.signer(self["seller"])), fails=NO_BUYER)

    @way()
    def for_anybody(self, who: str) -> Steps:
        """Zero stands for whoever settles; nobody buys of itself."""
        order = self.order(self.public, seller=ZERO_ADDRESS)
        yield self.settling(order, sender="seller", fails="market: seller does not own it")
        yield self.settling(order, sender="buyer", fails="market: seller is the buyer")
        with self.evm.anchor():
            yield self.settling(order, sender="creator", sellers=b"")
            assert self.ask("nft.ownerOf", self.public) == int(self["buyer"], 16)
        order = self.order(self.public, buyer=ZERO_ADDRESS)
        yield self.settling(order, sender="creator", fails="market: seller is the buyer")
        yield self.settling(order, sender="seller", buyers=b"")
        assert self.ask("nft.ownerOf", self.public) == int(self["seller"], 16)
        assert self.answer("market.is_used", self["seller"], order.nonce)

    @way(Choice(("creator", "buyer")))
    def cancelled(self, who: str, role: str) -> Steps:
        order = self.order(self.public)
        yield self.market("cancel", order.nonce)
        yield self.market("cancel", order.nonce, sender=role)
        self.emitted("market.Cancelled", account=self[role], nonce=order.nonce)
        yield self.market("cancel", order.nonce, sender=role, fails=USED)
        yield self.settling(order, fails=USED)
        yield self.settling(replace(order, nonce=self.fresh("order")))

    # what is sold -----------------------------------------------------------------------------------------------------

    @way()
    def as_it_was_agreed(self, who: str) -> Steps:
        """Token, data, moves, leases, account, time and backing are those of the order."""
        order = self.order(self.public, account=self.contract("account"))
        for parts, reason in (
            ({"deadline": self.now - 1}, "market: order has expired"),
            ({"token_id": self.token_id ^ 1}, "inft: no such token"),
            ({"seller": self["seller"]}, "market: seller does not own it"),
            ({"transfers": 1}, "market: token has moved"),
            ({"data": bytes(32)}, "market: data has changed"),
            ({"account_state": 1}, "market: account has acted"),
            ({"backing": 1}, "market: backed below the price"),
            ({"backing": PRICE - 1}, "market: backed below the price"),
            ({"backing": PRICE}, "market: public data is not backed"),
        ):
            wrong = replace(order, **parts)
            seller = self.signer(wrong.seller)
            yield self.settling(wrong, sellers=wrong.sign(self.orders_in, seller), fails=reason)
        with self.evm.anchor():
            yield self.tx("account.execute", self["buyer"], 0, b"", 0, sender=self["creator"])
            yield self.settling(order, fails="market: account has acted")
        with self.evm.anchor():
            yield self.settling(self.order(self.public, deadline=self.now))
        offer = (0, self["token"], DAY, 1, 1, self.now + DAY)
        yield self.nft("offer_lease", self.public, offer)
        yield self.nft("lease", self.public, offer, sender="seller")
        yield self.settling(order, fails="market: leased for longer")
        end = self.now + DAY
        yield self.settling(replace(order, leased_until=end - 1), fails="market: leased for longer")
        yield self.settling(replace(order, leased_until=end))

    @way(Choice((-1, 0, 1)))
    def backed(self, who: str, more: int) -> Steps:
        """Attestors back what the order says, or more."""
        order = self.order(self.token_id, backing=PRICE)
        said = self.said_of(self.token_id, backing=PRICE + more)
        yield self.settling(order, said, fails="market: attestors back less" if more < 0 else None)

    @way()
    def other_currencies_are_backed_as_agreed(self, who: str) -> Steps:
        """What is backed is wei of the coin, and is compared with a price in that coin alone."""
        yield self.listing(self["fee"], True)
        order = self.order(self.token_id, backing=1, currency=self["fee"])
        said = self.said_of(self.token_id, backing=1)
        yield self.settling(order, said, fails="market: currency takes a fee")
        yield self.settling(replace(order, price=10), said)

    # who is paid ------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1)))
    def held_until_the_window_is_over(self, who: str, late: int) -> Steps:
        creator, buyer, token = self["creator"], self["buyer"], self.token_id
        order, said = self.order(token, backing=PRICE), self.said_of(token, backing=PRICE)
        before = self.stored(buyer)
        made = yield self.settling(order, said)
        until = self.now + COMPLAINT_WINDOW
        assert made == order.hash
        self.emitted(
            "market.Settled", sale=order.hash, seller=creator, buyer=buyer, token_id=token, price=PRICE,
            currency=self["token"], backing=PRICE, until=until,
        )  # fmt: skip
        sale = creator, buyer, token, PRICE, self["token"], said.nonce
        assert self.sale(order) == (*sale, False)
        assert (before - self.stored(buyer), self.stored(self["market"])) == (PRICE, PRICE)
        assert [self.answer("market.is_used", one, order.nonce) for one in (creator, buyer)] == [True, True]
        yield self.market("release", bytes(32), fails="market: no such sale")
        self.evm.warp(COMPLAINT_WINDOW + late)
        paid = yield self.market("release", order.hash, fails=None if late else OPEN)
        if not late:
            return
        self.emitted("market.Released", sale=order.hash, seller=creator, amount=PRICE - PRICE // 10)
        # The seller made the token: the royalty is its own, too.
        assert (number(paid), self.credit("creator")) == (PRICE - PRICE // 10, PRICE)
        assert self.sale(order) == (*sale, True)
        yield self.market("release", order.hash, fails=OVER)

    def sale(self, order: Order) -> tuple[Any, ...]:
        seller, buyer, token, price, currency, nonce, over = self.answer("market.sale_of", order.hash)
        return seller.lower(), buyer.lower(), token, price, currency.lower(), bytes(nonce), over

    @way()
    def paid_back_for_a_wrong_key(self, who: str) -> Steps:
        """At once, whole, once."""
        order = self.order(self.token_id)
        said = self.said_of(self.token_id, wrong=True)
        yield self.settling(order, said)
        yield self.market("release", order.hash, fails=OPEN)
        yield self.verifier("prove_wrong_key", *self.evidence(said))
        paid = yield self.market("release", order.hash)
        assert number(paid) == PRICE
        self.emitted("market.Refunded", sale=order.hash, buyer=self["buyer"], amount=PRICE)
        assert (self.credit("buyer"), self.credit("creator")) == (PRICE, 0)
        yield self.market("release", order.hash, fails=OVER)

    @way(Choice((0, 1, 19, PRICE + 7)))
    def royalties(self, who: str, price: int) -> Steps:
        """The creators of a clone's line share, and the seller gets the rest; public data is paid at once."""
        clone = number((yield self.nft("iClone", self["seller"], self.public, [])))
        token = number((yield self.nft("iClone", self["creator"], clone, [], sender="seller")))
        order = self.order(token, price=price)
        yield self.settling(order)
        royalty = price // 10
        seller, creator = royalty // 2, royalty - royalty // 2
        self.emitted("market.Released", sale=order.hash, seller=self["creator"], amount=price - royalty)
        self.emitted("market.Settled", until=0, price=price)
        assert (self.credit("seller"), self.credit("creator")) == (seller, price - royalty + creator)
        assert self.answer("market.sale_of", order.hash)[6]
        yield self.market("release", order.hash, fails=OVER)
        yield self.market("withdraw", self["token"], ZERO_ADDRESS, sender="creator", fails="market: no receiver")
        nothing = "market: nothing to withdraw"
        yield self.market("withdraw", self["token"], self["stranger"], sender="buyer", fails=nothing)
        if not price:
            return
        before = self.stored(self["stranger"])
        paid = yield self.market("withdraw", self["token"], self["stranger"], sender="creator")
        amount = price - royalty + creator
        self.emitted(
            "market.Withdrawn", account=self["creator"], currency=self["token"], receiver=self["stranger"],
            amount=amount,
        )  # fmt: skip
        assert number(paid) == amount == self.stored(self["stranger"]) - before
        yield self.market("withdraw", self["token"], self["stranger"], sender="creator", fails=nothing)
