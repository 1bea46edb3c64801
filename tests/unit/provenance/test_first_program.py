"""Records of programs of specification 1 are compared with their files as before; such programs run no more."""

from __future__ import annotations

import json

import numpy as np
import pytest

from keifu.errors import InputError
from keifu.inference import Model
from keifu.inference.programs import root_of_folder, roots_of_folder
from keifu.provenance import Kind, Record
from keifu.provenance.registry import Entry
from keifu.provenance.verify import check_program
from keifu.spec.kinds import Status

# By the release that wrote such programs.
ROOT = "3537b2eef975adbbf9dc459b0e21f72f57f1386bdc1d71f78fae1037d3c2491a"
DENSE = {
    "type": "dense", "source": 0, "target": 1, "inputs": 12, "outputs": 5, "weights": "w0.npy", "bias": "b0.npy",
    "multiplier": 77, "shift": 9, "low": 0, "high": 127,
}  # fmt: skip
ARGMAX = {"type": "argmax", "source": 1, "target": 2, "inputs": 5, "outputs": 1, "weights": ""}


@pytest.fixture
def folder(tmp_path):
    weights = ((np.arange(12 * 5) * 37) % 255 - 127).astype(np.int8).reshape(12, 5)
    np.save(tmp_path / "w0.npy", weights)
    np.save(tmp_path / "b0.npy", (np.arange(5) * 1_000 - 2_000).astype(np.int32))
    return written(tmp_path, [DENSE, ARGMAX])


def written(folder, operators, **more):
    (folder / "program.json").write_text(json.dumps({"spec": 1, "operators": operators, **more}))
    return folder


def entry(root):
    record = Record("0x" + "0a" * 20, Kind.WEIGHTS, bytes([1]) * 32, program_root=root)
    return Entry(bytes(32), record, Status.ACTIVE, 0)


def test_a_root_of_the_first_specification_is_computed_again(folder):
    assert [root.hex() for root in roots_of_folder(folder)] == [ROOT]
    assert check_program(entry(bytes.fromhex(ROOT)), folder).ok


@pytest.mark.parametrize(
    ("name", "at"), [("w0.npy", -1), ("b0.npy", -1), ("program.json", b'"shift": 9'), ("program.json", b'"low": 0')]
)
def test_one_changed_number_is_another_program(folder, name, at):
    body = (folder / name).read_bytes()
    other = body.replace(at, at[:-1] + b"1") if isinstance(at, bytes) else body[:-1] + bytes([body[-1] ^ 1])
    (folder / name).write_bytes(other)
    found = check_program(entry(bytes.fromhex(ROOT)), folder)
    assert not found.ok
    assert f"the record {ROOT[:16]}" in found.detail


@pytest.mark.parametrize(
    ("operators", "more", "said"),
    [
        ([], {}, "length >= 1"),
        ([{**DENSE, "weights": "../w0.npy"}], {}, "matching regex"),
        ([{**DENSE, "weights": ""}], {}, "operator 0: cannot read"),
        ([{**DENSE, "inputs": 11}], {}, r"operator 0: w0.npy is int8\[12, 5\], not int8\[11, 5\]"),
        ([{**DENSE, "inputs": 1 << 40}], {}, "<= 4096"),
        ([{**DENSE, "source": 1 << 40}], {}, "4294967295"),
        ([DENSE], {"more": 1}, "unknown field"),
    ],
)
def test_hostile_programs_are_refused_by_name(folder, operators, more, said):
    with pytest.raises(InputError, match=said):
        roots_of_folder(written(folder, operators, **more))


def test_a_weight_without_an_opposite_is_refused(folder):
    np.save(folder / "w0.npy", np.full((12, 5), -128, np.int8))
    with pytest.raises(InputError, match="operator 0: a weight is below -127"):
        roots_of_folder(folder)


@pytest.mark.parametrize("use", [Model.load, root_of_folder])
def test_it_neither_runs_nor_is_registered(folder, use):
    with pytest.raises(InputError, match=r"Invalid enum value 1 - at `\$\.spec`"):
        use(folder)
