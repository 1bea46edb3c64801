"""Write the vectors again."""

from __future__ import annotations

from tests.conformance.inference import VECTORS, written

VECTORS.write_text(written(), encoding="utf-8")
