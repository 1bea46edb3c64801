"""Provenance in the formats of other tools. Each field says whether it was *verified* (recomputed from bytes, or read
from the chain's state) or is *asserted* (an author's words, which no computation can confirm).

`export(name, subject)` writes one; a further format is one more class with the same two members.
"""

from __future__ import annotations

from keifu.errors import InputError
from keifu.provenance.export._croissant import Croissant
from keifu.provenance.export._cyclonedx import CycloneDx
from keifu.provenance.export._huggingface import HuggingFaceCard, repository
from keifu.provenance.export._intoto import InToto, ModelSigning, SlsaProvenance, TestResult
from keifu.provenance.export._licences import spdx_id
from keifu.provenance.export._openlineage import OpenLineage
from keifu.provenance.export._spdx import Spdx
from keifu.provenance.export._subject import Basis, Exporter, Fact, Subject, describe, rfc3339

__all__ = [
    "EXPORTERS",
    "Basis",
    "Exporter",
    "Fact",
    "Subject",
    "describe",
    "export",
    "repository",
    "rfc3339",
    "spdx_id",
]

_ALL: tuple[Exporter, ...] = (
    Croissant(),
    CycloneDx(),
    HuggingFaceCard(),
    InToto(),
    ModelSigning(),
    OpenLineage(),
    SlsaProvenance(),
    Spdx(),
    TestResult(),
)
EXPORTERS = {item.name: item for item in _ALL}


def export(name: str, subject: Subject) -> bytes:
    """The document of format `name`; raises InputError when there is none of that name."""
    if name not in EXPORTERS:
        raise InputError(f"no export called {name}", remedy=f"one of {', '.join(sorted(EXPORTERS))}")
    return EXPORTERS[name].render(subject)
