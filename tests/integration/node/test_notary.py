"""Notaries as processes between two chains: a record of one is shown on the other, and who signs two headers pays."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import pytest

from keifu.chain import Anvil, ChainClient, RpcDeployer
from keifu.chain.suite import RECORD_PROOF
from keifu.keys import Account, keccak256
from keifu.provenance import Kind, Record, Status
from keifu.provenance.foreign import BlockHeader, RecordProof, record_proof_domain
from keifu.provenance.registry import Provenance
from keifu.provenance.signed_headers import SignedHeader, read_header_line
from keifu.staking import actions
from keifu.units import COIN, DAY
from tests.integration.node.conftest import until

HOME_CHAIN = 1_337  # like the other one, final at once
LOCKED = 3_000 * COIN
MONTH = str(30 * DAY) + " seconds"


@pytest.fixture
def home(at_first):
    """Another chain, with a registry and one record."""
    with Anvil(timestamp=at_first.client.now, chain_id=HOME_CHAIN) as running:
        client = ChainClient(running.rpc)
        author = running.account("author")
        registry = client.deploy("ProvenanceRegistry", sender=author)
        provenance = Provenance(client, registry.address, None)
        record = Record(author.address, Kind.WEIGHTS, keccak256(b"weights"))
        running.record_id, running.registry = provenance.register(record, author), registry.address
        yield running


@pytest.fixture
def attestor(at_first):
    """Gives a role coins behind RecordProof, and an address where its headers are."""

    def attestor(role, url=""):
        account, deployer = at_first.anvil.account(role), at_first.anvil.account("deployer")
        at_first.suite.at(at_first.client, "KeifuToken").transfer(account, LOCKED, sender=deployer)
        chain = RpcDeployer(at_first.client, account)
        actions.register(chain, at_first.suite, 0, url)
        actions.lock(chain, at_first.suite, at_first.suite[RECORD_PROOF], account.address, LOCKED)
        return account

    return attestor


@pytest.fixture
def notaries(make, home, attestor):
    """Two of them, whose promises have begun."""
    found = []
    for role in ("first notary", "second notary"):
        attestor(role)
        node = make("notary", role, "--foreign", home.url, "--foreign-chain", HOME_CHAIN, "--every", 1, "--poll", 1,
                    "--listen", "127.0.0.1:0", "--term", MONTH)  # fmt: skip
        found.append(node.run())
    return found


def headers(node):
    return [read_header_line(line) for line in node.get("/headers", "pages").text.splitlines()]


def test_a_record_of_one_chain_is_shown_on_the_other(keifu, at_first, home, notaries, tmp_path, monkeypatch):
    """RPF-2, NOT-1: from two processes to the contract and to a verifier without a network; killed, and then shown
    another block of the same number."""
    proofs = at_first.suite.at(at_first.client, RECORD_PROOF)
    until(lambda: all(proofs.reserved(Account.from_role(role).address) for role in ("first notary", "second notary")))
    at_first.anvil.warp(60)
    snapshot = home.snapshot()
    home.mine()
    [one, other] = [until(lambda node=node: headers(node), node.process)[0] for node in notaries]
    assert one.header.block_hash == other.header.block_hash

    out, trust = tmp_path / "record.json", tmp_path / "trust.json"
    urls = [word for node in notaries for word in ("--notary", "http://" + node.listens["pages"])]
    home_side = ("--rpc", home.url, "--registry", home.registry, "--first-block", 0)
    status, text, err = keifu("prov", "prove-record", home.record_id.hex(), "--out", out, *urls, *home_side)
    assert status == 0, err
    proof = RecordProof.read(out)
    accounts = sorted((item.header.key for item in (one, other)), key=lambda key: int(key, 16))
    assert [item.header.key for item in proof.signed] == accounts
    asked = (HOME_CHAIN, home.registry, accounts, 2, DAY)
    found = proofs.attested_record(asked, home.record_id, proof.args, [item.args for item in proof.signed])
    assert found[2] == Status.ACTIVE
    contract = {"chain": at_first.client.chain_id, "contract": proofs.address, "quorum": 2, "max_age": 10**9}
    pinned = {"chain": HOME_CHAIN, "registry": home.registry.lower(), "notaries": {**contract, "accounts": accounts}}
    trust.write_text(json.dumps(pinned))
    status, text, err = keifu("prov", "verify", out, "--trust", trust, "--rpc", "http://127.0.0.1:1")
    assert status == 0, err
    assert "notaries whom you trust signed it" in text

    victim = notaries[0]
    victim.end(signal.SIGKILL)
    home.restore(snapshot)
    home.warp(5)  # another block of that number
    victim.run()
    until(lambda: "the other chain has another block" in victim.get("/readyz").text, victim.process)
    home.mine()
    assert headers(victim)[0] == one
    victim.assert_shown()
    place = ("prov", "prove-record", home.record_id.hex(), "--out", tmp_path / "no.json")
    status, _, err = keifu(*place, *urls, "--quorum", 3, *home_side)
    assert (status, "has 3 signatures, the most have 1" in err, "not reached" in err) == (1, True, True)


def test_another_chain_is_refused(keifu, make, home, attestor, tmp_path):
    """By its number, and by its first block; a notary that cannot compare does not start."""
    attestor("first notary")
    place = ("node", "notary", "init", tmp_path / "n", "--role", "first notary", "--owner-pages", "127.0.0.1:0")
    status, _, err = keifu(*place, "--foreign", home.url, "--foreign-chain", 1)
    assert (status, f"serves chain {HOME_CHAIN}, not 1" in err, (tmp_path / "n").exists()) == (3, True, False)
    for words, said in (
        (("--foreign", home.url), "which chain's headers?"),
        (("--watch-only", "--foreign", home.url), "needs no other chain"),
    ):
        status, _, err = keifu(*place, *words)
        assert (status, said in err) == (2, True)
    node = make(
        "notary", "first notary", "--foreign", home.url, "--foreign-chain", HOME_CHAIN, "--listen", "127.0.0.1:0"
    )
    for setting, said in (
        ("notary.foreign_chain=1", f"serves chain {HOME_CHAIN}, not 1"),
        ("notary.foreign_genesis=0x" + "11" * 32, "begins with"),
        ("notary.foreign=", "names no endpoint"),
    ):
        status, _, err = keifu("node", "notary", "run", node.folder, "--set", setting)
        assert (status, said in err) == (3, True), err


def test_a_watcher_finds_two_headers_of_one_number(keifu, at_first, make, peer, attestor):
    """RPF-4: what a lying attestor serves costs it its reserve, and pays who looked."""
    liar = attestor("lying notary", peer.url)
    proofs = at_first.suite.at(at_first.client, RECORD_PROOF)
    proofs.bind(at_first.client.now + 30 * DAY, sender=liar)
    at_first.anvil.warp(60)
    domain = record_proof_domain(at_first.client.chain_id, proofs.address)
    one = BlockHeader(liar.address, HOME_CHAIN, 7, keccak256(b"one"), at_first.client.now)
    lines = []
    for said in (one, replace(one, block_hash=keccak256(b"other"))):
        lines.append(SignedHeader(said, said.sign(domain, liar)).line)
    forged = replace(one, number=8)
    lines.insert(1, SignedHeader(forged, one.sign(domain, liar)).line)
    at_first.anvil.account("watcher")
    watcher = make("notary", "watcher", "--watch-only", "--poll", 1).run()
    peer.body = lines[0].encode()
    until(lambda: peer.asked > 1, watcher.process)
    assert proofs.reserved(liar.address)
    peer.body = "\n".join(lines).encode()
    until(lambda: watcher.get("/status").json()["evidence"] == {"paid": 1}, watcher.process)
    assert proofs.reserved(liar.address) == 0
    coins = at_first.suite.at(at_first.client, "KeifuToken").balanceOf(Account.from_role("watcher").address)
    assert coins == 200 * COIN
    watcher.assert_shown()
    assert watcher.end() == 0
    status, _, err = keifu("node", "notary", "exit", watcher.folder)
    assert (status, "has no coins behind RecordProof" in err) == (1, True)
