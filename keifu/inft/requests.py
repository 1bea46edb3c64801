"""What an owner asks attestors for: its token's data, encrypted anew for somebody, under keys that it never sees.

    request = TransferRequest.of(move, items, public_key, terms, named)
    request.signature = owner.sign(request.digest).hex()

The digest is the request's name, and the nonce of the transfer that comes of it: for one request an attestor signs one
statement. It commits to the old data and its keys, to the buyer's key, and to the attestors in their order. The first
of them leads: from its reception key and the digest all new keys follow, so whatever is done twice gives the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

import msgspec

from ethwire.eip712 import StructType
from keifu.errors import CheckFailed, KeifuError, UsageError
from keifu.inft.folder import DataFolder
from keifu.inft.seals import PUBLIC_KEY_BYTES, open_seal, seal
from keifu.inft.statements import Move, verifier_domain
from keifu.inft.transfer import Moving, Terms, Transfer, TransferItem
from keifu.keys import Account, keccak256, recover

__all__ = [
    "About", "Answer", "AnswerItem", "Asked", "Named", "NotAttested", "RequestItem", "TransferRequest", "opened_keys",
    "signer_of",
]  # fmt: skip

REQUEST = StructType(
    "ReencryptionRequest",
    token="address",  # noqa: S106 - the name of a member
    tokenId="uint256",
    cloneId="uint256",
    sender="address",
    receiver="address",
    items="bytes32",
    attestors="bytes32",
    publicKey="bytes",
    backing="uint256",
    epoch="uint256",
    deadline="uint256",
    salt="bytes32",
)
RECEPTION = StructType("Reception", publicKey="bytes", until="uint256")
ID_BYTES = 32


class NotAttested(CheckFailed):
    """Why an attestor signs nothing: a code for programs, words for people."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class RequestItem(msgspec.Struct, frozen=True):
    """One data item as it is: what the token names, the hash of its key, and where it is stored. Hex without 0x."""

    name: str
    kind: str
    old_hash: str
    key_hash: str
    address: str

    @property
    def packed(self) -> bytes:
        texts = [keccak256(text.encode()) for text in (self.name, self.kind, self.address)]
        return bytes.fromhex(self.old_hash) + bytes.fromhex(self.key_hash) + b"".join(texts)


class Named(msgspec.Struct, frozen=True):
    """An attestor, and the reception key that it is asked by, with its signature of that."""

    attestor: str
    public_key: str
    until: int
    signature: str

    @property
    def packed(self) -> bytes:
        return bytes.fromhex(self.attestor[2:]).rjust(32, b"\0") + keccak256(bytes.fromhex(self.public_key))

    def has_signed(self, chain_id: int, verifier: str) -> bool:
        """Whether this is a reception key of its own."""
        about = About(chain_id, verifier, self.attestor, self.public_key, self.until)
        return signer_of(about.digest, self.signature) == self.attestor


class About(msgspec.Struct, frozen=True):
    """What an attestor says of itself, and signs: the key that secrets for it are sealed to now."""

    chain_id: int
    verifier: str
    attestor: str
    public_key: str
    until: int  # unix seconds; what was sealed to this key cannot be opened afterwards
    signature: str = ""

    @property
    def digest(self) -> bytes:
        domain = verifier_domain(self.chain_id, self.verifier)
        return domain.digest(RECEPTION, bytes.fromhex(self.public_key), self.until)

    @property
    def named(self) -> Named:
        """Raises CheckFailed when the attestor has not signed this."""
        named = Named(self.attestor, self.public_key, self.until, self.signature)
        try:
            is_signed = named.has_signed(self.chain_id, self.verifier)
        except (ValueError, OverflowError, KeifuError):  # of a key that is none, or a time that no signature has
            is_signed = False
        if not is_signed:
            raise CheckFailed(f"{self.attestor} has not signed its reception key", remedy="ask another attestor")
        return named


