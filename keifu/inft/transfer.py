"""One transfer of private data as a document that its parties pass on: made, signed by attestors, agreed to by the
receiver, and brought to the chain.

    transfer = prepare(place, target, move, public_key, terms)    # encrypts anew for the receiver
    attest(transfer, Workings.load(target), place, target, attestor.address, attestor.sign)
    accept(transfer, receiver.address, receiver.sign)
    nft.iTransfer(receiver, token_id, transfer.proofs(signers_needed), sender=seller)

An attestor signs only what it has checked: old and new data are the same, and the new key is the sealed one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec

from keifu._files import read_bounded
from keifu._handed import Handed
from keifu.abi.eip712 import ACCESS, STATEMENT
from keifu.errors import CheckFailed, InputError, UsageError
from keifu.inft.folder import LARGEST_DOCUMENT, NEVER_AGAIN, DataFolder, DataItem, read_item, write_items
from keifu.inft.seals import decrypt, encrypt, open_seal, seal
from keifu.inft.statements import Item, Move, Statement, verifier_domain
from keifu.keys import Account, Domain, keccak256, recover
from keifu.keys.private_file import write_private

__all__ = [
    "OFFER_FILE", "TRANSFER_FILE", "Moving", "Terms", "Transfer", "TransferItem", "Workings", "accept", "attest",
    "prepare", "receive", "require_sealed_to",
]  # fmt: skip

TRANSFER_FILE, WORKINGS_FILE = "transfer.json", "workings.json"
OFFER_FILE = "offer.json"  # what the receiver sees of a transfer before it is settled
Sign = Callable[[bytes], bytes]  # a 32-byte digest to r, s, v


@dataclass(frozen=True)
class Terms:
    """For which verifier, and until when it may be brought there."""

    chain_id: int
    verifier: str
    deadline: int  # unix seconds
    epoch: int  # of the hub
    backing: int = 0  # wei that attestors promise to the sender if a key is wrong


class TransferItem(msgspec.Struct, frozen=True):
    """One data item of a transfer, hex without 0x; its name and kind are for the receiver."""

    name: str
    kind: str
    old_hash: str
    new_hash: str
    sealed_key: str
    public_key: str
    key_hash: str
    address: str = ""  # where the new data is stored; empty when it goes from hand to hand

    @property
    def item(self) -> Item:
        fields = (self.old_hash, self.new_hash, self.sealed_key, self.public_key, self.key_hash)
        return Item(*map(bytes.fromhex, fields))


class Moving(Handed):
    """A document about one move of a token's data, for one verifier."""

    chain_id: int
    verifier: str
    token: str
    token_id: str  # hex
    clone_id: str  # hex; empty when the token itself moves
    sender: str
    receiver: str

    @property
    def move(self) -> Move:
        return Move(self.token, int(self.token_id, 16), self.sender, self.receiver, int(self.clone_id or "0", 16))

    @property
    def domain(self) -> Domain:
        return verifier_domain(self.chain_id, self.verifier)


class Transfer(Moving):
    """What is said of one transfer, and who has signed it. Nothing in it is secret."""

    NOUN, WRITER = "transfer", "keifu inft prepare"

    items: list[TransferItem]
    nonce: str
    deadline: int
    epoch: int
    backing: str  # wei
    signatures: dict[str, str] = msgspec.field(default_factory=dict)
    access: str = ""

    @property
    def statement(self) -> Statement:
        items = [item.item for item in self.items]
        return Statement(self.move, items, bytes.fromhex(self.nonce), self.deadline, self.epoch, int(self.backing))

    @property
    def statement_digest(self) -> bytes:
        """What attestors sign."""
        return self.domain.digest(STATEMENT, *self.statement.members)

    @property
    def access_digest(self) -> bytes:
        """What the receiver signs, or its assistant."""
        said = self.statement
        data = [item.datum_hash for item in said.items]
        return self.domain.digest(ACCESS, *said.move.members, data, said.nonce, said.deadline)

    def proofs(self, signers_needed: int) -> list[tuple[Any, ...]]:
        """As `iTransfer`, `iClone` and `update` take them. Raises UsageError while somebody has not signed."""
        if len(self.signatures) < signers_needed:
            raise UsageError(
                f"{len(self.signatures)} attestors have signed this transfer, {signers_needed} are needed",
                remedy="keifu inft attest TRANSFER, as one of those that `keifu inft attestors` lists",
            )
        if not self.access:
            raise UsageError(
                f"the receiver {self.receiver} has not agreed to this transfer", remedy="keifu inft accept TRANSFER"
            )
        chosen = sorted(self.signatures)[:signers_needed]
        signatures = {who: bytes.fromhex(self.signatures[who]) for who in chosen}
        return self.statement.bundle(self.chain_id, signatures, bytes.fromhex(self.access))

    @classmethod
    def agreed(cls, path: Path) -> Self:
        """The transfer in a file, with what its receiver has agreed to by the offer beside it."""
        found, offer = cls.load(path), path.parent / OFFER_FILE
        if not found.access and offer.exists():
            seen = cls.load(offer)
            found.access = seen.access if seen.access_digest == found.access_digest else ""
        return found

    def offered(self) -> Transfer:
        """What the receiver agrees to before it has paid: without sealed keys, and without the place of the data."""
        items = [msgspec.structs.replace(item, sealed_key="", address="") for item in self.items]
        return msgspec.structs.replace(self, items=items, signatures={}, access="")

    def require_readable(self) -> None:
        _ = self.statement.hash, [bytes.fromhex(text) for text in self.signatures.values()]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises InputError naming the file when it is no transfer, or a signature in it is another's."""
        found = super().load(path)
        for who, text in found.signatures.items():
            if _signer(found.statement_digest, bytes.fromhex(text)) != who:
                raise InputError(
                    f"{path}: the signature of {who} is not over this transfer", remedy="have it signed again"
                )
        return found


