"""IntelligentNFT and DataVerifier: tokens move with proofs that attestors answer for, are cloned, leased and burned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from typing import Any, ClassVar

from audit.systems._inft import CREATORS, FORGERIES, INSIDERS, PAIRS, PEOPLE, SALTS
from audit.systems._inft_verifier import BACKINGS, VerifierSystem
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice, Who
from evmstorm.oracles.neutrality import check_alike, split
from keifu.spec.attestors import Signed
from keifu.spec.inft import Offer
from keifu.spec.refusals import check
from keifu.units import COIN, DAY

PRICES = (0, 7, 3 * COIN)


class Inft(VerifierSystem):
    """Everything but the market."""

    contracts: ClassVar[tuple[str, ...]] = ("IntelligentNFT", "DataVerifier")

    # tokens -----------------------------------------------------------------------------------------------------------

    @action("", Who(anyone=True), Choice(SALTS), sender=CREATORS, weight=3)
    def mint(self, who: str, to: str, salt: int) -> Steps:
        token = self.number(who, salt)
        order = self.tx("nft.mint", to, salt, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.tokens.mint(to, token), order=order, atomic=True)

    @action(
        "", Choice(PEOPLE), Choice(SALTS), Choice((1, 2, 1, 0)), Choice((True, True, False)), Choice(range(4)),
        sender=CREATORS, weight=10,
    )  # fmt: skip
    def mint_data(self, who: str, role: str, salt: int, count: int, private: bool, form: int) -> Steps:
        token, terms = self.number(who, salt), self.terms(who, form)
        hashes = tuple(self.fresh("first") for _ in range(count))
        numbers = (int(terms.royalty * 10_000), terms.cap, terms.generations)
        order = self.tx(
            "nft.mint_data", self[role], salt, list(hashes), 0, private, *numbers, sender=who, raw_outcome=True
        )
        yield from self.both(
            lambda m: m.tokens.mint_data(self[role], token, hashes, private=private, terms=terms),
            order=order,
            atomic=True,
        )

    @action("", Choice("ids"), Choice(INSIDERS), weight=3)
    def approve(self, who: str, token: int, role: str) -> Steps:
        order = self.tx("nft.approve", self[role], token, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.tokens.approve(who, self[role], token), order=order, atomic=True)

    @action("", Choice(INSIDERS), Choice((True, False)), sender=PEOPLE, weight=1)
    def set_operator(self, who: str, role: str, yes: bool) -> Steps:
        order = self.tx("nft.setApprovalForAll", self[role], yes, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.tokens.set_operator(who, self[role], yes=yes), order=order, atomic=True)

    @action("", Choice("ids"), Who(anyone=True), weight=4)
    def transfer(self, who: str, token: int, to: str) -> Steps:
        owner = self.model.tokens.owner(token)
        order = self.tx("nft.transferFrom", owner, to, token, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.tokens.transfer(who, to, token), order=order, atomic=True)

    @action("", Choice("ids"), sender=(*PEOPLE, "stranger"), weight=2)
    def burn(self, who: str, token: int) -> Steps:
        order = self.tx("nft.burn", token, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.tokens.burn(who, token), order=order, atomic=True)

    # data -------------------------------------------------------------------------------------------------------------

    def verified(
        self, call: Callable[[str, list[Any]], Any], token: int, clone: int, to: str, forgery: str,
        pair: tuple[str, ...], backing: int, wrong: bool, before: Callable[[], None],
        after: Callable[[tuple[bytes, ...]], None],
    ) -> Any:  # fmt: skip
        """One call that takes data: what is checked before, the proofs, and what it does."""
        tokens = self.model.tokens
        there = tokens.owner(token) != ZERO_ADDRESS
        private = there and tokens.is_private(token)
        said = self.forged(self.statement(token, clone, to, backing, wrong=wrong), forgery) if private else None
        proofs = self.proofs(said, forgery, pair) if said else []

        def run(_: Any) -> None:
            before()
            hashes: tuple[bytes, ...] = ()
            if said is not None:
                self.check_proofs(said, forgery, pair)
                hashes = tuple(item.new_hash for item in said.items)
            after(hashes)
            if said is not None:
                signers = tuple(self[role] for role in pair)
                signed = Signed(said.nonce, said.move.sender, signers, said.backing, self.now, wrong)
                self.model.attestors.verify(signed)
                self.said[said.nonce] = said

        yield from self.both(run, order=call(to, proofs), atomic=True)

    @action(
        "", Choice("ids"), Choice(PEOPLE), Choice(FORGERIES), Choice(PAIRS), Choice(BACKINGS), Choice((False, True)),
        weight=20,
    )  # fmt: skip
    def move(
        self, who: str, token: int, role: str, forgery: str, pair: tuple[str, ...], backing: int, wrong: bool
    ) -> Steps:
        to, tokens = self[role], self.model.tokens

        def before() -> None:
            check(tokens.check_mover(who, token) != to, "inft: receiver owns it")

        yield from self.verified(
            lambda to, proofs: self.tx("nft.iTransfer", to, token, proofs, sender=who, raw_outcome=True),
            token, 0, to, forgery, pair, backing, wrong, before, lambda hashes: tokens.move_data(to, token, hashes),
        )  # fmt: skip

    @action(
        "", Choice("ids"), Choice(PEOPLE), Choice(FORGERIES), Choice(PAIRS), Choice(BACKINGS), Choice((False, True)),
        weight=10,
    )  # fmt: skip
    def clone(
        self, who: str, token: int, role: str, forgery: str, pair: tuple[str, ...], backing: int, wrong: bool
    ) -> Steps:
        to, clone, tokens = self[role], self.clone_of(token), self.model.tokens

        def before() -> None:
            tokens.check_mover(who, token)
            tokens.check_clone(token)

        yield from self.verified(
            lambda to, proofs: self.tx("nft.iClone", to, token, proofs, sender=who, raw_outcome=True),
            token, clone, to, forgery, pair, backing, wrong, before,
            lambda hashes: tokens.clone(token, clone, to, hashes),
        )  # fmt: skip

    @action(
        "", Choice("ids"), Choice(FORGERIES), Choice(PAIRS), Choice((False, True)), sender=(*PEOPLE, "stranger"),
        weight=6,
    )  # fmt: skip
    def update(self, who: str, token: int, forgery: str, pair: tuple[str, ...], wrong: bool) -> Steps:
        tokens = self.model.tokens
        owner = tokens.owner(token)

        def before() -> None:
            tokens.check_owner(who, token)
            check(tokens.is_private(token), "inft: public data stays")

        yield from self.verified(
            lambda _, proofs: self.tx("nft.update", token, proofs, sender=who, raw_outcome=True),
            token, 0, owner if owner != ZERO_ADDRESS else who, forgery, pair, 0, wrong, before,
            lambda hashes: tokens.renew(token, hashes),
        )  # fmt: skip

    # usage ------------------------------------------------------------------------------------------------------------

    @action("", Choice("ids"), Choice(INSIDERS), Choice((True, True, False)), sender=(*PEOPLE, "stranger"), weight=6)
    def let_use(self, who: str, token: int, role: str, yes: bool) -> Steps:
        call = "nft.authorizeUsage" if yes else "nft.revokeAuthorization"
        user = self[role]
        order = self.tx(call, token, user, sender=who, raw_outcome=True)
        yield from self.both(
            lambda m: (m.tokens.authorize if yes else m.tokens.revoke)(who, token, user), order=order, atomic=True
        )

    @action(
        "", Choice("ids"), Choice(PRICES), Choice((DAY, 30 * DAY, 181 * DAY)), Choice((3, 1, 0)),
        Choice((2 * DAY, 400 * DAY, 0)), sender=(*PEOPLE, "stranger"), weight=5,
    )  # fmt: skip
    def offer(self, who: str, token: int, price: int, duration: int, quota: int, life: int) -> Steps:
        made = Offer(price, self["token"], duration, quota, 1, self.now + life if life else 0)
        args = astuple(made)
        order = self.tx("nft.offer_lease", token, args, sender=who, raw_outcome=True)
        yield from self.both(
            lambda m: m.tokens.offer_lease(who, token, made if life else None), order=order, atomic=True
        )

    def offered(self, who: str) -> list[int]:
        """Tokens that can be leased, if there are any."""
        return [token for token in self.ids(who) if self.model.tokens.offer(token)] or self.ids(who)

    def leased(self, who: str) -> list[int]:
        """Tokens that somebody has leased, if there are any."""
        return [token for token in self.ids(who) if self.model.tokens.lease_of(token, who)] or self.ids(who)

    @action("", Choice("offered"), Choice((0, 0, 0, 1)), sender=INSIDERS, weight=8)
    def lease(self, who: str, token: int, off: int) -> Steps:
        made = self.model.tokens.offer(token) or Offer(0, self["token"], DAY, 1, 1, self.now + DAY)
        seen = Offer(
            made.price + off,
            *(getattr(made, name) for name in ("currency", "duration", "quota", "scope", "open_until")),
        )
        args = astuple(seen)
        order = self.tx("nft.lease", token, args, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.tokens.lease(who, token, seen), order=order, atomic=True)

    @action("", Choice("leased"), Choice((1, 1, 2, 0)), sender=INSIDERS, weight=5)
    def use(self, who: str, token: int, uses: int) -> Steps:
        order = self.tx("nft.record_use", token, uses, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.tokens.record_use(who, token, uses), order=order, atomic=True)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("INF-1", at_end=True)
    def tokens_are_the_log_s(self) -> bool:
        """A token has one owner, balances add up, and moves are counted."""
        tokens = self.model.tokens
        there = tokens.tokens()
        for token in there:
            if self.ask("nft.ownerOf", token) != int(tokens.owner(token), 16):
                return False
            if self.ask("nft.transfer_count", token) != tokens.moves(token):
                return False
            if self.ask("nft.getApproved", token) != int(tokens.approved(token), 16):
                return False
        owners = [tokens.owner(token) for token in there]
        return all(self.ask("nft.balanceOf", self[role]) == owners.count(self[role]) for role in self.actors)

    @invariant("INF-2", at_end=True)
    def data_is_the_log_s(self) -> bool:
        """Hashes are those of the last proof that was taken, and users those who may use."""
        self.model.now = self.now
        tokens = self.model.tokens
        for token in tokens.tokens():
            found = self.answer("nft.intelligentDataOf", token)
            if tuple(bytes(item[1]) for item in found) != tokens.hashes(token):
                return False
            if self.ask("nft.leased_until", token) != tokens.leased_until(token):
                return False
            for role in self.actors:
                if self.ask("nft.may_use", token, self[role]) != int(tokens.may_use(token, self[role])):
                    return False
        return True

    @invariant("INF-7", at_end=True)
    def caps_hold(self) -> bool:
        """No token has more clones than its creator allowed."""
        tokens = self.model.tokens
        minted = [tokens.mint_of(token) for token in tokens.tokens()]
        return all(len(tokens.clones(item.token)) <= (item.terms.cap if item.terms else 0) for item in minted if item)

    @invariant("ORA-5", at_end=True)
    def parts_of_a_price_are_worth_the_whole(self) -> bool:
        """Neutrality: royalties of one price, and of the same price in parts; INF-8: shares add up."""
        price = 1_000 * COIN + 7
        for token in self.model.tokens.tokens():
            shares = dict(enumerate(self.answer("nft.royalty_shares", token, price)))
            exact = self.model.tokens.royalty(token, price)
            if [who for who, _ in exact] != [item[0].lower() for item in shares.values()]:
                return False
            if any(
                abs(item[1] - amount) > len(exact) for item, (_, amount) in zip(shares.values(), exact, strict=True)
            ):
                return False
            whole = sum(item[1] for item in shares.values())
            if whole != int(sum(amount for _, amount in exact)):
                return False
            parts = [
                sum(item[1] for item in self.answer("nft.royalty_shares", token, part)) for part in split(price, 3)
            ]
            check_alike("royalty", whole, parts, 3)
        return True
