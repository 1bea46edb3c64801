"""Chapter: data, labels and weights in storage. A provider drops its shards, is caught, pays, and is replaced."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from examples.demo.stores import LOCKED, WINDOW, Stores, open_stores, until
from examples.demo.story import Story
from examples.digits.training import Settings as Training
from examples.digits.weights import held_out, make_weights
from keifu.chain.suite import HUB, STORAGE, TOKEN
from keifu.provenance import Kind, Record
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Provenance
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.address import FileAddress
from keifu.storage.client.caring import Care
from keifu.storage.client.fetching import described, opened
from keifu.storage.client.ledger import Ledger, Row
from keifu.storage.client.quoting import Wish
from keifu.storage.client.repairing import target_of
from keifu.storage.client.storing import address_of
from keifu.storage.client.trees import source_of
from keifu.storage.loss import shown
from keifu.storage.states import State
from keifu.storage.watching import Watch
from keifu.units import COIN, DAY, coins, counted

__all__ = ["TITLE", "tell"]

TITLE = "Storage: paid by proof, repaired when it is lost"
K, M = 2, 2
PROVIDERS = 5
SECONDS = DAY
FAILURES = 2  # leaves that do not come, until one is demanded


@dataclass
class _Scene:
    story: Story
    stores: Stores
    ledger: Ledger
    files: dict[str, Row] = field(default_factory=dict)

    def lock(self, provider: str) -> int:
        hub = self.stores.suite.at(self.stores.client, HUB)
        found: int = hub.lock_of(self.stores.suite[STORAGE], provider)
        return found


def tell(story: Story) -> None:
    """Store three folders, register what is stored, lose the shards of one provider, and get everything back."""
    folder = story.out / "storage"
    stores = open_stores(story.held, folder / "network", PROVIDERS)
    story.say(
        f"{PROVIDERS} providers of storage run their nodes, each with {coins(LOCKED)} coins behind what it promises"
    )
    stores.fund("author")
    with Ledger(folder / "network" / "client") as ledger:
        scene = _Scene(story, stores, ledger)
        _make(folder)
        _store(scene, folder)
        _register(scene)
        lost = _drop(scene)
        _repair(scene, lost)
        _read(scene, folder)


def _make(folder: Path) -> None:
    """Data, labels and weights of the digits model."""
    training = Training()
    for name in ("data", "labels", "weights"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    images, targets = held_out(training)
    (folder / "data" / "images.json").write_text(json.dumps(images.tolist()))
    (folder / "labels" / "labels.json").write_text(json.dumps([int(item) for item in targets]))
    make_weights(folder / "weights", training)


def _store(scene: _Scene, folder: Path) -> None:
    story, token = scene.story, scene.stores.suite.at(scene.stores.client, TOKEN)
    storing, author = scene.stores.storing(scene.ledger, "author"), scene.stores.account("author")
    before, quoted = token.balanceOf(author), 0
    for name in ("data", "labels", "weights"):
        source = source_of(folder / name)
        wish = Wish(source.size, K, M, SECONDS, masked=False)
        _, made = storing.quote(source, wish, public=True)
        quoted += made.cost
        scene.files[name] = storing.put(source, wish, most=made.cost, public=True)
    story.say(f"  a quote says what it costs and how safe it is: lost within a year {shown(made.loss)}")
    paid, size = before - token.balanceOf(author), sum(row.kept.size for row in scene.files.values())
    story.check(
        f"data, labels and weights, {size:,} bytes, are stored in {counted(len(scene.files) * (K + M), 'shard')}, any "
        f"{K} of {K + M} of which give a file",
        all(row.state == "stored" for row in scene.files.values()),
    )
    story.check(
        f"that cost {coins(paid)} coins, no more than was quoted, and {coins(paid)} again for nobody who retries",
        0 < paid <= quoted and _again(scene, folder) == 0,
    )
    apart = [{holder.provider for holder in row.kept.holders} for row in scene.files.values()]
    story.check(
        f"no provider has two shards of a file, and no region more than {M}",
        all(len(item) == K + M for item in apart) and all(_spread(row) for row in scene.files.values()),
    )


def _again(scene: _Scene, folder: Path) -> int:
    """Coins that storing everything again takes."""
    token, author = scene.stores.suite.at(scene.stores.client, TOKEN), scene.stores.account("author")
    before: int = token.balanceOf(author)
    for name in scene.files:
        source = source_of(folder / name)
        wish = Wish(source.size, K, M, SECONDS, masked=False)
        scene.stores.storing(scene.ledger, "author").put(source, wish, most=before, public=True)
    return before - int(token.balanceOf(author))


def _spread(row: Row) -> bool:
    regions = [holder.region for holder in row.kept.holders]
    return all(regions.count(region) <= M for region in regions)


def _register(scene: _Scene) -> None:
    """Records whose digest is the content root, and whose uri is the address."""
    stores, author = scene.stores, scene.stores.account("author")
    registry = Provenance(stores.client, stores.suite["ProvenanceRegistry"], stores.suite["Environments"])
    kinds = {"data": Kind.DATASET, "labels": Kind.LABEL_SET, "weights": Kind.WEIGHTS}
    made = {
        name: registry.register(Record(author.address, kinds[name], row.root, uri=str(address_of(row))), author)
        for name, row in scene.files.items()
    }
    found = Proved.now(registry).lineage(made["weights"]).entries[made["weights"]].record
    fetched = described(stores.market, FileAddress.parse(found.uri), found.digest)
    scene.story.check(
        f"{counted(len(made), 'record')} name what is stored; whoever has a record can fetch and check it",
        fetched.content_root == found.digest,
    )


def _drop(scene: _Scene) -> tuple[str, int]:
    """One provider of the weights overwrites all that it has; its address, and coins of its lock before."""
    row = scene.files["weights"]
    provider = row.kept.holders[1].provider
    name = scene.stores.role_of(provider)
    before = scene.lock(provider)
    gone = scene.stores.drop(name)
    scene.story.say(f"{name} drops all that it has, {gone:,} bytes, and says nothing of it.")
    return provider, before


def _repair(scene: _Scene, lost: tuple[str, int]) -> None:
    story, stores, (provider, before) = scene.story, scene.stores, lost
    row, author = scene.files["weights"], stores.account("author")
    care = Care([target_of(row, FileKeys(b""))], Watch(0.0, failures=FAILURES), 10 * COIN)
    storing, moments = stores.storing(scene.ledger, "author"), iter(range(1, 1_000))
    demanded: list[str] = []
    while not demanded:
        demanded = care.round(storing, float(next(moments))).demanded
    story.check(
        f"a watcher asks each provider for drawn leaves; after {FAILURES} that do not come it demands one on the chain",
        demanded == [f"{row.deal.hex()}/1"],
    )
    stores.anvil.warp(WINDOW + 1)
    ended = care.round(storing, float(next(moments))).ended
    taken = before - scene.lock(provider)
    credited = stores.market.market.credits(author)
    story.check(
        f"nothing is shown in time: the shard is lost, and {coins(taken)} coins of the provider's lock are gone",
        ended == demanded and taken > 0,
    )
    story.check(f"{coins(credited)} coins are the author's, as the deal says", credited > 0)
    story.check(f"another provider builds the shard again from {K} others, and stores it", _mended(stores, row))


def _mended(stores: Stores, row: Row) -> bool:
    """Epochs pass until somebody has shown leaves of the shard that it has built."""

    def done() -> bool:
        stores.seeded()
        return stores.market.shards(row.deal, K + M)[1].state is State.STORED

    until(lambda: stores.market.shards(row.deal, K + M)[1].state is State.MENDED)
    stores.next_epoch()
    return until(done)


def _read(scene: _Scene, folder: Path) -> None:
    stores, row = scene.stores, scene.files["weights"]
    source = source_of(folder / "weights")
    with source.open() as file:
        whole = b"".join(iter(lambda: file.read(source.size), b""))
    address = address_of(row)
    with opened(stores.market, address, described(stores.market, address, row.root), None) as found:
        read = b"".join(found.downloads.read())
    scene.story.check(f"the weights are read by their address alone, {len(read):,} bytes, as they were", read == whole)
