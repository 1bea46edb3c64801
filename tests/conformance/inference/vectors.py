"""What every implementation of docs/inference-program.md must agree on."""

from __future__ import annotations

from typing import Any

from audit.tiny_model import FORMATS, Sizes, tiny
from ethwire.keys import keccak256
from keifu.spec import inference as arithmetic
from keifu.spec import inference_model as model
from keifu.spec import inference_trees as trees
from keifu.spec.inference import Row, Window

__all__ = ["vectors"]

POSITIONS = 5
SIZES = Sizes(positions=POSITIONS)
EDGES = [-134_217_727, -8_192, -8_191, -1, 0, 1, 8_191, 8_192, 134_217_727]


def vectors() -> dict[str, Any]:
    return {
        "operators": _operators(),
        "trees": _trees(),
        "pictures": _pictures(),
        "models": {kind: _model(kind) for kind in FORMATS},
    }


def _spread(count: int, limit: int, salt: int = 0) -> list[int]:
    """Values within ±limit that every language computes in the same way."""
    return [((place + 1) * 7_919 + salt * 104_729) * 65_537 % (2 * limit + 1) - limit for place in range(count)]


def _operators() -> dict[str, Any]:
    h, gains = _spread(64, arithmetic.LARGEST_RESIDUAL), [abs(gain) + 1 for gain in _spread(64, 2**24, 1)]
    products = _spread(64, 2**35)
    found = [_spread(5, 2**30, head) for head in range(2)]
    statistics = [arithmetic.softmax(line, 90_001, 26) for line in found]
    values = [_spread(64, 8_191, position) for position in range(5)]
    rows = [Row([weight % 16 for weight in _spread(32, 99, n)], 90_001 + n, 9, n, [(999, -7_000)]) for n in range(40)]
    kernels = [Row(_spread(64, 127, n), 90_001 + n, 26, n) for n in range(6)]
    x, noise = _spread(32, 8_191), _spread(4_096, 2**20)
    return {
        "rq": [[value, 46_341, 17, arithmetic.rq(value, 46_341, 17)] for value in EDGES],
        "exp2n": [[d, arithmetic.exp2n(d)] for d in (0, 1, 32_768, 65_535, 65_536, 700_001, 17 * 65_536, 2**40)],
        "rms_norm": [h, gains, 27, 168, arithmetic.rms_norm(h, gains, 27, 168, 8_191)],
        "rms_norm of 1,088 lanes at their bound": _saturated(),
        "layer_norm": [h, gains, 27, 168, arithmetic.layer_norm(h, gains, _spread(64, 999, 2), 27, 168)],
        "rope": [values[0], values[1], arithmetic.rope(values[0], values[1])],
        "softmax": [found, 90_001, 26, statistics],
        "attended": arithmetic.attended(found, statistics, values, 2, (90_001, 26)),
        "gated": [[g, u, arithmetic.gated(g, u, 70_003, 14)] for g in EDGES[1:-1] for u in (-32_767, 3, 32_767)],
        "exponent": [products, arithmetic.exponent_of(products)],
        "mean_pool": arithmetic.mean_pool(values),
        "add": arithmetic.add(values[0], values[1], 8_191),
        "token": arithmetic.token(rows, x),
        "convolution": arithmetic.convolution(kernels, values[0], _over(), 24),
        "largest": arithmetic.largest(values[0], _over()._replace(low=-8_191), 16),
        "bounded": arithmetic.bounded(values[0], _over()),
        "sampled": [arithmetic.sampled(rows, x, 20, 3, noise, (bytes(range(32)), position)) for position in range(16)],
    }


def _saturated() -> list[list[int]]:
    """The lanes that are not at their bound, in front of those that are, and what comes of them and of one more.

    The gain is 2²⁴, shift 27, epsilon 168. The squares pass 2⁶³ − 1."""
    small = _spread(8, arithmetic.LARGEST_RESIDUAL)
    found = arithmetic.rms_norm([*small, *[arithmetic.LARGEST_RESIDUAL] * 1_080], [2**24] * 1_088, 27, 168, 8_191)
    return [small, found[:9]]


def _over() -> Window:
    """A picture of 4 × 4 places and four channels, seen four times through an edge."""
    return Window((4, 4, 4), 2, (4, 4), (2, 2), (1, 1), 99, -2_000, 8_191)


def _trees() -> dict[str, Any]:
    lanes = _spread(1_100, 8_191)
    plain, small = [lane % 255 - 127 for lane in lanes], [lane % 16 for lane in lanes[:1_088]]
    scales = [(block * 77 + 1, -block * 5) for block in range(34)]
    rows = {
        "rows": (Row(plain[:1_088], 7, 9, -3), trees.ROWS_8),
        "blocks of 4 bits": (Row(small, 7, 9, 0, scales), trees.BLOCKS_4),
        "blocks of 8 bits": (Row(plain[:1_088], 7, 9, 0, [(d, 0) for d, _ in scales]), trees.BLOCKS_8),
    }
    return {
        "tensors": {f"{bits} bits": _hex(trees.tensor_root(lanes, bits)) for bits in (16, 32)},
        "rows": {name: _hex(keccak256(trees.row_leaf(5, row, layout))) for name, (row, layout) in rows.items()},
    }


def _pictures() -> dict[str, Any]:
    """Two groups: a picture with its largest values and a convolution, and a label."""
    kernels = [Row(_spread(64, 127, n), 90_001 + n, 26, n) for n in range(8)]
    units = [Row([int(at == n) for at in range(32)], 1, 1) for n in range(32)]
    program = [
        [
            model.Operator("picture", height=64, limit=0),
            model.Operator("largest", 1, height=16, limit=0, multiplier=4, window=_over()),
            model.Operator("convolution", 1, width=64, height=32, limit=0, multiplier=8, rows=kernels, window=_over()),
        ],
        [model.Operator("token", width=32, height=32, limit=0, rows=units)],
    ]
    trace = model.run(program, _spread(64, 8_191, 3), 63)
    return {
        "program_root": _hex(model.program_root(program)),
        "descriptors": [_hex(model.descriptor_of(program, 0, slot)) for slot in (1, 2, 3)],
        "label": trace.records[-1][-1][-1],
        "record": _hex(trace.record_root(63, 0)),
        "trace_root": _hex(trace.root()),
    }


def _model(kind: str) -> dict[str, Any]:
    program = tiny(kind, SIZES)
    ids = [7, 95, 0, 31, 64]
    trace = model.run(program, ids)
    return {
        "program_root": _hex(model.program_root(program)),
        "descriptor": _hex(model.descriptor_of(program, 1, 14)),
        "ids": ids,
        "tokens": [record[-1][-1][0] for record in trace.records],
        "record": _hex(trace.record_root(POSITIONS - 1, 1)),
        "trace_root": _hex(trace.root()),
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
