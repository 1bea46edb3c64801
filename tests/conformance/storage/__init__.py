"""Vectors of the trees of the storage network, from the slow reference: `python -m tests.conformance.storage`."""

from __future__ import annotations

import json
from pathlib import Path

from keifu.spec.storage import vectors

__all__ = ["VECTORS", "written"]

VECTORS = Path(__file__).with_name("vectors.json")


def written() -> str:
    return json.dumps(vectors(), indent=1) + "\n"
