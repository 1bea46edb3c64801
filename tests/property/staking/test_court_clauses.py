"""While the court opens no case, a service makes no promise with a court clause, and evidence windows stand still."""

from __future__ import annotations

import pytest

from audit.staked_hub import EPOCH, hub_arguments
from evmstorm.evm import LocalEvm, reverts
from keifu.keys import keccak256
from keifu.units import COIN, DAY

LEAST_SEATS, SEAT, MATURITY = 400, 2_000, 7
WEIGHT = LEAST_SEATS * SEAT
HORIZON, WINDOW, RUNS = 60 * DAY, 3 * DAY, 10 * DAY
LONGEST_STAND, SCALE_NOTICE = 60 * DAY, 28 * DAY
RESTITUTION = 400 * COIN
MAXIMUM = 2**256 - 1
UNITS = (10**14, 10**17 + 1, COIN - 1, COIN, COIN + 1, COIN + 2, COIN + 3, COIN + 4, 100 * COIN + 7)


class Scene:
    """The court with one juror, the sample service with one operator and one client."""

    def __init__(self) -> None:
        evm = self.evm = LocalEvm()
        roles = ("owner", "operator", "client", "juror", "insurance", "stranger")
        self.owner, self.operator, self.client, self.juror, insurance, self.stranger = map(evm.account, roles)
        self.token = token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        hub = self.hub = evm.deploy("StakingHub", *hub_arguments(token, self.owner, insurance), sender=self.owner)
        randomness = evm.deploy("MockRandomness", sender=self.owner)
        self.court = evm.deploy("AlignmentCourt", token, hub, randomness, 2, sender=self.owner)
        self.sample = evm.deploy("SampleService", token, hub, self.court, WINDOW, sender=self.owner)
        for service in (self.court, self.sample):
            hub.list_service(service, HORIZON, 4, sender=self.owner)
        for account in (self.operator, self.client, self.juror):
            token.transfer(account, 3 * 10**8 * COIN, sender=self.owner)
            for spender in (hub, self.sample):
                token.approve(spender, MAXIMUM, sender=account)
        for account in (self.operator, self.juror):
            hub.register_operator(0, "", sender=account)
        hub.lock(self.sample, self.operator, 10**7 * COIN, sender=self.operator)

    def join(self, wei: int = WEIGHT * COIN) -> None:
        self.hub.lock(self.court, self.juror, wei, sender=self.juror)
        self.court.join(sender=self.juror)
        self.evm.warp((MATURITY + 1) * EPOCH)

    def leave(self) -> None:
        """One wei less than the court needs."""
        self.court.leave(1, sender=self.juror)

    def offer(self) -> int:
        terms = (self.client, RESTITUTION, 0, self.evm.now + RUNS, keccak256(b"secret"))
        number: int = self.sample.offer(*terms, sender=self.operator).value
        return number

    def accept(self) -> int:
        number = self.offer()
        self.sample.accept(number, sender=self.client)
        return number

    def until(self, promise: int) -> int:
        end: int = self.sample.promise(promise)[6]
        return end

    def see(self) -> list[tuple[bool, int]]:
        """What the service notes when it looks at the court."""
        seen = self.sample.see_court(sender=self.stranger)
        assert seen.value == self.sample.opens()
        return [tuple(log.args.values()) for log in seen.events("CourtSeen")]

    def stands(self, seconds: int) -> None:
        """The court opens no case for so long, and everybody sees it."""
        self.leave()
        assert self.see() == [(False, self.stood)]
        self.evm.warp(seconds - (MATURITY + 1) * EPOCH)
        self.join(1)
        self.stood += seconds
        assert self.see() == [(True, self.stood)]

    stood = 0


@pytest.fixture(scope="module")
def deployed() -> Scene:
    return Scene()


@pytest.fixture
def empty(deployed: Scene):
    with deployed.evm.anchor():
        deployed.stood = 0
        yield deployed


@pytest.fixture
def scene(empty: Scene) -> Scene:
    """With exactly the seats that the court needs."""
    empty.join()
    return empty


# whether the court opens cases ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("missing", [0, 1])
def test_the_service_knows_to_the_wei_whether_the_court_opens_a_case(empty: Scene, unit: int, missing: int) -> None:
    """CLS-1: whatever the timelock has made of the court's table, and at the very edge."""
    empty.court.rescale(unit, sender=empty.owner)
    empty.evm.warp(SCALE_NOTICE)
    empty.join(WEIGHT * unit - missing)
    assert empty.sample.opens() == (not missing)
    account = empty.owner  # a service that asks the court itself
    empty.hub.list_service(account, HORIZON, 0, sender=empty.owner)
    empty.token.approve(empty.court, MAXIMUM, sender=empty.owner)
    case = (empty.operator, b"\1" * 32, 400 * unit, empty.client, b"evidence")
    if not missing:
        empty.court.open(*case, sender=account)
        empty.accept()
        return
    with reverts("court: too few jurors"):
        empty.court.open(*case, sender=account)
    number = empty.offer()
    with reverts("sample: court opens no case"):
        empty.sample.accept(number, sender=empty.client)


def test_a_scale_that_is_announced_counts_only_when_it_does(scene: Scene) -> None:
    scene.court.rescale(COIN + 1, sender=scene.owner)
    scene.evm.warp(SCALE_NOTICE - 1)
    assert scene.sample.opens()
    scene.evm.warp(1)
    assert not scene.sample.opens()


