"""Commands of several steps, where another is first at each of them: they go on, pay once and say what is so.

`test_sendings` knows which these are.
"""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from keifu.agents.actions import bind, record_data, register
from keifu.chain.firsts import sent_unless_done, unless_done, until_done
from keifu.chain.suite import (
    COMPUTE,
    COURT,
    DISTRIBUTOR,
    HEARTBEATS,
    HUB,
    NFT,
    ORDERS,
    REEXECUTION,
    REGISTRY,
    TIMELOCK,
    TOKEN,
)
from keifu.chain.timelock import Batch, advance_batch, operation
from keifu.compute.market import orders, services
from keifu.compute.promises import Offer
from keifu.errors import NoAnswer, Revert
from keifu.node.juror.leaving import Left
from keifu.node.operator import standing
from keifu.payments import Channel
from keifu.provenance import Kind, Record, RegistryDomain, Status, imports
from keifu.provenance.registry import Provenance
from keifu.reexecution import actions as reexecution
from keifu.reexecution.reading import Terms
from keifu.staking import KeyKind, court
from keifu.staking.hotkeys import name_key
from keifu.staking.owner import queue_or_execute
from keifu.tge import chain as tge
from keifu.tge.files import Proof
from keifu.units import COIN, DAY
from tests.beaten import BeatenHere

ENVIRONMENTS = "Environments"
NOWHERE, ROOT = bytes(32), b"\x07" * 32
FEE, LOCK, JURY = 40 * COIN, 20_000 * COIN, 1_010_000 * COIN


# what is credited -----------------------------------------------------------------------------------------------------


@pytest.fixture
def credited(scene):
    """An order taken back: its fee is credited to `own`. Before each withdrawal somebody has it paid."""
    deadline = scene.evm.now + DAY
    terms = {"fee": FEE, "deadline": deadline}
    number = orders.place(scene.by(scene.own), scene.suite, scene.other.address, NOWHERE, ROOT, 1, **terms)
    orders.cancel(scene.by(scene.own), scene.suite, number)
    return scene.second(withdraw=lambda *_: ("pay", (scene.own.address,)))


def test_a_credit_that_another_has_paid_out_is_paid_once(scene, credited):
    before = scene.held(scene.own)
    assert services.withdraw(credited, scene.suite, contract=ORDERS) == FEE
    assert (credited.beaten, scene.held(scene.own)) == (["withdraw"], before + FEE)
    assert services.withdraw(credited, scene.suite, contract=ORDERS) == 0


@pytest.mark.parametrize("form", [str.lower, lambda name: "0x" + name[2:].upper()])
def test_the_owner_may_be_named_in_any_letters(scene, credited, form):
    assert services.withdraw(credited, scene.suite, form(scene.own.address), ORDERS) == FEE


def test_what_another_has_paid_out_to_its_owner_is_not_said_to_be_paid_to_a_third(scene, credited):
    before = scene.held(scene.own)
    with pytest.raises(Revert, match="payouts: nothing to pay") as caught:
        services.withdraw(credited, scene.suite, scene.chain.sender, ORDERS)
    assert scene.held(scene.own) == before + FEE
    assert caught.value.remedy == f"it was paid out elsewhere: what another has paid out is at {scene.own.address}"


# promises of an operator ----------------------------------------------------------------------------------------------


@pytest.fixture
def over(scene):
    """A service of `own` whose evidence window is over."""
    scene.locks(COMPUTE, LOCK)
    offer, until = Offer(scene.suite[TOKEN], 1, 0, 0, 0, 0), scene.evm.now + DAY
    services.serve(scene.by(scene.own), scene.suite, NOWHERE, offer, "https://answers.example", until)
    scene.evm.warp(60 * DAY)


def test_a_service_that_another_settles_is_settled(scene, over):
    second = scene.second("settle")
    services.settle(second, scene.suite, scene.own.address, [NOWHERE], [])
    assert (second.beaten, scene.at(COMPUTE).reserved(scene.own.address)) == (["settle"], 0)
    with pytest.raises(Revert, match="compute: no service"):  # by then there is none, and the contract says so
        services.settle(second, scene.suite, scene.own.address, [NOWHERE], [])


