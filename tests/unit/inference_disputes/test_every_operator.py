"""Each type of operator that a program may have is among those of which one wrong lane is convicted."""

from __future__ import annotations

from audit.tiny_encoder import tiny as encoder
from audit.tiny_model import Sizes, tiny
from keifu.inference import pictures
from keifu.spec.inference_model import TYPES
from tests.unit.inference_disputes import test_convictions as replies
from tests.unit.inference_disputes import test_pictures as labels
from tests.unit.inference_disputes import test_vectors as vectors
from tests.unit.inference_disputes.test_pictures import program

__all__ = ["program"]

VECTOR = (vectors.LAST, vectors.POOLED, 0)


def types_of(groups, lanes):
    return {groups[group][slot - 1].type for group, slot, _ in lanes}


def test_dis_1_no_type_of_operator_is_left_out(program):
    """DIS-1"""
    found = types_of(tiny("blocks", Sizes(positions=40)), replies.LANES)
    found |= types_of(encoder(), [*vectors.LANES, VECTOR])
    found |= types_of(pictures.lowered(program), labels.LANES)
    found |= types_of(labels.by_hand(), labels.BY_HAND)
    assert found == set(TYPES)
