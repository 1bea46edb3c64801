"""Good bundles of every kind and size, made in a world of their own, with the question that each of them answers."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from keifu.keys import Account
from keifu.provenance import Heartbeat, Kind, Link, Record, environments_domain, heartbeat_digest
from keifu.provenance.bundle import Bundle, make_bundle
from keifu.provenance.bundle_file import encode_parts
from keifu.provenance.digest import FileDigest
from keifu.provenance.documents import Documents
from keifu.provenance.labels import LabelBatch, LabelProof, label_word
from keifu.provenance.lineage import Lineage
from keifu.provenance.manifest import Manifest
from keifu.provenance.registry import Entry
from keifu.provenance.statement import canonical, statement
from keifu.provenance.trust import Trust
from tests.conformance.world import CHAIN, NOW, World, address

__all__ = ["WITHDRAWN", "Good", "Maker", "good_bundles", "lineage_of", "withdrawn"]

AUTHOR, OWNER = address("author"), address("owner")
SCHEMA, OTHER = hashlib.sha256(b"evaluated").digest(), hashlib.sha256(b"scanned").digest()
ATTESTERS = [address(f"attester {number}") for number in range(8)]
RELATION = 1
MAX_PARENTS = 16


@dataclass(frozen=True)
class Good:
    """A bundle, what its verifier trusts and asks, and what it has to show."""

    name: str
    bundle: Bundle
    trust: Trust
    environment: bytes
    in_order: bool
    author_is_trusted: bool = False  # where the verifier names authors


def sha(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class Maker:
    """Registers records with manifests in a world, and bundles them."""

    def __init__(self, **options: Any) -> None:
        self.world, self.documents = World(**options), Documents()
        self.records: dict[bytes, Record] = {}

    def record(
        self,
        name: str,
        parents: Sequence[bytes] = (),
        *,
        kind: Kind = Kind.DATASET,
        files: int = 1,
        statements: int = 0,
        status: int = 1,
        author: str = AUTHOR,
        **fields: Any,
    ) -> bytes:
        """With `files` zero, one that commits to no manifest."""
        described = tuple(FileDigest(f"{name}/{i:04}.bin", sha(f"{name} {i}"), i + 1) for i in range(files))
        digest = Manifest(described).digest if files else sha(name)
        said = [canonical(statement(name, digest, {"number": number, "of": name})) for number in range(statements)]
        manifest = Manifest(described, statements=tuple(hashlib.sha256(body).digest() for body in said))
        for body in ([manifest.body] if files else []) + said:
            self.documents.keep(body)
        links = tuple(Link(RELATION, parent) for parent in parents)
        committed = manifest.hash if files else bytes(32)
        record = Record(author, kind, digest, manifest=committed, links=links, **fields)
        record_id = self.world.register(record, status=status)
        self.records[record_id] = record
        return record_id

    def good(self, name: str, root: bytes, *, environment: bytes = b"", in_order: bool = True, **options: Any) -> Good:
        proved = self.world.proved()
        lineage = lineage_of(root, self.records)
        made = make_bundle(proved, lineage, self.documents, environment=environment or None, **options)
        return Good(name, made, proved.pinned, environment, in_order)

    def stating(self, text: str, *names: str) -> tuple[bytes, Good]:
        """A record that commits to a statement of exactly this text, its digest put in for %s, and to files of these
        names; the bundle's file, and one without a statement that has the question. Made past `make_bundle`, which
        takes no bad statement."""
        files = tuple(FileDigest(name, sha(name), 1) for name in names or ("a",))
        said = text.replace("%s", Manifest(files).digest.hex()).encode()
        manifest = Manifest(files, statements=(hashlib.sha256(said).digest(),))
        record = Record(AUTHOR, Kind.DATASET, manifest.digest, manifest=manifest.hash)
        bare = Record(AUTHOR, Kind.DATASET, manifest.digest)
        root, other = self.world.register(record), self.world.register(bare)
        proved = self.world.proved()
        made = make_bundle(proved, lineage_of(other, {other: bare}), self.documents)
        state = proved.prove(lambda words: None, records=[root])
        parts = replace(
            made.parts,
            root=root,
            records=(record,),
            nodes=tuple(sorted(state.nodes)),
            documents=(manifest.body, said),
        )
        return encode_parts(parts), Good("", made, proved.pinned, b"", True)


def lineage_of(root: bytes, records: dict[bytes, Record]) -> Lineage:
    lineage = Lineage(root)
    order = {root: None}
    pending = deque(order)
    while pending:
        record_id = pending.popleft()
        record = records[record_id]
        lineage.entries[record_id] = Entry(record_id, record, 1, 0)  # type: ignore[arg-type]  # no state yet
        new = [link.parent for link in record.links if link.parent not in order]
        order |= dict.fromkeys(new)
        pending += dict.fromkeys(new)
    return lineage


def good_bundles() -> Iterator[Good]:
    yield from _kinds()
    yield from _sizes()
    yield from _contents()
    yield from _environments()
    yield from _sound()
    yield from _heartbeats()
    yield from _labels()
    yield from _accounts()


def _kinds() -> Iterator[Good]:
    for kind in Kind:
        maker = Maker()
        yield maker.good(f"one-{kind.word}", maker.record(kind.word, kind=kind))


def chain(maker: Maker, length: int, **options: Any) -> bytes:
    parents: list[bytes] = []
    for number in range(length):
        parents = [maker.record(f"link {number}", parents, **options)]
    return parents[0]


def layers(maker: Maker, depth: int, breadth: int) -> bytes:
    level: list[bytes] = []
    for row in range(depth):
        level = [
            maker.record(
                f"{row}.{column}", [*dict.fromkeys(level[(column + step) % breadth] for step in range(2) if level)]
            )
            for column in range(breadth)
        ]
    return maker.record("top", level[:MAX_PARENTS], kind=Kind.MODEL)


def _sizes() -> Iterator[Good]:
    for length in (2, 3, 10, 40):
        maker = Maker()
        yield maker.good(f"chain-{length}", chain(maker, length, files=0))
    for length in (1_000, 10_000):
        maker, parents = Maker(), list[bytes]()
        for _ in range(length):  # of one digest, so that the file stays small
            parents = [maker.record("link", parents, files=0)]
        yield maker.good(f"chain-{length}", parents[0])
    for depth, breadth in ((1, 16), (2, 2), (3, 5), (8, 15)):
        maker = Maker()
        yield maker.good(f"layers-{depth}x{breadth}", layers(maker, depth, breadth))
    maker = Maker()
    raw = maker.record("raw")
    twice = maker.record("twice", [raw])
    record = Record(AUTHOR, Kind.WEIGHTS, sha("two relations"), links=(Link(1, twice), Link(2, twice), Link(2, raw)))
    record_id = maker.world.register(record)
    maker.records[record_id] = record
    yield maker.good("one-parent-twice", record_id)


def _contents() -> Iterator[Good]:
    for files, statements in ((0, 0), (1, 0), (1, 1), (40, 3)):
        maker = Maker()
        yield maker.good(
            f"files-{files}-statements-{statements}", maker.record("it", files=files, statements=statements)
        )
    maker = Maker()
    same = [maker.record("same", kind=kind, statements=1) for kind in (Kind.DATASET, Kind.CODE)]
    yield maker.good("one-manifest-of-two-records", maker.record("child", same))
    maker = Maker()
    yield maker.good("long-texts", maker.record("it", uri="ü" * 64, licence="系" * 10, version='"\\\n'))
    maker = Maker()
    yield maker.good("all-fields", maker.record("it", content_root=sha("content"), program_root=sha("program")))
    for name, status in (("deprecated", 2), ("revoked", 3)):
        maker = Maker()
        parent = maker.record("parent", status=status)
        yield maker.good(f"{name}-ancestor", maker.record("child", [parent]), in_order=False)
        maker = Maker()
        yield maker.good(f"{name}-root", maker.record("it", status=status), in_order=False)


Policy = Sequence[tuple[int, Sequence[tuple[bytes, int, int, Sequence[str]]]]]


def _environments() -> Iterator[Good]:
    def made(name: str, policies: Policy, attest: Callable[[World, bytes], None], **options: Any) -> Good:
        maker = Maker()
        weights = maker.record("weights", [maker.record("data", statements=1)], kind=Kind.WEIGHTS)
        attest(maker.world, weights)
        seq = options.pop("seq", 1)
        environment = maker.world.promote(OWNER, weights, policies, seq=seq)
        return maker.good(f"environment-{name}", weights, environment=environment, **options)

    def all_attest(world: World, subject: bytes, **how: Any) -> None:
        for who in ATTESTERS:
            for schema in (SCHEMA, OTHER):
                world.attest(who, schema, subject, **how)

    old = NOW - 9_000
    one = [(old, [(SCHEMA, 1, 0, ATTESTERS[:1])])]
    yield made("without-policy", [(old, [])], lambda world, subject: None)
    yield made("one-attester", one, lambda world, subject: world.attest(ATTESTERS[0], SCHEMA, subject))
    two = [(old, [(SCHEMA, 2, 1_000, ATTESTERS[:3]), (OTHER, 1, 0, ATTESTERS[3:5])])]
    yield made("two-of-three", two, all_attest, seq=5)
    full = [(old, [(sha(f"schema {i}"), 1, 0, ATTESTERS) for i in range(8)])]

    def attest_full(world: World, subject: bytes) -> None:
        for i in range(8):
            world.attest(ATTESTERS[i], sha(f"schema {i}"), subject)

    yield made("largest-policy", full, attest_full)
    later = [*one, (NOW + 50, [(OTHER, 1, 0, ATTESTERS[:1])])]
    yield made("policy-under-notice", later, lambda world, subject: world.attest(ATTESTERS[0], SCHEMA, subject))
    second = [*one, (NOW - 50, [(OTHER, 1, 0, ATTESTERS[1:2])])]
    yield made("second-policy", second, all_attest)
    yield made("never-attested", one, lambda world, subject: None, in_order=False)
    for name, how in (("expired", {"expiry": NOW}), ("revoked", {"revoked": NOW - 1})):
        yield made(
            f"attestation-{name}",
            one,
            lambda world, subject, how=how: all_attest(world, subject, **how),
            in_order=False,
        )
    aged = [(old, [(SCHEMA, 1, 100, ATTESTERS[:1])])]
    yield made("attestation-too-old", aged, all_attest, in_order=False)
    maker = Maker()
    weights = maker.record("weights", kind=Kind.WEIGHTS, status=3)
    yield maker.good(
        "environment-revoked-artefact", weights, environment=maker.world.promote(OWNER, weights), in_order=False
    )


def _sound() -> Iterator[Good]:
    """Policies that ask for a sound lineage: three generations, of which one is withdrawn, or never written down."""
    one = [(NOW - 9_000, [(SCHEMA, 1, 0, ATTESTERS[:1])])]
    for name, policies, statuses in (
        ("sound", [(NOW - 9_000, [])], (1, 1, 1)),
        ("sound-and-attested", one, (1, 1, 1)),
        ("unsound-data", one, (3, 1, 1)),
        ("unsound-parent", [(NOW - 9_000, [])], (1, 2, 1)),
        ("links-not-stored", [(NOW - 9_000, [])], (0, 1, 1)),
    ):
        maker = Maker()
        data = maker.record("data", status=statuses[0] or 1)
        base = maker.record("base", [data], status=statuses[1])
        weights = maker.record("weights", [base, data], kind=Kind.WEIGHTS, status=statuses[2])
        for record_id, status in zip((data, base, weights), statuses, strict=True):
            if status:
                maker.world.store_links(record_id, maker.records[record_id], status=status)
        maker.world.attest(ATTESTERS[0], SCHEMA, weights)
        environment = maker.world.promote(OWNER, weights, policies, sound=True)
        yield maker.good(f"environment-{name}", weights, environment=environment, in_order=set(statuses) == {1})


def beat(maker: Maker, node: Account, environment: bytes, digest: bytes, *, seq: int = 1, time: int = NOW - 30) -> Any:
    said = Heartbeat(node.address.lower(), environment, seq, digest, time)
    return said, node.sign(heartbeat_digest(environments_domain(CHAIN, maker.world.environments), said))


def _heartbeats() -> Iterator[Good]:
    for name, count, contradicts in (("heartbeat", 1, False), ("heartbeats-3", 3, False), ("contradiction", 2, True)):
        maker = Maker()
        weights = maker.record("weights", kind=Kind.WEIGHTS, statements=1)
        environment = maker.world.promote(OWNER, weights)
        digest = maker.records[weights].digest
        beats = [beat(maker, Account.from_role(f"node {i}"), environment, digest) for i in range(count)]
        if contradicts:
            beats[0] = beat(maker, Account.from_role("node 0"), environment, sha("other weights"))
        yield maker.good(name, weights, environment=environment, heartbeats=beats, in_order=not contradicts)


Change = Callable[[World, LabelProof], None]


def _nothing(world: World, proof: LabelProof) -> None:
    del world, proof


def _labelled(rows: Sequence[int], anchorer: str = "") -> tuple[Maker, bytes, bytes, list[LabelProof]]:
    """Weights trained on a data set with seven labels: who made it, the record, its environment, and proofs of `rows`
    and of the last label."""
    maker = Maker()
    data = maker.record("data")
    labels = maker.record("labels", [data], kind=Kind.LABEL_SET, author=address("label author"))
    labellers = [Account.from_role(f"labeller {i % 2}") for i in range(7)]
    words = [label_word(i) for i in range(7)]
    batch = LabelBatch.sign(maker.world.domain, data, labellers, [bytes([i]) for i in range(7)], words)
    anchorer = anchorer or (address("label author") if rows == [2] else AUTHOR)
    maker.world.anchor(anchorer, batch.tree().root, len(batch))
    weights = maker.record("weights", [labels, data], kind=Kind.WEIGHTS)
    proofs = [batch.prove(row, anchorer) for row in (*rows, 6)]
    return maker, weights, maker.world.promote(OWNER, weights), proofs


def _with_labels(name: str, rows: Sequence[int], change: Change = _nothing) -> Good:
    """`change` is what happened to the last label, which is not shown."""
    maker, weights, environment, proofs = _labelled(rows)
    change(maker.world, proofs[-1])
    return maker.good(name, weights, environment=environment, labels=proofs[:-1])


def _labels() -> Iterator[Good]:
    yield _with_labels("label", [2])
    yield _with_labels("labels-5", [0, 1, 2, 3, 4])
    yield _with_labels("label-beside-one-taken-back", [2], _leaf_taken_back)
    yield _with_labels("label-of-a-key-closed-later", [2], _key_closed_later)


def _accounts() -> Iterator[Good]:
    """Records and labels by accounts that replaced the keys of others; the verifier names whom it trusted before."""
    first, second, third, other = map(address, ("author", "second key", "third key", "another author"))
    for name, row, trusted, good in (
        ("replaced-once", (first, second), first, True),
        ("replaced-twice", (first, second, third), first, True),
        ("replaced-in-between", (first, second, third), second, True),
        ("replaced-and-not-trusted", (first, second), other, False),
        ("replaced-and-newest-trusted", (first, second, third), third, True),
        ("replaced-up-to-the-limit", tuple(address(f"key {number}") for number in range(9)), address("key 0"), True),
    ):
        maker = Maker()
        root = maker.record("weights", [maker.record("data", author=row[0])], kind=Kind.WEIGHTS, author=row[-1])
        maker.world.replace_key(*row)
        maker.world.authors = (trusted,)
        yield replace(maker.good(f"author-{name}", root), author_is_trusted=good)
    for name, trusted, good in (("trusted", first, True), ("not-trusted", second, False)):
        maker = Maker()
        root = maker.record("weights", author=first)  # before its key was replaced: nothing has to be followed
        maker.world.authors = (trusted,)
        yield replace(maker.good(f"author-{name}", root), author_is_trusted=good)
    maker = Maker()
    parents = [maker.record(f"data {who}", author=address(f"new key {who}")) for who in range(2)]
    for who in range(2):
        maker.world.replace_key(address(f"old key {who}"), address(f"new key {who}"))
    maker.world.authors = (address("old key 0"), address("old key 1"))
    yield replace(
        maker.good("authors-replaced-2", maker.record("top", parents, author=address("new key 1"))),
        author_is_trusted=True,
    )
    maker, weights, environment, proofs = _labelled([0], anchorer=second)
    maker.world.replace_key(AUTHOR, second)
    yield maker.good("label-anchored-by-a-new-key", weights, environment=environment, labels=proofs[:-1])


def _leaf_taken_back(world: World, proof: LabelProof) -> None:
    world.anchor(proof.anchorer, proof.root, 7, leaves=1)
    world.revoke_leaf(proof.anchorer, proof.root, world.domain.label_digest(proof.label))


def _anchor_taken_back(world: World, proof: LabelProof) -> None:
    world.anchor(proof.anchorer, proof.root, 7, revoked=NOW - 60)


def _key_closed(world: World, proof: LabelProof) -> None:
    world.close(proof.label.labeller, NOW - 2_001)


def _key_closed_later(world: World, proof: LabelProof) -> None:
    world.close(proof.label.labeller, NOW - 9)


WITHDRAWN: dict[str, Change] = {
    "the label was taken back": _leaf_taken_back,
    "its anchor was taken back": _anchor_taken_back,
    "its labeller's key was closed before": _key_closed,
}


def withdrawn(change: Change) -> tuple[bytes, Good]:
    """A bundle that shows a label which counts no more, with proofs of that state: past `make_bundle`, which makes
    none. With the question that it is asked."""
    maker, weights, environment, proofs = _labelled([2])
    good = maker.good("", weights, environment=environment, labels=proofs[:-1])
    change(maker.world, proofs[0])
    _, header, nodes = maker.world.block()
    parts = replace(good.bundle.parts, header=header, nodes=tuple(sorted(nodes.values())))
    return encode_parts(parts), replace(good, trust=maker.world.proved().pinned)
