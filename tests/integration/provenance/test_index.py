"""The index: the same lineage as the chain gives, also across a reorganisation, and no false record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evmstorm.evm import artifacts
from keifu.chain import Anvil, ChainClient
from keifu.errors import CheckFailed
from keifu.provenance import Kind, Link, Record, Status
from keifu.provenance.index import Index
from keifu.provenance.lineage import walk
from keifu.provenance.registry import Provenance
from tests.ape_chain import GENESIS


@pytest.fixture
def own_chain():
    """A chain that may be reorganised."""
    with Anvil(timestamp=GENESIS) as anvil:
        client = ChainClient(anvil.rpc, load=artifacts.load)
        registry = client.deploy("ProvenanceRegistry", sender=anvil.account("deployer"))
        yield anvil, Provenance(client, registry.address)


def record(author, number, *parents):
    return Record(
        author.address, Kind.DATASET, bytes([number]) * 32, links=tuple(Link(1, parent) for parent in parents)
    )


def test_lineage_is_the_chains(source, project, lineage, tmp_path):
    index = Index(tmp_path / "index.sqlite", source.chain.rpc, source.registry.address)
    index.catch_up()
    assert walk(index, lineage.root, names=project.names).to_json() == lineage.to_json()
    assert index.by_digest(project["raw"].record.digest) == [project["raw"].id]
    assert index.by_digest(project["raw"].record.digest, ["0x" + "11" * 20]) == []
    assert set(index.children(project["train"].id)) >= {project["run"].id, project["weights-float"].id}


def test_status_with_its_reason(own_chain, tmp_path):
    anvil, source = own_chain
    author = anvil.account("author")
    record_id = source.register(record(author, 1), author)
    index = Index(tmp_path / "i", anvil.rpc, source.registry.address)
    index.catch_up()
    assert index.entry(record_id).status == Status.ACTIVE
    source.withdraw(record_id, Status.DEPRECATED, "old", author)
    source.withdraw(record_id, Status.REVOKED, "wrong", author)
    index.catch_up()
    assert (index.entry(record_id).status, index.entry(record_id).reason) == (Status.REVOKED, "wrong")


def test_reorganised_records_are_gone(own_chain, tmp_path):
    anvil, source = own_chain
    author = anvil.account("author")
    kept = source.register(record(author, 1), author)
    index = Index(tmp_path / "i", anvil.rpc, source.registry.address)
    index.catch_up()
    before = anvil.snapshot()
    lost = source.register(record(author, 2, kept), author)
    index.catch_up()
    assert index.entry(lost) is not None
    anvil.restore(before)
    source.chain.forget_nonces()
    anvil.warp(1_000)
    other = source.register(record(author, 3, kept), author)
    while index.catch_up() < int(anvil.rpc.call("eth_blockNumber"), 16):
        pass
    assert index.entry(lost) is None
    assert index.children(kept) == [other]
    assert index.entry(kept) is not None


def test_forged_log_is_refused_and_nothing_kept(own_chain, tmp_path):
    anvil, source = own_chain
    author = anvil.account("author")
    record_id = source.register(record(author, 1), author)
    index = Index(tmp_path / "i", anvil.rpc, source.registry.address)
    honest = index._interface.decode_log

    def forge(*args):
        log = honest(*args)
        log.args["record"] = (*log.args["record"][:8], "9.9.9", log.args["record"][9])
        return log

    index._interface.decode_log = forge
    try:
        with pytest.raises(CheckFailed, match="does not hash to it"):
            index.catch_up()
    finally:
        del index._interface.decode_log
    assert index.entry(record_id) is None
    index.catch_up()
    assert index.entry(record_id) is not None


def test_text_that_is_no_utf_8_stops_nobody(own_chain, tmp_path):
    """Anybody may register anything, and give any reason."""
    anvil, source = own_chain
    author, stranger = anvil.account("author"), anvil.account("stranger")
    odd = b"\xff\x00\xfe"

    def send(data):
        return source.chain.send(stranger, source.registry.address, data.replace(b"XXX", odd))

    hostile = replace(record(stranger, 2), licence="XXX")
    receipt = send(source.registry.register.encode(hostile.args))
    [log] = receipt.events("Registered")
    assert not log.readable
    own = source.register(record(stranger, 3), stranger)
    send(source.registry.set_status.encode(own, Status.REVOKED, "XXX"))
    kept = source.register(record(author, 1), author)

    index = Index(tmp_path / "i", anvil.rpc, source.registry.address)
    index.catch_up()

    assert index.entry(log.id) is None
    assert (index.entry(own).status, index.entry(own).reason) == (Status.REVOKED, "\\xff\x00\\xfe")
    assert index.entry(kept).status == Status.ACTIVE
