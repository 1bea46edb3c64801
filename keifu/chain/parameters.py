"""What a deployment of the suite may choose, and how a record keeps it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from keifu.errors import InputError
from keifu.units import COIN, DAY, HOUR, YEAR

__all__ = ["Distribution", "Params", "meanings"]


@dataclass(frozen=True)
class Distribution:
    """A published list of grants, as TGEDistributor takes it."""

    root: bytes  # of the list's StandardMerkleTree
    allocation: int  # sum of all grants, wei
    start: int  # the token generation event, unix seconds
    step: int  # seconds
    steps: int
    sweep_after: int  # unix seconds

    @property
    def key(self) -> str:
        """One text for each list and schedule."""
        return f"{self.root.hex()}:{self.allocation}:{self.start}:{self.step}:{self.steps}:{self.sweep_after}"

    def data(self) -> dict[str, Any]:
        """For JSON; amounts as text, since JSON readers lose digits."""
        return {
            "root": "0x" + self.root.hex(),
            "allocation": str(self.allocation),
            "start": self.start,
            "step": self.step,
            "steps": self.steps,
            "sweep_after": self.sweep_after,
        }


@dataclass(frozen=True)
class Params:
    """What a deployment may choose. Empty addresses stand for the deploying account."""

    label: str = ""  # another one is another suite at other addresses
    treasury: str = ""  # receives the whole supply
    proposers: tuple[str, ...] = ()  # may queue in the timelock
    executors: tuple[str, ...] = ()  # may execute what is ripe; the zero address lets anyone
    timelock_delay: int = 2 * DAY  # seconds between queueing and executing
    insurance: str = ""  # receives what slashes take and do not pay to services; by default an Insurance is deployed
    unbonding: int = 14 * DAY  # seconds for which leaving stake stays slashable, at least
    epoch_length: int = DAY  # seconds over which what came in before is earned
    emission_delay: int = 35 * DAY  # seconds from the deployment to the first epoch with emission
    emission_duration: int = 4 * YEAR  # seconds over which emission is spread
    seed_stride: int = 300  # blocks of a randomness epoch
    randomness: str = ""  # another source of seeds, already there, for the court; by default a Randomness is deployed
    seeds: str = "prevrandao"  # the suite's own source of seeds; `drand` or `commit-reveal` where that means nothing
    seed_bond: int = 1_000  # coins that each secret of commit-reveal brings, lost when it is not revealed
    daily_blocks: int = 2  # blocks that the chain makes in a day, for the court's clock; public chains name theirs
    heartbeat_restitution: int = 1_000  # coins that whoever relied on a false heartbeat gets
    heartbeat_window: int = 14 * DAY  # seconds from the end of an operator's binding to the last report
    compute_reward: int = 100  # coins that the prover of a service's false receipt gets, and that are its penalty
    compute_window: int = 10 * DAY  # seconds from the end of a promise of the compute market to the last claim
    answer_window: int = DAY  # seconds in which a paid request that is asked for on the chain is answered
    demand_bond: int = 5  # coins that whoever asks brings: half more than the gas of an answer, and its work
    dispute_turn: int = 2 * HOUR  # seconds of each turn of a dispute about a token model's answer
    dispute_bond: int = 20  # coins that a challenger brings: half more than the gas of the answers, and their work
    storage_epoch: int = DAY  # seconds in which a provider of storage proves once
    storage_window: int = 2 * HOUR  # seconds of them in which a proof is taken, once the seed was seen
    storage_buffer: int = 10  # gwei of a provider's lock for each leaf of 256 bytes that it stores
    storage_tip: int = 1  # coins for whoever names or shows the seed of a storage epoch
    storage_fee: int = 1  # coins that whoever demands a stored leaf pays: half more than the gas of an answer
    signers_needed: int = 3  # attestors that sign each transfer of private data
    agents_uri: str = ""  # what stands before a token's number to make the address of its public metadata
    account_registry: str = ""  # another ERC-6551 registry, already there; by default an AccountRegistry is deployed
    identity_registry: str = ""  # another ERC-8004 identity registry, already there; by default an AgentIdentity
    distribution: Distribution | None = None  # without one there is no TGEDistributor

    def by(self, deployer: str) -> Params:
        """With the deploying account in the place of what was left empty, and addresses in lower case."""
        return replace(
            self,
            treasury=self.treasury.lower() or deployer,
            proposers=_lower(self.proposers) or (deployer,),
            executors=_lower(self.executors) or (deployer,),
            insurance=self.insurance.lower(),
            randomness=self.randomness.lower(),
            account_registry=self.account_registry.lower(),
            identity_registry=self.identity_registry.lower(),
        )

    def data(self) -> dict[str, Any]:
        """For JSON; amounts as text, since JSON readers lose digits."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            **found,
            "proposers": list(self.proposers),
            "executors": list(self.executors),
            "distribution": self.distribution.data() if self.distribution else None,
        }

    @property
    def emission_start(self) -> int:
        """First epoch with emission; epoch 1 begins with the deployment."""
        return 1 + -(-self.emission_delay // self.epoch_length)

    @property
    def restitution(self) -> int:
        """Wei that whoever relied on a false heartbeat gets."""
        return self.heartbeat_restitution * COIN

    @property
    def emission_epochs(self) -> int:
        """Number of epochs with emission."""
        return self.emission_duration // self.epoch_length

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Params:
        """What `data` gave; raises InputError naming what does not belong there."""
        unknown = data.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise InputError(f"unknown parameter {', '.join(sorted(unknown))}")
        values = dict(data)
        try:
            for name in ("proposers", "executors"):
                if name in values:
                    values[name] = tuple(str(item) for item in values[name])
            if (terms := values.get("distribution")) is not None:
                root = bytes.fromhex(terms["root"][2:])
                values["distribution"] = Distribution(**{**terms, "root": root, "allocation": int(terms["allocation"])})
            params = cls(**values)
        except (TypeError, ValueError, KeyError) as error:
            raise InputError(f"damaged parameters: {error}") from error
        _check_types(params)
        return params


def _lower(addresses: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(address.lower() for address in addresses)


def _check_types(params: Params | Distribution) -> None:
    for field in fields(params):
        value, kind = getattr(params, field.name), str(field.type)
        if kind in ("int", "str", "bytes") and type(value).__name__ != kind:
            raise InputError(f"damaged parameters: {field.name} is {value!r}, no {kind}")
    if isinstance(params, Params) and params.distribution is not None:
        _check_types(params.distribution)


def meanings() -> dict[str, str]:
    """What each parameter means, as this file says behind its name."""
    lines = inspect.getsource(Params).splitlines()
    found = (re.fullmatch(r"    (\w+): [^#]+# (.+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}
