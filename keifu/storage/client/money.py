"""In what a deal is paid: the suite's coin, or another token that the channels list.

What a token says of itself is its issuer's word. Its decimals are read and bounded, and only say how an amount is
written; its symbol is shown beside its address, and never instead of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ethwire.keys import checksum
from ethwire.rpc import octets
from keifu.abi import Contract
from keifu.chain import ChainClient, Deployer
from keifu.chain.logs import named_in
from keifu.chain.suite import TOKEN
from keifu.errors import CheckFailed, Revert, UsageError
from keifu.keys import keccak256
from keifu.storage.states import GWEI
from keifu.units import coins, is_address, parse_amount

__all__ = ["COIN_MONEY", "Money", "listed", "named", "pay_in", "read_money"]

LARGEST_DECIMALS = 36
LISTED = 16  # tokens that an error names
WORD = 32
_PLAIN = re.compile(rb"[!-~]{1,16}")  # as symbols are written; others are not shown
_OWN = ("deals: ", "storage: ")  # whose refusals are no token's
_UNPAID = "deals: coins were refused"


@dataclass(frozen=True)
class Money:
    """`token` is its address in lower case, "" for the suite's coin. A deal's price counts in `unit` smallest units."""

    token: str = ""
    decimals: int = 18
    symbol: str = ""
    says_decimals: bool = True  # else amounts are written in smallest units

    @property
    def unit(self) -> int:
        return 1 if self.token else GWEI

    @property
    def name(self) -> str:
        """The symbol beside the address."""
        return f"{self.symbol or 'token'} ({checksum(self.token)})" if self.token else "coins"

    def text(self, amount: int) -> str:
        """Smallest units, for people."""
        return f"{self.amount(amount)} {self.name}"

    def amount(self, amount: int) -> str:
        """The number alone."""
        return coins(amount, self.decimals)

    def data(self) -> dict[str, Any]:
        """For `--json`: nothing of the coin."""
        return {"token": checksum(self.token), "decimals": self.decimals, "symbol": self.symbol} if self.token else {}

    def parse(self, text: str) -> int:
        """Smallest units of what somebody wrote. Raises UsageError."""
        try:
            return parse_amount(text, self.decimals)
        except ValueError as error:
            raise UsageError(str(error), remedy=f"write it with {self.decimals} decimals at most") from error


COIN_MONEY = Money()


def read_money(client: ChainClient, token: str) -> Money:
    """Decimals and symbol of a token, as it says them."""
    said = _asked(client, token, "decimals()")
    decimals = int.from_bytes(said, "big") if len(said) == WORD else LARGEST_DECIMALS + 1
    says = decimals <= LARGEST_DECIMALS
    return Money(token.lower(), decimals if says else 0, _symbol(_asked(client, token, "symbol()")), says)


def listed(client: ChainClient, channels: Contract, coin: str, first_block: int) -> list[str]:
    """Tokens beside the coin that a deal may be paid in, in lower case."""
    found = named_in(client, channels, "TokenListed", first_block)
    return [token for token in found if token != coin and channels.isListed(token)]


def named(text: str, client: ChainClient, channels: Contract, coin: str, first_block: int) -> str:
    """The address of a listed token, by that or by its symbol; "" for the coin. Raises UsageError for one that is not
    listed, and where two listed tokens have one symbol."""
    if is_address(text):
        token = text.lower()
        if token == coin:
            return ""
        if not channels.isListed(token):
            remedy = _remedy(client, channels, coin, first_block)
            raise UsageError(f"token {checksum(token)} is not listed", remedy=remedy)
        return token
    found = [token for token in listed(client, channels, coin, first_block) if _symbol_of(client, token) == text]
    if len(found) != 1:
        what = f"{len(found)} listed tokens have" if found else "no listed token has"
        raise UsageError(f"{what} the symbol {text[:16]!r}", remedy=_remedy(client, channels, coin, first_block))
    return found[0]


def pay_in(chain: Deployer, money: Money, amount: int, address: str, name: str, function: str, *args: object) -> None:
    """Call a function that pulls `amount` of another token, of which exactly that is allowed before, where less is.

    Raises CheckFailed when the sender has not enough, and Revert, before anything is allowed, when the contract itself
    would refuse the call.
    """
    token = money.token
    balance = chain.call(token, TOKEN, "balanceOf", chain.sender)
    if balance < amount:
        raise CheckFailed(f"{chain.sender} has {money.text(balance)}, {money.text(amount)} are needed")
    allowed = chain.call(token, TOKEN, "allowance", chain.sender, address)
    if allowed < amount:
        _require_taken(lambda: chain.simulate(address, name, function, *args))
        if allowed:  # some tokens change no allowance but to and from nothing
            chain.call(token, TOKEN, "approve", address, 0)
        chain.call(token, TOKEN, "approve", address, amount)
    chain.call(address, name, function, *args)


def _require_taken(simulate: Callable[[], object]) -> None:
    """Contracts pull coins last: what they refuse before is no matter of an allowance."""
    try:
        simulate()
    except Revert as refusal:
        if refusal.reason.startswith(_OWN) and refusal.reason != _UNPAID:
            raise


def _remedy(client: ChainClient, channels: Contract, coin: str, first_block: int) -> str:
    found = listed(client, channels, coin, first_block)[:LISTED]
    said = [f"{checksum(token)} {_symbol_of(client, token)}".rstrip() for token in found]
    return f"listed are {', '.join(said)}" if said else "no token but the coin is listed: leave --token out"


def _symbol_of(client: ChainClient, token: str) -> str:
    return _symbol(_asked(client, token, "symbol()"))


def _symbol(said: bytes) -> str:
    """A string, or 32 bytes as some old tokens have it; "" for what is no plain word."""
    if len(said) >= 2 * WORD:
        length = int.from_bytes(said[WORD : 2 * WORD], "big")
        said = said[2 * WORD : 2 * WORD + min(length, WORD)]
    plain = said[:WORD].rstrip(b"\0")
    return plain.decode() if _PLAIN.fullmatch(plain) else ""


def _asked(client: ChainClient, token: str, signature: str) -> bytes:
    """What a token answers, "" where it refuses."""
    call = {"to": token, "data": "0x" + keccak256(signature.encode())[:4].hex()}
    try:
        return octets(client.rpc.agreed("eth_call", call, "latest"), "eth_call", client.rpc.url)
    except Revert:
        return b""
