"""What `keifu staking` and `keifu court` do, over a deployer in process: locks, multiples, fees, credits, seats."""

from __future__ import annotations

import pytest

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm, reverts
from keifu.chain import deploy_protocol
from keifu.errors import CheckFailed, Revert, UsageError
from keifu.staking import actions, court
from keifu.staking.status import read_operator
from keifu.units import COIN, DAY
from tests.beaten import Meanwhile

pytestmark = pytest.mark.case("tools-38")

ROLES = ("deployer", "operator", "delegator", "payer", "service", "juror", "accuser")
HUB, COURT, TIMELOCK = actions.HUB, court.COURT, "Timelock"
HORIZON, FAULT, ASKED = 26 * DAY, b"\x05" * 32, 2_500 * COIN
SEATS = 1_000_000 * COIN


class Scene:
    """The suite in process; an operator with coins locked and bound behind a service, and a delegation."""

    def __init__(self) -> None:
        self.evm = LocalEvm()
        accounts = {role: self.evm.account(role) for role in ROLES}
        self.suite = deploy_protocol(EvmDeployer(self.evm, accounts["deployer"]))
        factory = EvmDeployer(self.evm, accounts["deployer"]).factory
        self.by = {role: EvmDeployer(self.evm, account, factory) for role, account in accounts.items()}
        self.of = {role: account.address for role, account in accounts.items()}
        self.token, self.hub, self.court = (self.suite.at(self.evm, name) for name in (actions.TOKEN, HUB, COURT))
        for role in ROLES[1:]:
            self.token.transfer(self.of[role], 2_000_000 * COIN, sender=accounts["deployer"])
        timelock = self.suite[TIMELOCK]
        self.hub.list_service(self.of["service"], HORIZON, 4, sender=timelock)
        if not self.hub.listed(self.suite[COURT]):
            self.hub.list_service(self.suite[COURT], HORIZON, 0, sender=timelock)
        actions.register(self.by["operator"], self.suite, 1_000, "")
        self.since = actions.set_multiple(self.by["operator"], self.suite, self.of["service"], 2)
        self.evm.warp_to(self.since)
        self.lock(2_000 * COIN)
        self.hub.bind(self.of["operator"], 1_000 * COIN, sender=self.of["service"])
        self.hub.poke(self.of["operator"], self.of["service"], sender=self.of["payer"])
        actions.delegate(self.by["delegator"], self.suite, self.of["operator"], 500 * COIN)

    def lock(self, amount: int) -> int:
        return actions.lock(self.by["operator"], self.suite, self.of["service"], self.of["operator"], amount)

    def days(self, count: int) -> None:
        self.evm.warp_to(self.evm.now + count * DAY)


@pytest.fixture(scope="module")
def deployed():
    return Scene()


@pytest.fixture
def scene(deployed):
    with deployed.evm.anchor():
        yield deployed


def test_a_lock_grows_and_is_told_whole(scene):
    assert scene.lock(COIN) == 2_001 * COIN
    found = read_operator(scene.hub, scene.of["operator"], [scene.of["service"]])
    assert (found.locked, found.bound) == (2_001 * COIN, 1_000 * COIN)
    assert (found.delegated, found.capacity) == (500 * COIN, 1_500 * COIN)


def test_a_lock_of_nothing_or_behind_nobody_sends_nothing(scene):
    with pytest.raises(UsageError, match="nothing to lock"):
        scene.lock(0)
    allowance = scene.token.allowance(scene.of["operator"], scene.suite[HUB])
    with reverts("hub: service not listed"):
        actions.lock(scene.by["operator"], scene.suite, scene.of["payer"], scene.of["operator"], COIN)
    assert scene.token.allowance(scene.of["operator"], scene.suite[HUB]) == allowance


def test_a_multiple_counts_from_the_day_that_is_told(scene):
    """A raise 28 days later, a lowering after the horizon, the same one now."""
    operating, service = scene.by["operator"], scene.of["service"]
    raised = actions.set_multiple(operating, scene.suite, service, 3)
    assert 28 * DAY <= raised - scene.evm.now < 29 * DAY
    scene.evm.warp_to(raised - 1)
    assert scene.hub.get_lock(service, operating.sender)[2] == 2
    scene.evm.warp_to(raised)
    assert scene.hub.get_lock(service, operating.sender)[2] == 3
    lowered = actions.set_multiple(operating, scene.suite, service, 1)
    assert HORIZON <= lowered - scene.evm.now < HORIZON + DAY
    with reverts("hub: multiple too high"):
        actions.set_multiple(operating, scene.suite, service, 5)


def test_what_a_service_frees_is_collected(scene):
    assert actions.collect(scene.by["operator"], scene.suite) == 0
    scene.hub.unlock(scene.of["operator"], 300 * COIN, 1_000 * COIN, sender=scene.of["service"])
    assert actions.collect(scene.by["operator"], scene.suite) == 300 * COIN


