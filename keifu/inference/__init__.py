"""Models that compute in integers, so that every machine gives the same bits and a stranger can check one of them.

Model          an artefact's folder, loaded and ready to answer
Answer         what it says to one request, with the roots that a receipt names
tensor_root    the root of canonical values: a client computes it again
quantise       a program of integers from layers of floats
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keifu._lazy import attach

if TYPE_CHECKING:
    from keifu.inference.model import Answer, Model
    from keifu.inference.quantising import Layer, quantise
    from keifu.inference.tensors import tensor_root

__all__ = ["Answer", "Layer", "Model", "quantise", "tensor_root"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "keifu.inference.model": ["Answer", "Model"],
        "keifu.inference.quantising": ["Layer", "quantise"],
        "keifu.inference.tensors": ["tensor_root"],
    },
)
