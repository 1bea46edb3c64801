"""The one place that deploys the suite: tests, scripts, the demo and the local chain all call `deploy_protocol`.

Order: Token → Timelock → StakingHub → the rest. Addresses go in as constructor arguments; there are no setters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from keifu.abi import Contract
from keifu.chain._deployer import Deployer

__all__ = ["Deployment", "Distribution", "Params", "deploy_protocol"]

DAY_SECONDS = 86_400
NOBODY = "0x" + "00" * 20


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
    def label(self) -> str:
        """Another list or another schedule is another contract at another address."""
        terms = f"{self.root.hex()}:{self.allocation}:{self.start}:{self.step}:{self.steps}:{self.sweep_after}"
        return f"TGEDistributor:{terms}"


@dataclass(frozen=True)
class Params:
    """What a deployment may choose. Empty addresses stand for the deploying account."""

    treasury: str = ""  # receives the whole supply
    proposers: tuple[str, ...] = ()  # may queue in the timelock
    executors: tuple[str, ...] = ()  # may execute what is ripe
    timelock_delay: int = 2 * DAY_SECONDS  # seconds between queueing and executing
    insurance: str = ""  # receives what slashes take beyond restitution and reward; the timelock by default
    unbonding: int = 14 * DAY_SECONDS  # seconds for which leaving stake stays slashable, at least
    epoch_length: int = DAY_SECONDS  # seconds over which what came in before is earned
    emission_duration: int = 4 * 365 * DAY_SECONDS  # seconds until the reward stream is dry
    seed_stride: int = 300  # blocks of a randomness epoch
    randomness: str = ""  # another source of seeds, already there, for the court; by default a Randomness is deployed
    case_bond: int = 1_000 * 10**18  # wei for accusing somebody before the court
    reveal_period: int = DAY_SECONDS  # seconds in which jurors reveal
    appeal_period: int = DAY_SECONDS  # seconds in which a verdict can be appealed
    distribution: Distribution | None = None  # without one there is no TGEDistributor


class _Handles(Protocol):
    def at(self, address: Any, interface: str) -> Contract: ...


@dataclass
class Deployment:
    """Where each contract of the suite is, by its name, in order of deployment."""

    addresses: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.addresses[name]

    def at(self, backend: _Handles, name: str) -> Contract:
        """A handle on one contract of the suite."""
        return backend.at(self.addresses[name], name)


def deploy_protocol(
    chain: Deployer, params: Params | None = None, *, on_step: Callable[[str, str], None] = lambda name, address: None
) -> Deployment:
    """Deploy what is missing of the suite and return where everything is.

    Safe to call again after a crash: contracts already deployed are skipped. `on_step(name, address)` is
    called after each contract.
    Raises Revert when a constructor refuses its arguments.
    """
    params = params or Params()
    deployment = Deployment()

    def deploy(name: str, *args: Any, label: str = "") -> str:
        address = chain.deploy(name, *args, label=label)
        deployment.addresses[name] = address
        on_step(name, address)
        return address

    proposers = list(params.proposers) or [chain.sender]
    executors = list(params.executors) or [chain.sender]
    token = deploy("KeifuToken", params.treasury or chain.sender)
    timelock = deploy("Timelock", params.timelock_delay, proposers, executors, NOBODY)
    hub = deploy("StakingHub", token, timelock, params.insurance or timelock, params.unbonding, params.epoch_length)
    deploy("RewardStream", token, hub, params.emission_duration)
    randomness = params.randomness or deploy("Randomness", params.seed_stride, 0)
    deploy("AlignmentCourt", token, hub, randomness, params.case_bond, params.reveal_period, params.appeal_period)
    deploy("VestingEscrow", token, hub)
    deploy("Environments", deploy("ProvenanceRegistry"))
    if (grants := params.distribution) is not None:
        terms = (grants.root, grants.allocation, grants.start, grants.step, grants.steps, grants.sweep_after)
        deploy("TGEDistributor", token, hub, *terms, timelock, label=grants.label)
    return deployment
