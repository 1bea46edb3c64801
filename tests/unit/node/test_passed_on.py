"""What a compute node says of models that another server has."""

from __future__ import annotations

import pytest

from keifu.errors import UsageError
from keifu.node.compute.making import own_section, passed_on
from keifu.node.sections import ComputeWork

PRICES = {"request": 3, "million_in": 5, "million_out": 7}
WORDS, VECTORS = "words=http://127.0.0.1:8000/v1", "vectors=http://127.0.0.1:8001/v1"
DIGEST = b"\7" * 32


def models(upstreams, endpoints, reexecuted=b""):
    more = passed_on(upstreams, endpoints, reexecuted)
    return ComputeWork(**own_section("127.0.0.1:0", "1 second", (), upstreams, PRICES, more=more)).models


def test_a_model_that_a_panel_may_compute_again_is_named_by_its_digest():
    found = models([VECTORS], ["embeddings", "classify"], DIGEST)["vectors"]
    assert (found.endpoints, found.reexecuted, found.request) == (["embeddings", "classify"], DIGEST.hex(), 3)


def test_without_options_it_answers_chats_and_is_judged_by_nobody():
    found = models([WORDS, VECTORS], [])
    assert {(item.reexecuted, *item.endpoints) for item in found.values()} == {("", "chat/completions")}


@pytest.mark.parametrize("upstreams", [[], [WORDS, VECTORS]])
def test_a_digest_is_of_one_upstream(upstreams):
    with pytest.raises(UsageError, match="--reexecuted is of one upstream"):
        passed_on(upstreams, [], DIGEST)


def test_endpoints_are_of_upstreams():
    with pytest.raises(UsageError, match="--answers is of upstreams"):
        passed_on([], ["embeddings"], b"")
