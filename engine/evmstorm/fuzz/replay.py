"""A counterexample on a real node: the same calls in the same blocks must give the same reverts and the same state.

What the set-up left is copied to anvil account by account; each step then goes there as a transaction of its own. In
the end every account and every storage slot that the in-process EVM knows is compared, not only what a description
reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ethwire.anvil import Anvil
from ethwire.errors import UsageError
from ethwire.rpc import Rpc
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.evm.artifacts import Artifact
from evmstorm.evm.native_machine import AccountState, NativeMachine
from evmstorm.fuzz.counterexample import Counterexample
from evmstorm.fuzz.engine import Engine, Finding
from evmstorm.fuzz.system import System

__all__ = ["Difference", "Replay", "replay"]

GAS = 30_000_000
BATCH = 500  # requests a round trip
MAX_EMPTY_BLOCKS = 10_000


@dataclass
class _Sent:
    """One transaction of the sequence, with the block it belongs to and what became of it here."""

    block: int
    time: int
    sender: str
    to: str
    data: bytes
    value: int
    outcome: str = "ok"


class _Recorder:
    """Stands in the place of `LocalEvm.raw` and writes calls down; what a snapshot undoes is forgotten too."""

    def __init__(self, evm: LocalEvm) -> None:
        self._raw = evm.raw
        self._evm = evm
        self.log: list[_Sent] = []
        self._marks: list[tuple[Any, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def snapshot(self) -> Any:
        mark = self._raw.snapshot()
        self._marks.append((mark, len(self.log)))
        return mark

    def revert(self, mark: Any) -> None:
        while self._marks:
            known, length = self._marks.pop()
            if known is mark:
                del self.log[length:]
                break
        self._raw.revert(mark)

    def deploy(self, *_: Any, **__: Any) -> str:
        raise UsageError("a step deploys a contract from outside", remedy="deploy in setup")

    def call(self, sender: str, to: str, data: bytes = b"", value: int = 0, is_static: bool = False) -> bytes | None:
        if is_static:
            return self._raw.call(sender, to, data, is_static=True)
        sent = _Sent(self._evm.block_number, self._evm.now, sender, to, data, value)
        self.log.append(sent)
        returned = self._raw.call(sender, to, data, value)
        if returned is None:
            sent.outcome = f"refused: {self._evm.revert().reason}"
        return returned


@dataclass(frozen=True)
class Difference:
    """What anvil did otherwise."""

    where: str
    here: str
    there: str

    def __str__(self) -> str:
        return f"{self.where}: {self.here} in process, {self.there} on anvil"


@dataclass
class Replay:
    """Outcome of a replay: the finding as it is now, how much was sent and compared, and where anvil disagrees."""

    finding: Finding | None
    transactions: int
    reverts: int
    slots: int
    stale: bool
    differences: list[Difference] = field(default_factory=list)


def replay(example: Counterexample, system: type[System], load: Callable[[str], Artifact] = artifacts.load) -> Replay:
    """Run `example` here and on anvil and compare.

    `finding` is None when the code no longer has the fault; `stale` says that the code is not what it was.
    """
    engine = Engine(system, load)
    machine = engine.evm.raw
    if not isinstance(machine, NativeMachine):
        raise UsageError("a replay compares with the machine in C", remedy="--machine native")
    if system.chain:  # what the sequence asks the other chain for belongs to the start as well
        engine.run(bytes.fromhex(example.data))
        engine.rewind()
    base = machine.state()
    block, time = engine.evm.block_number, engine.evm.now
    recorder = _Recorder(engine.evm)
    engine.evm.raw = recorder
    finding = engine.run(bytes.fromhex(example.data))
    stale = bool(example.code_hash) and example.code_hash != system.code_hash()
    reverts = sum(sent.outcome != "ok" for sent in recorder.log)
    outcome = Replay(finding, len(recorder.log), reverts, 0, stale)
    with Anvil(timestamp=time - 1, hardfork=engine.evm.fork.name) as anvil:
        anvil.rpc.call("anvil_setBlockTimestampInterval", 0)  # time passes where the sequence says so
        player = _Player(anvil.rpc, engine)
        player.copy(base)
        if block > 1:
            anvil.mine(block - 1)
        outcome.differences = player.play(recorder.log, block)
        slots, differences = player.compare(machine.state())
        outcome.slots = slots
        outcome.differences += differences
    return outcome


class _Player:
    """Brings anvil to the state after `setup`, sends the sequence, and compares."""

    def __init__(self, rpc: Rpc, engine: Engine) -> None:
        self.rpc = rpc
        self.engine = engine

    def copy(self, accounts: dict[str, AccountState]) -> None:
        calls: list[tuple[str, list[Any]]] = []
        for address, account in accounts.items():
            calls.append(("anvil_setBalance", [address, hex(account.balance)]))
            if account.code:
                calls.append(("anvil_setCode", [address, "0x" + account.code.hex()]))
                calls.append(("anvil_setNonce", [address, hex(account.nonce)]))
            calls += [
                ("anvil_setStorageAt", [address, hex(slot), f"0x{value:064x}"])
                for slot, value in account.storage.items()
            ]
        self._batch(calls)
        self.rpc.call("anvil_autoImpersonateAccount", True)
        self.rpc.call("evm_setAutomine", False)

    def _batch(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        answers: list[Any] = []
        for start in range(0, len(calls), BATCH):
            answers += self.rpc.batch(calls[start : start + BATCH])
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def play(self, log: list[_Sent], first: int) -> list[Difference]:
        """One block of anvil for each block that the sequence saw; `first` is the number of the next one."""
        differences: list[Difference] = []
        blocks: dict[int, list[_Sent]] = {}
        for sent in log:
            blocks.setdefault(sent.block, []).append(sent)
        following = first
        for number, sents in sorted(blocks.items()):
            if 0 < number - following <= MAX_EMPTY_BLOCKS:
                self.rpc.call("anvil_mine", hex(number - following), "0x0")
            following = number + 1
            self.rpc.call("anvil_setNextBlockBaseFeePerGas", "0x0")
            hashes = [self._send(sent) for sent in sents]
            self.rpc.call("evm_setNextBlockTimestamp", sents[0].time)
            self.rpc.call("evm_mine")
            for sent, tx_hash in zip(sents, hashes, strict=True):
                if (difference := self._outcome(sent, tx_hash)) is not None:
                    differences.append(difference)
        return differences

    def _send(self, sent: _Sent) -> str:
        request = {
            "from": sent.sender,
            "to": sent.to,
            "data": "0x" + sent.data.hex(),
            "value": hex(sent.value),
            "gas": hex(GAS),
            "gasPrice": "0x0",
        }
        tx_hash: str = self.rpc.call("eth_sendTransaction", request)
        return tx_hash

    def _outcome(self, sent: _Sent, tx_hash: str) -> Difference | None:
        receipt = self.rpc.call("eth_getTransactionReceipt", tx_hash)
        where = f"call of {self.engine.system.names.get(sent.to, sent.to)} at {sent.time}"
        here = sent.outcome
        if receipt is None:
            return Difference(where, here, "not mined")
        there = "ok"
        if int(receipt["status"], 16) == 0:
            trace = self.rpc.call("debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
            there = f"refused: {self.engine.evm.reason(bytes.fromhex((trace.get('output') or '0x')[2:]))}"
        return Difference(where, here, there) if here != there else None

    def compare(self, accounts: dict[str, AccountState]) -> tuple[int, list[Difference]]:
        """(slots and balances compared, those that differ)."""
        calls: list[tuple[str, list[Any]]] = []
        wanted: list[tuple[str, int]] = []
        for address, account in accounts.items():
            name = self.engine.system.names.get(address, address)
            if int(address, 16):  # the zero address takes the fees
                calls.append(("eth_getBalance", [address, "latest"]))
                wanted.append((f"balance of {name}", account.balance))
            for slot, value in account.storage.items():
                calls.append(("eth_getStorageAt", [address, hex(slot), "latest"]))
                wanted.append((f"slot {slot:#x} of {name}", value))
        answers = self._batch(calls)
        differences = [
            Difference(where, hex(here), there)
            for (where, here), there in zip(wanted, answers, strict=True)
            if int(there, 16) != here
        ]
        return len(wanted), differences
