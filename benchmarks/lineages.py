"""The five answers, and what a withdrawal reaches, on registries with many records: whole processes of `keifu prov`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._lab import GENESIS, Lab
from benchmarks._process import timed_keifu
from benchmarks._rows import Row
from evmstorm.evm import artifacts
from keifu.chain import Account, Anvil, ChainClient
from keifu.errors import CheckFailed
from keifu.keys import keccak256
from keifu.provenance import Kind, Link, Record, Relation
from keifu.provenance.label_check import document_of
from keifu.provenance.labels import LabelBatch, label_word
from keifu.provenance.registry import Provenance

__all__ = ["ROWS"]

RECORDS, RESTING, LABELS = 100_000, 10_000, 100_000
CHAINS = 100  # of records, side by side, that rest on one data set
A_BLOCK = 500
GAS = 1_000_000
ROUNDS = 5
SAMPLE = 77_777
URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"


class _World:
    """A registry on a chain of its own, filled in large blocks."""

    def __init__(self, anvil: Anvil) -> None:
        self.anvil, self.author = anvil, anvil.account("bench author")
        self.client = ChainClient(anvil.rpc, artifacts.load)
        registry = self.client.deploy("ProvenanceRegistry", sender=self.author)
        environments = self.client.deploy("Environments", registry, sender=self.author)
        self.registry, self.environments = registry.address, environments.address
        self.source = Provenance(self.client, self.registry, self.environments)

    def record(self, kind: Kind, name: str, *links: Link) -> Record:
        digests = [keccak256(f"{name} {part}".encode()) for part in ("bytes", "content", "program", "manifest")]
        plain = [(int(link.relation), link.parent) for link in links]
        return Record.from_args((self.author.address, int(kind), *digests, URI, "Apache-2.0", "1.0.0", plain))

    def register(self, records: Iterable[Record]) -> None:
        """Parents before children: transactions of one block run in order."""
        self._send(self.source.registry.register.encode(record.args) for record in records)

    def fill(self, count: int) -> None:
        """So many other records, which differ in their digest alone."""
        filler = self.client.deploy("RecordFiller", sender=self.author)
        record = self.record(Kind.MODEL, "other").args
        for first in range(0, count, A_BLOCK):
            many = min(A_BLOCK, count - first)
            filler.fill(self.registry, record, first, many, sender=self.author)

    def chains(self, data: bytes, count: int) -> list[bytes]:
        """Records that rest on a data set, in chains side by side."""
        records: list[Record] = []
        ids: list[bytes] = []
        for number in range(count):
            if number < CHAINS:
                link = Link(Relation.TRAINED_ON, data)
            else:
                link = Link(Relation.FINE_TUNED_FROM, ids[number - CHAINS])
            records.append(self.record(Kind.MODEL, f"model {number}", link))
            ids.append(self.source.domain.record_id(records[-1]))
        self.register(records)
        return ids

    def _send(self, calls: Iterable[bytes]) -> None:
        """Each call a transaction of the author's; nothing is estimated or signed."""
        rpc, waiting = self.anvil.rpc, list(calls)
        nonce = rpc.quantity("eth_getTransactionCount", self.author.address, "latest")
        rpc.call("anvil_impersonateAccount", self.author.address)
        rpc.call("evm_setAutomine", False)
        request = {"from": self.author.address, "to": self.registry, "gas": hex(GAS)}
        for start in range(0, len(waiting), A_BLOCK):
            part = [
                ("eth_sendTransaction", [{**request, "data": "0x" + data.hex(), "nonce": hex(nonce + start + number)}])
                for number, data in enumerate(waiting[start : start + A_BLOCK])
            ]
            for answer in rpc.batch([*part, ("evm_mine", [])]):
                if isinstance(answer, Exception):
                    raise answer
        rpc.call("evm_mine")  # what anvil left for the next block
        rpc.call("evm_setAutomine", True)
        rpc.call("anvil_stopImpersonatingAccount", self.author.address)
        self.client.forget_nonces()

    def require(self, ids: Iterable[bytes]) -> None:
        """Raises CheckFailed unless the registry knows them."""
        if any(self.source.registry.status_of(record_id) == 0 for record_id in ids):
            raise CheckFailed("a record was not registered")

    def keifu(self, *words: str | Path, status: int) -> tuple[float, str]:
        """Median seconds of some whole processes, and what the last one printed. Raises CheckFailed when one ends
        otherwise than it should."""
        places = ("--registry", self.registry, "--environments", self.environments)
        with tempfile.TemporaryDirectory(prefix="keifu-bench-") as folder:
            environment = {"KEIFU_RPC": self.anvil.url, "XDG_STATE_HOME": folder}
            command = ("prov", *map(str, words), *places, "--json")
            return timed_keifu(*command, status=status, rounds=ROUNDS, environment=environment)


@contextmanager
def _world() -> Iterator[_World]:
    with Anvil(timestamp=GENESIS) as anvil:
        yield _World(anvil)


def _ask(_: Lab) -> float:
    """Seconds for the five answers about a model that production runs, among 100,000 records."""
    with _world() as world:
        source, author = world.source, world.author
        data = source.register(world.record(Kind.DATASET, "data"), author)
        world.fill(RECORDS - 3)
        weights = source.register(world.record(Kind.WEIGHTS, "weights", Link(Relation.TRAINED_ON, data)), author)
        environment = source.declare("production", [], author)
        source.promote(environment, weights, author)
        taken, out = world.keifu("ask", "production", "--owner", author.address, status=0)
        if json.loads(out)["record"] != weights.hex():
            raise CheckFailed("the answers are about another record")
        return taken


def _impact(_: Lab) -> float:
    """Seconds until everything that rests on a withdrawn label is listed: 10,000 records and an environment."""
    with _world() as world, tempfile.TemporaryDirectory(prefix="keifu-bench-") as folder:
        source, author = world.source, world.author
        data = source.register(world.record(Kind.DATASET, "data"), author)
        ids = world.chains(data, RESTING)
        world.require(ids[-1:])
        batch = _labels(source, data, Account.from_role("bench labeller"))
        proof = batch.proof_of(SAMPLE, author.address)
        path = Path(folder) / "label.json"
        path.write_text(json.dumps(document_of(proof)))
        source.anchor(proof.root, LABELS, keccak256(b"labels"), URI, author)
        source.revoke_leaf(proof, "poisoned", author)
        source.promote(source.declare("production", [], author), ids[-1], author)
        ask = ("impact", data.hex(), "--label", path)
        taken, out = world.keifu(*ask, status=1)
        found = json.loads(out)
        if len(found["records"]) != RESTING or not found["environments"][0]["runs"]:
            raise CheckFailed(f"{len(found['records'])} records are said to rest on it, not {RESTING}")
        return taken


def _labels(source: Provenance, data: bytes, labeller: Account) -> LabelBatch:
    samples = [b"sample %d" % number for number in range(LABELS)]
    words = [label_word(number % 10) for number in range(LABELS)]
    return LabelBatch.sign(source.domain, data, [labeller] * LABELS, samples, words)


ROWS = (
    Row(
        "time.ask",
        _ask,
        f"`keifu prov ask` about an environment among {RECORDS:,} records, every answer proved against the newest "
        f"block; median of {ROUNDS} whole processes",
        heavy=True,
    ),
    Row(
        "time.impact",
        _impact,
        f"`keifu prov impact` of one of {LABELS:,} anchored labels that was taken back, on which {RESTING:,} records "
        f"rest, all of them proved; median of {ROUNDS} whole processes",
        heavy=True,
    ),
)
