"""What rests on a record: everything that was made from it, and the environments that run any of that.

A record names its parents, and nobody keeps its children: they are found by reading every registration of the registry.
What is listed is proved (each record hashes to its id and names its parent, its state and each environment's promotion
are in the state of the block); that nothing else rests on it is the node's word.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keifu.chain.follower import Event
from keifu.chain.logs import find_logs
from keifu.errors import CheckFailed, InputError
from keifu.provenance._log import parents_in
from keifu.provenance._model import Record, RegistryDomain, Relation, Status
from keifu.provenance.facts import Anchor, Production, RecordWord, anchor, leaf_revoked_at, record_words
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Entry, Logged

if TYPE_CHECKING:
    from keifu.provenance.labels import LabelProof

__all__ = ["Impact", "Leaf", "impact", "promotions_of"]


@dataclass(frozen=True)
class Leaf:
    """One label of an anchored tree, and since when it is taken back (unix seconds; zero: it is not)."""

    proof: LabelProof
    anchor: Anchor
    revoked_at: int


@dataclass(frozen=True)
class Impact:
    """What rests on `root`. `via` names for each record the parent through which it does; `running` are environments
    that run the root or one of the records now, `past` those that once did."""

    root: Entry
    resting: tuple[Entry, ...]
    via: Mapping[bytes, bytes]
    running: tuple[Production, ...]
    past: tuple[Production, ...]
    leaf: Leaf | None = None

    @property
    def withdrawn(self) -> bool:
        return self.root.status != Status.ACTIVE or (self.leaf is not None and self.leaf.revoked_at > 0)

    @property
    def records(self) -> tuple[Entry, ...]:
        """The root, and what rests on it."""
        return (self.root, *self.resting)


def impact(proved: Proved, root: bytes, leaf: LabelProof | None = None) -> Impact:
    """Everything that rests on `root`, or on one label of it. Raises InputError when the root is unknown, CheckFailed
    when the node contradicts itself or the label is none of it."""
    source, domain = proved.source, proved.source.domain
    if leaf is not None and leaf.label.dataset != root:
        raise InputError(f"the label is of data set {leaf.label.dataset.hex()}, not of {root.hex()}")
    logs = list(source.registrations())
    via = _resting(root, logs)
    wanted = {root, *via}
    contents = source.records_in(log for log in logs if _id_of(log) in wanted)
    if root not in contents:
        raise InputError(f"no record {root.hex()}", remedy="is it of this chain and registry?")
    _check_paths(via, contents)
    places = _environments(proved, wanted)
    registry = source.registry.address
    found: dict[bytes, Production] = {}
    said: list[tuple[Anchor, int]] = []

    def question(words: Any) -> dict[bytes, RecordWord]:
        if leaf is not None:
            digest = domain.label_digest(leaf.label)
            revoked = leaf_revoked_at(words, registry, leaf.anchorer, leaf.root, digest)
            said.append((anchor(words, registry, leaf.anchorer, leaf.root), revoked))
        found.update({place: proved.running(words, place) for place in places})
        return {}

    state = proved.prove(question, records=contents)
    said.clear()
    question(state)
    words = record_words(state, registry, {key: item.record for key, item in contents.items()})
    entries = {
        key: Entry(key, item.record, words[key].status, words[key].time, item.block, item.reason)
        for key, item in contents.items()
    }
    running = tuple(made for made in found.values() if made.artefact in wanted)
    return Impact(
        entries[root],
        tuple(entries[key] for key in via),
        via,
        running,
        tuple(made for made in found.values() if made.artefact not in wanted),
        _leaf(domain, leaf, said[0]) if leaf is not None else None,
    )


def promotions_of(proved: Proved, found: Impact) -> dict[bytes, frozenset[int]]:
    """By environment, the numbers of the promotions that ran one of the records: receipts of answers name them. The
    whole history of each environment is proved, so a node can leave out an environment, and none of its promotions."""
    wanted = {entry.id for entry in found.records}
    return {
        made.environment: frozenset(
            seq for seq, artefact, _ in proved.history(made.environment) if artefact in wanted
        )
        for made in (*found.running, *found.past)
    }  # fmt: skip


def _leaf(domain: RegistryDomain, proof: LabelProof, said: tuple[Anchor, int]) -> Leaf:
    proof.verify(domain, proof.root)
    return Leaf(proof, *said)


def _resting(root: bytes, logs: Sequence[Event]) -> dict[bytes, bytes]:
    """Records that were made from `root`, nearest first, each with the parent through which it was."""
    children: dict[bytes, list[bytes]] = {}
    for log in logs:
        for parent in _parents(log):
            children.setdefault(parent, []).append(_id_of(log))
    via: dict[bytes, bytes] = {}
    pending = deque([root])
    while pending:
        parent = pending.popleft()
        for child in children.get(parent, ()):
            if child not in via and child != root:
                via[child] = parent
                pending.append(child)
    return via


def _id_of(log: Event) -> bytes:
    try:
        return bytes.fromhex(log.topics[1][2:])
    except (IndexError, ValueError):
        return b""


def _parents(log: Event) -> Iterator[bytes]:
    """Read from the plain words: most records do not rest on what is asked about, and those that do are read whole and
    hashed afterwards."""
    return parents_in(bytes.fromhex(log.data[2:]))


def _check_paths(via: Mapping[bytes, bytes], contents: Mapping[bytes, Logged]) -> None:
    """Raises CheckFailed when a record that the node's words led to does not name its parent."""
    for child, parent in via.items():
        item = contents.get(child)
        if item is None or parent not in _made_from(item.record):
            raise CheckFailed(
                f"the node gives no record that hashes to {child.hex()} and was made from {parent.hex()}",
                remedy="ask another node; this one withholds or changes logs",
            )


def _made_from(record: Record) -> Iterable[bytes]:
    return (link.parent for link in record.links if link.relation != Relation.SUPERSEDES)


def _environments(proved: Proved, artefacts: set[bytes]) -> list[bytes]:
    """Environments that ever promoted one of these, as the node says."""
    contract = proved.source.environments
    if contract is None:
        return []
    topic = "0x" + contract.interface.event("Promoted").topic.hex()
    found: dict[bytes, None] = {}
    for log in find_logs(proved.source.chain, contract.address, [topic], proved.source.first_block):
        try:
            environment, artefact = bytes.fromhex(log.topics[1][2:]), bytes.fromhex(log.topics[3][2:])
        except (IndexError, ValueError):
            continue
        if artefact in artefacts:
            found[environment] = None
    return list(found)
