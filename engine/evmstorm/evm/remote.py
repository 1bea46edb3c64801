"""Another chain's state at one block: asked for through RPC where it is needed, kept in a file, and replayed from that
file without a node.

    class Live(System):
        chain = Chain(1, block=19_000_000, url="https://…")     # or the URL in EVMSTORM_RPC

A file holds one line an answer, so that several processes can add to it; each knows what it began with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ethwire.errors import EnvironmentFault, EthwireError, UsageError
from ethwire.rpc import Rpc, connect, quantity
from evmstorm.project import root

__all__ = ["Chain", "Remote"]

FOLDER = Path(".cache") / "evmstorm" / "chains"
VARIABLE = "EVMSTORM_RPC"


@dataclass(frozen=True)
class Chain:
    """The chain with number `id` as it was after `block`. `url` is a node's, by default the one that EVMSTORM_RPC
    names; none is needed where all has been asked for before."""

    id: int
    block: int
    url: str = ""
    folder: Path | None = None  # of the files; default: in the project's .cache


class Remote:
    """Answers of one chain at one block. Raises EnvironmentFault, which names what is missing, when nobody answers."""

    def __init__(self, chain: Chain) -> None:
        if chain.block < 0:
            raise UsageError(f"a chain is searched as it was after a block, and {chain.block} is none")
        self.chain_id, self.number = chain.id, chain.block
        self._at = hex(chain.block)
        self._url = chain.url or os.environ.get(VARIABLE, "")
        self._rpc: Rpc | None = None
        folder = chain.folder or root() / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{chain.id}-{chain.block}.jsonl"
        self._known: dict[str, Any] = {}
        if self.path.is_file():
            for line in self.path.read_text().splitlines():
                key, _, value = line.partition(" ")
                try:
                    self._known[key] = json.loads(value)
                except json.JSONDecodeError:
                    continue  # torn: another process was stopped while it wrote
        self.time = int(self._answer("time", "the time", self._ask_time))

    def account(self, address: str) -> tuple[int, int, bytes]:
        """(balance, nonce, code)."""
        balance, nonce, code = self._answer(f"account:{address}", f"account {address}", lambda rpc: [
            hex(rpc.quantity("eth_getBalance", address, self._at)),
            rpc.quantity("eth_getTransactionCount", address, self._at),
            rpc.octets("eth_getCode", address, self._at).hex(),
        ])  # fmt: skip
        return int(balance, 16), int(nonce), bytes.fromhex(code)

    def word(self, address: str, slot: int) -> int:
        what = f"slot {slot:#x} of {address}"
        found = self._answer(
            f"word:{address}:{slot:x}", what,
            lambda rpc: "0x" + rpc.octets("eth_getStorageAt", address, f"0x{slot:064x}", self._at).hex(),
        )  # fmt: skip
        return int(found, 16)

    def _ask_time(self, rpc: Rpc) -> int:
        block = rpc.call("eth_getBlockByNumber", self._at, False)
        if not isinstance(block, dict):
            raise EnvironmentFault(f"the node has no block {self.number}", remedy="name one that there is")
        return quantity(block.get("timestamp"), "the block's time", self._url)

    def _answer(self, key: str, what: str, ask: Callable[[Rpc], Any]) -> Any:
        if key in self._known:
            return self._known[key]
        if not self._url:
            raise EnvironmentFault(
                f"{what} is not in {self.path.name}", remedy=f"name a node by {VARIABLE}, or by url= in Chain(…)"
            )
        try:
            if self._rpc is None:
                self._rpc = connect(self._url)
                self._rpc.require_chain(self.chain_id)
            found = ask(self._rpc)
        except EthwireError as error:
            raise EnvironmentFault(
                f"{what} at block {self.number} of chain {self.chain_id}: {error}",
                remedy="run it again: what was answered is kept",
            ) from error
        self._known[key] = found
        with self.path.open("a") as file:
            file.write(f"{key} {json.dumps(found)}\n")
        return found
