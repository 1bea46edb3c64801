"""RPF-1, RPF-2: a record of one chain is checked by the contract of another, and offline from the same file."""

from __future__ import annotations

import json

import pytest

from evmstorm.evm import artifacts, reverts
from keifu.chain import Anvil, ChainClient
from keifu.keys import keccak256
from keifu.provenance import Status
from keifu.provenance.foreign import BlockHeader, RecordProof, record_proof_domain
from keifu.provenance.trust import Trust
from keifu.units import COIN, DAY
from tests.ape_chain import GENESIS

OTHER_CHAIN = 16_602
LOCKED = 3_000 * COIN


@pytest.fixture(scope="module")
def abroad():
    """Another chain, with a hub and RecordProof."""
    with Anvil(timestamp=GENESIS, chain_id=OTHER_CHAIN) as running:
        yield running


@pytest.fixture(scope="module")
def there(abroad):
    """The contract, and two attestors that are bound."""
    client, deployer = ChainClient(abroad.rpc, load=artifacts.load), abroad.account("deployer")
    token = client.deploy("KeifuToken", deployer, sender=deployer)
    hub = client.deploy("StakingHub", token, deployer, deployer, deployer, 14 * DAY, DAY, 30, 10, sender=deployer)
    proofs = client.deploy("RecordProof", token, hub, sender=deployer)
    hub.list_service(proofs, 14 * DAY, 0, sender=deployer)
    attestors = sorted((abroad.account(f"attestor {n}") for n in range(2)), key=lambda who: int(who.address, 16))
    for attestor in attestors:
        token.transfer(attestor, LOCKED, sender=deployer)
        token.approve(hub, LOCKED, sender=attestor)
        hub.register_operator(0, "", sender=attestor)
        hub.lock(proofs, attestor, LOCKED, sender=attestor)
        proofs.bind(client.now + 90 * DAY, sender=attestor)
    abroad.warp(DAY)
    return proofs, attestors, client


@pytest.fixture
def shown(keifu, project, tmp_path):
    """The file of a record's proof, the block's hash that it was written with, and the record's id."""
    out = tmp_path / "weights.json"
    wanted = project["weights-int8"].id
    status, text, err = keifu("prov", "prove-record", wanted.hex(), "--out", out)
    assert status == 0, err
    return out, text.strip(), wanted


def test_a_contract_of_another_chain_knows_the_block_s_hash(there, shown, source, project):
    proofs, _, _ = there
    path, block, wanted = shown
    proof = RecordProof.read(path)
    registry = source.registry.address
    found = proofs.record_at(bytes.fromhex(block[2:]), registry, wanted, proof.args)
    author, kind, status, time = source.registry.state_of(wanted)
    assert (found[0].lower(), *found[1:4]) == (author.lower(), kind, status, time)
    assert status == Status.ACTIVE
    assert proofs.record_id(source.chain.chain_id, registry, project["weights-int8"].record.args) == wanted
    with reverts("record proof: not that block"):
        proofs.record_at(keccak256(b"another"), registry, wanted, proof.args)


def test_attestors_of_another_chain_sign_the_block(there, shown, source):
    proofs, attestors, client = there
    path, block, wanted = shown
    proof, registry, home = RecordProof.read(path), source.registry.address, source.chain.chain_id
    domain = record_proof_domain(client.chain_id, proofs.address)
    header = int(source.chain.rpc.call("eth_getBlockByHash", block, False)["number"], 16)
    said = [BlockHeader(who.address, home, header, bytes.fromhex(block[2:]), client.now) for who in attestors]
    signed = [(item.key, item.time, item.sign(domain, who)) for item, who in zip(said, attestors, strict=True)]
    trust = (home, registry, [who.address for who in attestors], 2, 400 * DAY)
    found = proofs.attested_record(trust, wanted, proof.args, signed)
    assert found[2] == Status.ACTIVE
    with reverts("record proof: bad signature"):
        proofs.attested_record((OTHER_CHAIN, *trust[1:]), wanted, proof.args, signed)


def test_the_same_file_offline(keifu, shown, source, tmp_path):
    path, block, wanted = shown
    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps({"chain": source.chain.chain_id, "registry": source.registry.address.lower()}))
    verify = ("prov", "verify", path, "--trust", trust, "--rpc", "http://127.0.0.1:1")
    status, out, err = keifu(*verify, "--block-hash", block)
    assert status == 0, err
    assert "ok   record: weights" in out
    assert wanted.hex() in out
    assert "what it was made from is not shown here" in out
    for more, message in (
        ((), "a record's proof proves nothing without a block hash"),
        (("--block-hash", "0x" + "11" * 32), "not of 0x1111"),
        (("--block-hash", block, "--author", "0x" + "22" * 20), "FAIL author"),
        (("--block-hash", block, "--sample", "1"), "ask a bundle"),
    ):
        status, out, err = keifu(*verify, *more)
        assert status in (1, 2)
        assert message in out + err


def test_trust_is_the_verifier_s(shown, source):
    """Another chain or registry has another record under this content, so nothing is found there."""
    path, block, _ = shown
    proof, home = RecordProof.read(path), Trust(source.chain.chain_id, source.registry.address.lower(), block=block)
    assert proof.verify(home)[0].status == Status.ACTIVE
    for trust in (Trust(1, home.registry, block=block), Trust(home.chain, "0x" + "33" * 20, block=block)):
        with pytest.raises(Exception, match=r"not registered|does not exist|lacks the trie node"):
            proof.verify(trust)


def test_bad_files(keifu, shown, source, tmp_path):
    path, block, _ = shown
    good = json.loads(path.read_text())
    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps({"chain": source.chain.chain_id, "registry": source.registry.address.lower()}))
    for change, message in (
        ({"format": "keifu-record-proof/2"}, "this version reads keifu-record-proof/1"),
        ({"more": 1}, "is no proof of a record"),
        ({"header": "0xzz"}, "is no proof of a record"),
        ({"header": "0x" + "00" * 1025}, "1025 bytes, at most 1024"),
        ({"storage": ["0x" + "00" * 577]}, "577 bytes, at most 576"),
        ({"account": ["0x00"] * 17}, "17 nodes, at most 16"),
        ({"account": good["account"][1:]}, "lacks the trie node"),
        ({"storage": [*good["storage"], "0xc0"]}, "nodes that show nothing"),
    ):
        bad = tmp_path / "bad.json"
        bad.write_text(json.dumps(good | change))
        status, out, err = keifu("prov", "verify", bad, "--trust", trust, "--block-hash", block)
        assert status in (1, 2), change
        assert message in out + err, change
    # Where another version would be kept is a hash: the nodes end before that place, or show that nothing is there.
    for version in range(2, 12):
        other = tmp_path / "other.json"
        other.write_text(json.dumps(good | {"record": {**good["record"], "version": str(version)}}))
        status, out, err = keifu("prov", "verify", other, "--trust", trust, "--block-hash", block)
        assert status in (1, 2), version
        assert "lacks the trie node" in out + err or "is not registered in that state" in out + err, version


def test_an_unknown_record(keifu):
    status, _, err = keifu("prov", "prove-record", "ab" * 26 + "00" * 6, "--out", "/dev/null")
    assert status == 2
    assert "no record abab" in err
