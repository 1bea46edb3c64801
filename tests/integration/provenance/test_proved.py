"""Answers of a node that lies: every author, time, state, promotion and policy is proved, so a lie is an error."""

from __future__ import annotations

import dataclasses
import random

import pytest
import rlp
from msgspec.structs import replace

from ethwire.rpc import Rpc
from keifu.errors import CheckFailed, InputError, KeifuError
from keifu.keys import keccak256
from keifu.provenance import Attestation, Kind, Link, PolicyEntry, Record, Status
from keifu.provenance.bundle import make_bundle
from keifu.provenance.documents import Documents
from keifu.provenance.facts import production
from keifu.provenance.identity import check_identity
from keifu.provenance.impact import impact
from keifu.provenance.label_check import check as check_label
from keifu.provenance.lineage import Lineage, walk
from keifu.provenance.proved import Proved
from keifu.provenance.registry import Entry, Provenance, schema_id
from keifu.provenance.trust import Trust
from keifu.provenance.verify import check_lineage, check_running, require
from keifu.units import DAY
from tests.faulty_node import FaultyNode, Mutation, over_http, recorded
from tests.profiles import announced, quick_or_deep

MUTATIONS = quick_or_deep(60, 10_000)  # `make soak` has the time for all


@pytest.fixture
def lied_to(source, monkeypatch):
    def liar(method, change):
        node = FaultyNode(
            source.chain.rpc.url, lambda request, result: change(result) if request["method"] == method else result
        )
        monkeypatch.setattr(source.chain, "rpc", Rpc("http://node.invalid", transport=node.transport))
        return Provenance(source.chain, source.registry.address, source.environments.address)

    return liar


@pytest.fixture
def raw(project):
    return project["raw"].id


def test_lineage_is_proved_as_the_registry_has_it(source, project):
    root = project["evaluation"].id
    proved, said = Proved.now(source).lineage(root), walk(source, root)
    assert proved.entries == said.entries
    assert check_lineage(proved).ok


def test_depth_cuts_what_is_further_away(source, project):
    root = project["evaluation"].id
    proved, said = Proved.now(source).lineage(root, depth=2), walk(source, root, depth=2)
    assert (proved.entries, proved.cut) == (said.entries, True)


def test_unknown_record_is_said_to_be_unknown(source):
    with pytest.raises(InputError, match="no record abab"):
        Proved.now(source).lineage(b"\xab" * 32)


def test_one_proof_a_contract_for_a_whole_answer(source, project, pipeline, monkeypatch):
    asked = []
    call = source.chain.rpc.call
    monkeypatch.setattr(source.chain.rpc, "call", lambda method, *params: asked.append(method) or call(method, *params))
    Proved.now(source).lineage(project["evaluation"].id)
    assert asked.count("eth_getProof") == 1
    asked.clear()
    Proved.now(source).production(pipeline.environment)
    assert asked.count("eth_getProof") == 2
    assert "eth_call" not in asked


@pytest.mark.case("provenance-3")
def test_views_of_the_node_are_not_asked(lied_to, project, pipeline):
    """A node that answers every view with another author, another time and `active` changes nothing."""
    liar = lied_to("eth_call", lambda answer: "0x" + "11" * 32 * 8)
    root = project["weights-int8"].id
    assert Proved.now(liar).lineage(root).entries[root].record.author == project["weights-int8"].record.author
    assert all(finding.ok for finding in check_running(Proved.now(liar), pipeline.environment))


@pytest.mark.case("provenance-3")
def test_forged_author_in_the_log_is_refused(lied_to, source, raw):
    """The log of a record that names a victim as its author hashes to another id, and no state holds that."""
    victim = "0x" + "77" * 20
    record = walk(source, raw).entries[raw].record
    forged = Record(**{**{name: getattr(record, name) for name in Record.__dataclass_fields__}, "author": victim})
    claimed = source.domain.record_id(forged)

    def logs(found):
        return [
            {
                **log,
                "topics": [log["topics"][0], "0x" + claimed.hex(), *log["topics"][2:]],
                "data": log["data"].replace(record.author[2:], victim[2:]),
            }
            for log in found
        ]

    liar = lied_to("eth_getLogs", logs)
    with pytest.raises(KeifuError, match=r"is not registered in that state|no record|withheld|nobody asked for"):
        Proved.now(liar).lineage(claimed)


