"""Chapter: an agent works through an account of its own and is sold with its private data; a wrong key is paid back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from examples.demo.story import Story
from keifu.abi import Contract, encode_args
from keifu.accounts import Call, Grant, Limit, Target, Token, selector
from keifu.accounts import actions as accounts
from keifu.chain import Account, RpcDeployer, deploy_protocol
from keifu.chain.services import list_now
from keifu.chain.suite import MARKET, NFT, TOKEN, VERIFIER
from keifu.chain.timelock import advance, operation
from keifu.errors import CheckFailed, Revert
from keifu.inft import (
    DataFolder,
    LeaseOffer,
    Move,
    Order,
    SignedOrder,
    Terms,
    Transfer,
    Workings,
    accept,
    actions,
    attest,
    decrypt,
    pack,
    prepare,
    read_token,
    receive,
    seal,
)
from keifu.inft.folder import read_item
from keifu.staking import actions as staking
from keifu.units import COIN, DAY

__all__ = ["TITLE", "tell"]

TITLE = "Agents: sold with their data, at work within limits"
ATTESTORS = ("first attestor", "second attestor", "third attestor")
LOCKED, PRICE, FUNDS = 6_000 * COIN, 1_000 * COIN, 20_000 * COIN
ROYALTY_BPS, DAILY = 1_000, 5 * COIN
FILES = {"prompt": "You plan journeys by train, and you book them.", "memory": "The last traveller gets sick on buses."}
TRANSFER = "transfer(address,uint256)"


@dataclass
class _Scene:
    story: Story
    folder: Path
    token: Contract
    nft: Contract
    verifier: Contract

    def account(self, role: str) -> Account:
        return self.story.account(role)

    def chain(self, role: str) -> RpcDeployer:
        return RpcDeployer(self.story.chain, self.account(role))

    def balance(self, role: str) -> int:
        balance: int = self.token.balanceOf(self.account(role).address)
        return balance


def tell(story: Story) -> None:
    """Mint, work, lease, sell, read; then a sale whose key is wrong."""
    scene = _set(story)
    agent = _mint(scene, "agent", 1)
    account = _work(scene, agent)
    _sell(scene, agent, account)
    _cheat(scene)


def _set(story: Story) -> _Scene:
    deployer = RpcDeployer(story.chain, story.account("deployer"))
    suite = story.deployment
    suite.addresses.update(deploy_protocol(deployer).addresses)
    list_now(deployer, suite, story.anvil.warp)
    folder = story.out / "agents"
    shutil.rmtree(folder, ignore_errors=True)
    scene = _Scene(story, folder, *(suite.at(story.chain, name) for name in (TOKEN, NFT, VERIFIER)))
    suite.at(story.chain, MARKET)
    roles = (*ATTESTORS, "agent's author", "agent's buyer", "agent's tenant")
    for role in roles:
        scene.token.transfer(story.account(role).address, FUNDS, sender=story.account("deployer"))
    naming = scene.verifier.interface.function("name_attestor", 1)
    calls = [operation(suite[VERIFIER], naming.encode([story.account(role).address])) for role in ATTESTORS]
    for _ in range(2):  # queued, and after the delay executed
        for call in calls:
            advance(deployer, suite["Timelock"], call)
        story.anvil.warp(3 * DAY)
    for role in ATTESTORS:
        chain = scene.chain(role)
        staking.register(chain, suite, 0, "")
        staking.lock(chain, suite, suite[VERIFIER], chain.sender, LOCKED)
        chain.call(suite[VERIFIER], VERIFIER, "join")
    story.anvil.warp(8 * DAY)
    story.say(
        f"the timelock has named {len(ATTESTORS)} attestors; each has locked {LOCKED // COIN:,} coins, which count now"
    )
    return scene


def _mint(scene: _Scene, name: str, salt: int) -> int:
    """The data stays encrypted with its author; the token commits to it."""
    place = scene.folder / name
    place.mkdir(parents=True)
    for kind, text in FILES.items():
        (place / f"{kind}.txt").write_text(text)
    data = pack([place / f"{kind}.txt" for kind in FILES], list(FILES), private=True)
    author = scene.chain("agent's author")
    suite = scene.story.deployment
    agent = actions.mint(author, suite, data, salt, royalty_bps=ROYALTY_BPS, clones=3, generations=1)
    data.token_id = f"{agent:064x}"
    data.save(place / "data")
    hidden = not any(text.encode() in stored for text in FILES.values() for stored in data.stored)
    found = read_token(scene.nft, agent)
    scene.story.check(
        f"{name} {data.token_id[:8]}…: the token names {len(found.items)} files by their hashes, and nobody reads them",
        hidden and [digest for _, digest in found.items] == data.hashes,
    )
    return agent


def _work(scene: _Scene, agent: int) -> str:
    """The agent's own key acts through the token's account, within what its owner granted."""
    story, suite = scene.story, scene.story.deployment
    owner, worker = scene.chain("agent's author"), scene.account("agent's own key")
    account = accounts.create(owner, suite, Token(story.chain.chain_id, suite[NFT], agent))
    scene.token.transfer(account, 10 * DAILY, sender=scene.account("agent's author"))
    target = Target.of(suite[TOKEN], TRANSFER)
    grant = Grant(worker.address, story.chain.now + 30 * DAY, 100, DAY, [target], [Limit(suite[TOKEN], DAILY)])
    accounts.grant(owner, account, grant)
    payee = story.account("railway").address

    def pay(amount: int) -> Call:
        return Call(suite[TOKEN], 0, selector(TRANSFER) + encode_args(("address", "uint256"), (payee, amount)))

    worker_chain = RpcDeployer(story.chain, worker)
    accounts.run_session(worker_chain, account, pay(DAILY))
    refused = _refusal(lambda: accounts.run_session(worker_chain, account, pay(1)))
    paid = scene.token.balanceOf(payee)
    story.say(f"  the agent's key wants more than its {DAILY // COIN} coins a day: {refused}")
    story.check("the agent pays within its limit, and not a wei more", paid == DAILY and "over the limit" in refused)
    deadline = story.chain.now + DAY
    story.anvil.warp(DAY)
    signing = (story.chain.chain_id, account, pay(COIN), deadline + DAY, worker.sign)
    intent = accounts.sign_session(worker_chain, *signing)
    accounts.relay(scene.chain("relayer"), story.chain.chain_id, intent)
    story.check("a relayer brings what the agent signed, and pays for the gas", scene.token.balanceOf(payee) > paid)
    return account


def _sell(scene: _Scene, agent: int, account: str) -> None:
    story, suite = scene.story, scene.story.deployment
    author, tenant = scene.chain("agent's author"), scene.chain("agent's tenant")
    actions.authorize(author, suite, agent, scene.account("tester").address)
    offer = LeaseOffer(20 * COIN, suite[TOKEN], 30 * DAY, 100, 3, story.chain.now + DAY)
    actions.offer_lease(author, suite, agent, offer)
    actions.lease(tenant, suite, agent, offer)
    key = Account.random()
    transfer, target = _prepare(scene, "agent", agent, key)
    for role in ATTESTORS:
        attestor = scene.account(role)
        attest(transfer, Workings.load(target), _data(scene, "agent"), target, attestor.address, attestor.sign)
    before = {role: scene.balance(role) for role in ("agent's author", "agent's buyer")}
    sale = _settle(scene, agent, transfer)
    buyer = scene.account("agent's buyer").address
    story.check("the token, its data and the price change hands in one transaction", scene.nft.ownerOf(agent) == buyer)
    folder = receive(transfer, target, key)
    texts = [folder.plain(target, number).decode() for number in range(len(FILES))]
    story.check("the buyer reads what the author wrote", texts == list(FILES.values()))
    story.check("the seller's keys open nothing of what the buyer has", _old_keys_fail(scene, folder, target))
    story.check(
        "free authorisations and sessions ended with the sale; the lease that was paid for goes on",
        not read_token(scene.nft, agent).users
        and not accounts.read_session(story.chain.at(account, "AgentAccount"), _worker(scene)).alive
        and scene.nft.may_use(agent, tenant.sender),
    )
    early = _refusal(lambda: actions.release(author, suite, sale))
    story.anvil.warp(3 * DAY + 1)
    actions.release(scene.chain("relayer"), suite, sale)
    actions.withdraw(author, suite)
    moved = {role: scene.balance(role) - amount for role, amount in before.items()}
    story.check(
        f"the price is held for three days ({early.removeprefix('reverted: ')}), then the seller has all of it",
        "window is open" in early and moved == {"agent's author": PRICE, "agent's buyer": -PRICE},
    )


def _cheat(scene: _Scene) -> None:
    """Careless attestors sign a key that opens nothing. The buyer proves it on chain."""
    story, suite = scene.story, scene.story.deployment
    agent = _mint(scene, "second agent", 2)
    plain = _refusal(
        lambda: scene.nft.transferFrom(
            scene.account("agent's author"),
            scene.account("agent's buyer"),
            agent,
            sender=scene.account("agent's author"),
        )
    )
    story.check(f"no plain transfer leaves the data behind ({plain.removeprefix('reverted: ')})", "iTransfer" in plain)
    key = Account.random()
    transfer, target = _prepare(scene, "second agent", agent, key)
    item = transfer.items[0]
    wrong = seal(bytes(32), key.public_key, bytes.fromhex(item.new_hash)).hex()
    transfer.items[0] = replace(item, sealed_key=wrong)
    honest = scene.account(ATTESTORS[0])
    workings, data = Workings.load(target), _data(scene, "second agent")
    refusal = _refusal(lambda: attest(transfer, workings, data, target, honest.address, honest.sign))
    story.check(f"an attestor that looks refuses to sign ({refusal})", "another key was sealed" in refusal)
    for role in ATTESTORS:
        attestor = scene.account(role)
        transfer.signatures[attestor.address] = attestor.sign(transfer.statement_digest).hex()
    before, locks = scene.balance("agent's buyer"), _locks(scene)
    sale = _settle(scene, agent, transfer)
    buyer = scene.chain("agent's buyer")
    signers = sorted(transfer.signatures, key=lambda who: int(who, 16))
    actions.complain(buyer, suite, transfer, signers, key)
    actions.release(buyer, suite, sale)
    actions.withdraw(buyer, suite)
    story.check("those who do not look pay: the buyer has proved the wrong key, and its price is back",
                scene.balance("agent's buyer") == before)  # fmt: skip
    lost = [old - new for old, new in zip(locks, _locks(scene), strict=True)]
    story.check(f"each attestor has lost {lost[0] / COIN:,.0f} coins, from which the seller is paid", min(lost) > 0)


def _prepare(scene: _Scene, name: str, agent: int, key: Account) -> tuple[Transfer, Path]:
    story, suite = scene.story, scene.story.deployment
    seller, buyer = scene.account("agent's author").address, scene.account("agent's buyer")
    move = Move(suite[NFT], agent, seller, buyer.address)
    epoch = suite.at(story.chain, "StakingHub").epoch()
    terms = Terms(story.chain.chain_id, suite[VERIFIER], story.chain.now + DAY, epoch, PRICE)
    target = scene.folder / name / "sold"
    return prepare(_data(scene, name), target, move, key.public_key, terms), target


def _settle(scene: _Scene, agent: int, transfer: Transfer) -> bytes:
    story, suite = scene.story, scene.story.deployment
    seller, buyer = scene.account("agent's author"), scene.account("agent's buyer")
    accept(transfer, buyer.address, buyer.sign)
    order = Order.of(
        scene.nft,
        agent,
        price=PRICE,
        currency=suite[TOKEN],
        nonce=agent.to_bytes(32, "big"),
        deadline=story.chain.now + DAY,
        seller=seller.address,
        buyer=buyer.address,
        backing=PRICE,
    )
    actions.approve_price(scene.chain("agent's buyer"), suite, order)
    agreed = buyer.sign(SignedOrder.of(story.chain.chain_id, suite[MARKET], order).digest)
    proofs = transfer.proofs(scene.verifier.signers_needed())
    return actions.settle(scene.chain("agent's author"), suite, order, b"", agreed, proofs)


def _old_keys_fail(scene: _Scene, new: DataFolder, target: Path) -> bool:
    old = DataFolder.load(_data(scene, "agent"))
    pairs = zip(old.items, new.items, strict=True)
    return all(
        _refusal(partial(decrypt, read_item(target, number), bytes.fromhex(before.key), after.hash))
        for number, (before, after) in enumerate(pairs)
    )


def _data(scene: _Scene, name: str) -> Path:
    return scene.folder / name / "data"


def _worker(scene: _Scene) -> str:
    return scene.account("agent's own key").address


def _locks(scene: _Scene) -> list[int]:
    hub, verifier = scene.story.deployment.at(scene.story.chain, "StakingHub"), scene.verifier.address
    return [hub.lock_of(verifier, scene.account(role).address) for role in ATTESTORS]


def _refusal(action: Callable[[], object]) -> str:
    """What is said when it is refused; nothing when it is not."""
    try:
        action()
    except (Revert, CheckFailed) as refusal:
        return str(refusal.message)
    return ""
