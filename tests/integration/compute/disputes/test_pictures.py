"""Labels of pictures that are promised, between real processes: a faked one is convicted and paid for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import keifu
from examples.digits.training import Settings
from examples.digits.weights import held_out, make_weights
from keifu.chain.suite import DISPUTES
from keifu.compute.client.apart import apart
from keifu.compute.client.disputing import Judge
from keifu.compute.receipt import Evidence
from keifu.errors import CheckFailed
from keifu.provenance.program import read_program
from keifu.units import COIN
from tests.integration.compute.disputes.conftest import RESTITUTION, promoted
from tests.integration.compute.disputes.watching import convicted_by_canaries

SETTINGS = Settings(epochs=1)


@pytest.fixture(scope="module")
def integers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    make_weights(folder, SETTINGS)
    return folder


@pytest.fixture(scope="module")
def environment(paid, provenance, integers):
    return promoted(paid, provenance, integers, "digits")


@pytest.fixture(scope="module")
def judge(paid, provenance, integers):
    return Judge(read_program(integers), provenance, paid.market)


@pytest.fixture(scope="module")
def digits():
    return [picture.reshape(-1).tolist() for picture in held_out(SETTINGS)[0][:2]]


@pytest.fixture
def classify(buy, digits):
    return lambda node: replace(
        buy(node), path="/v1/classify", question={"model": "promoted", "input": digits[:1]}
    )  # fmt: skip


def test_a_faked_label_is_slashed_and_paid_for(paid, sell, classify, integers, monkeypatch):
    """By the SDK: cover, dispute, and what is paid at its end."""
    node = sell("faker of labels", "tests.faking_labels")
    buyer = classify(node)
    assert buyer.ask().evidence == Evidence.UNVERIFIED  # nothing is promised yet
    disputes, hub = (paid.suite.at(paid.client, name) for name in (DISPUTES, "StakingHub"))
    lock, bond = hub.lock_of(disputes.address, node.account), disputes.bond()
    buyer.cover()
    buyer.ask_proved()
    monkeypatch.setenv("KEIFU_CLIENT", str(buyer.client.store.folder))
    said = []
    with keifu.connect(paid.anvil.url, role="payer", deployments=paid.folder / "deployments") as k:
        assert k.covers.dispute(integers, on_step=said.append) * COIN == RESTITUTION + RESTITUTION // 10 + bond
    assert said[-2:] == ["the wrong number is proved", "closed"]
    assert lock - hub.lock_of(disputes.address, node.account) == RESTITUTION * 1_475 // 1_000


def test_an_honest_label_is_proved_and_right(paid, sell, classify, judge, digits):
    """Several pictures of one request are unverified, since a dispute is about one; asked one by one all are proved."""
    buyer = classify(sell("honest labeller"))
    buyer.ask()
    buyer.cover()
    answer = buyer.ask_proved()
    assert not [item for item in answer.findings if not item.ok]
    question = {"model": "promoted", "input": digits}
    several = replace(buyer, question=question).ask()
    assert (several.evidence, several.receipt.evidence) == (Evidence.UNVERIFIED, Evidence.UNVERIFIED)
    each = apart(buyer.client, buyer.provider, buyer.path, question)
    assert each.evidence == Evidence.PROVED
    assert [labels_in(item.document) for item in each.each] == [[label] for label in labels_in(several.document)]
    assert labels_in(each.document) == labels_in(several.document)
    *_, one, other = buyer.client.store.replies()
    for reply in (one, other):
        assert len(reply.prompt) == len(reply.positions) == 64
        assert judge.judge(reply).words == "right"
    with pytest.raises(CheckFailed, match="the reply is what the model makes"):
        buyer.dispute(judge).open()


@pytest.fixture
def asked(tmp_path, digits):
    """Pictures, in place of texts."""
    folder = tmp_path / "asked"
    folder.mkdir()
    (folder / "digits.json").write_text(json.dumps(digits))
    return folder


def test_a_faked_label_is_found_by_a_canary_and_convicted(paid, sell, watch):
    honest, faker = sell("honest seller of labels"), sell("lying seller of labels", "tests.faking_labels")
    convicted_by_canaries(paid, watch, honest, faker)


def labels_in(document):
    return [item["output"] for item in document["data"]]
