"""A chain with one account, and a node that behaves as badly as a seed wants: it forgets, is late, answers from a fork
that is over, refuses, breaks off. Blocks and pool are plain lists; nothing here knows how the sender decides."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import rlp

from ethwire.constants import GWEI
from keifu.errors import Revert, RpcError
from keifu.keys import keccak256

CHAIN_ID = 99
BLOCK_GAS = 30_000_000
REPLACEMENT_PERCENT = 10
REFUSED, REVERTS, AFTER_MINED = b"\xee", b"\xff", b"\xdd"  # first byte of the data: what becomes of the call


class Killed(BaseException):
    """The process ends here, as by `kill -9`."""


@dataclass(frozen=True)
class Transaction:
    nonce: int
    tip: int
    max_fee: int
    gas: int
    data: bytes
    tx_hash: str

    @classmethod
    def read(cls, raw: bytes) -> Transaction:
        chain, nonce, tip, max_fee, gas, _, _, data, *_ = rlp.decode(raw[1:])
        assert int.from_bytes(chain, "big") == CHAIN_ID
        numbers = (int.from_bytes(item, "big") for item in (nonce, tip, max_fee, gas))
        return cls(*numbers, data, "0x" + keccak256(raw).hex())


@dataclass(frozen=True)
class Block:
    number: int
    hash: str
    base_fee: int
    transactions: tuple[Transaction, ...] = ()


@dataclass
class Faults:
    """How often what goes wrong."""

    broken: float = 0.0  # a round trip: nobody knows whether the node got it
    killed: float = 0.0
    refused: float = 0.0  # a transaction, for no good reason
    forgotten: float = 0.0  # a transaction of the pool, in each block
    late: float = 0.0  # a receipt, or another answer that is null
    behind: float = 0.0  # a round trip, answered by a node that is some blocks behind
    reorganised: float = 0.0  # in each block
    foreign: float = 0.0  # in each block, a transaction that another process signs with the same key
    fee_jump: float = 0.0


@dataclass
class SimulatedChain:
    address: str
    depth: int
    random: random.Random
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.blocks = [Block(0, self._hash(), GWEI)]
        self.old_fork: list[Block] = []
        self.pool: dict[int, Transaction] = {}
        self.now = 0.0
        self._foreign = 0

    # the chain -----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Time passes: perhaps a reorganisation, then a block."""
        self.now += 12.0
        happens = self._happens
        if happens(self.faults.reorganised):
            self._reorganise()
        if happens(self.faults.foreign):
            self._foreign += 1
            data = b"foreign %d" % self._foreign
            nonce = self.count(self.blocks)
            # Whoever else has the key pays enough, now and then to be first.
            self.pool[nonce] = Transaction(nonce, GWEI, 2_000 * GWEI, 21_000, data, "0x" + keccak256(data).hex())
        self.pool = {nonce: item for nonce, item in self.pool.items() if not happens(self.faults.forgotten)}
        self._mine()
        fork = next((i for i, (a, b) in enumerate(zip(self.blocks, self.old_fork, strict=False)) if a != b), None)
        if fork is None or self.blocks[-1].number >= fork + self.depth:
            self.old_fork = []  # every node has heard by now

    def _mine(self) -> None:
        base = self.blocks[-1].base_fee
        jump = self.random.choice((0.3, 4.0, 20.0)) if self._happens(self.faults.fee_jump) else 1.0
        base = min(max(int(base * jump * self.random.uniform(0.9, 1.1)), 7), 100 * GWEI)
        nonce, taken = self.count(self.blocks), []
        while (item := self.pool.get(nonce)) and item.max_fee >= base and self.random.random() < 0.8:
            taken.append(item)
            nonce += 1
        self.blocks.append(Block(len(self.blocks), self._hash(), base, tuple(taken)))
        self.pool = {key: item for key, item in self.pool.items() if key >= nonce}

    def _reorganise(self) -> None:
        """Up to `depth` blocks are replaced by others; their transactions are in the pool again, or nowhere."""
        gone = self.random.randint(1, min(self.depth, len(self.blocks) - 1)) if len(self.blocks) > 1 else 0
        if gone == 0 or self.old_fork:
            return
        self.old_fork = list(self.blocks)
        removed = self.blocks[-gone:]
        del self.blocks[-gone:]
        for item in (item for block in removed for item in block.transactions):
            if self.random.random() < 0.5:
                self.pool.setdefault(item.nonce, item)
        for _ in range(gone):
            self._mine()

    def count(self, blocks: list[Block]) -> int:
        return sum(len(block.transactions) for block in blocks)

    def taken(self) -> list[Transaction]:
        return [item for block in self.blocks for item in block.transactions]

    def _hash(self) -> str:
        return "0x" + self.random.randbytes(32).hex()

    def _happens(self, chance: float) -> bool:
        return self.random.random() < chance

    # the node ------------------------------------------------------------------------------------------------------

    def call(self, method: str, *params: Any) -> Any:
        [answer] = self.batch([(method, list(params))])
        if isinstance(answer, Exception):
            raise answer
        return answer

    agreed = call

    def agreed_many(self, calls: list[tuple[str, list[Any]]], of: Any) -> list[Any]:
        return self.batch(calls)

    def estimated_many(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        return self.batch(calls)

    def batch(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        """Each round trip may reach another of the nodes behind one address."""
        if self._happens(self.faults.killed):
            raise Killed
        lost_before = self._happens(self.faults.broken)
        if lost_before:
            raise RpcError("the connection broke before the node got it")
        answers = [self._answer(method, params, self._view()) for method, params in calls]
        if self._happens(self.faults.killed):
            raise Killed
        if self._happens(self.faults.broken):
            raise RpcError("the connection broke before the answer was there")
        return answers

    def _view(self) -> list[Block]:
        if not self._happens(self.faults.behind):
            return self.blocks
        if self.old_fork and self._happens(0.5):
            return self.old_fork
        return self.blocks[: max(len(self.blocks) - self.random.randint(0, self.depth - 1), 1)]

    def _answer(self, method: str, params: list[Any], blocks: list[Block]) -> Any:
        try:
            return getattr(self, f"_{method}")(blocks, *params)
        except (RpcError, Revert) as error:
            return error

    def _eth_chainId(self, blocks: list[Block]) -> str:
        return hex(CHAIN_ID)

    def _eth_maxPriorityFeePerGas(self, blocks: list[Block]) -> str:
        if self._happens(self.faults.late):
            raise RpcError("no such method")
        return hex(GWEI)

    def _eth_getTransactionCount(self, blocks: list[Block], address: str, tag: str) -> str | None:
        if tag not in ("latest", "pending"):
            if int(tag, 16) >= len(blocks):
                raise RpcError("block not found")
            return hex(self.count(blocks[: int(tag, 16) + 1]))
        count = self.count(blocks)
        if tag == "pending":
            if self._happens(self.faults.late):
                return None
            while count in self.pool:
                count += 1
        return hex(count)

    def _eth_getBlockByNumber(self, blocks: list[Block], tag: str, full: bool) -> dict[str, Any] | None:
        number = len(blocks) - 1 if tag == "latest" else int(tag, 16)
        if number >= len(blocks) or (tag != "latest" and self._happens(self.faults.late)):
            return None
        block = blocks[number]
        return {
            "number": hex(number),
            "hash": block.hash,
            "baseFeePerGas": hex(block.base_fee),
            "gasLimit": hex(BLOCK_GAS),
            "transactions": [
                {"hash": item.tx_hash, "from": self.address, "nonce": hex(item.nonce)} for item in block.transactions
            ],
        }

    def _eth_getTransactionReceipt(self, blocks: list[Block], tx_hash: str) -> dict[str, Any] | None:
        if self._happens(self.faults.late):
            return None
        for block in blocks:
            for item in block.transactions:
                if item.tx_hash == tx_hash:
                    return {
                        "transactionHash": tx_hash,
                        "blockNumber": hex(block.number),
                        "blockHash": block.hash,
                        "status": "0x0" if item.data.startswith(REVERTS) else "0x1",
                        "gasUsed": hex(21_000),
                    }
        return None

    def _eth_estimateGas(self, blocks: list[Block], request: dict[str, str]) -> str:
        data = bytes.fromhex(request["data"][2:])
        if data.startswith(REFUSED):
            raise Revert("contract: never")
        if data.startswith(AFTER_MINED):
            before = data[1:]
            if not any(item.data == before for block in blocks for item in block.transactions):
                raise Revert("contract: not yet")
        return hex(50_000)

    def _eth_call(self, blocks: list[Block], request: dict[str, str], tag: str) -> str:
        raise Revert("contract: no")

    def _eth_sendRawTransaction(self, blocks: list[Block], raw: str) -> str:
        item = Transaction.read(bytes.fromhex(raw[2:]))
        if self._happens(self.faults.refused):
            raise RpcError(self.random.choice(("insufficient funds", "txpool is full", "internal error")))
        if item.nonce < self.count(blocks):
            raise RpcError("nonce too low")
        kept = self.pool.get(item.nonce)
        if kept is not None and kept.tx_hash == item.tx_hash:
            raise RpcError("already known")
        if kept is not None and any(
            new * 100 < old * (100 + REPLACEMENT_PERCENT)
            for new, old in ((item.tip, kept.tip), (item.max_fee, kept.max_fee))
        ):
            raise RpcError("replacement transaction underpriced")
        self.pool[item.nonce] = item
        return item.tx_hash
