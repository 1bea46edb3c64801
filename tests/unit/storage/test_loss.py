"""The loss model beside small cases that can be counted out, and its limits."""

from __future__ import annotations

from itertools import product
from math import exp, inf
from pathlib import Path

import pytest

from keifu.errors import UsageError
from keifu.storage.loss import Code, caught_within, epochs_until, loss_probability, mean_repair, miss_probability, shown

DAY = 1 / 365
PAGE = Path(__file__).parents[3] / "docs" / "storage-challenges.md"


def rows(first: str, count: int) -> list[list[str]]:
    """The cells of so many rows of the page, from the one that begins like this."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[at : at + count]]


def test_the_page_s_table_of_misses():
    for dropped, *cells in rows("1 %", 3):
        share = float(dropped.split()[0]) / 100
        figures = [float(cell.split()[0].replace(",", "")) for cell in cells]
        wanted = [100 * miss_probability(share), *(epochs_until(share, in_a_row) for in_a_row in (1, 2, 3))]
        assert figures == pytest.approx(wanted, rel=0.03)


def test_the_page_s_table_of_losses():
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    for code, *cells in rows("10 of 14", 3):
        k, n = (int(part) for part in code.split(" of "))
        for days, cell in zip((1, 3.2, 7), cells, strict=True):
            figure = float(cell.replace(" × 10", "e").translate(digits))
            assert f"{loss_probability(Code(k, n), 0.2, days * DAY, 1.0):.0e}" == f"{figure:.0e}"


def test_without_repair_time_nothing_is_lost_and_one_copy_is_lost_as_its_provider_is():
    assert loss_probability(Code(10, 14), 0.5, 0.0, 1.0) == 0.0
    assert loss_probability(Code(1, 1), 0.5, 3 * DAY, 1.0) == pytest.approx(1 - exp(-0.5))


def test_two_copies_by_hand():
    """Either fails, and the other one fails while the first is missing: 2 x rate x (rate x repair), for small ones."""
    failures, repair = 0.05, 2 * DAY
    assert loss_probability(Code(1, 2), failures, repair, 1.0) == pytest.approx(2 * failures**2 * repair, rel=1e-2)


def test_more_spare_shards_and_faster_repair_lose_less():
    known = [loss_probability(Code(10, n), 0.2, 3 * DAY, 1.0) for n in (10, 11, 12, 14)]
    assert known == sorted(known, reverse=True)
    assert loss_probability(Code(10, 14), 0.2, 6 * DAY, 1.0) == pytest.approx(16 * known[-1], rel=0.1)
    assert 0 < known[-1] < 1e-7


def test_nobody_is_promised_more_than_the_model_knows():
    assert shown(2e-6) == "1 in 500,000, if providers fail one by one"
    assert shown(1e-40) == "less than 1 in 1,000,000,000, if providers fail one by one"


def test_few_measurements_say_little():
    assert mean_repair([], 3.0) == 3.0
    assert mean_repair([1.0], 3.0) == 2.0
    assert mean_repair([1.0] * 99, 3.0) == pytest.approx(1.02)


@pytest.mark.parametrize(
    ("dropped", "first", "second", "third"), [(0.01, 20, 437, 8_930), (0.1, 2.4, 8.4, 23), (0.5, 1.03, 2.1, 3.2)]
)
def test_how_many_epochs_pass(dropped, first, second, third):
    for in_a_row, wanted in enumerate((first, second, third), 1):
        assert epochs_until(dropped, in_a_row) == pytest.approx(wanted, rel=0.03)


def test_limits_of_what_was_dropped():
    assert (epochs_until(0.0), epochs_until(1.0, 3)) == (inf, 3.0)
    assert (miss_probability(0.0), miss_probability(1.0)) == (0.0, 1.0)


@pytest.mark.parametrize("in_a_row", [1, 2, 3])
def test_caught_within_is_counted_out(in_a_row):
    """Over every course of seven epochs."""
    dropped, epochs = 0.2, 7
    miss = miss_probability(dropped)
    total = 0.0
    for course in product((False, True), repeat=epochs):
        text = "".join("m" if missed else "p" for missed in course)
        if "m" * in_a_row in text:
            total += miss ** sum(course) * (1 - miss) ** (epochs - sum(course))
    assert caught_within(epochs, dropped, in_a_row) == pytest.approx(total)


def test_what_is_no_code_or_no_time_is_refused():
    with pytest.raises(UsageError, match="no file has 3 of 2 shards"):
        Code(3, 2)
    with pytest.raises(UsageError, match="not negative"):
        loss_probability(Code(1, 2), -1.0, 1.0, 1.0)
