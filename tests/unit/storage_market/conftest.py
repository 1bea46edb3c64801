"""A hub, a source of randomness that says what the test says, the market with its deals, and providers with locks."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest

from ethwire.eip712 import Domain
from keifu.abi.eip712 import ACCEPTANCE
from keifu.chain import created_address
from keifu.keys import Account
from keifu.spec.storage import (
    DRAWS,
    LEAF_BYTES,
    Range,
    Shard,
    deal_id,
    deal_path,
    deal_root,
    draw,
    leaves_of,
    root,
)
from keifu.units import COIN, DAY, HOUR
from tests.roles import role_fixtures
from tests.unit.staking.conftest import deploy_hub

EPOCH, WINDOW = DAY, 2 * HOUR
HORIZON = 14 * DAY
GWEI = 10**9
LEAF_BUFFER = COIN
TIP = COIN // 10
FEE = 3 * COIN // 10
PRICE = 10**9  # gwei: a coin a shard and epoch
RESTITUTION = 100 * 10**9
DAMAGES = (RESTITUTION + RESTITUTION // 10 + RESTITUTION // 4) * 5 // 4
LOCKED = 2_000 * COIN
FUNDS = 50_000 * COIN
ENOUGH = 2**256 - 1
RATE = 7  # smallest units of another token a shard and epoch
UNITS = 10**9  # that clients have of it
SALT = bytes(32)
TERM = 20  # epochs of a deal, unless a test says otherwise

globals().update(
    role_fixtures(
        "deployer",
        "owner",
        "provider",
        "other_provider",
        "client",
        "other_client",
        "stranger",
        "sink",
        "treasury",
    )
)
# What ape says of a list that is longer than the contract takes: the compiler's check gives no reason.
UNNAMED = "Transaction failed."


def stream(name: str, leaves: int) -> bytes:
    """Bytes of a shard, the same in every run."""
    size = leaves * LEAF_BYTES
    return b"".join(sha256(f"{name} {at}".encode()).digest() for at in range(size // 32))


@dataclass
class Promised:
    """A deal as its client knows it: the providers and the bytes of its shards."""

    id: bytes
    shards: list[tuple[str, bytes]]
    begin: int
    end: int

    @property
    def named(self) -> list[tuple[str, bytes, int]]:
        return [(who, root(leaves_of(data)), len(data) // LEAF_BYTES) for who, data in self.shards]

    @property
    def root(self) -> bytes:
        return deal_root(self.named)

    def item(self, index: int) -> tuple[Any, ...]:
        """What `accept` takes."""
        _, shard, leaves = self.named[index]
        path = [int.from_bytes(node, "big") for node in deal_path(self.named, index)]
        return self.id, index, shard, leaves, path

    def shown(self, index: int) -> tuple[Any, ...]:
        """What the repairs are given of a shard: provider, root, leaves, path."""
        return (self.named[index][0], *self.item(index)[2:])

    def signed(
        self, index: int, key: Account, domain: Domain, deadline: int, *terms: int, token: str
    ) -> tuple[Any, ...]:
        """What `accept_signed` takes; `terms` are price, restitution and end."""
        said = (token, *(terms or (PRICE, RESTITUTION, self.end)), deadline)
        signature = domain.sign(key, ACCEPTANCE, self.id, index, *said)
        who, shard, leaves = self.named[index]
        return who, shard, leaves, deadline, signature


@dataclass
class Disk:
    """What a provider holds, in the order in which it accepted it."""

    data: list[bytes] = field(default_factory=list)
    cleared: set[int] = field(default_factory=set)

    @property
    def sequence(self) -> Range:
        shards = [Shard(tuple(leaves_of(data))) for data in self.data]
        return Range([None if at in self.cleared else shard for at, shard in enumerate(shards)])

    def opened(self, drawn: list[int]) -> tuple[bytes, list[int]]:
        """Data and words of the leaves that were drawn."""
        sequence, pieces, words = self.sequence, [], []
        for leaf in drawn:
            ordinal, index = sequence.locate(leaf)
            pieces.append(self.data[ordinal][index * LEAF_BYTES : (index + 1) * LEAF_BYTES])
            words += [int.from_bytes(word, "big") for word in sequence.proof(leaf)]
        return b"".join(pieces), words

    def gone(self, deal: bytes, index: int, ordinal: int) -> tuple[Any, ...]:
        """What `clear` takes; the shard is cleared here too."""
        sequence = self.sequence
        entry = sequence.shards[ordinal]
        words = [entry.word if entry else 0, *sequence.path(ordinal)]
        self.cleared.add(ordinal)
        return deal, index, ordinal, words


@pytest.fixture(scope="module")
def token(project, deployer):
    return project.KeifuToken.deploy(deployer, sender=deployer)


@pytest.fixture(scope="module")
def hub(project, token, owner, sink, treasury, deployer):
    return deploy_hub(project, token, owner, sink, treasury, deployer)


@pytest.fixture(scope="module")
def randomness(project, deployer):
    return project.MockRandomness.deploy(sender=deployer)


@pytest.fixture(scope="module")
def channels(project, owner, token, hub, treasury):
    """Where tokens are listed."""
    return project.Channels.deploy(token, hub, owner, treasury, sender=owner)


@pytest.fixture(scope="module")
def market(project, deployer, token, hub, randomness):
    where = created_address(str(deployer), deployer.nonce + 1)
    return project.StorageMarket.deploy(token, hub, randomness, where, EPOCH, WINDOW, LEAF_BUFFER, TIP, sender=deployer)


@pytest.fixture(scope="module")
def deals(project, deployer, owner, hub, token, channels, market, cast, provider, other_provider):
    where = created_address(str(deployer), deployer.nonce + 1)
    deals = project.StorageDeals.deploy(market, where, channels, sender=deployer)
    repairs = project.StorageRepairs.deploy(deals, FEE, sender=deployer)
    assert deals.repairs() == repairs
    hub.list_service(market, HORIZON, 4, sender=owner)
    for name in ("provider", "other_provider", "client", "other_client", "stranger"):
        token.transfer(cast[name], FUNDS, sender=deployer)
        for spender in (deals, hub, market, repairs):
            token.approve(spender, ENOUGH, sender=cast[name])
    for who in (provider, other_provider):
        hub.register_operator(0, "", sender=who)
        hub.lock(market, who, LOCKED, sender=who)
    return deals


@pytest.fixture(scope="module")
def repairs(project, deals):
    return project.StorageRepairs.at(deals.repairs())


@pytest.fixture
def to_epoch(market, chain):
    """Goes to `second` of an epoch; stays where it is when it is there without one."""

    def to_epoch(epoch: int, second: int | None = None) -> None:
        if second is None and market.epoch() == epoch:
            return
        second = 60 if second is None else second
        chain.pending_timestamp = market.start() + (epoch - 1) * EPOCH + second
        chain.mine()

    return to_epoch


@pytest.fixture
def open_deal(deals, market, client):
    """Opens a deal over (provider, bytes) shards as its client."""

    def open_deal(
        *shards,
        sender=client,
        price=PRICE,
        restitution=RESTITUTION,
        accept_by=None,
        end=None,
        masked=False,
        salt=SALT,
        token=None,
    ):
        now = market.epoch()
        end = now + 1 + TERM if end is None else end
        made = Promised(b"", [(str(who), data) for who, data in shards], now + 1, end)
        made.id = deal_id(str(sender), made.root, salt)
        terms = price, restitution, now + 1 if accept_by is None else accept_by, end, masked, salt
        call, paid_in = (deals.open_in, [token]) if token else (deals.open, [])
        call(*paid_in, made.root, len(shards), *terms, sender=sender)
        return made

    return open_deal


@pytest.fixture
def disks(cast):
    """What each provider holds, by its address."""
    return {str(account): Disk() for account in cast.values()}


@pytest.fixture
def accept(deals, disks):
    """Accepts shard `index` of a deal as the provider that it names."""

    def accept(deal, index=0):
        who, data = deal.shards[index]
        receipt = deals.accept(deal.item(index), sender=_account(deals, who))
        disks[who].data.append(data)
        return receipt

    return accept


def _account(contract: Any, who: str) -> Any:
    return contract.account_manager[who]


@pytest.fixture
def seed(market, randomness, stranger):
    """Opens the epoch under way and shows its seed; both by a stranger."""

    def seed(text: str = "seed", *, see=True):
        epoch = market.epoch()
        number = market.open_epoch(epoch, sender=stranger).return_value
        value = sha256(f"{text} {epoch}".encode()).digest()
        randomness.put(number, value, sender=stranger)
        if see:
            market.see_seed(epoch, sender=stranger)
        return value

    return seed


@pytest.fixture
def drawn(market):
    """The leaves that the epoch under way asks of a provider, as the market's ledger has it."""

    def drawn(who, total):
        epoch = market.epoch()
        value = bytes(market.seed_of(epoch))
        return [draw(value, epoch, str(who), number, total) for number in range(DRAWS)]

    return drawn


