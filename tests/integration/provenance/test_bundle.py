"""The offline bundle: nothing is believed but one block hash, and no change goes unnoticed."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from evmstorm.evm import artifacts
from keifu.errors import CheckFailed, InputError, KeifuError
from keifu.provenance import Kind, Link, Record, Status, _layout
from keifu.provenance import bundle as bundle_module
from keifu.provenance.bundle import Bundle, make_bundle
from keifu.provenance.lineage import walk
from keifu.provenance.proved import Proved
from keifu.provenance.trust import Trust


@pytest.fixture
def lineage(workshop, source):
    """Of what is promoted."""
    return walk(source, workshop["weights-int8"].id, names=workshop.names)


@pytest.fixture
def proved(source):
    return Proved.now(source)


@pytest.fixture
def made(proved, lineage, workshop, pipeline):
    bodies = {e.record.manifest: workshop.statement_bytes[e.record.manifest] for e in lineage.entries.values()}
    beats = [pipeline.heartbeat(pipeline.cast.nodes[0], workshop["weights-int8"].record.digest)]
    return make_bundle(proved, lineage, environment=pipeline.environment, statements=bodies, heartbeats=beats)


def test_slots_are_the_compilers():
    registry, environments = artifacts.load("ProvenanceRegistry"), artifacts.load("Environments")
    assert registry.slot("_records") == _layout.RECORDS_SLOT
    assert registry.slot("anchors._anchors") == _layout.ANCHORS_SLOT
    assert registry.slot("attestations._attestations") == _layout.ATTESTATIONS_SLOT
    assert environments.slot("_environments") == _layout.ENVIRONMENTS_SLOT
    assert environments.slot("_promotions") == _layout.PROMOTIONS_SLOT
    assert environments.slot("_policies") == _layout.POLICIES_SLOT


def test_written_and_read_back_without_a_chain(made, proved, lineage, workshop, tmp_path, monkeypatch):
    made.write(tmp_path / "digits.bundle")
    trusted = proved.pinned
    monkeypatch.setattr("httpx.Client.post", lambda *_, **__: pytest.fail("a bundle needs no network"))
    verified = Bundle.read(tmp_path / "digits.bundle").verify(trusted)
    assert verified.entries.keys() == lineage.entries.keys()
    assert verified.production.artefact == workshop["weights-int8"].id
    assert len(verified.heartbeats) == 1
    assert verified.statements[workshop["run"].id] == workshop["run"].statement
    assert walk(verified, verified.root).tree() == walk(verified, lineage.root).tree()


def test_another_block_hash_is_refused(made, proved):
    with pytest.raises(CheckFailed, match="the header is of block"):
        made.verify(replace(proved.pinned, block="0x" + "00" * 32))


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
        (lambda d: d.update(registry="0x" + "22" * 20), "registry is 0x22.*, trusted is 0x"),
        (lambda d: d.update(environments="0x" + "22" * 20), "environments is 0x22.*, trusted is 0x"),
        (lambda d: d.update(chainId=1), "chain is 1, trusted is 31337"),
        (lambda d: d["statements"].append("{}"), "belongs to none of its records"),
        (lambda d: d["environment"].update(id="22" * 32), "lacks the trie node|no environment"),
        (lambda d: d["heartbeats"][0].update(time=1), "was not signed by"),
    ],
)
def test_any_change_is_noticed(made, proved, edit, message):
    with pytest.raises(KeifuError, match=message):
        change(made, edit).verify(proved.pinned)


@settings(max_examples=60)
@given(st.data())
def test_no_mutated_node_or_header_is_accepted(bundle_once, data):
    """A byte flipped anywhere in the proof never changes what comes out."""
    made, trust, honest = bundle_once
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
        verified = Bundle(document).verify(trust)
    except (CheckFailed, InputError):
        return
    assert {i: e.status for i, e in verified.entries.items()} == honest


@pytest.fixture(scope="module")
def bundle_once(source, workshop, pipeline):
    lineage, proved = walk(source, workshop["weights-int8"].id), Proved.now(source)
    made = make_bundle(proved, lineage, environment=pipeline.environment)
    return made, proved.pinned, {i: e.status for i, e in made.verify(proved.pinned).entries.items()}


def test_garbage_is_no_bundle(tmp_path):
    (tmp_path / "x").write_bytes(b"not gzip")
    with pytest.raises(InputError, match="is not a bundle"):
        Bundle.read(tmp_path / "x")
    with pytest.raises(InputError, match="malformed"):
        Bundle({"format": bundle_module.FORMAT}).verify(Trust(1, "0x" + "11" * 20, block="0x" + "00" * 32))


def test_withdrawal_cannot_be_left_out(source, anvil):
    """The state says what was withdrawn, so a bundle made after it shows it."""
    author = anvil.account("second author")
    parent = Record(author.address, Kind.DATASET, b"\x01" * 32)
    parent_id = source.register(parent, author)
    child_id = source.register(Record(author.address, Kind.WEIGHTS, b"\x02" * 32, links=(Link(2, parent_id),)), author)
    source.withdraw(parent_id, Status.REVOKED, "copied", author)
    proved = Proved.now(source)
    verified = make_bundle(proved, proved.lineage(child_id)).verify(proved.pinned)
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
    proved = Proved.now(source)
    lineage = proved.lineage(root)
    assert len(lineage.entries) >= 100
    assert lineage.depth >= 10
    made = make_bundle(proved, lineage)
    verified = made.verify(proved.pinned)
    assert verified.entries.keys() == lineage.entries.keys()
    # Seconds are for the benchmarks; this is the work: a leaf for each record, and the branches that they share.
    assert len(made.document["nodes"]) < 2 * len(lineage.entries)


def _to(layer, index):
    return (
        tuple(Link(1, parent) for parent in {layer[index % len(layer)], layer[(index + 1) % len(layer)]})
        if layer
        else ()
    )
