"""The program root fixes operators, weights and rounding, comes from the files alone, and nothing can overflow."""

from __future__ import annotations

import io
import json
import os

import numpy as np
import pytest
from msgspec import structs

from keifu.errors import InputError
from keifu.provenance.program import PROGRAM_FILE, Operator, Tensor, program_root, read_program, write_program

IMAGE = Tensor((6, 5, 3), -100, 100)
CONVOLUTION = Operator("convolution", 0, 4, "first", (3, 2), (2, 1), (1, 0, 1, 1), zero=5, low=0)
DENSE = Operator("dense", 1, 2, "second")
ARGMAX = Operator("argmax", 2)
MODEL = [CONVOLUTION, DENSE, ARGMAX]
PRODUCTS, PLACES = 3 * 2 * 3, 3 * 5


def save(folder, name, channels, products):
    chance = np.random.default_rng(7)
    np.save(folder / f"{name}.weights.npy", chance.integers(-127, 128, (channels, products), dtype=np.int8))
    scales = [chance.integers(-1000, 1000, channels), chance.integers(1, 1 << 20, channels), np.full(channels, 16)]
    np.save(folder / f"{name}.scales.npy", np.stack(scales, axis=1).astype(np.int32))


@pytest.fixture
def folder(tmp_path):
    save(tmp_path, "first", 4, PRODUCTS)
    save(tmp_path, "second", 2, 4 * PLACES)
    return tmp_path


@pytest.fixture
def root(folder):
    return write_program(folder, IMAGE, MODEL)


def change(folder, name, place, value):
    array = np.load(folder / name)
    array[place] = value
    np.save(folder / name, array)


def test_is_computed_again_from_the_files(folder, root):
    assert program_root(folder) == root


def test_a_program_knows_its_tensors(folder, root):
    program = read_program(folder)
    assert [step.target.shape for step in program.steps] == [(3, 5, 4), (1, 1, 2), (1, 1, 1)]
    assert (program.output.low, program.output.high) == (0, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stride", (3, 1)),
        ("padding", (0, 0, 2, 1)),
        ("padding", (1, 1, 1, 0)),
        ("zero", 6),
        ("low", -1),
        ("high", 126),
        ("kernel", (2, 3)),
    ],
)
def test_every_number_of_an_operator_counts(folder, root, field, value):
    changed = structs.replace(CONVOLUTION, **{field: value})
    if field == "kernel":  # as many products, other places
        changed = structs.replace(changed, padding=(1, 1, 0, 1))
    places = np.prod(_shape(changed))
    save(folder, "second", 2, int(places))
    assert write_program(folder, IMAGE, [changed, DENSE, ARGMAX]) != root


def _shape(operator):
    (tall, wide), (down, right), (top, left, bottom, far) = operator.kernel, operator.stride, operator.padding
    height, width, _ = IMAGE.shape
    return (height + top + bottom - tall) // down + 1, (width + left + far - wide) // right + 1, operator.channels


@pytest.mark.parametrize("given", [Tensor((6, 5, 3), -100, 99), Tensor((6, 5, 3), -99, 100)])
def test_the_bounds_of_the_input_count(folder, root, given):
    assert write_program(folder, given, MODEL) != root


def test_the_source_of_an_operator_counts(folder):
    for name in ("first", "second", "third"):
        save(folder, name, 4, 4)
    layers = [Operator("dense", 0, 4, "first"), Operator("dense", 1, 4, "second")]
    last = [Operator("dense", source, 4, "third") for source in (0, 1, 2)]
    assert len({write_program(folder, Tensor((1, 1, 4)), [*layers, item]) for item in last}) == 3


def test_the_order_of_channels_counts(folder, root):
    for kind in ("weights", "scales"):
        array = np.load(folder / f"first.{kind}.npy")
        np.save(folder / f"first.{kind}.npy", array[[1, 0, 2, 3]])
    assert program_root(folder) != root


@pytest.mark.parametrize(
    ("name", "place"),
    [("first.weights.npy", (3, 2)), ("first.scales.npy", (0, 0)), ("first.scales.npy", (0, 1))],
)
def test_one_changed_number_changes_the_root(folder, root, name, place):
    array = np.load(folder / name)
    array[place] ^= 1
    np.save(folder / name, array)
    assert program_root(folder) != root


