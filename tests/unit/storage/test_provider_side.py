"""What a storage node does for whoever asks, and when a promise is worth longer: beside contracts that are made up."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.keys import Account, Domain, message_digest
from keifu.node.storage.contracts import Contracts
from keifu.node.storage.driving import Driving
from keifu.node.storage.duties import Duties
from keifu.node.storage.handing import Handing
from keifu.node.storage.measuring import gas_of_proof
from keifu.node.storage.prices import Prices
from keifu.node.storage.records import Known, Records
from keifu.node.storage.selling import Selling
from keifu.node.storage.service import Fault
from keifu.node.storage.work import Storage
from keifu.payments.x402 import BRIEF_HEADER
from keifu.storage.deals import Placed, deal_root
from keifu.storage.provider.messages import Offer, ShardId
from keifu.storage.states import DealState, Shard, State
from keifu.storage.texts import code_text
from keifu.storage.trees import SEGMENT_LEAVES

ME, OTHER, NOBODY = "0x" + "11" * 20, "0x" + "22" * 20, ZERO_ADDRESS
NAMED = (Placed(ME, bytes([1]) * 32, 4_096), Placed(OTHER, bytes([2]) * 32, 4_096))
DEAL = bytes([3]) * 32
MIB_PRICE = 1_024  # gwei for a gibibyte, so one for a mebibyte
COIN_ADDRESS = "0x" + "55" * 20
CLIENT, DEALS = Account.from_role("client"), "0x" + "44" * 20
OFFER = DealState(CLIENT.address.lower(), deal_root(NAMED), 5, 2, 20, 2, False, False, 0, MIB_PRICE, 0, COIN_ADDRESS)


def kept_by(known: Known | None = None) -> Records:
    """As a node's, in memory."""
    records = Records(sqlite3.connect(":memory:", isolation_level=None))
    if known is not None:
        records.know(DEAL, known)
    return records


def word(k: int, client: Account = CLIENT) -> Known:
    """A deal as its client signs it."""
    return Known(k, NAMED, client.sign(message_digest(code_text(1, DEALS, DEAL, k))))


def handing(records: Records, answers: list[Any], kept: set[ShardId], now: int = 0) -> Handing:
    view = SimpleNamespace(deal=None, shard=None, proposal_of=None, address=DEALS)
    contracts: Any = Contracts.__new__(Contracts)
    contracts.deals = contracts.repairs = view
    contracts.account = Account.from_role("provider")
    contracts.chain = SimpleNamespace(rpc=SimpleNamespace(block_number=lambda: 1), id=1)
    contracts.domain = Domain("Keifu Storage", "1", 1, DEALS)
    contracts.ask, contracts.last_second = (lambda block, wanted: answers), lambda epoch: 10**9
    driving: Any = SimpleNamespace(me=ME, arrived=lambda shard, placed, end: end(""))
    driving.core = SimpleNamespace(kept=kept)
    offers = [Offer(item.shard, bytes(32), 1, 10**9, item.signed) for item in records.handed()]
    driving.head = SimpleNamespace(offers=offers)
    seen = SimpleNamespace(seen=SimpleNamespace(time=now, states={}, epoch=1), mine={})
    settings: Any = SimpleNamespace(signed_for=600, price=MIB_PRICE)

    def look() -> None:
        driving.head.offers = [Offer(item.shard, bytes(32), 1, 10**9, item.signed) for item in records.handed()]

    parts: Any = contracts, records, seen, driving, None, settings, Prices(settings, COIN_ADDRESS), look
    return Handing(*parts)


FREE = Shard(NOBODY, 0, 0, 0, State.FREE), (NOBODY, NOBODY)
SHARD = ShardId(DEAL, 0)


def test_nobody_moves_the_deadline_of_a_signature():
    """Who asks again and again would keep a node from accepting by itself."""
    records, said = kept_by(Known(1, NAMED)), list[Any]()
    for now in (1_000, 1_500, 1_601, 5_000):
        asked = handing(records, [OFFER, *FREE], {SHARD}, now)
        asked.hand(SHARD, Known(1, NAMED), signs=True, answer=said.append)
    assert [(item["state"], item.get("deadline")) for item in said] == [
        ("signed", 1_600), ("signed", 1_600), ("kept", None), ("kept", None),
    ]  # fmt: skip


def test_the_client_s_word_for_k_outweighs_whoever_came_before():
    records = kept_by(Known(2, NAMED))
    asked = handing(records, [OFFER, *FREE], {SHARD})
    for known, k in ((Known(2, NAMED, bytes(65)), 2), (word(1), 1), (word(2, Account.from_role("liar")), 1)):
        asked.hand(SHARD, known, signs=False, answer=lambda said: None)
        assert records.known(DEAL).k == k  # type: ignore[union-attr]
    assert asked.deal(DEAL)["signature"] == word(1).signature.hex()


