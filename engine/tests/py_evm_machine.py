"""py-evm as a machine, with a look at every program counter on the way: what the traced EVM is compared with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from eth import constants
from eth.db.atomic import AtomicDB
from eth.exceptions import Halt, Revert
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.logic.invalid import InvalidOpcode
from eth.vm.message import Message

from ethwire import rlp
from ethwire.keys import keccak256
from evmstorm.coverage import Hits
from evmstorm.evm.hardforks import Hardfork
from evmstorm.evm.machine import CHAIN_ID, GAS_LIMIT, RawLog

__all__ = ["PyEvmMachine"]

JUMPI = 0x57
NO_ADDRESS = b""
_NO_PRECOMPILE = object()


class _Computation(CancunComputation):  # type: ignore[misc]
    """The interpreter's loop with notes taken; what it does is py-evm's own."""

    @classmethod
    def apply_computation(
        cls, state: Any, message: Any, transaction_context: Any, parent_computation: Any = None
    ) -> Any:
        with cls(state, message, transaction_context) as computation:
            if parent_computation is None:
                computation.contracts_created = []
            else:
                computation.contracts_created = parent_computation.contracts_created
            if message.is_create:
                computation.contracts_created.append(message.storage_address)
            precompile = computation.precompiles.get(message.code_address, _NO_PRECOMPILE)
            if precompile is not _NO_PRECOMPILE:
                precompile(computation)
                return computation
            cls._interpret(computation, state.notes(message.code))
        return computation

    @staticmethod
    def _interpret(computation: Any, hits: Hits | None) -> None:
        code, opcodes, stack = computation.code, computation.opcodes, computation._stack.values
        pcs = hits.pcs if hits else {}
        for opcode in code:
            pc = code.program_counter - 1
            pcs[pc] = pcs.get(pc, 0) + 1
            try:
                run = opcodes[opcode]
            except KeyError:
                run = InvalidOpcode(opcode)
            if opcode == JUMPI and hits and len(stack) > 1:  # where it lands says less: an empty `if` jumps to itself
                condition = stack[-2]  # a number, or the bytes that were loaded
                jumps = any(condition) if isinstance(condition, bytes) else condition != 0
                side = hits.taken if jumps else hits.passed
                side[pc] = side.get(pc, 0) + 1
            try:
                run(computation=computation)
            except Halt:
                break


class _State(CancunState):  # type: ignore[misc]
    """Transient storage as a plain dict: py-evm's own cannot be cleared inside a snapshot."""

    computation_class = _Computation

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.transient: dict[tuple[bytes, int], bytes] = {}
        self.hits: dict[bytes, Hits] = {}
        self.recording = True

    def notes(self, code: bytes) -> Hits | None:
        if not self.recording or not code:
            return None
        found = self.hits.get(code)
        if found is None:
            found = self.hits[code] = Hits()
        return found

    def get_transient_storage(self, address: bytes, slot: int) -> bytes:
        return self.transient.get((address, slot), b"\0")

    def set_transient_storage(self, address: bytes, slot: int, value: bytes) -> None:
        self.transient[address, slot] = value

    def clear_transient_storage(self) -> None:
        self.transient = {}

    def snapshot(self) -> Any:
        return self.state_root, self._account_db.record(), dict(self.transient)

    def commit(self, snapshot: Any) -> None:
        self._account_db.commit(snapshot[1])

    def revert(self, snapshot: Any) -> None:
        root, checkpoint, self.transient = snapshot
        self._account_db.state_root = root
        self._account_db.discard(checkpoint)


class PyEvmMachine:
    """One chain's state; see `Machine`. Deterministic; nothing costs gas in ether."""

    def __init__(self, _: Hardfork) -> None:
        self._chain = _State(AtomicDB(), _block(0, 0, b""), constants.BLANK_ROOT_HASH)
        self.failure: bytes | str = b""
        self.gas_used = 0
        self.logs: list[RawLog] = []

    @property
    def hits(self) -> dict[bytes, Hits]:
        """What ran so far, by the bytes of the code (creation code with its arguments, run-time code)."""
        return self._chain.hits

    def set_block(self, number: int, time: int, prevrandao: bytes) -> None:
        self._chain.execution_context = _block(number, time, prevrandao)

    def snapshot(self) -> Any:
        return self._chain.snapshot()

    def revert(self, mark: Any) -> None:
        self._chain.revert(mark)

    def balance(self, address: str) -> int:
        return cast(int, self._chain.get_balance(_bytes(address)))

    def nonce(self, address: str) -> int:
        return cast(int, self._chain.get_nonce(_bytes(address)))

    def set_balance(self, address: str, balance: int) -> None:
        self._chain.set_balance(_bytes(address), balance)

    def code(self, address: str) -> bytes:
        return cast(bytes, self._chain.get_code(_bytes(address)))

    def slot(self, address: str, slot: int) -> Callable[[], int]:
        return partial(self._chain.get_storage, _bytes(address), slot)

    def deploy(self, sender: str, data: bytes, value: int = 0) -> str | None:
        self._chain.clear_transient_storage()
        caller = _bytes(sender)
        nonce = self._chain.get_nonce(caller)
        address = keccak256(rlp.encode([caller, nonce]))[-20:]
        self._chain.increment_nonce(caller)
        message = Message(
            GAS_LIMIT, constants.CREATE_CONTRACT_ADDRESS, caller, value, b"", data, create_address=address
        )
        done = self._done(self._chain.computation_class.apply_create_message(self._chain, message, _context(caller)))
        return None if done is None else "0x" + address.hex()

    def call(self, sender: str, to: str, data: bytes = b"", value: int = 0, is_static: bool = False) -> bytes | None:
        """Returned data, or None when it failed. A static call leaves no notes."""
        self._chain.clear_transient_storage()
        caller, target = _bytes(sender), _bytes(to)
        if not is_static:
            self._chain.increment_nonce(caller)
        code = self._chain.get_code(target)
        message = Message(GAS_LIMIT, target, caller, value, data, code, is_static=is_static)
        self._chain.recording = not is_static
        try:
            computation = self._chain.computation_class.apply_message(self._chain, message, _context(caller))
        finally:
            self._chain.recording = True
        return self._done(computation)

    def _done(self, computation: Any) -> bytes | None:
        if computation.is_error:
            reverted = isinstance(computation.error, Revert)
            self.failure = bytes(computation.output) if reverted else type(computation.error).__name__
            return None
        self.logs = [
            RawLog("0x" + address.hex(), [topic.to_bytes(32, "big") for topic in topics], data)
            for address, topics, data in computation.get_log_entries()
        ]
        self.gas_used = computation.get_gas_used()
        return bytes(computation.output)


def _block(number: int, time: int, prevrandao: bytes) -> ExecutionContext:
    return ExecutionContext(
        coinbase=constants.ZERO_ADDRESS,
        timestamp=time,
        block_number=number,
        difficulty=0,
        mix_hash=prevrandao.rjust(32, b"\0"),
        gas_limit=GAS_LIMIT,
        prev_hashes=(),
        chain_id=CHAIN_ID,
        base_fee_per_gas=0,
        excess_blob_gas=0,
    )


def _context(origin: bytes) -> CancunTransactionContext:
    return CancunTransactionContext(gas_price=0, origin=origin)


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address[2:])
