"""revm as a machine, by way of pyrevm: the EVM that the native one is compared with.

pyrevm keeps one journal over all calls. So transient storage is reset here before each transaction. Undoing is `revert`
to a snapshot, never `commit`, which breaks the call depth without an open snapshot. Slots stay warm, so gas is not what
a real chain would charge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyrevm

from ethwire.errors import UsageError
from evmstorm.evm.hardforks import CANCUN, Hardfork
from evmstorm.evm.machine import CHAIN_ID, GAS_LIMIT, RawLog

__all__ = ["PyrevmMachine"]

_OUTPUT = re.compile(r"output: 0x([0-9a-fA-F]*)")
_HALT = re.compile(r"Halt \{ reason: (\w+)")


class PyrevmMachine:
    """One chain's state; see `Machine`."""

    def __init__(self, fork: Hardfork = CANCUN) -> None:
        if fork != CANCUN:
            raise UsageError(f"revm as pyrevm brings it follows cancun, not {fork.name}", remedy="--machine native")
        self.revm = pyrevm.EVM(
            env=pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=CHAIN_ID)), spec_id="CANCUN", gas_limit=GAS_LIMIT
        )
        self.failure: bytes | str = b""

    def call(self, sender: str, to: str, data: bytes = b"", value: int = 0, is_static: bool = False) -> bytes | None:
        self.revm.reset_transient_storage()
        try:
            returned: bytes = self.revm.message_call(sender, to, data, value, is_static=is_static)
        except RuntimeError as error:
            self.failure = _failure(error)
            return None
        return returned

    def deploy(self, sender: str, data: bytes, value: int = 0) -> str | None:
        self.revm.reset_transient_storage()
        try:
            address: str = self.revm.deploy(sender, data, value)
        except RuntimeError as error:
            self.failure = _failure(error)
            return None
        return address.lower()

    @property
    def gas_used(self) -> int:
        result = self.revm.result
        return int(result.gas_used) if result else 0

    @property
    def logs(self) -> list[RawLog]:
        result = self.revm.result
        return [
            RawLog(log.address.lower(), [bytes.fromhex(topic[2:]) for topic in log.topics], bytes(log.data[1]))
            for log in (result.logs if result else [])
        ]

    def set_block(self, number: int, time: int, prevrandao: bytes) -> None:
        block = pyrevm.BlockEnv(number=number, timestamp=time, prevrandao=prevrandao, basefee=0, gas_limit=GAS_LIMIT)
        self.revm.set_block_env(block)

    def balance(self, address: str) -> int:
        balance: int = self.revm.get_balance(address)
        return balance

    def nonce(self, address: str) -> int:
        nonce: int = self.revm.basic(address).nonce
        return nonce

    def set_balance(self, address: str, balance: int) -> None:
        self.revm.set_balance(address, balance)

    def code(self, address: str) -> bytes:
        return (self.revm.get_code(address) or b"").rstrip(b"\0")

    def slot(self, address: str, slot: int) -> Callable[[], int]:
        return partial(self.revm.storage, address, slot)

    def watch(self, places: Sequence[tuple[str, int]]) -> Callable[[], int]:
        words = [self.slot(address, slot) for address, slot in places]
        last: list[int] = []

        def changed() -> int:
            before, last[:] = last[:], [word() for word in words]
            return before != last

        return changed

    def snapshot(self) -> Any:
        return self.revm.snapshot()

    def revert(self, mark: Any) -> None:
        self.revm.revert(mark)


def _failure(error: RuntimeError) -> bytes | str:
    text = str(error)
    if match := _OUTPUT.search(text):
        return bytes.fromhex(match[1])
    if match := _HALT.search(text):
        return match[1]
    return text
