"""Tools that act through the agent's account, by the key of its session alone. What the session does not allow is
refused here by the bound that it would break, and by the contract whatever this program does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from keifu.accounts import Call
from keifu.accounts.calling import encode_call
from keifu.agent.allowing import encoded
from keifu.agent.faults import ChoreFault
from keifu.agent.mcp.tools import Tool
from keifu.agent.mcp.words import Address, Amount, Number, Words
from keifu.agent.spending import UNSURE, BeyondGrant, Spender
from keifu.chain import Deployment
from keifu.chain.suite import HUB, TOKEN
from keifu.errors import CheckFailed, KeifuError
from keifu.units import coins, counted, parse_amount

__all__ = ["Spends"]

ESCROW, OWN = "VestingEscrow", 0
Text = Annotated[str, msgspec.Meta(max_length=4_096)]
WITHIN = " Only within the session that its owner granted; with try_only nothing is sent."


class _Trial(Words, frozen=True):
    try_only: bool = False


class _Pay(_Trial, frozen=True, kw_only=True):
    to: Address
    coins: Amount


class _Stake(_Trial, frozen=True, kw_only=True):
    operator: Address
    coins: Amount


class _Operator(_Trial, frozen=True, kw_only=True):
    operator: Address


class _Grant(_Trial, frozen=True, kw_only=True):
    number: Number


class _Call(_Trial, frozen=True, kw_only=True):
    to: Address
    function: Annotated[str, msgspec.Meta(max_length=200, description="As transfer(address,uint256)")]
    arguments: Annotated[
        tuple[Text, ...], msgspec.Meta(max_length=16, description="Each as a text; 2.5coins is wei")
    ] = ()
    ether: Amount = "0"


@dataclass(frozen=True)
class Spends:
    """Of one agent."""

    spender: Spender
    suite: Deployment

    def tools(self) -> Iterator[Tool]:
        for run, takes, title, description in (
            (self._pay, _Pay, "Pay", "Pay coins from the agent's account."),
            (self._stake, _Stake, "Stake", "Stake coins of the agent's account with an operator."),
            (self._claim_rewards, _Operator, "Claim rewards", "Have the account's rewards with an operator paid out."),
            (self._claim_grant, _Grant, "Claim a grant", "Have paid out what is due of the account's vesting grant."),
            (self._call, _Call, "Call a contract", "Call a function that the session names."),
        ):
            name = run.__name__.removeprefix("_")
            yield Tool(name, title, description + WITHIN, takes, run, spends=True)

    def _pay(self, said: _Pay) -> Any:
        amount = parse_amount(said.coins)
        return self._made([self._to(TOKEN, "transfer", said.to, amount)], said, f"{coins(amount)} coins to {said.to}")

    def _stake(self, said: _Stake) -> Any:
        amount, client, account = parse_amount(said.coins), self.spender.client, self.spender.address
        token = self.suite.at(client, TOKEN)
        if (has := token.balanceOf(account)) < amount:
            raise CheckFailed(f"the account has {coins(has)} coins, not {coins(amount)}", remedy="stake less")
        calls = [self._to(HUB, "stake", said.operator, amount, 0, OWN)]
        is_approved = token.allowance(account, self.suite[HUB]) >= amount
        self.spender.session()
        # A session counts an approval, and again what is taken by it.
        self.spender.require_below(token.address, amount, "to stake", 1 if is_approved else 2)
        if not is_approved:
            calls.insert(0, self._to(TOKEN, "approve", self.suite[HUB], amount))
        return self._made(calls, said, f"{coins(amount)} coins with {said.operator}")

    def _claim_rewards(self, said: _Operator) -> Any:
        call = self._to(HUB, "claim_rewards", said.operator, self.spender.address, OWN)
        return self._made([call], said, f"rewards with {said.operator}")

    def _claim_grant(self, said: _Grant) -> Any:
        return self._made([self._to(ESCROW, "claim", said.number)], said, f"grant {said.number}")

    def _call(self, said: _Call) -> Any:
        call = Call(said.to.lower(), parse_amount(said.ether), encode_call(said.function, said.arguments))
        return self._made([call], said, f"{said.function} of {said.to}")

    def _made(self, calls: Sequence[Call], said: _Trial, what: str) -> dict[str, Any]:
        """All are looked at before the first is sent; the last ones can be tried only behind those before them."""
        for call in calls:
            self.spender.require_granted(call)
        if (left := self.spender.uses_left()) < len(calls):
            raise BeyondGrant(
                "used_up", f"this takes {len(calls)} calls, the session has {counted(left, 'call')} left",
                "its owner grants another one",
            )  # fmt: skip
        self.spender.try_out(calls[0])
        sent: list[str] = []
        for call in [] if said.try_only else calls:
            try:
                sent.append(self.spender.send(call))
            except KeifuError as error:
                if not sent or (isinstance(error, ChoreFault) and error.code == UNSURE):
                    raise
                done = f"{counted(len(sent), 'call')} of {len(calls)} were made ({', '.join(sent)}); then: {error}"
                raise ChoreFault("half_done", done, "ask again: an approval that stands is not given twice") from error
        return {"what": what, "sent": bool(sent), "transactions": sent, "uses_left": self.spender.uses_left()}

    def _to(self, name: str, function: str, *args: Any) -> Call:
        return encoded(self.spender.client, self.suite[name], name, function, *args)
