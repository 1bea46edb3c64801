"""TGEDistributor.vested and claimable: the schedule as anyone can read it."""

from __future__ import annotations

from keifu.units import COIN
from tests.unit.vesting.conftest import MONTH


def test_sch_5_a_validators_grant_month_by_month(distributor, start, schedule):
    total = 1_143 * COIN
    assert distributor.vested(total, start - 1) == 0
    assert distributor.vested(total, start) == 381 * COIN
    for step in range(37):
        for around in (-1, 0, 1):
            moment = start + step * MONTH + around
            assert distributor.vested(total, moment) == schedule.vested(total, moment)
    assert distributor.vested(total, schedule.end) == total


def test_claimable_is_what_claim_pays(distributor, grant, grants, schedule, stranger, chain):
    moment = schedule.start + 5 * MONTH
    chain.provider.set_timestamp(moment)
    chain.mine()
    due = schedule.vested(grants.totals[1], moment)
    assert distributor.claimable(*grant(1)[:3]) == due
    assert distributor.claim(*grant(1), sender=stranger).return_value == due
    assert distributor.claimable(*grant(1)[:3]) == 0
