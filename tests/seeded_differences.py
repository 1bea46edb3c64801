"""`python -m tests.seeded_differences [count]`: differences that somebody puts into a finished suite, and whether
`verify` names each.

Of four kinds: a byte of run-time code, anywhere in any contract, immutables included; a role of the timelock, given,
taken or administered by others; a choice that the record has otherwise; a term of a service, or something else that the
timelock sets. Many are put in at once, at most one of a kind into each contract, and each has to be named for itself.
Prints {"seeded": N, "found": N, "missed": [...]}.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ethwire.constants import ETHER
from ethwire.rpc import Rpc
from keifu.chain import Anvil, ChainClient, RpcDeployer
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.plan import Plan
from keifu.chain.roles import NAMES
from keifu.chain.services import SERVICES
from keifu.chain.suite import HUB, TIMELOCK
from keifu.chain.verify import verify_suite
from keifu.deploy.planning import make_plan
from keifu.deploy.running import carry_out
from keifu.units import DAY
from tests.ape_chain import GENESIS

__all__ = ["Room", "main"]

SEED = 1
GAS = 10**6
WORD = 32


@dataclass
class Found:
    """What was put in, and whether it was named."""

    what: str
    found: bool


class Room:
    """A finished suite on a chain of its own."""

    def __init__(self, anvil: Anvil, folder: Path) -> None:
        self.anvil, self.client = anvil, ChainClient(Rpc(anvil.url))
        account = anvil.account("deployer")
        record = Record(self.client.chain_id, genesis_of(self.client.rpc))
        plan = make_plan(self.client, account.address, record, Plan.read(timelock_delay=2 * DAY))
        for _ in range(2):
            carry_out(
                RpcDeployer(self.client, account, record.factory), record, plan, save=lambda r: r.save(folder) and None
            )
            anvil.warp(plan.params.timelock_delay)
        self.record = record
        self.random = random.Random(SEED)
        assert self.wrong() == set()

    def wrong(self, record: Record | None = None) -> set[str]:
        """What `verify` says is wrong."""
        return {check.what for check in verify_suite(self.client, record or self.record) if not check.holds}

    # the kinds -----------------------------------------------------------------------------------------------------

    def code(self) -> Iterator[Found]:
        """A byte of each contract, the factory among them."""
        with self._undone():
            for address in self.record.contracts.values():
                code = bytearray(self.client.code(address))
                place = self.random.randrange(len(code))
                code[place] ^= self.random.randrange(1, 256)
                self.anvil.rpc.call("anvil_setCode", address, "0x" + code.hex())
            named = self.wrong()
        for name in self.record.contracts:
            yield Found(f"a byte of {name}", any(what.startswith((f"{name}.code", f"{name} runs")) for what in named))

    def roles(self) -> Iterator[Found]:
        """Given to a stranger, taken from a holder, the delay changed."""
        timelock = self.client.at(self.record.contracts[TIMELOCK], TIMELOCK)
        holders = {name: role for role, name in NAMES.items()}
        deployer = self.record.deployer
        stranger = f"0x{self.random.getrandbits(160):040x}"
        seeded: list[tuple[str, str, tuple[Any, ...]]] = [
            (name, "grantRole", (role, stranger)) for name, role in holders.items()
        ]
        seeded += [(name, "revokeRole", (role, deployer)) for name, role in holders.items() if name != "admin"]
        seeded += [("timelock_delay", "update_delay", (self.random.randrange(1, DAY),))]
        for name, function, arguments in seeded:
            with self._undone():
                self.decide(timelock.address, TIMELOCK, function, *arguments)
                named = self.wrong()
            yield Found(f"{function} of {name}", f"{TIMELOCK}.{name}" in named)

    def choices(self, step: int = 1) -> Iterator[Found]:
        """Each argument of each constructor, and each field of each contract, as a record that lies has it; with a
        `step`, of so many contracts one."""
        for name, made in list(self.record.creations.items())[::step]:
            lies: dict[str, Callable[[], Any]] = {
                "code_hash": lambda: "0x" + "0b" * 32,
                "abi_hash": lambda: "0b" * 32,
                "block": lambda made=made: made.block + 1,
            }
            for field, lie in lies.items():
                yield self._lied(name, field, {field: lie()})
            for argument, value in made.arguments.items():
                other = {**made.arguments, argument: value + value[-1:] if isinstance(value, list) else f"{value}1"}
                yield self._lied(name, argument, {"arguments": other})

    def services(self) -> Iterator[Found]:
        """Each service with another horizon, another multiple, or none; one from outside; a fee and a token."""
        hub, outsider = self.record.contracts[HUB], "0x" + "0b" * 20
        for service in SERVICES:
            address = self.record.contracts[service.contract]
            with self._undone():
                self.decide(hub, HUB, "remove_service", address)
                said = f"{service.contract} is no longer listed as a service"
                yield Found(f"{service.contract} removed", said in self.wrong())
            for field in ("horizon", "multiple"):
                record = copy.deepcopy(self.record)
                record.services[service.contract][field] += 1
                yield Found(f"{service.contract} {field}", f"{HUB}.service" in self.wrong(record))
        with self._undone():
            self.decide(hub, HUB, "list_service", outsider, DAY, 4)
            yield Found("a service from outside", "a service from outside the suite is listed" in self.wrong())

    # help ----------------------------------------------------------------------------------------------------------

    def decide(self, address: str, contract: str, function: str, *arguments: Any) -> None:
        """A call by the timelock, without its delay."""
        timelock = self.record.contracts[TIMELOCK]
        self.anvil.rpc.call("anvil_impersonateAccount", timelock)
        self.anvil.rpc.call("anvil_setBalance", timelock, hex(ETHER))
        data = self.client.load(contract).interface.function(function, len(arguments)).encode(arguments)
        request = {"from": timelock, "to": address, "data": "0x" + data.hex(), "gas": hex(GAS)}
        tx_hash = self.anvil.rpc.call("eth_sendTransaction", request)
        self.anvil.mine()
        assert self.anvil.rpc.call("eth_getTransactionReceipt", tx_hash)["status"] == "0x1", function

    def _lied(self, contract: str, field: str, changes: dict[str, Any]) -> Found:
        record = copy.copy(self.record)
        made = msgspec.structs.replace(record.creations[contract], **changes)
        record.creations = {**record.creations, contract: made}
        return Found(f"{contract}.{field}", f"{contract}.{field}" in self.wrong(record))

    @contextmanager
    def _undone(self) -> Iterator[None]:
        snapshot = self.anvil.snapshot()
        yield
        self.anvil.restore(snapshot)


def main() -> int:
    least = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder, Anvil(timestamp=GENESIS) as anvil:
        room = Room(anvil, Path(folder))
        found = [*room.roles(), *room.services(), *room.choices()]
        while len(found) < least or sum(item.what.startswith("a byte") for item in found) < least // 2:
            found += room.code()
    missed = [item.what for item in found if not item.found]
    print(json.dumps({"seeded": len(found), "found": len(found) - len(missed), "missed": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