@pytest.mark.case("provenance-3")
def test_revoked_data_does_not_show_as_active(source, anvil):
    author = anvil.account("author of copied data")
    parent = source.register(Record(author.address, Kind.DATASET, b"\x31" * 32), author)
    child = source.register(Record(author.address, Kind.WEIGHTS, b"\x32" * 32, links=(Link(2, parent),)), author)
    before = Proved.now(source)
    source.withdraw(parent, Status.REVOKED, "copied", author)
    lineage = Proved.now(source).lineage(child)
    assert [entry.id for entry in lineage.withdrawn] == [parent]
    # As of the block before, it was not withdrawn: the answer is the block's, whatever the node's newest one is.
    assert Proved(source, before.pinned).lineage(child).withdrawn == []


@pytest.mark.parametrize("change", [lambda logs: [], lambda logs: [{**log, "data": "0x1234"} for log in logs]])
def test_withheld_or_garbled_logs_are_an_error(lied_to, raw, change):
    with pytest.raises(CheckFailed, match="was withheld"):
        Proved.now(lied_to("eth_getLogs", change)).lineage(raw)


def test_withheld_log_of_what_is_promoted_is_an_error(lied_to, pipeline):
    with pytest.raises(CheckFailed, match="no log that hashes to it"):
        Proved.now(lied_to("eth_getLogs", lambda logs: [])).production(pipeline.environment)


def test_proof_that_lacks_nodes_is_refused(lied_to, raw):
    def forge(proof):
        return {**proof, "storageProof": [{**item, "proof": item["proof"][:1]} for item in proof["storageProof"]]}

    with pytest.raises(CheckFailed, match="lacks the trie node"):
        Proved.now(lied_to("eth_getProof", forge)).lineage(raw)


def test_header_with_another_state_root_is_refused(lied_to):
    liar = lied_to("eth_getBlockByNumber", lambda block: {**block, "stateRoot": "0x" + "11" * 32})
    with pytest.raises(CheckFailed, match="does not hash to its hash"):
        Proved.now(liar)


def test_a_trusted_block_is_not_replaced_by_another(lied_to, source):
    trusted = Proved.now(source).pinned
    other = source.chain.rpc.call("eth_getBlockByNumber", "0x1", False)
    liar = lied_to("eth_getBlockByHash", lambda block: other)
    with pytest.raises(CheckFailed, match=r"block is .*, trusted is 0x"):
        Proved(liar, trusted)


def test_node_of_another_chain_is_refused(lied_to, source):
    trusted = Proved.now(source).pinned
    with pytest.raises(CheckFailed, match="chain is 5, trusted is 31337"):
        Proved(lied_to("eth_chainId", lambda answer: "0x5"), trusted)


def test_other_nodes_have_to_know_the_block(source, anvil, lied_to):
    """One that agrees, and one that cannot be reached. A node is no witness of itself: seen red where it was."""
    here = replace(Proved.now(source).trust, nodes=(anvil.url,), agree=1)
    with pytest.raises(CheckFailed, match=f"none but {anvil.url} itself says so"):
        Proved(source, here)
    asked = lied_to("eth_chainId", lambda answer: answer)  # another address
    proved = Proved(asked, here)
    assert proved.block.certain
    assert "1 of 1 other nodes have the same" in proved.block.believed
    with pytest.raises(CheckFailed, match="1 say the same, 2 have to"):
        Proved(asked, replace(here, nodes=(anvil.url, "http://127.0.0.1:9"), agree=2))


def test_a_single_node_is_named_as_the_only_witness(source, anvil):
    block = Proved.now(source).block
    assert not block.certain
    assert block.believed == f"the word of {anvil.url} alone; name a block or other nodes to be sure"


