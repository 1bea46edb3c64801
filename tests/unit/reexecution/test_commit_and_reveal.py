"""REX-5: a word is sealed before any is shown, and a copied seal opens for nobody else."""

from __future__ import annotations

import pytest

from audit.reexecuted import AGREES, DIFFERS, DIGEST, FEE, RULE, UNREADABLE, seal
from evmstorm.evm import reverts
from keifu.units import DAY

SALT = RULE


def committed(world, word=AGREES, **given):
    demand, panel = world.drawn(**given)
    world.service.commit(demand, 0, seal(demand, word, DIGEST, SALT, panel[0]), sender=panel[0])
    return demand, panel


@pytest.mark.parametrize("word", [AGREES, DIFFERS])
def test_a_word_is_paid_whatever_it_is(world, word):
    demand, panel = committed(world, word)
    world.evm.warp(DAY + 1)
    world.service.reveal(demand, 0, word, DIGEST, SALT, sender=panel[0])
    assert world.service.credits(panel[0]) == FEE


def test_a_seat_commits_once_in_time_and_itself(world):
    demand, panel = committed(world)
    with reverts("reexecution: has committed"):
        world.service.commit(demand, 0, SALT, sender=panel[0])
    with reverts("reexecution: has committed"):
        world.service.commit(demand, 1, bytes(32), sender=panel[1])
    for who, seat in ((panel[1], 0), (world.client, 0), (panel[0], 9)):
        with reverts("reexecution: not its seat"):
            world.service.commit(demand, seat, SALT, sender=who)
    world.evm.warp(DAY + 1)
    with reverts("reexecution: too late"):
        world.service.commit(demand, 1, SALT, sender=panel[1])


def test_nothing_is_sealed_before_the_draw(world):
    demand = world.open()
    with reverts("reexecution: not the stage"):
        world.service.commit(demand, 0, SALT, sender=world.executors[0])


def test_a_copied_seal_opens_for_nobody(world):
    demand, panel = committed(world, DIFFERS)
    world.service.commit(demand, 1, world.service.seat(demand, 0)[2], sender=panel[1])
    world.evm.warp(DAY + 1)
    world.service.reveal(demand, 0, DIFFERS, DIGEST, SALT, sender=panel[0])
    with reverts("reexecution: another seal"):
        world.service.reveal(demand, 1, DIFFERS, DIGEST, SALT, sender=panel[1])


@pytest.mark.parametrize("shown", [(DIFFERS, DIGEST, SALT), (AGREES, SALT, SALT), (AGREES, DIGEST, DIGEST)])
def test_another_word_than_the_sealed_one_is_refused(world, shown):
    demand, panel = committed(world)
    world.evm.warp(DAY + 1)
    with reverts("reexecution: another seal"):
        world.service.reveal(demand, 0, *shown, sender=panel[0])


def test_words_are_shown_when_all_are_sealed(world):
    demand, panel = committed(world)
    world.evm.warp(DAY - 10)
    with reverts("reexecution: not the time"):
        world.service.reveal(demand, 0, AGREES, DIGEST, SALT, sender=panel[0])
    world.evm.warp(DAY + 11)
    with reverts("reexecution: not the time"):
        world.service.reveal(demand, 0, AGREES, DIGEST, SALT, sender=panel[0])


def test_a_word_is_shown_once(world):
    demand, panel = committed(world)
    world.evm.warp(DAY + 1)
    world.service.reveal(demand, 0, AGREES, DIGEST, SALT, sender=panel[0])
    with reverts("reexecution: has revealed"):
        world.service.reveal(demand, 0, AGREES, DIGEST, SALT, sender=panel[0])


@pytest.mark.parametrize("word", [0, UNREADABLE, 4])
def test_there_are_two_words_about_what_stands_in_the_log(world, word):
    demand, panel = committed(world, word)
    world.evm.warp(DAY + 1)
    with reverts("reexecution: no such word"):
        world.service.reveal(demand, 0, word, DIGEST, SALT, sender=panel[0])


def test_what_cannot_be_read_is_said_without_a_fee(world):
    demand, panel = committed(world, UNREADABLE, request=b"", stored=(SALT, bytes(32)))
    world.evm.warp(DAY + 1)
    world.service.reveal(demand, 0, UNREADABLE, DIGEST, SALT, sender=panel[0])
    assert world.service.credits(panel[0]) == 0
