"""Mutants are what they say, and the campaign kills what it should."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ethwire.errors import CheckFailed, UsageError
from evmstorm.evm import artifacts
from evmstorm.mutation import mutate, trial
from evmstorm.mutation.known import Sequence
from evmstorm.mutation.mutants import mutants

FILE = "contracts/ThirdPartyVault.vy"
SOURCE = """
# pragma version 0.4.3
total: uint256
names: DynArray[uint256, 7]

@external
def act(a: uint256, b: uint256) -> uint256:
    assert a > 3, "x: small"
    self.total += a
    for i: uint256 in range(a, bound=9):
        pass
    if a == b and b != 5:
        return min(a, b)
    return a - b
"""


def test_every_kind_of_change_is_made() -> None:
    diffs = {mutant.diff(SOURCE) for mutant in mutants("x.vy", SOURCE)}

    assert ('assert a > 3, "x: small"', "pass") in diffs
    assert ('assert a > 3, "x: small"', 'assert a >= 3, "x: small"') in diffs
    assert ('assert a > 3, "x: small"', 'assert a > 4, "x: small"') in diffs
    assert ("self.total += a", "self.total -= a") in diffs
    assert ("if a == b and b != 5:", "if a == b or b != 5:") in diffs
    assert ("return min(a, b)", "return max(a, b)") in diffs
    assert ("return min(a, b)", "return min(b, a)") in diffs
    assert ("return a - b", "return a + b") in diffs


def test_sizes_of_types_and_loop_bounds_are_left_alone() -> None:
    after = [mutant.apply(SOURCE) for mutant in mutants("x.vy", SOURCE)]

    assert all("DynArray[uint256, 7]" in text and "bound=9" in text for text in after)


def test_a_mutant_changes_one_place() -> None:
    source = (artifacts.project().root / FILE).read_text()

    for mutant in mutants(FILE, source):
        changed = mutant.apply(source)
        assert changed != source
        assert changed[: mutant.start] == source[: mutant.start]
        assert changed.endswith(source[mutant.end :])


def test_a_sample_of_the_vault_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "CORPUS_CALLS", 6_000)
    monkeypatch.setattr(trial, "CALLS", 12_000)

    result = mutate.score("ThirdPartyVault", sample=7, seed=4, processes=1)

    assert len(result.outcomes) == 7
    assert result.count("killed") >= 3
    assert result.score >= 0.9, [(item.before, item.after) for item in result.outcomes if item.fate == "survived"]


@pytest.mark.parametrize(
    ("contracts", "fate"),
    [({}, "equivalent"), ({"contracts": ["Vault"]}, "equivalent"), ({"contracts": ["Other"]}, "survived")],
)
def test_a_mutant_is_equivalent_where_that_is_argued(
    monkeypatch: pytest.MonkeyPatch, contracts: dict[str, list[str]], fate: str
) -> None:
    mutant = mutants("x.vy", SOURCE)[0]
    before, after = mutant.diff(SOURCE)
    argued = {"file": "x.vy", "before": before, "after": after, "why": "as it is", **contracts}
    monkeypatch.setattr(mutate, "equivalents", lambda: [argued])
    code = SimpleNamespace(creation=bytes(64))
    tried = SimpleNamespace(contract="Vault", texts={"x.vy": SOURCE}, language=SimpleNamespace(code=code))

    (outcome,) = mutate._outcomes(tried, [mutant], {mutant: trial.Verdict("alive", "", "other")})  # type: ignore[arg-type]

    assert outcome.fate == fate


def test_a_contract_that_is_not_under_test_is_refused() -> None:
    with pytest.raises(UsageError, match="no system tests Owned"):
        mutate.score("Owned")


@pytest.mark.case("tools-38")
def test_a_bug_in_the_original_is_told_and_nothing_is_mutated(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def found(system: str, seed: int, calls: int) -> list[Sequence]:
        raise CheckFailed(f"{system}: VAU-1 is broken", remedy=f"search {system} for it alone")

    monkeypatch.setattr(mutate, "explored", found)
    with pytest.raises(CheckFailed, match=r"^vault: VAU-1 is broken \(search vault for it alone\)$"):
        mutate.score("ThirdPartyVault", sample=1)
    assert "Traceback" not in capfd.readouterr().err
