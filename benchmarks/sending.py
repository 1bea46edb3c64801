"""Durable sending beside bare batches."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks._beside import own_state
from benchmarks._lab import Lab
from benchmarks._rows import Row
from ethwire.constants import ETHER, GWEI
from keifu.chain import Account, Anvil, Fees, sign_transaction
from keifu.chain.sender import Intent, Sender, State
from keifu.errors import CheckFailed
from keifu.keys import keccak256

__all__ = ["ROWS"]

TRANSFERS = 3_000
ROUNDS = 7
BATCH = 500
GAS = 21_000
FEES = Fees(max_fee=3 * GWEI, priority=GWEI)


def _payee(number: int) -> str:
    return "0x" + keccak256(b"bench payee %d" % number)[12:].hex()


def _bare(anvil: Anvil, account: Account, to: str) -> None:
    """Sign, send in batches, ask for the receipts: nothing is estimated, kept or looked after."""
    rpc = anvil.rpc
    for start in range(0, TRANSFERS, BATCH):
        signed = [
            sign_transaction(
                account, chain_id=anvil.chain_id, nonce=nonce, fees=FEES, gas=GAS, to=to, value=1, data=b""
            )
            for nonce in range(start, min(start + BATCH, TRANSFERS))
        ]
        rpc.batch([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw, _ in signed])
        hashes = ["0x" + tx_hash.hex() for _, tx_hash in signed]
        while hashes:
            answers = rpc.batch([("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes])
            hashes = [tx_hash for tx_hash, answer in zip(hashes, answers, strict=True) if answer is None]


def _durable(anvil: Anvil, account: Account, to: str) -> None:
    """The same as intents: accepted on the disk, signed, sent, confirmed, each step written before the next."""
    with tempfile.TemporaryDirectory() as folder, Sender(Path(folder) / "sender.db", anvil.rpc, account) as sender:
        wanted = [Intent(f"transfer {number}", to, value=1, gas=GAS) for number in range(TRANSFERS)]
        sender.submit_many(wanted)
        ended = sender.wait(*(intent.id for intent in wanted))
        if any(intent.state is not State.DONE for intent in ended):
            raise CheckFailed("an intent is not done")


def _seconds(way: Callable[[Anvil, Account, str], None], number: int) -> float:
    """On a chain of its own, so that neither finds what the other left."""
    with Anvil() as anvil:
        account, to = Account.from_role(f"bench sender {number}"), _payee(number)
        anvil.rpc.call("anvil_setBalance", account.address, hex(100 * ETHER))
        started = time.perf_counter()
        way(anvil, account, to)
        taken = time.perf_counter() - started
        paid = int(anvil.rpc.call("eth_getBalance", to, "latest"), 16)
        if paid != TRANSFERS:
            raise CheckFailed(f"{paid} of {TRANSFERS} transfers arrived")
        return taken


def _sender(_: Lab) -> float:
    """Rate of durable intents over the bare rate. Of each the best of interleaved rounds counts, as the machine's other
    work slows both: a pair of rounds tells more about that than about the two."""
    with own_state():
        rounds = [(_seconds(_bare, number), _seconds(_durable, number)) for number in range(ROUNDS)]
        return min(bare for bare, _ in rounds) / min(durable for _, durable in rounds)


ROWS = (
    Row(
        "rate.sender",
        _sender,
        f"{TRANSFERS:,} transfers, batches of {BATCH}, fsync at each step; bare: signed, sent, receipts; "
        f"best of {ROUNDS} interleaved rounds",
        heavy=True,
    ),
)
