"""x402's own client and server, unmodified, with a relayer's process as their facilitator, on a real chain."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from x402.extensions.eip2612_gas_sponsoring import declare_eip2612_gas_sponsoring_extension
from x402.http import FacilitatorConfig, HTTPFacilitatorClient
from x402.http.utils import decode_payment_response_header
from x402.mechanisms.evm.constants import MULTICALL3_ADDRESS

from keifu.chain.suite import PERMIT2
from keifu.keys import Account
from keifu.payments.facilitator import PENDING
from keifu.payments.x402 import ERRORS
from keifu.payments.x402_package import pointed_at
from keifu.units import COIN
from tests.integration.compute.conftest import KEIFU, Paid, until
from tests.integration.payments.asking import AMOUNT, PER_ETHER, Asking
from tests.integration.payments.conftest import ENOUGH, MULTIPLIER, PRICE, Shop, World, opened
from tests.integration.payments.places import install
from tests.integration.payments.relaying import RelayerProcess
from tests.integration.payments.test_x402 import manager
from tests.paid_server import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paid]:
    made = Paid(tmp_path_factory.mktemp("relayed"))
    owner = made.anvil.account("deployer")
    install(made.anvil, PERMIT2, "PlainPermit2", sender=owner)
    install(made.anvil, MULTICALL3_ADDRESS, "PlainMulticall", sender=owner)
    made.client.forget_nonces()
    with pointed_at(made.suite):
        yield made
    made.anvil.stop()


@pytest.fixture
def world(paid: Paid) -> World:
    hub = paid.suite.at(paid.client, "StakingHub")
    return World(paid.anvil, paid.client, paid.token, hub, paid.suite, paid.suite)


@pytest.fixture
def make(paid: Paid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes relayers, whose processes end with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made: list[RelayerProcess] = []

    def make(role: str = "relayer's node", **own: Any) -> RelayerProcess:
        made.append(RelayerProcess(paid, tmp_path / f"relayer-{len(made)}", role, **own))
        return made[-1]

    yield make
    for relayer in made:
        relayer.close()


def facilitator_at(relayer: RelayerProcess) -> HTTPFacilitatorClient:
    return HTTPFacilitatorClient(FacilitatorConfig(url=relayer.url, timeout=PATIENCE_SECONDS))


def settling(shop: Shop, relayer: RelayerProcess) -> Any:
    """The package's manager; its client of a facilitator belongs to one event loop."""
    shop.facilitator = facilitator_at(relayer)
    return manager(shop)


# the package, unmodified ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["eip3009", "permit2"])
def test_an_unmodified_client_and_server_pay_through_the_relayer(paid, world, make, method):
    relayer = make().run()
    payer, receiver = world.role("payer"), world.role("receiver")
    paid.token.approve(PERMIT2, ENOUGH, sender=payer)
    before, ether, earned = paid.token.balanceOf(payer), paid.client.balance(payer), paid.token.balanceOf(receiver)
    with opened(world, method, facilitator_at(relayer)) as shop:
        responses = shop.buy(times=3)
        assert [response.status_code for response in responses] == [200, 200, 200], relayer.log_file.read_text()
        first = decode_payment_response_header(responses[0].headers["PAYMENT-RESPONSE"])
        assert (first.success, first.amount, bool(first.transaction)) == (True, str(MULTIPLIER * PRICE), True)
        assert paid.token.balanceOf(payer) == before - MULTIPLIER * PRICE
        assert [claim.vouchers for claim in asyncio.run(settling(shop, relayer).claim())] == [1]
        asyncio.run(settling(shop, relayer).settle())
        assert paid.token.balanceOf(receiver) == earned + 3 * PRICE
        assert [response.status_code for response in shop.buy(times=2)] == [200, 200]
        refunded = shop.client.refund(shop.url)
        assert (refunded.success, refunded.amount) == (True, str((MULTIPLIER - 5) * PRICE))
        asyncio.run(settling(shop, relayer).settle())
    assert paid.token.balanceOf(receiver) == earned + 5 * PRICE
    assert paid.token.balanceOf(payer) == before - 5 * PRICE
    assert paid.client.balance(payer) == ether
    assert relayer.end() == 0


