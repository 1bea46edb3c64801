"""A faked token of SmolLM2 between real processes. Run where there are hours, and where the model was fetched."""

from __future__ import annotations

import pytest

from keifu.compute.client.disputing import Judge, played
from keifu.inference.disputes.reading import Outcome
from keifu.inference.tokens.building import build
from keifu.inference.tokens.fetching import place_of
from keifu.inference.tokens.keeping import load
from tests.integration.compute.disputes.conftest import RESTITUTION, promoted
from tests.profiles import DEEP


@pytest.fixture(scope="module")
def integers(tmp_path_factory):
    place = place_of("smollm2")
    if not place.exists():
        pytest.skip(f"{place} is not there: keifu model fetch smollm2")
    folder = tmp_path_factory.mktemp("smollm2") / "model"
    build(place, folder)
    return folder


@pytest.fixture(scope="module")
def environment(paid, provenance, integers):
    return promoted(paid, provenance, integers, "smollm2")


@pytest.fixture(scope="module")
def judge(paid, provenance, integers):
    return Judge(load(integers), provenance, paid.market)


if DEEP:  # minutes of a processor

    def test_a_faked_token_of_a_real_model_is_convicted(sell, buy, judge):
        buyer = buy(sell("seller of smollm2", "tests.faking_node"))
        buyer.ask()
        buyer.cover()
        buyer.ask_proved()
        dispute = buyer.dispute(judge)
        dispute.open()
        said = ["opened"]
        assert played(dispute, said.append) == Outcome(True, RESTITUTION, RESTITUTION // 10)
        assert said[-2:] == ["the wrong number is proved", "closed"]
