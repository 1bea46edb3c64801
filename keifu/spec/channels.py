"""What payment channels should do, in plain Python: a log of what people did, and what follows from it.

Nothing is kept but the log. What is in a channel, what a receiver has earned and what the treasury can have are sums
over it, in exact fractions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.refusals import Refused, check
from keifu.units import DAY

__all__ = ["Book", "Presented", "Refused", "Terms"]

SHORTEST, LONGEST = 900, 30 * DAY
BPS, MAX_FEE = 10_000, 100
NOT_RECEIVERS, NOTHING_NEW, NOTHING_LEFT, NOT_SIGNED_FOR, BAD_SIGNATURE = range(1, 6)


@dataclass(frozen=True)
class Terms:
    """What is fixed when a channel opens; `name` is the channel."""

    name: bytes
    payer: str
    authorizer: str
    receiver: str
    claimer: str
    token: str
    delay: int

    @property
    def signer(self) -> str:
        """Whose vouchers count."""
        return self.payer if self.authorizer == ZERO_ADDRESS else self.authorizer


@dataclass(frozen=True)
class Presented:
    """A voucher that somebody wants to claim `total` of. `signer` is who signed for this channel and sum; "" nobody."""

    channel: Terms
    most: int
    total: int
    signer: str


# what people did ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paid:
    channel: Terms
    amount: int


@dataclass(frozen=True)
class Earned:
    channel: Terms
    amount: int


@dataclass(frozen=True)
class Asked:
    channel: Terms
    amount: int
    at: int


@dataclass(frozen=True)
class Back:
    """To the payer: at the end of a withdrawal, or given by the receiver, which uses up a nonce."""

    channel: Terms
    amount: int
    given: bool


@dataclass(frozen=True)
class Settlement:
    receiver: str
    token: str
    amount: int
    bps: int
    rewarded: bool  # the hub has the fee

    @property
    def fee(self) -> Fraction:
        return Fraction(self.amount * self.bps, BPS)


@dataclass(frozen=True)
class Decided:
    """By the timelock: a token is listed or not, or the fee is another."""

    token: str = ""
    listed: bool = False
    bps: int = 0


@dataclass(frozen=True)
class TreasuryPaid:
    token: str


@dataclass
class Book:
    """`coin` is listed from the start; `operators` are those that the hub knows."""

    owner: str
    coin: str
    operators: frozenset[str]
    log: list[Paid | Earned | Asked | Back | Settlement | Decided | TreasuryPaid] = field(default_factory=list)
    now: int = 0

    # what the log says ------------------------------------------------------------------------------------------------

    def of(self, channel: Terms) -> Iterator[Paid | Earned | Asked | Back]:
        for item in self.log:
            if isinstance(item, Paid | Earned | Asked | Back) and item.channel == channel:
                yield item

    def balance(self, channel: Terms) -> int:
        """Deposits less what went back."""
        paid = sum(item.amount for item in self.of(channel) if isinstance(item, Paid))
        return paid - sum(item.amount for item in self.of(channel) if isinstance(item, Back))

    def claimed(self, channel: Terms) -> int:
        return sum(item.amount for item in self.of(channel) if isinstance(item, Earned))

    def available(self, channel: Terms) -> int:
        return self.balance(channel) - self.claimed(channel)

    def asked(self, channel: Terms) -> tuple[int, int]:
        """What the payer's side wants back, less what was given since, and when it asked; zeros for nothing."""
        pending, at = 0, 0
        for item in self.of(channel):
            if isinstance(item, Asked):
                pending, at = item.amount, item.at
            elif isinstance(item, Back):
                pending = max(0, pending - item.amount) if item.given else 0
        return (pending, at) if pending else (0, 0)

    def refunds(self, channel: Terms) -> int:
        return sum(isinstance(item, Back) and item.given for item in self.of(channel))

    def earned(self, receiver: str, token: str) -> int:
        return sum(
            item.amount
            for item in self.log
            if isinstance(item, Earned) and (item.channel.receiver, item.channel.token) == (receiver, token)
        )

    def settlements(self, receiver: str = "", token: str = "") -> list[Settlement]:
        return [
            item
            for item in self.log
            if isinstance(item, Settlement) and receiver in ("", item.receiver) and token in ("", item.token)
        ]

    def settled(self, receiver: str, token: str) -> int:
        return sum(item.amount for item in self.settlements(receiver, token))

    def waiting(self, token: str) -> list[Settlement]:
        """Settlements since the treasury was last paid whose fee is the treasury's."""
        last = max((at for at, item in enumerate(self.log) if item == TreasuryPaid(token)), default=-1)
        return [
            item
            for item in self.log[last + 1 :]
            if isinstance(item, Settlement) and item.token == token and not item.rewarded
        ]

    def listed(self, token: str) -> bool:
        said = [item.listed for item in self.log if isinstance(item, Decided) and item.token == token]
        return said[-1] if said else token == self.coin

    @property
    def bps(self) -> int:
        said = [item.bps for item in self.log if isinstance(item, Decided) and not item.token]
        return said[-1] if said else 0

    # what people do ---------------------------------------------------------------------------------------------------

    def deposit(self, who: str, channel: Terms, amount: int) -> None:
        """`who` pays; a deposit that the payer signed is paid by the payer whoever brings it."""
        check(channel.receiver != ZERO_ADDRESS, "channels: no receiver")
        check(channel.claimer != ZERO_ADDRESS, "channels: no receiver authorizer")
        check(channel.delay >= SHORTEST, "channels: delay too short")
        check(channel.delay <= LONGEST, "channels: delay too long")
        check(self.listed(channel.token), "channels: token is not listed")
        check(amount > 0, "channels: zero amount")
        check(who == channel.payer, "channels: caller is not the payer")
        self.log.append(Paid(channel, amount))

    def claim(self, by: str, items: Sequence[Presented], *, paid: bool = False) -> list[int]:
        """What each item earned, or the reason why it earned nothing, below zero."""
        check(len(items) > 0, "channels: empty batch")
        answers: list[int] = []
        owed: tuple[str, str] | None = None
        for item in items:
            reason = self._fault(by, item)
            if reason:
                answers.append(-reason)
                continue
            channel = item.channel
            more = min(item.total, self.balance(channel)) - self.claimed(channel)
            whose = (channel.receiver, channel.token)
            if paid and owed not in (None, whose):
                self.settle(*owed)
            owed = whose
            self.log.append(Earned(channel, more))
            answers.append(more)
        if paid and owed is not None:
            self.settle(*owed)
        return answers

    def _fault(self, by: str, item: Presented) -> int:
        channel = item.channel
        if by not in (channel.receiver, channel.claimer):
            return NOT_RECEIVERS
        if item.total <= self.claimed(channel):
            return NOTHING_NEW
        if self.available(channel) == 0:
            return NOTHING_LEFT
        if item.total > item.most:
            return NOT_SIGNED_FOR
        return 0 if item.signer == channel.signer else BAD_SIGNATURE

    def settle(self, receiver: str, token: str) -> None:
        owed = self.earned(receiver, token) - self.settled(receiver, token)
        if owed:
            rewarded = token == self.coin and receiver in self.operators
            self.log.append(Settlement(receiver, token, owed, self.bps, rewarded))

    def ask_back(self, who: str, channel: Terms, amount: int) -> None:
        check(who in (channel.payer, channel.authorizer), "channels: caller is not the payer's")
        check(amount > 0, "channels: zero amount")
        check(not self.asked(channel)[0], "channels: withdrawal is pending")
        check(amount <= self.available(channel), "channels: more than there is")
        self.log.append(Asked(channel, amount, self.now))

    def take_back(self, who: str, channel: Terms) -> int:
        check(who in (channel.payer, channel.authorizer), "channels: caller is not the payer's")
        asked, at = self.asked(channel)
        check(asked > 0, "channels: no withdrawal")
        check(self.now >= at + channel.delay, "channels: delay has not passed")
        amount = min(asked, self.available(channel))
        self.log.append(Back(channel, amount, given=False))
        return amount

    def refund(self, by: str, channel: Terms, amount: int) -> int:
        check(by in (channel.receiver, channel.claimer), "channels: caller is not the receiver's")
        return self._give(channel, amount)

    def refund_signed(self, signer: str, channel: Terms, amount: int, nonce: int) -> int:
        check(nonce == self.refunds(channel), "channels: another refund came first")
        check(signer == channel.claimer, "channels: refund is not signed")
        return self._give(channel, amount)

    def _give(self, channel: Terms, amount: int) -> int:
        check(amount > 0, "channels: zero amount")
        given = min(amount, self.available(channel))
        self.log.append(Back(channel, given, given=True))
        return given

    def decide(self, who: str, *, token: str = "", listed: bool = False, bps: int = 0) -> None:
        check(who == self.owner, "channels: caller is not the owner")
        check(bps <= MAX_FEE, "channels: fee too high")
        self.log.append(Decided(token, listed, bps))

    def pay_treasury(self, token: str) -> None:
        check(any(item.amount * item.bps >= BPS for item in self.waiting(token)), "channels: nothing for the treasury")
        self.log.append(TreasuryPaid(token))
