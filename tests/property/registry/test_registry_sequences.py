"""The campaign's description of registry and environments: a few sequences of it at each test run."""

from __future__ import annotations

from keifu.fuzz.hypothesis import sequences
from keifu.fuzz.systems.provenance import Provenance

test_registry_keeps_its_invariants = sequences(Provenance, examples=20)
