"""How far a deployment has come, and what is to be done next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from keifu.chain import ChainClient
from keifu.chain.deployments import Record
from keifu.chain.services import SERVICES
from keifu.chain.settings import Views
from keifu.chain.suite import HUB, TIMELOCK
from keifu.chain.timelock import operation
from keifu.deploy.changes import listing_batch
from keifu.deploy.waiting import Waiting, waiting
from keifu.units import day

__all__ = ["Status", "read_status"]


@dataclass(frozen=True)
class Status:
    """Of one record. `next` is what somebody has to do, "" when nothing is."""

    contracts: int
    missing: tuple[str, ...]  # recorded, and not on the chain
    pending: str  # what a run was about to make when it ended
    services: dict[str, str]
    holders: dict[str, tuple[str, ...]]
    handed_over: bool
    waiting: tuple[Waiting, ...]  # in the timelock, services among it
    next: str

    def data(self) -> dict[str, Any]:
        return asdict(self)


def read_status(client: ChainClient, record: Record) -> Status:
    """Everything is asked of the chain; the record says where."""
    missing = tuple(name for name, address in record.contracts.items() if not client.code(address))
    whole = bool(record.contracts) and not missing and record.pending is None and HUB in record.contracts
    services = _services(client, record) if whole and all(s.contract in record.contracts for s in SERVICES) else {}
    holders = record.held_by
    return Status(
        contracts=len(record.contracts),
        missing=missing,
        pending=record.pending.contract if record.pending else "",
        services=services,
        holders={"proposers": holders.proposers, "executors": holders.executors} if holders else {},
        handed_over=record.holders is not None,
        waiting=tuple(waiting(client, record)) if TIMELOCK in record.contracts and TIMELOCK not in missing else (),
        next=_next(record, missing, services),
    )


def _next(record: Record, missing: tuple[str, ...], services: dict[str, str]) -> str:
    if not record.contracts:
        return "make a plan: `keifu deploy plan`"
    if missing:
        return f"{', '.join(missing)} is recorded and not there: is this the right chain?"
    if record.pending is not None or not services:
        return "go on with the same plan: `keifu deploy all`"
    if any(state != "listed" for state in services.values()):
        return "have the timelock list the services: `keifu deploy all` again, once they are ready"
    return "" if record.holders else "hand the timelock over: `keifu deploy handover`"


def _services(client: ChainClient, record: Record) -> dict[str, str]:
    """Where each service stands: listed, in the timelock until when, or not yet queued."""
    timelock = client.at(record.contracts[TIMELOCK], TIMELOCK)
    views, states = Views(client), {service.contract: "listed" for service in SERVICES}
    places = {record.contracts[service.contract]: service.contract for service in SERVICES}
    for target, payload, _ in listing_batch(client, record).calls:
        number = views.call(timelock.address, TIMELOCK, "hash_operation", *operation(target, payload))
        ready = timelock.get_timestamp(number)
        who = places["0x" + payload[4 + 12 : 4 + 32].hex()]
        states[who] = f"queued, ready from {day(ready)} on" if ready > 1 else "not queued"
    return states
