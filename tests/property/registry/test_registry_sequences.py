"""The campaign's description of the registry, a few sequences of it at each test run: REG-1, 4, 5, 6 and ENV-2, 4."""

from __future__ import annotations

from keifu.fuzz.hypothesis import sequences
from keifu.fuzz.systems.registry import Registry

test_registry_keeps_its_invariants = sequences(Registry, examples=20)
