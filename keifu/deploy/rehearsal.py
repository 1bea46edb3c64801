"""A plan carried out on a chain that nobody else sees: an empty one, or a fork of the real one with all its history.

The same functions deploy, list and verify there. Only the signing differs: the rehearsal's node signs for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from ethwire.constants import ETHER, ZERO_ADDRESS
from ethwire.rpc import quantity
from keifu.abi import Receipt
from keifu.chain import Anvil, ChainClient, ClientDeployer, Deployment, Params, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.factory import PROXY
from keifu.chain.header import genesis_of
from keifu.chain.probe import Probe
from keifu.chain.services import list_services
from keifu.chain.settings import agree
from keifu.chain.suite import FACTORY, TIMELOCK
from keifu.chain.verify import Check, verify_suite
from keifu.errors import RpcError

__all__ = ["ImpersonatedDeployer", "Rehearsed", "rehearse"]

PLENTY = 1_000_000 * ETHER
GAS = 30_000_000  # a transaction, at most


@dataclass
class Rehearsed:
    """What came of it."""

    record: Record
    gas: dict[str, int] = field(default_factory=dict)  # of each contract that was made, by name
    listing_gas: int = 0
    checks: list[Check] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)


class ImpersonatedDeployer(ClientDeployer):
    """Sends as an account whose key nobody here has: only a rehearsal's node allows that."""

    def __init__(self, client: ChainClient, sender: str, factory: str = "") -> None:
        super().__init__(client, sender, factory)
        self.gas_used = 0
        client.rpc.call("anvil_impersonateAccount", sender)
        client.rpc.call("anvil_setBalance", sender, hex(PLENTY))

    def send(self, to: str | None, data: bytes) -> Receipt:
        rpc = self.client.rpc
        request = {"from": self.sender, "data": "0x" + data.hex()} | ({"to": to} if to else {})
        gas = min(quantity(rpc.call("eth_estimateGas", request), "an estimate", rpc.url) * 2, GAS)
        tx_hash = rpc.call("eth_sendTransaction", {**request, "gas": hex(gas)})
        while (raw := rpc.call("eth_getTransactionReceipt", tx_hash)) is None:
            rpc.call("evm_mine")
        if raw["status"] != "0x1":
            raise RpcError(f"the rehearsal's transaction {tx_hash} failed")
        self.gas_used += int(raw["gasUsed"], 16)
        return Receipt(tx_hash=tx_hash, block_number=int(raw["blockNumber"], 16))


def rehearse(
    chain: Probe,
    deployer: str,
    params: Params,
    *,
    record: Record | None = None,
    nonce: int = 0,
    fork: str = "",
    now: int = 0,
    on_step: Callable[[str, str], None] = lambda name, address: None,
) -> Rehearsed:
    """Deploy, list the services and verify. Without `fork` on an empty chain at the time `now`, where everything is
    made anew; with the address of a node there, going on with `record`.

    Raises Revert with the reason of whoever refuses, as the real deployment would.
    """
    with _stage(chain, deployer, nonce=nonce, fork=fork, now=now) as client:
        found = Rehearsed(_copy(record) if record and fork else Record(chain.chain_id, genesis_of(client.rpc)))
        acting = ImpersonatedDeployer(client, deployer, found.record.factory)
        before = 0

        def step(name: str, address: str) -> None:
            nonlocal before
            found.gas[name], before = acting.gas_used - before, acting.gas_used
            on_step(name, address)

        def save(changed: Record) -> None:
            nonlocal before
            if FACTORY in changed.creations and FACTORY not in found.gas:
                found.gas[FACTORY], before = acting.gas_used, acting.gas_used

        deployment = deploy_protocol(acting, params, record=found.record, save=save, on_step=step, list_them=False)
        found.listing_gas = _list(client, found.record, deployment, deployer)
        found.checks = verify_suite(client, found.record)
        if found.holds:
            agree(client, found.record)
        return found


def _list(client: ChainClient, record: Record, deployment: Deployment, deployer: str) -> int:
    """The services, by whoever holds the timelock; the gas that falls to the deployer."""
    holders = record.held_by
    assert holders is not None
    proposing = ImpersonatedDeployer(client, holders.proposers[0])
    executor = holders.executors[0]
    executing = proposing if executor in (ZERO_ADDRESS, proposing.sender) else ImpersonatedDeployer(client, executor)
    if not all(item.listed for item in list_services(proposing, deployment)):
        wait = client.at(deployment[TIMELOCK], TIMELOCK).get_minimum_delay()
        client.rpc.call("evm_setNextBlockTimestamp", client.now + wait + 1)
        client.rpc.call("evm_mine")
        list_services(executing, deployment)
    return sum(acting.gas_used for acting in {proposing, executing} if acting.sender == deployer)


@contextmanager
def _stage(chain: Probe, deployer: str, *, nonce: int, fork: str, now: int) -> Iterator[ChainClient]:
    """A node of our own that behaves as the chain does."""
    rules = chain.hardfork if chain.hardfork in ("cancun", "prague", "osaka") else "cancun"
    with Anvil(chain_id=chain.chain_id, hardfork=rules, fork=fork, timestamp=0 if fork else now) as anvil:
        if not fork:
            if not chain.has_proxy:
                anvil.rpc.call("anvil_setCode", PROXY, "0x")
            anvil.rpc.call("anvil_setNonce", deployer, hex(nonce))
        yield anvil.client()


def _copy(record: Record) -> Record:
    return msgspec.json.decode(msgspec.json.encode(record), type=Record)
