"""x402's own client, unchanged, opens a channel without gas, pays by the call, and gets its money back.

The package hard-codes the addresses of the contract and of its collector; here it is given those of the suite.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest
from eth_account import Account as EthAccount
from x402 import x402Client
from x402.http.clients.httpx import x402HttpxClient
from x402.mechanisms.evm.batch_settlement import client as batch
from x402.mechanisms.evm.batch_settlement import constants
from x402.mechanisms.evm.signers import EthAccountSignerWithRPC

from keifu.keys import checksum
from keifu.payments.x402 import Settled, decode
from tests.integration.compute.conftest import Paid, PaidNode
from tests.paid_server import PATIENCE_SECONDS

FEE = 100
BODY = {"model": "words", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}


@pytest.fixture(autouse=True)
def own_addresses(paid: Paid, monkeypatch: pytest.MonkeyPatch) -> None:
    collector = checksum(paid.suite["Erc3009DepositCollector"])
    ours: dict[str, str] = {
        constants.BATCH_SETTLEMENT_ADDRESS: checksum(paid.channels.address),
        constants.ERC3009_DEPOSIT_COLLECTOR_ADDRESS: collector,
    }
    for name, module in tuple(sys.modules.items()):
        if name.startswith("x402.mechanisms.evm.batch_settlement"):
            for attribute, value in tuple(vars(module).items()):
                if isinstance(value, str) and value in ours:
                    monkeypatch.setattr(module, attribute, ours[value])


@pytest.fixture
def scheme(paid: Paid) -> Any:
    signer = EthAccountSignerWithRPC(EthAccount.from_key(paid.payer.secret()), paid.anvil.url)
    return batch.BatchSettlementEvmScheme(signer)


def ask(paid: Paid, node: PaidNode, scheme: Any, times: int, **more: Any) -> list[Any]:
    async def run() -> list[Any]:
        client = x402Client().register(f"eip155:{paid.client.chain_id}", scheme)
        client.set_spend_controls({"allowed_assets": True, "max_amount_per_payment": False})
        async with x402HttpxClient(client, base_url=node.url, timeout=PATIENCE_SECONDS) as http:
            return [await http.post("/v1/chat/completions", json={**BODY, **more}) for _ in range(times)]

    return asyncio.run(run())


def id_of(response: Any) -> bytes:
    settled = decode(response.headers["payment-response"], Settled, "PAYMENT-RESPONSE")
    assert isinstance(settled.extra, dict)
    return bytes.fromhex(settled.extra["channelState"]["channelId"][2:])


def test_it_opens_a_channel_without_gas_pays_and_is_paid_back(
    paid: Paid, make: Callable[..., PaidNode], scheme: Any
) -> None:
    node = make("x402 provider").run()
    before = paid.client.balance(paid.payer), paid.token.balanceOf(paid.payer)
    answers = ask(paid, node, scheme, 3)
    assert [answer.status_code for answer in answers] == [200, 200, 200], answers[0].text
    channel_id = id_of(answers[0])
    balance, claimed = paid.held(channel_id)
    assert balance == 10 * FEE
    assert claimed == 0
    settled = scheme.refund(f"{node.url}/v1/chat/completions")
    assert settled.success
    assert paid.held(channel_id) == (3 * FEE, 3 * FEE)
    assert paid.client.balance(paid.payer) == before[0]
    assert paid.token.balanceOf(paid.payer) == before[1] - 3 * FEE
    assert node.end() == 0
    assert paid.token.balanceOf(node.account) == 3 * FEE


def test_it_catches_up_with_what_the_provider_has_counted(
    paid: Paid, make: Callable[..., PaidNode], scheme: Any
) -> None:
    """A client that has lost its memory signs too little, is told so, and goes on from there."""
    node = make("second x402 provider").run()
    assert ask(paid, node, scheme, 2)[-1].status_code == 200
    forgetful = batch.BatchSettlementEvmScheme(scheme._signer)
    [answer] = ask(paid, node, forgetful, 1)
    assert answer.status_code == 200
    assert node.status()["charged"] == str(3 * FEE)


def test_it_streams_and_goes_on_paying(paid: Paid, make: Callable[..., PaidNode], scheme: Any) -> None:
    """A stream says beforehand that it costs what it may cost at most; later answers give the rest back."""
    node = make("third x402 provider", request=5, million_out=2_000_000).run()
    for more in ({"stream": True}, {}, {"stream": True}, {}):
        [answer] = ask(paid, node, scheme, 1, **more)
        assert answer.status_code == 200
    assert node.status()["charged"] == str(4 * (5 + 2 * 4))