def test_what_is_known_of_a_kept_shard_is_changed_by_nobody():
    """The root of a deal does not name k: with another one a lost shard is never built again."""
    records = kept_by(Known(1, NAMED))
    handing(records, [OFFER, *FREE], {SHARD}).hand(SHARD, Known(2, NAMED), signs=False, answer=lambda said: None)
    assert (records.known(DEAL), [item.shard for item in records.handed()]) == (Known(1, NAMED), [SHARD])


def test_a_shard_that_a_deal_does_not_have_is_unknown():
    records = kept_by()
    with pytest.raises(Fault, match="no such shard") as fault:
        handing(records, [OFFER, None, (NOBODY, NOBODY)], set()).hand(
            ShardId(DEAL, 99), Known(1, NAMED), signs=False, answer=lambda said: None
        )
    assert (fault.value.status, records.known(DEAL)) == (404, None)


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
    parts: Any = contracts, kept_by(Known(1, NAMED))
    duties: Any = Duties(*parts, None, settings, Prices(settings, COIN_ADDRESS), None, None)  # type: ignore[arg-type]
    sends = []
    duties._attempts = SimpleNamespace(send=lambda *what: sends.append(what))
    states = {ShardId(DEAL, 0): Shard(ME, 0, 2, 10, 1)}
    duties._prolong(SimpleNamespace(states=states, epoch=9, block=1, ledger=SimpleNamespace(stored=10**9)))
    assert len(sends) == sent


def test_the_gas_of_a_proof_is_about_what_is_measured():
    said = json.loads((Path(__file__).parents[3] / "benchmarks" / "results.json").read_text())
    rows = {row["id"]: row["ours"] for row in said["results"]}
    fewer, stored, more = (gas_of_proof(SEGMENT_LEAVES * count, count) for count in (1_000, 10_000, 100_000))
    assert stored == pytest.approx(rows["gas.storage_proof"], rel=0.03)
    assert more / fewer == pytest.approx(rows["ratio.proof_growth"], rel=0.03)


def test_a_k_that_gives_no_shard_back_is_not_believed_again():
    """Segments were compared with their roots when they came: k is what was wrong."""
    driving: Any = Driving.__new__(Driving)
    driving.queue, driving._wrong, asked = SimpleQueue(), {}, list[Any]()
    driving._ask_about = asked.append
    built = SimpleNamespace(root=NAMED[0].root)
    driving._mending = SimpleNamespace(rebuild=lambda job, shard, known: built)
    driving._rebuilt("job", SHARD, Known(2, NAMED))
    assert driving.queue.empty()
    built.root = bytes(32)
    driving._rebuilt("job", SHARD, word(2))  # the client's own word: it stored no codeword
    assert driving.queue.empty()
    driving._rebuilt("job", SHARD, Known(2, NAMED))
    driving.queue.get_nowait()()
    assert (driving._wrong, asked) == ({DEAL: {2}}, [DEAL])


@pytest.mark.parametrize("header", ["PAYMENT-SIGNATURE", BRIEF_HEADER, "Authorization"])
def test_who_brings_a_payment_of_any_form_pays_whatever_is_free(header):
    """A 402 announces payments by their names, so what such a one asks for is charged, and no free bytes are taken."""
    made: Any = Selling.__new__(Selling)
    made._own, made._day, made.given = SimpleNamespace(free=300, price=1 << 30), -1, 0
    charged: list[int] = []
    made._cashier = SimpleNamespace(admit=lambda _, fee: fee)
    made._charge = lambda _exchange, _ticket, fee, _size, _give: charged.append(fee)
    free: list[bytes] = []
    made.open(SimpleNamespace(headers={header.lower().encode(): b"by"}), 200, free.append)
    assert (charged, free, made.given) == ([200], [], 0)
    made.open(SimpleNamespace(headers={b"accept": b"*/*"}), 200, free.append)
    assert (charged, free, made.given) == ([200], [b""], 200)


def test_bytes_that_went_free_count_after_a_restart():
    records = kept_by()

    def seller() -> Any:
        made: Any = Selling.__new__(Selling)
        made._own, made._records = SimpleNamespace(free=300), records
        made._day, made.given = made._noted = records.free()
        made._book = SimpleNamespace(close=lambda: None)
        return made

    first = seller()
    assert first._is_free(200)
    first.close()
    second = seller()
    assert not second._is_free(200)
    assert second._is_free(100)
