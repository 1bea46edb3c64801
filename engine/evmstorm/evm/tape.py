"""Sequences of transactions written down as they happen, to be played again over other code and compared.

A tape holds what reached the machine, and of each transaction a hash of all that can be seen of it but its gas: how it
ended, output, logs, and what had changed by then. Playing one costs what its code costs, for neither arguments nor
expectations are worked out again. It stops at the first difference, so it says nothing of what comes after.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from evmstorm.evm.hardforks import CANCUN, Hardfork
from evmstorm.evm.machine import RawLog
from evmstorm.evm.native_machine import DONE, REVERTED, AccountState, NativeMachine, Transaction

__all__ = ["Script", "TapedMachine"]

HALTED = 2
TAIL = 64  # bytes at the end of creation code: the compiler's hash of the sources is among them


class _Line(NamedTuple):
    """One thing that was done with a machine, and what came of it."""

    method: str
    args: tuple[Any, ...]
    outcome: Any


class Script(list[_Line]):
    """Everything that was done with a machine since it was made: deployments, calls, time, undoing."""

    def play(self, machine: NativeMachine, old: bytes, new: bytes) -> tuple[bool, bool]:
        """Do the same with a fresh `machine`, with creation code `new` in the place of `old`: (whether `old` was ever
        deployed, whether everything came out the same). It counts as never deployed where a description changes the
        code before it deploys it, or has another contract deploy it: `new` would not be looked at there."""
        met, same = False, True
        for method, args, outcome in self:
            given = args
            if method == "deploy" and args[1].startswith(old):
                met, given = True, (args[0], new + args[1][len(old) :], *args[2:])
            elif any(isinstance(item, bytes) and old[-TAIL:] in item for item in args):
                return False, False
            same &= _outcome(machine, method, getattr(machine, method)(*given)) == outcome
        return met, same


def _outcome(machine: NativeMachine, method: str, answer: Any) -> Any:
    """What can be seen of one line. What a deployment returns is the code, which is another where it should be."""
    if method not in ("call", "deploy", "transact"):
        return answer
    done = answer not in (None, False)
    seen: list[RawLog] = machine.logs if done else []
    return answer, None if done else machine.failure, seen, machine.digest()


class TapedMachine(NativeMachine):
    """A native machine with a `script` of all that was done with it, up to the first tape, which `begin` begins."""

    def __init__(self, fork: Hardfork = CANCUN, *, history: bool = True) -> None:
        self.script = Script()
        self._tape: bytearray | None = None
        self._closed = False
        self._complete = True
        super().__init__(fork, history=history)

    def begin(self) -> None:
        """From here on a tape is written; begin where its player will stand."""
        self._tape, self._closed, self._complete = bytearray(), True, True
        self._lib.machine_tape(self._machine)

    def end(self) -> bytes | None:
        """What was done since `begin`; None when a tape cannot hold it, as it cannot hold deployments."""
        tape, self._tape = self._tape, None
        return bytes(tape) if tape is not None and self._complete else None

    def _note(self, method: str, args: tuple[Any, ...], answer: Any, line: bytes = b"") -> None:
        """Into the script or onto the tape, where `line` is how a tape says it."""
        if not self._closed:
            self.script.append(_Line(method, args, _outcome(self, method, answer)))
        elif self._tape is not None and line:
            self._tape += line
        else:
            self._complete = False

    def call(self, sender: str, to: str, data: bytes = b"", value: int = 0, is_static: bool = False) -> bytes | None:
        answer, line = super().call(sender, to, data, value, is_static), b""
        if self._tape is not None:
            status = DONE if answer is not None else REVERTED if isinstance(self.failure, bytes) else HALTED
            outcome = self._lib.machine_outcome(self._machine, status)
            head = struct.pack("<c?20s20s", b"c", is_static, _bytes(sender), _bytes(to))
            line = (
                head + value.to_bytes(32, "little") + struct.pack("<I", len(data)) + data + struct.pack("<Q", outcome)
            )
        self._note("call", (sender, to, data, value, is_static), answer, line)
        return answer

    def deploy(self, sender: str, data: bytes, value: int = 0) -> str | None:
        made = super().deploy(sender, data, value)
        self._note("deploy", (sender, data, value), made)
        return made

    def transact(self, transaction: Transaction) -> bool:
        done = super().transact(transaction)
        self._note("transact", (transaction,), done)
        return done

    def set_block(self, number: int, time: int, prevrandao: bytes) -> None:
        super().set_block(number, time, prevrandao)
        self._note(
            "set_block", (number, time, prevrandao), None, struct.pack("<cQQ32s", b"b", number, time, prevrandao)
        )

    def set_fees(self, coinbase: str, gas_limit: int, base_fee: int, blob_base_fee: int) -> None:
        super().set_fees(coinbase, gas_limit, base_fee, blob_base_fee)
        self._note("set_fees", (coinbase, gas_limit, base_fee, blob_base_fee), None)

    def set_account(self, address: str, account: AccountState) -> None:
        super().set_account(address, account)
        self._note("set_account", (address, account), None)

    def set_code(self, address: str, code: bytes) -> None:
        super().set_code(address, code)
        self._note("set_code", (address, code), None)

    def set_balance(self, address: str, balance: int) -> None:
        super().set_balance(address, balance)
        line = struct.pack("<c20s", b"e", _bytes(address)) + balance.to_bytes(32, "little")
        self._note("set_balance", (address, balance), None, line)

    def snapshot(self) -> int:
        mark = super().snapshot()
        self._note("snapshot", (), mark, b"m")
        return mark

    def revert(self, mark: int) -> None:
        super().revert(mark)
        self._note("revert", (mark,), None, struct.pack("<cQ", b"u", mark))


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address[2:])
