"""Run as a program: a client that stores a file is killed at each line of its own code.

    python -m tests.integration.storage.market.killed_put FOLDER coin|token first|last|all [EVERY]

After each kill the same call is made again. Prints a JSON list: where each process died, and what is wrong then.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import keifu.storage.client as room
from ethwire.rpc import Rpc
from keifu.chain import ChainClient, RpcDeployer
from keifu.chain.logs import find_events
from keifu.keys import Account
from keifu.storage.client.fetching import opened
from keifu.storage.client.ledger import Ledger, Row
from keifu.storage.client.market import Market
from keifu.storage.client.quoting import Wish
from keifu.storage.client.storing import Storing, address_of, descriptor_of, keys_of
from keifu.storage.client.trees import source_of
from keifu.units import COIN
from tests.integration.storage.market.test_tokens import FUNDS, named
from tests.killed_process import ChainTrials
from tests.storing import EPOCH, World

DATA = random.Random(9).randbytes(300_000)


class Putting(ChainTrials):
    files = tuple(
        str(Path(room.__file__).parent / name) for name in ("storing.py", "ledger.py", "market.py", "money.py")
    )

    def __init__(self, folder: Path, paid_in: str) -> None:
        self.world = World(folder / "world")
        super().__init__(folder, "mined", self.world.anvil)
        self.world.provide(3)
        self.token = "" if paid_in == "coin" else named(self.world).address
        self.path = folder / "data.bin"
        self.path.write_bytes(DATA)
        self.ready()

    def put(self, folder: Path) -> Row:
        client, source = ChainClient(Rpc(self.world.anvil.url)), source_of(self.path)
        signer = Account.from_role("client")
        with Ledger(folder / "client") as ledger:
            market, chain = Market(client, self.world.suite), RpcDeployer(client, signer)
            wish = Wish(source.size, 2, 1, 5 * EPOCH, True, token=self.token)
            most = FUNDS if self.token else 10 * COIN
            return Storing(market, ledger, chain, signer, lambda _: None).put(source, wish, most=most, public=False)

    def victim(self, folder: Path, report: int) -> None:
        row = self.put(folder)
        os.write(report, f"answered {row.deal.hex()}\n".encode())

    def wrong(self, folder: Path, answered: list[list[str]]) -> str:
        world = self.world
        row = self.put(folder)
        opened_deals = [log.args["deal"] for log in find_events(world.client, world.market.deals, "DealOpened")]
        if [bytes(deal) for deal in opened_deals] != [row.deal]:
            return f"{len(opened_deals)} deals were opened"
        if answered and answered[0][0] != row.deal.hex():
            return "another deal was answered"
        deal = world.market.require_deal(row.deal)
        money, client = world.market.money(self.token), Account.from_role("client")
        kind = world.client.at(self.token or world.token.address, "KeifuToken")
        paid = (FUNDS if self.token else 10_000 * COIN) - kind.balanceOf(client)
        if paid != deal.price * deal.shards * (deal.end - deal.begin) * money.unit:
            return f"{paid} of the smallest unit were paid"
        if kind.allowance(client, world.market.deals):
            return "more is allowed than was needed"
        keys = keys_of(row, Account.from_role("client"))
        with opened(world.market, address_of(row), descriptor_of(row.kept), keys) as file:
            return "" if b"".join(file.read()) == DATA else "other bytes came back"

    def main(self, which: str, every: str = "1") -> None:
        super().main(which, every)
        self.world.close()


if __name__ == "__main__":
    Putting(Path(sys.argv[1]), sys.argv[2]).main(*sys.argv[3:])
