"""A notary's promise is sent once, however many blocks pass before it is in one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from keifu.chain.sender import Intent, State
from keifu.errors import Revert, UsageError
from keifu.node.notary import signing
from keifu.node.notary.signing import Desk, Standing
from tests.unit.node.notarising import CONTRACT, HERE, KEY, NOW, Chain

TERM, LOCK = 1_000, 100


class Sender:
    """Keeps intents as the real one does: an id is one content."""

    account = KEY

    def __init__(self):
        self.kept: dict[str, Intent] = {}

    def get(self, id_):
        if id_ not in self.kept:
            raise UsageError(f"no intent is called {id_!r}")
        return self.kept[id_]

    def submit(self, intent):
        if (kept := self.kept.setdefault(intent.id, intent)).content != intent.content:
            raise UsageError(f"intent {intent.id!r} is known with other content")
        return kept

    def becomes(self, id_, state):
        kept = self.kept[id_]
        self.kept[id_] = Intent(kept.id, kept.to, kept.data, state=state)


class World:
    """One attestor's desk, and what the chain says of its promise."""

    def __init__(self, monkeypatch):
        self.sender, self.now, self.last, self.reserve, self.refusal = Sender(), NOW, 0, 0, ""
        self.alerts: list[str] = []
        bind = SimpleNamespace(encode=lambda last: last.to_bytes(8))
        proofs = SimpleNamespace(address=CONTRACT, bind=bind)
        suite = SimpleNamespace(at=lambda *_: proofs)
        chain = SimpleNamespace(suite=suite, client=None, id=HERE, rpc=SimpleNamespace(call=self._estimated))
        book = SimpleNamespace(floor=0)
        alerts = SimpleNamespace(tell=lambda key, words: self.alerts.append(words))
        own = SimpleNamespace(term=TERM, every=1)
        monkeypatch.setattr(signing, "standing_of", lambda *_: self._standing())
        self.desk = Desk(chain, KEY, Chain(), book, self.sender, alerts, own)
        self.desk._signer.next = lambda now: None

    def _standing(self):
        return Standing(self.last - TERM, self.last, self.last + TERM, self.reserve, LOCK, LOCK, self.now)

    def _estimated(self, *_):
        if self.refusal:
            raise Revert(self.refusal)

    def round(self):
        self.desk.look()
        self.now += 12


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_blocks_pass_before_the_promise_is_in_one(world):
    for state in (State.QUEUED, State.SENT, State.MINED):
        world.round()
        world.sender.becomes("notary a promise after 0", state)
    assert (len(world.sender.kept), world.desk.idle) == (1, "its promise has not begun yet")
    world.last, world.reserve = NOW + TERM, LOCK
    world.round()
    assert world.desk.idle == ""
    world.now += TERM * 3 // 4
    world.round()
    world.round()
    assert list(world.sender.kept) == ["notary a promise after 0", f"notary a promise after {NOW + TERM}"]


def test_a_promise_that_failed_is_made_again_and_what_fails_always_is_said(world):
    for id_ in ("notary a promise after 0", "notary a promise after 0, again 1", "notary a promise after 0, again 2"):
        world.round()
        world.sender.becomes(id_, State.FAILED)
    world.round()
    assert (len(world.sender.kept), world.desk.idle) == (3, "its promise failed")


def test_what_the_contract_refuses_is_not_sent(world):
    world.refusal = "record proof: service not listed"
    world.round()
    assert (world.sender.kept, world.alerts) == ({}, [f"RecordProof refuses a promise after 0: {world.refusal}"])
    world.refusal = ""
    world.round()
    assert list(world.sender.kept) == ["notary a promise after 0"]
