"""A plan that was signed off, carried out: everything is checked before the first transaction, chain and code before
and after each one, and a run that was cut off goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keifu.chain import ChainClient, ClientDeployer, Deployment, deploy_protocol
from keifu.chain.creation import Creation, code_hash
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.plan import is_local
from keifu.chain.probe import require_fit
from keifu.chain.services import SERVICES, Listing, list_services
from keifu.chain.settings import agree
from keifu.chain.suite import FACTORY, TIMELOCK
from keifu.chain.verify import makes
from keifu.deploy.agreed import ANEW, require_whole
from keifu.deploy.document import THERE, Document, ether
from keifu.deploy.planning import creation_digest
from keifu.deploy.pool import require_idle
from keifu.deploy.sources import commit, compiler, require_clean
from keifu.errors import ChainMismatch, CheckFailed, EnvironmentFault, UsageError
from keifu.units import day

__all__ = ["Outcome", "carry_out", "require_current", "require_funds", "require_recorded", "said_of"]


@dataclass(frozen=True)
class Outcome:
    """Where everything is, and where each service stands; `queued_by` is who has to queue what the deployer cannot."""

    deployment: Deployment
    services: list[Listing]
    waiting_for: tuple[str, ...] = ()


def carry_out(
    chain: ClientDeployer,
    record: Record,
    plan: Document,
    *,
    save: Callable[[Record], None],
    on_step: Callable[[str, str], None] = lambda name, address: None,
) -> Outcome:
    """Deploy what is missing of the plan, and queue or list its services as far as the deployer may.

    Safe to call again. Raises what `require_current` and `require_funds` raise before anything is sent; later
    ChainMismatch or CheckFailed when the chain, or the code on it, is not what it should be.
    """
    client = chain.client
    require_current(client, chain.sender, record, plan)
    client.offer_between(plan.chain.tip, plan.chain.max_fee)
    require_idle(client, chain.sender)
    _require_place(chain, record, plan)
    require_funds(client, plan)
    guard = _Guard(client, plan, save)
    record.compiler, record.commit = compiler(), commit()
    deployment = deploy_protocol(chain, plan.params, record=record, save=guard, on_step=on_step, list_them=False)
    holders = record.held_by
    assert holders is not None
    if chain.sender not in holders.proposers:
        return _finished(client, record, Outcome(deployment, [], holders.proposers), save)
    listings = []
    for service in SERVICES:
        guard.require_chain()
        listings += list_services(chain, deployment, [service], agreed=plan.horizons)
    guard.require_chain()
    return _finished(client, record, Outcome(deployment, listings), save)


def said_of(outcome: Outcome) -> list[str]:
    """Where each service stands, and who has to do what."""
    lines = [f"{len(outcome.deployment.addresses)} contracts are there, each looked at after it was made"]
    for item in outcome.services:
        where = "listed" if item.listed else f"queued in the timelock; run this again from {day(item.ready)} on"
        lines.append(f"service {item.service} {where}")
    if outcome.waiting_for:
        lines.append(f"the services wait for the timelock's proposers: {', '.join(outcome.waiting_for)}")
    return lines


def require_current(client: ChainClient, deployer: str, record: Record, plan: Document) -> None:
    """Whether the plan is still true. Raises ChainMismatch for another chain, UsageError for another account, other
    sources or a working tree with changes, CheckFailed for what has become of the chain since."""
    _require_chain(client, plan)
    if record.chain_id != plan.chain.chain_id or record.genesis != plan.chain.genesis:
        raise ChainMismatch(f"the record is of chain {record.chain_id}, the plan of {plan.chain.chain_id}")
    if deployer != plan.deployer:
        raise UsageError(f"the plan is for {plan.deployer}, not {deployer}", remedy="use that account")
    if not is_local(plan.chain.chain_id):
        require_clean()
    require_fit(plan.chain, seeds=plan.params.seeds, randomness=plan.params.randomness)
    if plan.differences:
        raise UsageError(f"the chain differs from the plan: {'; '.join(plan.differences)}", remedy=ANEW)
    require_whole(plan)
    if gone := [step.contract for step in plan.steps if step.state == THERE and not client.code(step.address)]:
        raise CheckFailed(f"the plan says that {', '.join(gone)} is there, and nothing is", remedy=ANEW)


def require_funds(client: ChainClient, plan: Document) -> None:
    """Raises EnvironmentFault with the amount that is missing, before the first transaction."""
    left = [step for step in plan.due if not client.code(step.address)]
    if not left:
        return
    gas = sum(step.gas for step in left) + plan.listing_gas + max(step.gas for step in left)
    needed, balance = gas * plan.chain.max_fee, client.balance(plan.deployer)
    if balance < needed:
        raise EnvironmentFault(
            f"{plan.deployer} has {ether(balance)}, and the deployment may take {ether(needed)}",
            remedy=f"pay it {ether(needed - balance)} ({needed - balance} wei), then run the same command again",
        )


def require_recorded(record: Record) -> Record:
    """Raises EnvironmentFault when no suite is recorded for the chain."""
    if TIMELOCK not in record.contracts:
        raise EnvironmentFault(
            f"no suite is recorded for chain {record.chain_id}",
            remedy="name the folder of its record with --deployments, or deploy it with `keifu deploy all`",
        )
    return record


class _Guard:
    """Saves the record, as often as `deploy_protocol` does: before each step and after it. Each time it looks whether
    this is still the chain, and the code what it has to be."""

    def __init__(self, client: ChainClient, plan: Document, save: Callable[[Record], None]) -> None:
        self.client, self.plan, self.save = client, plan, save
        self.known: set[str] = set()
        self.begun = False  # what an earlier run was about to make may be there

    def __call__(self, record: Record) -> None:
        self.require_chain()
        if record.pending is not None:
            self._require_planned(record.pending)
            if self.begun and self.client.code(record.pending.address):
                raise CheckFailed(f"something is at {record.pending.address}, where {record.pending.contract} is due")
        else:
            for name in [name for name in record.creations if name not in self.known]:
                self._require_planned(record.creations[name])
                self._require_code(record.creations[name])
                self.known.add(name)
        self.begun = True
        self.save(record)

    def require_chain(self) -> None:
        _require_chain(self.client, self.plan)

    def _require_planned(self, made: Creation) -> None:
        planned = {step.contract: (step.address, step.creation) for step in self.plan.steps}
        if planned.get(made.contract) != (made.address, creation_digest(made)):
            raise CheckFailed(f"{made.contract} at {made.address} is not what the plan says", remedy=ANEW)

    def _require_code(self, made: Creation) -> None:
        code = self.client.code(made.address)
        packaged = self.client.load(made.contract)
        init_code = packaged.creation_code + made.encoded_bytes
        right = code in packaged.creation_code if made.contract == FACTORY else False
        if not code or code_hash(code) != made.code_hash:
            raise CheckFailed(f"the code of {made.contract} at {made.address} changed under the deployment")
        if not right and not makes(self.client, init_code, made.address, made.block, code):
            raise CheckFailed(f"{made.contract} at {made.address} is not what its arguments make")


def _require_place(chain: ClientDeployer, record: Record, plan: Document) -> None:
    """Every address, and so the wiring, follows from where the factory is."""
    chain.begin(record.factory, record.first_block)
    if (where := chain.factory_to_be()) != plan.factory:
        raise CheckFailed(f"the factory is or will be at {where}, the plan has it at {plan.factory}", remedy=ANEW)


def _require_chain(client: ChainClient, plan: Document) -> None:
    found = client.rpc.quantity("eth_chainId")
    if found != plan.chain.chain_id:
        raise ChainMismatch(f"the plan is for chain {plan.chain.chain_id}, this is {found}", remedy="check the network")
    if (genesis := genesis_of(client.rpc)) != plan.chain.genesis:
        raise ChainMismatch(
            f"this is another chain {found} than the plan's: its first block is {genesis}, not {plan.chain.genesis}",
            remedy="check the network, or make a plan for this chain",
        )


def _finished(client: ChainClient, record: Record, outcome: Outcome, save: Callable[[Record], None]) -> Outcome:
    """Once everything is listed, the record has what was agreed to."""
    hub_has_all = outcome.services and all(listing.listed for listing in outcome.services)
    if hub_has_all and not record.services and TIMELOCK in record.contracts:
        agree(client, record)
        save(record)
    return outcome
