"""What attestors and receivers sign about a transfer of private data, and the proofs of it that contracts take.

move = Move(nft.address, token_id, seller, buyer)
statement = Statement(move, items, nonce, deadline, epoch)
proofs = statement.proofs(domain, attestors, buyer)
nft.iTransfer(buyer.address, token_id, proofs, sender=seller)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.abi.eip712 import ACCESS, DATUM, ITEM, STATEMENT
from keifu.errors import InputError
from keifu.keys import Account, Domain, canonical, keccak256
from keifu.spec.inft_limits import MAX_ITEMS

__all__ = ["Item", "Move", "Statement", "compact", "token_id_of", "verifier_domain"]

_PARITY_AT = 7  # bit of the first byte of EIP-2098's second word


def verifier_domain(chain_id: int, verifier: str) -> Domain:
    """In which everything is signed."""
    return Domain("Keifu DataVerifier", "1", chain_id, verifier)


def token_id_of(minter: str, salt: int) -> int:
    """The number of the token that `minter` makes with `salt`."""
    words = bytes.fromhex(minter.removeprefix("0x")).rjust(32, b"\0") + salt.to_bytes(32, "big")
    return int.from_bytes(keccak256(words), "big")


def compact(signature: bytes) -> bytes:
    """The 64 bytes of EIP-2098."""
    r_s_v = canonical(signature)
    return r_s_v[:32] + bytes([r_s_v[32] | (r_s_v[-1] - 27) << _PARITY_AT]) + r_s_v[33:64]


@dataclass(frozen=True)
class Item:
    """One data item that moves: encrypted anew, its key sealed to `public_key`."""

    old_hash: bytes
    new_hash: bytes
    sealed_key: bytes
    public_key: bytes
    key_hash: bytes

    @property
    def hash(self) -> bytes:
        return ITEM.hash(self.old_hash, self.new_hash, self.sealed_key, self.public_key, self.key_hash)

    @property
    def datum_hash(self) -> bytes:
        return DATUM.hash(self.old_hash, self.new_hash, self.public_key)

    @property
    def args(self) -> tuple[Any, ...]:
        return self.old_hash, self.new_hash, self.sealed_key, self.public_key, self.key_hash


@dataclass(frozen=True)
class Move:
    """Which token's data goes from whom to whom; with a clone's number when the token itself stays."""

    token: str
    token_id: int
    sender: str
    receiver: str
    clone_id: int = 0

    @property
    def args(self) -> tuple[Any, ...]:
        """As the verifier takes it as evidence: without an assistant."""
        return self.token_id, self.clone_id, self.sender, self.receiver, ZERO_ADDRESS

    @property
    def members(self) -> tuple[Any, ...]:
        """As it is signed."""
        return self.token, self.token_id, self.clone_id, self.sender, self.receiver


@dataclass(frozen=True)
class Statement:
    """What attestors say of a move."""

    move: Move
    items: Sequence[Item]
    nonce: bytes
    deadline: int
    epoch: int
    backing: int = 0  # wei that they promise to the sender if a key is wrong

    def __post_init__(self) -> None:
        if not 0 < len(self.items) <= MAX_ITEMS:
            raise InputError(f"{len(self.items)} data items", remedy=f"a token has 1 to {MAX_ITEMS}")

    @property
    def members(self) -> tuple[Any, ...]:
        hashes = [item.hash for item in self.items]
        return *self.move.members, hashes, self.backing, self.epoch, self.nonce, self.deadline

    @property
    def hash(self) -> bytes:
        """EIP-712's hashStruct."""
        return STATEMENT.hash(*self.members)

    def terms(self, chain_id: int) -> tuple[int, int, int, int]:
        return self.backing, self.epoch, self.deadline, chain_id

    def args(self, chain_id: int) -> tuple[Any, ...]:
        """As the verifier takes it as evidence."""
        items = keccak256(b"".join(item.hash for item in self.items))
        return self.move.args, items, self.terms(chain_id)

    def sign(self, domain: Domain, attestor: Account) -> bytes:
        """An attestor's signature."""
        return domain.sign(attestor, STATEMENT, *self.members)

    def sign_access(self, domain: Domain, receiver: Account) -> bytes:
        """The receiver's word, or its assistant's, that it can get the new data. It knows no sealed key yet."""
        data = [item.datum_hash for item in self.items]
        return domain.sign(receiver, ACCESS, *self.move.members, data, self.nonce, self.deadline)

    def proofs(
        self, domain: Domain, attestors: Sequence[Account], receiver: Account, *, own_key: bool = False
    ) -> list[tuple[Any, ...]]:
        """Proofs with signatures made here; `own_key` where the keys are sealed to the receiver's account itself."""
        signatures = {attestor.address: self.sign(domain, attestor) for attestor in attestors}
        return self.bundle(domain.chain_id, signatures, self.sign_access(domain, receiver), own_key=own_key)

    def bundle(
        self, chain_id: int, signatures: dict[str, bytes], access: bytes, *, own_key: bool = False
    ) -> list[tuple[Any, ...]]:
        """Proofs as `iTransfer`, `iClone` and `update` take them, of signatures by attestor and the receiver's word."""
        terms = (
            self.backing.to_bytes(12, "big")
            + self.epoch.to_bytes(4, "big")
            + self.deadline.to_bytes(5, "big")
            + chain_id.to_bytes(8, "big")
            + bytes(3)
        )
        signed = b"".join(compact(signatures[who]) for who in sorted(signatures, key=lambda who: int(who, 16)))
        nonce, tail = self.nonce, terms + signed
        proofs = []
        for item in self.items:
            wanted = b"" if own_key else item.public_key
            proofs.append(
                (
                    (item.old_hash, item.new_hash, nonce, wanted, access),
                    (
                        0,
                        item.old_hash,
                        item.new_hash,
                        item.sealed_key,
                        item.public_key,
                        nonce,
                        item.key_hash + tail,
                    ),
                )
            )
            # What holds for all items stands in the first proof alone.
            nonce = access = tail = b""
        return proofs
