"""Deployers that are always second: before each of their calls another account makes the same one, or one like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm
from keifu.abi import Receipt
from keifu.chain import Deployer, RpcDeployer
from keifu.keys import Account

__all__ = ["Beaten", "BeatenHere", "Like", "Meanwhile"]

# Of the arguments: what the other one calls, and with what; None where it leaves a call alone.
Like = Callable[..., tuple[str, tuple[Any, ...]] | None]
Happens = Callable[[], object]


class _Second:
    """`beaten` lists the calls before which the other one was."""

    _first: Deployer
    _others: Mapping[str, Like]

    def _begin(self, first: Deployer, others: Mapping[str, Like]) -> None:
        self._first, self._others = first, others
        self.beaten: list[str] = []

    def transact(self, address: str, name: str, function: str, *args: Any) -> Any:
        if function in self._others and (made := self._others[function](*args)) is not None:
            self.beaten.append(function)
            self._first.call(address, name, made[0], *made[1])
        return super().transact(address, name, function, *args)  # type: ignore[misc]


class Beaten(_Second, RpcDeployer):
    """Its calls of `functions` come after the same ones of `first`."""

    def __init__(self, own: RpcDeployer, first: RpcDeployer, *functions: str) -> None:
        super().__init__(own.client, own.account)
        self._begin(first, {function: _same(function) for function in functions})


class BeatenHere(_Second, EvmDeployer):
    """The same in the in-process EVM; `likes` are calls of the other one that differ, by function."""

    def __init__(self, evm: LocalEvm, account: Account, first: Deployer, *functions: str, **likes: Like) -> None:
        super().__init__(evm, account)
        self._begin(first, {function: _same(function) for function in functions} | likes)


class Meanwhile(EvmDeployer):
    """Something `happens` before each of its transactions of `function`, and, another
    thing `after` it."""

    def __init__(
        self, evm: LocalEvm, account: Account, function: str, happens: Happens, after: Happens = lambda: None
    ) -> None:
        super().__init__(evm, account)
        self._function, self._happens, self._after = function, happens, after

    def transact(self, address: str, name: str, function: str, *args: Any) -> Receipt:
        if function == self._function:
            self._happens()
        found = super().transact(address, name, function, *args)
        if function == self._function:
            self._after()
        return found


def _same(function: str) -> Like:
    return lambda *args: (function, args)