def test_a_lock_is_freed_though_another_settles_first(scene, over):
    settle = lambda _, *named: ("settle", (scene.own.address, *named)) if any(named) else None  # noqa: E731
    second = scene.second(unlock=settle)
    services.unlock(second, scene.suite, LOCK, [NOWHERE])
    assert (second.beaten, scene.at(HUB).lock_of(scene.suite[COMPUTE], scene.own.address)) == (["unlock"], 0)


@pytest.fixture
def bound(scene):
    """A binding of `own` to an environment, whose evidence window is over."""
    scene.locks(HEARTBEATS, LOCK)
    chain = scene.by(scene.own)
    chain.call(scene.suite[ENVIRONMENTS], ENVIRONMENTS, "declare_environment", "production", [])
    made = scene.at(ENVIRONMENTS).environment_id(scene.own.address, "production")
    chain.call(scene.suite[HEARTBEATS], HEARTBEATS, "bind", made, scene.evm.now + DAY)
    scene.evm.warp(60 * DAY)
    return made


def test_a_binding_s_coins_are_freed_though_another_settles_it_first(scene, bound):
    second = scene.second(unlock=lambda _, due: ("settle", (scene.own.address, due[0])) if due else None)
    place = SimpleNamespace(suite=scene.suite, client=scene.evm)
    assert standing.leave(place, second, bound).startswith(f"{LOCK // COIN:,} coins were freed")
    assert second.beaten == ["unlock"]


# the distribution -----------------------------------------------------------------------------------------------------


def test_an_allocation_that_another_brings_is_paid_once(scene):
    account = scene.evm.account("deployer")
    second = BeatenHere(scene.evm, account, scene.by(scene.other), "transferWithAuthorization")
    given = second, scene.suite, scene.distribution, scene.evm.chain_id, account.sign
    assert not tge.fund(*given)
    assert second.beaten == ["transferWithAuthorization"]
    assert scene.at(TOKEN).balanceOf(scene.suite[DISTRIBUTOR]) == scene.distribution.allocation


def test_a_grant_that_another_claims_is_paid_once(scene):
    scene.chain.call(scene.suite[TOKEN], TOKEN, "transfer", scene.suite[DISTRIBUTOR], scene.distribution.allocation)
    scene.evm.warp_to(scene.schedule.end)
    total = scene.distribution.allocation
    proof = Proof(0, scene.own.address, total, tuple(scene.grants.tree.proof(0)))
    second, before = scene.second("claim"), scene.held(scene.own)
    assert tge.claim(second, scene.suite[DISTRIBUTOR], proof) == total == scene.held(scene.own) - before
    assert tge.claim(second, scene.suite[DISTRIBUTOR], proof) == 0


# records and agents ---------------------------------------------------------------------------------------------------


def test_a_record_of_an_agent_that_is_registered_elsewhere_has_its_links_too(scene):
    chain = scene.by(scene.own)
    data = (scene.own.address, 1, [b"\x05" * 32], 1, False, 0, 0, 0)
    token = chain.simulate(scene.suite[NFT], NFT, "mint_data", *data)
    chain.call(scene.suite[NFT], NFT, "mint_data", *data)
    agent = register(chain, scene.suite, "https://agent.example")
    bind(chain, scene.suite, agent, token)
    second = scene.second("register", first=scene.own)
    made = record_data(second, scene.suite, scene.evm.chain_id, agent)
    assert second.beaten == ["register"]
    assert scene.at(REGISTRY).soundness_of(made)[1] == Status.ACTIVE


# jurors and re-executors ----------------------------------------------------------------------------------------------


def test_a_juror_s_coins_come_back_though_its_node_releases_them(scene):
    scene.locks(COURT, LOCK)
    chain, before = scene.by(scene.own), scene.held(scene.own)
    chain.call(scene.suite[COURT], COURT, "join")
    scene.evm.warp(60 * DAY)
    chain.call(scene.suite[COURT], COURT, "leave", LOCK)
    scene.evm.warp(60 * DAY)
    second = scene.second("release", first=scene.own)
    assert court.release(second, scene.suite) == LOCK == scene.held(scene.own) - before
    with pytest.raises(Revert, match="court: nothing asked back"):
        court.release(chain, scene.suite)


