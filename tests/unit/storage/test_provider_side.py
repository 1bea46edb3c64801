"""What a storage node does for whoever asks, and when a promise is worth longer: beside contracts that are made up."""

from __future__ import annotations

import json
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.node.storage.contracts import FREE, DealState, ShardState
from keifu.node.storage.duties import Duties
from keifu.node.storage.handing import Handing
from keifu.node.storage.measuring import gas_of_proof
from keifu.node.storage.records import Known
from keifu.node.storage.service import Fault
from keifu.node.storage.work import Storage
from keifu.storage.deals import Placed, deal_root
from keifu.storage.provider.messages import ShardId
from keifu.storage.trees import SEGMENT_LEAVES

ME, OTHER, NOBODY = "0x" + "11" * 20, "0x" + "22" * 20, ZERO_ADDRESS
NAMED = (Placed(ME, bytes([1]) * 32, 4_096), Placed(OTHER, bytes([2]) * 32, 4_096))
DEAL = bytes([3]) * 32
MIB_PRICE = 1_024  # gwei for a gibibyte, so one for a mebibyte
OFFER = DealState(OTHER, deal_root(NAMED), 5, 2, 20, 2, False, False, 0, MIB_PRICE, 0)


class Records:
    """As the node's, in memory."""

    def __init__(self, known: Known | None = None) -> None:
        self.deal, self.handed = known, list[ShardId]()

    def know(self, deal: bytes, known: Known) -> None:
        self.deal = known

    def known(self, deal: bytes) -> Known | None:
        return self.deal

    def hand(self, shard: ShardId, signed: int = 0) -> None:
        self.handed.append(shard)


def handing(records: Records, answers: list[Any], kept: set[ShardId]) -> Handing:
    view = SimpleNamespace(deal=None, shard=None, proposal_of=None)
    chain = SimpleNamespace(rpc=SimpleNamespace(block_number=lambda: 1))
    contracts = SimpleNamespace(deals=view, repairs=view, chain=chain, ask=lambda block, wanted: answers)
    driving = SimpleNamespace(core=SimpleNamespace(kept=kept), me=ME, arrived=lambda shard, placed, end: None)
    parts: Any = contracts, records, SimpleNamespace(seen=None), driving, None, None
    return Handing(*parts, lambda: None)


def test_what_is_known_of_a_kept_shard_is_changed_by_nobody():
    """The root of a deal does not name k: with another one a lost shard is never built again."""
    shard, records = ShardId(DEAL, 0), Records(Known(1, NAMED))
    answers = [OFFER, ShardState(NOBODY, 0, 0, 0, FREE), (NOBODY, NOBODY)]
    handing(records, answers, {shard}).hand(shard, Known(2, NAMED), signs=False, answer=lambda said: None)
    assert (records.deal, records.handed) == (Known(1, NAMED), [shard])


def test_a_shard_that_a_deal_does_not_have_is_unknown():
    records = Records()
    with pytest.raises(Fault, match="no such shard") as fault:
        handing(records, [OFFER, None, (NOBODY, NOBODY)], set()).hand(
            ShardId(DEAL, 99), Known(1, NAMED), signs=False, answer=lambda said: None
        )
    assert (fault.value.status, records.deal) == (404, None)


def test_whoever_asks_without_end_delays_no_look_at_the_chain():
    node: Any = Storage.__new__(Storage)
    node._selling, node._poll_at, node._is_sending = None, 0.0, False
    node._driving = SimpleNamespace(queue=SimpleQueue(), seconds=1.0)
    asked = []

    def ask() -> None:
        asked.append(1)
        node._driving.queue.put(ask)

    ask()
    node._wait()
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("price", "terms", "sent"),
    [(1, 1, 1), (2, 1, 0), (1, None, 0)],
    ids=["worth it", "too little", "a deal that is gone"],
)
def test_a_promise_is_prolonged_at_the_price_of_its_own_shard(price, terms, sent):
    """A mebibyte beside all that is stored else."""
    deal = terms and OFFER._replace(price=terms)
    view = SimpleNamespace(deal=None, address=OTHER, prolong=SimpleNamespace(encode=lambda deal, index: b""))
    contracts = SimpleNamespace(
        account=SimpleNamespace(address=ME), deals=view, ask=lambda block, wanted: [deal for _ in wanted]
    )
    settings: Any = SimpleNamespace(receiver="", price=price * MIB_PRICE)
    parts: Any = contracts, Records(Known(1, NAMED))
    duties: Any = Duties(*parts, None, settings, None)  # type: ignore[arg-type]
    sends = []
    duties._attempts = SimpleNamespace(send=lambda *what: sends.append(what))
    states = {ShardId(DEAL, 0): ShardState(ME, 0, 2, 10, 1)}
    duties._prolong(SimpleNamespace(states=states, epoch=9, block=1, ledger=SimpleNamespace(stored=10**9)))
    assert len(sends) == sent


def test_the_gas_of_a_proof_is_about_what_is_measured():
    said = json.loads((Path(__file__).parents[3] / "benchmarks" / "results.json").read_text())
    rows = {row["id"]: row["ours"] for row in said["results"]}
    fewer, stored, more = (gas_of_proof(SEGMENT_LEAVES * count, count) for count in (1_000, 10_000, 100_000))
    assert stored == pytest.approx(rows["gas.storage_proof"], rel=0.03)
    assert more / fewer == pytest.approx(rows["ratio.proof_growth"], rel=0.03)
