"""Intelligent NFTs, their verifier on the hub and their market: the set-up, and how proofs and orders are made."""

from __future__ import annotations

import pickle
from dataclasses import astuple, replace
from fractions import Fraction
from typing import Any, ClassVar

from audit.systems._differential import Differential
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from keifu.inft import Item, Move, Order, Statement, market_domain, seal, shared_point, token_id_of, verifier_domain
from keifu.keys import Account, keccak256
from keifu.spec.attestors import Attestors
from keifu.spec.inft import Offer, Terms, Tokens
from keifu.spec.refusals import check
from keifu.spec.sales import Market
from keifu.units import COIN, DAY

__all__ = [
    "ATTESTORS",
    "BPS",
    "CREATORS",
    "FORGERIES",
    "FUNDS",
    "INSIDERS",
    "NEEDED",
    "PAIRS",
    "PEOPLE",
    "SALTS",
    "InftSystem",
]

NEEDED = 2
ATTESTORS = ("attestor", "other attestor", "third attestor")
CREATORS = ("creator", "seller")
PAIRS = (ATTESTORS[:2], ATTESTORS[1:], (ATTESTORS[0], "newcomer"))
PEOPLE = (*CREATORS, "buyer")
INSIDERS = (*ATTESTORS, "newcomer", *PEOPLE)
SALTS = (1, 2, 3)
FUNDS, LOCKED = 10**6 * COIN, 5_000 * COIN
HORIZON, NOTICE = 15 * DAY, 7
BPS = 10_000
TERMS = ((0, 0, 0), (1_000, 2, 2), (333, 1, 8), (2_000, 3, 1))  # royalty, cap, generations
FORGERIES = ("", "", "", "", "", "", "", "late", "soon", "far", "to come", "stranger", "other move", "other items",
             "other receiver", "none", "no key", "too much", "spent", "other data")  # fmt: skip


