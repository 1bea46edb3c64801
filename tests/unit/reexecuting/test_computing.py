"""A member asks its own model as the provider did; where that fails it knows nothing, and says nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keifu.errors import CheckFailed, EnvironmentFault
from keifu.node.reexecutor.work import computed
from keifu.provenance.digest import digest_path
from keifu.reexecution.computing import OwnModel
from keifu.reexecution.reading import Opened, pool_key
from keifu.reexecution.tolerance import Rule, Tolerance, Word
from tests.integration.reexecution.floats import floats, make_weights

TOLERANCE = Tolerance(Rule.NUMBERS, 1e-4, 1e-3)
REQUEST = json.dumps({"model": "theirs", "input": "how far is it?"}).encode()
NOTHING = bytes(32)


@pytest.fixture
def weights(tmp_path):
    return make_weights(tmp_path / "weights")


@pytest.fixture
def model(weights):
    with floats(weights, 1) as server:
        digest = digest_path(weights).root
        yield OwnModel(
            "floats", server.url, digest, TOLERANCE, 8, endpoints=frozenset({"embeddings"}), weights=weights,
            patience=5.0,
        )  # fmt: skip


def test_two_orders_of_adding_agree_and_a_lie_differs(model, weights):
    with floats(weights, 2) as other:
        theirs = replace(model, url=other.url).answer(REQUEST)
        other.lie = 0.01
        lie = replace(model, url=other.url).answer(REQUEST)
    own, compared = computed(model, Opened(REQUEST, theirs, (NOTHING, NOTHING)))
    assert own != theirs
    assert compared.word == Word.AGREES
    assert computed(model, Opened(REQUEST, lie, (NOTHING, NOTHING)))[1].word == Word.DIFFERS


def test_what_was_stored_cannot_be_read_here(model):
    _, compared = computed(model, Opened(b"", b"", (b"\1" * 32, b"\1" * 32)))
    assert compared.word == Word.UNREADABLE


def test_a_model_that_does_not_answer_gives_no_word(model):
    gone = replace(model, url="http://127.0.0.1:1/v1")
    with pytest.raises(EnvironmentFault, match="answers no such request"):
        computed(gone, Opened(REQUEST, b"{}", (NOTHING, NOTHING)))
    with pytest.raises(EnvironmentFault, match="it is no request of embeddings"):
        computed(model, Opened(b'{"messages": []}', b"{}", (NOTHING, NOTHING)))


def test_weights_of_another_digest_compute_nothing(model, weights):
    model.require_weights()
    (weights / "weights.npy").write_bytes(b"others")
    with pytest.raises(CheckFailed, match="has digest"):
        model.require_weights()
    with pytest.raises(CheckFailed, match="has digest"):
        computed(model, Opened(REQUEST, b"{}", (NOTHING, NOTHING)))
    replace(model, weights=None).require_weights()


def test_its_pool_is_of_digest_rule_and_fee(model):
    assert model.pool == pool_key(model.digest, TOLERANCE.encoded, 8)
    assert replace(model, fee=9).pool != model.pool