def test_a_lock_is_taken_back_after_the_removal_and_its_horizon(scene):
    service = scene.of["service"]
    scene.hub.remove_service(service, sender=scene.suite[TIMELOCK])
    with reverts("hub: service may still slash"):
        actions.take_back(scene.by["operator"], scene.suite, service)
    scene.evm.warp_to(scene.evm.now + HORIZON)
    assert actions.take_back(scene.by["operator"], scene.suite, service) >= 2_000 * COIN


@pytest.fixture
def leaving(scene):
    """A delegator with two tickets, the first of which has matured, and rewards."""
    delegator, operator = scene.by["delegator"], scene.of["operator"]
    for _ in range(2):
        delegator.call(scene.suite[HUB], HUB, "unstake", operator, 100 * COIN, 0, 0)
        scene.days(14)
    actions.reward(scene.by["payer"], scene.suite, operator, 50 * COIN)
    return delegator


def elsewhere(scene, function, act, *, once=True):
    """The delegator's terminal, where `act` happens in another one before `function`."""
    done = []
    happens = lambda: None if once and done else done.append(act())  # noqa: E731
    return Meanwhile(scene.evm, scene.evm.account("delegator"), function, happens), done


def test_what_is_withdrawn_in_another_terminal_counts_there(scene, leaving):
    """And the second ticket is withdrawn all the same."""
    scene.days(28)
    at, operator = scene.evm.now, scene.of["operator"]
    first = actions.position(scene.hub, operator, scene.of["delegator"], at).tickets[0]
    before = scene.token.balanceOf(scene.of["delegator"])
    act = lambda: leaving.call(scene.suite[HUB], HUB, "withdraw", first.id, 0)  # noqa: E731
    chain, _ = elsewhere(scene, "withdraw", act)
    assert actions.withdraw(chain, scene.suite, operator, at).paid == 100 * COIN
    assert scene.token.balanceOf(scene.of["delegator"]) == before + 200 * COIN


def test_what_was_withdrawn_in_another_terminal_is_not_said_to_be_done_here(scene, leaving):
    """The second ticket is refused: whoever reads why also reads what this terminal did before it."""
    scene.days(28)
    at, operator = scene.evm.now, scene.of["operator"]
    first = actions.position(scene.hub, operator, scene.of["delegator"], at).tickets[0]
    steps = iter([lambda: leaving.call(scene.suite[HUB], HUB, "withdraw", first.id, 0), refuse])

    def happens() -> None:
        next(steps)()

    chain = Meanwhile(scene.evm, scene.evm.account("delegator"), "withdraw", happens)
    with pytest.raises(Revert, match=r"^nothing was sent before it; then `withdraw` failed: reverted: hub: not now"):
        actions.withdraw(chain, scene.suite, operator, at)


def refuse() -> None:
    raise Revert("hub: not now")


def test_rewards_are_said_as_they_are_paid(scene, leaving):
    """Also what is earned at the last moment; in another terminal, where that was first."""
    scene.days(28)
    who, operator = scene.of["delegator"], scene.of["operator"]
    before = scene.token.balanceOf(who)

    def earn() -> None:
        actions.reward(scene.by["payer"], scene.suite, operator, 50 * COIN)
        scene.days(14)

    chain, _ = elsewhere(scene, "claim_rewards", earn)
    assert actions.claim_rewards(chain, scene.suite, operator) == scene.token.balanceOf(who) - before > 0
    earn()
    chain, others = elsewhere(scene, "claim_rewards", lambda: actions.claim_rewards(leaving, scene.suite, operator))
    assert actions.claim_rewards(chain, scene.suite, operator) == 0 < others[0]


def test_a_credit_that_is_collected_in_another_terminal_is_said_there(scene, leaving):
    scene.days(28)
    operator = EvmDeployer(scene.evm, scene.evm.account("operator"))
    before, paid = scene.token.balanceOf(operator.sender), []
    happens = lambda: paid.append(actions.collect(operator, scene.suite))  # noqa: E731
    actions.claim_rewards(leaving, scene.suite, operator.sender)
    chain = Meanwhile(scene.evm, scene.evm.account("operator"), "collect", happens)
    assert actions.collect(chain, scene.suite) == 0 < paid[0] == scene.token.balanceOf(operator.sender) - before


@pytest.mark.parametrize("function", ["claim_rewards", "unstake", "withdraw"])
def test_two_terminals_that_leave_at_once_both_say_what_is_true(scene, leaving, function):
    """What one has asked for and withdrawn, the other has not; nothing is left over."""
    scene.days(28)
    at, operator = scene.evm.now, scene.of["operator"]
    chain, others = elsewhere(scene, function, lambda: actions.leave(leaving, scene.suite, operator, at))
    done = actions.leave(chain, scene.suite, operator, at)
    assert (done.asked + others[0].asked, done.paid + others[0].paid) == (300 * COIN, 200 * COIN)
    assert [ticket.amount for ticket in done.waiting] == [300 * COIN]


