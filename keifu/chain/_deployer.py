"""Ways to put the suite on a chain, behind one interface of two methods: an RPC and a key here, an ape account in
scripts/, the in-process EVM in audit/.

Every deployment goes through Create3Factory: the address follows from the deployer and the contract's name, so it
can be known before, is the same on every chain, and a deployment that was cut off finds what is already there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

from keifu.abi import Interface, encode_args
from keifu.chain._client import ChainClient, created_address
from keifu.errors import EnvironmentFault, Revert
from keifu.keys import Account, keccak256

__all__ = ["FACTORY", "Deployer", "FactoryDeployer", "RpcDeployer", "create3_address", "salt_of"]

FACTORY = "Create3Factory"


def salt_of(name: str) -> bytes:
    """The CREATE3 salt of a contract of the suite."""
    return keccak256(f"keifu:{name}".encode())


def create3_address(factory: str, deployer: str, salt: bytes) -> str:
    """Where `deployer` deploys with `salt` through the factory at `factory`."""
    guarded = keccak256(encode_args(["address", "bytes32"], [deployer, salt]))
    proxy_hash = keccak256(bytes.fromhex("67363d3d37363d34f03d5260086018f3"))
    proxy = keccak256(b"\xff" + bytes.fromhex(factory[2:]) + guarded + proxy_hash)[12:]
    return "0x" + keccak256(b"\xd6\x94" + proxy + b"\x01")[12:].hex()


class Deployer(Protocol):
    """What `deploy_protocol` needs of a chain."""

    @property
    def sender(self) -> str:
        """The address that deploys."""

    def deploy(self, name: str, *args: Any, label: str = "") -> str:
        """Deploy contract `name` at the address that follows from `label` (the name by default); the address.
        Returns the existing address when it is already there. Raises Revert with the constructor's reason."""

    def call(self, address: str, name: str, function: str, *args: Any) -> Any:
        """Call `function` of the contract `name` at `address`: a view returns its value, else None."""

    def simulate(self, address: str, name: str, function: str, *args: Any) -> Any:
        """What the sender's call would return now, without sending anything. Raises Revert with its reason."""


class FactoryDeployer(ABC):
    """The part that all ways share: CREATE3 addresses, resuming, telling why a constructor refused.

    Subclasses give five primitives. `factory` is looked up, or deployed as the sender's first contract.
    """

    def __init__(self, sender: str, factory: str = "") -> None:
        self.sender = sender
        self._factory = factory

    @property
    def factory(self) -> str:
        """Where the factory is. Raises EnvironmentFault when the sender's first contract is another one."""
        if not self._factory:
            # The sender's nonce 0 on a fresh account: the same factory address on every chain.
            first = created_address(self.sender, 0)
            code = self.code(first)
            if code and code not in self.creation_code(FACTORY):  # creation code holds the run-time code
                raise EnvironmentFault(
                    f"the first contract of {self.sender} is no {FACTORY}",
                    remedy="deploy with an account of its own, or say where the factory is",
                )
            self._factory = first if code else self.create(self.creation_code(FACTORY))
        return self._factory

    def address_of(self, label: str) -> str:
        """Where the contract with this label is, or will be."""
        return create3_address(self.factory, self.sender, salt_of(label))

    def deploy(self, name: str, *args: Any, label: str = "") -> str:
        address = self.address_of(label or name)
        if self.code(address):
            return address
        init_code = self.creation_code(name) + encode_args(
            self.interface(name).constructor, args, f"{name} constructor"
        )
        try:
            self.transact(self.factory, FACTORY, "deploy", salt_of(label or name), init_code)
        except Revert as revert:
            self.explain(init_code)  # raises the constructor's own reason when it has one
            raise revert
        if not self.code(address):
            raise EnvironmentFault(f"{name} is not at {address} after its deployment", remedy="look at the node")
        return address

    def call(self, address: str, name: str, function: str, *args: Any) -> Any:
        if self.interface(name).function(function, len(args)).is_view:
            return self.view(address, name, function, *args)
        self.transact(address, name, function, *args)
        return None

    @abstractmethod
    def interface(self, name: str) -> Interface: ...

    @abstractmethod
    def creation_code(self, name: str) -> bytes: ...

    @abstractmethod
    def code(self, address: str) -> bytes: ...

    @abstractmethod
    def create(self, init_code: bytes) -> str:
        """A plain CREATE by the sender; the new address."""

    @abstractmethod
    def explain(self, init_code: bytes) -> None:
        """Run the constructor without effect; raises Revert with its reason when it refuses."""

    @abstractmethod
    def view(self, address: str, name: str, function: str, *args: Any) -> Any: ...

    @abstractmethod
    def simulate(self, address: str, name: str, function: str, *args: Any) -> Any: ...

    @abstractmethod
    def transact(self, address: str, name: str, function: str, *args: Any) -> None: ...


class RpcDeployer(FactoryDeployer):
    """Signs with a key in this process and sends through an RPC, with the packaged artefacts."""

    def __init__(self, client: ChainClient, account: Account, factory: str = "") -> None:
        super().__init__(account.address, factory)
        self.client = client
        self.account = account

    def interface(self, name: str) -> Interface:
        interface: Interface = self.client.load(name).interface
        return interface

    def creation_code(self, name: str) -> bytes:
        code: bytes = self.client.load(name).creation_code
        return code

    def code(self, address: str) -> bytes:
        return self.client.code(address)

    def create(self, init_code: bytes) -> str:
        nonce = int(self.client.rpc.call("eth_getTransactionCount", self.sender, "pending"), 16)
        self.client.send(self.account, None, init_code)
        return created_address(self.sender, nonce)

    def explain(self, init_code: bytes) -> None:
        self.client.rpc.call("eth_call", {"from": self.factory, "data": "0x" + init_code.hex()}, "latest")

    def view(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self.client.at(address, name), function)(*args)

    def simulate(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self.client.at(address, name), function).call(*args, sender=self.sender)

    def transact(self, address: str, name: str, function: str, *args: Any) -> None:
        getattr(self.client.at(address, name), function)(*args, sender=self.account)
