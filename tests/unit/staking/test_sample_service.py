"""SampleService: a promise reserves inside a lock, a claim takes its own reserve, a court's verdict is pulled."""

from __future__ import annotations

import ape
import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN, DAY
from tests.unit.staking.conftest import HORIZON, deploy_hub

WINDOW = 3 * DAY
RESTITUTION, PRICE = 1_000 * COIN, 10 * COIN
BOND, COSTS = 160 * COIN, 140 * COIN  # of MockCourt
REWARD = PENALTY = RESTITUTION // 10
RESERVE = (RESTITUTION + REWARD + COSTS) * 5 // 4 + PENALTY
SECRET = b"\x07" * 32
LOCKED = 3 * RESERVE
ACQUITTED, CONVICTED, VOID = 1, 2, 3


@pytest.fixture(scope="module")
def suite(project, token, deployer, owner, sink, treasury, operator, victim, prover):
    """A hub of its own with the sample service as its one service; the operator has locked three reserves."""
    hub = deploy_hub(project, token, owner, sink, treasury, deployer)
    court = project.MockCourt.deploy(token, sender=deployer)
    sample = project.SampleService.deploy(token, hub, court, WINDOW, sender=deployer)
    for account in (operator, victim):
        token.transfer(account, 20 * LOCKED, sender=deployer)
        token.approve(hub, 2**256 - 1, sender=account)
        token.approve(sample, 2**256 - 1, sender=account)
    hub.list_service(sample, HORIZON, 4, sender=owner)
    hub.list_service(court, HORIZON, 0, sender=owner)
    hub.register_operator(0, "", sender=operator)
    hub.lock(sample, operator, LOCKED, sender=operator)
    return hub, sample, court


@pytest.fixture(scope="module")
def hub(suite):
    return suite[0]


@pytest.fixture(scope="module")
def sample(suite):
    return suite[1]


@pytest.fixture(scope="module")
def court(suite):
    return suite[2]


@pytest.fixture
def offer(sample, chain, operator, victim):
    """Offers the usual promise, running for `days`; its number."""

    def offer(days=30):
        last = chain.pending_timestamp + days * DAY
        return sample.offer(victim, RESTITUTION, PRICE, last, keccak(SECRET), sender=operator).return_value

    return offer


@pytest.fixture
def promise(sample, offer, victim):
    number = offer()
    sample.accept(number, sender=victim)
    return number


@pytest.fixture
def committed(sample, prover):
    sample.commit_proof(keccak(encode(["bytes32", "address"], [SECRET, prover.address])), sender=prover)


# promises -------------------------------------------------------------------------------------------------------------


def test_terms(sample, court):
    assert tuple(sample.terms()) == (WINDOW, 0, court, 400 * COIN, 40_000 * COIN)


def test_a_promise_reserves_and_binds_when_it_is_accepted(hub, sample, offer, operator, victim):
    number = offer()
    assert sample.reserved(operator) == 0
    receipt = sample.accept(number, sender=victim)
    assert sample.Accepted(promise=number, reserve=RESERVE) in receipt.events
    assert hub.Rewarded(operator=operator, payer=sample, amount=PRICE) in receipt.events
    assert sample.reserved(operator) == RESERVE
    assert hub.get_lock(sample, operator).bound == RESERVE
    assert sample.promise(number).until == sample.promise(number).last + WINDOW


def test_promises_never_exceed_the_lock(hub, sample, offer, operator, victim):
    """Attack 3 inside one service: nothing is promised twice."""
    numbers = [offer() for _ in range(4)]
    for number in numbers[:3]:
        sample.accept(number, sender=victim)
    with ape.reverts("sample: lock too small"):
        sample.accept(numbers[3], sender=victim)
    hub.lock(sample, operator, RESERVE, sender=operator)
    sample.accept(numbers[3], sender=victim)


def test_bound_once_an_epoch_and_by_anybody(hub, sample, offer, operator, victim, stranger):
    for _ in range(2):
        sample.accept(offer(), sender=victim)
    assert hub.get_lock(sample, operator).bound == RESERVE
    assert sample.bind(operator, sender=stranger).return_value == 2 * RESERVE
    assert hub.get_lock(sample, operator).bound == 2 * RESERVE


