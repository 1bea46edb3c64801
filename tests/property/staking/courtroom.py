"""A court with services, accused operators and jurors, in process."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import encode

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from keifu.keys import keccak256
from keifu.units import COIN, DAY

UNBONDING = 40 * DAY
EPOCH = DAY
REVEAL = DAY
APPEAL = DAY
BOND = 100 * COIN
JURORS = tuple(f"juror {number}" for number in range(4))
INNOCENT, GUILTY, NO_QUORUM = 1, 2, 3


class Courtroom:
    """One accused operator with 10,000 coins committed to a service, four jurors of 100 seats each."""

    def __init__(self) -> None:
        self.evm = evm = LocalEvm()
        self.owner = evm.account("timelock")
        self.accuser, self.operator, self.service = map(evm.account, ("accuser", "operator", "service"))
        self.jurors = [evm.account(role) for role in JURORS]
        self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        sink = evm.account("insurance sink")
        self.hub = evm.deploy("StakingHub", self.token, self.owner, sink, UNBONDING, EPOCH, sender=self.owner)
        self.box = self.source_of_seeds()
        self.court = evm.deploy(
            "AlignmentCourt", self.token, self.hub, self.box, BOND, REVEAL, APPEAL, sender=self.owner
        )
        self.hub.list_service(self.court, DAY, 0, 5_000, ZERO_ADDRESS, sender=self.owner)
        self.hub.list_service(self.service, self.court.longest_case(), 5_000, 3_000, self.court, sender=self.owner)
        for account in (self.accuser, self.operator, self.service, *self.jurors):
            self.token.transfer(account, 10**24, sender=self.owner)
            self.token.approve(self.hub, 2**256 - 1, sender=account)
            self.token.approve(self.court, 2**256 - 1, sender=account)
        self.join(self.operator, self.service.address, 10_000 * COIN)
        for juror in self.jurors:
            self.join(juror, self.court.address, 100_000 * COIN)
        evm.warp(3 * EPOCH)

    def source_of_seeds(self) -> Any:
        """What the court asks for seeds; `draw` fills it."""
        return self.evm.deploy("MockRandomness", sender=self.owner)

    def join(self, operator: Any, service: str, amount: int) -> None:
        self.hub.register_operator(0, "", sender=operator)
        self.hub.bond(amount, sender=operator)
        self.hub.commit(service, amount, sender=operator)

    def accuse(self, amount: int = 1_000 * COIN, evidence: bytes = b"\x05" * 32) -> int:
        case = self.court.open_case(
            self.service, self.operator, self.accuser, amount, evidence, sender=self.accuser
        ).value
        self.draw(case)
        return int(case)

    def draw(self, case: int) -> None:
        """The seed comes after the jury was called."""
        turn = self.court.get_case(case)[6]
        epoch = self.court.get_round(case, turn)[2]
        self.box.put(epoch, keccak256(encode(["uint256", "uint256"], [case, turn])), sender=self.owner)

    def seal(self, case: int, turn: int, juror: Any, guilty: bool, salt: bytes) -> bytes:
        kinds = ["uint256", "uint256", "address", "bool", "bytes32"]
        return keccak256(encode(kinds, [case, turn, juror.address, guilty, salt]))

    def salt(self, juror: Any) -> bytes:
        return keccak256(juror.address.encode())

    def commit(self, case: int, votes: dict[int, bool], seats: int = 32) -> None:
        turn = self.court.get_case(case)[6]
        for number, guilty in votes.items():
            juror = self.jurors[number]
            sealed = self.seal(case, turn, juror, guilty, self.salt(juror))
            drawn = self.court.drawn_seats(case, juror)[:seats]
            self.court.commit_vote(case, drawn, sealed, sender=juror)

    def reveal(self, case: int, votes: dict[int, bool]) -> None:
        for number, guilty in votes.items():
            juror = self.jurors[number]
            self.court.reveal_vote(case, guilty, self.salt(juror), sender=juror)

    def sit(self, case: int, votes: dict[int, bool], silent: tuple[int, ...] = ()) -> None:
        """Commit, wait, reveal, wait; those in `silent` do not reveal."""
        self.commit(case, votes, seats=5)
        self.to_reveal(case)
        self.reveal(case, {number: vote for number, vote in votes.items() if number not in silent})
        self.evm.warp(REVEAL)

    def to_reveal(self, case: int) -> None:
        opened = self.court.get_round(case, self.court.get_case(case)[6])[0]
        self.evm.warp_to(opened + 2 * EPOCH)

    def verdict(self, case: int) -> int:
        self.evm.warp(APPEAL)
        self.court.execute(case, sender=self.accuser)
        return int(self.court.get_case(case)[7])
