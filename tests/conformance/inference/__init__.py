"""Vectors of token models, by the slow reference; `python -m tests.conformance.inference` writes them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance.inference.vectors import vectors

__all__ = ["VECTORS", "written"]

VECTORS = Path(__file__).with_name("vectors.json")


def written() -> str:
    return json.dumps(vectors(), indent=1) + "\n"
