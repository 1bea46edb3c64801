"""The timelock handed over: from the account that deployed to those who keep the suite, a Safe as a rule.

One batch of calls that the timelock makes to itself gives the roles to the new holders and takes them from the old
ones. It is queued and, after the delay, executed like every other decision. What the deployer has left afterwards is
asked of every contract of the suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.deployments import Holders, Record
from keifu.chain.roles import ADMIN, NAMES, ever_held, still_queued
from keifu.chain.settings import setting_rows
from keifu.chain.suite import FACTORY, TIMELOCK, TOKEN
from keifu.chain.timelock import Batch
from keifu.chain.verify import Check
from keifu.errors import Revert, UsageError
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
    """Whether an account has nothing to say in the suite: no role of the timelock, no view of any contract and no
    setting that names it, no coins. Nothing may wait in the timelock that it may have queued. Everything is asked of
    the chain; the record says only where."""
    timelock = client.at(record.contracts[TIMELOCK], TIMELOCK)
    first = record.creations[TIMELOCK].block
    held = ever_held(client, timelock, first)
    for role in {*NAMES, *held}:
        name = NAMES.get(role, "0x" + role.hex())
        yield Check(f"{account} is no {name} of the timelock", not timelock.hasRole(role, account))
    waiting = still_queued(client, timelock, account, first)
    yield Check(f"nothing that {account} may have queued waits in the timelock", not waiting, ", ".join(waiting))
    for contract, address in record.contracts.items():
        if contract == FACTORY:
            continue
        handle = client.at(address, contract)
        named = [view for view in _address_views(handle) if account in _addresses(_answer(handle, view))]
        yield Check(f"{contract} names {account} nowhere", not named, ", ".join(named))
    settings = [what for what, _, detail in setting_rows(client, record) if account in f"{what} {detail}".lower()]
    yield Check(f"the timelock has set nothing that names {account}", not settings, ", ".join(settings))
    balance = client.at(record.contracts[TOKEN], TOKEN).balanceOf(account)
    yield Check(f"{account} holds no coins of the suite", balance == 0, f"{coins(balance)} coins" if balance else "")


def _address_views(handle: Contract) -> list[str]:
    """Views without arguments that give an address, alone or among other things."""
    return [
        item["name"]
        for item in handle.interface.abi
        if item["type"] == "function"
        and item.get("stateMutability") in ("view", "pure")
        and not item["inputs"]
        and any(map(_has_address, item["outputs"]))
    ]


def _answer(handle: Contract, view: str) -> Any:
    """None where there is nothing to show now, as of a transfer when none is under way."""
    try:
        return getattr(handle, view)()
    except Revert:
        return None


def _has_address(output: dict[str, Any]) -> bool:
    return output["type"].startswith("address") or any(map(_has_address, output.get("components", ())))


def _addresses(value: Any) -> Iterator[str]:
    """Whatever is a text in an answer, in lower case."""
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value:
            yield from _addresses(item)


def _call(timelock: Contract, function: str, name: str, role: bytes, who: str) -> tuple[str, bytes, str]:
    payload = timelock.interface.function(function, 2).encode((role, who))
    return timelock.address, payload, f"{'give' if function == 'grantRole' else 'take'} {name}: {who}"
