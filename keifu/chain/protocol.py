"""The one place that deploys the suite: tests, commands, the demo and the local chain all call `deploy_protocol`.

What is made, in which order and wired how stands in `suite`; here is when to send, when to refuse and what to record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from keifu.abi import Contract
from keifu.chain._deployer import Deployer
from keifu.chain.bounds import require_bounds
from keifu.chain.creation import Creation, differences
from keifu.chain.deployments import Record
from keifu.chain.parameters import Distribution, Params
from keifu.chain.services import Listing, list_services
from keifu.chain.suite import FACTORY, parameter_of, suite
from keifu.errors import UsageError

__all__ = ["Deployment", "Distribution", "Params", "deploy_protocol", "require_same"]

ANOTHER_SUITE = "leave the parameters as they are; a second suite needs a label and a record of its own"


class _Handles(Protocol):
    def at(self, address: Any, interface: str) -> Contract: ...


@dataclass
class Deployment:
    """Where each contract of the suite is, by its name, in order of deployment."""

    addresses: dict[str, str] = field(default_factory=dict)
    services: list[Listing] = field(default_factory=list, compare=False)  # empty when others propose in the timelock

    def __getitem__(self, name: str) -> str:
        return self.addresses[name]

    def at(self, backend: _Handles, name: str) -> Contract:
        """A handle on one contract of the suite."""
        return backend.at(self.addresses[name], name)


def deploy_protocol(
    chain: Deployer,
    params: Params | None = None,
    *,
    record: Record | None = None,
    save: Callable[[Record], Any] = lambda record: None,
    on_step: Callable[[str, str], None] = lambda name, address: None,
    list_them: bool = True,
) -> Deployment:
    """Deploy what is missing of the suite and return where everything is.

    Safe to call again after a crash: contracts that are deployed already are skipped. The record is filled in and given
    to `save` before and after each step; without one the contracts that are there are asked how they were made.
    Services are queued in the timelock at the end, if the sender proposes there, and listed by a call after the delay;
    without `list_them` that is left to the caller.
    `on_step(name, address)` is called after each contract.

    Raises UsageError, before anything is sent, when a parameter is out of bounds or differs from that of the record or
    of a contract that is there; EnvironmentFault when the chain cannot tell; Revert when a constructor refuses its
    arguments.
    """
    record = record or Record(0, "")
    params = require_same(record, chain.sender, (params or Params()).by(chain.sender))
    require_bounds(params, chain.now)
    chain.begin(record.factory, record.first_block)
    there = _found(chain, params)
    record.deployer, record.parameters = chain.sender, params.data()
    record.first_block = record.first_block or min(
        (creation.block for creation in there.values()), default=chain.block_number
    )
    save(record)
    if FACTORY not in record.creations:
        record.creations[FACTORY] = chain.make_factory()
        save(record)
    deployment = Deployment()
    for step in suite(params, chain.address_of):
        planned = Creation.planned(step, chain.address_of(step.label), chain.interface(step.contract))
        made = there.get(step.contract)
        if made is None:
            record.pending = planned
            save(record)
            made = chain.make(planned)
        record.creations[step.contract], record.pending = made, None
        save(record)
        deployment.addresses[step.contract] = made.address
        on_step(step.contract, made.address)
    if list_them and chain.sender in params.proposers:
        deployment.services = list_services(chain, deployment)
    return deployment


def require_same(record: Record, sender: str, params: Params) -> Params:
    """The parameters to go on with: a distribution may be added to a suite, nothing else of it changed.

    Raises UsageError, naming each parameter that differs and both values, or the account that began.
    """
    if record.deployer and record.deployer != sender:
        raise UsageError(f"{record.deployer} began this deployment, not {sender}", remedy="use that account")
    recorded = record.params
    if recorded is None:
        return params
    if params.distribution is None or recorded.distribution is None:
        grants = params.distribution or recorded.distribution
        recorded, params = (replace(item, distribution=grants) for item in (recorded, params))
    _refuse(
        f"chain {record.chain_id} already has a suite with",
        [(name, found, asked) for name, found, asked in differences(_flat(recorded), _flat(params))],
    )
    return params


def _found(chain: Deployer, params: Params) -> dict[str, Creation]:
    """How the contracts that are there were made, by name; refuses those that other parameters made."""
    factory = chain.find_factory()
    there: dict[str, Creation] = {}
    if not factory:
        return there
    different: list[tuple[str, Any, Any]] = []
    for step in suite(params, chain.address_of):
        planned = Creation.planned(step, chain.address_of(step.label), chain.interface(step.contract))
        made = chain.found(planned)
        if made is not None:
            there[step.contract] = made
            different += [
                (parameter_of(step.contract, name), found, asked)
                for name, found, asked in differences(made.arguments, planned.arguments)
            ]
    _refuse(f"{chain.sender} already has a suite here with", different)
    return there


def _flat(params: Params) -> dict[str, Any]:
    data = params.data()
    terms = data.pop("distribution") or {}
    return {**data, **{f"distribution {name}": value for name, value in terms.items()}}


def _refuse(what: str, different: list[tuple[str, Any, Any]]) -> None:
    if different:
        listed = "; ".join(f"{name} {_shown(found)}, not {_shown(asked)}" for name, found, asked in different)
        raise UsageError(f"{what} {listed}", remedy=ANOTHER_SUITE)


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value) or "none"
