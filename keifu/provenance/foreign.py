"""A record of one chain, shown on another or offline: a header, and the nodes of two tries.

The contract `RecordProof` checks the same bytes: `RecordProof.args` is what its calls take. A file says what it is
about, and nothing of what to believe: chain, registry and block are the verifier's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ethwire.eip712 import Domain
from ethwire.trie import EMPTY_ROOT
from keifu._files import read_bounded
from keifu.abi.eip712 import BLOCK_HEADER
from keifu.errors import CheckFailed, InputError, Revert, RpcError
from keifu.keys import Account, keccak256
from keifu.provenance._layout import record_slot
from keifu.provenance._model import Record, RegistryDomain
from keifu.provenance.facts import record_words
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Entry
from keifu.provenance.trie import HeaderFacts, State, by_hash, read_header
from keifu.provenance.trust import Trust

__all__ = [
    "FORMAT", "BlockHeader", "RecordProof", "gather", "is_record_proof", "record_path", "record_proof_domain",
]  # fmt: skip

FORMAT = "keifu-record-proof/1"
LARGEST_FILE = 1 << 18
# What the contract takes: bytes of a header and of a node, and nodes of a proof.
MAX_HEADER, MAX_NODE, MAX_NODES = 1_024, 576, 16


def record_proof_domain(chain_id: int, contract: Any) -> Domain:
    """EIP-712 domain of a RecordProof contract."""
    return Domain("Keifu RecordProof", "1", chain_id, contract)


def record_path(record_id: bytes) -> bytes:
    """Where a record's word is in the trie of its registry's storage."""
    return keccak256(record_slot(record_id))


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


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    record: dict[str, Any]
    header: str
    account: list[str]
    storage: list[str]


@dataclass(frozen=True)
class RecordProof:
    """A record's content, and what shows its state at a block."""

    record: Record
    header: bytes
    account: tuple[bytes, ...]
    storage: tuple[bytes, ...]

    @property
    def args(self) -> tuple[bytes, list[bytes], list[bytes]]:
        """The argument `_proof` of the contract's calls."""
        return self.header, list(self.account), list(self.storage)

    def verify(self, trust: Trust) -> tuple[Entry, HeaderFacts]:
        """The record as the trusted registry holds it at the trusted block. Raises CheckFailed."""
        if not trust.block:
            raise CheckFailed("no block is trusted", remedy="--block-hash, from a node you trust")
        header = read_header(self.header, bytes.fromhex(trust.block[2:]))
        record_id = RegistryDomain(trust.chain, trust.registry).record_id(self.record)
        state = State(header, by_hash((*self.account, *self.storage)))
        word = record_words(state, trust.registry, {record_id: self.record})[record_id]
        if state.unused:
            raise CheckFailed("the proof holds nodes that show nothing")
        return Entry(record_id, self.record, word.status, word.time), header

    def write(self, path: Path) -> None:
        document = {
            "format": FORMAT,
            "record": self.record.to_json(),
            "header": _hex(self.header),
            "account": [_hex(node) for node in self.account],
            "storage": [_hex(node) for node in self.storage],
        }
        path.write_text(json.dumps(document, indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> RecordProof:
        """Raises InputError when the file is no such proof, or one that the contract would not take."""
        try:
            found = msgspec.json.decode(read_bounded(path, LARGEST_FILE, "a proof of a record"), type=_File)
            if found.format != FORMAT:
                raise InputError(f"{path} has format {found.format!r:.40}, this version reads {FORMAT}")
            account, storage = map(_nodes, (found.account, found.storage))
            return cls(Record.from_json(found.record), _bytes(found.header, MAX_HEADER), account, storage)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{path} is no proof of a record: {error}", remedy="keifu prov prove-record") from error


def is_record_proof(path: Path) -> bool:
    """Whether a file is of text, as proofs of records are; bundles are compressed."""
    with path.open("rb") as file:
        return file.read(1) == b"{"


def gather(proved: Proved, record_id: bytes) -> RecordProof:
    """From the node, at the block that it is asked about. Raises InputError when the record is unknown, RpcError when
    the node gives no proofs, CheckFailed when they do not show it."""
    content = proved.source.contents([record_id]).get(record_id)
    if content is None:
        raise InputError(f"no record {record_id.hex()}", remedy="is it of this chain and registry?")
    rpc, registry, block = proved.rpc, proved.source.registry.address, proved.block
    try:
        found = rpc.call("eth_getProof", registry, ["0x" + record_slot(record_id).hex()], hex(block.header.number))
        account, storage = _nodes(found["accountProof"]), _nodes(found["storageProof"][0]["proof"])
    except Revert as error:
        raise RpcError(f"{rpc.url} refuses state proofs: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise RpcError(f"{rpc.url} gives no state proofs", remedy="use a node that serves eth_getProof") from error
    made = RecordProof(content.record, block.encoded, account, storage)
    made.verify(proved.pinned)
    return made


def _nodes(texts: Sequence[str]) -> tuple[bytes, ...]:
    nodes = tuple(_bytes(text, MAX_NODE) for text in texts)
    if len(nodes) > MAX_NODES:
        raise ValueError(f"{len(nodes)} nodes, at most {MAX_NODES}")
    # Some nodes answer with the empty trie's own encoding where there is no node.
    return tuple(node for node in nodes if keccak256(node) != EMPTY_ROOT)


def _bytes(text: str, most: int) -> bytes:
    found = bytes.fromhex(text.removeprefix("0x"))
    if len(found) > most:
        raise ValueError(f"{len(found)} bytes, at most {most}")
    return found


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
