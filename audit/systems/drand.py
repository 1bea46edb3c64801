"""DrandRandomness: genuine rounds of drand's network and rounds of a key of our own, in every spoilt form."""

from __future__ import annotations

from collections.abc import Iterator

from audit.systems._constructors import Deployment, variations
from ethwire.abi import word
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.abi import Contract
from keifu.keys import keccak256
from keifu.spec.drand_rounds import KEY, OUTSIDE, OWN_KEY, ROUNDS, SECRET, Point

PERIOD = 3
STRIDE = 13
EPOCH = 2  # of the first known round
KNOWN = 8  # epochs from it on that the key of our own has signed
ECMUL = "0x" + "07".rjust(40, "0")
FORMS = (
    *("right",) * 6, "other round", "negated", "swapped", "beside", "x again", "y again", "zero", "generator",
)  # fmt: skip
NOTHING = bytes(32)


class Drand(System):
    """Two contracts of one code: one knows the network's key, the other a key that signs here."""

    contracts = ("DrandRandomness",)
    actors = ("messenger", "rival")
    wait_weight = 6

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        self.first = min(ROUNDS) - EPOCH * STRIDE
        self.genesis = evm.now - PERIOD * (self.first - 1)
        terms = (self.genesis, PERIOD, STRIDE)
        genuine = evm.deploy("DrandRandomness", KEY, *terms, sender=owner)
        own = evm.deploy("DrandRandomness", OWN_KEY, *terms, sender=owner)
        self.bind(genuine=genuine, own=own)
        source = "lib/bls_bn254.vy"
        self.prime: int = artifacts.constant(source, "P")
        self.lookahead: int = artifacts.constant("governance/DrandRandomness.vy", "LOOKAHEAD")
        curve = evm.deploy("CurveHarness", sender=owner)
        signed = {self.first + epoch * STRIDE for epoch in range(EPOCH, EPOCH + KNOWN)}
        self.signatures = {"genuine": ROUNDS, "own": {number: self.sign(curve, number) for number in sorted(signed)}}
        self.stored = {name: self.read(f"{name}.seed") for name in self.signatures}

    def sign(self, curve: Contract, number: int) -> Point:
        """The round's signature by the key of our own: its hash on the curve times the secret."""
        message = keccak256(number.to_bytes(8, "big"))
        x, y = curve.hash_to_curve(message)
        product = self.evm.send(self.evm.account("owner"), ECMUL, word(x) + word(y) + word(SECRET))
        return int.from_bytes(product[:32], "big"), int.from_bytes(product[32:], "big")

    def constructors(self) -> Iterator[Deployment]:
        yield from variations(
            "DrandRandomness",
            (KEY, self.genesis, PERIOD, STRIDE),
            (0, (0, 0, 0, 0), "randomness: not a key"),
            (0, (*KEY[:3], KEY[3] + 1), "randomness: not a key"),
            (0, (*KEY[:3], KEY[3] + self.prime), "randomness: not a key"),
            (0, OUTSIDE, "randomness: not a key"),
            (1, 0, "randomness: before genesis"),
            (1, 1, None),
            (1, self.now, None),
            (1, self.now + 1, "randomness: before genesis"),
            (2, 0, "randomness: no period"),
            (2, 1, None),
            (3, 0, "randomness: no stride"),
            (3, 1, None),
        )

    def start(self) -> None:
        self.seeds: dict[str, dict[int, bytes]] = {name: {} for name in self.signatures}

    # what the model knows ---------------------------------------------------------------------------------------------

    def round_of(self, epoch: int) -> int:
        return self.first + epoch * STRIDE

    def due(self, number: int) -> int:
        """When a round is there, unix seconds."""
        return self.genesis + (number - 1) * PERIOD

    def deadlines(self) -> list[int]:
        rounds = [self.due(self.round_of(epoch)) for epoch in range(EPOCH, EPOCH + KNOWN)]
        return [*rounds, *(time - self.lookahead for time in rounds)]

    def epochs(self, who: str) -> list[int]:
        last = (2**64 - 1 - self.first) // STRIDE
        return [*range(EPOCH, EPOCH + 3), *range(EPOCH, EPOCH + KNOWN), 0, EPOCH - 1, last, last + 1, 2**256 - 1]

    def on_curve(self, point: Point) -> bool:
        x, y = point
        return max(point) < self.prime and (y * y - x**3 - 3) % self.prime == 0

    def spoilt(self, known: dict[int, Point], number: int, form: str) -> Point:
        """A signature of the round, if there is one here, in another form."""
        others = [at for at in known if at != number]
        if form == "other round" or number not in known:
            number = others[number % len(others)]
        x, y = known[number]
        forms = {
            "negated": (x, self.prime - y),
            "swapped": (y, x),
            "beside": (x, y + 1),
            "x again": (x + self.prime, y),
            "y again": (x, y + self.prime),
            "zero": (0, 0),
            "generator": (1, 2),
        }
        return forms.get(form, (x, y))

    def reason(self, name: str, epoch: int, signature: Point) -> str | None:
        number = self.round_of(epoch)
        if epoch in self.seeds[name]:
            return "randomness: already captured"
        if number >= 1 << 64:
            return "randomness: epoch out of range"
        if self.now < self.due(number):
            return "randomness: too early"
        if not self.on_curve(signature):
            return "randomness: not on the curve"
        return None if self.signatures[name].get(number) == signature else "randomness: not that signature"

    @action("", Choice(("own", "own", "genuine")), Choice("epochs"), Choice(FORMS), weight=10)
    def capture(self, who: str, name: str, epoch: int, form: str) -> Steps:
        signature = self.spoilt(self.signatures[name], self.round_of(epoch), form)
        fails = self.reason(name, epoch, signature)
        returned = yield self.tx(f"{name}.capture", epoch, signature, sender=who, fails=fails)
        if fails is None:
            head = (self.evm.chain_id, int(self[name], 16), epoch, *signature)
            self.seeds[name][epoch] = seed = keccak256(b"".join(word(item) for item in head))
            assert returned == seed, "capture returns the seed"
            if self.sometimes():
                self.emitted(f"{name}.Captured", epoch=epoch, seed=seed, source=self.round_of(epoch))

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("RND-6")
    def seeds_follow(self) -> bool:
        """The seed of an epoch is made of its round's signature by the key, and of nothing else."""
        return all(
            stored(epoch) == int.from_bytes(self.seeds[name].get(epoch, NOTHING), "big")
            for name, stored in self.stored.items()
            for epoch in range(EPOCH - 1, EPOCH + KNOWN)
        )

    @invariant("RND-1", at_end=True)
    def nobody_knows_the_next_seed(self) -> bool:
        """The first epoch to ask for is the first whose round is more than the lookahead away."""
        for name in self.signatures:
            named = self.ask(f"{name}.next")
            number = self.ask(f"{name}.source", named)
            if number != self.round_of(named) or not self.due(number) > self.now + self.lookahead:
                return False
            if self.due(self.round_of(named - 1)) > self.now + self.lookahead:
                return False
        return True

    @invariant("RND-6", at_end=True)
    def every_known_round_makes_a_seed(self) -> bool:
        """In the end every signed round can be brought, by anyone."""
        self.evm.warp_to(max(self.now, self.due(self.round_of(EPOCH + KNOWN))))
        name = "own"
        epoch = next((epoch for epoch in range(EPOCH, EPOCH + KNOWN) if epoch not in self.seeds[name]), None)
        if epoch is not None:
            self.do(f"{name}.capture", epoch, self.signatures[name][self.round_of(epoch)], sender=self["rival"])
        return True
