"""A plan's transactions for a machine without a network: written down there, signed elsewhere, and sent from here.

Every transaction has its nonce, gas limit and highest fee beforehand, so that whoever signs sees all that it can cost.
The file carries the plan, and before anything is signed its transactions are made again from that and compared: they
come from a machine with a network, and the digest that was signed off says nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from keifu._files import read_bounded
from keifu.abi import Receipt, load
from keifu.chain import ChainClient, ClientDeployer, Fees, sign_transaction
from keifu.chain.create3 import deployment_call
from keifu.chain.factory import PROXY, proxy_call
from keifu.chain.suite import FACTORY, HUB, TIMELOCK
from keifu.chain.timelock import operation
from keifu.deploy.agreed import require_whole
from keifu.deploy.document import LISTED, Document
from keifu.errors import EnvironmentFault, InputError, UsageError
from keifu.keys import Account

__all__ = ["PresignedDeployer", "Signed", "Unsigned", "sign_all", "unsigned_of"]

MARGIN_PERCENT = 25
LISTING_GAS = 400_000  # for queueing or listing one service; the first call of an epoch turns the hub's
LARGEST = 64 << 20  # bytes
AGAIN = "make it with `keifu deploy unsigned`"


class Entry(msgspec.Struct, frozen=True):
    """One transaction; `to` empty makes a contract. `raw` is empty until it is signed."""

    what: str
    nonce: int
    to: str
    data: str
    gas: int
    max_fee: int
    priority: int
    raw: str = ""


class Unsigned(msgspec.Struct, frozen=True):
    """All transactions of one plan."""

    plan: Document
    entries: tuple[Entry, ...]

    @property
    def digest(self) -> str:
        return self.plan.digest

    @property
    def sender(self) -> str:
        return self.plan.deployer

    def write(self, path: Path) -> None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")

    @classmethod
    def read(cls, path: Path) -> Unsigned:
        try:
            return msgspec.json.decode(read_bounded(path, LARGEST, "transactions of a plan"), type=cls)
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(f"cannot read {path}: {error}", remedy=AGAIN) from error


Signed = Unsigned


def unsigned_of(client: ChainClient, plan: Document) -> Unsigned:
    """The transactions that make the plan's contracts and, where the deployer proposes, queue and list its services."""
    return Unsigned(plan, _entries(plan, client.rpc.quantity("eth_getTransactionCount", plan.deployer, "latest")))


def _entries(plan: Document, nonce: int) -> tuple[Entry, ...]:
    calls = [*_creations(plan), *(_listings(plan) if plan.listing_gas else ())]
    return tuple(
        Entry(what, number, to, "0x" + data.hex(), min(gas, plan.chain.block_gas), plan.chain.max_fee, plan.chain.tip)
        for number, (what, to, data, gas) in enumerate(calls, nonce)
    )


def _creations(plan: Document) -> Iterator[tuple[str, str, bytes, int]]:
    """What is made, where to send, the data, and the gas limit."""
    factory = load(FACTORY)
    for step in plan.due:
        gas = step.gas * (100 + MARGIN_PERCENT) // 100
        if step.contract != FACTORY:
            init_code = load(step.contract).creation_code + bytes.fromhex(step.encoded[2:])
            yield step.contract, plan.factory, deployment_call(factory.interface, step.label, init_code), gas
        elif plan.chain.has_proxy:
            yield step.contract, PROXY, proxy_call(factory.creation_code), gas
        else:
            yield step.contract, "", factory.creation_code, gas


def _listings(plan: Document) -> Iterator[tuple[str, str, bytes, int]]:
    """Each service is queued, and after the delay listed: in the order in which `keifu deploy all` asks for it."""
    places, timelock = {step.contract: step.address for step in plan.steps}, load(TIMELOCK).interface
    listing = load(HUB).interface.function("list_service", 3)
    calls = [
        (row.contract, operation(places[HUB], listing.encode((row.address, row.horizon, row.multiple))))
        for row in plan.services
        if row.state != LISTED
    ]
    for name, call in calls:
        data = timelock.function("schedule", 6).encode((*call, plan.params.timelock_delay))
        yield f"queue {name}", places[TIMELOCK], data, LISTING_GAS
    for name, call in calls:
        yield f"list {name}", places[TIMELOCK], timelock.function("execute", 5).encode(call), LISTING_GAS


def sign_all(unsigned: Unsigned, account: Account) -> Signed:
    """Raises UsageError for another account than the plan's, and for transactions that are not the plan's."""
    if account.address != unsigned.sender:
        raise UsageError(f"these are transactions of {unsigned.sender}, not {account.address}", remedy="use that key")
    require_whole(unsigned.plan)
    first = unsigned.entries[0].nonce if unsigned.entries else 0
    if unsigned.entries != _entries(unsigned.plan, first):
        raise UsageError("these transactions are not those of their plan: nothing was signed", remedy=AGAIN)
    signed = []
    for entry in unsigned.entries:
        raw, _ = sign_transaction(
            account,
            chain_id=unsigned.plan.chain.chain_id,
            nonce=entry.nonce,
            fees=Fees(entry.max_fee, entry.priority),
            gas=entry.gas,
            to=entry.to or None,
            value=0,
            data=bytes.fromhex(entry.data[2:]),
        )
        signed.append(msgspec.structs.replace(entry, raw="0x" + raw.hex()))
    return msgspec.structs.replace(unsigned, entries=tuple(signed))


class PresignedDeployer(ClientDeployer):
    """Sends what was signed beforehand, and nothing else: a transaction that is not among it is refused."""

    def __init__(self, client: ChainClient, signed: Signed, factory: str = "") -> None:
        super().__init__(client, signed.sender, factory)
        self._raws = {(entry.to, entry.data): entry for entry in signed.entries}

    def send(self, to: str | None, data: bytes) -> Receipt:
        entry = self._raws.get((to or "", "0x" + data.hex()))
        if entry is None or not entry.raw:
            raise EnvironmentFault("this transaction was not signed beforehand", remedy="sign the plan's transactions")
        return self.client.send_signed(bytes.fromhex(entry.raw[2:]))