def test_a_permit_makes_permit2_need_no_ether_either(paid, world, make):
    relayer = make().run()
    payer = world.role("payer")
    paid.token.approve(PERMIT2, 0, sender=payer)
    ether = paid.client.balance(payer)
    declared = declare_eip2612_gas_sponsoring_extension()
    with opened(world, "permit2", facilitator_at(relayer), **declared) as shop:
        [response] = shop.buy()
        assert response.status_code == 200, relayer.log_file.read_text()
        assert shop.client.refund(shop.url).success
        asyncio.run(settling(shop, relayer).settle())
    assert paid.client.balance(payer) == ether


# intents --------------------------------------------------------------------------------------------------------------


def post(relayer: RelayerProcess, page: str, body: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    response = httpx.post(f"{relayer.url}{page}", json=body, headers=headers, timeout=PATIENCE_SECONDS)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def sent(paid: Paid, relayer: RelayerProcess) -> int:
    """Transactions of the relayer that are in blocks."""
    return int(paid.client.rpc.call("eth_getTransactionCount", relayer.account, "latest"), 16)


def test_the_same_intent_is_sent_once_whoever_brings_it_and_however_often(paid, make):
    relayer, asking = make("busy relayer").run(), Asking(paid)
    body, before = asking.body(asking.deposit(1)), paid.token.balanceOf(paid.payer)
    assert post(relayer, "/verify", body)["isValid"]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: post(relayer, "/settle", body), range(4)))
    assert {(item["success"], item["transaction"]) for item in found} == {(True, found[0]["transaction"])}
    assert (sent(paid, relayer), paid.token.balanceOf(paid.payer)) == (1, before - AMOUNT)
    relayer.end(signal.SIGKILL)
    relayer.run()
    assert post(relayer, "/settle", body)["transaction"] == found[0]["transaction"]
    assert sent(paid, relayer) == 1
    assert relayer.page("/healthz").text == "ok\n"
    assert 'keifu_node_relayed_total{outcome="done",what="deposit"}' in until(
        lambda: "relayed_total{" in (text := relayer.page("/metrics").text) and text, relayer.process
    )


def test_what_is_pending_when_the_relayer_is_killed_takes_effect_once(paid, make):
    relayer, asking = make("killed relayer").run("relayer.patience=1"), Asking(paid)
    body, before = asking.body(asking.deposit(2)), paid.token.balanceOf(paid.payer)
    paid.anvil.rpc.call("evm_setAutomine", False)
    try:
        assert post(relayer, "/settle", body)["errorReason"] == PENDING
    finally:
        relayer.end(signal.SIGKILL)
        paid.anvil.rpc.call("evm_setAutomine", True)
        paid.anvil.rpc.call("evm_mine")
    relayer.run()
    assert until(lambda: (found := post(relayer, "/settle", body))["success"] and found, relayer.process)
    assert (sent(paid, relayer), paid.token.balanceOf(paid.payer)) == (1, before - AMOUNT)


def test_what_ended_without_effect_may_be_brought_again(paid, make):
    """For one block the token refuses everything: the intent fails there. Later it takes effect."""
    relayer, asking, rpc = make("unlucky relayer").run("relayer.patience=1"), Asking(paid), paid.anvil.rpc
    body, before = asking.body(asking.deposit(9)), paid.token.balanceOf(paid.payer)
    rpc.call("evm_setAutomine", False)
    assert post(relayer, "/settle", body)["errorReason"] == PENDING
    code = rpc.call("eth_getCode", paid.token.address, "latest")
    rpc.call("anvil_setCode", paid.token.address, "0xfe")
    rpc.call("evm_mine")
    assert sent(paid, relayer) == 1
    until(lambda: post(relayer, "/settle", body)["errorReason"] != PENDING, relayer.process)
    rpc.call("anvil_setCode", paid.token.address, code)
    rpc.call("evm_setAutomine", True)
    assert until(lambda: post(relayer, "/settle", body)["success"], relayer.process)
    assert (sent(paid, relayer), paid.token.balanceOf(paid.payer)) == (2, before - AMOUNT)


