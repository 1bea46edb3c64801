"""The local database of failures and the shared one do the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.database import ExampleDatabase

from ethwire.errors import InputError
from evmstorm.fuzz.hypothesis import database

KEY, OTHER = b"one test", b"another test"


@pytest.fixture(params=["local", "shared"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "local":
        yield str(tmp_path / "examples")
    else:
        yield request.getfixturevalue("redis_address")


def test_conformance(where: str) -> None:
    mine, theirs = database(where), database(where)
    _conforms(mine, theirs)


def _conforms(mine: ExampleDatabase, theirs: ExampleDatabase) -> None:
    mine.save(KEY, b"a")
    mine.save(KEY, b"b")
    mine.save(KEY, b"a")
    assert set(theirs.fetch(KEY)) == {b"a", b"b"}
    assert set(theirs.fetch(OTHER)) == set()

    theirs.move(KEY, OTHER, b"a")
    assert set(mine.fetch(KEY)) == {b"b"}
    assert set(mine.fetch(OTHER)) == {b"a"}

    theirs.delete(KEY, b"b")
    theirs.delete(KEY, b"never there")
    assert set(mine.fetch(KEY)) == set()


def test_another_scheme_is_refused() -> None:
    with pytest.raises(InputError, match="neither a folder nor redis"):
        database("postgres://somewhere")
