"""What ways to the edges of an account start from: one with coins and no session, and a line of owners."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import System
from keifu.accounts import AccountDomain, Grant, Limit, Target, selector

__all__ = ["DEPTH", "LIMIT", "PERIOD", "TOKEN_ID", "TRANSFER", "AccountSystem"]

HELD, COINS, LIMIT = 10_000, 1_000, 100
TOKEN_ID, PERIOD, DEPTH = 7, 1_000, 8  # DEPTH: owners that are followed
TRANSFER = selector("transfer(address,uint256)")


class AccountSystem(System):
    """One account, its token's owner and a key, and calls by the names of roles."""

    actors = ("owner", "buyer", "key", "stranger")
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        token, nft = evm.deploy("KeifuToken", deployer, sender=deployer), evm.deploy("PlainNft", True, sender=deployer)
        self.registry = evm.deploy("AccountRegistry", sender=deployer)
        self.code = evm.deploy("AgentAccount", sender=deployer)
        shop = evm.deploy("Shop", sender=deployer, value=COINS)
        nft.mint(self["owner"], TOKEN_ID, sender=deployer)
        self.bind(
            token=token, nft=nft, shop=shop, uncounted=evm.deploy("PlainNft", False, sender=deployer), code=self.code,
            hostile=evm.deploy("HostileERC1271", sender=deployer),
            signing=evm.deploy("ContractWallet", self["key"], sender=deployer), account=self.made(evm, nft, TOKEN_ID),
        )  # fmt: skip
        # A line of accounts, each the owner of the next one's token.
        line = [self.made(evm, nft, 20)]
        nft.mint(self["owner"], 20, sender=deployer)
        for place in range(1, DEPTH):
            nft.mint(line[-1], 20 + place, sender=deployer)
            line.append(self.made(evm, nft, 20 + place))
        self.line = [one.address for one in line]
        for number in (8, 9):
            nft.mint(self["owner"], number, sender=deployer)
        self.bind(elsewhere=self.made(evm, nft, TOKEN_ID, chain=1), bare=self.made(evm, token, 1))
        self.contract("uncounted").mint(self["owner"], 1, sender=deployer)
        self.bind(plain=self.made(evm, self.contract("uncounted"), 1))
        for who in (self["account"], shop):
            token.transfer(who, HELD, sender=deployer)
        evm.send(deployer, self["account"], value=COINS)
        self.domain = AccountDomain(evm.chain_id, self["account"])
        self.keys_of = {role: evm.account(role) for role in self.actors}
        self.payee = evm.account("payee").address

    def made(self, evm: LocalEvm, nft: Any, number: int, chain: int = 0) -> Any:
        args = self.code, bytes(32), chain or evm.chain_id, nft, number
        return evm.at(self.registry.createAccount(*args, sender=evm.account("deployer")).value, "AgentAccount")

    def start(self) -> None:
        self.began = self.now

    def view(self, target: str, *args: Any) -> Any:
        name, _, function = target.partition(".")
        return getattr(self.contract(name), function)(*args)

    def account(self, function: str, *args: Any, sender: str = "owner", fails: str | None = None) -> Any:
        return self.tx(f"account.{function}", *args, sender=self[sender], fails=fails)

    def granted(self, **parts: Any) -> Grant:
        """What the key may do unless a way says otherwise."""
        token = self["token"]
        usual = Grant(
            self["key"],
            until=self.now + 10 * PERIOD,
            uses=5,
            period=PERIOD,
            targets=(Target(token, TRANSFER), Target(self.payee)),
            limits=(Limit(token, LIMIT), Limit(ZERO_ADDRESS, 10)),
        )
        return replace(usual, **parts)

    def granting(self, grant: Grant, **rest: Any) -> Any:
        return self.account("grant_session", grant.args, **rest)

    def pay(self, amount: int) -> tuple[str, int, bytes]:
        return self["token"], 0, self.contract("token").transfer.encode(self.payee, amount)

    def using(self, *call: Any, **rest: Any) -> Any:
        return self.account("execute_session", *call, sender="key", **rest)
