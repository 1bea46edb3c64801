"""An honest provider of a model whose residuals all stand at their bound: their squares pass the 64 bits of a sum."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.tiny_model import Sizes, tiny
from benchmarks.disputed import Disputed
from keifu.inference.disputes import Challenger, Place, Provider, Question, Seen, Stage, proofs
from keifu.spec import inference_calls as checks
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST_RESIDUAL
from keifu.spec.inference_model import run
from keifu.spec.inference_openings import NO_LANES, Published, packed_sums
from tests.unit.inference_disputes.conftest import LAYER, MINUTE, changed, refused
from tests.unit.inference_disputes.test_honest import acquitted, tried

SIZES = Sizes(width=576, heads=9, shared=9, inner=64, tokens=16, layers=1, positions=4)
WIDER = Sizes(width=1_088, heads=17, shared=17, inner=64, tokens=16, layers=1, positions=4)
PROMPT = [3, 1]
NORM = 1  # slot
MOST = 2**63 - 1


def saturated(sizes):
    """Weights of the embedding are so large that each lane is at its bound."""
    first, *others = tiny("rows", sizes)
    rows = [
        row._replace(weights=[weight or 1 for weight in row.weights], multiplier=2**31 - 1) for row in first[0].rows
    ]
    return Published.of([[replace(first[0], rows=rows, shift=1)], *others])


@pytest.fixture(scope="module")
def published():
    return saturated(SIZES)


@pytest.fixture(scope="module")
def wider():
    return saturated(WIDER)


@pytest.fixture(scope="module")
def provider(published):
    return Provider(published, run(published.program, PROMPT, len(PROMPT) - 1))


def begun(chain, published):
    found = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
    chain.warp(MINUTE)
    return found


@pytest.fixture
def world(chain, published):
    with chain.anchor():
        number = chain.snapshot()
        yield begun(chain, published)
        chain.restore(number)


@pytest.fixture
def wider_world(chain, wider):
    with chain.anchor():
        number = chain.snapshot()
        yield begun(chain, wider)
        chain.restore(number)


def asked(world, provider, lane, count):
    """A dispute about a norm whose sums were asked for and shown, and what stands in them."""
    reply, position = [provider.trace.records[-1][-1][-1][0]], len(PROMPT) - 1
    residuals = provider.trace.records[position][LAYER][0]
    assert {abs(value) for value in residuals} == {LARGEST_RESIDUAL}
    assert sum(value * value for value in residuals) > MOST
    answer = world.answer(provider, PROMPT, reply)
    seen = Seen(answer.positions, provider.boundaries(position))
    path = [*trees.path(seen.boundaries, LAYER), *trees.path(answer.positions, position)]
    played = world.open(answer, Place(position, LAYER, seen.boundaries[LAYER], path))
    played = world.show(played, provider, seen)
    played = world.step(played, "ask", *Question(Stage.SUMS, NORM, lane, 1, count).args, sender=world.payer)
    return world.show(played, provider, seen), seen.sums


def one_of(opened, lane, sums, part):
    """What proves one part of a norm's sums, or behind the last one its lane, to be wrong."""
    call = checks.check(opened, NORM, lane)
    if part == len(sums) // 8:
        return call._replace(rest=(opened.lines(0, lane // 32, 0), *call.rest[1:4], (sums, part)))
    return call._replace(rest=(opened.lines(0, part), NO_LANES, NO_LANES, lane, (sums, part)))


@pytest.mark.parametrize("count", [1, 32])
def test_dis_4_squares_of_residuals_at_their_bound(world, chain, provider, count):
    """DIS-4: nobody needs sums of a norm that one call computes, and no verifier believes any."""
    played, sums = asked(world, provider, 5, count)
    assert len(sums) == 8 * count
    call = checks.check(provider.opened(len(PROMPT) - 1, LAYER), NORM, 5)
    for part in {0, count - 1, count}:
        with refused("inference_verifier: sums"):
            tried(world, played, proofs.proved(call._replace(rest=(*call.rest[:-1], (sums, part)))))
    acquitted(world, chain, played)


def test_dis_4_squares_that_pass_64_bits_are_the_largest_number(wider_world, chain, wider):
    """DIS-4: of a norm that takes several calls, none of which proves anything."""
    provider = Provider(wider, run(wider.program, PROMPT, len(PROMPT) - 1))
    played, sums = asked(wider_world, provider, 1_024, 2)
    opened = provider.opened(len(PROMPT) - 1, LAYER)
    for part in range(3):
        with refused("game: not proved"):
            tried(wider_world, played, proofs.proved(one_of(opened, 1_024, sums, part)))
    acquitted(wider_world, chain, played)


class Shows(Provider):
    """Sums of its own."""

    numbers = (MOST, MOST)

    def sums(self, position, group, slot, turn):
        return packed_sums(self.numbers)


@pytest.mark.parametrize("numbers", [(MOST, MOST), (MOST - 1, MOST), (MOST, MOST - 1), (MOST, 0), (-1, -1), (0, MOST)])
@pytest.mark.parametrize("lane", [5, 1_024])
def test_dis_1_a_wrong_lane_beside_the_largest_sum(wider_world, wider, lane, numbers):
    """DIS-1: a lane that differs by one is convicted, whatever the provider says of its squares."""
    own = run(wider.program, PROMPT, len(PROMPT) - 1)
    tensor = own.records[-1][LAYER][NORM]
    wrong, last = (LAYER, NORM, lane, tensor[lane] + 1), len(wider.program[LAYER])
    end = (LAYER, last, 0, own.records[-1][LAYER][last][0] - 1)
    provider = Shows(wider, changed(own, [end], 1), changed(own, [end, wrong], 1))
    provider.numbers = numbers
    reply = [own.records[-1][-1][-1][0]]
    played = wider_world.play(
        wider_world.answer(provider, PROMPT, reply), provider, Challenger(wider, own, PROMPT, reply)
    )
    assert wider_world.close(played).events("Convicted")
