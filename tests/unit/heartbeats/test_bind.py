"""HeartbeatService.bind, end, release, settle, unlock, tell_hub: one reserve a binding, until nobody can report."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import DAY
from tests.unit.heartbeats.conftest import DAMAGES, LOCKED, RESERVE, RESTITUTION, TERM, WINDOW


def test_terms(heartbeats):
    assert tuple(heartbeats.terms()) == (WINDOW, 0, ZERO_ADDRESS, RESTITUTION, RESTITUTION)
    assert heartbeats.damages() + heartbeats.penalty() == RESERVE


def test_constructor(project, deployer, token, hub, environments, stranger):
    """Every false heartbeat pays somebody, and the parts are contracts."""
    for arguments, reason in (
        ((token, hub, environments, 9, WINDOW), "heartbeats: bad restitution"),
        ((token, stranger, environments, RESTITUTION, WINDOW), "heartbeats: no contract"),
        ((token, hub, stranger, RESTITUTION, WINDOW), "heartbeats: no contract"),
    ):
        with ape.reverts(reason):
            project.HeartbeatService.deploy(*arguments, sender=deployer)


def test_a_binding_reserves_and_earns(hub, heartbeats, bound, operator, production):
    """HBT-2"""
    binding = heartbeats.binding(operator, production)
    assert (binding.last, binding.until, binding.reserve) == (bound, bound + WINDOW, RESERVE)
    assert heartbeats.reserved(operator) == hub.get_lock(heartbeats, operator).bound == RESERVE


def test_it_begins_a_second_later(heartbeats, operator, production, chain):
    """HBT-3: what was signed in the second of a slash has been paid for."""
    receipt = heartbeats.bind(production, chain.pending_timestamp + DAY, sender=operator)
    (event,) = receipt.events.filter(heartbeats.Bound)
    assert event.since == receipt.timestamp + 1


def test_prolonging_takes_no_second_reserve(heartbeats, bound, operator, production, chain):
    before = heartbeats.binding(operator, production)
    heartbeats.bind(production, bound + DAY, sender=operator)
    after = heartbeats.binding(operator, production)
    assert (after.since, after.last, after.until) == (before.since, bound + DAY, bound + DAY + WINDOW)
    assert heartbeats.reserved(operator) == RESERVE


def test_it_cannot_be_shortened_by_prolonging(heartbeats, bound, operator, production):
    with ape.reverts("heartbeats: last day is earlier"):
        heartbeats.bind(production, bound - 1, sender=operator)


def test_last_days(heartbeats, operator, production, chain):
    """At most 180 days without a new act."""
    for last in (chain.pending_timestamp, chain.pending_timestamp + 180 * DAY + 60):
        with ape.reverts("heartbeats: bad last day"):
            heartbeats.bind(production, last, sender=operator)
    heartbeats.bind(production, chain.pending_timestamp + 180 * DAY, sender=operator)


def test_an_environment_that_nobody_declared(heartbeats, operator, chain):
    with ape.reverts("heartbeats: no such environment"):
        heartbeats.bind(b"\x01" * 32, chain.pending_timestamp + DAY, sender=operator)


def test_bindings_never_exceed_the_lock(hub, heartbeats, declare, operator, chain):
    """HBT-2: three reserves are locked, and no fourth is promised."""
    last = chain.pending_timestamp + DAY
    for name in ("first", "second", "third"):
        heartbeats.bind(declare(name), last, sender=operator)
    fourth = declare("fourth")
    with ape.reverts("heartbeats: lock too small"):
        heartbeats.bind(fourth, last, sender=operator)
    hub.lock(heartbeats, operator, RESERVE, sender=operator)
    heartbeats.bind(fourth, last, sender=operator)
    assert heartbeats.reserved(operator) == 4 * RESERVE


def test_removed_service(hub, heartbeats, bound, owner, operator, stranger, production, chain):
    """It makes no promise any more, and lets anybody end one."""
    with ape.reverts("heartbeats: not the operator"):
        heartbeats.end(operator, production, sender=stranger)
    hub.remove_service(heartbeats, sender=owner)
    with ape.reverts("heartbeats: service not listed"):
        heartbeats.bind(production, bound + DAY, sender=operator)
    heartbeats.end(operator, production, sender=stranger)
    assert heartbeats.binding(operator, production).last <= chain.pending_timestamp


def test_end_begins_the_evidence_window(heartbeats, bound, operator, production, chain):
    """HBT-4: ending early frees nothing before the window is over."""
    heartbeats.end(operator, production, sender=operator)
    binding = heartbeats.binding(operator, production)
    assert (binding.until, binding.reserve) == (binding.last + WINDOW, RESERVE)
    with ape.reverts("heartbeats: binding has ended"):
        heartbeats.end(operator, production, sender=operator)
    with ape.reverts("heartbeats: still open to reports"):
        heartbeats.settle(operator, production, sender=operator)
    chain.pending_timestamp = binding.until + 1
    heartbeats.settle(operator, production, sender=operator)
    assert heartbeats.reserved(operator) == heartbeats.binding(operator, production).reserve == 0
    with ape.reverts("heartbeats: no binding"):
        heartbeats.settle(operator, production, sender=operator)


def test_settle_to_the_second(heartbeats, bound, operator, stranger, production, chain):
    """Anybody settles; the last second of the window belongs to the provers."""
    chain.pending_timestamp = bound + WINDOW
    with ape.reverts("heartbeats: still open to reports"):
        heartbeats.settle(operator, production, sender=stranger)
    chain.pending_timestamp = bound + WINDOW + 1
    assert (
        heartbeats.Settled(operator=operator, environment=production)
        in heartbeats.settle(operator, production, sender=stranger).events
    )


def test_release_is_for_the_one_to_be_paid(heartbeats, bound, operator, author, restituted, production):
    for other in (operator, author):
        with ape.reverts("heartbeats: not the one to be paid"):
            heartbeats.release(operator, production, sender=other)
    heartbeats.release(operator, production, sender=restituted)
    assert heartbeats.reserved(operator) == 0
    with ape.reverts("heartbeats: no binding"):
        heartbeats.release(operator, production, sender=restituted)


def test_unlock_leaves_what_is_reserved(hub, heartbeats, bound, operator, production, chain):
    """HBT-2"""
    with ape.reverts("hub: more than the lock"):
        heartbeats.unlock(LOCKED - RESERVE + 1, [], sender=operator)
    heartbeats.unlock(LOCKED - RESERVE, [], sender=operator)
    with ape.reverts("heartbeats: still open to reports"):
        heartbeats.unlock(1, [production], sender=operator)
    chain.pending_timestamp = bound + WINDOW + 1
    heartbeats.unlock(RESERVE, [production], sender=operator)
    assert hub.credit(operator) == LOCKED
    assert hub.lock_of(heartbeats, operator) == 0


def test_the_hub_is_told_once_an_epoch_and_by_anybody(hub, heartbeats, declare, bound, operator, stranger):
    heartbeats.bind(declare("other"), bound, sender=operator)
    assert hub.get_lock(heartbeats, operator).bound == RESERVE
    assert heartbeats.tell_hub(operator, sender=stranger).return_value == 2 * RESERVE
    assert hub.get_lock(heartbeats, operator).bound == 2 * RESERVE


def test_figures():
    """Four fifths of the damages are restitution and reward."""
    assert DAMAGES * 4 // 5 == RESTITUTION * 11 // 10
    assert TERM < 180 * DAY
