"""A court on the hub of a scene: jurors with mature seats, a service that opens cases and pulls verdicts."""

from __future__ import annotations

from collections.abc import Callable

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import artifacts
from evmstorm.mutation.seeded_bugs import Load
from keifu.keys import keccak256
from keifu.units import COIN, DAY
from tests.property.staking.attacks.scene import Scene

__all__ = ["ACQUITTED", "ANSWER", "COMMIT", "CONVICTED", "OVER", "REVEAL", "SEAT", "VOID", "Courtroom"]

SEAT = 2_000  # coins
DAILY_BLOCKS = 7_200
ANSWER, SEED, COMMIT, REVEAL, CALL, QUEUE, OVER = range(1, 8)
ACQUITTED, CONVICTED, VOID = 1, 2, 3
MATURES = 8  # days, with the rest of the epoch in which a juror joins
SALT = b"\x5a" * 32

Vote = bool | None  # None stays silent


class Courtroom(Scene):
    """Votes are given by juror: True for guilty, False for innocent, None for silence."""

    def __init__(self, jurors: int = 40, seats: int = 11, load: Load = artifacts.load) -> None:
        super().__init__(load)
        self.randomness = self.evm.deploy("MockRandomness", sender=self.owner)
        self.court = self.evm.deploy(
            "AlignmentCourt", self.token, self.hub, self.randomness, DAILY_BLOCKS, sender=self.owner
        )
        self.people["court"] = self.court.address
        self.hub.list_service(self.court, 14 * DAY, 0, sender=self.owner)
        self.services.append("court")
        self.service("service")
        self.token.approve(self.court, 2**256 - 1, sender=self["service"])
        self.honest = [f"juror {number}" for number in range(jurors)]
        for name in self.honest:
            self.juror(name, seats)
        self.wait(MATURES)

    def wait(self, days: float) -> None:
        """Time passes, and blocks with it."""
        self.evm.mine(int(days * DAILY_BLOCKS) + 1)
        super().wait(days)

    def juror(self, name: str, seats: float) -> None:
        if name not in self.operators:
            self.operator(name)
        self.lock("court", name, seats * SEAT)
        self.court.join(sender=self[name])

    # a case ----------------------------------------------------------------------------------------------------------

    def open(self, operator: str, coins: int, accuser: str, fault: str = "fault", service: str = "service") -> int:
        """The service takes the accuser's bond and opens the case."""
        name, wei = keccak256(fault.encode()), coins * COIN
        bond = self.court.bond_for(self[service], name, wei)
        self.token.transfer(self[service], bond, sender=self[accuser])
        opened = self.court.open(self[operator], name, wei, self[accuser], b"evidence", sender=self[service])
        case: int = opened.value
        return case

    def phase(self, case: int) -> int:
        phase: int = self.court.get_case(case)[9]
        return phase

    def hearing(self, case: int) -> int:
        hearing: int = self.court.get_case(case)[8]
        return hearing

    def until(self, case: int, phase: int, seed: bytes = b"seed") -> None:
        """Advance until the case is in `phase`, with a seed as soon as one is waited for."""
        for _ in range(60):
            if self.phase(case) == phase:
                return
            if self.phase(case) == SEED:
                epoch = self.court.get_case(case)[12]
                self.randomness.put(epoch, keccak256(seed + bytes([self.hearing(case)])), sender=self.owner)
            else:
                self.wait(0.25)
            self.advance(case)
        raise AssertionError(f"the case stays in phase {self.phase(case)}")

    def advance(self, case: int) -> None:
        self.court.advance(case, sender=self.owner)

    def drawn(self, case: int, jurors: list[str]) -> dict[str, int]:
        """Seats of those who were drawn in this hearing."""
        found = {name: self.court.drawn(case, self.hearing(case), self[name]) for name in jurors}
        return {name: seats for name, seats in found.items() if seats}

    def seal(self, case: int, juror: str, guilty: bool) -> bytes:
        words = (case, self.hearing(case), int(self[juror], 16), int(guilty))
        return keccak256(b"".join(word.to_bytes(32, "big") for word in words) + SALT)

    def vote(self, case: int, votes: Callable[[str], Vote], jurors: list[str]) -> dict[str, int]:
        """One hearing from commit to reveal; seats of those who were drawn."""
        self.until(case, COMMIT)
        seats = self.drawn(case, jurors)
        chosen = {name: votes(name) for name in seats}
        for name, vote in chosen.items():
            if vote is not None:
                self.court.commit(case, self.seal(case, name, vote), sender=self[name])
        self.until(case, REVEAL)
        for name, vote in chosen.items():
            if vote is not None:
                self.court.reveal(case, vote, SALT, sender=self[name])
        return seats

    def rehear(self, case: int, caller: str) -> None:
        self.token.approve(self.court, 2**256 - 1, sender=self[caller])
        self.court.rehear(case, sender=self[caller])

    def finish(self, case: int) -> tuple[int, int, int]:
        """Until the verdict is final: (verdict, amount, costs)."""
        self.until(case, OVER)
        verdict: tuple[int, int, int] = tuple(self.court.verdict(case))
        return verdict

    def pull(self, case: int, victim: str, operator: str, accuser: str, service: str = "service") -> tuple[int, int]:
        """The service takes a conviction out of the operator's lock and pays amount and costs; wei for both."""
        guilty, amount, costs = self.court.verdict(case)
        if guilty != CONVICTED:
            return 0, 0
        before = self.hub.credit(self[service])
        self.hub.slash(self[operator], -(-(amount + costs) * 5 // 4), 0, sender=self[service])
        got = self.hub.credit(self[service]) - before
        self.hub.collect(self[service], 0, sender=self[service])
        paid = min(amount, got)
        self.token.transfer(self[victim], paid, sender=self[service])
        self.token.transfer(self[accuser], min(costs, got - paid), sender=self[service])
        return paid, min(costs, got - paid)

    def settle(self, case: int, jurors: list[str]) -> None:
        """Absent ones are shown, everybody else is paid, penalties are slashed."""
        for start in range(0, len(jurors), 32):
            self.court.claim(case, [self[name] for name in jurors[start : start + 32]], sender=self.owner)
        for name in jurors:
            self.court.poke(self[name], sender=self.owner)

    def pooled(self) -> list[str]:
        """Nobody delegates here, and there is no emission."""
        return []

    def _owned(self, name: str) -> int:
        return super()._owned(name) if self[name] not in (self.court.address, ZERO_ADDRESS) else 0
