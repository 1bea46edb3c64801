"""A close that comes behind another's step: what is said is what happened."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from keifu.chain.suite import DISPUTES
from keifu.compute.client.disputing import Dispute
from keifu.errors import Revert
from keifu.inference.disputes import Stage
from keifu.inference.disputes.reading import Opened, Outcome
from keifu.inference.disputes.turns import Turn

WORD, ACCOUNT = b"\x01" * 32, "0x" + "11" * 20
LATE = Turn(ACCOUNT, WORD, WORD, ACCOUNT, ACCOUNT, 1, Stage.RECORD, 100, 1, WORD, 0, 3)
ANSWERED = replace(LATE, stage=Stage.NODES, deadline=300)
REASON = "game: another turn"


class Read:
    """A chain that shows one turn after the other, the last one for good; None is of a dispute that is over."""

    def __init__(self, *turns):
        self.turns = list(turns)

    def opened(self, **_):
        return [Opened(WORD, ACCOUNT, ACCOUNT, WORD, WORD, 1, 0)]

    def standing(self, _):
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return None if turn is None else SimpleNamespace(turn=turn, case=SimpleNamespace(groups=3))

    def outcome(self, _):
        return Outcome(True, 5, 1)


def late(*turns):
    """A dispute whose close the chain refuses; its newest block is past the first turn's deadline."""

    def refuse(*_):
        raise Revert(REASON)

    reply = SimpleNamespace(signed=SimpleNamespace(receipt=SimpleNamespace(channel_id=WORD, struct_hash=WORD)))
    challenger = SimpleNamespace(is_reply=lambda _: False)
    judged = SimpleNamespace(reply=reply, operator=ACCOUNT, challenger=challenger, seen=None)
    sender, suite = SimpleNamespace(sender=ACCOUNT, call=refuse), SimpleNamespace(addresses={DISPUTES: ACCOUNT})
    return Dispute(sender, SimpleNamespace(now=101), suite, Read(*turns), judged)


def test_what_was_answered_at_the_last_moment_is_not_called_closed():
    """The answer's block came between the read of the turn and that of the time."""
    found = late(LATE, ANSWERED).step()
    assert (found.is_waiting, found.until, found.words.partition(",")[0]) == (
        True, 300, "waiting for the nodes over a tensor"
    )  # fmt: skip


def test_what_another_closed_is_over():
    assert late(LATE, None).step() == Outcome(True, 5, 1)


def test_a_refusal_of_what_nobody_did_is_raised():
    with pytest.raises(Revert, match=REASON):
        late(LATE).step()
