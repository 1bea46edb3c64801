"""Chapter: a record of one chain is believed on another by the word of notaries, one of which lies and pays."""

from __future__ import annotations

from dataclasses import replace

from examples.demo.story import Story
from keifu.abi import Contract
from keifu.chain import Account, Anvil, Deployment, RpcDeployer, deploy_protocol
from keifu.chain.services import list_now
from keifu.chain.suite import RECORD_PROOF, REGISTRY, TOKEN
from keifu.errors import CheckFailed, Revert
from keifu.keys import keccak256
from keifu.provenance import Kind, Record, RegistryDomain, Status
from keifu.provenance.foreign import BlockHeader, RecordProof, gather, record_proof_domain
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Provenance
from keifu.provenance.signed_headers import SignedHeader
from keifu.provenance.trust import Notaries, Trust
from keifu.staking import actions
from keifu.units import COIN, DAY, coins

__all__ = ["TITLE", "tell"]

TITLE = "Two chains: a record of one is believed on the other"
OTHER_CHAIN = 16_602
NOTARIES = ("first notary", "second notary", "lying notary")
LOCKED, REWARD = 2_250 * COIN, 200 * COIN
AGE = 30 * DAY  # of a block, at most: listing the services takes a week on the other chain


def tell(story: Story) -> None:
    """Prove a record to another chain's contract and to a verifier without a network; catch a notary that lies."""
    other = story.held.enter_context(Anvil(timestamp=story.chain.now, chain_id=OTHER_CHAIN))
    suite, proofs, notaries = _notaries(other)
    story.say(f"Three notaries lock {coins(LOCKED)} coins each on chain {OTHER_CHAIN}, and sign blocks of this chain.")
    proof, trust = _proved(story, other, proofs, notaries)
    said = proof.signed[0].header
    asked = (said.chain_id, trust.registry, list(trust.notaries.accounts if trust.notaries else ()), 2, AGE)
    record_id = RegistryDomain(trust.chain, trust.registry).record_id(proof.record)
    found = proofs.attested_record(asked, record_id, proof.args, [item.args for item in proof.signed])
    story.check("a contract of the other chain reads the record by the word of two notaries", found[2] == Status.ACTIVE)
    entry, _ = proof.verify(trust, clock=lambda: other.client().now)
    story.check("a verifier without a network reads the same from the same file", entry.id == record_id)
    story.check("one signature is too few for both", _refused(proof, trust, asked, proofs, record_id))
    _lie(story, other, suite, proofs, notaries, said)


def _notaries(other: Anvil) -> tuple[Deployment, Contract, list[Account]]:
    client, deployer = other.client(), other.account("deployer")
    chain = RpcDeployer(client, deployer)
    suite = deploy_protocol(chain)
    list_now(chain, suite, other.warp)
    proofs, found = suite.at(client, RECORD_PROOF), []
    for role in NOTARIES:
        account = other.account(role)
        suite.at(client, TOKEN).transfer(account, LOCKED, sender=deployer)
        own = RpcDeployer(client, account)
        actions.register(own, suite, 0, "")
        actions.lock(own, suite, proofs.address, account.address, LOCKED)
        proofs.bind(client.now + 30 * DAY, sender=account)
        found.append(account)
    other.warp(60)
    return suite, proofs, found


def _proved(story: Story, other: Anvil, proofs: Contract, notaries: list[Account]) -> tuple[RecordProof, Trust]:
    """A record of this chain, proved at a block that two notaries signed, and whom a verifier trusts."""
    deployment = deploy_protocol(RpcDeployer(story.chain, story.account("deployer")))
    author = story.account("model author")
    source = Provenance(story.chain, deployment[REGISTRY], None)
    record_id = source.register(Record(author.address, Kind.WEIGHTS, keccak256(b"known on two chains")), author)
    here = Trust(story.chain.chain_id, deployment[REGISTRY].lower())
    proof = gather(Proved(source, here), record_id)
    block, now = keccak256(proof.header), other.client().now
    number = int(story.chain.rpc.call("eth_getBlockByHash", "0x" + block.hex(), False)["number"], 16)
    domain = record_proof_domain(OTHER_CHAIN, proofs.address)
    signed = []
    for account in sorted(notaries[:2], key=lambda account: int(account.address, 16)):
        header = BlockHeader(account.address, story.chain.chain_id, number, block, now)
        signed.append(SignedHeader(header, header.sign(domain, account)))
    named = Notaries(OTHER_CHAIN, proofs.address, tuple(account.address.lower() for account in notaries), 2, AGE)
    trust = Trust(here.chain, here.registry, notaries=named).checked("the demo's")
    return replace(proof, signed=tuple(signed)), trust


def _refused(proof: RecordProof, trust: Trust, asked: tuple[object, ...], proofs: Contract, record_id: bytes) -> bool:
    alone = replace(proof, signed=proof.signed[:1])
    try:
        alone.verify(trust)
    except CheckFailed:
        try:
            proofs.attested_record(asked, record_id, proof.args, [alone.signed[0].args])
        except Revert as error:
            return error.reason == "record proof: too few signatures"
    return False


def _lie(
    story: Story, other: Anvil, suite: Deployment, proofs: Contract, notaries: list[Account], said: BlockHeader
) -> None:
    """The third one signs the block, and another one of its number."""
    liar, client = notaries[2], other.client()
    domain = record_proof_domain(OTHER_CHAIN, proofs.address)
    headers = [
        BlockHeader(liar.address, said.chain_id, said.number, block, client.now)
        for block in (said.block_hash, keccak256(b"a block that never was"))
    ]
    watcher = other.account("watcher of notaries")
    evidence = proofs.evidence_of(*(header.args for header in headers))
    proofs.commit_proof(keccak256(evidence + bytes.fromhex(watcher.address[2:]).rjust(32, b"\0")), sender=watcher)
    flat = [value for header in headers for value in (header.args, header.sign(domain, liar))]
    proofs.report(*flat, sender=watcher)
    proofs.withdraw(watcher.address, sender=watcher)
    paid = suite.at(client, TOKEN).balanceOf(watcher.address)
    story.check(
        f"who signs two blocks of one number loses {coins(LOCKED)} coins, {coins(REWARD)} of them to who shows it",
        paid == REWARD and proofs.reserved(liar.address) == 0,
    )
