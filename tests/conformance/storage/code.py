"""Vectors of the erasure code, from the slow reference; `python -m tests.conformance.storage.code` writes them."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np

from tests.unit.storage.slow_code import encode

__all__ = ["VECTORS", "written"]

VECTORS = Path(__file__).with_name("code.json")
SHAPES = ((1, 1), (2, 1), (4, 2), (10, 4), (16, 16))
ROW_BYTES = 32


def written() -> str:
    found = []
    for k, m in SHAPES:
        rows = [sha256(f"data {row}".encode()).digest() for row in range(k)]
        parity = encode(np.frombuffer(b"".join(rows), np.uint8).reshape(k, ROW_BYTES), m)
        parities = [row.tobytes().hex() for row in parity]
        found.append({"k": k, "m": m, "data": [row.hex() for row in rows], "parity": parities})
    return json.dumps(found, indent=1) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(written(), encoding="utf-8")
