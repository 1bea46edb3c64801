"""A counterexample does on anvil what it did here."""

from __future__ import annotations

from pathlib import Path

import pytest
from systems.vault import Vault

from ethwire.errors import InputError
from evmstorm.fuzz import Engine
from evmstorm.fuzz.counterexample import Counterexample, build
from evmstorm.fuzz.engine import Finding
from evmstorm.fuzz.regression import outcome, write
from evmstorm.fuzz.replay import replay
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Load


def test_the_fault_shows_on_anvil_with_the_same_state(early_exit: tuple[Counterexample, Load]) -> None:
    example, load = early_exit

    result = replay(example, Vault, load)

    assert result.finding is not None
    assert result.finding.id == "exit: refusal"
    assert result.differences == []
    assert result.slots > 10
    assert result.transactions <= 6


def test_long_sequences_with_refusals_agree() -> None:
    engine = Engine(Vault)
    search = Search(engine, 9)
    search.step()
    example = build(engine, search.data, Finding("none", "", 63), 9)

    result = replay(example, Vault)

    assert (result.finding, result.differences) == (None, [])
    assert result.reverts > 5
    assert result.transactions > 20


def test_the_fault_is_gone_with_the_right_code(early_exit: tuple[Counterexample, Load]) -> None:
    assert replay(early_exit[0], Vault).finding is None


def test_saved_and_loaded_it_is_the_same(early_exit: tuple[Counterexample, Load], tmp_path: Path) -> None:
    example, _ = early_exit

    assert Counterexample.load(example.save(tmp_path)) == example


def test_the_script_has_names_and_units(early_exit: tuple[Counterexample, Load]) -> None:
    script = early_exit[0].script()

    assert "wait 3 d -1 s (259199 s)" in script
    assert "vault.exit() -> ok" in script
    assert "vault.deposit(" in script
    assert "0x" not in script


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}'])
def test_a_file_that_is_no_counterexample_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)

    with pytest.raises(InputError, match="is no counterexample"):
        Counterexample.load(path)


def test_it_becomes_a_regression_test(early_exit: tuple[Counterexample, Load], tmp_path: Path) -> None:
    example, _ = early_exit

    path = write(example, tmp_path)

    compile(path.read_text(), str(path), "exec")
    assert (tmp_path / "examples" / example.file_name).is_file()
    assert outcome(example) is None
