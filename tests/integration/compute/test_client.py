"""A client on a real chain and a real node: a channel opened, filled, used and emptied, by commands and by the SDK."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import keifu
from ethwire.commands import exit_status
from ethwire.constants import ZERO_ADDRESS
from keifu.cli.root import cli
from keifu.compute.client.store import Store
from keifu.payments.x402 import Claim, ClaimedVoucher, Config
from keifu.provenance.trust import Market, ReceiptKey, Trust
from keifu.units import COIN, DAY
from tests.integration.compute.conftest import Paid, PaidNode

FEE = 100


@pytest.fixture
def run(paid: Paid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A command as the payer, or as another role; what it prints as JSON."""
    monkeypatch.setenv("KEIFU_RPC", paid.anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(paid.folder / "deployments"))
    monkeypatch.setenv("KEIFU_CLIENT", str(tmp_path / "client"))
    monkeypatch.setenv("KEIFU_ROLE", "payer")

    def call(*args: Any, status: int = 0) -> Any:
        found = exit_status(cli, [*map(str, args), "--json"], program="keifu")
        said = capsys.readouterr()
        assert found == status, said
        return json.loads(said.out) if said.out else said.err

    return call


def trust_of(paid: Paid, operator: str, folder: Path) -> Path:
    """A receipt key that nobody named speaks for its own account."""
    market = paid.suite.addresses.get("ComputeMarket", ZERO_ADDRESS)
    known = Market(market, paid.channels.address, {operator: (ReceiptKey(operator),)})
    registry = paid.suite["ProvenanceRegistry"]
    path = folder / "trust.json"
    Trust(paid.client.chain_id, registry, compute=known).checked("it").write(path)
    return path


def test_a_channel_is_opened_filled_shown_and_emptied(paid: Paid, run: Any) -> None:
    receiver = paid.anvil.account("receiver")
    opened = run("channel", "open", "--to", receiver.address, "--amount", 1_000, "--delay", "15 minutes")
    channel = opened["channel"]
    assert run("channel", "deposit", channel, "--amount", 500)["balance"] == "1500"
    assert [item["channel"] for item in run("channel", "list")] == [channel]
    assert run("channel", "withdraw", channel, "--amount", 400)["asked_back"] == "400"
    assert "channels:" in run("channel", "finish", channel, status=1)
    paid.client.rpc.call("evm_setNextBlockTimestamp", hex(paid.client.now + DAY))
    paid.client.rpc.call("evm_mine")
    assert run("channel", "finish", channel)["balance"] == "1100"
    assert run("channel", "show", channel)["available"] == "1100"


def test_a_receiver_claims_by_vouchers_and_settles(paid: Paid, run: Any, tmp_path: Path) -> None:
    receiver = paid.anvil.account("receiver")
    channel = run("channel", "open", "--to", receiver.address, "--amount", 1_000)["channel"]
    with Store(tmp_path / "client", writes=False) as store:
        kept = store.channel(bytes.fromhex(channel))
    signature = paid.vouchers.sign(paid.payer, kept.id, 300)
    claim = Claim(ClaimedVoucher(Config.of(kept.channel), "300"), "0x" + signature.hex(), "300")
    (tmp_path / "claims.json").write_bytes(msgspec.json.encode([claim]))
    [found] = run("channel", "claim", tmp_path / "claims.json", "--role", "receiver")
    assert found["claimed"] == "300"
    (tmp_path / "none.json").write_text("{}")
    assert "is no list of claims" in run("channel", "claim", tmp_path / "none.json", "--role", "receiver", status=2)
    assert run("channel", "settle", "--receiver", receiver.address)["receiver"] == receiver.address.lower()


def test_infer_pays_a_node_and_compares_its_answer(
    paid: Paid, make: Callable[..., PaidNode], run: Any, tmp_path: Path
) -> None:
    node = make("asked by a command").run()
    trust = trust_of(paid, node.account, tmp_path)
    run("channel", "open", "--to", node.account, "--amount", 10_000)
    asked = ("--provider", node.url, "--operator", node.account, "--most", 1_000, "--trust", trust, "--offline")
    found = run("infer", "words", "--text", "hi", *asked)
    assert (found["fee"], found["charged"], found["evidence"]) == (FEE, FEE, "unverified")
    charged = [run("infer", "words", "--text", "hi", *asked, "--ahead", 4)["charged"] for _ in range(2)]
    assert charged == [2 * FEE, 3 * FEE]
    other = Trust.read(trust)
    assert other.compute
    stranger = paid.payer.address
    run("infer", "words", "--text", "hi", *(*asked[:3], stranger, *asked[4:]), status=1)
    assert [item["fees"] for item in run("usage", "show")["used"]] == [3 * FEE]


def test_the_sdk_opens_asks_and_withdraws_now_or_awaited(
    paid: Paid, make: Callable[..., PaidNode], run: Any, tmp_path: Path
) -> None:
    del run  # its variables are what the SDK reads
    node = make("asked by the sdk").run()
    words: dict[str, Any] = {
        "provider": node.url,
        "operator": node.account,
        "most": 1_000,
        "trust": trust_of(paid, node.account, tmp_path),
    }
    with keifu.connect() as k:
        opened = k.channels.open(node.account, 10_000, delay=DAY)
        assert (opened.deposit, opened.left) == (10_000, 10_000)
        answer = k.infer("words", "hi", **words)
        assert (answer.fee, answer.evidence, bool(answer.text)) == (FEE, "unverified", True)
        assert [item.id for item in k.channels.list()] == [opened.id]
        assert k.channels.deposit(opened.id, COIN).deposit == 10_000 + COIN
        assert k.channels.withdraw(opened.id, 5).asked_back == 5

    async def later() -> Any:
        async with keifu.connect_async() as awaited:
            state = await awaited.channels.show(opened.id)
            return state, await awaited.infer("words", {"messages": [{"role": "user", "content": "hi"}]}, **words)

    state, second = asyncio.run(later())
    assert (state.asked_back, second.charged) == (5, 2 * FEE)


def test_a_chain_says_whose_key_signed_and_a_trust_file_remembers_it(
    paid: Paid, make: Callable[..., PaidNode], run: Any, tmp_path: Path
) -> None:
    node = make("asked with a chain").run()
    run("channel", "open", "--to", node.account, "--amount", 10_000)
    asked = ("--provider", node.url, "--operator", node.account, "--most", 1_000)
    assert run("infer", "words", "--text", "hi", *asked)["number"] == 1
    pinned = tmp_path / "pinned.json"
    made = run("trust", "init", "--trust", pinned, "--provider", node.account)
    assert made["compute"]["market"] == paid.suite["ComputeMarket"].lower()
    assert made["compute"]["keys"] == {node.account.lower(): [{"key": node.account.lower(), "since": 0, "until": 0}]}
    assert run("infer", "words", "--text", "hi", *asked, "--trust", pinned, "--offline")["number"] == 2
    assert run("providers") == []
