"""What attestors of the data verifier answer for, in plain Python.

The book is a log of what people did: coins that came and when they count, coins that were asked back, transfers that
were signed, keys that were proved wrong. What an attestor weighs, owes and may take follows from it. What a slash took
from a lock is written down as it happened, and compared with exact fractions of what was promised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from keifu.spec.refusals import check
from keifu.units import COIN, DAY

__all__ = [
    "COMPLAINT_WINDOW",
    "EVIDENCE_WINDOW",
    "PAID",
    "PENALTY",
    "REWARD",
    "Attestors",
    "Contradicted",
    "Lost",
    "Signed",
]

MATURITY = NOTICE = 7  # epochs
LEAST, PENALTY, REWARD, MAX_BACKING = 2_000 * COIN, 200 * COIN, 40 * COIN, 40_000 * COIN
EVIDENCE_WINDOW, COMPLAINT_WINDOW, LONGEST_DEADLINE = 14 * DAY, 3 * DAY, 7 * DAY
PAID = Fraction(4, 5)  # of damages reaches whom they are for


@dataclass(frozen=True)
class Signed:
    """A transfer that was verified."""

    nonce: bytes
    sender: str
    signers: tuple[str, ...]
    backing: int
    time: int
    is_wrong: bool  # whether the key that was sealed is another than the one that was named

    @property
    def until(self) -> int:
        return self.time + COMPLAINT_WINDOW


@dataclass(frozen=True)
class Named:
    who: str
    epoch: int


@dataclass(frozen=True)
class Dropped:
    who: str
    epoch: int


@dataclass(frozen=True)
class Kept:
    """The dropping is withdrawn."""

    who: str


@dataclass(frozen=True)
class Removed:
    who: str
    epoch: int


@dataclass(frozen=True)
class Locked:
    who: str
    amount: int


@dataclass(frozen=True)
class Joined:
    """All that is locked and not asked back counts from then on, as far as it did not before."""

    who: str
    counts_from: int


@dataclass(frozen=True)
class Asked:
    """Coins are asked back; None for all of them."""

    who: str
    amount: int | None
    time: int


@dataclass(frozen=True)
class Released:
    who: str
    amount: int


@dataclass(frozen=True)
class Lost:
    who: str
    amount: int


@dataclass(frozen=True)
class Over:
    """A promise ends: its key was proved wrong, or it was freed."""

    nonce: bytes
    was_wrong: bool


@dataclass(frozen=True)
class Contradicted:
    """Two statements of `who` under one nonce were shown by `reporter`; of coins that are gone it gets no reward."""

    nonce: bytes
    who: str
    reporter: str
    reward: int


@dataclass
class Coins:
    """Coins of one attestor: parts with the epoch from which they count, oldest first."""

    parts: list[list[int]] = field(default_factory=list)  # [counts from, amount]
    idle: int = 0  # locked, and never joined
    leaving: int = 0
    release_at: int = 0

    @property
    def lock(self) -> int:
        return sum(amount for _, amount in self.parts) + self.idle + self.leaving

    def cut(self, amount: int) -> int:
        """Take counting coins away, the newest first; what was taken."""
        taken = 0
        while self.parts and taken < amount:
            part = min(amount - taken, self.parts[-1][1])
            self.parts[-1][1] -= part
            taken += part
            if not self.parts[-1][1]:
                self.parts.pop()
        return taken


@dataclass
class Attestors:
    """The verifier's book. `genesis` is when the hub's first epoch began."""

    genesis: int
    needed: int
    log: list[Any] = field(default_factory=list)
    now: int = 0

    @property
    def epoch(self) -> int:
        return (self.now - self.genesis) // DAY + 1

    # what the log says ------------------------------------------------------------------------------------------------

    def naming(self, who: str) -> tuple[Named | None, Dropped | None]:
        named: Named | None = None
        dropped: Dropped | None = None
        for item in self.log:
            if getattr(item, "who", "") != who:
                continue
            if isinstance(item, Named):
                named = item
            elif isinstance(item, Dropped):
                dropped = item
            elif isinstance(item, Kept):
                dropped = None
            elif isinstance(item, Removed):
                named = dropped = None
        return named, dropped

    def coins(self, who: str) -> Coins:
        coins = Coins()
        for item in self.log:
            if getattr(item, "who", "") != who:
                continue
            if isinstance(item, Locked):
                coins.idle += item.amount
            elif isinstance(item, Joined):
                self.join_coins(coins, item)
            elif isinstance(item, Asked):
                self.ask_coins(coins, item)
            elif isinstance(item, Released):
                coins.leaving = 0
            elif isinstance(item, Lost):
                self.lose_coins(coins, item.amount)
        return coins

    @staticmethod
    def join_coins(coins: Coins, item: Joined) -> None:
        """What did not count yet starts anew."""
        joined_in = item.counts_from - MATURITY
        fresh = sum(amount for start, amount in coins.parts if start > joined_in) + coins.idle
        coins.parts = [part for part in coins.parts if part[0] <= joined_in]
        coins.parts.append([item.counts_from, fresh])
        coins.idle = 0

    @staticmethod
    def ask_coins(coins: Coins, item: Asked) -> None:
        """Those that count least go first: idle ones, then the newest."""
        amount = coins.lock - coins.leaving if item.amount is None else item.amount
        idle = min(amount, coins.idle)
        coins.idle -= idle
        coins.cut(amount - idle)
        coins.leaving += amount
        coins.release_at = item.time + EVIDENCE_WINDOW

    @staticmethod
    def lose_coins(coins: Coins, amount: int) -> None:
        """A slash takes from those that stay, idle ones first and then the newest, and from those that leave last."""
        idle = min(amount, coins.idle)
        coins.idle -= idle
        taken = idle + coins.cut(amount - idle)
        coins.leaving -= amount - taken

    def weight(self, who: str) -> int:
        return sum(amount for start, amount in self.coins(who).parts if start <= self.epoch)

    def has_joined(self, who: str) -> bool:
        return any(isinstance(item, Joined) and item.who == who for item in self.log)

    def signed(self, nonce: bytes) -> Signed | None:
        return next((item for item in self.log if isinstance(item, Signed) and item.nonce == nonce), None)

    def ending(self, nonce: bytes) -> Over | None:
        return next((item for item in self.log if isinstance(item, Over) and item.nonce == nonce), None)

    def open_promises(self, who: str = "") -> list[Signed]:
        """Backed transfers whose promise has not ended; those that `who` signed."""
        return [
            item
            for item in self.log
            if isinstance(item, Signed)
            and item.backing
            and (not who or who in item.signers)
            and self.ending(item.nonce) is None
        ]

    def proved(self) -> list[tuple[Signed, bool]]:
        """Transfers whose key was proved wrong, and whether what they backed was still promised then."""
        found = []
        for place, item in enumerate(self.log):
            if isinstance(item, Over) and item.was_wrong:
                signed = self.signed(item.nonce)
                assert signed is not None
                freed = any(isinstance(other, Over) and other.nonce == item.nonce for other in self.log[:place])
                found.append((signed, bool(signed.backing) and not freed))
        return found

    def owed(self, backing: int) -> Fraction:
        """What one signer may lose for a transfer: its part of the damages, and the penalty."""
        return Fraction(backing, self.needed) / PAID + PENALTY if backing else Fraction(0)

    def reserved(self, who: str) -> Fraction:
        return sum((self.owed(item.backing) for item in self.open_promises(who)), Fraction(0))

    def penalty(self, who: str, backing: int) -> Fraction:
        """What a signer of a wrong key loses beside damages; where nothing was backed, of coins to spare alone."""
        spare = max(Fraction(0), self.coins(who).lock - self.reserved(who))
        return Fraction(PENALTY) if backing else min(Fraction(PENALTY), spare)

    # calls ------------------------------------------------------------------------------------------------------------

    def name(self, who: str) -> None:
        named, dropped = self.naming(who)
        check(named is None or dropped is not None, "verifier: attestor is named")
        self.log.append(Kept(who) if named else Named(who, self.epoch))

    def drop(self, who: str) -> None:
        named, dropped = self.naming(who)
        check(named is not None, "verifier: attestor is not named")
        check(dropped is None, "verifier: attestor is being dropped")
        self.log.append(Dropped(who, self.epoch))

    def remove(self, who: str) -> None:
        _, dropped = self.naming(who)
        check(dropped is not None and dropped.epoch + NOTICE <= self.epoch, "verifier: not to be removed")
        self.log += [Asked(who, None, self.now), Removed(who, self.epoch)]

    def lock(self, who: str, amount: int) -> None:
        self.log.append(Locked(who, amount))

    def join(self, who: str) -> int:
        named, _ = self.naming(who)
        check(named is not None, "verifier: attestor is not named")
        assert named is not None
        coins = self.coins(who)
        check(coins.idle > 0, "verifier: nothing to add")
        check(coins.lock - coins.leaving >= LEAST, "verifier: too few coins")
        self.log.append(Joined(who, max(self.epoch + MATURITY, named.epoch + NOTICE)))
        return coins.idle

    def leave(self, who: str, amount: int) -> None:
        coins = self.coins(who)
        check(0 < amount <= coins.lock - coins.leaving, "verifier: not so much to ask back")
        self.log.append(Asked(who, amount, self.now))

    def release(self, who: str) -> int:
        coins = self.coins(who)
        check(coins.leaving > 0, "verifier: nothing asked back")
        check(self.now >= coins.release_at, "verifier: too early")
        check(coins.lock - coins.leaving >= self.reserved(who), "verifier: promises are open")
        self.log.append(Released(who, coins.leaving))
        return coins.leaving

    def check_signed(self, signers: Sequence[str], nonce: bytes, deadline: int, epoch: int, backing: int) -> None:
        check(self.now <= deadline, "verifier: proof has expired")
        check(deadline <= self.now + LONGEST_DEADLINE, "verifier: deadline too far")
        check(epoch <= self.epoch, "verifier: signed in an epoch to come")
        check(all(self.has_joined(who) for who in signers), "verifier: not signed by an attestor")
        check(self.signed(nonce) is None, "verifier: nonce was used")
        check(backing <= MAX_BACKING, "verifier: too much to back")
        for who in sorted(signers, key=lambda address: int(address, 16)):
            weight = self.weight(who)
            check(weight >= LEAST, "verifier: attestor does not count")
            check(self.reserved(who) + self.owed(backing) <= weight or not backing, "verifier: lock too small")

    def verify(self, signed: Signed) -> None:
        self.log.append(signed)

    def check_wrong(self, nonce: bytes) -> Signed:
        signed = self.signed(nonce)
        check(signed is not None, "verifier: no such transfer")
        assert signed is not None
        check(self.now <= signed.until, "verifier: complaint window is over")
        ending = self.ending(nonce)
        check(ending is None or not ending.was_wrong, "verifier: wrong key was proved")
        check(signed.is_wrong, "verifier: key is right")
        return signed

    def prove_wrong(self, nonce: bytes, lost: dict[str, int]) -> None:
        self.log += [Over(nonce, was_wrong=True), *(Lost(who, amount) for who, amount in lost.items())]

    def check_contradiction(self, nonce: bytes, who: str) -> None:
        """It costs coins that no open promise needs."""
        check(self.has_joined(who), "verifier: not signed by an attestor")
        shown = any(isinstance(item, Contradicted) and (item.nonce, item.who) == (nonce, who) for item in self.log)
        check(not shown, "verifier: contradiction was proved")
        reserved = self.reserved(who)
        enough = self.coins(who).lock >= reserved + REWARD / PAID + PENALTY
        check(not reserved or enough, "verifier: promises are open")

    def contradict(self, shown: Contradicted, lost: int) -> None:
        self.log += [shown, Lost(shown.who, lost)]

    def free(self, nonce: bytes) -> None:
        signed = self.signed(nonce)
        check(signed is not None, "verifier: no such transfer")
        assert signed is not None
        check(self.now > signed.until, "verifier: complaint window is open")
        check(bool(signed.backing) and self.ending(nonce) is None, "verifier: nothing is reserved")
        self.log.append(Over(nonce, was_wrong=False))
