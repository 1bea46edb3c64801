"""A corpus belongs to one list of actions, whatever code they call; torn and foreign files do no harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from systems.vault import Vault

from ethwire.errors import InputError
from evmstorm.evm import artifacts
from evmstorm.evm.artifact import Artifact
from evmstorm.fuzz import Engine
from evmstorm.fuzz.search import LENGTH, Corpus, Search


def test_two_processes_share_what_they_found(tmp_path: Path) -> None:
    first, second = Corpus(tmp_path, "vault", "aa"), Corpus(tmp_path, "vault", "aa")

    first.add(b"x" * LENGTH)

    assert second.sync() == 1
    assert second.items == [b"x" * LENGTH]
    assert second.sync() == 0


def test_a_corpus_of_other_actions_is_rejected(tmp_path: Path) -> None:
    Corpus(tmp_path, "vault", "aa")

    with pytest.raises(InputError, match="of vault with other actions"):
        Corpus(tmp_path, "vault", "bb")


def test_a_corpus_survives_another_compilation(tmp_path: Path) -> None:
    """Bytes stand for actions, and those are the same: a comment more, or a mended fault, loses nothing."""

    def load(name: str) -> Artifact:
        found = artifacts.load(name)
        return replace(found, runtime_code=found.runtime_code + b"\0")

    before, after = Engine(Vault), Engine(Vault, load)
    Corpus(tmp_path, "vault", before.shape).add(b"x" * LENGTH)

    assert Corpus(tmp_path, "vault", after.shape).items == [b"x" * LENGTH]


@pytest.mark.parametrize("changed", [{"wait_weight": 7}, {"deposit": None}])
def test_other_actions_have_another_shape(changed: dict[str, Any]) -> None:
    assert Engine(type("Changed", (Vault,), changed)).shape != Engine(Vault).shape


def test_a_torn_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "0123.bin").write_bytes(b"half")

    assert Corpus(tmp_path, "vault", "aa").items == []


def test_a_search_follows_from_its_seed() -> None:
    def run(seed: int) -> list[bytes]:
        search = Search(Engine(Vault), seed)
        found = []
        for _ in range(60):
            search.step()
            found.append(search.data)
        return found

    assert run(5) == run(5)
    assert run(5) != run(6)
