"""What the timelock has decided since the deployment: services of the hub, attestors, currencies, tokens, a fee.

A record of a finished deployment has these as they were agreed to; then whatever differs from it is a fault. An earlier
record has none of them, and they are shown for somebody to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from keifu.chain._client import ChainClient
from keifu.chain._named import attestor_rows, currency_rows, token_rows
from keifu.chain.deployments import Record
from keifu.chain.logs import named_in
from keifu.chain.services import SERVICES, Service, longest_fault
from keifu.chain.suite import CHANNELS, HUB, MARKET, VERIFIER
from keifu.units import duration

__all__ = ["Row", "Views", "agree", "service_rows", "setting_rows"]

Row = tuple[str, bool, str]  # what is asked, whether it is as it should be, detail
OUTSIDE = "a service from outside the suite is listed"
_ADDRESS = re.compile("0x[0-9a-f]{40}")


class Views:
    """Reads by contract and function, as a deployer does, with no sender."""

    def __init__(self, client: ChainClient) -> None:
        self._client = client

    def call(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self._client.at(address, name), function)(*args)


def agree(client: ChainClient, record: Record) -> None:
    """Write what is set now into the record: from then on every difference from it is a fault."""
    hub = client.at(record.contracts[HUB], HUB)
    terms = {service.contract: hub.service(record.contracts[service.contract]) for service in SERVICES}
    record.services = {
        name: {"horizon": horizon, "multiple": multiple}
        for name, (horizon, multiple, removed, _) in terms.items()
        if horizon and not removed
    }
    record.settings = tuple(sorted({_key(*row) for row in _set(client, record)}))


def service_rows(client: ChainClient, record: Record) -> Iterator[Row]:
    """Those of the suite, by their terms."""
    hub = client.at(record.contracts[HUB], HUB)
    for service in SERVICES:
        address = record.contracts[service.contract].lower()
        horizon, multiple, removed, _ = hub.service(address)
        terms = f"horizon {duration(horizon)}, multiple {multiple}"
        if not horizon or removed:
            was = service.contract in record.services
            said = "is no longer listed as a service" if was else "is not listed as a service yet"
            yield f"{service.contract} {said}", not was, address
        elif fault := _fault(client, record, service, horizon, multiple):
            yield f"{HUB}.service", False, f"{service.contract} is listed with {terms}, {fault}"
        else:
            yield f"{service.contract} is listed as a service by its own terms", True, terms


def setting_rows(client: ChainClient, record: Record) -> Iterator[Row]:
    """All else; a fault where a record of a finished deployment says otherwise."""
    found = dict.fromkeys(_set(client, record))
    for what, detail in found:
        is_new = bool(record.services) and _key(what, detail) not in record.settings
        yield what, not is_new, f"{detail}; the record does not have it" if is_new else detail
    for key in sorted(set(record.settings) - {_key(*row) for row in found}):
        yield key, False, "the record has it, the chain no longer"


def _fault(client: ChainClient, record: Record, service: Service, horizon: int, multiple: int) -> str:
    own = longest_fault(Views(client), record.contracts[service.contract])
    if horizon < own or multiple != service.max_multiple:
        return "not by its own terms"
    agreed = record.services.get(service.contract)
    now = {"horizon": horizon, "multiple": multiple}
    return f"the record has {agreed}" if record.services and agreed != now else ""


def _set(client: ChainClient, record: Record) -> Iterator[tuple[str, str]]:
    yield from _outside(client, record)
    for name, rows in ((VERIFIER, attestor_rows), (MARKET, currency_rows), (CHANNELS, token_rows)):
        yield from rows(client, client.at(record.contracts[name], name), record.creations[name].block)


def _outside(client: ChainClient, record: Record) -> Iterator[tuple[str, str]]:
    """Services of the hub that are none of the suite's. Events name whom to ask; storage answers."""
    hub = client.at(record.contracts[HUB], HUB)
    ours = {record.contracts[service.contract].lower() for service in SERVICES}
    for address in sorted(set(named_in(client, hub, "ServiceListed", record.creations[HUB].block)) - ours):
        horizon, multiple, removed, _ = hub.service(address)
        if horizon and not removed:
            yield OUTSIDE, f"look at {address}: horizon {duration(horizon)}, multiple {multiple}"


def _key(what: str, detail: str) -> str:
    """What a record keeps of a row: of an attestor not the coins behind it, which change."""
    address = _ADDRESS.search(detail)
    kept = address[0] if address and what != OUTSIDE else detail
    return f"{what}: {kept}"
