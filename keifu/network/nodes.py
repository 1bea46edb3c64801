"""What each kind of node needs before it runs on a local chain: coins behind its word, and the settings of its kind."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.deployments import Record
from keifu.chain.suite import COMPUTE, COURT, RECORD_PROOF, STORAGE
from keifu.keys import Account
from keifu.local.suite import fund
from keifu.network.folder import NetworkFolder, Part
from keifu.network.kinds import NodeRow
from keifu.node.chain import NodeChain
from keifu.node.compute.making import RECEIPT_KEY, market_section, own_section
from keifu.node.kinds import kind_of
from keifu.node.notary.making import foreign_section
from keifu.node.operator.standing import bind
from keifu.node.setup import Wish, make_node
from keifu.staking import actions
from keifu.units import COIN, DAY

__all__ = [
    "Site",
    "attestor",
    "compute",
    "juror",
    "keeper",
    "make_nodes",
    "notary",
    "operator",
    "relayer",
    "storage",
    "watcher",
]

ETHER = 100  # of each account, for gas
BOUND = 30 * DAY
POLL = "1 second"
SEATS = 20_000 * COIN  # ten of them
PRICE = COIN // 1_000  # of an answer
PER_ETHER = 4_000 * COIN  # of the coin, for one ether of gas
STAKED = 100 * COIN  # behind what a storage node keeps
NOTARISED = 2_250 * COIN  # behind what a notary signs
STORING = 1_000_000  # gwei, of a gibibyte and epoch: a thousandth of a coin
PROMISED, COVERED = 600 * COIN, 300 * COIN  # behind promises of a compute node, and of it for covers


@dataclass(frozen=True)
class Site:
    """Where nodes are made. `client` is of a local chain, where keys and coins can be given; else its owner does it."""

    folder: NetworkFolder
    rpc: str
    record: Record
    deployments: Path
    environment: str
    artefacts: str  # what operators serve: on a local chain a folder of which each gets a copy
    client: ChainClient | None

    @property
    def suite(self) -> Deployment:
        return Deployment(dict(self.record.contracts))

    def deployer(self, client: ChainClient, account: Account) -> RpcDeployer:
        return RpcDeployer(client, account, self.record.factory)


def make_nodes(site: Site, row: NodeRow, parts: Iterable[Part]) -> Iterator[Part]:
    """Make the folder of each node of one kind, and have its row prepare its account; the parts with their accounts."""
    module, _, name = row.place.partition(":")
    prepare: Callable[[Site, Part], dict[str, Any]] = getattr(import_module(module), name)
    for part in parts:
        if site.client is not None:
            fund(site.client, site.deployments, address_of_role(part), ether=ETHER, coins=row.coins)
        wish = Wish(
            site.rpc, host_of(part.url), site.deployments, role=part.role,
            environment=site.environment if row.promoted else "", own=(own := prepare(site, part)),
            second_key=RECEIPT_KEY if "market" in own else "",
        )  # fmt: skip
        made = make_node(kind_of(row.kind), site.folder.node(part.name), wish)
        yield msgspec.structs.replace(part, account=made.account)


def operator(site: Site, part: Part) -> dict[str, Any]:
    """It answers with its coins for what it signs, and serves a copy of the models of its own."""
    return {"artefacts": [_bound(site, part)], "listen": host_of(part.serves), "poll": POLL}


def compute(site: Site, part: Part) -> dict[str, Any]:
    """It answers with its coins for the promotion that its receipts name, and sells answers of a copy of its own; on a
    local chain it has coins behind an offer and covers, too."""
    models, market = _bound(site, part), None
    if site.client is not None:
        account = Account.from_role(part.role)
        place = site.suite[COMPUTE]
        actions.lock(site.deployer(site.client, account), site.suite, place, account.address, PROMISED)
        market = market_section(part.serves, cap=COVERED)
    return own_section(host_of(part.serves), POLL, [models], (), {"request": PRICE}, market=market)


def _bound(site: Site, part: Part) -> str:
    """Where the part finds the models, after its account has promised on a local chain to say which one it runs."""
    if site.client is None:
        return site.artefacts
    account = Account.from_role(part.role)
    chain = NodeChain(site.client, site.record, site.record.genesis)
    deployer = site.deployer(site.client, account)
    actions.register(deployer, site.suite, 0, part.serves)
    bind(chain, deployer, account, bytes.fromhex(site.environment), site.client.now + BOUND)
    models = site.folder.models / part.name
    shutil.copytree(site.artefacts, models)
    return str(models / "*")


def watcher(site: Site, part: Part) -> dict[str, Any]:
    """Gas is all that it needs."""
    del site, part
    return {"poll": POLL}


def juror(site: Site, part: Part) -> dict[str, Any]:
    """Seats behind the court; its owner decides by `keifu node juror decide`."""
    if site.client is not None:
        deployer, suite = site.deployer(site.client, Account.from_role(part.role)), site.suite
        actions.register(deployer, suite, 0, "")
        actions.lock(deployer, suite, suite[COURT], deployer.sender, SEATS)
        deployer.call(suite[COURT], COURT, "join")
    return {"poll": POLL}


def keeper(site: Site, part: Part) -> dict[str, Any]:
    """Gas is all that it needs; it works for tips."""
    return watcher(site, part)


def relayer(site: Site, part: Part) -> dict[str, Any]:
    """Ether is all that it needs. Agents' accounts pay it back; to others it gives its gas away, within its bounds."""
    del site
    return {"listen": host_of(part.serves), "poll": POLL, "per_ether": PER_ETHER}


def storage(site: Site, part: Part) -> dict[str, Any]:
    """A small lock behind what it will store, on a local chain; each is an operator and a place of its own there."""
    own = {"listen": host_of(part.serves), "poll": POLL, "url": part.serves}
    if site.client is not None:
        deployer = site.deployer(site.client, Account.from_role(part.role))
        actions.register(deployer, site.suite, 0, part.serves)
        actions.lock(deployer, site.suite, site.suite[STORAGE], deployer.sender, STAKED)
    return {**own, "price": STORING, "region": f"region of {part.name}", "operator": part.name}


def attestor(site: Site, part: Part) -> dict[str, Any]:
    """Its coins count from the chain's youth on a chain of the network's own. Data goes by a folder of the network."""
    return {"listen": host_of(part.serves), "poll": POLL, "store": str(site.folder.agents)}


def notary(site: Site, part: Part) -> dict[str, Any]:
    """Its coins are behind its word on a local chain. It signs headers of the network's own chain, all of them."""
    if site.client is not None:
        deployer = site.deployer(site.client, Account.from_role(part.role))
        actions.register(deployer, site.suite, 0, part.serves)
        actions.lock(deployer, site.suite, site.suite[RECORD_PROOF], deployer.sender, NOTARISED)
    own = foreign_section(site.rpc, site.record.chain_id)
    return {"listen": host_of(part.serves), **own, "every": 1, "poll": POLL}


def address_of_role(part: Part) -> str:
    return Account.from_role(part.role).address


def host_of(url: str) -> str:
    return url.removeprefix("http://")