class _Working(msgspec.Struct, frozen=True):
    old_key: str
    new_key: str
    sealer: str


class Workings(msgspec.Struct):
    """What attestors need to check a transfer: keys of old and new data. For them alone."""

    items: list[_Working]

    @classmethod
    def load(cls, place: Path) -> Workings:
        """Raises InputError when the folder has none."""
        try:
            return msgspec.json.decode(read_bounded(place / WORKINGS_FILE, LARGEST_DOCUMENT, "them"), type=cls)
        except (ValueError, RecursionError, InputError) as error:
            raise InputError(
                f"{place} has no workings of a transfer: {error}", remedy="name the folder that `prepare` wrote"
            ) from error


def prepare(source: Path, target: Path, move: Move, public_key: bytes, terms: Terms) -> Transfer:
    """Encrypt a token's data anew and seal the new keys to `public_key`; the transfer, which nobody has signed yet.

    Writes into `target` what the receiver gets (`item-0`, …, `transfer.json`) and what attestors need
    (`workings.json`). Raises CheckFailed when the data in `source` is not the token's.
    """
    folder = DataFolder.load(source)
    if not folder.private:
        raise UsageError("the token's data is public", remedy="it moves without proofs: keifu inft transfer")
    made, workings, stored = [], [], []
    for number, old in enumerate(folder.items):
        secret, sealer = encrypt(folder.plain(source, number)), Account.random()
        sealed = seal(secret.key, public_key, secret.data_hash, sealer)
        hashes = (old.data_hash, secret.data_hash.hex(), sealed.hex(), public_key.hex(), secret.key_hash.hex())
        made.append(TransferItem(old.name, old.kind, *hashes))
        workings.append(_Working(old.key, secret.key.hex(), sealer.secret().hex()))
        stored.append(secret.data)
    transfer = Transfer(
        chain_id=terms.chain_id,
        verifier=terms.verifier,
        token=move.token,
        token_id=f"{move.token_id:064x}",
        clone_id=f"{move.clone_id:064x}" if move.clone_id else "",
        sender=move.sender,
        receiver=move.receiver,
        items=made,
        nonce=secrets.token_hex(32),
        deadline=terms.deadline,
        epoch=terms.epoch,
        backing=str(terms.backing),
    )
    target.mkdir(parents=True, exist_ok=True)
    write_private(target / WORKINGS_FILE, msgspec.json.encode(Workings(workings)), remedy=NEVER_AGAIN)
    write_items(target, stored)
    transfer.save(target / TRANSFER_FILE)
    return transfer


def attest(transfer: Transfer, workings: Workings, source: Path, target: Path, attestor: str, sign: Sign) -> None:
    """Add an attestor's signature, once it has seen that the new data is the old and that its key is the sealed one.

    Raises CheckFailed naming the item that is not so.
    """
    if len(workings.items) != len(transfer.items):
        raise CheckFailed(f"workings of {len(workings.items)} items, the transfer has {len(transfer.items)}")
    for number, (item, working) in enumerate(zip(transfer.items, workings.items, strict=True)):
        _check(number, item.item, working, read_item(source, number), read_item(target, number))
    transfer.signatures[attestor] = sign(transfer.statement_digest).hex()


def accept(transfer: Transfer, signer: str, sign: Sign, assistant: str = "") -> None:
    """Add the word of the receiver, or of its `assistant` on the chain, that it can get the new data.

    Raises UsageError for anybody else.
    """
    if signer not in (transfer.receiver, assistant):
        raise UsageError(f"{transfer.receiver} receives this transfer, not {signer}", remedy="sign as the receiver")
    transfer.access = sign(transfer.access_digest).hex()


def require_sealed_to(item: Item, key: Account) -> None:
    """Raises UsageError for another key than the one that an item's data key was sealed to."""
    if key.public_key != item.public_key:
        raise UsageError("the data was sealed to another key", remedy="give the key whose public key was published")


def receive(transfer: Transfer, place: Path, key: Account) -> DataFolder:
    """The data of a transfer, opened with the key that it was sealed to; saved in `place`, to be sold again.

    Raises CheckFailed when bytes are missing, or a key opens nothing: then `keifu inft complain`.
    """
    items = []
    for number, sent in enumerate(transfer.items):
        item, data = sent.item, read_item(place, number)
        require_sealed_to(item, key)
        opened = open_seal(item.sealed_key, key, item.new_hash)
        decrypt(data, opened, item.new_hash)
        items.append(DataItem(sent.name, sent.kind, sent.new_hash, opened.hex()))
    folder = DataFolder(items, transfer.clone_id or transfer.token_id)
    folder.save(place)
    return folder


def _check(number: int, item: Item, working: _Working, old: bytes, new: bytes) -> None:
    plain = decrypt(old, bytes.fromhex(working.old_key), item.old_hash)
    key = bytes.fromhex(working.new_key)
    if decrypt(new, key, item.new_hash) != plain:
        raise CheckFailed(f"item {number}: the new data is not the old", remedy="do not sign; prepare it again")
    if keccak256(key) != item.key_hash:
        raise CheckFailed(f"item {number}: the key's hash is another key's", remedy="do not sign; prepare it again")
    if seal(key, item.public_key, item.new_hash, Account(bytes.fromhex(working.sealer))) != item.sealed_key:
        raise CheckFailed(f"item {number}: another key was sealed", remedy="do not sign; prepare it again")


def _signer(digest: bytes, signature: bytes) -> str:
    try:
        return recover(digest, signature)
    except ValueError:
        return ""
