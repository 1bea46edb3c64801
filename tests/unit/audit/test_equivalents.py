"""Mutants that are argued to be equivalent are mutants of the sources as they are."""

from __future__ import annotations

from evmstorm import project
from evmstorm.evm import artifacts
from evmstorm.mutation.languages import sources
from evmstorm.mutation.mutants import mutants


def test_every_argued_mutant_is_still_one() -> None:
    root = artifacts.project().root
    argued = project.equivalents()
    for file in {item["file"] for item in argued}:
        source = (root / file).read_text()
        found = {mutant.diff(source) for mutant in mutants(file, source)}
        for item in argued:
            if item["file"] == file:
                assert (item["before"], item["after"]) in found, item
                assert len(item["why"]) > 20


def test_arguments_for_some_contracts_name_those_whose_code_the_file_is_in() -> None:
    for item in project.equivalents():
        for contract in item.get("contracts", []):
            assert item["file"] in sources(contract), item


def test_no_mutant_is_argued_twice() -> None:
    """Neither for all contracts nor for one."""
    for contract in {name for item in project.equivalents() for name in item.get("contracts", ["any other"])}:
        argued = [(item["file"], item["before"], item["after"]) for item in project.equivalents(contract)]
        assert len(argued) == len(set(argued))
