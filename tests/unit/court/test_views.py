"""AlignmentCourt: what it shows."""

from __future__ import annotations

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.court.conftest import (
    ASKED,
    EPOCH,
    EVIDENCE,
    REVEAL,
    seats_of,
)


def test_the_longest_case_is_three_juries_and_two_times_to_appeal(court):
    assert court.longest_case() == 3 * (court.commit_period() + court.reveal_period()) + 2 * court.appeal_period()
    assert (court.commit_period(), court.reveal_period()) == (2 * EPOCH, REVEAL)


def test_a_seat_costs_a_thousand_and_its_silence_fifty(court):
    assert (court.SEAT(), court.PENALTY()) == (1_000 * COIN, 50 * COIN)
    assert (court.ODDS(), court.QUORUM()) == (8, 3)
    assert (court.MAX_APPEALS(), court.APPEAL_FACTOR(), court.FEE_DIVISOR()) == (2, 3, 4)


def test_an_unknown_case_is_empty(court):
    unknown = court.case_count() + 1
    assert court.get_case(unknown).accuser == ZERO_ADDRESS
    assert court.get_round(unknown, 0).opened == 0
    assert court.ballot(unknown, 0, ZERO_ADDRESS).seats == 0


def test_crt_8_weight_is_of_the_epoch_before_the_case(court, hub, case):
    jury = court.get_round(case, 0)
    assert jury.weighed_at == hub.epoch_start(hub.epoch() - 1) <= jury.opened - EPOCH


def test_crt_9_drawn_seats_are_some_of_a_juror_s_own(court, case, juror, stranger):
    assert court.drawn_seats(case, juror) == seats_of(case, 0, juror, one_in=8)
    assert court.drawn_seats(case, stranger) == []


def test_nothing_is_drawn_before_the_seed(court, case, service, operator, accuser, juror):
    unseeded = court.open_case(service, operator, ZERO_ADDRESS, ASKED, b"\x06" * 32, sender=accuser).return_value
    assert court.drawn_seats(unseeded, juror) == []


def test_a_fault_has_one_case_for_each_power_of_two(court, case, service, operator):
    assert court.case_count() == case == 1
    assert court.get_case(case).evidence == EVIDENCE
