"""An account of a token with coins, a session key, and targets for its calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, Revert
from keifu.accounts import AccountDomain, Call, Grant, Limit, Target, Token, address_of, selector
from keifu.units import COIN

TRANSFER, APPROVE = selector("transfer(address,uint256)"), selector("approve(address,uint256)")
TRADE = selector("trade(address,uint256,uint256,uint256)")
HELD = 1_000 * COIN
PERIOD = 1_000
TOKEN_ID = 7


class Session(NamedTuple):
    """What the view `session` answers."""

    number: int
    valid_after: int
    valid_until: int
    uses: int
    period: int
    alive: bool


@dataclass
class World:
    """One account, deployed, of token 7, which `owner` owns."""

    evm: LocalEvm = field(default_factory=LocalEvm)

    def __post_init__(self):
        deployer = self.deployer = self.evm.account("deployer")
        for role in ("owner", "buyer", "key", "second_key", "payee", "relayer", "stranger"):
            setattr(self, role, self.evm.account(role))
        self.token = self.evm.deploy("KeifuToken", deployer, sender=deployer)
        self.nft = self.evm.deploy("PlainNft", True, sender=deployer)
        self.uncounted = self.evm.deploy("PlainNft", False, sender=deployer)
        self.registry = self.evm.deploy("AccountRegistry", sender=deployer)
        self.implementation = self.evm.deploy("AgentAccount", sender=deployer)
        self.shop = self.evm.deploy("Shop", sender=deployer, value=100)
        self.nft.mint(self.owner, TOKEN_ID, sender=self.owner)
        self.account = self.account_of(TOKEN_ID)
        for who in (self.account, self.shop):
            self.token.transfer(who, HELD, sender=deployer)
        self.evm.send(deployer, self.account, value=1_000)

    def account_of(self, number, nft=None):
        nft = nft or self.nft
        token = Token(self.evm.chain_id, nft.address, number)
        self.registry.createAccount(
            self.implementation, bytes(32), *(token.chain_id, token.contract, token.number), sender=self.stranger
        )
        address = address_of(self.registry.address, self.implementation.address, token)
        return self.evm.at(address, "AgentAccount")

    @cached_property
    def domain(self):
        return AccountDomain(self.evm.chain_id, self.account.address)

    def grant(self, **changes):
        """What `key` may do unless a test says otherwise: pay out 100 in a period, and pay the payee 10 wei."""
        usual = Grant(
            self.key.address,
            until=self.evm.now + 10 * PERIOD,
            uses=5,
            period=PERIOD,
            targets=(Target(self.token.address, TRANSFER), Target(self.payee.address)),
            limits=(Limit(self.token.address, 100), Limit(ZERO_ADDRESS, 10)),
        )
        return replace(usual, **changes)

    def give(self, **changes):
        self.account.grant_session(self.grant(**changes).args, sender=self.owner)

    def session(self, key):
        return Session(*self.account.session(key))

    def pay(self, amount, to=None):
        """The arguments of a session's payment in tokens."""
        return self.token.address, 0, self.token.transfer.encode(to or self.payee, amount)

    def sell(self):
        self.nft.transferFrom(self.owner, self.buyer, TOKEN_ID, sender=self.owner)

    def window(self):
        """Wait until a window of the limits begins."""
        self.evm.warp_to((self.evm.now // PERIOD + 1) * PERIOD)

    def call(self, *args):
        return Call(*args)


@pytest.fixture(scope="module")
def made():
    return World()


@pytest.fixture
def world(made):
    with made.evm.anchor():
        yield made


@pytest.fixture
def refused():
    """`with refused("account: …")`: the call reverts for exactly this reason."""
    return Refusal


class Refusal:
    def __init__(self, reason):
        self.reason = reason

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        assert kind is not None, f"went through, but must be refused: {self.reason}"
        if kind is not Revert:
            return False
        assert error.reason == self.reason
        return True