@pytest.mark.parametrize(
    ("number", "changes", "message"),
    [
        (0, {"arrays": "missing"}, r"operator 0: cannot read missing\.weights\.npy"),
        (0, {"arrays": "../first"}, "arrays"),
        (0, {"channels": 5}, r"operator 0: first\.weights\.npy is int8\[4, 18\], not int8\[5, 18\]"),
        (0, {"type": "softmax"}, "softmax"),
        (0, {"surprise": 1}, "surprise"),
        (0, {"low": -8192}, "-8191"),
        (0, {"high": 8192}, "8191"),
        (0, {"low": 9, "high": 8}, "operator 0: no value lies from 9 to 8"),
        (0, {"zero": 101}, "operator 0: it pads with 101, and its source has -100 to 100"),
        (0, {"stride": [0, 1]}, "operator 0: a convolution needs a kernel and a stride of 1 at least"),
        (0, {"kernel": [9, 2]}, "operator 0: the kernel 9×2 is larger than its padded source"),
        (0, {"source": 1}, "operator 0: tensor 1 is not there yet"),
        (1, {"source": 2}, "operator 1: tensor 2 is not there yet"),
        (1, {"zero": 1}, "operator 1: kernel, stride, padding and zero belong to a convolution"),
        (1, {"stride": [1, 1]}, "operator 1: kernel, stride, padding and zero belong to a convolution"),
        (2, {"low": 0}, "operator 2: argmax has a source and nothing else"),
        (2, {"source": -1}, ">= 0"),
    ],
)
def test_a_program_that_cannot_be_is_refused(folder, root, number, changes, message):
    document = json.loads((folder / PROGRAM_FILE).read_text())
    document["operators"][number] |= changes
    (folder / PROGRAM_FILE).write_text(json.dumps(document))
    with pytest.raises(InputError, match=message):
        program_root(folder)


@pytest.mark.parametrize(
    ("name", "place", "value", "message"),
    [
        ("first.weights.npy", (0, 0), -128, "operator 0: a weight is below -127"),
        ("first.scales.npy", (0, 1), 0, "operator 0: a multiplier is below 1"),
        ("first.scales.npy", (0, 2), 0, "operator 0: a shift is not from 1 to 62"),
        ("first.scales.npy", (0, 2), 63, "operator 0: a shift is not from 1 to 62"),
        ("first.scales.npy", (3, 0), (1 << 31) - 1, r"operator 0: channel 3 could reach 2,147,\d{3},\d{3}, more than"),
        ("first.scales.npy", (3, 0), -(1 << 31), r"operator 0: channel 3 could reach 2,147,\d{3},\d{3}, more than"),
    ],
)
def test_numbers_that_mean_nothing_or_could_overflow_are_refused(folder, root, name, place, value, message):
    change(folder, name, place, value)
    with pytest.raises(InputError, match=message):
        program_root(folder)


@pytest.mark.parametrize(("products", "fits"), [(2_064, True), (2_065, False)])
def test_a_sum_fits_32_bits_or_is_refused(tmp_path, products, fits):
    np.save(tmp_path / "row.weights.npy", np.full((1, products), 127, np.int8))
    np.save(tmp_path / "row.scales.npy", np.array([[0, 1, 20]], np.int32))
    operators = [Operator("dense", 0, 1, "row")]
    if fits:
        write_program(tmp_path, Tensor((1, 1, products)), operators)
        return
    with pytest.raises(InputError, match="operator 0: channel 0 could reach 2,148,130,705, more than 32 bits hold"):
        write_program(tmp_path, Tensor((1, 1, products)), operators)
    write_program(tmp_path, Tensor((1, 1, products), 0, 8_000), operators)  # narrower bounds make it fit


def test_the_longest_row_and_the_largest_tensor(tmp_path):
    save(tmp_path, "row", 1, 4_097)
    with pytest.raises(InputError, match="4,097 products in a sum, at most 4,096"):
        write_program(tmp_path, Tensor((1, 1, 4_097), 0, 1), [Operator("dense", 0, 1, "row")])
    with pytest.raises(InputError, match="the input: a tensor of 281,474,976,710,656 values, at most 16,777,216"):
        write_program(tmp_path, Tensor((65_536, 65_536, 65_536)), [ARGMAX])
    with pytest.raises(InputError, match="argmax would number 8,193 channels, at most 8,192"):
        write_program(tmp_path, Tensor((1, 1, 8_193)), [Operator("argmax", 0)])


def test_no_program_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        program_root(tmp_path)


def npy(header):
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(4 * PRODUCTS)


def zipped():
    held = io.BytesIO()
    np.savez(held, weights=np.zeros((4, PRODUCTS), np.int8))
    return held.getvalue()


def test_a_pipe_is_not_waited_for(folder, root):
    (folder / "first.weights.npy").unlink()
    os.mkfifo(folder / "first.weights.npy")
    with pytest.raises(InputError, match=r"operator 0: cannot read first\.weights\.npy"):
        program_root(folder)


@pytest.mark.parametrize(
    "body",
    [
        npy("{'descr': '|i1', 'fortran_order': False, 'shape': (4, 18)"),
        npy("{'descr': '|i1', 'fortran_order': False, 'shape': (4, 018), }"),
        npy("{'descr': '|i1', 'fortran_order': False, 'shape': (4, -18), }"),
        npy("{'descr': '|i1', 'fortran_order': False, 'shape': (4, 2**80), }"),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (4, 18), }"),
        npy("["),
        npy(","),
        npy("(" * 100),
        zipped(),
        b"",
        b"\x80\x04K\x01.",
    ],
)
def test_files_that_are_no_array_are_refused_by_name(folder, root, body):
    (folder / "first.weights.npy").write_bytes(body)
    with pytest.raises(InputError, match=r"operator 0: (cannot read )?first\.weights\.npy"):
        program_root(folder)
