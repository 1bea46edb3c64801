"""The durable sender on anvil: what it accepts takes effect once, whatever is dropped, replaced or reorganised."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import artifacts
from keifu.chain import ChainClient, Rpc
from keifu.chain.sender import Intent, State
from keifu.errors import LimitExceeded, RpcError, UsageError
from keifu.keys import Account
from keifu.units import COIN
from tests.unit.chain.sender.conftest import Choosy, balance, nonce, pay

pytestmark = pytest.mark.case("tools-17")


# intents -------------------------------------------------------------------------------------------------------------


def test_an_intent_is_sent_and_done(anvil, open_sender, payee):
    sender = open_sender()
    assert sender.submit(pay(payee)).state is State.QUEUED
    [done] = sender.wait("pay 0")
    assert (done.state, done.nonce, done.gas_used, balance(anvil, payee)) == (State.DONE, 0, 21_000, 1)


def test_the_same_id_again_is_the_same_intent(anvil, open_sender, payee):
    sender = open_sender()
    sender.submit(pay(payee))
    [done] = sender.wait("pay 0")
    assert sender.submit(pay(payee)) == done
    assert sender.step().is_idle
    assert balance(anvil, payee) == 1


def test_the_same_id_in_one_call_is_one_intent(anvil, open_sender, payee):
    sender = open_sender()
    sender.submit_many([pay(payee), pay(payee)])
    sender.wait("pay 0")
    assert balance(anvil, payee) == 1


@pytest.mark.parametrize("other", [{"value": 2}, {"data": b"\1"}, {"gas": 30_000}, {"to": None}])
def test_the_same_id_with_other_content_is_refused(open_sender, payee, other):
    sender = open_sender()
    sender.submit(pay(payee))
    changed = Intent(**({"id": "pay 0", "to": payee, "value": 1} | other))
    with pytest.raises(UsageError, match=r"intent 'pay 0' is known with other content"):
        sender.submit_many([pay(payee, 1), changed])
    assert sender.status()["intents"]["queued"] == 1  # all or none


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"id": ""}, "not an id"),
        ({"id": "keifu:mine"}, "not an id"),
        ({"to": "0x12"}, "is not an address"),
        ({"value": -1}, "cannot be sent"),
        ({"value": 2**256}, "cannot be sent"),
        ({"gas": 20_999}, "below the 21,000"),
        ({"to": None, "data": bytes(49_153)}, "49,152 are the most"),
    ],
)
def test_what_no_chain_takes_is_refused_before_it_has_a_nonce(open_sender, payee, wrong, why):
    sender = open_sender()
    with pytest.raises(UsageError, match=why):
        sender.submit(Intent(**({"id": "x", "to": payee} | wrong)))
    assert sum(sender.status()["intents"].values()) == 0


def test_an_unknown_id_is_told(open_sender):
    with pytest.raises(UsageError, match="no intent is called 'nothing'"):
        open_sender().wait("nothing")


def test_the_status_is_json_and_holds_no_key(open_sender, account, payee):
    sender = open_sender()
    sender.submit(pay(payee))
    shown = json.dumps(sender.status())
    assert '"pay 0"' in shown
    assert account.secret().hex() not in shown


def test_the_key_is_in_no_file(open_sender, account, payee, tmp_path):
    sender = open_sender()
    sender.submit(pay(payee))
    sender.wait("pay 0")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert account.secret() not in content
            assert account.secret().hex().encode() not in content


# contracts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def counter(anvil, account):
    return ChainClient(anvil.rpc, artifacts.load).deploy("Counter", 5, sender=account)


def test_what_the_contract_refuses_is_never_sent(anvil, open_sender, account, counter):
    sender, before = open_sender(), nonce(anvil, account)
    sender.submit(Intent("too much", counter.address, counter.add.encode(6)))
    sender.submit(Intent("fine", counter.address, counter.add.encode(5)))
    refused, done = sender.wait("too much", "fine")
    assert (refused.state, refused.reason) == (State.REFUSED, "counter: over the limit")
    assert (done.state, nonce(anvil, account)) == (State.DONE, before + 1)


def test_what_rests_on_an_earlier_one_waits_for_it(by_hand, open_sender, account):
    sender = open_sender()
    packaged = artifacts.load("Counter")
    code = packaged.creation_code + (10).to_bytes(32, "big")
    sender.submit(Intent("deploy", None, code))
    sender.step()
    where = ChainClient(by_hand.rpc).at(ZERO_ADDRESS, packaged.interface)
    to = _created(account.address, sender.get("deploy").nonce)
    sender.submit(Intent("later", to, where.add.encode(11)))  # refused by whatever is there, when it is there
    sender.step()
    assert sender.get("later").state is not State.REFUSED
    by_hand.mine()
    sender.run(lambda: sender.get("later").state.is_final or bool(by_hand.mine()))
    assert sender.get("later").state is State.REFUSED


def _created(address: str, number: int) -> str:
    import rlp  # noqa: PLC0415 - only here

    from keifu.keys import keccak256  # noqa: PLC0415

    return "0x" + keccak256(rlp.encode([bytes.fromhex(address[2:]), number]))[12:].hex()


def test_what_fails_in_its_block_says_why(open_sender, counter):
    sender = open_sender()
    sender.submit(Intent("too much", counter.address, counter.add.encode(6), gas=100_000))
    [failed] = sender.wait("too much")
    assert (failed.state, failed.reason) == (State.FAILED, "reverted: counter: over the limit")


@pytest.mark.case("tools-16")
def test_out_of_gas_is_told_as_such(open_sender, counter):
    sender = open_sender()
    sender.submit(Intent("starved", counter.address, counter.add.encode(5), gas=25_000))
    [failed] = sender.wait("starved")
    assert failed.state is State.FAILED
    assert failed.reason.startswith("out of gas: 25,000 of 25,000 used")


# another with the same key -------------------------------------------------------------------------------------------


def test_a_nonce_that_another_process_took_is_given_up_only_when_that_is_final(by_hand, open_sender, account, payee):
    sender = open_sender(depth=3)
    sender.submit(pay(payee))
    sender.step()
    by_hand.rpc.call("anvil_dropTransaction", sender.get("pay 0").tx_hash)
    other = ChainClient(Choosy(by_hand.url, lambda method, params: _one(by_hand, method)))
    other.send(account, payee, value=1_000)
    for _ in range(3):
        sender.step()
        assert sender.get("pay 0").nonce == 0
        by_hand.mine()
    for _ in range(8):
        sender.step()
        by_hand.mine()
    [done] = sender.wait("pay 0")
    assert (done.state, done.nonce, balance(by_hand, payee)) == (State.DONE, 1, 1_001)


def _one(anvil, method):
    """A block for whoever asks for a receipt."""
    if method == "eth_getTransactionReceipt":
        anvil.mine()


def test_a_missing_nonce_below_ours_is_filled(by_hand, open_sender, clock, account, payee):
    other = ChainClient(by_hand.rpc)._outbox
    from keifu.chain._outbox import Draft  # noqa: PLC0415

    [foreign] = other._signed([Draft(account, payee, value=1_000)])
    by_hand.rpc.call("eth_sendRawTransaction", "0x" + foreign.raws[0].hex())
    sender = open_sender(patience=3)
    sender.submit(pay(payee))
    sender.step()
    assert sender.get("pay 0").nonce == 1  # behind what the node's pool has
    by_hand.rpc.call("anvil_dropTransaction", foreign.hashes[0])
    for _ in range(8):
        sender.step()
        by_hand.mine()
        clock.now += 5
    sender.wait("pay 0")
    assert (balance(by_hand, payee), nonce(by_hand, account)) == (1, 2)


def test_waiting_too_long_is_told_and_nothing_is_given_up(by_hand, open_sender, payee):
    sender = open_sender()
    sender.submit(pay(payee))
    with pytest.raises(RpcError, match=r"1 of 1 intents are not final after 9 s, 'pay 0' is sent"):
        sender.wait("pay 0", seconds=9)
    by_hand.mine()
    sender.wait("pay 0")
    assert balance(by_hand, payee) == 1


# limits --------------------------------------------------------------------------------------------------------------


class Small(Rpc):
    """A node that takes so many requests at once, and says so in its way."""

    MOST = 20

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.sizes: list[int] = []

    def _many(self, kind, calls, *, retry):
        self.sizes.append(len(calls))
        if len(calls) > self.MOST:
            raise LimitExceeded(f"batch of {len(calls)}: at most {self.MOST} requests")
        return super()._many(kind, calls, retry=retry)


@pytest.mark.case("tools-18")
def test_the_size_of_a_batch_is_learnt_and_kept(anvil, open_sender, payee):
    """In a batch that is refused as too large nothing is lost; the next run begins with what was learnt."""
    node = Small(anvil.url)
    intents = [Intent(f"pay {number}", payee, value=1, gas=21_000) for number in range(60)]
    sender = open_sender(node)
    sender.submit_many(intents)
    sender.wait(*(intent.id for intent in intents), seconds=60)
    assert balance(anvil, payee) == 60
    assert sum(size > Small.MOST for size in node.sizes) <= 4  # halved, not counted down
    sender.close()
    node = Small(anvil.url)
    again = open_sender(node)
    again.submit_many([replace(intent, id=f"again {intent.id}") for intent in intents])
    again.wait(*(f"again {intent.id}" for intent in intents), seconds=60)
    assert balance(anvil, payee) == 120
    assert max(node.sizes) <= Small.MOST


@pytest.mark.case("tools-18")
def test_a_node_that_takes_no_second_request_is_told_one_by_one(anvil, open_sender, payee, monkeypatch):
    monkeypatch.setattr(Small, "MOST", 1)
    sender = open_sender(Small(anvil.url))
    sender.submit_many([Intent(f"pay {number}", payee, value=1, gas=21_000) for number in range(5)])
    sender.wait(*(f"pay {number}" for number in range(5)), seconds=60)
    assert balance(anvil, payee) == 5


# what is on its way ---------------------------------------------------------------------------------------------------


def test_a_sender_with_nothing_to_send_is_at_rest(open_sender):
    assert open_sender().step().is_at_rest


def test_a_sender_is_at_rest_when_a_block_has_what_was_sent(by_hand, open_sender, payee):
    """Not before, and though the block is not final yet."""
    sender = open_sender(depth=9)
    sender.submit(pay(payee))
    assert [sender.step().is_at_rest for _ in range(3)] == [False, False, False]
    by_hand.mine()
    assert not sender.step().is_at_rest  # it has just been seen there
    step = sender.step()
    assert (step.is_at_rest, step.open, sender.get("pay 0").state) == (True, 1, State.MINED)


def test_what_cannot_be_sent_is_on_no_way(by_hand, open_sender, clock, payee):
    """An empty account: it goes on when somebody pays it."""
    empty = Account.from_role("an empty account")
    sender = open_sender(who=empty)
    sender.submit(pay(payee))
    sender.step()
    for _ in range(3):  # it is not sent again at each of them
        step = sender.step()
        assert (step.is_at_rest, step.open) == (True, 1)
        assert "insufficient funds" in sender.trouble.lower()
    by_hand.rpc.call("anvil_setBalance", empty.address, hex(COIN))
    clock.sleep(60)
    assert [(sender.step().is_at_rest, sender.trouble) for _ in range(3)] == [(False, "")] * 3
    by_hand.mine()
    assert sender.wait("pay 0")[0].state is State.DONE
