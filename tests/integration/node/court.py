"""A court on the package's chain: an operator with a promise at the sample service, and a juror with every seat."""

from __future__ import annotations

from keifu.chain import Deployment, RpcDeployer
from keifu.chain.services import Service, list_now
from keifu.chain.suite import COURT
from keifu.keys import Account, keccak256
from keifu.local import sample
from keifu.staking import actions, court
from keifu.units import COIN, DAY

__all__ = ["ACCUSER", "JUROR", "OPERATOR", "Courthouse"]

OPERATOR, ACCUSER, JUROR = "honest operator", "accuser", "juror"
SEATS = 1_000_000 * COIN
SECRET = keccak256(b"a secret that is kept")


class Courthouse:
    """Opens cases, and lets their time pass."""

    def __init__(self, world) -> None:
        self.world, self.anvil, self.suite = world, world.anvil, world.suite
        self.court = self.suite.at(world.client, COURT)
        self.token = self.suite.at(world.client, "KeifuToken")
        deployer = RpcDeployer(world.client, world.anvil.account("deployer"))
        self.sample = sample.deploy_sample(deployer, self.suite)
        places = Deployment({**self.suite.addresses, sample.SAMPLE: self.sample})
        list_now(deployer, places, world.anvil.warp, (Service(sample.SAMPLE, 4),))
        for name, amount in ((OPERATOR, 10_000 * COIN), (ACCUSER, 10_000 * COIN), (JUROR, SEATS)):
            self.pay(name, amount)
        operator, juror = self.by(OPERATOR), self.by(JUROR)
        world.enlist(OPERATOR)
        actions.register(juror, self.suite, 0, "")
        actions.lock(juror, self.suite, self.suite[COURT], juror.sender, SEATS)
        juror.call(self.suite[COURT], COURT, "join")
        world.anvil.warp(8 * DAY)
        actions.lock(operator, self.suite, self.sample, operator.sender, 5_000 * COIN)
        last = world.client.now + 90 * DAY
        client = Account.from_role(ACCUSER).address
        self.promise = sample.offer(operator, self.sample, client, 400 * COIN, 10 * COIN, last, SECRET)
        sample.accept(self.by(ACCUSER), self.suite, self.sample, self.promise)

    def by(self, name: str) -> RpcDeployer:
        return RpcDeployer(self.world.client, self.anvil.account(name))

    def pay(self, name: str, amount: int) -> None:
        self.token.transfer(self.anvil.account(name), amount, sender=self.anvil.account("deployer"))

    def accuse(self, evidence: bytes) -> int:
        return sample.accuse(self.by(ACCUSER), self.suite, self.sample, self.promise, evidence)

    def pass_time(self, seconds: int, blocks: int = 8) -> None:
        self.anvil.warp(seconds)
        self.anvil.mine(blocks)

    def draw(self, case: int) -> None:
        """Let the time to answer pass, and draw the jury."""
        self.pass_time(DAY + 1)
        court.advance(self.by("deployer"), self.suite, case)
        self.to_the_seed()
        court.draw(self.world.client, self.by("deployer"), self.suite, case)

    def to_the_seed(self) -> None:
        """Until the block that draws a jury is there."""
        self.pass_time(DAY // 24, 400)

    def ballot(self, case: int, hearing: int = 0):
        """Seal, seats and status of the juror's ballot."""
        return self.court.ballot(case, hearing, Account.from_role(JUROR).address)

    def phase(self, case: int) -> str:
        return court.read_case(self.court, case).phase
