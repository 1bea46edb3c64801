"""What becomes of a transaction in the node's pool and after it: dropped, stuck, too cheap, reorganised."""

from __future__ import annotations

import pytest

from ethwire.constants import GWEI
from keifu.chain.sender import State
from keifu.errors import RpcError
from tests.unit.chain.sender.conftest import Choosy, balance, nonce, pay, refuses

pytestmark = pytest.mark.case("tools-17")


def test_what_the_node_drops_is_sent_again(by_hand, open_sender, clock, payee):
    sender = open_sender()
    sender.submit_many([pay(payee, 0), pay(payee, 1)])
    sender.step()
    by_hand.rpc.call("anvil_dropTransaction", sender.get("pay 0").tx_hash)
    assert sender.step().reported == 0  # not at every step
    clock.now += 60
    assert sender.step().reported >= 1
    by_hand.mine()
    sender.wait("pay 0", "pay 1")
    assert balance(by_hand, payee) == 11


def test_what_the_node_refuses_at_first_is_sent_in_order(anvil, open_sender, clock, payee):
    sender = open_sender(Choosy(anvil.url, refuses(1)))
    sender.submit_many([pay(payee, number) for number in range(4)])
    sender.step()
    assert "txpool is full" in sender.trouble
    sender.wait(*(f"pay {number}" for number in range(4)))
    assert balance(anvil, payee) == 1_111


@pytest.mark.case("tools-19")
def test_a_transaction_whose_fee_is_too_low_by_now_is_replaced(by_hand, open_sender, account, payee):
    sender = open_sender(patience=2)
    sender.submit_many([pay(payee, 0), pay(payee, 1)])
    sender.step()
    first = sender.get("pay 0").tx_hash
    by_hand.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(90 * GWEI))
    by_hand.mine(3)
    for _ in range(4):
        sender.step()
        by_hand.mine()
    done = sender.wait("pay 0", "pay 1")
    assert all(intent.state is State.DONE for intent in done)
    assert done[0].tx_hash != first
    assert (balance(by_hand, payee), nonce(by_hand, account)) == (11, 2)


@pytest.mark.case("tools-19")
def test_fees_are_read_for_each_transaction(anvil, open_sender, payee):
    sender = open_sender()
    for number, base in enumerate((1, 300, 2)):
        anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(base * GWEI))
        anvil.mine()
        anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(base * GWEI))
        sender.submit(pay(payee, number))
        [done] = sender.wait(f"pay {number}")
        offered = int(anvil.rpc.call("eth_getTransactionByHash", done.tx_hash)["maxFeePerGas"], 16)
        assert base * GWEI < offered <= 3 * base * GWEI


@pytest.mark.case("tools-19")
def test_no_more_is_offered_than_the_most(by_hand, open_sender, clock, payee):
    sender = open_sender(patience=1, most_fee=5 * GWEI)
    sender.submit(pay(payee))
    sender.step()
    by_hand.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(90 * GWEI))
    for _ in range(20):
        by_hand.mine()
        sender.step()
    offered = [attempt.fees.max_fee for attempt in sender._book.sent[0].attempts]
    assert len(offered) > 1
    assert max(offered) <= 5 * GWEI
    sender.submit(pay(payee, 1))
    sender.step()
    assert sender.get("pay 1").state is State.QUEUED
    assert "above the most that this sender pays" in sender.trouble
    for _ in range(40):  # until it is cheap again
        by_hand.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        by_hand.mine()
        sender.step()
        clock.now += 20
    assert balance(by_hand, payee) == 11


def test_a_transaction_lost_to_a_reorganisation_is_found_and_sent_again(anvil, open_sender, account, clock, payee):
    sender = open_sender(depth=3)
    sender.submit_many([pay(payee, 0), pay(payee, 1)])
    sender.step()
    for _ in range(200):  # a busy machine mines after it has answered
        sender.step()
        if {sender.get("pay 0").state, sender.get("pay 1").state} == {State.MINED}:
            break
    assert {sender.get("pay 0").state, sender.get("pay 1").state} == {State.MINED}
    anvil.rpc.call("anvil_reorg", 1, [])
    assert nonce(anvil, account) < 2
    clock.now += 60
    sender.step()
    clock.now += 60
    sender.step()
    anvil.mine(4)
    done = sender.wait("pay 0", "pay 1")
    assert all(intent.state is State.DONE for intent in done)
    assert (balance(anvil, payee), nonce(anvil, account)) == (11, 2)


def test_an_intent_counts_as_done_when_its_block_is_deep_enough(anvil, open_sender, payee):
    sender = open_sender(depth=3)
    sender.submit(pay(payee))
    for _ in range(100):  # anvil answers before it has mined
        sender.step()
        if sender.get("pay 0").state is State.MINED:
            break
    for _ in range(3):
        sender.step()
        assert sender.get("pay 0").state is State.MINED
        anvil.mine()
    sender.step()
    assert sender.get("pay 0").state is State.DONE


def test_a_receipt_that_is_late_is_waited_for(anvil, open_sender, payee):
    asked = []

    def late(method, params):
        if method == "eth_getTransactionReceipt" and len(asked) < 5:
            asked.append(method)
            return {}
        return None

    sender = open_sender(Choosy(anvil.url, late))
    sender.submit(pay(payee))
    sender.wait("pay 0")
    assert (len(asked), balance(anvil, payee)) == (5, 1)


def test_the_first_in_line_that_a_node_keeps_and_does_not_count_is_replaced(anvil, open_sender, account, payee):
    """As anvil does when a transaction comes while it mines the one before: no block comes any more."""
    kept = []

    def keeps(method, params):
        if method != "eth_sendRawTransaction" or (kept and params not in kept):
            return None
        kept.append(params)
        return "0x" + "11" * 32 if len(kept) == 1 else RpcError("eth_sendRawTransaction: transaction already imported")

    sender = open_sender(Choosy(anvil.url, keeps))
    sender.submit_many([pay(payee, 0), pay(payee, 1)])
    sender.wait("pay 0", "pay 1", seconds=120)
    assert len(kept) == 2
    assert (balance(anvil, payee), nonce(anvil, account)) == (11, 2)


def test_what_a_node_keeps_while_it_makes_blocks_has_its_patience(by_hand, open_sender, clock, payee):
    def answer(method, params):
        return RpcError("already known") if method == "eth_sendRawTransaction" else None

    sender = open_sender(Choosy(by_hand.url, answer), patience=50)
    sender.submit(pay(payee))
    for _ in range(10):
        sender.step()
        by_hand.mine()
        clock.now += 20
    assert len(sender._book.sent[0].attempts) == 1
