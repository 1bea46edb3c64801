"""A deployer that is always second: before each of its calls another account makes the same one."""

from __future__ import annotations

from typing import Any

from keifu.chain import RpcDeployer

__all__ = ["Beaten"]


class Beaten(RpcDeployer):
    """Its calls of `functions` come after the same ones of `first`; `beaten` lists them."""

    def __init__(self, own: RpcDeployer, first: RpcDeployer, *functions: str) -> None:
        super().__init__(own.client, own.account)
        self._first, self._functions = first, functions
        self.beaten: list[str] = []

    def call(self, address: str, name: str, function: str, *args: Any) -> Any:
        if function in self._functions:
            self.beaten.append(function)
            self._first.call(address, name, function, *args)
        return super().call(address, name, function, *args)
