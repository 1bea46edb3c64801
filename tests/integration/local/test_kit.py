"""A chain in a folder, and the plugin of pytest that starts from it, as somebody else's project uses them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keifu.errors import EnvironmentFault, InputError, UsageError
from keifu.local.kit import make_kit, opened, read_kit
from keifu.units import COIN

pytestmark = pytest.mark.xdist_group("kit")
PROJECT = """
import pytest
from keifu import KeifuError

def claim(chain):
    return chain.connect("holder").grants.claim(chain.grants)

@pytest.mark.parametrize("time", ["once", "again"])
def test_a_grant_is_claimed(keifu_chain, time):
    assert claim(keifu_chain) == 381
    assert claim(keifu_chain) == 0

def test_a_month_later(keifu_chain):
    claim(keifu_chain)
    keifu_chain.warp(31 * 86_400)
    assert claim(keifu_chain) > 0

def test_contracts_and_accounts(keifu_chain):
    token = keifu_chain.contract("KeifuToken")
    mine = "0x" + "ab" * 20
    keifu_chain.fund(mine, coins=7)
    assert token.balanceOf(mine) == 7 * 10**18
    token.transfer(mine, 1, sender=keifu_chain.account("holder"))
    with pytest.raises(KeifuError, match="token: insufficient balance"):
        token.transfer(mine, 10**30, sender=keifu_chain.account("holder"))
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Tests of a project that knows nothing of this repository."""
    (folder / "conftest.py").write_text('pytest_plugins = ["keifu.testkit"]\n')
    (folder / "test_shop.py").write_text(PROJECT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:ape_test", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)


def test_a_stranger_s_tests_run_on_it(tmp_path: Path, kit: Path) -> None:
    done = run(tmp_path, f"--keifu-kit={kit}")
    assert (done.returncode, "4 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_folder_without_a_kit_is_said_in_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, f"--keifu-kit={tmp_path}", "-x")
    assert done.returncode == 1
    assert f"cannot read {tmp_path}/kit.json" in done.stdout
    assert "keifu chain save --out FOLDER writes one" in done.stdout


def test_the_clock_goes_on_from_the_kit(kit: Path) -> None:
    """Not from the machine's: what is vested is the same on every day."""
    with opened(kit) as chain:
        assert 0 <= chain.client.now - read_kit(kit).time <= 1
        with chain.undoing():
            before, held = chain.client.now, chain.contract("KeifuToken").balanceOf(chain.account("holder").address)
            chain.warp(100)
            chain.fund(chain.account("holder").address)
        assert chain.client.now == before
        assert chain.contract("KeifuToken").balanceOf(chain.account("holder").address) == held
        assert chain.contract("StakingHub").operator_state(chain.account("operator").address)[2] == 500 * COIN
        with pytest.raises(UsageError, match="neither a role nor an address"):
            chain.account("holdr")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "is no kit"), (b"[" * 100_000, "is no kit"), (b'{"format": 1}', "is no kit"),
        (
            b'{"format":"keifu-kit/9","chain_id":1,"time":1,"anvil":[],"accounts":{},"grants":false}',
            "is of format 'keifu-kit/9', not keifu-kit/1",
        ),
        (b"x" * (1 << 20) + b"x", "is too large for a kit"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_kit(tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "kit.json").write_bytes(body)
    with pytest.raises(InputError, match=said):
        read_kit(tmp_path)


@pytest.mark.parametrize("state", [None, "", "{}", '{"block":'])
def test_a_state_that_is_damaged(tmp_path: Path, kit: Path, state: str | None) -> None:
    (tmp_path / "kit.json").write_bytes((kit / "kit.json").read_bytes())
    (tmp_path / "31337.json").write_bytes((kit / "31337.json").read_bytes())
    if state is not None:
        (tmp_path / "state.json").write_text(state)
    with pytest.raises((InputError, EnvironmentFault)), opened(tmp_path):
        pass


def test_a_kit_without_its_record(tmp_path: Path, kit: Path) -> None:
    for name in ("kit.json", "state.json"):
        (tmp_path / name).symlink_to(kit / name)
    with pytest.raises(InputError, match="has no record of a suite on chain 31337"), opened(tmp_path):
        pass


def test_nothing_of_anybody_s_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds something else than a kit"):
        make_kit(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
