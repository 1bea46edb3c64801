"""Everything that the tests of intelligent NFTs act on: hub, verifier, attestors that count, and tokens, in process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from evmstorm.evm import LocalEvm
from keifu.inft import Item, Move, Secret, Statement, encrypt, seal, token_id_of, verifier_domain
from keifu.keys import Account, keccak256
from keifu.units import COIN, DAY

__all__ = [
    "ATTESTORS", "FUNDS", "HORIZON", "LEAST", "LOCKED", "NEEDED", "NOTICE", "PRICE", "TEXTS", "World", "make_items",
    "nonce_of",
]  # fmt: skip

NEEDED = 3
NOTICE = 7  # epochs
LEAST = 2_000 * COIN
LOCKED = 3 * LEAST
HORIZON = 15 * DAY
PRICE, FUNDS = 1_000 * COIN, 5_000 * COIN  # of a sale, and what the buyer has
TEXTS = {"prompt.txt": b"You answer in one sentence.", "memory.bin": bytes(range(256))}  # files of a token
ATTESTORS = ("first attestor", "second attestor", "third attestor", "fourth attestor")


def nonce_of(text: object) -> bytes:
    """32 bytes that nothing else is named by."""
    return keccak256(f"nonce {text}".encode())


def make_items(old: Sequence[bytes], receiver_key: bytes) -> tuple[list[Item], list[Secret]]:
    """Each item encrypted anew, its key sealed to `receiver_key`."""
    made = [encrypt(b"data %d" % number) for number in range(len(old))]
    items = [
        Item(hash_, new.data_hash, seal(new.key, receiver_key, new.data_hash), receiver_key, new.key_hash)
        for hash_, new in zip(old, made, strict=True)
    ]
    return items, made


class World:
    """A hub with the verifier listed, four attestors that count, a seller with tokens, and a buyer."""

    def __init__(self) -> None:
        self.evm = evm = LocalEvm()
        self.owner, self.insurance = evm.account("owner"), evm.account("insurance")
        self.seller, self.buyer, self.stranger = (evm.account(role) for role in ("seller", "buyer", "stranger"))
        self.attestors = [evm.account(role) for role in ATTESTORS]
        self.one_time = Account.from_role("a key for one transfer")
        self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        self.hub = evm.deploy(
            "StakingHub", self.token, self.owner, self.insurance, self.owner, 14 * DAY, DAY, 30, 10, sender=self.owner
        )
        self.verifier = evm.deploy("DataVerifier", self.token, self.hub, self.owner, NEEDED, sender=self.owner)
        self.nft = evm.deploy("IntelligentNFT", self.verifier, "https://example.org/agents/", sender=self.owner)
        self.domain = verifier_domain(evm.chain_id, self.verifier.address)
        self.hub.list_service(self.verifier, HORIZON, 0, sender=self.owner)
        for attestor in self.attestors:
            self.enrol(attestor)
        evm.warp(NOTICE * DAY)
        self.minted = 0
        self.asked = 0

    def enrol(self, attestor: Account, amount: int = LOCKED) -> None:
        """Name an attestor, lock its coins and let it join."""
        self.verifier.name_attestor(attestor, sender=self.owner)
        self.hub.register_operator(0, "", sender=attestor)
        self.lock(attestor, amount)
        self.verifier.join(sender=attestor)

    def lock(self, attestor: Account, amount: int) -> None:
        self.token.transfer(attestor, amount, sender=self.owner)
        self.token.approve(self.hub, amount, sender=attestor)
        self.hub.lock(self.verifier, attestor, amount, sender=attestor)

    def mint(
        self,
        owner: Account | None = None,
        items: int = 1,
        *,
        private: bool = True,
        terms: tuple[int, int, int] = (0, 0, 0),
    ) -> int:
        """A token's number; royalty, cap and generations are its `terms`."""
        owner = owner or self.seller
        self.minted += 1
        hashes = [keccak256(b"first data %d" % number) for number in range(items)]
        if items:
            self.nft.mint_data(owner, self.minted, hashes, 0, private, *terms, sender=owner)
        else:
            self.nft.mint(owner, self.minted, sender=owner)
        return token_id_of(owner.address, self.minted)

    def hashes(self, token_id: int) -> list[bytes]:
        return [bytes(item[1]) for item in self.nft.intelligentDataOf(token_id)]

    def statement(self, token_id: int, receiver: Any = None, key: bytes = b"", **changes: Any) -> Statement:
        """What is to be said of a transfer to `receiver`, under a nonce of its own."""
        receiver = receiver or self.buyer
        self.asked += 1
        items, _ = make_items(self.hashes(token_id), key or self.one_time.public_key)
        sender = str(self.nft.ownerOf(token_id)).lower()
        said = Statement(
            Move(self.nft.address.lower(), token_id, sender, receiver.address.lower()),
            items,
            nonce_of(self.asked),
            self.evm.now + DAY,
            self.hub.epoch(),
        )
        return replace(said, **changes)

    def proofs(self, said: Statement, receiver: Account | None = None, signers: Sequence[Account] = ()) -> list[Any]:
        return said.proofs(self.domain, signers or self.attestors[:NEEDED], receiver or self.buyer)

    def transfer(self, token_id: int, **changes: Any) -> Statement:
        """Move a token to the buyer; what was said of it."""
        said = self.statement(token_id, **changes)
        owner = next(who for who in (self.seller, self.buyer) if who.address == said.move.sender)
        self.nft.iTransfer(said.move.receiver, token_id, self.proofs(said), sender=owner)
        return said

    def signed_by(self, said: Statement) -> list[str]:
        return sorted((who.address for who in self.attestors[:NEEDED]), key=lambda who: int(who, 16))

    def lock_of(self, attestor: Account) -> int:
        amount: int = self.hub.lock_of(self.verifier, attestor)
        return amount
