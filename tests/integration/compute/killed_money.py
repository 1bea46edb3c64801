"""Run as a program: a provider is killed at each line of `keifu.payments` and of redemption, one process for each line.

    python -m tests.integration.compute.killed_money FOLDER mined|dropped first|last|all [EVERY]

`mined`: what was sent is in a block. `dropped`: the node forgets all of it. Prints a JSON list: for each killed process
where it died, and what is wrong after the restart ("" when nothing is).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from keifu import payments
from keifu.chain import ChainClient, Rpc
from keifu.chain.sender import Sender
from keifu.chain.suite import CHANNELS
from keifu.keys import Account as Key
from keifu.node.compute import redeeming
from keifu.node.sections import ComputeWork
from keifu.node.web import Background
from keifu.payments.book import Account, Book, Held
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.onchain import Onchain
from keifu.units import COIN, DAY
from tests.integration.compute.conftest import Paid
from tests.killed_process import ChainTrials

FILES = {*map(str, Path(payments.__file__).parent.glob("*.py")), redeeming.__file__}
FEE = 100
CHANNELS_OPEN = 9
ALL = tuple(range(CHANNELS_OPEN))
# Channels that are asked at once, one group after another; after each row, what was earned is claimed.
REQUESTS = (((0,), (1,)), (ALL, ALL, (0,)), ((1,),))
ROUNDS, FEW_ROUNDS = 60, 4


class Provider:
    """The node's money, without its server: a book, a sender, and redemption over them."""

    def __init__(self, paid: Paid, rpc: Rpc, folder: Path, channels: Sequence[Channel], key: Key) -> None:
        client = ChainClient(rpc)
        self.vouchers = Vouchers(client.chain_id, paid.channels.address)
        self.ids = [self.vouchers.channel_id(channel) for channel in channels]
        self.channels, self.key, self.payer = channels, key, paid.payer
        self.onchain = Onchain(client, paid.channels.address, ("", ""))
        self.sender = Sender(folder / "sender.sqlite", rpc, key, deployment=CHANNELS)
        self.answering = Background()
        self.book = Book(folder / "money.sqlite")
        settings = ComputeWork(listen="127.0.0.1:0")
        self.redeeming = redeeming.Redeeming(
            self.book, self.vouchers, self.onchain, self.sender, self.answering, settings, self.look
        )
        for id_, channel in zip(self.ids, channels, strict=True):
            self.look(Account(id_, channel, Held(0, 0)))

    def close(self) -> None:
        self.answering.close()
        self.book.close()
        self.sender.close()

    def look(self, account: Account) -> None:
        held = self.onchain.held(account.id)

        async def tell() -> None:
            self.book.add(account.id, account.channel, held)

        self.answering.submit(tell()).result()

    def answer(self, places: Sequence[int], left: Callable[[int, int], object] = lambda place, number: None) -> None:
        """Paid requests of one moment, as the node does them; `left` hears of each answer that would leave."""

        async def answer(place: int) -> None:
            account = self.book.accounts[self.ids[place]]
            most = account.most
            if most < account.charged + FEE:  # a client signs for two requests, as it was told how its channel stands
                most = account.charged + 2 * FEE
                account.keep(most, self.vouchers.sign(self.payer, account.id, most))
            account.require(most, FEE, 0)
            if place % 2:  # as a stream does
                self.book.charge(account, FEE, "words", (1, 1))
                number = self.book.finish(account, FEE)
            else:
                number = self.book.answered(account, FEE, "words", (1, 1))
            await self.book.durable()
            left(place, number)

        async def answers() -> None:
            await asyncio.gather(*map(answer, places))

        self.answering.submit(answers()).result()

    def redeem(self, rounds: int, after: Callable[[], object] = lambda: None) -> bool:
        """Whether all that was earned is claimed and paid out, after so many rounds at most."""
        for _ in range(rounds):
            self.redeeming.step(self.key.address, self.channels[0].token, all_of_it=True)
            self.sender.step()
            after()
            if self.redeeming.is_idle and not any(account.unclaimed > 0 for account in self.book.accounts.values()):
                return True
        return False


class Trials(ChainTrials):
    """One chain, as it was before each of them."""

    files = FILES

    def __init__(self, folder: Path, mode: str) -> None:
        self.paid = paid = Paid(folder)
        super().__init__(folder, mode, paid.anvil)
        self.key = paid.anvil.account("provider")
        self.channels = [
            Channel(
                paid.payer.address, paid.payer.address, self.key.address, self.key.address, paid.token.address, DAY,
                salt.to_bytes(32, "big"),
            )
            for salt in ALL
        ]  # fmt: skip
        for channel in self.channels:
            paid.deposit(channel, COIN)
        self.ready()

    def victim(self, folder: Path, report: int) -> None:
        """What is killed. It reports each answer when that would leave."""
        with Rpc(self.paid.anvil.url) as rpc:
            provider = Provider(self.paid, rpc, folder, self.channels, self.key)
            for groups in REQUESTS:
                for places in groups:
                    provider.answer(
                        places, lambda place, number: os.write(report, b"answered %d %d\n" % (place, number))
                    )
                provider.redeem(ROUNDS if self.mode == "mined" else FEW_ROUNDS)
            provider.close()

    def wrong(self, folder: Path, answered: list[list[str]]) -> str:
        """What is wrong after a restart, and after all that was earned is claimed."""
        with Rpc(self.paid.anvil.url) as rpc, closing(Provider(self.paid, rpc, folder, self.channels, self.key)) as now:
            left = [[int(number) for at, number in answered if at == str(place)] for place in ALL]
            for place, id_ in enumerate(now.ids):
                if fault := _kept(now.book.accounts[id_], len(left[place]), max(left[place], default=0)):
                    return f"channel {place}: {fault}"
            if fault := _used(folder / "money.sqlite", now.book):
                return fault
            twice: list[tuple[int, int]] = []
            now.answer(ALL, lambda place, number: twice.append((place, number)) if number in left[place] else None)
            if twice:
                return f"numbers that were given twice: {twice}"
            if not now.redeem(ROUNDS, lambda: rpc.call("evm_mine")):
                return f"not claimed: {now.sender.status()}"
            charged = [now.book.accounts[id_].charged for id_ in now.ids]
        claimed = [self.paid.held(id_)[1] for id_ in now.ids]
        paid = self.paid.token.balanceOf(self.key)
        if claimed != charged or paid != sum(charged):
            return f"{paid} was paid out and {claimed} claimed of {charged}"
        return ""


def _kept(account: Account, answers: int, number: int) -> str:
    """Of a channel: what was acknowledged is there, and at most one answer that was not."""
    if account.charged not in (answers * FEE, (answers + 1) * FEE):
        return f"{account.charged} is charged for {answers} answers"
    if account.number not in (number, number + 1) or account.charged != account.number * FEE:
        return f"number {account.number} after {number}, with {account.charged} charged"
    if account.most < account.charged or (account.most > 0) != bool(account.signature):
        return f"a voucher of {account.most} for {account.charged}"
    return ""


def _used(file: Path, now: Book) -> str:
    """Bills say what was charged."""
    fees = sum(usage.fees for *_, usage in Book.usage_in(file, "0000", "9999"))
    charged = sum(account.charged for account in now.accounts.values())
    return "" if fees == charged else f"bills of {fees} for {charged}"


def main(folder: str, mode: str, which: str, every: str = "1") -> None:
    Trials(Path(folder), mode).main(which, every)


if __name__ == "__main__":
    main(*sys.argv[1:])
