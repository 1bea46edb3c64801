"""Each oracle is content with a registry package's contracts, and finds a fault that is seeded in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evmstorm import project
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, search_for_bug

FOREIGN = Path(__file__).parent / "foreign"
VAULT = "site-packages/snekmate/extensions/erc4626.vy"
TIMELOCK = "site-packages/snekmate/governance/timelock_controller.vy"
OFFSET = "10 ** convert(_DECIMALS_OFFSET, uint256)"
DESCRIPTION_LINES = 100

BUGS = {
    "profit": Bug(
        "no allowance is asked for", VAULT, "    if sender != owner:\n", "    if sender == self:\n", ("Shares",)
    ),
    "promise": Bug(
        "shares are worth a little more than there is", VAULT,
        f"shares, self._total_assets() + 1, erc20.totalSupply + {OFFSET}, roundup",
        "shares, self._total_assets() * 11 // 10, max(erc20.totalSupply, 1), roundup", ("Shares",),
    ),
    "harm": Bug(
        "no virtual shares stand against gifts", VAULT,
        f"assets, erc20.totalSupply + {OFFSET}, self._total_assets() + 1, roundup",
        f"assets, max(erc20.totalSupply, {OFFSET}), max(self._total_assets(), 1), roundup", ("Shares",),
    ),
    "delay": Bug(
        "what is scheduled can be scheduled again", TIMELOCK,
        "assert not self._is_operation(id)", "assert not self._is_operation_done(id)", ("Lock",),
    ),
    "neutrality": Bug(
        "each deposit costs the same fee", VAULT,
        "    erc20._mint(receiver, shares)\n", "    erc20._mint(receiver, shares - min(shares, 10**12))\n", ("Shares",),
    ),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _in_small_project() -> Iterator[None]:
    with project.using(FOREIGN):
        yield


@pytest.mark.parametrize("name", BUGS)
def test_the_package_as_it_is_holds(name: str) -> None:
    search = Search(Engine(project.load(name)), 1)
    for _ in range(40):
        assert search.step() is None


@pytest.mark.parametrize("name", BUGS)
def test_a_seeded_fault_is_found_by_its_oracle(name: str) -> None:
    found = search_for_bug(project.load(name), BUGS[name], calls=60_000)

    assert found.example is not None, f"{found.calls} calls"
    assert found.example.message.startswith(f"{name}: ")


@pytest.mark.parametrize("name", BUGS)
def test_a_description_is_short(name: str) -> None:
    files = [FOREIGN / "oracles" / f"{name}.py", FOREIGN / "oracles" / "_vault.py"]
    assert sum(len(file.read_text().splitlines()) for file in files) < DESCRIPTION_LINES