@pytest.mark.parametrize(("most", "cap"), [(COIN, 10 * COIN), (1_000, 10 * COIN), (COIN, 2_000)])
def test_gas_is_paid_back_by_the_same_transaction_and_never_beyond_either_cap(paid, make, most, cap):
    relayer = make("paid relayer", per_ether=PER_ETHER, most_refund=cap).run()
    asking, salt = Asking(paid), most + cap
    channel, header = asking.refund_header(relayer.account, most, salt)
    channel_id = paid.deposit(channel, COIN)
    [kind] = httpx.get(f"{relayer.url}/supported").json()["kinds"]
    assert kind["extra"]["keifuRefund"]["receiver"] == relayer.account.lower()
    before = paid.token.balanceOf(relayer.account)
    found = post(relayer, "/settle", asking.body(asking.deposit(salt)), header)
    assert found["success"], found
    taken = paid.held(channel_id)[1]
    assert paid.token.balanceOf(relayer.account) - before == taken
    receipt = paid.client.rpc.call("eth_getTransactionReceipt", found["transaction"])
    cost = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16) * PER_ETHER // COIN
    assert 0 < taken <= min(most, cap)
    assert taken == min(most, cap) or cost <= taken <= 3 * cost
    again = post(relayer, "/settle", asking.body(asking.deposit(salt + 1)), header)
    assert again["success"] == (taken < most)  # the voucher is used up, or leaves something


def test_a_refund_that_cannot_be_claimed_pays_for_nothing(paid, make):
    relayer, asking = make("careful relayer", per_ether=PER_ETHER).run(), Asking(paid)
    body = asking.body(asking.deposit(3))
    channel, header = asking.refund_header(relayer.account, COIN, 77)
    assert post(relayer, "/settle", body, header)["errorReason"] == "relayer_refund"  # it holds nothing
    paid.deposit(channel, COIN)
    paid.channels.initiateWithdraw(channel.values, COIN, sender=paid.payer)
    assert post(relayer, "/settle", body, header)["errorReason"] == "relayer_refund"  # its payer leaves
    assert post(relayer, "/settle", body, {"PAYMENT-SIGNATURE": "none"})["errorReason"] == "relayer_refund"
    other = make("another relayer", per_ether=PER_ETHER).run()
    assert post(other, "/settle", body, header)["errorReason"] == "relayer_refund"  # it is to somebody else
    assert (sent(paid, relayer), sent(paid, other)) == (0, 0)


def test_what_is_given_away_is_bounded_for_each_account_and_in_all(paid, make):
    relayer = make("mean relayer", free_each=10**15).run("relayer.free_all=100000000000000000")
    asking, salts = Asking(paid), iter(range(100, 200))
    price = int(paid.client.rpc.call("eth_gasPrice"), 16)
    many = 10**15 // (100_000 * price) + 2  # a deposit by signature takes about as much
    codes = [post(relayer, "/settle", asking.body(asking.deposit(next(salts)))).get("errorReason") for _ in range(many)]
    assert (codes[0], codes[-1]) == (None, "relayer_budget")
    before = sent(paid, relayer)
    relayer.end()
    relayer.run()  # a restart is no new budget
    assert post(relayer, "/settle", asking.body(asking.deposit(next(salts))))["errorReason"] == "relayer_budget"
    assert sent(paid, relayer) == before


def test_one_that_has_no_ether_or_too_much_to_do_says_so(paid, make):
    relayer, asking, rpc = (
        make("poor relayer").run("relayer.waiting=1", "relayer.patience=2"),
        Asking(paid),
        paid.client.rpc,
    )
    body, busy = asking.body(asking.deposit(10)), "relayer_busy"
    rpc.call("evm_setAutomine", False)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, relayer, "/settle", body)
        until(lambda: relayer.status()["waiting"] == 1, relayer.process)
        assert post(relayer, "/verify", body)["invalidReason"] == busy
        assert first.result()["errorReason"] == PENDING
    rpc.call("evm_setAutomine", True)
    rpc.call("evm_mine")
    rpc.call("anvil_setBalance", relayer.account, "0x0")
    until(lambda: "has no ether" in relayer.page("/readyz").text, relayer.process)
    assert post(relayer, "/settle", body)["errorReason"] == busy


def test_what_it_earned_goes_to_its_owner_when_it_leaves(paid, make):
    relayer, asking = make("leaving relayer", per_ether=PER_ETHER).run(), Asking(paid)
    channel, header = asking.refund_header(relayer.account, COIN, 88)
    channel_id = paid.deposit(channel, COIN)
    assert post(relayer, "/settle", asking.body(asking.deposit(11)), header)["success"]
    owner = Account.from_role("the relayer's owner").address
    command = [KEIFU, "node", "relayer", "exit", relayer.folder, "--to", owner]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 3  # it runs
    assert relayer.end() == 0
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    assert paid.token.balanceOf(owner) == paid.held(channel_id)[1] > 0
    assert paid.client.balance(owner) > 0