def test_a_slot_that_another_frees_is_free(scene, wound_up):
    """Winding up a re-executor goes on to take its coins out."""
    second = scene.second("free_slot")
    held = scene.at(HUB).lock_of(scene.suite[REEXECUTION], scene.own.address)
    assert wound_up(second) == Left(held, 0, 0)
    assert second.beaten == ["free_slot"]


def offered(scene):
    """A promise to the deployer."""
    channel = Channel(*[scene.chain.sender] * 4, scene.suite[TOKEN], DAY, bytes(32))
    return channel, Terms(ROOT, ROOT, 3, 2, COIN, 800 * COIN, 0, scene.evm.now + 60 * DAY)


def test_a_lock_for_promises_is_freed_though_another_settles_one_first(scene):
    channel, terms = offered(scene)
    for name in ("first", "second", "third"):
        member = scene.evm.account(f"{name} member")
        scene.chain.call(scene.suite[TOKEN], TOKEN, "transfer", member.address, LOCK)
        scene.locks(REEXECUTION, LOCK, member)
        place = scene.at(REEXECUTION).slot_count(terms.pool)
        scene.by(member).call(scene.suite[REEXECUTION], REEXECUTION, "join", terms.pool, place)
    scene.locks(COURT, JURY, scene.other)  # else it opens no case
    scene.by(scene.other).call(scene.suite[COURT], COURT, "join")
    scene.locks(REEXECUTION, LOCK)
    scene.evm.warp(30 * DAY)
    number = reexecution.offer(scene.by(scene.own), scene.suite, channel, terms)
    scene.chain.call(scene.suite[REEXECUTION], REEXECUTION, "accept", number, 3)
    scene.evm.warp(200 * DAY)
    second = scene.second(unlock=lambda _, due: ("settle", (due[0],)) if due else None)
    assert reexecution.unlock(second, scene.suite, LOCK, [number]) == LOCK
    assert second.beaten == ["unlock"]


def test_an_offer_has_its_own_number_though_another_offers_next(scene):
    """The number is the sender's own, whoever offers beside it."""
    channel, terms = offered(scene)

    class Next(BeatenHere):
        def transact(self, address: str, name: str, function: str, *args: Any) -> Any:
            found = super().transact(address, name, function, *args)
            if function == "offer":
                self._first.call(address, name, function, *args)
            return found

    assert reexecution.offer(Next(scene.evm, scene.own, scene.by(scene.other)), scene.suite, channel, terms) == 1
    assert scene.at(REEXECUTION).promise_count() == 2


# the timelock ---------------------------------------------------------------------------------------------------------


def test_services_are_listed_though_another_proposes_and_executes_first(scene):
    """Two people who may do the same: the timelock refuses each call of the second."""
    removed = scene.suite[COMPUTE]
    chain = scene.chain
    call = partial(queue_or_execute, scene.evm)
    second = BeatenHere(scene.evm, scene.evm.account("deployer"), chain, "schedule", "execute")
    ready = call(second, scene.suite, HUB, "remove_service", removed)
    assert (second.beaten, ready > scene.evm.now) == (["schedule"], True)
    scene.evm.warp_to(ready)
    assert call(second, scene.suite, HUB, "remove_service", removed) == 0
    assert (second.beaten, scene.at(HUB).listed(removed)) == (["schedule", "execute"], False)


def test_what_was_cancelled_at_the_last_moment_is_not_said_to_be_done(scene):
    """Nor is what the timelock refuses to queue."""
    removed, account, call = scene.suite[COMPUTE], scene.evm.account("deployer"), partial(queue_or_execute, scene.evm)
    payload = scene.chain.interface(HUB).function("remove_service", 1).encode((removed,))
    number = scene.at(TIMELOCK).hash_operation(*operation(scene.suite[HUB], payload))
    cancels = BeatenHere(scene.evm, account, scene.chain, execute=lambda *_: ("cancel", (number,)))
    scene.evm.warp_to(call(cancels, scene.suite, HUB, "remove_service", removed))
    with pytest.raises(Revert, match="timelock_controller: operation is not ready"):
        call(cancels, scene.suite, HUB, "remove_service", removed)
    with pytest.raises(Revert, match="access_control: "):
        call(scene.by(scene.own), scene.suite, HUB, "remove_service", removed)


