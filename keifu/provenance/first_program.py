"""Programs of specification 1, by which records were registered: their roots are computed again, and they run no more.

`program.json` names operators alone. Of a `dense` operator weights are int8 of inputs × outputs, bias int32 of outputs,
and one multiplier and shift requantise the whole tensor. A channel is one leaf, its number before its weights; an
operator is one leaf, the hash of its numbers and of what it has. Trees are those of `keifu.merkle`.
"""

from __future__ import annotations

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
from keifu.provenance.program import LARGEST_PROGRAM, LARGEST_WEIGHT, MAX_OPERATORS, PROGRAM_FILE, read_array

__all__ = ["first_root", "is_first"]

SPEC_VERSION = 1
MAX_FEATURES = 4_096
ZERO = bytes(32)
TYPES = {"dense": 1, "argmax": 2}
_DESCRIPTOR = ["uint16", "uint32", "uint8", *["uint32"] * 4, "uint64", "uint8", "int32", "int32", "bytes32", "bytes32"]

_Size = Annotated[int, msgspec.Meta(ge=1, le=MAX_FEATURES)]
_Word = Annotated[int, msgspec.Meta(ge=-(1 << 31), le=(1 << 31) - 1)]
_File = Annotated[str, msgspec.Meta(pattern=r"^([^/]*\.npy)?$")]  # of the folder itself, or none


class _Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["dense", "argmax"]
    source: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
    target: Annotated[int, msgspec.Meta(ge=1, lt=1 << 32)]
    inputs: _Size
    outputs: _Size
    weights: _File = ""
    bias: _File = ""
    multiplier: Annotated[int, msgspec.Meta(ge=1, le=1 << 62)] = 1
    shift: Annotated[int, msgspec.Meta(ge=0, le=62)] = 0
    low: _Word = -(1 << 31)
    high: _Word = (1 << 31) - 1


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spec: Literal[1]
    operators: Annotated[list[_Operator], msgspec.Meta(min_length=1, max_length=MAX_OPERATORS)]


class _Version(msgspec.Struct):
    spec: int = 0


def is_first(folder: Path) -> bool:
    """Whether a folder's program says that it is of specification 1; what cannot be read is not."""
    try:
        found = msgspec.json.decode(read_bounded(folder / PROGRAM_FILE, LARGEST_PROGRAM, "a program"), type=_Version)
    except (InputError, ValueError, RecursionError):
        return False
    return found.spec == SPEC_VERSION


def first_root(folder: Path) -> bytes:
    """Raises InputError naming the file or operator that is not as it should be."""
    path = folder / PROGRAM_FILE
    try:
        document = msgspec.json.decode(read_bounded(path, LARGEST_PROGRAM, "a program"), type=_Document)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from error
    digests = [_descriptor(folder, number, operator) for number, operator in enumerate(document.operators)]
    return _tree(np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32))


def _descriptor(folder: Path, number: int, operator: _Operator) -> bytes:
    weights_root = bias_root = ZERO
    name = f"operator {number}"
    if operator.type == "dense":
        shape = operator.inputs, operator.outputs
        weights = read_array(folder, name, operator.weights, np.int8, shape)
        if int(weights.min()) < -LARGEST_WEIGHT:
            raise InputError(f"{name}: a weight is below -{LARGEST_WEIGHT}")
        bias = read_array(folder, name, operator.bias, np.int32, shape[1:])
        weights_root = _tree(_numbered(weights.T))
        bias_root = keccak256(bias.astype(">i4").tobytes())
    values: tuple[Any, ...] = (
        SPEC_VERSION, number, TYPES[operator.type], operator.source, operator.target, operator.inputs, operator.outputs,
        operator.multiplier, operator.shift, operator.low, operator.high, weights_root, bias_root,
    )  # fmt: skip
    return keccak256(encode_args(_DESCRIPTOR, values, name))


def _tree(leaves: NDArray[np.uint8]) -> bytes:
    return merkle.build(merkle.hash_leaves(leaves), sort=False).root


def _numbered(channels: NDArray[np.int8]) -> NDArray[np.uint8]:
    numbers = np.arange(len(channels), dtype=">u4").view(np.uint8).reshape(-1, 4)
    return np.hstack([numbers, np.ascontiguousarray(channels).view(np.uint8)])
