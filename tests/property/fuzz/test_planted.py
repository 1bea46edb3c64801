"""Planted bugs are found, quickly and small: one a system here, all of them by `keifu fuzz --planted`."""

from __future__ import annotations

import pytest

from keifu.fuzz import planted
from keifu.fuzz.plant import Bug, hunt, overlay_of
from keifu.fuzz.systems import load, names

QUICK = ("commit_reveal", "court", "create3", "distributor", "randomness", "stream", "timelock", "token", "vault")
# The others take seconds to compile, each time.
SAMPLE = [(system, bug) for system in QUICK for bug in planted.load(system)[4:5]]
MOST_STEPS = 6
MOST_CALLS = 200_000  # the slowest of them needs 4,713


@pytest.mark.parametrize(("system", "bug"), SAMPLE, ids=lambda item: getattr(item, "name", item))
def test_planted_bug_is_found(system: str, bug: Bug) -> None:
    result = hunt(load(system), bug, calls=MOST_CALLS)

    assert result.example is not None, f"{bug.name} was not found in {result.calls} calls"
    assert result.steps <= MOST_STEPS, result.example.script()


def test_ten_bugs_for_every_system_and_every_one_fits_its_source() -> None:
    assert set(planted.names()) <= set(names())
    for system in planted.names():
        assert len(planted.load(system)) >= 10, system
        for bug in planted.load(system):
            assert overlay_of(bug)
