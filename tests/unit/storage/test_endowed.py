"""Which endowments a node goes on with: the suite's own, for a reward that is worth the gas."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from keifu.errors import RpcError
from keifu.node.storage.endowed import Endowed
from keifu.node.storage.records import Known
from keifu.node.storage.service import Fault
from keifu.storage.deals import Placed
from keifu.storage.provider.messages import ShardId
from keifu.storage.states import DealState, Shard, State

COIN_ADDRESS = "0x" + "5" * 40
ME, CLIENT, HOME = ("0x" + digit * 40 for digit in "1ab")
DEAL, NEXT = b"\1" * 32, b"\2" * 32
PROXY = f"0x363d3d373d3d3d363d73{HOME[2:]}5af43d82803e903d91602b57fd5bf3"
NAMED = (Placed(ME, b"\3" * 32, 8),)
END, REWARD = 20, 100


class Chain:
    """One endowment, one shard of it, and what is sent."""

    def __init__(self, code: str = PROXY, deal: bytes = DEAL) -> None:
        self.sent: list[str] = []
        self.said: list[str] = []
        self.handed: list[ShardId] = []
        self.asked: list[str] = []
        self.code, self.deal = code, deal
        self.faults: list[Exception] = []  # of handing over, one after another

    def ask(self, block: int, wanted: Any) -> list[Any]:
        terms = DealState(CLIENT, b"", 4, 1, END, 1, False, False, 0, 5, 5, COIN_ADDRESS)
        said = {
            "deal": terms, "shard": Shard(ME, 0, 1, END, State.STORED), "state": (1, self.deal, END, 1, b""),
            "plan": (ME, 5, 5, 0, 10, REWARD, False),
        }  # fmt: skip
        self.asked += [name for name, _ in wanted]
        return [said[name] for name, _ in wanted]

    def node(self, least: int = REWARD) -> Endowed:
        encoder = SimpleNamespace(encode=lambda pieces: b"")
        endowment = SimpleNamespace(state="state", plan="plan", address=CLIENT, open_term=encoder)
        chain = SimpleNamespace(
            rpc=SimpleNamespace(agreed_many=lambda calls, of: [self.code for _ in calls]),
            client=SimpleNamespace(at=lambda address, name: endowment),
        )
        contracts: Any = SimpleNamespace(
            account=SimpleNamespace(address=ME), ask=self.ask, chain=chain,
            deals=SimpleNamespace(deal="deal", shard="shard"), endowments=SimpleNamespace(LEAD=lambda: 2, address=HOME),
        )  # fmt: skip
        records: Any = SimpleNamespace(known=lambda deal: Known(1, NAMED))
        handing: Any = SimpleNamespace(hand=self.hand)
        turns: Any = SimpleNamespace(send=lambda seen, what, to, data: self.sent.append(what))
        settings: Any = SimpleNamespace(term_reward=least)
        log: Any = SimpleNamespace(warning=lambda *_, **words: self.said.append(words["fault"]))
        return Endowed(contracts, records, handing, turns, settings, log)

    def hand(self, shard: ShardId, known: Known, **_: Any) -> None:
        self.handed.append(shard)
        if self.faults:
            raise self.faults.pop(0)


def seen(epoch: int) -> Any:
    return SimpleNamespace(epoch=epoch, block=1, states={ShardId(DEAL, 0): Shard(ME, 0, 1, END, State.STORED)})


@pytest.mark.parametrize(("epoch", "sent"), [(END - 3, 0), (END - 2, 1)], ids=["too early", "in time"])
def test_the_next_term_is_opened_two_epochs_before_the_end(epoch, sent):
    chain = Chain()
    chain.node().step(seen(epoch))
    assert len(chain.sent) == sent


def test_a_reward_that_is_too_small_opens_nothing():
    chain = Chain()
    chain.node(REWARD + 1).step(seen(END - 1))
    assert chain.sent == []


def test_what_only_looks_like_an_endowment_is_asked_for_nothing():
    chain = Chain(code=PROXY.replace("b" * 40, "c" * 40))
    chain.node().step(seen(END - 1))
    assert chain.sent == []
    assert "state" not in chain.asked


def test_a_term_that_another_one_opened_is_taken_once():
    chain = Chain(deal=NEXT)
    node = chain.node()
    node.step(seen(END - 2))
    node.step(seen(END - 2))
    assert (chain.sent, chain.handed) == ([], [ShardId(NEXT, 0)])


def test_a_term_is_taken_when_the_endpoint_answers_again():
    chain = Chain(deal=NEXT)
    chain.faults = [RpcError("no answer")]
    node = chain.node()
    with pytest.raises(RpcError):
        node.step(seen(END - 2))
    node.step(seen(END - 2))
    node.step(seen(END - 2))
    assert chain.handed == 2 * [ShardId(NEXT, 0)]


def test_a_term_for_which_the_lock_was_too_small_is_taken_when_the_one_before_has_ended():
    """Both reserve damages while they overlap, and a term may be accepted for two epochs after that."""
    chain = Chain(deal=NEXT)
    chain.faults = [Fault(409, "no lock", "9 wei would be needed of the lock, which has 5")]
    node = chain.node()
    node.step(seen(END - 2))
    node.step(seen(END - 2))
    assert (chain.handed, chain.said) == ([ShardId(NEXT, 0)], ["9 wei would be needed of the lock, which has 5"])
    node.step(seen(END - 1))
    assert chain.handed == 2 * [ShardId(NEXT, 0)]
