"""Calls that only the timelock may make: queued, and executed once the delay is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from keifu import abi
from keifu.abi import FunctionAbi, Interface, decode_args
from keifu.chain._deployer import Deployer
from keifu.chain.creation import readable
from keifu.chain.firsts import unless_done
from keifu.chain.suite import TIMELOCK
from keifu.errors import AbiError

__all__ = [
    "Batch",
    "Operation",
    "advance",
    "advance_batch",
    "call_in_words",
    "function_name",
    "in_words",
    "is_done",
    "operation",
]

Operation = tuple[str, int, bytes, bytes, bytes]  # target, value, payload, predecessor, salt
SELECTOR = 4  # bytes
NONE = bytes(32)  # no predecessor, no salt: a call is one operation, however often it is asked for


def operation(target: str, payload: bytes) -> Operation:
    """A call as the timelock takes it."""
    return target, 0, payload, NONE, NONE


def in_words(contract: str, function: FunctionAbi, arguments: Sequence[Any]) -> str:
    """A call as people read it: `Channels.setFee(basisPoints=50)`."""
    names = (name.strip("_") for name in function.input_names)
    said = ", ".join(f"{name}={readable(value)}" for name, value in zip(names, arguments, strict=True))
    return f"{contract}.{function.name}({said})"


def call_in_words(contract: str, target: str, payload: bytes, amount: int) -> str:
    """The same of data; in hex where `contract` is not of the suite, or has no such function. Wei that go with it are
    said."""
    function = _functions(contract).get(payload[:SELECTOR]) if contract else None
    try:
        arguments = decode_args(function.inputs, payload[SELECTOR:], "") if function else ()
    except AbiError:
        function = None
    said = in_words(contract, function, arguments) if function else f"{contract or target} 0x{payload.hex()}"
    return f"{said} with {amount:,} wei" if amount else said


def function_name(contract: str, selector: bytes) -> str:
    """A function of a contract of the suite; empty where `contract` is none, or has no such function."""
    function = _functions(contract).get(selector) if contract else None
    return function.name if function else ""


@cache
def _functions(contract: str) -> dict[bytes, FunctionAbi]:
    return {function.selector: function for function in abi.load(contract).interface.functions}


def is_done(chain: Deployer, timelock: str, call: Operation) -> bool:
    """Whether the timelock has executed this call before."""
    return bool(chain.call(timelock, TIMELOCK, "is_operation_done", _number(chain, timelock, call)))


def advance(chain: Deployer, timelock: str, call: Operation, before: Callable[[], Any] = lambda: None) -> int:
    """Queue a call, or execute it when it is ready; unix seconds from which it can be executed, 0 when it was.

    `before` is called when it is going to be queued. Raises Revert with the target's or the timelock's reason.
    """
    return _step(chain, timelock, _number(chain, timelock, call), ("execute", "schedule"), tuple(call), before)


def _step(
    chain: Deployer,
    timelock: str,
    number: bytes,
    functions: tuple[str, str],
    call: tuple[Any, ...],
    before: Callable[[], Any] = lambda: None,
) -> int:
    """Execute or queue what has this number. Another proposer or executor may do so first, and then it is done."""
    ask = partial(chain.call, timelock, TIMELOCK)
    execute, schedule = functions
    if ask("is_operation_ready", number):
        unless_done(partial(ask, execute, *call), partial(ask, "is_operation_done", number))
        return 0
    if not ask("is_operation_pending", number):
        before()
        queue = partial(ask, schedule, *call, ask("get_minimum_delay"))
        unless_done(queue, partial(ask, "is_operation_pending", number))
    ready: int = ask("get_timestamp", number)
    return ready


def _number(chain: Deployer, timelock: str, call: Operation) -> bytes:
    number: bytes = chain.call(timelock, TIMELOCK, "hash_operation", *call)
    return number


@dataclass(frozen=True)
class Batch:
    """Calls that the timelock makes in one transaction, or none of them: target, data, and what it is in words."""

    timelock: str
    calls: tuple[tuple[str, bytes, str], ...]

    @property
    def arguments(self) -> tuple[list[str], list[int], list[bytes], bytes, bytes]:
        """As the timelock takes a batch."""
        return (
            [target for target, _, _ in self.calls],
            [0] * len(self.calls),
            [payload for _, payload, _ in self.calls],
            NONE,
            NONE,
        )

    def scheduling(self, timelock: Interface, delay: int) -> bytes:
        """The data of the call that queues it."""
        return timelock.function("schedule_batch", len(self.arguments) + 1).encode((*self.arguments, delay))

    def executing(self, timelock: Interface) -> bytes:
        """The data of the call that carries it out after the delay."""
        return timelock.function("execute_batch", len(self.arguments)).encode(self.arguments)


def advance_batch(chain: Deployer, batch: Batch) -> int:
    """`advance` for a batch."""
    where = batch.timelock
    number: bytes = chain.call(where, TIMELOCK, "hash_operation_batch", *batch.arguments)
    return _step(chain, where, number, ("execute_batch", "schedule_batch"), batch.arguments)
