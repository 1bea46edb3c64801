"""Bounds of all values that cannot be changed after the deployment. A value outside is refused, with the likely
mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ethwire.constants import ZERO_ADDRESS
from keifu.chain.parameters import Distribution, Params
from keifu.chain.suite import SEEDS
from keifu.errors import UsageError
from keifu.spec.vesting import SWEEP_DELAY
from keifu.units import (
    DAY,
    HOUR,
    YEAR,
    day,
    duration,
    is_address,
)

__all__ = ["MAX_AHEAD", "MAX_PAST", "bounds_of", "faults", "require_bounds", "require_start", "require_steps"]

MAX_PAST = 366 * DAY  # between the event and the deployment
MAX_AHEAD = 2 * YEAR
LONGEST = 50 * YEAR  # from the event to the last step
LONGEST_HORIZON = 60 * DAY  # the hub lists no service whose faults take longer to slash
LONGEST_URI = 128  # bytes
LATEST_SWEEP = 10 * YEAR  # after the earliest day that the contract allows
_FINER = ((1_000, "milliseconds"), (1_000_000, "microseconds"), (1_000_000_000, "nanoseconds"))


@dataclass(frozen=True)
class Bound:
    """Of one value. Below `public_low` it is good enough for trying things out on a local chain only."""

    name: str
    low: int
    high: int
    public_low: int = 0
    unit: str = "seconds"

    def fault(self, value: int, *, public: bool) -> str:
        """What is wrong with the value; empty when nothing is."""
        low = self._low(public=public)
        if low <= value <= self.high:
            return ""
        said = f"{self.name} {value:,} is not between {' and '.join(self.ends(public=public))}"
        if self.unit == "seconds" and value > self.high and (finer := _finer(value, low, self.high)):
            said += f": it looks like {finer}"
        return said

    def ends(self, *, public: bool) -> tuple[str, str]:
        return self._shown(self._low(public=public)), self._shown(self.high)

    def _low(self, *, public: bool) -> int:
        return max(self.low, self.public_low) if public else self.low

    def _shown(self, value: int) -> str:
        if self.unit == "seconds":
            return duration(value)
        return f"{value:,}"


_PARAMS = (
    Bound("timelock_delay", 0, 30 * DAY, public_low=DAY),
    Bound("unbonding", 2, 90 * DAY, public_low=DAY),
    Bound("epoch_length", 1, 7 * DAY, public_low=HOUR),
    Bound("emission_delay", 0, YEAR, public_low=28 * DAY),
    Bound("emission_duration", 1, 30 * YEAR, public_low=30 * DAY),
    Bound("seed_stride", 1, 100_000, unit="blocks"),
    Bound("seed_bond", 1, 1_000_000, unit="coins"),
    Bound("daily_blocks", 2, 1_000_000, unit="blocks"),
    Bound("heartbeat_restitution", 1, 1_000_000, unit="coins"),
    Bound("heartbeat_window", 1, LONGEST_HORIZON, public_low=DAY),
    Bound("compute_reward", 1, 1_000_000, unit="coins"),
    # More than a demand of ReExecution lasts; on a public network a day more, for openings after a promise's last day.
    Bound("compute_window", 7 * DAY + 1, LONGEST_HORIZON - 7 * DAY, public_low=8 * DAY),
    Bound("answer_window", 1, 7 * DAY, public_low=HOUR),
    Bound("demand_bond", 1, 1_000_000, unit="coins"),
    Bound("dispute_turn", 1, 12 * HOUR, public_low=HOUR),
    Bound("dispute_bond", 1, 1_000_000, unit="coins"),
    Bound("storage_epoch", 60, 6 * DAY, public_low=HOUR),
    Bound("storage_window", 1, DAY, public_low=HOUR // 4),
    Bound("storage_buffer", 1, 1_000_000_000, unit="gwei"),
    Bound("storage_tip", 0, 1_000, unit="coins"),
    Bound("storage_fee", 1, 1_000_000, unit="coins"),
    Bound("signers_needed", 2, 4, unit="count"),
)
_STEP = Bound("step", 1, 366 * DAY, public_low=HOUR)
_STEPS = Bound("steps", 1, 1_200, unit="count")


def bounds_of(name: str, *, public: bool) -> str:
    """The bounds of a parameter that is a number; "" for any other."""
    bound = next((bound for bound in _PARAMS if bound.name == name), None)
    return " to ".join(bound.ends(public=public)) if bound else ""


def require_bounds(params: Params, now: int, *, public: bool = False) -> None:
    """Raises UsageError naming every value that is out of bounds. `public` asks for what holds where money is."""
    found = list(faults(params, public=public))
    if params.distribution is not None:
        found += [fault] if (fault := _start_fault(params.distribution.start, now)) else []
    if found:
        raise UsageError("; ".join(found))


def require_start(start: int, now: int) -> None:
    """Raises UsageError when the event is too far from `now`, the chain's clock."""
    if fault := _start_fault(start, now):
        raise UsageError(fault)