def test_policy_is_worked_out_as_the_contract_does(source, anvil):
    """Attesters, ages, numbers, notice, expiry and revocation: the proved answer is `current`'s."""
    author, owner = anvil.account("policy author"), anvil.account("policy owner")
    attesters = [anvil.account(f"policy attester {number}") for number in range(3)]
    addresses = tuple(account.address for account in attesters)
    artefact = source.register(Record(author.address, Kind.WEIGHTS, b"\x41" * 32), author)
    first, second = schema_id("first"), schema_id("second")
    policy = [PolicyEntry(first, 2, 0, addresses), PolicyEntry(second, 1, 1_000, addresses[:1])]
    environment = source.declare("worked out", [], owner)
    source.promote(environment, artefact, owner)

    def agree():
        made, _ = Proved.now(source).production(environment)
        assert (made.artefact, made.seq, made.ok) == source.current(environment)
        return made

    assert agree().policy == ()
    source.environments.announce_policy(environment, [entry.args for entry in policy], sender=owner)
    assert agree().policy == ()  # under notice
    anvil.warp(DAY)
    anvil.mine()
    assert [entry.needed for entry in agree().policy] == [2, 1]
    for account in attesters[:2]:
        source.attest(Attestation(first, artefact), account)
    assert [entry.schema for entry in agree().unmet] == [second]
    source.attest(Attestation(second, artefact), attesters[0])
    assert agree().ok
    anvil.warp(1_001)
    anvil.mine()
    assert [entry.schema for entry in agree().unmet] == [second]  # too old
    source.attest(Attestation(second, artefact), attesters[0])
    assert agree().ok
    source.registry.revoke_attestation(first, artefact, sender=attesters[1])
    assert [entry.schema for entry in agree().unmet] == [first]


def test_environment_that_was_never_declared_has_no_production(source):
    with pytest.raises(CheckFailed, match=r"no environment .* was declared"):
        Proved.now(source).production(b"\x55" * 32)


@pytest.mark.case("provenance-1")
def test_a_contract_that_stores_any_word_is_not_the_registry(source, anvil, lineage):
    """Eight bytes of code that store what they are told: its true state proof at the true block proves nothing here."""
    forger = anvil.account("forger")
    runtime = bytes.fromhex("6020356000355500")  # sstore(calldataload(0), calldataload(32))
    creation = bytes.fromhex("67") + runtime + bytes.fromhex("5f5260086018f3")
    nonce = int(source.chain.rpc.call("eth_getTransactionCount", forger.address, "latest"), 16)
    source.chain.send(forger, None, creation)
    fake = "0x" + keccak256(rlp.encode([bytes.fromhex(forger.address[2:]), nonce]))[12:].hex()
    victim = Record("0x" + "77" * 20, Kind.WEIGHTS, b"\x66" * 32)
    theirs = Provenance(source.chain, fake, source.environments.address)
    slot = keccak256((2).to_bytes(32, "big") + theirs.domain.record_id(victim))
    word = int(victim.author, 16) | (1_577_836_800 << 160) | (Kind.WEIGHTS << 200) | (1 << 208)
    source.chain.send(forger, fake, slot + word.to_bytes(32, "big"))
    forger_side = Proved.now(theirs)
    record_id = theirs.domain.record_id(victim)
    forged = Lineage(record_id, entries={record_id: Entry(record_id, victim, Status.ACTIVE, 1_577_836_800)})
    bundle = make_bundle(forger_side, forged, Documents())  # in order for whoever trusts the forger's contract
    honest = Proved(source, Proved.now(source).trust, forger_side.block).pinned
    with pytest.raises(CheckFailed, match=f"registry is {fake}, trusted is {source.registry.address}"):
        bundle.verify(honest)
    renamed = dataclasses.replace(bundle.parts, registry=source.registry.address, root=source.domain.record_id(victim))
    with pytest.raises(CheckFailed, match=r"is not registered in that state|lacks the trie node"):
        type(bundle)(renamed).verify(honest)
    with pytest.raises(CheckFailed, match=f"registry is {fake}, trusted is"):
        Proved(theirs, honest)


@pytest.mark.case("provenance-3")
def test_no_mutated_answer_gives_a_wrong_ok(source, project, pipeline, monkeypatch):
    """A node that changes one field of one answer to any question: refused, or nothing changed. What is a list of all
    that there is, is the node's word: it may lack some, and holds nothing else."""
    questions = _questions(source, project, pipeline)
    trust, honest = Proved.now(source).pinned, source.chain.rpc
    right = [question(Proved(source, trust)) for question in questions]
    answers = recorded(over_http(honest.url))  # the same questions ten thousand times
    calls = []  # that each question takes
    for seed in announced("a node that lies", range(-len(questions), MUTATIONS)):
        which, draw = seed % len(questions), random.Random(seed)
        honestly = seed < 0
        at = -1 if honestly else draw.randrange(calls[which])
        fault = _Mutating(draw, at) if draw.random() < 0.5 else Mutation(seed, at)  # its result, or anything in it
        node = FaultyNode(answers, fault)
        monkeypatch.setattr(source.chain, "rpc", Rpc("http://node.invalid", transport=node.transport))
        try:
            found = questions[which](Proved(source, trust))
        except KeifuError:
            assert not honestly
            continue
        finally:
            monkeypatch.setattr(source.chain, "rpc", honest)
        if honestly:
            calls.append(len(node.asked))
        if isinstance(found, dict):
            assert found.items() <= right[which].items(), seed
        else:
            assert found == right[which], seed


