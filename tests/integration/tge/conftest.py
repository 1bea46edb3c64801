from __future__ import annotations

import pytest

from audit.tge_replay import validators
from keifu.chain import Anvil
from keifu.cli import main
from keifu.keys import Account
from tests.ape_chain import GENESIS

TREASURY = Account.from_role("owner")
CSV = f"account,total\n{Account.from_role('holder').address},1143\n"


@pytest.fixture
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture(scope="session")
def grants():
    return validators(20)


@pytest.fixture
def keifu(anvil, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KEIFU_RPC", anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.setenv("KEIFU_GRANTS", str(tmp_path / "grants"))
    for role in ("owner", "deployer", "holder"):
        anvil.account(role)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        reported = capsys.readouterr()
        return ended.value.code, reported.out, reported.err

    return run


@pytest.fixture
def deployed(keifu, tmp_path):
    """A distribution whose treasury is another account than the deployer."""
    (tmp_path / "grants.csv").write_text(CSV)
    assert keifu("tge", "build", "--csv", str(tmp_path / "grants.csv"), "--out", str(tmp_path / "grants"))[0] == 0
    status, reported, _ = keifu("tge", "deploy", "--treasury", TREASURY.address, "--role", "deployer")
    assert status == 0
    assert "`keifu tge fund` with the treasury's key" in reported.splitlines()[-1]
