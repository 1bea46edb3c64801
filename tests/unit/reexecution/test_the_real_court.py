"""The court as it stands gives such verdicts: it opens the case, and what it decides is pulled from it."""

from __future__ import annotations

import pytest

from audit.reexecuted import FEE, RESTITUTION, ReExecuted
from evmstorm.evm import reverts
from keifu.units import COIN, DAY

SEATS = 400 * 2_000 * COIN


class Judged(ReExecuted):
    """With AlignmentCourt, and one juror that weighs enough."""

    def make_court(self):
        return self.evm.deploy("AlignmentCourt", self.token, self.hub, self.seeds, 7_200, sender=self.owner)

    def start(self) -> None:
        juror = self.evm.account("juror")
        self.hub.list_service(self.court, 40 * DAY, 0, sender=self.owner)
        self.token.transfer(juror, SEATS, sender=self.owner)
        self.token.approve(self.hub, SEATS, sender=juror)
        self.hub.register_operator(0, "", sender=juror)
        self.hub.lock(self.court, juror, SEATS, sender=juror)
        self.court.join(sender=juror)
        self.evm.warp(8 * DAY)
        super().start()

    @property
    def to_list(self):
        return (self.service,)


@pytest.fixture
def judged():
    return Judged()


def test_a_conceded_case_pays_the_client_what_it_paid(judged):
    before = judged.wealth(judged.client)
    demand, _ = judged.accused()
    assert judged.court.get_case(1)[1] == judged.operator.address
    with reverts("reexecution: no verdict"):
        judged.service.pull(demand, sender=judged.stranger)
    judged.service.concede(demand, sender=judged.operator)
    judged.service.pull(demand, sender=judged.stranger)
    verdict, amount, costs = judged.court.verdict(1)
    assert (verdict, amount, costs) == (2, RESTITUTION, 0)
    assert judged.wealth(judged.client) - before == RESTITUTION + 5 * FEE - 5 * FEE
