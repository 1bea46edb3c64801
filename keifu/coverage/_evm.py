"""py-evm in the place of pyrevm: slower, but every program counter can be seen on the way.

`raw()` answers the calls that `keifu.evm.LocalEvm` makes of `pyrevm.EVM`, so that anything written for the in-process
EVM runs on it unchanged, a fuzzing campaign's oracles included: a second implementation of the EVM has to agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from rlp import encode as rlp_encode

from keifu.keys import keccak256

__all__ = ["Hits", "TracedRaw"]

JUMPI = 0x57
NO_ADDRESS = b""
GAS = 1_000_000_000
_NO_PRECOMPILE = object()


@dataclass
class Hits:
    """What ran of one piece of code: `pcs` counts instructions, `taken` and `passed` count what each JUMPI did."""

    pcs: dict[int, int] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    passed: dict[int, int] = field(default_factory=dict)


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


@dataclass(frozen=True)
class _Log:
    address: str
    topics: list[str]
    data: tuple[list[Any], bytes]


@dataclass(frozen=True)
class _Result:
    gas_used: int
    logs: list[_Log]


class TracedRaw:
    """The part of `pyrevm.EVM` that the in-process EVM uses. Deterministic; nothing costs gas in ether."""

    def __init__(self, chain_id: int) -> None:
        self._chain_id = chain_id
        self.state = _State(AtomicDB(), _block(None, chain_id), constants.BLANK_ROOT_HASH)
        self.result: _Result | None = None

    @property
    def hits(self) -> dict[bytes, Hits]:
        """What ran so far, by the bytes of the code (creation code with its arguments, run-time code)."""
        return self.state.hits

    def set_block_env(self, block: Any) -> None:
        self.state.execution_context = _block(block, self._chain_id)

    def reset_transient_storage(self) -> None:
        self.state.clear_transient_storage()

    def snapshot(self) -> Any:
        return self.state.snapshot()

    def revert(self, mark: Any) -> None:
        self.state.revert(mark)

    def get_balance(self, address: str) -> int:
        return cast(int, self.state.get_balance(_bytes(address)))

    def set_balance(self, address: str, balance: int) -> None:
        self.state.set_balance(_bytes(address), balance)

    def get_code(self, address: str) -> bytes:
        return cast(bytes, self.state.get_code(_bytes(address)))

    def storage(self, address: str, slot: int) -> int:
        return cast(int, self.state.get_storage(_bytes(address), slot))

    def deploy(self, sender: str, data: bytes, value: int = 0) -> str:
        """Address of the new contract; RuntimeError with pyrevm's words when the constructor reverts."""
        caller = _bytes(sender)
        nonce = self.state.get_nonce(caller)
        address = keccak256(rlp_encode([caller, nonce]))[-20:]
        self.state.increment_nonce(caller)
        message = Message(GAS, constants.CREATE_CONTRACT_ADDRESS, caller, value, b"", data, create_address=address)
        self._done(self.state.computation_class.apply_create_message(self.state, message, _context(caller)))
        return "0x" + address.hex()

    def message_call(
        self, sender: str, to: str, data: bytes | None = b"", value: int | None = 0, is_static: bool = False
    ) -> bytes:
        """Return data; RuntimeError with pyrevm's words for a revert or a halt. A static call leaves no notes."""
        caller, target = _bytes(sender), _bytes(to)
        if not is_static:
            self.state.increment_nonce(caller)
        message = Message(
            GAS, target, caller, value or 0, data or b"", self.state.get_code(target), is_static=is_static
        )
        self.state.recording = not is_static
        try:
            computation = self.state.computation_class.apply_message(self.state, message, _context(caller))
        finally:
            self.state.recording = True
        return self._done(computation)

    def _done(self, computation: Any) -> bytes:
        if computation.is_error:
            if isinstance(computation.error, Revert):
                raise RuntimeError(f"Revert {{ gas_used: 0, output: 0x{computation.output.hex()} }}")
            raise RuntimeError(f"Halt {{ reason: {type(computation.error).__name__}, gas_used: 0 }}")
        logs = [
            _Log("0x" + address.hex(), [f"0x{topic:064x}" for topic in topics], ([], data))
            for address, topics, data in computation.get_log_entries()
        ]
        self.result = _Result(computation.get_gas_used(), logs)
        return bytes(computation.output)


def _block(block: Any, chain_id: int) -> ExecutionContext:
    return ExecutionContext(
        coinbase=constants.ZERO_ADDRESS,
        timestamp=int(block.timestamp) if block else 0,
        block_number=int(block.number) if block else 0,
        difficulty=0,
        mix_hash=bytes(block.prevrandao or b"").rjust(32, b"\0") if block else bytes(32),
        gas_limit=GAS,
        prev_hashes=(),
        chain_id=chain_id,
        base_fee_per_gas=0,
        excess_blob_gas=0,
    )


def _context(origin: bytes) -> CancunTransactionContext:
    return CancunTransactionContext(gas_price=0, origin=origin)


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address[2:])
