"""A faked element of MiniLM's vector between real processes. Run where there are hours, and where it was fetched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keifu.compute.client.disputing import Judge, played
from keifu.inference.disputes.reading import Outcome
from keifu.inference.embeddings.building import build
from keifu.inference.embeddings.keeping import load
from keifu.inference.tokens.fetching import place_of
from tests.integration.compute.disputes.conftest import RESTITUTION, promoted
from tests.profiles import DEEP

TEXT = {"model": "promoted", "input": "A proof of work is no promise, and a promise is no proof. " * 12}


@pytest.fixture(scope="module")
def integers(tmp_path_factory):
    place = place_of("minilm")
    if not place.exists():
        pytest.skip(f"{place} is not there: keifu model fetch minilm")
    folder = tmp_path_factory.mktemp("minilm") / "model"
    build(place, folder)
    return folder


@pytest.fixture(scope="module")
def environment(paid, provenance, integers):
    return promoted(paid, provenance, integers, "minilm")


@pytest.fixture(scope="module")
def judge(paid, provenance, integers):
    return Judge(load(integers), provenance, paid.market)


if DEEP:  # a minute of a processor

    @pytest.mark.parametrize("faking", ["tests.faking_vectors", "tests.faking_encoders"])
    def test_a_faked_vector_of_a_real_model_is_convicted(sell, buy, judge, faking):
        """Its element, and a lane behind a layer in the middle."""
        buyer = replace(buy(sell(f"seller by {faking}", faking)), path="/v1/embeddings", question=TEXT)
        buyer.ask()
        buyer.cover()
        buyer.ask_proved()
        dispute = buyer.dispute(judge)
        dispute.open()
        said = ["opened"]
        assert played(dispute, said.append) == Outcome(True, RESTITUTION, RESTITUTION // 10)
        assert said[-2:] == ["the wrong number is proved", "closed"]
