"""The last step of a dispute about a token model: one lane of one operator, on the oldest fork and the newest.

Steps have SmolLM2's sizes and trees as high as its own; those of pictures have the digits' and larger ones,
those of encoders MiniLM's. A
transaction holds the call alone: what a game writes down afterwards is not in it.
"""

from __future__ import annotations

from functools import partial

from benchmarks._lab import NEWEST, Lab
from benchmarks._rows import Row
from benchmarks.encoder_shapes import calls as of_encoders
from benchmarks.inference_shapes import calls, drawn_token
from benchmarks.picture_shapes import calls as of_pictures
from keifu.errors import CheckFailed
from keifu.spec.inference_calls import verifier_of

__all__ = ["ROWS"]

VERIFIERS = ("InferenceVerifier", "AttentionVerifier", "PictureVerifier", "EncoderVerifier")


def _steps(lab: Lab) -> dict[str, int]:
    """Gas of each step's transaction, by name."""
    verifiers = {name: lab.deploy(name) for name in VERIFIERS}
    found = {}
    for name, call in (*calls(), *of_pictures(), *of_encoders()):
        verifier = verifiers[verifier_of(call)]
        function = verifier.interface.function(call.function, len(call.arguments))
        if lab.client.view(verifier, function, call.arguments, None):
            raise CheckFailed(f"an honest lane was taken for a wrong one: {name}")
        found[name] = lab.gas(lab.client.transact(verifier, function, call.arguments, lab.deployer, 0))
    return found


def _dearest(lab: Lab) -> float:
    return max(lab.shared(_steps).values())


def _newest_steps(_: Lab) -> dict[str, int]:
    with Lab(NEWEST) as newest:
        return _steps(newest)


def _dearest_newest(lab: Lab) -> float:
    return max(lab.shared(_newest_steps).values())


def _step(name: str, lab: Lab) -> float:
    return lab.shared(_steps)[name]


def _drawn(lab: Lab) -> float:
    verifier, args = lab.deploy("TraceVerifier"), drawn_token()
    function = verifier.interface.function("drawn", len(args))
    return lab.gas(lab.client.transact(verifier, function, args, lab.deployer, 0))


def _drawn_newest(_: Lab) -> float:
    with Lab(NEWEST) as newest:
        return _drawn(newest)


_HOW = "SmolLM2's sizes, descriptor of 32 groups opened; products in parts of 1,024; without what a game writes down"
ROWS = (
    Row(
        "gas.last_step",
        _dearest,
        f"{_HOW}; cancun",
        also=tuple(
            (name, partial(_step, name))
            for name in (
                "dense, rows of 8 bits",
                "dense, blocks of 4 bits",
                "token, blocks of 8 bits",
                "norm",
                "convolution in one call",
                "sum of a convolution",
                "LayerNorm",
                "table",
                "place",
                "term of a mean",
                "score",
                "term of attention",
            )
        ),
        heavy=True,
    ),
    Row("gas.last_step_prague", _dearest_newest, f"{_HOW}; {NEWEST}", heavy=True),
    Row(
        "info.drawn_step",
        _drawn,
        f"a drawn token of blocks of 8 bits, both tokens' noise opened; {_HOW}; cancun",
        also=((NEWEST, _drawn_newest),),
        heavy=True,
    ),
)