class InftSystem(Differential):
    """Three attestors that count, one that is not named yet, and creators with nothing."""

    contracts: ClassVar[tuple[str, ...]] = ("IntelligentNFT", "DataVerifier", "AgentMarket")
    actors: ClassVar[tuple[str, ...]] = (*INSIDERS, "stranger")
    wait_weight = 8

    # set-up -----------------------------------------------------------------------------------------------------------

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        self.owner = owner.address
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy(
            "StakingHub", token, owner, evm.account("insurance"), owner, 14 * DAY, DAY, 30, 10, sender=owner
        )
        verifier = evm.deploy("DataVerifier", token, hub, owner, NEEDED, sender=owner)
        nft = evm.deploy("IntelligentNFT", verifier, "https://example.org/", sender=owner)
        market = evm.deploy("AgentMarket", token, nft, verifier, owner, sender=owner)
        self.bind(token=token, hub=hub, verifier=verifier, nft=nft, market=market)
        hub.list_service(verifier, HORIZON, 0, sender=owner)
        self.genesis = int(hub.epoch_start(1))
        book = Market(token.address, Tokens(), Attestors(self.genesis, NEEDED))
        self.model = book
        for role in self.actors:
            who = self[role]
            token.transfer(who, FUNDS, sender=owner)
            for spender in (hub, nft, market):
                token.approve(spender, 2**256 - 1, sender=who)
            nft.setApprovalForAll(market, True, sender=who)
            book.tokens.set_operator(who, market.address, yes=True)
        for role in (*ATTESTORS, "newcomer"):
            hub.register_operator(0, "", sender=self[role])
        book.now = self.now
        for role in ATTESTORS:
            who = self[role]
            verifier.name_attestor(who, sender=owner)
            hub.lock(verifier, who, LOCKED, sender=who)
            verifier.join(sender=who)
            book.attestors.name(who)
            book.attestors.lock(who, LOCKED)
            book.attestors.join(who)
        evm.warp(NOTICE * DAY)
        self.open_token(nft, book)
        self.signers = {self[role]: evm.account(role) for role in self.actors}
        self.one_time, self.sealer = evm.account("key for transfers"), evm.account("sealer")
        self.proofs_in = verifier_domain(evm.chain_id, verifier.address)
        self.orders_in = market_domain(evm.chain_id, market.address)
        self.opening = pickle.dumps(book)
        self.stored = self.read("token.balanceOf")

    def open_token(self, nft: Any, book: Market) -> None:
        """A private token of the creator's with two items, which may be cloned and can be leased."""
        creator, hashes = self["creator"], (keccak256(b"one"), keccak256(b"two"))
        bps, cap, generations = TERMS[1]
        nft.mint_data(creator, 9, list(hashes), 0, True, bps, cap, generations, sender=creator)
        offer = Offer(3 * COIN, self["token"], 30 * DAY, 3, 1, self.now + 300 * DAY)
        token = self.number(creator, 9)
        nft.offer_lease(token, astuple(offer), sender=creator)
        book.now = self.now
        book.tokens.mint_data(creator, token, hashes, private=True, terms=self.terms(creator, 1))
        book.tokens.offer_lease(creator, token, offer)

    def start(self) -> None:
        self.model: Market = self.revived(self.opening)
        self.made = 0  # nonces and data of this sequence
        self.said: dict[bytes, Statement] = {}
        self.orders: list[Order] = []

    def deadlines(self) -> list[int]:
        book = self.model.attestors
        found = [self.now - (self.now - self.genesis) % DAY + days * DAY for days in (1, NOTICE)]
        found += [item.until for item in book.log if hasattr(item, "until")][-3:]
        found += [book.coins(self[role]).release_at for role in ATTESTORS]
        found += [item.end for item in self.model.tokens.log if hasattr(item, "end")][-3:]
        return [time for time in found if time > 0]

    # names ------------------------------------------------------------------------------------------------------------

    def fresh(self, text: str) -> bytes:
        self.made += 1
        return keccak256(f"{text} {self.made}".encode())

    def ids(self, who: str) -> list[int]:
        """Tokens that there are, or one that there is not."""
        return self.model.tokens.tokens() or [7]

    def number(self, who: str, salt: int) -> int:
        return token_id_of(who, salt)

    def terms(self, who: str, form: int) -> Terms:
        bps, cap, generations = TERMS[form % len(TERMS)]
        return Terms(who, Fraction(bps, BPS), cap, generations)

    def clone_of(self, token: int) -> int:
        count = len(self.model.tokens.clones(token))
        words = token.to_bytes(32, "big") + count.to_bytes(32, "big") + keccak256(b"clone")
        return int.from_bytes(keccak256(words), "big")

    # proofs -----------------------------------------------------------------------------------------------------------

    def items(self, token: int, *, wrong: bool) -> list[Item]:
        made = []
        for old in self.model.tokens.hashes(token):
            key, new = self.fresh("key"), self.fresh("data")
            sealed = seal(key, self.one_time.public_key, new, self.sealer)
            named = keccak256(b"another key" if wrong else key)
            made.append(Item(old, new, sealed, self.one_time.public_key, named))
        return made

    def statement(self, token: int, clone: int, to: str, backing: int, *, wrong: bool) -> Statement:
        move = Move(self["nft"], token, self.model.tokens.owner(token), to, clone)
        return Statement(
            move, self.items(token, wrong=wrong), self.fresh("nonce"), self.now + DAY, self.model.attestors.epoch,
            backing,
        )  # fmt: skip

    def forged(self, said: Statement, forgery: str) -> Statement:
        """What is shown, where something is wrong with its terms."""
        match forgery:
            case "late":
                return replace(said, deadline=self.now - 1)
            case "soon":
                return replace(said, deadline=self.now)
            case "far":
                return replace(said, deadline=self.now + 7 * DAY + 1)
            case "to come":
                return replace(said, epoch=said.epoch + 1)
            case "too much":
                return replace(said, backing=40_000 * COIN + 1)
            case "no key":
                return replace(said, items=[replace(item, public_key=b"") for item in said.items])
            case "other data":
                return replace(said, items=[replace(item, old_hash=keccak256(b"other")) for item in said.items])
            case "spent":
                return replace(said, nonce=next(reversed(self.said), said.nonce))
        return said

    def proofs(self, said: Statement, forgery: str, roles: tuple[str, ...]) -> list[Any]:
        if forgery == "none":
            return []
        signed = said
        if forgery == "other move":
            signed = replace(said, move=replace(said.move, token_id=said.move.token_id ^ 1))
        if forgery == "other items":
            signed = replace(said, items=[replace(item, key_hash=bytes(32)) for item in said.items])
        names = (*roles[:-1], "stranger") if forgery == "stranger" else roles
        signatures = {self[role]: signed.sign(self.proofs_in, self.signers[self[role]]) for role in names}
        receiver = self.sealer if forgery == "other receiver" else self.signers[said.move.receiver]
        return said.bundle(self.evm.chain_id, signatures, said.sign_access(self.proofs_in, receiver))

    def check_proofs(self, said: Statement, forgery: str, roles: tuple[str, ...]) -> None:
        """What the verifier finds, in its order."""
        check(forgery != "none", "inft: not one proof an item")
        check(forgery != "no key", "verifier: receiver has no public key")
        names = (*roles[:-1], "stranger") if forgery == "stranger" else roles
        signers = [self[role] for role in names]
        book = self.model.attestors
        if forgery in ("other move", "other items"):
            # The signatures are those of keys that nobody knows.
            signers = [ZERO_ADDRESS]
        book.check_signed(signers, said.nonce, said.deadline, said.epoch, said.backing)
        check(forgery != "other receiver", "verifier: receiver has not signed")
        # Everybody signed, and the token says that its data is another one.
        check(forgery != "other data", "inft: proof is for other data")

    def wrong_key_call(self, nonce: bytes, who: str) -> Any:
        """The call that shows the key of the first item."""
        said, signed = self.said[nonce], self.model.attestors.signed(nonce)
        assert signed is not None
        item = said.items[0]
        return self.tx(
            "verifier.prove_wrong_key", self["nft"], nonce, said.args(self.evm.chain_id),
            self.in_order(signed.signers), [one.hash for one in said.items], 0, item.args,
            int.from_bytes(self.one_time.secret(), "big"), shared_point(item.sealed_key, self.one_time), sender=who,
            raw_outcome=True,
        )  # fmt: skip

    def in_order(self, signers: tuple[str, ...]) -> list[str]:
        return sorted(signers, key=lambda who: int(who, 16))

    def lock_of(self, who: str) -> int:
        return self.ask("hub.lock_of", self["verifier"], who)

    def signer(self, who: str) -> Account:
        return self.signers[who]
