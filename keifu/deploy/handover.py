"""The timelock handed over: from the account that deployed to those who keep the suite, a Safe as a rule.

One batch of calls that the timelock makes to itself gives the roles to the new holders and takes them from the old
ones. It is queued and, after the delay, executed like every other decision. What the deployer has left afterwards is
asked of every contract of the suite.
"""

from __future__ import annotations

from collections.abc import Iterator

from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.deployments import Holders, Record
from keifu.chain.roles import ADMIN, NAMES, ever_held
from keifu.chain.suite import FACTORY, TIMELOCK, TOKEN
from keifu.chain.timelock import Batch
from keifu.chain.verify import Check
from keifu.errors import UsageError
from keifu.units import coins

__all__ = ["handover_batch", "leftovers"]


def handover_batch(client: ChainClient, record: Record, to: Holders) -> Batch:
    """What the timelock has to call on itself, and a text for each call; no calls when these hold it already. New
    holders come first, so that the timelock is never without any.
    """
    if not to.proposers or not to.executors:
        raise UsageError("the timelock would have no proposer or no executor", remedy="name both")
    timelock = client.at(record.contracts[TIMELOCK], TIMELOCK)
    held = ever_held(client, timelock, record.creations[TIMELOCK].block)
    wanted = {"proposer": set(to.proposers), "canceller": set(to.proposers), "executor": set(to.executors)}
    gives: list[tuple[str, bytes, str]] = []
    takes: list[tuple[str, bytes, str]] = []
    for role, name in NAMES.items():
        if role == ADMIN:
            continue
        holders = {who for who in held.get(role, set()) | wanted[name] if timelock.hasRole(role, who)}
        gives += [_call(timelock, "grantRole", name, role, who) for who in sorted(wanted[name] - holders)]
        takes += [_call(timelock, "revokeRole", name, role, who) for who in sorted(holders - wanted[name])]
    return Batch(timelock.address, tuple(gives + takes))


def leftovers(client: ChainClient, record: Record, account: str) -> Iterator[Check]:
    """Whether an account has nothing to say in the suite: no role of the timelock, no view of any contract that names
    it, no coins. Everything is asked of the chain; the record says only where."""
    timelock = client.at(record.contracts[TIMELOCK], TIMELOCK)
    held = ever_held(client, timelock, record.creations[TIMELOCK].block)
    for role in {*NAMES, *held}:
        name = NAMES.get(role, "0x" + role.hex())
        yield Check(f"{account} is no {name} of the timelock", not timelock.hasRole(role, account))
    for contract, address in record.contracts.items():
        if contract == FACTORY:
            continue
        handle = client.at(address, contract)
        named = [view for view in _address_views(handle) if getattr(handle, view)().lower() == account]
        yield Check(f"{contract} names {account} nowhere", not named, ", ".join(named))
    balance = client.at(record.contracts[TOKEN], TOKEN).balanceOf(account)
    yield Check(f"{account} holds no coins of the suite", balance == 0, f"{coins(balance)} coins" if balance else "")


def _address_views(handle: Contract) -> list[str]:
    """Views without arguments that give one address."""
    return [
        item["name"]
        for item in handle.interface.abi
        if item["type"] == "function"
        and item.get("stateMutability") in ("view", "pure")
        and not item["inputs"]
        and [output["type"] for output in item["outputs"]] == ["address"]
    ]


def _call(timelock: Contract, function: str, name: str, role: bytes, who: str) -> tuple[str, bytes, str]:
    payload = timelock.interface.function(function, 2).encode((role, who))
    return timelock.address, payload, f"{'give' if function == 'grantRole' else 'take'} {name}: {who}"
