"""A machine under heavy load: answers come late, and nothing gives up at a fixed second or does its work twice."""

from __future__ import annotations

from types import SimpleNamespace

import ape
import pytest

from ethwire import anvil as ethwire_anvil
from ethwire.rpc import endpoint as ethwire_rpc
from ethwire.rpc.transport import BrokenOff
from keifu.chain import Anvil, ChainClient, Rpc, _outbox
from keifu.errors import EnvironmentFault, RpcError
from keifu.units import DAY
from tests.ape_chain import GENESIS
from tests.faulty_node import FaultyNode
from tests.processes import children, held_up

pytestmark = pytest.mark.case("tools-36")

SHORT, LONG = 0.1, 1.0  # a limit, and a pause that is longer


@pytest.fixture
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture
def impatient(monkeypatch):
    """Limits that a busy machine exceeds at once, in the place of thirty seconds."""
    monkeypatch.setattr(ethwire_rpc, "TIMEOUT_SECONDS", SHORT)
    monkeypatch.setattr(ethwire_rpc, "LOCAL_TIMEOUT_SECONDS", SHORT)
    monkeypatch.setattr(ethwire_anvil, "START_SECONDS", SHORT, raising=False)


def node_of(anvil: Anvil) -> int:
    [node] = children(anvil._process.pid)
    return node


def height(anvil: Anvil) -> int:
    return int(anvil.rpc.call("eth_blockNumber"), 16)


# a node of our own ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "blocks"),
    [
        (lambda anvil: anvil.mine(1_000), 1_000),
        (lambda anvil: anvil.warp(DAY), 1),
        (lambda anvil: anvil.account("newcomer"), 1),
        (lambda anvil: anvil.restore(anvil.snapshot()), 0),
        (lambda anvil: anvil.rpc.batch([("evm_mine", [])] * 3), 3),
    ],
    ids=["mine", "warp", "send", "restore", "batch"],
)
def test_whatever_is_asked_of_a_held_up_node_is_done_once(impatient, work, blocks):
    with Anvil(timestamp=GENESIS) as anvil:
        with held_up(node_of(anvil), LONG):
            work(anvil)
        assert height(anvil) == blocks


def test_a_slow_start_is_waited_for(impatient, monkeypatch, tmp_path):
    slow = tmp_path / "anvil"
    slow.write_text(f'#!/bin/sh\necho loading\nsleep {LONG}\necho still loading\nexec {ethwire_anvil._binary()} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setattr(ethwire_anvil, "_binary", lambda: str(slow))
    with Anvil() as anvil:
        assert height(anvil) == 0


def test_a_start_that_ends_is_not_waited_for(monkeypatch, tmp_path):
    broken = tmp_path / "anvil"
    broken.write_text("#!/bin/sh\necho out of memory\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(ethwire_anvil, "_binary", lambda: str(broken))
    with pytest.raises(EnvironmentFault, match="anvil did not start: out of memory"):
        Anvil()


def test_a_node_that_ends_is_not_waited_for(anvil):
    anvil._end()
    with pytest.raises(RpcError, match="did not answer anvil_mine"):
        anvil.mine(5)


def test_ape_s_node_has_time_too():
    assert ape.networks.provider.timeout >= ethwire_rpc.LOCAL_TIMEOUT_SECONDS


# any node ------------------------------------------------------------------------------------------------------------


def limits(url: str, method: str) -> list[float]:
    """What each try of a request that never is answered was given."""
    given: list[float] = []

    def never(_: bytes, seconds: float):
        given.append(seconds)
        raise BrokenOff("timed out")

    rpc = Rpc(url)
    rpc._node.close()
    rpc._node = SimpleNamespace(post=never, close=lambda: None)
    with pytest.raises(RpcError, match=f"did not answer {method}: timed out"):
        rpc.call(method)
    return given


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_node_of_this_machine_has_ten_minutes(host):
    assert limits(f"http://{host}:8545", "eth_call") == [600, 1_200, 2_400, 4_800]


def test_a_public_node_has_twice_the_time_at_each_try():
    assert limits("https://rpc.example", "eth_call") == [30, 60, 120, 240]


@pytest.mark.parametrize("method", ["eth_sendRawTransaction", "anvil_mine", "evm_increaseTime", "hardhat_mine"])
def test_what_changes_the_chain_is_asked_once(method):
    assert limits("https://rpc.example", method) == [30]


@pytest.mark.parametrize("method", ["anvil_mine", "evm_mine"])
@pytest.mark.parametrize("many", [False, True])
def test_work_whose_answer_was_lost_is_not_done_twice(anvil, method, many):
    def lost(request, result):
        if request["method"] == method:
            raise ConnectionError
        return result

    with FaultyNode(anvil.url, lost) as node, Rpc(node.url) as rpc, pytest.raises(RpcError, match="did not answer"):
        _ = rpc.batch([("eth_chainId", []), (method, [])]) if many else rpc.call(method)
    assert height(anvil) == 1


def test_a_read_whose_answer_was_lost_is_asked_again(anvil):
    asked: list[str] = []

    def lost(request, result):
        asked.append(request["method"])
        if len(asked) < 3:
            raise ConnectionError
        return result

    with FaultyNode(anvil.url, lost) as node, Rpc(node.url) as rpc:
        assert rpc.chain_id() == anvil.chain_id
    assert asked == ["eth_chainId"] * 3


# receipts ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def leaping_clock(monkeypatch):
    """An hour passes between two looks at the clock: the machine was asleep, or busy."""
    hours = iter(range(0, 10**9, 3_600))
    monkeypatch.setattr(_outbox, "time", SimpleNamespace(monotonic=lambda: next(hours), sleep=lambda pause: None))


def late(answers: int):
    """A node that has no receipt for the first so many times it is asked."""
    asked: list[str] = []

    def fault(request, result):
        if request["method"] != "eth_getTransactionReceipt":
            return result
        asked.append(request["method"])
        return result if len(asked) > answers else None

    return fault


def test_a_receipt_that_is_late_is_waited_for(anvil, leaping_clock):
    with FaultyNode(anvil.url, late(5)) as node, Rpc(node.url) as rpc:
        client = ChainClient(rpc)
        assert client.send(anvil.faucet, anvil.faucet.address, value=1).block_number == 1


def test_a_transaction_that_is_never_mined_is_told(anvil, leaping_clock):
    with FaultyNode(anvil.url, late(10**9)) as node, Rpc(node.url) as rpc:
        client = ChainClient(rpc)
        with pytest.raises(RpcError, match="1 transactions were not mined in 120 s"):
            client.send(anvil.faucet, anvil.faucet.address, value=1)
