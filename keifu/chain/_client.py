"""A chain behind an RPC as a backend of contract handles: views, transactions, batches of transactions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ethwire import rlp
from ethwire.rpc import Rpc
from keifu import abi
from keifu.abi import Contract, FunctionAbi, Interface, Log, Receipt, encode_args
from keifu.chain._transaction import Fees, sign_transaction
from keifu.errors import Revert, RpcError, UsageError
from keifu.keys import Account, keccak256

__all__ = ["Call", "ChainClient"]

RECEIPT_TIMEOUT_SECONDS = 120.0  # of our own pauses: the time that a busy node takes to answer does not count
FIRST_POLL_SECONDS = 0.002
SLOWEST_POLL_SECONDS = 1.0
GAS_MARGIN_PERCENT = 25  # an estimate is exact for one state; the next block may be another
BATCH = 500  # requests a round trip: measured 3.4 k tx/s with 500, 3.0 k with 100, 1.1 k with 1
GWEI = 10**9


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
    """One chain. Holds the next nonce of each account that sends through it, so use one client a process."""

    def __init__(self, rpc: Rpc, load: Callable[[str], Any] = abi.load) -> None:
        self.rpc = rpc
        self.chain_id = rpc.chain_id()
        self.load = load
        self._nonces: dict[str, int] = {}
        self._contracts: dict[str, Contract] = {}
        self._fees: Fees | None = None

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
        return function.decode(bytes.fromhex(self.rpc.call("eth_call", request, "latest")[2:]))

    def balance(self, who: Any) -> int:
        return int(self.rpc.call("eth_getBalance", _address(who), "latest"), 16)

    def code(self, who: Any) -> bytes:
        return bytes.fromhex(self.rpc.call("eth_getCode", _address(who), "latest")[2:])

    @property
    def now(self) -> int:
        """Time stamp of the newest block: deadlines use the chain's clock, not this machine's."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

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
        account = _account(sender)
        gas = gas or self._estimate(account, to, data, value)
        raw, tx_hash = self._sign(account, to, data, value, gas)
        self._submit(account, raw)
        receipt = self._wait(tx_hash)
        if int(receipt["status"], 16) == 0:
            self._raise_reason(account, to, data, value, receipt)
        return self._receipt(receipt)

    def send_many(
        self, calls: Sequence[Call], *, on_progress: Callable[[int], None] = lambda done: None
    ) -> list[Receipt]:
        """Send all in batches and wait for all; receipts in order. Raises Revert at the first that was refused."""
        receipts: list[Receipt] = []
        for start in range(0, len(calls), BATCH):
            part = calls[start : start + BATCH]
            gas = self._estimate_many(part)
            signed = [
                self._sign(call.sender, call.contract.address, _data(call), call.value, limit)
                for call, limit in zip(part, gas, strict=True)
            ]
            answers = self.rpc.batch([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw, _ in signed])
            for call, answer in zip(part, answers, strict=True):
                if isinstance(answer, Exception):
                    self._nonces.pop(call.sender.address, None)
                    raise answer
            for call, receipt in zip(part, self._wait_many([tx_hash for _, tx_hash in signed]), strict=True):
                if int(receipt["status"], 16) == 0:
                    self._raise_reason(call.sender, call.contract.address, _data(call), call.value, receipt)
                receipts.append(self._receipt(receipt))
            on_progress(len(receipts))
        return receipts

    def forget_nonces(self) -> None:
        """Read every nonce again: after the chain went back, or another process sent."""
        self._nonces.clear()

    def _estimate(self, account: Account, to: str | None, data: bytes, value: int) -> int:
        estimate = int(self.rpc.call("eth_estimateGas", _request(account, to, data, value)), 16)
        return estimate * (100 + GAS_MARGIN_PERCENT) // 100

    def _estimate_many(self, calls: Sequence[Call]) -> list[int]:
        asked = [
            ("eth_estimateGas", [_request(call.sender, call.contract.address, _data(call), call.value)])
            for call in calls
            if not call.gas
        ]
        answers = iter(self.rpc.batch(asked))
        limits: list[int] = []
        for call in calls:
            if call.gas:
                limits.append(call.gas)
                continue
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            limits.append(int(answer, 16) * (100 + GAS_MARGIN_PERCENT) // 100)
        return limits

    def _sign(self, account: Account, to: str | None, data: bytes, value: int, gas: int) -> tuple[bytes, bytes]:
        nonce = self._nonces.get(account.address)
        if nonce is None:
            nonce = int(self.rpc.call("eth_getTransactionCount", account.address, "pending"), 16)
        self._nonces[account.address] = nonce + 1
        return sign_transaction(
            account,
            chain_id=self.chain_id,
            nonce=nonce,
            fees=self.fees(),
            gas=gas,
            to=to,
            value=value,
            data=data,
        )

    def fees(self) -> Fees:
        """Twice the base fee plus a tip, read once and kept: enough for six full blocks in a row."""
        if self._fees is None:
            block = self.rpc.call("eth_getBlockByNumber", "latest", False)
            base = int(block.get("baseFeePerGas", "0x0"), 16)
            self._fees = Fees(max_fee=2 * base + GWEI, priority=GWEI)
        return self._fees

    def _submit(self, account: Account, raw: bytes) -> None:
        try:
            self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        except (RpcError, Revert):
            self._nonces.pop(account.address, None)  # unknown now: read it again before the next one
            self._fees = None
            raise

    def _wait(self, tx_hash: bytes) -> dict[str, Any]:
        return self._wait_many([tx_hash])[0]

    def _wait_many(self, hashes: Sequence[bytes]) -> list[dict[str, Any]]:
        found: dict[bytes, dict[str, Any]] = {}
        waited, pause = 0.0, FIRST_POLL_SECONDS
        while True:
            open_hashes = [tx_hash for tx_hash in hashes if tx_hash not in found]
            answers = self.rpc.batch([("eth_getTransactionReceipt", ["0x" + item.hex()]) for item in open_hashes])
            for tx_hash, answer in zip(open_hashes, answers, strict=True):
                if isinstance(answer, dict):
                    found[tx_hash] = answer
            if len(found) == len(set(hashes)):
                return [found[tx_hash] for tx_hash in hashes]
            if waited > RECEIPT_TIMEOUT_SECONDS:
                raise RpcError(
                    f"{len(hashes) - len(found)} transactions were not mined in {RECEIPT_TIMEOUT_SECONDS:.0f} s",
                    remedy="raise the fee, or look at the node",
                )
            time.sleep(pause)
            waited += pause
            pause = min(2 * pause, SLOWEST_POLL_SECONDS)

    def _raise_reason(self, account: Account, to: str | None, data: bytes, value: int, receipt: dict[str, Any]) -> None:
        """A mined transaction failed: the same call at the block before usually says why."""
        parent = hex(int(receipt["blockNumber"], 16) - 1)
        try:
            self.rpc.call("eth_call", _request(account, to, data, value), parent)
        except RpcError as error:
            raise Revert("") from error
        raise Revert("")

    def _receipt(self, raw: dict[str, Any]) -> Receipt:
        return Receipt(
            logs=[log for item in raw["logs"] if (log := self._decode(item)) is not None],
            gas_used=int(raw["gasUsed"], 16),
            block_number=int(raw["blockNumber"], 16),
            tx_hash=raw["transactionHash"],
        )

    def _decode(self, raw: dict[str, Any]) -> Log | None:
        emitter = self._contracts.get(raw["address"].lower())
        if emitter is None:
            return None
        topics = [bytes.fromhex(topic[2:]) for topic in raw["topics"]]
        return emitter.interface.decode_log(emitter.address, topics, bytes.fromhex(raw["data"][2:]))

    # deploying -----------------------------------------------------------------------------------------------------

    def deploy(self, name: str, *args: Any, sender: Account) -> Contract:
        """Deploy with a plain CREATE. The suite itself goes through `deploy_protocol`, which resumes."""
        packaged = self.load(name)
        data = packaged.creation_code + encode_args(packaged.interface.constructor, args, f"{name} constructor")
        nonce = self._nonces.get(sender.address)
        if nonce is None:
            nonce = int(self.rpc.call("eth_getTransactionCount", sender.address, "pending"), 16)
        self.send(sender, None, data)
        return self.at(created_address(sender.address, nonce), packaged.interface)


def created_address(sender: str, nonce: int) -> str:
    """Where a CREATE by `sender` with `nonce` puts its contract."""
    return "0x" + keccak256(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:].hex()


def _data(call: Call) -> bytes:
    return call.contract.interface.function(call.function, len(call.args)).encode(call.args)


def _request(account: Account, to: str | None, data: bytes, value: int) -> dict[str, str]:
    request = {"from": account.address, "data": "0x" + data.hex(), "value": hex(value)}
    return request | ({"to": to} if to else {})


def _address(who: Any) -> str:
    address: str = who if isinstance(who, str) else who.address
    return address.lower()


def _account(sender: Any) -> Account:
    if not isinstance(sender, Account):
        raise UsageError("a transaction needs an account that can sign", remedy="pass sender=Account(...)")
    return sender
