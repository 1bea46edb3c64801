"""A chain behind an RPC as a backend of contract handles: views, transactions, batches of transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ethwire.rpc import Rpc, octets, quantity
from keifu import abi
from keifu.abi import Contract, FunctionAbi, Interface, Log, Receipt, encode_args
from keifu.chain._outbox import BATCH, Draft, Outbox
from keifu.chain.factory import created_address
from keifu.errors import NoAnswer, RpcError, UsageError
from keifu.keys import Account

__all__ = ["Call", "ChainClient"]


@dataclass(frozen=True)
class Call:
    """One transaction of a batch. `gas` skips the estimate."""

    contract: Contract
    function: str
    args: tuple[Any, ...]
    sender: Account
    gas: int = 0
    value: int = 0


class ChainClient:
    """One chain. It remembers which nonces it has seen in blocks, so use one client a process.

    What must take effect once even if the process dies goes through `keifu.chain.sender.Sender`.
    """

    def __init__(self, rpc: Rpc, load: Callable[[str], Any] = abi.load) -> None:
        self.rpc = rpc
        self.chain_id = rpc.chain_id()
        self.load = load
        self._contracts: dict[str, Contract] = {}
        self._outbox = Outbox(rpc, self.chain_id)

    # reading -------------------------------------------------------------------------------------------------------

    def at(self, address: Any, interface: Interface | str) -> Contract:
        """A handle on a deployed contract; its events are decoded in receipts from now on."""
        found = self.load(interface).interface if isinstance(interface, str) else interface
        contract = Contract(_address(address), found, self)
        self._contracts[contract.address] = contract
        return contract

    def view(self, contract: Contract, function: FunctionAbi, args: tuple[Any, ...], sender: Any) -> Any:
        request = {"to": contract.address, "data": "0x" + function.encode(args).hex()}
        if sender is not None:
            request["from"] = _address(sender)
        return function.decode(octets(self.rpc.agreed("eth_call", request, "latest"), "eth_call", self.rpc.url))

    def balance(self, who: Any) -> int:
        answer = self.rpc.agreed("eth_getBalance", _address(who), "latest")
        return quantity(answer, "eth_getBalance", self.rpc.url)

    def code(self, who: Any) -> bytes:
        return octets(self.rpc.agreed("eth_getCode", _address(who), "latest"), "eth_getCode", self.rpc.url)

    @property
    def now(self) -> int:
        """Time stamp of the newest block: deadlines use the chain's clock, not this machine's."""
        block = self.rpc.call("eth_getBlockByNumber", "latest", False)
        time = block.get("timestamp") if isinstance(block, dict) else None
        return quantity(time, "the newest block's time", self.rpc.url)

    # sending -------------------------------------------------------------------------------------------------------

    def transact(
        self, contract: Contract, function: FunctionAbi, args: tuple[Any, ...], sender: Any, value: int
    ) -> Receipt:
        receipt = self.send(sender, contract.address, function.encode(args), value=value)
        return Receipt(
            logs=receipt.logs,
            gas_used=receipt.gas_used,
            block_number=receipt.block_number,
            tx_hash=receipt.tx_hash,
            contract=contract,
        )

    def send(self, sender: Any, to: str | None, data: bytes = b"", *, value: int = 0, gas: int = 0) -> Receipt:
        """Sign, send and wait. Raises Revert with the contract's reason; a refused call costs nothing, as the
        estimate finds it first."""
        return self._send([Draft(_account(sender), to, data, value, gas)])[0][1]

    def send_many(
        self, calls: Sequence[Call], *, on_progress: Callable[[int], None] = lambda done: None
    ) -> list[Receipt]:
        """Send all in batches and wait for all; receipts in order. Raises Revert at the first that was refused."""
        receipts: list[Receipt] = []
        for start in range(0, len(calls), BATCH):
            drafts = [
                Draft(call.sender, call.contract.address, _data(call), call.value, call.gas)
                for call in calls[start : start + BATCH]
            ]
            receipts += [receipt for _, receipt in self._send(drafts)]
            on_progress(len(receipts))
        return receipts

    def offer_between(self, tip: int, max_fee: int) -> None:
        """From now on no transaction has a smaller tip, whatever the node says, nor pays more for a unit of gas."""
        self._outbox.least_tip, self._outbox.most_fee = tip, max_fee

    def send_signed(self, raw: bytes) -> Receipt:
        """Send a transaction that was signed elsewhere, and wait for it. Raises RpcError when it had no effect."""
        receipt = self._outbox.follow(raw)
        if int(receipt["status"], 16) == 0:
            raise RpcError(f"{receipt['transactionHash']} was refused", remedy="look at it in an explorer")
        return self._receipt(receipt)

    def replace(self, account: Account, nonce: int) -> None:
        """Take the place of whatever the pool holds at this nonce by a transfer of nothing, and wait for it. Raises
        RpcError when no fee below the most that is ever paid is enough."""
        self._outbox.replace(account, nonce)

    def forget_nonces(self) -> None:
        """Forget the nonces that were seen and trust the node's, after the chain went back."""
        self._outbox.forget()

    def _send(self, drafts: Sequence[Draft]) -> list[tuple[int, Receipt]]:
        """Nonce and receipt of each."""
        sent = self._outbox.send(drafts)
        for item in sent:
            if int(item.receipt["status"], 16) == 0:
                raise self._outbox.why_failed(item)
        return [(item.nonce, self._receipt(item.receipt)) for item in sent]

    def _receipt(self, raw: dict[str, Any]) -> Receipt:
        try:
            logs = [log for item in raw["logs"] if (log := self._decode(item)) is not None]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NoAnswer(
                f"{self.rpc.url} gave malformed logs of {raw['transactionHash']}, which is in a block: {error!r}",
                remedy="do not send it again: look at it through another node",
                url=self.rpc.url,
            ) from error
        return Receipt(
            logs=logs,
            gas_used=int(raw["gasUsed"], 16),
            block_number=int(raw["blockNumber"], 16),
            tx_hash=raw["transactionHash"],
        )

    def _decode(self, raw: dict[str, Any]) -> Log | None:
        emitter = self._contracts.get(raw["address"].lower())
        if emitter is None:
            return None
        return emitter.interface.read_log(emitter.address, raw["topics"], raw["data"])

    # deploying -----------------------------------------------------------------------------------------------------

    def deploy(self, name: str, *args: Any, sender: Account) -> Contract:
        """Deploy with a plain CREATE. The suite itself goes through `deploy_protocol`, which resumes."""
        packaged = self.load(name)
        data = packaged.creation_code + encode_args(packaged.interface.constructor, args, f"{name} constructor")
        [(nonce, _)] = self._send([Draft(sender, None, data)])
        return self.at(created_address(sender.address, nonce), packaged.interface)


def _data(call: Call) -> bytes:
    return call.contract.interface.function(call.function, len(call.args)).encode(call.args)


def _address(who: Any) -> str:
    address: str = who if isinstance(who, str) else who.address
    return address.lower()


def _account(sender: Any) -> Account:
    if not isinstance(sender, Account):
        raise UsageError("a transaction needs an account that can sign", remedy="pass sender=Account(...)")
    return sender
