"""A live chain with many small blocks: transfers are sent durably, followed, indexed and accounted for."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._beside import line_of, own_state, python_beside
from benchmarks._lab import GENESIS, Lab
from benchmarks._rows import Row
from ethwire.constants import ETHER
from ethwire.rpc import Rpc
from keifu.chain import Account, Anvil, ChainClient
from keifu.chain.sender import Intent, Sender, State
from keifu.errors import CheckFailed
from keifu.keys import keccak256

__all__ = ["ROWS"]

TRANSFERS = 20_000
PAYEES = 1_000
GAS = 60_000  # more than a transfer to a new account takes
# anvil's time for the receipts of a block grows with the square of its transactions: with blocks of a second it is what
# everything waits for.
PAUSE_SECONDS = 0.05  # between blocks


def _payee(number: int) -> str:
    return "0x" + keccak256(b"live payee %d" % number)[12:].hex()


@contextmanager
def _blocks(url: str) -> Iterator[None]:
    """A block after each pause, whatever is in the pool."""
    ended = threading.Event()

    def mine() -> None:
        with Rpc(url) as rpc:
            while not ended.wait(PAUSE_SECONDS):
                rpc.call("evm_mine")

    miner = threading.Thread(target=mine)
    miner.start()
    try:
        yield
    finally:
        ended.set()
        miner.join()


def _rate(_: Lab) -> float:
    """Transfers a second, from the first that is accepted to the index's word that its balances are the chain's."""
    with Anvil(timestamp=GENESIS) as anvil, tempfile.TemporaryDirectory() as name:
        folder, holder = Path(name), Account.from_role("bench live holder")
        anvil.rpc.call("anvil_setBalance", holder.address, hex(1_000 * ETHER))
        token = ChainClient(anvil.rpc).deploy("KeifuToken", holder, sender=holder)
        anvil.rpc.call("evm_setAutomine", False)
        wanted = [
            Intent(f"transfer {number}", token.address, data=token.transfer.encode(_payee(number % PAYEES), 1), gas=GAS)
            for number in range(TRANSFERS)
        ]
        words = (anvil.url, token.address, "0", str(folder / "index.db"), str(TRANSFERS + 1))
        with (
            python_beside("benchmarks._live", *words) as index,
            _blocks(anvil.url),
            own_state(),
            Sender(folder / "sender.db", anvil.rpc, holder) as sender,
        ):
            line_of(index)
            started = time.perf_counter()
            sender.submit_many(wanted)
            ended = sender.wait(*(intent.id for intent in wanted))
            if line_of(index) != "done":
                raise CheckFailed("the index says something else than done")
            taken = time.perf_counter() - started
    if any(intent.state is not State.DONE for intent in ended):
        raise CheckFailed("an intent is not done")
    return TRANSFERS / taken


ROWS = (
    Row(
        "rate.tps",
        _rate,
        f"{TRANSFERS:,} transfers of the token to {PAYEES:,} accounts, as durable intents; a block each "
        f"{PAUSE_SECONDS * 1_000:.0f} ms; the index in a process of its own, compared with the chain at the end",
        heavy=True,
    ),
)