def test_a_batch_too(scene):
    payload = scene.chain.interface(HUB).function("remove_service", 1).encode((scene.suite[COMPUTE],))
    batch = Batch(scene.suite[TIMELOCK], ((scene.suite[HUB], payload, "remove it"),))
    second = BeatenHere(scene.evm, scene.evm.account("deployer"), scene.chain, "schedule_batch", "execute_batch")
    ready = advance_batch(second, batch)
    scene.evm.warp_to(ready)
    assert advance_batch(second, batch) == 0
    assert second.beaten == ["schedule_batch", "execute_batch"]


# heartbeats and imports -----------------------------------------------------------------------------------------------


def test_an_old_key_that_retires_itself_holds_up_no_promise(scene):
    scene.locks(HEARTBEATS, LOCK)
    chain, old = scene.by(scene.own), scene.evm.account("old node")
    name_key(chain, scene.suite, scene.evm.chain_id, old, KeyKind.HEARTBEAT)
    chain.call(scene.suite[ENVIRONMENTS], ENVIRONMENTS, "declare_environment", "production", [])
    made = scene.at(ENVIRONMENTS).environment_id(scene.own.address, "production")
    second = scene.second("retire_key", first=old)
    place = SimpleNamespace(suite=scene.suite, client=scene.evm, id=scene.evm.chain_id)
    until = scene.evm.now + DAY
    found = standing.bind(place, second, scene.evm.account("new node"), made, until, retire=[old.address])
    assert (second.beaten, found.last) == (["retire_key"], until)


def test_an_import_goes_on_though_a_record_is_registered_elsewhere(scene):
    class Twice(Provenance):
        def register(self, record: Record, sender: Any) -> bytes:
            super().register(record, sender)
            return super().register(record, sender)

    source = Twice(scene.evm, scene.suite[REGISTRY])
    records = [Record(scene.own.address, Kind.DATASET, bytes([number]) * 32) for number in (1, 2)]
    found: Any = [
        SimpleNamespace(
            name=str(number), record=lambda *_, made=made: made, manifest=SimpleNamespace(body=b""), statement=b""
        )
        for number, made in enumerate(records)
    ]
    documents: Any = SimpleNamespace(keep=lambda body: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "made_in", lambda items: set())
        declared = imports.declare(found, source, scene.own, documents)
    domain = RegistryDomain(scene.evm.chain_id, scene.suite[REGISTRY])
    assert [source.registry.status_of(domain.record_id(made)) for made in records] == [Status.ACTIVE] * 2
    assert [made.new for made in declared] == [False, False]  # it was elsewhere that they were


# what is no matter of who was first -----------------------------------------------------------------------------------


def test_a_refusal_where_nothing_has_changed_is_raised():
    def refused(*_: Any) -> None:
        raise Revert("hub: not now")

    with pytest.raises(Revert, match="hub: not now"):
        unless_done(refused, lambda: False)
    with pytest.raises(Revert, match="hub: not now"):
        until_done(lambda: [1], refused)


def test_an_endpoint_that_does_not_answer_has_refused_nothing():
    """What was sent may be in a block: so it is not said that another did it."""

    def silent(*_: Any) -> None:
        raise NoAnswer("it did not answer")

    left = iter([[1], []])
    for act in (unless_done, sent_unless_done):
        with pytest.raises(NoAnswer):
            act(silent, lambda: True)
    with pytest.raises(NoAnswer):
        until_done(lambda: next(left), silent)


def test_what_nobody_did_before_is_said_to_be_done_now(scene):
    assert unless_done(lambda: None, lambda: pytest.fail("nothing refused it"))
    assert until_done(lambda: [1], lambda found: None) == [1]
    deployer = scene.evm.account("deployer")
    given = scene.by(deployer), scene.suite, scene.distribution, scene.evm.chain_id, deployer.sign
    assert (tge.fund(*given), tge.fund(*given)) == (True, False)


def test_nothing_is_sent_for_nothing():
    assert until_done(list, lambda found: pytest.fail("it was sent")) == []
