"""Channels over the hub: the set-up, the pool of channels, and how vouchers, batches and refunds are signed."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from audit.systems._differential import Differential
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from keifu.keys import Account, Domain
from keifu.payments import Channel, Claim, Vouchers, sign_authorization
from keifu.payments.deposits import COIN_DOMAIN
from keifu.spec.channels import LONGEST, SHORTEST, Book, Presented, Terms
from keifu.spec.refusals import check
from keifu.units import COIN, DAY

__all__ = ["AMOUNTS", "CLAIMERS", "FORMS", "FUNDS", "PAYERS", "RECEIVERS", "SIDES", "ChannelSystem", "Row"]

FUNDS = 10**6 * COIN
AMOUNTS = (0, 1, 9_999, COIN, 10 * COIN + 3)
FEE = 50  # basis points, at first
PAYERS = ("payer", "other payer")
RECEIVERS = ("receiver", "shop")  # an operator of the hub, and one that is none
CLAIMERS = ("receiver's key", "shop's key")
SIDES = ("receiver", "receiver", "receiver's key", "shop", "shop's key", "stranger")
FORMS = ("", "", "", "", "", "", "part", "short", "again", "over", "other key", "other channel", "other sum",
         "malleable", "no signature", "half a signature", "small v", "large v", "all")  # fmt: skip
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class Row:
    """A channel as the contract takes it and as the model does."""

    channel: Channel
    terms: Terms

    @property
    def values(self) -> tuple[Any, ...]:
        return self.channel.values


class ChannelSystem(Differential):
    """Two payers with a key that signs for them, two receivers with theirs, and somebody who only paid in."""

    actors = (*PAYERS, "payers' key", *RECEIVERS, *CLAIMERS, "stranger")
    wait_weight: ClassVar[int] = 8

    def setup(self, evm: LocalEvm) -> None:
        owner, treasury, bystander = (evm.account(role) for role in ("owner", "treasury", "bystander"))
        self.owner, self.treasury = owner.address, treasury.address
        token = evm.deploy("KeifuToken", owner, sender=owner)
        other = evm.deploy("QuietToken", sender=owner)
        hub = evm.deploy("StakingHub", token, owner, owner, treasury, 14 * DAY, DAY, 30, 10, sender=owner)
        channels = evm.deploy("Channels", token, hub, owner, treasury, sender=owner)
        collector = evm.deploy("Erc3009DepositCollector", channels, sender=owner)
        nobody = evm.deploy("CallbackAttacker", sender=owner)  # a collector that brings nothing
        self.bind(token=token, hub=hub, channels=channels, collector=collector, other=other, nobody=nobody)
        self.tokens = (token.address, other.address)
        hub.register_operator(0, "", sender=self["receiver"])
        channels.listToken(other, True, sender=owner)
        self.vouchers = Vouchers(evm.chain_id, channels.address)
        self.signers: dict[str, Account] = {role: evm.account(role) for role in self.actors}
        for role in (*self.actors, "bystander"):
            who = evm.account(role)
            token.transfer(who, FUNDS, sender=owner)
            other.mint(who, FUNDS, sender=owner)
            for coin in (token, other):
                coin.approve(channels, 2**256 - 1, sender=who)
        self.pool = self.made_pool()
        self.bystander = self.row(replace(self.pool[0].channel, payer=bystander.address))
        channels.deposit(self.bystander.values, COIN, channels, b"", sender=bystander)
        book = Book(owner.address, token.address, frozenset({self["receiver"]}))
        book.decide(owner.address, token=other.address, listed=True)
        channels.setFee(FEE, sender=owner)
        book.decide(owner.address, bps=FEE)
        self.opening = pickle.dumps(book)
        self.holdings = {token.address: self.read("token.balanceOf"), other.address: self.read("other.balanceOf")}

    def start(self) -> None:
        self.model: Book = self.revived(self.opening)
        self.used: list[tuple[Row, int, int, bytes]] = []  # signed deposits that were brought

    def deadlines(self) -> list[int]:
        asked = [(self.model.asked(row.terms), row.terms.delay) for row in self.pool]
        return [at + delay for (amount, at), delay in asked if amount]

    # channels ---------------------------------------------------------------------------------------------------------

    def made_pool(self) -> list[Row]:
        token, other = self.tokens
        payer, second, key = self["payer"], self["other payer"], self["payers' key"]
        receiver, shop = (self["receiver"], self["receiver's key"]), (self["shop"], self["shop's key"])
        made = [
            Channel(payer, key, *receiver, token, SHORTEST, bytes(32)),
            Channel(payer, ZERO_ADDRESS, *receiver, token, DAY, bytes(32)),
            Channel(second, key, *shop, token, LONGEST, bytes(32)),
            Channel(payer, key, *receiver, other, DAY, b"\x01" * 32),
            Channel(second, ZERO_ADDRESS, *shop, other, SHORTEST, bytes(32)),
            Channel(second, second, shop[0], receiver[1], token, DAY, bytes(32)),
        ]
        return [self.row(channel) for channel in made]

    def row(self, channel: Channel) -> Row:
        name = self.vouchers.channel_id(channel)
        parts = (channel.payer, channel.payer_authorizer, channel.receiver, channel.receiver_authorizer, channel.token)
        return Row(channel, Terms(name, *parts, channel.withdraw_delay))

    def spoiled(self, row: Row, how: str) -> Row:
        changes: dict[str, dict[str, Any]] = {
            "no receiver": {"receiver": ZERO_ADDRESS},
            "no claimer": {"receiver_authorizer": ZERO_ADDRESS},
            "short": {"withdraw_delay": SHORTEST - 1},
            "long": {"withdraw_delay": LONGEST + 1},
            "unlisted": {"token": self["hub"]},
        }
        return self.row(replace(row.channel, **changes[how])) if how else row

    def rows_in(self, token: str) -> list[Row]:
        return [row for row in self.pool if row.terms.token == token]

    def pending(self, who: str) -> list[Row]:
        """Channels of which something is asked back, if there are any."""
        return [row for row in self.pool if self.model.asked(row.terms)[0]] or self.pool

    def token(self, name: str) -> str:
        return self.tokens[name == "other token"]

    def holds(self, token: str, who: str) -> int:
        return int(self.holdings[token](who))

    def left(self, row: Row) -> int:
        balance, claimed = self.answer("channels.channels", row.terms.name)
        return int(balance - claimed)

    def leave(self, row: Row) -> bool:
        """Ends the withdrawal; True when the channel is empty, or what is left was not asked for."""
        before, asked = self.left(row), self.answer("channels.pendingWithdrawals", row.terms.name)[0]
        self.do("channels.finalizeWithdraw", row.values, sender=row.terms.payer)
        return bool(self.left(row) == before - min(asked, before))

    def unpaid(self, receiver: str, token: str) -> int:
        """What a settlement would pay now."""
        owed = self.model.earned(receiver, token) - self.model.settled(receiver, token)
        return int(owed - owed * self.model.bps // 10_000)

    def pay_out(self, token: str, claim: Any) -> int:
        """What one promise pays when it is called in."""
        before = self.holds(token, claim.who)
        if claim.name == "settle":
            self.do("channels.settle", claim.who, token, sender=self["stranger"])
        else:
            row = next(row for row in self.pool if row.terms.name.hex() == claim.name)
            self.do("channels.refund", row.values, claim.amount, sender=row.terms.receiver)
        return self.holds(token, claim.who) - before

    # what is signed ---------------------------------------------------------------------------------------------------

    def must(self, refusal: str) -> None:
        check(not refusal, refusal)

    def signer(self, address: str) -> Account:
        return next(account for account in self.signers.values() if account.address == address)

    def item(self, row: Row, form: str) -> tuple[Any, Presented]:
        """A claim of a little more than before, unless its form says otherwise."""
        terms, book = row.terms, self.model
        claimed = book.claimed(terms)
        total = {
            "again": claimed,
            "over": book.balance(terms) + 5,
            "all": book.balance(terms),
            "part": claimed + 1,
        }.get(form, claimed + max(1, book.available(terms) // 3))
        most = total + (form == "part") - (form == "short")
        signer = self.signers["stranger"] if form == "other key" else self.signer(terms.signer)
        signed = self.pool[terms == self.pool[0].terms].terms.name if form == "other channel" else terms.name
        signature = self.vouchers.sign(signer, signed, most + (form == "other sum"))
        wrong = form in ("other channel", "other sum", "no signature", "half a signature", "malleable", "large v")
        wrong |= form == "small v" and terms.authorizer != ZERO_ADDRESS
        args: tuple[Any, Any, int] = ((row.values, most), self.shaped(signature, form), total)
        if form in ("", "all"):
            args = Claim(row.channel, most, signature, total).args
        return args, Presented(terms, most, total, "" if wrong else signer.address)

    def shaped(self, signature: bytes, form: str) -> bytes:
        r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
        return {
            "malleable": r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]),
            "no signature": b"",
            "half a signature": signature[:63],
            "small v": signature[:64] + bytes([v - 27]),
            "large v": signature[:64] + bytes([v + 2]),
        }.get(form, signature)

    def sign_batch(self, items: Sequence[Presented], role: str) -> bytes:
        entries = [(item.channel.name, item.most, item.total) for item in items]
        return self.signers[role].sign(self.vouchers.claim_digest(entries))

    def sign_refund(self, row: Row, nonce: int, amount: int, role: str) -> bytes:
        return self.signers[role].sign(self.vouchers.refund_digest(row.terms.name, nonce, amount))

    def authorization(self, row: Row, amount: int, form: str) -> tuple[bytes, str]:
        """What the payer signs for the collector, and why the collector or the token would refuse it."""
        if form == "again" and self.used:
            for used, sum_, until, data in self.used:
                if used == row and sum_ == amount and until > self.now:
                    return data, "token: authorization used or cancelled"
        signed = sign_authorization(
            Domain(*COIN_DOMAIN, self.evm.chain_id, self["token"]),
            row.terms.payer,
            self["collector"],
            bytes(32) if form == "other" else row.terms.name,
            amount,
            until=self.now if form == "late" else self.now + DAY,
            salt=len(self.model.log) * 1_000 + len(self.used),
            sign=self.signer(row.terms.payer).sign,
        )
        refusal = {
            "other": "token: invalid signature",
            "late": "token: authorization expired",
            "elsewhere": "collector: caller is not channels",
            "nothing": "channels: collector brought another amount",
        }.get(form, "")
        if not refusal and amount and self.model.listed(row.terms.token):
            self.used.append((row, amount, self.now + DAY, signed.data))
        return signed.data, refusal

    def check_logged(self, items: Sequence[Presented], answers: Sequence[int], sender: str) -> None:
        """Every item left its event, and the last of each kind says what became of it."""
        earned = [(item, more) for item, more in zip(items, answers, strict=True) if more > 0]
        skipped = [(item, -more) for item, more in zip(items, answers, strict=True) if more < 0]
        self.emitted("channels.Claimed", count=len(earned))
        self.emitted("channels.ClaimSkipped", count=len(skipped))
        if earned:
            item, more = earned[-1]
            self.emitted(
                "channels.Claimed", count=len(earned), channelId=item.channel.name, sender=sender, claimAmount=more,
                newTotalClaimed=self.model.claimed(item.channel),
            )  # fmt: skip
        if skipped:
            item, reason = skipped[-1]
            self.emitted("channels.ClaimSkipped", count=len(skipped), channelId=item.channel.name, reason=reason)
