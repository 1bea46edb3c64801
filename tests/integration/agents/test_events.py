"""An explorer sees everything: owners, data, users, leases, sales and sessions follow from events alone."""

from __future__ import annotations

from collections import defaultdict

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.chain.logs import find_logs
from keifu.inft.status import find_sales, read_sale, read_token
from keifu.units import COIN, DAY
from tests.integration.agents.conftest import AUTHOR, BUYER

PAY = "transfer(address,uint256)"
CONTRACTS = ("IntelligentNFT", "AgentMarket", "DataVerifier", "AccountRegistry")


class Seen:
    """What follows from the events, and from nothing else."""

    def __init__(self) -> None:
        self.owners: dict[int, str] = {}
        self.moves: dict[int, int] = defaultdict(int)
        self.hashes: dict[int, list[bytes]] = {}
        self.users: dict[int, list[str]] = defaultdict(list)
        self.leases: dict[tuple[int, str], list[int]] = {}  # ends at, quota, left
        self.keys: dict[int, list[bytes]] = {}
        self.sales: dict[bytes, tuple[str, str, int, bool]] = {}
        self.credits: dict[str, int] = defaultdict(int)
        self.accounts: dict[int, str] = {}
        self.sessions: dict[str, int] = {}  # key -> calls left
        self.backed: dict[bytes, int] = {}

    def take(self, name: str, event: dict) -> None:
        take = getattr(self, f"on_{name}", None)
        if take is not None:
            take(**{key.strip("_"): value for key, value in event.items()})

    def on_Transfer(self, **event: object) -> None:
        sender, receiver, token_id = event.values()
        if sender != ZERO_ADDRESS:
            self.moves[token_id] += 1
            self.users[token_id] = []
        self.owners[token_id] = receiver

    def on_Updated(self, tokenId: int, oldDataHashes: list, newDataHashes: list) -> None:  # noqa: N803
        assert [bytes(digest) for digest in oldDataHashes] == self.hashes.get(tokenId, [])
        self.hashes[tokenId] = [bytes(digest) for digest in newDataHashes]

    def on_PublishedSealedKey(self, to: str, tokenId: int, sealedKeys: list) -> None:  # noqa: N803
        self.keys[tokenId] = [bytes(key) for key in sealedKeys]

    def on_Authorization(self, to: str, tokenId: int, **_: object) -> None:  # noqa: N803
        self.users[tokenId].append(to)

    def on_AuthorizationRevoked(self, to: str, tokenId: int, **_: object) -> None:  # noqa: N803
        self.users[tokenId].remove(to)

    def on_Leased(self, token_id: int, user: str, expires_at: int, quota: int, **_: object) -> None:
        self.leases[token_id, user] = [expires_at, quota, quota]

    def on_UseRecorded(self, token_id: int, user: str, uses: int, left: int) -> None:
        self.leases[token_id, user][2] -= uses
        assert self.leases[token_id, user][2] == left

    def on_Settled(self, sale: bytes, seller: str, buyer: str, price: int, **_: object) -> None:
        self.sales[bytes(sale)] = (seller, buyer, price, False)

    def on_Released(self, sale: bytes, seller: str, amount: int, royalties: list) -> None:
        self.credits[seller] += amount
        for receiver, share in royalties:
            self.credits[receiver] += share
        self.sales[bytes(sale)] = (*self.sales[bytes(sale)][:3], True)

    def on_Withdrawn(self, account: str, amount: int, **_: object) -> None:
        self.credits[account] -= amount

    def on_TransferVerified(self, nonce: bytes, backing: int, **_: object) -> None:
        self.backed[bytes(nonce)] = backing

    def on_ERC6551AccountCreated(self, account: str, tokenId: int, **_: object) -> None:  # noqa: N803
        self.accounts[tokenId] = account

    def on_SessionGranted(self, key: str, uses: int, **_: object) -> None:
        self.sessions[key] = uses

    def on_SessionUsed(self, key: str, **_: object) -> None:
        self.sessions[key] -= 1


@pytest.fixture
def watch(client, suite):
    """Everything that the contracts of agents, and one account, have logged."""

    def watch(account):
        seen, at = Seen(), {name: suite[name] for name in CONTRACTS} | {"AgentAccount": account}
        events = [
            (log.number, log.index, name, log) for name, where in at.items() for log in find_logs(client, where, [])
        ]
        for _, _, name, log in sorted(events, key=lambda item: item[:2]):
            topics = [bytes.fromhex(topic[2:]) for topic in log.topics]
            decoded = client.load(name).interface.decode_log(log.address, topics, bytes.fromhex(log.data[2:]))
            assert decoded is not None, f"{name} logs what its published ABI does not name"
            seen.take(decoded.event, decoded.args)
        return seen

    return watch


def test_everything_follows_from_events(does, client, chain, suite, sold, minted, account, address, watch):
    node, token = address("node"), suite["KeifuToken"]
    does("inft", "authorize", minted, "--user", node, *BUYER)
    does("inft", "offer-lease", minted, "--price", 5, "--for", "30 days", "--uses", 3, *BUYER)
    does("inft", "lease", minted, "--price", 5, "--role", "delegator")
    does("inft", "use", minted, "--uses", 2, "--role", "delegator")
    session = ("--for", "7 days", "--uses", 4, "--target", f"{token}:{PAY}", "--limit", f"{token}=1")
    does("account", "grant", minted, "--key", node, *session, *BUYER)
    call = ("--to", token, "--call", PAY, "--arg", node, "--arg", "0")
    does("account", "run", minted, *call, "--role", "node")
    chain.warp(3 * DAY + 1)
    does("inft", "release", sold["sale"], *AUTHOR)
    seen = watch(account)

    nft, market, verifier = (client.at(suite[name], name) for name in CONTRACTS[:3])
    found = read_token(nft, next(iter(seen.owners)))
    number = found.token_id
    assert (seen.owners, seen.moves) == ({number: found.owner}, {number: found.transfers})
    assert seen.hashes[number] == [digest for _, digest in found.items]
    assert (len(seen.keys[number]), seen.users[number]) == (2, found.users)
    ends, quota, used, _ = nft.lease_of(number, address("delegator"))
    assert seen.leases == {(number, address("delegator")): [ends, quota, quota - used]}
    sales = [read_sale(market, verifier, number) for number in find_sales(client, market)]
    assert seen.sales == {sale.sale: (sale.seller, sale.buyer, sale.price, sale.over) for sale in sales}
    assert (
        seen.credits == {address("author"): market.credits(address("author"), token)} == {address("author"): 100 * COIN}
    )
    assert {nonce: verifier.verdict(suite["IntelligentNFT"], nonce)[1] for nonce in seen.backed} == seen.backed
    assert seen.accounts == {number: account}
    assert seen.sessions == {node: client.at(account, "AgentAccount").session(node)[3]}