def test_refused_offers(sample, chain, operator, victim):
    last = chain.pending_timestamp + DAY
    good = {"client": victim, "restitution": RESTITUTION, "price": PRICE, "last": last, "guarded": keccak(SECRET)}
    for change, reason in (
        ({"client": ZERO_ADDRESS}, "sample: no client"),
        ({"client": operator}, "sample: no client"),
        ({"restitution": 400 * COIN - 1}, "sample: bad restitution"),
        ({"restitution": 40_000 * COIN + 1}, "sample: bad restitution"),
        ({"last": 1}, "sample: bad last day"),
        ({"last": last + 181 * DAY}, "sample: bad last day"),
    ):
        with ape.reverts(reason):
            sample.offer(*(good | change).values(), sender=operator)
    sample.offer(*good.values(), sender=operator)


def test_refused_acceptances(hub, sample, offer, owner, victim, stranger, wait):
    first, second = offer(), offer(1)
    with ape.reverts("sample: not the client"):
        sample.accept(first, sender=stranger)
    sample.accept(first, sender=victim)
    with ape.reverts("sample: accepted"):
        sample.accept(first, sender=victim)
    wait(2 * DAY)
    with ape.reverts("sample: offer is over"):
        sample.accept(second, sender=victim)
    third = offer()
    hub.remove_service(sample, sender=owner)
    with ape.reverts("sample: service not listed"):
        sample.accept(third, sender=victim)


# the reserve's end ----------------------------------------------------------------------------------------------------


def test_a_reserve_outlives_the_promise_by_the_evidence_window(sample, promise, chain, operator, stranger):
    until = sample.promise(promise).until
    chain.pending_timestamp = until
    with ape.reverts("sample: still open to claims"):
        sample.settle(promise, sender=operator)
    chain.pending_timestamp = until + 1
    receipt = sample.settle(promise, sender=stranger)
    assert receipt.events == [sample.Settled(promise=promise, reserve=RESERVE)]
    assert sample.reserved(operator) == 0
    with ape.reverts("sample: promise is over"):
        sample.settle(promise, sender=stranger)


def test_an_early_end_starts_the_window(hub, sample, promise, chain, owner, operator, victim, stranger, wait):
    """Attack 17: promises are not freed without a window for those to whom they were made."""
    with ape.reverts("sample: not a party"):
        sample.end(promise, sender=stranger)
    receipt = sample.end(promise, sender=operator)
    until = chain.blocks.head.timestamp + WINDOW
    assert receipt.events == [sample.Ended(promise=promise, until=until)]
    assert sample.reserved(operator) == RESERVE
    with ape.reverts("sample: promise is over"):
        sample.end(promise, sender=victim)


def test_an_offer_is_withdrawn_until_it_is_accepted(sample, offer, operator, victim, stranger):
    number = offer()
    with ape.reverts("sample: not a party"):
        sample.end(number, sender=stranger)
    receipt = sample.end(number, sender=operator)
    assert receipt.events == [sample.Ended(promise=number, until=0)]
    with ape.reverts("sample: offer is over"):
        sample.accept(number, sender=victim)


def test_anybody_ends_promises_of_a_removed_service(hub, sample, promise, owner, stranger):
    hub.remove_service(sample, sender=owner)
    sample.end(promise, sender=stranger)


def test_the_client_alone_frees_it_earlier(sample, promise, operator, victim):
    with ape.reverts("sample: not the client"):
        sample.release(promise, sender=operator)
    sample.release(promise, sender=victim)
    assert sample.reserved(operator) == 0
    with ape.reverts("sample: promise is over"):
        sample.release(promise, sender=victim)


def test_unlock_settles_what_is_due_and_goes_no_further(hub, sample, offer, operator, victim, wait):
    """Attack 4, 6: coins that promises need do not leave, however the operator asks."""
    short, long = offer(1), offer(30)
    for number in (short, long):
        sample.accept(number, sender=victim)
    with ape.reverts("hub: more than the lock"):
        sample.unlock(LOCKED - 2 * RESERVE + 1, [], sender=operator)
    with ape.reverts("sample: still open to claims"):
        sample.unlock(LOCKED - RESERVE, [short], sender=operator)
    wait(DAY + WINDOW + 1)
    sample.unlock(LOCKED - RESERVE, [short], sender=operator)
    assert hub.lock_of(sample, operator) == RESERVE
    assert hub.credit(operator) >= LOCKED - RESERVE
    assert hub.get_lock(sample, operator).bound == RESERVE
    with ape.reverts("hub: more than the lock"):
        sample.unlock(1, [], sender=operator)


