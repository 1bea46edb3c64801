"""Each oracle accepts what is right and names what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import pytest

from audit.oracles.harm import Harm
from audit.oracles.profit import check_self_slash
from audit.oracles.promise import Promise, check_payable, reserve_of
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike, split
from evmstorm.oracles.profit import best_coalition, check_paid_in_full, check_profit
from keifu.units import COIN

ENTITLED = {"a": Fraction(10), "b": Fraction(21, 2), "c": Fraction(30)}


def test_profit_names_the_coalition_that_gains_most() -> None:
    held = {"a": 13, "b": 12, "c": 5}
    assert best_coalition(held, ENTITLED) == (["a", "b"], Fraction(9, 2))
    with pytest.raises(AssertionError, match="a, b have 4 wei more"):
        check_profit(held, ENTITLED, dust=4)
    check_profit(held, ENTITLED, dust=5)


def test_profit_tells_who_has_less() -> None:
    with pytest.raises(AssertionError, match="c has 25 wei less"):
        check_paid_in_full({"c": 5}, ENTITLED, dust=24)
    check_paid_in_full({"c": 5}, ENTITLED, dust=25)


def test_slashing_oneself_costs_a_fifth() -> None:
    check_self_slash(100, 80, 100)
    with pytest.raises(AssertionError, match="cost a coalition 19"):
        check_self_slash(100, 81, 100)


class Service:
    def __init__(self, locked: int) -> None:
        self.locked = locked

    @contextmanager
    def anchor(self) -> Iterator[None]:
        before = self.locked
        yield
        self.locked = before

    def claim(self, promise: Promise) -> int:
        taken = min(self.locked, promise.reserve)
        self.locked -= taken
        return taken * 4 // 5

    def check(self, *promises: Promise) -> None:
        check_payable(promises, self.anchor, lambda service, operator: self.locked, self.claim)


@pytest.mark.parametrize("amount", [1, 2, 3, 4, 5, 100, COIN + 1])
def test_a_reserve_pays_its_amount(amount: int) -> None:
    assert reserve_of(amount) * 4 // 5 >= amount
    assert (reserve_of(amount) - 2) * 4 // 5 < amount


def test_promises_are_payable_one_after_another() -> None:
    first, second = (Promise("s", "o", amount, reserve_of(amount)) for amount in (8, 12))
    Service(25).check(first, second)
    with pytest.raises(AssertionError, match="25 wei are reserved at s, 24 are locked"):
        Service(24).check(first, second)
    with pytest.raises(AssertionError, match="a claim of 12 wei at s got 11"):
        Service(25).check(first, Promise("s", "o", 12, 14))


def test_harm_is_bounded_by_the_multiple() -> None:
    harm = Harm()
    harm.slash(2, 10, 20, dust=0)
    harm.check(2, 10, dust=0)
    with pytest.raises(AssertionError, match="21 wei of delegators"):
        harm.slash(2, 10, 21, dust=0)
    with pytest.raises(AssertionError, match="strangers lost 20 wei, the coalition 9"):
        harm.check(2, 9, dust=0)


def test_exits_wait_no_longer_than_documented() -> None:
    clock = [0]

    def exit_of(who: str, within: int, out: int) -> Exit:
        return Exit(who, 0, within, lambda: clock[0] >= out)

    def wait_until(time: int) -> None:
        clock[0] = time

    check_exits([exit_of("slow", 20, 20), exit_of("quick", 5, 0)], lambda: clock[0], wait_until)
    assert clock == [20]
    clock[0] = 0
    with pytest.raises(AssertionError, match="quick is not out 5 seconds"):
        check_exits([exit_of("slow", 20, 20), exit_of("quick", 5, 6)], lambda: clock[0], wait_until)


def test_neutrality_compares_one_account_with_many() -> None:
    assert split(10, 3) == [4, 3, 3]
    check_alike("weight", 10, [5, 5], dust=0)
    with pytest.raises(AssertionError, match="weight: 10 in one account, 8 in several"):
        check_alike("weight", 10, [4, 4], dust=1)