def _questions(source, project, pipeline):
    """What commands ask, each as an answer that can be compared: all that is proved, and in a dict what is a list."""
    weights, environment, author = project["weights-int8"], pipeline.environment, pipeline.cast.author.address
    proof = pipeline.labels.prove(3, author)

    def shown(entries):
        return {entry.id: (entry.record, entry.status, entry.time) for entry in entries}

    def passed(findings):
        require(findings)  # as every command does: a check that failed is a refusal
        return findings

    def rests(proved):
        found = impact(proved, project["raw"].id)
        return shown(found.resting) | {made.environment: made for made in (*found.running, *found.past)}

    def bundled(proved):
        lineage = proved.lineage(weights.id)
        made = make_bundle(proved, lineage, project.documents, environment=environment, labels=[proof])
        verified = made.verify(proved.pinned, environment=environment, samples=[3])
        return list(shown(verified.entries.values()).items()), verified.production, verified.labels

    return [
        lambda proved: list(shown(proved.lineage(weights.id).entries.values()).items()),
        lambda proved: (proved.production(environment)[0], passed(check_running(proved, environment))),
        lambda proved: shown(proved.by_digest(weights.record.digest)),
        lambda proved: [list(shown(found.entries.values())) for found in proved.dossier(None, [environment])[:1]],
        lambda proved: proved.history(environment),
        rests,
        bundled,
        lambda proved: passed(check_label(proved, proof, None)),
        lambda proved: passed(check_identity(proved, author)),
    ]


class _Mutating:
    """Changes one field, somewhere in the answer to call number `at`."""

    def __init__(self, draw, at):
        self._draw, self._at, self._count = draw, at, 0

    def __call__(self, request, result):
        self._count += 1
        return mutated(result, self._draw) if self._count == self._at + 1 else result


def mutated(answer, draw):
    """`answer` with one leaf changed, dropped, or of another type."""
    if isinstance(answer, dict) and answer:
        key = draw.choice(sorted(answer))
        return {**answer, key: mutated(answer[key], draw)}
    if isinstance(answer, list) and answer and draw.random() < 0.9:
        at = draw.randrange(len(answer))
        return [*answer[:at], mutated(answer[at], draw), *answer[at + 1 :]]
    if isinstance(answer, str) and len(answer) > 2 and draw.random() < 0.7:
        at = draw.randrange(2, len(answer))
        return answer[:at] + draw.choice("0123456789abcdef") + answer[at + 1 :]
    return draw.choice([None, [], {}, 7, "0x", "0xzz", "", True, "0x" + "ff" * 33, [[]], {"a": []}])


def test_facts_refuse_a_policy_word_that_points_nowhere(source, pipeline):
    """A policy of 255 entries with 255 attesters in the words of a liar ends, too."""

    class Ones:
        time = 1

        def words(self, address, slots):
            return [(1 << 215) - 1 for _ in slots]

    with pytest.raises(CheckFailed, match="unknown state"):
        production(Ones(), source.registry.address, source.environments.address, pipeline.environment)


def test_a_number_of_promotions_is_proved_before_so_many_are_asked_for(source, lied_to, pipeline):
    """A node that named 2**40 of them took all memory of who asked."""
    right = Proved.now(source).history(pipeline.environment)
    artefact, newest, _ = source.current(pipeline.environment)
    assert [seq for seq, *_ in right] == [*range(1, newest + 1)]
    assert right[-1][1] == artefact
    asked = []

    def many(word):
        asked.append(word)
        return hex(int(word, 16) | 10_000 << 160)  # where an environment's word has the number

    assert Proved.now(lied_to("eth_getStorageAt", many)).history(pipeline.environment) == right
    assert len(asked) == 1 + len(right)


def test_trust_without_environments_knows_none(source, pipeline):
    with pytest.raises(CheckFailed, match=r"environments is .*, trusted is no contract"):
        Proved(source, Trust(source.chain.chain_id, source.registry.address))
