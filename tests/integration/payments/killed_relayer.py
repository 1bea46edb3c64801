"""Run as a program: a relayer is killed at each line of its room, one process for each line.

    python -m tests.integration.payments.killed_relayer FOLDER mined|dropped first|last|all [EVERY]

It is asked for a deposit whose gas a voucher pays, for a claim, and for a refund. Prints a JSON list: for each killed
process where it died, and what is wrong after a restart in which all is asked for again ("" when nothing is).
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from keifu.chain import ChainClient, Rpc
from keifu.chain.sender import Sender
from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR, PERMIT2_COLLECTOR
from keifu.node import relayer as room
from keifu.node.relayer.desk import Desk
from keifu.node.relayer.refunds import Refunds
from keifu.node.relayer.spending import Spending
from keifu.node.sections import RelayerWork
from keifu.node.web import Background
from keifu.payments import Vouchers
from keifu.payments.facilitator import read_asked
from keifu.payments.onchain import Onchain
from keifu.payments.x402 import Settled
from keifu.units import COIN
from tests.integration.compute.conftest import Paid
from tests.integration.payments.asking import AMOUNT, PER_ETHER, Asking
from tests.killed_process import ChainTrials

FILES = set(map(str, Path(room.__file__).parent.glob("*.py")))
ROUNDS, FEW_ROUNDS = 60, 4
CLAIMED, BACK = 300, 200
SALT = 7


class Relaying:
    """A relayer without its server."""

    def __init__(self, paid: Paid, rpc: Rpc, folder: Path) -> None:
        client, key = ChainClient(rpc), paid.anvil.account("relayer")
        vouchers = Vouchers(client.chain_id, paid.channels.address)
        onchain = Onchain(client, paid.channels.address, (paid.suite[ERC3009_COLLECTOR], paid.suite[PERMIT2_COLLECTOR]))
        settings = RelayerWork(listen="127.0.0.1:0", per_ether=PER_ETHER)
        self.sender = Sender(folder / "sender.sqlite", rpc, key, deployment=CHANNELS)
        self.database = sqlite3.connect(folder / "node.sqlite", isolation_level=None)
        refunds = Refunds(onchain, vouchers, settings, key.address, paid.token.address)
        self.desk = Desk(client, onchain, vouchers, self.sender, settings, Spending(self.database, settings), refunds)
        self.asking = Background()

    def close(self) -> None:
        self.asking.close()
        self.sender.close()
        self.database.close()

    def settle(
        self, body: bytes, header: str, rounds: int, after: Callable[[], object] = lambda: None
    ) -> Settled | None:
        """What is answered; None when it takes more rounds."""
        answer = self.asking.submit(self.desk.ask(read_asked(body), header, settles=True))
        for _ in range(rounds):
            self.desk.step(0.01)
            if answer.done():
                found = answer.result()
                assert isinstance(found, Settled)
                return found
            self.sender.step()
            after()
        return None


class Trials(ChainTrials):
    """One chain, as it was before each of them."""

    files = FILES

    def __init__(self, folder: Path, mode: str) -> None:
        self.paid = paid = Paid(folder)
        super().__init__(folder, mode, paid.anvil)
        self.relayer = paid.anvil.account("relayer").address
        self.asking = asking = Asking(paid)
        self.open = asking.channel(SALT)
        self.channel_id = paid.deposit(self.open, COIN)
        self.prepaid, header = asking.refund_header(self.relayer, COIN)
        self.prepaid_id = paid.deposit(self.prepaid, COIN)
        self.intents = [
            (_body(asking, asking.deposit(1)), header["PAYMENT-SIGNATURE"]),
            (_body(asking, asking.claim(self.open, CLAIMED)), ""),
            (_body(asking, asking.refund(self.open, BACK)), ""),
        ]
        self.before = paid.token.balanceOf(paid.payer)
        self.ready()

    def victim(self, folder: Path, report: int) -> None:
        """What is killed. It reports each intent that it says to be done."""
        with Rpc(self.paid.anvil.url) as rpc:
            relaying = Relaying(self.paid, rpc, folder)
            for place, (body, header) in enumerate(self.intents):
                answer = relaying.settle(body, header, ROUNDS if self.mode == "mined" else FEW_ROUNDS)
                if answer is not None and answer.success:
                    os.write(report, f"answered {place} {answer.transaction}\n".encode())
            relaying.close()

    def wrong(self, folder: Path, answered: list[list[str]]) -> str:
        """What is wrong after a restart in which all is asked for again, twice."""
        with Rpc(self.paid.anvil.url) as rpc, closing(Relaying(self.paid, rpc, folder)) as now:
            for _ in range(2):
                for place, (body, header) in enumerate(self.intents):
                    answer = now.settle(body, header, ROUNDS, lambda: rpc.call("evm_mine"))
                    if answer is None or not answer.success:
                        return f"intent {place}: {answer}"
                    if [str(place)] == [item[0] for item in answered if item[1] != answer.transaction][:1]:
                        return f"intent {place} was answered by another transaction"
        paid = self.paid
        nonce = int(paid.client.rpc.call("eth_getTransactionCount", self.relayer, "latest"), 16)
        taken, earned = paid.held(self.prepaid_id)[1], paid.token.balanceOf(self.relayer)
        back = paid.token.balanceOf(paid.payer) - self.before
        if nonce != len(self.intents) or not 0 < taken == earned <= COIN or back != BACK - AMOUNT:
            return f"{nonce} transactions, {taken} taken and {earned} earned, {back} came back"
        held = paid.held(self.channel_id)
        return "" if held == (COIN - BACK, CLAIMED) else f"the channel holds {held}"


def _body(asking: Asking, payload: dict[str, Any]) -> bytes:
    return msgspec.json.encode(asking.body(payload))


def main(folder: str, mode: str, which: str, every: str = "1") -> None:
    Trials(Path(folder), mode).main(which, every)


if __name__ == "__main__":
    main(*sys.argv[1:])
