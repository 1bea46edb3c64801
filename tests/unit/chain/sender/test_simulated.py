"""Thousands of bad days, each from its seed: whatever node and process do, each intent takes effect once in the end."""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
import tempfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from ethwire.constants import GWEI
from keifu.chain.sender import Intent, Policy, Sender, State
from keifu.chain.sender.book import Book
from keifu.chain.sender.node import Node
from keifu.errors import KeifuError, RpcError
from keifu.keys import Account
from tests.unit.chain.sender.simulated_chain import AFTER_MINED, REFUSED, REVERTS, Faults, Killed, SimulatedChain

pytestmark = [pytest.mark.case("tools-17"), pytest.mark.case("tools-19")]

SEEDS = int(os.environ.get("KEIFU_SENDER_SEEDS", "75"))
A_TEST = 25
DEPTH, PATIENCE = 4, 5
MAX_FEE = 4_000 * GWEI
BAD_ROUNDS, GOOD_ROUNDS = 40, 150
TO = "0x" + "aa" * 20
ACCOUNT = Account.from_role("simulated sender")


class Day:
    """One seed: a chain, a caller that submits again what it was not told of, and a process that dies."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.chain = SimulatedChain(ACCOUNT.address, DEPTH, self.random)
        self.database = folder / f"{seed}.db"
        self.policy = Policy(
            depth=DEPTH,
            patience=PATIENCE,
            most_fee=MAX_FEE,
            in_flight=self.random.choice((2, 5, 500)),
            again_seconds=60.0,
        )
        self.sender: Sender | None = None
        self.accepted: dict[str, Intent] = {}
        self.seen_done: dict[str, Intent] = {}

    def open(self) -> Sender:
        if self.sender is None:
            self.sender = Sender(self.database, self.chain, ACCOUNT, policy=self.policy, clock=lambda: self.chain.now)
        return self.sender

    def restart(self) -> None:
        if self.sender is not None:
            self.sender.close()
        self.sender = None

    def submit(self) -> None:
        number = len(self.accepted)
        kind = self.random.choice((b"\x01", b"\x01", b"\x01", REVERTS, REFUSED, AFTER_MINED))
        data = kind + b"%d" % number
        if kind == AFTER_MINED:
            earlier = [intent.data for intent in self.accepted.values() if intent.data[:1] == b"\x01"]
            data = kind + earlier[-1] if earlier and kind + earlier[-1] not in self.data() else b"\x01%d" % number
        gas = 60_000 if data[:1] == REVERTS else 0
        intent = Intent(f"intent {number}", TO, data, gas=gas)
        self.open().submit(intent)
        self.accepted[intent.id] = intent
        if self.random.random() < 0.3:
            self.open().submit(intent)  # a caller that is not sure

    def data(self) -> set[bytes]:
        return {intent.data for intent in self.accepted.values()}

    def round(self, *, bad: bool) -> None:
        try:
            if bad and self.random.random() < 0.5:
                self.submit()
            self.open().step()
        except RpcError:
            pass
        except Killed:
            self.restart()
        if self.random.random() < 0.7:
            self.chain.tick()
        for id_ in self.accepted if self.sender is not None else ():
            intent = self.sender.get(id_)
            if intent.state.is_final:
                before = self.seen_done.setdefault(id_, intent)
                assert before == intent, f"{id_} was final and changed"

    def run(self) -> None:
        chance = self.random
        self.chain.faults = Faults(
            broken=chance.choice((0, 0.05, 0.2)),
            killed=chance.choice((0, 0.03, 0.1)),
            refused=chance.choice((0, 0.1, 0.4)),
            forgotten=chance.choice((0, 0.1, 0.3)),
            late=chance.choice((0, 0.1, 0.5)),
            behind=chance.choice((0, 0.2, 0.6)),
            reorganised=chance.choice((0, 0.1, 0.2)),
            foreign=chance.choice((0, 0, 0.05)),
            fee_jump=chance.choice((0, 0.1)),
        )
        for _ in range(BAD_ROUNDS):
            self.round(bad=True)
        self.chain.faults = Faults()
        for _ in range(GOOD_ROUNDS):
            self.round(bad=False)
            if self.is_over():
                break
        self.judge()

    def is_over(self) -> bool:
        return self.sender is not None and all(self.sender.get(id_).state.is_final for id_ in self.accepted)

    def judge(self) -> None:
        """The oracle looks at the chain alone."""
        taken = self.chain.taken()
        assert [item.nonce for item in taken] == list(range(len(taken)))
        assert all(item.max_fee <= MAX_FEE for item in taken)
        for id_, intent in self.accepted.items():
            kept = self.open().get(id_)
            effects = [item for item in taken if item.data == intent.data]
            expected = 0 if intent.data[:1] == REFUSED else 1
            assert len(effects) == expected, f"{id_} took effect {len(effects)} times, {kept}, {self.open().trouble}"
            want = {REFUSED: State.REFUSED, REVERTS: State.FAILED}.get(intent.data[:1], State.DONE)
            assert kept.state is want, f"{id_} is {kept}"
            assert not effects or kept.tx_hash == effects[0].tx_hash


@pytest.mark.parametrize("first", range(0, SEEDS, A_TEST))
def test_each_intent_takes_effect_once_whatever_happens(first, tmp_path):
    for seed in range(first, first + A_TEST):
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            day = Day(seed, Path(folder))
            try:
                day.run()
            except (AssertionError, KeifuError) as error:
                raise AssertionError(f"seed {seed}: {error}") from error
            finally:
                day.restart()


# The simulation itself: what it must find ----------------------------------------------------------------------------


def _at_once(node, nonce, last):
    """Who takes a late receipt for a foreign transaction."""
    return "0x" + "ff" * 32


def _nonces_again(book, sight):
    """Who believes the node alone about nonces."""
    return itertools.count(sight.mined)


def _never_falls(sender, sight):
    """Who takes the first block that an intent is in for its last."""
    return [
        (item, replace(item.intent, state=State.FAILED if item.intent.reason else State.DONE))
        for item in sender._book.mined()
    ]


@pytest.mark.parametrize(
    ("owner", "name", "fault"),
    [
        (Node, "taker", _at_once),
        (Book, "nonces", _nonces_again),
        (Sender, "_fallen", _never_falls),
    ],
    ids=["late receipt", "nonces", "reorganisation"],
)
def test_a_fault_that_is_seeded_is_found(owner, name, fault, tmp_path, monkeypatch):
    monkeypatch.setattr(owner, name, fault)
    for seed in range(SEEDS):
        day = Day(seed, tmp_path)
        try:
            day.run()
        except (AssertionError, KeifuError, KeyError, sqlite3.Error):
            return
        finally:
            day.restart()
    pytest.fail("no seed has found it")
