"""Each test has the world as it was built: what a test does is undone."""

from __future__ import annotations

import pytest

from audit.deployer import EvmDeployer
from keifu.chain import Deployment
from keifu.inft import Move, Order, Terms, Workings, accept, actions, attest, market_domain, pack, prepare
from keifu.units import DAY
from tests.unit.inft.world import FUNDS, NEEDED, PRICE, TEXTS, World, nonce_of


@pytest.fixture(scope="session")
def built():
    return World()


@pytest.fixture
def world(built):
    minted, asked = built.minted, built.asked
    with built.evm.anchor():
        yield built
    built.minted, built.asked = minted, asked


@pytest.fixture
def nft(world):
    return world.nft


@pytest.fixture
def verifier(world):
    return world.verifier


@pytest.fixture
def private(world):
    """A token of the seller's with one private item."""
    return world.mint()


@pytest.fixture
def public(world):
    """A token of the seller's without private data."""
    return world.mint(items=0)


@pytest.fixture
def market(world):
    return world.evm.deploy("AgentMarket", world.token, world.nft, world.verifier, world.owner, sender=world.owner)


@pytest.fixture
def agreed(world, market):
    """`agreed(token_id, …)`: an order as both sides see the token now; parts of it by name. All is approved for it."""
    numbers = iter(range(100))

    def agreed(token_id, **parts):
        usual = {
            "price": PRICE,
            "currency": world.token.address,
            "nonce": nonce_of(f"order {next(numbers)}"),
            "deadline": world.evm.now + DAY,
            "seller": world.seller.address,
            "buyer": world.buyer.address,
        }
        world.nft.setApprovalForAll(market, True, sender=world.seller)
        if world.token.balanceOf(world.buyer) == 0:
            world.token.transfer(world.buyer, FUNDS, sender=world.owner)
        world.token.approve(market, FUNDS, sender=world.buyer)
        return Order.of(world.nft, token_id, **usual | parts)

    return agreed


@pytest.fixture
def settle(world, market):
    """Bring an order with both signatures and, unless others are given, the proofs of a right transfer."""

    def settle(order, caller=None, proofs=None, *, backing=None, sellers=None, buyers=None):
        domain = market_domain(world.evm.chain_id, market.address)
        if proofs is None:
            said = world.statement(order.token_id, backing=order.backing if backing is None else backing)
            proofs = world.proofs(said)
        sellers = order.sign(domain, world.seller) if sellers is None else sellers
        buyers = order.sign(domain, world.buyer) if buyers is None else buyers
        return market.settle(order.args, sellers, buyers, proofs, sender=caller or world.stranger)

    return settle


# from hand to hand ----------------------------------------------------------------------------------------------------


@pytest.fixture
def suite(world, market):
    contracts = {"IntelligentNFT": world.nft, "DataVerifier": world.verifier, "AgentMarket": market}
    return Deployment({name: at.address for name, at in (contracts | {"KeifuToken": world.token}).items()})


@pytest.fixture
def act(world):
    """Sends as somebody."""
    return lambda account: EvmDeployer(world.evm, account)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in TEXTS.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in TEXTS]


@pytest.fixture
def minted(world, suite, act, files, tmp_path):
    """A token of the seller's, and the folder of its data."""
    place = tmp_path / "mine"
    data = pack(files, ["prompt", "memory"], private=True)
    token_id = actions.mint(act(world.seller), suite, data, 7, royalty_bps=500, clones=2, generations=1)
    data.token_id = f"{token_id:064x}"
    data.save(place)
    return token_id, place


@pytest.fixture
def prepared(world, suite, minted, tmp_path):
    """`prepared(…)`: a transfer to the buyer that nobody has signed, and the folder in which it is."""
    numbers = iter(range(100))

    def make(key=None, backing=0, clone_id=0):
        token_id, place = minted
        target = tmp_path / f"sold {next(numbers)}"
        move = Move(suite["IntelligentNFT"], token_id, world.seller.address, world.buyer.address, clone_id)
        terms = Terms(world.evm.chain_id, suite["DataVerifier"], world.evm.now + DAY, world.hub.epoch(), backing)
        return prepare(place, target, move, (key or world.one_time).public_key, terms), target

    return make


@pytest.fixture
def signed(world, prepared, minted):
    """The same with all signatures."""

    def make(**options):
        transfer, target = prepared(**options)
        for attestor in world.attestors[:NEEDED]:
            attest(transfer, Workings.load(target), minted[1], target, attestor.address, attestor.sign)
        accept(transfer, world.buyer.address, world.buyer.sign)
        return transfer, target

    return make
