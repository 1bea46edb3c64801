"""The local database of failures and the shared one do the same."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.database import ExampleDatabase

from keifu.errors import InputError
from keifu.fuzz.hypothesis import database

KEY, OTHER = b"one test", b"another test"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _redis(folder: Path) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        reason = "redis-server is missing: sudo apt install redis-server"
        if os.environ.get("KEIFU_NO_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    port = _free_port()
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


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
