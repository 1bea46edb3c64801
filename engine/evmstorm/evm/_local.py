"""The in-process EVM: a machine with accounts, time, snapshots and decoded results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ethwire.abi import Contract, FunctionAbi, Interface, Log, Receipt, decode_revert, encode_args
from ethwire.constants import ETHER, ZERO_ADDRESS
from ethwire.errors import Revert, UsageError
from ethwire.keys import Account
from evmstorm.evm import artifacts
from evmstorm.evm.hardforks import CANCUN, HARDFORKS, Hardfork, hardfork
from evmstorm.evm.machine import CHAIN_ID, Machine, RawLog
from evmstorm.evm.machines import chosen
from evmstorm.evm.native_machine import NativeMachine
from evmstorm.evm.remote import Chain, Remote

__all__ = ["LocalEvm"]

GENESIS_TIME = 1_767_225_600  # 2026-01-01T00:00:00Z, so that runs repeat
BLOCK_SECONDS = 12


@dataclass(frozen=True)
class _Snapshot:
    checkpoint: Any
    time: int
    block: int


class LocalEvm:
    """One chain in this process. Deterministic: same calls, same state.

    `load` gives the artefact (ABI and creation code) for a name; the default compiles from the checkout. `machine`
    makes the EVM underneath (see evmstorm.evm.machine), `fork` is the one that it follows; with `chain` it begins with
    what is there (see evmstorm.evm.remote).
    """

    def __init__(
        self,
        load: Callable[[str], artifacts.Artifact] = artifacts.load,
        machine: Callable[[Hardfork], Machine] | None = None,
        *,
        fork: Hardfork = CANCUN,
        chain: Chain | None = None,
    ) -> None:
        self.fork = fork
        self.chain_id, self.now, self.block_number = CHAIN_ID, GENESIS_TIME, 1
        self.raw: Machine
        if chain is None:
            self.raw = (machine or chosen())(fork)
        else:
            self.raw = self._follow(Remote(chain), machine or chosen())
        self.prevrandao: Callable[[int], bytes] = lambda number: number.to_bytes(32, "big")
        self.load = load
        self._accounts: dict[str, Account] = {}
        self._contracts: dict[str, Contract] = {}
        self._errors: dict[bytes, str] = {}  # those of all contracts: one hands on what another one refused
        self._snapshots: list[_Snapshot] = []
        self._set_block()

    def _follow(self, remote: Remote, machine: Callable[[Hardfork], Machine]) -> Machine:
        """A machine that begins with the state of another chain, in the block after it."""
        if machine is not NativeMachine:
            raise UsageError("only the machine in C asks another chain for its state", remedy="--machine native")
        self.chain_id, self.now, self.block_number = remote.chain_id, remote.time + BLOCK_SECONDS, remote.number + 1
        return NativeMachine(self.fork, chain_id=remote.chain_id, remote=remote)

    # accounts ------------------------------------------------------------------------------------------------------

    def account(self, role: str, ether: int = 1_000_000) -> Account:
        """The account of a role, made and funded at its first mention."""
        if role not in self._accounts:
            self._accounts[role] = Account.from_role(role)
            self.raw.set_balance(self._accounts[role].address, ether * ETHER)
        return self._accounts[role]

    def balance(self, who: Any) -> int:
        return self.raw.balance(_address(who))

    # time ----------------------------------------------------------------------------------------------------------

    def warp(self, seconds: int, blocks: int = 1) -> None:
        """Move the clock on; one block for the whole jump, or more."""
        self.warp_to(self.now + seconds, blocks)

    def warp_to(self, timestamp: int, blocks: int = 1) -> None:
        if timestamp < self.now:
            raise UsageError(f"time runs forward: {timestamp} is before {self.now}")
        self.now = timestamp
        self.mine(blocks)

    def mine(self, blocks: int = 1) -> None:
        """Advance the block number; the clock stands still (use `warp`)."""
        self.block_number += blocks
        self._set_block()

    def _set_block(self) -> None:
        self.raw.set_block(self.block_number, self.now, self.prevrandao(self.block_number))

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
        if HARDFORKS.index(hardfork(artifact.evm_version)) > HARDFORKS.index(self.fork):
            raise UsageError(
                f"{name} is compiled for {artifact.evm_version}, and this chain follows {self.fork.name}",
                remedy=f"LocalEvm(fork={artifact.evm_version}), or name it in the description's `contracts`",
            )
        return self.deploy_code(artifact.interface, artifact.creation_code, *args, sender=sender, value=value)

    def deploy_code(self, interface: Interface, code: bytes, *args: Any, sender: Any, value: int = 0) -> Contract:
        self._errors.update(interface.errors)
        data = code + encode_args(interface.constructor, args, f"{interface.name} constructor")
        address = self.raw.deploy(_address(sender), data, value)
        if address is None:
            raise self.revert()
        return self.at(address, interface)

    def at(self, address: Any, interface: Interface | str) -> Contract:
        """A handle on a contract that is already there; its events are decoded from now on."""
        found = self.load(interface).interface if isinstance(interface, str) else interface
        contract = Contract(_address(address), found, self)
        self._contracts[contract.address] = contract
        self._errors.update(found.errors)
        return contract

    def code(self, who: Any) -> bytes:
        """Run-time code, immutables included."""
        return self.raw.code(_address(who)) if who else b""

    def storage(self, who: Any, slot: int) -> int:
        return self.raw.slot(_address(who), slot)()

    # calls ---------------------------------------------------------------------------------------------------------

    def send(self, sender: Any, to: Any, data: bytes = b"", value: int = 0) -> bytes:
        """A raw transaction; the return data. Raises Revert."""
        returned = self.raw.call(_address(sender), _address(to), data, value)
        if returned is None:
            raise self.revert()
        return returned

    def view(self, contract: Contract, function: FunctionAbi, args: tuple[Any, ...], sender: Any) -> Any:
        caller = _address(sender) if sender is not None else ZERO_ADDRESS  # as eth_call does
        number = self.raw.snapshot()
        try:
            data = self.raw.call(caller, contract.address, function.encode(args), is_static=function.is_view)
        finally:
            self.raw.revert(number)
        if data is None:
            raise self.revert()
        return function.decode(data)

    def transact(
        self, contract: Contract, function: FunctionAbi, args: tuple[Any, ...], sender: Any, value: int
    ) -> Receipt:
        if sender is None:
            raise UsageError(f"{function.name} changes state and needs a sender")
        data = self.send(sender, contract, function.encode(args), value)
        return Receipt(
            value=function.decode(data),
            logs=[log for raw in self.raw.logs if (log := self._decode(raw)) is not None],
            gas_used=self.raw.gas_used,
            block_number=self.block_number,
            contract=contract,
        )

    def revert(self) -> Revert:
        """What became of the last transaction that did not succeed, as an exception."""
        failure = self.raw.failure
        return Revert(self.reason(failure), data=failure if isinstance(failure, bytes) else b"")

    def reason(self, failure: bytes | str) -> str:
        """Why a machine did not do what was asked: the contract's words, the name of its error, or why it halted."""
        return decode_revert(failure, self._errors) if isinstance(failure, bytes) else f"halt: {failure}"

    def _decode(self, raw: RawLog) -> Log | None:
        emitter = self._contracts.get(raw.address)
        return emitter.interface.decode_log(emitter.address, raw.topics, raw.data) if emitter else None


def _address(who: Any) -> str:
    address: str = who if isinstance(who, str) else who.address
    return address
