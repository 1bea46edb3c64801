"""Chapter: an agent is sold with its mind through attestors and storage nodes that run; another one invests, and a mind
that was taken over gets nothing through."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ethwire.rpc import Rpc
from examples.agent import defi
from examples.agent.sale import Held, Scene
from examples.demo import waiting
from examples.demo.story import Story
from examples.digits.training import Settings
from examples.digits.weights import held_out, make_weights
from keifu.accounts import Call, Token
from keifu.accounts import actions as accounts
from keifu.agent.data import Agent, Made
from keifu.agent.faults import AgentFault
from keifu.agent.hosting import Host
from keifu.chain import Account, ChainClient, Deployment, RpcDeployer
from keifu.chain.deployments import open_record
from keifu.chain.suite import ACCOUNT, HUB, MARKET, NFT, TOKEN
from keifu.errors import CheckFailed
from keifu.inft import LeaseOffer, actions
from keifu.local.roles import ROLES
from keifu.local.suite import fund, give_grant, warp
from keifu.network.control import begin, down, wait_until_ready
from keifu.network.folder import Network, NetworkFolder
from keifu.network.kinds import ATTESTOR, EXPLORER
from keifu.network.making import Wanted, make
from keifu.units import COIN, DAY

__all__ = ["TITLE", "tell"]

TITLE = "Agents with a mind: sold through attestors and storage, and at work within limits"
PARTS = {"operator": 0, "watcher": 0, "storage": 2, ATTESTOR: 3}
PROMPT = "You read what is written by hand, and say nothing else."
PRICE, ROYALTY_BPS, FEE = 100 * COIN, 1_000, 2 * COIN
QUOTA, SHOWN = 2, 20  # answers of a lease; pictures
STORING = 50  # coins of an attestor
GRANTED, STAKED, DAILY = 400, 50 * COIN, 10 * COIN
ESCROW, USES = "VestingEscrow", 200
PATIENCE_SECONDS = 180.0
SOME = 5  # each fifth call is shown


@dataclass
class _Place:
    story: Story
    folder: NetworkFolder
    network: Network
    scene: Scene

    def credits(self, role: str) -> int:
        scene = self.scene
        market = scene.suite.at(scene.client, MARKET)
        found: int = market.credits(scene.account(role).address, scene.suite[TOKEN])
        return found


def tell(story: Story) -> None:
    """Sell, read, clone, lease; invest, and be taken over."""
    place = _start(story)
    bought, agent = _sell(place)
    _clone(place, bought)
    _lease(place, bought, agent)
    _show(place, bought)
    _invest(place)


def _start(story: Story) -> _Place:
    folder = NetworkFolder(story.out / "minds")
    if folder.is_made:
        down(folder)
    shutil.rmtree(folder.path, ignore_errors=True)
    network = make(folder, Wanted(PARTS, with_grants=True))
    attestors = [part for part in network.parts if part.kind == ATTESTOR]
    for part in attestors:
        _store_in_network(folder.node(part.name) / "node.toml")
    story.held.callback(down, folder)
    found = wait_until_ready(folder, network, begin(folder), PATIENCE_SECONDS)
    if not all(item.is_well for item in found):
        raise CheckFailed("the network did not become ready", remedy=f"look into {folder.path}")
    story.say(f"{PARTS[ATTESTOR]} attestors and {PARTS['storage']} storage nodes run, each a process of its own.")
    record = open_record(network.chain_id, network.genesis, folder.deployments)
    client = ChainClient(story.held.enter_context(Rpc(network.rpc)))
    for part in attestors:  # the one that leads pays for what it stores
        fund(client, folder.deployments, part.account, ether=0, coins=STORING)
    suite, urls = Deployment(dict(record.contracts)), [part.serves for part in attestors]
    scene = Scene(
        client, suite, record.first_block, urls, folder.path / "traded", lambda role: ROLES[role].account, (1, 1)
    )
    return _Place(story, folder, network, scene)


def _store_in_network(settings: Path) -> None:
    """Not in a folder that all share, which is what a network on one machine begins with."""
    lines = [line for line in settings.read_text().splitlines() if not line.startswith("store =")]
    settings.write_text("\n".join([*lines, "code = [1, 1]"]) + "\n")


# sold -----------------------------------------------------------------------------------------------------------------


def _sell(place: _Place) -> tuple[Held, Agent]:
    story, scene = place.story, place.scene
    mind = place.folder.path / "digits"
    mind.mkdir()
    make_weights(mind, Settings())
    mine = scene.mint("author", Made(PROMPT, mind), royalty_bps=ROYALTY_BPS, clones=1)
    images, targets = held_out(Settings())
    pictures = [[int(value) for value in image] for image in images[:SHOWN]]
    first = mine.open(place.folder.path / "the author's mind")
    answers = [first.answer(picture) for picture in pictures]
    right = sum(answer == str(target) for answer, target in zip(answers, targets, strict=False))
    story.say(
        f"  an agent reads {right} of {SHOWN} digits right; its token names its encrypted prompt, memory and mind"
    )
    bought = scene.sell(mine, "buyer", PRICE)
    agent = bought.open(place.folder.path / "the buyer's mind")
    story.check(
        "its buyer fetches the data from storage, opens it and runs it: the same prompt, and the same answers",
        agent.prompt == PROMPT and [agent.answer(picture) for picture in pictures] == answers,
    )
    story.check("the seller's keys open nothing of it", not mine.opens(bought) and bought.opens(bought))
    return bought, agent


def _clone(place: _Place, bought: Held) -> None:
    story, scene = place.story, place.scene
    twin = scene.clone(bought, "delegator")
    resold = scene.sell(twin, "juror", PRICE)
    warp(scene.client, 3 * DAY + 1)
    before = {role: place.credits(role) for role in ("author", "buyer", "delegator")}
    scene.release(resold)
    got = {role: place.credits(role) - amount for role, amount in before.items()}
    half = PRICE * ROYALTY_BPS // 10_000 // 2
    story.check(
        f"a clone is sold, too: {half // COIN} coins go to whoever cloned it, {half // COIN} to the first author",
        got == {"author": half, "buyer": half, "delegator": PRICE - 2 * half} and not bought.opens(resold),
    )


def _lease(place: _Place, bought: Held, agent: Agent) -> None:
    story, scene = place.story, place.scene
    tenant = scene.chain("evaluator")
    offer = LeaseOffer(FEE, scene.suite[TOKEN], DAY, QUOTA, 1, scene.client.now + DAY)
    actions.offer_lease(scene.chain("buyer"), scene.suite, bought.token, offer)
    actions.lease(tenant, scene.suite, bought.token, offer)
    host = Host(agent, scene.nft, bought.token, place.folder.path / "answered.json")
    given: list[str] = []
    for _ in range(QUOTA + 1):
        try:
            if len(given) < QUOTA:
                actions.record_use(tenant, scene.suite, bought.token, 1)
            given.append(host.ask(tenant.sender, [0] * 64, scene.client.now))
        except AgentFault as fault:
            story.check(
                f"a lease of {QUOTA} uses gives {len(given)} answers, and then none ({fault})", len(given) == QUOTA
            )


def _show(place: _Place, bought: Held) -> None:
    url, plain = place.network.part(EXPLORER).url, f"{bought.token:064x}"
    owner = place.scene.account("buyer").address.lower()

    def shows() -> bool:
        answer = httpx.get(f"{url}/en/agent/{plain}", trust_env=False)
        return answer.is_success and owner in answer.text and f"{QUOTA} / {QUOTA}" in answer.text

    place.story.check(
        "the explorer shows its owner, versions of its data and the lease, with proofs",
        waiting.until(shows, PATIENCE_SECONDS),
    )
    place.story.left_running.append(f"{url}/en/agents shows the agents of this network")


# at work --------------------------------------------------------------------------------------------------------------


def _invest(place: _Place) -> None:
    """Of another agent of the author's: its account has a grant, a part of which is staked."""
    story, scene, key = place.story, place.scene, Account.from_role("the investing agent's key")
    agent = scene.mint("author", Made("Invest for your owner.", place.folder.path / "digits"))
    author = scene.chain("author")
    account = accounts.create(author, scene.suite, Token(scene.client.chain_id, scene.suite[NFT], agent.token))
    grant = give_grant(scene.client, place.folder.deployments, account, GRANTED)
    fund(scene.client, place.folder.deployments, key.address, ether=1, coins=0)
    ground = _ground(scene, agent, account, grant)
    staking = ground.escrow.interface.function("stake", 4).encode([grant, ground.operator, STAKED, 0])
    accounts.execute(author, account, [Call(ground.escrow.address, 0, staking)])
    accounts.grant(author, account, defi.grant(ground, key.address, scene.client.now + 30 * DAY, USES))
    warp(scene.client, 3 * DAY)
    worker = RpcDeployer(scene.client, key)

    def call(function: str, *args: Any) -> object:
        return worker.call(account, ACCOUNT, function, *args)

    did = defi.honest(ground)
    story.check(
        f"an agent's key {', '.join(one.what for one in did)}, {DAILY // COIN} coins a day",
        defi.run(did, call) == [""] * len(did),
    )
    tried = list(defi.forbidden(ground, key, Account.from_role("thief").address, author.sender))
    answers = defi.run(tried, call)
    shown = [(one.what, why) for one, why in zip(tried, answers, strict=True)][::SOME]
    story.table("a mind that was taken over tries", ("call", "answer"), shown)
    story.check(
        f"of {len(tried)} forbidden calls {answers.count('')} get through, each is refused for its own reason",
        answers == [one.refusal for one in tried],
    )


def _ground(scene: Scene, agent: Held, account: str, grant: int) -> defi.Ground:
    at = {name: scene.suite.at(scene.client, name) for name in (TOKEN, HUB, ESCROW, NFT)}
    return defi.Ground(
        scene.client.at(account, ACCOUNT), at[TOKEN], at[HUB], at[ESCROW], at[NFT], grant, agent.token,
        ROLES["operator"].account.address, DAILY, scene.client.chain_id,
    )  # fmt: skip