# a fault that code proves ---------------------------------------------------------------------------------------------


def test_a_secret_that_got_out(hub, token, sample, promise, committed, operator, victim, prover, sink):
    before = token.balanceOf(victim), token.balanceOf(prover)
    receipt = sample.prove(promise, SECRET, sender=prover)
    damages = (RESTITUTION + REWARD) * 5 // 4
    assert (
        hub.Slashed(service=sample, operator=operator, damages=damages, penalty=PENALTY, delegated=0) in receipt.events
    )
    assert sample.Paid(promise=promise, restitution=RESTITUTION, prover=REWARD, costs=0) in receipt.events
    assert hub.credit(sink) == damages // 5 + PENALTY
    assert sample.reserved(operator) == 0
    for account, amount in ((victim, RESTITUTION), (prover, REWARD)):
        assert sample.credits(account) == amount
        sample.withdraw(account, sender=account)
    assert (token.balanceOf(victim), token.balanceOf(prover)) == (before[0] + RESTITUTION, before[1] + REWARD)
    assert token.balanceOf(sample) == 0


def test_once(sample, promise, committed, prover):
    sample.prove(promise, SECRET, sender=prover)
    with ape.reverts("sample: promise is over"):
        sample.prove(promise, SECRET, sender=prover)


def test_a_copied_proof_is_refused(sample, promise, committed, prover, stranger):
    """Attack 2: whoever copies a proof from the mempool has not committed to it, and the victim is fixed anyhow."""
    with ape.reverts("sample: not committed"):
        sample.prove(promise, SECRET, sender=stranger)
    sample.prove(promise, SECRET, sender=prover)


def test_another_secret(sample, promise, committed, prover):
    with ape.reverts("sample: not the secret"):
        sample.prove(promise, b"\x08" * 32, sender=prover)


def test_committed_after_the_promise(sample, promise, chain, prover):
    chain.pending_timestamp = sample.promise(promise).last + 1
    sample.commit_proof(keccak(encode(["bytes32", "address"], [SECRET, prover.address])), sender=prover)
    chain.mine()
    with ape.reverts("sample: committed too late"):
        sample.prove(promise, SECRET, sender=prover)


def test_shown_after_the_window(sample, promise, committed, chain, prover):
    chain.pending_timestamp = sample.promise(promise).until + 1
    with ape.reverts("sample: promise is over"):
        sample.prove(promise, SECRET, sender=prover)


def test_a_claim_takes_no_other_promises_reserve(hub, sample, offer, committed, operator, victim, prover):
    numbers = [offer() for _ in range(3)]
    for number in numbers:
        sample.accept(number, sender=victim)
    for paid, number in enumerate(numbers, 1):
        sample.prove(number, SECRET, sender=prover)
        assert sample.credits(victim) == paid * RESTITUTION
        assert sample.reserved(operator) == (3 - paid) * RESERVE
        assert hub.lock_of(sample, operator) >= sample.reserved(operator)


# a fault that the court decides ---------------------------------------------------------------------------------------


@pytest.fixture
def accused(sample, promise, victim):
    sample.accuse(promise, b"it was broken", sender=victim)
    return promise


def test_accusing_brings_the_bond(token, sample, court, promise, operator, victim):
    before = token.balanceOf(victim)
    receipt = sample.accuse(promise, b"it was broken", sender=victim)
    assert sample.Accused(promise=promise, case_id=0, accuser=victim) in receipt.events
    assert token.balanceOf(victim) == before - BOND
    assert token.balanceOf(court) == BOND
    assert (court.service(), court.operator(), court.accuser()) == (sample, operator, victim)
    assert (court.amount(), court.evidence()) == (RESTITUTION, b"it was broken")
    assert court.fault() == keccak(encode(["uint256", "uint256", "uint256"], [promise, 0, 0]))


def test_who_may_accuse_and_when(sample, accused, chain, victim, stranger, operator):
    for account in (stranger, operator):
        with ape.reverts("sample: not the client"):
            sample.accuse(accused, b"", sender=account)
    with ape.reverts("sample: case is open"):
        sample.accuse(accused, b"", sender=victim)
    with ape.reverts("sample: case is open"):
        sample.release(accused, sender=victim)


