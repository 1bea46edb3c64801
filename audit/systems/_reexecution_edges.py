"""ReExecution at its edges: what every short way starts from, and calls by the names of roles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from audit.reexecuted import DIGEST, LOCKED, MATURITY, POOL, RULE, WINDOW, ReExecuted, pool_of, seal
from audit.systems._constructors import Deployment, variations
from audit.systems._reexecution import EXECUTORS
from ethwire.abi import encode_args
from ethwire.errors import Revert
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System
from keifu.keys import Account, keccak256
from keifu.units import COIN, DAY

__all__ = ["CROWD", "CROWD_FEE", "CROWD_POOL", "DRAW", "NOTHING", "SALT", "STEP", "Panel", "ReExecutionEdgeSystem"]

NOTHING, SALT = bytes(32), b"\x0b" * 32
DRAW, STEP = 3 * DAY, DAY
CROWD, CROWD_FEE = 127, 3 * COIN  # members of a pool with one slot left, and what it is paid
CROWD_POOL = pool_of(DIGEST, RULE, CROWD_FEE)


class Panel(NamedTuple):
    """A demand whose panel is drawn: its members by seats, and their slots."""

    demand: int
    members: list[str]
    slots: list[int]
    drawn: int

    @property
    def reveals(self) -> int:
        """The last second in which a word is shown."""
        return self.drawn + 2 * STEP


class ReExecutionEdgeSystem(System):
    """Short ways from one accepted promise, nine mature members of its pool, and another pool that is nearly full."""

    contracts = ("ReExecution",)
    actors = ("operator", "client", "stranger", "other operator", *EXECUTORS)
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        self.world = world = ReExecuted(evm, price=0)
        self.owner, self.insurance = world.owner.address, world.insurance.address
        self.bind(
            service=world.service, hub=world.hub, token=world.token, seeds=world.seeds, court=world.court,
            channels=world.channels, market=world.market,
        )  # fmt: skip
        self.crowd = [evm.account(f"member {number}") for number in range(CROWD)]
        for slot, who in enumerate(self.crowd):
            self.equips(who)
            world.service.join(CROWD_POOL, slot, sender=who)
        evm.warp(MATURITY)

    def start(self) -> None:
        self.began = self.now

    def constructors(self) -> Iterator[Deployment]:
        right = (self["market"], self["court"], WINDOW)
        stranger = self["stranger"]
        yield from variations(
            "ReExecution",
            right,
            (0, stranger, "reexecution: market is no contract"),
            (1, stranger, "reexecution: court is no contract"),
            (2, 7 * DAY, "reexecution: no time to open"),
            (2, 7 * DAY + 1, None),
        )

    def equips(self, who: Account) -> None:
        """Coins and a lock behind the service."""
        world = self.world
        world.token.transfer(who, LOCKED, sender=world.owner)
        world.token.approve(world.hub, LOCKED, sender=who)
        world.hub.register_operator(0, "", sender=who)
        world.hub.lock(world.service, who, LOCKED, sender=who)

    # calls ------------------------------------------------------------------------------------------------------------

    def sends(
        self, function: str, *args: Any, by: str = "stranger", fails: str | None = None, to: str = "service"
    ) -> Any:
        return self.tx(f"{to}.{function}", *args, sender=self.address_of(by), fails=fails)

    def view(self, name: str, *args: Any, of: str = "service") -> Any:
        """What a view answers, whole; one that reverts is a finding."""
        try:
            return getattr(self.contract(of), name)(*args)
        except Revert as error:
            raise AssertionError(f"{of}.{name} must answer, was refused: {error.reason}") from error

    def offers(self, fails: str | None = None, **changes: Any) -> Any:
        return self.sends("offer", self.world.channel.values, self.world.terms(**changes), by="operator", fails=fails)

    def promises(self, **changes: Any) -> Steps:
        """A promise more, accepted; answers its number."""
        yield self.offers(**changes)
        number = self.ask("service.promise_count")
        yield self.sends("accept", number, 0, by="client")
        return number

    def receipt(self, **changes: Any) -> Any:
        return self.world.receipt(**changes)

    def opens(self, fails: str | None = None, by: str = "client", **given: Any) -> Any:
        return self.sends("open", *self.world.opening(**given), by=by, fails=fails)

    def seeds_are(self, value: int) -> Any:
        return self.sends("put", self.ask("seeds.next"), bytes([value]) * 32, by=self.owner, to="seeds")

    def drawn(self, seed: int = 7, pool: Sequence[Account] = (), size: int = 5, **given: Any) -> Steps:
        """A demand with the panel that the seed gives it, of all slots of its pool."""
        yield self.opens(**given)
        demand = self.ask("service.demand_count")
        yield self.seeds_are(seed)
        slots = self.shuffled(demand, bytes([seed]) * 32, len(pool) or len(EXECUTORS))[:size]
        members = [pool[slot].address if pool else self[EXECUTORS[slot]] for slot in slots]
        yield self.sends("draw", demand)
        self.emitted("service.Drawn", demand=demand, panel=tuple(members), commit_until=self.now + STEP)
        for seat, (who, slot) in enumerate(zip(members, slots, strict=True)):
            assert tuple(self.view("seat", demand, seat)) == (who, slot, NOTHING, 0, False), "REX-4: another seat"
        return Panel(demand, members, slots, self.now)

    def shuffled(self, demand: int, seed: bytes, slots: int) -> list[int]:
        """Slots in the order in which they are drawn: places are swapped, each with itself or a later one."""
        mixed = keccak256(encode_args(["bytes32", "address", "uint256"], (seed, self["service"], demand)))
        order = list(range(slots))
        for place in range(slots):
            other = place + int.from_bytes(keccak256(mixed + place.to_bytes(32, "big")), "big") % (slots - place)
            order[place], order[other] = order[other], order[place]
        return order

    def commits(self, panel: Panel, seat: int, word: int, fails: str | None = None) -> Any:
        who = panel.members[seat]
        return self.sends(
            "commit", panel.demand, seat, seal(panel.demand, word, DIGEST, SALT, who), by=who, fails=fails
        )

    def reveals(self, panel: Panel, seat: int, word: int, fails: str | None = None) -> Any:
        return self.sends("reveal", panel.demand, seat, word, DIGEST, SALT, by=panel.members[seat], fails=fails)

    def says(self, panel: Panel, *words: int) -> Steps:
        """Each seals and shows a word, 0 for one that is absent, to the last second of the time to show it."""
        for seat, word in enumerate(words):
            if word:
                yield self.commits(panel, seat, word)
        self.evm.warp_to(panel.drawn + STEP + 1)
        for seat, word in enumerate(words):
            if word:
                yield self.reveals(panel, seat, word)
        self.evm.warp_to(panel.reveals)

    def accused(self, *words: int, **given: Any) -> Steps:
        """A demand before the court."""
        panel = yield from self.drawn(**given)
        yield from self.says(panel, *words)
        self.evm.warp(1)
        yield self.sends("accuse", panel.demand, b"seen", by="client")
        return panel

    def decides(self, verdict: int, costs: int, *votes: tuple[int, int], case: int = 0) -> Steps:
        """The court's verdict, and how its hearings voted: innocent and guilty."""
        yield self.sends("decide", case, verdict, costs, by=self.owner, to="court")
        for hearing, (innocent, guilty) in enumerate(votes):
            yield self.sends("count", case, hearing, innocent, guilty, by=self.owner, to="court")

    # what there is ----------------------------------------------------------------------------------------------------

    def address_of(self, who: str) -> str:
        """Of a role or a contract by its name; an address is its own."""
        return who if who.startswith("0x") else self[who]

    def coins(self, who: str) -> int:
        return self.ask("token.balanceOf", self.address_of(who))

    def credit(self, who: str) -> int:
        return self.ask("service.credits", self.address_of(who))

    def locked(self, who: str) -> int:
        return self.ask("hub.lock_of", self["service"], self.address_of(who))

    def reserved(self, who: str) -> int:
        return self.ask("service.reserved", self.address_of(who))

    def window(self, number: int = 1) -> int:
        """The last second in which a promise takes a demand."""
        return int(self.view("promise", number)[5])

    def slot(self, slot: int, pool: bytes = POOL) -> tuple[Any, ...]:
        return tuple(self.view("slot", pool, slot))