def test_nothing_is_sent_that_would_be_refused(paid, make):
    relayer, asking = make("wary relayer").run(), Asking(paid)
    forged = asking.deposit(4)
    forged["deposit"]["authorization"]["erc3009Authorization"]["signature"] = "0x" + "11" * 64 + "1b"
    rich = asking.deposit(5, 10_000 * COIN)
    claim = {"voucher": {"channel": forged["channelConfig"], "maxClaimableAmount": "1"}, "signature": "0x" + "22" * 65}
    batch = {"type": "claim", "claims": [{**claim, "totalClaimed": "1"}]}
    refund = {**asking.deposit(6), "type": "refund", "amount": "1", "refundNonce": "0", "claims": []}
    receiver = {"type": "settle", "receiver": asking.receiver.address, "token": paid.token.address}
    for payload, code in (
        (forged, "deposit_simulation_failed"),
        (rich, "insufficient_balance"),
        (batch, "authorizer_not_configured"),
        ({**batch, "claimAuthorizerSignature": "0x" + "33" * 65}, "claim_simulation_failed"),
        (refund, "authorizer_not_configured"),
        ({**refund, "refundAuthorizerSignature": "0x" + "33" * 65}, "refund_simulation_failed"),
        (receiver, "nothing_to_settle"),
        ({**asking.deposit(7), "type": "voucher"}, "payload_type"),
    ):
        found = post(relayer, "/settle", asking.body(payload))
        assert (found["success"], found["errorReason"]) == (False, ERRORS + code), found
    assert sent(paid, relayer) == 0


def test_what_is_wrong_is_said_in_x402s_words(paid, make):
    relayer, asking = make("patient relayer").run(), Asking(paid)
    deposit = asking.deposit(8)
    voucher = deposit["voucher"]
    stranger = Account.from_role("a stranger").address
    for change, other, code in (
        ({}, {"scheme": "exact"}, "scheme"),
        ({}, {"network": "eip155:1"}, "network_mismatch"),
        ({}, {"payTo": stranger}, "receiver_mismatch"),
        ({}, {"asset": stranger}, "token_mismatch"),
        ({}, {"extra": {}}, "receiver_authorizer_mismatch"),
        ({}, {"extra": {"receiverAuthorizer": asking.receiver.address, "withdrawDelay": 1}}, "withdraw_delay_mismatch"),
        ({"voucher": {**voucher, "channelId": "0x" + "44" * 32}}, {}, "channel_id_mismatch"),
        ({"voucher": {**voucher, "signature": "0x" + "55" * 65}}, {}, "voucher_signature"),
        ({"voucher": asking.voucher(asking.channel(8), AMOUNT + 1)}, {}, "cumulative_exceeds_balance"),
        ({"type": "voucher"}, {}, "channel_not_found"),
        ({"type": "settle", "receiver": stranger, "token": stranger}, {}, "payload_type"),
        ({"deposit": {"amount": "1", "authorization": {}}}, {}, "payload_type"),
    ):
        found = post(relayer, "/verify", asking.body({**deposit, **change}, **other))
        assert (found["isValid"], found["invalidReason"]) == (False, ERRORS + code), (change, other, found)
    found = post(relayer, "/verify", {**asking.body(deposit), "x402Version": 1})
    assert (found["isValid"], found["invalidReason"]) == (False, ERRORS + "payload_type")
    for raw in (b"", b"[", b"[" * 100_000, b"{}", b"\xff", b'{"paymentPayload":{}}'):
        for page, verdict in (("/verify", "isValid"), ("/settle", "success")):
            response = httpx.post(f"{relayer.url}{page}", content=raw)
            assert (response.status_code, response.json()[verdict]) == (400, False)
    assert httpx.post(f"{relayer.url}/verify", content=b" " * (1 << 20)).status_code == 413
    assert httpx.get(f"{relayer.url}/settle").status_code == 405
    assert httpx.get(f"{relayer.url}/").status_code == 404
    assert "Traceback" not in relayer.log_file.read_text()
