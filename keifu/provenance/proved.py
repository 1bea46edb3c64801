"""Answers from a node that may lie, each proved against one block.

What is asked is first worked out from the node's own words, which says which words of storage matter; then these are
proved by `eth_getProof`, one call a contract, and the answer is worked out again from what was proved. So a lie costs
an error and never changes an answer. What no state holds (texts of events, which records exist at all) stays the
node's word, and is marked as such.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from ethwire.rpc import Rpc
from keifu.errors import CheckFailed, InputError, Revert, RpcError
from keifu.keys import keccak256
from keifu.provenance._layout import Words, record_slot
from keifu.provenance.facts import Production, accounts_of, history, production, promotions, record_words
from keifu.provenance.lineage import Lineage
from keifu.provenance.registry import Entry, Logged, Provenance
from keifu.provenance.trie import HeaderFacts, State, by_hash, header_rlp
from keifu.provenance.trust import Trust

__all__ = ["Block", "Contents", "Proved", "trusted_block"]

T = TypeVar("T")
SLOTS_A_REQUEST = 1_000  # nodes refuse more


class Contents(Protocol):
    """Where the contents of records come from: a node's logs, or an index of them. Nothing about their state."""

    def contents(self, record_ids: Sequence[bytes]) -> dict[bytes, Logged]:
        """Those of the records that are known, each hashing to its id."""


@dataclass(frozen=True)
class Block:
    """The block that answers are proved against, and why it is believed."""

    encoded: bytes
    header: HeaderFacts
    believed: str
    certain: bool  # somebody else than the node that answers vouches for it

    @property
    def hash(self) -> str:
        return "0x" + self.header.hash.hex()


def trusted_block(rpc: Rpc, trust: Trust) -> Block:
    """The block to prove against: the one that the verifier names, else the newest one on which the verifier's other
    nodes agree, else the newest one of this node, which then is its word alone. Raises CheckFailed."""
    trust.accept("the node", chain=_number(rpc.call("eth_chainId"), "eth_chainId"))
    if trust.genesis:
        trust.accept("the node", genesis=str(_block(rpc, "eth_getBlockByNumber", "0x0").get("hash")))
    if trust.block:
        encoded = header_rlp(_block(rpc, "eth_getBlockByHash", trust.block))
        header = HeaderFacts(encoded)
        trust.accept("the node's answer", block=header.hash)
        return Block(encoded, header, "you trust this block", certain=True)
    encoded = header_rlp(_block(rpc, "eth_getBlockByNumber", "latest"))
    header = HeaderFacts(encoded)
    if not trust.nodes:
        return Block(
            encoded, header, f"the word of {rpc.url} alone; name a block or other nodes to be sure", certain=False
        )
    agreeing, heard = _agreement(header, trust)
    if len(agreeing) < trust.agree:
        raise CheckFailed(
            f"block {header.number} is 0x{header.hash.hex()} for {rpc.url}; of {len(trust.nodes)} other nodes "
            f"{len(agreeing)} say the same, {trust.agree} have to ({'; '.join(heard)})",
            remedy="one of them is behind, or lies: ask again, or ask another node",
        )
    if {url.rstrip("/") for url in agreeing} <= {rpc.url.rstrip("/")}:
        raise CheckFailed(
            f"of the nodes that you trust none but {rpc.url} itself says so",
            remedy="ask another node, or name more of them: keifu trust init --node",
        )
    return Block(encoded, header, f"{len(agreeing)} of {len(trust.nodes)} other nodes have the same", certain=True)


def _agreement(header: HeaderFacts, trust: Trust) -> tuple[list[str], list[str]]:
    agreeing, heard = [], []
    for url in trust.nodes:
        try:
            with Rpc(url) as other:
                found = _block(other, "eth_getBlockByNumber", hex(header.number))
            right = keccak256(header_rlp(found)) == header.hash
            heard.append(f"{url} has {found.get('hash')}")
        except (RpcError, Revert, CheckFailed) as error:
            right = False
            heard.append(error.message if isinstance(error, (RpcError, CheckFailed)) else str(error))
        if right:
            agreeing.append(url)
    return agreeing, heard


