"""Attacks on the court: bought juries, copied accusations, late verdicts, faults that are judged twice."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts
from keifu.keys import keccak256
from keifu.units import COIN
from tests.property.staking.attacks.courtroom import ACQUITTED, ANSWER, CALL, COMMIT, CONVICTED, Courtroom
from tests.property.staking.attacks.scene import Outcome, search

SEEDS = 40
FAULTS = (b"fault", b"another")


@pytest.fixture(scope="module")
def room() -> Courtroom:
    """Forty jurors with eleven seats each, an operator with 100,000 coins behind a service."""
    room = Courtroom()
    room.operator("operator", service=100_000)
    room.service("second")
    room.operator("attacker", second=1)
    for name in ("victim", "stranger", "friend"):
        assert room[name]
    return room


def innocent(name: str) -> bool:
    return False


def guilty(name: str) -> bool:
    return True


# 1: a jury that is bought in the last minute --------------------------------------------------------------------------


def buy_a_jury(room: Courtroom, seats: int, before: float, again: str, asked: int) -> Outcome:
    """The attacker locks a fortune shortly before it accuses an innocent operator, and does what it can in between."""
    jurors = [*room.honest, "attacker"]
    with room.attack("staking-1", "attacker") as outcome:
        room.juror("attacker", seats)
        room.wait(before)
        case = room.open("operator", asked, "attacker")
        if again == "join":
            room.juror("attacker", seats)
        if again == "poke":
            room.court.poke(room["attacker"], sender=room["attacker"])
        room.until(case, COMMIT)
        assert room.court.weight_in(case, room["attacker"]) == 0, "coins that are not mature weigh"
        drawn = room.vote(case, lambda name: name == "attacker", jurors)
        assert "attacker" not in drawn
        verdict, _, _ = room.finish(case)
        room.settle(case, list(drawn))
    assert verdict == ACQUITTED
    return outcome[0]


@pytest.mark.case("staking-1")
def test_coins_weigh_seven_epochs_after_they_came(room: Courtroom) -> None:
    outcomes = search(room, buy_a_jury, seats=[1_000], before=[0, 5.9], again=["", "join", "poke"], asked=[400])
    assert all(outcome.gain < 0 for outcome in outcomes)


# 2: an accusation that is copied --------------------------------------------------------------------------------------


def copy_an_accusation(room: Courtroom, first: str, fault: str, asked: int) -> Outcome:
    """Somebody sees the honest accusation and is first with another victim."""
    with room.attack("staking-2", "friend", "second", "attacker") as outcome:
        name = keccak256(fault.encode())
        if first == "second":
            room.token.approve(room.court, 2**256 - 1, sender=room["second"])
            room.open("operator", asked, "friend", fault, "second")
        else:
            with reverts("court: not a service of the hub"):
                room.court.open(room["operator"], name, asked * COIN, room["friend"], b"x", sender=room[first])
        case = room.open("operator", asked, "victim", "fault")
        drawn = room.vote(case, guilty, room.honest)
        room.finish(case)
        paid, costs = room.pull(case, "victim", "operator", "victim")
        room.settle(case, list(drawn))
    assert paid == asked * COIN, "the victim of the promise was not paid"
    assert costs == room.court.verdict(case)[2], "the winner paid the costs"
    return outcome[0]


@pytest.mark.case("staking-2")
def test_a_copied_accusation_pays_nobody_else(room: Courtroom) -> None:
    outcomes = search(
        room, copy_an_accusation, first=["stranger", "operator", "second"], fault=["fault", "other"], asked=[400, 2_500]
    )
    assert all(outcome.gain <= 0 for outcome in outcomes)


# 6: a verdict that comes too late -------------------------------------------------------------------------------------


def run_away(room: Courtroom, late: int, rehear: bool, asked: int) -> Outcome:
    """The operator does all that it can at the fault and calls the re-hearing; the accusation comes days later."""
    operator, service = room["operator"], room["service"]
    with room.attack("staking-6", "operator") as outcome:
        with reverts("hub: service may still slash"):
            room.hub.take_back(service, sender=operator)
        room.hub.set_multiple(service, 0, sender=operator)
        room.wait(late)
        case = room.open("operator", asked, "victim")
        drawn = room.vote(case, guilty, room.honest)
        if rehear:
            room.until(case, CALL)
            room.rehear(case, "operator")
            drawn = room.vote(case, guilty, room.honest) | drawn
        verdict, _, _ = room.finish(case)
        assert verdict == CONVICTED
        paid, _ = room.pull(case, "victim", "operator", "victim")
        room.settle(case, list(drawn))
    assert paid == asked * COIN, "a verdict came too late"
    return outcome[0]


@pytest.mark.case("staking-6")
def test_no_verdict_comes_too_late_for_own_coins(room: Courtroom) -> None:
    outcomes = search(room, run_away, late=[0, 60], rehear=[False, True], asked=[400, 2_500])
    assert all(outcome.gain < 0 for outcome in outcomes)


# 7: pay that depends on the verdict -----------------------------------------------------------------------------------


@pytest.mark.case("staking-7")
@pytest.mark.parametrize("asked", [400, 1_000, 2_500])
def test_a_coherent_juror_earns_the_same_whatever_the_verdict(room: Courtroom, asked: int) -> None:
    """The same jury votes guilty or innocent, as one; each gets seven coins a seat."""
    pay: dict[bool, dict[str, int]] = {}
    for verdict in (True, False):
        with room.undone():
            before = {name: room.wealth(name) for name in room.honest}
            case = room.open("operator", asked, "victim")
            drawn = room.vote(case, guilty if verdict else innocent, room.honest)
            room.finish(case)
            room.settle(case, list(drawn))
            pay[verdict] = {name: (room.wealth(name) - before[name]) // seats for name, seats in drawn.items()}
    print(
        f"staking-7: a coherent seat got {set(pay[True].values())} for guilty, {set(pay[False].values())} for innocent"
    )
    assert pay[True] == pay[False]
    assert set(pay[True].values()) == {7 * COIN}


@pytest.mark.case("staking-7")
def test_a_wrong_vote_costs_and_enriches_no_juror(room: Courtroom) -> None:
    """Some vote wrongly: they lose, and those who voted rightly have no more than their fee."""

    def vote_wrongly(room: Courtroom, wrong: int, asked: int) -> Outcome:
        case = room.open("operator", asked, "victim")
        room.until(case, COMMIT)
        liars = list(room.drawn(case, room.honest))[:wrong]
        others = [name for name in room.honest if name not in liars]
        earned = {name: room.wealth(name) for name in others}
        with room.attack("staking-7", *liars) as outcome:
            drawn = room.vote(case, lambda name: name not in liars, room.honest)
            room.finish(case)
            room.settle(case, list(drawn))
        for name in others:
            assert room.wealth(name) - earned[name] <= 7 * COIN * drawn.get(name, 0), "paid by another's error"
        return outcome[0]

    outcomes = search(room, vote_wrongly, wrong=[1, 2], asked=[400, 2_500])
    assert all(outcome.gain < 0 for outcome in outcomes)


# 11: limits that splitting lifts --------------------------------------------------------------------------------------


@pytest.mark.case("staking-11")
def test_one_account_and_many_draw_alike() -> None:
    """110 seats in one account and in ten: what they draw over many seeds differs by chance alone."""
    room = Courtroom(jurors=30, seats=11)
    room.juror("large", 110)
    parts = [f"part {number}" for number in range(10)]
    for name in parts:
        room.juror(name, 11)
    room.wait(8)
    room.operator("operator", service=100_000)
    case = room.open("operator", 400, "victim")
    room.until(case, 2)
    found: list[tuple[int, int]] = []
    for number in range(SEEDS):
        with room.undone():
            room.until(case, COMMIT, seed=bytes([number]))
            found.append((room.drawn(case, ["large"]).get("large", 0), sum(room.drawn(case, parts).values())))
    whole, split = (sum(pair[index] for pair in found) for index in (0, 1))
    expected = SEEDS * 11 * 110 / 550
    print(f"staking-11: {whole} seats in one account, {split} in ten, {expected:.0f} expected, over {SEEDS} seeds")
    assert abs(whole - expected) < 4 * expected**0.5
    assert abs(split - expected) < 4 * expected**0.5


@pytest.mark.case("staking-11")
def test_ten_thousand_seats_in_one_account_all_count() -> None:
    room = Courtroom(jurors=1, seats=909)
    room.juror("large", 2_500)
    room.wait(8)
    room.operator("operator", service=100_000)
    case = room.open("operator", 400, "victim")
    with room.attack("staking-11", "large") as outcome:
        drawn = room.vote(case, guilty, ["large", *room.honest])
        verdict, _, _ = room.finish(case)
        room.settle(case, list(drawn))
    print(outcome[0])
    assert verdict == CONVICTED
    assert sum(drawn.values()) >= 5
    assert outcome[0].gain == 7 * COIN * drawn["large"], "a seat is paid as any other"


# 13: silent jurors ----------------------------------------------------------------------------------------------------


def stay_silent(room: Courtroom, leaves: str, how: str) -> Outcome:
    """A drawn juror never commits, or commits and never reveals, and asks its coins back when it pleases."""
    case = room.open("operator", 400, "victim")
    if leaves == "before":
        room.wait(0)
    room.until(case, COMMIT)
    silent = next(iter(room.drawn(case, room.honest)))
    if leaves == "before":
        room.court.leave(room.hub.lock_of(room.court, room[silent]), sender=room[silent])
    with room.attack("staking-13, staking-23", silent) as outcome:
        if how == "sealed":
            room.court.commit(case, room.seal(case, silent, True), sender=room[silent])
        drawn = room.vote(case, lambda name: None if name == silent else True, room.honest) if how != "sealed" else {}
        if how == "sealed":
            for name in room.drawn(case, room.honest):
                if name != silent:
                    room.court.commit(case, room.seal(case, name, True), sender=room[name])
            drawn = room.drawn(case, room.honest)
            room.until(case, 4)
            for name in drawn:
                if name != silent:
                    room.court.reveal(case, True, b"\x5a" * 32, sender=room[name])
        if leaves == "after":
            room.court.leave(room.hub.lock_of(room.court, room[silent]), sender=room[silent])
        if leaves != "never":
            with reverts("court: too early"):
                room.court.release(sender=room[silent])
        room.finish(case)
        if how != "sealed":
            room.court.show_absent(case, 0, room[silent], sender=room.owner)
        room.settle(case, list(drawn))
    assert outcome[0].gain <= -50 * COIN * drawn[silent], "silence was free"
    return outcome[0]


@pytest.mark.case("staking-13")
@pytest.mark.case("staking-23")
def test_silence_costs_fifty_coins_a_seat_whenever_its_juror_leaves(room: Courtroom) -> None:
    outcomes = search(room, stay_silent, leaves=["never", "before", "after"], how=["absent", "sealed"])
    assert all(outcome.gain < 0 for outcome in outcomes)


# 14: one fault, judged twice ------------------------------------------------------------------------------------------


def accuse_again(room: Courtroom, first: bool, when: str) -> Outcome:
    """The same fault before the court again, while it is judged or after; a fault has no evidence in its name."""
    asked = 2_000
    with room.attack("staking-14", "friend", "service", "victim") as outcome:
        case = room.open("operator", asked, "victim")
        if when == "during":
            with reverts("court: fault is being judged"):
                room.open("operator", asked, "friend")
        drawn = room.vote(case, guilty if first else innocent, room.honest)
        room.finish(case)
        paid, _ = room.pull(case, "victim", "operator", "victim")
        room.settle(case, list(drawn))
        assert paid == (asked * COIN if first else 0)
        if first:
            with reverts("court: fault was judged"):
                room.open("operator", asked, "friend")
        else:
            again, usual = (room.court.bond_for(room["service"], keccak256(name), asked * COIN) for name in FAULTS)
            assert again == 3 * usual
    return outcome[0]


@pytest.mark.case("staking-14")
def test_a_fault_is_spent_by_its_conviction(room: Courtroom) -> None:
    outcomes = search(room, accuse_again, first=[True, False], when=["during", "after"])
    assert all(outcome.gain <= 2_000 * COIN for outcome in outcomes)


# 22: the winner pays --------------------------------------------------------------------------------------------------


def win(room: Courtroom, asked: int, conceded: bool) -> Outcome:
    with room.attack("staking-22", "victim") as outcome:
        case = room.open("operator", asked, "victim")
        assert room.phase(case) == ANSWER
        drawn: dict[str, int] = {}
        if conceded:
            room.court.concede(case, sender=room["service"])
        else:
            drawn = room.vote(case, guilty, room.honest)
            if room.phase(case) != CALL and asked > 2_500:
                drawn |= room.vote(case, guilty, room.honest)
        room.finish(case)
        room.pull(case, "victim", "operator", "victim")
        room.settle(case, [*drawn])
    assert outcome[0].gain == asked * COIN, "a just claim cost its winner something, or paid it too much"
    return outcome[0]


@pytest.mark.case("staking-22")
def test_the_winner_has_its_whole_bond_and_all_that_it_asked(room: Courtroom) -> None:
    search(room, win, asked=[400, 1_000, 2_500], conceded=[True, False])
