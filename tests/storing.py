"""A chain with the storage contracts, and nodes in this process whose providers accept what they are told of."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from keifu.chain import Anvil, Params, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.services import list_now
from keifu.chain.suite import STORAGE, STORAGE_DEALS, STORAGE_REPAIRS
from keifu.keys import Account, keccak256, message_digest
from keifu.merkle.indexed import LEAF_BYTES, path_in, tree_of
from keifu.node.storage import service as serving_room
from keifu.staking import actions
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.market import Market
from keifu.storage.client.storing import Storing
from keifu.storage.deals import Placed, deal_path
from keifu.storage.deletions import deletion_text
from keifu.storage.provider.messages import ShardId
from keifu.storage.states import State
from keifu.storage.store import Store
from keifu.storage.trees import SEGMENT_LEAVES
from keifu.units import COIN
from tests.ape_chain import GENESIS
from tests.integration.node.conftest import Node as RealNode
from tests.stored import Node, serving

__all__ = ["EPOCH", "Provider", "World"]

EPOCH, WINDOW = 600, 200
PRICE, RESTITUTION = 1_000 * 10**9, 100_000 * 10**9  # gwei for a gibibyte
_LEAF = re.compile(rb"/v1/shards/([0-9a-f]{64})/leaves/([0-9]{1,10})")
_DELETION = re.compile(rb"/v1/deals/([0-9a-f]{64})/([0-9]{1,2})/deletion")
_DEAL = re.compile(rb"/v1/deals/([0-9a-f]{64})/([0-9]{1,2})([?]signed)?")


@dataclass
class Provider:
    account: Account
    store: Store
    node: Node
    service: AcceptingService


class AcceptingService(serving_room.Service):
    """A node that accepts what it has: by a transaction of its provider, at once."""

    accepts, lies, gone = True, False, False

    def provide(self, world: World, account: Account) -> None:
        self._world, self._account, self.declared = world, account, dict[str, Any]()
        self.roots: dict[ShardId, bytes] = {}

    def _job(self, exchange: Any) -> Any:
        path, body = exchange.path, exchange.body
        if exchange.method == b"GET" and path == b"/v1/node":
            return lambda: serving_room.json_answer(self.said())
        if exchange.method == b"PUT" and (found := _DEAL.fullmatch(path)):
            return lambda: self._accept(bytes.fromhex(found[1].decode()), int(found[2]), body)
        if exchange.method == b"GET" and (found := _LEAF.fullmatch(path)):
            return lambda: self._leaf(bytes.fromhex(found[1].decode()), int(found[2]))
        if exchange.method == b"GET" and (found := _DELETION.fullmatch(path)) and self.gone:
            return lambda: self._deleted(ShardId(bytes.fromhex(found[1].decode()), int(found[2])))
        return super()._job(exchange)

    def _leaf(self, root: bytes, number: int) -> Any:
        segment, index = divmod(number, SEGMENT_LEAVES)
        stored = self._store.find(root, segment)
        data = self._store.read(stored)
        first = segment * SEGMENT_LEAVES
        leaves = [data[at : at + LEAF_BYTES] for at in range(0, len(data), LEAF_BYTES)]
        hashes = [keccak256(leaf + (first + at).to_bytes(8, "big") + b"\0") for at, leaf in enumerate(leaves)]
        tree = tree_of(np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32), 1)
        path = b"".join(path_in(tree, index)) + stored.path
        headers = b"content-type: application/octet-stream\r\nkeifu-path: %b\r\n" % path.hex().encode()
        return serving_room.Answer(200, bytes(LEAF_BYTES) if self.lies else leaves[index], headers)

    def _deleted(self, shard: ShardId) -> Any:
        world, me = self._world, self._account
        text = deletion_text(world.client.chain_id, world.suite[STORAGE], me.address, shard, self.roots[shard], 1)
        signature = me.sign(message_digest(text)).hex()
        return serving_room.json_answer({"text": text.decode(), "signature": "0x" + signature})

    def said(self) -> dict[str, Any]:
        return {"provider": self._account.address, "room": 1 << 40, "accepting": True, **self.declared}

    def _accept(self, deal: bytes, index: int, body: bytes) -> Any:
        said = msgspec.json.decode(body)["named"]
        named = [Placed(item["provider"], bytes.fromhex(item["root"]), item["leaves"]) for item in said]
        mine = named[index]
        self.roots[ShardId(deal, index)] = mine.root
        assert self._store.leaves(mine.root) == mine.leaves
        if not self.accepts:
            return serving_room.json_answer({"state": "kept"})
        path = [int.from_bytes(node, "big") for node in deal_path(named, index)]
        deals, chain = self._world.suite[STORAGE_DEALS], self._world.by(self._account)
        state = chain.call(deals, STORAGE_DEALS, "shard", deal, index)[4]
        if state == State.LOST:
            repairs = self._world.suite[STORAGE_REPAIRS]
            actions.pay(chain, self._world.suite, 100 * COIN, repairs, STORAGE_REPAIRS, "reserve_repair", deal, index)
        if state == State.FREE:
            if mine.provider.lower() == self._account.address.lower():
                chain.call(deals, STORAGE_DEALS, "accept", (deal, index, mine.root, mine.leaves, path))
            else:
                shown = mine.provider, mine.root, mine.leaves, path
                chain.call(self._world.suite[STORAGE_REPAIRS], STORAGE_REPAIRS, "accept_proposal", deal, index, shown)
        return serving_room.json_answer({"state": "accepted"})


class World:
    def __init__(self, folder: Path) -> None:
        self.folder, self.stack = folder, ExitStack()
        self.anvil = self.stack.enter_context(Anvil(timestamp=GENESIS))
        self.client = self.anvil.client()
        self.deployer = self.by(self.anvil.account("deployer"))
        record = Record(self.client.chain_id, genesis_of(self.client.rpc))
        times = {"storage_epoch": EPOCH, "storage_window": WINDOW}
        self.suite = deploy_protocol(
            self.deployer, Params(**times), record=record, save=lambda made: made.save(folder / "deployments")
        )
        list_now(self.deployer, self.suite, self.anvil.warp)
        self.token = self.suite.at(self.client, "KeifuToken")
        self.clients = self.payer("client")
        self.providers: list[Provider] = []

    def by(self, account: Account) -> RpcDeployer:
        return RpcDeployer(self.client, account)

    def payer(self, role: str, amount: int = 10_000 * COIN) -> Account:
        account = self.anvil.account(role)
        self.token.transfer(account, amount, sender=self.deployer.account)
        return account

    def provide(self, count: int) -> list[Provider]:
        """So many further providers, each with a node, a lock and an offer."""
        for number in range(len(self.providers), len(self.providers) + count):
            account = self.payer(f"provider {number}")
            chain = self.by(account)
            store = self.stack.enter_context(Store(self.folder / f"node{number}"))
            node = self.stack.enter_context(serving(store, kind=AcceptingService))
            node.service.provide(self, account)
            actions.register(chain, self.suite, 0, "")
            actions.lock(chain, self.suite, self.suite[STORAGE], account.address, 5_000 * COIN)
            self.offer(account, node.url, PRICE + number)
            self.providers.append(Provider(account, store, node, node.service))
        return self.providers

    def real(self, name: str) -> RealNode:
        """The folder of a node of kind `storage` whose account has a lock; it offers when it runs."""
        account = self.payer(name)
        chain = self.by(account)
        actions.register(chain, self.suite, 0, "")
        actions.lock(chain, self.suite, self.suite[STORAGE], account.address, 5_000 * COIN)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            place = f"127.0.0.1:{free.getsockname()[1]}"
        folder = self.folder / name.replace(" ", "-")
        command = [sys.executable, "-m", "keifu", "node", "storage", "init", str(folder), "--rpc", self.anvil.url]
        command += ["--deployments", str(self.folder / "deployments"), "--owner-pages", "127.0.0.1:0", "--role", name]
        command += ["--listen", place, "--url", f"http://{place}", "--poll", "1 second"]
        command += ["--price", str(PRICE), "--restitution", str(RESTITUTION)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        node = RealNode("storage", folder)
        node.add_settings("turns = 0.0")
        return node

    def offer(self, account: Account, url: str, price: int = PRICE) -> None:
        self.by(account).call(self.suite[STORAGE], STORAGE, "offer", price, RESTITUTION, url)

    @property
    def market(self) -> Market:
        return Market(self.client, self.suite)

    def storing(self, ledger: Ledger, account: Account | None = None, patience: int = 3) -> Storing:
        account = account or self.clients
        return Storing(self.market, ledger, self.by(account), account, lambda seconds: None, patience)

    def provider(self, address: str) -> Provider:
        return next(item for item in self.providers if item.account.address.lower() == address)

    def close(self) -> None:
        self.stack.close()