class Proved:
    """Reads one registry and its environments as of one block, and proves what it reads."""

    def __init__(self, source: Provenance, trust: Trust, block: Block | None = None) -> None:
        trust.accept("the source", registry=source.registry.address)
        if source.environments is not None:
            trust.accept("the source", environments=source.environments.address)
        self.source, self.trust, self.rpc = source, trust, source.chain.rpc
        self.block = block or trusted_block(self.rpc, trust)

    @classmethod
    def now(cls, source: Provenance) -> Proved:
        """At the newest block, trusting the addresses that `source` was made with."""
        environments = source.environments.address if source.environments else ""
        return cls(source, Trust(source.chain.chain_id, source.registry.address, environments))

    @property
    def pinned(self) -> Trust:
        """What is trusted, the block included."""
        return replace(self.trust, block=self.block.hash)

    @cached_property
    def followed(self) -> Trust:
        """What is trusted, with the accounts that replaced the keys of trusted authors as of the block."""
        registry = self.source.registry.address

        def accounts(words: Words) -> list[str]:
            return [item for author in self.trust.authors for item in accounts_of(words, registry, author)]

        found = accounts(self.prove(accounts)) if self.trust.authors else []
        return replace(self.trust, authors=tuple(dict.fromkeys(found)))

    def replaced(self, named: Collection[str]) -> list[str]:
        """Accounts whose keys were replaced, in the end by one of these: of each row of accounts its first. The node
        may leave some out; those that it gives are proved."""
        registry = self.source.registry.address
        known = self.source.replaced_by(named)
        if not known:
            return []
        state = self.prove(lambda words: [accounts_of(words, registry, account) for account in known])
        rows = {account: accounts_of(state, registry, account)[1:] for account in known}
        later = {account for row in rows.values() for account in row}
        return [account for account, row in rows.items() if account not in later and not set(row).isdisjoint(named)]

    @property
    def time(self) -> int:
        """The block's, unix seconds."""
        return self.block.header.timestamp

    def lineage(
        self, root: bytes, *, depth: int = 0, contents: Contents | None = None, names: dict[bytes, str] | None = None
    ) -> Lineage:
        """`root` and its ancestors, at most `depth` links away (zero: all), every state proved. Raises InputError when
        the root is unknown, CheckFailed when the node contradicts itself."""
        found = self.gather(root, depth=depth, contents=contents)
        state = self.prove(None, records=found)
        return self.entered(state, root, found, depth=depth, names=names)

    def gather(self, root: bytes, *, depth: int = 0, contents: Contents | None = None) -> dict[bytes, Logged | None]:
        """Contents of `root` and its ancestors, a level at a time; None for what the source does not have."""
        store = contents or self.source
        found: dict[bytes, Logged | None] = {}
        level, distance = [root], 0
        while level and not (depth and distance > depth):
            known = store.contents(level)
            found |= {record_id: known.get(record_id) for record_id in level}
            parents = (link.parent for item in known.values() for link in item.record.links)
            level = [parent for parent in dict.fromkeys(parents) if parent not in found]
            distance += 1
        return found

    def entered(
        self,
        state: Words,
        root: bytes,
        found: Mapping[bytes, Logged | None],
        *,
        depth: int = 0,
        names: dict[bytes, str] | None = None,
    ) -> Lineage:
        """The lineage of gathered contents under a proved state."""
        contents = {record_id: item.record if item else None for record_id, item in found.items()}
        words = record_words(state, self.source.registry.address, contents)
        if root not in words:
            raise InputError(f"no record {root.hex()}", remedy="is it of this chain and registry?")
        lineage = Lineage(root, names=names or {})
        for record_id, item in found.items():
            if item is None:
                lineage.missing.append(record_id)
                continue
            word = words[record_id]
            lineage.entries[record_id] = Entry(record_id, item.record, word.status, word.time, item.block, item.reason)
        parents = {link.parent for entry in lineage.entries.values() for link in entry.record.links}
        lineage.cut = bool(depth) and not parents <= found.keys()
        return lineage

    def by_digest(self, digest: bytes, authors: Sequence[str] = ()) -> list[Entry]:
        """Records of these bytes by these authors (all, when none is named), oldest first: each is proved, that there
        are no others is the node's word."""
        found = self.source.logged(digest=digest, authors=authors)
        state = self.prove(None, records=found)
        words = record_words(state, self.source.registry.address, {key: item.record for key, item in found.items()})
        return [
            Entry(key, item.record, words[key].status, words[key].time, item.block, item.reason)
            for key, item in found.items()
        ]

    def production(self, environment: bytes) -> tuple[Production, Entry | None]:
        """What an environment runs, and the record that was promoted; None when nothing was. Raises CheckFailed."""
        sketch = _Sketch(self.rpc, self.block.header)
        artefact = self.running(sketch, environment).artefact
        found = dict(self.source.contents([artefact])) if any(artefact) else {}
        state = self.prove(None, records=found, sketch=sketch)
        made = self.running(state, environment)
        if not made.seq:
            return made, None
        if made.artefact not in found:
            raise CheckFailed(
                f"record {made.artefact.hex()} is promoted, but the node gives no log that hashes to it",
                remedy="ask another node; this one withholds or changes logs",
            )
        return made, self.entered(state, made.artefact, found).entries[made.artefact]

    def history(self, environment: bytes) -> list[tuple[int, bytes, int]]:
        """Number, artefact and block of every promotion, proved. Raises CheckFailed when it was never declared."""
        environments = self.source.environments.address if self.source.environments else ""
        # How many there are is proved before so many are asked for: a node could name a number without an end.
        counted = self.prove(lambda words: promotions(words, environments, environment))
        count = promotions(counted, environments, environment)
        state = self.prove(lambda words: history(words, environments, environment, count))
        return history(state, environments, environment, count)

    def dossier(self, root: bytes | None, environments: Sequence[bytes]) -> tuple[Lineage, list[Production]]:
        """The lineage of `root` (None: of what the first environment runs) and what each environment runs, with one
        proof a contract for everything. Raises CheckFailed."""
        sketch = _Sketch(self.rpc, self.block.header)
        said = [self.running(sketch, environment) for environment in environments]
        about = root if root is not None else said[0].artefact
        found = self.gather(about) if any(about) else {}
        state = self.prove(None, records=found, sketch=sketch)
        made = [self.running(state, environment) for environment in environments]
        if root is None and made[0].artefact != about:
            raise CheckFailed("the node contradicts its own proof of what is promoted", remedy="ask another node")
        return self.entered(state, about, found) if found else Lineage(about), made

    def running(self, words: Words, environment: bytes) -> Production:
        """What `words` say of an environment."""
        if self.source.environments is None:
            raise InputError("no Environments contract given", remedy="name its address")
        registry, environments = self.source.registry.address, self.source.environments.address
        return production(words, registry, environments, environment)

    def prove(
        self,
        question: Callable[[Words], Any] | None,
        *,
        records: Iterable[bytes] = (),
        sketch: _Sketch | None = None,
    ) -> State:
        """A state that shows the words which `question` looks at, and those of `records`."""
        sketch = sketch or _Sketch(self.rpc, self.block.header)
        if question is not None:
            question(sketch)
        slots = sketch.asked.setdefault(self.source.registry.address, {})
        slots.update(dict.fromkeys(map(record_slot, records)))
        nodes: set[bytes] = set()
        for address, wanted in sketch.asked.items():
            nodes |= _proofs(self.rpc, address, list(wanted), hex(self.block.header.number))
        return State(self.block.header, by_hash(nodes))


