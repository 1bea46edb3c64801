"""A court in process behind the real hub: four jurors with a hundred seats each, a service that is an account."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import encode
from eth_utils import keccak

from evmstorm.evm import LocalEvm
from keifu.units import COIN, DAY

ASKED = 2_000 * COIN
FAULT, EVIDENCE, SALT = b"\x05" * 32, b"what happened", b"\x09" * 32
ANSWER, SEED, COMMIT, REVEAL, CALL, QUEUE, OVER = range(1, 8)
ACQUITTED, CONVICTED, VOID = 1, 2, 3
SEATS = 100  # of each juror
SEAT = 2_000 * COIN
DAILY_BLOCKS = 4  # so that half a day of blocks is one
FIRST_FEE, SECOND_FEE = 7 * COIN, 62 * COIN // 10
FIRST_DEPOSIT, SECOND_DEPOSIT = 50 * COIN, 40 * COIN
FEES = 20 * FIRST_FEE + 190 * SECOND_FEE
HORIZON = 40 * DAY
JURORS = ("first juror", "second juror", "third juror", "fourth juror")


class Courtroom:
    """Everything that the tests of the court act on."""

    def __init__(self, jurors: tuple[str, ...] = JURORS, seats: int = SEATS) -> None:
        self.evm = evm = LocalEvm()
        self.owner, self.insurance = evm.account("owner"), evm.account("insurance")
        self.service, self.operator = evm.account("service"), evm.account("operator")
        self.accuser, self.stranger, self.watcher = (evm.account(role) for role in ("accuser", "stranger", "watcher"))
        self.jurors = [evm.account(role) for role in jurors]
        self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        self.hub = evm.deploy(
            "StakingHub", self.token, self.owner, self.insurance, self.owner, 14 * DAY, DAY, 30, 10, sender=self.owner
        )
        self.box = self.source_of_seeds()
        self.court = evm.deploy("AlignmentCourt", self.token, self.hub, self.box, DAILY_BLOCKS, sender=self.owner)
        for service in (self.court, self.service):
            self.hub.list_service(service, HORIZON, 0, sender=self.owner)
        for account in (self.service, self.operator, self.accuser, self.watcher, *self.jurors):
            self.fund(account, 10**6 * COIN if account not in self.jurors else 2 * seats * SEAT)
        for juror in self.jurors:
            self.hub.register_operator(0, "", sender=juror)
            self.enrol(juror, seats * SEAT)
        self.evm.warp(7 * DAY)

    def source_of_seeds(self) -> Any:
        """What the court asks for seeds; a test puts them in."""
        return self.evm.deploy("MockRandomness", sender=self.owner)

    # people ----------------------------------------------------------------------------------------------------------

    def fund(self, account: Any, amount: int) -> None:
        self.token.transfer(account, amount, sender=self.owner)
        for spender in (self.hub, self.court):
            self.token.approve(spender, 2**256 - 1, sender=account)

    def enrol(self, juror: Any, amount: int) -> None:
        """Lock and join: it counts seven epochs later."""
        self.lock(juror, amount)
        self.court.join(sender=juror)

    def lock(self, juror: Any, amount: int) -> None:
        self.hub.lock(self.court, juror, amount, sender=juror)

    def locked(self, juror: Any) -> int:
        return int(self.hub.lock_of(self.court, juror))

    def balance(self, account: Any) -> int:
        return int(self.token.balanceOf(account))

    # time ------------------------------------------------------------------------------------------------------------

    def wait(self, seconds: int) -> None:
        """Time passes and blocks with it, as many as the chain makes."""
        self.evm.mine(seconds * DAILY_BLOCKS // DAY)
        self.evm.warp(seconds)

    def stand_still(self, seconds: int) -> None:
        """Time passes and no block is made."""
        self.evm.warp(seconds)
        self.evm.mine(-1)

    # cases -----------------------------------------------------------------------------------------------------------

    def open(self, amount: int = ASKED, fault: bytes = FAULT) -> int:
        return int(self.court.open(self.operator, fault, amount, self.accuser, EVIDENCE, sender=self.service).value)

    def phase(self, case: int) -> int:
        return int(self.case(case)["phase"])

    def case(self, case: int) -> dict[str, Any]:
        names = "service operator accuser caller amount unit total epoch hearing phase since since_block seed_epoch"
        return dict(zip((*names.split(), "first", "verdict", "repeated"), self.court.get_case(case), strict=True))

    def juror(self, juror: Any) -> dict[str, int]:
        names = ("mature", "pending", "counts_from", "leaving", "release_at", "ballots")
        return dict(zip(names, self.court.get_juror(juror), strict=True))

    def to_seed(self, case: int) -> None:
        """To the end of the answer: the court names a seed."""
        self.wait(DAY)
        self.court.advance(case, sender=self.stranger)

    def to_commit(self, case: int, seed: bytes = b"\x07" * 32) -> None:
        """From the answer to the begin of the commit period."""
        self.to_seed(case)
        self.box.put(self.case(case)["seed_epoch"], seed, sender=self.owner)
        self.court.advance(case, sender=self.stranger)

    def vote(self, case: int, *votes: bool | None) -> None:
        """Jurors in order commit and reveal; None is one that stays silent. To the end of the reveal period."""
        hearing = self.case(case)["hearing"]
        for juror, guilty in zip(self.jurors, votes, strict=False):
            if guilty is not None:
                self.court.commit(case, seal(case, hearing, juror, guilty), sender=juror)
        self.wait(2 * DAY)
        self.court.advance(case, sender=self.stranger)
        for juror, guilty in zip(self.jurors, votes, strict=False):
            if guilty is not None:
                self.court.reveal(case, guilty, SALT, sender=juror)
        self.wait(DAY)

    def hear(self, case: int, *votes: bool | None) -> None:
        """A whole hearing from the answer on, and the step after it."""
        self.to_commit(case)
        self.vote(case, *votes)
        self.court.advance(case, sender=self.stranger)

    def close(self, case: int) -> None:
        """Nobody calls the re-hearing."""
        self.wait(2 * DAY)
        self.court.advance(case, sender=self.stranger)


def seal(case: int, hearing: int, juror: Any, guilty: bool, salt: bytes = SALT) -> bytes:
    kinds = ["uint256", "uint256", "address", "bool", "bytes32"]
    return keccak(encode(kinds, [case, hearing, juror.address, guilty, salt]))


def seats_of(seed: bytes, case: int, hearing: int, juror: Any, weight: int, total: int) -> int:
    """What rule and interface say of a draw, by other words: whole expected seats, and one more with the chance of the
    rest."""
    whole, rest = divmod(weight * (151 if hearing else 11), total)
    kinds = ["bytes32", "uint256", "uint256", "address"]
    draw = int.from_bytes(keccak(encode(kinds, [seed, case, hearing, juror.address])), "big") % total
    return whole + (draw >= total - rest)