def test_a_stake_that_is_not_leaving_is_not_said_to_be(scene, leaving):
    """The hub refuses it, and nobody has asked for it elsewhere: a part was."""
    operator = scene.of["operator"]
    part = lambda: leaving.call(scene.suite[HUB], HUB, "unstake", operator, COIN, 0, 0)  # noqa: E731
    chain, _ = elsewhere(scene, "unstake", part)
    with pytest.raises(Revert, match="then `unstake` failed: reverted: hub: "):
        actions.leave(chain, scene.suite, operator, scene.evm.now)


def test_a_fee_reaches_the_delegator_and_the_operator_s_credit(scene):
    operator = scene.of["operator"]
    scene.days(1)  # coins earn from the next epoch's start
    actions.reward(scene.by["payer"], scene.suite, operator, 100 * COIN)
    scene.days(1)
    earned = actions.claim_rewards(scene.by["delegator"], scene.suite, operator)
    kept = actions.collect(scene.by["operator"], scene.suite)
    assert 29 * COIN < earned < 31 * COIN  # 500 of 1,500 coins, less a tenth
    assert 100 * COIN - 10**6 < earned + kept <= 100 * COIN


def test_a_fee_without_the_coins_sends_nothing(scene):
    with pytest.raises(CheckFailed, match="are needed"):
        actions.reward(scene.by["payer"], scene.suite, scene.of["operator"], 10**7 * COIN)
    assert scene.token.allowance(scene.of["payer"], scene.suite[HUB]) == 0


def seated(scene: Scene) -> None:
    """A juror with mature seats."""
    by = scene.by["juror"]
    actions.register(by, scene.suite, 0, "")
    actions.lock(by, scene.suite, scene.suite[COURT], by.sender, SEATS)
    by.call(scene.suite[COURT], COURT, "join")
    scene.days(8)


def accuse(scene: Scene, asked: int = ASKED) -> int:
    seated(scene)
    by = scene.by["service"]
    bond = scene.court.bond_for(by.sender, FAULT, asked)
    terms = (scene.of["operator"], FAULT, asked, scene.of["accuser"], b"what happened")
    actions.pay(by, scene.suite, bond, scene.suite[COURT], COURT, "open", *terms)
    return scene.court.case_count()


def test_seats_count_once_they_are_mature(scene):
    assert court.read_juror(scene.hub, scene.court, scene.of["juror"]).locked == 0
    seated(scene)
    found = court.read_juror(scene.hub, scene.court, scene.of["juror"])
    assert (found.locked, found.mature, found.leaving) == (SEATS, SEATS, 0)


def test_seats_that_are_asked_back_stay_and_are_released(scene):
    seated(scene)
    scene.by["juror"].call(scene.suite[COURT], COURT, "leave", 100 * COIN)
    found = court.read_juror(scene.hub, scene.court, scene.of["juror"])
    assert (found.locked, found.leaving) == (SEATS, 100 * COIN)
    with reverts("court: too early"):
        court.release(scene.by["juror"], scene.suite)
    scene.evm.warp_to(found.release_at)
    assert court.release(scene.by["juror"], scene.suite) == 100 * COIN


@pytest.mark.parametrize("asked", [400, 2_500, 2_501, 40_000])
def test_the_bond_of_a_rehearing_is_the_contract_s(scene, asked):
    """The contract shows an accuser's: the fees of both juries, and a twentieth of what is asked."""
    amount, first_jury = asked * COIN, 20 * 7 * COIN
    shown = scene.court.bond_for(scene.of["service"], FAULT, amount)
    assert court.rehearing_bond(amount, COIN) == shown - first_jury - amount // 20
    assert court.rehearing_bond(amount, COIN) == scene.court.most_costs(amount) - first_jury


def test_a_case_waits_for_its_answer_then_for_its_seed(scene):
    case = accuse(scene)
    assert court.advance(scene.by["payer"], scene.suite, case) == "answer"
    found = court.read_case(scene.court, case)
    assert (found.service, found.operator, found.amount) == (scene.of["service"], scene.of["operator"], ASKED)
    scene.evm.mine(4)
    scene.days(1)
    assert court.advance(scene.by["payer"], scene.suite, case) == "seed"


def test_a_jury_that_is_not_drawn_yet_is_told_with_the_blocks_to_go(scene):
    case = accuse(scene)
    with pytest.raises(UsageError, match=r"no seat of case 1 was drawn .*keifu court draw 1"):
        court.commit(scene.by["juror"], scene.suite, case, True, bytes(32))
    with pytest.raises(UsageError, match="waits for no seed: its phase is answer"):
        court.draw(scene.evm, scene.by["juror"], scene.suite, case)
    scene.evm.mine(4)
    scene.days(1)
    with pytest.raises(UsageError, match=r"which is not there yet \(it is [0-9]+ blocks away; .* --blocks [0-9]+\)"):
        court.draw(scene.evm, scene.by["juror"], scene.suite, case)


@pytest.mark.parametrize("act", [court.rehear, court.advance, lambda *a: court.commit(*a, True, bytes(32))])
def test_a_case_that_is_not_there_is_told(scene, act):
    with pytest.raises(UsageError, match=r"there is no case 7 \(0 have been opened, counted from 1\)"):
        act(scene.by["accuser"], scene.suite, 7)
