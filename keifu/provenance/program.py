"""Quantised models: which integer operators run, over which weights, and the one hash that fixes all of it.

A folder of weights says in `program.json` which operators run, in order, and holds the arrays that they name. This
module reads both, refuses what could overflow, and computes the `programRoot` of the record, so that anybody who has
the digested files computes it again.

Every tensor is of int16, its values within ±8191, and has a height, a width and channels. A `convolution` goes over the
places of its source, padded with the value `zero`; a `dense` operator takes the whole source as one row. Both compute,
for each output channel with its own row of int8 weights, bias, multiplier and shift,

    y = clip((acc·multiplier + 2^(shift-1)) >> shift, low, high)    where    acc = x·row + bias    in 32 bits.

`argmax` gives the lowest index of the largest channel. What no accumulator may exceed is computed here from the weights
themselves and from the bounds of what goes in.

A channel is one leaf: number, bias, multiplier, shift, sum of the row, row. An operator is one leaf, too: the hash of
its numbers and of its channels' root. The program's first leaf describes the input. Trees are those of `keifu.merkle`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu import merkle
from keifu._files import read_bounded, require_plain
from keifu.abi import encode_args
from keifu.errors import InputError
from keifu.keys import keccak256

__all__ = [
    "LARGEST_ACTIVATION",
    "LARGEST_PROGRAM",
    "LARGEST_WEIGHT",
    "MAX_OPERATORS",
    "MAX_PRODUCTS",
    "PROGRAM_FILE",
    "Operator",
    "Program",
    "Step",
    "Tensor",
    "program_root",
    "read_array",
    "read_program",
    "write_program",
]

LARGEST_PROGRAM = 1 << 20  # bytes
PROGRAM_FILE = "program.json"
SPEC_VERSION = 2  # the `spec` of _Document
MAX_OPERATORS = 1_024
MAX_PRODUCTS = 4_096  # of one accumulator
MAX_VALUES = 1 << 24  # of one tensor
MAX_CHANNELS = 1 << 16
LARGEST_WEIGHT = 127  # −128 has no opposite
LARGEST_ACTIVATION = 8_191  # 14 bits with sign
LARGEST_SUM = (1 << 31) - 1
LARGEST_SHIFT = 62  # with a multiplier of 31 bits nothing exceeds 63
ZERO = bytes(32)
TYPES = {"dense": 1, "convolution": 2, "argmax": 3}
_HEADER = ["uint16", *["uint32"] * 3, "int16", "int16", "uint16"]
_DESCRIPTOR = ["uint16", "uint8", "uint16", *["uint32"] * 6, *["uint16"] * 8, "int16", "int16", "int16", "bytes32"]

_Size = Annotated[int, msgspec.Meta(ge=1, le=MAX_CHANNELS)]
_Pad = Annotated[int, msgspec.Meta(ge=0, le=255)]
_Value = Annotated[int, msgspec.Meta(ge=-LARGEST_ACTIVATION, le=LARGEST_ACTIVATION)]


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tensor may hold: `shape` is height, width, channels."""

    shape: tuple[_Size, _Size, _Size]
    low: _Value = -LARGEST_ACTIVATION
    high: _Value = LARGEST_ACTIVATION

    @property
    def size(self) -> int:
        height, width, channels = self.shape
        return height * width * channels


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operator as `program.json` has it. Tensors are numbered from 0, the input; operator n makes tensor n + 1.

    `arrays` names its files: `<arrays>.weights.npy`, int8 of channels × products in the order height, width, channel of
    the source, and `<arrays>.scales.npy`, int32 of channels × (bias, multiplier, shift). Kernel and stride are (height,
    width), padding is (top, left, bottom, right); only a convolution has them.
    """

    type: Literal["dense", "convolution", "argmax"]
    source: Annotated[int, msgspec.Meta(ge=0, le=MAX_OPERATORS)]
    channels: _Size = 1
    arrays: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{0,64}$")] = ""
    kernel: tuple[_Pad, _Pad] = (0, 0)
    stride: tuple[_Pad, _Pad] = (0, 0)
    padding: tuple[_Pad, _Pad, _Pad, _Pad] = (0, 0, 0, 0)
    zero: _Value = 0
    low: _Value = -LARGEST_ACTIVATION
    high: _Value = LARGEST_ACTIVATION


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spec: Literal[2]
    input: Tensor
    operators: Annotated[list[Operator], msgspec.Meta(min_length=1, max_length=MAX_OPERATORS)]


@dataclass(frozen=True)
class Step:
    """An operator with what it takes, what it makes, and its arrays; argmax has none."""

    operator: Operator
    source: Tensor
    target: Tensor
    weights: NDArray[np.int8]  # channels × products
    scales: NDArray[np.int32]  # channels × (bias, multiplier, shift)


@dataclass(frozen=True)
class Program:
    """A model that was read and can run without overflow."""

    input: Tensor
    steps: tuple[Step, ...]
    root: bytes

    @property
    def output(self) -> Tensor:
        return self.steps[-1].target


def write_program(folder: Path, given: Tensor, operators: Sequence[Operator]) -> bytes:
    """Write `program.json` beside the arrays that it names; the program root."""
    document = msgspec.to_builtins(_Document(2, given, list(operators)))
    (folder / PROGRAM_FILE).write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return program_root(folder)


def program_root(folder: Path) -> bytes:
    """Compute the root from the files. Raises InputError naming the file or operator that is not as it should be."""
    return read_program(folder).root


def read_program(folder: Path) -> Program:
    """Raises InputError naming the file or operator that is not as it should be, or could overflow."""
    path = folder / PROGRAM_FILE
    if not path.is_file():
        raise InputError(f"{path} cannot be read", remedy="weights with a program root come with it")
    try:
        document = msgspec.json.decode(read_bounded(path, LARGEST_PROGRAM, "a program"), type=_Document)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from error
    _expect_tensor("the input", document.input)
    tensors, steps = [document.input], []
    for number, operator in enumerate(document.operators):
        step = _read_step(folder, f"operator {number}", operator, tensors)
        tensors.append(step.target)
        steps.append(step)
    return Program(document.input, tuple(steps), _root(document.input, steps))


def _read_step(folder: Path, name: str, operator: Operator, tensors: list[Tensor]) -> Step:
    if operator.source >= len(tensors):
        raise InputError(f"{name}: tensor {operator.source} is not there yet")
    source = tensors[operator.source]
    target = _target(name, operator, source)
    _expect_tensor(name, target)
    if operator.type == "argmax":
        return Step(operator, source, target, np.empty((0, 0), np.int8), np.empty((0, 3), np.int32))
    products = _products(operator, source)
    if products > MAX_PRODUCTS:
        raise InputError(f"{name}: {products:,} products in a sum, at most {MAX_PRODUCTS:,}")
    weights = read_array(folder, name, f"{operator.arrays}.weights.npy", np.int8, (operator.channels, products))
    scales = read_array(folder, name, f"{operator.arrays}.scales.npy", np.int32, (operator.channels, 3))
    _expect_numbers(name, source, weights, scales)
    return Step(operator, source, target, weights, scales)


def _target(name: str, operator: Operator, source: Tensor) -> Tensor:
    """The tensor that an operator makes. Raises InputError when it has a field that is not its own."""
    height, width, channels = source.shape
    if operator.type != "convolution" and (any(operator.kernel + operator.stride + operator.padding) or operator.zero):
        raise InputError(f"{name}: kernel, stride, padding and zero belong to a convolution")
    if operator.type == "dense":
        return Tensor((1, 1, operator.channels), operator.low, operator.high)
    if operator.type == "argmax":
        if operator != Operator("argmax", operator.source):
            raise InputError(f"{name}: argmax has a source and nothing else")
        return Tensor((height, width, 1), 0, channels - 1)
    if not all(operator.kernel + operator.stride):
        raise InputError(f"{name}: a convolution needs a kernel and a stride of 1 at least")
    if not source.low <= operator.zero <= source.high:
        raise InputError(f"{name}: it pads with {operator.zero}, and its source has {source.low} to {source.high}")
    (tall, wide), (down, right), (top, left, bottom, far) = operator.kernel, operator.stride, operator.padding
    room = (height + top + bottom - tall, width + left + far - wide)
    if min(room) < 0:
        raise InputError(f"{name}: the kernel {tall}×{wide} is larger than its padded source")
    return Tensor((room[0] // down + 1, room[1] // right + 1, operator.channels), operator.low, operator.high)


def _products(operator: Operator, source: Tensor) -> int:
    if operator.type == "dense":
        return source.size
    tall, wide = operator.kernel
    return tall * wide * source.shape[2]


def _expect_tensor(name: str, tensor: Tensor) -> None:
    if tensor.low > tensor.high:
        raise InputError(f"{name}: no value lies from {tensor.low} to {tensor.high}")
    if tensor.high > LARGEST_ACTIVATION:
        raise InputError(
            f"{name}: argmax would number {tensor.high + 1:,} channels, at most {LARGEST_ACTIVATION + 1:,}"
        )
    if tensor.size > MAX_VALUES:
        raise InputError(f"{name}: a tensor of {tensor.size:,} values, at most {MAX_VALUES:,}")


def _expect_numbers(name: str, source: Tensor, weights: NDArray[np.int8], scales: NDArray[np.int32]) -> None:
    """Raises InputError when a weight has no opposite, a shift or multiplier no meaning, or a sum could overflow."""
    bias, multipliers, shifts = scales.T.astype(np.int64)
    if weights.min() < -LARGEST_WEIGHT:
        raise InputError(f"{name}: a weight is below -{LARGEST_WEIGHT}")
    if multipliers.min() < 1:
        raise InputError(f"{name}: a multiplier is below 1")
    if shifts.min() < 1 or shifts.max() > LARGEST_SHIFT:
        raise InputError(f"{name}: a shift is not from 1 to {LARGEST_SHIFT}")
    # Every partial sum lies within these, in whatever order a kernel adds.
    positive = np.maximum(weights, 0).sum(axis=1, dtype=np.int64)
    negative = -np.minimum(weights, 0).sum(axis=1, dtype=np.int64)
    up, down = max(source.high, 0), max(-source.low, 0)
    reach = np.abs(bias) + np.maximum(positive * up + negative * down, positive * down + negative * up)
    if reach.max() > LARGEST_SUM:
        channel = int(reach.argmax())
        raise InputError(
            f"{name}: channel {channel} could reach {reach[channel]:,}, more than 32 bits hold",
            remedy="smaller weights or narrower bounds of its source keep the sum within 2,147,483,647",
        )


def _root(given: Tensor, steps: Sequence[Step]) -> bytes:
    header = encode_args(_HEADER, (SPEC_VERSION, *given.shape, given.low, given.high, len(steps)), "the input")
    digests = [keccak256(header), *(_descriptor(number, step) for number, step in enumerate(steps))]
    leaves = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32)
    return merkle.build(merkle.hash_leaves(leaves), sort=False).root


def _descriptor(number: int, step: Step) -> bytes:
    operator = step.operator
    values: tuple[Any, ...] = (
        number,
        TYPES[operator.type],
        operator.source,
        *step.source.shape,
        *step.target.shape,
        *operator.kernel,
        *operator.stride,
        *operator.padding,
        operator.zero,
        step.target.low,
        step.target.high,
        merkle.build(merkle.hash_leaves(_channels(step)), sort=False).root if len(step.weights) else ZERO,
    )
    return keccak256(encode_args(_DESCRIPTOR, values, f"operator {number}"))


def _channels(step: Step) -> NDArray[np.uint8]:
    """The leaves' bytes: siblings of a tree have no order of their own, so each row has its number before it."""
    bias, multipliers, shifts = step.scales.T
    sums = step.weights.sum(axis=1, dtype=np.int32)
    numbers = np.arange(len(step.weights), dtype=np.int32)
    head = np.stack([numbers, bias, multipliers, shifts, sums], axis=1).astype(">i4").view(np.uint8)
    return np.hstack([head, step.weights.view(np.uint8)])


def read_array(folder: Path, name: str, file: str, kind: type[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """An operator's file. Raises InputError naming both where it is of another kind or shape."""
    try:
        # Mapped first: what its header promises takes no memory before it is compared with the operator's shape.
        require_plain(folder / file)
        array: NDArray[Any] = np.lib.format.open_memmap(folder / file, mode="r")  # type: ignore[no-untyped-call]
    except (OSError, ValueError, EOFError, OverflowError, SyntaxError, TokenError) as error:  # headers are parsed
        raise InputError(f"{name}: cannot read {file}") from error
    if array.dtype != kind or array.shape != shape:
        raise InputError(f"{name}: {file} is {array.dtype}{list(array.shape)}, not {np.dtype(kind)}{list(shape)}")
    return np.array(array, order="C")
