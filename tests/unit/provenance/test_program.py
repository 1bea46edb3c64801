"""The program root: fixes operators, weights, biases and rounding, and is recomputed from the files alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from keifu.errors import InputError
from keifu.provenance.program import PROGRAM_FILE, Operator, program_root, write_program


@pytest.fixture
def folder(tmp_path):
    chance = np.random.default_rng(7)
    np.save(tmp_path / "weights.npy", chance.integers(-127, 128, (8, 3), dtype=np.int8))
    np.save(tmp_path / "bias.npy", chance.integers(-1000, 1000, 3, dtype=np.int32))
    return tmp_path


@pytest.fixture
def dense():
    return {
        "type": "dense",
        "source": 0,
        "target": 1,
        "inputs": 8,
        "outputs": 3,
        "weights": "weights.npy",
        "bias": "bias.npy",
        "multiplier": 77,
        "shift": 16,
        "low": 0,
        "high": 127,
    }


@pytest.fixture
def root(folder, dense):
    return write_program(folder, [Operator(**dense), Operator("argmax", 1, 2, 3, 1)])


def test_is_recomputed_from_the_files(folder, root):
    assert program_root(folder) == root


@pytest.mark.parametrize(
    ("field", "value"), [("multiplier", 78), ("shift", 15), ("low", -1), ("high", 126), ("source", 1), ("target", 3)]
)
def test_every_number_of_an_operator_counts(folder, dense, root, field, value):
    changed = [Operator(**{**dense, field: value}), Operator("argmax", 1, 2, 3, 1)]
    assert write_program(folder, changed) != root


def test_the_order_of_operators_counts(folder, dense, root):
    assert write_program(folder, [Operator("argmax", 1, 2, 3, 1), Operator(**dense)]) != root


def test_the_order_of_channels_counts(folder, root):
    np.save(folder / "weights.npy", np.load(folder / "weights.npy")[:, [1, 0, 2]])
    assert program_root(folder) != root


@pytest.mark.parametrize(("name", "place"), [("weights.npy", (7, 2)), ("bias.npy", (0,))])
def test_one_changed_number_changes_the_root(folder, root, name, place):
    array = np.load(folder / name)
    array[place] ^= 1
    np.save(folder / name, array)
    assert program_root(folder) != root


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": "missing.npy"}, r"operator 0: cannot read missing\.npy"),
        ({"weights": "../weights.npy"}, "names no .npy file of its folder"),
        ({"inputs": 9}, r"weights\.npy is int8\[8, 3\], not int8\[9, 3\]"),
        ({"weights": "bias.npy"}, r"bias\.npy is int32\[3\], not int8\[8, 3\]"),
        ({"type": "softmax"}, "softmax"),
        ({"inputs": 5000}, "4096"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_program_that_cannot_be_is_refused(folder, dense, change, message):
    (folder / PROGRAM_FILE).write_text(json.dumps({"spec": 1, "operators": [{**dense, **change}]}))
    with pytest.raises(InputError, match=message):
        program_root(folder)


def test_a_weight_without_an_opposite_is_refused(folder, root):
    array = np.load(folder / "weights.npy")
    array[0, 0] = -128
    np.save(folder / "weights.npy", array)
    with pytest.raises(InputError, match="a weight is below -127"):
        program_root(folder)


def test_no_program_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        program_root(tmp_path)
