"""Values that cannot be mended after a deployment are bounded, and a slip is told with its likely cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.chain import Params
from keifu.chain.bounds import (
    LATEST_SWEEP,
    MAX_AHEAD,
    MAX_PAST,
    SWEEP_DELAY,
    faults,
    require_bounds,
    require_start,
    require_steps,
)
from keifu.chain.parameters import Distribution
from keifu.errors import UsageError
from keifu.spec import vesting as model
from keifu.units import DAY, HOUR

NOW = 1_767_225_600
WHO = "0x" + "0a" * 20
PARAMS = Params().by(WHO)


def paying(**changes):
    terms = Distribution(b"\1" * 32, 1, NOW, DAY, 10, NOW + 10 * DAY + SWEEP_DELAY)
    return replace(PARAMS, distribution=replace(terms, **changes))


@pytest.mark.case("tools-4")
@pytest.mark.parametrize(
    ("start", "message"),
    [
        (1_700_000_000_000, "start 1700000000000 looks like milliseconds; did you mean 1700000000[?]"),
        (1_767_225_600_000_000, "looks like microseconds; did you mean 1767225600[?]"),
        (1_767_225_600_000_000_000, "looks like nanoseconds; did you mean 1767225600[?]"),
        (1, r"start 1 \(1970-01-01 00:00 UTC\) is not between .*: give unix seconds"),
        (0, "give unix seconds"),
        (-5, "start -5 is negative: give unix seconds"),
        (20_454, "give unix seconds"),
        (20_260_101, "give unix seconds"),
        (NOW - MAX_PAST - 1, "is not between 2024-12-31 00:00 UTC and 2028-01-01 00:00 UTC"),
        (NOW + MAX_AHEAD + 1, "is not between"),
        (2**64, "is not between"),
        (2**256, "is not between"),
    ],
)
def test_a_start_that_cannot_be_meant_is_told(start, message):
    with pytest.raises(UsageError, match=message):
        require_start(start, NOW)
    with pytest.raises(UsageError, match="start "):
        require_bounds(paying(start=start), NOW)


@pytest.mark.case("tools-4")
@pytest.mark.parametrize("start", [NOW - MAX_PAST, NOW, NOW + MAX_AHEAD])
def test_a_start_within_bounds_is_taken(start):
    require_start(start, NOW)


@pytest.mark.case("tools-4")
@pytest.mark.parametrize(
    ("step", "steps", "message"),
    [
        (0, 36, "step 0 is not between 1 second and 366 days"),
        (-1, 36, "step -1 is not between"),
        (2_629_800_000, 36, "step 2,629,800,000 .*: it looks like milliseconds; did you mean 2629800[?]"),
        (367 * DAY, 36, "step .* is not between"),
        (DAY, 0, "steps 0 is not between 1 and 1,200"),
        (DAY, -3, "steps -3 is not between"),
        (DAY, 1_201, "steps 1,201 is not between"),
        (366 * DAY, 51, "51 steps of 366 days take longer than 50 years"),
    ],
)
def test_steps_that_cannot_be_meant_are_told(step, steps, message):
    with pytest.raises(UsageError, match=message):
        require_steps(step, steps)
    with pytest.raises(UsageError, match="step"):
        require_bounds(paying(step=step, steps=steps), NOW)


@pytest.mark.case("tools-4")
@pytest.mark.parametrize(
    "sweep_after", [0, NOW, paying().distribution.sweep_after - 1, paying().distribution.sweep_after + LATEST_SWEEP + 1]
)
def test_a_sweep_too_early_or_never_is_told(sweep_after):
    with pytest.raises(UsageError, match=r"sweep_after .* is not within 10 years from 2028-01-11"):
        require_bounds(paying(sweep_after=sweep_after), NOW)


OUT_OF_BOUNDS = [
    ("timelock_delay", -1),
    ("timelock_delay", 31 * DAY),
    ("timelock_delay", 172_800_000),
    ("unbonding", 0),
    ("unbonding", 91 * DAY),
    ("unbonding", DAY + 1),
    ("epoch_length", 0),
    ("epoch_length", 8 * DAY),
    ("emission_duration", 0),
    ("emission_duration", 31 * 365 * DAY),
    ("seed_stride", 0),
    ("seed_stride", 100_001),
    ("emission_delay", -1),
    ("emission_delay", 366 * DAY),
    ("emission_delay", 35 * DAY + 1),
    ("emission_duration", 365 * DAY - 1),
    ("daily_blocks", 1),
    ("daily_blocks", 1_000_001),
    ("heartbeat_restitution", 0),
    ("heartbeat_restitution", 1_000_001),
    ("heartbeat_window", 0),
    ("heartbeat_window", 61 * DAY),
    ("compute_reward", 0),
    ("compute_reward", 1_000_001),
    ("compute_window", 7 * DAY),  # ReExecution could not be deployed
    ("compute_window", 54 * DAY),
    ("answer_window", 0),
    ("answer_window", 8 * DAY),
    ("demand_bond", 0),
    ("demand_bond", 1_000_001),
    ("dispute_turn", 0),
    ("dispute_turn", 13 * HOUR),
    ("dispute_bond", 0),
    ("dispute_bond", 1_000_001),
    ("storage_epoch", 59),
    ("storage_epoch", 7 * DAY),
    ("storage_epoch", 2 * HOUR),
    ("storage_window", 0),
    ("storage_window", DAY),
    ("storage_buffer", 0),
    ("storage_buffer", 1_000_000_001),
    ("storage_tip", -1),
    ("storage_tip", 1_001),
    ("storage_fee", 0),
    ("storage_fee", 1_000_001),
    ("signers_needed", 1),
    ("signers_needed", 5),
    ("agents_uri", "https://example.org/" + "a" * 109),
    ("account_registry", "0x12"),
    ("account_registry", ZERO_ADDRESS),
    ("identity_registry", "0x12"),
    ("identity_registry", ZERO_ADDRESS),
    ("treasury", ZERO_ADDRESS),
    ("treasury", "0x12"),
    ("insurance", ZERO_ADDRESS),
    ("insurance", "nobody"),
    ("randomness", "0x1"),
    ("proposers", (ZERO_ADDRESS,)),
    ("proposers", ("somebody",)),
    ("proposers", ()),
    ("executors", ()),
    ("executors", ("somebody",)),
]


@pytest.mark.case("tools-4")
@pytest.mark.parametrize(("name", "value"), OUT_OF_BOUNDS)
def test_each_parameter_is_bounded(name, value):
    with pytest.raises(UsageError, match="zero address cannot propose" if value == (ZERO_ADDRESS,) else name[:-1]):
        require_bounds(replace(PARAMS, **{name: value}), NOW)


@pytest.mark.case("tools-4")
def test_a_duration_in_milliseconds_is_told():
    with pytest.raises(
        UsageError, match=r"timelock_delay 172,800,000 .*: it looks like milliseconds; did you mean 172800"
    ):
        require_bounds(replace(PARAMS, timelock_delay=172_800_000), NOW)


@pytest.mark.case("tools-4")
def test_every_fault_is_told_at_once():
    with pytest.raises(UsageError, match=r"timelock_delay .*; epoch_length .*; start "):
        require_bounds(replace(paying(start=1), timelock_delay=-1, epoch_length=0), NOW)


@pytest.mark.case("tools-7")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timelock_delay", 0),
        ("timelock_delay", DAY - 1),
        ("unbonding", 2),
        ("epoch_length", 1),
        ("emission_duration", DAY),
        ("emission_delay", 27 * DAY),
        ("heartbeat_window", DAY - 1),
    ],
)
def test_what_is_good_enough_for_trying_things_out_is_not_where_money_is(name, value):
    changed = (
        replace(PARAMS, epoch_length=1, **{name: value}) if name == "unbonding" else replace(PARAMS, **{name: value})
    )
    require_bounds(changed, NOW)
    with pytest.raises(UsageError, match=name):
        require_bounds(changed, NOW, public=True)


def test_defaults_are_within_all_bounds():
    require_bounds(paying(), NOW, public=True)
    assert list(faults(PARAMS, public=True)) == []


def test_the_delay_of_a_sweep_is_that_of_the_model():
    assert SWEEP_DELAY == model.SWEEP_DELAY
