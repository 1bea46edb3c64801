"""A court in process and its model, called together, and what several rules of its machine do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from audit.court_terms import court_terms
from ethwire.constants import ZERO_ADDRESS
from keifu.keys import keccak256
from keifu.spec.court import CourtModel
from keifu.spec.staking import HubModel, Service, Terms
from keifu.units import COIN, DAY
from tests.property.staking.agreement import agree
from tests.property.staking.courtroom import (
    APPEAL,
    BOND,
    EPOCH,
    REVEAL,
    UNBONDING,
    Courtroom,
)

AT_STAKE = 10_000 * COIN
JUROR_STAKE = 100_000 * COIN
_ROOM: list[tuple[Courtroom, int]] = []


def fresh_room() -> Courtroom:
    if not _ROOM:
        room = Courtroom()
        _ROOM.append((room, room.evm.snapshot()))
    room, start = _ROOM[0]
    room.evm.restore(start)
    _ROOM[0] = (room, room.evm.snapshot())
    return room


def model_of(room: Courtroom) -> CourtModel:
    """The same set-up in the models: bonds and commitments were made three epochs ago."""
    hub = HubModel(Terms(UNBONDING, EPOCH, room.hub.epoch_start(1)))
    hub.now = room.evm.now - 3 * EPOCH
    court, service = room.court.address, room.service.address
    hub.list_service(court, Service(DAY, 0, 5_000))
    hub.list_service(service, Service(room.court.longest_case(), 5_000, 3_000, court))
    commitments = [(room.operator, service, AT_STAKE), *((juror, court, JUROR_STAKE) for juror in room.jurors)]
    for account, to, amount in commitments:
        hub.register_operator(account.address, 0)
        hub.bond(account.address, amount)
        hub.commit(account.address, to, amount)
    hub.now = room.evm.now
    return CourtModel(court_terms(court, BOND, REVEAL, APPEAL), hub)


class CourtAndModel(RuleBasedStateMachine):
    """Court and model; a machine adds rules."""

    def __init__(self) -> None:
        super().__init__()
        self.room = fresh_room()
        self.court, self.evm = self.room.court, self.room.evm
        self.model = model_of(self.room)
        self.people = [self.room.accuser, self.room.operator, *self.room.jurors]
        self.voted: dict[tuple[int, int, str], bool] = {}
        self.penalties: dict[str, int] = {}
        self.donated = self.paid_in = self.paid_out = 0

    def both(self, label: str, predicted: Callable[[], Any], call: Callable[[], Any]) -> tuple[bool, Any]:
        """(went through, the answer); fails unless both agree to the letter."""
        went_through, expected, receipt = agree(self.model, label, predicted, call)
        assert receipt is None or expected is None or receipt.value == expected
        return went_through, expected

    def accuse(self, accuser: Any, amount: int, evidence: bytes, victim: bool, drawn: bool) -> None:
        room = self.room
        ok, case = self.both(
            f"open_case({amount})",
            lambda: self.model.open_case(
                accuser.address,
                room.service.address,
                room.operator.address,
                room.accuser.address if victim else "",
                amount,
                evidence,
            ),
            lambda: self.court.open_case(
                room.service,
                room.operator,
                room.accuser if victim else ZERO_ADDRESS,
                amount,
                evidence,
                sender=accuser,
            ),
        )
        if ok:
            self.paid_in += BOND
            if drawn:
                self.draw(case)

    def draw(self, case: int) -> None:
        jury = self.model.cases[case].juries[-1]
        if jury.seed_epoch not in self.model.seeds:
            seed = keccak256(jury.seed_epoch.to_bytes(32, "big") + case.to_bytes(32, "big"))
            self.room.box.put(jury.seed_epoch, seed, sender=self.room.owner)
            self.model.put_seed(jury.seed_epoch, seed)

    def commit(self, case: int, juror: Any, guilty: bool, seats: list[int], sealed: bytes | None = None) -> None:
        turn = self.turn(case)
        if sealed is None:
            sealed = self.model.seal(case, turn, juror.address, guilty, self.room.salt(juror))
        ok, _ = self.both(
            f"commit_vote({case}, {len(seats)} seats)",
            lambda: self.model.commit_vote(case, juror.address, seats, sealed),
            lambda: self.court.commit_vote(case, seats, sealed, sender=juror),
        )
        if ok:
            self.voted[case, turn, juror.address] = guilty

    def some_seats(self, case: int, juror: Any, most: int) -> list[int]:
        return self.model.drawn_seats(case, juror.address)[:most] if case in self.model.cases else [0]

    def reveal(self, case: int, juror: Any, guilty: bool) -> None:
        salt = self.room.salt(juror)
        self.both(
            f"reveal_vote({case})",
            lambda: self.model.reveal_vote(case, juror.address, guilty, salt),
            lambda: self.court.reveal_vote(case, guilty, salt, sender=juror),
        )

    def warp_to(self, seconds: int) -> None:
        self.evm.warp_to(max(seconds, self.evm.now))
        self.model.now = self.evm.now

    def turn(self, case: int) -> int:
        return self.model.cases[case].turn if case in self.model.cases else 0

    def vote(self, case: int, cast: list[bool | None], most: int) -> None:
        for juror, guilty in zip(self.room.jurors, cast, strict=True):
            if guilty is not None:
                self.commit(case, juror, guilty, self.some_seats(case, juror, most))

    def open_votes(self, case: int, silent: set[int]) -> None:
        for number, juror in enumerate(self.room.jurors):
            if number not in silent and (case, self.turn(case), juror.address) in self.voted:
                self.reveal(case, juror, self.voted[case, self.turn(case), juror.address])
