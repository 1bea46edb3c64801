"""First descriptions of packaged contracts, and the known bug of the guide."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ethwire.commands import exit_status
from ethwire.errors import UsageError
from evmstorm import project
from evmstorm.cli import cli
from evmstorm.fuzz.alive import check_alive
from evmstorm.fuzz.engine import Engine, Finding
from evmstorm.fuzz.search import Search
from evmstorm.mutation import mutate
from evmstorm.mutation.seeded_bugs import Bug, compile_with

FOREIGN = Path(__file__).parent / "foreign"
FIXED = FOREIGN / "Tickets-4.8.2.json"
CODE = "site-packages/snekmate/tokens/erc20.vy"


@pytest.fixture(scope="module", autouse=True)
def _in_small_project() -> Iterator[None]:
    with project.using(FOREIGN):
        yield


def searched(engine: Engine, calls: int) -> Finding | None:
    search = Search(engine, 1)
    while engine.calls + engine.waits < calls:
        if (finding := search.step()) is not None:
            return finding
    check_alive(engine, engine.counts, engine.sequences, engine.checked)
    return None


@pytest.mark.parametrize("name", ["coin", "shares"])
def test_a_template_holds_for_a_sound_contract(name: str) -> None:
    assert searched(Engine(project.load(str(FOREIGN / f"{name}.py"))), 4_000) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self._approve(owner, spender, unsafe_sub(current_allowance, amount))", "pass"),
        ("    self.balanceOf[to] = unsafe_add(self.balanceOf[to], amount)", "    self.balanceOf[to] = amount"),
    ],
    ids=["an allowance that is never spent", "a balance that is forgotten"],
)
def test_a_template_finds_a_fault_of_a_token(old: str, new: str) -> None:
    bug = Bug("seeded", CODE, old, new, ("Coin",))

    found = searched(Engine(project.load(str(FOREIGN / "coin.py")), compile_with(bug)), 8_000)

    assert found is not None


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """As `evmstorm example consecutive` writes it."""
    monkeypatch.chdir(tmp_path)
    assert exit_status(cli, ["example", "consecutive"], program="evmstorm") == 0
    assert "wrote consecutive: `evmstorm fuzz consecutive/tickets.py`" in capsys.readouterr().out
    return tmp_path / "consecutive"


def test_mutants_of_another_compiler_s_code_are_refused(example: Path) -> None:
    with project.using(example), pytest.raises(UsageError, match=r"artefact of Tickets\.json names none"):
        mutate.score("Tickets.json")


def test_the_known_bug_of_released_tickets_is_found(example: Path) -> None:
    with project.using(example):
        found = searched(Engine(project.load(str(example / "tickets.py"))), 4_000)

    assert found is not None
    assert (found.id, found.message) == ("ERC721-1", "rival has a balance of 0, and owns 1")


def test_the_known_bug_of_a_compiler_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte code of Vyper 0.4.0, whose square root is rounded up now and then."""
    monkeypatch.chdir(tmp_path)
    assert exit_status(cli, ["example", "rounding"], program="evmstorm") == 0
    with project.using(tmp_path / "rounding"):
        found = searched(Engine(project.load(str(tmp_path / "rounding" / "pool.py"))), 60_000)

    assert found is not None
    assert found.id == "POOL-1"


def test_a_finding_is_reported_beside_coverage(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = ("--junit", str(example / "junit.xml"), "--report", str(example / "page.html"))
    with project.using(example):
        words = ["fuzz", str(example / "tickets.py"), "--calls", "2000", "--processes", "1", "--coverage", *reports]
        assert exit_status(cli, words, program="evmstorm") == 1

    said = capsys.readouterr().out
    assert "tickets: ERC721-1: rival has a balance of 0" in said
    reached = re.search(r"tickets: Tickets\.json: no source map, so .*: (\d+) of \d+ branches", said)
    assert reached is not None
    assert int(reached[1]) > 20  # though each sequence ends in the finding
    assert "ERC721-1" in (example / "junit.xml").read_text()
    assert "no source map" in (example / "page.html").read_text()


def test_the_release_that_mended_it_holds(example: Path) -> None:
    shutil.copy(FIXED, example / "Tickets.json")
    with project.using(example):
        assert searched(Engine(project.load(str(example / "tickets.py"))), 4_000) is None


def test_an_example_is_written_once_and_by_name(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(cli, ["example"], program="evmstorm") == 0
    assert "consecutive" in capsys.readouterr().out.split()
    assert exit_status(cli, ["example", "consecutive"], program="evmstorm") == 2
    assert exit_status(cli, ["example", "nothing"], program="evmstorm") == 2
    assert "there are: consecutive, rounding" in capsys.readouterr().err


def test_a_first_description_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(FOREIGN / "contracts", tmp_path / "contracts")
    (tmp_path / "evmstorm.toml").write_text("")
    with project.using(tmp_path):
        assert exit_status(cli, ["new", "erc20", "Coin"], program="evmstorm") == 0
        path = tmp_path / "described" / "coin.py"
        text = path.read_text()
        assert 'contract = evm.deploy("Coin", UINT256, sender=owner)' in text
        path.write_text(text.replace("UINT256", "10**24"))
        assert searched(Engine(project.load(str(path))), 500) is None
        assert exit_status(cli, ["new", "erc20", "Coin"], program="evmstorm") == 2
        assert "is there already" in capsys.readouterr().err
