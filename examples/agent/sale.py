"""An agent that changes hands with its mind: its data goes through attestors and the storage network, and its token
through the market.

    scene = Scene(client, suite, first_block, attestors, folder, code=(1, 1))
    agent = scene.mint("author", Made("You read digits.", Path("digits")))
    bought = scene.sell(agent, "buyer", 100 * COIN)
    bought.open(scene.folder / "mind").ask(pixels)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from keifu.abi import Contract
from keifu.agent.data import Agent, Made, fetch, open_agent
from keifu.chain import Account, ChainClient, Deployment, RpcDeployer
from keifu.chain.suite import HUB, MARKET, NFT, TOKEN, VERIFIER
from keifu.errors import CheckFailed
from keifu.inft import DataFolder, Move, Order, SignedOrder, Terms, Transfer, accept, actions, decrypt, pack, read_token
from keifu.inft.asking import abouts, ask
from keifu.inft.folder import read_item
from keifu.inft.requests import TransferRequest
from keifu.inft.status import clone_number
from keifu.inft.stores import FolderStore, NetworkStore, Store, put_all
from keifu.inft.stores import Terms as Storing
from keifu.storage.client.market import Market
from keifu.units import COIN, DAY

__all__ = ["Held", "Scene"]

MOST = COIN  # for storing one file


@dataclass(frozen=True)
class Held:
    """An agent as its owner has it: encrypted data with its keys, and where the storage network has each item."""

    token: int
    owner: str  # role
    place: Path
    addresses: tuple[str, ...] = ()
    sale: bytes = b""  # by which it was bought

    @property
    def folder(self) -> DataFolder:
        return DataFolder.load(self.place)

    def open(self, mind: Path) -> Agent:
        return open_agent(self.folder, self.place, mind)

    def opens(self, other: Held) -> bool:
        """Whether a key of this one opens an item of the other."""
        for number, item in enumerate(other.folder.items):
            for mine in self.folder.items:
                try:
                    decrypt(read_item(other.place, number), bytes.fromhex(mine.key), item.hash)
                except CheckFailed:
                    continue
                return True
        return False


@dataclass
class Scene:
    """Where agents are traded. `attestors` are the addresses of as many as have to sign; `account` gives a role's."""

    client: ChainClient
    suite: Deployment
    first_block: int
    attestors: Sequence[str]
    folder: Path
    account: Callable[[str], Account]
    code: tuple[int, int] = (10, 4)
    shared: Path | None = None  # a folder of everybody's, in place of the storage network
    made: int = field(default=0, init=False)

    @cached_property
    def nft(self) -> Contract:
        return self.suite.at(self.client, NFT)

    def chain(self, role: str) -> RpcDeployer:
        return RpcDeployer(self.client, self.account(role))

    def store(self, role: str) -> Store:
        """Where a role stores and reads: in the network it pays for what it puts there."""
        if self.shared is not None:
            return FolderStore(self.shared)
        market = Market(self.client, self.suite, self.first_block)
        place = self.folder / f"{role}'s client"
        return NetworkStore(market, place, self.chain(role), self.account(role), Storing(self.code, DAY * 7, MOST))

    def mint(self, owner: str, made: Made, *, royalty_bps: int = 0, clones: int = 0) -> Held:
        """Pack, encrypt, and mint the token that names what came of it."""
        place = self._place(owner)
        data = pack(*made.write(place / "files"), private=True)
        token = actions.mint(
            self.chain(owner), self.suite, data, secrets.randbits(256), royalty_bps=royalty_bps, clones=clones,
            generations=min(clones, 1),
        )  # fmt: skip
        data.token_id = f"{token:064x}"
        data.save(place / "data")
        return Held(token, owner, place / "data")

    def sell(self, agent: Held, buyer: str, price: int) -> Held:
        """For coins, in one transaction; the buyer fetches its data then. The price is held for the window."""
        key = Account.random()
        said = self.attested(agent, buyer, key, price)
        order = Order.of(
            self.nft, agent.token, price=price, currency=self.suite[TOKEN], nonce=secrets.token_bytes(32),
            deadline=self.client.now + DAY, seller=self.account(agent.owner).address,
            buyer=self.account(buyer).address, backing=price,
        )  # fmt: skip
        signed = SignedOrder.of(self.client.chain_id, self.suite[MARKET], order)
        actions.approve_price(self.chain(buyer), self.suite, order)
        agreed = self.account(buyer).sign(signed.digest)
        proofs = said.proofs(len(self.attestors))
        sale = actions.settle(self.chain(agent.owner), self.suite, order, b"", agreed, proofs)
        return replace(self._fetched(agent.token, buyer, said, key), sale=sale)

    def clone(self, agent: Held, receiver: str) -> Held:
        """A second token of the same data, under keys of its own, for `receiver`."""
        key = Account.random()
        said = self.attested(agent, receiver, key, 0, is_clone=True)
        proofs = said.proofs(len(self.attestors))
        made = actions.clone(self.chain(agent.owner), self.suite, agent.token, self.account(receiver).address, proofs)
        return self._fetched(made, receiver, said, key)

    def release(self, agent: Held) -> None:
        """End the sale by which an agent was bought, once its window is over: creators and seller are credited."""
        actions.release(self.chain(agent.owner), self.suite, agent.sale)

    def attested(self, agent: Held, receiver: str, key: Account, backing: int, *, is_clone: bool = False) -> Transfer:
        """Encrypted anew by attestors for the receiver, which agrees."""
        owner, to = self.account(agent.owner), self.account(receiver)
        clone = clone_number(agent.token, read_token(self.nft, agent.token).clones) if is_clone else 0
        move = Move(self.suite[NFT], agent.token, owner.address, to.address, clone)
        epoch = self.suite.at(self.client, HUB).epoch()
        terms = Terms(self.client.chain_id, self.suite[VERIFIER], self.client.now + DAY, epoch, backing)
        named = [about.named for about in abouts(self.attestors, terms.chain_id, terms.verifier)]
        folder, addresses = agent.folder, agent.addresses or self._stored(agent)
        request = TransferRequest.of(move, folder, addresses, key.public_key, terms, named)
        request.signature = owner.sign(request.digest).hex()
        said = ask(request, folder, self.attestors)
        accept(said, to.address, to.sign)
        return said

    def _stored(self, agent: Held) -> tuple[str, ...]:
        return tuple(put_all(self.store(agent.owner), agent.place, len(agent.folder.items)))

    def _fetched(self, token: int, owner: str, said: Transfer, key: Account) -> Held:
        place = self._place(owner)
        fetch(said, self.store(owner), place, key)
        return Held(token, owner, place, tuple(item.address for item in said.items))

    def _place(self, role: str) -> Path:
        self.made += 1
        place = self.folder / f"{self.made} {role}"
        place.mkdir(parents=True)
        return place
