"""Vectors of texts that are promised, between real processes: a faked element is convicted and paid for."""

from __future__ import annotations

import json
from dataclasses import replace

import openai
import pytest

import keifu
from ethwire.commands import exit_status
from keifu.chain.suite import DISPUTES, GAME
from keifu.cli.root import cli
from keifu.compute.client.apart import apart
from keifu.compute.client.capture import read_har
from keifu.compute.client.disputing import Judge, played, reading_of
from keifu.compute.market.refusals import send_with_coins
from keifu.compute.promises import shown
from keifu.compute.proxy import new_key
from keifu.compute.receipt import Evidence
from keifu.compute.wire import unpack
from keifu.errors import CheckFailed
from keifu.inference.disputes import NO_PERMIT, Place, Question, Stage
from keifu.inference.disputes.reading import Outcome
from keifu.inference.disputes.turns import NO_MARKS
from keifu.inference.embeddings.building import build
from keifu.inference.embeddings.keeping import load
from keifu.keys import keccak256
from keifu.local.suite import warp
from keifu.spec import inference_trees as trees
from keifu.units import COIN
from tests.conformance.inference.bert_folder import folder_of
from tests.integration.compute.conftest import until
from tests.integration.compute.disputes.conftest import MOST, RESTITUTION, promoted
from tests.integration.compute.disputes.watching import convicted_by_canaries
from tests.proxies import running

TEXT = {"model": "promoted", "input": "a proof of work is no promise! " * 4}
TEXTS = {"model": "promoted", "input": ["a proof of work", "no promise"]}
GROUPS, LAST = 4, 3
POOLED = 2  # slot


@pytest.fixture(scope="module")
def integers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vectors")
    build(folder_of(folder / "published"), folder / "model")
    return folder / "model"


@pytest.fixture(scope="module")
def environment(paid, provenance, integers):
    return promoted(paid, provenance, integers, "vectors")


@pytest.fixture(scope="module")
def judge(paid, provenance, integers):
    return Judge(load(integers), provenance, paid.market)


@pytest.fixture
def embed(buy):
    return lambda node: replace(buy(node), path="/v1/embeddings", question=TEXT)


@pytest.mark.parametrize("faking", ["tests.faking_vectors", "tests.faking_encoders"])
def test_a_faked_element_of_a_vector_is_slashed_and_paid_for(paid, sell, embed, integers, monkeypatch, faking):
    """By the SDK: cover, dispute, and what is paid at its end. An element of the vector, or a lane behind a layer."""
    node = sell(f"faker by {faking}", faking)
    buyer = embed(node)
    assert buyer.ask().evidence == Evidence.UNVERIFIED  # nothing is promised yet
    disputes, hub = (paid.suite.at(paid.client, name) for name in (DISPUTES, "StakingHub"))
    lock = hub.lock_of(disputes.address, node.account)
    buyer.cover()
    buyer.ask_proved()
    monkeypatch.setenv("KEIFU_CLIENT", str(buyer.client.store.folder))
    said = []
    with keifu.connect(paid.anvil.url, role="payer", deployments=paid.folder / "deployments") as k:
        bond = disputes.bond()
        assert k.covers.dispute(integers, on_step=said.append) * COIN == RESTITUTION + RESTITUTION // 10 + bond
    assert said[-2:] == ["the wrong number is proved", "closed"]
    assert lock - hub.lock_of(disputes.address, node.account) == RESTITUTION * 1_475 // 1_000


