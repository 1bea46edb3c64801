"""What came with a text's vector is of another number of groups than the model has: nobody can open that."""

from __future__ import annotations

import pytest

from audit.tiny_encoder import SIZES, tiny
from benchmarks.disputed import RESTITUTION, TURN, Answer, Disputed
from keifu.compute.receipt import Evidence, Receipt
from keifu.inference.disputes import Challenger, Provider, Seen
from keifu.inference.disputes.misshapen import is_misshapen, unopened
from keifu.keys import keccak256
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Trace, run
from keifu.spec.inference_openings import Published
from tests.unit.inference_disputes.conftest import MINUTE, refused

TEXT = [3, 10, 17]
NOTHING = bytes(32)
LANES = [1] * SIZES.width


def of_groups(count):
    """A program of so many groups: layers stand in it again and again."""
    first, layer, *_, last = tiny(trees.ROWS_8)
    return Published.of([first, *[layer] * (count - 2), last])


def junk(shown):
    """What a provider says of three positions: hashes that nobody has a preimage of."""
    names = ((place, group, leaf) for place in range(3) for group in range(shown) for leaf in range(3))
    hashes = [keccak256(repr(name).encode()) for name in names]
    leaves = [hashes[at : at + 3] for at in range(0, len(hashes), 3)]
    return [leaves[at : at + shown] for at in range(0, len(leaves), shown)]


# The model's groups, and those that came: one less, one level more, two more; one level less, two, and three; two less.
SHAPES = [(4, 3), (4, 5), (4, 9), (5, 3), (5, 4), (9, 3), (9, 4), (17, 3), (8, 6)]


@pytest.mark.parametrize(("groups", "shown"), SHAPES)
def test_dis_1_another_number_of_groups_is_convicted(chain, groups, shown):
    """DIS-1: the chain opens what the client names, and there is no record below it."""
    published = of_groups(groups)
    world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
    chain.warp(MINUTE)
    seen = Seen.of_vector(junk(shown))
    challenger = Challenger(published, Trace(published.program, [[]] * 3, 2), TEXT, LANES)
    place = challenger.place(seen)
    assert not challenger.is_reply(seen)
    answer = answered(world, seen)
    played = world.open(answer, place)
    own = Provider(of_groups(4), run(of_groups(4).program, TEXT, 2))  # it has something, and nothing that fits
    with refused("game: other groups" if place.group == groups else "game: another boundary"):
        show(world, played, own, place, groups)
    chain.warp(TURN + 1)
    (event,) = world.close(played).events("Convicted")
    assert event.restitution == RESTITUTION


def show(world, played, provider, place, groups):
    if place.group == groups:
        boundaries = [provider.boundaries(0)[0]] * groups
        return world.step(played, "show_groups", boundaries, sender=world.operator)
    record = provider.record(0, 0, place.marks)
    return world.step(played, "show_record", *record, sender=world.operator)


def answered(world, seen):
    roots = trees.tensor_root(TEXT, 32), trees.tensor_root(LANES, 16), trees.tree(list(seen.positions))
    about = (world.channel_id, 1, world.place, 1, world.record.digest, NOTHING, NOTHING)
    receipt = Receipt(*about, *roots, len(TEXT), 1, 1, 1, Evidence.PROVED, world.chain()[1])
    return Answer(receipt, TEXT, LANES, list(seen.positions))


@pytest.mark.parametrize("shown", range(3, 40))
def test_what_is_named_makes_the_root_and_has_no_boundary(shown):
    """Whatever the numbers: it climbs to the position's root on the model's levels. It is empty, or a node whose second
    half has an empty second half nowhere: so no three tensors and 32 zero bytes make it."""
    for groups in range(3, 40):
        compared(shown, groups)


def compared(shown, groups):
    (leaves, *_) = junk(shown)
    root = trees.position_root([trees.boundary(*leaf) for leaf in leaves])
    if not is_misshapen(shown, groups):
        assert trees.depth(shown) == trees.depth(groups)
        return
    found = unopened(leaves, groups)
    if found is None:
        # A quarter of its first group is empty, or a pair of groups: and groups of the model would stand below it.
        assert trees.depth(groups) - trees.depth(shown) > 2 or (shown % 2 == 0 and shown < groups)
        return
    assert len(found.path) == trees.depth(groups)
    assert found.group < groups
    node = found.node
    for level, beside in enumerate(found.path):
        node = trees.node(beside, node) if found.group >> level & 1 else trees.node(node, beside)
    assert node == root
    assert found.node == NOTHING or halves(found.node, leaves)[1] not in with_empty_end(leaves)


def every_node(leaves):
    """Of a position, by its hash: both halves."""
    places = [leaf for group in leaves for leaf in (*group, NOTHING)]
    found = {}
    for level in trees.levels(places)[:-1]:
        padded = [*level, NOTHING] if len(level) % 2 else level
        found |= {trees.node(a, b): (a, b) for a, b in zip(padded[::2], padded[1::2], strict=True)}
    return found


def halves(node, leaves):
    return every_node(leaves)[node]


def with_empty_end(leaves):
    return {node for node, (_, second) in every_node(leaves).items() if second == NOTHING}
