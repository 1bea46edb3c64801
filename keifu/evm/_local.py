"""The in-process EVM: pyrevm with accounts, time, snapshots and decoded results.

pyrevm keeps one journal over all calls, which decides three things here: transient storage is reset before each
transaction, undoing is `revert` to a snapshot (never `commit`, which breaks the call depth without an open one),
and slots stay warm, so that gas is not what a real chain would charge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyrevm

from keifu.abi import Contract, FunctionAbi, Interface, Log, Receipt, decode_revert, encode_args
from keifu.errors import Revert, UsageError
from keifu.evm import artifacts
from keifu.keys import Account

__all__ = ["LocalEvm"]

CHAIN_ID = 31_337
GENESIS_TIME = 1_767_225_600  # 2026-01-01T00:00:00Z, so that runs repeat
BLOCK_SECONDS = 12
GAS_LIMIT = 1_000_000_000  # far above any block: a loop that ends is never cut short here
ETHER = 10**18
NOBODY = "0x" + "00" * 20
_OUTPUT = re.compile(r"output: 0x([0-9a-fA-F]*)")
_HALT = re.compile(r"Halt \{ reason: ([^,]+)")


@dataclass(frozen=True)
class _Snapshot:
    checkpoint: Any
    time: int
    block: int


class LocalEvm:
    """One chain in this process. Deterministic: same calls, same state.

    `load` gives the artefact (ABI and creation code) for a name; the default compiles from the checkout.
    """

    def __init__(self, load: Callable[[str], artifacts.Artifact] = artifacts.load) -> None:
        cfg = pyrevm.CfgEnv(chain_id=CHAIN_ID)
        self.raw = pyrevm.EVM(env=pyrevm.Env(cfg=cfg), spec_id="CANCUN", gas_limit=GAS_LIMIT)
        self.chain_id = CHAIN_ID
        self.now = GENESIS_TIME
        self.block_number = 1
        self.prevrandao: Callable[[int], bytes] = lambda number: number.to_bytes(32, "big")
        self.load = load
        self._accounts: dict[str, Account] = {}
        self._contracts: dict[str, Contract] = {}
        self._snapshots: list[_Snapshot] = []
        self._set_block()

    # accounts ------------------------------------------------------------------------------------------------------

    def account(self, role: str, ether: int = 1_000_000) -> Account:
        """The account of a role, made and funded at its first mention."""
        if role not in self._accounts:
            self._accounts[role] = Account.from_role(role)
            self.raw.set_balance(self._accounts[role].address, ether * ETHER)
        return self._accounts[role]

    def balance(self, who: Any) -> int:
        balance: int = self.raw.get_balance(_address(who))
        return balance

    # time ----------------------------------------------------------------------------------------------------------

    def warp(self, seconds: int) -> None:
        """Move the clock on; one block for the whole jump."""
        self.warp_to(self.now + seconds)

    def warp_to(self, timestamp: int) -> None:
        if timestamp < self.now:
            raise UsageError(f"time runs forward: {timestamp} is before {self.now}")
        self.now = timestamp
        self.mine()

    def mine(self, blocks: int = 1) -> None:
        """Advance the block number; the clock stands still (use `warp`)."""
        self.block_number += blocks
        self._set_block()

    def _set_block(self) -> None:
        self.raw.set_block_env(
            pyrevm.BlockEnv(
                number=self.block_number,
                timestamp=self.now,
                prevrandao=self.prevrandao(self.block_number),
                basefee=0,
                gas_limit=GAS_LIMIT,
            )
        )

    # undo ----------------------------------------------------------------------------------------------------------

    def snapshot(self) -> int:
        """Remember the state; `restore` with the returned number goes back to it, as often as wanted."""
        self._snapshots.append(_Snapshot(self.raw.snapshot(), self.now, self.block_number))
        return len(self._snapshots) - 1

    def restore(self, number: int) -> None:
        """Back to the snapshot; later snapshots are gone, this one stays usable."""
        if number >= len(self._snapshots):
            raise UsageError(f"no snapshot {number}")
        snapshot = self._snapshots[number]
        del self._snapshots[number:]
        self.raw.revert(snapshot.checkpoint)
        self.now, self.block_number = snapshot.time, snapshot.block
        self._set_block()
        self._snapshots.append(_Snapshot(self.raw.snapshot(), self.now, self.block_number))

    @contextmanager
    def anchor(self) -> Iterator[None]:
        """What happens inside is undone at the end."""
        number = self.snapshot()
        try:
            yield
        finally:
            self.restore(number)
            self._drop(number)

    def _drop(self, number: int) -> None:
        snapshot = self._snapshots[number]
        del self._snapshots[number:]
        self.raw.revert(snapshot.checkpoint)

    # contracts -----------------------------------------------------------------------------------------------------

    def deploy(self, name: str, *args: Any, sender: Any, value: int = 0) -> Contract:
        """Deploy the contract `name`; raises Revert with the constructor's reason."""
        artifact = self.load(name)
        return self.deploy_code(artifact.interface, artifact.creation_code, *args, sender=sender, value=value)

    def deploy_code(self, interface: Interface, code: bytes, *args: Any, sender: Any, value: int = 0) -> Contract:
        data = code + encode_args(interface.constructor, args, f"{interface.name} constructor")
        self.raw.reset_transient_storage()
        try:
            address = self.raw.deploy(_address(sender), data, value)
        except RuntimeError as error:
            raise _revert(error) from None
        return self.at(address, interface)

    def at(self, address: Any, interface: Interface | str) -> Contract:
        """A handle on a contract that is already there; its events are decoded from now on."""
        found = self.load(interface).interface if isinstance(interface, str) else interface
        contract = Contract(_address(address), found, self)
        self._contracts[contract.address] = contract
        return contract

    def code(self, who: Any) -> bytes:
        """Run-time code, immutables included."""
        return (self.raw.get_code(_address(who)) or b"").rstrip(b"\0") if who else b""

    def storage(self, who: Any, slot: int) -> int:
        value: int = self.raw.storage(_address(who), slot)
        return value

    # calls ---------------------------------------------------------------------------------------------------------

    def send(self, sender: Any, to: Any, data: bytes = b"", value: int = 0) -> bytes:
        """A raw transaction; the return data. Raises Revert."""
        self.raw.reset_transient_storage()
        try:
            returned: bytes = self.raw.message_call(_address(sender), _address(to), data, value)
        except RuntimeError as error:
            raise _revert(error) from None
        return returned

    def view(self, contract: Contract, function: FunctionAbi, args: tuple[Any, ...], sender: Any) -> Any:
        caller = _address(sender) if sender is not None else NOBODY  # as eth_call does
        number = self.raw.snapshot()
        try:
            data = self.raw.message_call(caller, contract.address, function.encode(args), is_static=function.is_view)
        except RuntimeError as error:
            raise _revert(error) from None
        finally:
            self.raw.revert(number)
        return function.decode(data)

    def transact(
        self, contract: Contract, function: FunctionAbi, args: tuple[Any, ...], sender: Any, value: int
    ) -> Receipt:
        if sender is None:
            raise UsageError(f"{function.name} changes state and needs a sender")
        data = self.send(sender, contract, function.encode(args), value)
        result = self.raw.result
        assert result is not None
        return Receipt(
            value=function.decode(data),
            logs=[log for raw in result.logs if (log := self._decode(raw)) is not None],
            gas_used=result.gas_used,
            block_number=self.block_number,
            contract=contract,
        )

    def _decode(self, raw: Any) -> Log | None:
        emitter = self._contracts.get(raw.address.lower())
        if emitter is None:
            return None
        topics = [bytes.fromhex(topic[2:]) for topic in raw.topics]
        return emitter.interface.decode_log(emitter.address, topics, raw.data[1])


def _address(who: Any) -> str:
    address: str = who if isinstance(who, str) else who.address
    return address


def _revert(error: RuntimeError) -> Revert:
    text = str(error)
    if match := _OUTPUT.search(text):
        data = bytes.fromhex(match[1])
        return Revert(decode_revert(data), data=data)
    if match := _HALT.search(text):
        return Revert(f"halt: {match[1]}")
    return Revert(text)
