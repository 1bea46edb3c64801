"""Ways to put the suite on a chain, behind one interface of two methods: an RPC and a key here, an ape account in
scripts/, the in-process EVM in audit/.

Every deployment goes through Create3Factory: the address follows from the deployer and the contract's label, so it
can be known before, is the same on every chain, and a deployment that was cut off finds what is already there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from ethwire.rpc import octets
from keifu.abi import Interface, Receipt
from keifu.chain._client import ChainClient
from keifu.chain.create3 import create3_address, deployment_call, salt_of
from keifu.chain.creation import Creation, arguments_of
from keifu.chain.factory import PROXY, Birth, canonical_factory, created_address, find_birth, has_proxy, proxy_call
from keifu.chain.logs import find_logs, topic_of_address
from keifu.chain.suite import FACTORY, Step
from keifu.errors import EnvironmentFault, NotServed, Revert
from keifu.keys import Account, keccak256

__all__ = ["FACTORY", "ClientDeployer", "Deployer", "FactoryDeployer", "RpcDeployer"]

DEPLOYED = "0x" + keccak256(b"Deployed(address,bytes32,address)").hex()
MAX_TRANSACTIONS = 2_000  # of an account whose factory is looked for
CODES = 100  # a batch: what public nodes allow


class Deployer(Protocol):
    """What `deploy_protocol` needs of a chain."""

    @property
    def sender(self) -> str:
        """The address that deploys."""

    @property
    def now(self) -> int:
        """Time stamp of the newest block, unix seconds."""

    @property
    def block_number(self) -> int:
        """Number of the newest block."""

    def begin(self, factory: str, first_block: int) -> None:
        """Say where a record has the factory ("" when it has none); no contract of the suite is older than
        `first_block`."""

    def find_factory(self) -> str:
        """Where the factory is, or "" when the sender has made none. Sends nothing."""

    def make_factory(self) -> Creation:
        """How the factory was made; makes it when there is none."""

    def address_of(self, label: str) -> str:
        """Where the contract with this label is, or will be; the factory must be there."""

    def interface(self, name: str) -> Interface:
        """The ABI of the contract `name`."""

    def found(self, planned: Creation) -> Creation | None:
        """How the contract at the planned address was really made; None when nothing is there. Sends nothing."""

    def make(self, planned: Creation) -> Creation:
        """Make a contract that is not there. Raises Revert with the constructor's reason."""

    def deploy(self, name: str, *args: Any, label: str = "") -> str:
        """Deploy contract `name` at the address that follows from `label` (the name by default); the address.
        Returns the existing address when it is already there. Raises Revert with the constructor's reason."""

    def call(self, address: str, name: str, function: str, *args: Any) -> Any:
        """Call `function` of the contract `name` at `address`: a view returns its value, else None."""

    def transact(self, address: str, name: str, function: str, *args: Any) -> Receipt:
        """Send a call; its receipt has the contract's own events, decoded. Raises Revert."""

    def simulate(self, address: str, name: str, function: str, *args: Any) -> Any:
        """What the sender's call would return now, without sending anything. Raises Revert with its reason."""


