"""The suite in the engine's in-process EVM."""

from __future__ import annotations

from typing import Any

from ethwire.abi import Interface, Receipt
from ethwire.keys import Account
from evmstorm.evm import LocalEvm
from keifu.chain import FACTORY, FactoryDeployer

__all__ = ["EvmDeployer"]


class EvmDeployer(FactoryDeployer):
    """Deploys in the in-process EVM, with artefacts fresh from the compiler."""

    def __init__(self, evm: LocalEvm, account: Account, factory: str = "") -> None:
        super().__init__(account.address, factory)
        self.evm = evm

    def interface(self, name: str) -> Interface:
        return self.evm.load(name).interface

    def creation_code(self, name: str) -> bytes:
        return self.evm.load(name).creation_code

    def code(self, address: str) -> bytes:
        return self.evm.code(address)

    @property
    def now(self) -> int:
        return self.evm.now

    @property
    def block_number(self) -> int:
        return self.evm.block_number

    def nonce(self) -> int:
        return self.evm.raw.nonce(self.sender)

    def create(self, init_code: bytes) -> Receipt:
        made = self.evm.deploy_code(Interface(FACTORY, []), init_code, sender=self.sender)
        return Receipt(block_number=self.evm.block_number, contract=made)

    def send_raw(self, to: str, data: bytes) -> Receipt:
        self.evm.send(self.sender, to, data)
        return Receipt(block_number=self.evm.block_number)

    def explain(self, init_code: bytes) -> None:
        with self.evm.anchor():
            self.create(init_code)

    def view(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self.evm.at(address, name), function)(*args)

    def transact(self, address: str, name: str, function: str, *args: Any) -> Receipt:
        receipt: Receipt = getattr(self.evm.at(address, name), function)(*args, sender=self.sender)
        return receipt

    def simulate(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self.evm.at(address, name), function).call(*args, sender=self.sender)
