"""What a hostile relayer can tell an agent's owner, and what the owner takes for done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest

from keifu.agent import chores, errands
from keifu.agent.chores import Chores
from keifu.agent.errands import Relayer
from keifu.agent.faults import ChoreFault
from keifu.compute.client.store import Store
from keifu.errors import EnvironmentFault
from keifu.payments import Channel
from keifu.payments.facilitator import Kind, RefundTerms, Supported
from keifu.payments.wallet import KeptChannel
from keifu.strangers import Answered, answered

COIN = "0x" + "4b" * 20
FOUND = {"receiver": COIN, "receiverAuthorizer": COIN, "token": COIN, "perEther": "1", "most": "5", "margin": "1.5"}


def terms(monkeypatch, **change: str) -> Any:
    body = msgspec.json.encode(Supported([Kind.on("eip155:1", msgspec.convert(FOUND | change, RefundTerms))]))
    monkeypatch.setattr(errands, "_asked", lambda *_: Answered(200, httpx.Headers(), body))
    return Relayer("http://relayer").terms(COIN)


def test_terms_that_are_no_numbers_are_a_reason(monkeypatch):
    assert terms(monkeypatch).margin == "1.5"
    for change in ({"margin": "nan"}, {"margin": "inf"}, {"margin": "-1"}, {"perEther": "-1"}, {"perEther": "x"}):
        with pytest.raises(EnvironmentFault, match="is no relayer"):
            terms(monkeypatch, **change)


def test_no_more_of_an_answer_is_read_than_one_can_need():
    sent = []

    def parts():
        for _ in range(1_000):
            sent.append(1)
            yield b"x" * 100

    with httpx.Client(
        base_url="http://stranger", transport=httpx.MockTransport(lambda _: httpx.Response(200, content=parts()))
    ) as http:
        with pytest.raises(EnvironmentFault, match="more than 250 bytes"):
            answered(http, "GET", "/", 250)
        assert len(sent) < 5


def test_a_nonce_that_went_to_something_else_is_not_the_batch(monkeypatch):
    account = SimpleNamespace(nonces=lambda _: 5)
    scene: Any = SimpleNamespace(client=SimpleNamespace(at=lambda *_: account), first_block=0)
    plan: Any = SimpleNamespace(session="0x" + "05" * 20)
    nothing: Any = None
    intent: Any = SimpleNamespace(account=COIN, signer=COIN, nonce=4)
    events = {"IntentExecuted": [SimpleNamespace(nonce=4)], "SessionGranted": [SimpleNamespace()]}
    monkeypatch.setattr(chores, "find_events", lambda client, account, name, first, **_: iter(events[name]))
    found = Chores(scene, nothing, plan, nothing, nothing)
    assert found._is_done(intent)
    events["SessionGranted"] = []
    with pytest.raises(ChoreFault) as fault:
        found._is_done(intent)
    assert fault.value.code == "cancelled"


def test_the_first_question_is_paid_for_once(monkeypatch, tmp_path):
    """The answer came, and the process died before it noted that."""
    folder = tmp_path / "channels"
    channel = Channel(COIN, COIN, COIN, COIN, COIN, 900, bytes(32))
    with Store(folder) as store:
        store.keep_channel(KeptChannel(channel, b"\1" * 32, 1, COIN))
        with store._writing() as database:
            database.execute("UPDATE channel SET fees = '7'")
    (tmp_path / "session.json").write_text('{"key": "' + "11" * 32 + '"}')
    suite = {"Channels": COIN, "ComputeMarket": COIN}
    scene: Any = SimpleNamespace(client=None, suite=suite, first_block=0, channels=folder)
    plan: Any = SimpleNamespace(account=COIN, chain_id=1)
    wishes: Any = SimpleNamespace(mind=SimpleNamespace(most=5))
    nothing: Any = None
    found = Chores(scene, tmp_path, plan, wishes, nothing)
    found._ask()  # with no chain and no provider to ask
    plan.account = "0x" + "06" * 20
    with pytest.raises(AttributeError):
        found._ask()
