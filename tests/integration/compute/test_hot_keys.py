"""Keys that speak for an operator, by commands: named at the contract that takes what they sign, capped, retired."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ethwire.commands import exit_status
from keifu.cli.root import cli
from keifu.keys import Account
from keifu.keys.keystore import save_account
from keifu.units import COIN
from tests.integration.compute.conftest import Paid

WORD = b"a password of tests"
SCRYPT = {"n": 2, "r": 1, "p": 1}


@pytest.fixture
def run(
    paid: Paid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """A command as the payer, who is an operator here; what it prints as JSON, or its error."""
    monkeypatch.setenv("KEIFU_RPC", paid.anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(paid.folder / "deployments"))
    monkeypatch.setenv("KEIFU_ROLE", "payer")
    (tmp_path / "word").write_bytes(WORD)
    (tmp_path / "word").chmod(0o600)

    def call(*args: Any, status: int = 0) -> Any:
        found = exit_status(cli, [*map(str, args), "--json"], program="keifu")
        said = capsys.readouterr()
        assert found == status, said
        return json.loads(said.out) if said.out else said.err

    return call


@pytest.fixture
def named(run: Callable[..., Any], tmp_path: Path) -> Callable[[str], str]:
    """Makes a key, names it for a kind, and says its address."""

    def named(kind: str) -> str:
        key, file = Account.from_role(f"hot {kind} of {tmp_path}"), tmp_path / f"{kind}.json"
        save_account(key, file, WORD, scrypt=SCRYPT)
        run("keys", "name", file, "--kind", kind, "--hot-password", tmp_path / "word")
        return key.address.lower()

    return named


def test_a_receipt_key_is_named_capped_and_retired(paid: Paid, run: Callable[..., Any], named: Any) -> None:
    receipts, heartbeats = named("receipt"), named("heartbeat")
    market = paid.suite.at(paid.client, "ComputeMarket")
    assert market.operator_of(receipts, 2, paid.client.now).lower() == paid.payer.address.lower()
    assert run("keys", "cap", receipts, "5000")["cap"] == str(5_000 * COIN)
    assert tuple(market.cap(paid.payer.address, receipts)) == (5_000 * COIN, 0)
    found = {key["key"]: key for key in run("keys", "named", "--of", paid.payer.address)["keys"]}
    assert (found[receipts]["kind"], found[receipts]["cap"]) == ("receipt", str(5_000 * COIN))
    assert (found[heartbeats]["kind"], found[heartbeats]["cap"]) == ("heartbeat", "0")
    for key in (receipts, heartbeats):
        run("keys", "retire", key)
    assert all(key["until"] for key in run("keys", "named", "--of", paid.payer.address)["keys"])


def test_keys_of_others_are_neither_capped_nor_retired(run: Callable[..., Any], named: Any) -> None:
    stranger = Account.from_role("somebody else").address
    said = run("keys", "cap", stranger, "1", status=1)
    assert "caps: not the caller's key (name the key for receipts first" in said
    assert "caps: not the caller's key" in run("keys", "cap", named("heartbeat"), "1", status=1)
    assert f"{stranger} does not speak for" in run("keys", "retire", stranger, status=1)