def require_steps(step: int, steps: int) -> None:
    """Raises UsageError when the steps of a schedule are out of bounds: a list is published with them."""
    if found := list(_steps_faults(step, steps, public=False)):
        raise UsageError("; ".join(found))


def faults(params: Params, *, public: bool) -> Iterator[str]:
    """What is out of bounds whenever one looks: all but the start, which is bound to the day of the deployment."""
    found = [bound.fault(getattr(params, bound.name), public=public) for bound in _PARAMS]
    yield from filter(None, found)
    if params.unbonding % 2:
        yield f"unbonding {params.unbonding} is odd: half of it is a period"
    if params.epoch_length > params.unbonding:
        yield f"epoch_length {params.epoch_length} is longer than unbonding {params.unbonding}"
    if params.storage_window >= params.storage_epoch:
        yield f"storage_window {params.storage_window} does not fit into storage_epoch {params.storage_epoch}"
    if params.epoch_length > params.emission_duration:
        yield f"epoch_length {params.epoch_length} is longer than emission_duration {params.emission_duration}"
    yield from _broken_epochs(params)
    yield from _seed_faults(params)
    if params.insurance and params.insurance == params.treasury:
        yield "insurance is the treasury: what slashes take would be somebody's to spend"
    yield from _address_faults(params)
    if not params.proposers or not params.executors:
        yield "the timelock has no proposer or no executor"
    if ZERO_ADDRESS in params.proposers:
        yield "the zero address cannot propose"
    for name in ("treasury", "insurance", "account_registry", "identity_registry"):
        if getattr(params, name) == ZERO_ADDRESS:
            yield f"{name} is the zero address"
    if (size := len(params.agents_uri.encode())) > LONGEST_URI:
        yield f"agents_uri takes {size} bytes, at most {LONGEST_URI} fit"
    if params.distribution is not None:
        yield from _distribution_faults(params.distribution, public=public)


def _seed_faults(params: Params) -> Iterator[str]:
    if params.seeds not in SEEDS:
        yield f"seeds {params.seeds!r} is none of {', '.join(SEEDS)}"
    if params.seeds == "commit-reveal" and params.epoch_length % 2:
        yield f"epoch_length {params.epoch_length} is odd: half of it is for secrets, half for showing them"


def _broken_epochs(params: Params) -> Iterator[str]:
    """The hub counts epochs: what is recorded says the same as its storage only when nothing is rounded."""
    for name in ("emission_delay", "emission_duration"):
        value: int = getattr(params, name)
        if value >= params.epoch_length > 0 and value % params.epoch_length:
            yield f"{name} {value} is no whole number of epochs of {params.epoch_length} seconds"


def _address_faults(params: Params) -> Iterator[str]:
    named = [("treasury", params.treasury), *(("proposers", who) for who in params.proposers)]
    named += [*(("executors", who) for who in params.executors), ("insurance", params.insurance)]
    named += [(name, getattr(params, name)) for name in ("randomness", "account_registry", "identity_registry")]
    for name, address in named:
        if address and not is_address(address):
            yield f"{name}: {address!r} is not an address"


def _distribution_faults(terms: Distribution, *, public: bool) -> Iterator[str]:
    yield from _steps_faults(terms.step, terms.steps, public=public)
    earliest = terms.start + terms.step * terms.steps + SWEEP_DELAY
    if not earliest <= terms.sweep_after <= earliest + LATEST_SWEEP:
        yield (
            f"sweep_after {terms.sweep_after} ({day(terms.sweep_after)}) is not within 10 years from {day(earliest)},"
            " two years after the last step"
        )


def _steps_faults(step: int, steps: int, *, public: bool) -> Iterator[str]:
    found = [_STEP.fault(step, public=public), _STEPS.fault(steps, public=public)]
    yield from filter(None, found)
    if not any(found) and step * steps > LONGEST:
        yield f"{steps:,} steps of {duration(step)} take longer than {duration(LONGEST)}"


def _start_fault(start: int, now: int) -> str:
    low, high = now - MAX_PAST, now + MAX_AHEAD
    if low <= start <= high:
        return ""
    said = f"start {start} ({day(start)}) is not between {day(low)} and {day(high)}"
    if start < 0:
        return f"start {start} is negative: give unix seconds"
    for divisor, name in _FINER:
        if 10**9 <= start // divisor < 10**10:
            return f"start {start} looks like {name}; did you mean {start // divisor}?"
    return f"{said}: give unix seconds" if start < 10**8 else said


def _finer(value: int, low: int, high: int) -> str:
    return next((f"{name}; did you mean {value // size}?" for size, name in _FINER if low <= value // size <= high), "")
