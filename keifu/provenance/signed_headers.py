"""Headers of one chain as attestors sign them for another: one JSON object a line, as nodes serve them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from ethwire.eip712 import Domain
from keifu.abi.eip712 import BLOCK_HEADER
from keifu.errors import InputError
from keifu.keys import Account, checksum

__all__ = [
    "PAGE", "BlockHeader", "HeaderLine", "SignedHeader", "header_of", "read_header_line",
    "record_proof_domain",
]  # fmt: skip

PAGE = "headers"
HASH_BYTES, SIGNATURE_BYTES = 32, (64, 65)
U64, U256 = 2**64, 2**256


def record_proof_domain(chain_id: int, contract: Any) -> Domain:
    """EIP-712 domain of a RecordProof contract."""
    return Domain("Keifu RecordProof", "1", chain_id, contract)


@dataclass(frozen=True)
class BlockHeader:
    """What an attestor's key says: the block of this number has this hash. `time`, unix seconds, is of the chain on
    which that is used."""

    key: str
    chain_id: int
    number: int
    block_hash: bytes
    time: int

    @property
    def args(self) -> tuple[Any, ...]:
        """As the contract takes it."""
        return self.key, self.chain_id, self.number, self.block_hash, self.time

    def sign(self, domain: Domain, key: Account) -> bytes:
        return domain.sign(key, BLOCK_HEADER, *self.args)


@dataclass(frozen=True)
class SignedHeader:
    """What an attestor's key says, and its signature."""

    header: BlockHeader
    signature: bytes

    def is_signed(self, domain: Domain) -> bool:
        return domain.is_signed_by(self.header.key, self.signature, BLOCK_HEADER, *self.header.args)

    @property
    def args(self) -> tuple[str, int, bytes]:
        """As `attested_record` takes it."""
        return self.header.key, self.header.time, self.signature

    def to_json(self) -> dict[str, Any]:
        said = self.header
        return {
            "key": said.key.lower(),
            "chain": said.chain_id,
            "number": said.number,
            "hash": "0x" + said.block_hash.hex(),
            "time": said.time,
            "signature": "0x" + self.signature.hex(),
        }

    @property
    def line(self) -> str:
        return json.dumps(self.to_json())


class HeaderLine(msgspec.Struct, forbid_unknown_fields=True):
    """The same as somebody wrote it."""

    key: str
    chain: int
    number: int
    hash: str
    time: int
    signature: str


def read_header_line(line: bytes | str) -> SignedHeader:
    """Raises InputError, or ValueError for what is no JSON of this form."""
    return header_of(msgspec.json.decode(line, type=HeaderLine))


def header_of(found: HeaderLine) -> SignedHeader:
    """Raises InputError or ValueError for what nobody can have signed."""
    digest, signature = (bytes.fromhex(text.removeprefix("0x")) for text in (found.hash, found.signature))
    if len(digest) != HASH_BYTES or len(signature) not in SIGNATURE_BYTES:
        raise InputError("a hash or a signature of another length")
    if not 0 < found.chain < U256 or not 0 <= found.number < U256 or not 0 <= found.time < U64:
        raise InputError("a number that is out of range")
    return SignedHeader(BlockHeader(checksum(found.key), found.chain, found.number, digest, found.time), signature)
