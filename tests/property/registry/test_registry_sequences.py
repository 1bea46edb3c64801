"""The campaign's description of registry and environments: a few sequences of it at each test run."""

from __future__ import annotations

from audit.systems.provenance import Provenance
from evmstorm.fuzz.hypothesis import sequences

test_registry_keeps_its_invariants = sequences(Provenance, examples=20)