class FactoryDeployer(ABC):
    """The part that all ways share: CREATE3 addresses, resuming, telling why a constructor refused.

    Subclasses give the primitives at the end. `factory` is looked up among the contracts that the sender has made and
    where the deployment proxy puts it, or made by the next transaction: through the proxy where the chain has it.
    """

    def __init__(self, sender: str, factory: str = "") -> None:
        self.sender = sender
        self.first_block = 0
        self._factory = factory
        self._made: dict[str, Creation] = {}  # by address; what this object made it need not look up

    # the factory ---------------------------------------------------------------------------------------------------

    def begin(self, factory: str, first_block: int) -> None:
        self._factory = factory or self._factory
        self.first_block = first_block

    @property
    def factory(self) -> str:
        """Where the factory is; made when there is none."""
        return self._factory or self.make_factory().address

    def find_factory(self) -> str:
        if not self._factory:
            self._factory = self._search_factory() or self._canonical()
        return self._factory

    def factory_to_be(self) -> str:
        """Where the factory is, or the next transaction puts it. Sends nothing."""
        if where := self.find_factory():
            return where
        if has_proxy(self):
            return canonical_factory(self.creation_code(FACTORY))
        return created_address(self.sender, self.nonce())

    def make_factory(self) -> Creation:
        init_code = self.creation_code(FACTORY)
        where = self.find_factory()
        if where:
            transaction, block = self.look_up_factory(where)
        else:
            receipt = self._create_factory(init_code)
            where = self._factory
            transaction, block = receipt.tx_hash, receipt.block_number
        plain = Creation.plain(FACTORY, where, self.interface(FACTORY))
        return plain.made(transaction, block, self.code(where))

    def _create_factory(self, init_code: bytes) -> Receipt:
        if not has_proxy(self):
            receipt = self.create(init_code)
            assert receipt.contract is not None
            self._factory = receipt.contract.address
            return receipt
        receipt = self.send_raw(PROXY, proxy_call(init_code))
        self._factory = self._canonical()
        if not self._factory:
            raise EnvironmentFault(f"the deployment proxy {PROXY} did not make its factory", remedy="look at the node")
        return receipt

    def _canonical(self) -> str:
        """Where the proxy has made the factory, by whoever asked it; "" where it has not."""
        packaged = self.creation_code(FACTORY)
        where = canonical_factory(packaged)
        code = self.code(where)
        return where if code and code in packaged else ""

    def _search_factory(self) -> str:
        """The first contract of the sender that is the factory. An account of which this is not the first transaction
        has it somewhere else than on other chains, but only once: that is what the whole search is for."""
        sent = self.nonce()
        if sent > MAX_TRANSACTIONS and has_proxy(self):
            return ""
        if sent > MAX_TRANSACTIONS:
            raise EnvironmentFault(
                f"{self.sender} has sent {sent} transactions, too many to look for its {FACTORY} among them",
                remedy="deploy with an account of its own, or say where the factory is",
            )
        candidates = [created_address(self.sender, nonce) for nonce in range(sent)]
        packaged = self.creation_code(FACTORY)  # creation code holds the run-time code
        for candidate, code in zip(candidates, self.codes(candidates), strict=True):
            if code and code in packaged:
                return candidate
        return ""

    # contracts -----------------------------------------------------------------------------------------------------

    def address_of(self, label: str) -> str:
        return create3_address(self.factory, self.sender, salt_of(label))

    def found(self, planned: Creation) -> Creation | None:
        code = self.code(planned.address)
        if not code:
            return None
        made = self._made.get(planned.address) or self.look_up(planned)
        if made is None:
            raise EnvironmentFault(
                f"nothing says how {planned.contract} at {planned.address} was made",
                remedy="use a node that has the events since its deployment",
            )
        return made.made(made.transaction, made.block, code)

    def make(self, planned: Creation) -> Creation:
        init_code = self.creation_code(planned.contract) + planned.encoded_bytes
        try:
            receipt = self.transact(self.factory, FACTORY, "deploy", salt_of(planned.label), init_code)
        except Revert as revert:
            self.explain(init_code)  # raises the constructor's own reason when it has one
            raise revert
        code = self.code(planned.address)
        if not code:
            raise EnvironmentFault(
                f"{planned.contract} is not at {planned.address} after its deployment", remedy="look at the node"
            )
        made = self._made[planned.address] = planned.made(receipt.tx_hash, receipt.block_number, code)
        return made

    def deploy(self, name: str, *args: Any, label: str = "") -> str:
        step = Step(name, args, label or name)
        address = self.address_of(step.label)
        if not self.code(address):
            self.make(Creation.planned(step, address, self.interface(name)))
        return address

    def call(self, address: str, name: str, function: str, *args: Any) -> Any:
        if self.interface(name).function(function, len(args)).is_view:
            return self.view(address, name, function, *args)
        self.transact(address, name, function, *args)
        return None

    # primitives ----------------------------------------------------------------------------------------------------

    def codes(self, addresses: Sequence[str]) -> list[bytes]:
        return [self.code(address) for address in addresses]

    def look_up(self, planned: Creation) -> Creation | None:
        """How the contract at the planned address was made, from what the chain remembers; None when it says
        nothing."""
        del planned
        return None

    def look_up_factory(self, where: str) -> Birth:
        """Transaction and block that made the factory, as far as the chain still says."""
        del where
        return "", 0

    @property
    @abstractmethod
    def now(self) -> int: ...

    @property
    @abstractmethod
    def block_number(self) -> int: ...

    @abstractmethod
    def nonce(self) -> int:
        """Transactions that the sender has sent. Raises EnvironmentFault while one of them is not mined."""

    @abstractmethod
    def interface(self, name: str) -> Interface: ...

    @abstractmethod
    def creation_code(self, name: str) -> bytes: ...

    @abstractmethod
    def code(self, address: str) -> bytes: ...

    @abstractmethod
    def create(self, init_code: bytes) -> Receipt:
        """A plain CREATE by the sender; the receipt's contract is the new one."""

    def send_raw(self, to: str, data: bytes) -> Receipt:
        """A transaction with this data; asked only where the deployment proxy is."""
        raise NotImplementedError

    @abstractmethod
    def explain(self, init_code: bytes) -> None:
        """Run the constructor without effect; raises Revert with its reason when it refuses."""

    @abstractmethod
    def view(self, address: str, name: str, function: str, *args: Any) -> Any: ...

    @abstractmethod
    def simulate(self, address: str, name: str, function: str, *args: Any) -> Any: ...

    @abstractmethod
    def transact(self, address: str, name: str, function: str, *args: Any) -> Receipt: ...


class _Transaction(msgspec.Struct):
    input: str
    to: str | None = None


