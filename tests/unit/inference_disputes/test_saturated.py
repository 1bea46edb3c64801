"""An honest provider of a model whose residuals all stand at their bound: their squares pass the 64 bits of a sum."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.tiny_model import Sizes, tiny
from benchmarks.disputed import Disputed
from keifu.inference.disputes import Place, Provider, Question, Seen, Stage, proofs
from keifu.spec import inference_calls as checks
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST_RESIDUAL
from keifu.spec.inference_model import run
from keifu.spec.inference_openings import Published
from tests.unit.inference_disputes.conftest import LAYER, MINUTE, refused
from tests.unit.inference_disputes.test_honest import acquitted, tried

SIZES = Sizes(width=576, heads=9, shared=9, inner=64, tokens=16, layers=1, positions=4)
PROMPT = [3, 1]
NORM = 1  # slot
MOST = 2**63 - 1


@pytest.fixture(scope="module")
def published():
    """Weights of the embedding are so large that each lane but those of weight 0 is at its bound."""
    first, *others = tiny("rows", SIZES)
    rows = [
        row._replace(weights=[weight or 1 for weight in row.weights], multiplier=2**31 - 1) for row in first[0].rows
    ]
    return Published.of([[replace(first[0], rows=rows, shift=1)], *others])


@pytest.fixture(scope="module")
def provider(published):
    return Provider(published, run(published.program, PROMPT, len(PROMPT) - 1))


@pytest.fixture
def world(chain, published):
    with chain.anchor():
        number = chain.snapshot()
        found = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
        chain.warp(MINUTE)
        yield found
        chain.restore(number)


@pytest.mark.parametrize("count", [1, 32])
def test_dis_4_squares_of_residuals_at_their_bound(world, chain, provider, count):
    """DIS-4: nobody needs sums of a norm that one call computes, and no verifier believes any."""
    reply, position = [provider.trace.records[-1][-1][-1][0]], len(PROMPT) - 1
    residuals = provider.trace.records[position][LAYER][0]
    assert {abs(lane) for lane in residuals} == {LARGEST_RESIDUAL}
    assert sum(lane * lane for lane in residuals) > MOST
    answer = world.answer(provider, PROMPT, reply)
    seen = Seen(answer.positions, provider.boundaries(position))
    path = [*trees.path(seen.boundaries, LAYER), *trees.path(answer.positions, position)]
    played = world.open(answer, Place(position, LAYER, seen.boundaries[LAYER], path))
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *Question(Stage.SUMS, NORM, 5, 1, count).args, sender=world.payer)
    played = world.show(played, provider, seen)
    assert len(seen.sums) == 8 * count
    call = checks.check(provider.opened(position, LAYER), NORM, 5)
    for part in {0, count - 1, count}:
        with refused("inference_verifier: sums"):
            tried(world, played, proofs.proved(call._replace(rest=(*call.rest[:-1], (seen.sums, part)))))
    acquitted(world, chain, played)
