"""The root of a program's arrays is that of the same program in Python's integers."""

from __future__ import annotations

import pytest

from audit.tiny_model import FORMATS, Sizes, tiny
from keifu.inference.tokens.reference import layer_of
from keifu.inference.tokens.rooting import program_root
from keifu.spec import inference_model as spec
from tests.conformance.inference.arrays import program_of

SIZES = Sizes(layers=1)
LONG = Sizes(width=64, heads=1, shared=1, inner=1_088, tokens=16, layers=1, positions=3)


@pytest.mark.parametrize("kind", sorted(FORMATS))
@pytest.mark.parametrize("sizes", [SIZES, LONG])
def test_the_root_is_the_reference_s(kind, sizes):
    groups = tiny(kind, sizes)
    assert program_root(program_of(groups, sizes)) == spec.program_root(groups)


def test_a_layer_comes_back_as_it_was():
    groups = tiny("blocks", SIZES)
    made = layer_of(program_of(groups, SIZES), 0)
    assert [spec.descriptor_of([made], 0, slot + 1) for slot in range(15)] == [
        spec.descriptor_of([groups[1]], 0, slot + 1) for slot in range(15)
    ]
