"""The offline bundle: nothing is believed but one block hash, and no change goes unnoticed."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from evmstorm.evm import artifacts
from keifu.errors import CheckFailed
from keifu.provenance import Kind, Link, Record, Status, _layout
from keifu.provenance.bundle import Bundle, Refused, make_bundle
from keifu.provenance.documents import Documents
from keifu.provenance.lineage import walk
from keifu.provenance.proved import Proved


@pytest.fixture
def lineage(project, source):
    """Of what is promoted."""
    return walk(source, project["weights-int8"].id, names=project.names)


@pytest.fixture
def proved(source):
    return Proved.now(source)


@pytest.fixture
def made(proved, lineage, project, pipeline):
    return make(proved, lineage, project, pipeline)


def make(proved, lineage, project, pipeline):
    beats = [pipeline.heartbeat(pipeline.cast.nodes[0], project["weights-int8"].record.digest)]
    labels = [pipeline.labels.prove(row, pipeline.cast.author.address) for row in (3, 17)]
    return make_bundle(
        proved,
        lineage,
        project.documents,
        environment=pipeline.environment,
        heartbeats=beats,
        labels=labels,
    )


def test_slots_are_the_compilers():
    registry, environments = artifacts.load("ProvenanceRegistry"), artifacts.load("Environments")
    assert registry.slot("records._records") == _layout.RECORDS_SLOT
    assert registry.slot("anchors._anchors") == _layout.ANCHORS_SLOT
    assert registry.slot("attestations._attestations") == _layout.ATTESTATIONS_SLOT
    assert environments.slot("promotions._environments") == _layout.ENVIRONMENTS_SLOT
    assert environments.slot("promotions._promotions") == _layout.PROMOTIONS_SLOT
    assert environments.slot("policies._policies") == _layout.POLICIES_SLOT
    assert registry.slot("records._links") == _layout.LINKS_SLOT
    assert registry.slot("identities._identities") == _layout.IDENTITIES_SLOT
    assert registry.slot("leaves._revoked") == _layout.LEAVES_SLOT


def test_written_and_read_back_without_a_chain(made, proved, lineage, project, tmp_path, monkeypatch):
    made.write(tmp_path / "digits.bundle")
    trusted = proved.pinned
    monkeypatch.setattr("httpx.Client.post", lambda *_, **__: pytest.fail("a bundle needs no network"))
    verified = Bundle.read(tmp_path / "digits.bundle").verify(trusted)
    assert verified.entries.keys() == lineage.entries.keys()
    assert verified.production.artefact == project["weights-int8"].id
    assert (len(verified.heartbeats), len(verified.labels)) == (1, 2)
    assert verified.production.ok
    assert verified.manifests.keys() == lineage.entries.keys()
    assert verified.statements[project["run"].id] == project["run"].statement
    assert walk(verified, verified.root, names=verified.names).tree() == lineage.tree()


def test_another_block_hash_is_refused(made, proved):
    with pytest.raises(CheckFailed, match="the header is of block"):
        made.verify(replace(proved.pinned, block="0x" + "00" * 32))


def test_a_cut_or_foreign_part_is_refused(made, proved, project):
    """Every part of every kind is cut out, and put in twice."""
    parts = made.parts
    for name in ("nodes", "records", "documents"):
        whole = getattr(parts, name)
        for at in range(len(whole)):
            for changed in (whole[:at] + whole[at + 1 :], (*whole, whole[at])):
                with pytest.raises(Refused):
                    Bundle(dataclasses.replace(parts, **{name: changed})).verify(proved.pinned)
    for changed in ({"environment": b"", "environments": ""}, {"environment": b""}, {"environments": ""}):
        with pytest.raises(Refused):
            Bundle(dataclasses.replace(parts, heartbeats=(), **changed)).verify(proved.pinned)


@pytest.mark.case("provenance-6")
def test_a_bundle_answers_the_question_that_is_asked(made, source, anvil, lineage, project, pipeline):
    """Of another environment, of one never declared, without the part: refused. And a revoked attestation shows."""
    proved = Proved.now(source)
    trust = proved.pinned
    fresh = make(proved, lineage, project, pipeline)
    assert fresh.verify(trust, environment=pipeline.environment).production.ok
    with pytest.raises(Refused, match="environment: asked about environment 0909"):
        fresh.verify(trust, environment=b"\x09" * 32)
    silent = make_bundle(proved, lineage, project.documents)
    with pytest.raises(Refused, match="the bundle answers about none"):
        silent.verify(trust, environment=pipeline.environment)
    with pytest.raises(CheckFailed, match=r"no environment .* was declared"):
        make_bundle(proved, lineage, project.documents, environment=b"\x09" * 32)
    with pytest.raises(Refused, match="artefact: the environment runs"):
        make_bundle(proved, proved.lineage(project["raw"].id), project.documents, environment=pipeline.environment)
    number = anvil.snapshot()
    made_now = source.current(pipeline.environment)
    policy = proved.production(pipeline.environment)[0].policy[0]
    attester = next(a for a in (pipeline.cast.evaluator, pipeline.cast.scanner) if a.address == policy.attesters[0])
    source.registry.revoke_attestation(policy.schema, made_now[0], sender=attester)
    later = Proved.now(source)
    shown = make_bundle(later, lineage, project.documents, environment=pipeline.environment).verify(later.pinned)
    assert (shown.production.ok, source.current(pipeline.environment)[2]) == (False, False)
    assert shown.production.unmet[0].schema == policy.schema
    anvil.restore(number)
    source.chain.forget_nonces()


def test_withdrawal_cannot_be_left_out(source, anvil):
    """The state says what was withdrawn, so a bundle made after it shows it."""
    author = anvil.account("second author")
    parent = Record(author.address, Kind.DATASET, b"\x01" * 32)
    parent_id = source.register(parent, author)
    child_id = source.register(Record(author.address, Kind.WEIGHTS, b"\x02" * 32, links=(Link(2, parent_id),)), author)
    source.withdraw(parent_id, Status.REVOKED, "copied", author)
    proved = Proved.now(source)
    verified = make_bundle(proved, proved.lineage(child_id), Documents()).verify(proved.pinned)
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
    made = make_bundle(proved, lineage, Documents())
    verified = made.verify(proved.pinned)
    assert verified.entries.keys() == lineage.entries.keys()
    # Seconds are for the benchmarks; this is the work: a leaf for each record, and the branches that they share.
    assert len(made.parts.nodes) < 2 * len(lineage.entries)


def _to(layer, index):
    return (
        tuple(Link(1, parent) for parent in {layer[index % len(layer)], layer[(index + 1) % len(layer)]})
        if layer
        else ()
    )
