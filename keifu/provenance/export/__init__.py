"""Provenance in the formats of other tools. Each field says whether it was *verified* (recomputed from bytes, or read
from the chain's state) or is *asserted* (an author's words, which no computation can confirm).

`export(name, subject)` writes one; a further format is one more class with the same two members.
"""

from __future__ import annotations

from keifu.errors import InputError
from keifu.provenance.export._cyclonedx import CycloneDx
from keifu.provenance.export._huggingface import HuggingFaceCard
from keifu.provenance.export._intoto import InToto
from keifu.provenance.export._subject import Basis, Exporter, Fact, Subject, describe, rfc3339

__all__ = ["EXPORTERS", "Basis", "Exporter", "Fact", "Subject", "describe", "export", "rfc3339"]

EXPORTERS: dict[str, Exporter] = {item.name: item for item in (CycloneDx(), HuggingFaceCard(), InToto())}


def export(name: str, subject: Subject) -> bytes:
    """The document of format `name`; raises InputError when there is none of that name."""
    if name not in EXPORTERS:
        raise InputError(f"no export called {name}", remedy=f"one of {', '.join(sorted(EXPORTERS))}")
    return EXPORTERS[name].render(subject)
