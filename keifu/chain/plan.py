"""What a deployment is asked to be: options of a command and a TOML file, shown before anything is sent.

    treasury = "0x…"
    proposers = ["0x…", "0x…"]
    executors = [ZERO_ADDRESS]   # anyone
    timelock_delay = "2 days"
    daily_blocks = 7200

Durations are seconds or a number and a unit.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.chain.bounds import require_bounds
from keifu.chain.deployments import Record
from keifu.chain.parameters import Distribution, Params
from keifu.chain.protocol import require_same
from keifu.chain.suite import SEEDS
from keifu.errors import InputError, UsageError
from keifu.keys import checksum
from keifu.units import (
    coins,
    day,
    duration,
    is_address,
    parse_duration,
)

__all__ = ["LOCAL_CHAINS", "Plan", "is_local"]

LOCAL_CHAINS = frozenset({1_337, 31_337})  # numbers that every local node uses and no public chain has
_ONE = ("treasury", "insurance", "randomness", "account_registry", "identity_registry")
_MANY = ("proposers", "executors")
_DURATIONS = (
    "timelock_delay",
    "unbonding",
    "epoch_length",
    "emission_delay",
    "emission_duration",
    "heartbeat_window",
    "compute_window",
    "answer_window",
    "dispute_turn",
    "storage_epoch",
    "storage_window",
)
_COINS = (
    "seed_bond",
    "heartbeat_restitution",
    "compute_reward",
    "demand_bond",
    "dispute_bond",
    "storage_tip",
    "storage_fee",
)
_GWEI = ("storage_buffer",)
_MADE = {
    "insurance": "an Insurance",
    "randomness": "a Randomness",
    "account_registry": "an AccountRegistry",
    "identity_registry": "an AgentIdentity",
}
_BLOCKS = ("seed_stride", "daily_blocks")
_NAMED_ON_PUBLIC_CHAINS = ("treasury", *_MANY, "daily_blocks")
_SEEN_WHEN_CHOSEN = ("label", "agents_uri")
_CHOICES = tuple(item.name for item in fields(Params) if item.name != "distribution")


def is_local(chain_id: int) -> bool:
    """Whether it is a chain to try things on, where defaults may stand for the deploying account."""
    return chain_id in LOCAL_CHAINS


@dataclass(frozen=True)
class Plan:
    """Parameters and where each comes from: `chosen` here, `recorded` by an earlier run, or a default."""

    params: Params
    chosen: frozenset[str] = frozenset()
    recorded: frozenset[str] = frozenset()
    deployer: str = ""

    @classmethod
    def read(cls, path: Path | None = None, **options: Any) -> Plan:
        """From a TOML file and options, which count more; None and () stand for an option that was not given.

        Raises InputError naming the file and the field, UsageError naming the option.
        """
        chosen: dict[str, Any] = {}
        if path is not None:
            for name, value in _read_toml(path).items():
                chosen[name] = _parsed(name, value, f"{path.name}: ")
        given = {name: value for name, value in options.items() if value is not None and value != ()}
        chosen |= {name: _parsed(name, value, "") for name, value in given.items()}
        return cls(replace(Params(), **chosen), frozenset(chosen))

    def resolve(self, record: Record, deployer: str, now: int) -> Plan:
        """The plan for one chain: what is not chosen is as the record says, else the default.

        Raises UsageError, naming every fault: a parameter that differs from the record's or is out of bounds, and on a
        chain that is not local whatever is left to a default that stands for the deploying account.
        """
        public, recorded = not is_local(record.chain_id), record.params
        params = self.params
        if recorded is not None:
            mine = {name: getattr(self.params, name) for name in self.chosen}
            params = replace(recorded, distribution=self.params.distribution or recorded.distribution, **mine)
        elif public and (missing := [name for name in _NAMED_ON_PUBLIC_CHAINS if name not in self.chosen]):
            raise UsageError(
                f"chain {record.chain_id} is not a local one: {', '.join(missing)} must be named",
                remedy="give them as options or in the plan's file; nothing stands for the deploying account here",
            )
        params = require_same(record, deployer, params.by(deployer))
        require_bounds(params, now, public=public)
        kept = frozenset(_CHOICES) - self.chosen if recorded is not None else frozenset()
        return replace(self, params=params, recorded=kept, deployer=deployer)

    def paying(self, distribution: Distribution | None) -> Plan:
        """The same plan with these grants to pay."""
        return replace(self, params=replace(self.params, distribution=distribution))

    def describe(self) -> list[tuple[str, str, str]]:
        """Name, value and where it comes from, for people, in the order of the parameters."""
        rows = [("deployer", checksum(self.deployer), "the sending account")] if self.deployer else []
        for name in _CHOICES:
            value = getattr(self.params, name)
            if name not in _SEEN_WHEN_CHOSEN or value:
                rows.append((name, self._shown(name, value), self._source(name)))
        terms = self.params.distribution
        if terms is not None:
            rows += [
                ("distribution", f"{coins(terms.allocation)} coins, root 0x{terms.root.hex()}", "the published list"),
                ("event", f"{day(terms.start)} ({terms.start})", ""),
                ("steps", f"{terms.steps} of {duration(terms.step)}", "the published list"),
                ("sweep", f"not before {day(terms.sweep_after)}", "two years after the last step"),
            ]
        return rows

    def _shown(self, name: str, value: Any) -> str:
        if name in _DURATIONS:
            return duration(value)
        if name in _MANY:
            return ", ".join(_address_shown(address, self.deployer) for address in value) or "the deployer"
        if name in _MADE and not value:
            return f"{_MADE[name]} of the suite"
        if name in _COINS:
            return f"{value:,} coins"
        if name in _GWEI:
            return f"{value:,} gwei"
        if name in _ONE:
            return _address_shown(value, self.deployer) if value else "the deployer"
        return f"{value:,} blocks" if name in _BLOCKS else str(value)

    def _source(self, name: str) -> str:
        if name in self.chosen:
            return "chosen"
        return "as recorded" if name in self.recorded else "default"


def _address_shown(address: str, deployer: str) -> str:
    if address == ZERO_ADDRESS:
        return "anyone"
    return checksum(address) + (" (the deployer)" if address == deployer else "")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is no TOML file: {error}") from error


def _parsed(name: str, value: Any, where: str) -> Any:
    """The value of a parameter, as a person gave it. Raises InputError naming it."""
    if name not in _CHOICES:
        raise InputError(f"{where}there is no parameter {name}", remedy=f"there are: {', '.join(_CHOICES)}")
    try:
        if name in _MANY:
            if not isinstance(value, list | tuple) or not value:
                raise ValueError("give a list of addresses")
            return tuple(_parsed_address(item) for item in value)
        if name in _ONE:
            return _parsed_address(value)
        if name in _DURATIONS:
            return _whole(value) if not isinstance(value, str) else parse_duration(value)
        if name == "label":
            return _label(value)
        if name == "seeds":
            return _source(value)
        if name == "agents_uri":
            return _uri(value)
        return _whole(int(value) if isinstance(value, str) and value.isdecimal() else value)
    except ValueError as error:
        raise InputError(f"{where}{name}: {error}") from error


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _label(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", value):
        raise ValueError(f"{value!r} is not a label: up to 32 lower-case letters, digits and hyphens")
    return value


def _source(value: Any) -> str:
    if value not in SEEDS:
        raise ValueError(f"{value!r} is none of {', '.join(SEEDS)}")
    return str(value)


def _uri(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9+.-]*:[!-~]+", value):
        raise ValueError(f"{value!r} is not the beginning of an address, as https://example.org/agents/ is")
    return value


def _parsed_address(value: Any) -> str:
    if not isinstance(value, str) or not is_address(value):
        raise ValueError(f"{value!r} is not an address: 0x and 40 hex digits")
    digits = value[2:]
    if digits not in (digits.lower(), digits.upper()) and checksum(value.lower()) != value:
        raise ValueError(f"{value} has a wrong checksum: is {checksum(value.lower())} meant?")
    return value.lower()
