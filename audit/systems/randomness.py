"""Randomness: headers of the right and of wrong blocks, in time and late, for tips and by those who refuse them."""

from __future__ import annotations

from collections.abc import Iterator

from audit.systems._constructors import Deployment, variations
from audit.systems._fake_blockhash import hashed_by_balance, header_of, prevrandao_of, publish
from ethwire.abi import word
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.spec.callbacks import COME_BACK, REFUSE, TAKE

SOURCE = "governance/Randomness.vy"
STRIDE = 2
TIP = 10**15
FIRST, BEFORE, AFTER = 300, 600, 700  # block of the deployment; blocks up to the first call, and from it on
NOTHING = bytes(32)
FORMS = ("right", "right", "right", "right", "before", "missed", "bent", "cut", "none")


class Randomness(System):
    """Every step is a block, so that windows of 256 blocks open and close under way."""

    contracts = ("Randomness",)
    actors = ("messenger", "rival", "sponsor")
    wait_weight = 8

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        evm.mine(FIRST - evm.block_number)
        publish(evm, range(FIRST, FIRST + BEFORE + AFTER))
        artifact = evm.load("Randomness")
        source = evm.deploy_code(artifact.interface, hashed_by_balance(artifact), STRIDE, TIP, sender=owner, value=TIP)
        attacker = evm.deploy("CallbackAttacker", sender=owner)
        self.bind(source=source, attacker=attacker)
        self.join(attacking=attacker)
        evm.mine(BEFORE)
        self.reach: int = artifacts.constant(SOURCE, "REACH")
        self.lookahead: int = artifacts.constant(SOURCE, "LOOKAHEAD")
        self.stored, self.last = self.read("source.seed"), self.read("source.last")
        self.got_through = self.read("attacker.got_through")

    def constructors(self) -> Iterator[Deployment]:
        yield from variations("Randomness", (STRIDE, TIP), (0, 0, "randomness: no stride"), (0, 1, None), (1, 0, None))
        known = self.evm.prevrandao
        self.evm.prevrandao = lambda number: NOTHING
        self.evm.mine()
        yield "Randomness", (STRIDE, TIP), "randomness: no prevrandao"
        self.evm.prevrandao = known

    def start(self) -> None:
        self.seeds: dict[int, bytes] = {}
        self.latest = NOTHING
        self.held = TIP
        self.mood = TAKE
        self.tips = {who: self.evm.balance(who) for who in self.addresses}

    # what the model knows ---------------------------------------------------------------------------------------------

    def block_of(self, epoch: int) -> int:
        return FIRST + epoch * STRIDE

    def source_of(self, epoch: int) -> int:
        """The block whose header counts now: the epoch's own, or the latest that is a multiple of the reach later."""
        late = self.evm.block_number - 1 - self.block_of(epoch)
        return self.block_of(epoch) + max(0, late) // self.reach * self.reach

    def epochs(self, who: str) -> list[int]:
        now = self.evm.block_number
        boundaries = (now - 2, now - 1, now, now + 1, now - self.reach, now - self.reach - 1, now - 2 * self.reach - 1)
        near = [(block - FIRST) // STRIDE for block in (*boundaries, now - 2, now - 4, now - 6, now - 8)]
        last = (2**64 - 1 - FIRST) // STRIDE
        return [*near, *(epoch + 1 for epoch in near), 0, last, last + 1, 2**256 - 1]

    def header(self, epoch: int, form: str) -> bytes:
        source = self.source_of(epoch)
        if not FIRST <= source < FIRST + BEFORE + AFTER or form == "none":
            return b""
        right = header_of(source)
        match form:
            case "before":
                return header_of(source - 1)
            case "missed":
                return header_of(self.block_of(epoch))
            case "bent":
                return right[:500] + bytes([right[500] ^ 1]) + right[501:]
            case "cut":
                return right[:-1]
        return right

    def reason(self, epoch: int, header: bytes) -> str | None:
        if epoch in self.seeds:
            return "randomness: already captured"
        if self.block_of(epoch) >= 1 << 64:
            return "randomness: epoch out of range"
        source = self.source_of(epoch)
        if source >= self.evm.block_number:
            return "randomness: too early"
        if header != header_of(source):
            return "randomness: not that header"
        return "randomness: prevrandao repeats" if prevrandao_of(source) == self.latest else None

    def captured(self, epoch: int, receiver: str, returned: bytes) -> None:
        """The seed is fixed, and `receiver` gets the tip if it takes it."""
        source = self.source_of(epoch)
        self.latest = prevrandao_of(source)
        address = word(int(self["source"], 16))
        self.seeds[epoch] = seed = keccak256(word(self.evm.chain_id) + address + word(epoch) + self.latest)
        assert returned in (b"", seed), "capture returns the seed"
        takes = receiver != self["attacking"] or self.mood != REFUSE
        if source == self.block_of(epoch) and self.held >= TIP and takes:
            self.held -= TIP
            self.tips[receiver] += TIP
            if receiver == self["attacking"]:
                self.mood = TAKE  # it comes back once
        if self.sometimes():
            self.emitted("source.Captured", epoch=epoch, seed=seed, source=source)

    # what happens -----------------------------------------------------------------------------------------------------

    @action("", Choice("epochs"), Choice(FORMS), weight=14)
    def capture(self, who: str, epoch: int, form: str) -> Steps:
        header = self.header(epoch, form)
        fails = self.reason(epoch, header)
        returned = yield self.tx("source.capture", epoch, header, sender=who, fails=fails)
        if fails is None:
            self.captured(epoch, who, returned)

    @action("", Choice("epochs"), weight=6)
    def capture_by_code(self, who: str, epoch: int) -> Steps:
        header = self.header(epoch, "right")
        fails = self.reason(epoch, header)
        call = self.contract("source").capture.encode(epoch, header)
        yield self.tx("attacker.visit", self["source"], call, sender=who, fails=fails)
        if fails is None:
            self.captured(epoch, self["attacking"], b"")

    @action("", Choice((TAKE, REFUSE, COME_BACK)), Choice("epochs"), weight=3)
    def arm(self, who: str, mood: int, epoch: int) -> Steps:
        call = self.contract("source").capture.encode(epoch, self.header(epoch, "right"))
        yield self.tx("attacker.arm", mood, self["source"], call, sender=who)
        self.mood = mood

    @action("source.fund_tips", pays=Choice((0, TIP - 1, TIP, 3 * TIP)), weight=4)
    def fund(self, who: str, amount: int) -> Steps:
        yield
        self.held += amount
        self.tips[who] -= amount

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("RND-2")
    def seeds_follow(self) -> bool:
        """A seed is fixed once, by the header of the block that the formula names, and by no other."""
        return self.last() == int.from_bytes(self.latest, "big") and all(
            self.stored(epoch) == int.from_bytes(self.seeds.get(epoch, NOTHING), "big")
            for epoch in (*self.epochs(""), *self.seeds)
        )

    @invariant("RND-4")
    def tips_follow(self) -> bool:
        """Whoever captures in time gets the tip while there is one, and nobody else gets anything."""
        return self.evm.balance(self["source"]) == self.held and all(
            self.evm.balance(who) == coins for who, coins in self.tips.items()
        )

    @invariant("RND-9")
    def nobody_comes_back(self) -> bool:
        """No call from inside the payment of a tip gets through."""
        return self.got_through() == 0

    @invariant("RND-1", at_end=True)
    def nobody_knows_the_next_seed(self) -> bool:
        """The first epoch to ask for is the first whose block is more than the lookahead away."""
        named, far = self.ask("source.next"), self.evm.block_number + self.lookahead
        return self.block_of(named - 1) <= far < self.block_of(named) == self.ask("source.source", named)

    @invariant("RND-4", at_end=True)
    def a_missed_block_gives_way(self) -> bool:
        """An epoch that nobody captured can be captured later, by a block that the formula names."""
        self.evm.mine(self.reach)
        wanted = [epoch for epoch in self.epochs("") if epoch not in self.seeds and self.block_of(epoch) < 1 << 64]
        for epoch in wanted:
            if self.ask("source.source", epoch) != self.source_of(epoch):
                return False
        for epoch in wanted:
            header = self.header(epoch, "right")
            if self.reason(epoch, header) is None:
                self.do("source.capture", epoch, header, sender=self["rival"])
                return True
        return True
