"""Channels: payers, their keys, receivers that are operators and others, vouchers right and wrong in batches, refunds
and withdrawals in any order, two tokens, a fee that changes."""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any, ClassVar

from audit.systems._channels import (
    AMOUNTS,
    CLAIMERS,
    FORMS,
    FUNDS,
    PAYERS,
    RECEIVERS,
    SIDES,
    ChannelSystem,
    Row,
)
from audit.systems._constructors import Deployment, variations
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.harm import Harm
from evmstorm.oracles.neutrality import check_alike
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from evmstorm.oracles.promise import Claim, check_payable
from keifu.spec.channels import BPS, Book, Terms
from keifu.units import COIN

__all__ = ["Channels"]

SPOILT = ("", "", "", "", "", "", "no receiver", "no claimer", "short", "long", "unlisted")
SIGNERS = ("receiver's key", "receiver's key", "receiver's key", "stranger", "receiver")
BRINGS = ("", "", "", "again", "other", "late", "elsewhere", "nothing")  # deposits that others bring
FEES = (0, 1, 50, 100, 101)


class Channels(ChannelSystem):
    """Everything that anybody may do, beside a log of it."""

    contracts: ClassVar[tuple[str, ...]] = ("Channels", "Erc3009DepositCollector")

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self["hub"], self.owner, self.treasury)
        yield from variations(
            "Channels",
            right,
            (0, self.owner, "channels: coin is no contract"),
            (1, self.owner, "channels: hub is no contract"),
            (2, ZERO_ADDRESS, "channels: no owner"),
            (3, ZERO_ADDRESS, "channels: no treasury"),
        )
        yield from variations("Erc3009DepositCollector", (self.owner,), (0, ZERO_ADDRESS, "collector: no channels"))

    # deposits ---------------------------------------------------------------------------------------------------------

    @action("", Choice("pool"), Choice(AMOUNTS), Choice(SPOILT), Choice(PAYERS), weight=16)
    def deposit(self, who: str, row: Row, amount: int, spoilt: str, other: str) -> Steps:
        """CHN-8: by allowance."""
        row = self.spoiled(row, spoilt)
        payer = row.terms.payer if self.sometimes() or other == PAYERS[0] else self[other]
        first, before = self.model.balance(row.terms) == 0, self.model.balance(row.terms)
        first = first and self.model.claimed(row.terms) == 0
        call = self.tx(
            "channels.deposit", row.values, amount, self["channels"], b"", sender=payer, raw_outcome=True
        )  # fmt: skip
        done = yield from self.both(lambda m: m.deposit(payer, row.terms, amount), order=call, atomic=True)
        if done is not None:
            self.emitted("channels.ChannelCreated", count=int(first))
            self.emitted(
                "channels.Deposited", channelId=row.terms.name, sender=payer, amount=amount,
                newBalance=before + amount,
            )  # fmt: skip

    @action("", Choice("pool"), Choice(AMOUNTS), Choice(BRINGS), weight=6)
    def bring(self, who: str, row: Row, amount: int, form: str) -> Steps:
        """CHN-10: by a signed transfer, whoever brings it."""
        if row.terms.token != self["token"]:
            return
        said, refusal = self.authorization(row, amount, form)
        target = "collector.collect" if form == "elsewhere" else "channels.deposit"
        collector = self["nobody"] if form == "nothing" else self["collector"]
        args: tuple[Any, ...] = (row.values, amount, collector, said)
        if form == "elsewhere":
            args = (row.terms.payer, row.terms.token, amount, row.terms.name, said)

        def run(book: Book) -> None:
            if form != "elsewhere":
                trial = pickle.loads(pickle.dumps(book))  # noqa: S301 - made in this process
                trial.deposit(row.terms.payer, row.terms, amount)
            self.must(refusal)
            book.deposit(row.terms.payer, row.terms, amount)

        yield from self.both(run, order=self.tx(target, *args, sender=who, raw_outcome=True), atomic=True)

    # claims -----------------------------------------------------------------------------------------------------------

    @action(
        "", Choice("pool"), Choice("pool"), Choice("pool"), Choice(FORMS), Choice(FORMS), Choice(SIDES),
        Choice((False, False, True)), Choice(range(4)), weight=30,
    )  # fmt: skip
    def claim(
        self, who: str, one: Row, two: Row, three: Row, form: str, other: str, by: str, paid: bool, count: int
    ) -> Steps:
        """CHN-1 to CHN-5: a batch of up to three items, by calling."""
        rows = [(one, form), (two, other), (three, "")][:count]
        items = [self.item(*pair) for pair in rows]
        sender = self[by]
        args = ([args for args, _ in items], paid)
        call = self.tx("channels.claim", *args, sender=sender, raw_outcome=True)
        shown = [presented for _, presented in items]
        done = yield from self.both(lambda m: m.claim(sender, shown, paid=paid), order=call, atomic=True)
        if done is not None:
            self.check_logged(shown, done, sender)

    @action("", Choice("pool"), Choice("pool"), Choice(FORMS), Choice(SIGNERS), Choice((0, 1)), weight=14)
    def claim_signed(self, who: str, one: Row, two: Row, form: str, signer: str, forged: int) -> Steps:
        """CHN-3: by a signature of the receivers' authorizer."""
        items = [self.item(one, form), self.item(two, "")]
        shown = [presented for _, presented in items]
        signature = self.sign_batch(shown[: 2 - forged], signer)
        call = self.tx(
            "channels.claimWithSignature", [args for args, _ in items], signature, sender=who, raw_outcome=True
        )  # fmt: skip
        right = self[signer] == one.terms.claimer and not forged

        def run(book: Book) -> list[int]:
            self.must("" if right else "channels: batch is not signed")
            return book.claim(one.terms.claimer, shown)

        done = yield from self.both(run, order=call, atomic=True)
        if done is not None:
            self.check_logged(shown, done, who)

    @action("", Choice(RECEIVERS), Choice(("token", "other token")), weight=10)
    def settle(self, who: str, receiver: str, token: str) -> Steps:
        """CHN-5"""
        to, coin = self[receiver], self.token(token)
        owed = self.model.earned(to, coin) - self.model.settled(to, coin)
        before = self.holds(coin, to)
        call = self.tx("channels.settle", to, coin, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.settle(to, coin), order=call, atomic=True)
        part = owed * self.model.bps // BPS
        assert self.holds(coin, to) == before + owed - part, "CHN-5: the receiver got another sum"
        self.emitted("channels.Settled", count=int(owed > 0))
        kept = owed > 0 and part > 0 and not (coin == self["token"] and to in self.model.operators)
        self.emitted("channels.FeeKept", count=int(kept))

    @action("", Choice(("token", "other token")), weight=4)
    def pay_treasury(self, who: str, token: str) -> Steps:
        coin = self.token(token)
        there, before = self.ask("channels.treasuryFees", coin), self.holds(coin, self.treasury)
        call = self.tx("channels.payTreasury", coin, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.pay_treasury(coin), order=call, atomic=True)
        if done is not None:
            assert self.holds(coin, self.treasury) == before + there, "CHN-5: the treasury got another sum"
            self.emitted("channels.TreasuryPaid", token=coin, amount=there)

    # back to the payer ------------------------------------------------------------------------------------------------

    def sides(self, row: Row, by: str) -> str:
        return {"payer": row.terms.payer, "key": row.terms.authorizer}.get(by) or self[by]

    @action(
        "", Choice("pool"), Choice((*AMOUNTS, -1, -2)), Choice(("payer", "payer", "key", "stranger", "receiver")),
        weight=8,
    )  # fmt: skip
    def ask_back(self, who: str, row: Row, amount: int, by: str) -> Steps:
        """CHN-6: all of it for -1, a unit more for -2."""
        sender = self.sides(row, by)
        if sender == ZERO_ADDRESS:
            return
        there = self.model.available(row.terms)
        amount = {-1: there, -2: there + 1}.get(amount, amount)
        call = self.tx("channels.initiateWithdraw", row.values, amount, sender=sender, raw_outcome=True)
        done = yield from self.both(lambda m: m.ask_back(sender, row.terms, amount), order=call, atomic=True)
        if done is not None:
            until = self.now + row.terms.delay
            self.emitted("channels.WithdrawInitiated", channelId=row.terms.name, amount=amount, finalizeAfter=until)

    @action(
        "", Choice("pending"), Choice(("payer", "payer", "key", "stranger", "receiver")), Choice((0, 0, 1, 10**6)),
        weight=10,
    )  # fmt: skip
    def take_back(self, who: str, row: Row, by: str, early: int) -> Steps:
        """CHN-6: when the delay is over, or so many seconds before."""
        sender = self.sides(row, by)
        if sender == ZERO_ADDRESS:
            return
        asked, at = self.model.asked(row.terms)
        if asked:
            self.evm.warp_to(max(self.now, at + row.terms.delay - early))
        before = self.holds(row.terms.token, row.terms.payer)
        call = self.tx("channels.finalizeWithdraw", row.values, sender=sender, raw_outcome=True)
        left = self.model.available(row.terms)
        done = yield from self.both(lambda m: m.take_back(sender, row.terms), order=call, atomic=True)
        if done is not None:
            assert self.holds(row.terms.token, row.terms.payer) == before + done, "CHN-6: the payer got another sum"
            self.emitted("channels.WithdrawFinalized", channelId=row.terms.name, sender=sender, amount=done)
            self.emitted("channels.ChannelClosed", count=int(0 < done == left))

    @action("", Choice("pool"), Choice((*AMOUNTS, FUNDS)), Choice((*SIDES, "payer")), weight=6)
    def refund(self, who: str, row: Row, amount: int, by: str) -> Steps:
        """CHN-6"""
        sender = row.terms.payer if by == "payer" else self[by]
        before, left = self.holds(row.terms.token, row.terms.payer), self.model.available(row.terms)
        call = self.tx("channels.refund", row.values, amount, sender=sender, raw_outcome=True)
        done = yield from self.both(lambda m: m.refund(sender, row.terms, amount), order=call, atomic=True)
        if done is not None:
            self.check_given(row.terms, sender, done, before, left)

    @action(
        "", Choice("pool"), Choice((*AMOUNTS, FUNDS)), Choice(SIGNERS), Choice((0, 0, 0, -1, 1)),
        Choice((False, False, False, True)), weight=8,
    )  # fmt: skip
    def refund_signed(self, who: str, row: Row, amount: int, signer: str, off: int, other: bool) -> Steps:
        """CHN-9"""
        nonce = max(0, self.model.refunds(row.terms) + off)
        signature = self.sign_refund(row, nonce, amount + other, signer)
        before, left = self.holds(row.terms.token, row.terms.payer), self.model.available(row.terms)
        call = self.tx(
            "channels.refundWithSignature", row.values, amount, nonce, signature, sender=who, raw_outcome=True
        )  # fmt: skip
        by = "" if other else self[signer]
        done = yield from self.both(lambda m: m.refund_signed(by, row.terms, amount, nonce), order=call, atomic=True)
        if done is not None:
            self.check_given(row.terms, who, done, before, left)

    def check_given(self, terms: Terms, sender: str, given: int, before: int, left: int) -> None:
        assert self.holds(terms.token, terms.payer) == before + given, "CHN-6: the payer got another sum"
        self.emitted("channels.Refunded", count=int(given > 0))
        self.emitted("channels.ChannelClosed", count=int(0 < given == left))
        if given:
            self.emitted("channels.Refunded", channelId=terms.name, sender=sender, amount=given)

    # the timelock -----------------------------------------------------------------------------------------------------

    @action("", Choice(("token", "other token")), Choice((True, True, False)), weight=3)
    def list_token(self, who: str, token: str, yes: bool) -> Steps:
        by, coin = (self.owner if self.sometimes() else who), self.token(token)
        call = self.tx("channels.listToken", coin, yes, sender=by, raw_outcome=True)
        done = yield from self.both(lambda m: m.decide(by, token=coin, listed=yes), order=call, atomic=True)
        if done is not None:
            self.emitted("channels.TokenListed", token=coin, listed=yes)

    @action("", Choice(FEES), weight=4)
    def set_fee(self, who: str, fee: int) -> Steps:
        by = self.owner if self.sometimes() else who
        call = self.tx("channels.setFee", fee, sender=by, raw_outcome=True)
        done = yield from self.both(lambda m: m.decide(by, bps=fee), order=call, atomic=True)
        if done is not None:
            self.emitted("channels.FeeChanged", basisPoints=fee)

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("CHN-1", at_end=True)
    def channels_are_the_log_s(self) -> bool:
        """What is in each channel, what was claimed and what is asked back follow from what people did."""
        for row in self.pool:
            balance, claimed = self.answer("channels.channels", row.terms.name)
            if (balance, claimed) != (self.model.balance(row.terms), self.model.claimed(row.terms)):
                return False
            if tuple(self.answer("channels.pendingWithdrawals", row.terms.name)) != self.model.asked(row.terms):
                return False
            if self.ask("channels.refundNonce", row.terms.name) != self.model.refunds(row.terms):
                return False
        return True

    @invariant("CHN-7", at_end=True)
    def it_holds_what_it_owes(self) -> bool:
        """To the unit: what is in channels, what is not settled, and what waits for the treasury."""
        for token in self.tokens:
            owed = sum(self.model.available(row.terms) for row in self.rows_in(token))
            owed += self.left(self.bystander) if token == self.bystander.terms.token else 0
            for role in RECEIVERS:
                claimed, settled = self.answer("channels.receivers", self[role], token)
                log = (self.model.earned(self[role], token), self.model.settled(self[role], token))
                if (claimed, settled) != log:
                    return False
                owed += claimed - settled
            waiting = self.ask("channels.treasuryFees", token)
            exact = sum(item.fee for item in self.model.waiting(token))
            if not 0 <= exact - waiting <= len(self.model.waiting(token)):
                return False
            if self.holds(token, self["channels"]) != owed + waiting:
                return False
        return True

    @invariant("ORA-1", at_end=True)
    def nobody_gains(self) -> bool:
        """Profit: each has what the log entitles it to, with what it may take, to a unit a settlement."""
        for token in self.tokens:
            held = {self[role]: self.holds(token, self[role]) for role in self.actors}
            owed: defaultdict[str, Fraction] = defaultdict(Fraction)
            owed.update({who: Fraction(FUNDS) for who in held})
            for row in self.rows_in(token):
                held[row.terms.payer] += self.ask("channels.channels", row.terms.name)
                held[row.terms.payer] -= self.model.claimed(row.terms)
                owed[row.terms.payer] -= self.model.claimed(row.terms)
            for role in RECEIVERS:
                claimed, settled = self.answer("channels.receivers", self[role], token)
                held[self[role]] += claimed - settled
                owed[self[role]] += self.model.earned(self[role], token)
                owed[self[role]] -= sum(item.fee for item in self.model.settlements(self[role], token))
            dust = len(self.model.settlements())
            check_profit(held, owed, dust)
            check_paid_in_full(held, owed, dust)
        return True

    @invariant("ORA-2", at_end=True)
    def promises_are_payable(self) -> bool:
        """Promise: every receiver is paid and every payer gets back what is left, whoever comes first."""
        for token in self.tokens:
            claims = [Claim(self[role], self.unpaid(self[role], token), "settle") for role in RECEIVERS]
            claims += [
                Claim(row.terms.payer, self.model.available(row.terms), row.terms.name.hex())
                for row in self.rows_in(token)
                if self.model.available(row.terms)
            ]
            check_payable(claims, self.evm.anchor, partial(self.pay_out, token))
        return True

    @invariant("ORA-3", at_end=True)
    def bystanders_lose_nothing(self) -> bool:
        """Harm: a payer that only paid in has all of it still, whatever others did."""
        there, claimed = self.answer("channels.channels", self.bystander.terms.name)
        harm = Harm("the bystander")
        harm.done(0, COIN - (there - claimed))
        harm.check(1, 0, 0)
        return True

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: each payer is out when its channel's delay has passed since it asked; no list and no fee stops it."""
        with self.evm.anchor():
            exits = []
            for row in [*self.pool, self.bystander]:
                if not self.ask("channels.channels", row.terms.name):
                    continue
                asked, at = self.answer("channels.pendingWithdrawals", row.terms.name)
                left = self.left(row)
                if not asked and left:
                    self.do("channels.initiateWithdraw", row.values, left, sender=row.terms.payer)
                    asked, at = left, self.now
                if asked:
                    exits.append(Exit(row.terms.payer, at, row.terms.delay, partial(self.leave, row)))
            check_exits(exits, lambda: self.now, self.evm.warp_to)
        return True

    @invariant("ORA-5", at_end=True)
    def batches_are_neutral(self) -> bool:
        """Neutrality: the same vouchers earn the same in one call, in one each, and in the other order."""
        items = [self.item(row, "all") for row in self.pool]
        earned = []
        for calls in ([items], [[item] for item in items], [items[::-1]]):
            with self.evm.anchor():
                for batch in calls:
                    for claimer in CLAIMERS:
                        self.do("channels.claim", [args for args, _ in batch], False, sender=self[claimer])
                earned.append([
                    self.answer("channels.receivers", self[role], token)[0]
                    for role in RECEIVERS for token in self.tokens
                ])  # fmt: skip
        for other in earned[1:]:
            check_alike("vouchers", sum(earned[0]), other, 0)
        return earned[0] == earned[1] == earned[2]