class TransferRequest(Moving):
    """A transfer that is not made yet. Nothing in it is secret."""

    NOUN, WRITER = "request", "keifu inft request"

    public_key: str
    items: list[RequestItem]
    attestors: list[Named]  # the first one leads
    deadline: int
    epoch: int
    backing: str  # wei
    salt: str
    signature: str = ""

    @classmethod
    def of(
        cls,
        move: Move,
        folder: DataFolder,
        addresses: Sequence[str],
        public_key: bytes,
        terms: Terms,
        named: Sequence[Named],
    ) -> TransferRequest:
        """Signed by nobody yet. Raises UsageError for a buyer without a key."""
        if len(public_key) != PUBLIC_KEY_BYTES:
            raise UsageError("the buyer has no public key", remedy="ask it for one: keifu inft key")
        items = [
            RequestItem(item.name, item.kind, item.data_hash, keccak256(bytes.fromhex(item.key)).hex(), address)
            for item, address in zip(folder.items, addresses, strict=True)
        ]
        return cls(
            chain_id=terms.chain_id,
            verifier=terms.verifier,
            token=move.token,
            token_id=f"{move.token_id:064x}",
            clone_id=f"{move.clone_id:064x}" if move.clone_id else "",
            sender=move.sender,
            receiver=move.receiver,
            public_key=public_key.hex(),
            items=items,
            attestors=list(named),
            deadline=terms.deadline,
            epoch=terms.epoch,
            backing=str(terms.backing),
            salt=secrets.token_hex(ID_BYTES),
        )

    @property
    def digest(self) -> bytes:
        """Its name, and what the owner signs."""
        move = self.move
        values = (
            move.token, move.token_id, move.clone_id, move.sender, move.receiver,
            keccak256(b"".join(item.packed for item in self.items)),
            keccak256(b"".join(one.packed for one in self.attestors)),
            bytes.fromhex(self.public_key), int(self.backing), self.epoch, self.deadline, bytes.fromhex(self.salt),
        )  # fmt: skip
        return self.domain.digest(REQUEST, *values)

    @property
    def is_signed(self) -> bool:
        """By the owner that it names."""
        return signer_of(self.digest, self.signature) == self.sender

    def sealed_keys(self, folder: DataFolder, named: Named) -> list[str]:
        """The keys of the old data, for one attestor alone."""
        public_key = bytes.fromhex(named.public_key)
        return [seal(bytes.fromhex(item.key), public_key, item.hash).hex() for item in folder.items]

    def transfer(self, items: Sequence[AnswerItem]) -> Transfer:
        """What the attestors say, signed by nobody yet."""
        made = [
            TransferItem(
                old.name, old.kind, old.old_hash, new.new_hash, new.sealed_key, self.public_key, new.key_hash,
                new.address,
            )
            for old, new in zip(self.items, items, strict=True)
        ]  # fmt: skip
        return Transfer(
            chain_id=self.chain_id, verifier=self.verifier, token=self.token, token_id=self.token_id,
            clone_id=self.clone_id, sender=self.sender, receiver=self.receiver, items=made,
            nonce=self.digest.hex(), deadline=self.deadline, epoch=self.epoch, backing=self.backing,
        )  # fmt: skip

    def require_readable(self) -> None:
        _ = self.digest, bytes.fromhex(self.signature)
        _ = [one.has_signed(self.chain_id, self.verifier) for one in self.attestors]


class AnswerItem(msgspec.Struct, frozen=True):
    """One item encrypted anew, and where it is stored."""

    new_hash: str
    sealed_key: str
    key_hash: str
    address: str


class Answer(msgspec.Struct, frozen=True):
    """What an attestor has signed. `boxes` hold, for each other attestor, what the new keys follow from."""

    attestor: str
    digest: str
    signature: str
    items: list[AnswerItem]
    boxes: dict[str, str] = {}


class Asked(msgspec.Struct):
    """What is sent to one attestor: the request, the old keys sealed to it, and what the leading one has answered."""

    request: TransferRequest
    keys: list[str]
    lead: Answer | None = None


def opened_keys(asked: Asked, reception: Account) -> Iterator[bytes]:
    """The old keys. Raises NotAttested for one that is not what the request commits to."""
    for number, (item, sealed) in enumerate(zip(asked.request.items, asked.keys, strict=True)):
        key = open_seal(bytes.fromhex(sealed), reception, bytes.fromhex(item.old_hash))
        if keccak256(key) != bytes.fromhex(item.key_hash):
            raise NotAttested(
                "other_key", f"item {number}: the sealed key is not the one that was signed for",
                "seal the key of the token's data to the attestor's reception key",
            )  # fmt: skip
        yield key


def signer_of(digest: bytes, signature: str) -> str:
    """Whose signature it is; "" for none."""
    try:
        return recover(digest, bytes.fromhex(signature))
    except ValueError:
        return ""
