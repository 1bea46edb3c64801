"""The program root of a quantised model: one hash that fixes every operator with its weights, biases and rounding.

A folder of weights says in `program.json` which operators run, in order; this module reads the arrays beside it and
hashes them, so that anybody who has the digested files recomputes the `programRoot` of the record. Weights have one
leaf for each output channel, operators one leaf each, every leaf with its number; trees are those of `keifu.merkle`
(leaves hashed twice).

A `dense` operator is: acc = x·W + b in int32; y = clip((acc·multiplier + 2^(shift-1)) >> shift, low, high). A shift of
0 leaves acc as it is. `argmax` gives the lowest index of the largest value.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu import merkle
from keifu._files import read_bounded
from keifu.abi import encode_args
from keifu.errors import InputError
from keifu.keys import keccak256

__all__ = ["PROGRAM_FILE", "SPEC_VERSION", "Operator", "program_root", "write_program"]

LARGEST_PROGRAM = 1 << 20  # bytes
PROGRAM_FILE = "program.json"
SPEC_VERSION = 1
MAX_OPERATORS = 1_024
MAX_FEATURES = 4_096  # of one operator: accumulators stay within 32 bits
LARGEST_WEIGHT = 127  # −128 has no opposite
ZERO = bytes(32)
TYPES = {"dense": 1, "argmax": 2}
_DESCRIPTOR = ["uint16", "uint32", "uint8", *["uint32"] * 4, "uint64", "uint8", "int32", "int32", "bytes32", "bytes32"]

_Size = Annotated[int, msgspec.Meta(ge=1, le=MAX_FEATURES)]


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operator. Tensors are numbered from 0, the input; `weights` and `bias` name arrays (.npy) of the folder, int8
    of inputs × outputs and int32 of outputs; `multiplier` and `shift` requantise, `low` and `high` clip."""

    type: Literal["dense", "argmax"]
    source: Annotated[int, msgspec.Meta(ge=0)]
    target: Annotated[int, msgspec.Meta(ge=1)]
    inputs: _Size
    outputs: _Size
    weights: str = ""
    bias: str = ""
    multiplier: Annotated[int, msgspec.Meta(ge=1, le=1 << 62)] = 1
    shift: Annotated[int, msgspec.Meta(ge=0, le=62)] = 0
    low: Annotated[int, msgspec.Meta(ge=-(1 << 31), le=(1 << 31) - 1)] = -(1 << 31)
    high: Annotated[int, msgspec.Meta(ge=-(1 << 31), le=(1 << 31) - 1)] = (1 << 31) - 1


class _Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spec: Literal[1]
    operators: Annotated[list[Operator], msgspec.Meta(min_length=1, max_length=MAX_OPERATORS)]


def write_program(folder: Path, operators: list[Operator]) -> bytes:
    """Write `program.json` beside the arrays that it names; the program root."""
    document = {"spec": SPEC_VERSION, "operators": [msgspec.to_builtins(operator) for operator in operators]}
    (folder / PROGRAM_FILE).write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return program_root(folder)


def program_root(folder: Path) -> bytes:
    """Recompute the root from the files. Raises InputError naming the file or operator that is not as it should be."""
    path = folder / PROGRAM_FILE
    if not path.is_file():
        raise InputError(f"{path} cannot be read", remedy="weights with a program root come with it")
    try:
        program = msgspec.json.decode(read_bounded(path, LARGEST_PROGRAM, "a program"), type=_Program)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from error
    digests = [_descriptor(folder, number, operator) for number, operator in enumerate(program.operators)]
    leaves = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32)
    return merkle.build(merkle.hash_leaves(leaves), sort=False).root


def _descriptor(folder: Path, number: int, operator: Operator) -> bytes:
    weight_root = bias_root = ZERO
    if operator.type == "dense":
        weights = _array(folder, number, operator.weights, np.int8, (operator.inputs, operator.outputs))
        if int(weights.min()) < -LARGEST_WEIGHT:
            raise InputError(f"operator {number}: a weight is below -{LARGEST_WEIGHT}")
        bias = _array(folder, number, operator.bias, np.int32, (operator.outputs,))
        weight_root = merkle.build(merkle.hash_leaves(_numbered(weights.T)), sort=False).root
        bias_root = keccak256(bias.astype(">i4").tobytes())
    values: tuple[Any, ...] = (
        SPEC_VERSION,
        number,
        TYPES[operator.type],
        operator.source,
        operator.target,
        operator.inputs,
        operator.outputs,
        operator.multiplier,
        operator.shift,
        operator.low,
        operator.high,
        weight_root,
        bias_root,
    )
    return keccak256(encode_args(_DESCRIPTOR, values, f"operator {number}"))


def _numbered(channels: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Each row with its number before it: siblings of a tree have no order of their own."""
    numbers = np.arange(len(channels), dtype=">u4").view(np.uint8).reshape(-1, 4)
    return np.hstack([numbers, np.ascontiguousarray(channels).view(np.uint8)])


def _array(folder: Path, number: int, name: str, kind: type[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if Path(name).name != name or not name.endswith(".npy"):
        raise InputError(f"operator {number}: {name!r} names no .npy file of its folder")
    try:
        # Mapped, not read: what its header promises takes no memory before it is compared with the operator's shape.
        array: NDArray[Any] = np.load(folder / name, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, OverflowError) as error:
        raise InputError(f"operator {number}: cannot read {name}") from error
    if array.dtype != kind or array.shape != shape:
        raise InputError(
            f"operator {number}: {name} is {array.dtype}{list(array.shape)}, not {np.dtype(kind)}{list(shape)}"
        )
    return array