def test_too_late_to_accuse(sample, promise, chain, victim):
    chain.pending_timestamp = sample.promise(promise).until + 1
    with ape.reverts("sample: promise is over"):
        sample.accuse(promise, b"", sender=victim)


def test_a_conviction_pays_restitution_and_costs(hub, sample, court, accused, operator, victim, stranger, deployer):
    court.decide(0, CONVICTED, COSTS, sender=deployer)
    receipt = sample.pull(accused, sender=stranger)
    damages = (RESTITUTION + COSTS) * 5 // 4
    assert (
        hub.Slashed(service=sample, operator=operator, damages=damages, penalty=PENALTY, delegated=0) in receipt.events
    )
    assert sample.credits(victim) == RESTITUTION + COSTS
    assert sample.reserved(operator) == 0
    with ape.reverts("sample: no case"):
        sample.pull(accused, sender=stranger)


def test_fees_that_were_scaled_since_take_no_other_promises_reserve(
    hub, sample, court, offer, committed, operator, victim, prover, stranger, deployer
):
    """The court's unit may grow within a promise's 180 days: a conviction then costs more than was reserved for it."""
    numbers = [offer() for _ in range(3)]
    for number in numbers:
        sample.accept(number, sender=victim)
    sample.accuse(numbers[0], b"it was broken", sender=victim)
    court.decide(0, CONVICTED, 10 * COSTS, sender=deployer)
    sample.pull(numbers[0], sender=stranger)
    assert RESTITUTION <= sample.credits(victim) <= RESTITUTION + 10 * COSTS
    assert hub.lock_of(sample, operator) >= sample.reserved(operator) == 2 * RESERVE
    for number in numbers[1:]:
        before = sample.credits(victim)
        sample.prove(number, SECRET, sender=prover)
        assert sample.credits(victim) == before + RESTITUTION


def test_conceding(sample, court, accused, operator, victim, stranger):
    with ape.reverts("sample: not the operator"):
        sample.concede(accused, sender=stranger)
    sample.concede(accused, sender=operator)
    sample.pull(accused, sender=stranger)
    assert sample.credits(victim) == RESTITUTION


def test_nothing_to_concede(sample, promise, operator):
    with ape.reverts("sample: no case"):
        sample.concede(promise, sender=operator)


def test_an_acquittal_leaves_the_reserve_until_the_window_ends(
    sample, court, accused, chain, operator, victim, deployer
):
    with ape.reverts("sample: no verdict"):
        sample.pull(accused, sender=operator)
    court.decide(0, ACQUITTED, 0, sender=deployer)
    sample.pull(accused, sender=operator)
    assert sample.reserved(operator) == RESERVE
    sample.accuse(accused, b"again", sender=victim)
    assert sample.promise(accused).accusations == 2


def test_a_case_prolongs_the_reserve(sample, court, accused, chain, operator, deployer):
    """Attack 6: a verdict that comes after the window still finds what it was promised."""
    chain.pending_timestamp = sample.promise(accused).until + 30 * DAY
    with ape.reverts("sample: case is open"):
        sample.settle(accused, sender=operator)
    with ape.reverts("sample: case is open"):
        sample.unlock(1, [accused], sender=operator)
    court.decide(0, CONVICTED, COSTS, sender=deployer)
    sample.pull(accused, sender=operator)


def test_a_void_case_gives_the_window_anew(sample, court, accused, chain, operator, victim, deployer):
    chain.pending_timestamp = sample.promise(accused).until + DAY
    court.decide(0, VOID, 0, sender=deployer)
    sample.pull(accused, sender=operator)
    assert sample.promise(accused).until == chain.blocks.head.timestamp + WINDOW
    sample.accuse(accused, b"", sender=victim)


def test_a_verdict_over_a_promise_that_a_proof_took(
    sample, court, accused, committed, operator, victim, prover, deployer
):
    """Attack 14: one reserve is taken once, whoever is first."""
    sample.prove(accused, SECRET, sender=prover)
    paid = sample.credits(victim)
    court.decide(0, CONVICTED, COSTS, sender=deployer)
    sample.pull(accused, sender=operator)
    assert sample.credits(victim) == paid
    assert sample.reserved(operator) == 0


def test_withdrawing_without_a_receiver(sample, victim):
    with ape.reverts("sample: no receiver"):
        sample.withdraw(ZERO_ADDRESS, sender=victim)
