"""A plan made for one chain: what is there, what is missing, what it takes. Nothing is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Receipt, load
from keifu.chain import ChainClient, ClientDeployer
from keifu.chain.bounds import bounds_of
from keifu.chain.create3 import create3_address, salt_of
from keifu.chain.creation import Creation, differences
from keifu.chain.deployments import Holders, Record
from keifu.chain.parameters import Params, meanings
from keifu.chain.plan import Plan, is_local
from keifu.chain.probe import probe, require_fit
from keifu.chain.services import SERVICES
from keifu.chain.suite import FACTORY, HUB, parameter_of, suite
from keifu.deploy.document import (
    LISTED,
    THERE,
    TO_BE_MADE,
    Document,
    PlannedParameter,
    PlannedService,
    PlannedStep,
)
from keifu.deploy.rehearsal import Rehearsed, rehearse
from keifu.deploy.sources import commit, compiler
from keifu.errors import CheckFailed, UsageError
from keifu.keys import checksum

__all__ = ["creation_digest", "creations_of", "make_plan", "roles_of", "steps_of", "table_of"]


def make_plan(
    client: ChainClient,
    deployer: str,
    record: Record,
    chosen: Plan,
    *,
    on_step: Callable[[str, str], None] = lambda name, address: None,
) -> Document:
    """Probe the chain, rehearse on an empty copy of it, and write down what follows.

    Raises UsageError for parameters that are out of bounds or differ from the record's, EnvironmentFault for a chain
    that the suite cannot live on, CheckFailed when the rehearsal's suite does not verify.
    """
    found = probe(client.rpc)
    plan = chosen.resolve(record, deployer, client.now)
    params = plan.params
    require_fit(found, seeds=params.seeds, randomness=params.randomness)
    nonce = client.rpc.quantity("eth_getTransactionCount", deployer, "latest")
    rehearsed = rehearse(found, deployer, params, nonce=nonce, now=client.now, on_step=on_step)
    if faults := [check.what for check in rehearsed.checks if not check.holds]:
        raise CheckFailed(f"the rehearsed suite is not what it should be: {', '.join(faults)}")
    factory = _Onlooker(client, deployer, record.factory).factory_to_be()
    steps = steps_of(client, deployer, params, factory, record, rehearsed)
    services, listed = _services(client, steps, rehearsed)
    return Document(
        chain=found,
        deployer=deployer,
        balance=client.balance(deployer),
        commit=commit(),
        compiler=compiler(),
        parameters=params.data(),
        table=table_of(plan, record.chain_id),
        factory=factory,
        steps=steps,
        services=services,
        listing_gas=0 if listed or deployer not in params.proposers else rehearsed.listing_gas,
        roles_before=roles_of(record.held_by),
        roles_after=roles_of(record.held_by or Holders(params.proposers, params.executors)),
        differences=tuple(f"{step.contract}: {step.state}" for step in steps if step.state not in (TO_BE_MADE, THERE)),
    )


class _Onlooker(ClientDeployer):
    """Looks for the factory exactly as the deployment will."""

    def send(self, to: str | None, data: bytes) -> Receipt:
        del to, data
        raise UsageError("nothing is sent for a plan", remedy="`keifu deploy all` sends it")


def creation_digest(planned: Creation) -> str:
    """SHA-256 of creation code and arguments: another one is another contract."""
    return hashlib.sha256(load(planned.contract).creation_code + planned.encoded_bytes).hexdigest()


def creations_of(deployer: str, params: Params, factory: str) -> list[Creation]:
    """The factory and all that it makes, in order."""

    def address_of(label: str) -> str:
        return create3_address(factory, deployer, salt_of(label))

    suited = [
        Creation.planned(step, address_of(step.label), load(step.contract).interface)
        for step in suite(params, address_of)
    ]
    return [Creation.plain(FACTORY, factory, load(FACTORY).interface), *suited]


def steps_of(
    client: ChainClient, deployer: str, params: Params, factory: str, record: Record, rehearsed: Rehearsed
) -> tuple[PlannedStep, ...]:
    made = []
    for item in creations_of(deployer, params, factory):
        state = _state(client, record, item)
        made.append(
            PlannedStep(
                contract=item.contract,
                label=item.label,
                address=item.address,
                arguments=item.arguments,
                encoded=item.encoded,
                creation=creation_digest(item),
                gas=rehearsed.gas.get(item.contract, 0) if state == TO_BE_MADE else 0,
                state=state,
            )
        )
    return tuple(made)


def _state(client: ChainClient, record: Record, planned: Creation) -> str:
    """Whether the contract is there, and in what it differs from the plan."""
    if not client.code(planned.address):
        return TO_BE_MADE
    recorded = record.creations.get(planned.contract)
    found = differences(recorded.arguments, planned.arguments) if recorded else ()
    different = [f"{parameter_of(planned.contract, name)} is {old}, not {new}" for name, old, new in found]
    return "; ".join(different) or THERE


def _services(
    client: ChainClient, steps: tuple[PlannedStep, ...], rehearsed: Rehearsed
) -> tuple[tuple[PlannedService, ...], bool]:
    """Rows of the suite's services, and whether the hub has them all."""
    places = {step.contract: step for step in steps}
    hub = places[HUB]
    rows = []
    for service in SERVICES:
        terms, place = rehearsed.record.services[service.contract], places[service.contract]
        state = "to be listed"
        if hub.state != TO_BE_MADE and client.at(hub.address, HUB).service(place.address)[0]:
            state = LISTED
        rows.append(PlannedService(service.contract, place.address, terms["horizon"], terms["multiple"], state))
    return tuple(rows), all(row.state == LISTED for row in rows)


def table_of(plan: Plan, chain_id: int) -> tuple[PlannedParameter, ...]:
    """Each choice as people read it."""
    said, public = meanings(), not is_local(chain_id)
    return tuple(
        PlannedParameter(name, value, source, bounds_of(name, public=public), said.get(name, ""))
        for name, value, source in plan.describe()
    )


def roles_of(holders: Holders | None) -> dict[str, tuple[str, ...]]:
    """Who has which role of the timelock, as people read it."""
    if holders is None:
        return {}
    proposers, executors = (tuple(_named(who) for who in group) for group in (holders.proposers, holders.executors))
    return {"proposer": proposers, "canceller": proposers, "executor": executors, "admin": ("the timelock itself",)}


def _named(address: str) -> str:
    return "anyone" if address == ZERO_ADDRESS else checksum(address)