class ClientDeployer(FactoryDeployer):
    """Reads through a ChainClient; subclasses say how a transaction is signed and sent."""

    def __init__(self, client: ChainClient, sender: str, factory: str = "") -> None:
        super().__init__(sender, factory)
        self.client = client

    @abstractmethod
    def send(self, to: str | None, data: bytes) -> Receipt:
        """Sign, send and wait. Raises Revert with the contract's reason."""

    @property
    def now(self) -> int:
        return self.client.now

    @property
    def block_number(self) -> int:
        return self.client.rpc.block_number()

    def nonce(self) -> int:
        mined, known = (
            self.client.rpc.quantity("eth_getTransactionCount", self.sender, tag) for tag in ("latest", "pending")
        )
        if known > mined:
            raise EnvironmentFault(
                f"{self.sender} has transactions that are not mined yet: {known - mined}",
                remedy="wait until they are, then run the same command again",
            )
        return mined

    def interface(self, name: str) -> Interface:
        interface: Interface = self.client.load(name).interface
        return interface

    def creation_code(self, name: str) -> bytes:
        code: bytes = self.client.load(name).creation_code
        return code

    def code(self, address: str) -> bytes:
        return self.client.code(address)

    def codes(self, addresses: Sequence[str]) -> list[bytes]:
        found: list[bytes] = []
        for start in range(0, len(addresses), CODES):
            part = addresses[start : start + CODES]
            answers = self.client.rpc.batch_as(str, [("eth_getCode", [address, "latest"]) for address in part])
            found += [octets(answer, "eth_getCode", self.client.rpc.url) for answer in answers]
        return found

    def look_up(self, planned: Creation) -> Creation | None:
        topics = [DEPLOYED, topic_of_address(self.sender), "0x" + salt_of(planned.label).hex()]
        log = next(find_logs(self.client, self.factory, topics, self.first_block), None)
        if log is None:
            return None
        try:
            transaction = self.client.rpc.call_as(_Transaction, "eth_getTransactionByHash", log.transaction_hash)
        except NotServed:
            return None
        if (transaction.to or "").lower() != self.factory:
            return None
        data = octets(transaction.input, "the input of a transaction", self.client.rpc.url)
        call = deployment_call(self.interface(FACTORY), planned.label, self.creation_code(planned.contract))
        # Behind selector, salt, offset and length stands the init code: creation code, then the arguments.
        start = 4 + 3 * 32
        length = int.from_bytes(data[start - 32 : start], "big")
        init_code, packaged = data[start : start + length], self.creation_code(planned.contract)
        encoded = init_code[len(packaged) :]
        arguments = arguments_of(self.interface(planned.contract), encoded)
        if data[: 4 + 2 * 32] != call[: 4 + 2 * 32] or not init_code.startswith(packaged) or arguments is None:
            raise EnvironmentFault(
                f"{planned.contract} at {planned.address} is of another version: its code is not the packaged one",
                remedy="go on with the version of Keifu that made it, or choose another label for a second suite",
            )
        return Creation(
            contract=planned.contract,
            label=planned.label,
            address=planned.address,
            arguments=arguments,
            encoded="0x" + encoded.hex(),
            abi_hash=planned.abi_hash,
            transaction=log.transaction_hash,
            block=log.number,
        )

    def look_up_factory(self, where: str) -> Birth:
        # A run that was cut off right behind it finds it among the blocks that followed its first one.
        if not self.first_block:
            return "", 0
        code = self.creation_code(FACTORY)
        return find_birth(self.client.rpc, self.sender, where, code, self.first_block, self.block_number)

    def create(self, init_code: bytes) -> Receipt:
        nonce = self.client.rpc.quantity("eth_getTransactionCount", self.sender, "pending")
        receipt = self.send(None, init_code)
        where = self.client.at(created_address(self.sender, nonce), FACTORY)
        return Receipt(tx_hash=receipt.tx_hash, block_number=receipt.block_number, contract=where)

    def send_raw(self, to: str, data: bytes) -> Receipt:
        return self.send(to, data)

    def explain(self, init_code: bytes) -> None:
        self.client.rpc.call("eth_call", {"from": self.factory, "data": "0x" + init_code.hex()}, "latest")

    def view(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self.client.at(address, self.interface(name)), function)(*args)

    def simulate(self, address: str, name: str, function: str, *args: Any) -> Any:
        return getattr(self.client.at(address, self.interface(name)), function).call(*args, sender=self.sender)

    def transact(self, address: str, name: str, function: str, *args: Any) -> Receipt:
        interface = self.interface(name)
        self.client.at(address, interface)  # so that the receipt has its events
        return self.send(address, interface.function(function, len(args)).encode(args))


class RpcDeployer(ClientDeployer):
    """Signs with a key in this process and sends through an RPC, with the packaged artefacts."""

    def __init__(self, client: ChainClient, account: Account, factory: str = "") -> None:
        super().__init__(client, account.address, factory)
        self.account = account

    def send(self, to: str | None, data: bytes) -> Receipt:
        return self.client.send(self.account, to, data)

    def pay(self, to: str, value: int) -> Receipt:
        """Send coins of the chain, wei."""
        return self.client.send(self.account, to, value=value)