def test_an_honest_node_proves_its_vectors_and_answers_all(paid, sell, embed, judge):
    """Whoever disputes a vector that is right loses its bond, whatever it asks."""
    node = sell("honest provider of vectors")
    buyer = embed(node)
    buyer.ask()
    buyer.cover()
    answer = buyer.ask_proved()
    assert not [item for item in answer.findings if not item.ok]
    assert any("makes the trace's root" in item.detail for item in answer.findings)
    several = replace(buyer, question=TEXTS).ask()  # as any client asks
    assert (several.evidence, several.receipt.evidence) == (Evidence.UNVERIFIED, Evidence.UNVERIFIED)
    reply = list(buyer.client.store.replies())[-1]
    judged = judge.judge(reply)
    assert judged.words == "right"
    with pytest.raises(CheckFailed, match="the reply is what the model makes"):
        buyer.dispute(judge).open()
    reading, seen = reading_of(paid.client, paid.suite, 0), judged.seen
    disputes, hub = (paid.suite.at(paid.client, name) for name in (DISPUTES, "StakingHub"))
    lock, bond = hub.lock_of(disputes.address, node.account), disputes.bond()
    at = len(reply.prompt) - 1
    place = Place(at, GROUPS, seen.positions[at], trees.path(list(seen.positions), at))
    published = judged.challenger.published
    args = shown(reply.signed), judged.record.args, published.descriptor(LAST, POOLED), *place, NO_PERMIT
    send_with_coins(paid.by(paid.payer), paid.suite, bond, DISPUTES, "open", *args)
    (opened,) = reading.opened(operator=node.account)
    game = paid.suite.at(paid.client, GAME)

    def standing(stage):
        def found():
            now = reading.standing(opened)
            return now if now.turn.stage == stage else None

        return until(found, node.process)

    now = standing(Stage.NAMING)
    path = trees.path(list(now.seen.boundaries), LAST)
    game.name_group(now.turn.args, LAST, now.seen.boundaries[LAST], path, NO_MARKS, sender=paid.payer)
    for question in (Question(Stage.CHUNKS, POOLED), Question(Stage.SUMS, POOLED, 1, 32, 1 + at // 32)):
        game.ask(standing(Stage.ASKING).turn.args, *question.args, sender=paid.payer)
    last = standing(Stage.ASKING)
    warp(paid.client, last.turn.deadline + 1 - paid.client.now)
    until(lambda: reading.standing(opened) is None, node.process)
    assert reading.outcome(opened) == Outcome(False)
    assert hub.lock_of(disputes.address, node.account) == lock


def test_a_node_that_forgot_a_text_loses(paid, sell, embed, judge):
    """Its window passes, and the client closes."""
    node = sell("forgetful provider of vectors", "tests.faking_vectors")
    buyer = embed(node)
    buyer.ask()
    buyer.cover()
    buyer.ask_proved()
    dispute = buyer.dispute(judge)
    node.end()
    dispute.open()
    waited = dispute.step()
    assert "the roots of a group's tensors" in waited.words
    warp(paid.client, waited.until + 1 - paid.client.now)
    assert played(dispute, lambda words: None) == Outcome(True, RESTITUTION, RESTITUTION // 10)


def test_several_texts_are_asked_one_by_one_and_each_is_proved(
    paid, sell, embed, judge, integers, monkeypatch, tmp_path, capsys
):
    """By a plain client of the proxy, by the SDK, by a command, and all at once where somebody wants that."""
    node = sell("provider of many vectors")
    buyer = embed(node)
    buyer.ask()
    assert apart(buyer.client, buyer.provider, buyer.path, TEXTS) is None  # nothing is promised yet
    buyer.cover()
    buyer.ask_proved()
    whole = replace(buyer, question=TEXTS).ask()
    before = len(list(buyer.client.store.replies()))
    with running(buyer.client, buyer.provider) as url, running(buyer.client, buyer.provider, together=True) as other:
        found, unproved = (answer_of(buyer, place) for place in (url, other))
    assert [item.embedding for item in found.data] == [item.embedding for item in unproved.data]
    assert [item.embedding for item in found.data] == vectors_in(whole)
    assert found.usage == unproved.usage
    signed = [unpack(item.model_extra["keifu"]["receipt"]).receipt for item in found.data]
    assert {item.evidence for item in signed} == {Evidence.PROVED}
    assert len({item.number for item in signed}) == len(TEXTS["input"])
    kept = list(buyer.client.store.replies())[before:]
    assert {item.signed.receipt.struct_hash for item in kept} == {item.struct_hash for item in signed}
    assert {judge.judge(item).words for item in kept} == {"right"}
    buyer.client.close()
    buyer.client.store.close()
    monkeypatch.setenv("KEIFU_CLIENT", str(buyer.client.store.folder))
    asked = {"provider": node.url, "operator": node.account, "most": MOST, "integers": integers}
    with keifu.connect(paid.anvil.url, role="payer", deployments=paid.folder / "deployments") as k:
        each = k.embed("promoted", TEXTS["input"], **asked)
        once = k.embed("promoted", TEXTS["input"], together=True, **asked)
    assert (each.evidence, len(each.receipts), each.is_recomputed) == ("proved", 2, True)
    assert (once.evidence, len(once.receipts)) == ("unverified", 1)
    assert each.vectors == once.vectors
    assert each.fee == once.fee * 2  # this price is by the request alone
    monkeypatch.setenv("KEIFU_RPC", paid.anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(paid.folder / "deployments"))
    monkeypatch.setenv("KEIFU_ROLE", "payer")
    request, kept = tmp_path / "texts.json", tmp_path / "kept.har"
    request.write_text(json.dumps({"input": TEXTS["input"]}))
    whom = "--provider", node.url, "--operator", node.account, "--most", MOST
    command = ["infer", "promoted", "--endpoint", "embeddings", "--file", request, *whom, "--keep", kept]
    facts = printed(capsys, *command, "--integers", integers)
    assert (facts["evidence"], facts["computed_again"], len(facts["receipts"])) == ("proved", True, 2)
    assert facts["receipt"] in facts["receipts"]
    assert [tuple(item["embedding"]) for item in facts["answer"]["data"]] == list(each.vectors)
    assert [unpack(item).receipt.response_hash for item in facts["receipts"]] == [
        keccak256(item.response) for item in read_har(kept)
    ]
    assert printed(capsys, *command, "--together")["evidence"] == "unverified"


def test_a_lie_among_several_texts_is_convicted(paid, sell, embed, judge):
    """One of a list costs what one alone costs."""
    buyer = embed(sell("faker of many vectors", "tests.faking_vectors"))
    buyer.ask()
    buyer.cover()
    buyer.ask_proved()
    found = apart(buyer.client, buyer.provider, buyer.path, TEXTS)
    assert found.evidence == Evidence.PROVED
    dispute = buyer.dispute(judge)
    dispute.open()
    assert played(dispute, lambda words: None) == Outcome(True, RESTITUTION, RESTITUTION // 10)


def test_a_faked_vector_is_found_by_a_canary_and_convicted(paid, sell, watch):
    honest, faker = sell("honest seller of vectors"), sell("lying seller of vectors", "tests.faking_vectors")
    convicted_by_canaries(paid, watch, honest, faker)


def printed(capsys, *command):
    """What a command prints as JSON."""
    assert exit_status(cli, [*map(str, command), "--json"], program="keifu") == 0
    return json.loads(capsys.readouterr().out)


def vectors_in(answer):
    return [item["embedding"] for item in answer.document["data"]]


def answer_of(buyer, url):
    """What OpenAI's own client gets of a proxy."""
    key, digest = new_key()
    buyer.client.store.set_cap("app", digest=digest, day=None, total=None)
    with openai.OpenAI(base_url=url, api_key=key, max_retries=0) as client:
        return client.embeddings.create(**TEXTS)
