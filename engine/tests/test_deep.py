"""A slice of the deep campaign repeats from its seed, and a report that is not true is noticed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ethwire.errors import CheckFailed, InputError
from evmstorm.fuzz import deep

CALLS = 3_000


def _report(part: deep.Slice) -> deep.Report:
    return deep.Report("test", "commit", "sources", CALLS, part.calls + part.waits, [], [part])


def test_a_slice_repeats() -> None:
    first, second = (deep.run_slice(("vault", 5, CALLS)) for _ in range(2))

    assert first.fingerprint == second.fingerprint
    assert first.finding == ""
    assert deep.run_slice(("vault", 6, CALLS)).fingerprint != first.fingerprint


def test_the_sample_of_a_true_report_agrees() -> None:
    part = deep.run_slice(("vault", 1, CALLS))

    assert deep.check(_report(part), parts=3, seed=1) == [part]


def test_a_report_that_was_touched_is_noticed() -> None:
    part = msgspec.structs.replace(deep.run_slice(("vault", 1, CALLS)), calls=10**6)

    with pytest.raises(CheckFailed, match="did not repeat"):
        deep.check(_report(part), parts=1, seed=1)


def test_a_report_of_other_code_is_refused() -> None:
    part = msgspec.structs.replace(deep.run_slice(("vault", 1, CALLS)), key="0" * 64)

    with pytest.raises(CheckFailed, match="of other code"):
        deep.check(_report(part), parts=1, seed=1)


def test_slices_of_a_system_that_is_no_longer_described_are_left_alone() -> None:
    gone = msgspec.structs.replace(deep.run_slice(("vault", 1, CALLS)), system="gone")

    with pytest.raises(CheckFailed, match="of other code"):
        deep.check(_report(gone), parts=1, seed=1)


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fuzz.json"
    path.write_text("[]")

    with pytest.raises(InputError, match="no report of a campaign"):
        deep.read(path)
