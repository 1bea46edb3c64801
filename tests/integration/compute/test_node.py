"""A compute node on a real chain: deposits come in, vouchers are claimed in time, and no kill loses one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from keifu.keys import Account
from keifu.payments.channel import Channel
from keifu.payments.x402 import (
    SCHEME,
    Config,
    Payment,
    RefundPayload,
    Requirements,
    VoucherFields,
    VoucherPayload,
    encode,
)
from keifu.units import COIN
from tests.faulty_node import Drop, FaultyNode
from tests.integration.compute.conftest import Paid, PaidNode, until
from tests.paid_server import PATIENCE_SECONDS

Make = Callable[..., PaidNode]
FEE = 100
BODY = {"model": "words", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}


def payment(paid: Paid, channel: Channel, most: int, *, flips_v: bool = False) -> dict[str, str]:
    channel_id = paid.vouchers.channel_id(channel)
    signature = paid.vouchers.sign(paid.payer, channel_id, most)
    if flips_v:
        signature = signature[:64] + bytes([55 - signature[64]])
    voucher = VoucherFields("0x" + channel_id.hex(), str(most), "0x" + signature.hex())
    accepted = Requirements(
        SCHEME, f"eip155:{paid.client.chain_id}", paid.token.address, str(FEE), channel.receiver, 60
    )
    return {"payment-signature": encode(Payment(VoucherPayload(Config.of(channel), voucher), accepted))}


def ask(node: PaidNode, headers: dict[str, str], body: Any = BODY) -> httpx.Response:
    return httpx.post(f"{node.url}/v1/chat/completions", json=body, headers=headers, timeout=PATIENCE_SECONDS)


def test_a_voucher_is_claimed_and_paid_out_when_the_node_ends(paid: Paid, make: Make) -> None:
    node = make("first provider").run()
    channel = paid.channel(node)
    channel_id = paid.deposit(channel, COIN)
    before = paid.token.balanceOf(node.account)
    for number in (1, 2):
        response = ask(node, payment(paid, channel, number * FEE))
        assert response.status_code == 200, response.text
        assert "keifu-receipt" in response.headers
    status = node.status()
    assert (status["unclaimed"], status["paid_in"]) == (str(2 * FEE), paid.token.address)
    assert node.end() == 0, node.log()
    assert paid.held(channel_id) == (COIN, 2 * FEE)
    assert paid.token.balanceOf(node.account) == before + 2 * FEE


def test_a_node_without_gas_ends_at_once_and_claims_when_it_has_some(paid: Paid, make: Make) -> None:
    node = make("penniless provider").run()
    channel = paid.channel(node)
    channel_id = paid.deposit(channel, COIN)
    assert ask(node, payment(paid, channel, FEE)).status_code == 200
    before = paid.client.balance(node.account)
    paid.client.rpc.call("anvil_setBalance", node.account, "0x0")
    assert node.end() == 0, node.log()
    assert "not all work has ended" not in node.log()
    assert paid.held(channel_id)[1] == 0
    paid.client.rpc.call("anvil_setBalance", node.account, hex(before))
    node.run()
    until(lambda: not node.status()["trouble"], node.process)
    assert node.end() == 0
    assert paid.held(channel_id)[1] == FEE


def test_a_channel_that_the_chain_does_not_have_buys_nothing(paid: Paid, make: Make) -> None:
    node = make("second provider").run()
    response = ask(node, payment(paid, paid.channel(node), FEE))
    assert (response.status_code, response.json()["error"]["code"]) == (402, "channel_not_found")


def test_what_was_earned_is_claimed_before_a_payer_can_leave(paid: Paid, make: Make) -> None:
    node = make("third provider").run()
    channel = paid.channel(node)
    channel_id = paid.deposit(channel, COIN)
    assert ask(node, payment(paid, channel, FEE)).status_code == 200
    paid.channels.initiateWithdraw(channel.values, COIN, sender=paid.payer)
    until(lambda: paid.held(channel_id)[1] == FEE, node.process)
    response = ask(node, payment(paid, channel, 2 * FEE))
    assert response.json()["error"]["code"] == "cumulative_exceeds_balance"


def test_what_is_much_is_claimed_at_once_also_by_a_voucher_with_a_wrong_v(paid: Paid, make: Make) -> None:
    node = make("fourth provider").run(f"compute.claim_above={2 * FEE}")
    channel = paid.channel(node)
    channel_id = paid.deposit(channel, COIN)
    assert ask(node, payment(paid, channel, FEE)).status_code == 200
    assert ask(node, payment(paid, channel, 2 * FEE, flips_v=True)).status_code == 200
    until(lambda: paid.held(channel_id)[1] == 2 * FEE, node.process)


def test_a_killed_node_goes_on_where_it_was(paid: Paid, make: Make) -> None:
    """Killed after each answer: charged, numbers and vouchers are all there, and are claimed at the end."""
    node = make("fifth provider")
    channel: Channel | None = None
    for number in (1, 2, 3):
        node.run()
        if channel is None:
            channel = paid.channel(node)
            channel_id = paid.deposit(channel, COIN)
        assert ask(node, payment(paid, channel, number * FEE)).status_code == 200
        node.end(signal.SIGKILL)
    node.run()
    assert node.status()["charged"] == str(3 * FEE)
    assert node.end() == 0
    assert paid.held(channel_id)[1] == 3 * FEE


def test_a_key_of_its_own_is_a_channel_that_its_deposit_caps(paid: Paid, make: Make) -> None:
    node = make("sixth provider").run()
    key = Account.from_role("a key of its own")
    channel = paid.channel(node, authorizer=key)
    channel_id = paid.deposit(channel, 2 * FEE)
    headers = {"authorization": "Bearer kf-" + key.secret().hex()}
    until(lambda: ask(node, headers).status_code == 200, node.process)
    assert ask(node, headers).status_code == 200
    response = ask(node, headers)
    assert (response.status_code, response.json()["error"]["code"]) == (402, "insufficient_balance")
    assert node.end() == 0
    assert paid.held(channel_id) == (2 * FEE, 2 * FEE)
    assert key.secret().hex() not in node.log()


def test_what_was_earned_while_the_chain_was_away_is_claimed_when_it_is_back(paid: Paid, make: Make) -> None:
    """Answers go on for a share of the withdraw delay; claims wait, and none is lost or made twice."""
    with FaultyNode(paid.anvil.url) as endpoint:
        node = make("seventh provider").run(f"chain.rpc={endpoint.url}", "compute.claim_above=1")
        channel = paid.channel(node)
        channel_id = paid.deposit(channel, COIN)
        assert ask(node, payment(paid, channel, FEE)).status_code == 200
        until(lambda: paid.held(channel_id)[1] == FEE, node.process)
        endpoint.faults.append(Drop())
        for number in (2, 3):
            assert ask(node, payment(paid, channel, number * FEE)).status_code == 200
        until(lambda: "trouble" in node.status() and node.status()["trouble"], node.process)
        endpoint.faults.clear()
        until(lambda: paid.held(channel_id)[1] == 3 * FEE, node.process)
        assert node.end() == 0
    assert paid.token.balanceOf(node.account) == 3 * FEE


def test_a_refund_and_a_request_that_race_lose_nothing(paid: Paid, make: Make) -> None:
    """While a channel is paid back nothing is begun on it; what was answered before is claimed by the same call."""
    node = make("eighth provider").run()
    channel = paid.channel(node)
    channel_id = paid.deposit(channel, COIN)
    assert ask(node, payment(paid, channel, FEE)).status_code == 200
    signature = paid.vouchers.sign(paid.payer, channel_id, FEE)
    voucher = VoucherFields("0x" + channel_id.hex(), str(FEE), "0x" + signature.hex())
    network = f"eip155:{paid.client.chain_id}"
    accepted = Requirements(SCHEME, network, paid.token.address, str(FEE), channel.receiver, 60)
    wanted = {"payment-signature": encode(Payment(RefundPayload(Config.of(channel), voucher), accepted))}
    with ThreadPoolExecutor(8) as pool:
        refunds = [pool.submit(httpx.get, f"{node.url}/v1/chat/completions", headers=wanted, timeout=PATIENCE_SECONDS)]
        asked = [pool.submit(ask, node, payment(paid, channel, 2 * FEE)) for _ in range(6)]
        refunds.append(
            pool.submit(httpx.get, f"{node.url}/v1/chat/completions", headers=wanted, timeout=PATIENCE_SECONDS)
        )
        answered = sum(item.result().status_code == 200 for item in asked)
        codes = sorted(item.result().status_code for item in refunds)
    assert answered <= 1
    assert codes[-1] in (200, 402)
    assert node.end() == 0
    balance, claimed = paid.held(channel_id)
    assert claimed == (1 + answered) * FEE
    assert balance >= claimed
    assert paid.token.balanceOf(node.account) == claimed
