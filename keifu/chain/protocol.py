"""The one place that deploys the suite: tests, scripts, the demo and the local chain all call `deploy_protocol`.

Order: Token → Timelock → StakingHub → the rest. Addresses go in as constructor arguments; there are no setters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from keifu.abi import Contract
from keifu.chain._deployer import Deployer

__all__ = ["Deployment", "Params", "deploy_protocol"]

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Params:
    """What a deployment may choose. Empty addresses stand for the deploying account."""

    treasury: str = ""  # receives the whole supply
    proposers: tuple[str, ...] = ()  # may queue in the timelock
    executors: tuple[str, ...] = ()  # may execute what is ripe
    timelock_delay: int = 2 * DAY_SECONDS  # seconds between queueing and executing


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

    Safe to call again after a crash: what is there stays. `on_step(name, address)` is called after each contract.
    Raises Revert when a constructor refuses its arguments.
    """
    del params
    deployment = Deployment()

    def deploy(name: str, *args: Any) -> str:
        address = chain.deploy(name, *args)
        deployment.addresses[name] = address
        on_step(name, address)
        return address

    del deploy
    return deployment
