"""Deposits by signature at a compute node: by EIP-3009 and by Permit2, brought by its own key or by a relayer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from eth_account import Account as EthAccount
from x402 import x402Client
from x402.http.clients.httpx import x402HttpxClient
from x402.mechanisms.evm.batch_settlement import client as batch
from x402.mechanisms.evm.signers import EthAccountSignerWithRPC

from keifu.chain.suite import PERMIT2
from keifu.node.compute.making import own_section
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.payments import Channel
from keifu.payments.x402_package import pointed_at
from keifu.units import COIN
from tests.integration.compute.conftest import Paid, PaidNode
from tests.integration.payments.asking import DELAY, PER_ETHER
from tests.integration.payments.places import install
from tests.integration.payments.relaying import RelayerProcess
from tests.integration.payments.test_relayer import sent
from tests.paid_server import PATIENCE_SECONDS
from tests.upstream import upstream

FEE = 100
BODY = {"model": "words", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paid]:
    made = Paid(tmp_path_factory.mktemp("deposited"))
    install(made.anvil, PERMIT2, "PlainPermit2", sender=made.anvil.account("deployer"))
    made.client.forget_nonces()
    with pointed_at(made.suite):
        yield made
    made.anvil.stop()


@pytest.fixture
def make(paid: Paid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PaidNode]]:
    """Makes nodes; whatever runs from them is ended with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made: list[PaidNode] = []
    with upstream() as words:

        def make(role: str, **own: Any) -> PaidNode:
            paid.anvil.account(role)
            section = own_section("127.0.0.1:0", "1 second", (), (f"words={words.url}",), {"request": FEE})
            wish = Wish(paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role=role, own=section | own)
            made.append(PaidNode(paid, tmp_path / role, make_node(kind_of("compute"), tmp_path / role, wish).account))
            return made[-1]

        yield make
        for node in made:
            if node.process is not None and node.process.poll() is None:
                node.process.kill()
                node.process.wait()


@pytest.fixture
def relayer(paid: Paid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RelayerProcess]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = RelayerProcess(paid, tmp_path / "relayer", "relaying node", per_ether=PER_ETHER)
    yield made
    made.close()


def ask(paid: Paid, node: PaidNode, times: int = 1) -> list[Any]:
    """By x402's own client, with a memory of its own."""
    scheme = batch.BatchSettlementEvmScheme(
        EthAccountSignerWithRPC(EthAccount.from_key(paid.payer.secret()), paid.anvil.url)
    )

    async def run() -> list[Any]:
        client = x402Client().register(f"eip155:{paid.client.chain_id}", scheme)
        client.set_spend_controls({"allowed_assets": True, "max_amount_per_payment": False})
        async with x402HttpxClient(client, base_url=node.url, timeout=PATIENCE_SECONDS) as http:
            return [await http.post("/v1/chat/completions", json=BODY) for _ in range(times)]

    return asyncio.run(run())


@pytest.mark.parametrize("method", ["eip3009", "permit2"])
def test_the_node_brings_it_with_its_own_key(paid, make, method):
    node = make(f"provider by {method}", deposits=method).run()
    paid.token.approve(PERMIT2, 0, sender=paid.payer)  # by a permit of its own, where that is needed
    ether = paid.client.balance(paid.payer)
    assert [answer.status_code for answer in ask(paid, node, 2)] == [200, 200], node.log()
    assert node.end() == 0
    assert (paid.token.balanceOf(node.account), paid.client.balance(paid.payer)) == (2 * FEE, ether)


@pytest.mark.parametrize("method", ["eip3009", "permit2"])
def test_a_relayer_brings_it_in_its_place(paid, make, relayer, method):
    relayer.run()
    node = make(f"relayed provider by {method}", deposits=method, facilitator=relayer.url).run()
    paid.token.approve(PERMIT2, 0, sender=paid.payer)  # by a permit of its own, where that is needed
    ether = paid.client.balance(paid.payer)
    before = sent(paid, relayer), nonce(paid, node)
    assert [answer.status_code for answer in ask(paid, node, 2)] == [200, 200], node.log()
    assert (sent(paid, relayer), nonce(paid, node)) == (before[0] + 1, before[1])
    assert paid.client.balance(paid.payer) == ether
    assert node.end() == 0


def test_the_node_pays_the_relayer_by_a_channel(paid, make, relayer):
    relayer.run("relayer.free_all=0")
    node = make("provider that pays", facilitator=relayer.url)
    prepaid = Channel(
        paid.payer.address, node.account, relayer.account, relayer.account, paid.token.address, DELAY, bytes(32)
    )
    channel_id = paid.deposit(prepaid, 10 * COIN)
    node.run()
    [answer] = ask(paid, node)
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "relayer_budget")
    assert node.end() == 0
    node.run(f"compute.facilitator_channel={channel_id.hex()}")
    assert [answer.status_code for answer in ask(paid, node)] == [200], node.log()
    claimed = paid.held(channel_id)[1]
    assert 0 < claimed <= COIN  # compute.facilitator_fee
    assert node.status()["channels"] == 1  # what it prepaid is not owed to it
    assert node.end() == 0


class Liar(BaseHTTPRequestHandler):
    """Says that all is done, and has done nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"success":true,"network":"eip155:31337","transaction":"0x00"}')

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def test_a_relayer_that_lies_opens_nothing(paid, make):
    """The chain is asked."""
    with HTTPServer(("127.0.0.1", 0), Liar) as liar:
        Thread(target=liar.serve_forever, daemon=True).start()
        node = make("provider of a liar", facilitator=f"http://127.0.0.1:{liar.server_port}").run()
        [answer] = ask(paid, node)
        liar.shutdown()
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "channel_not_found")
    [answer] = ask(paid, node)  # nobody listens there any more
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "chain")
    assert node.end() == 0


def nonce(paid: Paid, node: PaidNode) -> int:
    return int(paid.client.rpc.call("eth_getTransactionCount", node.account, "latest"), 16)
