"""A chain with the storage market on it, clients' deals, and storage nodes as processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from keifu.chain import Anvil, Params, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.services import list_now
from keifu.keys import Account
from keifu.keys.keystore import password, save_account
from keifu.node.storage.contracts import DEALS, MARKET, REPAIRS
from keifu.storage.deals import Placed, deal_id, deal_root
from keifu.storage.erasure import Code
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES
from keifu.storage.nodes import NodeClient
from keifu.storage.states import GWEI
from keifu.storage.trees import Mountains, segment_root
from keifu.units import COIN, DAY
from tests.ape_chain import GENESIS
from tests.integration.node.conftest import Node, until
from tests.shards import Shard

__all__ = ["EPOCH", "PRICE", "RESTITUTION", "WINDOW", "Deal", "World", "make_coded", "place"]

EPOCH, WINDOW = 3_600, 900
PRICE, RESTITUTION = 10**9, 10**6  # gwei, of a shard
LOCK = 2_000 * COIN
ENOUGH = 2**256 - 1
LOCAL = 31_337
BLOCKS = 50  # mined at a time
YOUTH = 40 * DAY  # what takes weeks has happened since
PATIENCE = 600.0  # of a client, on a busy machine


def make_coded(seed: int, k: int, n: int, segments: int = 2) -> list[Shard]:
    """The shards of one file, each with the same number of segments."""
    random, code = np.random.default_rng(seed), Code(k, n - k)
    parts: list[list[bytes]] = [[] for _ in range(n)]
    for _ in range(segments):
        data = np.frombuffer(random.bytes(k * SEGMENT_BYTES), np.uint8).reshape(k, SEGMENT_BYTES)
        parity = np.empty((n - k, SEGMENT_BYTES), np.uint8)
        code.encode(np.ascontiguousarray(data), parity)
        for index, row in enumerate([*data, *parity]):
            parts[index].append(row.tobytes())
    return [_shard(random.bytes(32), part) for part in parts]


def _shard(upload: bytes, segments: list[bytes]) -> Shard:
    roots, tree = [segment_root(part, number) for number, part in enumerate(segments)], Mountains()
    for root in roots:
        tree.append(root)
    return Shard(upload, segments, roots, tree.root)


def place(node: Node) -> str:
    """Where it answers."""
    found: str = node.get("/status").json()["answers_at"]
    return f"http://{found}"


class Deal:
    """A deal as its client knows it."""

    def __init__(self, id_: bytes, k: int, shards: list[Shard], named: list[Placed]) -> None:
        self.id, self.k, self.shards, self.named = id_, k, shards, named

    def url(self, node: Node, index: int, more: str = "") -> str:
        return f"{place(node)}/v1/deals/{self.id.hex()}/{index}{more}"

    def upload(self, node: Node, index: int) -> None:
        shard = self.shards[index]
        client = NodeClient(place(node))
        client.begin(shard.upload, shard.leaves)
        for number, data in enumerate(shard.segments):
            client.put(shard.upload, number, data, shard.roots[number])
        client.seal(shard.upload, shard.root)
        client.close()

    @property
    def document(self) -> dict[str, Any]:
        named = [{"provider": item.provider, "root": item.root.hex(), "leaves": item.leaves} for item in self.named]
        return {"k": self.k, "named": named}

    def hand(self, node: Node, index: int, more: str = "", **changed: Any) -> httpx.Response:
        return httpx.put(self.url(node, index, more), json={**self.document, **changed}, timeout=PATIENCE)

    def state(self, node: Node, index: int) -> str:
        found: str = httpx.get(self.url(node, index), timeout=PATIENCE).json().get("state", "")
        return found


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def _present() -> int:
    """The time of a chain that begins now, unix seconds."""
    with Anvil() as idle:
        idle.mine(1)
        return idle.client().now


class World:
    def __init__(self, folder: Path, chain_id: int = LOCAL) -> None:
        """A chain of a public number has this machine's clock, which nodes there compare with theirs."""
        self.folder = folder
        is_local = chain_id == LOCAL
        clock = {"timestamp": GENESIS} if is_local else {"since": _present() - YOUTH}
        self.anvil = Anvil(chain_id=chain_id, **clock)
        self.client = self.anvil.client()
        self.deployer = self.anvil.account("deployer")
        chain = RpcDeployer(self.client, self.deployer)
        record = Record(self.client.chain_id, genesis_of(self.client.rpc))
        params = Params(storage_epoch=EPOCH, storage_window=WINDOW)
        self.suite = deploy_protocol(
            chain, params, record=record, save=lambda found: found.save(folder / "deployments")
        )
        list_now(chain, self.suite, self.anvil.warp)
        self.token, self.hub = self.suite.at(self.client, "KeifuToken"), self.suite.at(self.client, "StakingHub")
        self.market, self.deals, self.repairs = (self.suite.at(self.client, name) for name in (MARKET, DEALS, REPAIRS))
        self.customer = self.anvil.account("customer")
        self.token.transfer(self.customer, 50_000 * COIN, sender=self.deployer)
        self.token.approve(self.deals, ENOUGH, sender=self.customer)
        self.token.approve(self.repairs, ENOUGH, sender=self.customer)
        self._salt = 0
        self.nodes: list[Node] = []
        if not is_local:
            self.anvil.warp_to(_present())

    # providers -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.process.kill()
                node.process.wait()
        self.anvil.stop()

    def node(self, name: str, *settings: str, rpc: str = "", withdraw_above: int = LOCK) -> Node:
        """The folder of a storage node whose account has a lock."""
        account = self.anvil.account(name)
        self.token.transfer(account, LOCK, sender=self.deployer)
        self.token.approve(self.hub, ENOUGH, sender=account)
        self.hub.register_operator(0, "", sender=account)
        self.hub.lock(self.market, account, LOCK, sender=account)
        folder = self.folder / name.replace(" ", "-")
        command = [sys.executable, "-m", "keifu", "node", "storage", "init", str(folder)]
        command += ["--rpc", rpc or self.anvil.url, "--deployments", str(self.folder / "deployments")]
        listen = f"127.0.0.1:{free_port()}"
        command += ["--listen", listen, "--url", f"http://{listen}", "--owner-pages", "127.0.0.1:0"]
        command += ["--poll", "1 second", *self._key(name)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
        node = Node("storage", folder)
        self.nodes.append(node)
        node.add_settings("turns = 0.0", f"withdraw_above = {withdraw_above}", *settings)
        return node

    def _key(self, name: str) -> list[str]:
        """Whose key it is: a role's, or where there are none a key file with the password of the environment."""
        if self.client.chain_id == LOCAL:
            return ["--role", name]
        path = self.folder / f"{name}.json"
        save_account(Account.from_role(name), path, password())
        return ["--key-file", str(path)]

    # deals ---------------------------------------------------------------------------------------------------------

    def open(
        self,
        providers: list[str],
        k: int = 1,
        *,
        segments: int = 2,
        term: int = 20,
        again: Deal | None = None,
        **terms: Any,
    ) -> Deal:
        """A deal over new data, or over that of another one; a shard for each provider."""
        self._salt += 0 if again else 1
        shards = again.shards if again else make_coded(self._salt, k, len(providers), segments)
        salt = self._salt.to_bytes(32, "big")
        addresses = [Account.from_role(name).address for name in providers]
        named = [Placed(who.lower(), shard.root, shard.leaves) for who, shard in zip(addresses, shards, strict=True)]
        root, now = deal_root(named), self.market.epoch()
        price, restitution = terms.get("price", PRICE), terms.get("restitution", RESTITUTION)
        late = terms.get("accept_by", now + 1)
        masked = terms.get("masked", False)
        said = root, len(named), price, restitution, late, now + 1 + term, masked, salt
        if token := terms.get("token"):
            self.deals.open_in(token, *said, sender=self.customer)
        else:
            self.deals.open(*said, sender=self.customer)
        return Deal(deal_id(self.customer.address, root, salt), k, shards, named)

    def shard(self, deal: Deal, index: int) -> Any:
        return self.deals.shard(deal.id, index)

    # time ----------------------------------------------------------------------------------------------------------

    def next_epoch(self) -> int:
        """The first second of the next epoch; its number."""
        epoch: int = self.market.epoch() + 1
        self.anvil.warp_to(self.market.start() + (epoch - 1) * EPOCH + 1)
        return epoch

    def pass_epoch(self, done: Callable[[], Any] = lambda: False) -> None:
        """Mine until the seed of the epoch is there and `done` holds: nodes name, bring and show it."""
        epoch = self.market.epoch()

        def moved() -> bool:
            if done():
                return True
            if not any(self.market.seed_of(epoch)):
                try:
                    number = self.market.seed_number(epoch)
                except Exception:
                    return False
                randomness = self.suite.at(self.client, "Randomness")
                if not any(randomness.seed(number)) and randomness.source(number) >= self.client.rpc.block_number():
                    self.anvil.mine(BLOCKS)
                elif any(randomness.seed(number)):
                    self.anvil.mine(1)
                return False
            return False

        until(moved)

    def proven(self, name: str, epoch: int) -> bool:
        return bool(self.market.proven(Account.from_role(name), epoch, epoch + 1))

    @staticmethod
    def wei(gwei: int) -> int:
        return gwei * GWEI


assert SEGMENT_BYTES % LEAF_BYTES == 0
