"""StakingHub.set_multiple: how often delegators stand for a penalty, from when on."""

from __future__ import annotations

import ape

from keifu.units import COIN
from tests.unit.staking.conftest import BOUND, EPOCH, HORIZON, LOCK, MULTIPLE, RAISE


def earning(hub, operator):
    """The multiple by which the bound coins of the test's one lock carry delegation."""
    return hub.operator_state(operator).exposure // BOUND


def first_epoch_after(hub, chain, seconds):
    """The first epoch that starts `seconds` after the last block, or later."""
    time = chain.blocks.head.timestamp + seconds - hub.epoch_start(1)
    return -(-time // EPOCH) + 1


def test_a_raise_counts_two_unbonding_periods_later(hub, chain, service, operator, next_epoch):
    receipt = hub.set_multiple(service, 4, sender=operator)
    epoch = first_epoch_after(hub, chain, RAISE)
    assert receipt.events == [hub.MultipleChanged(service=service, operator=operator, multiple=4, epoch=epoch)]
    next_epoch(epoch - hub.epoch() - 1)
    lock = hub.get_lock(service, operator)
    assert (lock.multiple, lock.raised, lock.raised_from, lock.lowered_from) == (MULTIPLE, 4, epoch, 0)
    next_epoch()
    lock = hub.get_lock(service, operator)
    assert (lock.multiple, lock.raised, lock.raised_from) == (4, 0, 0)
    assert earning(hub, operator) == MULTIPLE  # until somebody pokes
    hub.poke(operator, service, sender=operator)
    assert earning(hub, operator) == 4


def test_a_lowering_counts_after_the_horizon_and_earns_less_at_once(hub, chain, service, operator, next_epoch):
    receipt = hub.set_multiple(service, 1, sender=operator)
    epoch = first_epoch_after(hub, chain, HORIZON)
    assert receipt.events == [hub.MultipleChanged(service=service, operator=operator, multiple=1, epoch=epoch)]
    assert earning(hub, operator) == 1
    next_epoch(epoch - hub.epoch() - 1)
    lock = hub.get_lock(service, operator)
    assert (lock.multiple, lock.lowered, lock.lowered_from) == (MULTIPLE, 1, epoch)
    next_epoch()
    lock = hub.get_lock(service, operator)
    assert (lock.multiple, lock.lowered, lock.lowered_from) == (1, 0, 0)
    assert earning(hub, operator) == 1


def test_a_raise_that_waits_blocks_no_lowering(hub, service, operator, next_epoch):
    """Attack 20: an announced increase blocks no decrease."""
    hub.set_multiple(service, 4, sender=operator)
    hub.set_multiple(service, 1, sender=operator)
    lock = hub.get_lock(service, operator)
    assert (lock.raised, lock.raised_from, lock.lowered) == (0, 0, 1)
    next_epoch(RAISE // EPOCH + 1)
    assert hub.get_lock(service, operator).multiple == 1


def test_the_same_multiple_withdraws_a_raise(hub, service, operator, next_epoch):
    hub.set_multiple(service, 4, sender=operator)
    receipt = hub.set_multiple(service, MULTIPLE, sender=operator)
    assert receipt.events == [hub.MultipleChanged(service=service, operator=operator, multiple=MULTIPLE, epoch=0)]
    next_epoch(RAISE // EPOCH + 1)
    assert hub.get_lock(service, operator).multiple == MULTIPLE


def test_withdrawing_a_lowering_is_a_raise(hub, service, operator, next_epoch):
    hub.set_multiple(service, 0, sender=operator)
    hub.set_multiple(service, MULTIPLE, sender=operator)
    assert earning(hub, operator) == 0
    next_epoch(HORIZON // EPOCH + 1)
    assert hub.get_lock(service, operator).multiple == 0
    next_epoch((RAISE - HORIZON) // EPOCH)
    assert hub.get_lock(service, operator).multiple == MULTIPLE
    hub.poke(operator, service, sender=operator)
    assert earning(hub, operator) == MULTIPLE


def test_a_raise_over_a_longer_lowering_counts_by_its_own_date(hub, other_service, owner, operator, next_epoch):
    """A horizon of 60 days is longer than a raise's notice: until the lowering counts, a slash uses the greater."""
    hub.list_service(other_service, 60 * EPOCH, 4, sender=owner)
    hub.lock(other_service, operator, BOUND, sender=operator)
    hub.bind(operator, BOUND, sender=other_service)
    hub.set_multiple(other_service, 4, sender=operator)
    next_epoch(RAISE // EPOCH + 1)
    hub.poke(operator, other_service, sender=operator)
    carried = hub.operator_state(operator).exposure
    hub.set_multiple(other_service, 1, sender=operator)
    hub.set_multiple(other_service, 3, sender=operator)
    next_epoch(RAISE // EPOCH + 1)
    hub.poke(operator, other_service, sender=operator)
    assert hub.operator_state(operator).exposure == carried - BOUND
    lock = hub.get_lock(other_service, operator)
    assert (lock.multiple, lock.raised, lock.lowered) == (4, 0, 3)
    next_epoch((60 * EPOCH - RAISE) // EPOCH)
    assert hub.get_lock(other_service, operator).multiple == 3


def test_a_raise_above_what_a_pending_lowering_leaves(hub, other_service, owner, operator, next_epoch):
    hub.list_service(other_service, 60 * EPOCH, 4, sender=owner)
    hub.set_multiple(other_service, 2, sender=operator)
    next_epoch(RAISE // EPOCH + 1)
    hub.set_multiple(other_service, 1, sender=operator)
    hub.set_multiple(other_service, 4, sender=operator)
    next_epoch(RAISE // EPOCH + 1)
    lock = hub.get_lock(other_service, operator)
    assert (lock.multiple, lock.lowered_from) == (4, 0)
    next_epoch(60)
    assert hub.get_lock(other_service, operator).multiple == 4


def test_a_lowering_that_waits_keeps_its_date(hub, service, operator, next_epoch):
    """A second one would put the first off: delegators would stand for longer than it said."""
    hub.set_multiple(service, 1, sender=operator)
    next_epoch(HORIZON // EPOCH - 1)
    with ape.reverts("hub: a lowering waits"):
        hub.set_multiple(service, 0, sender=operator)
    next_epoch(2)
    assert hub.get_lock(service, operator).multiple == 1
    hub.set_multiple(service, 0, sender=operator)
    next_epoch(HORIZON // EPOCH + 1)
    assert hub.get_lock(service, operator).multiple == 0


def test_a_raise_puts_no_lowering_off(hub, service, operator, next_epoch):
    """Nor does a detour: raised again and lowered again, the first lowering counts on its day."""
    hub.set_multiple(service, 1, sender=operator)
    next_epoch(HORIZON // EPOCH - 1)
    hub.set_multiple(service, 4, sender=operator)
    with ape.reverts("hub: a lowering waits"):
        hub.set_multiple(service, 0, sender=operator)
    hub.set_multiple(service, 1, sender=operator)
    lock = hub.get_lock(service, operator)
    assert (lock.raised, lock.lowered) == (0, 1)
    next_epoch(2)
    assert hub.get_lock(service, operator).multiple == 1


def test_a_raise_that_is_due_and_was_not_poked_counts_before_a_lowering(hub, service, operator, next_epoch):
    hub.set_multiple(service, 4, sender=operator)
    next_epoch(RAISE // EPOCH + 1)
    hub.set_multiple(service, 3, sender=operator)
    lock = hub.get_lock(service, operator)
    assert (lock.multiple, lock.lowered) == (4, 3)
    assert earning(hub, operator) == 3


def test_above_what_the_service_was_listed_with(hub, other_service, owner, operator):
    hub.list_service(other_service, HORIZON, 1, sender=owner)
    hub.set_multiple(other_service, 1, sender=operator)
    with ape.reverts("hub: multiple too high"):
        hub.set_multiple(other_service, 2, sender=operator)


def test_shown_with_nothing_locked_and_counts_for_a_lock_at_once(hub, other_service, owner, operator, next_epoch):
    hub.list_service(other_service, HORIZON, 4, sender=owner)
    hub.set_multiple(other_service, 3, sender=operator)
    next_epoch(RAISE // EPOCH + 1)
    lock = hub.get_lock(other_service, operator)
    assert (lock.amount, lock.multiple) == (0, 3)
    before = hub.operator_state(operator).exposure
    hub.poke(operator, other_service, sender=operator)
    hub.lock(other_service, operator, COIN, sender=operator)
    hub.bind(operator, COIN, sender=other_service)
    assert hub.operator_state(operator).exposure == before + 3 * COIN


def test_at_a_service_that_is_not_listed(hub, service, owner, stranger, operator):
    with ape.reverts("hub: service not listed"):
        hub.set_multiple(stranger, 1, sender=operator)
    hub.remove_service(service, sender=owner)
    with ape.reverts("hub: service not listed"):
        hub.set_multiple(service, 1, sender=operator)
    lock = hub.get_lock(service, operator)
    assert (lock.amount, lock.bound, lock.multiple) == (LOCK, 0, 0)


def test_by_nobody_known(hub, service, stranger):
    with ape.reverts("hub: unknown operator"):
        hub.set_multiple(service, 1, sender=stranger)
