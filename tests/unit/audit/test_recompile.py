"""A mutant compiled apart is, to the byte, what an ordinary compile makes of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from evmstorm.evm import artifacts, recompile
from evmstorm.evm.recompile import Code, NotOneFunction, Recompiler
from evmstorm.forks import forked
from evmstorm.mutation.languages import sources
from evmstorm.mutation.mutants import Mutant, mutants
from evmstorm.mutation.trial import Trial
from keifu.errors import ArtifactError
from tests.profiles import DEEP, quick_or_deep

SMALL = "Insurance"
FILE = "contracts/staking/Insurance.vy"
REGISTRY = "contracts/inft/AccountRegistry.vy"


def paths(contract: str) -> tuple[Path, Path]:
    project = artifacts.project()
    return project.paths()[contract], project.root


@pytest.fixture
def recompiler() -> Recompiler:
    return Recompiler(*paths(SMALL))


@pytest.fixture
def text() -> str:
    return (artifacts.project().root / FILE).read_text()


def apart(recompiler: Recompiler, chosen: list[Mutant], texts: dict[str, str]) -> Iterator[tuple[Mutant, Code | str]]:
    """Each compiled in a copy of this process; the error's name when that fails."""

    def compiled(mutant: Mutant) -> Code | str:
        try:
            return recompiler.compile(mutant.file, mutant.apply(texts[mutant.file]))
        except (ArtifactError, NotOneFunction) as error:
            return type(error).__name__

    for mutant, answer in forked(compiled, chosen, 2):
        assert answer is not None
        yield mutant, answer


def ordinary(contract: str, mutant: Mutant, texts: dict[str, str]) -> Code | str:
    try:
        made = artifacts.compile_contract(*paths(contract), {mutant.file: mutant.apply(texts[mutant.file])})
    except ArtifactError:
        return "ArtifactError"
    return Code(made.creation_code, made.runtime_code)


@pytest.mark.parametrize("contract", quick_or_deep([SMALL], [SMALL, "KeifuToken", "VestingEscrow", "StakingHub"]))
def test_unchanged_contract_is_the_artefact(contract: str) -> None:
    artifact = artifacts.load(contract)

    assert Recompiler(*paths(contract)).code == (artifact.creation_code, artifact.runtime_code)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contract", "count"),
    quick_or_deep([(SMALL, 3)], [(SMALL, 40), ("TGEDistributor", 20), ("StakingHub", 10)]),
)
def test_mutants_are_what_an_ordinary_compile_makes(contract: str, count: int) -> None:
    texts = sources(contract)
    every = [mutant for file, text in texts.items() for mutant in mutants(file, text)]
    chosen = random.Random(7).sample(every, count)

    for mutant, code in apart(Recompiler(*paths(contract)), chosen, texts):
        if code != "NotOneFunction":
            assert code == ordinary(contract, mutant, texts), mutant


if DEEP:  # three compiles of the escrow

    def test_a_module_of_a_contract_is_changed_with_all_that_depends_on_its_frame() -> None:
        """A variable more in a function that others call moves what they keep in memory."""
        file, texts = "contracts/vesting/lib/grants.vy", sources("VestingEscrow")
        at = texts[file].index("    start: uint256 = (_terms >> START_BIT) & MAX_START\n")
        longer = Mutant(file, at, at, "    spare: uint256[9] = empty(uint256[9])\n    spare[0] = _at\n", "", 0)

        ((_, code),) = apart(Recompiler(*paths("VestingEscrow")), [longer], texts)

        assert code == ordinary("VestingEscrow", longer, texts)
        assert isinstance(code, Code)


def test_what_does_not_compile_is_refused_with_the_compilers_words(recompiler: Recompiler, text: str) -> None:
    with pytest.raises(ArtifactError, match="has not been declared"):
        recompiler.compile(FILE, text.replace("owner_key(msg.sender, _sub)", "owner_key(msg.sender, _bus)", 1))


def test_an_immutable_that_is_never_set_is_refused(recompiler: Recompiler, text: str) -> None:
    with pytest.raises(ArtifactError, match="requires an assignment"):
        recompiler.compile(FILE, text.replace("    token = ", "    own: IERC20 = "))


def test_changes_beside_one_body_are_left_to_an_ordinary_compile(text: str) -> None:
    two = text.replace("assert _amount <= ", "assert _amount < ")
    assert text.count("assert _amount <= ") > 1

    for changed in (two, text.replace("promised", "vowed"), text):
        with pytest.raises(NotOneFunction):
            Recompiler(*paths(SMALL)).compile(FILE, changed)


def test_a_file_of_another_contract_is_left_to_an_ordinary_compile(recompiler: Recompiler, text: str) -> None:
    with pytest.raises(NotOneFunction, match="no module"):
        recompiler.compile("contracts/token/KeifuToken.vy", text)


def test_a_contract_of_the_newer_code_generator_is_left_to_an_ordinary_compile() -> None:
    with pytest.raises(NotOneFunction, match="AccountRegistry\\.vy is compiled by the experimental code generator"):
        Recompiler(*paths("AccountRegistry"))
    code = Trial("AccountRegistry", 1).language.compiled(Mutant(REGISTRY, 0, 0, "", "nothing", 1))
    assert code.creation == artifacts.load("AccountRegistry").creation_code


def test_it_compiles_once(recompiler: Recompiler, text: str) -> None:
    changed = text.replace("_amount > 0", "_amount > 1")
    assert changed != text

    recompiler.compile(FILE, changed)

    with pytest.raises(NotOneFunction, match="fork"):
        recompiler.compile(FILE, changed)


def test_another_compiler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompile, "compiler_version", "0.4.4")

    with pytest.raises(ArtifactError, match="written against vyper"):
        Recompiler(*paths(SMALL))


def test_the_compiler_is_left_as_it_was(recompiler: Recompiler, text: str) -> None:
    before = artifacts.compile_contract(*paths(SMALL))
    recompiler.compile(FILE, text.replace("_amount > 0", "_amount > 1"))

    after = artifacts.compile_contract(*paths(SMALL))

    assert after.creation_code == before.creation_code == recompiler.code.creation
