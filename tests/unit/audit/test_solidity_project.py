"""What the Solidity tools are given is what is deployed."""

from pathlib import Path

import pytest

from audit.second_engines import _solidity_project
from audit.second_engines.forge import SEEDED_BUGS, SUITES
from audit.second_engines.prove import LOCK, PROPERTY_NAME
from evmstorm.evm import artifacts


def test_the_code_is_the_artefacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_solidity_project, "PROJECTS", tmp_path)

    folder = _solidity_project.write_solidity_project("here")

    text = (folder / "generated" / "Code.sol").read_text()
    assert f'STAKING_HUB = hex"{artifacts.load("StakingHub").creation_code.hex()}"' in text
    assert f'TGE_DISTRIBUTOR = hex"{artifacts.load("TGEDistributor").creation_code.hex()}"' in text
    assert (folder / "foundry.toml").is_file()
    assert (folder / "halmos" / "Vesting.t.sol").is_file()


def test_an_unchanged_file_keeps_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_solidity_project, "PROJECTS", tmp_path)
    first = (_solidity_project.write_solidity_project("here") / "generated" / "Code.sol").stat().st_mtime_ns

    assert (_solidity_project.write_solidity_project("here") / "generated" / "Code.sol").stat().st_mtime_ns == first


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_has_a_bug_that_still_fits_the_source(suite: str) -> None:
    bug = SEEDED_BUGS[suite]

    assert (artifacts.project().root / "contracts" / bug.file).read_text().count(bug.old) == 1


def test_every_proof_is_named_after_an_invariant() -> None:
    for path in (_solidity_project.HERE / "halmos").glob("*.t.sol"):
        text = path.read_text()
        assert text.count("function wrong_") >= 1, f"{path.name} has nothing that must fail"
        for line in text.splitlines():
            if "function check" in line or "function wrong" in line:
                assert PROPERTY_NAME.match(line.split("function ")[1]), line


def test_the_lock_names_no_host_and_has_hashes() -> None:
    text = LOCK.read_text()

    assert "http" not in text
    assert "halmos==0.3.3" in text
    assert text.count("--hash=sha256:") > text.count("==")