def test_a_court_in_its_first_week(empty: Scene) -> None:
    """Seats are there and not yet mature: nothing is promised that nobody could be accused of."""
    number = empty.offer()
    empty.hub.lock(empty.court, empty.juror, WEIGHT * COIN, sender=empty.juror)
    empty.court.join(sender=empty.juror)
    with reverts("sample: court opens no case"):
        empty.sample.accept(number, sender=empty.client)
    empty.evm.warp_to(empty.hub.epoch_start(empty.hub.epoch() + MATURITY))
    empty.sample.accept(number, sender=empty.client)


def test_a_court_that_left_the_hub_opens_no_case(scene: Scene) -> None:
    number = scene.offer()
    scene.hub.remove_service(scene.court, sender=scene.owner)
    assert not scene.sample.opens()
    with reverts("sample: court opens no case"):
        scene.sample.accept(number, sender=scene.client)


# windows stand still --------------------------------------------------------------------------------------------------


def test_a_window_stands_still_while_the_court_opens_no_case(scene: Scene) -> None:
    """CLS-2: the client accuses as late after the court is back as it could have before."""
    promise = scene.accept()
    written = scene.until(promise)
    scene.evm.warp_to(written - DAY)
    scene.stands(30 * DAY)
    assert scene.until(promise) == written + 30 * DAY
    scene.evm.warp_to(written + 30 * DAY)
    with reverts("sample: still open to claims"):
        scene.sample.settle(promise, sender=scene.operator)
    scene.sample.accuse(promise, b"it was broken", sender=scene.client)


def test_it_ends_when_the_time_is_made_up(scene: Scene) -> None:
    promise = scene.accept()
    written = scene.until(promise)
    scene.evm.warp_to(written - DAY)
    scene.stands(30 * DAY)
    scene.evm.warp_to(written + 30 * DAY + 1)
    with reverts("sample: promise is over"):
        scene.sample.accuse(promise, b"it was broken", sender=scene.client)
    scene.sample.unlock(1, [promise], sender=scene.operator)
    assert scene.sample.reserved(scene.operator) == 0


def test_nobody_is_accused_and_no_reserve_ends_meanwhile(scene: Scene) -> None:
    promise = scene.accept()
    scene.evm.warp_to(scene.until(promise))
    scene.leave()
    scene.see()
    scene.evm.warp(30 * DAY)
    with reverts("court: too few jurors"):
        scene.sample.accuse(promise, b"it was broken", sender=scene.client)
    for act, args in ((scene.sample.settle, (promise,)), (scene.sample.unlock, (1, [promise]))):
        with reverts("sample: still open to claims"):
            act(*args, sender=scene.operator)


def test_it_stands_still_for_sixty_days_at_most(scene: Scene) -> None:
    """Whoever closes the court for ever does not keep an operator's coins for ever."""
    promise = scene.accept()
    written = scene.until(promise)
    scene.leave()
    scene.see()
    scene.evm.warp_to(written + LONGEST_STAND)
    with reverts("sample: still open to claims"):
        scene.sample.settle(promise, sender=scene.operator)
    scene.evm.warp(1)
    scene.sample.settle(promise, sender=scene.operator)


def test_several_times_add_up(scene: Scene) -> None:
    promise = scene.accept()
    written = scene.until(promise)
    scene.stands(10 * DAY)
    scene.stands(20 * DAY)
    assert scene.until(promise) == written + 30 * DAY
    scene.stands(40 * DAY)
    assert scene.until(promise) == written + LONGEST_STAND


def test_what_stood_still_before_counts_for_no_later_window(scene: Scene) -> None:
    """Neither for a promise that is accepted afterwards, nor for a window that begins when its promise is ended."""
    scene.stands(9 * DAY)
    first, second = scene.accept(), scene.accept()
    assert scene.until(first) == scene.evm.now + RUNS + WINDOW
    scene.leave()
    scene.see()
    scene.evm.warp(DAY)
    scene.sample.end(first, sender=scene.operator)
    assert scene.until(first) == scene.evm.now + WINDOW
    scene.evm.warp(DAY)
    assert scene.until(first) == scene.evm.now + WINDOW
    written = scene.sample.promise(second)[5] + WINDOW
    assert scene.until(second) == written + 2 * DAY


def test_an_offer_that_is_withdrawn_has_no_window(scene: Scene) -> None:
    number = scene.offer()
    scene.leave()
    scene.see()
    scene.evm.warp(DAY)
    scene.sample.end(number, sender=scene.operator)
    assert scene.until(number) == 0


def test_what_nobody_saw_did_not_stand_still(scene: Scene) -> None:
    """No contract can look back: whoever wants its window to stand still has the service look at the court."""
    promise = scene.accept()
    written = scene.until(promise)
    scene.leave()
    scene.evm.warp_to(written + 1)
    scene.sample.settle(promise, sender=scene.operator)


def test_seeing_the_same_twice_changes_nothing(scene: Scene) -> None:
    promise = scene.accept()
    written = scene.until(promise)
    assert scene.see() == []
    scene.leave()
    assert scene.see() == [(False, 0)]
    scene.evm.warp(DAY)
    assert scene.see() == []
    assert scene.until(promise) == written + DAY