class _Sketch:
    """Words as the node says, and a note of which were asked for."""

    def __init__(self, rpc: Rpc, header: HeaderFacts) -> None:
        self._rpc, self._number, self.time = rpc, hex(header.number), header.timestamp
        self.asked: dict[str, dict[bytes, None]] = {}

    def words(self, address: str, slots: Sequence[bytes]) -> list[int]:
        self.asked.setdefault(address, {}).update(dict.fromkeys(slots))
        requests = [("eth_getStorageAt", [address, "0x" + slot.hex(), self._number]) for slot in slots]
        return [_number(_sure(answer), "eth_getStorageAt") for answer in self._rpc.batch(requests)]


def _proofs(rpc: Rpc, address: str, slots: Sequence[bytes], number: str) -> set[bytes]:
    nodes: set[bytes] = set()
    for start in range(0, len(slots), SLOTS_A_REQUEST):
        keys = ["0x" + slot.hex() for slot in slots[start : start + SLOTS_A_REQUEST]]
        try:
            proof = rpc.call("eth_getProof", address, keys, number)
        except Revert as error:
            raise RpcError(f"{rpc.url} refuses state proofs: {error}") from error
        except RpcError as error:
            remedy = "use a node that serves eth_getProof at this block"
            raise RpcError(f"no state proof: {error.message}", remedy=remedy, code=error.code) from error
        try:
            parts = [proof["accountProof"], *(item["proof"] for item in proof["storageProof"])]
            nodes.update(bytes.fromhex(node.removeprefix("0x")) for part in parts for node in part)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RpcError(f"{rpc.url} gives no state proofs", remedy="use a node that serves eth_getProof") from error
    return nodes


def _block(rpc: Rpc, method: str, which: str) -> Mapping[str, Any]:
    found = rpc.call(method, which, False)
    if not isinstance(found, dict):
        raise CheckFailed(f"{rpc.url} has no block {which}", remedy="is it of this chain, and recent enough?")
    return found


def _number(answer: Any, method: str) -> int:
    try:
        number = int(answer, 16)
    except (TypeError, ValueError) as error:
        raise RpcError(f"{method} answered with something else than a number") from error
    if not 0 <= number < 1 << 256:
        raise RpcError(f"{method} answered with something else than a word")
    return number


def _sure(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer
