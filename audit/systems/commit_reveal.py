"""CommitRevealRandomness: secrets of bonded participants, some named, in time and late, under a token that calls
back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import xor
from typing import Any

from audit.systems._constructors import Deployment, next_address, variations
from ethwire.abi import word
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Choice, Flag
from keifu.keys import keccak256

LENGTH = 10_000_000  # long, so that most waits stay in their half of an epoch
BOND = 10**19
FUNDS = 8 * BOND
SECRETS = tuple(bytes([number]) * 32 for number in (1, 2))
NOTHING = bytes(32)
# Whose commitment is made: one's own, a copy of somebody's, one for another epoch, none.
KINDS = ("own", "own", "own", "own", "copied", "other epoch", "shown", "empty")
ENTRIES = ("commit", "reveal", "forfeit")
CROWD = 14  # strangers besides the participants, of whom up to four take a place
SOURCE = "governance/CommitRevealRandomness.vy"


class CommitReveal(System):
    """Four participants, some named, over several epochs; bonds of secrets that stayed hidden go to the sink."""

    contracts = ("CommitRevealRandomness",)
    actors = ("participant", "second", "third", "late")
    wait_weight = 6

    def setup(self, evm: LocalEvm) -> None:
        owner, self.sink = evm.account("owner"), evm.account("sink").address
        self.owner = owner.address
        token = evm.deploy("HookToken", sender=owner)
        source = evm.deploy("CommitRevealRandomness", token, owner, self.sink, BOND, LENGTH, sender=owner)
        coin = evm.deploy("HookToken", sender=owner)
        cheap = evm.deploy("CommitRevealRandomness", coin, owner, self.sink, 1, 2, sender=owner)
        self.bind(source=source, token=token, coin=coin, cheap=cheap)
        self.crowd = [evm.account(f"stranger {number}").address for number in range(CROWD)]
        self.others = [evm.account(f"name {number}").address for number in range(6)]
        for who in (*self.roles.values(), *self.crowd):
            token.mint(who, FUNDS, sender=owner)
            token.approve(source, 2**256 - 1, sender=who)
        coin.mint(self["late"], 1, sender=owner)
        coin.approve(cheap, 1, sender=self["late"])
        self.genesis = evm.now
        self.named_places: int = artifacts.constant(SOURCE, "NAMED_PLACES")
        self.places: int = artifacts.constant(SOURCE, "MAX_SECRETS") - self.named_places
        self.stored, self.commitment = self.read("token.balanceOf"), self.read("source.commitments")
        self.mix, self.got_through = self.read("source.mixes"), self.read("token.got_through")
        self.stored_reveals, self.stored_missing = self.read("source.reveals"), self.read("source.missing")
        self.taken = self.read("source.strangers")

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self.owner, self.sink, BOND, LENGTH)
        yield from variations(
            "CommitRevealRandomness",
            right,
            (0, self.sink, "randomness: token is no contract"),
            (1, ZERO_ADDRESS, "randomness: no owner"),
            (2, ZERO_ADDRESS, "randomness: no sink"),
            (3, 0, "randomness: no bond"),
            (3, 1, None),
            (4, 0, "randomness: bad length"),
            (4, 2, None),
            (4, LENGTH + 1, "randomness: bad length"),
        )
        itself = next_address(self.evm, "CommitRevealRandomness", right)
        yield "CommitRevealRandomness", (*right[:2], itself, *right[3:]), "randomness: no sink"

    def start(self) -> None:
        self.coins = dict.fromkeys((*self.addresses, *self.crowd), FUNDS)
        self.sunk = 0
        self.named: set[str] = set()
        self.sealed: dict[tuple[int, str], bytes] = {}  # (epoch, participant) -> commitment that is not revealed
        self.kept: set[tuple[int, str]] = set()  # in a place for named participants
        self.crowded: dict[int, int] = {}  # epoch -> places for anybody that are taken
        self.revealed: dict[int, list[tuple[str, bytes]]] = {}
        self.missing: dict[int, int] = {}
        self.says_no = False

    @property
    def epoch(self) -> int:
        return (self.now - self.genesis) // LENGTH

    @property
    def revealing(self) -> bool:
        return (self.now - self.genesis) % LENGTH >= LENGTH // 2

    def deadlines(self) -> list[int]:
        begun = self.genesis + self.epoch * LENGTH
        return [begun + LENGTH // 2, begun + LENGTH]

    def part(self, epoch: int, who: str, secret: bytes) -> bytes:
        """What one secret puts into the seed; its hash is the commitment, so that no commitment tells the seed."""
        return keccak256(word(epoch) + word(int(who, 16)) + secret)

    def sealed_by(self, epoch: int, who: str, secret: bytes) -> bytes:
        return keccak256(self.part(epoch, who, secret))

    def mixed(self, epoch: int) -> int:
        """The exclusive or of what was revealed for an epoch: the same in every order."""
        parts = (self.part(epoch, who, secret) for who, secret in self.revealed.get(epoch, ()))
        return reduce(xor, map(int.from_bytes, parts), 0)

    def hashed(self, epoch: int) -> bytes:
        address = word(int(self["source"], 16))
        return keccak256(word(self.evm.chain_id) + address + word(epoch) + word(self.mixed(epoch)))

    def seed_of(self, epoch: int) -> bytes:
        return self.hashed(epoch) if epoch <= self.epoch and self.by_named(epoch) else NOTHING

    def by_named(self, epoch: int) -> int:
        return sum((epoch, who) in self.kept for who, _ in self.revealed.get(epoch, ()))

    # what participants do ---------------------------------------------------------------------------------------------

    @action("", Choice(KINDS), Choice(SECRETS), weight=10)
    def commit(self, who: str, kind: str, secret: bytes) -> Steps:
        epoch = self.epoch + 1
        made_for = self.addresses[0] if kind == "copied" else who
        commitment = self.sealed_by(epoch + (kind == "other epoch"), made_for, secret) if kind != "empty" else NOTHING
        if kind == "shown":
            commitment = self.part(epoch, who, secret)
        yield from self.committing(who, commitment)

    def committing(self, who: str, commitment: bytes) -> Any:
        epoch, fails = self.epoch + 1, None
        if self.revealing:
            fails = "randomness: commit phase over"
        elif commitment == NOTHING:
            fails = "randomness: empty commitment"
        elif (epoch, who) in self.sealed:
            fails = "randomness: already committed"
        elif who not in self.named and self.crowded.get(epoch, 0) == self.places:
            fails = "randomness: no place left"
        elif self.says_no:
            fails = "randomness: transfer failed"
        elif self.coins[who] < BOND:
            fails = ""
        yield self.tx("source.commit", commitment, sender=who, fails=fails)
        if fails is None:
            self.sealed[epoch, who] = commitment
            if who in self.named:
                self.kept.add((epoch, who))
            else:
                self.kept.discard((epoch, who))
                self.crowded[epoch] = self.crowded.get(epoch, 0) + 1
            self.missing[epoch] = self.missing.get(epoch, 0) + 1
            self.coins[who] -= BOND

    @action("", Choice(SECRETS), weight=1)
    def crowd_commits(self, who: str, secret: bytes) -> Steps:
        """Strangers take most places that are for anybody."""
        if not self.revealing and not self.says_no:
            for stranger in self.crowd:
                yield from self.committing(stranger, self.sealed_by(self.epoch + 1, stranger, secret))

    @action("", Flag(), weight=4)
    def name(self, who: str, keep: bool) -> Steps:
        fails = None if keep != (who in self.named) else "randomness: nothing to change"
        yield self.tx("source.name", who, keep, sender=self.owner, fails=fails)
        if fails is None:
            (self.named.add if keep else self.named.discard)(who)

    @action("source.name", Choice("addresses"), Flag(), weight=1, always_reverts=True)
    def name_oneself(self, who: str, account: str, keep: bool) -> Steps:
        return "randomness: not the owner"
        yield

    def secrets_of(self, who: str) -> list[bytes]:
        """Secrets to reveal: mostly the one that was committed to."""
        epoch = self.epoch + 1
        known = [secret for secret in SECRETS if self.sealed.get((epoch, who)) == self.sealed_by(epoch, who, secret)]
        return [*known * 6, *SECRETS]

    @action("source.reveal", Choice("secrets_of"), weight=12)
    def reveal(self, who: str, secret: bytes) -> Steps:
        epoch = self.epoch + 1
        if not self.revealing:
            return "randomness: reveal phase not open"
        if self.sealed.get((epoch, who)) != self.sealed_by(epoch, who, secret):
            return "randomness: not that secret"
        if self.says_no:
            return "randomness: transfer failed"
        yield
        del self.sealed[epoch, who]
        self.missing[epoch] -= 1
        self.revealed.setdefault(epoch, []).append((who, secret))
        self.coins[who] += BOND
        if self.sometimes():
            count = len(self.revealed[epoch])
            self.emitted("source.Captured", epoch=epoch, seed=self.hashed(epoch), source=count)

    def epochs(self, who: str) -> list[int]:
        epoch = self.epoch
        return [epoch, epoch, max(epoch - 1, 0), epoch + 1, 0, 2**256 - 1]

    @action("source.forfeit", Choice("epochs"))
    def forfeit(self, who: str, epoch: int) -> Steps:
        if epoch > self.epoch:
            return "randomness: reveal phase not over"
        amount = self.missing.get(epoch, 0) * BOND
        if amount and self.says_no:
            return "randomness: transfer failed"
        returned = yield
        assert int.from_bytes(returned, "big") == amount, "forfeit returns what it sends"
        self.missing[epoch] = 0
        self.sunk += amount

    # what the token does ----------------------------------------------------------------------------------------------

    @action("", Choice(ENTRIES), Choice(SECRETS), weight=2)
    def arm(self, who: str, entry: str, secret: bytes) -> Steps:
        value: Any = self.epoch if entry == "forfeit" else secret
        call = self.contract("source").__getattr__(entry).encode(value)
        yield self.tx("token.arm", self["source"], call, sender=who)

    @action("token.set_refuses", Choice((False, False, False, False, True)), weight=2)
    def set_refuses(self, who: str, refuses: bool) -> Steps:
        yield
        self.says_no = refuses

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("RND-8")
    def bonds_are_there(self) -> bool:
        """The bonds of secrets that are committed and neither revealed nor forfeited are there, and nothing else."""
        held = BOND * sum(self.missing.values())
        return (
            self.stored(self["source"]) == held
            and self.stored(self.sink) == self.sunk
            and all(self.stored(who) == coins for who, coins in self.coins.items())
        )

    @invariant("RND-8", at_end=True)
    def one_wei_is_a_bond(self) -> bool:
        """It goes to the sink when its secret stays hidden."""
        self.evm.warp(2 - (self.now - self.genesis) % 2)
        self.do("cheap.commit", SECRETS[0], sender=self["late"])
        self.evm.warp(2)
        epoch = self.ask("cheap.epoch")
        return self.do("cheap.forfeit", epoch, sender=self["late"]) == self.ask("coin.balanceOf", self.sink) == 1

    @invariant("RND-3")
    def records_follow(self) -> bool:
        """A secret counts once, as it was committed to; silence costs its bond."""
        epochs = (self.epoch, self.epoch + 1)
        return all(
            self.stored_missing(epoch) == self.missing.get(epoch, 0)
            and self.stored_reveals(epoch) == len(self.revealed.get(epoch, ()))
            and self.mix(epoch) == self.mixed(epoch)
            and self.taken(epoch) == self.crowded.get(epoch, 0)
            for epoch in epochs
        ) and all(
            self.commitment(epochs[1], who) == int.from_bytes(self.sealed.get((epochs[1], who), NOTHING), "big")
            for who in self.addresses
        )

    @invariant("RND-11", at_end=True)
    def five_places_are_kept(self) -> bool:
        """Five accounts can be named, and a sixth cannot."""
        free = self.named_places - len(self.named)
        for other in self.others[:free]:
            self.do("source.name", other, True, sender=self.owner)
        return self.refuses_as("randomness: all places are kept", "source.name", self.others[-1], True)

    def refuses_as(self, reason: str, target: str, *args: Any) -> bool:
        try:
            self.do(target, *args, sender=self.owner)
        except AssertionError:
            return self.evm.revert().reason == reason
        return False

    @invariant("RND-9")
    def nobody_comes_back(self) -> bool:
        """No call from inside a transfer gets through."""
        return self.got_through() == 0

    @invariant("RND-10", at_end=True)
    def seeds_are_made_of_named_secrets_too(self) -> bool:
        """A seed is the hash of what was revealed, once its epoch has begun, and zero when nobody named revealed."""
        for _ in range(2):
            epochs = {0, self.epoch, *self.revealed}
            if any(self.seed_word(epoch) != self.seed_of(epoch) for epoch in epochs):
                return False
            if any(self.ask("source.named_reveals", epoch) != self.by_named(epoch) for epoch in epochs):
                return False
            self.evm.warp(LENGTH)
        return True

    def seed_word(self, epoch: int) -> bytes:
        return word(self.ask("source.seed", epoch))

    @invariant("RND-1", at_end=True)
    def nobody_knows_the_next_seed(self) -> bool:
        """The first epoch to ask for is one whose secrets are not even committed."""
        named = self.ask("source.next")
        return named == self.epoch + 2 == self.ask("source.epoch") + 2 and all(epoch < named for epoch in self.revealed)