@pytest.fixture
def prove(market, disks, drawn):
    """Proves the epoch under way as a provider; `total` is how many leaves it stored when the epoch began."""

    def prove(who, total=None, sender=None):
        disk = disks[str(who)]
        total = disk.sequence.total if total is None else total
        data, words = disk.opened(drawn(who, total))
        return market.prove(who, market.epoch(), data, words, sender=sender or who)

    return prove


@pytest.fixture
def proven_epoch(to_epoch, seed, prove):
    """Goes to an epoch, shows its seed and proves as each of `whos`."""

    def proven_epoch(epoch, *whos):
        to_epoch(epoch)
        seed()
        for who in whos:
            prove(who)

    return proven_epoch


@pytest.fixture
def missed_epoch(to_epoch, seed):
    """Goes to an epoch and shows its seed; nobody proves."""

    def missed_epoch(epoch):
        to_epoch(epoch)
        seed()

    return missed_epoch


@pytest.fixture
def listed(project, channels, deals, cast, deployer, owner):
    """Deploys a token that the channels list; clients and the stranger have some."""

    def listed(name="QuietToken"):
        made = getattr(project, name).deploy(sender=deployer)
        channels.listToken(made, True, sender=owner)
        for who in ("client", "other_client", "stranger"):
            made.mint(cast[who], UNITS, sender=deployer)
            made.approve(deals, ENOUGH, sender=cast[who])
        return made

    return listed


@pytest.fixture
def coin(listed):
    """A listed token whose transfers answer nothing."""
    return listed()


@pytest.fixture
def stored_for(open_deal, accept, provider, other_provider, data, other_data):
    """A deal of two shards that is paid in a token, stored by two providers since the epoch under way."""

    def stored_for(token, **terms):
        deal = open_deal((provider, data), (other_provider, other_data), price=RATE, token=token, **terms)
        accept(deal, 0)
        accept(deal, 1)
        return deal

    return stored_for


@pytest.fixture
def data():
    return stream("a shard", 8)


@pytest.fixture
def other_data():
    return stream("another shard", 5)


@pytest.fixture
def stored(open_deal, accept, provider, other_provider, data, other_data):
    """A deal of two shards, stored by two providers since the epoch under way."""
    deal = open_deal((provider, data), (other_provider, other_data))
    accept(deal, 0)
    accept(deal, 1)
    return deal
