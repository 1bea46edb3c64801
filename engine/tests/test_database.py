"""The local database of failures and the shared one do the same."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.database import ExampleDatabase

from ethwire.errors import InputError
from ethwire.ports import reserved_port
from evmstorm.fuzz.hypothesis import database

KEY, OTHER = b"one test", b"another test"


def _redis(folder: Path) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        reason = "redis-server is missing: sudo apt install redis-server"
        if os.environ.get("KEIFU_NO_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with reserved_port() as port:
        command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            # It says so once it listens; if it ends before, its output ends too.
            assert any("Ready to accept connections" in line for line in process.stdout)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.communicate()


@pytest.fixture(params=["local", "shared"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "local":
        yield str(tmp_path / "examples")
    else:
        yield from _redis(tmp_path)


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
