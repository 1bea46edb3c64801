"""The offline bundle: nothing is believed but one block hash, and no change goes unnoticed."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethwire.rpc import Rpc
from evmstorm.evm import artifacts
from keifu.errors import CheckFailed, InputError, KeifuError
from keifu.provenance import Kind, Link, Record, Status
from keifu.provenance import bundle as bundle_module
from keifu.provenance.bundle import Bundle, make_bundle
from keifu.provenance.lineage import walk
from keifu.provenance.registry import Provenance
from tests.faulty_node import FaultyNode


@pytest.fixture
def made(source, lineage, workshop, pipeline):
    bodies = {e.record.manifest: workshop.statement_bytes[e.record.manifest] for e in lineage.entries.values()}
    beats = [pipeline.heartbeat(pipeline.cast.nodes[0], workshop["weights-int8"].record.digest)]
    return make_bundle(source, lineage, environment=pipeline.environment, statements=bodies, heartbeats=beats)


def test_slots_are_the_compilers():
    registry, environments = artifacts.load("ProvenanceRegistry"), artifacts.load("Environments")
    assert registry.slot("_records") == bundle_module.RECORDS_SLOT
    assert registry.slot("anchors._anchors") == bundle_module.ANCHORS_SLOT
    assert environments.slot("_environments") == bundle_module.ENVIRONMENTS_SLOT
    assert environments.slot("_promotions") == bundle_module.PROMOTIONS_SLOT


def test_written_and_read_back_without_a_chain(made, lineage, workshop, tmp_path, monkeypatch):
    made.write(tmp_path / "digits.bundle")
    trusted = made.block_hash
    monkeypatch.setattr("httpx.Client.post", lambda *_, **__: pytest.fail("a bundle needs no network"))
    verified = Bundle.read(tmp_path / "digits.bundle").verify(trusted)
    assert verified.entries.keys() == lineage.entries.keys()
    assert verified.production.artefact == workshop["weights-int8"].id
    assert len(verified.heartbeats) == 1
    assert verified.statements[workshop["run"].id] == workshop["run"].statement
    assert walk(verified, verified.root).tree() == walk(verified, lineage.root).tree()


def test_another_block_hash_is_refused(made):
    with pytest.raises(CheckFailed, match="the header is of block"):
        made.verify(bytes(32))


def change(made, edit):
    document = copy.deepcopy(made.document)
    edit(document)
    return Bundle(document)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d["records"][0].update(version="2.0"), "is not registered in that state|lacks"),
        (
            lambda d: d["records"][1].update(author="0x" + "11" * 20),
            "is not registered in that state|lacks the trie node",
        ),
        (lambda d: d["records"].pop(), "lacks"),
        (lambda d: d["nodes"].pop(), "lacks the trie node|neither"),
        (lambda d: d.update(root="00" * 32), "lacks the record that it is about"),
        (lambda d: d.update(registry="0x" + "22" * 20), "is not registered|does not exist|lacks the trie node"),
        (lambda d: d.update(chainId=1), "is not registered|lacks the trie node"),
        (lambda d: d["statements"].append("{}"), "belongs to none of its records"),
        (lambda d: d["environment"].update(seq=9), "the bundle shows promotion 9, the environment's newest is 1"),
        (lambda d: d["heartbeats"][0].update(time=1), "was not signed by"),
    ],
)
def test_any_change_is_noticed(made, edit, message):
    with pytest.raises(KeifuError, match=message):
        change(made, edit).verify(made.block_hash)


@settings(max_examples=60)
@given(st.data())
def test_no_mutated_node_or_header_is_accepted(bundle_once, data):
    """A byte flipped anywhere in the proof never changes what comes out."""
    made, honest = bundle_once
    document = copy.deepcopy(made.document)
    where = data.draw(st.sampled_from(["header", "nodes"]))
    index = data.draw(st.integers(0, len(document["nodes"]) - 1))
    text = document["header"] if where == "header" else document["nodes"][index]
    at = data.draw(st.integers(0, len(text) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789abcdef" if d != text[at]]))
    mutated = text[:at] + digit + text[at + 1 :]
    if where == "header":
        document["header"] = mutated
    else:
        document["nodes"][index] = mutated
    try:
        verified = Bundle(document).verify(made.block_hash)
    except (CheckFailed, InputError):
        return
    assert {i: e.status for i, e in verified.entries.items()} == honest


@pytest.fixture(scope="module")
def bundle_once(source, workshop, pipeline):
    lineage = walk(source, workshop["evaluation"].id)
    made = make_bundle(source, lineage, environment=pipeline.environment)
    return made, {i: e.status for i, e in made.verify(made.block_hash).entries.items()}


def test_garbage_is_no_bundle(tmp_path):
    (tmp_path / "x").write_bytes(b"not gzip")
    with pytest.raises(InputError, match="is not a bundle"):
        Bundle.read(tmp_path / "x")
    with pytest.raises(InputError, match="malformed"):
        Bundle({"format": bundle_module.FORMAT}).verify(bytes(32))


def test_withdrawal_cannot_be_left_out(source, anvil):
    """The state says what was withdrawn, so a bundle made after it shows it."""
    author = anvil.account("second author")
    parent = Record(author.address, Kind.DATASET, b"\x01" * 32)
    parent_id = source.register(parent, author)
    child_id = source.register(Record(author.address, Kind.WEIGHTS, b"\x02" * 32, links=(Link(2, parent_id),)), author)
    source.withdraw(parent_id, Status.REVOKED, "copied", author)
    made = make_bundle(source, walk(source, child_id))
    verified = made.verify(made.block_hash)
    assert verified.entries[parent_id].status == Status.REVOKED
    assert [entry.id for entry in walk(verified, child_id).withdrawn] == [parent_id]


def test_depth_ten_with_a_hundred_records(source, anvil):
    author = anvil.account("prolific author")
    layer: list[bytes] = []
    for depth in range(11):
        width = 9 if depth < 10 else 10
        records = [
            Record(author.address, Kind.DATASET, bytes([depth + 1, i + 1]) * 16, links=_to(layer, i))
            for i in range(width)
        ]
        layer = [source.register(record, author) for record in records]
    top = Record(author.address, Kind.MODEL, b"\xff" * 32, links=tuple(Link(1, parent) for parent in layer[:10]))
    root = source.register(top, author)
    lineage = walk(source, root)
    assert len(lineage.entries) >= 100
    assert lineage.depth >= 10
    made = make_bundle(source, lineage)
    verified = made.verify(made.block_hash)
    assert verified.entries.keys() == lineage.entries.keys()
    # Seconds are for the benchmarks; this is the work: a leaf for each record, and the branches that they share.
    assert len(made.document["nodes"]) < 2 * len(lineage.entries)


def _to(layer, index):
    return (
        tuple(Link(1, parent) for parent in {layer[index % len(layer)], layer[(index + 1) % len(layer)]})
        if layer
        else ()
    )


@pytest.fixture
def lied_to(source, monkeypatch):
    def liar(method, change):
        node = FaultyNode(
            source.chain.rpc.url, lambda request, result: change(result) if request["method"] == method else result
        )
        monkeypatch.setattr(source.chain, "rpc", Rpc("http://node.invalid", transport=node.transport))
        return Provenance(source.chain, source.registry.address, source.environments.address)

    return liar


def test_node_that_withholds_logs_is_found(lied_to, workshop):
    with pytest.raises(CheckFailed, match="no log that hashes to it"):
        walk(lied_to("eth_getLogs", lambda logs: []), workshop["raw"].id)


def test_node_that_changes_logs_is_found(lied_to, workshop):
    def forge(logs):
        return [{**log, "data": log["data"].replace(workshop["raw"].record.manifest.hex(), "ee" * 32)} for log in logs]

    with pytest.raises(CheckFailed, match="no log that hashes to it"):
        walk(lied_to("eth_getLogs", forge), workshop["raw"].id)


def test_node_that_sends_garbage_logs_is_found(lied_to, workshop):
    with pytest.raises(CheckFailed, match="no log that hashes to it"):
        walk(lied_to("eth_getLogs", lambda logs: [{**log, "data": "0x1234"} for log in logs]), workshop["raw"].id)


def test_node_that_forges_proofs_is_found_when_the_bundle_is_made(lied_to, lineage):
    def forge(proof):
        return {**proof, "storageProof": [{**item, "proof": item["proof"][:1]} for item in proof["storageProof"]]}

    with pytest.raises(CheckFailed, match="lacks the trie node"):
        make_bundle(lied_to("eth_getProof", forge), lineage)


def test_node_with_another_header_is_found(lied_to, lineage):
    with pytest.raises(CheckFailed, match="does not hash to its hash"):
        make_bundle(lied_to("eth_getBlockByNumber", lambda block: {**block, "stateRoot": "0x" + "11" * 32}), lineage)
