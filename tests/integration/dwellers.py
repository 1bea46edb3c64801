"""Fixtures of commands on a local chain whose roles have coins, as `keifu chain --with-grants` makes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keifu.chain import Anvil, ChainClient
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.cli import main
from keifu.local.dwellers import settle_in
from keifu.local.suite import deploy_suite
from tests.ape_chain import GENESIS

__all__ = ["anvil", "chain", "client", "does", "keifu", "records"]

Run = Callable[..., tuple[Any, str, str]]


@pytest.fixture(scope="package")
def anvil() -> Iterator[Anvil]:
    with Anvil(since=GENESIS) as running:  # `keifu chain` lets time pass the same way
        yield running


@pytest.fixture(scope="package")
def records(anvil: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployments")
    client = ChainClient(anvil.rpc)
    settle_in(client, deploy_suite(client, Record(client.chain_id, genesis_of(client.rpc)), folder))
    return folder


@pytest.fixture
def client(anvil: Anvil) -> ChainClient:
    return ChainClient(anvil.rpc)


@pytest.fixture
def chain(anvil: Anvil, records: Path) -> Iterator[Anvil]:
    """The chain, as it was before the test in the end."""
    snapshot = anvil.snapshot()
    yield anvil
    anvil.restore(snapshot)


@pytest.fixture
def keifu(
    chain: Anvil,
    records: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs one command line in a folder of its own; (exit status, output, error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KEIFU_RPC", chain.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(records))
    for name in ("KEIFU_KEY_FILE", "KEIFU_ROLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: Any) -> tuple[Any, str, str]:
        with pytest.raises(SystemExit) as ending:
            main([*map(str, args)])
        said = capsys.readouterr()
        return ending.value.code, said.out, said.err

    return run


@pytest.fixture
def does(keifu: Run) -> Callable[..., Any]:
    """A command that must work, with --json; the document."""

    def does(*args: Any) -> Any:
        status, out, err = keifu(*args, "--json")
        assert status == 0, err
        return json.loads(out)

    return does
