"""A record of one chain, shown on another or offline: a header, and the nodes of two tries.

The contract `RecordProof` checks the same bytes: `RecordProof.args` is what its calls take. A file says what it is
about, and nothing of what to believe: chain, registry and block are the verifier's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ethwire.trie import EMPTY_ROOT
from keifu._files import read_bounded
from keifu.errors import CheckFailed, InputError, Revert, RpcError
from keifu.keys import keccak256
from keifu.provenance._layout import record_slot
from keifu.provenance._model import Record, RegistryDomain
from keifu.provenance.facts import record_words
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Entry
from keifu.provenance.signed_headers import BlockHeader, HeaderLine, SignedHeader, header_of, record_proof_domain
from keifu.provenance.trie import HeaderFacts, State, by_hash, read_header
from keifu.provenance.trust import Notaries, Trust

__all__ = [
    "FORMAT", "BlockHeader", "RecordProof", "gather", "is_record_proof", "record_path", "record_proof_domain",
    "signed_block", "word_of",
]  # fmt: skip

FORMAT = "keifu-record-proof/1"
LARGEST_FILE = 1 << 18
# What the contract takes: bytes of a header and of a node, nodes of a proof, and signatures.
MAX_HEADER, MAX_NODE, MAX_NODES, MAX_SIGNED = 1_024, 576, 16, 16


def record_path(record_id: bytes) -> bytes:
    """Where a record's word is in the trie of its registry's storage."""
    return keccak256(record_slot(record_id))


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    record: dict[str, Any]
    header: str
    account: list[str]
    storage: list[str]
    signed: list[HeaderLine] = []


@dataclass(frozen=True)
class RecordProof:
    """A record's content, and what shows its state at a block; beside it who signed that block, if anybody did."""

    record: Record
    header: bytes
    account: tuple[bytes, ...]
    storage: tuple[bytes, ...]
    signed: tuple[SignedHeader, ...] = ()

    @property
    def args(self) -> tuple[bytes, list[bytes], list[bytes]]:
        """The argument `_proof` of the contract's calls."""
        return self.header, list(self.account), list(self.storage)

    def verify(self, trust: Trust, clock: Callable[[], float] = time.time) -> tuple[Entry, HeaderFacts]:
        """The record as the trusted registry holds it at the trusted block, which is named, or signed by a quorum of
        the trusted notaries. Raises CheckFailed."""
        header = read_header(
            self.header, bytes.fromhex(trust.block[2:]) if trust.block else self._attested(trust, clock)
        )
        record_id = RegistryDomain(trust.chain, trust.registry).record_id(self.record)
        state = State(header, by_hash((*self.account, *self.storage)))
        word = record_words(state, trust.registry, {record_id: self.record})[record_id]
        if state.unused:
            raise CheckFailed("the proof holds nodes that show nothing")
        return Entry(record_id, self.record, word.status, word.time), header

    def _attested(self, trust: Trust, clock: Callable[[], float]) -> bytes:
        """The hash of the header, when as many trusted notaries signed it as the verifier asks for."""
        notaries = trust.notaries
        if not notaries:
            raise CheckFailed("no block is trusted", remedy="--block-hash, from a node you trust, or trusted notaries")
        header, block = HeaderFacts(self.header), keccak256(self.header)
        domain = record_proof_domain(notaries.chain, notaries.contract)
        counted = set()
        for item in self.signed:
            said = item.header
            if said.key.lower() not in notaries.accounts:
                continue
            if (said.chain_id, said.number, said.block_hash) != (trust.chain, header.number, block):
                raise CheckFailed(f"{said.key} signed another block than the proof's")
            if not item.is_signed(domain):
                raise CheckFailed(
                    f"what stands below {said.key} is not its signature",
                    remedy=f"for RecordProof {notaries.contract} of chain {notaries.chain}, as you trust it?",
                )
            counted.add(said.key)
        if len(counted) < notaries.quorum:
            raise CheckFailed(
                f"{len(counted)} of the {len(notaries.accounts)} notaries whom you trust signed the block, not "
                f"{notaries.quorum}",
                remedy="ask more of them: keifu prov prove-record --notary URL",
            )
        if (age := int(clock()) - header.timestamp) > notaries.max_age:
            raise CheckFailed(
                f"the block that they signed is {age:,} seconds old, you trust {notaries.max_age:,}",
                remedy="ask for a proof of now",
            )
        return block

    def write(self, path: Path) -> None:
        document = {
            "format": FORMAT,
            "record": self.record.to_json(),
            "header": _hex(self.header),
            "account": [_hex(node) for node in self.account],
            "storage": [_hex(node) for node in self.storage],
            **({"signed": [item.to_json() for item in self.signed]} if self.signed else {}),
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
            signed = tuple(map(header_of, found.signed))
            return cls(Record.from_json(found.record), _bytes(found.header, MAX_HEADER), account, storage, signed)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{path} is no proof of a record: {error}", remedy="keifu prov prove-record") from error


def is_record_proof(path: Path) -> bool:
    """Whether a file is of text, as proofs of records are; bundles are compressed."""
    with path.open("rb") as file:
        return file.read(1) == b"{"


def word_of(said: Iterable[SignedHeader], notaries: Notaries | msgspec.UnsetType) -> list[SignedHeader]:
    """What counts of the headers that one address serves: those that notaries signed whom the asker trusts, or, where
    it names none, those of one key. So nobody fills a quorum alone."""
    if notaries:
        domain = record_proof_domain(notaries.chain, notaries.contract)
        return [item for item in said if item.header.key.lower() in notaries.accounts and item.is_signed(domain)]
    found = list(said)
    return [item for item in found if item.header.key == found[0].header.key]


def signed_block(found: Iterable[SignedHeader], chain: int, quorum: int) -> tuple[bytes, tuple[SignedHeader, ...]]:
    """The newest block of a chain under which so many keys stand, and their signatures in the contract's order. Raises
    CheckFailed when there is none; whether each is its key's is for whoever trusts them."""
    blocks: dict[tuple[int, bytes], dict[int, SignedHeader]] = {}
    for item in found:
        said = item.header
        if said.chain_id == chain:
            blocks.setdefault((said.number, said.block_hash), {})[int(said.key, 16)] = item
    enough = [block for block, signed in blocks.items() if len(signed) >= quorum]
    if not enough:
        most = max((len(signed) for signed in blocks.values()), default=0)
        raise CheckFailed(
            f"no block of chain {chain} has {quorum} signatures, the most have {most}",
            remedy="wait until they have signed the same one, or ask for a smaller --quorum",
        )
    newest = max(enough)
    return newest[1], tuple(item for _, item in sorted(blocks[newest].items())[:MAX_SIGNED])


def gather(proved: Proved, record_id: bytes, signed: tuple[SignedHeader, ...] = ()) -> RecordProof:
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
    made = RecordProof(content.record, block.encoded, account, storage, signed)
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
