"""AgentMarket over everything that tokens and attestors do: orders new and old, escrow, wrong keys, royalties."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar

from audit.systems._inft import FORGERIES, PAIRS, PEOPLE
from audit.systems.inft import Inft
from ethwire.abi import encode_args
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from evmstorm.oracles.promise import Claim, check_payable
from keifu.inft import Order
from keifu.keys import keccak256
from keifu.spec.attestors import COMPLAINT_WINDOW, Signed
from keifu.spec.refusals import check
from keifu.spec.sales import Agreed, Market
from keifu.units import COIN, DAY

PRICES = (0, 7, 800 * COIN, 1_000 * COIN + 3)
BACKINGS = (0, 0, 800 * COIN, 2_000 * COIN)
SHORT = (0, 0, 0, 0, 1)  # wei that the attestors promise less
FORMS = ("", "", "", "", "seller calls", "buyer calls", "anyone sells", "anyone buys", "seller has not signed",
         "buyer has not signed", "to itself", "moved", "other data", "leased", "expired", "coin")  # fmt: skip


class AgentMarket(Inft):
    """Sales between the people of the other campaign."""

    contracts: ClassVar[tuple[str, ...]] = ("AgentMarket",)

    def start(self) -> None:
        super().start()
        self.agreed: list[tuple[Order, Agreed]] = []

    # orders -----------------------------------------------------------------------------------------------------------

    def order(self, token: int, to: str, price: int, backing: int, form: str) -> tuple[Order, Agreed]:
        """What both sides agree to, as the token is now unless the form says otherwise."""
        tokens = self.model.tokens
        owner = tokens.owner(token)
        seller = ZERO_ADDRESS if form == "anyone sells" else owner if owner != ZERO_ADDRESS else self["creator"]
        buyer = {"anyone buys": ZERO_ADDRESS, "to itself": seller}.get(form, to)
        hashes = tokens.hashes(token) if form != "other data" else (self.fresh("no data"),)
        moves, leased = tokens.moves(token) + (form == "moved"), tokens.leased_until(token)
        until = max(leased - (form == "leased"), 0)
        currency = self["hub"] if form == "coin" else self["token"]
        deadline = self.now - 1 if form == "expired" else self.now + 2 * DAY
        data = keccak256(encode_args(["bytes32[]"], (list(hashes),)))
        nonce = self.fresh("order")
        order = Order(
            seller, buyer, token, moves, data, until, ZERO_ADDRESS, 0, price, currency, backing, nonce, deadline
        )
        agreed = Agreed(
            order.hash, seller, buyer, token, moves, hashes, until, price, currency, backing, nonce, deadline
        )
        return order, agreed

    @action(
        "", Choice("ids"), Choice(PEOPLE), Choice(PRICES), Choice(BACKINGS), Choice(FORMS), Choice(FORGERIES),
        Choice((False, True)), Choice(SHORT), weight=40,
    )  # fmt: skip
    def sell(
        self,
        who: str,
        token: int,
        role: str,
        price: int,
        backing: int,
        form: str,
        forgery: str,
        wrong: bool,
        short: int,
    ) -> Steps:
        pair = self.order(token, self[role], price, backing, form)
        self.agreed = [*self.agreed[-5:], pair]
        who = self.caller(who, form, pair[1].seller, self[role])
        yield from self.settling(who, *pair, form, forgery, wrong=wrong, backing=max(backing - short, 0))

    def caller(self, who: str, form: str, seller: str, buyer: str) -> str:
        """Who settles. A contract that was sent a token calls nothing by itself."""
        calls = {"seller calls": seller, "buyer calls": buyer}.get(form, who)
        return calls if calls in self.signers else who

    def earlier(self, who: str) -> Sequence[tuple[Order, Agreed] | None]:
        return self.agreed or [None]

    @action("", Choice("earlier"), Choice((False, True)), weight=8)
    def sell_again(self, who: str, pair: tuple[Order, Agreed] | None, wrong: bool) -> Steps:
        """An order of before, whatever became of it."""
        if pair is not None:
            yield from self.settling(who, *pair, "", "", wrong=wrong, backing=pair[1].backing)

    def settling(
        self, who: str, order: Order, agreed: Agreed, form: str, forgery: str, *, wrong: bool, backing: int
    ) -> Any:
        tokens, attestors, roles = self.model.tokens, self.model.attestors, PAIRS[0]
        parties = [agreed.seller, agreed.buyer]
        unsigned = {"seller has not signed": 0, "buyer has not signed": 1, "seller calls": 0, "buyer calls": 1}.get(
            form
        )
        signatures = [
            b"" if place == unsigned or party not in self.signers else order.sign(self.orders_in, self.signers[party])
            for place, party in enumerate(parties)
        ]
        signed = tuple(party for party, signature in zip(parties, signatures, strict=True) if signature)
        buyer = who if agreed.buyer == ZERO_ADDRESS else agreed.buyer
        private = tokens.owner(agreed.token) != ZERO_ADDRESS and tokens.is_private(agreed.token)
        said = None
        if private:
            said = self.forged(self.statement(agreed.token, 0, buyer, backing, wrong=wrong), forgery)
        proofs = self.proofs(said, forgery, roles) if said else []

        def run(book: Market) -> None:
            seller, to = book.check_agreed(agreed, who, signed)
            book.tokens.check_mover(self["market"], agreed.token)
            hashes: tuple[bytes, ...] = ()
            if said is not None:
                self.check_proofs(said, forgery, roles)
                hashes = tuple(item.new_hash for item in said.items)
            book.check_backing(agreed, said.backing if said else None)
            if said is not None:
                names = tuple(self[role] for role in roles)
                attestors.verify(Signed(said.nonce, said.move.sender, names, said.backing, self.now, wrong))
                self.said[said.nonce] = said
            tokens.move_data(to, agreed.token, hashes)
            book.settle(agreed, seller, to, said.nonce if said else b"")

        call = self.tx("market.settle", order.args, *signatures, proofs, sender=who, raw_outcome=True)
        yield from self.both(run, order=call, atomic=True)

    @action("", Choice("earlier"), sender=PEOPLE, weight=4)
    def cancel(self, who: str, pair: tuple[Order, Agreed] | None) -> Steps:
        nonce = pair[1].nonce if pair else bytes(32)
        order = self.tx("market.cancel", nonce, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.cancel(who, nonce), order=order, atomic=True)

    def numbers(self, who: str) -> list[bytes]:
        """Of sales that are not over, of the last one, or of none."""
        sales = self.model.open_sales() or self.model.sales()[-1:]
        return [sale.order.number for sale in sales] or [bytes(32)]

    @action("", Choice("numbers"), weight=16)
    def finish(self, who: str, number: bytes) -> Steps:
        order = self.tx("market.release", number, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.release(number), order=order, atomic=True)

    @action(sender=(*PEOPLE, "stranger"), weight=6)
    def withdraw(self, who: str) -> Steps:
        """MKT-5"""
        credit, before = self.ask("market.credits", who, self["token"]), self.stored(who)
        order = self.tx("market.withdraw", self["token"], who, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.withdraw(who, credit), order=order, atomic=True)
        if done is not None:
            assert self.stored(who) == before + credit, "MKT-5: another sum was paid than was credited"

    @action("", Choice((True, False)), sender=("stranger", "seller"), weight=2)
    def list_currency(self, who: str, yes: bool) -> Steps:
        coin = self["token"]
        by = self.owner if self.sometimes() else who
        order = self.tx("market.list_currency", coin, yes, sender=by, raw_outcome=True)

        def run(book: Market) -> None:
            check(by == self.owner, "market: not the owner")
            book.list(coin, yes=yes)

        yield from self.both(run, order=order, atomic=True)

    # what always holds ------------------------------------------------------------------------------------------------

    def entitled(self) -> dict[str, Fraction]:
        owed = super().entitled()
        for sale in self.model.sales():
            owed[sale.buyer] -= sale.order.price
        for who, amount in self.model.due().items():
            owed[who] += amount
        return owed

    def rounding(self) -> int:
        return 9 * len(self.model.sales())

    def held(self) -> dict[str, int]:
        credits_of = {self[role]: self.ask("market.credits", self[role], self["token"]) for role in self.actors}
        return {who: amount + credits_of[who] for who, amount in super().held().items()}

    @invariant("MKT-1", at_end=True)
    def prices_are_held(self) -> bool:
        """What the market holds is the price of every open sale and what everybody may withdraw, to the wei."""
        held = sum(sale.order.price for sale in self.model.open_sales())
        owed = sum(self.ask("market.credits", self[role], self["token"]) for role in self.actors)
        return bool(self.stored(self["market"]) == held + owed and owed == sum(self.model.owed().values()))

    @invariant("MKT-3", at_end=True)
    def orders_count_once(self) -> bool:
        """A nonce of each side counts once, or was cancelled."""
        for _, agreed in self.agreed:
            for party in {agreed.seller, agreed.buyer} - {ZERO_ADDRESS}:
                if self.ask("market.is_used", party, agreed.nonce) != int(self.model.is_used(party, agreed.nonce)):
                    return False
        return True

    @invariant("MKT-4", at_end=True)
    def sales_end_with_the_whole_price(self) -> bool:
        """Promise and delay: when the window is over every open sale ends, and credits add up to its price: the buyer's
        where a wrong key was proved."""
        sales = self.model.open_sales()
        people = [self[role] for role in self.actors]
        coin = self["token"]

        def claim(promise: Claim) -> int:
            sale = self.model.sale(bytes.fromhex(promise.name))
            ending = self.model.attestors.ending(sale.transfer) if sale else None
            paid = [promise.who] if ending is not None and ending.was_wrong else people
            before = sum(self.ask("market.credits", who, coin) for who in paid)
            self.do("market.release", bytes.fromhex(promise.name), sender=self["stranger"])
            return sum(self.ask("market.credits", who, coin) for who in paid) - before

        claims = [Claim(sale.buyer, sale.order.price, sale.order.number.hex()) for sale in sales]
        with self.evm.anchor():
            self.evm.warp_to(self.now + COMPLAINT_WINDOW + 1)
            check_payable(claims, self.evm.anchor, claim)
            for item in claims:
                claim(item)
            for who in people:
                if self.ask("market.credits", who, coin):
                    self.do("market.withdraw", coin, who, sender=who)
            return bool(self.stored(self["market"]) == 0)
